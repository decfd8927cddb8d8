"""The plan of a week as it is made, changed and confirmed, and who may do so."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from linqi.enterprises.models import Relation, Tenancy
from linqi.kit.flow import MoveRefused
from linqi.territory.models import Place, Placement
from linqi.visits import actions as visits
from linqi.visits import planning, standing
from linqi.visits.actions import planning as actions
from linqi.visits.actions.rota import set_rota
from linqi.visits.models import PlanFirm, PlanStop, PlanTerms, Visit, WeekPlan

from .conftest import MONDAY

TODAY = MONDAY.date()


@pytest.fixture
def second_building(cast):
    """A building more in the insiders' park, empty, two hundred metres on."""
    from linqi.territory.actions import rebuild_coverage

    made = Place.objects.create(
        kind="building", code="t-b2", name="五号楼", since=date(2020, 1, 1), longitude=120.002, latitude=30.0
    )
    Placement.objects.create(child=made, parent=cast.park, since=date(2020, 1, 1))
    Place.objects.filter(pk=cast.building.pk).update(longitude=120.0, latitude=30.0)
    rebuild_coverage()
    return made


@pytest.fixture
def plan(cast, street, newcomer, second_building):
    """A week of two people over the street; the solver has a second."""
    PlanTerms.objects.update(seconds=1)
    return actions.propose_week(
        place=cast.street,
        monday=TODAY,
        people=[cast.econ_specialist, cast.party_specialist],
        by=cast.econ_specialist,
    )


def placed(plan):
    """Where each stop is: its person and day."""
    return {
        one.pk: (one.shift.user_id, one.shift.day)
        for one in PlanStop.objects.filter(plan=plan, shift__isnull=False).select_related("shift")
    }


def test_a_proposal_covers_each_building_three_times_on_different_days(cast, plan, second_building):
    for building in (cast.building, second_building):
        days = [one.shift.day for one in PlanStop.objects.filter(plan=plan, building=building, extra=False)]
        assert len(days) == len(set(days)) == 3
    assert not Visit.objects.exists(), "a proposal binds nobody"
    assert plan.figures["out"] == 0


def test_who_must_be_visited_is_in_the_plan_with_the_reason(plan, newcomer, cast):
    row = PlanFirm.objects.get(stop__plan=plan, enterprise=newcomer)
    assert list(row.dues) == ["newcomer"]
    assert not PlanFirm.objects.get(stop__plan=plan, enterprise=cast.neighbour).dues


def test_a_week_of_holidays_is_not_planned_and_make_up_days_are(cast, street, at):
    golden = date(2025, 10, 1)
    assert planning.working_days(golden - timedelta(days=2)) == [date(2025, 9, 29), date(2025, 9, 30)]
    assert date(2025, 9, 28) in planning.working_days(date(2025, 9, 22))
    at(MONDAY.replace(year=2025, month=10, day=1))
    with pytest.raises(ValidationError) as told:
        actions.propose_week(place=cast.street, monday=golden, people=[cast.econ_specialist], by=cast.econ_specialist)
    assert "monday" in told.value.message_dict


def test_a_place_has_one_plan_for_a_week_until_it_is_dropped(cast, plan):
    again = {"place": cast.street, "monday": TODAY, "people": [cast.econ_specialist], "by": cast.econ_specialist}
    with pytest.raises(ValidationError):
        actions.propose_week(**again)
    actions.drop_week(plan=plan, by=cast.econ_specialist)
    assert actions.propose_week(**again).pk != plan.pk


def test_whoever_may_not_go_there_is_not_planned(cast, street):
    for people in ([], [cast.stranger], [cast.nobody]):
        with pytest.raises(ValidationError):
            actions.propose_week(place=cast.street, monday=TODAY, people=people, by=cast.econ_specialist)


@pytest.mark.parametrize("who", ["stranger", "enterprise_user", "nobody", "property_manager", "department_handler"])
def test_others_neither_propose_nor_confirm_nor_change(cast, plan, who):
    user, stop = cast.users[who], PlanStop.objects.filter(plan=plan).first()
    for act in (
        lambda: actions.propose_week(place=cast.street, monday=TODAY, people=[cast.econ_specialist], by=user),
        lambda: actions.confirm_week(plan=plan, by=user),
        lambda: actions.drop_week(plan=plan, by=user),
        lambda: actions.ask_search(plan=plan, by=user),
        lambda: actions.move_stop(stop=stop, shift=None, by=user),
        lambda: actions.set_absent(plan=plan, user=cast.econ_specialist, day=TODAY, absent=True, by=user),
        lambda: actions.set_terms(street=cast.street, source="x", by=user, **planning.default_terms()),
    ):
        with pytest.raises((PermissionDenied, TypeError)):
            act()


