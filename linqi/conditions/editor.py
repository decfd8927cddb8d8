"""Conditions edited in a form without help: rows and nested groups, every button a post, nothing typed is lost 条件编辑.

    editor = Editor.of(version.conditions, book, name="conditions", url=…)          # a page
    editor = Editor.posted(request.POST, book, name="conditions", url=…)            # what was typed, and the button that was pressed
    {% include "conditions/editor.html" with editor=editor only %}

`url` answers a post with the same partial; with `?live` only what is said below the form is asked anew, so that typing is not interrupted.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext as _

from linqi.conditions import words
from linqi.conditions.book import KINDS, UNITS, Book, Field, english
from linqi.conditions.errors import ConditionError
from linqi.conditions.periods import MONTHLY, YEARLY
from linqi.conditions.rules import Outcome
from linqi.conditions.tree import read
from linqi.conditions.values import FITTING, MANY_VALUES, ORDERING, WITHOUT_VALUE, Kind, Op

DEPTH: Final = 6  # groups within groups that a person still overlooks
MOST_PARTS: Final = 100
_GROUPS: Final = {"all": "all", "any": "any", "at_least": "of"}
_PERIODS: Final[Mapping[str, tuple[tuple[Any, str | None], ...]]] = {
    YEARLY: (
        ("Y-1", None),
        ("Y-2", None),
        ("Y0", None),
        *((["Y-1", "Y-2"], how) for how in ("each", "sum", "avg")),
        *((["Y-1", "Y-2", "Y-3"], how) for how in ("each", "sum", "avg", "min", "max")),
    ),
    MONTHLY: (
        ("M-1", None),
        ("M-2", None),
        ("M-3", None),
        (["M-1", "M-2", "M-3"], "each"),
        (["M-1", "M-2", "M-3"], "avg"),
    ),
}
_FIRST: Final = {"field": "registered_here", "op": "is_true"}


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose from."""

    value: str
    label: str
    chosen: bool = False


@dataclass(slots=True)
class Line:
    """One row or group as the form shows it; `at` is its place, such as `r.0.2`."""

    at: str
    kind: str
    parts: "list[Line]" = field(default_factory=list)
    data: Mapping[str, Any] = field(default_factory=dict)
    count: int = 1
    label: str = ""
    fields: list[tuple[str, list[Choice]]] = field(default_factory=list)
    ops: list[Choice] = field(default_factory=list)
    periods: list[Choice] = field(default_factory=list)
    units: list[Choice] = field(default_factory=list)
    values: list[Choice] = field(default_factory=list)
    many: bool = False
    text: str = ""
    hint: str = ""
    problems: list[ConditionError] = field(default_factory=list)
    first: bool = True
    last: bool = True
    deep: bool = False

    @property
    def op(self) -> str:
        """The comparison as it is written."""
        return str(self.data.get("op") or "")

    @property
    def value(self) -> str:
        """The threshold of a formula as it is written."""
        return "" if self.data.get("value") is None else str(self.data["value"])

    @property
    def clause(self) -> str:
        """The clause it rests on."""
        return str(self.data.get("clause") or "")

    @property
    def note(self) -> str:
        """The note beside it."""
        return str(self.data.get("note") or "")

    @property
    def conf(self) -> str:
        """How sure it is."""
        return str(self.data.get("conf") or "")

    @property
    def valued(self) -> bool:
        """Whether the comparison takes a value."""
        return self.op not in WITHOUT_VALUE


