"""Spreadsheets in and out: one frozen list of columns makes the template, reads the file and complains by row 表格.

    ENTERPRISES = Sheet("企业名册", (Column("name", "企业名称", ("单位名称",), required=True), Column("uscc", "统一社会信用代码", kind="code")))
    ENTERPRISES.write_template(file)
    table = ENTERPRISES.read(path, "名册.xlsx")          # SheetRefused when the file cannot be used at all
    for row in table.rows: row.number, row.values, row.problems

Reading writes nothing and runs no formula. Every bound is checked before the file is parsed. What leaves as a file is safe to open:
a text that a spreadsheet would take for a formula is kept a text.
"""

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import IO, Any, Final, Literal
from xml.etree import ElementTree

import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook

Kind = Literal["text", "code", "int", "decimal", "date", "raw"]
Cell = Any  # what a spreadsheet cell holds: text, number, date, truth or nothing

HEADER_WITHIN: Final = 20  # rows in which the heading is looked for
MEGABYTE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of a file is read at most; product defaults."""

    bytes: int = 50 * MEGABYTE
    unpacked: int = 600 * MEGABYTE
    ratio: int = 200  # unpacked size over packed size of one part; honest workbooks stay below 50
    columns: int = 200
    rows: int = 500_000
    cell: int = 32_767  # characters; Excel's own bound


class SheetRefused(Exception):
    """The file cannot be used at all; the message says what is wrong and what to do about it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field of one row, and the remedy."""

    row: int
    field: str
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.field}：{self.message}" + (f"；{self.remedy}" if self.remedy else "")


@dataclass(slots=True)
class Row:
    """One row as read: its number in the user's file, its values by column key (None: empty), and what is wrong."""

    number: int
    values: dict[str, Cell]
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its key, its heading, other headings it goes by, and how its cells are read 列."""

    key: str
    title: str
    synonyms: tuple[str, ...] = ()
    kind: Kind = "text"
    required: bool = False
    width: int = 16
    example: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A file as read: which sheet, where its heading stands, which columns were found, which were not known."""

    sheet: str
    header_row: int
    found: dict[str, str]  # column key → heading as written
    units: dict[str, str]  # column key → unit in the heading, e.g. 万元
    unknown: list[str]
    rows: list[Row]


@dataclass(frozen=True)
class Sheet:
    """A list of columns that a file may have, in any order and under any of their names."""

    name: str
    columns: tuple[Column, ...]

    def read(self, path: Path, file_name: str, bounds: Bounds = Bounds()) -> Table:
        """Read .xlsx, .xls or .csv; the sheet with the heading is found by its columns. SheetRefused with the remedy."""
        refused = []
        for name, cells, empty_formulas in _open(path, file_name, bounds):
            header = self._header(cells)
            if header is not None:
                return self._table(name, cells, header, empty_formulas)
            refused.append(name)
        needed = "、".join(column.title for column in self.columns if column.required)
        raise SheetRefused(
            f"没有找到表头：前 {HEADER_WITHIN} 行里要有“{needed}”等列名"
            + (f"（看过的工作表：{'、'.join(refused)}）" if refused else "")
            + "；请检查是不是选错了文件或工作表，或先下载模板对照"
        )

    def write_template(self, file: IO[bytes]) -> None:
        """An empty workbook with the headings and one example row 模板."""
        titles = [column.title for column in self.columns]
        write_xlsx(file, titles, [[column.example for column in self.columns]], widths=[c.width for c in self.columns])

    def _header(self, cells: Sequence[Sequence[Cell]]) -> tuple[int, dict[int, Column]] | None:
        known = {_heading(word)[0]: column for column in self.columns for word in (column.title, *column.synonyms)}
        required = {column.key for column in self.columns if column.required}
        best: tuple[int, dict[int, Column]] | None = None
        for at, line in enumerate(cells[:HEADER_WITHIN]):
            found: dict[int, Column] = {}
            for place, cell in enumerate(line):
                column = known.get(_heading(cell)[0]) if isinstance(cell, str) else None
                if column and column not in found.values():
                    found[place] = column
            if required <= {column.key for column in found.values()} and (best is None or len(found) > len(best[1])):
                best = (at, found)
        return best

    def _table(
        self,
        name: str,
        cells: Sequence[Sequence[Cell]],
        header: tuple[int, dict[int, Column]],
        empty_formulas: Mapping[int, set[int]],
    ) -> Table:
        at, found = header
        line = cells[at]
        unknown = [str(cell).strip() for place, cell in enumerate(line) if place not in found and str(cell).strip()]
        rows = []
        for number, values in enumerate(cells[at + 1 :], start=at + 2):
            if not any(value not in ("", None) for value in values):
                continue
            row = Row(number, {})
            uncalculated = empty_formulas.get(number, ())
            for place, column in found.items():
                cell = values[place] if place < len(values) else None
                if place in uncalculated:
                    row.problems.append(
                        Problem(
                            number,
                            column.title,
                            "单元格是公式，还没有计算结果",
                            "请在表格软件中打开并保存，或粘贴为数值",
                        )
                    )
                row.values[column.key] = _read(cell, column, row)
            rows.append(row)
        return Table(
            sheet=name,
            header_row=at + 1,
            found={column.key: str(line[place]).strip() for place, column in found.items()},
            units={column.key: unit for place, column in found.items() if (unit := _heading(line[place])[1])},
            unknown=unknown,
            rows=rows,
        )


