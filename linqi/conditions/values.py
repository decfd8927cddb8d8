"""What facts and thresholds are, and what every comparison says about them: exact, three-valued 取值与比较.

Numbers are exact fractions, so that 0.05 is five hundredths and nothing else. The plain path and the columns ask the same `holds`.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final

from linqi.kit.choices import Choice


class Kind(Choice):
    """What a field's values are like, whatever its dictionary calls them 取值类别."""

    NUMBER = "number", "数值"
    DATE = "date", "日期"
    FLAG = "flag", "是否"
    CODE = "code", "代码"
    SET = "set", "集合"


class Op(Choice):
    """How a value is compared 比较方式."""

    EQ = "eq", "等于"
    NE = "ne", "不等于"
    GT = "gt", "大于"
    GTE = "gte", "不低于"
    LT = "lt", "小于"
    LTE = "lte", "不超过"
    IN = "in", "属于"
    NOT_IN = "not_in", "不属于"
    UNDER = "under", "行业属于"
    CONTAINS_ANY = "contains_any", "含其一"
    CONTAINS_ALL = "contains_all", "全部含有"
    IS_TRUE = "is_true", "为是"
    IS_FALSE = "is_false", "为否"
    EXISTS = "exists", "有记录"


ORDERING: Final = frozenset({Op.EQ, Op.NE, Op.GT, Op.GTE, Op.LT, Op.LTE})
FITTING: Final[Mapping[Kind, frozenset[Op]]] = {
    Kind.NUMBER: ORDERING | {Op.IN, Op.NOT_IN, Op.EXISTS},
    Kind.DATE: ORDERING | {Op.EXISTS},
    Kind.FLAG: frozenset({Op.IS_TRUE, Op.IS_FALSE, Op.EQ, Op.NE, Op.EXISTS}),
    Kind.CODE: frozenset({Op.EQ, Op.NE, Op.IN, Op.NOT_IN, Op.UNDER, Op.EXISTS}),
    Kind.SET: frozenset({Op.CONTAINS_ANY, Op.CONTAINS_ALL, Op.EXISTS}),
}
WITHOUT_VALUE: Final = frozenset({Op.IS_TRUE, Op.IS_FALSE, Op.EXISTS})
MANY_VALUES: Final = frozenset({Op.IN, Op.NOT_IN, Op.UNDER, Op.CONTAINS_ANY, Op.CONTAINS_ALL})

BEYOND: Final = 60  # powers of ten; the whole world's product is below 1e15 yuan
_SECTION_STARTS: Final = (  # GB/T 4754-2017: the first division of each section
    ("A", 1), ("B", 6), ("C", 13), ("D", 44), ("E", 47), ("F", 51), ("G", 53), ("H", 61), ("I", 63), ("J", 66), ("K", 70), ("L", 71),
    ("M", 73), ("N", 76), ("O", 80), ("P", 83), ("Q", 84), ("R", 86), ("S", 91), ("T", 97), ("", 98),
)  # fmt: skip
_SECTION_OF: Final = {
    f"{number:02d}": letter
    for (letter, start), (_next, end) in pairwise(_SECTION_STARTS)
    for number in range(start, end)
}
_INDUSTRY: Final = re.compile(r"([A-T])?(\d{2,4})?")
_RELATIVE_DAY: Final = re.compile(r"today(?:([+-])(\d{1,4})([dmy]))?")


