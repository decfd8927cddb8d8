"""A case keeps the street it was opened in; asking by it finds the same cases as asking by every place."""

import pytest

from linqi.accounts.models import Grant, RoleRecord
from linqi.cases import actions
from linqi.cases.models import Case, Source
from linqi.kit import access
from linqi.kit.access import SYSTEM, Role
from linqi.kit.clock import today
from linqi.territory.actions import close_place, move_place
from linqi.territory.models import Coverage
from linqi.territory.queries import changed_street, valid_on


@pytest.fixture
def cases(cast, street, category):
    """One at each of two units and at the community, in both streets."""
    for place in (cast.unit, cast.unit2, cast.community, cast.far_unit, cast.far_unit2, cast.far_community):
        actions.open_case(
            enterprise=None, place=place, category=category, title="电梯停运", source=Source.DESK, by=SYSTEM
        )


def seen(user):
    access.forget(user)
    return set(access.seen_by(user, Case, "cases.see").values_list("place__code", flat=True))


def standing(user):
    """Cases whose place stands below the user's places today, said without the kept street."""
    below = Coverage.objects.filter(valid_on(today()), ancestor__in=access.reach_of(user).places("cases.see"))
    return set(Case.objects.filter(place__in=below.values("descendant")).values_list("place__code", flat=True))


@pytest.mark.parametrize("also", ["", "far_floor", "far_street", "district"])
def test_whatever_moves_the_cases_seen_are_those_that_stand_below_today(cast, cases, also):
    if also:
        role = RoleRecord.objects.get(code=Role.STREET_LEADER)
        Grant.objects.create(user=cast.street_leader, role=role, place=cast.places[also], since=today())
    everyone = (cast.street_leader, cast.stranger, cast.community_secretary, cast.property_manager)
    assert seen(cast.stranger) == {"t-far_unit", "t-far_unit2", "t-far_community"}
    for child, parent in ((cast.unit2, cast.far_floor), (cast.far_community, cast.street)):
        move_place(place=child, to=parent, on=today(), reason="区划调整", by=SYSTEM)
        for one in everyone:
            assert seen(one) == standing(one), one
    moved = set(changed_street().values_list("descendant__code", flat=True))
    assert "t-far_unit" in moved
    assert "t-unit" not in moved


def test_a_case_moved_away_is_no_more_seen_by_the_street_it_came_from(cast, cases):
    move_place(place=cast.unit2, to=cast.far_floor, on=today(), reason="区划调整", by=SYSTEM)
    assert "t-unit2" not in seen(cast.street_leader)
    assert "t-unit2" in seen(cast.stranger)


def test_what_has_ended_stays_with_the_street_it_ended_in(cast, cases):
    close_place(place=cast.unit2, on=today(), by=SYSTEM)
    assert "t-unit2" in seen(cast.street_leader)
    assert access.may(cast.street_leader, "cases.see", Case.objects.get(place=cast.unit2))
    assert "t-unit2" not in seen(cast.stranger)
