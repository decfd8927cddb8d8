"""From what is known of a firm to its distance from a listing standard, and from "half way" to a condition of its own 上市距离.

A standard is as near as the figure of it that is furthest behind (`rules.every`). Therefore "every figure has reached half" is itself a
condition, the standard with halved thresholds; and the engine that judges conditions answers it for one firm and for all alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Final

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from linqi.analytics import bits
from linqi.analytics.columns import Column, Numbers
from linqi.conditions import computed, formulas, periods, values
from linqi.conditions.book import Field
from linqi.conditions.errors import ConditionError
from linqi.conditions.facts import Known, Missing
from linqi.conditions.one import Reason, Shortfall, Sight, judge_seen
from linqi.conditions.population import Population
from linqi.conditions.rules import Outcome, Rule
from linqi.conditions.tree import AllOf, AnyOf, AtLeast, Comparison, Manual, Node, Not, comparisons
from linqi.conditions.values import Op
from linqi.ladder import rules
from linqi.ladder.rules import Bounds

FIT: Final = "best_standard_fit"
FIELD: Final = Field(
    FIT, "最接近的上市标准达成度", "Reach of the nearest listing standard", "decimal", "ratio", asked=False
)
_RISING: Final = frozenset({Op.GT, Op.GTE})
_FALLING: Final = frozenset({Op.LT, Op.LTE})
_MEASURED: Final = _RISING | _FALLING


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a standard beside what is known: how far it reaches, what is missing, by how much it falls short 单项."""

    node: Comparison
    bounds: Bounds
    met: bool | None
    known: tuple[Known | None, ...]
    missing: tuple[Missing, ...]
    short: Shortfall | None


@dataclass(frozen=True, slots=True)
class Distance:
    """How far a firm is from one standard, along the branch that is nearest to it 距离.

    `figures`: those of that branch; `manual`: what only people decide, which counts neither for nor against.
    """

    bounds: Bounds
    figures: tuple[Figure, ...]
    manual: tuple[str, ...]

    @property
    def missing(self) -> tuple[Missing, ...]:
        """The facts on this way that nobody knows, each once."""
        return tuple(dict.fromkeys(one for figure in self.figures if figure.met is None for one in figure.missing))

    @property
    def short(self) -> tuple[Figure, ...]:
        """The figures that are known and fall short, the one furthest behind first."""
        return tuple(sorted((one for one in self.figures if one.met is False), key=lambda one: one.bounds.high))

    @property
    def met(self) -> int:
        """How many of the figures are reached."""
        return sum(one.met is True for one in self.figures)

    @property
    def order(self) -> tuple[Fraction, Fraction, int]:
        """Nearer is larger: what is certain first, then what is possible, then what is reached already."""
        return self.bounds.low, self.bounds.high, self.met


# --- one firm -------------------------------------------------------------------------------------------------------------
def distance(when: Node, sight: Sight) -> Distance:
    """How far a firm is from a standard by what is known of it; every figure exact 单户测算."""
    return _distance(judge_seen(Rule("", when), sight).reason, sight)


def _distance(reason: Reason, sight: Sight) -> Distance:
    node = reason.node
    if isinstance(node, Manual):
        return Distance(rules.FULL, (), (node.text,))
    if isinstance(node, Comparison):
        figure = Figure(node, _reached(node, reason, sight), reason.met, reason.known, reason.missing, reason.short)
        return Distance(figure.bounds, (figure,), ())
    parts = [_distance(part, sight) for part in reason.parts]
    figures = tuple(figure for part in parts for figure in part.figures)
    manual = tuple(text for part in parts for text in part.manual)
    counted = [part.bounds for part in parts if part.figures]
    match node:
        case AllOf():
            return Distance(rules.every(counted), figures, manual)
        case AnyOf():
            nearest = max((part for part in parts if part.figures), key=lambda part: part.order, default=parts[0])
            return Distance(rules.best(counted), nearest.figures, nearest.manual)
        case AtLeast(count):
            return Distance(rules.enough([part.bounds for part in parts], count), figures, manual)
    return Distance(rules.opposite(parts[0].bounds) if counted else rules.FULL, figures, manual)


