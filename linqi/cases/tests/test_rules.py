"""How long a case may take, how it presses, who is told: no database."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linqi.cases.flow import LIFE, OPEN, WORKING, Move, State
from linqi.cases.rules import (
    NEAR_DUE,
    REOPEN_WITHIN,
    Alarm,
    Audience,
    Limit,
    Press,
    Whose,
    limit_in_force,
    may_ask_extension,
    may_rate,
    may_reopen,
    number,
    press,
    told,
)

TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def limit(whose, since=None, until=None):
    return Limit("2 hours", "", "3 working_days", "", whose, since, until)


def test_the_nearer_limit_goes_before_the_farther_while_it_counts():
    product, street = limit(Whose.PRODUCT), limit(Whose.STREET)
    community = limit(Whose.COMMUNITY, since=TODAY, until=TODAY + 2 * DAY)
    assert limit_in_force([product, street, community], TODAY) is community
    assert limit_in_force([product, community, street], TODAY - DAY) is street
    assert limit_in_force([community, product, street], TODAY + 2 * DAY) is street  # its end is not its own day
    assert limit_in_force([product], TODAY) is product
    assert limit_in_force([limit(Whose.STREET, until=TODAY)], TODAY) is None
    assert limit_in_force([], TODAY) is None


def test_of_two_that_count_the_later_one_is_meant():
    old, new = limit(Whose.STREET), limit(Whose.STREET, since=TODAY)
    assert limit_in_force([new, old], TODAY) is new


@pytest.mark.parametrize(
    ("state", "due", "answered", "stands"),
    [
        pytest.param(State.DISPATCHED, NOW - HOUR, None, Press.OVERDUE, id="time over, nobody took it"),
        pytest.param(State.ACCEPTED, NOW, None, Press.NEAR, id="the very moment it is due is not yet late"),
        pytest.param(State.ACCEPTED, NOW + NEAR_DUE, None, Press.NEAR, id="a day before the end it presses"),
        pytest.param(State.ACCEPTED, NOW + NEAR_DUE + HOUR, None, Press.WITHIN, id="before that it does not"),
        pytest.param(State.ANSWERED, NOW - HOUR, NOW - HOUR, Press.KEPT, id="answered at the last moment is kept"),
        pytest.param(State.ANSWERED, NOW - 2 * HOUR, NOW - HOUR, Press.MISSED, id="answered late is missed"),
        pytest.param(State.CLOSED, NOW - HOUR, NOW - 2 * HOUR, Press.KEPT, id="closing later does not make it late"),
        pytest.param(State.WITHDRAWN, NOW - HOUR, None, Press.STOPPED, id="withdrawn cases do not press"),
    ],
)
def test_press(state, due, answered, stands):
    assert press(state, due, answered, NOW) is stands


@pytest.mark.parametrize(
    ("alarm", "handler", "department", "who"),
    [
        pytest.param(Alarm.NEAR, True, True, {Audience.HANDLER}, id="near: only who works on it"),
        pytest.param(Alarm.NEAR, False, True, {Audience.DEPARTMENT}, id="near, nobody took it: the section"),
        pytest.param(Alarm.OVERDUE, True, True, {Audience.HANDLER, Audience.SECRETARY}, id="over: the secretary too"),
        pytest.param(Alarm.NOT_ACCEPTED, False, True, {Audience.DEPARTMENT, Audience.SECRETARY}, id="nobody took it"),
        pytest.param(Alarm.OVERDUE, False, False, {Audience.SECRETARY}, id="no section: the secretary"),
    ],
)
def test_who_is_told(alarm, handler, department, who):
    assert told(alarm, has_handler=handler, has_department=department) == who


@given(st.sampled_from(Alarm), st.booleans(), st.booleans())
def test_somebody_is_always_told(alarm, handler, department):
    assert told(alarm, has_handler=handler, has_department=department)


def test_one_rating_for_each_closing():
    assert may_rate(NOW, None)
    assert not may_rate(NOW, NOW)
    assert may_rate(NOW, NOW - HOUR)
    assert not may_rate(None, None)


def test_reopening_ends_thirty_days_after_closing():
    assert may_reopen(None, NOW)
    assert may_reopen(NOW - REOPEN_WITHIN, NOW)
    assert not may_reopen(NOW - REOPEN_WITHIN - HOUR, NOW)


@pytest.mark.parametrize(
    ("extend", "asked", "due", "why_not"),
    [
        pytest.param("5 working_days", False, NOW + HOUR, "", id="asked in time"),
        pytest.param("", False, NOW + HOUR, "no_term", id="this class knows none"),
        pytest.param("5 working_days", True, NOW + HOUR, "twice", id="only once"),
        pytest.param("5 working_days", False, NOW - HOUR, "late", id="too late"),
    ],
)
def test_extension(extend, asked, due, why_not):
    assert may_ask_extension(extend=extend, asked=asked, due_at=due, now=NOW) == why_not


def test_number():
    assert number(TODAY, 7) == "LQ20260302-0007"


def test_every_move_has_a_name_and_every_open_state_a_way_on():
    assert {move.value for move in Move} == set(LIFE.moves) - {"answer_with_main"}  # nobody does that by itself
    assert WORKING < OPEN
    for state in OPEN:
        assert LIFE.open_moves(state)
