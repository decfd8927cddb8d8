"""Who may manage users and what they hold."""

from linqi.accounts.models import Grant, RoleRecord, User
from linqi.kit.access import Role, allow, by_owner, by_place, scope, to_everyone

allow("accounts.manage", Role.DISTRICT_OPERATOR, Role.STREET_LEADER, label="管理账号")
allow("accounts.edit_roles", Role.DISTRICT_OPERATOR, label="编辑角色")

scope(User, "accounts.manage", by_owner("pk") | by_place("grants__place"))
scope(Grant, "accounts.manage", by_owner("user") | by_place("place"))
scope(RoleRecord, "accounts.manage", to_everyone("names of roles are reference data"))
