"""Conditions as data: groups over comparisons of facts, read with every mistake named by its path 条件树.

The grammar is published as `data/condition.schema.json`. What reads well is kept as it was written, so that `plain(parse(data)) == data`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from linqi.conditions import formulas, periods, values
from linqi.conditions.book import UNITS, Book, Field
from linqi.conditions.errors import ConditionError
from linqi.conditions.values import Day, Kind, Op

MOST_NODES: Final = 2_000  # the longest real policy has some forty; more is a mistake or an attack
MOST_DEPTH: Final = 32
MOST_VALUES: Final = 500
MOST_PERIODS: Final = 60
AGGREGATES: Final = ("each", "sum", "avg", "min", "max")
_REMARKS: Final = ("clause", "note", "conf")
_KEYS: Final = {
    "all": {"all"},
    "any": {"any"},
    "not": {"not"},
    "at_least": {"at_least", "of"},
    "manual": {"manual"},
    "field": {"field", "op", "value", "unit", "period", "agg"},
    "expr": {"expr", "op", "value", "unit", "period"},
}
_WHAT: Final = gettext_noop("条件里要有 all、any、not、at_least、field、expr、manual 之一。")


@dataclass(frozen=True, slots=True)
class Remarks:
    """What stands beside a condition: the clause it rests on, a note, how sure it is."""

    clause: str = ""
    note: str = ""
    conf: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """A comparison as it was written, for showing it and giving it back unchanged."""

    value: Any = None
    unit: str = ""
    period: Any = None
    expr: str = ""


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part must hold 全部满足."""

    parts: "tuple[Node, ...]"
    remarks: Remarks = field(default_factory=Remarks, compare=False)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One part is enough 任一满足."""

    parts: "tuple[Node, ...]"
    remarks: Remarks = field(default_factory=Remarks, compare=False)


@dataclass(frozen=True, slots=True)
class AtLeast:
    """So many of the parts must hold 至少几项."""

    count: int
    parts: "tuple[Node, ...]"
    remarks: Remarks = field(default_factory=Remarks, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """The part must not hold 不满足."""

    part: "Node"
    remarks: Remarks = field(default_factory=Remarks, compare=False)


@dataclass(frozen=True, slots=True)
class Manual:
    """What only a person can decide; never met by itself 人工认定."""

    text: str
    remarks: Remarks = field(default_factory=Remarks, compare=False)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One field or formula, at some periods, against a threshold 比较.

    `threshold` is exact and in the field's own unit: Fraction, date or Day, bool, text, frozenset; None where the comparison has none.
    Two comparisons are equal when they mean the same, however they were written.
    """

    key: str  # empty for a formula
    op: Op
    threshold: Any
    periods: tuple[str, ...] = ("",)
    aggregate: str = ""
    formula: formulas.Formula | None = None
    written: Written = field(default_factory=Written, compare=False)
    remarks: Remarks = field(default_factory=Remarks, compare=False)

    def on(self, day: date) -> Any:
        """The threshold as it stands on a day."""
        return self.threshold.on(day) if isinstance(self.threshold, Day) else self.threshold


Node = AllOf | AnyOf | AtLeast | Not | Manual | Comparison


def parse(data: Any, book: Book, path: str = "") -> Node:
    """The tree of a condition; ConditionError with the path of the first mistake."""
    node, problems = read(data, book, path)
    if problems:
        raise problems[0]
    assert node is not None
    return node


def check(data: Any, book: Book, path: str = "") -> list[ConditionError]:
    """Every mistake in a condition, in the order of the text; empty when it can be used."""
    return read(data, book, path)[1]


def read(data: Any, book: Book, path: str = "") -> tuple[Node | None, list[ConditionError]]:
    """The tree and the mistakes; the tree is None when there are any."""
    reader = _Reader(book)
    node = reader.node(data, path, 1)
    if node is not None and not reader.problems:
        reader.contradictions(node, path)
    return (None if reader.problems else node), reader.problems