def _reached(node: Comparison, reason: Reason, sight: Sight) -> Bounds:
    """How far one figure reaches."""
    threshold = node.on(sight.day)
    found = [None if one is None else one.value for one in reason.known]
    if node.op not in _MEASURED or not isinstance(threshold, Fraction):
        return rules.UNKNOWN if reason.met is None else rules.certain(reason.met)
    if node.aggregate in ("sum", "avg"):
        known = [one for one in found if one is not None]
        if len(known) < len(found):
            return rules.UNKNOWN
        total = sum(known, Fraction(0))
        return _share(node, total / len(known) if node.aggregate == "avg" else total, threshold)
    parts = [rules.UNKNOWN if one is None else _share(node, one, threshold) for one in found]
    return rules.best(parts) if _either(node) else rules.every(parts)


def _share(node: Comparison, value: Any, threshold: Fraction) -> Bounds:
    met = values.holds(node.op, value, threshold) is True
    return rules.towards(value, threshold, met=met, falling=node.op in _FALLING)


def _either(node: Comparison) -> bool:
    """Whether one good period is enough."""
    return (node.aggregate == "max" and node.op in _RISING) or (node.aggregate == "min" and node.op in _FALLING)


# --- so far, as a condition -------------------------------------------------------------------------------------------
def reaches(when: Node, share: Fraction) -> Node | None:
    """The condition that a standard is reached to this share in every figure; None where nothing of it can be computed.

    What only people decide is left out. `share` lies above 0 and at most at 1.
    """
    match when:
        case Manual():
            return None
        case Comparison():
            return _scaled(when, share)
        case Not(part):
            inner = reaches(part, Fraction(1))
            return None if inner is None else Not(inner)
        case AllOf(parts) | AnyOf(parts) | AtLeast(_, parts):
            kept = tuple(one for part in parts if (one := reaches(part, share)) is not None)
            if not kept:
                return None
            return replace(when, parts=kept) if isinstance(when, AtLeast) else _group(when, kept)
    raise AssertionError(when)


def expanded(when: Node, standards: Sequence[Node]) -> Node:
    """A condition in which "the nearest standard is reached to so much" has become what it means 展开.

    ConditionError where the reach is asked for in a way that has no meaning.
    """
    match when:
        case Comparison() if when.key == FIT:
            return _any_reached(when, standards)
        case AllOf(parts) | AnyOf(parts) | AtLeast(_, parts):
            return replace(when, parts=tuple(expanded(part, standards) for part in parts))
        case Not(part):
            return replace(when, part=expanded(part, standards))
    return when


def speaks_of_fit(when: Node) -> bool:
    """Whether a condition asks how far the nearest standard is reached."""
    return any(one.key == FIT for one in comparisons(when))


def _any_reached(node: Comparison, standards: Sequence[Node]) -> Node:
    share = node.threshold
    if node.op not in _MEASURED or not isinstance(share, Fraction) or not 0 < share <= 1:
        raise ConditionError("", _("达成度只能与大于0、不超过1的数比较大小。"), _("请写 0.5 表示五成。"))
    reached = tuple(one for standard in standards if (one := reaches(standard, share)) is not None)
    some: Node = AnyOf(reached) if reached else Manual(_("当日没有上市标准施行"))
    return some if node.op in _RISING else Not(some)


def _scaled(node: Comparison, share: Fraction) -> Comparison:
    if share == 1 or node.op not in _MEASURED or not isinstance(node.threshold, Fraction) or node.threshold <= 0:
        return node
    falling = node.op in _FALLING
    threshold = rules.scaled(node.threshold, share, falling=falling)
    return replace(node, op=Op.LTE if falling else Op.GTE, threshold=threshold)


def _group(when: AllOf | AnyOf, parts: tuple[Node, ...]) -> Node:
    return parts[0] if len(parts) == 1 else replace(when, parts=parts)


# --- many firms -----------------------------------------------------------------------------------------------------------
Array = NDArray[np.float64]
NEARLY: Final = float(rules.NEARLY)


@dataclass(frozen=True, slots=True)
class Fits:
    """The reach of every firm of a population, for showing and sorting; what decides is asked as a condition.

    `low`, `high`: one row for each standard, one column for each firm, in the order of the population.
    """

    codes: tuple[str, ...]
    low: Array
    high: Array

    @property
    def best(self) -> tuple[Array, Array]:
        """The reach of the nearest standard, at least and at most."""
        return self.low.max(axis=0), self.high.max(axis=0)

    @property
    def nearest(self) -> NDArray[np.int64]:
        """Which standard is nearest: what is certain first, then what is possible."""
        at: NDArray[np.int64] = np.argmax(self.low * 2 + self.high, axis=0)
        return at


