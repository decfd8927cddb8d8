"""Spreadsheets as people send them: notes above, merged cells, odd encodings, bombs; and files we write."""

import csv
import io
import zipfile
from datetime import date, datetime
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linqi.kit.sheets import Bounds, Column, Sheet, SheetRefused, annotate, clean, read_date, write_csv, write_xlsx

FIRMS = Sheet(
    "企业名册",
    (
        Column("name", "企业名称", ("单位名称", "name"), required=True),
        Column("uscc", "统一社会信用代码", ("信用代码",), kind="code"),
        Column("since", "成立日期", kind="date"),
        Column("capital", "注册资本", kind="decimal"),
        Column("staff", "从业人数", kind="int"),
    ),
)


@pytest.fixture
def saved(tmp_path):
    def save(content, name="名册.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return FIRMS.read(path, name)

    return save


def workbook(fill):
    book = openpyxl.Workbook()
    fill(book.active)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


PLAIN = '企业名称,统一社会信用代码,成立日期,注册资本,从业人数\n晴川科技,91330100799655058B,2019/3/5,"1,000",12\n'


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(PLAIN.encode(), id="UTF-8"),
        pytest.param(PLAIN.encode("utf-8-sig"), id="UTF-8 with a byte order mark"),
        pytest.param(PLAIN.encode("gb18030"), id="GB18030"),
        pytest.param(PLAIN.encode("utf-16"), id="UTF-16, as Excel's Unicode text"),
        pytest.param(PLAIN.replace(",", "\t").replace('"1\t000"', "1000").encode(), id="tabs"),
        pytest.param(("本表由园区填报，请勿改动\n\n" + PLAIN).encode(), id="a note above the heading"),
        pytest.param(
            PLAIN.replace("企业名称", " 单位 名称＊").replace("注册资本", "注册资本（元）").encode(),
            id="other headings",
        ),
    ],
)
def test_the_same_table_is_read_from_every_dress(saved, content):
    row = saved(content).rows[0]
    assert row.values == {
        "name": "晴川科技",
        "uscc": "91330100799655058B",
        "since": date(2019, 3, 5),
        "capital": Decimal(1000),
        "staff": 12,
    }
    assert not row.problems


def test_row_numbers_are_those_of_the_users_file(saved):
    table = saved("说明\n\n" + PLAIN + "\n,,,,\n南岭制造,,,,\n")
    assert [row.number for row in table.rows] == [4, 7]


def test_a_unit_in_the_heading_is_told(saved):
    assert saved(PLAIN.replace("注册资本", "注册资本(万元)")).units == {"capital": "万元"}


def test_unknown_columns_are_named_and_left_out(saved):
    assert saved("企业名称,法定代表人\n晴川科技,某某\n").unknown == ["法定代表人"]


def test_a_cell_that_is_not_what_it_should_be_is_a_problem_not_a_zero(saved):
    row = saved("企业名称,成立日期,从业人数\n晴川科技,去年,十来个\n").rows[0]
    assert row.values["since"] is None
    assert row.values["staff"] is None
    assert [problem.field for problem in row.problems] == ["成立日期", "从业人数"]


def test_words_for_nothing_are_nothing(saved):
    row = saved("企业名称,成立日期,从业人数\n晴川科技,无,/\n").rows[0]
    assert (row.values["since"], row.values["staff"], row.problems) == (None, None, [])


def test_the_sheet_with_the_heading_is_found_among_others(saved):
    book = openpyxl.Workbook()
    book.active.append(["封面"])
    second = book.create_sheet("名册")
    second.append(["企业名称", "成立日期"])
    second.append(["晴川科技", datetime(2020, 1, 2)])
    file = io.BytesIO()
    book.save(file)
    table = saved(file.getvalue(), "a.xlsx")
    assert (table.sheet, table.rows[0].values["since"]) == ("名册", date(2020, 1, 2))


