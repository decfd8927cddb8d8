"""The places of a demo street: parks in the outline, buildings round them, floors and units in the buildings."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from itertools import count
from math import cos, pi, radians, sin
from random import Random
from typing import Any

import numpy as np
from shapely import affinity
from shapely.geometry import MultiPoint, Point, Polygon, mapping, shape
from shapely.ops import unary_union

from linqi.dashboards.demo.words import words
from linqi.territory.rules import floor_name, unit_name

METRE = 1 / 111_320  # degrees of latitude
MADE_UP = "演示生成，非真实边界"


@dataclass(frozen=True, slots=True)
class Community:
    """A community of the plan; `parks` tells whether it holds parks or is the host of one that does."""

    name: str
    kind: str
    since: date
    host: int | None = None
    parks: bool = True


@dataclass(frozen=True)
class StreetPlan:
    """What is fixed of a street beforehand."""

    code: str
    name: str
    since: date
    district: tuple[str, str]
    communities: tuple[Community, ...]
    themes: tuple[str, ...]
    names: str
    centre: tuple[float, float]
    outlined: bool
    storeys: tuple[int, int]


CANGQIAN = StreetPlan(
    code="330110012",
    name="仓前街道",
    since=date(2010, 1, 1),
    district=("330110", "余杭区"),
    communities=(
        Community("梦创社区", "established", date(2023, 6, 1), host=3),
        Community("创景社区", "virtual", date(2024, 3, 1), host=4),
        Community("向往社区", "virtual", date(2024, 3, 1), host=5),
        Community("仓溪社区", "residential", date(2010, 1, 1), parks=False),
        Community("梧桐湾社区", "residential", date(2010, 1, 1), parks=False),
        Community("云栈里社区", "residential", date(2012, 1, 1), parks=False),
    ),
    themes=("digital", "digital", "commerce", "digital", "bio", "culture", "digital", "commerce"),
    names="parks",
    centre=(119.985, 30.285),
    outlined=True,
    storeys=(4, 30),
)
QIANJIANG = StreetPlan(
    code="330205008",
    name="前江街道",
    since=date(2020, 6, 29),
    district=("330205", "江北区"),
    communities=(
        Community("118工业社区", "established", date(2021, 5, 1), host=1),
        Community("前湾里社区", "residential", date(2020, 6, 29), parks=False),
    ),
    themes=("industry",),
    names="works",
    centre=(121.515, 29.985),
    outlined=False,
    storeys=(4, 8),
)


@dataclass(slots=True)
class Unit:
    """A unit of a building: where firms sit."""

    pk: int
    name: str
    level: int
    area: Decimal
    building: "Building"


@dataclass(slots=True)
class Park:
    pk: int
    name: str
    theme: str
    community: int
    centre: tuple[float, float]
    since: date
    road: str
    buildings: "list[Building]" = field(default_factory=list)


@dataclass(slots=True)
class Building:
    pk: int
    name: str
    code: str
    number: str
    door: int
    since: date
    park: Park
    position: tuple[float, float]
    units: list[Unit] = field(default_factory=list)


@dataclass
class Street:
    """A street as made: rows for Place and Placement, and what the firms need to know."""

    plan: StreetPlan
    pk: int
    district: int
    communities: list[int]
    parks: list[Park]
    buildings: list[Building]
    moved: tuple[Building, Park, Park, date] | None
    places: list[tuple[Any, ...]]
    placements: list[tuple[int, int, date, date | None, str]]

    @property
    def units(self) -> Iterator[Unit]:
        for building in self.buildings:
            yield from building.units


PLACE_COLUMNS = (
    "id",
    "kind",
    "code",
    "name",
    "community_kind",
    "address",
    "level",
    "area_m2",
    "longitude",
    "latitude",
    "outline",
    "outline_source",
    "host",
    "since",
    "until",
    "generated",
)


@cache
def cangqian_outline() -> dict[str, Any]:
    """The outline that is shipped, with its source."""
    read: dict[str, Any] = json.loads(files("linqi.territory").joinpath("data/cangqian.geojson").read_text("utf-8"))
    return read


def make_street(
    plan: StreetPlan, *, parks: int, buildings: int, units: int, ids: "count[int]", random: Random, today: date
) -> Street:
    """A street with so many parks, buildings and about so many units; ids are taken from `ids`."""
    rows: list[tuple[Any, ...]] = []
    stands: list[tuple[int, int, date, date | None, str]] = []

    def place(kind: str, code: str, name: str, since: date, **extra: Any) -> int:
        pk = next(ids)
        values = {"id": pk, "kind": kind, "code": code, "name": name, "since": since, "generated": True, **extra}
        blank = {"community_kind": "", "address": "", "outline_source": ""}
        rows.append(tuple(values.get(column, blank.get(column)) for column in PLACE_COLUMNS))
        return pk

    ground = _ground(plan)
    centres = _park_centres(plan, ground, parks, random)
    district = place("district", *plan.district, date(2001, 1, 1))
    sizes = _shares(buildings, parks, random)
    # parks in order from west to east, so that each community is one strip of the map
    own = [number for number, community in enumerate(plan.communities) if community.parks]
    owner = [own[at * len(own) // parks] for at in range(parks)]
    drafts = [_yards(centre, size, random) for centre, size in zip(centres, sizes, strict=True)]
    outlines = [_park_outline(yards) for yards in drafts]
    border = ground if plan.outlined else _round(unary_union(outlines).convex_hull.buffer(500 * METRE))
    street = place(
        "street",
        plan.code,
        plan.name,
        plan.since,
        longitude=round(border.centroid.x, 6),
        latitude=round(border.centroid.y, 6),
        outline=_geojson(border),
        outline_source=cangqian_outline()["source"] if plan.outlined else MADE_UP,
    )
    stands.append((street, district, plan.since, None, ""))
    communities: list[int] = [0] * len(plan.communities)
    for number in sorted(range(len(plan.communities)), key=lambda at: plan.communities[at].parks):  # hosts first
        community = plan.communities[number]
        mine = [outline for outline, whose in zip(outlines, owner, strict=True) if whose == number]
        hull = _within(unary_union(mine).convex_hull.buffer(30 * METRE), border) if mine else None
        communities[number] = place(
            "community",
            f"{plan.code}-C{number + 1:02d}",
            community.name,
            community.since,
            community_kind=community.kind,
            host=communities[community.host] if community.host is not None else None,
            outline=_geojson(hull) if hull else None,
            outline_source=MADE_UP if hull else "",
            longitude=round(hull.centroid.x, 6) if hull else None,
            latitude=round(hull.centroid.y, 6) if hull else None,
        )
        stands.append((communities[number], street, community.since, None, ""))
    made: list[Park] = []
    every: list[Building] = []
    doors = count(1)
    for at, (centre, yards, outline) in enumerate(zip(centres, drafts, outlines, strict=True)):
        first = max(plan.since, date(2012, 1, 1)) + timedelta(days=random.randrange(0, 700))
        community = plan.communities[owner[at]]
        park = Park(
            pk=0,
            name=words()[plan.names][at % len(words()[plan.names])],
            theme=plan.themes[at % len(plan.themes)],
            community=owner[at],
            centre=centre,
            since=first,
            road=random.choice(words()["roads"][plan.code]),
        )
        door = 10 + 2 * random.randrange(5, 440)
        address = f"{plan.name}{park.road}{door}号"
        park.pk = place(
            "park",
            f"{plan.code}-P{at + 1:02d}",
            park.name,
            first,
            address=address,
            longitude=round(centre[0], 6),
            latitude=round(centre[1], 6),
            outline=_geojson(outline),
            outline_source=MADE_UP,
        )
        if first < community.since:  # before there was the community, the park stood under the street itself
            stands.append((park.pk, street, first, community.since, ""))
        stands.append(
            (
                park.pk,
                communities[owner[at]],
                max(first, community.since),
                None,
                "社区成立" if first < community.since else "",
            )
        )
        made.append(park)
        for number, (spot, footprint) in enumerate(yards):
            since = min(first + timedelta(days=random.randrange(0, 1500)), today - timedelta(days=500))
            since = max(since, first)
            code = f"{plan.code}-B{next(doors):03d}"
            tower = (
                f"{chr(65 + number)}座" if park.theme in {"commerce", "culture"} and number < 26 else f"{number + 1}幢"
            )
            building = Building(0, f"{park.name}{tower}", code, tower, door, since, park, spot)
            building.pk = place(
                "building",
                code,
                building.name,
                since,
                address=f"{address}{tower}",
                longitude=round(spot[0], 6),
                latitude=round(spot[1], 6),
                outline=_geojson(footprint),
                outline_source=MADE_UP,
            )
            stands.append((building.pk, park.pk, since, None, ""))
            park.buildings.append(building)
            every.append(building)
            _fill(building, units / buildings, plan.storeys, random=random, place=place, stands=stands)
            _measure(rows, building)
    return Street(plan, street, district, communities, made, every, None, rows, stands)


def move_one(street: Street, random: Random, on: date) -> None:
    """One building of the neighbouring community goes over to a park of the first on a day within the year."""
    neighbours = [park for park in street.parks if park.community == 1]
    seconds = [park for park in neighbours if len(park.buildings) > 1] or neighbours
    firsts = [park for park in street.parks if park.community == 0]
    if not seconds or not firsts:
        return
    source, target = min(
        ((one, other) for one in seconds for other in firsts),
        key=lambda pair: (pair[0].centre[0] - pair[1].centre[0]) ** 2 + (pair[0].centre[1] - pair[1].centre[1]) ** 2,
    )
    building = source.buildings[-1]
    at = next(number for number, row in enumerate(street.placements) if row[0] == building.pk)
    child, parent, since, _until, _reason = street.placements[at]
    street.placements[at] = (child, parent, since, on, "")
    street.placements.append((child, target.pk, on, None, "片区优化，随园区统一运营"))
    street.moved = (building, source, target, on)


def _fill(
    building: Building, units: float, storeys: tuple[int, int], *, random: Random, place: Any, stands: list[Any]
) -> None:
    """Floors and units; their number varies round the mean."""
    lowest, highest = storeys
    wanted = max(lowest, units * random.lognormvariate(-0.06, 0.35))
    floors = min(highest, max(lowest, round(wanted / random.choice((5, 6, 7, 8, 9)))))
    rooms = min(14, max(1, round(wanted / floors)))
    for level in range(1, floors + 1):
        floor = place("floor", f"{building.code}-F{level}", floor_name(level), building.since, level=level)
        stands.append((floor, building.pk, building.since, None, ""))
        for number in range(1, rooms + 1):
            name = unit_name(level, number)
            area = Decimal(random.randrange(40, 420))
            pk = place("unit", f"{building.code}-U{name}", name, building.since, level=level, area_m2=area)
            stands.append((pk, floor, building.since, None, ""))
            building.units.append(Unit(pk, name, level, area, building))


def _measure(rows: list[tuple[Any, ...]], building: Building) -> None:
    """A building's area: its units with lifts, halls and walls."""
    at = building.pk - rows[0][0]
    known = dict(zip(PLACE_COLUMNS, rows[at], strict=True))
    known["area_m2"] = round(sum(unit.area for unit in building.units) * Decimal("1.28"))
    rows[at] = tuple(known.values())


