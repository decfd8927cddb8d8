"""Reading and showing values of the dictionary."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linqi.enterprises import dictionary
from linqi.enterprises.dictionary import Problem


@pytest.mark.parametrize(
    ("key", "text", "kept"),
    [
        pytest.param("revenue", "1,200,000", "1200000", id="thousands separators"),
        pytest.param("revenue", "1.2亿", "120000000", id="yi"),
        pytest.param("revenue", "350 万元", "3500000", id="wan yuan with a space"),
        pytest.param("revenue", "１２００", "1200", id="full-width digits"),
        pytest.param("net_profit", "-35.5万", "-355000", id="a loss"),
        pytest.param("rd_ratio", "12.5%", "0.125", id="percent of a ratio"),
        pytest.param("employees", "50人", 50, id="persons"),
        pytest.param("abnormal_operation", "否", False, id="no is a value, not unknown"),
        pytest.param("established_on", "2024年5月6日", "2024-05-06", id="Chinese date"),
        pytest.param("size_class", "小型", "small", id="label of a closed field"),
        pytest.param("size_class", "Small", "small", id="English label"),
        pytest.param("certificates", "HNTE；INNOV_SME", ["HNTE", "INNOV_SME"], id="list"),
    ],
)
def test_what_people_type_is_read(key, text, kept):
    assert dictionary.parse(key, text) == kept


@pytest.mark.parametrize(
    ("key", "text"),
    [
        pytest.param("revenue", "约莫不少", id="words for a number"),
        pytest.param("revenue", "", id="nothing"),
        pytest.param("employees", "3.5", id="half a person"),
        pytest.param("employees", "-3", id="negative persons"),
        pytest.param("size_class", "超大", id="no such class"),
        pytest.param("established_on", "2024-13-40", id="no such day"),
        pytest.param("abnormal_operation", "也许", id="perhaps"),
        pytest.param("revenue", "9" * 25, id="a number no enterprise reaches"),
    ],
)
def test_what_cannot_be_read_is_said(key, text):
    found = dictionary.parse(key, text)
    assert isinstance(found, Problem)
    assert found.message


@given(st.decimals(min_value=-(10**15), max_value=10**15, places=2))
def test_money_survives_being_kept(amount):
    kept = dictionary.stored("revenue", amount)
    assert isinstance(kept, str)
    assert dictionary.typed("revenue", kept) == amount


@given(st.dates(min_value=date(1900, 1, 1)))
def test_dates_survive_being_kept(day):
    assert dictionary.typed("established_on", dictionary.stored("established_on", day)) == day


@given(st.text(max_size=40), st.sampled_from(sorted(dictionary.fields())))
def test_any_text_gives_a_value_that_keeps_or_a_problem(text, key):
    found = dictionary.parse(key, text)
    if not isinstance(found, Problem):
        assert dictionary.stored(key, dictionary.typed(key, found)) == found
        assert dictionary.show(key, found)


def test_floats_are_refused_for_money():
    with pytest.raises(ValueError, match="数字"):
        dictionary.stored("revenue", 1.5)


def test_unknown_is_never_kept_and_never_shown_as_zero():
    with pytest.raises(ValueError, match="未知"):
        dictionary.stored("employees", None)
    assert dictionary.show("employees", None) == "—"
    assert dictionary.show("employees", 0) == "0 人"


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        pytest.param("revenue", "120000000", "1.2 亿元", id="money in yi"),
        pytest.param("rd_ratio", "0.125", "12.5%", id="share"),
        pytest.param("size_class", "micro", "微型", id="class"),
        pytest.param("wage_arrears", True, "是", id="yes"),
    ],
)
def test_values_are_shown_in_words(key, value, words):
    assert dictionary.show(key, value) == words


@pytest.mark.parametrize(
    ("key", "period", "fits"),
    [
        ("revenue", "2025", True),
        ("revenue", "2025-03", False),
        ("revenue", "", False),
        ("monthly_sales", "2026-03", True),
        ("monthly_sales", "2026-13", False),
        ("ownership", "", True),
        ("ownership", "2025", False),
    ],
)
def test_periods_fit_their_field(key, period, fits):
    if fits:
        dictionary.check_period(key, period)
    else:
        with pytest.raises(ValueError, match=r"请填|不分"):
            dictionary.check_period(key, period)


def test_every_field_is_complete_and_typed():
    for field in dictionary.fields().values():
        assert field.zh
        assert field.en
        assert field.type in {"str", "int", "decimal", "bool", "date", "enum", "list"}
        assert field.period in {"static", "as_of", "FY", "month", "event"}
        assert field.sensitivity in {"public", "business_secret", "personal", "sensitive_personal"}
    assert (
        len(dictionary.fields()) == 101 + 22 + 6
    )  # the domain notes' own, what policies ask beyond them, and signals of must-visits
    assert Decimal(dictionary.stored("revenue", "0")) == 0
