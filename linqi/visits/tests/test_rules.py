"""Whom we must visit and when we had better not: no database."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linqi.visits.rules import (
    ANSWERED_FOR,
    NEWCOMER_DAYS,
    QUIET_DAYS,
    Reason,
    disturbs,
    newcomer,
    reasons_open,
)

TODAY = date(2026, 3, 2)
N, D = Reason.NEWCOMER, Reason.IN_NEED


def ago(days):
    return TODAY - timedelta(days=days)


@pytest.mark.parametrize(
    ("held", "last", "open_"),
    [
        pytest.param({N: ago(5)}, None, [N], id="just moved in, never visited"),
        pytest.param({N: ago(12)}, ago(10), [], id="a visit since then has answered it"),
        pytest.param({N: ago(5)}, ago(10), [N], id="a visit before it moved in answers nothing"),
        pytest.param({N: ago(5)}, ago(5), [], id="a visit on the day it moved in answers it"),
        pytest.param({D: ago(3), N: ago(20)}, None, [D, N], id="need goes before newness"),
        pytest.param({D: ago(1), N: ago(20)}, ago(10), [D], id="a need that arose after the visit asks again"),
        pytest.param({D: ago(31)}, ago(31), [D], id="still in need thirty-one days after the visit"),
        pytest.param({D: ago(30)}, ago(30), [], id="on the thirtieth day the visit still answers"),
        pytest.param({}, None, [], id="nothing asks, nothing is open"),
    ],
)
def test_reasons_open(held, last, open_):
    assert reasons_open(held, last, TODAY) == open_


days = st.dates(date(2025, 1, 1), date(2026, 3, 2))


@given(st.dictionaries(st.sampled_from(Reason), days), st.none() | days)
def test_reasons_open_are_held_ordered_and_only_answered_by_a_later_visit(held, last):
    open_ = reasons_open(held, last, TODAY)
    assert open_ == [reason for reason in Reason if reason in open_]
    assert set(open_) <= set(held)
    for reason in set(held) - set(open_):
        assert last is not None
        assert held[reason] <= last
        assert (TODAY - last).days <= ANSWERED_FOR[reason]


@pytest.mark.parametrize(
    ("since", "is_new"),
    [
        pytest.param(TODAY, True, id="today"),
        pytest.param(ago(NEWCOMER_DAYS), True, id="thirty days ago"),
        pytest.param(ago(NEWCOMER_DAYS + 1), False, id="thirty-one days ago"),
        pytest.param(TODAY + timedelta(days=1), False, id="not yet here"),
        pytest.param(None, False, id="nobody knows since when"),
    ],
)
def test_newcomer(since, is_new):
    assert newcomer(since, TODAY) is is_new


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
