"""Planning and recording visits, and what is found on them."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from linqi.cases.models import Case, Source
from linqi.catalogue.models import Category
from linqi.enterprises.models import Claim
from linqi.journal.models import Entry
from linqi.kit import access, clock
from linqi.kit.access import SYSTEM
from linqi.kit.flow import MoveRefused
from linqi.territory.actions import move_place
from linqi.visits import actions, queries
from linqi.visits.flow import State
from linqi.visits.forms import RecordForm
from linqi.visits.models import Finding, FindingKind, Visit

from .conftest import MONDAY

TODAY = MONDAY.date()


@pytest.fixture
def visit(cast, street, newcomer):
    """A visit that took place today."""
    planned = actions.plan_visit(enterprise=newcomer, planned_for=TODAY, by=cast.econ_specialist)
    return actions.record_visit(
        visit=planned, visited_on=TODAY, met="行政人事", summary="设备已进场。", by=cast.econ_specialist
    )


def verbs():
    return list(Entry.objects.filter(verb__startswith="visits.").order_by("pk").values_list("verb", flat=True))


def test_planned_recorded_and_told(cast, visit):
    assert (visit.state, visit.reasons, visit.place, visit.visitor) == (
        State.DONE,
        ["newcomer"],
        cast.unit,
        cast.econ_specialist,
    )
    assert verbs() == ["visits.planned", "visits.recorded"]


def test_a_visit_keeps_its_street_and_is_seen_where_its_place_stands_today(cast, visit):
    def seen_by(*users):
        for one in users:
            access.forget(one)
        return [queries.visits_seen_by(one).filter(pk=visit.pk).exists() for one in users]

    assert visit.street == cast.street
    assert seen_by(cast.street_leader, cast.community_secretary, cast.stranger) == [True, True, False]
    move_place(place=cast.unit, to=cast.far_floor, on=clock.today(), reason="区划调整", by=SYSTEM)
    visit.refresh_from_db()
    assert visit.street == cast.street
    assert seen_by(cast.street_leader, cast.community_secretary, cast.stranger) == [False, False, True]


@pytest.mark.parametrize("who", ["stranger", "enterprise_user", "nobody", "department_handler", "street_leader"])
def test_planning_is_for_the_community(cast, newcomer, who):
    with pytest.raises(PermissionDenied):
        actions.plan_visit(enterprise=newcomer, planned_for=TODAY, by=cast.users[who])
    assert not Visit.objects.exists()


@pytest.mark.parametrize("who", ["stranger", "enterprise_user", "nobody"])
def test_recording_and_finding_are_refused_to_outsiders(cast, visit, who):
    by = cast.users[who]
    with pytest.raises(PermissionDenied):
        actions.record_visit(visit=visit, visited_on=TODAY, summary="没去过", by=by)
    with pytest.raises(PermissionDenied):
        actions.add_clue(visit=visit, text="编的", by=by)
    with pytest.raises(PermissionDenied):
        actions.report_problem(visit=visit, title="编的", category=Category.objects.get(code="loans"), by=by)
    assert not Case.objects.exists()


def test_an_enterprise_is_not_planned_twice(cast, newcomer):
    actions.plan_visit(enterprise=newcomer, planned_for=TODAY, by=cast.econ_specialist)
    with pytest.raises(ValidationError, match="不重复安排"):
        actions.plan_visit(enterprise=newcomer, planned_for=TODAY, by=cast.community_secretary)


def test_a_recorded_visit_is_not_recorded_again(cast, visit):
    with pytest.raises(MoveRefused):
        actions.record_visit(visit=visit, visited_on=TODAY, summary="再记一次", by=cast.econ_specialist)


def test_the_future_is_not_recorded_and_a_record_says_something(cast, newcomer):
    visit = actions.plan_visit(enterprise=newcomer, planned_for=TODAY, by=cast.econ_specialist)
    for wrong in ({"visited_on": TODAY + timedelta(days=1), "summary": "明天"}, {"visited_on": TODAY, "summary": " "}):
        with pytest.raises(ValidationError):
            actions.record_visit(visit=visit, **wrong, by=cast.econ_specialist)


@pytest.mark.parametrize(
    ("act", "state"),
    [("miss_visit", State.NO_ANSWER), ("refuse_visit", State.REFUSED), ("cancel_visit", State.CANCELLED)],
)
def test_a_visit_may_come_to_nothing(cast, newcomer, act, state):
    visit = actions.plan_visit(enterprise=newcomer, planned_for=TODAY, by=cast.econ_specialist)
    assert getattr(actions, act)(visit=visit, by=cast.econ_specialist).state == state


# --- what was found ---------------------------------------------------------------------------------------------------
def test_a_fact_learnt_is_a_claim_until_somebody_confirms_it(cast, visit):
    finding = actions.add_fact(
        visit=visit, key="insured_count", text="３５人", period="2026-02", by=cast.econ_specialist
    )
    claim = Claim.objects.get()
    assert (claim.value, claim.state, claim.said_by, claim.origin) == (35, "waiting", "行政人事", f"visit:{visit.pk}")
    assert finding.claim == claim


def test_a_fact_that_cannot_be_read_is_refused_in_words(cast, visit):
    with pytest.raises(ValidationError):
        actions.add_fact(visit=visit, key="insured_count", text="好多", period="2026-02", by=cast.econ_specialist)
    assert not Finding.objects.exists()


def test_a_problem_becomes_a_case_from_a_visit(cast, visit):
    case = actions.report_problem(
        visit=visit, title="消防通道被占", category=Category.objects.get(code="fire-safety"), by=cast.property_manager
    )
    assert (case.source, case.enterprise, case.place, case.department) == (
        Source.VISIT,
        cast.firm,
        cast.unit,
        cast.safety,
    )
    assert Finding.objects.get().case == case
    assert verbs()[-2:] == ["visits.finding_added", "visits.problem_reported"]


def test_what_is_being_settled_already_joins_its_case(cast, visit):
    case = actions.report_problem(
        visit=visit, title="消防通道被占", category=Category.objects.get(code="fire-safety"), by=cast.econ_specialist
    )
    actions.join_case(visit=visit, case=case, text="还是那条通道", kind=FindingKind.PROBLEM, by=cast.econ_specialist)
    assert Case.objects.count() == 1
    assert Finding.objects.filter(case=case).count() == 2


def test_a_visit_does_not_join_another_firms_case(cast, visit):
    other = actions.report_problem(
        visit=visit, title="消防通道被占", category=Category.objects.get(code="fire-safety"), by=cast.econ_specialist
    )
    Case.objects.filter(pk=other.pk).update(enterprise=cast.neighbour)
    with pytest.raises(ValidationError):
        actions.join_case(visit=visit, case=other, text="混在一起", by=cast.econ_specialist)


def test_a_clue_is_only_a_clue(cast, visit):
    finding = actions.add_clue(visit=visit, text="前台说工资晚了两周", by=cast.econ_specialist)
    assert (finding.kind, finding.case, finding.claim) == (FindingKind.CLUE, None, None)
    assert not Case.objects.exists()


def test_nothing_is_found_on_a_visit_that_did_not_take_place(cast, street, newcomer):
    visit = actions.plan_visit(enterprise=newcomer, planned_for=TODAY, by=cast.econ_specialist)
    with pytest.raises(ValidationError, match="先记录走访"):
        actions.add_clue(visit=visit, text="听说的", by=cast.econ_specialist)


# --- the law ----------------------------------------------------------------------------------------------------------
def test_guohanban_2026_12_no_visit_without_need(cast, visit):
    """无事不扰: going again within thirty days, with nothing new, must be explained."""
    with pytest.raises(ValidationError, match="无事不扰"):
        actions.plan_visit(enterprise=visit.enterprise, planned_for=TODAY, by=cast.econ_specialist)
    again = actions.plan_visit(
        enterprise=visit.enterprise, planned_for=TODAY, why_again="企业来电请我们再去", by=cast.econ_specialist
    )
    assert again.why_again == "企业来电请我们再去"


def test_guohanban_2026_12_no_track_no_photo_no_clock():
    """A visit record holds a day and an outcome: no position, no picture, no hour of coming and going."""
    kinds = {field.name: field.get_internal_type() for field in Visit._meta.get_fields() if not field.is_relation}
    assert "DateTimeField" not in kinds.values()
    assert not {"FileField", "ImageField", "FloatField", "DecimalField", "TimeField", "DurationField"} & set(
        kinds.values()
    )
    assert not {"latitude", "longitude", "photo", "track"} & set(kinds)
    asked = set(RecordForm(soon=True).fields)
    assert asked == {"met", "summary", "next_step", "visited_on", "why_again"}


def test_guohanban_2026_12_no_ranking_of_persons():
    """What is counted of visits is counted for places, never for whoever went."""
    from linqi.kit.measures import measures

    kept = [measure for measure in measures() if measure.key.startswith("visits.")]
    assert kept
    assert all(set(measure.count.__annotations__) == {"span", "place", "return"} for measure in kept)


def test_dates_of_the_past_are_not_planned(cast, newcomer):
    with pytest.raises(ValidationError):
        actions.plan_visit(enterprise=newcomer, planned_for=date(2026, 3, 1), by=cast.econ_specialist)