@dataclass(slots=True)
class Editor:
    """A condition in a form; `problems` is what stands against using it, `counts` what it says of a street, when a page knows."""

    data: dict[str, Any]
    book: Book
    name: str
    url: str
    counts: Mapping[Outcome, int] | None = None
    near: int = 0
    clauses: bool = True

    @classmethod
    def of(cls, data: Any, book: Book, *, name: str, url: str, clauses: bool = True) -> "Editor":
        """An editor of a condition; anything but a group is put into one."""
        whole = data if isinstance(data, Mapping) and _GROUPS.keys() & data.keys() else {"all": [data or dict(_FIRST)]}
        return cls(dict(whole), book, name, url, clauses=clauses)

    @classmethod
    def posted(cls, post: Mapping[str, Any], book: Book, *, name: str, url: str, clauses: bool = True) -> "Editor":
        """What was typed, after the pressed button did its work."""
        read_back = _Posted(post, book, name).node("r")
        data: dict[str, Any] = read_back if read_back is not None else {"all": [{**_FIRST}]}
        act, _sign, at = str(post.get(f"{name}-do") or "").partition(":")
        if act:
            data = _done(data, act, [_whole(step, MOST_PARTS) for step in at.split(".")[1:]])
        return cls.of(data, book, name=name, url=url, clauses=clauses)

    @property
    def problems(self) -> list[ConditionError]:
        """Every mistake, in order."""
        return read(self.data, self.book)[1]

    @property
    def sentence(self) -> str:
        """The whole condition as one sentence; empty while it cannot be read."""
        node, _problems = read(self.data, self.book)
        return "" if node is None else words.sentence(node, self.book)

    @property
    def root(self) -> Line:
        """The form, row by row."""
        return self._line(self.data, "r", "", 1)

    @property
    def tally(self) -> list[tuple[str, str, int]]:
        """The counts with their words and colours, for those outcomes that occur."""
        tones = {
            Outcome.MET: "good",
            Outcome.MANUAL_REVIEW: "info",
            Outcome.UNKNOWN: "warn",
            Outcome.UNMET: "quiet",
            Outcome.NOT_APPLICABLE: "quiet",
        }
        always = (Outcome.MET, Outcome.UNKNOWN, Outcome.UNMET)
        return [
            (_(one.label), tones[one], count) for one, count in (self.counts or {}).items() if count or one in always
        ]

    def _line(self, data: Any, at: str, path: str, depth: int) -> Line:
        for name, key in _GROUPS.items():
            if name in data:
                children = [
                    self._line(one, f"{at}.{place}", f"{path}.{key}[{place}]", depth + 1)
                    for place, one in enumerate(data[key])
                ]
                for place, child in enumerate(children):
                    child.first, child.last = place == 0, place == len(children) - 1
                line = Line(
                    at, name, children, data, int(data["at_least"]) if name == "at_least" else 1, deep=depth >= DEPTH
                )
                return self._with_problems(line, path, whole=not children)
        if "not" in data:
            return self._with_problems(
                Line(
                    at, "not", [self._line(data["not"], f"{at}.0", f"{path}.not", depth + 1)], data, deep=depth >= DEPTH
                ),
                path,
            )
        if "manual" in data:
            return self._with_problems(Line(at, "manual", data=data, text=str(data["manual"])), path, whole=True)
        if "expr" in data:
            line = Line(at, "expr", data=data, text=str(data["expr"]), label=_("公式"))
            line.ops = [Choice(op.value, _(op.label), op.value == data.get("op")) for op in Op if op in ORDERING]
            line.units = _units("ratio", data) + _units("CNY", data)[1:]
            return self._with_problems(line, path, whole=True)
        return self._with_problems(self._comparison(data, at), path, whole=True)

    def _with_problems(self, line: Line, path: str, *, whole: bool = False) -> Line:
        """The mistakes of a row, and of a group those that concern the group itself."""
        for problem in self.problems:
            own = problem.path.startswith(path) if whole else problem.path in (path, f"{path}.at_least")
            if own:
                line.problems.append(problem)
        return line

    def _comparison(self, data: Mapping[str, Any], at: str) -> Line:
        key = str(data.get("field", ""))
        known = self.book.get(key)
        line = Line(at, "compare", data=data, label=known.label if known else key)
        line.fields = self._fields(key)
        if known is None:
            return line
        op = str(data.get("op", ""))
        line.ops = [
            Choice(one.value, _(one.label), one.value == op)
            for one in Op
            if one in FITTING[known.kind] and (one != Op.UNDER or known.key == "industry_code" or op == Op.UNDER)
        ]
        line.periods = _period_choices(known, data)
        line.units = _units(known.unit, data) if known.kind == Kind.NUMBER and op not in ("exists",) else []
        if op in WITHOUT_VALUE:
            return line
        value = data.get("value")
        listed = (
            [str(one) for one in value] if isinstance(value, (list, tuple)) else [] if value is None else [str(value)]
        )
        line.many = op in MANY_VALUES
        if known.values and known.kind in (Kind.CODE, Kind.SET):
            line.values = [Choice(code, en if english() else zh, code in listed) for code, zh, en in known.values]
        elif known.kind == Kind.FLAG:
            line.values = [Choice("true", _("是"), value is True), Choice("false", _("否"), value is False)]
        else:
            line.text = "、".join(listed)
        line.hint = {
            Kind.DATE: _("如 2026-01-01，或 today-90d、today+3m、today-2y"),
            Kind.CODE: _("几个值用顿号隔开") if line.many else "",
            Kind.SET: _("几个值用顿号隔开"),
        }.get(known.kind, "")
        return line

    def _fields(self, key: str) -> list[tuple[str, list[Choice]]]:
        grouped: dict[str, list[Choice]] = {}
        for one in self.book.values():
            if one.apart and one.key != key:  # kept apart: never offered, but a row that has it shows what is wrong
                continue
            grouped.setdefault(one.group, []).append(Choice(one.key, one.label, one.key == key))
        if key not in self.book:
            grouped.setdefault("", []).append(Choice(key, key or _("请选择"), chosen=True))
        return list(grouped.items())


