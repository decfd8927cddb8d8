"""Bodies, posts, employers and substitutes: entered, seated, ended, by those who may."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from linqi.journal.models import Entry
from linqi.kit import access
from linqi.kit.clock import today
from linqi.organisation import actions
from linqi.organisation.models import (
    Body,
    BodySeat,
    Employment,
    LinkTeamSeat,
    Mandate,
    Person,
    PostHolding,
    Substitution,
)
from linqi.organisation.rules import TeamRole

DAY = date(2026, 3, 2)


@pytest.fixture
def people(cast):
    return [
        actions.enter_person(place=cast.community, name=name, by=cast.community_secretary) for name in ("甲某", "乙某")
    ]


@pytest.fixture
def branch(cast):
    return actions.found_body(
        kind="branch", place=cast.park, name="云谷一园党支部", since=DAY, by=cast.party_specialist
    )


def test_a_body_is_founded_seated_and_its_end_ends_its_seats(cast, branch, people):
    seat = actions.give_body_seat(body=branch, role="head", person=people[0], since=DAY, by=cast.party_specialist)
    actions.end_body(body=branch, on=DAY + timedelta(days=30), by=cast.party_specialist)
    seat.refresh_from_db()
    branch.refresh_from_db()
    assert seat.until == branch.until == DAY + timedelta(days=30)
    assert list(
        Entry.objects.filter(verb__startswith="organisation.body").order_by("pk").values_list("verb", flat=True)
    ) == [
        "organisation.body_founded",
        "organisation.body_seat_given",
        "organisation.body_ended",
    ]


def test_a_body_that_ended_takes_nobody_and_cannot_end_later(cast, branch, people):
    actions.end_body(body=branch, on=DAY + timedelta(days=30), by=cast.party_specialist)
    with pytest.raises(ValidationError, match="结束日期不能更晚"):
        actions.give_body_seat(body=branch, role="member", person=people[0], since=DAY, by=cast.party_specialist)
    with pytest.raises(ValidationError):
        actions.end_body(body=branch, on=DAY + timedelta(days=40), by=cast.party_specialist)
    assert not BodySeat.objects.exists()


def test_a_body_does_not_end_before_a_seat_that_is_still_to_begin(cast, branch, people):
    later = DAY + timedelta(days=60)
    actions.give_body_seat(body=branch, role="head", person=people[0], since=later, by=cast.party_specialist)
    with pytest.raises(ValidationError, match="才开始"):
        actions.end_body(body=branch, on=DAY + timedelta(days=30), by=cast.party_specialist)
    branch.refresh_from_db()
    assert branch.until is None


def test_the_head_is_one_at_a_time_and_nobody_sits_twice(cast, branch, people):
    first, second = people
    by = cast.party_specialist
    seat = actions.give_body_seat(body=branch, role="head", person=first, since=DAY, by=by)
    with pytest.raises(ValidationError, match="已有人担任"):
        actions.give_body_seat(body=branch, role="head", person=second, since=DAY + timedelta(days=5), by=by)
    with pytest.raises(ValidationError, match="已有人担任"):
        actions.give_body_seat(body=branch, role="member", person=first, since=DAY + timedelta(days=5), by=by)
    actions.end_body_seat(seat=seat, on=DAY + timedelta(days=5), by=by)
    actions.give_body_seat(body=branch, role="head", person=second, since=DAY + timedelta(days=5), by=by)
    assert branch.seats.count() == 2


def test_there_is_one_committee_at_a_place_but_there_may_be_several_branches(cast, branch):
    actions.found_body(kind="branch", place=cast.park, name="云谷一园第二党支部", since=DAY, by=cast.party_specialist)
    with pytest.raises(ValidationError, match="同名"):
        actions.found_body(kind="branch", place=cast.park, name=branch.name, since=DAY, by=cast.party_specialist)
    committee = {"kind": "community_committee", "place": cast.community, "since": DAY, "by": cast.party_specialist}
    actions.found_body(name="科创共同体党委", **committee)
    with pytest.raises(ValidationError):
        actions.found_body(name="又一个党委", **committee)
    with pytest.raises(ValidationError, match="不能设在"):
        actions.found_body(kind="branch", place=cast.street, name="街道支部", since=DAY, by=cast.party_specialist)


@pytest.mark.parametrize(
    "who",
    [
        "stranger",
        "enterprise_user",
        "far_enterprise_user",
        "nobody",
        "econ_specialist",
        "property_manager",
        "district_operator",
    ],
)
def test_party_bodies_are_closed_to_those_outside_of_the_party_space(cast, branch, people, who):
    user = cast.users[who]
    with pytest.raises(PermissionDenied):
        actions.found_body(kind="branch", place=cast.building, name="支部", since=DAY, by=user)
    with pytest.raises(PermissionDenied):
        actions.give_body_seat(body=branch, role="head", person=people[0], since=DAY, by=user)
    with pytest.raises(PermissionDenied):
        actions.end_body(body=branch, on=DAY + timedelta(days=1), by=user)
    assert not access.seen_by(user, Body).exists()


def test_who_sees_the_organisation_sees_the_affairs_committee_and_no_party_body(cast, branch):
    committee = actions.found_body(
        kind="affairs_committee", place=cast.community, name="经济体事务委员会", since=DAY, by=cast.street_leader
    )
    assert list(access.seen_by(cast.econ_specialist, Body)) == [committee]
    assert set(access.seen_by(cast.party_specialist, Body)) == {committee, branch}
    with pytest.raises(PermissionDenied):
        actions.end_body(body=committee, on=DAY + timedelta(days=9), by=cast.party_specialist)


def test_a_post_is_held_by_one_at_a_time_on_the_footing_of_its_community(cast, people):
    by, given = cast.community_secretary, {"community": cast.community, "post": "secretary", "since": DAY}
    with pytest.raises(ValidationError, match="专职书记"):
        actions.give_post(person=people[0], footing="host", by=by, **given)
    held = actions.give_post(person=people[0], footing="own", by=by, **given)
    with pytest.raises(ValidationError, match="已有人担任"):
        actions.give_post(person=people[1], footing="own", by=by, **given)
    actions.end_post(holding=held, on=DAY + timedelta(days=10), by=by)
    actions.give_post(person=people[1], by=by, **{**given, "since": DAY + timedelta(days=10)})
    for post in ("party", "economy", "governance", "public"):
        actions.give_post(community=cast.community, post=post, person=people[0], since=DAY, by=by)
    assert PostHolding.objects.count() == 6
    with pytest.raises(PermissionDenied):
        actions.give_post(person=people[0], by=cast.stranger, **given)


def test_shares_of_time_of_two_employers_are_at_most_a_whole_person(cast, people):
    by = cast.community_secretary
    firm = actions.enter_company(place=cast.community, kind="outsourcing", name="外包公司", since=DAY, by=by)
    first = actions.employ(person=people[0], community=cast.community, percent=60, since=DAY, by=by)
    with pytest.raises(ValidationError, match="合计为 110%"):
        actions.employ(person=people[0], company=firm, percent=50, since=DAY + timedelta(days=9), by=by)
    actions.employ(person=people[0], company=firm, percent=40, since=DAY, by=by)
    actions.end_employment(employment=first, on=DAY + timedelta(days=9), by=by)
    actions.employ(person=people[0], company=firm, percent=60, since=DAY + timedelta(days=9), by=by)
    with pytest.raises(ValidationError, match="二者选一"):
        actions.employ(person=people[0], percent=10, since=DAY, by=by)
    assert Employment.objects.count() == 3
    assert not access.seen_by(cast.econ_specialist, Employment).exists()
    assert access.seen_by(cast.community_secretary, Employment).count() == 3


def test_one_property_company_at_a_time_looks_after_a_building(cast):
    by = cast.community_secretary
    made = [
        actions.enter_company(place=cast.community, kind=kind, name=name, since=DAY, by=by)
        for kind, name in (("property", "安居物业"), ("property", "乐居物业"), ("operator", "云谷运营"))
    ]
    actions.give_mandate(company=made[0], place=cast.building, since=DAY, by=by)
    with pytest.raises(ValidationError):
        actions.give_mandate(company=made[1], place=cast.building, since=DAY, by=by)
    mandate = actions.give_mandate(company=made[2], place=cast.building, since=DAY, by=by)
    actions.end_mandate(mandate=mandate, on=DAY + timedelta(days=1), by=by)
    assert Mandate.objects.filter(until=None).count() == 1
    with pytest.raises(PermissionDenied):
        actions.give_mandate(company=made[2], place=cast.far_building, since=DAY, by=by)


def test_a_seat_of_a_link_team_is_handed_over_and_substituted(cast):
    by = cast.community_secretary
    team = actions.form_team(building=cast.building, members={TeamRole.OPERATOR: cast.econ_specialist}, by=by)
    seat = actions.change_seat(
        team=team, role=TeamRole.OPERATOR, user=cast.party_specialist, note="三楼两家正在搬迁", by=by
    )
    with pytest.raises(PermissionDenied):
        actions.receive_hand_over(hand_over=seat.hand_over, by=cast.econ_specialist)
    actions.receive_hand_over(hand_over=seat.hand_over, by=cast.party_specialist)
    assert seat.hand_over.received_at is not None
    begin, back = today(), today() + timedelta(days=7)
    actions.substitute(seat=seat, user=cast.econ_specialist, since=begin, until=back, by=by)
    for who, why in ((cast.governance_specialist, "已有人担任"), (cast.party_specialist, "本席位")):
        with pytest.raises(ValidationError, match=why):
            actions.substitute(seat=seat, user=who, since=begin, until=back, by=by)
    with pytest.raises(ValidationError, match="管理范围"):
        actions.substitute(seat=seat, user=cast.stranger, since=back, until=back + timedelta(days=1), by=by)
    actions.end_team(team=team, by=by)
    assert not LinkTeamSeat.objects.filter(until=None).exists()
    assert not Substitution.objects.exists()


def test_people_are_entered_where_they_may_be(cast):
    with pytest.raises(PermissionDenied):
        actions.enter_person(place=cast.far_community, name="外人", by=cast.community_secretary)
    with pytest.raises(PermissionDenied):
        actions.enter_person(place=cast.community, name="甲", user=cast.stranger, by=cast.community_secretary)
    with pytest.raises(ValidationError, match="街道或社区"):
        actions.enter_person(place=cast.building, name="甲某", by=cast.community_secretary)
    with pytest.raises(ValidationError, match="姓名"):
        actions.enter_person(place=cast.community, name="  ", by=cast.community_secretary)
    actions.enter_person(place=cast.community, name="甲", user=cast.econ_specialist, by=cast.street_leader)
    with pytest.raises(ValidationError, match="账号"):
        actions.enter_person(place=cast.community, name="乙", user=cast.econ_specialist, by=cast.street_leader)
    assert Person.objects.count() == 1
