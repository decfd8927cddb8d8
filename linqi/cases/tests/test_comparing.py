"""Comparing what comes in with what is there: by its words, for those who may see it."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from linqi.cases import actions, comparing, queries
from linqi.cases.likeness import Pool, Text, shared
from linqi.cases.models import Outcome, Source
from linqi.notifications.models import Notice
from linqi.territory.actions import rebuild_coverage
from linqi.territory.models import Place, Placement

from .conftest import MONDAY


@pytest.fixture
def others(cast, street, category):
    """Three requests, one of them about the same payment in other words."""

    def ask(title, body=""):
        return actions.open_case(
            enterprise=cast.firm, category=category, title=title, body=body, source=Source.DESK, by=cast.econ_specialist
        )

    return [ask("园区北门停车位不够"), ask("对方拖欠货款三个月不付", "多次催要"), ask("食堂太贵")]


def test_the_most_alike_comes_first_and_says_why(cast, street, others):
    found = comparing.similar(
        cast.econ_specialist, street=street, title="货款拖欠三个月", enterprise=cast.firm.pk, place=cast.firm.seat_id
    )
    assert found[0].case == others[1]
    assert found[0].same_enterprise
    assert "三个月" in found[0].pieces


def test_what_comes_later_is_compared_too_and_itself_is_left_out(cast, street, others, category):
    comparing.similar(cast.econ_specialist, street=street, title="货款")
    late = actions.open_case(
        enterprise=cast.firm, category=category, title="停车位收费太高", source=Source.DESK, by=cast.econ_specialist
    )
    assert late in [one.case for one in comparing.similar(cast.econ_specialist, street=street, title="停车位")]
    assert late not in [one.case for one in comparing.similar_to(cast.econ_specialist, late)]


def test_closed_long_ago_is_no_longer_compared(cast, street, others, at):
    case = actions.accept(case=others[1], by=cast.department_handler)
    actions.answer(case=case, text="付了", outcome=Outcome.SOLVED, by=cast.department_handler)
    actions.close(case=case, by=cast.department_handler)
    assert others[1] in [one.case for one in comparing.similar(cast.econ_specialist, street=street, title="拖欠货款")]
    at(MONDAY + timedelta(days=40))
    assert others[1] not in [
        one.case for one in comparing.similar(cast.econ_specialist, street=street, title="拖欠货款")
    ]


@pytest.mark.parametrize("who", ["stranger", "far_enterprise_user", "nobody"])
def test_nobody_learns_of_what_they_may_not_see(cast, street, others, who):
    assert comparing.similar(cast.users[who], street=street, title="货款拖欠三个月") == []
    assert queries.hot_seen_by(cast.users[who]) == []


def test_a_problem_of_several_askers_is_hot(cast, street, category):
    for _n in range(3):
        actions.open_case(
            enterprise=None,
            place=cast.building,
            category=category,
            title="三号楼电梯停运",
            source=Source.DESK,
            by=cast.econ_specialist,
        )
    actions.open_case(
        enterprise=None,
        place=cast.building,
        category=category,
        title="想办工会",
        source=Source.DESK,
        by=cast.econ_specialist,
    )
    assert actions.find_hot(street=street, by=cast.street_leader) == 1
    assert actions.find_hot(street=street, by=cast.street_leader) == 1  # found again, told once
    ((issue, group),) = queries.hot_seen_by(cast.econ_specialist)
    assert (issue.street, len(group)) == (street, 3)
    assert Notice.objects.filter(user=cast.street_leader, title__startswith="可能是热点").count() == 1
    assert queries.hot_seen_by(cast.stranger) == []
    with pytest.raises(PermissionDenied):
        actions.find_hot(street=street, by=cast.stranger)
    actions.withdraw(case=group[0], reason="已修好", by=cast.econ_specialist)
    assert queries.hot_seen_by(cast.econ_specialist) == []  # two are left: no hot issue any more


def test_hot_issues_are_looked_for_once_a_night(cast, street, others, at):
    night = MONDAY.replace(hour=2) + timedelta(days=1)
    assert actions.find_hot_at_night(MONDAY) == 0
    at(night)
    for _n in range(3):
        actions.open_case(
            enterprise=None,
            place=cast.building,
            category=others[0].category,
            title="三号楼电梯停运",
            source=Source.DESK,
            by=cast.econ_specialist,
        )
    assert actions.find_hot_at_night(night) == 1
    assert actions.find_hot_at_night(night + timedelta(minutes=1)) == 0


def test_a_night_without_hot_issues_is_not_looked_through_again(cast, street, others, at, monkeypatch):
    night = MONDAY.replace(hour=2) + timedelta(days=1)
    at(night)
    looked = []
    monkeypatch.setattr(comparing, "hot", lambda street: looked.append(street) or [])
    for minute in range(3):
        actions.find_hot_at_night(night + timedelta(minutes=minute))
    assert len(looked) == 1
    assert queries.hot_seen_by(cast.econ_specialist) == []


def test_of_two_alike_the_nearer_and_the_later_comes_first(cast, street, category, at):
    def ask(place, moment):
        at(moment)
        return actions.open_case(
            enterprise=None,
            place=place,
            category=category,
            title="电梯停运",
            source=Source.DESK,
            by=cast.econ_specialist,
        )

    far, near = ask(cast.park, MONDAY), ask(cast.unit2, MONDAY)
    later = ask(cast.park, MONDAY + timedelta(days=10))
    found = comparing.similar(cast.econ_specialist, street=street, title="电梯停运", place=cast.unit.pk)
    assert [(one.case, one.near) for one in found] == [
        (near, comparing.Near.BUILDING),
        (later, comparing.Near.PARK),
        (far, comparing.Near.PARK),
    ]


def test_distance_is_told_where_the_tree_has_nothing_in_common(cast, street, category):
    cast.building.longitude, cast.building.latitude = 120.0, 30.0
    cast.building.save()
    other = Place.objects.create(kind="park", code="t-p9", name="九园", since="2020-01-01")
    house = Place.objects.create(
        kind="building", code="t-b9", name="九号楼", since="2020-01-01", longitude=120.001, latitude=30.0
    )
    community = Place.objects.create(
        kind="community", code="t-c9", name="九社区", since="2020-01-01", community_kind="virtual"
    )
    for child, parent in ((community, cast.street), (other, community), (house, other)):
        Placement.objects.create(child=child, parent=parent, since="2020-01-01")
    rebuild_coverage()
    actions.open_case(
        enterprise=None, place=house, category=category, title="电梯停运", source=Source.DESK, by=cast.econ_specialist
    )
    (found,) = comparing.similar(cast.econ_specialist, street=street, title="电梯停运", place=cast.unit.pk)
    assert found.near is None
    assert 90 < found.metres < 100


def test_what_is_added_to_a_pool_is_found_in_it():
    texts = [Text(str(n), title) for n, title in enumerate(["电梯坏了", "电梯又坏了", "空调漏水", "门禁失灵"])]
    grown = Pool(texts)
    grown.add([Text("9", "电梯坏了没人修")])
    assert next(one.id for one in grown.nearest(Text("x", "电梯坏了"), 3)) == "0"
    assert {one.id for one in grown.nearest(Text("x", "电梯坏了"), 3)} == {"0", "1", "9"}


def test_shared_pieces_are_the_longest():
    assert shared("三号楼电梯停运了", "昨天三号楼电梯停运") == ["三号楼电梯停运"]
    assert shared("甲", "乙") == []


def test_the_desk_sees_hot_issues_and_likes_on_the_page(cast, others, client, case):
    client.force_login(cast.econ_specialist)
    assert "热点问题" in client.get(reverse("cases:hot")).content.decode()
    page = client.get(reverse("cases:detail", args=[case.pk])).content.decode()
    assert "相似办件" in page
    assert others[1].number in page