class _Posted:
    """Reads the form back into data."""

    def __init__(self, post: Mapping[str, Any], book: Book, name: str) -> None:
        self.post, self.book, self.name = post, book, name

    def node(self, at: str, depth: int = 1) -> dict[str, Any] | None:
        """The condition at a place; None when the form says nothing of it."""
        kind = self.said(at, "kind")
        if not kind or depth > DEPTH + 2:
            return None
        if kind in (*_GROUPS, "not"):
            count = min(int(self.said(at, "count") or 0), MOST_PARTS)
            parts = [one for place in range(count) if (one := self.node(f"{at}.{place}", depth + 1)) is not None]
            if kind == "not":
                made: dict[str, Any] = {"not": parts[0] if len(parts) == 1 else {"all": parts}}
            elif kind == "at_least":
                made = {"at_least": _whole(self.said(at, "least"), 1), "of": parts}
            else:
                made = {kind: parts}
        elif kind == "manual":
            made = {"manual": self.said(at, "text")}
        elif kind == "expr":
            made = {"expr": self.said(at, "text"), "op": self.said(at, "op")} | self._value(
                at, None, self.said(at, "op")
            )
        else:
            made = self._comparison(at)
        return made | {name: text for name in ("clause", "note", "conf") if (text := self.said(at, name))}

    def said(self, at: str, what: str) -> str:
        """One answer of the form."""
        return str(self.post.get(f"{self.name}-{at}-{what}") or "").strip()

    def _comparison(self, at: str) -> dict[str, Any]:
        key, op = self.said(at, "field"), self.said(at, "op")
        known = self.book.get(key)
        if known is not None and op not in {one.value for one in FITTING[known.kind]}:
            op = _usual(known)
        made: dict[str, Any] = {"field": key}
        if known is not None and known.rhythm and (period := self.said(at, "period")):
            asked, aggregate = json.loads(period)
            if asked is not None:
                made["period"] = asked
            if aggregate:
                made["agg"] = aggregate
        made["op"] = op
        return made | ({} if op in WITHOUT_VALUE else self._value(at, known, op))

    def _value(self, at: str, known: Field | None, op: str) -> dict[str, Any]:
        name = f"{self.name}-{at}-value"
        listed = self.post.getlist(name) if hasattr(self.post, "getlist") else [self.post.get(name, "")]
        texts = [text.strip() for text in listed if str(text).strip()]
        kind = Kind.NUMBER if known is None else KINDS[known.type]
        if known is not None and known.values and kind in (Kind.CODE, Kind.SET):
            codes = {code for code, _zh, _en in known.values}
            texts = [text for text in texts if text in codes]
        elif op in MANY_VALUES:
            texts = [
                part.strip()
                for text in texts
                for part in text.replace("，", "、").replace(",", "、").split("、")
                if part.strip()
            ]
        made: dict[str, Any] = {}
        if texts:
            typed = [_typed(text, kind) for text in texts]
            made["value"] = typed if op in MANY_VALUES else typed[0]
        if (unit := self.said(at, "unit")) and (known is None or unit in UNITS.get(known.unit, {})):
            made["unit"] = unit
        return made


