"""Many enterprises against many rules: columns in, bitmaps out, the same answers as one by one 批量判定."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from threading import RLock
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from linqi.analytics import bits, columns
from linqi.analytics.bits import ROWS, Words
from linqi.analytics.columns import Codes, Column, Days, Flags, Masks, Numbers
from linqi.conditions import computed, formulas, machine, periods, values
from linqi.conditions.book import Book
from linqi.conditions.facts import Facts, Known
from linqi.conditions.layout import Atom, Combo, Layout, Operand, Outputs, Program
from linqi.conditions.one import Sight
from linqi.conditions.rules import Outcome, Rule
from linqi.conditions.values import Op

KEPT: Final = 1 << 29  # bytes of bitmaps kept between runs; beyond, they are made slice by slice and let go
SLICE: Final = 1_024  # words of a slice: its bitmaps stay in the cache while the rules run
_ORDER: Final = {Op.GTE: 0, Op.GT: 1, Op.EQ: 2}
_ULP: Final = 2.0**-52


@dataclass(slots=True)
class _Tables:
    """The two tables of bitmaps for a run of words, and how many specs they hold already."""

    lo: int
    hi: int
    holds: NDArray[np.uint64]
    decided: NDArray[np.uint64]
    filled: int = 0


class Population:
    """Columns of what is known of many enterprises on one day, and what rules say of them all 企业总体.

    `ids`: their numbers, in the order of the rows; `recorded`: (key, period as facts carry it) → column.
    """

    def __init__(
        self, ids: Sequence[int] | NDArray[np.int64], book: Book, day: date, recorded: Mapping[tuple[str, str], Column]
    ) -> None:
        self.ids = np.asarray(ids, np.int64)
        self.book, self.day = book, day
        self.recorded = dict(recorded)
        self.rows = len(self.ids)
        self.words = bits.words_for(self.rows)
        self.live = bits.everything(self.rows)
        self._order = np.argsort(self.ids, kind="stable")
        self._columns: dict[Operand, Column | None] = {}
        self._layout = Layout(book, day)
        self._tables: _Tables | None = None
        self._lock = RLock()  # pages of several threads ask the same population while the journal changes rows

    # --- asking -------------------------------------------------------------------------------------------------------
    def run(self, rules: Iterable[Rule], *, keep: bool = True, threads: int = 1) -> "Answers":
        """What every rule says of every enterprise.

        `keep`: False counts only, for populations whose answers would not fit into memory.
        """
        listed = tuple(rules)
        with self._lock:
            program = self._layout.program(listed)
            out = np.zeros((program.answers, 2, self.words if keep else 0), np.uint64)
            counts = np.zeros((program.answers, 3), np.int64)
            tables = self._kept()
            if tables is not None:
                machine.run(program, tables.holds, tables.decided, self.live, out, counts, keep=keep)
            else:
                self._run_slices(program, out, counts, keep=keep, threads=threads)
        return Answers(self, listed, program.outputs, out, counts)

    def column(self, key: str, period: str = "") -> Column | None:
        """The column of a field at a period as conditions name it: what is recorded, and where nothing is, what is derived."""
        return self._column(
            self._layout.operand(key, period or periods.DEFAULTS.get(self.book[key].rhythm, "")), period
        )

    def row_of(self, number: int) -> int | None:
        """The row of an enterprise; None when it is not here."""
        at = int(np.searchsorted(self.ids, number, sorter=self._order))
        row = int(self._order[at]) if at < self.rows else -1
        return row if row >= 0 and self.ids[row] == number else None

    def facts(self, row: int) -> Facts:
        """What is recorded of one row, as the plain path reads it."""
        return _RowFacts(self, row)

    def sight(self, row: int) -> Sight:
        """One row, for `one.judge_seen`."""
        return Sight(self.facts(row), self.book, self.day)

    # --- changing -----------------------------------------------------------------------------------------------------
    def with_columns(self, added: Mapping[tuple[str, str], Column], book: Book | None = None) -> Self:
        """The same enterprises with more columns, such as signals of an app; `book` knows their fields."""
        return type(self)(self.ids, book or self.book, self.day, {**self.recorded, **added})

    def update(self, row: int, facts: Facts) -> None:
        """Write what is now known of one enterprise; only the bitmaps of its word are made again.

        Every recorded column of the row is written: a key that is absent from `facts` becomes unknown.
        """
        with self._lock:
            self._update(row, facts)

    def _update(self, row: int, facts: Facts) -> None:
        touched = set()
        for at in self.recorded.keys() | facts.keys():
            known = facts.get(at)
            value = None if known is None else self._plain(known.value)
            if at not in self.recorded:
                if value is None or at[0] not in self.book:
                    continue
                self.recorded[at] = made(self.book[at[0]].kind, self.rows, [row], [value])
                self._forget(at)
            elif _now(self.recorded[at], row) != value:
                try:
                    columns.put_one(self.recorded[at], row, value)
                except OverflowError:
                    self._widen(at, row, value)
                touched.add(at)
        if touched:
            self._again(row // ROWS, touched)

    def _plain(self, value: Any) -> Any:
        return values.valid_items(value, self.day) if isinstance(value, (tuple, list)) else value

    def _widen(self, at: tuple[str, str], row: int, value: Any) -> None:
        """A set with a 65th item: the column becomes one of whole sets."""
        old = self.recorded[at]
        seen = [place for place in bits.positions(old.known, self.rows).tolist() if place != row]
        self.recorded[at] = columns.codes(self.rows, [*seen, row], [*(old.at(place) for place in seen), value])
        self._forget(at)

    def _forget(self, at: tuple[str, str]) -> None:
        self._columns.clear()
        self._tables = None

    def _again(self, word: int, touched: set[tuple[str, str]]) -> None:
        """One word of the bitmaps that look at the touched columns; derived columns are few and made again in whole."""
        stale = {operand for operand in self._columns if self._reads(operand, touched)}
        self._columns = {operand: column for operand, column in self._columns.items() if operand not in stale}
        if self._tables is None:
            return
        part = _Tables(word, word + 1, self._tables.holds[:, word : word + 1], self._tables.decided[:, word : word + 1])
        specs = self._layout.specs[: self._tables.filled]
        self._fill(part, [spec for spec in specs if isinstance(spec, Combo) or spec.operand in stale])

    def _reads(self, operand: Operand, touched: set[tuple[str, str]]) -> bool:
        if operand.formula is None and operand.key not in self.book.inputs:
            return (operand.key, operand.period) in touched
        keys = {key for key, _period in touched}
        if operand.formula is None:
            return operand.key in keys or not keys.isdisjoint(self.book.inputs[operand.key])
        used = {reference.key for reference in formulas.references(operand.formula)}
        return not keys.isdisjoint(used | {leaf for key in used for leaf in self.book.inputs.get(key, ())})

    # --- columns ------------------------------------------------------------------------------------------------------
    def _column(self, operand: Operand, asked: str) -> Column | None:
        if operand not in self._columns:
            self._columns[operand] = self._made(operand, asked)
        return self._columns[operand]

    def _made(self, operand: Operand, asked: str) -> Column | None:
        if operand.formula is not None:
            return self._computed(operand.formula, operand.period)
        recorded = self.recorded.get((operand.key, operand.period))
        formula = self.book.formula(operand.key)
        if formula is None:
            return recorded
        derived = self._computed(formula, operand.period)
        if recorded is None or derived is None:
            return recorded or derived
        return _over(recorded, derived, self.rows)

    def _computed(self, formula: formulas.Formula, period: str) -> Column | None:
        def ask(key: str, at: str) -> Column | None:
            rhythm = self.book[key].rhythm
            at = at if at and rhythm and periods.rhythm(at) == rhythm else periods.DEFAULTS.get(rhythm, "")
            return self.column(key, at)

        def exactly(row: int) -> Any:
            known = self.sight(row).computed(formula, period)
            return None if known is None else known.value

        return computed.column(formula, period, ask, exactly, self.rows, self.day)

    # --- bitmaps ------------------------------------------------------------------------------------------------------
    def _kept(self) -> _Tables | None:
        """The tables for all words, filled; None when they would be too large to keep."""
        layout = self._layout
        if (layout.holds + layout.decided) * self.words * 8 > KEPT:
            self._tables = None
            return None
        tables = self._tables
        if tables is None or tables.holds.shape[0] < layout.holds or tables.decided.shape[0] < layout.decided:
            tables = self._grown(tables)
        self._fill(tables, layout.specs[tables.filled :])
        tables.filled = len(layout.specs)
        self._tables = tables
        return tables

    def _grown(self, old: _Tables | None) -> _Tables:
        layout = self._layout
        spare = 0 if old is None else 32
        new = _Tables(
            0,
            self.words,
            np.empty((layout.holds + spare, self.words), np.uint64),
            np.empty((layout.decided + spare, self.words), np.uint64),
        )
        if old is not None:
            new.holds[: len(old.holds)], new.decided[: len(old.decided)], new.filled = (
                old.holds,
                old.decided,
                old.filled,
            )
        return new

    def _run_slices(
        self, program: Program, out: NDArray[np.uint64], counts: NDArray[np.int64], *, keep: bool, threads: int
    ) -> None:
        layout = self._layout
        for spec in layout.specs:  # columns are made before threads share them
            if isinstance(spec, Atom):
                self._column(spec.operand, spec.operand.period)

        def work(starts: range) -> NDArray[np.int64]:
            own = np.zeros_like(counts)
            holds = np.empty((layout.holds, SLICE), np.uint64)
            decided = np.empty((layout.decided, SLICE), np.uint64)
            for lo in starts:
                hi = min(lo + SLICE, self.words)
                tables = _Tables(lo, hi, holds[:, : hi - lo], decided[:, : hi - lo])
                self._fill(tables, layout.specs)
                part = out[:, :, lo:hi] if keep else out
                machine.run(program, tables.holds, tables.decided, self.live[lo:hi], part, own, keep=keep)
            return own

        starts = range(0, self.words, SLICE)
        if threads == 1:
            counts += work(starts)
            return
        with ThreadPoolExecutor(threads) as pool:
            for own in pool.map(work, [starts[at::threads] for at in range(threads)]):
                counts += own

    def _fill(self, tables: _Tables, pending: Sequence[Atom | Combo]) -> None:
        """Make the bitmaps of some specs."""
        grouped: dict[Operand, list[Atom]] = {}
        for spec in pending:
            if isinstance(spec, Atom):
                grouped.setdefault(spec.operand, []).append(spec)
        for operand, atoms in grouped.items():
            self._compare(tables, operand, atoms)
        for spec in pending:
            if isinstance(spec, Combo):
                self._combine(tables, spec)

    def _compare(self, tables: _Tables, operand: Operand, atoms: list[Atom]) -> None:
        column = self._column(operand, operand.period)
        places = [self._layout.places[atom] for atom in atoms]
        if column is None:
            for hold, decide in places:
                tables.holds[hold] = 0
                tables.decided[decide] = 0
            return
        known = column.known[tables.lo : tables.hi]
        for decide in {decide for _hold, decide in places}:
            tables.decided[decide] = known
        match column:
            case Numbers() | Days():
                self._ordered(tables, operand, column, atoms, places)
            case Flags():
                for atom, (hold, _decide) in zip(atoms, places, strict=True):
                    right = column.values[tables.lo : tables.hi]
                    wanted = atom.op != Op.EQ or atom.threshold
                    tables.holds[hold] = known if atom.op == Op.EXISTS else (right if wanted else ~right) & known
            case Masks():
                for atom, (hold, _decide) in zip(atoms, places, strict=True):
                    tables.holds[hold] = _packed(_contained(column, atom, tables)) & known
            case Codes():
                part = column.values[tables.lo * ROWS : tables.hi * ROWS]
                for atom, (hold, decide) in zip(atoms, places, strict=True):
                    answers = [values.holds(atom.op, one, atom.threshold) for one in column.categories] or [None]
                    tables.holds[hold] = _packed(np.array([one is True for one in answers])[part]) & known
                    if None in answers:
                        tables.decided[decide] = _packed(np.array([one is not None for one in answers])[part]) & known

    def _ordered(
        self,
        tables: _Tables,
        operand: Operand,
        column: Numbers | Days,
        atoms: list[Atom],
        places: list[tuple[int, int]],
    ) -> None:
        plain = [(atom, hold) for atom, (hold, _decide) in zip(atoms, places, strict=True) if atom.op in _ORDER]
        days = isinstance(column, Days)
        if plain:
            thresholds = np.array(
                [columns.days(atom.threshold) if days else _float(atom.threshold) for atom, _hold in plain],
                np.int32 if days else np.float64,
            )
            kinds = np.array([_ORDER[atom.op] for atom, _hold in plain], np.uint8)
            rows = np.array([hold for _atom, hold in plain], np.int64)
            machine.compare(column.values, column.known, kinds, thresholds, rows, tables.holds, tables.lo, tables.hi)
            if isinstance(column, Numbers):
                for (atom, hold), bound in zip(plain, thresholds.tolist(), strict=True):
                    self._ask_again(tables, operand, column, atom, hold, bound)
        for atom, (hold, _decide) in zip(atoms, places, strict=True):
            if atom.op == Op.EXISTS:
                tables.holds[hold] = column.known[tables.lo : tables.hi]
            elif atom.op == Op.IN:
                tables.holds[hold] = 0
                for one in atom.threshold:
                    alone = Atom(operand, Op.EQ, one)
                    scratch = _Tables(
                        tables.lo, tables.hi, np.empty((1, tables.hi - tables.lo), np.uint64), tables.decided
                    )
                    self._ordered(scratch, operand, column, [alone], [(0, 0)])
                    tables.holds[hold] |= scratch.holds[0]

    def _ask_again(
        self, tables: _Tables, operand: Operand, column: Numbers, atom: Atom, hold: int, bound: float
    ) -> None:
        """Rows where a float cannot tell on which side of the threshold the exact value lies."""
        span = slice(tables.lo * ROWS, tables.hi * ROWS)
        part = column.values[span]
        if column.error is not None:
            doubt = np.abs(part - bound) <= column.error[span] + abs(bound) * _ULP
        elif not columns.carried(atom.threshold):
            doubt = part == bound
        elif column.fine:
            doubt = np.zeros(len(part), np.bool_)
            doubt[[row - span.start for row in column.fine if span.start <= row < span.stop]] = True
        else:
            return
        known = bits.unpack(column.known[tables.lo : tables.hi], len(part))
        for row in np.flatnonzero(doubt & known).tolist():
            bits.put(
                tables.holds[hold],
                row,
                on=values.holds(atom.op, self._exact(operand, column, row + span.start), atom.threshold) is True,
            )

    def _exact(self, operand: Operand, column: Numbers, row: int) -> Fraction:
        if column.error is None:
            return column.at(row)
        sight = self.sight(row)
        known = (
            sight.computed(operand.formula, operand.period)
            if operand.formula is not None
            else sight.known(operand.key, operand.period)
        )
        assert known is not None  # the row is known
        return Fraction(known.value)

    def _combine(self, tables: _Tables, spec: Combo) -> None:
        hold, decide = self._layout.places[spec]
        certain, possible = [], []
        for inner, seen in (self._layout.place(part) for part in spec.parts):
            known = tables.decided[seen]
            certain.append(known & ~tables.holds[~inner] if inner < 0 else tables.holds[inner])
            possible.append(certain[-1] | ~known)
        true, may = _counted(certain, spec.least), _counted(possible, spec.least)
        tables.holds[hold] = true
        tables.decided[decide] = (true | ~may) & self.live[tables.lo : tables.hi]


@dataclass(frozen=True, slots=True)
class Shift:
    """What a changed rule does: who gains, who loses, who becomes unknown, and who was unknown and is decided now 变化."""

    gains: NDArray[np.int64]
    loses: NDArray[np.int64]
    becomes_unknown: NDArray[np.int64]
    becomes_unmet: NDArray[np.int64]


class Answers:
    """What rules say of a population, as bitmaps 判定结果集."""

    def __init__(
        self,
        population: Population,
        rules: tuple[Rule, ...],
        outputs: tuple[Outputs, ...],
        out: NDArray[np.uint64],
        counts: NDArray[np.int64],
    ) -> None:
        self.population = population
        self.rules = rules
        self._places = {rule.key: (rule, place) for rule, place in zip(rules, outputs, strict=True)}
        self._out, self._counts = out, counts

    def words(self, key: str, outcome: Outcome) -> Words:
        """Who has an outcome under a rule, as a bitmap."""
        rule, place = self._places[key]
        possible, second = self._out[place.computed]
        met = possible & second
        live = self.population.live
        if place.applies < 0:
            concerned, outside = live, np.zeros_like(live)
        else:
            may, sure = self._out[place.applies]
            concerned, outside = may & sure, ~may & live
        assumed = met if place.assumed < 0 else self._out[place.assumed, 0] & self._out[place.assumed, 1]
        left = assumed | met
        match outcome:
            case Outcome.NOT_APPLICABLE:
                found = outside
            case Outcome.UNMET:
                found = concerned & ~possible
            case Outcome.MET:
                found = np.zeros_like(live) if rule.manual else concerned & met
            case Outcome.MANUAL_REVIEW:
                found = concerned & (left if rule.manual else left & ~met)
            case _:
                found = live & ~outside & ~(concerned & (left | ~possible))
        return np.asarray(found, np.uint64)

    def near(self, key: str) -> Words:
        """Who is unmet and exactly one known value short 只差一项."""
        possible, second = self._out[self._places[key][1].computed]
        return np.asarray(second & ~possible & self.words(key, Outcome.UNMET), np.uint64)

    def ids(self, key: str, *outcomes: Outcome) -> NDArray[np.int64]:
        """The enterprises that have one of the outcomes under a rule."""
        held = np.bitwise_or.reduce([self.words(key, outcome) for outcome in outcomes])
        return self.of(held)

    def of(self, words: Words) -> NDArray[np.int64]:
        """The enterprises of a bitmap."""
        return self.population.ids[bits.positions(words, self.population.rows)]

    def counts(self, key: str) -> dict[Outcome, int]:
        """How many enterprises have each outcome under a rule."""
        rule, place = self._places[key]
        if place.applies < 0 and place.assumed < 0:
            met, unknown, _near = self._counts[place.computed].tolist()
            settled = Outcome.MANUAL_REVIEW if rule.manual else Outcome.MET
            found = dict.fromkeys(Outcome, 0)
            return found | {settled: met, Outcome.UNKNOWN: unknown, Outcome.UNMET: self.population.rows - met - unknown}
        return {outcome: bits.count(self.words(key, outcome)) for outcome in Outcome}

    def near_count(self, key: str) -> int:
        """How many are exactly one known value short."""
        return bits.count(self.near(key))

    def outcomes(self, row: int) -> dict[str, Outcome]:
        """What every rule says of one row."""
        return {key: next(one for one in Outcome if bits.has(self.words(key, one), row)) for key in self._places}

    def shift(self, before: str, after: str) -> Shift:
        """What changes from one rule to another; who people may still decide on counts as met."""
        was, now = self._favoured(before), self._favoured(after)
        unknown = self.words(after, Outcome.UNKNOWN)
        return Shift(
            gains=self.of(now & ~was),
            loses=self.of(was & ~now & ~unknown),
            becomes_unknown=self.of(unknown & ~self.words(before, Outcome.UNKNOWN)),
            becomes_unmet=self.of(~now & ~unknown & self.words(before, Outcome.UNKNOWN)),
        )

    def _favoured(self, key: str) -> Words:
        return self.words(key, Outcome.MET) | self.words(key, Outcome.MANUAL_REVIEW)


class _RowFacts(Mapping[tuple[str, str], Known]):
    """The recorded columns of one row, read as facts."""

    def __init__(self, population: Population, row: int) -> None:
        self._population, self._row = population, row

    def __getitem__(self, at: tuple[str, str]) -> Known:
        value = _now(self._population.recorded[at], self._row)
        if value is None:
            raise KeyError(at)
        return Known(value)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return (at for at, column in self._population.recorded.items() if bits.has(column.known, self._row))

    def __len__(self) -> int:
        return sum(1 for _at in self)


def made(kind: values.Kind, rows: int, at: Sequence[int], found: Sequence[Any]) -> Column:
    """A column of a kind from exact values at some rows."""
    makers: Mapping[values.Kind, Any] = {
        values.Kind.NUMBER: columns.numbers,
        values.Kind.DATE: columns.dates,
        values.Kind.FLAG: columns.flags,
        values.Kind.CODE: columns.codes,
        values.Kind.SET: columns.sets,
    }
    column: Column = makers[kind](rows, at, found)
    return column


def from_facts(ids: Sequence[int], facts: Sequence[Facts], book: Book, day: date) -> Population:
    """A population from what is known of each enterprise, as the plain path reads it; keys the book does not know are left out."""
    gathered: dict[tuple[str, str], tuple[list[int], list[Any]]] = {}
    for row, one in enumerate(facts):
        for at, known in one.items():
            if at[0] in book:
                value = values.valid_items(known.value, day) if isinstance(known.value, tuple) else known.value
                rows, found = gathered.setdefault(at, ([], []))
                rows.append(row)
                found.append(value)
    made_columns = {at: made(book[at[0]].kind, len(ids), rows, found) for at, (rows, found) in gathered.items()}
    return Population(ids, book, day, made_columns)


def _now(column: Column, row: int) -> Any:
    return column.at(row) if bits.has(column.known, row) else None


def _over(recorded: Column, derived: Column, rows: int) -> Column:
    """What is recorded, and where nothing is, what was derived."""
    if isinstance(recorded, Numbers) and isinstance(derived, Numbers):
        seen = bits.unpack(recorded.known, len(recorded.values))
        error = None if derived.error is None else np.where(seen, np.abs(recorded.values) * _ULP, derived.error)
        fine = dict(recorded.fine)
        return Numbers(np.where(seen, recorded.values, derived.values), recorded.known | derived.known, fine, error)
    at = bits.positions(recorded.known | derived.known, rows).tolist()
    found = [recorded.at(row) if bits.has(recorded.known, row) else derived.at(row) for row in at]
    if isinstance(recorded, Flags):
        return columns.flags(rows, at, [one is True for one in found])
    return columns.codes(rows, at, found)


def _counted(planes: list[Words], least: int) -> Words:
    """Where at least so many of the bitmaps are set."""
    reached = [np.zeros_like(planes[0]) for _entry in range(least)]
    for plane in planes:
        for entry in range(least - 1, 0, -1):
            reached[entry] |= reached[entry - 1] & plane
        reached[0] |= plane
    return reached[-1]


def _contained(column: Masks, atom: Atom, tables: _Tables) -> NDArray[np.bool_]:
    part = column.values[tables.lo * ROWS : tables.hi * ROWS]
    if atom.op == Op.EXISTS:
        held = part != 0
    elif atom.op == Op.CONTAINS_ANY:
        held = (part & column.mask(atom.threshold)) != 0
    elif set(atom.threshold) <= set(column.items):
        held = (part & (wanted := column.mask(atom.threshold))) == wanted
    else:
        held = np.zeros(len(part), np.bool_)
    return np.asarray(held, np.bool_)


def _packed(flags: NDArray[np.bool_]) -> Words:
    return np.packbits(flags, bitorder="little").view(np.uint64)


def _float(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
