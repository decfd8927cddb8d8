"""Whom we must visit, asked of the database."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from linqi.cases import actions as cases
from linqi.cases.models import Case, Source
from linqi.catalogue.models import Category
from linqi.enterprises import known
from linqi.enterprises.actions import facts
from linqi.enterprises.models import Enterprise, Relation, Tenancy
from linqi.kit import clock
from linqi.organisation.actions import form_team
from linqi.visits import actions, following, signals, standing
from linqi.visits.intake import default_rules
from linqi.visits.models import MustVisitRule
from linqi.visits.queries import due_by, must_visits
from linqi.visits.rules import Reason
from linqi.visits.signals import need_since

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
@pytest.mark.parametrize("columns", [pytest.param(True, id="in columns"), pytest.param(False, id="one by one")])
def test_the_number_of_queries_does_not_depend_on_the_enterprises(
    cast, at, firms, columns, django_assert_max_num_queries
):
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
    known.forget()
    with django_assert_max_num_queries(36):
        assert len(standing.whole_list(TODAY, columns=columns)) == firms


def test_the_list_is_remembered_and_follows_the_journal(cast, at, street, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(standing, "FEW", 1)
    monkeypatch.setattr(following, "FEW", 1)
    standing.forget()
    known.forget()
    user = cast.econ_specialist
    Tenancy.objects.filter(enterprise=cast.firm).update(since=TODAY - timedelta(days=3))
    assert asked(user) == {cast.firm.pk: [Reason.NEWCOMER]}
    with django_assert_num_queries(1):  # the head of the journal: nothing happened
        assert asked(user) == {cast.firm.pk: [Reason.NEWCOMER]}
    actions.record_unplanned_visit(enterprise=cast.firm, visited_on=TODAY, summary="见到行政。", by=user)
    assert asked(user) == {}
    facts.record_fact(
        enterprise=cast.neighbour,
        key="wage_arrears",
        value=True,
        source_kind="register",
        source="人社",
        as_of=TODAY,
        by=user,
    )
    assert asked(user) == {cast.neighbour.pk: [Reason.AT_RISK]}
    actions.set_rule(
        street=street, reason=Reason.AT_RISK, since=TODAY, by=cast.street_leader,
        said={**said_of(Reason.AT_RISK), "when": {"field": "abnormal_operation", "op": "is_true"}},
    )  # fmt: skip
    assert asked(user) == {}
    standing.forget()
    known.forget()


# --- what the six triggers look at ------------------------------------------------------------------------------------
def tell(cast, key, value, *, firm="firm", period="", as_of=TODAY):
    facts.record_fact(
        enterprise=cast.enterprises[firm], key=key, value=value, period=period, source_kind="register", source="测试名册",
        as_of=as_of, by=cast.econ_specialist,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        pytest.param({"abnormal_operation": True}, Reason.AT_RISK, id="on the list of abnormal operation"),
        pytest.param({"rent_overdue_days": 61}, Reason.AT_RISK, id="rent overdue for two months"),
        pytest.param({"fire_hazard_open": True}, Reason.AT_RISK, id="an open fire hazard"),
        pytest.param({"visit_requested_on": TODAY - timedelta(days=2)}, Reason.IN_NEED, id="it asked for a visit"),
        pytest.param({"four_above": "service"}, Reason.PREMIUM, id="above scale"),
        pytest.param({"listing_stage": "listed"}, Reason.PREMIUM, id="listed"),
        pytest.param({"certificates": [{"code": "HNTE", "issued_on": "2025-01-01", "expires_on": "2028-01-01"}]}, Reason.PREMIUM, id="a high-tech certificate"),
        pytest.param({"lease_ends_on": TODAY + timedelta(days=80), "lease_renewed": False}, Reason.OUTBOUND, id="its lease runs out and is not renewed"),
        pytest.param({"address_change_requested_on": TODAY - timedelta(days=9)}, Reason.OUTBOUND, id="it asked to move its address"),
        pytest.param({"registered_here": False, "actual_operation_here": True}, Reason.UNREGISTERED, id="works here, registered elsewhere"),
    ],
)  # fmt: skip
def test_a_fact_fires_its_reason(cast, at, told, reason):
    for key, value in told.items():
        tell(cast, key, value)
    assert asked(cast.econ_specialist) == {cast.firm.pk: [reason]}


@pytest.mark.parametrize(
    "told",
    [
        pytest.param({"rent_overdue_days": 59}, id="rent not overdue for long"),
        pytest.param({"four_above": "none"}, id="known not to be above scale"),
        pytest.param({"lease_ends_on": TODAY + timedelta(days=80)}, id="nobody knows whether the lease was renewed"),
        pytest.param({"lease_ends_on": TODAY + timedelta(days=80), "lease_renewed": True}, id="the lease was renewed"),
        pytest.param({"certificates": [{"code": "HNTE", "issued_on": "2020-01-01", "expires_on": "2023-01-01"}]}, id="a certificate that has run out"),
        pytest.param({"outbound_investments": [{"region": "330110", "date": "2026-02-01"}]}, id="it invested in its own district"),
    ],
)  # fmt: skip
def test_what_is_unknown_or_just_short_fires_nothing(cast, at, told):
    Enterprise.objects.filter(pk=cast.firm.pk).update(registration_region="330110")
    for key, value in told.items():
        tell(cast, key, value)
    assert asked(cast.econ_specialist) == {}


def test_an_investment_in_another_district_is_news_for_half_a_year(cast, at):
    Enterprise.objects.filter(pk=cast.firm.pk).update(registration_region="330110")
    tell(cast, "outbound_investments", [{"region": "310115", "date": "2026-02-10"}])
    (must,) = must_visits(cast.econ_specialist, today=TODAY)
    assert must.reasons == [Reason.OUTBOUND]
    assert asked(cast.econ_specialist, date(2026, 9, 1)) == {}


def test_a_third_of_the_insured_gone_in_three_months_is_a_risk(cast, at):
    tell(cast, "insured_count", 100, period="2025-10")
    tell(cast, "insured_count", 69, period="2026-01")
    assert asked(cast.econ_specialist) == {cast.firm.pk: [Reason.AT_RISK]}
    tell(cast, "insured_count", 71, period="2026-01", as_of=TODAY)
    assert asked(cast.econ_specialist) == {}


def test_the_largest_taxpayers_of_a_street_are_known_only_when_enough_are_known(cast, at, monkeypatch):
    tell(cast, "tax_paid", "9000000", period="2025")
    tell(cast, "tax_paid", "1000", period="2025", firm="neighbour")
    assert asked(cast.econ_specialist) == {}
    monkeypatch.setattr(signals, "ENOUGH_TAXED", 2)
    actions.set_rule(
        street=cast.street, reason=Reason.PREMIUM, since=TODAY, by=cast.street_leader,
        said={**said_of(Reason.PREMIUM), "when": {"field": "tax_rank_share", "op": "lte", "value": 50, "unit": "percent"}},
    )  # fmt: skip
    assert asked(cast.econ_specialist) == {cast.firm.pk: [Reason.PREMIUM]}


def test_a_fact_said_again_does_not_begin_anew(cast, at):
    tell(cast, "abnormal_operation", False, as_of=date(2025, 6, 1))
    tell(cast, "abnormal_operation", True, as_of=date(2026, 1, 5))
    tell(cast, "abnormal_operation", True, as_of=date(2026, 2, 20))
    (must,) = must_visits(cast.econ_specialist, today=TODAY)
    assert must.dues[0].since == date(2026, 1, 5)


def test_a_lease_begins_to_press_ninety_days_before_its_end(cast, at):
    tell(cast, "lease_renewed", False, as_of=date(2025, 1, 1))
    tell(cast, "lease_ends_on", date(2026, 5, 20), as_of=date(2025, 1, 1))
    (must,) = must_visits(cast.econ_specialist, today=TODAY)
    assert must.dues[0].since == date(2026, 5, 20) - timedelta(days=90)


def test_a_newcomer_is_seen_again_after_ninety_days_although_it_is_no_longer_new(cast, newcomer):
    visit = actions.record_unplanned_visit(
        enterprise=newcomer, visited_on=TODAY, summary="见到行政。", by=cast.econ_specialist
    )
    assert visit.dues == {"newcomer": "2026-03-05"}
    later = TODAY + timedelta(days=91)
    assert asked(cast.econ_specialist, later - timedelta(days=1)) == {}
    (must,) = must_visits(cast.econ_specialist, today=later)
    assert (must.reasons, must.dues[0].since) == ([Reason.NEWCOMER], later)


# --- a street's own rules ---------------------------------------------------------------------------------------------
def said_of(reason):
    """The product's rule, as a street would write it down."""
    row = next(row for row in default_rules() if row.reason == reason)
    return {
        "when": row.when, "first_visit": row.first_visit, "repeat": row.repeat, "most": row.most, "presses": row.presses,
        "weight": row.weight, "who": row.who, "ask": list(row.ask), "done_when": row.done_when, "legal": row.legal,
        "source": "街道〔2026〕3号",
    }  # fmt: skip


