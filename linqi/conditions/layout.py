"""What has to be computed over columns before rules can be answered, each distinct thing once 编排.

A comparison becomes a spec: an `Atom` over one column, or a `Combo` or `Negated` of other specs. Specs get rows in two tables of bitmaps:
one says where the comparison certainly holds, one where it is decided. A rule becomes a short program for a stack machine over those rows.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from linqi.conditions import formulas, periods
from linqi.conditions.book import Book
from linqi.conditions.rules import Rule
from linqi.conditions.tree import AllOf, AnyOf, AtLeast, Comparison, Manual, Node, Not, manual_items
from linqi.conditions.values import Day, Op


@dataclass(frozen=True, slots=True)
class Operand:
    """A column: a field at a period as facts carry it, or a formula with the period it is asked for."""

    key: str
    period: str
    formula: formulas.Formula | None = None


@dataclass(frozen=True, slots=True)
class Atom:
    """One comparison of one column."""

    operand: Operand
    op: Op
    threshold: Any


@dataclass(frozen=True, slots=True)
class Combo:
    """At least so many of the parts."""

    least: int
    parts: "tuple[Spec, ...]"


@dataclass(frozen=True, slots=True)
class Negated:
    """Certainly not."""

    part: "Spec"


Spec = Atom | Combo | Negated
Place = tuple[int, int]  # row of "holds" (its complement ~row where the opposite is meant), row of "decided"


class Code(IntEnum):
    """What the stack machine does; entries are three bits for each row of enterprises: certain, possible, at most one short."""

    PUSH = 0  # a leaf
    AND_LEAF = 1
    OR_LEAF = 2
    AND = 3  # the two on top
    OR = 4
    CONSTANT = 5  # 0: never, 1: not known, 2: certainly
    COUNT = 6  # the one on top joins a count of k entries below it
    DROP = 7
    STORE = 8


NEVER, UNKNOWN, CERTAIN = range(3)
_OPPOSITE: Final = {Op.NE: Op.EQ, Op.LT: Op.GTE, Op.LTE: Op.GT, Op.NOT_IN: Op.IN, Op.IS_FALSE: Op.IS_TRUE}


@dataclass(frozen=True, slots=True)
class Outputs:
    """Which answers of the machine belong to a rule; −1 where it has none of its own."""

    computed: int
    assumed: int
    applies: int


@dataclass(frozen=True, slots=True)
class Program:
    """Rules ready to run: instructions (code, argument, argument), the deepest stack, and where each rule's answers are."""

    code: NDArray[np.int32]
    depth: int
    answers: int
    outputs: tuple[Outputs, ...]


class Layout:
    """The rows of the two tables; rows once given stay, so that a new rule only adds what is new."""

    def __init__(self, book: Book, day: date) -> None:
        self.book, self.day = book, day
        self.specs: list[Atom | Combo] = []  # in an order in which each comes after its parts
        self.places: dict[Atom | Combo, Place] = {}
        self.atoms: dict[Operand, list[Atom]] = {}
        self.combos: list[Combo] = []
        self.holds = self.decided = 0  # rows given
        self._decided: dict[Operand, int] = {}

    def program(self, rules: Iterable[Rule]) -> Program:
        """The program of some rules; what they compare gets rows where it has none yet."""
        writer = _Writer(self)
        outputs = tuple(writer.rule(rule) for rule in rules)
        return Program(np.array(writer.code, np.int32).reshape(-1, 3), writer.deepest, writer.answers, outputs)

    def place(self, spec: Spec) -> Place:
        """The rows of a spec; a negated one needs none of its own."""
        if isinstance(spec, Negated):
            holds, decided = self.place(spec.part)
            return ~holds, decided
        if spec not in self.places:
            if isinstance(spec, Atom):
                decided = self._row_decided(spec)
            else:
                for part in spec.parts:
                    self.place(part)
                decided = self._next_decided()
            self.places[spec] = self.holds, decided
            self.holds += 1
            self.specs.append(spec)
            if isinstance(spec, Atom):
                self.atoms.setdefault(spec.operand, []).append(spec)
            else:
                self.combos.append(spec)
        return self.places[spec]

    def spec(self, node: Comparison, *, positive: bool = True) -> Spec:
        """What a comparison comes down to; inside a negation, its opposite."""
        found = self._spec(node)
        if positive:
            return found
        return found.part if isinstance(found, Negated) else Negated(found)

    def _spec(self, node: Comparison) -> Spec:
        threshold = node.threshold.on(self.day) if isinstance(node.threshold, Day) else node.threshold
        if node.formula is not None:
            return _atom(self.computed(node.formula, node.periods[0]), node.op, threshold)
        if node.aggregate in ("sum", "avg"):
            parts = tuple(formulas.Reference(node.key, period) for period in node.periods)
            return _atom(self.computed(formulas.Call(node.aggregate, parts), ""), node.op, threshold)
        operands = [self.operand(node.key, period) for period in node.periods]
        if node.aggregate in ("min", "max"):
            return _extreme(operands, node.op, node.aggregate, threshold)
        atoms = tuple(_atom(operand, node.op, threshold) for operand in operands)
        return atoms[0] if len(atoms) == 1 else Combo(len(atoms), atoms)

    def operand(self, key: str, period: str) -> Operand:
        """The column of a field at a period as conditions name it."""
        return Operand(key, periods.resolved(period, self.day))

    def computed(self, formula: formulas.Formula, period: str) -> Operand:
        """The column of a formula; a formula that is only a field is that field's column."""
        if isinstance(formula, formulas.Reference):
            key, at = formula.at(period)
            return self.operand(key, at or periods.DEFAULTS.get(self.book[key].rhythm, ""))
        return Operand("", period, formula)

    def _row_decided(self, atom: Atom) -> int:
        if atom.op == Op.UNDER or self._vague(atom.operand):  # a code may be too general: decided by each comparison
            return self._next_decided()
        if atom.operand not in self._decided:
            self._decided[atom.operand] = self._next_decided()
        return self._decided[atom.operand]

    def _vague(self, operand: Operand) -> bool:
        """Whether a column may hold values of which only some possibilities are known (`OneOf`)."""
        formula = operand.formula or self.book.formula(operand.key)
        return isinstance(formula, formulas.Call) and formula.name == "sme_size"

    def _next_decided(self) -> int:
        self.decided += 1
        return self.decided - 1


