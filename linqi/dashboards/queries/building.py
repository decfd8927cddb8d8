"""One building, floor by floor 一楼一档."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from linqi.accounts.queries import valid_on
from linqi.cases.flow import OPEN
from linqi.cases.models import Case
from linqi.enterprises.models import Relation, Tenancy
from linqi.enterprises.queries import shown_name
from linqi.kit.access import seen_by
from linqi.organisation.models import LinkTeam
from linqi.territory.models import Place, PlaceKind, Placement
from linqi.territory.queries import standing_below
from linqi.visits.models import Visit

SEEN_WITHIN = timedelta(days=90)  # a firm counts as seen for a quarter; product default, domain.md fact 14


@dataclass(frozen=True)
class Tenant:
    """An enterprise in a unit."""

    enterprise: int
    name: str
    relation: str
    since: date | None


@dataclass(frozen=True)
class Unit:
    """One unit of a floor: who is in it; empty, let to one, or shared."""

    place: int
    name: str
    area_m2: Any
    tenants: tuple[Tenant, ...]

    @property
    def state(self) -> str:
        return "vacant" if not self.tenants else "let" if len(self.tenants) == 1 else "shared"


@dataclass(frozen=True)
class Storey:
    """One floor with its units, and those who are on the floor without a unit of their own."""

    level: int | None
    name: str
    units: tuple[Unit, ...]
    loose: tuple[Tenant, ...] = ()


@dataclass(frozen=True)
class BuildingFile:
    """Everything the page of one building shows."""

    storeys: tuple[Storey, ...]
    unplaced: tuple[Tenant, ...]
    units: int
    vacant: int
    enterprises: int
    seen_lately: int
    open_cases: int
    team: LinkTeam | None
    seats: tuple[Any, ...]

    @property
    def vacancy(self) -> float | None:
        """Share of units without a tenant; None where the building has no units on the tree."""
        return self.vacant / self.units if self.units else None

    @property
    def coverage(self) -> float | None:
        """Share of the enterprises that were visited within a quarter; None without enterprises."""
        return self.seen_lately / self.enterprises if self.enterprises else None


def building_file(*, building: Place, user: Any, on: date) -> BuildingFile:
    """The building as it stood on a day, floors from the top, with the numbers the user may see; seven queries."""
    below = list(standing_below(building, on=on).select_related(None))
    ids = [building.pk, *(place.pk for place in below)]
    parents = dict(Placement.objects.filter(valid_on(on), child__in=ids).values_list("child_id", "parent_id"))
    tenancies = (
        seen_by(user, Tenancy)
        .filter(place__in=ids)
        .filter(Q(until=None) | Q(until__gt=on))
        .filter(Q(since=None) | Q(since__lte=on))
        .select_related("enterprise")
        .order_by("enterprise__name_key")
    )
    at: dict[int, list[Tenant]] = defaultdict(list)
    firms = set()
    for tenancy in tenancies:
        firms.add(tenancy.enterprise_id)
        at[tenancy.place_id].append(
            Tenant(
                tenancy.enterprise_id,
                shown_name(tenancy.enterprise, user),
                _(Relation(tenancy.relation).label),
                tenancy.since,
            )
        )
    storeys = _storeys(below, parents, at)
    rooms = [unit for storey in storeys for unit in storey.units]
    team = seen_by(user, LinkTeam).filter(valid_on(on), building=building).prefetch_related("seats__user").first()
    visited = seen_by(user, Visit).filter(
        enterprise__in=firms, state="done", visited_on__gt=on - SEEN_WITHIN, visited_on__lte=on
    )
    open_cases = seen_by(user, Case).filter(place__in=ids).filter(state__in=OPEN)
    return BuildingFile(
        storeys=storeys,
        unplaced=tuple(at[building.pk]),
        units=len(rooms),
        vacant=sum(unit.state == "vacant" for unit in rooms),
        enterprises=len(firms),
        seen_lately=visited.values("enterprise").distinct().count(),
        open_cases=open_cases.count(),
        team=team,
        seats=tuple(seat for seat in team.seats.all() if seat.until is None or seat.until > on) if team else (),
    )


def _storeys(below: Iterable[Place], parents: dict[int, int], at: dict[int, list[Tenant]]) -> tuple[Storey, ...]:
    by_floor: dict[int | None, list[Unit]] = defaultdict(list)
    floors = {place.pk: place for place in below if place.kind == PlaceKind.FLOOR}
    for place in sorted((place for place in below if place.kind == PlaceKind.UNIT), key=lambda place: place.name):
        parent = parents.get(place.pk)
        by_floor[parent if parent in floors else None].append(
            Unit(place.pk, place.name, place.area_m2, tuple(at[place.pk]))
        )
    ordered = sorted(floors.values(), key=lambda floor: (floor.level is not None, floor.level or 0), reverse=True)
    storeys = [Storey(floor.level, floor.name, tuple(by_floor[floor.pk]), tuple(at[floor.pk])) for floor in ordered]
    if by_floor[None]:
        storeys.append(Storey(None, "", tuple(by_floor[None])))
    return tuple(storeys)
