"""The editor: what a form shows comes back as it was, every button does what it says, nothing typed is lost."""

from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from django.template.loader import render_to_string
from hypothesis import given, settings
from hypothesis import strategies as st

from linqi.conditions.editor import Editor
from linqi.conditions.tests.worlds import BOOK, tree, world
from linqi.conditions.tree import parse, read

NAME = "conditions"
REVENUE = {"field": "revenue", "period": "Y-2", "op": "gte", "value": 5000, "unit": "万元", "clause": "第三条"}
LISTED = {"field": "listed", "op": "is_true"}
GRADE = {"field": "grade", "op": "in", "value": ["A", "C"]}


def editor(data):
    return Editor.of(data, BOOK, name=NAME, url="/x/")


def form_of(line):
    """What a browser sends of a row or group as it is shown."""
    at = f"{NAME}-{line.at}"
    pairs = [
        (f"{at}-kind", line.kind),
        (f"{at}-clause", line.clause),
        (f"{at}-note", line.note),
        (f"{at}-conf", line.conf),
    ]
    if line.kind in ("all", "any", "at_least", "not"):
        pairs += [(f"{at}-count", str(len(line.parts))), (f"{at}-least", str(line.count))]
        return pairs + [pair for part in line.parts for pair in form_of(part)]
    pairs += [(f"{at}-text", line.text)]
    for what, choices in (("op", line.ops), ("period", line.periods), ("unit", line.units), ("value", line.values)):
        pairs += [(f"{at}-{what}", one.value) for one in choices if one.chosen]
    if line.kind == "compare":
        pairs += [(f"{at}-field", one.value) for _group, listed in line.fields for one in listed if one.chosen]
        pairs += [] if line.values else [(f"{at}-value", line.text)]
    return pairs


def posted(shown, button=""):
    pairs = [*form_of(shown.root), *([(f"{NAME}-do", button)] if button else [])]
    return Editor.posted(QueryDict(urlencode(pairs)), BOOK, name=NAME, url="/x/")


def shallow(data, depth=1):
    parts = [one for key in ("all", "any", "of") for one in data.get(key, ())] + (
        [data["not"]] if "not" in data else []
    )
    return depth <= 6 and all(shallow(one, depth + 1) for one in parts)


@given(st.integers(0, 10**9))
@settings(max_examples=150, deadline=None)
def test_what_is_shown_comes_back_with_the_same_meaning(seed):
    data = tree(world(seed), depth=2)
    if read(data, BOOK)[1] or not shallow(data):
        return
    shown = editor(data)
    back = posted(shown)
    assert parse(back.data, BOOK) == parse(shown.data, BOOK)


@pytest.mark.parametrize(
    ("button", "expected"),
    [
        pytest.param(
            "add:r",
            [REVENUE, {"any": [LISTED, GRADE]}, {"field": "registered_here", "op": "is_true"}],
            id="a condition is added to a group",
        ),
        pytest.param(
            "add:r.1",
            [REVENUE, {"any": [LISTED, GRADE, {"field": "registered_here", "op": "is_true"}]}],
            id="and to one inside",
        ),
        pytest.param(
            "group:r",
            [REVENUE, {"any": [LISTED, GRADE]}, {"any": [{"field": "registered_here", "op": "is_true"}]}],
            id="a group is added",
        ),
        pytest.param(
            "manual:r.1",
            [REVENUE, {"any": [LISTED, GRADE, {"manual": "由主管部门认定"}]}],
            id="a point for people is added",
        ),
        pytest.param("drop:r.0", [{"any": [LISTED, GRADE]}], id="a condition goes"),
        pytest.param("drop:r.1", [REVENUE], id="a group goes"),
        pytest.param("down:r.0", [{"any": [LISTED, GRADE]}, REVENUE], id="one moves down"),
        pytest.param("up:r.1.1", [REVENUE, {"any": [GRADE, LISTED]}], id="one moves up inside"),
        pytest.param("up:r.0", [REVENUE, {"any": [LISTED, GRADE]}], id="the first stays first"),
        pytest.param("wrap:r.0", [{"any": [REVENUE]}, {"any": [LISTED, GRADE]}], id="one is put into a group"),
        pytest.param("drop:r.9", [REVENUE, {"any": [LISTED, GRADE]}], id="what is not there stays away"),
        pytest.param("up:r.x", [REVENUE, {"any": [LISTED, GRADE]}], id="a place that is none"),
    ],
)
def test_a_button_does_what_it_says(button, expected):
    assert posted(editor({"all": [REVENUE, {"any": [LISTED, GRADE]}]}), button).data == {"all": expected}


def test_a_field_of_another_kind_gets_a_comparison_that_fits():
    pairs = dict(form_of(editor({"all": [REVENUE]}).root)) | {f"{NAME}-r.0-field": "listed"}
    changed = Editor.posted(QueryDict(urlencode(pairs)), BOOK, name=NAME, url="/x/")
    assert changed.data["all"][0] == {"field": "listed", "op": "is_true", "clause": "第三条"}


def test_what_cannot_be_read_stays_as_typed_and_is_told_at_its_row():
    pairs = dict(form_of(editor({"all": [LISTED, REVENUE]}).root)) | {f"{NAME}-r.1-value": "很多"}
    typed = Editor.posted(QueryDict(urlencode(pairs)), BOOK, name=NAME, url="/x/")
    assert typed.data["all"][1]["value"] == "很多"
    assert [problem.path for problem in typed.problems] == [".all[1].value"]
    first, second = typed.root.parts
    assert not first.problems
    assert "数字" in second.problems[0].message + second.problems[0].remedy
    assert typed.sentence == ""
    html = render_to_string("conditions/editor.html", {"editor": typed})
    assert 'value="很多"' in html
    assert second.problems[0].message in html


def test_an_empty_form_is_one_group_to_begin_with():
    assert Editor.posted(QueryDict(""), BOOK, name=NAME, url="/x/").data == {
        "all": [{"field": "registered_here", "op": "is_true"}]
    }
    assert list(editor(LISTED).data) == ["all"]


def test_a_form_without_end_is_cut():
    pairs = [(f"{NAME}-r-kind", "all"), (f"{NAME}-r-count", "999999999")]
    assert Editor.posted(QueryDict(urlencode(pairs)), BOOK, name=NAME, url="/x/").data["all"] == []
