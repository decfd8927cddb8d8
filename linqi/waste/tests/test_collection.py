"""Which bins are emptied, why, and in which order: no database."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linqi.kit.clock import ZONE
from linqi.kit.geodesy import distance
from linqi.waste.kinds import Stream
from linqi.waste.rules import collection
from linqi.waste.rules.collection import Outlook, Reading, Reason, Stop
from linqi.waste.rules.containers import Gap, Held, Setting, gaps, serves_food

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=ZONE)
LEVEL = st.floats(0, 1)


def hourly(*levels):
    """Readings an hour apart, the last of them now."""
    return [Reading(NOW - timedelta(hours=len(levels) - 1 - at), one) for at, one in enumerate(levels)]


def test_a_bin_that_fills_steadily_is_full_when_its_rate_says_so():
    readings = hourly(*(n * 0.05 for n in range(9)))
    seen = collection.outlook(readings[-1], readings, NOW)
    assert seen.rate == pytest.approx(0.05)
    assert seen.full_at == pytest.approx(NOW + timedelta(hours=8), abs=timedelta(seconds=1))


def test_an_emptying_is_not_a_negative_rate():
    rising = [0.1, 0.2, 0.3, 0.4]
    assert collection.rate_of(hourly(*rising, *rising, *rising)) == pytest.approx(0.1)


def test_too_little_observed_is_no_rate_and_nothing_told_is_no_level():
    assert collection.rate_of(hourly(0.1, 0.2, 0.3)) is None
    assert collection.rate_of([]) is None
    assert collection.outlook(None, [], NOW) == Outlook(None, None, None)


def test_a_level_told_hours_ago_is_carried_on_but_never_beyond_full():
    readings = [Reading(one.at - timedelta(hours=4), one.level) for one in hourly(*(n * 0.05 for n in range(9)))]
    assert collection.outlook(readings[-1], readings, NOW).level == pytest.approx(0.6)
    readings = [Reading(one.at - timedelta(hours=400), one.level) for one in readings]
    assert collection.outlook(readings[-1], readings, NOW).level == 1.0


@given(st.lists(LEVEL, max_size=30), LEVEL)
def test_whatever_is_told_the_outlook_is_sane(levels, last):
    readings = hourly(*levels)
    seen = collection.outlook(Reading(NOW, last), readings, NOW)
    assert seen.rate is None or seen.rate >= 0
    assert seen.level is not None
    assert 0 <= seen.level <= 1
    assert seen.full_at is None or seen.full_at >= NOW
    assert (seen.full_at == NOW) == (seen.level >= collection.FULL) or seen.full_at is None


@pytest.mark.parametrize(
    ("stream", "seen", "expected"),
    [
        pytest.param("perishable", Outlook(0.0, 0.0, None), Reason.DAILY, id="perishable is collected though empty"),
        pytest.param("residual", Outlook(None, None, None), Reason.DAILY, id="residual is collected though unknown"),
        pytest.param("residual", Outlook(0.9, None, NOW), Reason.FULL, id="a full one says that it is full"),
        pytest.param("recyclable", Outlook(None, 0.1, None), Reason.UNKNOWN, id="unknown is never taken for empty"),
        pytest.param("recyclable", Outlook(0.2, None, None), None, id="known and far from full can wait"),
        pytest.param(
            "recyclable",
            Outlook(0.7, 0.01, NOW + timedelta(hours=10)),
            Reason.SOON,
            id="full before the next round is emptied on this one",
        ),
        pytest.param(
            "hazardous", Outlook(0.7, 0.001, NOW + timedelta(hours=24)), None, id="full at the next round waits"
        ),
        pytest.param("hazardous", Outlook(0.8, None, NOW), Reason.FULL, id="exactly full is full"),
    ],
)
def test_why(stream, seen, expected):
    assert collection.why(stream, seen, NOW) == expected


# --- the way ---------------------------------------------------------------------------------------------------------
PLACED = st.tuples(st.floats(119.9, 120.1), st.floats(30.2, 30.4))
STOPS = st.lists(st.one_of(st.none(), PLACED), max_size=12).map(
    lambda found: [Stop(key, f"{key}号楼", at) for key, at in enumerate(found)]
)


@given(STOPS)
def test_every_stop_comes_once_and_those_without_a_position_last(stops):
    legs = collection.in_order(stops)
    assert sorted(leg.stop.key for leg in legs) == [stop.key for stop in stops]
    placed = [leg.stop.at is not None for leg in legs]
    assert placed == sorted(placed, reverse=True)


@given(STOPS)
def test_each_next_stop_is_the_nearest_of_those_left(stops):
    legs = [leg for leg in collection.in_order(stops) if leg.stop.at]
    for at, leg in enumerate(legs[1:], start=1):
        here = legs[at - 1].stop.at
        assert leg.metres == pytest.approx(min(distance(here, other.stop.at) for other in legs[at:]))
    assert not legs or legs[0].metres is None


@given(STOPS, st.randoms())
def test_the_way_does_not_depend_on_how_the_stops_are_listed(stops, random):
    shuffled = list(stops)
    random.shuffle(shuffled)
    assert collection.in_order(shuffled) == collection.in_order(stops)


def test_a_way_without_two_positions_has_no_length():
    assert collection.length(collection.in_order([Stop(1, "a", None), Stop(2, "b", (120.0, 30.0))])) is None


# --- which bins there must be (浙江条例第29条) ------------------------------------------------------------------------
def test_an_office_building_needs_recyclable_and_residual():
    assert gaps(Setting.BUILDING, []) == (Gap(Stream.RECYCLABLE), Gap(Stream.RESIDUAL))
    assert gaps(Setting.BUILDING, [Held("recyclable"), Held("residual")]) == ()


def test_who_serves_food_needs_a_perishable_bin_that_closes_tightly():
    bins = [Held("perishable"), Held("residual")]
    assert gaps(Setting.CATERING, bins) == (Gap(Stream.PERISHABLE, airtight=True),)
    assert gaps(Setting.CATERING, [*bins, Held("perishable", airtight=True)]) == ()


def test_an_unknown_industry_is_not_taken_for_one_that_serves_no_food():
    assert serves_food("") is None
    assert serves_food("H6210") is True
    assert serves_food("I6510") is False