def test_a_streets_own_rule_holds_there_from_its_day_and_the_default_elsewhere(cast, at, newcomer):
    Tenancy.objects.filter(enterprise=cast.far_firm).update(since=TODAY - timedelta(days=5))
    begins = TODAY + timedelta(days=2)
    actions.set_rule(
        street=cast.street, reason=Reason.NEWCOMER, since=begins, by=cast.street_leader,
        said={**said_of(Reason.NEWCOMER), "first_visit": 2},
    )  # fmt: skip
    since = date(2026, 2, 25)
    assert must_visits(cast.econ_specialist, today=TODAY)[0].due == due_by(Reason.NEWCOMER, since)
    assert must_visits(cast.econ_specialist, today=begins)[0].due == date(2026, 2, 27)
    assert must_visits(cast.stranger, today=begins)[0].due == due_by(Reason.NEWCOMER, since)
    actions.restore_rule(street=cast.street, reason=Reason.NEWCOMER, by=cast.street_leader)
    assert must_visits(cast.econ_specialist, today=begins)[0].due == due_by(Reason.NEWCOMER, since)


def test_whom_only_a_changed_rule_takes_in_owes_nothing_for_the_time_before(cast, at, newcomer):
    wide = {"any": [{"field": "tenancy_began_on", "op": "gte", "value": "today-3y"}]}
    actions.set_rule(
        street=cast.street, reason=Reason.NEWCOMER, since=TODAY, by=cast.street_leader,
        said={**said_of(Reason.NEWCOMER), "when": wide},
    )  # fmt: skip
    since = {must.enterprise: must.dues[0].since for must in must_visits(cast.econ_specialist, today=TODAY)}
    assert since == {newcomer.pk: date(2026, 2, 25), cast.neighbour.pk: TODAY}


