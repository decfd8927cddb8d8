"""Conditions as a spreadsheet: what comes back means what went out, and a mistake is told by its row."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linqi.conditions import tree
from linqi.conditions.tests import worlds
from linqi.enterprises.known import book
from linqi.kit.sheets import Row, write_xlsx
from linqi.policies import table
from linqi.policies.actions import versions
from linqi.policies.actions.library import library
from linqi.policies.models import PolicyVersion

VERSIONS = [(row["key"], number, version) for row in library() for number, version in enumerate(row["versions"], 1)]
TITLES = [column.title for column in table.SHEET.columns]


def remarks(node):
    return [node.remarks, *(one for part in tree.parts_of(node) for one in remarks(part))]


def back(conditions, applies, manual, known, folder):
    """Out to a real workbook and in again."""
    path = Path(folder) / "条件.xlsx"
    with path.open("wb") as file:
        write_xlsx(file, TITLES, table.rows_of(conditions, applies, manual, known))
    return table.read(path, path.name, known)


@pytest.mark.parametrize(
    ("key", "number", "version"), VERSIONS, ids=[f"{key} v{number}" for key, number, _version in VERSIONS]
)
def test_every_rule_of_the_library_comes_back_as_it_went_out(key, number, version, tmp_path):
    read = back(version["conditions"], version.get("applies"), version.get("manual", []), book(), tmp_path)
    assert read.problems == []
    for before, after in ((version["conditions"], read.conditions), (version.get("applies"), read.applies)):
        if before:
            one, other = tree.parse(before, book()), tree.parse(after, book())
            assert one == other
            assert remarks(one) == remarks(other)
    assert read.manual == version.get("manual", [])


@given(st.integers(0, 10**9))
@settings(max_examples=150, deadline=None)
def test_any_tree_comes_back_with_the_same_meaning(seed):
    data = worlds.tree(worlds.world(seed))
    if tree.check(data, worlds.BOOK):
        return
    rows = [
        Row(at, dict(zip((column.key for column in table.SHEET.columns), cells, strict=True)))
        for at, cells in enumerate(table.rows_of(data, None, [], worlds.BOOK), 2)
    ]
    read = table.conditions_from(rows, worlds.BOOK)
    assert read.problems == []
    assert tree.parse(read.conditions, worlds.BOOK) == tree.parse(data, worlds.BOOK)


def test_groups_keep_their_own_clause_and_note(tmp_path):
    data = {
        "all": [
            {
                "at_least": 1,
                "of": [{"manual": "专家评审"}, {"field": "four_above", "op": "exists"}],
                "clause": "第二条",
            },
            {"not": {"any": [{"field": "abnormal_operation", "op": "is_true"}]}, "note": "以公示为准"},
            {"any": [{"field": "industry_code", "op": "under", "value": ["I65", "C"]}]},
        ],
        "clause": "总则",
    }
    assert back(data, None, [], book(), tmp_path).conditions == data


def row(number, **cells):
    return Row(number, {column.key: cells.get(column.key) for column in table.SHEET.columns})


GOOD = {"group": "全部", "field": "rd_expense", "op": "不低于", "value": 100.0, "unit": "万元"}


def test_names_of_fields_words_of_comparisons_and_texts_for_numbers_are_understood():
    rows = [
        row(2, **GOOD | {"field": "研发费用", "op": "gte", "value": "1,000"}),
        row(3, group="全部", field="registration_region", op="属于", value="330110，330105"),
        row(4, group="全部", field="abnormal_operation", op="等于", value="否"),
    ]
    read = table.conditions_from(rows, book())
    assert read.problems == []
    assert read.conditions == {
        "all": [
            {"field": "rd_expense", "op": "gte", "value": 1000, "unit": "万元"},
            {"field": "registration_region", "op": "in", "value": ["330110", "330105"]},
            {"field": "abnormal_operation", "op": "eq", "value": False},
        ]
    }


@pytest.mark.parametrize(
    ("changes", "column", "said"),
    [
        ({"field": "rd_expence"}, "字段代码", "rd_expence"),
        ({"op": "大约"}, "比较", "大约"),
        ({"value": "很多"}, "数值", "很多"),
        ({"unit": "人"}, "单位", "人"),
        ({"period": "去年"}, "期间", "去年"),
        ({"agg": "中位数"}, "汇总", "中位数"),
        ({"group": "全部 › 大部分"}, "组", "大部分"),
        ({"part": "附则"}, "部分", "附则"),
        ({"group": "任一"}, "组", "最外层"),
        ({"group": "全部" + " › 1 任一" * 40}, "组", "32"),
        ({"value": "1e999999999"}, "数值", "1e999999999"),
    ],
)
def test_a_mistake_is_told_by_its_row_and_column(changes, column, said):
    read = table.conditions_from([row(2, **GOOD), row(3, **GOOD | {"value": 200.0} | changes)], book())
    (problem,) = read.problems
    assert problem.row == 3
    assert problem.field == column
    assert said in problem.message
    assert problem.remedy


def test_every_mistake_is_told_at_once_and_nothing_comes_of_it():
    rows = [row(2, **GOOD | {"op": "大约"}), row(3, **GOOD), row(4, **GOOD | {"unit": "人"})]
    read = table.conditions_from(rows, book())
    assert [problem.row for problem in read.problems] == [2, 4]
    assert read.conditions is None


def test_not_holds_one_condition_and_an_empty_table_is_no_policy():
    assert "并非" in table.conditions_from([row(2, **GOOD | {"group": "并非"})] * 2, book()).problems[0].message
    assert table.conditions_from([], book()).problems


@pytest.mark.django_db
def test_a_draft_is_changed_by_its_own_table(scale, library, tmp_path):
    draft = versions.draft_version(policy=scale.policy, by=library.econ_specialist)
    path = tmp_path / "条件.xlsx"
    with path.open("wb") as file:
        table.write(draft, book(), file)
    read = table.read(path, path.name, book())
    assert read.problems == []
    versions.change_draft(version=draft, changes=read.changes, by=library.econ_specialist)
    versions.submit_version(version=draft, by=library.econ_specialist)
    assert PolicyVersion.objects.get(pk=draft.pk).conditions == scale.conditions
