"""What the database engine finds is what a plain look through all texts finds."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linqi.search import registry
from linqi.search.actions import index, index_many, pinyin, remove
from linqi.search.queries import matches
from linqi.search.rules import normal, words_asked, words_of
from linqi.search.tests.plain import holds

pytestmark = pytest.mark.django_db
TEXTS = [
    "杭州晴川科技有限公司 91330100799655058B",
    "杭州晴科智能制造有限公司 9133011000000000X1",
    "仓前街道梦想园区 3 号楼",
    "宁波前川贸易有限公司",
    "关于电梯故障的投诉 LQ20260302-0001",
    "晴 川",
]


@pytest.fixture
def filled():
    index_many("thing", [(number, text, [number % 2]) for number, text in enumerate(TEXTS, start=1)])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.text("杭州晴川科技仓前街道电梯3号楼 lq9133\"'&|!()*:\\", min_size=1, max_size=5))
def test_the_index_answers_as_a_look_through_all_texts(filled, question):
    expected = {
        number
        for number, text in enumerate(TEXTS, start=1)
        if words_asked(question) and holds(normal(text), words_of(text, pinyin), question)
    }
    assert set(matches("thing", question, None)) == expected


def test_only_the_streets_one_sees_are_searched(filled):
    assert matches("thing", "晴川", [1]) == [1]
    assert matches("thing", "晴川", [0]) == [6]
    assert matches("thing", "晴川", []) == []


def test_a_name_is_found_by_initials_of_its_trade_name(filled):
    assert matches("thing", "qckj", None) == [1]


def test_a_changed_text_is_found_by_its_new_words_only(filled):
    index("thing", 1, "杭州南岭制造有限公司", [1])
    assert matches("thing", "南岭", None) == [1]
    assert 1 not in matches("thing", "晴川", None)


def test_what_was_removed_is_not_found(filled):
    remove("thing", [1])
    assert 1 not in matches("thing", "晴川", None)


def test_other_kinds_are_not_mixed_in(filled):
    assert matches("place", "晴川", None) == []


def test_a_kind_of_two_words_is_refused_because_the_index_would_cut_it():
    with pytest.raises(ValueError, match="one word of letters"):
        registry.register(replace(registry.searchables()[0], kind="waste_bin"))
