"""What stands where, on which day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from linqi.kit.access import seen_by
from linqi.kit.clock import today
from linqi.territory.models import Coverage, Place, PlaceKind, Placement


def valid_on(day: date) -> Q:
    """Rows with `since` and `until` that hold on this day."""
    return Q(since__lte=day) & (Q(until=None) | Q(until__gt=day))


def standing_below(place: Place, kind: str | None = None, on: date | None = None) -> QuerySet[Place]:
    """Everything that stood somewhere below a place on a day (today when not said), or only one kind of it 下辖."""
    below = Coverage.objects.filter(valid_on(on or today()), ancestor=place, depth__gt=0)
    rows = Place.objects.filter(pk__in=below.values("descendant"))
    return rows.filter(kind=kind) if kind else rows


def children_of(place: Place, on: date | None = None) -> QuerySet[Place]:
    """What stood directly under a place on a day, by level and name 直属下级."""
    below = Placement.objects.filter(valid_on(on or today()), parent=place)
    return Place.objects.filter(pk__in=below.values("child")).order_by("level", "code")


def path_of(place: Place, on: date | None = None) -> list[Place]:
    """The way down to a place on a day: district, street, …, the place itself 所在路径."""
    above = Coverage.objects.filter(valid_on(on or today()), descendant=place)
    return [row.ancestor for row in above.order_by("-depth").select_related("ancestor")]


def street_of(place: Place, on: date | None = None) -> Place | None:
    """The street a place stood in on a day; None for a district and for what did not exist then 所属街道."""
    above = Coverage.objects.filter(valid_on(on or today()), descendant=place, ancestor__kind=PlaceKind.STREET)
    row = above.select_related("ancestor").first()
    return row.ancestor if row else None


def parent_of(place: Place, on: date | None = None) -> Place | None:
    """What a place stood directly under on a day 上级."""
    row = Placement.objects.filter(valid_on(on or today()), child=place).select_related("parent").first()
    return row.parent if row else None


def units_of(building: Place, on: date | None = None) -> QuerySet[Place]:
    """The units of a building on a day, floor by floor 单元."""
    return standing_below(building, PlaceKind.UNIT, on).order_by("level", "name")


def streets_of(places: Iterable[int], on: date | None = None) -> dict[int, int]:
    """The street of each of many places, by ids; places without one are left out."""
    above = Coverage.objects.filter(
        valid_on(on or today()), descendant__in=list(places), ancestor__kind=PlaceKind.STREET
    )
    return dict(above.values_list("descendant_id", "ancestor_id"))


def placements_of(place: Place) -> QuerySet[Placement]:
    """Where a place has stood, the latest first 隶属沿革."""
    return Placement.objects.filter(child=place).select_related("parent").order_by("-since")


def places_seen_by(user: Any, on: date | None = None) -> QuerySet[Place]:
    """Places within the user's reach; with a day, those that existed then."""
    rows = seen_by(user, Place)
    return rows if on is None else rows.filter(valid_on(on))


@dataclass(frozen=True, slots=True)
class KindCount:
    """How many places of a kind stand below another."""

    kind: str
    number: int


def counts_below(place: Place, on: date | None = None) -> list[KindCount]:
    """How many of each kind stood below a place on a day, the widest first."""
    rows = standing_below(place, on=on).order_by().values_list("kind").annotate(number=Count("pk"))
    found = dict(rows)
    return [KindCount(kind, found[kind]) for kind in PlaceKind.values if kind in found]


def has_below(on: date) -> Exists:
    """Whether something stands directly under the place of the outer query on a day."""
    return Exists(Placement.objects.filter(valid_on(on), parent=OuterRef("pk")))


def any_generated() -> bool:
    """Whether a street in this database was made by `linqi demo`; one look into the index of kinds."""
    return Place.objects.filter(kind=PlaceKind.STREET, generated=True).exists()