@pytest.mark.parametrize("who", ["econ_specialist", "community_secretary", "stranger", "enterprise_user", "nobody"])
def test_rules_are_the_leaders(cast, at, who):
    with pytest.raises(PermissionDenied):
        actions.set_rule(
            street=cast.street, reason=Reason.PREMIUM, since=TODAY, said=said_of(Reason.PREMIUM), by=cast.users[who]
        )


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        pytest.param(Reason.OUTBOUND, {"legal": " "}, id="the legal note is not taken out"),
        pytest.param(Reason.PREMIUM, {"source": ""}, id="a change says what it rests on"),
        pytest.param(Reason.PREMIUM, {"when": {"field": "nonsense", "op": "is_true"}}, id="an unknown field"),
    ],
)
def test_a_rule_that_cannot_hold_is_refused_in_words(cast, at, reason, change):
    with pytest.raises(ValidationError):
        actions.set_rule(
            street=cast.street, reason=reason, since=TODAY, said={**said_of(reason), **change}, by=cast.street_leader
        )


def test_the_past_is_not_ruled(cast, at):
    with pytest.raises(ValidationError):
        actions.set_rule(
            street=cast.street, reason=Reason.PREMIUM, since=TODAY - timedelta(days=1), said=said_of(Reason.PREMIUM),
            by=cast.street_leader,
        )  # fmt: skip


def test_the_six_defaults_are_brought_along_once(db):
    assert actions.install_rules() == 0
    assert set(MustVisitRule.objects.filter(street=None).values_list("reason", flat=True)) == set(Reason.values)