def test_a_cell_merged_downwards_counts_for_each_of_its_rows(saved):
    def fill(sheet):
        sheet.append(["企业名称", "成立日期"])
        sheet.append(["晴川科技", "2020-01-02"])
        sheet.append(["南岭制造", None])
        sheet.merge_cells("B2:B3")

    rows = saved(workbook(fill), "a.xlsx").rows
    assert [row.values["since"] for row in rows] == [date(2020, 1, 2)] * 2


def test_a_formula_that_was_never_calculated_is_a_problem_of_its_row(saved):
    def fill(sheet):
        sheet.append(["企业名称", "从业人数"])
        sheet.append(["晴川科技", "=1+1"])

    row = saved(workbook(fill), "a.xlsx").rows[0]
    assert "公式" in row.problems[0].message


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b"", "空的", id="empty"),
        pytest.param(b"%PDF-1.7 ...", "不是表格文件", id="a PDF that was renamed"),
        pytest.param("甲,乙\n1,2\n".encode(), "没有找到表头", id="wrong sheet"),
        pytest.param(b"\x00\x01\x02\x03" * 9, "不是表格文件", id="anything binary"),
        pytest.param(
            ("企业名称," + ",".join(map(str, range(1000))) + "\n").encode(), "1001 列", id="a thousand columns"
        ),
        pytest.param(b"PK\x03\x04 broken", "损坏", id="a broken archive"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_remedy(saved, content, says):
    with pytest.raises(SheetRefused, match=says):
        saved(content)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(saved):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 300_000_000)
    with pytest.raises(SheetRefused, match="解压后过大"):
        saved(file.getvalue(), "a.xlsx")


def test_a_file_beyond_the_bound_is_refused_unread(tmp_path):
    path = tmp_path / "big.csv"
    path.write_bytes(b"x" * 2000)
    with pytest.raises(SheetRefused, match="上限"):
        FIRMS.read(path, "big.csv", Bounds(bytes=1000))


@pytest.mark.parametrize(
    "cell", ["2019-03-05", "2019/3/5", "20190305", "2019年3月5日", "2019.3.5", 43529, 43529.0, 20190305]
)
def test_a_date_is_read_in_each_of_its_shapes(cell):
    assert read_date(cell) == date(2019, 3, 5)


@given(st.one_of(st.text(), st.floats(), st.integers(), st.dates(), st.none()))
def test_reading_a_date_never_raises(cell):
    read_date(cell)


@given(st.text())
def test_cleaning_twice_is_cleaning_once(text):
    assert clean(clean(text)) == clean(text)


@given(
    st.lists(st.lists(st.one_of(st.none(), st.text(max_size=20), st.integers(-(10**9), 10**9)), min_size=2, max_size=2))
)
def test_no_text_in_an_export_can_become_a_formula(rows):
    written = b"".join(write_csv(["甲", "乙"], rows)).decode("utf-8-sig")
    for line, row in zip(list(csv.reader(io.StringIO(written, newline="")))[1:], rows, strict=True):
        for cell, value in zip(line, row, strict=True):
            if isinstance(value, str):
                assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


def test_a_workbook_keeps_texts_as_texts_and_negative_numbers_as_numbers():
    file = io.BytesIO()
    write_xlsx(file, ["甲", "乙"], [["=1+1", -5], [None, date(2026, 1, 2)]])
    sheet = openpyxl.load_workbook(file).active
    assert (sheet["A2"].value, sheet["A2"].data_type, sheet["B2"].value) == ("=1+1", "s", -5)


def test_the_users_own_table_comes_back_with_what_became_of_each_row(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("说明\n企业名称,备注\n晴川科技,甲\n", encoding="utf-8")
    file = io.BytesIO()
    annotate(path, "a.csv", "a.csv", 2, {3: ("拒绝", "代码写错")}, file)
    rows = [[cell.value for cell in row] for row in openpyxl.load_workbook(file).active]
    assert rows[1:] == [["企业名称", "备注", "结果", "原因"], ["晴川科技", "甲", "拒绝", "代码写错"]]


def test_the_template_is_read_back_as_an_empty_form(tmp_path):
    path = tmp_path / "t.xlsx"
    with path.open("wb") as file:
        FIRMS.write_template(file)
    assert FIRMS.read(path, "t.xlsx").rows == []