def plain(node: Node) -> dict[str, Any]:
    """A tree as data again, as it was written."""
    match node:
        case AllOf(parts):
            made: dict[str, Any] = {"all": [plain(part) for part in parts]}
        case AnyOf(parts):
            made = {"any": [plain(part) for part in parts]}
        case AtLeast(count, parts):
            made = {"at_least": count, "of": [plain(part) for part in parts]}
        case Not(part):
            made = {"not": plain(part)}
        case Manual(text):
            made = {"manual": text}
        case Comparison():
            written = node.written
            made = {"expr": written.expr} if node.formula is not None else {"field": node.key}
            if written.period is not None:
                made["period"] = written.period
            if node.aggregate:
                made["agg"] = node.aggregate
            made["op"] = node.op.value
            if written.value is not None:
                made["value"] = written.value
            if written.unit:
                made["unit"] = written.unit
    return made | {name: text for name in _REMARKS if (text := getattr(node.remarks, name))}


def parts_of(node: Node) -> tuple[Node, ...]:
    """The conditions directly inside one."""
    if isinstance(node, Not):
        return (node.part,)
    return node.parts if isinstance(node, (AllOf, AnyOf, AtLeast)) else ()


def comparisons(node: Node) -> list[Comparison]:
    """Every comparison of a tree, in order."""
    if isinstance(node, Comparison):
        return [node]
    return [one for part in parts_of(node) for one in comparisons(part)]


def manual_items(node: Node) -> list[str]:
    """What a tree leaves to people, in order."""
    if isinstance(node, Manual):
        return [node.text]
    return [one for part in parts_of(node) for one in manual_items(part)]


def reads(node: Comparison, book: Book) -> list[tuple[str, str]]:
    """The fields and relative periods that a comparison asks for directly."""
    if node.formula is None:
        return [(node.key, period) for period in node.periods]
    return [
        (reference.key, period or periods.DEFAULTS.get(book[reference.key].rhythm, ""))
        for reference in formulas.references(node.formula)
        for period in (reference.at(node.periods[0])[1],)
    ]


