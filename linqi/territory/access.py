"""Who may see and redraw the tree of places."""

from linqi.kit.access import STREET_STAFF, Role, allow, by_place, scope, to_nobody
from linqi.kit.privacy import declare
from linqi.territory.models import Coverage, Place, Placement

allow("territory.see", *STREET_STAFF, Role.DEPARTMENT_HANDLER, Role.PROPERTY_MANAGER, label="查看空间")
allow("territory.edit", Role.DISTRICT_OPERATOR, Role.STREET_LEADER, Role.COMMUNITY_SECRETARY, label="维护空间")

scope(Place, "territory.see", by_place("pk"))
scope(Placement, "territory.see", by_place("child"))
scope(Coverage, "territory.see", to_nobody("the tree unrolled; read only inside queries"))

declare(Place, plain=["code", "name", "address", "outline", "outline_source"])
declare(Placement, plain=["reason"])
