"""Conditions and verdicts in words, in the reader's language 说明."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from linqi.conditions import formulas, periods, values
from linqi.conditions.book import Book, Field, english
from linqi.conditions.facts import Known, Missing
from linqi.conditions.one import Reason, Shortfall, Verdict
from linqi.conditions.tree import AllOf, AnyOf, AtLeast, Comparison, Manual, Node, Not
from linqi.conditions.values import Day, Kind, OneOf, Op

_SIGNS: Final = {Op.EQ: "=", Op.NE: "≠", Op.GT: ">", Op.GTE: "≥", Op.LT: "<", Op.LTE: "≤"}
_YEARS: Final = {"Y0": gettext_noop("今年"), "Y-1": gettext_noop("上一年"), "Y-2": gettext_noop("前年")}
_AGGREGATES: Final = {
    "each": gettext_noop("每期"),
    "sum": gettext_noop("合计"),
    "avg": gettext_noop("平均"),
    "min": gettext_noop("最低一期"),
    "max": gettext_noop("最高一期"),
}
_UNITS: Final = {
    "person": gettext_noop("人"),
    "day": gettext_noop("天"),
    "month": gettext_noop("个月"),
    "year": gettext_noop("年"),
    "piece": gettext_noop("件"),
    "score": gettext_noop("分"),
    "m2": "㎡",
}
_PLACES: Final = 6  # digits after the point of what is shown; more is marked as rounded


@dataclass(frozen=True, slots=True)
class Line:
    """One reason as a page shows it, with those below it 理由行.

    `mark`: met | unmet | unknown | manual; `value`: what is known, in words; `missing`: the names of what is not; `short`: how far it is.
    """

    mark: str
    text: str
    value: str = ""
    source: str = ""
    as_of: date | None = None
    disputed: bool = False
    short: str = ""
    missing: tuple[str, ...] = ()
    clause: str = ""
    note: str = ""
    parts: "tuple[Line, ...]" = ()


def sentence(node: Node, book: Book, day: date | None = None) -> str:
    """A condition as one sentence; with a day its periods and moving dates become years and dates of that day."""
    match node:
        case Comparison():
            return _comparison(node, book, day)
        case Manual(text):
            return _("由人认定：%(text)s") % {"text": text}
        case Not(part):
            return _("并非（%(part)s）") % {"part": sentence(part, book, day)}
        case AllOf(parts) | AnyOf(parts) | AtLeast(_, parts):
            said = [sentence(part, book, day) for part in parts]
            said = [
                f"（{one}）" if isinstance(part, (AllOf, AnyOf, AtLeast)) else one
                for one, part in zip(said, parts, strict=True)
            ]
            if isinstance(node, AtLeast):
                return _("至少满足 %(count)s 项：%(parts)s") % {"count": node.count, "parts": "；".join(said)}
            return (_("，且") if isinstance(node, AllOf) else _("，或")).join(said)


def heading(node: Node) -> str:
    """What a group asks for, without its parts."""
    match node:
        case AllOf():
            return _("全部满足")
        case AnyOf():
            return _("任一满足")
        case AtLeast(count):
            return ngettext("至少满足 %(count)s 项", "至少满足 %(count)s 项", count) % {"count": count}
        case Not():
            return _("不满足以下条件")
        case _:
            return ""


def explained(verdict: Verdict, book: Book) -> tuple[Line, ...]:
    """The reasons of a verdict, outermost first; whom it concerns, the conditions, and what people decide beside them."""
    lines = [] if verdict.applies is None else [_line(verdict.applies, book, verdict.day)]
    top = verdict.reason
    parts = top.parts if isinstance(top.node, AllOf) else (top,)
    lines += [_line(part, book, verdict.day) for part in parts]
    lines += [Line("manual", text) for text in verdict.rule.manual]
    return tuple(lines)


def outlined(node: Node, book: Book) -> tuple[Line, ...]:
    """A condition as lines to read, groups with their parts, clauses beside them; the outermost all-group is left out."""
    parts = node.parts if isinstance(node, AllOf) else (node,)
    return tuple(_outline(part, book) for part in parts)


def asked(missing: Iterable[Missing], book: Book) -> tuple[str, ...]:
    """The names of missing facts with their periods: 2025年研发费用."""
    return tuple(label(one.key, one.period, book) for one in missing)


def label(key: str, period: str, book: Book) -> str:
    """A field with its period in words."""
    name = book[key].label if key in book else key
    if not period:
        return name
    return f"{name} ({_period(period, None)})" if english() else f"{_period(period, None)}{name}"


def falls_short(short: Shortfall, book: Book) -> str:
    """What is lacking, and how much: 研发费用还差 20 万元."""
    if short.by is None or short.node.op not in _SIGNS:
        return ""
    field = book.get(short.node.key)
    kind = book[short.node.key].kind if short.node.key else Kind.NUMBER
    amount = (
        _("%(days)s 天") % {"days": abs(int(short.by))} if kind == Kind.DATE else figure(abs(short.by), _unit(field))
    )
    if short.by == 0:
        return _("恰在界线上")
    return _("还差 %(amount)s") % {"amount": amount} if short.by > 0 else _("超出 %(amount)s") % {"amount": amount}


def figure(value: Fraction, unit: str) -> str:
    """A number with its unit, exact where six digits after the point allow it, else marked as rounded."""
    if unit == "CNY" and not english():
        for size, name in ((10**8, _("亿元")), (10**4, _("万元"))):
            if abs(value) >= size:
                return f"{_digits(value / size)} {name}"
        return f"{_digits(value)} {_('元')}"
    if unit == "CNY":
        return f"CN¥{_digits(value)}"
    if unit == "ratio":
        return f"{_digits(value * 100)}%"
    return f"{_digits(value)} {_(_UNITS[unit])}" if unit in _UNITS else _digits(value)


def figure_unit(unit: str) -> str:
    """The name of a unit."""
    return str(_(_UNITS[unit])) if unit in _UNITS else unit


def period_words(period: Any, aggregate: str | None, rhythm: str) -> str:
    """A period as the editor offers it: 上一年, 前两年合计."""
    if period is None:
        period = periods.DEFAULTS[rhythm]
    listed = [period] if isinstance(period, str) else list(period)
    said = "、".join(_period(str(one), None) for one in listed)
    return f"{said} {_(_AGGREGATES[aggregate])}" if aggregate in _AGGREGATES else said


def shown(value: Any, field: Field | None) -> str:
    """A known value in words."""
    match value:
        case bool():
            return _("是") if value else _("否")
        case Fraction():
            year = field is not None and field.unit == "year" and field.type == "int"
            return str(value) if year else figure(value, _unit(field))
        case date():
            return value.isoformat()
        case OneOf(left):
            return _("%(values)s 之一") % {"values": "、".join(_word(one, field) for one in sorted(left))}
        case frozenset():
            return "、".join(sorted(_word(one, field) for one in value)) or _("无")
        case Day():
            return _moving(value)
        case _:
            return _word(str(value), field)


def _line(reason: Reason, book: Book, day: date) -> Line:
    node = reason.node
    remarks = node.remarks
    mark = "manual" if reason.manual else {True: "met", False: "unmet", None: "unknown"}[reason.met]
    if isinstance(node, Comparison):
        field = book.get(node.key)
        seen = [one for one in reason.known if one is not None]
        missing = asked(reason.missing, book)
        if reason.undefined:
            missing = (_("公式在此无值（例如除以零）"),)
        return Line(
            mark,
            _comparison(node, book, day),
            _said(node, reason.known, field, day),
            "、".join(dict.fromkeys(one.source for one in seen if one.source)),
            min((one.as_of for one in seen if one.as_of), default=None),
            any(one.disputed for one in seen),
            falls_short(reason.short, book) if reason.short else "",
            missing,
            remarks.clause,
            remarks.note,
            _inputs(seen, book) if node.formula is not None or (field is not None and field.formula) else (),
        )
    if isinstance(node, Manual):
        return Line(mark, node.text, clause=remarks.clause, note=remarks.note)
    return Line(
        mark,
        heading(node),
        clause=remarks.clause,
        note=remarks.note,
        parts=tuple(_line(part, book, day) for part in reason.parts),
    )


def _outline(node: Node, book: Book) -> Line:
    said = node.remarks
    match node:
        case Comparison():
            return Line("plain", _comparison(node, book, None), clause=said.clause, note=said.note)
        case Manual(text):
            return Line("manual", text, clause=said.clause, note=said.note)
        case Not(part):
            return Line("plain", heading(node), clause=said.clause, note=said.note, parts=(_outline(part, book),))
        case _:
            return Line(
                "plain",
                heading(node),
                clause=said.clause,
                note=said.note,
                parts=tuple(_outline(part, book) for part in node.parts),
            )


def _inputs(seen: list[Known], book: Book) -> tuple[Line, ...]:
    """What a derived value was computed from; by name only, its values have their own lines elsewhere."""
    used = dict.fromkeys(at for one in seen for at in one.derived_from)
    return tuple(Line("source", _("由%(field)s计算") % {"field": label(key, period, book)}) for key, period in used)


def _said(node: Comparison, known: tuple[Known | None, ...], field: Field | None, day: date) -> str:
    if len(known) == 1:
        return "" if known[0] is None else shown(known[0].value, field)
    said = []
    for period, one in zip(node.periods, known, strict=True):
        said.append(f"{_period(period, day)} {'—' if one is None else shown(one.value, field)}")
    return "；".join(said)


def _comparison(node: Comparison, book: Book, day: date | None) -> str:
    field = book.get(node.key)
    what = _subject(node, book, day)
    if node.op == Op.IS_TRUE:
        return _("%(what)s：是") % {"what": what}
    if node.op == Op.IS_FALSE:
        return _("%(what)s：否") % {"what": what}
    if node.op == Op.EXISTS:
        return _("有%(what)s") % {"what": what}
    threshold = node.threshold.on(day) if isinstance(node.threshold, Day) and day is not None else node.threshold
    if node.op in _SIGNS and not isinstance(threshold, (str, bool)):
        return f"{what} {_SIGNS[node.op]} {_threshold(node, threshold, field)}"
    listed = threshold if isinstance(threshold, frozenset) else {threshold}
    words = "、".join(sorted(shown(one, field) for one in listed))
    return _SENTENCES[node.op]() % {"what": what, "values": words}


def _threshold(node: Comparison, threshold: Any, field: Field | None) -> str:
    if field is None and node.written.unit:
        return shown(
            threshold,
            Field("", "", "", "decimal", "ratio" if node.written.unit in ("ratio", "percent", "%") else "CNY"),
        )
    return shown(threshold, field)


def _subject(node: Comparison, book: Book, day: date | None) -> str:
    if node.formula is not None:
        return _formula(node.formula, book, day)
    name = book[node.key].label
    if node.periods == ("",):
        return name
    said = [_period(period, day) for period in node.periods]
    if len(said) == 1:
        return f"{name} ({said[0]})" if english() else f"{said[0]}{name}"
    joined = "、".join(said)
    how = _(_AGGREGATES[node.aggregate])
    return f"{name} ({joined}, {how})" if english() else f"{joined}{name}{how}"


def _formula(formula: formulas.Formula, book: Book, day: date | None) -> str:
    match formula:
        case formulas.Constant(value):
            return value if isinstance(value, str) else _digits(value)
        case formulas.Reference(key, period, back):
            name = book[key].label
            if period:
                return f"{_period(period, day)}{name}"
            return _("%(back)s期前的%(name)s") % {"back": back, "name": name} if back else name
        case formulas.Call("+" | "-" | "*" | "/" as sign, parts):
            said = [
                f"({_formula(part, book, day)})"
                if isinstance(part, formulas.Call) and part.name in "+-" and sign in "*/"
                else _formula(part, book, day)
                for part in parts
            ]
            return f" {'×÷'['*/'.index(sign)] if sign in '*/' else sign} ".join(said)
        case formulas.Call("sum" | "avg" | "min" | "max" as name, parts):
            return f"{_(_AGGREGATES[name])}({'、'.join(_formula(part, book, day) for part in parts)})"
        case formulas.Call(name, parts):
            return f"{name}({', '.join(_formula(part, book, day) for part in parts)})"


def _period(period: str, day: date | None) -> str:
    if day is not None:
        period = periods.resolved(period, day)
    if period in _YEARS:
        return _(_YEARS[period])
    if period.startswith("Y"):
        return _("%(years)s年前") % {"years": -int(period[1:])}
    if period.startswith("M"):
        back = -int(period[1:])
        return _("上月") if back == 1 else _("本月") if back == 0 else _("%(months)s个月前") % {"months": back}
    if len(period) == 4:
        return period if english() else f"{period}年"
    return period if english() else f"{period[:4]}年{int(period[5:])}月"


def _moving(day: Day) -> str:
    if day.amount == 0:
        return _("当日")
    unit = {"d": _("天"), "m": _("个月"), "y": _("年")}[day.unit]
    return (_("%(count)s %(unit)s前") if day.amount < 0 else _("%(count)s %(unit)s后")) % {
        "count": abs(day.amount),
        "unit": unit,
    }


def _word(code: str, field: Field | None) -> str:
    return code if field is None else field.word(code)


def _unit(field: Field | None) -> str:
    return "" if field is None else field.unit


def _digits(value: Fraction) -> str:
    number = values.plain_number(value)
    rounded = number.quantize(Decimal(1).scaleb(-_PLACES), ROUND_HALF_EVEN)
    text = f"{rounded:,f}".rstrip("0").rstrip(".") if "." in f"{rounded:f}" else f"{rounded:,f}"
    return text if Fraction(rounded) == value else f"≈{text}"


_SENTENCES: Final = {
    Op.EQ: lambda: _("%(what)s为“%(values)s”"),
    Op.NE: lambda: _("%(what)s不为“%(values)s”"),
    Op.IN: lambda: _("%(what)s属于%(values)s"),
    Op.NOT_IN: lambda: _("%(what)s不属于%(values)s"),
    Op.UNDER: lambda: _("%(what)s属于%(values)s"),
    Op.CONTAINS_ANY: lambda: _("%(what)s含%(values)s之一"),
    Op.CONTAINS_ALL: lambda: _("%(what)s含全部%(values)s"),
}