def _ground(plan: StreetPlan) -> Polygon:
    if plan.outlined:
        outline = shape(cangqian_outline()["geometry"])
        assert isinstance(outline, Polygon)
        return outline
    return Point(plan.centre).buffer(2600 * METRE)


def _park_centres(plan: StreetPlan, ground: Polygon, parks: int, random: Random) -> list[tuple[float, float]]:
    """Places for parks, closer together round the centre, never closer than two parks are wide; from west to east."""
    inner = ground.buffer(-260 * METRE)
    chosen: list[tuple[float, float]] = []
    apart, spread = 520.0, 0.010
    while len(chosen) < parks:
        for _ in range(4000):
            x, y = random.gauss(plan.centre[0], spread), random.gauss(plan.centre[1], spread)
            if all(_metres((x, y), other) >= apart for other in chosen) and inner.contains(Point(x, y)):
                chosen.append((x, y))
                if len(chosen) == parks:
                    break
        spread *= 1.15
    return sorted(chosen)


def _yards(centre: tuple[float, float], size: int, random: Random) -> list[tuple[tuple[float, float], Polygon]]:
    """Spots and footprints of a park's buildings, on a sunflower round its centre so that none touch."""
    stretch = cos(radians(centre[1]))
    turn = random.random() * pi
    found = []
    gap = min(58.0, 190.0 / max(1.0, size**0.5))
    for number in range(size):
        radius, angle = gap * (number + 0.4) ** 0.5, turn + number * 2.39996
        spot = (
            centre[0] + radius * cos(angle) * METRE / stretch,
            centre[1] + radius * sin(angle) * METRE,
        )
        width, depth = gap * random.uniform(0.28, 0.36), gap * random.uniform(0.16, 0.26)
        box = Polygon([(-width, -depth), (width, -depth), (width, depth), (-width, depth)])
        turned = affinity.rotate(box, 180 * turn / pi, origin=(0, 0))
        footprint = affinity.translate(affinity.scale(turned, METRE / stretch, METRE, origin=(0, 0)), *spot)
        found.append((spot, footprint))
    return found


