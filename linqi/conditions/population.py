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
    """The two tables of bitmaps from a word on, and how many specs they hold already."""

    base: int
    holds: NDArray[np.uint64]
    decided: NDArray[np.uint64]
    filled: int = 0


class _Plan:
    """One column against all its thresholds, as arrays for the inner loops."""

    def __init__(
        self, operand: Operand, column: Column | None, size: int, atoms: list[Atom], places: list[tuple[int, int]]
    ) -> None:
        self.operand, self.column, self.size, self.atoms = operand, column, size, atoms
        placed = list(zip(atoms, places, strict=True))
        self.holds = np.array([hold for hold, _decide in places], np.int64)
        self.decided = np.unique(np.array([decide for _hold, decide in places], np.int64))
        self.exists = np.array(
            [hold for atom, (hold, _d) in placed if atom.op == Op.EXISTS and not _emptiable(column)], np.int64
        )
        compared = [(atom, place) for atom, place in placed if atom.op != Op.EXISTS or _emptiable(column)]
        self.ordered = [atom for atom, _place in compared]
        self.rows = np.array([hold for _atom, (hold, _decide) in compared], np.int64)
        self.kinds = np.zeros(0, np.uint8)
        self.thresholds: NDArray[Any] = np.zeros(0)
        self.rough = False
        self.vague = np.zeros(0, np.int64)
        match column:
            case Numbers():
                self.kinds = np.array([_ORDER[atom.op] for atom in self.ordered], np.uint8)
                self.thresholds = np.array([_float(atom.threshold) for atom in self.ordered], np.float64)
                self.rough = not all(columns.carried(atom.threshold) for atom in self.ordered)
            case Days():
                self.kinds = np.array([_ORDER[atom.op] for atom in self.ordered], np.uint8)
                self.thresholds = np.array([columns.days(atom.threshold) for atom in self.ordered], np.int32)
            case Flags():
                self.kinds = np.array([atom.op != Op.EQ or atom.threshold for atom in self.ordered], np.uint8)
            case Masks():
                self._sets(column)
            case Codes():
                self._codes(column, [decide for _atom, (_hold, decide) in compared])

    def _sets(self, column: Masks) -> None:
        """EXISTS is "any item at all"; an item that no row has makes "all of them" impossible."""
        everything = np.uint64(2**64 - 1)
        masks, every = [], []
        for atom in self.ordered:
            impossible = atom.op == Op.CONTAINS_ALL and not set(atom.threshold) <= set(column.items)
            masks.append(
                everything if atom.op == Op.EXISTS else np.uint64(0) if impossible else column.mask(atom.threshold)
            )
            every.append(atom.op == Op.CONTAINS_ALL and not impossible)
        self.thresholds, self.every = np.array(masks, np.uint64), np.array(every, np.bool_)

    def _codes(self, column: Codes, decided: list[int]) -> None:
        """For each comparison which codes pass, and for the vague ones which are decided."""
        plain = not any(isinstance(one, (values.OneOf, frozenset)) for one in column.categories)
        self.passes = np.zeros((len(self.ordered), max(1, self.size)), np.uint8)
        vague, decides = [], []
        for at, atom in enumerate(self.ordered):
            if plain and atom.op in (Op.EQ, Op.IN):
                wanted = atom.threshold if atom.op == Op.IN else (atom.threshold,)
                self.passes[at, [place for one in wanted if (place := column.find(one)) is not None]] = 1
                continue
            answers = [values.holds(atom.op, one, atom.threshold) for one in column.categories]
            self.passes[at, : self.size] = [one is True for one in answers]
            if None in answers:
                vague.append(decided[at])
                decides.append([one is not None for one in answers])
        self.vague = np.array(vague, np.int64)
        self.decides = np.array(decides or [[False]], np.uint8)


def _size(column: Column | None) -> int:
    """How many different codes or items a column has seen."""
    return (
        len(column.categories) if isinstance(column, Codes) else len(column.items) if isinstance(column, Masks) else 0
    )


