"""Which section settles what: a table of conditions, read from the top, and what is wrong with a table 派单表.

Pure. A row asks of a case its category, class, source, place and day; the first row that holds decides. Because every
question has finitely many answers, a table can be looked through whole: `analyse` finds what no row takes, rows that
are never reached, and rows that take from each other, each with an example (docs/rules/dispatch.md).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Self

from linqi.kit.choices import Choice

ANY: Final[frozenset[str]] = frozenset()  # a question without an answer named is not asked


class Basis(Choice):
    """Why a case lies where it lies 派单依据."""

    TABLE = "table", "按派单表派单"
    NO_ROW = "no_row", "派单表没有对应科室，待书记派单"
    DEPARTMENT_ENDED = "department_ended", "派单表中的科室已撤销，待书记派单"
    BY_HAND = "by_hand", "人工派单"
    SENT_BACK = "sent_back", "科室退单，待书记派单"


# --- a table ----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Clause:
    """What a row asks of a case; an empty set asks nothing. A place stands for all below it 派单条件."""

    categories: frozenset[str] = ANY
    classes: frozenset[str] = ANY
    sources: frozenset[str] = ANY
    places: frozenset[int] = frozenset()

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        """From the form in which rows are stored; KeyError or TypeError when it is not one."""
        unknown = set(data) - {"categories", "classes", "sources", "places"}
        if unknown:
            raise KeyError(", ".join(sorted(unknown)))
        categories, classes, sources = (
            frozenset(str(one) for one in data.get(key, ())) for key in ("categories", "classes", "sources")
        )
        return cls(categories, classes, sources, frozenset(int(one) for one in data.get("places", ())))

    def written(self) -> dict[str, list[Any]]:
        """The form in which rows are stored: sorted lists, questions that are not asked left out."""
        parts: dict[str, list[Any]] = {
            "categories": sorted(self.categories),
            "classes": sorted(self.classes),
            "sources": sorted(self.sources),
            "places": sorted(self.places),
        }
        return {key: values for key, values in parts.items() if values}

    def holds(self, facts: "Facts") -> bool:
        """Whether a case is one that this clause speaks of."""
        return (
            (not self.categories or facts.category in self.categories)
            and (not self.classes or facts.case_class in self.classes)
            and (not self.sources or facts.source in self.sources)
            and (not self.places or not self.places.isdisjoint(facts.above))
        )


@dataclass(frozen=True, slots=True)
class Facts:
    """What a table asks of a case; `above` are the ids of its place and of all places over it 派单事实."""

    category: str
    case_class: str
    source: str
    above: frozenset[int]
    day: date


@dataclass(frozen=True, slots=True)
class Row:
    """One row: on these days, for such cases, this section, together with these; `until` is not included 派单表行."""

    id: int
    clause: Clause
    department: int
    since: date
    until: date | None = None
    department_until: date | None = None
    together: frozenset[int] = frozenset()

    def on(self, day: date) -> bool:
        """Whether the row stands in the table on a day."""
        return self.since <= day and (self.until is None or day < self.until)


@dataclass(frozen=True, slots=True)
class Dispatch:
    """To which section a case goes, None for the secretary's queue; on what basis, and by which row 派单结果."""

    department: int | None
    basis: Basis
    row: int | None = None
    together: frozenset[int] = frozenset()


def dispatch(rows: Iterable[Row], facts: Facts) -> Dispatch:
    """What the table says of a case: the first row that holds, from the top 派单.

    A case is never lost: without a row, or when the section named no longer exists, it waits for the secretary.
    """
    row = next((row for row in rows if row.on(facts.day) and row.clause.holds(facts)), None)
    if row is None:
        return Dispatch(None, Basis.NO_ROW)
    if row.department_until is not None and row.department_until <= facts.day:
        return Dispatch(None, Basis.DEPARTMENT_ENDED, row.id)
    return Dispatch(row.department, Basis.TABLE, row.id, row.together)


# --- looking through a table ------------------------------------------------------------------------------------------
class Fault(Choice):
    """What can be wrong with a table 派单表问题."""

    HOLE = "hole", "无人承办"
    ENDED = "ended", "科室已撤销"
    NEVER = "never", "永远用不上"
    SHADOWED = "shadowed", "被上面的行完全遮住"
    CROSSED = "crossed", "两行交叉，先后决定去向"