def _done(data: dict[str, Any], act: str, steps: Sequence[int]) -> dict[str, Any]:
    """The condition after a button: add, group, manual into a group; drop, up, down, wrap of a part."""
    data = json.loads(json.dumps(data))
    if act in ("add", "group", "manual"):
        offered: dict[str, dict[str, Any]] = {
            "add": {**_FIRST},
            "group": {"any": [{**_FIRST}]},
            "manual": {"manual": _("由主管部门认定")},
        }
        fresh = offered[act]
        inside = _parts(_at(data, steps))
        if inside is not None and len(inside) < MOST_PARTS:
            inside.append(fresh)
        return data
    if not steps:
        return data
    siblings, place = _parts(_at(data, steps[:-1])), steps[-1]
    if siblings is None:
        above = _at(data, steps[:-1])
        if act == "drop":  # the only part of a negation: the negation goes
            grand = _parts(_at(data, steps[:-2])) if len(steps) > 1 else None
            if grand is not None:
                grand.pop(steps[-2])
        elif act == "wrap":
            above["not"] = {"all": [above["not"]]}
        return data
    if not 0 <= place < len(siblings):
        return data
    if act == "drop":
        siblings.pop(place)
    elif act == "wrap":
        siblings[place] = {"any": [siblings[place]]}
    elif act in ("up", "down") and 0 <= (other := place + (-1 if act == "up" else 1)) < len(siblings):
        siblings[place], siblings[other] = siblings[other], siblings[place]
    return data


def _at(data: dict[str, Any], steps: Sequence[int]) -> dict[str, Any]:
    for step in steps:
        parts = _parts(data)
        inner = data.get("not") if parts is None else parts[step] if 0 <= step < len(parts) else None
        if not isinstance(inner, dict):
            return {}
        data = inner
    return data


def _parts(data: Mapping[str, Any]) -> list[Any] | None:
    for name, key in _GROUPS.items():
        if name in data:
            listed: list[Any] = data[key]
            return listed
    return None


def _usual(known: Field) -> str:
    usual = {Kind.NUMBER: Op.GTE, Kind.DATE: Op.GTE, Kind.FLAG: Op.IS_TRUE, Kind.CODE: Op.IN, Kind.SET: Op.CONTAINS_ANY}
    return str(usual[known.kind].value)


def _typed(text: str, kind: Kind) -> Any:
    if kind == Kind.FLAG:
        return text == "true"
    if kind != Kind.NUMBER:
        return text
    plain = text.replace(",", "")
    try:
        return int(plain)
    except ValueError:
        pass
    try:
        return float(plain) if repr(float(plain)) == plain or "e" not in plain.lower() else text
    except ValueError:
        return text  # the reader says what is wrong with it


def _whole(text: str, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdigit() else otherwise


def _units(unit: str, data: Mapping[str, Any]) -> list[Choice]:
    chosen = str(data.get("unit") or "")
    offered = {"CNY": ("", "万元", "亿元"), "ratio": ("", "percent")}.get(unit, ("",))
    listed = [*offered, *([chosen] if chosen and chosen not in offered else [])]
    plain = {"CNY": _("元"), "ratio": _("比值"), "": "", "percent": "%", "CNY_10k": _("万元")}
    return [Choice(one, plain.get(one or unit, one or words.figure_unit(unit)), one == chosen) for one in listed]


def _period_choices(known: Field, data: Mapping[str, Any]) -> list[Choice]:
    if not known.rhythm:
        return []
    now = (data.get("period"), data.get("agg"))
    offered: list[tuple[Any, Any]] = [(None, None), *_PERIODS[known.rhythm]]
    if now not in offered:
        offered.append(now)
    return [Choice(json.dumps(one), words.period_words(*one, known.rhythm), one == now) for one in offered]
