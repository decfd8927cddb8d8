"""What counts as a contact, when one is warned, and what was asked although known: no database."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linqi.visits.rules.burden import (
    Asked,
    BurdenTerms,
    ContactKind,
    Recorded,
    Touch,
    expired,
    gathered,
    known_already,
    most_in_a_month,
    number_of_contact,
    within,
)

TODAY = date(2026, 3, 2)
TERMS = BurdenTerms(limit=3, days=30, fresh=365)
V, D, Q, P, C = (ContactKind(one) for one in ContactKind.values)


def ago(days):
    return TODAY - timedelta(days=days)


days = st.dates(date(2025, 10, 1), TODAY)
terms = st.builds(BurdenTerms, limit=st.integers(1, 9), days=st.integers(1, 90), fresh=st.integers(0, 800))
touches = st.lists(
    st.builds(
        Touch,
        on=st.dates(date(2026, 2, 20), TODAY),
        kind=st.sampled_from(list(ContactKind)),
        by=st.one_of(st.none(), st.integers(1, 3)),
        row=st.integers(1, 40),
    ),
    max_size=14,
)


# --- when to think twice ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("earlier", "number"),
    [
        pytest.param([], None, id="nobody came yet"),
        pytest.param([ago(3)], None, id="the second is nothing to warn of"),
        pytest.param([ago(29), ago(3)], 3, id="the third within thirty days"),
        pytest.param([ago(30), ago(3)], None, id="thirty days ago belongs to the month before"),
        pytest.param([ago(0), ago(0)], 3, id="two on the same day make a third"),
        pytest.param([ago(9), ago(5), ago(1)], 4, id="a fourth is warned of as well"),
        pytest.param([ago(-2), ago(-3)], None, id="what lies ahead has not been a contact yet"),
    ],
)
def test_the_third_contact_in_a_month_is_warned_of(earlier, number):
    assert number_of_contact(earlier, TODAY, TERMS) == number


@given(st.lists(days, max_size=12), days, terms)
def test_a_warning_counts_exactly_the_days_of_its_month(earlier, day, limits):
    inside = [one for one in earlier if 0 <= (day - one).days < limits.days]
    assert within(earlier, day, limits) == sorted(inside)
    number = number_of_contact(earlier, day, limits)
    assert number == (len(inside) + 1 if len(inside) + 1 >= limits.limit else None)


@given(st.lists(days, max_size=12), days, terms)
def test_one_contact_more_never_takes_a_warning_away(earlier, day, limits):
    if number_of_contact(earlier, day, limits) is not None:
        assert number_of_contact([*earlier, ago(0)], day, limits) is not None


@given(st.lists(days, max_size=12), terms)
def test_the_busiest_month_is_that_of_counting_from_every_contact(listed, limits):
    by_hand = max((len(within(listed, day, limits)) for day in listed), default=0)
    assert most_in_a_month(listed, limits) == by_hand


# --- what belongs together ----------------------------------------------------------------------------------------------
def test_what_is_heard_on_a_visit_belongs_to_it():
    seen, heard, other = Touch(TODAY, V, 1, 10), Touch(TODAY, Q, 1, 20), Touch(TODAY, Q, 2, 21)
    assert gathered([heard, other, seen]) == [(seen, (heard,)), (other, ())]


def test_one_call_with_many_lines_is_one_contact():
    lines = [Touch(TODAY, Q, 1, row) for row in (1, 2, 3)]
    assert gathered(lines) == [(lines[0], (lines[1], lines[2]))]


def test_asking_for_papers_is_a_contact_of_its_own():
    listed = [Touch(TODAY, V, 1, 1), Touch(TODAY, P, 1, 2), Touch(TODAY, C, 1, 3)]
    assert len(gathered(listed)) == 3


@given(touches)
def test_nothing_is_lost_or_doubled_in_gathering(listed):
    found = gathered(listed)
    flat = [one for contact, taken in found for one in (contact, *taken)]
    assert sorted(map(repr, flat)) == sorted(map(repr, listed))
    assert [one.on for one, _ in found] == sorted(one.on for one, _ in found)
    for contact, taken in found:
        assert all((one.on, one.by, one.kind) == (contact.on, contact.by, Q) for one in taken)


@given(touches)
def test_a_person_asks_an_enterprise_at_most_once_a_day(listed):
    questions = [(one.on, one.by) for one, _ in gathered(listed) if one.kind is Q]
    assert len(questions) == len(set(questions))
    met = {(one.on, one.by) for one, _ in gathered(listed) if one.kind is V}
    assert not met & set(questions)


@given(touches, st.randoms())
def test_the_order_of_writing_changes_nothing(listed, random):
    mixed = list(listed)
    random.shuffle(mixed)
    assert sorted(map(repr, gathered(mixed))) == sorted(map(repr, gathered(listed)))


# --- asked although known ---------------------------------------------------------------------------------------------
AREA = Recorded("leased_area", "", "120", as_of=ago(60), since=ago(58))
STAFF = Recorded("insured_count", "2026-01", 12, as_of=ago(400), since=ago(20))


@pytest.mark.parametrize(
    ("asked", "facts", "known"),
    [
        pytest.param(Asked("leased_area", "", "120", TODAY), [AREA], True, id="known for two months"),
        pytest.param(Asked("leased_area", "", "90", TODAY), [AREA], True, id="known, though the answer is another"),
        pytest.param(Asked("leased_area", "", "120", ago(58)), [AREA], False, id="came in on the same day"),
        pytest.param(Asked("leased_area", "", "120", ago(59)), [AREA], False, id="came in later"),
        pytest.param(Asked("leased_area", "", "120", TODAY), [replace(AREA, as_of=ago(365))], True, id="on its last day"),
        pytest.param(Asked("leased_area", "", "120", TODAY), [replace(AREA, as_of=ago(366))], False, id="too old to rely on"),
        pytest.param(Asked("leased_area", "", "120", TODAY), [replace(AREA, until=ago(1))], False, id="another took its place"),
        pytest.param(Asked("leased_area", "", "120", TODAY), [replace(AREA, until=TODAY)], True, id="the answer took its place"),
        pytest.param(Asked("insured_count", "2026-01", 12, TODAY), [STAFF], True, id="a month stays what it was"),
        pytest.param(Asked("insured_count", "2026-02", 12, TODAY), [STAFF], False, id="another month is another question"),
        pytest.param(Asked("employees", "", 12, TODAY), [AREA, STAFF], False, id="another field is another question"),
        pytest.param(Asked("employees", "", 12, TODAY), [], False, id="nothing known"),
    ],
)  # fmt: skip
def test_asked_although_known(asked, facts, known):
    assert (known_already(asked, facts, TERMS) is not None) == known


facts = st.lists(
    st.builds(
        Recorded,
        key=st.sampled_from(["employees", "leased_area"]),
        period=st.sampled_from(["", "2026-01"]),
        value=st.integers(1, 3),
        as_of=days,
        since=days,
        until=st.one_of(st.none(), days),
    ),
    max_size=6,
)
questions = st.builds(
    Asked,
    key=st.sampled_from(["employees", "leased_area"]),
    period=st.sampled_from(["", "2026-01"]),
    value=st.integers(1, 3),
    on=days,
)


@given(questions, facts, terms)
def test_what_was_known_was_known_before_stood_then_and_was_fresh(asked, held, limits):
    found = known_already(asked, held, limits)
    if found is None:
        return
    assert (found.key, found.period) == (asked.key, asked.period)
    assert found.since < asked.on
    assert found.until is None or found.until >= asked.on
    assert not expired(found, asked.on, limits)


@given(questions, facts, terms)
def test_what_is_learnt_on_the_day_or_later_never_makes_a_question_needless(asked, held, limits):
    later = [one for one in held if one.since >= asked.on]
    assert known_already(asked, later, limits) is None


@given(questions, facts, terms)
def test_one_fact_more_never_makes_a_question_needed(asked, held, limits):
    if known_already(asked, held[1:], limits) is not None:
        assert known_already(asked, held, limits) is not None
