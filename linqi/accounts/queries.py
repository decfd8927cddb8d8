"""What users hold, what stands below it, and who may be managed by whom."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, Model, OuterRef, Prefetch, Q, QuerySet
from django.http import HttpRequest

from linqi.accounts.models import Grant, RoleRecord, User
from linqi.kit.access import PERMISSIONS, Held, Permission, Streets, seen_by
from linqi.kit.clock import today
from linqi.territory.models import Coverage, Place, PlaceKind
from linqi.territory.queries import changed_street

TARGETS = {"place": "territory.Place", "enterprise": "enterprises.Enterprise", "department": "organisation.Department"}
"""What a grant is held over. Two of them live above: they are named here, as addresses are, and not imported."""


@dataclass(frozen=True, slots=True)
class Holding:
    """One grant as a page shows it: `over` is the name of what it is held over, None when that is gone."""

    grant: Grant
    over: str | None
    what: str
    valid: bool


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in that still holds 会话."""

    pk: int
    began: datetime
    address: str
    device: str
    current: bool


class Directory:
    """What `kit.access` asks: the grants valid today, and the rows that stand below a place today."""

    def held_by(self, user: Any) -> tuple[Held, ...]:
        grants = grants_valid(today()).filter(user=user).select_related("role")
        return tuple(
            Held(
                role=grant.role.code,
                permissions=frozenset(grant.role.permissions),
                place=grant.place_id,
                enterprise=grant.enterprise,
                department=grant.department,
            )
            for grant in grants
        )

    def below(self, places: tuple[int, ...], column: str, *, few: bool = False) -> Q:
        """One set of places, found once and not once a row, or of `few` rows each by itself; a row without a place is below nothing."""
        if few:
            return Q(Exists(self._standing(places).filter(descendant=OuterRef(column))))
        return Q(**{f"{column}__in": self._standing(places).values("descendant")})

    def streets(self, places: tuple[int, ...]) -> Streets:
        # the streets first: there are few, and below one are thousands of places
        streets = Place.objects.filter(kind=PlaceKind.STREET).values("pk")
        found = self._standing(places).filter(descendant__in=streets).values_list("ancestor", "descendant")
        wide, whole = ({pair[end] for pair in found} for end in (0, 1))
        moved = changed_street() if whole else None
        return Streets(
            whole=tuple(sorted(whole)),
            narrower=tuple(sorted(set(places) - wide)),
            moved=moved if moved is not None and moved.exists() else None,
        )

    def _standing(self, places: tuple[int, ...]) -> QuerySet[Coverage]:
        return Coverage.objects.filter(valid_on(today()), ancestor__in=places)


def grants_valid(day: date) -> QuerySet[Grant]:
    """Grants that are held on this day."""
    return Grant.objects.filter(valid_on(day))


def valid_on(day: date) -> Q:
    """Rows with `since` and `until` that hold on this day."""
    return Q(since__lte=day) & (Q(until=None) | Q(until__gt=day))


def users_seen_by(user: Any) -> QuerySet[User]:
    """Users who hold or held a role within this user's reach, and the user; with the grants in reach 可管理的用户."""
    grants = seen_by(user, Grant).select_related("role", "place").order_by("-since", "-pk")
    return seen_by(user, User).prefetch_related(Prefetch("grants", grants, to_attr="grants_in_reach"))


def grants_of(user: User) -> QuerySet[Grant]:
    """Everything this user holds, held or will hold, the newest first."""
    return Grant.objects.filter(user=user).select_related("role", "place").order_by("-since", "-pk")


def grants_of_seen_by(user: User, reader: Any) -> QuerySet[Grant]:
    """Of these, the ones within the reader's reach."""
    return seen_by(reader, grants_of(user))


def holdings(grants: Iterable[Grant]) -> list[Holding]:
    """Grants with the names of what they are held over."""
    day = today()
    found = []
    for grant in grants:
        over = target_of(grant)
        what = "place" if grant.place_id else "enterprise" if grant.enterprise else "department"
        valid = grant.since <= day and (grant.until is None or grant.until > day)
        found.append(Holding(grant, None if over is None else str(over), what, valid))
    return found