@dataclass(frozen=True, slots=True)
class OneOf:
    """Not known exactly, but certainly one of these: an enterprise of 40 people is of some size below large."""

    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Day:
    """A date that moves with the day of judgement: so many days, months or years before (−) or after (+) it."""

    amount: int
    unit: str

    def on(self, day: date) -> date:
        """The date it means on a day; a day that a month does not have becomes its last."""
        if self.unit == "d":
            return day + timedelta(days=self.amount)
        months = day.year * 12 + day.month - 1 + self.amount * (12 if self.unit == "y" else 1)
        return clamped(months // 12, months % 12 + 1, day.day)


def exact(value: Any) -> Fraction:
    """A number as a fraction; floats are taken as they are written, so 0.1 is one tenth.

    ValueError for what is no number, and for figures beyond anything that is counted: making a fraction of 1e999999999 would never end.
    """
    if isinstance(value, Fraction):
        return value
    number = Decimal(value) if isinstance(value, int) else Decimal(str(value).strip())
    if (
        not number.is_finite()
        or (number and not -BEYOND < number.adjusted() < BEYOND)
        or len(number.as_tuple().digits) > 2 * BEYOND
    ):
        raise ValueError("beyond what is counted")
    return Fraction(number)


def relative_day(text: str) -> Day | None:
    """`today`, `today-30d`, `today+3m`, `today-2y`; None for other texts."""
    found = _RELATIVE_DAY.fullmatch(text.replace(" ", ""))
    if not found:
        return None
    return Day(int(f"{found[1]}{found[2]}") if found[1] else 0, found[3] or "d")


def holds(op: Op, value: Any, threshold: Any) -> bool | None:
    """Whether a known value passes; None when what is known does not decide it.

    `threshold`: a Fraction, date, text, bool, or a frozenset for the comparisons with many values.
    """
    if isinstance(value, OneOf):
        answers = {_CHECKS[op](one, threshold) for one in value.values}
        return answers.pop() if len(answers) == 1 else None
    return _CHECKS[op](value, threshold)


def section(code: str) -> str | None:
    """The section letter of an industry code (I6513, 6513 or I → I); None when it is no code 门类."""
    letter, digits = _industry(code)
    return letter or _SECTION_OF.get(digits[:2])


def digits_of(code: str, count: int) -> str | None:
    """The first `count` digits of an industry code; None when it is less specific than that."""
    digits = _industry(code)[1]
    return digits[:count] if len(digits) >= count else None


def under(code: str, above: str) -> bool | None:
    """Whether an industry code stands at or below another; None when it is less specific than the question."""
    letter, digits = _industry(code)
    above_letter, above_digits = _industry(above)
    if not above_digits:
        return section(code) == above_letter if section(code) else None
    if len(digits) >= len(above_digits):
        return digits.startswith(above_digits)
    if above_digits.startswith(digits) and (not letter or letter == section(above)):
        return None
    return False


def years_between(start: date, day: date) -> Fraction:
    """Years from a date to a day: whole anniversaries, and of the year that runs its share of days."""
    years = day.year - start.year
    while clamped(start.year + years, start.month, start.day) > day:
        years -= 1
    last = clamped(start.year + years, start.month, start.day)
    following = clamped(start.year + years + 1, start.month, start.day)
    return years + Fraction((day - last).days, (following - last).days)


def valid_items(items: Collection[Any], day: date) -> frozenset[str]:
    """The codes of a list that are valid on a day: a certificate outside its dates does not count.

    Items are texts, or mappings with `code` and maybe `issued_on` and `expires_on` (ISO, the last day of validity); an item without a
    code stands for itself, so that a list of loans can be asked whether there is one.
    """
    held = set()
    for item in items:
        if not isinstance(item, Mapping):
            held.add(str(item))
        elif str(item.get("issued_on") or "") <= day.isoformat() <= str(item.get("expires_on") or "9999"):
            held.add(str(item.get("code") or sorted(item.items(), key=str)))
    return frozenset(held)


def plain_number(value: Fraction) -> Decimal:
    """A fraction as a decimal for showing: exact when it is one, else to 28 digits."""
    return Decimal(value.numerator) / Decimal(value.denominator)


def clamped(year: int, month: int, day: int) -> date:
    """A date; a day that the month does not have becomes its last, a year beyond the calendar its end."""
    year = min(max(year, date.min.year), date.max.year)
    while True:
        try:
            return date(year, month, day)
        except ValueError:
            day -= 1


def _industry(code: str) -> tuple[str, str]:
    found = _INDUSTRY.fullmatch(code.strip().upper())
    return (found[1] or "", found[2] or "") if found else ("", "")


def is_industry(code: str) -> bool:
    """Whether a text is a section, division, group or class of GB/T 4754."""
    letter, digits = _industry(code)
    known = _SECTION_OF.get(digits[:2]) if digits else letter
    return bool(known) and (not letter or known == letter)


def _either(value: str, thresholds: frozenset[str]) -> bool | None:
    answers = {under(value, one) for one in thresholds}
    return True if True in answers else None if None in answers else False


_CHECKS: Final[Mapping[Op, Callable[[Any, Any], bool | None]]] = {
    Op.EQ: lambda value, threshold: value == threshold,
    Op.NE: lambda value, threshold: value != threshold,
    Op.GT: lambda value, threshold: value > threshold,
    Op.GTE: lambda value, threshold: value >= threshold,
    Op.LT: lambda value, threshold: value < threshold,
    Op.LTE: lambda value, threshold: value <= threshold,
    Op.IN: lambda value, threshold: value in threshold,
    Op.NOT_IN: lambda value, threshold: value not in threshold,
    Op.UNDER: _either,
    Op.CONTAINS_ANY: lambda value, threshold: not threshold.isdisjoint(value),
    Op.CONTAINS_ALL: lambda value, threshold: threshold <= value,
    Op.IS_TRUE: lambda value, _threshold: value is True,
    Op.IS_FALSE: lambda value, _threshold: value is False,
    Op.EXISTS: lambda value, _threshold: bool(value) if isinstance(value, frozenset) else True,
}
