"""What an app counts, offered to whoever shows or judges it 指标.

    register(Measure("cases.on_time", _("按时办结率"), _("%"), count=on_time, rows=on_time_rows))

None is unknown, never zero: a share of nothing is None. A number on a screen opens to its rows by `rows`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from math import sqrt
from typing import Any, Final

Number = int | float | None
SURE: Final = (
    1.959963984540054  # standard errors of the normal distribution: 95 of 100 such intervals hold the true share
)


@dataclass(frozen=True, slots=True)
class Span:
    """From one day up to and including another 时段."""

    since: date
    until: date

    def __post_init__(self) -> None:
        if self.until < self.since:
            raise ValueError(f"The span ends on {self.until} before it begins on {self.since}.")


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that is counted: its key, its words, its unit, how it is counted, and where its rows are.

    `count(span, place)`: the number for a place (its id) and everything below it; None when it cannot be known.
    `rows(span, place)`: address of the list that makes the number, empty when there is none.
    """

    key: str
    title: Any
    unit: Any
    count: Callable[[Span, int], Number]
    rows: Callable[[Span, int], str] = lambda span, place: ""


_measures: dict[str, Measure] = {}


def register(measure: Measure) -> Measure:
    """Offer a measure; a key may be taken once."""
    if measure.key in _measures:
        raise ValueError(f"Measure {measure.key} is registered twice.")
    _measures[measure.key] = measure
    return measure


def measures() -> tuple[Measure, ...]:
    """Every measure on offer, in the order of registration."""
    return tuple(_measures.values())


def share(part: int, whole: int) -> float | None:
    """A part of a whole between 0 and 1; None when there is no whole."""
    return part / whole if whole else None


def wilson(part: int, whole: int) -> tuple[float, float]:
    """Between what a share lies with 95 % certainty, by Wilson (1927); (0, 1) when there is no whole 置信区间."""
    if not whole:
        return 0.0, 1.0
    p, z2 = part / whole, SURE * SURE
    middle = (p + z2 / (2 * whole)) / (1 + z2 / whole)
    half = SURE * sqrt(p * (1 - p) / whole + z2 / (4 * whole * whole)) / (1 + z2 / whole)
    return max(0.0, middle - half), min(1.0, middle + half)