def _emptiable(column: Column | None) -> bool:
    """Whether a known value of the column may be an empty set, so that "is there any" is a question."""
    return isinstance(column, Masks) or (
        isinstance(column, Codes) and any(isinstance(one, frozenset) for one in column.categories)
    )


@dataclass(frozen=True, slots=True)
class Prepared:
    """Rules and their program, good for the population that prepared them."""

    rules: tuple[Rule, ...]
    program: Program


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
        self._plans: dict[Operand, _Plan] = {}
        self._lock = RLock()  # pages of several threads ask the same population while the journal changes rows

    # --- asking -------------------------------------------------------------------------------------------------------
    def prepare(self, rules: Iterable[Rule]) -> "Prepared":
        """Rules ready to run on this population, for those who ask them again and again."""
        listed = tuple(rules)
        with self._lock:
            program = self._layout.program(listed)
            if self._tables is None:
                for operand in self._layout.atoms:
                    self._plan(operand)
            return Prepared(listed, program)

    def run(self, rules: "Iterable[Rule] | Prepared", *, keep: bool = True, threads: int = 1) -> "Answers":
        """What every rule says of every enterprise.

        `keep`: False counts only, for populations whose answers would not fit into memory.
        """
        ready = rules if isinstance(rules, Prepared) else self.prepare(rules)
        program = ready.program
        with self._lock:
            out = np.zeros((program.answers, 2, self.words if keep else 0), np.uint64)
            counts = np.zeros((program.answers, 3), np.int64)
            tables = self._kept()
            if tables is not None:
                machine.run(
                    program,
                    tables.holds,
                    tables.decided,
                    self.live,
                    out,
                    counts,
                    keep=keep,
                    base=0,
                    lo=0,
                    hi=self.words,
                )
            else:
                self._run_slices(program, out, counts, keep=keep, threads=threads)
        return Answers(self, ready.rules, program.outputs, out, counts)

    def judge_row(self, ready: Prepared, row: int) -> NDArray[np.uint8]:
        """What prepared rules say of one row whose bitmaps are kept, for those that have no part left to people.

        One number for each answer of the program: 3 met, 2 unknown, 1 exactly one known value short, 0 unmet.
        """
        word = row // ROWS
        with self._lock:
            tables = self._kept() or self._word(word)
            out = np.zeros((ready.program.answers, 2, 1), np.uint64)
            counts = np.zeros((ready.program.answers, 3), np.int64)
            where = {"base": tables.base, "lo": word, "hi": word + 1}
            machine.run(ready.program, tables.holds, tables.decided, self.live, out, counts, keep=True, **where)
        bit = np.uint64(row % ROWS)
        found = (out[:, 0, 0] >> bit & np.uint64(1)) * np.uint64(2) + (out[:, 1, 0] >> bit & np.uint64(1))
        return np.asarray(found, np.uint8)

    def _word(self, word: int) -> _Tables:
        """The bitmaps of one word alone."""
        layout = self._layout
        alone = _Tables(word, np.empty((layout.holds, 1), np.uint64), np.empty((layout.decided, 1), np.uint64))
        self._fill(alone, word, word + 1)
        return alone

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
            elif not _same(self.recorded[at], row, value):
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
        keys = {key for key, _period in touched}
        stale = [operand for operand in self._columns if self._reads(operand, touched, keys)]
        for operand in stale:
            if operand.formula is not None or operand.key in self.book.inputs:
                del self._columns[operand]
        if self._tables is None or self._tables.filled < len(self._layout.specs):
            self._tables = None  # rules were prepared and never run
            return
        for operand in stale:
            if operand in self._layout.atoms:
                self._compare(self._tables, self._plan(operand), word, word + 1)
        for combo in self._layout.combos:
            self._combine(self._tables, combo, word, word + 1)

    def _reads(self, operand: Operand, touched: set[tuple[str, str]], keys: set[str]) -> bool:
        if operand.formula is None and operand.key not in self.book.inputs:
            return (operand.key, operand.period) in touched
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
        if tables.filled == 0:
            self._fill(tables, 0, self.words)
        elif tables.filled < len(layout.specs):
            self._fill(tables, 0, self.words, layout.specs[tables.filled :])
        tables.filled = len(layout.specs)
        self._tables = tables
        return tables

    def _grown(self, old: _Tables | None) -> _Tables:
        layout = self._layout
        spare = 0 if old is None else 32
        new = _Tables(
            0,
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
        for operand in layout.atoms:  # columns and plans are made before threads share them
            self._plan(operand)

        def work(starts: range) -> NDArray[np.int64]:
            own = np.zeros_like(counts)
            tables = _Tables(
                0, np.empty((layout.holds, SLICE), np.uint64), np.empty((layout.decided, SLICE), np.uint64)
            )
            for lo in starts:
                hi = min(lo + SLICE, self.words)
                tables.base = lo
                self._fill(tables, lo, hi)
                part = out[:, :, lo:hi] if keep else out
                where = {"base": lo, "lo": lo, "hi": hi}
                machine.run(program, tables.holds, tables.decided, self.live, part, own, keep=keep, **where)
            return own

        starts = range(0, self.words, SLICE)
        if threads == 1:
            counts += work(starts)
            return
        with ThreadPoolExecutor(threads) as pool:
            for own in pool.map(work, [starts[at::threads] for at in range(threads)]):
                counts += own

    def _fill(self, tables: _Tables, lo: int, hi: int, pending: Sequence[Atom | Combo] | None = None) -> None:
        """Make words lo…hi of the bitmaps of some specs; of all when none are named."""
        if pending is None:
            for operand in self._layout.atoms:
                self._compare(tables, self._plan(operand), lo, hi)
            combos = self._layout.combos
        else:
            grouped: dict[Operand, list[Atom]] = {}
            for spec in pending:
                if isinstance(spec, Atom):
                    grouped.setdefault(spec.operand, []).append(spec)
            for operand, atoms in grouped.items():
                self._compare(tables, self._planned(operand, atoms), lo, hi)
            combos = [spec for spec in pending if isinstance(spec, Combo)]
        for combo in combos:
            self._combine(tables, combo, lo, hi)

    def _plan(self, operand: Operand) -> "_Plan":
        """How a column is compared with all its thresholds; kept for rows that change."""
        atoms, plan = self._layout.atoms[operand], self._plans.get(operand)
        column = self._column(operand, operand.period)
        if plan is None or plan.column is not column or plan.size != _size(column) or len(plan.atoms) != len(atoms):
            self._plans[operand] = plan = self._planned(operand, list(atoms))
        return plan

    def _planned(self, operand: Operand, atoms: list[Atom]) -> "_Plan":
        column = self._column(operand, operand.period)
        return _Plan(operand, column, _size(column), atoms, [self._layout.places[atom] for atom in atoms])

    def _compare(self, tables: _Tables, plan: "_Plan", lo: int, hi: int) -> None:
        column, base = plan.column, tables.base
        words = slice(lo - base, hi - base)
        if column is None:
            tables.holds[plan.holds, words] = 0
            tables.decided[plan.decided, words] = 0
            return
        known = column.known[lo:hi]
        tables.decided[plan.decided, words] = known
        if len(plan.exists):
            tables.holds[plan.exists, words] = known
        if not len(plan.rows):
            return
        where = (plan.rows, tables.holds, base, lo, hi)
        match column:
            case Numbers() | Days():
                machine.compare(column.values, column.known, plan.kinds, plan.thresholds, *where)
                if isinstance(column, Numbers) and (column.error is not None or column.fine or plan.rough):
                    for atom, hold, bound in zip(
                        plan.ordered, plan.rows.tolist(), plan.thresholds.tolist(), strict=True
                    ):
                        self._ask_again(tables.holds[hold, words], plan.operand, column, atom, bound, lo)
            case Flags():
                right = column.values[lo:hi] & known
                tables.holds[plan.rows[plan.kinds == 1], words] = right
                tables.holds[plan.rows[plan.kinds == 0], words] = known & ~right
            case Masks():
                machine.contain(column.values, column.known, plan.every, plan.thresholds, *where)
            case Codes():
                machine.look_up(column.values, column.known, plan.passes, *where)
                if len(plan.vague):
                    machine.look_up(column.values, column.known, plan.decides, plan.vague, tables.decided, base, lo, hi)

    def _ask_again(self, bitmap: Words, operand: Operand, column: Numbers, atom: Atom, bound: float, lo: int) -> None:
        """Rows where a float cannot tell on which side of the threshold the exact value lies."""
        span = slice(lo * ROWS, (lo + len(bitmap)) * ROWS)
        part = column.values[span]
        if column.error is not None:
            doubt = np.abs(part - bound) <= column.error[span] + abs(bound) * _ULP
        elif not columns.carried(atom.threshold):
            doubt = part == bound
        else:
            doubt = np.zeros(len(part), np.bool_)
        doubt[[row - span.start for row in column.fine if span.start <= row < span.stop]] = True
        known = bits.unpack(column.known[lo : lo + len(bitmap)], len(part))
        for row in np.flatnonzero(doubt & known).tolist():
            value = self._exact(operand, column, row + span.start)
            bits.put(bitmap, row, on=values.holds(atom.op, value, atom.threshold) is True)

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

    def _combine(self, tables: _Tables, spec: Combo, lo: int, hi: int) -> None:
        hold, decide = self._layout.places[spec]
        words = slice(lo - tables.base, hi - tables.base)
        certain, possible = [], []
        for inner, seen in (self._layout.place(part) for part in spec.parts):
            known = tables.decided[seen, words]
            certain.append(known & ~tables.holds[~inner, words] if inner < 0 else tables.holds[inner, words])
            possible.append(certain[-1] | ~known)
        true, may = _counted(certain, spec.least), _counted(possible, spec.least)
        tables.holds[hold, words] = true
        tables.decided[decide, words] = (true | ~may) & self.live[lo:hi]


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

    def ids(self, key: str, *outcomes: Outcome, within: Words | None = None) -> NDArray[np.int64]:
        """The enterprises that have one of the outcomes under a rule; `within`: only those of a bitmap."""
        held = np.bitwise_or.reduce([self.words(key, outcome) for outcome in outcomes])
        return self.of(held if within is None else held & within)

    def of(self, words: Words) -> NDArray[np.int64]:
        """The enterprises of a bitmap."""
        return self.population.ids[bits.positions(words, self.population.rows)]

    def counts(self, key: str, within: Words | None = None) -> dict[Outcome, int]:
        """How many enterprises have each outcome under a rule; `within`: only those of a bitmap."""
        rule, place = self._places[key]
        if within is not None:
            return {outcome: bits.count(self.words(key, outcome) & within) for outcome in Outcome}
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

    def shift(self, before: str, after: str, within: Words | None = None) -> Shift:
        """What changes from one rule to another; who people may still decide on counts as met."""
        live = self.population.live if within is None else within
        was, now = self._favoured(before), self._favoured(after) & live
        unknown = self.words(after, Outcome.UNKNOWN) & live
        was = was & live
        return Shift(
            gains=self.of(now & ~was),
            loses=self.of(was & ~now & ~unknown),
            becomes_unknown=self.of(unknown & ~self.words(before, Outcome.UNKNOWN)),
            becomes_unmet=self.of(live & ~now & ~unknown & self.words(before, Outcome.UNKNOWN)),
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


def _same(column: Column, row: int, value: Any) -> bool:
    """Whether a row holds this value already."""
    if not bits.has(column.known, row):
        return value is None
    if isinstance(column, Numbers) and value is not None and float(value) != column.values[row]:
        return False
    return bool(column.at(row) == value)


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


def _packed(flags: NDArray[np.bool_]) -> Words:
    return np.packbits(flags, bitorder="little").view(np.uint64)


def _float(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
