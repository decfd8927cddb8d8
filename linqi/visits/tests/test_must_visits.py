"""Whom we must visit, asked of the database."""

from datetime import date, timedelta

import pytest

from linqi.cases import actions as cases
from linqi.cases.models import Case, Source
from linqi.catalogue.models import Category
from linqi.enterprises.models import Enterprise, Relation, Tenancy
from linqi.kit import clock
from linqi.organisation.actions import form_team
from linqi.visits import actions
from linqi.visits.queries import due_by, in_order_of_due, must_visits, need_since
from linqi.visits.rules import Reason

from .conftest import MONDAY

TODAY = MONDAY.date()


def asked(user, day=TODAY):
    return {must.enterprise: must.reasons for must in must_visits(user, today=day)}


def test_a_newcomer_is_asked_for_where_it_moved_in_and_nowhere_else(cast, newcomer):
    assert asked(cast.econ_specialist) == {newcomer.pk: [Reason.NEWCOMER]}
    assert asked(cast.property_manager) == {newcomer.pk: [Reason.NEWCOMER]}
    for outsider in (cast.stranger, cast.enterprise_user, cast.nobody):
        assert asked(outsider) == {}


def test_the_day_is_the_clocks(cast, newcomer):
    (must,) = must_visits(cast.econ_specialist, today=TODAY)
    counted = clock.clock_in_force().add_working_days(date(2026, 2, 25), 7)
    assert must.due == counted == due_by(Reason.NEWCOMER, date(2026, 2, 25))


def test_a_newcomer_that_left_again_is_not_asked_for(cast, newcomer):
    Tenancy.objects.filter(enterprise=newcomer, until=None).update(until=TODAY)
    assert asked(cast.econ_specialist) == {}


def test_a_case_left_open_becomes_a_need_after_one_working_day(cast, street):
    case = cases.open_case(
        enterprise=cast.neighbour,
        category=Category.objects.get(code="loans"),
        title="续贷",
        source=Source.PORTAL,
        by=cast.econ_specialist,
    )
    since = need_since(TODAY)
    assert since == date(2026, 3, 4)
    assert asked(cast.econ_specialist, since - timedelta(days=1)) == {}
    assert asked(cast.econ_specialist, since) == {cast.neighbour.pk: [Reason.IN_NEED]}
    cases.accept(case=case, by=cast.department_handler)
    cases.answer(case=case, text="已对接银行。", by=cast.department_handler)
    assert asked(cast.econ_specialist, since) == {}


def test_a_bad_rating_asks_for_a_visit(cast, street):
    case = cases.open_case(
        enterprise=cast.firm,
        category=Category.objects.get(code="loans"),
        title="续贷",
        source=Source.PORTAL,
        by=cast.enterprise_user,
    )
    cases.accept(case=case, by=cast.department_handler)
    cases.answer(case=case, text="不行。", by=cast.department_handler)
    cases.close(case=case, by=cast.department_handler)
    cases.rate(case=case, stars=2, by=cast.enterprise_user)
    assert asked(cast.econ_specialist) == {cast.firm.pk: [Reason.IN_NEED]}


def test_a_new_need_does_not_put_off_an_old_one(cast, street):
    for days in (20, 4):
        case = cases.open_case(
            enterprise=cast.firm,
            category=Category.objects.get(code="loans"),
            title="续贷",
            source=Source.PORTAL,
            by=cast.enterprise_user,
        )
        Case.objects.filter(pk=case.pk).update(opened_at=MONDAY - timedelta(days=days))
    (must,) = must_visits(cast.econ_specialist, today=TODAY)
    assert must.due == due_by(Reason.IN_NEED, need_since(TODAY - timedelta(days=20)))


def test_a_visit_answers_and_the_team_is_named(cast, newcomer):
    team = form_team(building=cast.building, by=cast.community_secretary)
    (must,) = must_visits(cast.econ_specialist, today=TODAY)
    assert (must.team, must.building, must.building_name) == (team.pk, cast.building.pk, cast.building.name)
    actions.record_unplanned_visit(
        enterprise=newcomer, visited_on=TODAY, summary="见到行政，一切就绪。", by=cast.property_manager
    )
    assert asked(cast.econ_specialist) == {}


@pytest.mark.parametrize("firms", [3, 40])
def test_the_number_of_queries_does_not_depend_on_the_enterprises(cast, at, firms, django_assert_num_queries):
    made = Enterprise.objects.bulk_create(
        Enterprise(name=f"测试{n}公司", name_key=f"测试{n}公司", seat=cast.unit, source="测试", as_of=TODAY)
        for n in range(firms)
    )
    Tenancy.objects.bulk_create(
        Tenancy(
            enterprise=one, place=cast.unit, relation=Relation.BOTH, since=TODAY - timedelta(days=n % 30), source="测试"
        )
        for n, one in enumerate(made)
    )
    user = cast.econ_specialist
    must_visits(user, today=TODAY)  # grants are read once for a user
    with django_assert_num_queries(8):
        musts = must_visits(user, today=TODAY)
    assert len(musts) == firms
    with django_assert_num_queries(1):
        rows = list(in_order_of_due(musts).order_by("due", "pk"))
    assert [row.pk for row in rows] == [must.enterprise for must in musts]
