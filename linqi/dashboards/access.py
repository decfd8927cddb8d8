"""Who may open the overview pages; what is on them comes from each app's own scope."""

from linqi.kit.access import STREET_STAFF, Role, allow

allow("dashboards.wall", *STREET_STAFF, label="查看驾驶舱")
allow("dashboards.map", *STREET_STAFF, Role.PROPERTY_MANAGER, label="查看地图")
