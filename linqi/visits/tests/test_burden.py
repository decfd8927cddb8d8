"""The ledger of an enterprise: what counts, what belongs together, what was known, and the warning before one more."""

from datetime import date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from linqi.cases import actions as cases
from linqi.cases.models import Case, Source
from linqi.catalogue.models import Category
from linqi.enterprises.actions.facts import confirm_claim, make_claim, record_fact
from linqi.enterprises.models import Claim, Fact, Relation, Tenancy
from linqi.journal.models import Entry
from linqi.journal.verbs import Verb
from linqi.kit import clock
from linqi.kit.access import SYSTEM
from linqi.kit.measures import Span
from linqi.territory.queries import street_of
from linqi.visits import actions, burden, cautions, following, measures
from linqi.visits.actions.burden import restore_burden_limit, set_burden_limit
from linqi.visits.models import BurdenLimit, FindingKind, Visit
from linqi.visits.rules import Reason
from linqi.visits.rules.burden import ContactKind
from linqi.visits.views.burdened import burdened
from linqi.visits.views.spans import Days

from .conftest import MONDAY

TODAY = MONDAY.date()


def ago(days):
    return TODAY - timedelta(days=days)


def visit(cast, days, *, by="econ_specialist", firm="firm", state="done", **more):
    enterprise = cast.enterprises[firm]
    return Visit.objects.create(
        enterprise=enterprise, place=enterprise.seat, street=street_of(enterprise.seat), visitor=cast.users[by], state=state,
        planned_for=ago(days), visited_on=ago(days) if state == "done" else None, **more,
    )  # fmt: skip


def claim(cast, key, value, days=0, *, by="econ_specialist", period="", origin="page"):
    return make_claim(
        enterprise=cast.firm, key=key, value=value, period=period, said_by="前台", said_on=ago(days), origin=origin,
        by=cast.users[by],
    )  # fmt: skip


def known_since(cast, key, value, days, period=""):
    """A fact that came into the house so many days ago."""
    fact = record_fact(
        enterprise=cast.firm, key=key, value=value, period=period, source_kind="register", source="人社",
        as_of=ago(days), by=cast.econ_specialist,
    )  # fmt: skip
    then = datetime.combine(ago(days), datetime.min.time(), clock.ZONE)
    Fact.objects.filter(pk=fact.pk).update(recorded_at=then)
    return fact


def contacts(cast, firm="firm", days=365):
    return burden.contacts_of([cast.enterprises[firm].pk], ago(days - 1), TODAY).get(cast.enterprises[firm].pk, [])


def kinds(cast):
    return [one.kind for one in contacts(cast)]


# --- what counts ------------------------------------------------------------------------------------------------------
def test_a_visit_and_one_declined_count_one_to_nobody_does_not(cast, at):
    visit(cast, 9)
    visit(cast, 8, state="refused")
    visit(cast, 7, state="no_answer")
    visit(cast, 6, state="cancelled")
    visit(cast, -3, state="planned")
    assert kinds(cast) == [ContactKind.VISIT, ContactKind.DECLINED]


def test_what_is_heard_on_a_visit_is_no_contact_of_its_own_and_is_told_with_it(cast, at):
    made = visit(cast, 0)
    actions.add_fact(visit=made, key="ip_class1", text="35", by=cast.econ_specialist)
    [one] = contacts(cast)
    assert (one.kind, [field.key for field in one.asked]) == (ContactKind.VISIT, ["ip_class1"])


def test_a_question_by_telephone_is_a_contact_and_many_lines_of_one_call_are_one(cast, at):
    claim(cast, "ip_class1", 35)
    claim(cast, "leased_area", "120")
    claim(cast, "ip_class1", 36, by="public_affairs_specialist")
    first, second = contacts(cast)
    assert {field.key for field in first.asked} == {"ip_class1", "leased_area"}
    assert [one.kind for one in (first, second)] == [ContactKind.QUESTION] * 2


def test_what_an_enterprise_says_by_itself_is_no_contact(cast, at):
    claim(cast, "ip_class1", 35, by="enterprise_user")
    claim(cast, "ip_class1", 36, by="enterprise_user", origin="policies:question")
    assert contacts(cast) == []


def test_asking_for_papers_and_calling_back_count(cast, street, at):
    case = cases.open_case(
        enterprise=cast.firm, place=cast.unit, category=Category.objects.get(code="parking-and-traffic"),
        title="缺停车位", source=Source.PORTAL, by=cast.enterprise_user,
    )  # fmt: skip
    assert contacts(cast) == []  # a request of its own is no burden
    handler = cast.econ_specialist
    cases.accept(case=case, by=handler)
    cases.ask_more(case=case, text="请补充租赁合同", by=handler)
    [one] = contacts(cast)
    assert (one.kind, one.text, one.row) == (ContactKind.PAPERS, "请补充租赁合同", case.pk)
    Case.objects.filter(pk=case.pk).update(rated_by="call", rated_at=MONDAY, rating=5)
    assert kinds(cast) == [ContactKind.CALL_BACK, ContactKind.PAPERS]


