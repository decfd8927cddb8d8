"""Reading conditions: the grammar is the published one, and every mistake is named by its path with a remedy."""

import json
from importlib.resources import files

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linqi.conditions.book import Book, Field
from linqi.conditions.errors import ConditionError
from linqi.conditions.tests.worlds import BOOK, tree, world
from linqi.conditions.tree import MOST_NODES, check, parse, plain

SCHEMA = json.loads(files("linqi.conditions").joinpath("data/condition.schema.json").read_text("utf-8"))
FITS = jsonschema.Draft202012Validator(SCHEMA)


@given(st.integers(0, 10**9))
@settings(max_examples=200, deadline=None)
def test_whatever_can_be_read_fits_the_schema_and_comes_back_as_it_was_written(seed):
    data = tree(world(seed))
    FITS.validate(data)
    if not check(data, BOOK):
        assert plain(parse(data, BOOK)) == data


def deep(levels):
    data = {"field": "listed", "op": "is_true"}
    for _level in range(levels):
        data = {"not": data}
    return data


GROUP = {"field": "revenue", "op": "gte", "value": 1}
WRONG = {
    "an unknown field, with the nearest ones": ({"all": [{"field": "revenu", "op": "gte", "value": 1}]}, ".all[0].field", "revenue"),
    "a unit of another kind": ({"field": "revenue", "op": "gte", "value": 1, "unit": "人"}, ".unit", "万元"),
    "a unit where there is none": ({"field": "listed", "op": "eq", "value": True, "unit": "元"}, ".unit", "删去"),
    "a comparison that does not fit": ({"field": "listed", "op": "gte", "value": 1}, ".op", "为是"),
    "a comparison nobody knows": ({"field": "revenue", "op": "approx", "value": 1}, ".op", "gte"),
    "a text for a number": ({"field": "revenue", "op": "gte", "value": "很多"}, ".value", "数字"),
    "a number without end": ({"field": "revenue", "op": "gte", "value": "1e999999999"}, ".value", "数字"),
    "a number of ten thousand digits": ({"field": "revenue", "op": "gte", "value": 10**10_000}, ".value", "数字"),
    "a number that is none": ({"field": "revenue", "op": "gte", "value": "nan"}, ".value", "数字"),
    "a formula with a number without end": ({"expr": "revenue * 1e300", "op": "gte", "value": 1}, ".expr", "位数"),
    "yes for a number": ({"field": "revenue", "op": "gte", "value": True}, ".value", "数字"),
    "no value": ({"field": "revenue", "op": "gte"}, ".value", "填写"),
    "a value where none is asked": ({"field": "listed", "op": "is_true", "value": 1}, ".value", "删去"),
    "a date that does not exist": ({"any": [{"field": "founded", "op": "gte", "value": "2026-02-30"}]}, ".any[0].value", "today-90d"),
    "dates nobody can meet together": (
        {"all": [{"field": "founded", "op": "gte", "value": "2026-01-01"}, {"field": "founded", "op": "lt", "value": "2026-01-01"}]}, ".all[1]", "核对",
    ),
    "numbers nobody can meet together": (
        {"all": [{"field": "share", "op": "gt", "value": 5, "unit": "percent"}, {"field": "share", "op": "lte", "value": 0.05}]}, ".all[1]", "核对",
    ),
    "moving dates nobody can meet together": (
        {"all": [{"field": "founded", "op": "gt", "value": "today-1y"}, {"field": "founded", "op": "lt", "value": "today-2y"}]}, ".all[1]", "核对",
    ),
    "a value of a closed field that it does not have": ({"field": "grade", "op": "eq", "value": "D"}, ".value", "A"),
    "a code that is no industry": ({"field": "industry", "op": "under", "value": ["I65", "Z9"]}, ".value", "GB/T 4754"),
    "a year for an undated field": ({"field": "share", "op": "gte", "value": 1, "period": "Y-1"}, ".period", "删去"),
    "a month for a yearly field": ({"field": "revenue", "op": "gte", "value": 1, "period": "M-1"}, ".period", "年度"),
    "several periods without saying how": ({"field": "revenue", "op": "gte", "value": 1, "period": ["Y-1", "Y-2"]}, ".agg", "each"),
    "a sum of yes and no": ({"field": "listed", "op": "is_true", "period": [], "agg": "sum"}, ".agg", "each"),
    "an empty group": ({"any": []}, ".any", "删去"),
    "more than there are": ({"at_least": 3, "of": [GROUP]}, ".at_least", "1"),
    "two kinds at once": ({"all": [GROUP], "any": [GROUP]}, "", "之一"),
    "a word nobody knows": ({"field": "revenue", "op": "gte", "value": 1, "valeu": 2}, ".valeu", "拼写"),
    "no condition at all": ("revenue > 1", "", "之一"),
    "a formula that divides by zero": ({"expr": "revenue / 0", "op": "gte", "value": 1}, ".expr", "分母"),
    "a formula with a call nobody knows": ({"expr": "__import__('os')", "op": "gte", "value": 1}, ".expr", "可用"),
    "a formula that does not close": ({"expr": "sum(revenue", "op": "gte", "value": 1}, ".expr", "括号"),
    "a formula over a date": ({"expr": "founded * 2", "op": "gte", "value": 1}, ".expr", "类型"),
    "a tree without end": ({"all": [GROUP] * 10_000}, f".all[{MOST_NODES - 1}]", "拆成"),
    "a tree without a bottom": (deep(5_000), ".not" * 32, "外层"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "path", "remedy"), WRONG.values(), ids=WRONG)
def test_a_mistake_is_named_with_its_path_and_a_remedy(data, path, remedy):
    problems = check(data, BOOK)
    assert problems[0].path == path
    assert problems[0].message
    assert remedy in problems[0].message + problems[0].remedy
    with pytest.raises(ConditionError):
        parse(data, BOOK)


def test_every_mistake_is_told_at_once():
    data = {"all": [{"field": "nothing", "op": "gte", "value": 1}, {"field": "revenue", "op": "gte", "value": "x"}]}
    assert [problem.path for problem in check(data, BOOK)] == [".all[0].field", ".all[1].value"]


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        pytest.param([("a", "b + 1"), ("b", "a * 2")], "fields.a.formula", id="a circle of two"),
        pytest.param([("a", "a + 1")], "fields.a.formula", id="a field of itself"),
        pytest.param([("a", "nobody + 1")], "fields.a.formula", id="a field nobody knows"),
        pytest.param([("a", "1 / 0")], "fields.a.formula", id="division by zero"),
    ],
)
def test_derived_fields_that_lead_nowhere_are_refused(fields, path):
    with pytest.raises(ConditionError) as refused:
        Book(Field(key, key, key, "decimal", formula=formula) for key, formula in fields)
    assert refused.value.path == path
    assert refused.value.remedy
