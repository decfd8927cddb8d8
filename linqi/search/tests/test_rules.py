"""Words of two characters find every phrase; pinyin finds names; the question is checked against the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linqi.search.rules import Word, marked, normal, words_asked, words_of
from linqi.search.tests.plain import holds

SOUNDS = {"仓": "cang", "前": "qian", "科": "ke", "技": "ji"}
HAN = st.text("仓前晴川科技园一二", min_size=1, max_size=12)


def spell(letter):
    return SOUNDS.get(letter, letter)


def found_by(words, asked):
    return all(any(w.startswith(a.text) if a.beginning else w == a.text for w in words) for a in asked)


@given(HAN, st.integers(0, 11), st.integers(1, 6))
def test_every_phrase_of_a_text_finds_it(text, start, length):
    phrase = text[start : start + length]
    if phrase:
        assert found_by(words_of(text), words_asked(phrase))
        assert holds(normal(text), words_of(text), phrase)


@given(HAN, HAN)
def test_what_is_not_in_the_text_does_not_hold(text, phrase):
    assert holds(normal(text), words_of(text), phrase) == (phrase in text)


def test_a_name_is_found_by_its_pinyin():
    words = words_of("仓前科技", spell)
    assert found_by(words, words_asked("cqkj"))
    assert found_by(words, words_asked("kj"))
    assert found_by(words, words_asked("cangqian"))


def test_a_code_is_found_by_its_beginning_whatever_its_case_and_width():
    assert found_by(words_of("91330100799655058B"), words_asked("９１３３01"))


def test_a_single_character_is_asked_for_as_a_beginning():
    assert words_asked("仓") == [Word("仓", beginning=True)]


def test_signs_alone_ask_for_nothing():
    assert words_asked("\"' & | ! ( ) : * --") == []


@pytest.mark.parametrize(
    ("title", "question", "shown"),
    [
        pytest.param("杭州晴川科技", "晴川", "杭州[晴川]科技", id="what was asked for"),
        pytest.param("科技园科技楼", "科技", "[科技]园[科技]楼", id="wherever it stands"),
        pytest.param("Ａ座 ABC有限公司", "abc", "Ａ座 [ABC]有限公司", id="whatever its case"),
        pytest.param(
            "LQ20260302-0001", "0302", "LQ20260302-0001", id="not in the middle of a number, which is not searched"
        ),
        pytest.param("杭州晴川科技", "qckj", "杭州晴川科技", id="pinyin has nothing to mark"),
    ],
)
def test_a_title_shows_what_was_found(title, question, shown):
    assert "".join(f"[{text}]" if asked else text for text, asked in marked(title, question)) == shown


@given(st.text(max_size=30), st.text(max_size=6))
def test_a_marked_title_is_still_the_title(title, question):
    assert "".join(text for text, _asked in marked(title, question)) == title
