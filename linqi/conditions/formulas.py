"""Formulas over facts: ratios, growth, sums over years, ages, industry sections, size classes 公式.

A formula is text such as `sum(rd_expense[Y-1..Y-3]) / sum(revenue[Y-1..Y-3])`; `revenue[-1]` is one period before the one asked for.
It is read once into a small tree that two readers walk: exactly for one enterprise (here), in columns for many (`population`).
"""

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any, Final

from django.utils.translation import gettext as _

from linqi.conditions import periods, sizes, values
from linqi.conditions.errors import ConditionError

LONGEST: Final = 500  # characters; nothing an official writes is longer
_PERIOD: Final = re.compile(r"\[\s*([^\[\]]*?)\s*\]")
_BACK: Final = re.compile(r"-(\d{1,2})")
_ROOT_DIGITS: Final = 30  # decimal places of a root: an irrational value is this close, whoever computes it


@dataclass(frozen=True, slots=True)
class Constant:
    """A number or a text in quotes."""

    value: Fraction | str


@dataclass(frozen=True, slots=True)
class Reference:
    """A field at the period asked for, moved back some periods, or at a period of its own."""

    key: str
    period: str | None = None
    back: int = 0

    def at(self, asked: str) -> tuple[str, str]:
        """The key and period it reads when the formula is asked for a period."""
        return self.key, periods.earlier(asked, self.back) if self.period is None else self.period


@dataclass(frozen=True, slots=True)
class Call:
    """An operation or function on other parts; `+ - * /` among them."""

    name: str
    parts: "tuple[Formula, ...]"


Formula = Constant | Reference | Call
Lookup = Callable[[str, str], Any]  # key, period → exact value or None


@dataclass(frozen=True, slots=True)
class Function:
    """What a function takes and gives; `exact` gets known values only, and answers None where it is not defined."""

    takes: tuple[values.Kind, ...] | None  # None: one or more numbers
    gives: values.Kind
    exact: Callable[..., Any]
    dated: bool = False  # its first argument is the day of judgement


def read(text: str, path: str) -> Formula:
    """The formula of a text; ConditionError that says what cannot be read."""
    if len(text) > LONGEST:
        raise ConditionError(path, _("公式过长。"), _("请拆成几个派生字段。"))
    try:
        parsed = ast.parse(_PERIOD.sub(lambda found: f"[{found[1]!r}]", text.strip()), mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        raise ConditionError(path, _("公式写法有误：%(text)s") % {"text": text}, _("请检查括号和运算符。")) from None
    return _read(parsed, path)


def references(formula: Formula) -> list[Reference]:
    """Every field that a formula reads, in order, each once."""
    if isinstance(formula, Reference):
        return [formula]
    if isinstance(formula, Call):
        return list(dict.fromkeys(one for part in formula.parts for one in references(part)))
    return []


def evaluate(formula: Formula, asked: str, look: Lookup, day: date) -> Any:
    """The exact value of a formula; None when a fact is missing or the formula is not defined there (division by zero)."""
    if isinstance(formula, Constant):
        return formula.value
    if isinstance(formula, Reference):
        return look(*formula.at(asked))
    function = FUNCTIONS[formula.name]
    found = [evaluate(part, asked, look, day) for part in formula.parts]
    if formula.name == "sme_size":  # decides with some of its facts missing
        return function.exact(*found)
    if any(one is None or isinstance(one, values.OneOf) for one in found):
        return None
    return function.exact(day, *found) if function.dated else function.exact(*found)


def kind_of(formula: Formula, kind: Callable[[str], values.Kind], path: str) -> values.Kind:
    """What kind of value a formula gives; ConditionError where the kinds of its parts do not fit."""
    if isinstance(formula, Constant):
        return values.Kind.NUMBER if isinstance(formula.value, Fraction) else values.Kind.CODE
    if isinstance(formula, Reference):
        return kind(formula.key)
    function = FUNCTIONS[formula.name]
    given = [kind_of(part, kind, path) for part in formula.parts]
    wanted = [values.Kind.NUMBER] * len(given) if function.takes is None else list(function.takes)
    if given != wanted:
        raise ConditionError(
            path, _("%(name)s 的参数类型不对。") % {"name": formula.name}, _("请检查所用字段是数值、日期还是代码。")
        )
    return function.gives


def _read(node: ast.expr, path: str) -> Formula:  # noqa: PLR0912  one branch for each kind of text
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            return Constant(node.value)
        if isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
            try:
                return Constant(values.exact(node.value))
            except ValueError:
                raise ConditionError(path, _("公式里的数过大。"), _("请检查位数和单位。")) from None
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return Call("-", (Constant(Fraction(0)), _read(node.operand, path)))
    if isinstance(node, ast.BinOp) and type(node.op) in _SIGNS:
        left, right = _read(node.left, path), _read(node.right, path)
        if isinstance(node.op, ast.Div) and right == Constant(Fraction(0)):
            raise ConditionError(path, _("公式除以零。"), _("请改写分母。"))
        return Call(_SIGNS[type(node.op)], (left, right))
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in FUNCTIONS
        and not node.keywords
    ):
        parts: list[Formula] = []
        for argument in node.args:
            parts += _range(argument) or [_read(argument, path)]
        if parts:
            return Call(node.func.id, tuple(parts))
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        key, written = _name(node.value), str(node.slice.value)
        if key and (found := _BACK.fullmatch(written)):
            return Reference(key, None, int(found[1]))
        if key and (period := periods.canonical(written)):
            return Reference(key, period)
        raise ConditionError(
            path,
            _("读不懂期间：%(text)s") % {"text": written},
            _("请写 Y-1、M-1、2025 或 Y-1..Y-3（范围须放在 sum 等函数里）。"),
        )
    if key := _name(node):
        return Reference(key)
    raise ConditionError(
        path,
        _("公式里有不认识的部分：%(text)s") % {"text": ast.unparse(node)[:80]},
        _("可用：加减乘除、%(names)s。") % {"names": "、".join(name for name in FUNCTIONS if name.isidentifier())},
    )


