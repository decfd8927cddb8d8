"""One field of many enterprises as an array, with a bit for each row that says whether it is known 列.

Arrays are as long as their words hold rows, so that kernels never look at a remainder. Numbers are kept as floats: a decimal of at most
fifteen digits is the only one of its kind that rounds to its float, so comparing floats is exact; longer ones are kept beside in `fine`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from linqi.analytics.bits import ROWS, Words, has, put, words_for

DIGITS: Final = 15
MOST_ITEMS: Final = 64
_EPOCH: Final = date(1970, 1, 1).toordinal()


@dataclass(slots=True)
class Numbers:
    """Numbers 数值列; `error` bounds how far a computed value may be from the true one, row by row."""

    values: NDArray[np.float64]
    known: Words
    fine: dict[int, Fraction] = field(default_factory=dict)
    error: NDArray[np.float64] | None = None

    def at(self, row: int) -> Fraction:
        """The exact value of a row that is known and was not computed."""
        return self.fine.get(row) or Fraction(repr(float(self.values[row])))

    def put(self, row: int, value: Fraction) -> None:
        """Write one row."""
        self.values[row] = float(value)
        self.fine.pop(row, None)
        if not carried(value):
            self.fine[row] = value


@dataclass(slots=True)
class Days:
    """Dates as days since 1970 日期列."""

    values: NDArray[np.int32]
    known: Words

    def at(self, row: int) -> date:
        """The date of a row that is known."""
        return date.fromordinal(int(self.values[row]) + _EPOCH)

    def put(self, row: int, value: date) -> None:
        """Write one row."""
        self.values[row] = days(value)


@dataclass(slots=True)
class Flags:
    """Yes and no as bits 是否列."""

    values: Words
    known: Words

    def at(self, row: int) -> bool:
        """The value of a row that is known."""
        return has(self.values, row)

    def put(self, row: int, value: bool) -> None:
        """Write one row."""
        put(self.values, row, on=value)


@dataclass(slots=True)
class Codes:
    """Values from a short list, by their place in it 代码列."""

    values: NDArray[np.int32]
    known: Words
    categories: list[Any]
    _places: dict[Any, int] = field(default_factory=dict)

    def at(self, row: int) -> Any:
        """The value of a row that is known."""
        return self.categories[int(self.values[row])]

    def put(self, row: int, value: Any) -> None:
        """Write one row; a value never seen before joins the list."""
        self.values[row] = self.place(value)

    def place(self, value: Any) -> int:
        """Where a value stands in the list; a new one joins it."""
        found = self.find(value)
        if found is None:
            found = self._places[value] = len(self.categories)
            self.categories.append(value)
        return found

    def find(self, value: Any) -> int | None:
        """Where a value stands in the list; None when no row ever had it."""
        if len(self._places) != len(self.categories):
            self._places = {one: at for at, one in enumerate(self.categories)}
        return self._places.get(value)


@dataclass(slots=True)
class Masks:
    """Sets of at most 64 different items, one bit for each 集合列."""

    values: NDArray[np.uint64]
    known: Words
    items: list[str]

    def at(self, row: int) -> frozenset[str]:
        """The set of a row that is known."""
        mask = int(self.values[row])
        return frozenset(item for place, item in enumerate(self.items) if mask >> place & 1)

    def put(self, row: int, value: frozenset[str]) -> None:
        """Write one row; OverflowError when a 65th item appears."""
        self.values[row] = self.mask(value, grow=True)

    def mask(self, value: Iterable[str], *, grow: bool = False) -> np.uint64:
        """The bits of some items; items that no row has are left out unless `grow`."""
        bits = 0
        for one in value:
            if one not in self.items:
                if not grow:
                    continue
                if len(self.items) == MOST_ITEMS:
                    raise OverflowError("more than 64 different items")
                self.items.append(one)
            bits |= 1 << self.items.index(one)
        return np.uint64(bits)


Column = Numbers | Days | Flags | Codes | Masks


def days(value: date) -> int:
    """A date as days since 1970."""
    return value.toordinal() - _EPOCH


def carried(value: Fraction) -> bool:
    """Whether a float and fifteen digits say exactly this number."""
    try:
        return Fraction(f"{float(value):.{DIGITS}g}") == value
    except OverflowError:
        return False


def put_one(column: Column, row: int, value: Any) -> None:
    """Write one row of a column in place; None makes it unknown."""
    put(column.known, row, on=value is not None)
    if value is not None:
        column.put(row, value)


def numbers(rows: int, at: Sequence[int] | NDArray[np.int64], values: Sequence[Fraction]) -> Numbers:
    """A column from exact numbers at some rows; the others are unknown."""
    filled = np.zeros(_padded(rows), np.float64)
    filled[np.asarray(at, np.int64)] = np.fromiter((float(one) for one in values), np.float64, len(values))
    fine = {int(row): one for row, one in zip(at, values, strict=True) if not carried(one)}
    return Numbers(filled, _known(rows, at), fine)


def dates(rows: int, at: Sequence[int] | NDArray[np.int64], values: Sequence[date]) -> Days:
    """A column from dates at some rows."""
    filled = np.zeros(_padded(rows), np.int32)
    filled[np.asarray(at, np.int64)] = [days(one) for one in values]
    return Days(filled, _known(rows, at))


def flags(rows: int, at: Sequence[int] | NDArray[np.int64], values: Sequence[bool]) -> Flags:
    """A column from yes and no at some rows."""
    places = np.asarray(at, np.int64)
    return Flags(_known(rows, places[np.asarray(values, np.bool_)] if len(places) else places), _known(rows, at))


def codes(rows: int, at: Sequence[int] | NDArray[np.int64], values: Sequence[Any]) -> Codes:
    """A column from any hashable values at some rows."""
    filled = np.zeros(_padded(rows), np.int32)
    places: dict[Any, int] = {}
    filled[np.asarray(at, np.int64)] = [places.setdefault(one, len(places)) for one in values]
    return Codes(filled, _known(rows, at), list(places))


def sets(rows: int, at: Sequence[int] | NDArray[np.int64], values: Sequence[frozenset[str]]) -> Masks | Codes:
    """A column from sets at some rows: bits while there are at most 64 different items, whole sets as codes beyond."""
    items = sorted(frozenset().union(*set(values)))
    if len(items) > MOST_ITEMS:
        return codes(rows, at, values)
    masks = Masks(np.zeros(_padded(rows), np.uint64), _known(rows, at), items)
    bits: Mapping[frozenset[str], np.uint64] = {one: masks.mask(one) for one in set(values)}
    masks.values[np.asarray(at, np.int64)] = [bits[one] for one in values]
    return masks


def _padded(rows: int) -> int:
    return words_for(rows) * ROWS


def _known(rows: int, at: Sequence[int] | NDArray[np.int64]) -> Words:
    marks = np.zeros(_padded(rows), np.bool_)
    marks[np.asarray(at, np.int64)] = True
    return np.packbits(marks, bitorder="little").view(np.uint64)
