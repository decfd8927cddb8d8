"""The catalogue is public inside the house; who may edit it."""

from linqi.catalogue.models import Category, Guide, Service, Window
from linqi.kit.access import Role, allow, scope, to_everyone
from linqi.kit.privacy import declare

allow("catalogue.see", *Role, label="查看服务清单")
# One catalogue serves every street of the district; what differs between streets is their dispatch table (cases).
allow("catalogue.edit", Role.DISTRICT_OPERATOR, label="维护服务清单")

scope(Window, "catalogue.see", to_everyone("the nine windows are announced to everybody"))
scope(Service, "catalogue.see", to_everyone("what the windows offer is announced to everybody"))
scope(Guide, "catalogue.see", to_everyone("what one has to bring is announced to everybody"))
scope(Category, "catalogue.see", to_everyone("the categories are on every request form"))

declare(Window, plain=["code", "name", "name_en", "owner_role"])
declare(Service, plain=["name"])
declare(Category, plain=["code", "name", "department_code"])
declare(Guide, plain=["who", "materials", "steps", "basis", "limit", "fee", "where"])