# --- writing -------------------------------------------------------------------------------------------------------
def write_xlsx(
    file: IO[bytes],
    titles: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    widths: Sequence[int] = (),
    name: str = "Sheet1",
) -> None:
    """Write a workbook row by row in constant memory; texts stay texts, whatever they begin with."""
    book = xlsxwriter.Workbook(
        file,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "remove_timezone": True,
            "default_date_format": "yyyy-mm-dd",
        },
    )
    sheet = book.add_worksheet(name)
    bold = book.add_format({"bold": True})
    for place, width in enumerate(widths or [18] * len(titles)):
        sheet.set_column(place, place, width)
    sheet.freeze_panes(1, 0)
    for place, title in enumerate(titles):
        sheet.write_string(0, place, str(title), bold)
    for at, row in enumerate(rows, start=1):
        for place, value in enumerate(row):
            _write_cell(sheet, at, place, value)
    book.close()


def write_csv(titles: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """A CSV in UTF-8 with a byte order mark, as Excel wants it, piece by piece; texts cannot become formulas."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    yield b"\xef\xbb\xbf"
    writer.writerow([_harmless(title) for title in titles])
    for count, row in enumerate(rows, start=1):
        writer.writerow([_harmless(value) for value in row])
        if count % 500 == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def annotate(
    path: Path, file_name: str, sheet: str, header_row: int, said: Mapping[int, tuple[str, str]], file: IO[bytes]
) -> None:
    """The user's own table back, with two columns more: what became of each row, and why 回执.

    `said`: row number → (outcome, reason). Rows above the heading come back as they were.
    """
    cells = next(cells for name, cells, _formulas in _open(path, file_name, Bounds()) if name == sheet)
    width = max((len(line) for line in cells), default=0)
    padded = ([*line, *[""] * (width - len(line))] for line in cells)

    def lines() -> Iterator[list[Cell]]:
        for number, line in enumerate(padded, start=1):
            if number == header_row:
                yield [*line, "结果", "原因"]
            else:
                yield [*line, *said.get(number, ("", ""))]

    every = lines()
    first = next(every, [])
    write_xlsx(file, [str(cell) for cell in first], every, name=_sheet_name(sheet))


def _write_cell(sheet: Any, at: int, place: int, value: Cell) -> None:
    if value is None or value == "":
        return
    if isinstance(value, bool):
        sheet.write_string(at, place, "是" if value else "否")
    elif isinstance(value, int | float | Decimal) and abs(float(value)) < 1e15:
        sheet.write_number(at, place, float(value))
    elif isinstance(value, (date, datetime)):
        sheet.write_datetime(at, place, value)
    else:
        sheet.write_string(at, place, str(value)[:32_767])


def _harmless(value: Cell) -> Cell:
    """A text that a spreadsheet would calculate gets an apostrophe in front."""
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value[:1] in _DANGEROUS else value
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return "是" if value is True else "否" if value is False else value


def _sheet_name(name: str) -> str:
    return re.sub(r"[\[\]:*?/\\]", "_", name)[:31] or "Sheet1"


# --- reading -------------------------------------------------------------------------------------------------------
_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_INVISIBLE: Final = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
_ODD: Final = re.compile(r"[\s\u3000\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\u200b-\u200d\u2060\ufeff\u00ad\x00]")
_HALF_WIDTH: Final = {
    **{code: code - 0xFEE0 for span in ((0xFF10, 0xFF1A), (0xFF21, 0xFF3B), (0xFF41, 0xFF5B)) for code in range(*span)},
    **{ord(letter): None for letter in _INVISIBLE + "\x00"},
}
_UNIT: Final = re.compile(r"[(\[]([^()\[\]]*)[)\]]$")


def clean(text: str) -> str:
    """A text without what cannot be seen: outer and doubled spaces, invisible characters, full-width letters and digits."""
    return " ".join(text.translate(_HALF_WIDTH).split()) if _ODD.search(text) else text


def _heading(cell: Cell) -> tuple[str, str]:
    """A heading in the form in which headings are compared, and the unit it names: 注册资本（万元） → 注册资本, 万元."""
    text = re.sub(r"\s+", "", unicodedata.normalize("NFKC", str(cell))).strip("*:：").lower()
    unit = _UNIT.search(text)
    return (text[: unit.start()] if unit and unit.start() else text, unit.group(1) if unit else "")


def _read(cell: Cell, column: Column, row: Row) -> Cell:
    if cell is None or cell == "":
        return None
    if column.kind == "raw":
        return cell
    if column.kind == "code":
        return cell if isinstance(cell, float) and abs(cell) >= 1e15 else clean(_as_text(cell)) or None
    if column.kind == "text":
        return clean(_as_text(cell)) or None
    read = {"date": read_date, "int": _read_int, "decimal": _read_decimal}[column.kind]
    value = read(cell)
    if value is None and clean(_as_text(cell)) not in _EMPTY_WORDS:
        wanted = {"date": "日期", "int": "整数", "decimal": "数字"}[column.kind]
        row.problems.append(
            Problem(row.number, column.title, f"“{_as_text(cell)[:40]}”不是{wanted}", f"请填写{wanted}或留空")
        )
    return value


_EMPTY_WORDS: Final = frozenset({"", "-", "--", "—", "/", "无", "暂无", "不详", "未知", "null", "NULL", "None", "#N/A"})
_DATE: Final = re.compile(r"(\d{4})\D{0,2}(\d{1,2})\D{0,2}(\d{1,2})(?:\D.*)?$")
_FIRST_DAY: Final = date(1899, 12, 30)  # day 0 of Excel's count, its leap-year mistake included


def read_date(cell: Cell) -> date | None:
    """A date in any of its shapes: a date cell, Excel's day number, 2019/3/5, 20190305, 2019年3月5日; None when it is none."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        if 10_000_000 <= cell <= 99_991_231:
            return read_date(str(int(cell)))
        return _FIRST_DAY + timedelta(days=int(cell)) if 1 <= cell < 80_000 else None
    match = _DATE.match(clean(unicodedata.normalize("NFKC", str(cell))).replace(" ", ""))
    if not match:
        return None
    try:
        day = date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None
    return day if 1800 <= day.year <= 2200 else None


def _read_decimal(cell: Cell) -> Decimal | None:
    if isinstance(cell, bool):
        return None
    text = clean(unicodedata.normalize("NFKC", _as_text(cell))).replace(",", "").replace(" ", "")
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def _read_int(cell: Cell) -> int | None:
    value = _read_decimal(cell)
    return int(value) if value is not None and value == value.to_integral_value() and abs(value) < 10**15 else None


def _as_text(cell: Cell) -> str:
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d}" if cell.time() == time() else f"{cell:%Y-%m-%d %H:%M:%S}"
    return str(cell)


