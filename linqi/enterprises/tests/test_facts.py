"""Facts stay side by side, newer words of one source replace older ones, claims wait for a person."""

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from linqi.enterprises.actions.facts import confirm_claim, make_claim, record_fact, reject_claim
from linqi.enterprises.models import Claim, Fact
from linqi.enterprises.queries import claims_of, facts_of
from linqi.enterprises.queries_claims import claims_waiting
from linqi.kit.access import SYSTEM
from linqi.kit.flow import MoveRefused


def revenue(cast, value, source_kind="register", as_of=date(2026, 1, 5), by=None, source="税务部门"):
    return record_fact(
        enterprise=cast.firm, key="revenue", value=value, period="2025", source_kind=source_kind, source=source,
        as_of=as_of, by=by or cast.econ_specialist,
    )  # fmt: skip


def known(cast, user, key="revenue"):
    return next((one for one in facts_of(cast.firm, user) if one.field.key == key), None)


def test_conflicting_facts_stay_side_by_side(cast):
    revenue(cast, "12000000")
    revenue(cast, "15000000", source_kind="enterprise", source="企业自报")
    one = known(cast, cast.econ_specialist)
    assert {said.value for said in one.statements} == {"12000000", "15000000"}
    assert one.conflicting


def test_a_newer_word_of_the_same_source_takes_the_place_of_the_older(cast):
    old = revenue(cast, "12000000")
    revenue(cast, "13000000", as_of=date(2026, 2, 5))
    old.refresh_from_db()
    assert old.superseded_on == date(2026, 2, 5)
    assert [said.value for said in known(cast, cast.econ_specialist).statements] == ["13000000"]


def test_an_older_word_arriving_late_does_not_win(cast):
    revenue(cast, "13000000", as_of=date(2026, 2, 5))
    late = revenue(cast, "12000000")
    assert late.superseded_on == date(2026, 2, 5)
    assert [said.value for said in known(cast, cast.econ_specialist).statements] == ["13000000"]


def test_the_same_word_twice_is_one_fact(cast):
    assert revenue(cast, "12000000") == revenue(cast, "12000000")
    assert Fact.objects.count() == 1


@pytest.mark.parametrize(
    ("key", "value", "period"), [("revenue", "x", "2025"), ("revenue", "1", "2025-01"), ("no_such", "1", "")]
)
def test_what_does_not_fit_the_dictionary_is_refused(cast, key, value, period):
    with pytest.raises(ValidationError):
        record_fact(
            enterprise=cast.firm, key=key, value=value, period=period, source_kind="register", source="x",
            as_of=date(2026, 1, 5), by=SYSTEM,
        )  # fmt: skip
    assert not Fact.objects.exists()


def test_a_business_secret_is_withheld_and_says_so(cast):
    revenue(cast, "12000000")
    one = known(cast, cast.property_manager)
    assert one.withheld
    assert one.statements == ()
    assert known(cast, cast.stranger) is None


def test_personal_fields_ask_for_their_own_permission(cast):
    record_fact(
        enterprise=cast.firm, key="core_talent_grade", value="B", source_kind="register", source="人社部门",
        as_of=date(2026, 1, 5), by=SYSTEM,
    )  # fmt: skip
    assert known(cast, cast.street_leader, "core_talent_grade").withheld
    assert not known(cast, cast.econ_specialist, "core_talent_grade").withheld


def claim(cast, by=None, value="15000000"):
    return make_claim(
        enterprise=cast.firm, key="revenue", value=value, period="2025", said_by="财务负责人", said_on=date(2026, 3, 1),
        origin="visit:17", by=by or cast.econ_specialist,
    )  # fmt: skip


def test_a_claim_is_no_fact_until_it_is_confirmed(cast):
    revenue(cast, "12000000")
    made = claim(cast)
    assert [said.value for said in known(cast, cast.econ_specialist).statements] == ["12000000"]
    shown = claims_of(cast.firm, cast.econ_specialist)[0]
    assert shown.words == "1,500 万元"
    assert [said.value for said in shown.beside] == ["12000000"]
    fact = confirm_claim(claim=made, by=cast.community_secretary)
    assert fact.source_kind == "visit"
    assert {said.value for said in known(cast, cast.econ_specialist).statements} == {"12000000", "15000000"}
    assert made not in claims_waiting(cast.econ_specialist)


def test_a_claim_is_decided_once(cast):
    made = claim(cast)
    reject_claim(claim=made, reason="与报表不符", by=cast.econ_specialist)
    with pytest.raises(MoveRefused):
        confirm_claim(claim=made, by=cast.econ_specialist)
    assert not Fact.objects.exists()


def test_a_rejection_says_why(cast):
    made = claim(cast)
    with pytest.raises(ValidationError):
        reject_claim(claim=made, reason=" ", by=cast.econ_specialist)
    assert Claim.objects.get().state == "waiting"


def test_an_enterprise_may_say_but_not_confirm(cast):
    made = claim(cast, by=cast.enterprise_user)
    with pytest.raises(PermissionDenied):
        confirm_claim(claim=made, by=cast.enterprise_user)
    with pytest.raises(PermissionDenied):
        claim(cast, by=cast.far_enterprise_user)
    with pytest.raises(PermissionDenied):
        confirm_claim(claim=made, by=cast.stranger)


def test_a_claim_on_a_secret_is_withheld_too(cast):
    claim(cast)
    shown = claims_of(cast.firm, cast.property_manager)[0]
    assert shown.withheld
    assert shown.words == ""
