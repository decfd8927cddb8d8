"""Departments, and who looks after which building."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Exists, IntegerField, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from linqi.accounts.models import Grant, User
from linqi.accounts.queries import grants_valid, valid_on
from linqi.kit.access import seen_by
from linqi.kit.clock import today
from linqi.organisation.intake import default_departments
from linqi.organisation.models import Department, Employment, HandOver, LinkTeam, LinkTeamSeat, Substitution
from linqi.organisation.rules import SEATS, Manning, TeamRole, manning
from linqi.territory.models import Coverage, Place, PlaceKind


def departments_seen_by(user: Any) -> QuerySet[Department]:
    """The sections of the user's streets, or the user's own 科室."""
    return seen_by(user, Department, few=True).select_related("street")


def departments_of(street: Place) -> QuerySet[Department]:
    """The sections of a street that work today."""
    return Department.objects.filter(valid_on(today()), street=street).order_by("pk")


def department_codes() -> list[tuple[str, str]]:
    """Every code that a section has somewhere, with a name for it: what a category can be sent to."""
    known = dict(Department.objects.order_by("pk").values_list("code", "name"))
    return sorted((code, _(name)) for code, name in {**known, **dict(default_departments())}.items())


def staff_of(department: Department, permission: str) -> list[User]:
    """Those who hold a role in this department that carries the permission 科室经办."""
    grants = grants_valid(today()).filter(department=department.pk, user__is_active=True).select_related("user", "role")
    return _holders(grants, permission)


def staff_over(place: Place, role: str) -> list[User]:
    """Those who hold a role over this place or over something it stands in, nearest first 属地人员."""
    above = dict(Coverage.objects.filter(valid_on(today()), descendant=place).values_list("ancestor_id", "depth"))
    grants = (
        grants_valid(today())
        .filter(place__in=list(above), role__code=role, user__is_active=True)
        .select_related("user")
    )
    nearest = sorted(grants, key=lambda grant: above[grant.place_id or 0])
    return list({grant.user_id: grant.user for grant in nearest}.values())


def companies_of(user: int, day: date) -> QuerySet[Employment, int | None]:
    """Ids of the companies that somebody works for on a day, by their account 所在公司."""
    rows = Employment.objects.filter(valid_on(day), person__user=user, company__isnull=False)
    return rows.values_list("company", flat=True)


def users_of(company: int, day: date) -> QuerySet[User]:
    """Active users who work for a company on a day 公司人员."""
    rows = Employment.objects.filter(valid_on(day), company=company, person__user__isnull=False)
    return User.objects.filter(is_active=True, pk__in=rows.values("person__user")).order_by("pk")


def candidates(building: Place) -> QuerySet[User]:
    """Who may sit in a building's link team: active users whose role reaches the building 候选人."""
    above = Coverage.objects.filter(valid_on(today()), descendant=building, ancestor=OuterRef("place"))
    holds = grants_valid(today()).filter(Exists(above), user=OuterRef("pk"))
    return User.objects.filter(Exists(holds), is_active=True).order_by("display_name", "pk")


def teams_in_force() -> QuerySet[LinkTeam]:
    """The teams that look after a building today."""
    return LinkTeam.objects.filter(until=None)


def with_teams(rows: QuerySet[Place]) -> QuerySet[Place]:
    """Places, each with the id of its link team and how many seats are held: `team_id`, `seats_held`."""
    team = teams_in_force().filter(building=OuterRef("pk"))
    held = (
        LinkTeamSeat.objects.filter(team__building=OuterRef("pk"), team__until=None, until=None, role__in=SEATS)
        .order_by()
        .values("team")
        .annotate(n=Count("pk"))
        .values("n")
    )
    return rows.annotate(
        team_id=Subquery(team.values("pk")[:1]),
        seats_held=Coalesce(Subquery(held, output_field=IntegerField()), 0),
    )


def buildings_with_teams(user: Any) -> QuerySet[Place]:
    """The buildings a user sees, with their teams as in `with_teams`."""
    rows = seen_by(user, Place, "organisation.see").filter(valid_on(today()), kind=PlaceKind.BUILDING)
    return with_teams(rows)


