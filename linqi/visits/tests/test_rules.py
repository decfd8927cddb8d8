"""Whom we must visit, when we had better not, and whom first: no database."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linqi.visits.intake import default_rules
from linqi.visits.rules import (
    QUIET_DAYS,
    Due,
    Reason,
    Scoring,
    Terms,
    asks_since,
    disturbs,
    followed_up,
    reasons_open,
    score,
)

TODAY = date(2026, 3, 2)
N, D, R, P, U = Reason.NEWCOMER, Reason.IN_NEED, Reason.AT_RISK, Reason.PREMIUM, Reason.UNREGISTERED
TERMS = {row.reason: Terms(row.first_visit, row.repeat, row.most, row.presses, row.weight) for row in default_rules()}
SCORING = Scoring(Decimal(1), 30, 60)


def ago(days):
    return TODAY - timedelta(days=days)


@pytest.mark.parametrize(
    ("held", "visits", "open_"),
    [
        pytest.param({N: [ago(5)]}, [], {N: ago(5)}, id="just moved in, never visited"),
        pytest.param({N: [ago(12)]}, [ago(10)], {}, id="a visit since then has answered it"),
        pytest.param({N: [ago(35)]}, [ago(40)], {N: ago(10)}, id="a visit before it moved in answers nothing, but gives thirty quiet days"),
        pytest.param({N: [ago(5)]}, [ago(10)], {}, id="newness does not press: nobody comes twice in thirty days"),
        pytest.param({N: [ago(5)]}, [ago(5)], {}, id="a visit on the day it moved in answers it"),
        pytest.param({D: [ago(3)], N: [ago(20)]}, [], {D: ago(3), N: ago(20)}, id="need goes before newness"),
        pytest.param({D: [ago(1)], N: [ago(20)]}, [ago(10)], {D: ago(1)}, id="a need that arose after the visit asks again"),
        pytest.param({R: [ago(1)]}, [ago(2)], {R: ago(1)}, id="a risk does not wait for quiet days to pass"),
        pytest.param({D: [ago(31)]}, [ago(31)], {D: TODAY}, id="still in need thirty-one days after the visit: from today"),
        pytest.param({D: [ago(30)]}, [ago(30)], {}, id="on the thirtieth day the visit still answers"),
        pytest.param({D: [ago(20), ago(2)]}, [ago(5)], {D: ago(2)}, id="an old need is answered, a newer one is not"),
        pytest.param({P: [ago(400)]}, [ago(100)], {P: ago(9)}, id="a good firm is seen every quarter"),
        pytest.param({U: [ago(400)]}, [ago(100)], {}, id="a firm registered elsewhere is left alone for half a year"),
        pytest.param({N: [ago(290)]}, [ago(280), ago(190), ago(95)], {}, id="a newcomer is followed up twice, not a third time"),
        pytest.param({}, [], {}, id="nothing asks, nothing is open"),
    ],
)  # fmt: skip
def test_reasons_open(held, visits, open_):
    assert reasons_open(held, visits, TODAY, TERMS) == open_
    assert list(reasons_open(held, visits, TODAY, TERMS)) == [reason for reason in Reason if reason in open_]


days = st.dates(date(2025, 1, 1), TODAY)
visited = st.lists(days, max_size=6, unique=True).map(sorted)
terms = st.builds(
    Terms, st.integers(1, 20), st.none() | st.integers(1, 200), st.none() | st.integers(0, 3), st.booleans()
)


@given(st.lists(days, min_size=1, max_size=4), visited, terms)
def test_what_asks_is_held_and_not_answered(begun, visits, kept):
    since = asks_since(begun, visits, TODAY, kept)
    if since is None:
        assert all(any(day >= start for day in visits) for start in begun)  # only a later visit answers
        return
    assert since >= min(begun)
    if since <= TODAY and not kept.presses and visits:
        assert (TODAY - visits[-1]).days >= QUIET_DAYS  # one visit in thirty days
    if not visits:
        assert since == min(begun)


@given(st.lists(days, min_size=1, max_size=4), visited, terms)
def test_a_visit_today_answers_everything_for_today(begun, visits, kept):
    since = asks_since(begun, [*visits, TODAY], TODAY, kept)
    assert since is None or since > TODAY


@given(st.lists(days, min_size=1, max_size=4), visited, terms, days)
def test_another_beginning_never_makes_a_firm_wait_longer(begun, visits, kept, more):
    before, after = (asks_since(one, visits, TODAY, kept) for one in (begun, [*begun, more]))
    assert before is None or (after is not None and after <= before)


@pytest.mark.parametrize(
    ("visits", "since"),
    [
        pytest.param([], None, id="never visited as a newcomer"),
        pytest.param([ago(80)], ago(80), id="visited once: its follow-ups hang on that visit"),
        pytest.param([ago(190), ago(95)], ago(190), id="the first of the chain counts"),
        pytest.param([ago(700)], None, id="long over"),
    ],
)
def test_a_newcomer_lives_on_in_its_own_visits(visits, since):
    assert followed_up(visits, TODAY, TERMS[N]) == since
    assert followed_up(visits, TODAY, TERMS[P]) is None  # kinds without a number of follow-ups end with their trigger


@pytest.mark.parametrize(
    ("last", "reasons", "days_ago"),
    [
        pytest.param(None, [], None, id="never visited: no burden"),
        pytest.param(ago(12), [], 12, id="seen lately, nothing new: stay away"),
        pytest.param(ago(12), [D], None, id="seen lately, but in need: go"),
        pytest.param(ago(QUIET_DAYS), [], None, id="long enough ago"),
    ],
)
def test_guohanban_2026_12_no_needless_visit(last, reasons, days_ago):
    assert disturbs(last, reasons, TODAY) == days_ago


# --- who comes first --------------------------------------------------------------------------------------------------
def total(*dues, value="1"):
    return score(dues, TODAY, TERMS, SCORING, Decimal(value)).total


def test_the_score_is_weight_times_urgency_times_lateness_times_value():
    due = Due(R, ago(34), ago(30))
    counted = score([due], TODAY, TERMS, SCORING, Decimal("1.5"))
    (factor,) = counted.factors
    assert (factor.weight, factor.urgency, factor.lateness, factor.late) == (Decimal(5), Decimal(2), Decimal(2), 30)
    assert counted.total == Decimal("30.00")


def test_reasons_add_up_and_the_term_presses_as_it_runs_out():
    fresh, half = Due(N, TODAY, TODAY + timedelta(days=10)), Due(N, ago(5), TODAY + timedelta(days=5))
    assert total(fresh) == Decimal("2.00")
    assert total(half) == Decimal("3.00")
    assert total(fresh, Due(R, TODAY, TODAY + timedelta(days=2))) == Decimal("7.00")


dues = st.builds(
    lambda reason, since, term: Due(reason, since, since + timedelta(days=term)),
    st.sampled_from(Reason),
    days,
    st.integers(0, 30),
)


@given(st.lists(dues, min_size=1, max_size=6), st.decimals(1, 5, places=1))
def test_the_score_grows_with_days_and_reasons_and_never_beyond_its_bounds(listed, value):
    today = score(listed, TODAY, TERMS, SCORING, value).total
    tomorrow = score(listed, TODAY + timedelta(days=1), TERMS, SCORING, value).total
    assert Decimal(0) < today <= tomorrow
    assert today >= score(listed[:-1], TODAY, TERMS, SCORING, value).total
    assert today <= value * sum(TERMS[due.reason].weight for due in listed) * 2 * 3 + Decimal("0.01")


# --- the defaults -----------------------------------------------------------------------------------------------------
def test_the_defaults_are_those_of_the_dossier():
    """domain.md A7 and services.yaml: limits and repeats of the six kinds."""
    assert {reason.value: (kept.first_visit, kept.repeat, kept.most) for reason, kept in TERMS.items()} == {
        "newcomer": (7, 90, 2), "premium": (10, 90, None), "in_need": (3, 30, None),
        "outbound": (5, 60, None), "unregistered": (10, 180, None), "at_risk": (2, 30, None),
    }  # fmt: skip
    assert {reason for reason, kept in TERMS.items() if kept.presses} == {D, R}


def test_gongping_jingzheng_9_10_who_invests_or_registers_elsewhere_is_served_and_never_pressed():
    noted = {row.reason: row.legal for row in default_rules()}
    for reason in (Reason.OUTBOUND, Reason.UNREGISTERED):
        assert "不得施压" in noted[reason]
        assert "公平竞争审查条例" in noted[reason]
