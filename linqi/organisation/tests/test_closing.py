"""A place that ends takes what belongs to it along, once, and nothing else."""

from datetime import timedelta

import pytest

from linqi.journal.models import Entry
from linqi.kit import clock
from linqi.kit.access import SYSTEM
from linqi.organisation import actions
from linqi.organisation.actions.closing import end_what_closed
from linqi.organisation.models import Body, BodySeat, LinkTeam, LinkTeamSeat, Mandate, PostHolding
from linqi.organisation.rules import Post, TeamRole
from linqi.territory.actions import close_place


@pytest.fixture
def held(cast):
    """A branch with a head and one who is to come, a mandate, a link team in the park; a secretary in the community."""
    day = clock.today() - timedelta(days=300)
    head, next_ = (actions.enter_person(place=cast.community, name=one, by=SYSTEM) for one in ("甲某", "乙某"))
    branch = actions.found_body(kind="branch", place=cast.park, name="云谷一园党支部", since=day, by=SYSTEM)
    actions.give_body_seat(
        body=branch, role="head", person=head, since=day, until=clock.today() + timedelta(days=30), by=SYSTEM
    )
    later = clock.today() + timedelta(days=30)
    actions.give_body_seat(body=branch, role="head", person=next_, since=later, by=SYSTEM)
    company = actions.enter_company(place=cast.community, kind="property", name="某物业", since=day, by=SYSTEM)
    actions.give_mandate(company=company, place=cast.park, since=day, by=SYSTEM)
    actions.form_team(building=cast.building, name="一号楼小组", by=cast.street_leader)
    team = LinkTeam.objects.get()
    actions.change_seat(team=team, role=TeamRole.OPERATOR, user=cast.econ_specialist, by=cast.street_leader)
    actions.give_post(community=cast.community, post=Post.SECRETARY, footing="own", person=head, since=day, by=SYSTEM)
    return branch


def test_nothing_ends_while_the_places_stand(cast, held):
    assert end_what_closed(clock.now()) == 0


def test_what_belongs_to_a_closed_park_ends_with_it_and_the_community_goes_on(cast, held):
    closed = clock.today()
    close_place(place=cast.park, on=closed, with_below=True, by=SYSTEM)
    assert end_what_closed(clock.now()) == 3, "the branch, the mandate, the link team"
    assert Body.objects.get().until == closed
    assert [one.until for one in BodySeat.objects.all()] == [closed], "who was only about to sit never comes"
    assert Mandate.objects.get().until == closed
    assert LinkTeam.objects.get().until == closed
    assert LinkTeamSeat.objects.get().until == closed
    assert PostHolding.objects.get().until is None
    told = Entry.objects.filter(verb__in=["organisation.body_ended", "organisation.mandate_ended"]).count()
    assert told == 2
    assert end_what_closed(clock.now()) == 0, "once"


def test_a_closing_that_lies_ahead_waits_for_its_day(cast, held):
    close_place(place=cast.park, on=clock.today() + timedelta(days=10), with_below=True, by=SYSTEM)
    assert end_what_closed(clock.now()) == 0
    assert end_what_closed(clock.now() + timedelta(days=10)) == 3
