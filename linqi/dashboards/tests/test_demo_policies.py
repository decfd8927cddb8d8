"""Policies of the demo street: lawful at every point, and something of everything."""

from datetime import date

import pytest
from django.db.models import Q

from linqi.accounts.models import User
from linqi.conditions.rules import Outcome
from linqi.dashboards.demo.actions import fill
from linqi.dashboards.demo.policies import WAYS
from linqi.journal.models import Entry
from linqi.policies import queries, rules
from linqi.policies.flow import FLOWS, Channel, Step
from linqi.policies.models import Application, Ledger, Offer, Policy, PolicyVersion

TODAY = date(2026, 6, 15)


@pytest.fixture
def demo(db):
    return fill(size="tiny", seed=7, today=TODAY)


@pytest.mark.parametrize("channel", list(Channel))
def test_every_way_is_one_that_the_flow_allows(channel):
    assert set(WAYS[channel]) == FLOWS[channel].states
    for end, way in WAYS[channel].items():
        state = FLOWS[channel].start
        for step in way:
            state = FLOWS[channel].after(step, state)
        assert state == end


def test_each_street_has_the_library_and_the_first_one_something_in_every_state(demo):
    assert set(Policy.objects.filter(street__kind="street").values_list("street__code", flat=True)) == {
        "330110012",
        "330205008",
    }
    for channel in Channel:
        found = set(Application.objects.filter(channel=channel.value).values_list("state", flat=True))
        assert found == {state.value for state in WAYS[channel]}


def test_every_ledger_adds_up_and_nothing_is_paid_without_the_firm(demo):
    assert Ledger.objects.filter(kind="paid").exists()
    for one in Application.objects.all():
        assert rules.unsound(queries.sums_of(one.ledger.all())) == ""
        assert one.ledger.filter(kind="paid").exists() == (
            one.state in {Step.PAID, Step.RECEIPTED, Step.SAMPLED, Step.RECALLED, Step.ARCHIVED}
        )
        assert not one.ledger.filter(kind="paid").exists() or one.ledger.filter(kind="claimed").exists()


def test_two_persons_stand_behind_the_change_and_behind_each_list(demo):
    changed = PolicyVersion.objects.get(state="published", from_library=False)
    assert changed.drafted_by.username == "economy"
    assert changed.published_by.username == "leader"
    for one in Application.objects.filter(channel="no_application").exclude(listed_by=None):
        assert one.checked_by_id != one.listed_by_id


def test_what_waits_for_the_second_person_could_be_published(demo):
    waiting = PolicyVersion.objects.get(state="submitted")
    assert queries.obstacles_to(waiting, User.objects.get(username="leader").pk) == []


def test_nobody_was_told_of_what_he_does_not_meet(demo):
    assert Offer.objects.filter(version__policy__key="yh-68-scale-service").exists()
    for offer in Offer.objects.select_related("version__policy", "enterprise"):
        chance = queries.chance_of(offer.version, offer.enterprise, TODAY)
        assert chance.outcome == Outcome(offer.outcome)
        assert chance.estimate.amount == offer.amount


def test_the_demo_firm_can_confirm_and_correct_today(demo):
    firm = User.objects.get(username="enterprise")
    mine = queries.applications_seen_by(firm)
    assert mine.get(state="noticed").notice_until < TODAY
    assert mine.get(state="correcting").correction


def test_everything_is_in_the_journal(demo):
    moved = Entry.objects.filter(verb="policies.application_moved")
    assert moved.count() == sum(
        len(WAYS[Channel(channel)][Step(state)])
        for channel, state in Application.objects.values_list("channel", "state")
    )
    assert not moved.filter(Q(place=None) | Q(enterprise=None)).exists()
