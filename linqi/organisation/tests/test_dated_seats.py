"""Seats and shares of time by their dates: one holder at a time, never more than a whole person; no database."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linqi.organisation.rules import (
    BodyKind,
    Organised,
    Share,
    Term,
    body_above,
    clash,
    footing_refused,
    is_party,
    organised,
    overbooked,
    seat_name,
)

FIRST = date(2026, 1, 1)
DAYS = [FIRST + timedelta(days=n) for n in range(40)]


@st.composite
def terms(draw):
    since = draw(st.integers(0, 30))
    length = draw(st.none() | st.integers(1, 9))
    return Term(DAYS[since], None if length is None else DAYS[since + length])


@settings(deadline=None)
@given(st.lists(terms(), max_size=12))
def test_no_day_has_two_holders_when_clashes_are_refused(wanted):
    held = []
    for one in wanted:
        if clash(held, one) is None:
            held.append(one)
    assert all(sum(term.holds_on(day) for term in held) <= 1 for day in DAYS)


@settings(deadline=None)
@given(st.lists(terms(), max_size=8), terms())
def test_a_clash_is_told_exactly_when_a_day_is_shared(held, wanted):
    shared = any(wanted.holds_on(day) and term.holds_on(day) for term in held for day in DAYS)
    assert (clash(held, wanted) is not None) == shared


@settings(deadline=None)
@given(st.lists(st.tuples(terms(), st.integers(1, 100)), max_size=12))
def test_shares_of_time_never_pass_a_whole_person_on_any_day(wanted):
    held = []
    for term, percent in wanted:
        if overbooked(held, Share(term, percent)) is None:
            held.append(Share(term, percent))
    assert all(sum(share.percent for share in held if share.term.holds_on(day)) <= 100 for day in DAYS)


@settings(deadline=None)
@given(st.lists(st.tuples(terms(), st.integers(1, 60)), max_size=6), terms(), st.integers(1, 100))
def test_a_share_is_refused_exactly_when_some_day_would_pass(rows, term, percent):
    held = [Share(one, part) for one, part in rows]
    sums = {day: percent + sum(s.percent for s in held if s.term.holds_on(day)) for day in DAYS if term.holds_on(day)}
    told = overbooked(held, Share(term, percent))
    first = next((day for day in DAYS if sums.get(day, 0) > 100), None)
    assert told == (None if first is None else (first, sums[first]))


@pytest.mark.parametrize(
    ("kind", "above", "found"),
    [
        pytest.param("branch", [("street_committee", 3, 1), ("community_committee", 2, 2)], 2, id="the level above"),
        pytest.param(
            "branch", [("branch", 1, 9), ("community_committee", 2, 2)], 2, id="a park's is not over a tower's"
        ),
        pytest.param("branch", [("street_committee", 3, 1)], 1, id="no committee between: the street's"),
        pytest.param("branch", [("community_committee", 3, 5), ("community_committee", 2, 7)], 7, id="the nearer"),
        pytest.param("branch", [("affairs_committee", 1, 4)], None, id="the affairs committee leads no Party body"),
        pytest.param("affairs_committee", [("street_committee", 0, 1)], None, id="and is led by none in the matrix"),
        pytest.param("street_committee", [], None, id="the top"),
    ],
)
def test_the_body_above_follows_from_the_tree(kind, above, found):
    assert body_above(kind, above) == found


@pytest.mark.parametrize(
    ("community", "footing", "fits"),
    [
        ("virtual", "host", True),
        ("virtual", "own", False),
        ("established", "own", True),
        ("established", "host", False),
    ],
)
def test_the_secretary_of_a_virtual_community_comes_from_its_host(community, footing, fits):
    assert (footing_refused("secretary", footing, community) is None) is fits
    assert footing_refused("economy", footing, community) is None


def test_words_and_covering():
    assert seat_name("branch", "head") == "书记"
    assert seat_name("affairs_committee", "head") == "主任"
    assert [is_party(kind) for kind in BodyKind] == [True, True, True, False]
    assert organised(own=True, above=True) is Organised.OWN
    assert organised(own=False, above=True) is Organised.ABOVE
    assert organised(own=False, above=False) is Organised.NONE
