"""Party information stays apart: no fact, no condition and no export of an enterprise carries it (PIPL art. 28, ADR 9)."""

import ast
from pathlib import Path

import pytest

from linqi.enterprises.models import Enterprise
from linqi.organisation.models import Body, BodySeat

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
    assert related.isdisjoint({Body, BodySeat})
    for model in (Body, BodySeat):
        assert Enterprise not in {field.related_model for field in model._meta.get_fields() if field.is_relation}