def test_days_outside_the_span_do_not_count(cast, at):
    for days in (29, 30, 0):
        visit(cast, days)
    assert [one.on for one in contacts(cast, days=30)] == [ago(29), TODAY]


def test_all_at_once_is_the_same_as_one_by_one(cast, street, at):
    for days in (40, 20, 3):
        visit(cast, days)
    visit(cast, 5, firm="neighbour", by="property_manager")
    visit(cast, 1, firm="far_firm", by="stranger")
    claim(cast, "ip_class1", 35, 2)
    whole = burden.contacts_of(None, ago(364), TODAY)
    assert set(whole) == {cast.firm.pk, cast.neighbour.pk, cast.far_firm.pk}
    for pk, listed in whole.items():
        assert burden.contacts_of([pk], ago(364), TODAY)[pk] == listed


def test_the_queries_do_not_grow_with_the_enterprises(cast, at, django_assert_num_queries):
    visit(cast, 3)
    claim(cast, "ip_class1", 35, 2)
    with django_assert_num_queries(9):
        burden.contacts_of(None, ago(364), TODAY)
    for days in range(4, 12):
        visit(cast, days, firm="neighbour")
        visit(cast, days, firm="far_firm", by="stranger")
        claim(cast, "leased_area", str(days), days)
    with django_assert_num_queries(9):
        burden.contacts_of(None, ago(364), TODAY)


# --- asked although known ---------------------------------------------------------------------------------------------
def test_a_field_that_was_known_is_told_with_whether_the_answer_was_another(cast, at):
    known_since(cast, "leased_area", "120", 60)
    known_since(cast, "ip_class1", 30, 60)
    claim(cast, "leased_area", "120")
    claim(cast, "ip_class1", 45)
    [one] = contacts(cast)
    assert {field.key: field.same for field in one.again} == {"leased_area": True, "ip_class1": False}
    assert "答复相同" in cautions.asked_in_words(one)


def test_what_was_too_old_or_learnt_today_was_rightly_asked(cast, at):
    known_since(cast, "leased_area", "120", 366)
    known_since(cast, "ip_class1", 30, 0)
    claim(cast, "leased_area", "120")
    claim(cast, "ip_class1", 30)
    assert contacts(cast)[0].again == ()


def test_the_fact_that_an_answer_became_does_not_make_the_question_needless(cast, at):
    made = claim(cast, "leased_area", "120", 5)
    confirm_claim(claim=made, by=cast.econ_specialist)
    Fact.objects.update(recorded_at=MONDAY - timedelta(days=300))
    assert contacts(cast)[0].again == ()


def test_what_the_registry_holds_was_known_as_well(cast, at):
    type(cast.firm).objects.filter(pk=cast.firm.pk).update(
        industry_code="I6513", created_at=MONDAY - timedelta(days=90), as_of=ago(90)
    )
    claim(cast, "industry_code", "I6513")
    [field] = contacts(cast)[0].again
    assert (field.key, field.same) == ("industry_code", True)


# --- the warning ------------------------------------------------------------------------------------------------------
def test_no_warning_before_the_second_contact_and_one_before_the_third(cast, at):
    visit(cast, 20)
    assert burden.caution_before(cast.firm, TODAY, cast.econ_specialist, reasons=[]) is None
    visit(cast, 3)
    caution = burden.caution_before(cast.firm, TODAY, cast.econ_specialist, reasons=[])
    assert (caution.number, [one.on for one in caution.earlier]) == (3, [ago(20), ago(3)])
    said = cautions.in_words(caution)
    assert "第 3 次" in said.text
    assert [line[:10] for line in said.earlier] == [ago(20).isoformat(), ago(3).isoformat()]
    assert "经济发展专员" in said.earlier[0]
    assert "econ_specialist" not in "".join(said.earlier)


def test_a_visit_is_never_warned_of_because_of_itself(cast, at):
    visit(cast, 20)
    arranged = visit(cast, 3)
    assert burden.caution_before(cast.firm, TODAY, cast.econ_specialist, reasons=[], but=[arranged.pk]) is None


def test_an_emergency_says_why_one_goes_all_the_same(cast, at):
    visit(cast, 20)
    visit(cast, 3)
    caution = burden.caution_before(cast.firm, TODAY, cast.econ_specialist, reasons=["at_risk", "newcomer"])
    assert caution.pressing == (Reason.AT_RISK,)
    assert "风险企业" in cautions.in_words(caution).why


def test_a_warning_blocks_nothing(cast, street, at):
    for days in (20, 10, 3):
        visit(cast, days)
    made = actions.plan_visit(enterprise=cast.firm, planned_for=TODAY, why_again="企业来电", by=cast.econ_specialist)
    assert made.state == "planned"
    assert (
        actions.record_visit(visit=made, visited_on=TODAY, summary="谈过了。", by=cast.econ_specialist).state == "done"
    )