class _Reader:
    """Reads one condition and collects what is wrong with it."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.problems: list[ConditionError] = []
        self.count = 0

    def node(self, data: Any, path: str, depth: int) -> Node | None:
        self.count += 1
        if self.count == MOST_NODES + 1:
            self._wrong(path, _("条件超过 %(most)s 项。") % {"most": MOST_NODES}, _("请拆成几条政策，或改用派生字段。"))
        if depth > MOST_DEPTH:
            self._wrong(path, _("条件嵌套超过 %(most)s 层。") % {"most": MOST_DEPTH}, _("请把内层条件提到外层。"))
        if self.count > MOST_NODES or depth > MOST_DEPTH:
            return None
        if not isinstance(data, Mapping):
            return self._wrong(path, _("条件应为键值结构。"), _(_WHAT))
        named = [name for name in _KEYS if name in data]
        if len(named) != 1:
            return self._wrong(path, _("不清楚这是哪种条件。"), _(_WHAT))
        if unknown := [str(key) for key in data if key not in _KEYS[named[0]] and key not in _REMARKS]:
            return self._wrong(
                f"{path}.{unknown[0]}", _("不认识“%(key)s”。") % {"key": unknown[0]}, _("请删去或改正拼写。")
            )
        remarks = Remarks(*(str(data.get(name) or "") for name in _REMARKS))
        return _READERS[named[0]](self, data, path, depth, remarks)

    def group(self, data: Mapping[str, Any], path: str, depth: int, remarks: Remarks) -> Node | None:
        name = "of" if "at_least" in data else "all" if "all" in data else "any"
        given = data.get(name)
        if not isinstance(given, Sequence) or isinstance(given, str) or not given:
            return self._wrong(f"{path}.{name}", _("这一组里没有条件。"), _("请至少加一项，或删去这一组。"))
        parts = []
        for at, one in enumerate(given):
            parts.append(self.node(one, f"{path}.{name}[{at}]", depth + 1))
            if self.count > MOST_NODES:
                return None
        if name == "of":
            count = data["at_least"]
            if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= len(given):
                return self._wrong(
                    f"{path}.at_least",
                    _("“至少几项”应在 1 到 %(most)s 之间。") % {"most": len(given)},
                    _("请改数字或加条件。"),
                )
        if any(part is None for part in parts):
            return None
        kept = tuple(part for part in parts if part is not None)
        if name == "of":
            return AtLeast(data["at_least"], kept, remarks)
        return AllOf(kept, remarks) if name == "all" else AnyOf(kept, remarks)

    def negation(self, data: Mapping[str, Any], path: str, depth: int, remarks: Remarks) -> Node | None:
        part = self.node(data["not"], f"{path}.not", depth + 1)
        return None if part is None else Not(part, remarks)

    def manual(self, data: Mapping[str, Any], path: str, depth: int, remarks: Remarks) -> Node | None:
        text = data["manual"]
        if not isinstance(text, str) or not text.strip():
            return self._wrong(f"{path}.manual", _("没有写明由人认定什么。"), _("请写一句话。"))
        return Manual(text.strip(), remarks)

    def comparison(self, data: Mapping[str, Any], path: str, depth: int, remarks: Remarks) -> Node | None:
        try:
            return self._comparison(data, path, remarks)
        except ConditionError as problem:
            self.problems.append(problem)
            return None

    def contradictions(self, node: Node, path: str) -> None:
        """Bounds on the same figure in one all-group that nothing can pass."""
        name = "of" if isinstance(node, AtLeast) else "all" if isinstance(node, AllOf) else "any"
        for at, part in enumerate(parts_of(node)):
            self.contradictions(part, f"{path}.not" if isinstance(node, Not) else f"{path}.{name}[{at}]")
        if not isinstance(node, AllOf):
            return
        seen: dict[Any, list[tuple[int, Comparison]]] = {}
        for at, part in enumerate(node.parts):
            if isinstance(part, Comparison) and part.op in values.ORDERING - {Op.NE}:
                seen.setdefault((part.key, part.formula, part.periods, part.aggregate), []).append((at, part))
        for same in seen.values():
            for at, one in same:
                if any(_exclude(before, one) for earlier, before in same if earlier < at):
                    self._wrong(
                        f"{path}.all[{at}]",
                        _("与同组的另一个条件互相矛盾，没有任何企业能同时满足。"),
                        _("请核对两处的数值或日期。"),
                    )

    def _comparison(self, data: Mapping[str, Any], path: str, remarks: Remarks) -> Comparison:
        op = self._op(data, path)
        if "expr" in data:
            expr = str(data["expr"])
            formula = formulas.read(expr, f"{path}.expr")
            for reference in formulas.references(formula):
                self.book.known(reference.key, f"{path}.expr")
            kind = formulas.kind_of(formula, lambda key: self.book[key].kind, f"{path}.expr")
            self.book.check(formula, f"{path}.expr", kind)
            rhythms = {self.book[one.key].rhythm for one in formulas.references(formula) if one.period is None} - {""}
            field_, rhythm = None, "" if len(rhythms) != 1 else rhythms.pop()
            unit = "ratio" if data.get("unit") in UNITS["ratio"] else "CNY" if data.get("unit") in UNITS["CNY"] else ""
            key = ""
        else:
            formula, expr, key = None, "", str(data["field"])
            field_ = self.book.known(key, f"{path}.field")
            kind, rhythm, unit = field_.kind, field_.rhythm, field_.unit
        asked, aggregate = self._periods(data, path, rhythm, kind, field_)
        if op not in values.FITTING[kind]:
            fitting = "、".join(str(_(one.label)) for one in Op if one in values.FITTING[kind])
            raise ConditionError(
                f"{path}.op",
                _("“%(op)s”不能用于%(kind)s。") % {"op": _(op.label), "kind": _(kind.label)},
                _("可用：%(fitting)s。") % {"fitting": fitting},
            )
        threshold = self._threshold(data, path, op, kind, unit, field_)
        value = data.get("value")
        value = value.isoformat() if isinstance(value, date) else value  # YAML reads dates, JSON does not
        written = Written(value, str(data.get("unit") or ""), data.get("period"), expr)
        return Comparison(key, op, threshold, asked, aggregate, formula, written, remarks)

    def _op(self, data: Mapping[str, Any], path: str) -> Op:
        try:
            return Op(str(data.get("op")))
        except ValueError:
            raise ConditionError(
                f"{path}.op",
                _("没有这种比较：%(op)s。") % {"op": data.get("op")},
                _("可用：%(ops)s。") % {"ops": "、".join(Op.values)},
            ) from None

    def _periods(
        self, data: Mapping[str, Any], path: str, rhythm: str, kind: Kind, field_: Field | None
    ) -> tuple[tuple[str, ...], str]:
        given, aggregate = data.get("period"), data.get("agg") or ""
        many = isinstance(given, Sequence) and not isinstance(given, str)
        texts = [str(one) for one in given] if many and given is not None else [] if given is None else [str(given)]
        found = [span for text in texts for span in periods.span(text) or (periods.canonical(text),)]
        if not found:
            found = [periods.DEFAULTS.get(rhythm, "")]
        if None in found or any(one and periods.rhythm(one) != rhythm for one in found if one):
            hint = {
                periods.YEARLY: _("请写年度，如 Y-1（上一年）或 2025。"),
                periods.MONTHLY: _("请写月份，如 M-1（上月）或 2025-03。"),
            }
            raise ConditionError(
                f"{path}.period",
                _("期间不对：%(text)s") % {"text": given},
                hint.get(rhythm, _("该项不分期间，请删去。")),
            )
        asked = tuple(dict.fromkeys(one for one in found if one is not None))
        if len(asked) > MOST_PERIODS:
            raise ConditionError(f"{path}.period", _("期间过多。"), _("最多 %(most)s 个。") % {"most": MOST_PERIODS})
        if aggregate and aggregate not in AGGREGATES:
            raise ConditionError(
                f"{path}.agg", _("没有这种汇总：%(agg)s。") % {"agg": aggregate}, "、".join(AGGREGATES)
            )
        if len(asked) > 1 and not aggregate:
            raise ConditionError(
                f"{path}.agg", _("多个期间要说明怎样汇总。"), _("请加 agg：%(all)s。") % {"all": "、".join(AGGREGATES)}
            )
        if aggregate not in ("", "each") and kind != Kind.NUMBER:
            raise ConditionError(f"{path}.agg", _("只有数值可以这样汇总。"), _("请改用 each（每期都要）。"))
        if aggregate not in ("", "each") and data.get("op") not in values.ORDERING:
            raise ConditionError(f"{path}.op", _("汇总后的数只能比较大小。"), _("请改用 gte、lte 等。"))
        if field_ is None and (aggregate or len(asked) > 1):
            raise ConditionError(
                f"{path}.period", _("公式只能问一个期间。"), _("请把范围写进公式，如 sum(revenue[Y-1..Y-3])。")
            )
        return asked, aggregate

    def _threshold(
        self, data: Mapping[str, Any], path: str, op: Op, kind: Kind, unit: str, field_: Field | None
    ) -> Any:
        at, value = f"{path}.value", data.get("value")
        if op in values.WITHOUT_VALUE:
            if value is not None or data.get("unit"):
                raise ConditionError(at, _("这种比较不需要数值。"), _("请删去 value 和 unit。"))
            return None
        if value is None:
            raise ConditionError(at, _("没有写数值。"), _("请填写要比较的值。"))
        factor = self._factor(data, path, unit) if kind == Kind.NUMBER or data.get("unit") else Fraction(1)
        one = _VALUES[kind]
        if op not in values.MANY_VALUES:
            return one(value, at, factor, field_)
        listed = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
        if not listed or len(listed) > MOST_VALUES:
            raise ConditionError(at, _("请写 1 到 %(most)s 个值。") % {"most": MOST_VALUES}, "")
        made = frozenset(one(each, f"{at}[{place}]", factor, field_) for place, each in enumerate(listed))
        if op == Op.UNDER and (bad := [each for each in made if not values.is_industry(each)]):
            raise ConditionError(
                at,
                _("%(code)s 不是行业代码。") % {"code": bad[0]},
                _("请写 GB/T 4754 的门类、大类、中类或小类，如 C、65、6513。"),
            )
        return made

    def _factor(self, data: Mapping[str, Any], path: str, unit: str) -> Fraction:
        given = data.get("unit")
        if given is None or given == "":
            return Fraction(1)
        known = UNITS.get(unit, {})
        if given not in known:
            remedy = _("可用：%(units)s。") % {"units": "、".join(known)} if known else _("请删去 unit。")
            raise ConditionError(f"{path}.unit", _("单位不对：%(unit)s") % {"unit": given}, remedy)
        return known[given]

    def _wrong(self, path: str, message: str, remedy: str) -> Node | None:
        """Keep what is wrong and go on reading; there is no node."""
        self.problems.append(ConditionError(path, message, remedy))
        return None


def _number(value: Any, path: str, factor: Fraction, _field: Field | None) -> Fraction:
    try:
        if isinstance(value, bool):
            raise ValueError
        return values.exact(value) * factor
    except (ValueError, TypeError, ArithmeticError):
        long = isinstance(value, int) and abs(value) >= 10**values.BEYOND  # Python refuses to write very long ones
        said = "…" if long else str(value)[:40]
        raise ConditionError(
            path, _("应为数字：%(value)s") % {"value": said}, _("请填数字，单位另写在 unit。")
        ) from None


def _date(value: Any, path: str, _factor: Fraction, _field: Field | None) -> date | Day:
    if isinstance(value, date):
        return date(value.year, value.month, value.day)
    try:
        return values.relative_day(str(value)) or date.fromisoformat(str(value))
    except ValueError:
        raise ConditionError(
            path, _("日期不对：%(value)s") % {"value": value}, _("请写 2026-01-01，或 today-90d、today+3m、today-2y。")
        ) from None


def _flag(value: Any, path: str, _factor: Fraction, _field: Field | None) -> bool:
    if isinstance(value, bool):
        return value
    raise ConditionError(path, _("应为是或否。"), _("请写 true 或 false。"))


def _code(value: Any, path: str, _factor: Fraction, field_: Field | None) -> str:
    if isinstance(value, (bool, float, Mapping, list)):
        raise ConditionError(path, _("应为文字或代码。"), _('代码请加引号，如 "330110"。'))
    text = str(value)
    if (
        field_ is not None
        and field_.kind == Kind.CODE
        and field_.values
        and text not in {known for known, _zh, _en in field_.values}
    ):
        raise ConditionError(
            path, _("“%(field)s”没有“%(value)s”这个值。") % {"field": field_.label, "value": text},
            _("可用：%(known)s。") % {"known": "、".join(known for known, _zh, _en in field_.values)},
        )  # fmt: skip
    return text


def _exclude(one: Comparison, other: Comparison) -> bool:
    """Whether two bounds on the same figure leave nothing between them."""
    if isinstance(one.threshold, Day) != isinstance(other.threshold, Day):
        return False  # a fixed and a moving date meet on some days
    anchor = date(2000, 1, 31)
    low, high = (one, other) if one.op in (Op.GT, Op.GTE) else (other, one)
    lowest, highest = low.on(anchor), high.on(anchor)
    if low.op in (Op.GT, Op.GTE) and high.op in (Op.LT, Op.LTE):
        return bool(
            lowest > highest or (lowest == highest and low.op != Op.GTE) or (lowest == highest and high.op != Op.LTE)
        )
    if Op.EQ in (one.op, other.op):
        fixed, bound = (one, other) if one.op == Op.EQ else (other, one)
        return values.holds(bound.op, fixed.on(anchor), bound.on(anchor)) is False
    return False


_VALUES: Final[Mapping[Kind, Callable[[Any, str, Fraction, Field | None], Any]]] = {
    Kind.NUMBER: _number,
    Kind.DATE: _date,
    Kind.FLAG: _flag,
    Kind.CODE: _code,
    Kind.SET: _code,
}
_READERS: Final[Mapping[str, Callable[[_Reader, Mapping[str, Any], str, int, Remarks], Node | None]]] = {
    "all": _Reader.group,
    "any": _Reader.group,
    "at_least": _Reader.group,
    "not": _Reader.negation,
    "manual": _Reader.manual,
    "field": _Reader.comparison,
    "expr": _Reader.comparison,
}


def joined(nodes: Iterable[Node]) -> Node:
    """Several conditions as one: all of them."""
    listed = tuple(nodes)
    return listed[0] if len(listed) == 1 else AllOf(listed)
