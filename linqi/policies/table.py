"""A policy's conditions as a spreadsheet, one row per comparison, and back again 条件表格.

    table.write(version, file)
    read = table.read(path, "条件.xlsx", book)      # SheetRefused when it is no such table at all
    read.problems or versions.change_draft(version=…, changes=read.changes, by=…)

The column 组 says where a row stands: `全部 › 2 任一 › 1 全部` is the first group inside the second group of the outermost one. Rows keep
their order. Reading writes nothing; what comes back means the same as what went out, clauses and notes included.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import IO, Any, Final

from django.utils.translation import gettext as _

from linqi.conditions import tree, values
from linqi.conditions.book import Book
from linqi.conditions.errors import ConditionError
from linqi.conditions.values import Kind, Op
from linqi.kit.sheets import Cell, Column, Problem, Row, Sheet, write_xlsx
from linqi.policies.models import PolicyVersion

CONDITIONS, APPLIES, MANUAL = "条件", "适用对象", "人工认定"
BY_HAND: Final = "由人认定"
SHEET: Final = Sheet(
    "政策条件",
    (
        Column("part", "部分", width=10, example=CONDITIONS),
        Column("group", "组", required=True, width=30, example="全部"),
        Column("field", "字段代码", ("字段",), required=True, width=24, example="rd_expense"),
        Column("name", "字段名称", width=24, example="研发费用"),
        Column("expr", "公式", kind="raw", width=24),
        Column("op", "比较", ("比较方式",), required=True, width=10, example=Op.GTE.label),
        Column("value", "数值", ("值",), kind="raw", required=True, width=20, example="100"),
        Column("unit", "单位", width=8, example="万元"),
        Column("period", "期间", kind="raw", width=12, example="Y-1"),
        Column("agg", "汇总", width=10),
        Column(
            "clause", "条款依据", ("条款",), kind="raw", width=50, example="某办法第三条：上一年研发费用不低于100万元"
        ),
        Column("note", "备注", kind="raw", width=24),
        Column("conf", "可信度", kind="raw", width=12),
    ),
)
_TITLES: Final = {column.key: column.title for column in SHEET.columns}
_AGGREGATES: Final = {"each": "每期", "sum": "合计", "avg": "平均", "min": "最低一期", "max": "最高一期"}
_REMARKS: Final = ("clause", "note", "conf")
_GROUP: Final = re.compile(r"(?:\d+\s*[.、]?\s*)?(?:(全部|all)|(任一|any)|(并非|not)|至少\s*(\d{1,4})\s*项)$")
_OP_WORDS: Final = {word: op.value for op in Op for word in (op.value, op.label)}
_AGGREGATE_WORDS: Final = {word: key for key, label in _AGGREGATES.items() for word in (key, label)}
_MOST_DIGITS: Final = 40  # of a number before and after its point
_FLAGS: Final = {"是": True, "否": False, "true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Read:
    """What a table says: conditions, whom they concern at all, what people decide; and every mistake by row."""

    conditions: dict[str, Any] | None
    applies: dict[str, Any] | None
    manual: list[str]
    problems: list[Problem]

    @property
    def changes(self) -> dict[str, Any]:
        """As `versions.change_draft` takes it."""
        return {"conditions": self.conditions, "applies": self.applies, "manual": self.manual}


def write(version: PolicyVersion, book: Book, file: IO[bytes]) -> None:
    """The workbook of a version."""
    rows = rows_of(version.conditions, version.applies, version.manual, book)
    write_xlsx(file, list(_TITLES.values()), rows, [column.width for column in SHEET.columns], "条件")


def rows_of(conditions: Any, applies: Any, manual: Sequence[str], book: Book) -> Iterator[list[Cell]]:
    """The rows of the table, in the order of `SHEET`; conditions that are half written go out as they are."""
    for part, data in ((APPLIES, applies), (CONDITIONS, conditions)):
        for row in _rows(data, "", 1, book) if data else ():
            yield [{"part": part, **row}.get(key) for key in _TITLES]
    for text in manual:
        yield [{"part": MANUAL, "value": text}.get(key) for key in _TITLES]


def read(path: Path, file_name: str, book: Book) -> Read:
    """Read a workbook or CSV; SheetRefused when it is no such table."""
    return conditions_from(SHEET.read(path, file_name).rows, book)


def conditions_from(rows: Sequence[Row], book: Book) -> Read:
    """What the rows of a table say, with every mistake by its row."""
    problems = [problem for row in rows for problem in row.problems]
    roots: dict[str, _Group] = {CONDITIONS: _Group(), APPLIES: _Group()}
    manual = []
    for row in rows:
        part = row.values.get("part") or CONDITIONS
        if part == MANUAL:
            manual.append(_text(row.values.get("value")).strip())
        elif part not in roots:
            problems.append(
                _wrong(row, "part", _("没有这个部分：%(part)s") % {"part": part}, "、".join((*roots, MANUAL)))
            )
        else:
            _place(row, roots[part], problems, book)
    said = {part: _data(root, problems, book) for part, root in roots.items()}
    if said[CONDITIONS] is None and not problems:
        problems.append(Problem(0, _TITLES["field"], _("表里没有条件。"), _("请至少写一行条件。")))
    problems.sort(key=lambda problem: problem.row)
    return Read(said[CONDITIONS], said[APPLIES], [text for text in manual if text], problems)


# --- out --------------------------------------------------------------------------------------------------------------
def _rows(data: Any, within: str, number: int, book: Book) -> Iterator[dict[str, Cell]]:
    """A condition and what is in it; `number`: its place among the groups beside it."""
    remarks = {key: data[key] for key in _REMARKS if data.get(key)}
    word, parts = _group(data)
    if word:
        here = f"{within} › {number} {word}" if within else word
        if remarks or not parts:
            yield {"group": here, "name": "（整组）", **remarks}
        groups = 0
        for part in parts:
            groups += bool(_group(part)[0])
            yield from _rows(part, here, groups, book)
    elif "manual" in data:
        yield {"group": within, "op": BY_HAND, "value": data["manual"], **remarks}
    else:
        known = book.get(str(data.get("field")))
        op, period = str(data.get("op") or ""), data.get("period")
        yield {
            "group": within,
            "field": data.get("field"),
            "name": known.zh if known else "",
            "expr": data.get("expr"),
            "op": Op(op).label if op in Op.values else op,
            "value": _cell(data.get("value")),
            "unit": data.get("unit"),
            "period": "、".join(map(str, period)) if isinstance(period, list) else period,
            "agg": _AGGREGATES.get(str(data.get("agg")), data.get("agg")),
            **remarks,
        }


def _group(data: Mapping[str, Any]) -> tuple[str, Sequence[Any]]:
    """The word for a kind of group and its parts; an empty word for what is none."""
    if "all" in data:
        return "全部", data["all"]
    if "any" in data:
        return "任一", data["any"]
    if "at_least" in data:
        return f"至少{data['at_least']}项", data.get("of") or []
    return ("并非", [data["not"]]) if "not" in data else ("", ())


def _cell(value: Any) -> Cell:
    """A value as a cell; what a spreadsheet's fifteen digits cannot hold stays a text."""
    if isinstance(value, (list, tuple)):
        return "、".join(_text(one) for one in value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value if len(Decimal(str(value)).as_tuple().digits) <= 15 and abs(value) < 10**15 else str(value)
    return value


# --- in ---------------------------------------------------------------------------------------------------------------
@dataclass(slots=True)
class _Group:
    """A group as it is put together from rows; the outermost one holds the whole part."""

    kind: str = ""
    count: int = 0
    row: int = 0
    parts: "list[_Group | tuple[int, dict[str, Any]]]" = field(default_factory=list)
    named: "dict[str, _Group]" = field(default_factory=dict)
    remarks: dict[str, str] = field(default_factory=dict)


def _place(row: Row, root: _Group, problems: list[Problem], book: Book) -> None:
    """Put one row where its group says."""
    here = root
    written = row.values.get("group") or ""
    steps = [one.strip() for one in re.split("[›>]", written)] if written else []
    if len(steps) > tree.MOST_DEPTH:
        remedy = _("请把内层条件提到外层。")
        problems.append(_wrong(row, "group", _("组嵌套超过 %(most)s 层。") % {"most": tree.MOST_DEPTH}, remedy))
        return
    for step in steps:
        found = _GROUP.match(step)
        if found is None:
            words = "全部、任一、并非、至少2项"
            problems.append(_wrong(row, "group", _("看不懂这个组：%(group)s") % {"group": step}, words))
            return
        every, either, none, count = found.groups()
        kind = "all" if every else "any" if either else "not" if none else "at_least"
        if step not in here.named:
            here.named[step] = _Group(kind, int(count or 0), row.number)
            here.parts.append(here.named[step])
        here = here.named[step]
    said = {key: _text(cell) for key in _REMARKS if (cell := row.values.get(key)) not in (None, "")}
    got = {key: row.values.get(key) for key in ("field", "expr", "op", "value")}
    if all(cell in (None, "") for cell in got.values()):
        here.remarks |= said
        return
    op = _OP_WORDS.get(str(got["op"] or ""), str(got["op"] or ""))
    if op in (BY_HAND, "manual"):
        here.parts.append((row.number, {"manual": _text(got["value"]), **said}))
        return
    here.parts.append((row.number, _comparison(row, op, book) | said))


def _comparison(row: Row, op: str, book: Book) -> dict[str, Any]:
    got = row.values
    made: dict[str, Any] = {}
    if got.get("expr") not in (None, ""):
        made["expr"] = _text(got["expr"])
    if got.get("field") or not made:
        made["field"] = _field(str(got.get("field") or ""), book)
    known = book.get(str(made.get("field") or ""))
    kind = known.kind if known is not None else Kind.NUMBER if "expr" in made else Kind.CODE
    periods = [one for one in re.split("[、,，;；]", _text(got.get("period"))) if one]
    agg = str(got.get("agg") or "")
    rest = {
        "op": op,
        "value": _value(got.get("value"), op, kind),
        "unit": got.get("unit"),
        "period": periods[0] if len(periods) == 1 else periods,
        "agg": _AGGREGATE_WORDS.get(agg, agg),
    }
    return made | {key: cell for key, cell in rest.items() if cell not in (None, "", [])}


def _field(written: str, book: Book) -> str:
    """The key of a field, also when its name is written instead."""
    if written in book:
        return written
    named = [one.key for one in book.values() if written in (one.zh, one.en)]
    return named[0] if len(named) == 1 else written


def _value(cell: Cell, op: str, kind: Kind) -> Any:
    if cell is None or cell == "":
        return None
    if op in {one.value for one in values.MANY_VALUES}:
        between = "[、;；\n]" if kind == Kind.NUMBER else "[、,，;；\n]"
        return [_one(one.strip(), kind) for one in re.split(between, _text(cell)) if one.strip()]
    return _one(cell, kind)


def _one(cell: Cell, kind: Kind) -> Any:
    text = _text(cell).strip()
    if kind == Kind.FLAG:
        return _FLAGS.get(text.lower(), text)
    if kind != Kind.NUMBER:
        return text
    try:
        number = Decimal(text.replace(",", "").replace("，", ""))
    except InvalidOperation:
        return text
    if not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS:
        return f"“{text}”"
    if number == number.to_integral_value() and abs(number) < 10**30:
        return int(number)
    return float(number) if Decimal(repr(float(number))) == number else str(number)


def _text(cell: Cell) -> str:
    """A cell as its text: whole numbers without a point, days as ISO text."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _data(root: _Group, problems: list[Problem], book: Book) -> dict[str, Any] | None:
    """The condition of a part, its mistakes told by row; None when the part is empty or wrong."""
    if not root.parts:
        return None
    if len(root.parts) > 1:
        row = _row_of(root.parts[1])
        remedy = _("请把并列的条件都写在“全部”或“任一”组里。")
        problems.append(Problem(row, _TITLES["group"], _("最外层只能有一个组。"), remedy))
        return None
    where: dict[str, int] = {}
    alone: list[Problem] = []
    data = _plain(root.parts[0], "", where, alone)
    problems += alone
    if alone:
        return None
    found = tree.check(data, book)
    problems += [_by_row(problem, where) for problem in found]
    return None if found else data


def _plain(
    part: "_Group | tuple[int, dict[str, Any]]", path: str, where: dict[str, int], problems: list[Problem]
) -> dict[str, Any]:
    where[path] = _row_of(part)
    if isinstance(part, tuple):
        return part[1]
    if part.kind == "not":
        if len(part.parts) != 1:
            remedy = _("请在里面再套一个“全部”或“任一”组。")
            problems.append(Problem(part.row, _TITLES["group"], _("“并非”里只能有一个条件。"), remedy))
            return {}
        return {"not": _plain(part.parts[0], f"{path}.not", where, problems)} | part.remarks
    name = "of" if part.kind == "at_least" else part.kind
    inner = [_plain(one, f"{path}.{name}[{at}]", where, problems) for at, one in enumerate(part.parts)]
    return ({"at_least": part.count} if name == "of" else {}) | {name: inner} | part.remarks


def _by_row(problem: ConditionError, where: Mapping[str, int]) -> Problem:
    path, last = problem.path, ""
    while path not in where and path:
        path, _dot, last = path.rpartition(".") if "." in path else ("", "", path)
    column = re.sub(r"\[.*", "", last)
    return Problem(where.get(path, 0), _TITLES.get(column, _TITLES["group"]), problem.message, problem.remedy)


def _row_of(part: "_Group | tuple[int, dict[str, Any]]") -> int:
    return part[0] if isinstance(part, tuple) else part.row


def _wrong(row: Row, key: str, message: str, remedy: str) -> Problem:
    return Problem(row.number, _TITLES[key], message, remedy)