def test_a_contact_elsewhere_counts_and_is_told_by_its_day_alone(cast, at):
    """The firm has rooms in both streets; what the other street did is its burden too, and no business of ours."""
    Tenancy.objects.create(
        enterprise=cast.firm, place=cast.far_unit, relation=Relation.OPERATES, since=date(2025, 1, 1), source="测试"
    )
    visit(cast, 9)
    far = visit(cast, 3, by="stranger", summary="远山机密")
    Visit.objects.filter(pk=far.pk).update(place=cast.far_unit, street=cast.far_street)
    caution = burden.caution_before(cast.firm, TODAY, cast.econ_specialist, reasons=[])
    assert caution.number == 3
    assert [one.open for one in caution.earlier] == [True, False]
    assert "远山" not in cautions.in_words(caution).earlier[1]
    [latest, _first] = burden.ledger_of(cast.firm, cast.econ_specialist, ago(364), TODAY)
    assert (latest.open, latest.office, latest.role, latest.by) == (False, "", "", None)


def test_warnings_for_many_cost_as_many_queries_as_for_one(cast, at, django_assert_max_num_queries):
    for firm in ("firm", "neighbour"):
        for days in (20, 10, 3):
            visit(cast, days, firm=firm)
    asked = {cast.firm.pk: TODAY, cast.neighbour.pk: TODAY, cast.far_firm.pk: TODAY}
    with django_assert_max_num_queries(22):
        found = burden.cautions_for(asked, cast.econ_specialist, reasons={})
    assert set(found) == {cast.firm.pk, cast.neighbour.pk}


# --- the limit --------------------------------------------------------------------------------------------------------
def test_a_street_sets_its_own_limit_from_today_on_and_what_held_stays_on_record(cast, at):
    assert BurdenLimit.objects.get(street=None).is_default
    visit(cast, 20)
    made = set_burden_limit(
        street=cast.street, limit=2, days=60, fresh=90, source="街道办〔2026〕9号", by=cast.street_leader
    )
    assert burden.caution_before(cast.firm, TODAY, cast.econ_specialist, reasons=[]).number == 2
    assert Entry.objects.filter(verb=Verb.BURDEN_LIMIT_CHANGED).count() == 1
    BurdenLimit.objects.filter(pk=made.pk).update(since=ago(5))
    restore_burden_limit(street=cast.street, by=cast.street_leader)
    assert burden.caution_before(cast.firm, TODAY, cast.econ_specialist, reasons=[]) is None
    assert BurdenLimit.objects.get(pk=made.pk).until == TODAY


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"limit": 1}, "limit"),
        ({"days": 3}, "days"),
        ({"days": 400}, "days"),
        ({"fresh": 0}, "fresh"),
        ({"source": "  "}, "source"),
    ],
)
def test_a_limit_outside_what_is_sensible_is_refused_by_its_field(cast, at, said, field):
    whole = {"limit": 3, "days": 30, "fresh": 365, "source": "文件", **said}
    with pytest.raises(ValidationError) as refused:
        set_burden_limit(street=cast.street, **whole, by=cast.street_leader)
    assert set(refused.value.message_dict) == {field}


@pytest.mark.parametrize("who", ["econ_specialist", "community_secretary", "stranger", "enterprise_user", "nobody"])
def test_only_a_leader_or_the_district_sets_a_limit(cast, at, who):
    with pytest.raises(PermissionDenied):
        set_burden_limit(street=cast.street, limit=4, days=30, fresh=365, source="文件", by=cast.users[who])


# --- counted for places -------------------------------------------------------------------------------------------------
def test_what_is_counted_of_a_place(cast, street, at):
    known_since(cast, "ip_class1", 30, 60)
    for days in (20, 3):
        visit(cast, days)
    made = visit(cast, 0)
    finding = actions.add_fact(visit=made, key="ip_class1", text="35", by=cast.econ_specialist)
    month = Span(ago(29), TODAY)
    assert measures.pressed(month, cast.street.pk) == 1
    assert measures.pressed(month, cast.far_street.pk) == 0
    assert measures.asked_again(month, cast.building.pk) == 1
    assert measures.pressed(Span(ago(60), ago(30)), cast.street.pk) is None  # not known for days gone by
    assert measures.held(FindingKind.FACT, month, cast.street.pk) is None  # open: no share, and no zero
    confirm_claim(claim=Claim.objects.get(pk=finding.claim_id), by=cast.econ_specialist)
    assert measures.held(FindingKind.FACT, month, cast.street.pk) == 1.0


def test_the_most_burdened_are_kept_in_memory_and_follow_the_journal(
    cast, street, at, monkeypatch, django_assert_max_num_queries
):
    monkeypatch.setattr(following, "FEW", 1)
    burden.forget()
    span = Days(30, TODAY)
    actions.record_unplanned_visit(
        enterprise=cast.firm, visited_on=TODAY, summary="见到行政。", by=cast.econ_specialist
    )
    assert [one.enterprise for one in burdened(SYSTEM, span, None)] == [cast.firm.pk]
    with django_assert_max_num_queries(2):  # the limits, and the head of the journal: nothing happened
        assert [one.contacts for one in burdened(SYSTEM, span, None)] == [1]
    claim(cast, "ip_class1", 35, by="public_affairs_specialist")
    assert [one.contacts for one in burdened(SYSTEM, span, None)] == [2]
    assert burdened(cast.stranger, span, None) == []
    burden.forget()
