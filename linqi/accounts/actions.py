"""What is done to users, roles and grants."""

import secrets
from collections.abc import Iterable
from datetime import date, timedelta
from hashlib import sha256
from typing import Any, Final

from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import make_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from linqi.accounts import queries, rules
from linqi.accounts.models import ApiToken, Grant, RoleRecord, User
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access, clock
from linqi.kit.access import PERMISSIONS, Role
from linqi.kit.clock import today

TOKEN_LASTS: Final = timedelta(days=180)  # product default: somebody looks at it twice a year
MOST_TOKENS: Final = 10


class GrantRefused(PermissionDenied):
    """A role that may not be handed on so; `refusal` says why, in words for the giver."""

    def __init__(self, refusal: rules.Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


@transaction.atomic
def sync_roles() -> None:
    """Bring the roles that nobody has edited to the product's defaults; run at each migrate 默认角色."""
    for role in Role:
        defaults = _defaults(role.value)
        record, made = RoleRecord.objects.get_or_create(
            code=role.value, defaults={"label": role.label, "permissions": defaults}
        )
        if not made and not record.edited and record.permissions != defaults:
            record.permissions = defaults
            record.save(update_fields=["permissions"])


@transaction.atomic
def create_user(
    *,
    username: str,
    display_name: str,
    role: Role | str,
    place: Model | int | None = None,
    enterprise: Model | int | None = None,
    department: Model | int | None = None,
    must_change: bool = True,
    by: Any,
) -> tuple[User, str]:
    """Make a user who holds one role from today on, and the one-time password to be handed over 新建用户.

    The password is not kept in clear anywhere: it is shown once. `must_change`: the user chooses another at first
    sign-in. Raises GrantRefused when `by` may not give this role there.
    """
    what, target = _target(place, enterprise, department)
    record = RoleRecord.objects.get(code=str(role))
    _refuse_unless_giveable(by, record, what, target, today(), None)
    password = rules.one_time_password(secrets.choice)
    user = User.objects.create(
        username=username,
        display_name=display_name,
        password=make_password(password),
        must_change_password=must_change,
    )
    journal.write(by=by, verb=Verb.USER_CREATED, subject=user, **_where(what, target))
    _give(user, record, what, target, today(), None, by)
    return user, password


@transaction.atomic
def give_grant(
    *,
    user: User,
    role: Role | str,
    place: Model | int | None = None,
    enterprise: Model | int | None = None,
    department: Model | int | None = None,
    since: date | None = None,
    until: date | None = None,
    by: Any,
) -> Grant:
    """Let a user hold a role over one place, enterprise or department, on these dates 授予角色.

    `since` empty: from today; `until`: the first day it is no longer held. Raises GrantRefused.
    """
    what, target = _target(place, enterprise, department)
    record = RoleRecord.objects.get(code=str(role))
    _refuse_unless_giveable(by, record, what, target, since or today(), until)
    return _give(user, record, what, target, since or today(), until, by)


@transaction.atomic
def end_grant(*, grant: Grant, by: Any) -> None:
    """Take a role back from today on; one that has not begun, or began today, is taken out altogether 收回角色."""
    access.require(by, "accounts.manage", grant)
    what, target = _target_of(grant)
    _refuse_unless_giveable(by, grant.role, what, target, grant.since, None)
    if grant.since >= today():
        grant.delete()
    else:
        grant.until = today()
        grant.save(update_fields=["until"])
    access.forget(grant.user)
    journal.write(
        by=by, verb=Verb.GRANT_ENDED, subject=grant.user, role=grant.role.code, held=what, **_where(what, target)
    )


@transaction.atomic
def disable_user(*, user: User, by: Any) -> None:
    """Stop somebody from signing in and end the sessions they have; what they did stays told 停用用户."""
    _require_in_hand(user, by)
    user.is_active = False
    user.save(update_fields=["is_active"])
    _end_sessions(user)
    journal.write(by=by, verb=Verb.USER_DISABLED, subject=user, **_home(user))


@transaction.atomic
def enable_user(*, user: User, by: Any) -> None:
    """Let somebody sign in again 启用用户."""
    _require_in_hand(user, by)
    user.is_active = True
    user.save(update_fields=["is_active"])
    journal.write(by=by, verb=Verb.USER_ENABLED, subject=user, **_home(user))


@transaction.atomic
def reset_password(*, user: User, by: Any) -> str:
    """Give somebody a new one-time password, shown once; their sessions end 重设密码."""
    _require_in_hand(user, by)
    password = rules.one_time_password(secrets.choice)
    user.password = make_password(password)
    user.must_change_password = True
    user.save(update_fields=["password", "must_change_password"])
    _end_sessions(user)
    journal.write(by=by, verb=Verb.PASSWORD_SET, subject=user, **_home(user))
    return password


@transaction.atomic
def edit_role(*, role: RoleRecord, permissions: Iterable[str], by: Any) -> None:
    """Decide which permissions a role carries in this district 编辑角色."""
    _require_editor(by)
    chosen = sorted(set(permissions) & set(PERMISSIONS))
    before = set(role.permissions)
    role.permissions, role.edited = chosen, True
    role.save(update_fields=["permissions", "edited"])
    journal.write(
        by=by,
        verb=Verb.ROLE_EDITED,
        subject=role,
        added=sorted(set(chosen) - before),
        removed=sorted(before - set(chosen)),
        **_home(by),
    )


@transaction.atomic
def restore_role(*, role: RoleRecord, by: Any) -> None:
    """Let a role follow the product's defaults again 恢复默认."""
    _require_editor(by)
    role.permissions, role.edited = _defaults(role.code), False
    role.save(update_fields=["permissions", "edited"])
    journal.write(by=by, verb=Verb.ROLE_EDITED, subject=role, restored=True, **_home(by))


@transaction.atomic
def choose_language(*, language: str, by: User) -> None:
    """Remember in which language this user reads; no act of office, so the journal is not told 语言."""
    if by.language != language:
        by.language = language
        by.save(update_fields=["language"])


@transaction.atomic
def edit_profile(*, display_name: str, email: str, by: User) -> None:
    """Correct what is kept about oneself 修改资料."""
    by.display_name, by.email = display_name, email
    by.save(update_fields=["display_name", "email"])
    journal.write(by=by, verb=Verb.USER_CHANGED, subject=by, **_home(by))


@transaction.atomic
def own_password_chosen(*, by: User) -> None:
    """The user has a password that nobody else knows; the one-time password is no duty any more 修改密码."""
    by.must_change_password = False
    by.save(update_fields=["must_change_password"])
    journal.write(by=by, verb=Verb.PASSWORD_SET, subject=by, **_home(by))


@transaction.atomic
def note(*, verb: Verb, user: User, by: Any, **data: Any) -> None:
    """Tell what happened at the door: signed in, refused, signed out, second factor, session ended 登录记录."""
    journal.write(by=by, verb=verb, subject=user, **_home(user), **data)


@transaction.atomic
def end_other_sessions(*, keep: str, by: User) -> int:
    """Sign the user out everywhere but here; `keep` is the key of this session. Returns how many ended 下线其他设备."""
    ended = _end_sessions(by, keep)
    if ended:
        note(verb=Verb.SESSION_REVOKED, user=by, by=by, sessions=ended)
    return ended


@transaction.atomic
def end_session(*, session: UserSession, by: User) -> None:
    """Sign the user out on one device 下线会话."""
    if session.user_id != by.pk:
        raise PermissionDenied("accounts.session")
    session.end()
    note(verb=Verb.SESSION_REVOKED, user=by, by=by, sessions=1)


def _end_sessions(user: User, keep: str = "") -> int:
    sessions = [one for one in UserSession.objects.filter(user=user) if one.session_key != keep]
    for one in sessions:
        one.end()
    return len(sessions)


def _defaults(code: str) -> list[str]:
    return sorted(permission.name for permission in PERMISSIONS.values() if code in permission.roles)


def _require_editor(by: Any) -> None:
    if not access.may_anywhere(by, "accounts.edit_roles"):
        raise PermissionDenied("accounts.edit_roles")


def _require_in_hand(user: User, by: Any) -> None:
    """Whoever locks somebody out, or learns their password, could have given them everything they hold."""
    access.require(by, "accounts.manage", user)
    if user.pk == by.pk:
        raise PermissionDenied("accounts.manage")
    for grant in user.grants.filter(until=None) | user.grants.filter(until__gt=today()):
        what, target = _target_of(grant)
        _refuse_unless_giveable(by, grant.role, what, target, grant.since, grant.until)


def _refuse_unless_giveable(
    by: Any, role: RoleRecord, what: str, target: Model, since: date, until: date | None
) -> None:
    refused = rules.refusal(
        role=role.code,
        carries=role.permissions,
        target=what,
        covered=access.may(by, "accounts.manage", target),
        held=lambda permission: permission in PERMISSIONS and access.may(by, permission, target),
        since=since,
        until=until,
    )
    if refused is not None:
        raise GrantRefused(refused)


def _give(user: User, role: RoleRecord, what: str, target: Model, since: date, until: date | None, by: Any) -> Grant:
    over: dict[str, Any] = {what: target if what == "place" else target.pk}
    grant = Grant.objects.create(user=user, role=role, since=since, until=until, **over)
    access.forget(user)
    journal.write(
        by=by,
        verb=Verb.GRANT_GIVEN,
        subject=user,
        role=role.code,
        held=what,
        since=since,
        until=until,
        **_where(what, target),
    )
    return grant


def _target(
    place: Model | int | None, enterprise: Model | int | None, department: Model | int | None
) -> tuple[str, Model]:
    given = [
        (what, thing)
        for what, thing in (("place", place), ("enterprise", enterprise), ("department", department))
        if thing is not None
    ]
    if len(given) != 1:
        raise ValueError("A role is held over exactly one place, enterprise or department.")
    what, thing = given[0]
    return what, thing if isinstance(thing, Model) else queries.target_model(what)._default_manager.get(pk=thing)


def _target_of(grant: Grant) -> tuple[str, Model]:
    return _target(grant.place, grant.enterprise, grant.department)


def _where(what: str, target: Model) -> dict[str, Any]:
    """Where an act about a grant is told, so that those who manage accounts there can read it."""
    if what == "place":
        return {"place": target}
    if what == "enterprise":
        return {"place": getattr(target, "seat_id", None), "enterprise": target}
    return {"place": getattr(target, "street_id", None)}


def _home(user: Any) -> dict[str, Any]:
    if user.pk is None:
        return {}
    place, enterprise = queries.home_of(user)
    return {"place": place, "enterprise": enterprise}


# --- keys for programs ------------------------------------------------------------------------------------------------
@transaction.atomic
def make_token(*, name: str, by: User) -> str:
    """A key by which a program acts as this user, told here and never again 生成接口令牌."""
    said = name.strip()[:60]
    if not said:
        raise ValidationError({"name": _("请写明令牌给哪个系统用。")})
    now = clock.now()
    if by.api_tokens.filter(revoked_at=None, ends_at__gt=now).count() >= MOST_TOKENS:
        raise ValidationError({"name": _("最多 %(n)s 个有效令牌，请先停用不用的。") % {"n": MOST_TOKENS}})
    token = f"lq_{secrets.token_urlsafe(32)}"
    made = ApiToken.objects.create(
        user=by, name=said, digest=sha256(token.encode()).hexdigest(), made_at=now, ends_at=now + TOKEN_LASTS
    )
    note(verb=Verb.TOKEN_MADE, user=by, by=by, token=made.pk, name=said)
    return token


@transaction.atomic
def revoke_token(*, token: ApiToken, by: User) -> None:
    """From now on the key opens nothing 停用接口令牌."""
    if token.user_id != by.pk:
        raise PermissionDenied("accounts.tokens")
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=clock.now()) == 1:
        note(verb=Verb.TOKEN_REVOKED, user=by, by=by, token=token.pk, name=token.name)


def user_by_token(token: str) -> User | None:
    """The user behind a key that is valid, and whose account is in use; None otherwise."""
    now = clock.now()
    found = (
        ApiToken.objects.select_related("user")
        .filter(digest=sha256(token.encode()).hexdigest(), revoked_at=None, ends_at__gt=now, user__is_active=True)
        .first()
    )
    if found is None or found.user.must_change_password:
        return None
    if found.used_at is None or now - found.used_at > timedelta(hours=1):
        ApiToken.objects.filter(pk=found.pk).update(used_at=now)
    return found.user
