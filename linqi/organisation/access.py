"""Who may see and change departments and link teams."""

from linqi.kit.access import STREET_STAFF, Role, allow, by_department, by_place, scope
from linqi.kit.privacy import Kept, declare
from linqi.organisation.models import Department, LinkTeam, LinkTeamSeat

allow("organisation.see", *STREET_STAFF, Role.DEPARTMENT_HANDLER, Role.PROPERTY_MANAGER, label="查看组织")
allow("organisation.edit", Role.STREET_LEADER, Role.COMMUNITY_SECRETARY, label="维护组织")

scope(Department, "organisation.see", by_place("street") | by_department("pk"))
scope(LinkTeam, "organisation.see", by_place("building"))
scope(LinkTeamSeat, "organisation.see", by_place("team__building"))

declare(Department, plain=["code", "name"])
declare(LinkTeam, plain=["name"])
declare(LinkTeamSeat, personal={"user": Kept.FILE})
