"""One writes, another publishes; nothing is published half."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from linqi.conditions.rules import Outcome
from linqi.kit.flow import MoveRefused
from linqi.policies import queries
from linqi.policies.actions import versions
from linqi.policies.models import Policy

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(scale, library):
    return versions.draft_version(policy=scale.policy, by=library.econ_specialist)


def test_a_draft_starts_as_a_copy_and_is_published_by_another(draft, scale, library):
    assert draft.conditions == scale.conditions
    assert draft.examples.count() == scale.examples.count()
    versions.submit_version(version=draft, by=library.econ_specialist)
    published = versions.publish_version(version=draft, by=library.street_leader)
    assert queries.version_in_force(draft.policy, published.since) == published
    scale.refresh_from_db()
    assert scale.until is not None
    assert scale.until < published.since


def test_who_wrote_it_may_not_publish_it(scale, library):
    draft = versions.draft_version(policy=scale.policy, by=library.street_leader)
    versions.submit_version(version=draft, by=library.street_leader)
    with pytest.raises(ValidationError, match="起草人"):
        versions.publish_version(version=draft, by=library.street_leader)
    draft.refresh_from_db()
    assert draft.state == "submitted"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"conditions": {"all": [{"field": "revenu", "op": "gte", "value": 1}]}}, "revenu"),
        ({"conditions": {"all": [{"field": "four_above", "op": "eq", "value": "industry"}]}}, "条款"),
        ({"until": "2020-01-01"}, "有效期"),
        ({"window_since": "2026-06-01", "window_until": "2026-05-01"}, "申报期"),
    ],
    ids=["unknown field", "no clause", "dates the wrong way", "window the wrong way"],
)
def test_what_is_wrong_is_named_and_nothing_is_submitted(draft, library, change, said):
    from datetime import date

    change = {name: date.fromisoformat(value) if isinstance(value, str) else value for name, value in change.items()}
    versions.change_draft(version=draft, changes=change, by=library.econ_specialist)
    with pytest.raises(ValidationError, match=said):
        versions.submit_version(version=draft, by=library.econ_specialist)
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_without_a_met_and_an_unmet_example_it_is_not_published(draft, library):
    for example in draft.examples.all():
        versions.drop_example(example=example, by=library.econ_specialist)
    with pytest.raises(ValidationError) as refused:
        versions.submit_version(version=draft, by=library.econ_specialist)
    assert len(refused.value.messages) == 2


def test_an_example_that_comes_out_otherwise_stops_it(draft, library):
    versions.add_example(
        version=draft, name="应当符合", facts=[["four_above", "", "none"]], expected="met", by=library.econ_specialist
    )
    with pytest.raises(ValidationError, match="应当符合"):
        versions.submit_version(version=draft, by=library.econ_specialist)


def test_before_publishing_one_sees_who_gains_loses_and_becomes_unknown(draft, scale, library, tell):
    tell(library.neighbour, "revenue", "30000000", "2025")
    rule = {
        **scale.conditions,
        "all": [
            *scale.conditions["all"],
            {"field": "revenue", "op": "gte", "value": 5000, "unit": "万元", "clause": "试改"},
        ],
    }
    draft = versions.change_draft(version=draft, changes={"conditions": rule}, by=library.econ_specialist)
    shift = queries.shift_of(draft, scale, draft.since)
    assert shift.gains.tolist() == []
    assert shift.loses.tolist() == [library.neighbour.pk]
    assert shift.becomes_unknown.tolist() == [library.firm.pk]


def test_a_published_version_is_not_changed_and_a_second_draft_is_refused(draft, scale, library):
    with pytest.raises(ValidationError, match="草稿"):
        versions.change_draft(version=scale, changes={"note": "x"}, by=library.econ_specialist)
    with pytest.raises(ValidationError, match="已有一份草稿"):
        versions.draft_version(policy=scale.policy, by=library.econ_specialist)
    with pytest.raises(MoveRefused):
        versions.publish_version(version=draft, by=library.street_leader)


def test_strangers_see_no_policy_and_firms_no_draft(draft, library):
    for user in (library.stranger, library.far_enterprise_user):
        assert not queries.policies_seen_by(user).exists()
        with pytest.raises(PermissionDenied):
            versions.change_draft(version=draft, changes={"note": "x"}, by=user)
    assert queries.policies_seen_by(library.enterprise_user).count() == 44
    assert not queries.versions_seen_by(library.enterprise_user).filter(pk=draft.pk).exists()
    assert queries.versions_seen_by(library.econ_specialist).filter(pk=draft.pk).exists()


def test_a_new_policy_of_the_street_begins_as_a_draft(library):
    said = {"name_zh": "街道租金补贴", "kind": "subsidy", "level": "street", "delivery": "apply"}
    said = {"name_zh": "街道租金补贴", "kind": "subsidy", "level": "street", "delivery": "apply"}
    made = versions.create_policy(street=library.street, key="street-rent", values=said, by=library.econ_specialist)
    assert made.state == "draft"
    with pytest.raises(PermissionDenied):
        versions.create_policy(street=library.far_street, key="x", values=said, by=library.econ_specialist)
    versions.discard_draft(version=made, by=library.econ_specialist)
    assert not Policy.objects.filter(key="street-rent").exists()


def test_what_a_firm_may_get_comes_with_reasons_and_the_most_promising_first(scale, library):
    from linqi.kit.clock import today

    chances = queries.chances_of(library.firm, today())
    assert chances[0].version == scale
    assert chances[0].outcome == Outcome.MET
    assert all(chance.outcome == Outcome.UNKNOWN for chance in chances if chance.verdict.missing)
