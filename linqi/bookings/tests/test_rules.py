"""Slots, what is free and what is refused; no database."""

from datetime import date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linqi.bookings.flow import LIFE
from linqi.bookings.rules import (
    AHEAD,
    AT_ONCE,
    LEAD,
    Hours,
    Refusal,
    Slot,
    days_ahead,
    free,
    overlap,
    refusal,
    slots_on,
)
from linqi.kit.clock import ZONE

MONDAY = date(2026, 3, 2)
NINE = datetime(2026, 3, 2, 9, tzinfo=ZONE)
SLOT = Slot(MONDAY, time(10), time(10, 30), 2)


def minutes(moment):
    """Minutes since midnight."""
    return moment.hour * 60 + moment.minute


clocks = st.integers(0, 23 * 60 + 59).map(lambda n: time(*divmod(n, 60)))
days = st.integers(0, 60).map(lambda n: MONDAY + timedelta(days=n))


@st.composite
def stretches(draw):
    begins, ends = sorted(draw(st.lists(clocks, min_size=2, max_size=2, unique=True)))
    since = draw(days)
    until = draw(st.none() | st.integers(1, 40).map(lambda n: since + timedelta(days=n)))
    return Hours(
        begins,
        ends,
        draw(st.integers(5, 240)),
        draw(st.integers(1, 5)),
        draw(st.none() | st.integers(0, 6)),
        since,
        until,
    )


@given(stretches(), days)
def test_slots_follow_one_another_and_stay_inside(hours, day):
    found = slots_on(day, [hours], working=True)
    if found:
        assert minutes(found[0].begins) == minutes(hours.begins)
        assert minutes(found[-1].ends) <= minutes(hours.ends) < minutes(found[-1].ends) + hours.minutes
    assert all(minutes(one.ends) - minutes(one.begins) == hours.minutes for one in found)
    assert all(one.ends == two.begins for one, two in pairwise(found))
    length = minutes(hours.ends) - minutes(hours.begins)
    assert len(found) == (length // hours.minutes if hours.counts_on(day) else 0)


@given(stretches(), stretches())
def test_hours_overlap_when_some_minute_of_some_day_is_offered_twice(one, other):
    """The oracle walks the days and minutes themselves."""
    reach = [MONDAY + timedelta(days=n) for n in range(120)]
    both = [day for day in reach if one.counts_on(day) and other.counts_on(day)]
    shared = set(range(minutes(one.begins), minutes(one.ends))) & set(range(minutes(other.begins), minutes(other.ends)))
    if both and shared:
        assert overlap(one, other)
    if overlap(one, other) and None in (one.until, other.until) and one.until == other.until:
        assert both, "two that go on without end meet on some day"
        assert shared


@pytest.mark.parametrize(("working", "closed"), [(False, False), (True, True)])
def test_days_off_and_closed_days_offer_nothing(working, closed):
    hours = Hours(time(9), time(17), 30, 1, None, MONDAY)
    assert slots_on(MONDAY, [hours], working=working, closed=closed) == []


@given(st.lists(days, unique=True, max_size=40), st.integers(0, 23))
def test_ten_working_days_from_today_on_can_be_booked(working, hour):
    found = days_ahead(datetime(2026, 3, 20, hour, tzinfo=ZONE), working)
    assert found == sorted(found)
    assert set(found) <= set(working)
    assert len(found) <= AHEAD
    assert all(day >= date(2026, 3, 20) for day in found)


@given(clocks, st.integers(0, 5), st.integers(1, 5))
def test_free_is_what_is_not_taken_and_not_begun(begins, taken, seats):
    slot = Slot(MONDAY, begins, time(23, 59), seats)
    left = free([slot], {(MONDAY, begins): taken}, NINE)[slot]
    soon = datetime.combine(MONDAY, begins, ZONE) < NINE + LEAD
    assert left == (0 if soon else max(0, seats - taken))


def asked(**said):
    """What is answered to a wish that nothing speaks against, but for what is said."""
    free_of_doubt = {
        "slot": SLOT, "taken": 0, "open_": 0, "same_time": False, "days": [MONDAY], "now": NINE, "by_staff": False
    }  # fmt: skip
    wish = {**free_of_doubt, **said}
    return refusal(wish.pop("slot"), **wish)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        pytest.param({}, None, id="nothing speaks against it"),
        pytest.param({"slot": None}, Refusal.NO_SLOT, id="no such slot"),
        pytest.param({"now": NINE + timedelta(minutes=1)}, Refusal.PAST, id="it begins in less than an hour"),
        pytest.param({"now": NINE + timedelta(minutes=70), "by_staff": True}, None, id="staff may while it runs"),
        pytest.param({"now": NINE + timedelta(minutes=90), "by_staff": True}, Refusal.PAST, id="nobody after its end"),
        pytest.param({"days": []}, Refusal.TOO_FAR, id="not among the ten days"),
        pytest.param({"same_time": True}, Refusal.TWICE, id="to be elsewhere then"),
        pytest.param({"open_": AT_ONCE}, Refusal.ENOUGH, id="two are open at this counter"),
        pytest.param({"open_": AT_ONCE, "by_staff": True}, None, id="staff may book a third"),
        pytest.param({"taken": 2}, Refusal.FULL, id="both seats are given"),
    ],
)
def test_refusal(said, why):
    assert asked(**said) == why


def test_the_documentation_draws_the_flow_as_it_is():
    drawn = Path(__file__).parents[3] / "docs" / "rules" / "booking.md"
    assert LIFE.as_mermaid() in drawn.read_text(encoding="utf-8")
