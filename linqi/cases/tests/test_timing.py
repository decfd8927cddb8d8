"""What time does to cases: alarms told once, provisional deadlines counted again."""

from datetime import datetime, timedelta
from functools import partial

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linqi.cases import actions, queries, rules
from linqi.cases.flow import State
from linqi.cases.models import Case, Source, TimeLimit
from linqi.cases.rules import Press
from linqi.catalogue.models import CaseClass
from linqi.journal.models import Entry
from linqi.kit import clock
from linqi.kit.access import SYSTEM
from linqi.kit.clock import Calendar, Clock
from linqi.kit.tests.at_once import at_once, skip_on_sqlite
from linqi.notifications.models import Notice

from .conftest import MONDAY


def titles(user):
    """What a user was told, without its case."""
    return [title.partition("：")[0] for title in Notice.objects.filter(user=user).values_list("title", flat=True)]


def test_the_tick_tells_of_each_thing_once(cast, case):
    assert actions.tick(MONDAY) == 0
    assert actions.tick(case.accept_due_at + timedelta(minutes=1)) == 1
    assert actions.tick(case.accept_due_at + timedelta(minutes=2)) == 0
    assert actions.tick(case.due_at - timedelta(hours=2)) == 1
    assert actions.tick(case.due_at + timedelta(minutes=1)) == 1
    assert actions.tick(case.due_at + timedelta(days=3)) == 0
    assert sorted(titles(cast.department_handler)) == sorted(["新办件", "超时未受理", "即将到期", "已超期"])
    assert sorted(titles(cast.community_secretary)) == sorted(["超时未受理", "已超期"])
    assert Entry.objects.filter(verb="cases.overdue", subject_id=case.pk).count() == 1


def test_an_answered_case_does_not_press(cast, case):
    actions.accept(case=case, by=cast.department_handler)
    actions.answer(case=case, text="办好了", by=cast.department_handler)
    assert actions.tick(case.due_at + timedelta(days=1)) == 0


def test_a_reopened_case_presses_again(cast, case, at):
    actions.tick(case.due_at + timedelta(minutes=1))
    at(case.due_at + timedelta(hours=1))
    actions.accept(case=case, by=cast.department_handler)
    actions.answer(case=case, text="晚了，办好了", by=cast.department_handler)
    again = actions.reopen(case=case, reason="没好", by=cast.enterprise_user)
    assert actions.tick(again.due_at + timedelta(minutes=1)) == 1
    assert titles(cast.department_handler).count("已超期") == 2


@pytest.mark.django_db(transaction=True)
def test_two_ticks_at_the_same_moment_tell_once(cast, case):
    skip_on_sqlite()
    late = case.due_at + timedelta(minutes=1)
    Case.objects.filter(pk=case.pk).update(accept_told_at=late)
    said = at_once(*[partial(actions.tick, late)] * 2)
    assert sorted(said) == [0, 1]
    assert titles(cast.department_handler).count("已超期") == 1
    assert Entry.objects.filter(verb="cases.overdue", subject_id=case.pk).count() == 1


def test_who_claims_too_late_leaves_it_to_the_other(cast, case):
    """The same race, step by step: both saw the row, one UPDATE hits it and the other misses."""
    late = case.due_at + timedelta(minutes=1)
    seen = queries.alarming(rules.Alarm.OVERDUE, late)
    assert list(seen.values_list("pk", flat=True)) == [case.pk]
    assert seen.filter(pk=case.pk).update(overdue_told_at=late) == 1
    assert queries.alarming(rules.Alarm.OVERDUE, late).filter(pk=case.pk).update(overdue_told_at=late) == 0