def fits(standards: Mapping[str, Node], population: Population) -> Fits:
    """How far every firm reaches towards every standard 批量测算."""
    made = [_fit(reaches(when, Fraction(1)), population) for when in standards.values()]
    rows = population.rows
    low = np.array([one[0] for one in made]) if made else np.zeros((1, rows))
    high = np.array([one[1] for one in made]) if made else np.ones((1, rows))
    return Fits(tuple(standards), low, high)


def _fit(when: Node | None, population: Population) -> tuple[Array, Array]:
    rows = population.rows
    if when is None:
        return np.zeros(rows), np.ones(rows)
    if isinstance(when, Comparison):
        return _fit_one(when, population)
    if isinstance(when, Not):
        low, high = _fit(when.part, population)
        return (high < 1).astype(np.float64), (low < 1).astype(np.float64)
    assert isinstance(when, (AllOf, AnyOf, AtLeast))
    parts = [_fit(part, population) for part in when.parts]
    least = when.count if isinstance(when, AtLeast) else len(parts) if isinstance(when, AllOf) else 1
    low, high = (np.sort(np.array([part[side] for part in parts]), axis=0)[-least] for side in (0, 1))
    return low, high


def _fit_one(node: Comparison, population: Population) -> tuple[Array, Array]:
    threshold = node.on(population.day)
    if node.op not in _MEASURED or not isinstance(threshold, Fraction):
        answers = population.run([Rule("", node)])
        low, lost = (_marks(answers.words("", outcome), population) for outcome in (Outcome.MET, Outcome.UNMET))
        return low, 1 - lost
    shares = [_shares(values_, known, node, float(threshold)) for values_, known in _figures(node, population)]
    merge = np.maximum if _either(node) else np.minimum
    return merge.reduce([low for low, _high in shares]), merge.reduce([high for _low, high in shares])


def _figures(node: Comparison, population: Population) -> list[tuple[Array, NDArray[np.bool_]]]:
    """The values that a comparison compares, and whether they are known: one for each period, or their sum or average."""
    if node.formula is not None:
        columns: list[Column | None] = [_computed(node.formula, node.periods[0], population)]
    else:
        columns = [population.column(node.key, period) for period in node.periods]
    rows, found = population.rows, []
    for column in columns:
        if isinstance(column, Numbers):
            found.append((column.values[:rows], bits.unpack(column.known, rows)))
        else:
            found.append((np.zeros(rows), np.zeros(rows, np.bool_)))
    if node.aggregate not in ("sum", "avg"):
        return found
    total = np.add.reduce([one for one, _known in found])
    known = np.logical_and.reduce([one for _total, one in found])
    return [(total / len(found) if node.aggregate == "avg" else total, known)]


def _shares(value: Array, known: NDArray[np.bool_], node: Comparison, threshold: float) -> tuple[Array, Array]:
    met = {Op.GT: np.greater, Op.GTE: np.greater_equal, Op.LT: np.less, Op.LTE: np.less_equal}[node.op](
        value, threshold
    )
    with np.errstate(all="ignore"):
        share = threshold / value if node.op in _FALLING else value / threshold
    share = np.where((value > 0) & (threshold > 0), np.minimum(share, NEARLY), 0.0)
    share = np.where(met, 1.0, share)
    return np.where(known, share, 0.0), np.where(known, share, 1.0)


def _computed(formula: formulas.Formula, period: str, population: Population) -> Column | None:
    def ask(key: str, at: str) -> Column | None:
        rhythm = population.book[key].rhythm
        return population.column(key, at if at and rhythm and periods.rhythm(at) == rhythm else "")

    def exactly(row: int) -> Any:
        known = population.sight(row).computed(formula, period)
        return None if known is None else known.value

    return computed.column(formula, period, ask, exactly, population.rows, population.day)


def _marks(words: bits.Words, population: Population) -> Array:
    return bits.unpack(words, population.rows).astype(np.float64)
