"""Credit codes against the standard, against another library, and against a sum done another way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc as another

from linqi.kit.identifiers import (
    ALPHABET,
    Code,
    check_character,
    has_organisation_code,
    is_uscc,
    make_uscc,
    mask_name,
    old_check_digit,
    read_code,
)

ORGANISATIONS = st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=8, max_size=8)
REGIONS = st.integers(110000, 659999).map(str)
CODES = st.builds(make_uscc, st.just("9"), st.sampled_from("123"), REGIONS, ORGANISATIONS)


def check_by_horner(body):
    """The same check character by Horner's scheme from the right, as GB 32100 does not write it."""
    total = 0
    for letter in reversed(body):
        total = (total * 3 + ALPHABET.index(letter)) % 31
    return ALPHABET[(31 - total) % 31]


@given(CODES)
def test_made_codes_are_valid_for_us_and_for_another_library(code):
    assert is_uscc(code)
    assert another.is_valid(code)
    assert has_organisation_code(code)


@given(st.text(ALPHABET, min_size=17, max_size=17))
def test_the_check_character_agrees_with_a_sum_done_another_way(body):
    assert check_character(body) == check_by_horner(body)


@given(CODES, st.integers(0, 17), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_always_found(code, place, letter):
    wrong = code[:place] + letter + code[place + 1 :]
    assert is_uscc(wrong) == (wrong == code)


@given(CODES)
def test_spaces_case_and_width_do_not_matter(code):
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in code.lower())
    assert read_code(f" {wide[:4]} {wide[4:]}\u200b").text == code


@given(st.one_of(st.none(), st.text(max_size=30), st.floats(), st.integers(), st.binary(max_size=5)))
def test_reading_never_raises(anything):
    reading = read_code(anything)
    assert reading.usable == (reading.problem == "" and reading.kind is not Code.NOTHING)


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        pytest.param("91330100799655058B", Code.USCC, "", id="a real code"),
        pytest.param("9.13301E+17", Code.ROUNDED, "文本", id="scientific notation"),
        pytest.param(913301007996550000.0, Code.ROUNDED, "文本", id="a number cell"),
        pytest.param("913301007996550000", Code.ROUNDED, "文本", id="15 digits kept, the rest zeros"),
        pytest.param("91330100799655058C", Code.MALFORMED, "末位应为 B", id="wrong check character"),
        pytest.param("9133010O799655058B", Code.MALFORMED, "是不是 0", id="the letter O for a zero"),
        pytest.param("9133010079965505", Code.MALFORMED, "16 位", id="too short"),
        pytest.param("", Code.NOTHING, "", id="empty"),
    ],
)
def test_each_kind_of_code_is_told_apart_with_its_remedy(text, kind, says):
    reading = read_code(text)
    assert reading.kind is kind
    assert says in reading.problem


@given(st.text("0123456789", min_size=14, max_size=14))
def test_an_old_number_is_recognised_and_kept_apart(body):
    reading = read_code(body + old_check_digit(body))
    assert reading.kind is Code.OLD_NUMBER


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        pytest.param("余杭区张三便利店", "余杭区**便利店", id="place and trade stay"),
        pytest.param("杭州市余杭区仓前街道李四水果店", "杭州市余杭区仓前街道**水果店", id="street stays"),
        pytest.param("王五理发店", "**理发店", id="no place"),
        pytest.param("张三", "张**", id="nothing but a name"),
    ],
)
def test_what_may_be_a_persons_name_is_covered(name, masked):
    assert mask_name(name) == masked


@pytest.mark.parametrize("text", ["\u1371" * 15, "\u0663" * 15, "\u0663" * 18])
def test_digits_of_other_scripts_are_no_code(text):
    assert read_code(text).kind is Code.MALFORMED


def test_a_cell_that_is_not_a_number_is_an_empty_cell():
    assert read_code(float("nan")).kind is Code.NOTHING
