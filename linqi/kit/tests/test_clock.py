"""The clock against the State Council's calendar, against itself, and against a count done by walking."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linqi.kit import clock
from linqi.kit.clock import HOURS, ZONE, Calendar, Clock, Term, Unit, clock_in_force, published_calendar

CLOCK = clock_in_force()
MOMENTS = st.datetimes(datetime(2008, 1, 1), datetime(2026, 10, 1)).map(
    lambda at: at.replace(second=0, microsecond=0, tzinfo=ZONE)
)
DAYS = st.integers(1, 60)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def due(start, term, **more):
    return CLOCK.due(start, Term.parse(term), **more)


# --- another way: walk the calendar minute by minute and day by day, without ordinals or bisection ---------------------
def worked(day):
    calendar = published_calendar()
    if day in calendar.worked:
        return True
    return day.weekday() not in (5, 6) and day not in calendar.off


def walk_days(start, count):
    day = start.date()
    while count:
        day += timedelta(days=1)
        count -= worked(day)
    return day


def walk_minutes(start, count):
    moment = start
    while count:
        inside = any(begin <= moment.time() < end for begin, end in HOURS)
        if worked(moment.date()) and inside:
            count -= 1
        moment += timedelta(minutes=1)
    return moment


@pytest.mark.parametrize(
    ("start", "term", "expected"),
    [
        pytest.param("2026-09-30 16:00", "5 working_days", "2026-10-13", id="国庆七天不算，10 月 10 日调休要算"),
        pytest.param("2026-11-20 09:00", "1 working_days", "2026-11-23", id="周五收到，次日起算，到周一"),
        pytest.param("2026-11-21 09:00", "1 working_days", "2026-11-23", id="周六收到，也到周一"),
        pytest.param("2026-09-25 10:00", "7 natural_days", "2026-10-08", id="最后一日在假期里，顺延到节后第一个工作日"),
        pytest.param("2026-11-02 10:00", "15 natural_days", "2026-11-17", id="自然日不跳周末"),
    ],
)
def test_terms_end_on_the_day_the_law_says(start, term, expected):
    assert due(at(start), term).at.date() == date.fromisoformat(expected)


def test_half_a_working_day_is_four_working_hours():
    assert due(at("2026-11-20 16:00"), "0.5 working_days").at == at("2026-11-23 11:00")


def test_hours_of_an_emergency_run_through_the_night():
    assert due(at("2026-11-20 17:00"), "24 hours").at == at("2026-11-21 17:00")


@given(MOMENTS, DAYS)
def test_working_days_agree_with_a_walk(start, count):
    assert due(start, f"{count} working_days").at.date() == walk_days(start, count)


@given(MOMENTS, st.integers(1, 20))
def test_working_hours_agree_with_a_walk_minute_by_minute(start, count):
    assert due(start, f"{count} working_hours").at == walk_minutes(start, count * 60)


@given(MOMENTS, DAYS, DAYS)
def test_adding_two_terms_is_adding_them_one_after_the_other(start, first, second):
    together = CLOCK.add_working_days(start.date(), first + second)
    assert CLOCK.add_working_days(CLOCK.add_working_days(start.date(), first), second) == together


@given(MOMENTS, DAYS, st.sampled_from([Unit.WORKING_DAYS, Unit.NATURAL_DAYS, Unit.WORKING_HOURS, Unit.HOURS]))
def test_a_longer_term_never_ends_earlier_and_never_before_it_began(start, count, unit):
    shorter = CLOCK.due(start, Term(Decimal(count), unit)).at
    assert start <= shorter <= CLOCK.due(start, Term(Decimal(count + 1), unit)).at


@given(MOMENTS, DAYS, st.sampled_from(["working_days", "natural_days"]))
def test_a_term_in_days_never_ends_on_a_day_off(start, count, unit):
    assert worked(due(start, f"{count} {unit}").at.date())


@given(MOMENTS, DAYS, st.integers(0, 40), st.integers(0, 40))
def test_waiting_for_the_enterprise_never_brings_the_date_nearer(start, count, after, length):
    since = start + timedelta(days=after)
    plain = due(start, f"{count} working_days")
    waited = due(start, f"{count} working_days", pauses=[(since, since + timedelta(days=length))])
    assert waited.at >= plain.at
    if since >= plain.at:
        assert waited.at == plain.at


@given(MOMENTS, DAYS, DAYS)
def test_an_extension_adds_its_days(start, count, more):
    extended = due(start, f"{count} working_days", extension=Term(Decimal(more), Unit.WORKING_DAYS))
    assert extended.at == due(start, f"{count + more} working_days").at


def test_the_reasoning_names_what_was_skipped_and_what_was_worked():
    said = "\n".join(str(step) for step in due(at("2026-09-30 16:00"), "5 working_days").why)
    assert "次日起算" in said
    assert "国庆节" in said
    assert "2026-10-10 调休上班" in said


def test_the_reasoning_speaks_english_too():
    assert due(at("2026-11-20 16:00"), "1 working_days").why[1].say("en") == "counting starts the next day"


def test_beyond_the_published_years_a_date_is_provisional_and_says_so():
    late = due(at("2026-12-30 10:00"), "3 working_days")
    assert late.provisional
    assert "2027" in "\n".join(str(step) for step in late.why)
    assert not due(at("2026-12-21 10:00"), "3 working_days").provisional


def test_when_the_year_is_published_the_date_is_counted_anew_with_a_trace():
    term, start = Term.parse("3 working_days"), at("2026-12-30 10:00")
    before = CLOCK.due(start, term)
    old = published_calendar()
    new_year = {date(2027, 1, day): "元旦" for day in (1, 2, 3, 4)}
    published = Calendar({**old.off, **new_year}, old.worked, old.published | {2027}, "with 2027")
    after, change = Clock(published).recompute(before, start, term)
    assert not after.provisional
    assert change is not None
    assert change.before == before.at
    assert change.after == after.at == datetime.combine(date(2027, 1, 6), time(18), ZONE)


@pytest.mark.parametrize(
    "text", ["5", "5 weeks", "x working_days", "0 working_days", "-1 hours", "1.5 working_days", "0.5 natural_days"]
)
def test_a_term_that_makes_no_sense_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        Term.parse(text)


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        CLOCK.due(datetime(2026, 1, 5), Term.parse("1 hours"))


def test_every_year_from_2007_to_2026_is_shipped_and_make_up_days_fall_on_weekends():
    calendar = published_calendar()
    assert calendar.published == frozenset(range(2007, 2027))
    on_weekdays = [day for day in calendar.worked if day.weekday() < 5]
    assert on_weekdays == [date(2020, 2, 3)]  # the first working day after the holiday was prolonged in 2020


def test_spans_of_waiting_that_overlap_count_once():
    start, waiting = at("2026-11-02 10:00"), (at("2026-11-03 09:00"), at("2026-11-06 09:00"))
    inside = (at("2026-11-04 09:00"), at("2026-11-05 09:00"))
    once = due(start, "10 working_days", pauses=[waiting])
    assert due(start, "10 working_days", pauses=[waiting, waiting, inside]).at == once.at


def test_before_the_first_published_year_nothing_is_counted():
    with pytest.raises(ValueError, match="2007"):
        due(at("2005-03-01 10:00"), "1 working_days")


def test_the_clock_stands_only_while_it_is_told_to():
    moment = datetime(2026, 3, 2, 9, 0, tzinfo=ZONE)
    with clock.standing(moment):
        assert (clock.now(), clock.today()) == (moment, moment.date())
        with pytest.raises(ZeroDivisionError), clock.standing(moment + timedelta(days=1)):
            _ = 1 / 0
        assert clock.now() == moment
    assert clock.now() != moment
