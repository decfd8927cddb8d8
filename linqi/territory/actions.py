"""What is done to the tree of places."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _
from shapely import GEOSException
from shapely.geometry import shape

from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access, geodesy
from linqi.kit.clock import today
from linqi.search import actions as search
from linqi.territory import queries, rules
from linqi.territory.models import CommunityKind, Coverage, Place, PlaceKind, Placement

CHUNK: Final = 500  # ids a statement carries at most
MOST_UNITS: Final = 3000  # units that are laid out at once; more is a slip of the finger
SEARCHED: Final = frozenset({"district", "street", "community", "park", "building"})
EDITABLE: Final = frozenset(
    {
        "name",
        "address",
        "community_kind",
        "host",
        "level",
        "area_m2",
        "longitude",
        "latitude",
        "outline",
        "outline_source",
    }
)
_LETTER: Final = {"community": "C", "park": "P", "building": "B", "floor": "F", "unit": "U"}


@transaction.atomic
def create_place(
    *,
    kind: PlaceKind | str,
    name: str,
    parent: Place | None,
    code: str = "",
    since: date | None = None,
    by: Any,
    **details: Any,
) -> Place:
    """Enter a place that stands under `parent` from `since` on (today when not said) 新增空间.

    `code` empty: one is made from the parent's. `details`: any of EDITABLE. A place without a parent is a district, and
    only the product itself (installation, demo) enters one. Raises ValidationError.
    """
    if parent is None:
        if by is not access.SYSTEM:
            raise PermissionDenied("territory.edit")
    else:
        access.require(by, "territory.edit", parent)
    day = since or today()
    _refuse_unless_fits(str(kind), parent, day)
    code = code.strip() or _next_code(parent, str(kind))
    if Place.objects.filter(code=code).exists():
        raise ValidationError({"code": _("代码“%(code)s”已被其他空间使用。") % {"code": code}})
    place = Place(kind=str(kind), code=code, since=day, **_checked(str(kind), {"name": name, **details}))
    place.save()
    if parent is not None:
        Placement.objects.create(child=place, parent=parent, since=day)
    _unroll([place.pk])
    _index([place])
    journal.write(by=by, verb=Verb.PLACE_CREATED, subject=place, under=parent.pk if parent else None, since=day)
    return place


@transaction.atomic
def change_place(*, place: Place, by: Any, **details: Any) -> Place:
    """Correct what is kept about a place; where it stands is changed by `move_place` 修改空间.

    `details`: any of EDITABLE. Raises ValidationError.
    """
    access.require(by, "territory.edit", place)
    asked = _checked(place.kind, details)
    changed = {field: value for field, value in asked.items() if getattr(place, field) != value}
    if not changed:
        return place
    before = {field: getattr(place, field) for field in changed if field not in {"outline", "host"}}
    for field, value in changed.items():
        setattr(place, field, value)
    place.save(update_fields=list(changed))
    if "name" in changed:
        _index([place])
    journal.write(by=by, verb=Verb.PLACE_CHANGED, subject=place, fields=sorted(changed), before=before)
    return place


@transaction.atomic
def move_place(*, place: Place, to: Place, on: date, reason: str, by: Any) -> Placement:
    """Let a place stand under another from `on` on, with everything below it; days before keep their map 调整隶属.

    `on` may lie back: the figures of the days since then follow. Raises ValidationError.
    """
    access.require(by, "territory.edit", place)
    access.require(by, "territory.edit", to)
    place = Place.objects.select_for_update().get(pk=place.pk)
    if not reason.strip():
        raise ValidationError({"reason": _("请写明调整的理由。")})
    if place.until is not None:
        raise ValidationError(_("“%(name)s”已经停用，不能再调整。") % {"name": place.name})
    if on < place.since:
        raise ValidationError({"on": _("“%(name)s”%(day)s 起才有。") % {"name": place.name, "day": place.since}})
    _refuse_unless_fits(place.kind, to, on)
    if queries.parent_of(place, on) == to:
        raise ValidationError({"to": _("那一天它已经在“%(name)s”下。") % {"name": to.name}})
    rows = list(Placement.objects.filter(child=place))
    stands = [rules.Stand(row.parent_id, row.since, row.until) for row in rows]
    reasons = {row.since: row.reason for row in rows}
    moving = _below(place.pk, on)
    Placement.objects.filter(child=place).delete()
    made = [
        Placement(
            child=place, parent_id=one.parent, since=one.since, until=one.until, reason=reasons.get(one.since, "")
        )
        for one in rules.after_move(stands, to.pk, on)
    ]
    made[-1].reason = reason.strip()[:200]
    Placement.objects.bulk_create(made)
    _unroll([place.pk, *moving])
    _index([place, *Place.objects.filter(pk__in=moving, kind__in=SEARCHED)])
    before = next((stand.parent for stand in stands if rules.exists_on(stand.since, stand.until, on)), None)
    journal.write(
        by=by,
        verb=Verb.PLACE_MOVED,
        subject=place,
        before=before,
        after=to.pk,
        on=on,
        reason=reason.strip(),
        below=len(moving),
    )
    return made[-1]


@transaction.atomic
def close_place(*, place: Place, on: date, with_below: bool = False, by: Any) -> None:
    """Let a place no longer exist from `on` on 停用空间.

    What stands below must have gone before, unless `with_below` closes it too. Its past stays on the map.
    """
    access.require(by, "territory.edit", place)
    place = Place.objects.select_for_update().get(pk=place.pk)
    if place.until is not None:
        raise ValidationError(_("“%(name)s”已经停用。") % {"name": place.name})
    below = [pk for pk in _below(place.pk, on) if pk != place.pk]
    if below and not with_below:
        raise ValidationError(_("下面还有 %(count)d 个空间，请先调整或一并停用。") % {"count": len(below)})
    closing = [place.pk, *below]
    for part in _chunks(closing):
        if (
            Placement.objects.filter(child__in=part, since__gte=on).exists()
            or Place.objects.filter(pk__in=part, since__gte=on).exists()
        ):
            raise ValidationError({"on": _("停用日期须晚于它或其下级最近一次设立、调整的日期。")})
        Place.objects.filter(pk__in=part).exclude(until__lte=on).update(until=on)
        Placement.objects.filter(child__in=part).exclude(until__lte=on).update(until=on)
    place.until = on
    _unroll(closing)
    for part in _chunks(closing):
        search.remove("place", part)
    journal.write(by=by, verb=Verb.PLACE_CLOSED, subject=place, on=on, below=len(below))


@transaction.atomic
def lay_out(
    *, building: Place, lowest: int, highest: int, units: int, area_m2: Decimal | None = None, by: Any
) -> tuple[int, int]:
    """Give a building the floors from `lowest` to `highest` with so many units each 批量建层.

    Returns how many floors and how many units are new. There is no storey 0. What exists is kept, so running it again
    adds nothing.
    """
    access.require(by, "territory.edit", building)
    if building.kind != PlaceKind.BUILDING:
        raise ValidationError(_("只有楼宇可以批量建楼层和单元。"))
    levels = [level for level in range(lowest, highest + 1) if level]
    if not levels or not 0 <= units <= 99 or len(levels) * units > MOST_UNITS:
        raise ValidationError(
            _("楼层须从低到高，每层最多 99 个单元，一次最多 %(most)d 个单元。") % {"most": MOST_UNITS}
        )
    day = max(today(), building.since)
    _refuse_unless_fits("floor", building, day)
    wanted = {f"{building.code}-F{level}": level for level in levels}
    known = {place.code: place for place in Place.objects.filter(code__in=wanted)}
    floors = [
        Place(kind="floor", code=code, name=rules.floor_name(level), level=level, since=day)
        for code, level in wanted.items()
        if code not in known
    ]
    Place.objects.bulk_create(floors)
    rows = [Placement(child=floor, parent=building, since=day) for floor in floors]
    every = known | {floor.code: floor for floor in floors}
    rooms = {
        f"{building.code}-U{rules.unit_name(level, number)}": (code, level, number)
        for code, level in wanted.items()
        for number in range(1, units + 1)
    }
    for part in _chunks(list(rooms)):
        for code in Place.objects.filter(code__in=part).values_list("code", flat=True):
            del rooms[code]
    new = [
        Place(kind="unit", code=code, name=rules.unit_name(level, number), level=level, area_m2=area_m2, since=day)
        for code, (_floor, level, number) in rooms.items()
    ]
    Place.objects.bulk_create(new, batch_size=CHUNK)
    rows += [Placement(child=unit, parent=every[rooms[unit.code][0]], since=day) for unit in new]
    Placement.objects.bulk_create(rows, batch_size=CHUNK)
    _unroll([place.pk for place in (*floors, *new)])
    journal.write(by=by, verb=Verb.PLACE_CREATED, subject=building, floors=len(floors), units=len(new))
    return len(floors), len(new)


@transaction.atomic
def rebuild_coverage() -> None:
    """Unroll the whole dated tree anew: for each place, everything it ever stood under, with the dates 重建覆盖."""
    _unroll(None)


def converted_outline(geometry: dict[str, Any], system: str) -> dict[str, Any]:
    """An outline as it came, in WGS 84; `system` is "wgs84" or "gcj02" 坐标系."""
    return geodesy.converted(geometry, geodesy.to_wgs84) if system == "gcj02" else geometry


_WALK: Final = """
WITH RECURSIVE above(place, ancestor, depth, since, until) AS (
    SELECT id, id, 0, since, until FROM territory_place {only}
    UNION ALL
    SELECT above.place, stand.parent_id, above.depth + 1,
        CASE WHEN stand.since > above.since THEN stand.since ELSE above.since END,
        CASE WHEN stand.until IS NULL THEN above.until
             WHEN above.until IS NULL OR stand.until < above.until THEN stand.until
             ELSE above.until END
    FROM above JOIN territory_placement stand ON stand.child_id = above.ancestor
    WHERE (stand.until IS NULL OR stand.until > above.since) AND (above.until IS NULL OR stand.since < above.until)
)
SELECT place, ancestor, depth, since, until FROM above
"""


def _unroll(places: Sequence[int] | None) -> None:
    """Derive the coverage of these places (all of them for None) from the placements.

    One statement walks the tree inside the database: a full street has two hundred thousand rows, which would take
    Python ten times as long. It reads alike for SQLite and PostgreSQL.
    """
    into = "INSERT INTO territory_coverage (descendant_id, ancestor_id, depth, since, until) "
    with connection.cursor() as cursor:
        if places is None:
            Coverage.objects.all().delete()
            cursor.execute(into + _WALK.format(only=""))
            return
        for part in _chunks(places):
            Coverage.objects.filter(descendant__in=part).delete()
            marks = ", ".join(["%s"] * len(part))
            cursor.execute(into + _WALK.format(only=f"WHERE id IN ({marks})"), list(part))


def _below(place: int, on: date) -> list[int]:
    """Whatever stands below a place on this day or comes to stand there later."""
    found: dict[int, None] = {}
    level = [place]
    while level:
        under: list[int] = []
        for part in _chunks(level):
            rows = Placement.objects.filter(parent__in=part).exclude(until__lte=on)
            under += [child for child in rows.values_list("child_id", flat=True) if child not in found]
        found.update(dict.fromkeys(under))
        level = list(dict.fromkeys(under))
    return list(found)


def _refuse_unless_fits(kind: str, parent: Place | None, on: date) -> None:
    """The kinds fit, and the parent exists from that day on without an end."""
    if parent is None:
        if kind != rules.MAY_STAND_ALONE:
            raise ValidationError({"parent": _("请选择上级空间。")})
        return
    if not rules.may_stand_under(kind, parent.kind):
        names = {"child": _(PlaceKind(kind).label), "parent": _(PlaceKind(parent.kind).label)}
        raise ValidationError({"to": _("%(child)s不能设在%(parent)s下。") % names})
    if on < parent.since or parent.until is not None:
        raise ValidationError({"to": _("“%(name)s”在 %(day)s 以后并不一直存在。") % {"name": parent.name, "day": on}})


def _checked(kind: str, details: dict[str, Any]) -> dict[str, Any]:
    """The columns to write; what does not fit the kind is refused."""
    if strange := set(details) - EDITABLE:
        raise TypeError(f"Not a detail of a place: {', '.join(sorted(strange))}.")
    values = dict(details)
    if "name" in values:
        values["name"] = values["name"].strip()
        if not values["name"]:
            raise ValidationError({"name": _("请填写名称。")})
    if kind == PlaceKind.COMMUNITY and "name" in values and not values.get("community_kind"):
        values["community_kind"] = CommunityKind.ESTABLISHED.value
    if kind != PlaceKind.COMMUNITY:
        values.pop("community_kind", None)
        if values.get("host"):
            raise ValidationError({"host": _("只有社区才有属地社区。")})
    if values.get("outline"):
        _refuse_bad_outline(values["outline"])
    return values


def _refuse_bad_outline(outline: Any) -> None:
    try:
        outlined = shape(outline)
        west, south, east, north = outlined.bounds
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, GEOSException):
        raise ValidationError({"outline": _("这不是 GeoJSON 的面。")}) from None
    if outlined.geom_type not in {"Polygon", "MultiPolygon"} or not outlined.is_valid:
        raise ValidationError({"outline": _("轮廓须是首尾相接、不自相交的面。")})
    if not (73 <= west <= east <= 136 and 3 <= south <= north <= 54):
        raise ValidationError({"outline": _("轮廓不在中国境内，请检查经纬度的顺序。")})


def _next_code(parent: Place | None, kind: str) -> str:
    if parent is None or kind not in _LETTER:
        raise ValidationError({"code": _("区县和街道须填写行政区划代码。")})
    base = f"{parent.code.split('-')[0]}-{_LETTER[kind]}" if kind in SEARCHED else f"{parent.code}-{_LETTER[kind]}"
    taken = set(Place.objects.filter(code__startswith=base).values_list("code", flat=True))
    return next(code for number in range(1, len(taken) + 2) if (code := f"{base}{number:03d}") not in taken)


def _index(places: Iterable[Place]) -> None:
    """Let places down to buildings be found by name and address."""
    rows = [place for place in places if place.kind in SEARCHED]
    streets = queries.streets_of([place.pk for place in rows])
    search.index_many(
        "place",
        [
            (place.pk, f"{place.name} {place.address}", [streets[place.pk]] if place.pk in streets else [])
            for place in rows
        ],
    )


def _chunks(ids: Sequence[int] | Sequence[str]) -> Iterator[Any]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