def _range(node: ast.expr) -> list[Formula]:
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and (key := _name(node.value)):
        return [Reference(key, one) for one in periods.span(str(node.slice.value)) or ()]
    return []


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := _name(node.value)):
        return f"{before}.{node.attr}"
    return ""


def _root(value: Fraction, degree: Fraction) -> Fraction | None:
    if value < 0 or degree.denominator != 1 or degree < 1:
        return None
    with localcontext(prec=80):
        found = (Decimal(value.numerator) / Decimal(value.denominator)) ** (Decimal(1) / Decimal(degree.numerator))
        return Fraction(round(found, _ROOT_DIGITS))


def _quotient(above: Fraction, below: Fraction) -> Fraction | None:
    return above / below if below else None


def _city(code: str) -> str | None:
    return f"{code[:4]}00" if len(code) == 6 and code.isdigit() else None


_SIGNS: Final = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_NUMBER, _CODE, _DATE = values.Kind.NUMBER, values.Kind.CODE, values.Kind.DATE
FUNCTIONS: Final[Mapping[str, Function]] = {
    "+": Function((_NUMBER, _NUMBER), _NUMBER, lambda a, b: a + b),
    "-": Function((_NUMBER, _NUMBER), _NUMBER, lambda a, b: a - b),
    "*": Function((_NUMBER, _NUMBER), _NUMBER, lambda a, b: a * b),
    "/": Function((_NUMBER, _NUMBER), _NUMBER, _quotient),
    "sum": Function(None, _NUMBER, lambda *parts: sum(parts, Fraction(0))),
    "avg": Function(None, _NUMBER, lambda *parts: sum(parts, Fraction(0)) / len(parts)),
    "min": Function(None, _NUMBER, lambda *parts: min(parts)),
    "max": Function(None, _NUMBER, lambda *parts: max(parts)),
    "root": Function((_NUMBER, _NUMBER), _NUMBER, _root),
    "days_since": Function((_DATE,), _NUMBER, lambda day, start: Fraction((day - start).days), dated=True),
    "years_since": Function((_DATE,), _NUMBER, lambda day, start: values.years_between(start, day), dated=True),
    "section": Function((_CODE,), _CODE, values.section),
    "division": Function((_CODE,), _CODE, lambda code: values.digits_of(code, 2)),
    "industry_class": Function((_CODE,), _CODE, lambda code: values.digits_of(code, 4)),
    "city": Function((_CODE,), _CODE, _city),
    "is_under": Function((_CODE, _CODE), values.Kind.FLAG, values.under),
    "sme_size": Function((_CODE, _NUMBER, _NUMBER, _NUMBER), _CODE, sizes.size_class),
}