# --- the database says the same as the rule ---------------------------------------------------------------------------
moments = st.datetimes(datetime(2026, 2, 27), datetime(2026, 3, 6)).map(
    lambda moment: moment.replace(tzinfo=clock.ZONE)
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(state=st.sampled_from(State), due=moments, answered=st.none() | moments)
def test_pressing_in_the_database_is_pressing_by_the_rule(case, state, due, answered):
    if state in (State.DISPATCHED, State.ACCEPTED):
        answered = None
    Case.objects.filter(pk=case.pk).update(state=state, due_at=due, answered_at=answered, closed_at=MONDAY)
    found = [one for one in Press if queries.pressing(Case.objects.all(), [one], MONDAY).exists()]
    assert found == [rules.press(state, due, answered, MONDAY)]


# --- a calendar is published ------------------------------------------------------------------------------------------
@pytest.fixture
def december(cast, street, category, at):
    """A case whose five working days run into a year that nobody has published."""
    at(datetime(2030, 12, 27, 10, 0, tzinfo=clock.ZONE))
    return actions.open_case(
        enterprise=cast.firm, category=category, title="跨年的事", source=Source.PORTAL, by=cast.enterprise_user
    )


def test_provisional_deadlines_move_when_the_year_is_published(cast, december, monkeypatch):
    assert december.due_provisional
    known = clock.published_calendar()
    off = {**known.off, **{datetime(2031, 1, day).date(): "元旦" for day in (1, 2, 3)}}
    later = Clock(Calendar(off, known.worked, known.published | set(range(2027, 2032)), "next"))
    monkeypatch.setattr(clock, "clock_in_force", lambda: later)

    assert [case.pk for case in actions.recompute_deadlines(by=SYSTEM)] == [december.pk]
    moved = Case.objects.get(pk=december.pk)
    assert moved.due_at > december.due_at
    assert not moved.due_provisional
    told = Entry.objects.get(verb="cases.deadlines_recomputed", subject_id=december.pk, subject_type="cases.case")
    assert datetime.fromisoformat(told.data["before"]) == december.due_at
    assert datetime.fromisoformat(told.data["after"]) == moved.due_at
    assert actions.recompute_deadlines(by=SYSTEM) == []


def test_only_the_street_or_the_product_counts_again(cast, december):
    with pytest.raises(PermissionDenied):
        actions.recompute_deadlines(by=cast.econ_specialist)
    with pytest.raises(PermissionDenied):
        actions.recompute_deadlines(by=cast.stranger, street=cast.street)
    assert actions.recompute_deadlines(by=cast.street_leader, street=cast.street) == []


# --- limits of a street's and a community's own -----------------------------------------------------------------------
def set_limit(cast, close, **where):
    return actions.set_time_limit(
        street=cast.street,
        case_class=CaseClass.COMPLAINT,
        accept="2 hours",
        close=close,
        extend="",
        source="前滩街办〔2026〕1号",
        by=cast.street_leader,
        **where,
    )


def opened(cast, category, enterprise=None):
    return actions.open_case(
        enterprise=enterprise or cast.firm,
        category=category,
        title="货款拖欠",
        source=Source.DESK,
        by=cast.econ_specialist,
    )


def test_a_communitys_limit_counts_there_from_its_day_until_it_ends(at, cast, street, category):
    day = MONDAY.date()
    set_limit(cast, "4 working_days")
    set_limit(cast, "3 working_days", community=cast.community, since=day + timedelta(days=1))
    assert opened(cast, category).close_term == "4 working_days"
    at(MONDAY + timedelta(days=1))
    own = set_limit(cast, "2 working_days", community=cast.community)  # the same day once more: put right in place
    assert TimeLimit.objects.filter(community=cast.community).count() == 1
    assert opened(cast, category).close_term == "2 working_days"
    at(MONDAY + timedelta(days=2))
    actions.end_time_limit(limit=own, by=cast.street_leader)
    assert opened(cast, category).close_term == "4 working_days"
    own.refresh_from_db()
    assert own.until == day + timedelta(days=2)  # kept: it once counted


def test_a_limit_that_counted_ends_when_another_begins_and_the_one_to_come_stays(at, cast, street, category):
    day = MONDAY.date()
    first = set_limit(cast, "4 working_days")
    set_limit(cast, "6 working_days", since=day + timedelta(days=10))
    at(MONDAY + timedelta(days=3))
    set_limit(cast, "5 working_days")
    spans = [
        ((one.since - day).days, one.until and (one.until - day).days)
        for one in TimeLimit.objects.filter(street=street).order_by("since")
    ]
    assert spans == [(0, 3), (3, 10), (10, None)]
    first.refresh_from_db()
    assert first.close == "4 working_days"


def test_a_limit_is_not_set_for_days_gone_nor_for_another_streets_community(cast, street):
    with pytest.raises(ValidationError):
        set_limit(cast, "4 working_days", since=MONDAY.date() - timedelta(days=1))
    with pytest.raises(ValidationError):
        set_limit(cast, "4 working_days", community=cast.far_community)
    default = TimeLimit.objects.get(street=None, case_class="complaint")
    with pytest.raises(PermissionDenied):
        actions.end_time_limit(limit=default, by=cast.street_leader)


def test_a_limit_taken_away_before_it_began_leaves_the_one_before_it_going_on(cast, street, category):
    day = MONDAY.date()
    now = set_limit(cast, "4 working_days")
    later = set_limit(cast, "6 working_days", since=day + timedelta(days=10))
    now.refresh_from_db()
    assert now.until == day + timedelta(days=10)
    actions.end_time_limit(limit=later, by=cast.street_leader)
    now.refresh_from_db()
    assert now.until is None
    assert list(TimeLimit.objects.filter(street=street)) == [now]
