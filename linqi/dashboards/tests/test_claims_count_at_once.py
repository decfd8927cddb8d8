"""A claim decides nothing while it waits; once confirmed, policies and must-visits read it at once (issue 5, part E)."""

from datetime import date
from decimal import Decimal

import pytest

from linqi.conditions.rules import Outcome
from linqi.enterprises import known
from linqi.enterprises.actions.facts import confirm_claim, make_claim, record_fact, reject_claim, undo_claim
from linqi.enterprises.consequences import consequences_of
from linqi.kit.access import SYSTEM
from linqi.kit.clock import today
from linqi.policies.actions.library import install_library
from linqi.policies.models import PolicyVersion
from linqi.policies.queries import answers_for, chance_of
from linqi.visits.queries import must_visit_of, must_visits
from linqi.visits.rules import Reason


@pytest.fixture
def firm(cast):
    """A firm of the cast, with the library in its street; what is known in memory is of this test only."""
    known.forget()
    install_library(street=cast.street, by=SYSTEM)
    yield cast.firm
    known.forget()


def said(cast, key, value):
    """What the front desk said today, waiting."""
    return make_claim(
        enterprise=cast.firm,
        key=key,
        value=value,
        said_by="财务负责人",
        said_on=today(),
        origin="page",
        by=cast.econ_specialist,
    )


def reasons(cast):
    """Why the firm must be visited, as its own page and as the list say; both must say the same."""
    one = must_visit_of(cast.firm, cast.community_secretary, today())
    listed = [
        must.reasons for must in must_visits(cast.community_secretary, today=today()) if must.enterprise == cast.firm.pk
    ]
    assert listed == ([one.reasons] if one else [])
    return one.reasons if one else []


def test_a_confirmed_claim_changes_the_must_visit_at_once_and_a_refused_one_never(firm, cast):
    refused = said(cast, "wage_arrears", True)
    assert Reason.AT_RISK not in reasons(cast), "while it waits it decides nothing"
    reject_claim(claim=refused, reason="与社保记录不符", by=cast.community_secretary)
    assert Reason.AT_RISK not in reasons(cast)
    made = said(cast, "wage_arrears", True)
    confirm_claim(claim=made, by=cast.community_secretary)
    assert Reason.AT_RISK in reasons(cast)
    undo_claim(claim=made, by=cast.community_secretary)
    assert Reason.AT_RISK not in reasons(cast), "taken back, it decides nothing again, at once"


def test_a_confirmed_claim_changes_a_policy_match_at_once_one_by_one_and_in_columns(firm, cast):
    firm.registration_region = "330110"
    firm.save()
    for key, value in (("four_above", "industry"), ("strategic_emerging", False)):
        record_fact(
            enterprise=firm, key=key, value=value, period="", source_kind="register", source="区数据仓",
            as_of=date(2026, 1, 10), by=SYSTEM,
        )  # fmt: skip
    version = PolicyVersion.objects.get(policy__street=cast.street, policy__key="yh-68-scale-industry")
    version.benefits.filter(kind="fixed", amount=Decimal(300000)).delete()

    def outcome():
        answers = answers_for([version], today())
        (column,) = answers.outcomes(answers.population.row_of(firm.pk)).values()
        assert chance_of(version, firm, today()).outcome == column
        return column

    assert outcome() == Outcome.UNKNOWN
    claim = said(cast, "four_above_first_year", 2025)
    assert outcome() == Outcome.UNKNOWN, "while it waits it decides nothing"
    (policy,) = [one for one in changes(claim, cast.econ_specialist) if one.title == str(version.policy)]
    assert (policy.before, policy.after) == ("缺少资料", "可能符合")
    assert outcome() == Outcome.UNKNOWN, "trying out what it would change writes nothing"
    confirm_claim(claim=claim, by=cast.community_secretary)
    assert outcome() == Outcome.MET
    undo_claim(claim=claim, by=cast.community_secretary)
    assert outcome() == Outcome.UNKNOWN, "taken back, it decides nothing again, at once"


def changes(claim, who):
    """What the page of a claim says that it would change."""
    return consequences_of(claim, who, today())


def test_what_a_claim_would_change_is_told_beforehand_and_holds(firm, cast):
    made = said(cast, "wage_arrears", True)
    (visit,) = [one for one in changes(made, cast.econ_specialist) if one.area == "六必访"]
    assert (visit.title, visit.before, visit.after) == ("风险企业", "缺少资料", "可能符合")
    listed = said(cast, "listing_stage", "listed")
    areas = {one.area for one in changes(listed, cast.econ_specialist)}
    assert {"六必访", "惠企政策", "助企直通车"} & areas
    assert changes(made, cast.stranger) == [], "who may not see the firm's place is told nothing"
    assert changes(said(cast, "ownership", "private"), cast.nobody) == []
