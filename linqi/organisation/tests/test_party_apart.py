"""Party information stays apart: no fact, no condition and no export of an enterprise carries it (PIPL art. 28, ADR 9)."""

import ast
from datetime import date
from pathlib import Path

import pytest

from linqi.conditions.book import Field
from linqi.conditions.editor import Editor
from linqi.conditions.tree import check
from linqi.enterprises import known
from linqi.enterprises.models import Enterprise
from linqi.ladder import queries as ladder
from linqi.organisation import actions
from linqi.organisation.models import Body, BodySeat, Tie
from linqi.visits import signals

ROOT = Path(__file__).resolve().parents[2]
JUDGING = ("conditions", "enterprises", "analytics", "policies", "ladder", "visits", "search")
PARTY = {"Body", "BodySeat", "queries_matrix", "Tie"}


@pytest.mark.parametrize("app", JUDGING)
def test_no_app_that_judges_enterprises_takes_anything_of_the_party_space(app):
    for path in (ROOT / app).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("linqi.organisation"):
                assert PARTY.isdisjoint(name.name for name in node.names), path
                assert "matrix" not in (node.module or ""), path


def test_no_row_leads_from_an_enterprise_to_the_party_space():
    related = {field.related_model for field in Enterprise._meta.get_fields() if field.is_relation}
    assert related.isdisjoint({Body, BodySeat, Tie})
    for model in (Body, BodySeat):
        assert Enterprise not in {field.related_model for field in model._meta.get_fields() if field.is_relation}


def test_no_fact_condition_or_export_of_an_enterprise_carries_a_tie_or_a_seat(client, cast):
    day = date(2026, 3, 2)
    by = cast.community_secretary
    person = actions.enter_person(place=cast.community, name="许知行党员", by=by)
    body = actions.found_body(kind="branch", place=cast.park, name="云谷一园党支部", since=day, by=by)
    actions.give_body_seat(body=body, role="head", person=person, since=day, by=by)
    before = facts_of(cast.firm)
    actions.tie(member=person, enterprise=cast.firm, park=cast.park, employees="工会小组长", since=day, by=by)
    assert facts_of(cast.firm) == before
    client.force_login(cast.street_leader, backend="allauth.account.auth_backends.AuthenticationBackend")
    for path in ("/enterprises/?export=csv", f"/enterprises/{cast.firm.pk}/", f"/e/{cast.firm.pk}/", "/wall/"):
        response = client.get(path, follow=True)
        body = b"".join(response.streaming_content) if response.streaming else response.content
        for mark in ("许知行党员", "工会小组长", "云谷一园党支部"):
            assert mark not in body.decode("utf-8", "replace"), path


def facts_of(firm):
    from linqi.enterprises.models import Fact

    return list(Fact.objects.filter(enterprise=firm).values_list("key", "value"))


@pytest.mark.parametrize(
    "asks",
    [
        {"field": "party_org", "op": "in", "value": ["branch", "committee"]},
        {"field": "party_org", "op": "exists"},
        {"expr": "party_org", "op": "eq", "value": "branch"},
        {"not": {"any": [{"field": "employees", "op": "exists"}, {"field": "party_org", "op": "exists"}]}},
    ],
)
@pytest.mark.parametrize("book", [known.book, signals.book, ladder.book], ids=["policies", "must-visits", "ladder"])
def test_no_condition_may_ask_for_the_party_organisation_of_an_enterprise(asks, book):
    problems = [one for one in check(asks, book()) if "党组织信息不参与" in one.message]
    assert len(problems) == 1
    assert problems[0].remedy


def test_a_signal_of_the_same_name_does_not_bring_it_back():
    again = known.book().with_fields([Field("party_org", "党组织类型", "Party organisation", "str")])
    (problem,) = check({"field": "party_org", "op": "exists"}, again)
    assert "党组织信息不参与" in problem.message


def test_the_editor_does_not_offer_the_party_organisation():
    shown = Editor.of({"all": [{"field": "employees", "op": "exists"}]}, known.book(), name="c", url="/x/")
    (line,) = shown.root.parts
    offered = {choice.value for _group, choices in line.fields for choice in choices}
    assert len(offered) > 50
    assert "party_org" not in offered


def test_no_shipped_rule_asks_for_the_party_organisation_of_an_enterprise():
    for path in [*ROOT.rglob("data/*.yaml"), *ROOT.rglob("data/*.json")]:
        if path.name != "fields.yaml":
            assert "party_org" not in path.read_text(encoding="utf-8"), path
