"""Who may do what, where: a role held over a place 权限.

A *grant* is a role held over a place (or over one enterprise, or over one department) on the dates it is valid. A model
declares by a *scope* which of its rows stand below a grant. Reading goes through `seen_by`, acting through `require`;
both ask the same scope, so there is one choke point. What was not declared is refused.

    scope(Case, "cases.see", by_place("place") | by_enterprise("enterprise"))
    allow("cases.close", Role.COMMUNITY_SECRETARY, Role.DEPARTMENT_HANDLER, label="办结")

    cases = seen_by(request.user, Case)              # a queryset; a stranger's list is empty
    require(by, "cases.close", case)                 # raises PermissionDenied

The grants themselves and the tree of places live higher up; `accounts` plugs them in with `connect`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property, wraps
from typing import Any, Final, Protocol, TypeVar

from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponseBase

from linqi.kit.choices import Choice

M = TypeVar("M", bound=Model)
View = Callable[..., HttpResponseBase]


class Role(Choice):
    """The roles Linqi ships with; which permissions each holds is editable data 角色."""

    DISTRICT_OPERATOR = "district_operator", "区级运维"
    STREET_LEADER = "street_leader", "街道领导"
    COMMUNITY_SECRETARY = "community_secretary", "社区书记"
    PARTY_SPECIALIST = "party_specialist", "党群建设专员"
    ECON_SPECIALIST = "econ_specialist", "经济发展专员"
    GOVERNANCE_SPECIALIST = "governance_specialist", "综合治理专员"
    PUBLIC_AFFAIRS_SPECIALIST = "public_affairs_specialist", "公共事务专员"
    DEPARTMENT_HANDLER = "department_handler", "科室经办"
    PROPERTY_MANAGER = "property_manager", "物业经理"
    ENTERPRISE_USER = "enterprise_user", "企业用户"


SPECIALISTS: Final = (
    Role.PARTY_SPECIALIST,
    Role.ECON_SPECIALIST,
    Role.GOVERNANCE_SPECIALIST,
    Role.PUBLIC_AFFAIRS_SPECIALIST,
)
COMMUNITY_STAFF: Final = (Role.COMMUNITY_SECRETARY, *SPECIALISTS)
STREET_STAFF: Final = (Role.DISTRICT_OPERATOR, Role.STREET_LEADER, *COMMUNITY_STAFF)


class System:
    """The product acting by itself: an import from the command line, the tick, the demo 系统."""

    pk: None = None
    is_authenticated = True

    def __str__(self) -> str:
        return "system"


SYSTEM: Final = System()


@dataclass(frozen=True, slots=True)
class Held:
    """One valid grant: these permissions over a place, an enterprise or a department (exactly one of the three)."""

    role: str
    permissions: frozenset[str]
    place: int | None = None
    enterprise: int | None = None
    department: int | None = None


class Directory(Protocol):
    """What access must know about users and places; `accounts` supplies it."""

    def held_by(self, user: Any) -> tuple[Held, ...]:
        """The grants of this user that are valid today."""

    def below(self, places: tuple[int, ...], column: str, *, few: bool = False) -> Q:
        """Rows whose `column` (the path to a place's id) stands at or below one of the places today; `few`: of not many rows."""

    def streets(self, places: tuple[int, ...]) -> "Streets":
        """The whole streets among what stands at or below these places today."""


@dataclass(frozen=True, slots=True)
class Streets:
    """Streets that a grant covers whole; the granted places that are narrower; places that have changed street, if any."""

    whole: tuple[int, ...]
    narrower: tuple[int, ...]
    moved: QuerySet[Any, Any] | None


@dataclass(frozen=True)
class Reach:
    """How far one user's grants reach, permission by permission; `few`: it is asked of rows that are not many."""

    user: Any
    held: tuple[Held, ...] = ()
    few: bool = False
    _streets: dict[tuple[int, ...], Streets] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def permissions(self) -> frozenset[str]:
        return frozenset().union(*(held.permissions for held in self.held))

    def places(self, permission: str) -> tuple[int, ...]:
        return self._over("place", permission)

    def streets(self, permission: str) -> Streets:
        """The whole streets in which this permission is held, asked for once."""
        places = self.places(permission)
        if places not in self._streets:
            self._streets[places] = _directory().streets(places)
        return self._streets[places]

    def enterprises(self, permission: str) -> tuple[int, ...]:
        return self._over("enterprise", permission)

    def departments(self, permission: str) -> tuple[int, ...]:
        return self._over("department", permission)

    def _over(self, what: str, permission: str) -> tuple[int, ...]:
        over = {getattr(held, what) for held in self.held if permission in held.permissions}
        return tuple(sorted(over - {None}))


NOTHING: Final = Q(pk__in=[])


@dataclass(frozen=True, slots=True)
class Scope:
    """Which rows a permission covers, as a condition on one model; scopes add up with `|`."""

    condition: Callable[[Reach, str], Q]

    def __or__(self, other: "Scope") -> "Scope":
        def either(reach: Reach, permission: str) -> Q:
            asked = (self.condition(reach, permission), other.condition(reach, permission))
            parts: list[Any] = [part for part in asked if part != NOTHING]
            return Q.create(parts, connector=Q.OR) if parts else NOTHING

        return Scope(either)


def by_place(column: str, street: str = "") -> Scope:
    """Rows whose place stands at or below a place of the grant; `column` is the path to the place's id.

    `street`: on a long table, the path to the column that keeps the street in which a row began. A grant over whole
    streets then asks for that one column instead of thirty thousand places. Places that have changed street since are
    looked at themselves, so that the answer is that of today; what has ended stays with the street it ended in.
    """

    def condition(reach: Reach, permission: str) -> Q:
        places = reach.places(permission)
        if not places:
            return NOTHING
        below = _directory().below
        streets = reach.streets(permission) if street else None
        if streets is None or not streets.whole:
            return below(places, column, few=reach.few)
        kept = Q(**{f"{street}__in": streets.whole})
        if streets.moved is not None:
            moved = Q(**{f"{column}__in": streets.moved})
            kept = (kept & ~moved) | (below(places, column, few=reach.few) & moved)
        return kept | below(streets.narrower, column, few=reach.few) if streets.narrower else kept

    return Scope(condition)


def by_enterprise(column: str) -> Scope:
    """Rows of the enterprise that the grant is held over."""
    return Scope(lambda reach, permission: _one_of(column, reach.enterprises(permission)))


def by_department(column: str) -> Scope:
    """Rows handed to the department that the grant is held over."""
    return Scope(lambda reach, permission: _one_of(column, reach.departments(permission)))


def by_owner(column: str) -> Scope:
    """A user's own rows, whatever is granted."""
    return Scope(lambda reach, permission: NOTHING if reach.user.pk is None else Q(**{column: reach.user.pk}))


def by(condition: Callable[[Reach, str], Q]) -> Scope:
    """Rows by a condition that the app writes itself."""
    return Scope(condition)


def to_everyone(reason: str) -> Scope:
    """Reference data that every signed-in user may read; say why."""
    _need(reason)
    return Scope(lambda reach, permission: Q(pk__isnull=False))


def to_nobody(reason: str) -> Scope:
    """Rows that are read only inside queries of their own app; say why."""
    _need(reason)
    return Scope(lambda reach, permission: NOTHING)


@dataclass(frozen=True, slots=True)
class Permission:
    """Something one may do, which roles hold it unless the street says otherwise, and its words on screen."""

    name: str
    label: str
    roles: tuple[Role, ...]


PERMISSIONS: dict[str, Permission] = {}
_SCOPES: dict[type[Model], tuple[str, Scope]] = {}
_connected: list[Directory] = []


def allow(name: str, *roles: Role, label: str) -> None:
    """Declare a permission and the roles that hold it by default 默认授权."""
    if name in PERMISSIONS:
        raise ImproperlyConfigured(f"Permission {name} is declared twice.")
    PERMISSIONS[name] = Permission(name, label, roles)


def scope(model: type[Model], see: str, where: Scope) -> None:
    """Declare which rows of `model` a grant covers; `see` is the permission that reading asks for."""
    if model in _SCOPES:
        raise ImproperlyConfigured(f"{model.__name__} has two scopes.")
    _SCOPES[model] = (see, where)


def standing_below(places: tuple[int, ...], column: str) -> Q:
    """Rows at or below these places today, to narrow a list that is scoped already; never instead of `seen_by`."""
    return _directory().below(places, column)


def connect(directory: Directory) -> None:
    """Plug in who holds what and what stands below what; called once, by `accounts`."""
    _connected[:] = [directory]


def check_declared(models: Iterable[type[Model]]) -> None:
    """Refuse to start when a model has no scope, or a scope reads by a permission that nobody declared."""
    if missing := sorted(model._meta.label for model in models if model not in _SCOPES):
        raise ImproperlyConfigured(f"No scope is declared in access.py for: {', '.join(missing)}.")
    if unknown := sorted({see for see, _ in _SCOPES.values()} - set(PERMISSIONS)):
        raise ImproperlyConfigured(f"Scopes read by permissions that are not declared: {', '.join(unknown)}.")


def reach_of(user: Any) -> Reach:
    """The user's valid grants, read once for the life of the user object (one request)."""
    reach: Reach | None = getattr(user, "_reach", None)
    if reach is None:
        held = _directory().held_by(user) if user.is_authenticated and user.is_active else ()
        reach = user._reach = Reach(user, held)
    return reach


def forget(user: Any) -> None:
    """Read the grants anew at the next question; called when they change."""
    if hasattr(user, "_reach"):
        del user._reach


def seen_by(user: Any, rows: type[M] | QuerySet[M], permission: str = "", *, few: bool = False) -> QuerySet[M]:
    """The rows this user may see, or may do `permission` to: the one choke point of every list and every page.

    `few`: the rows are not many, named by their ids. Each is then looked at where it stands, instead of first gathering
    every place below the grant (ten thousand for a community, three milliseconds at each question); the answer is the same.
    """
    queryset: QuerySet[M] = rows.all() if isinstance(rows, QuerySet) else rows._default_manager.all()
    if isinstance(user, System):
        return queryset
    see, where = _SCOPES[queryset.model]
    reach = reach_of(user)
    return queryset.filter(where.condition(replace(reach, few=True) if few else reach, permission or see))


def may(user: Any, permission: str, thing: Model) -> bool:
    """May this user do this to this saved thing?"""
    if not may_anywhere(user, permission):
        return False
    return seen_by(user, type(thing)._default_manager.filter(pk=thing.pk), permission, few=True).exists()


def may_anywhere(user: Any, permission: str) -> bool:
    """Does any grant of this user carry the permission: may the menu show it?"""
    if permission not in PERMISSIONS:
        raise ImproperlyConfigured(f"Permission {permission} was never declared.")
    return isinstance(user, System) or permission in reach_of(user).permissions


def require(user: Any, permission: str, thing: Model) -> None:
    """The first line of every action: refuse unless the user may do this to this thing."""
    if not may(user, permission, thing):
        raise PermissionDenied(permission)


def page(permission: str) -> Callable[[View], View]:
    """Mark a view with the permission it asks for; a view without a mark is not served.

    The mark only opens the door of the room; what is in the room still comes from `seen_by`.
    """

    def mark(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not may_anywhere(request.user, permission):
                raise PermissionDenied(permission)
            return view(request, *args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined]
        return guarded

    return mark


def open_to_signed_in(reason: str) -> Callable[[View], View]:
    """Mark a view that every signed-in user may call on their own behalf; say why."""
    _need(reason)

    def mark(view: View) -> View:
        view.permission = ""  # type: ignore[attr-defined]
        return view

    return mark


def _one_of(column: str, ids: tuple[int, ...]) -> Q:
    return Q(**{f"{column}__in": ids}) if ids else NOTHING


def _directory() -> Directory:
    if not _connected:
        raise ImproperlyConfigured("kit.access is not connected: linqi.accounts must be installed.")
    return _connected[0]


def _need(reason: str) -> None:
    if not reason.strip():
        raise ImproperlyConfigured("A scope open to everyone or to nobody needs a reason.")