def account(request: HttpRequest) -> User:
    """Who is asking; the door has let in only those who are signed in."""
    user: AbstractBaseUser | AnonymousUser = request.user
    assert isinstance(user, User)
    return user


def sessions_of(user: User, current: str) -> list[Session]:
    """Where the user is signed in, this device first; sign-ins that have run out are dropped on the way."""
    rows = [
        Session(one.pk, one.created_at, one.ip, one.user_agent, one.session_key == current)
        for one in UserSession.objects.purge_and_list(user)
    ]
    return sorted(rows, key=lambda one: (not one.current, -one.began.timestamp()))


def permissions_by_app() -> list[tuple[str, list[Permission]]]:
    """Every permission under the name of its app, in order of declaration."""
    groups: dict[str, list[Permission]] = {}
    for permission in PERMISSIONS.values():
        groups.setdefault(permission.name.split(".")[0], []).append(permission)
    names = {config.label: str(config.verbose_name) for config in apps.get_app_configs()}
    return [(names.get(label, label), found) for label, found in groups.items()]


def holders(roles: Iterable[str], place: int, day: date) -> QuerySet[User]:
    """Active users who hold one of these roles over a place at or above this one: whom its matters concern."""
    above = Coverage.objects.filter(valid_on(day), descendant=place).values("ancestor")
    held = grants_valid(day).filter(role__code__in=list(roles), place__in=above)
    return User.objects.filter(is_active=True, pk__in=held.values("user"))


def holders_over(what: str, number: int, day: date) -> QuerySet[User]:
    """Active users who hold a role over this enterprise or department; `what` is "enterprise" or "department"."""
    return User.objects.filter(is_active=True, pk__in=grants_valid(day).filter(**{what: number}).values("user"))


def roles() -> QuerySet[RoleRecord]:
    """Every role, in the order in which the product declares them."""
    return RoleRecord.objects.order_by("pk")


def target_model(what: str) -> type[Model]:
    """The model that a grant over a "place", an "enterprise" or a "department" points to."""
    return apps.get_model(TARGETS[what])


def targets(user: Any, what: str) -> QuerySet[Any]:
    """What this user may give roles over: places down to buildings, enterprises or departments."""
    rows: QuerySet[Any] = seen_by(user, target_model(what), "accounts.manage")
    if what == "place":
        return rows.exclude(kind__in=["floor", "unit"]).filter(until=None).order_by("code")
    return rows.order_by("name")


def target_of(grant: Grant) -> Model | None:
    """What this grant is held over; None when it does not exist any more."""
    if grant.place_id is not None:
        return grant.place
    what = "department" if grant.enterprise is None else "enterprise"
    number = grant.department if grant.enterprise is None else grant.enterprise
    return target_model(what)._default_manager.filter(pk=number).first()


def home_of(user: User) -> tuple[int | None, int | None]:
    """Where what this user does about their own account is told: ids of a place and of an enterprise."""
    grant = grants_valid(today()).filter(user=user).order_by("pk").first() or user.grants.order_by("-pk").first()
    if grant is None:
        return None, None
    if grant.department is not None:
        return getattr(target_of(grant), "street_id", None), None
    return grant.place_id, grant.enterprise


def has_second_factor(user: Any) -> bool:
    """Whether sign-in of this user asks for a code besides the password 两步验证."""
    return bool(Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists())


def place_choices(user: Any) -> list[tuple[str, str]]:
    """Streets, communities and parks within the user's reach, for the filter of the journal."""
    rows = seen_by(user, Place, "journal.read").filter(kind__in=["street", "community", "park"], until=None)
    return [(str(pk), name) for pk, name in rows.order_by("code").values_list("pk", "name")]


def place_names(ids: Iterable[int]) -> dict[int, str]:
    """Names of places by id."""
    return dict(Place.objects.filter(pk__in=set(ids)).values_list("pk", "name"))