def by_manning(buildings: QuerySet[Place], wanted: Iterable[str]) -> QuerySet[Place]:
    """Those of `buildings_with_teams` whose team is full, has a vacancy, or does not exist."""
    conditions = {
        Manning.FULL: Q(team_id__isnull=False, seats_held=len(SEATS)),
        Manning.VACANT: Q(team_id__isnull=False, seats_held__lt=len(SEATS)),
        Manning.NONE: Q(team_id__isnull=True),
    }
    asked = Q(pk__in=[])
    for one in wanted:
        asked |= conditions[Manning(one)]
    return buildings.filter(asked)


@dataclass(frozen=True, slots=True)
class Seat:
    """One of the three seats as a page shows it 席位."""

    role: TeamRole
    holder: User | None
    held: LinkTeamSeat | None
    substitute: Substitution | None = None

    @property
    def hand_over(self) -> HandOver | None:
        """What the holder was told by the one before, None when nothing was."""
        return getattr(self.held, "hand_over", None)


@dataclass(frozen=True, slots=True)
class TeamCard:
    """A building's team with its seats 联楼小组."""

    team: LinkTeam | None
    seats: tuple[Seat, ...]
    manning: Manning


def team_cards(buildings: Iterable[Place]) -> dict[int, TeamCard]:
    """Team and seats of each building, by building id; three queries however many buildings."""
    ids = [building.pk for building in buildings]
    teams = {team.building_id: team for team in teams_in_force().filter(building__in=ids)}
    held: dict[int, dict[str, LinkTeamSeat]] = {}
    rows = LinkTeamSeat.objects.filter(team__in=[team.pk for team in teams.values()], until=None)
    for seat in rows.select_related("user", "hand_over"):
        held.setdefault(seat.team_id, {})[seat.role] = seat
    away = Substitution.objects.filter(valid_on(today()), seat__in=rows.values("pk")).select_related("user")
    instead = {one.seat_id: one for one in away}
    return {pk: _card(teams.get(pk), held, instead) for pk in ids}


def team_on(building: Place, day: date) -> list[tuple[LinkTeam, list[LinkTeamSeat]]]:
    """Which team looked after a building on a day, and who sat in it 某日小组."""
    sat = Prefetch("seats", LinkTeamSeat.objects.filter(valid_on(day)).select_related("user").order_by("pk"))
    teams = LinkTeam.objects.filter(valid_on(day), building=building).prefetch_related(sat)
    return [(team, list(team.seats.all())) for team in teams]


def team_card(building: Place) -> TeamCard:
    """Team and seats of one building."""
    return team_cards([building])[building.pk]


def team_looking_after(place: Place) -> LinkTeam | None:
    """The link team of the building that a place stands in, None when there is none 对应小组."""
    above = Coverage.objects.filter(valid_on(today()), descendant=place, ancestor=OuterRef("building"))
    return teams_in_force().filter(Exists(above)).first()


def _card(
    team: LinkTeam | None, held: dict[int, dict[str, LinkTeamSeat]], instead: dict[int, Substitution]
) -> TeamCard:
    seats = held.get(team.pk, {}) if team else {}
    return TeamCard(
        team=team,
        seats=tuple(_seat(role, seats, instead) for role in TeamRole),
        manning=manning(seats if team else None),
    )


def _seat(role: TeamRole, seats: dict[str, LinkTeamSeat], instead: dict[int, Substitution]) -> Seat:
    found = seats.get(role.value)
    return Seat(role, found.user if found else None, found, instead.get(found.pk) if found else None)


def _holders(grants: QuerySet[Grant], permission: str) -> list[User]:
    found = {grant.user_id: grant.user for grant in grants if permission in grant.role.permissions}
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Covering:
    """How many buildings there are, and how many have a full team 联楼覆盖."""

    buildings: int
    full: int
    vacant: int

    @property
    def none(self) -> int:
        """Buildings without a team."""
        return self.buildings - self.full - self.vacant


def coverage(user: Any) -> Covering:
    """How far the user's buildings are looked after, in one query."""
    rows = buildings_with_teams(user).order_by()
    team, full = Q(team_id__isnull=False), Q(seats_held=len(SEATS))
    counted = rows.aggregate(
        buildings=Count("pk"), full=Count("pk", filter=team & full), vacant=Count("pk", filter=team & ~full)
    )
    return Covering(counted["buildings"], counted["full"], counted["vacant"])