def test_a_specialist_proposes_and_a_secretary_confirms(cast, plan, newcomer):
    with pytest.raises(PermissionDenied):
        actions.confirm_week(plan=plan, by=cast.econ_specialist)
    actions.confirm_week(plan=plan, by=cast.community_secretary)
    visit = Visit.objects.get(enterprise=newcomer)
    row = PlanFirm.objects.get(stop__plan=plan, enterprise=newcomer)
    assert (visit.visitor_id, visit.planned_for) == (row.stop.shift.user_id, row.stop.shift.day)
    assert visit.reasons == ["newcomer"]
    assert standing.list_on(TODAY)[newcomer.pk].planned_for == visit.planned_for
    with pytest.raises(MoveRefused):
        actions.confirm_week(plan=plan, by=cast.community_secretary)


def test_an_absence_moves_the_stops_of_that_day_to_others_and_nothing_else(cast, plan):
    actions.confirm_week(plan=plan, by=cast.community_secretary)
    before = placed(plan)
    (who, day) = next(iter(before.values()))
    person = {one.pk: one for one in (cast.econ_specialist, cast.party_specialist)}[who]
    mended = actions.set_absent(plan=plan, user=person, day=day, absent=True, by=cast.econ_specialist)
    after = placed(plan)
    assert (who, day) not in after.values()
    assert {k: v for k, v in before.items() if v != (who, day)} == {
        k: v for k, v in after.items() if before[k] != (who, day)
    }
    assert set(mended.moved) == {k for k, v in before.items() if v == (who, day) and k in after}
    for row in PlanFirm.objects.filter(stop__plan=plan, visit__isnull=False).select_related("visit", "stop__shift"):
        assert (row.visit.visitor_id, row.visit.planned_for) == (row.stop.shift.user_id, row.stop.shift.day)


def test_when_everybody_is_away_the_firms_are_told_and_their_visits_cancelled(cast, plan, newcomer):
    actions.confirm_week(plan=plan, by=cast.community_secretary)
    for person in (cast.econ_specialist, cast.party_specialist):
        for n in range(5):
            day = TODAY + timedelta(days=n)
            actions.set_absent(plan=plan, user=person, day=day, absent=True, by=cast.econ_specialist)
    assert not placed(plan)
    assert Visit.objects.get(enterprise=newcomer).state == "cancelled"
    plan.refresh_from_db()
    assert plan.figures["out"] == PlanStop.objects.filter(plan=plan).count()


def test_a_stop_moved_by_hand_stays_there_whatever_else_happens(cast, plan):
    stop = PlanStop.objects.filter(plan=plan, shift__isnull=False).first()
    other = plan.shifts.exclude(user=stop.shift.user).filter(day=TODAY + timedelta(days=3)).last()
    before = placed(plan)
    actions.move_stop(stop=stop, shift=other, by=cast.econ_specialist)
    after = placed(plan)
    assert after.pop(stop.pk) == (other.user_id, other.day)
    before.pop(stop.pk)
    assert after == before
    actions.ask_search(plan=plan, by=cast.econ_specialist)
    actions.search_week(plan=plan, by=cast.econ_specialist)
    assert placed(plan)[stop.pk] == (other.user_id, other.day)
    actions.move_stop(stop=stop, shift=None, by=cast.econ_specialist)
    assert stop.pk not in placed(plan)


def test_a_stop_that_does_not_fit_is_refused_in_words_and_nothing_is_written(cast, plan):
    stop = PlanStop.objects.filter(plan=plan, shift__isnull=False).first()
    before = placed(plan)
    shift = plan.shifts.exclude(pk=stop.shift_id).first()
    PlanStop.objects.filter(pk=stop.pk).update(minutes=600)
    stop.refresh_from_db()
    with pytest.raises(ValidationError, match="放不下"):
        actions.move_stop(stop=stop, shift=shift, by=cast.econ_specialist)
    assert placed(plan) == before


def test_the_search_never_makes_it_worse_and_keeps_a_bound(cast, plan):
    first = plan.figures["total"]
    actions.ask_search(plan=plan, by=cast.econ_specialist)
    with pytest.raises(ValidationError):
        actions.ask_search(plan=plan, by=cast.econ_specialist)
    with pytest.raises(ValidationError):
        actions.confirm_week(plan=plan, by=cast.community_secretary)
    found = actions.search_week(plan=plan, by=cast.econ_specialist)
    assert (found.search, found.searched) == ("done", 100)
    assert first <= found.figures["total"] <= found.figures["bound"]