def _open(path: Path, file_name: str, bounds: Bounds) -> Iterator[tuple[str, list[list[Cell]], dict[int, set[int]]]]:
    """Each sheet of a file: its name, its cells, and where formulas have no result (row number → places)."""
    size = path.stat().st_size
    if size == 0:
        raise SheetRefused("文件是空的；请重新导出后再上传")
    if size > bounds.bytes:
        raise SheetRefused(
            f"文件有 {size / MEGABYTE:.0f} MB，超过 {bounds.bytes // MEGABYTE} MB 的上限；请分成几份再上传"
        )
    with path.open("rb") as opened:
        head = opened.read(8)
    if head.startswith(b"PK\x03\x04"):
        _check_archive(path, bounds)
        yield from _workbook(path, bounds, packed=True)
    elif head.startswith(b"\xd0\xcf\x11\xe0"):
        yield from _workbook(path, bounds, packed=False)
    elif head.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b")):
        raise SheetRefused(f"“{file_name}”不是表格文件；请上传 .xlsx、.xls 或 .csv")
    else:
        yield file_name, _csv(path, bounds), {}


def _check_archive(path: Path, bounds: Bounds) -> None:
    """Refuse a workbook that would unpack to more than it may, before anything is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except zipfile.BadZipFile:
        raise SheetRefused("文件已损坏，打不开；请重新导出后再上传") from None
    if "xl/workbook.xml" not in {part.filename for part in parts}:
        raise SheetRefused("这是压缩包，不是表格文件；请解压后上传其中的 .xlsx、.xls 或 .csv")
    swollen = any(
        part.file_size > MEGABYTE and part.file_size > bounds.ratio * max(part.compress_size, 1) for part in parts
    )
    if swollen or len(parts) > 5_000 or sum(part.file_size for part in parts) > bounds.unpacked:
        raise SheetRefused("文件解压后过大，可能已损坏或被做了手脚，没有打开；请另存为新的表格后再上传")


def _workbook(path: Path, bounds: Bounds, packed: bool) -> Iterator[tuple[str, list[list[Cell]], dict[int, set[int]]]]:
    try:
        book = CalamineWorkbook.from_path(path)
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            if sheet.total_width > bounds.columns:
                raise SheetRefused(
                    f"工作表“{name}”有 {sheet.total_width} 列，超过 {bounds.columns} 列的上限；请只保留需要的列"
                )
            if sheet.total_height > bounds.rows:
                raise SheetRefused(f"工作表“{name}”超过 {bounds.rows:,} 行的上限；请分成几份再上传")
            cells = sheet.to_python(skip_empty_area=False)
            for top, left, bottom, right in _merged(sheet):
                _fill(cells, top, left, bottom, right)
            yield name, cells, _empty_formulas(path, book.sheet_names.index(name)) if packed else {}
    except CalamineError as error:
        raise SheetRefused("表格打不开，可能加了密码或已损坏；请去掉密码、另存为 .xlsx 后再上传") from error


def _merged(sheet: Any) -> list[tuple[int, int, int, int]]:
    return [(top, left, bottom, right) for (top, left), (bottom, right) in sheet.merged_cell_ranges or []]


def _fill(cells: list[list[Cell]], top: int, left: int, bottom: int, right: int) -> None:
    """Rows that share a cell merged downwards share its value; a title merged across stays one cell."""
    if right > left or bottom >= len(cells):
        return
    for at in range(top + 1, bottom + 1):
        cells[at][left] = cells[top][left]


def _empty_formulas(path: Path, index: int) -> dict[int, set[int]]:
    """Where a sheet holds a formula without a result, as files have that no spreadsheet has ever opened."""
    found: dict[int, set[int]] = {}
    with zipfile.ZipFile(path) as archive:
        names = sorted(
            (name for name in archive.namelist() if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", name)),
            key=lambda name: int(re.sub(r"\D", "", name)),
        )
        if index >= len(names):
            return found
        with archive.open(names[index]) as part:
            for _event, cell in ElementTree.iterparse(part):  # noqa: S314 – expat refuses entity bombs; size is bounded
                if cell.tag.endswith("}c"):
                    kinds = {child.tag.rpartition("}")[2]: (child.text or "") for child in cell}
                    if "f" in kinds and not kinds.get("v"):
                        letters, row = re.fullmatch(r"([A-Z]+)(\d+)", cell.get("r", "A1")).groups()  # type: ignore[union-attr]
                        found.setdefault(int(row), set()).add(_place(letters))
                    cell.clear()
    return found


def _place(letters: str) -> int:
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - 64
    return place - 1


def _csv(path: Path, bounds: Bounds) -> list[list[Cell]]:
    text = _decoded(path.read_bytes())
    csv.field_size_limit(bounds.cell)
    cells: list[list[Cell]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        for line in reader:
            if len(line) > bounds.columns:
                raise SheetRefused(
                    f"第 {reader.line_num} 行有 {len(line)} 列，超过 {bounds.columns} 列的上限；请只保留需要的列"
                )
            if len(cells) >= bounds.rows:
                raise SheetRefused(f"超过 {bounds.rows:,} 行的上限；请分成几份再上传")
            cells.append(line)
    except csv.Error as error:
        raise SheetRefused(
            f"第 {reader.line_num} 行读不下去（{error}）；请检查该行的引号，或另存为 .xlsx 再上传"
        ) from error
    return cells


def _decoded(content: bytes) -> str:
    encodings = ["utf-16"] if content.startswith((b"\xff\xfe", b"\xfe\xff")) else ["utf-8-sig", "gb18030"]
    if encodings[0] != "utf-16" and b"\x00" in content[:4096]:
        raise SheetRefused("这不是表格文件；请上传 .xlsx、.xls 或 .csv")
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SheetRefused("文字编码认不出来；请另存为“CSV UTF-8”或 .xlsx 再上传")


def _delimiter(text: str) -> str:
    first = text[:4096]
    return max(",\t;|", key=lambda mark: (first.count(mark), mark == ","))
