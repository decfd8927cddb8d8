"""Formulas over whole columns, with a bound on every rounding error, so that doubtful rows can be asked again exactly 派生列.

A float result stands within `error` of the true value. Where a threshold lies inside that bound, `population` asks the exact formula; so
columns and the plain path never disagree.
"""

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from linqi.analytics import bits
from linqi.analytics.columns import Codes, Column, Days, Flags, Numbers
from linqi.conditions import formulas, sizes
from linqi.conditions.values import OneOf

Ask = Callable[[str, str], Column | None]  # key, period → column
Exactly = Callable[[int], Any]  # row → the exact value of the formula, or None

_ULP: Final = 2.0**-52  # twice the worst rounding of one operation
_FAR: Final = np.inf  # nothing is known of the error: ask exactly


def column(formula: formulas.Formula, asked: str, ask: Ask, exactly: Exactly, rows: int, day: date) -> Column | None:
    """The column of a formula; None when it needs a column that nobody has."""
    match formula:
        case formulas.Reference():
            return ask(*formula.at(asked))
        case formulas.Constant(value):
            return _constant(value, rows)
    parts = [column(part, asked, ask, exactly, rows, day) for part in formula.parts]
    if formula.name == "sme_size":
        return _sizes(parts, rows, exactly)
    if any(part is None for part in parts):
        return None
    if all(isinstance(part, Numbers) for part in parts):
        return _settled(_arithmetic(formula.name, [part for part in parts if isinstance(part, Numbers)]), exactly)
    first = parts[0]
    if isinstance(first, Days):
        return _by_day(formulas.FUNCTIONS[formula.name].exact, first, day)
    if isinstance(first, Codes):
        rest = [part.at(0) for part in parts[1:] if isinstance(part, Codes)]
        return _by_code(formulas.FUNCTIONS[formula.name].exact, first, rest)
    return _row_by_row(exactly, rows)


def _constant(value: Fraction | str, rows: int) -> Column:
    everything = bits.everything(rows)
    padded = len(everything) * bits.ROWS
    if isinstance(value, str):
        return Codes(np.zeros(padded, np.int32), everything, [value])
    error = abs(float(value)) * _ULP
    exact = Fraction(repr(float(value))) == value
    return Numbers(np.full(padded, float(value)), everything, {}, None if exact else np.full(padded, error))


def _arithmetic(name: str, parts: list[Numbers]) -> Numbers:
    known = parts[0].known.copy()
    for part in parts[1:]:
        known &= part.known
    values = [part.values for part in parts]
    errors = [_error(part) for part in parts]
    with np.errstate(all="ignore"):
        value, error, undefined = _OPERATIONS[name](values, errors)
    if undefined is not None:
        known &= ~np.packbits(undefined, bitorder="little").view(np.uint64)
    error = np.where(np.isfinite(value) & np.isfinite(error), error, _FAR)
    return Numbers(np.where(np.isfinite(value), value, 0.0), known, {}, error)


def _error(part: Numbers) -> NDArray[np.float64]:
    if part.error is not None:
        return part.error
    return np.abs(part.values) * (_ULP / 2)  # a decimal is at most half a unit from its float


Result = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_] | None]
Arrays = list[NDArray[np.float64]]


def _sum(values: Arrays, errors: Arrays) -> Result:
    value, error = values[0].copy(), errors[0].copy()
    for more, wrong in zip(values[1:], errors[1:], strict=True):
        value = value + more
        error = error + wrong + np.abs(value) * _ULP
    return value, error, None


def _average(values: Arrays, errors: Arrays) -> Result:
    value, error, _never = _sum(values, errors)
    value = value / len(values)
    return value, error / len(values) + np.abs(value) * _ULP, None


def _difference(values: Arrays, errors: Arrays) -> Result:
    value = values[0] - values[1]
    return value, errors[0] + errors[1] + np.abs(value) * _ULP, None


def _product(values: Arrays, errors: Arrays) -> Result:
    (a, b), (ea, eb) = values, errors
    value = a * b
    return value, np.abs(a) * eb + np.abs(b) * ea + ea * eb + np.abs(value) * _ULP, None


def _quotient(values: Arrays, errors: Arrays) -> Result:
    (a, b), (ea, eb) = values, errors
    value = a / b
    away = np.abs(b) - eb
    error = np.where(away > 0, (ea + np.abs(value) * eb) / away + np.abs(value) * _ULP, _FAR)
    return value, error, (b == 0) & (eb == 0)


def _root(values: Arrays, errors: Arrays) -> Result:
    (x, degree), (ex, _exact) = values, errors
    value = np.abs(x) ** (1.0 / degree)
    away = np.abs(x) - ex
    error = np.where(away > 0, value * (ex / away) + value * 8 * _ULP + 1e-30, _FAR)
    return value, np.where(x > 0, error, _FAR), None


def _least(values: Arrays, errors: Arrays) -> Result:
    return np.minimum.reduce(values), np.maximum.reduce(errors), None