@dataclass(frozen=True, slots=True)
class World:
    """All that can be asked: the categories, classes and sources there are, the places of the street, and from when on.

    `ways` names for each place that rows may speak of the places at and over it, up to the street. A place that is not
    there has left the street.
    """

    categories: tuple[str, ...]
    classes: tuple[str, ...]
    sources: tuple[str, ...]
    street: int
    ways: Mapping[int, frozenset[int]]
    today: date


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with a table, with a case that shows it 派单表诊断.

    `row` is the row it is about, `by` the rows that cause it, `touched` the categories of the cases it is about.
    """

    fault: Fault
    example: Facts | None
    row: int | None = None
    by: tuple[int, ...] = ()
    touched: frozenset[str] = field(default=frozenset())  # categories


Box = tuple[
    int, int, int, int, int
]  # one set of answers for each question, as bits: category, class, source, place, day


def analyse(rows: Sequence[Row], world: World) -> list[Finding]:
    """All that is wrong with a table from today on: holes first, then rows that cannot work as written 派单表诊断.

    Exact: the cases that can be are cut into finitely many kinds, and what the rows above have taken is subtracted from
    each row. An exception above a wider row is how a table is meant to be written and is no fault; two rows that cross
    while neither contains the other, and send to different sections, are.
    """
    return [*_Table(rows, world).findings()]


class _Table:
    """A table over the kinds of cases that its rows can tell apart."""

    def __init__(self, rows: Sequence[Row], world: World) -> None:
        self.world = world
        self.rows = [row for row in rows if row.until is None or row.until > world.today]
        mentioned = {place for row in self.rows for place in row.clause.places if place in world.ways}
        # a kind of place: at or below this one, and not at or below another that is mentioned further down
        self.atoms = [world.street, *sorted(mentioned - {world.street})]
        cuts = {world.today}
        for row in self.rows:
            cuts |= {day for day in (row.since, row.until, row.department_until) if day and day > world.today}
        self.days = sorted(cuts)

    def findings(self) -> Iterator[Finding]:
        boxes = [self._box(row) for row in self.rows]
        left: list[Box] = [self._whole()]
        faults: list[Finding] = []
        for index, (row, box) in enumerate(zip(self.rows, boxes, strict=True)):
            if not all(box):
                faults.append(Finding(Fault.NEVER, None, row.id))
                continue
            reached = [part for one in left if (part := _common(one, box))]
            if not reached:
                taking = tuple(
                    above.id
                    for above, other in zip(self.rows[:index], boxes, strict=False)
                    if all(other) and _common(other, box)
                )
                faults.append(Finding(Fault.SHADOWED, self._example(box), row.id, taking, self._named([box])))
                continue
            left = [rest for one in left for rest in _minus(one, box)]
            faults.extend(self._ended(row, reached))
            faults.extend(self._crossing(index, boxes))
        if left:
            yield from self._holes(left)
        order = list(Fault)
        yield from sorted(faults, key=lambda one: order.index(one.fault))

    def _holes(self, left: list[Box]) -> Iterator[Finding]:
        """What no row takes, one finding for each category that is touched."""
        for place, code in enumerate(self.world.categories):
            touched = [box for box in left if box[0] >> place & 1]
            if touched:
                box = (1 << place, *touched[0][1:])
                yield Finding(Fault.HOLE, self._example(box), touched=frozenset({code}))

    def _ended(self, row: Row, reached: list[Box]) -> Iterator[Finding]:
        if row.department_until is None:
            return
        after = self._day_bits(row.department_until, None)
        gone = [(*box[:4], box[4] & after) for box in reached if box[4] & after]
        if gone:
            yield Finding(Fault.ENDED, self._example(gone[0]), row.id, touched=self._named(gone))

    def _crossing(self, index: int, boxes: list[Box]) -> Iterator[Finding]:
        """Rows above that this one crosses: cases of both, while neither is the other's exception."""
        row, box = self.rows[index], boxes[index]
        for above, other in zip(self.rows[:index], boxes, strict=False):
            same = above.department == row.department and above.together == row.together
            common = None if same or not all(other) else _common(other, box)
            if common and common not in (other, box):
                yield Finding(Fault.CROSSED, self._example(common), row.id, (above.id,), self._named([common]))

    # --- kinds of cases as bits ---------------------------------------------------------------------------------------
    def _whole(self) -> Box:
        counts = (self.world.categories, self.world.classes, self.world.sources, self.atoms, self.days)
        category, kind, source, place, day = ((1 << len(values)) - 1 for values in counts)
        return category, kind, source, place, day

    def _box(self, row: Row) -> Box:
        clause, world = row.clause, self.world
        below = (
            sum(1 << at for at, atom in enumerate(self.atoms) if self._way(atom) & clause.places)
            if clause.places
            else (1 << len(self.atoms)) - 1
        )
        return (
            _bits(world.categories, clause.categories),
            _bits(world.classes, clause.classes),
            _bits(world.sources, clause.sources),
            below,
            self._day_bits(row.since, row.until),
        )

    def _day_bits(self, since: date, until: date | None) -> int:
        return sum(1 << at for at, day in enumerate(self.days) if since <= day and (until is None or day < until))

    def _way(self, atom: int) -> frozenset[int]:
        return self.world.ways.get(atom, frozenset({atom}))

    def _example(self, box: Box) -> Facts:
        world = self.world
        category, kind, source, place, day = (_lowest(bits) for bits in box)
        return Facts(
            world.categories[category],
            world.classes[kind],
            world.sources[source],
            self._way(self.atoms[place]),
            self.days[day],
        )

    def _named(self, boxes: Iterable[Box]) -> frozenset[str]:
        held = 0
        for box in boxes:
            held |= box[0]
        return frozenset(code for at, code in enumerate(self.world.categories) if held >> at & 1)


def _bits(values: Sequence[str], wanted: frozenset[str]) -> int:
    if not wanted:
        return (1 << len(values)) - 1
    return sum(1 << at for at, value in enumerate(values) if value in wanted)


def _lowest(bits: int) -> int:
    return (bits & -bits).bit_length() - 1


def _common(one: Box, other: Box) -> Box | None:
    """What two boxes share; None when nothing."""
    a, b, c, d, e = one[0] & other[0], one[1] & other[1], one[2] & other[2], one[3] & other[3], one[4] & other[4]
    return (a, b, c, d, e) if a and b and c and d and e else None


def _minus(box: Box, taken: Box) -> Iterator[Box]:
    """What of a box is left when another is taken away: at most one box for each question, none overlapping."""
    common = _common(box, taken)
    if common is None:
        yield box
        return
    kept = list(box)
    for at in range(5):
        outside = box[at] & ~taken[at]
        if outside:
            part = kept.copy()
            part[at] = outside
            yield part[0], part[1], part[2], part[3], part[4]
        kept[at] = common[at]
