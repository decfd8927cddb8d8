"""What stands where, on which day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from math import cos, radians
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet
from shapely.geometry import shape

from linqi.kit import geodesy
from linqi.kit.access import System, reach_of, seen_by
from linqi.kit.clock import today
from linqi.territory import rules
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


def way_down(user: Any, place: Place, on: date | None = None) -> list[tuple[Place, bool]]:
    """The places from the district down to one, each with whether this user may open its page; two queries."""
    path = path_of(place, on) or [place]
    seen = set(seen_by(user, Place).filter(pk__in=[one.pk for one in path]).values_list("pk", flat=True))
    return [(one, one.pk in seen) for one in path]


def street_of(place: Place, on: date | None = None) -> Place | None:
    """The street a place stood in on a day; None for a district and for what did not exist then 所属街道."""
    above = Coverage.objects.filter(valid_on(on or today()), descendant=place, ancestor__kind=PlaceKind.STREET)
    row = above.select_related("ancestor").first()
    return row.ancestor if row else None


def changed_street() -> QuerySet[Coverage, int]:
    """Ids of the places that stood in one street and later in another 跨街道调整的空间.

    Counted in one pass: asked for each row whether there is another, a database that has not yet looked at a freshly filled table
    compares each with all.
    """
    streets = Coverage.objects.filter(ancestor__kind=PlaceKind.STREET)
    if not streets.filter(until__isnull=False).exists():
        return streets.none().values_list("descendant", flat=True)
    several = streets.values("descendant").alias(streets=Count("ancestor", distinct=True)).filter(streets__gt=1)
    return several.values_list("descendant", flat=True)


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


def any_generated() -> bool:
    """Whether a street in this database was made by `linqi demo`; one look into the index of kinds."""
    return Place.objects.filter(kind=PlaceKind.STREET, generated=True).exists()


def places_known_to(user: Any, on: date) -> QuerySet[Place]:
    """Places that stood on a day below what the user's grants reach today, also those that have moved or gone since.

    For looking back only: what may be done to a place is asked of today's tree.
    """
    granted = _granted(user)
    if granted is None:
        return Place.objects.filter(valid_on(on))
    return Place.objects.filter(_under(granted, valid_on(on)))


def places_ever_seen_by(user: Any) -> QuerySet[Place]:
    """Places within the user's reach today, and those that were when they ceased to exist."""
    granted = _granted(user)
    if granted is None:
        return Place.objects.all()
    ended = Q(until=F("descendant__until"), until__lte=today())
    return Place.objects.filter(_under(granted, valid_on(today())) | _under(granted, ended))


def roots_of(user: Any, on: date) -> QuerySet[Place]:
    """The widest places a user's grants reached on a day: where the user's tree begins."""
    granted = _granted(user)
    if granted is None:
        return Place.objects.filter(valid_on(on), kind=PlaceKind.DISTRICT).order_by("code")
    below = Coverage.objects.filter(valid_on(on), ancestor__in=granted, descendant__in=granted, depth__gt=0)
    return (
        Place.objects.filter(valid_on(on), pk__in=granted).exclude(pk__in=below.values("descendant")).order_by("code")
    )


def with_children_counted(rows: QuerySet[Place], on: date) -> QuerySet[Place]:
    """The rows with `children`: how many places stood directly under each on a day."""
    held = Q(placed__since__lte=on) & (Q(placed__until=None) | Q(placed__until__gt=on))
    return rows.annotate(children=Count("placed", filter=held))


def with_path(rows: QuerySet[Place], on: date) -> QuerySet[Place]:
    """The rows with `above`: what each stood under on a day, the widest first; one query for all."""
    above = Coverage.objects.filter(valid_on(on), depth__gt=0).select_related("ancestor").order_by("-depth")
    return rows.prefetch_related(Prefetch("covered", above, to_attr="above"))


@dataclass(frozen=True, slots=True)
class MovePreview:
    """What a move would change: the way down to the place before and after, and how many places go with it."""

    before: list[Place]
    after: list[Place]
    counts: list[KindCount]


def preview_of_move(place: Place, to: Place, on: date) -> MovePreview:
    """What would move if a place stood under another from a day on 调整预览."""
    return MovePreview(path_of(place, on), [*path_of(to, on), place], counts_below(place, on))


def move_targets(user: Any, place: Place) -> QuerySet[Place]:
    """The places that a place may be moved under by this user 可调入的上级.

    A unit stays in its building: it only changes its floor.
    """
    fitting = [kind for kind in PlaceKind.values if rules.may_stand_under(place.kind, kind)]
    rows = seen_by(user, Place, "territory.edit").filter(kind__in=fitting, until=None)
    if place.kind == PlaceKind.UNIT:
        buildings = [above.pk for above in path_of(place) if above.kind == PlaceKind.BUILDING]
        inside = Coverage.objects.filter(valid_on(today()), ancestor__in=buildings)
        rows = rows.filter(pk__in=inside.values("descendant"))
    return rows.order_by("kind", "code")


def places_geojson(user: Any, kind: str, on: date | None = None, system: str = "wgs84") -> dict[str, Any]:
    """The outlines (or else the points) of the places of a kind that a user knows on a day, as GeoJSON 空间图层.

    `system`: "wgs84", or "gcj02" for Chinese web maps. A place without outline and point is left out.
    """
    convert = geodesy.to_gcj02 if system == "gcj02" else lambda longitude, latitude: (longitude, latitude)
    features = []
    for place in places_known_to(user, on or today()).filter(kind=kind).order_by("code"):
        geometry = place.outline
        if geometry is None and place.longitude is not None and place.latitude is not None:
            geometry = {"type": "Point", "coordinates": [place.longitude, place.latitude]}
        if geometry is not None:
            told = {"name": place.name, "code": place.code, "kind": place.kind, "source": place.outline_source}
            features.append({"type": "Feature", "geometry": geodesy.converted(geometry, convert), "properties": told})
    return {"type": "FeatureCollection", "features": features}


def outline_area(place: Place) -> int | None:
    """How much ground an outline encloses, in m² to about one per cent; None without an outline 轮廓面积."""
    if place.outline is None:
        return None
    outlined = shape(place.outline)
    metre = geodesy.distance((0, 0), (0, 1))  # metres to a degree of latitude
    return round(float(outlined.area) * metre * metre * cos(radians(float(outlined.centroid.y))))


def _under(granted: tuple[int, ...], when: Q) -> Q:
    """Asked place by place: mostly of a few that are known by id, which the index of what stands above answers."""
    return Q(Exists(Coverage.objects.filter(when, descendant=OuterRef("pk"), ancestor__in=granted)))


def _granted(user: Any) -> tuple[int, ...] | None:
    """Places over which a user holds the right to see places; None for the product itself."""
    return None if isinstance(user, System) else reach_of(user).places("territory.see")