def test_an_urgent_firm_is_taken_in_and_an_arranged_one_is_not_arranged_twice(cast, plan):
    PlanFirm.objects.filter(enterprise=cast.neighbour).delete()
    actions.add_urgent(plan=plan, enterprise=cast.neighbour, by=cast.econ_specialist)
    assert PlanFirm.objects.get(stop__plan=plan, enterprise=cast.neighbour).stop.shift_id
    with pytest.raises(ValidationError):
        actions.add_urgent(plan=plan, enterprise=cast.neighbour, by=cast.econ_specialist)
    with pytest.raises(PermissionDenied):
        actions.add_urgent(plan=plan, enterprise=cast.far_firm, by=cast.econ_specialist)


def test_what_was_recorded_stays_when_its_person_is_absent_on_other_days(cast, plan, newcomer, at):
    actions.confirm_week(plan=plan, by=cast.community_secretary)
    row = PlanFirm.objects.get(stop__plan=plan, enterprise=newcomer)
    at(MONDAY + (row.stop.shift.day - TODAY))
    visits.record_visit(visit=row.visit, visited_on=row.stop.shift.day, summary="见到行政。", by=cast.econ_specialist)
    stop = PlanStop.objects.get(pk=row.stop_id)
    with pytest.raises(ValidationError):
        actions.move_stop(stop=stop, shift=plan.shifts.last(), by=cast.econ_specialist)


def test_only_members_of_the_link_team_go_when_asked_so(cast, street, newcomer, second_building):
    from linqi.organisation.actions import form_team
    from linqi.organisation.rules import TeamRole

    form_team(building=cast.building, members={TeamRole.OPERATOR: cast.econ_specialist}, by=cast.street_leader)
    plan = actions.propose_week(
        place=cast.street, monday=TODAY, people=[cast.econ_specialist, cast.party_specialist], own_teams=True,
        by=cast.econ_specialist,
    )  # fmt: skip
    stops = PlanStop.objects.filter(plan=plan)
    assert {one.shift.user for one in stops.filter(building=cast.building)} == {cast.econ_specialist}
    assert not stops.filter(building=second_building, shift__isnull=False).exists()


def test_a_firm_seen_lately_or_that_declined_is_left_alone(cast, street, at, second_building):
    Tenancy.objects.create(
        enterprise=cast.firm, place=cast.unit2, relation=Relation.BOTH, since=date(2025, 1, 1), source="测试"
    )
    base = {"place": cast.unit, "street": cast.street, "reasons": []}
    Visit.objects.create(
        enterprise=cast.firm, state="done", planned_for=TODAY, visited_on=TODAY - timedelta(days=5), **base
    )
    Visit.objects.create(enterprise=cast.neighbour, state="refused", planned_for=TODAY - timedelta(days=10), **base)
    plan = actions.propose_week(place=cast.street, monday=TODAY, people=[cast.econ_specialist], by=cast.econ_specialist)
    assert not PlanFirm.objects.filter(stop__plan=plan).exists()


def test_a_street_sets_its_own_terms_with_a_source_and_a_building_its_own_rota(cast, street, second_building):
    said = {key: value for key, value in planning.default_terms().items() if key != "source"}
    with pytest.raises(ValidationError):
        actions.set_terms(street=cast.street, source=" ", by=cast.street_leader, **said)
    with pytest.raises(ValidationError):
        actions.set_terms(street=cast.street, source="x", by=cast.street_leader, **{**said, "hours": [[600, 500]]})
    actions.set_terms(street=cast.street, source="某文件", by=cast.street_leader, **{**said, "visits": 2})
    set_rota(building=second_building, visits=1, opens=840, closes=1000, by=cast.econ_specialist)
    plan = actions.propose_week(place=cast.street, monday=TODAY, people=[cast.econ_specialist], by=cast.econ_specialist)
    assert PlanStop.objects.filter(plan=plan, building=cast.building).count() == 2
    only = PlanStop.objects.get(plan=plan, building=second_building)
    assert only.shift.begins >= 840
    assert planning.terms_of(cast.far_street, TODAY).visits == 3


def test_a_far_street_sees_nothing_of_a_plan(cast, plan):
    assert list(planning.plans_seen_by(cast.econ_specialist)) == [plan]
    assert not planning.plans_seen_by(cast.stranger).exists()
    assert WeekPlan.objects.count() == 1
