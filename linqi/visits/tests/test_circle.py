"""The whole circle in one walk: sense, decide, act, rate 全流程."""

from datetime import date, datetime, timedelta

import pytest

from linqi.cases import actions as cases
from linqi.cases.flow import State
from linqi.cases.measures import closed, on_time, opened, satisfaction
from linqi.catalogue.models import Category
from linqi.journal.models import Entry
from linqi.kit import clock
from linqi.kit.measures import Span
from linqi.visits import actions, measures
from linqi.visits.models import FindingKind
from linqi.visits.queries import must_visits
from linqi.visits.rules import Reason

from .conftest import MONDAY


def test_from_must_visit_to_rating(cast, at, street, newcomer):
    # sense: the firm has just moved in, so it must be visited within seven working days
    (must,) = must_visits(cast.econ_specialist, today=MONDAY.date())
    assert (must.enterprise, must.reasons, must.due) == (
        cast.firm.pk,
        [Reason.NEWCOMER],
        date(2026, 3, 5),
    )  # Saturday 28 February is worked

    # act: somebody plans, goes, and finds a problem
    visit = actions.plan_visit(enterprise=cast.firm, planned_for=MONDAY.date(), by=cast.econ_specialist)
    assert visit.reasons == ["newcomer"]
    visit = actions.record_visit(
        visit=visit, visited_on=MONDAY.date(), met="行政人事", summary="设备已进场。", by=cast.econ_specialist
    )
    assert must_visits(cast.econ_specialist, today=MONDAY.date()) == []
    fact = actions.add_fact(visit=visit, key="insured_count", text="35人", period="2026-02", by=cast.econ_specialist)
    assert fact.claim.value == 35
    case = actions.report_problem(
        visit=visit,
        title="融资对接没有回音",
        category=Category.objects.get(code="loans"),
        kind=FindingKind.PROBLEM,
        by=cast.econ_specialist,
    )

    # decide: the table sends it to the section, the clock says by when
    assert case.department == cast.economy
    assert case.state == State.DISPATCHED
    assert case.due_at == datetime(2026, 3, 9, 18, 0, tzinfo=clock.ZONE)

    # act: accepted, answered, closed
    at(MONDAY + timedelta(hours=1))
    cases.accept(case=case, by=cast.department_handler)
    at(MONDAY + timedelta(days=1))
    cases.answer(case=case, text="已约银行本周上门。", by=cast.department_handler)
    at(MONDAY + timedelta(days=2))
    cases.close(case=case, by=cast.department_handler)

    # rate: the enterprise says how it was
    at(MONDAY + timedelta(days=2, hours=1))
    case = cases.rate(case=case, stars=5, comment="很快", by=cast.enterprise_user)
    assert (case.state, case.rating) == (State.CLOSED, 5)

    # counted, for the building, the street and nobody else
    span = Span(date(2026, 3, 1), date(2026, 3, 31))
    for place in (cast.building, street):
        assert opened(span, place.pk) == closed(span, place.pk) == 1
        assert on_time(span, place.pk) == satisfaction(span, place.pk) == 1
        assert measures.done(span, place.pk) == 1
        assert measures.answered_in_time(span, place.pk) == 1
    assert measures.firms_seen(span, cast.building.pk) == pytest.approx(0.5)
    assert opened(span, cast.far_street.pk) == 0
    assert satisfaction(span, cast.far_street.pk) is None

    # and the journal knows all of it
    verbs = set(Entry.objects.values_list("verb", flat=True))
    assert {
        "visits.planned",
        "visits.recorded",
        "visits.problem_reported",
        "enterprises.claim_made",
        "cases.opened",
        "cases.dispatched",
        "cases.accepted",
        "cases.answered",
        "cases.closed",
        "cases.rated",
    } <= verbs
