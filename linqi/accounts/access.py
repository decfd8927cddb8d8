"""Who may manage users and what they hold."""

from typing import Any

from django.apps import apps
from django.db.models import Q

from linqi.accounts.models import ApiToken, Grant, RoleRecord, User
from linqi.kit.access import NOTHING, Reach, Role, Scope, allow, by, by_owner, by_place, scope, seen_by, to_everyone
from linqi.kit.privacy import Kept, declare

allow("accounts.manage", Role.DISTRICT_OPERATOR, Role.STREET_LEADER, label="管理账号")
allow("accounts.edit_roles", Role.DISTRICT_OPERATOR, label="编辑角色")


def _over(column: str, label: str) -> Scope:
    """Grants over an enterprise or a department that the permission covers; their models live above this app."""

    def condition(reach: Reach, permission: str) -> Q:
        if not reach.places(permission):
            return NOTHING
        model: Any = apps.get_model(label)
        return Q(**{f"{column}__in": seen_by(reach.user, model, permission).values("pk")})

    return by(condition)


def _holding(reach: Reach, permission: str) -> Q:
    """Users with a grant, past or present, that the permission covers."""
    return Q(pk__in=seen_by(reach.user, Grant, permission).values("user"))


allow("accounts.tokens", *Role, label="使用接口令牌")

scope(
    Grant,
    "accounts.manage",
    by_owner("user")
    | by_place("place")
    | _over("enterprise", "enterprises.Enterprise")
    | _over("department", "organisation.Department"),
)
scope(ApiToken, "accounts.tokens", by_owner("user"))
scope(User, "accounts.manage", by_owner("pk") | by(_holding))
scope(RoleRecord, "accounts.manage", to_everyone("names of roles are reference data"))

declare(
    User,
    personal={"username": Kept.ACCOUNT, "email": Kept.ACCOUNT, "display_name": Kept.ACCOUNT, "password": Kept.ACCOUNT},
    plain=["language"],
)
declare(ApiToken, personal={"name": Kept.ACCOUNT, "user": Kept.ACCOUNT}, plain=["digest"])
declare(RoleRecord, plain=["code", "label", "permissions"])
declare(Grant, personal={"user": Kept.ACCOUNT})