class _Writer:
    """Writes programs; negations are carried down to the leaves."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.code: list[tuple[int, int, int]] = []
        self.depth = self.deepest = self.answers = 0

    def rule(self, rule: Rule) -> Outputs:
        computed = self._answer(rule.when, UNKNOWN)
        assumed = self._answer(rule.when, CERTAIN) if manual_items(rule.when) else -1
        return Outputs(computed, assumed, -1 if rule.applies is None else self._answer(rule.applies, UNKNOWN))

    def _answer(self, node: Node, manual: int) -> int:
        self._write(node, manual, positive=True)
        self._do(Code.STORE, self.answers, 0, -1)
        self.answers += 1
        return self.answers - 1

    def _write(self, node: Node, manual: int, *, positive: bool) -> None:
        match node:
            case Comparison():
                self._do(Code.PUSH, *self.layout.place(self.layout.spec(node, positive=positive)), 1)
            case Manual():
                self._do(Code.CONSTANT, manual, 0, 1)
            case Not(part):
                self._write(part, manual, positive=not positive)
            case AllOf(parts) | AnyOf(parts) | AtLeast(_, parts):
                least = node.count if isinstance(node, AtLeast) else len(parts) if isinstance(node, AllOf) else 1
                least = least if positive else len(parts) - least + 1
                if least in (1, len(parts)):
                    self._fold(parts, manual, positive=positive, every=least == len(parts))
                else:
                    self._count(parts, least, manual, positive=positive)

    def _fold(self, parts: tuple[Node, ...], manual: int, *, positive: bool, every: bool) -> None:
        first, *others = sorted(parts, key=lambda part: isinstance(part, Comparison))  # leaves last: they need no push
        self._write(first, manual, positive=positive)
        for part in others:
            if isinstance(part, Comparison):
                place = self.layout.place(self.layout.spec(part, positive=positive))
                self._do(Code.AND_LEAF if every else Code.OR_LEAF, *place, 0)
            else:
                self._write(part, manual, positive=positive)
                self._do(Code.AND if every else Code.OR, 0, 0, -1)

    def _count(self, parts: tuple[Node, ...], least: int, manual: int, *, positive: bool) -> None:
        for _entry in range(least):
            self._do(Code.CONSTANT, NEVER, 0, 1)
        for part in parts:
            self._write(part, manual, positive=positive)
            self._do(Code.COUNT, least, 0, -1)
        self._do(Code.DROP, least - 1, 0, 1 - least)

    def _do(self, code: Code, first: int, second: int, grows: int) -> None:
        self.code.append((int(code), first, second))
        self.depth += grows
        self.deepest = max(self.deepest, self.depth)


def _atom(operand: Operand, op: Op, threshold: Any) -> Spec:
    if op in _OPPOSITE:
        return Negated(_atom(operand, _OPPOSITE[op], None if op == Op.IS_FALSE else threshold))
    if op == Op.IN and all(isinstance(one, Fraction) for one in threshold):
        return Combo(1, tuple(Atom(operand, Op.EQ, one) for one in sorted(threshold)))
    return Atom(operand, op, threshold)


def _extreme(operands: list[Operand], op: Op, aggregate: str, threshold: Any) -> Spec:
    if op in (Op.EQ, Op.NE):
        outer, inner = (Op.LTE, Op.GTE) if aggregate == "max" else (Op.GTE, Op.LTE)
        equal = Combo(
            2, (_extreme(operands, outer, aggregate, threshold), _extreme(operands, inner, aggregate, threshold))
        )
        return equal if op == Op.EQ else Negated(equal)
    every = (aggregate == "min") == (op in (Op.GT, Op.GTE))
    atoms = tuple(_atom(operand, op, threshold) for operand in operands)
    return atoms[0] if len(atoms) == 1 else Combo(len(atoms) if every else 1, atoms)