def _most(values: Arrays, errors: Arrays) -> Result:
    return np.maximum.reduce(values), np.maximum.reduce(errors), None


_OPERATIONS: Final[dict[str, Callable[[Arrays, Arrays], Result]]] = {
    "+": _sum,
    "-": _difference,
    "*": _product,
    "/": _quotient,
    "sum": _sum,
    "avg": _average,
    "min": _least,
    "max": _most,
    "root": _root,
}


def _settled(made: Numbers, exactly: Exactly) -> Numbers:
    """Rows whose error has no bound are computed exactly, once; there the formula may turn out to have no value."""
    assert made.error is not None
    doubtful = np.flatnonzero(~np.isfinite(made.error) & _seen(made.known))
    for row in doubtful.tolist():
        value = exactly(row)
        if value is None:
            bits.put(made.known, row, on=False)
        else:
            made.values[row], made.error[row] = float(value), abs(float(value)) * _ULP
    made.error[~np.isfinite(made.error)] = 0.0
    return made


def _by_day(function: Callable[..., Any], part: Days, day: date) -> Column:
    distinct, places = np.unique(part.values, return_inverse=True)
    found = [function(day, Days(np.array([one], np.int32), part.known).at(0)) for one in distinct.tolist()]
    values = np.array([float(one) for one in found])[places]
    return Numbers(values, part.known.copy(), {}, np.abs(values) * _ULP)


def _by_code(function: Callable[..., Any], part: Codes, rest: list[Any]) -> Column:
    found = [None if isinstance(one, OneOf) else function(one, *rest) for one in part.categories]
    known = part.known & _packed(np.array([one is not None for one in found] or [False])[part.values])
    if all(isinstance(one, bool) for one in found if one is not None):
        return Flags(_packed(np.array([bool(one) for one in found] or [False])[part.values]) & known, known)
    made = Codes(np.zeros_like(part.values), known, [])
    made.values = np.array([0 if one is None else made.place(one) for one in found] or [0], np.int32)[part.values]
    return made


def _sizes(parts: list[Column | None], rows: int, exactly: Exactly) -> Column | None:
    """Size classes from an industry column and three columns of figures, any of which may be missing."""
    industry, *figures = parts
    if not isinstance(industry, Codes):
        return None
    if any(isinstance(one, Numbers) and (one.error is not None or one.fine) for one in figures):
        return _row_by_row(exactly, rows)
    listed = sizes.industries()
    row_of = [sizes.industry_of(code) for code in industry.categories] or [None]
    place = np.array([listed.index(row) if row else -1 for row in row_of])[industry.values]
    place[~_seen(industry.known)] = -1
    left = np.zeros(len(place), np.int32)  # one bit for each class that is still possible
    open_ = place >= 0  # no class above is certain yet
    for at in range(len(sizes.CLASSES) - 1):
        passes, fails = np.ones(len(place), np.bool_), np.zeros(len(place), np.bool_)
        for figure, one in enumerate(figures):
            bounds = np.array([_bound(row.classes[at][figure]) for row in listed])[place]
            asked = ~np.isnan(bounds)
            seen = _seen(one.known) if isinstance(one, Numbers) else np.zeros(len(place), np.bool_)
            reached = seen & (one.values >= bounds) if isinstance(one, Numbers) else seen
            passes &= ~asked | reached
            fails |= asked & seen & ~reached
        left |= np.where(open_ & ~fails, 1 << at, 0).astype(np.int32)
        open_ &= ~passes
    left |= np.where(open_, 8, 0).astype(np.int32)
    made = Codes(np.zeros(len(place), np.int32), _packed((left > 0) & (left < 15)), [])
    words = [_classes(mask) for mask in range(16)]
    made.values = np.array([0 if one is None else made.place(one) for one in words], np.int32)[left]
    return made


def _classes(mask: int) -> str | OneOf | None:
    held = [name for at, name in enumerate(sizes.CLASSES) if mask >> at & 1]
    if len(held) == 1:
        return held[0]
    return OneOf(frozenset(held)) if 0 < len(held) < len(sizes.CLASSES) else None


def _bound(value: Fraction | None) -> float:
    return np.nan if value is None else float(value)


def _row_by_row(exactly: Exactly, rows: int) -> Column:
    """Any formula, one row after the other: for the few that have no form in columns."""
    padded = bits.words_for(rows) * bits.ROWS
    made = Codes(np.zeros(padded, np.int32), np.zeros(bits.words_for(rows), np.uint64), [])
    for row in range(rows):
        if (value := exactly(row)) is not None:
            made.put(row, value)
            bits.put(made.known, row, on=True)
    return made


def _seen(words: bits.Words) -> bits.Flags:
    return bits.unpack(words, len(words) * bits.ROWS)


def _packed(flags: bits.Flags) -> bits.Words:
    return np.packbits(flags, bitorder="little").view(np.uint64)