def _park_outline(yards: list[tuple[tuple[float, float], Polygon]]) -> Polygon:
    hull = MultiPoint([point for _spot, footprint in yards for point in footprint.exterior.coords]).convex_hull
    return _round(hull.buffer(28 * METRE, quad_segs=3))


def _shares(total: int, parts: int, random: Random) -> list[int]:
    """A total cut into uneven parts, none below two where there is enough."""
    least = 2 if total >= 2 * parts else 1
    weights = np.array([random.lognormvariate(0, 0.45) for _ in range(parts)])
    sizes = np.floor(weights / weights.sum() * (total - least * parts)).astype(int) + least
    for at in range(total - int(sizes.sum())):
        sizes[at % parts] += 1
    return [int(size) for size in sizes]


def _metres(a: tuple[float, float], b: tuple[float, float]) -> float:
    stretch = cos(radians(a[1]))
    return float((((a[0] - b[0]) * stretch) ** 2 + (a[1] - b[1]) ** 2) ** 0.5 / METRE)


def _within(hull: Any, border: Any) -> Any:
    """What of an outline lies in the street; where the border cuts it apart, the largest part."""
    inside = hull.intersection(border)
    return _round(max(getattr(inside, "geoms", [inside]), key=lambda part: part.area))


def _round(polygon: Any) -> Any:
    return polygon.simplify(4 * METRE)


def _geojson(polygon: Any) -> dict[str, Any]:
    drawn = mapping(polygon)
    return {
        "type": drawn["type"],
        "coordinates": [[[round(x, 6), round(y, 6)] for x, y in ring] for ring in drawn["coordinates"]],
    }
