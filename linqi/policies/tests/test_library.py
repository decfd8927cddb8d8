"""The starter library: whole, readable, tried by its own examples."""

import pytest

from linqi.conditions import tree
from linqi.enterprises.known import book
from linqi.kit.access import SYSTEM
from linqi.policies import queries
from linqi.policies.actions.library import install_library, library
from linqi.policies.models import Policy, PolicyVersion

VERSIONS = [(row["key"], number, version) for row in library() for number, version in enumerate(row["versions"], 1)]


def test_it_holds_the_46_rules_of_the_domain_notes():
    assert len(VERSIONS) == 46
    assert len(library()) == 44  # two of them are earlier versions


@pytest.mark.parametrize(
    ("key", "number", "version"), VERSIONS, ids=[f"{key} v{number}" for key, number, _version in VERSIONS]
)
def test_every_rule_is_read_cites_its_clauses_and_has_a_met_and_an_unmet_example_that_come_out_right(
    key, number, version
):
    node = tree.parse(version["conditions"], book())
    assert all(one.remarks.clause for one in tree.comparisons(node))
    expected = {example["expected"] for example in version["examples"]}
    assert expected & {"met", "manual_review"}
    assert "unmet" in expected
    assert version["confidence"] in {"verified", "partly", "from_memory"}
    assert version.get("source") or version["confidence"] == "from_memory"
    for example in version["examples"]:
        made = PolicyVersion(conditions=version["conditions"], manual=version.get("manual", []))
        from datetime import date

        from linqi.conditions.one import judge

        verdict = judge(
            queries.rule_of(made, key),
            queries.example_facts(example["facts"]),
            date.fromisoformat(example["day"]),
            book(),
        )
        assert verdict.outcome == example["expected"], example["name"]


@pytest.mark.django_db
def test_installing_it_twice_adds_nothing(cast):
    assert install_library(street=cast.street, by=SYSTEM) == 44
    assert install_library(street=cast.street, by=SYSTEM) == 0
    assert Policy.objects.filter(street=cast.street).count() == 44


@pytest.mark.django_db
def test_an_old_day_is_judged_by_the_rules_of_that_day(cast):
    from datetime import date

    install_library(street=cast.street, by=SYSTEM)
    policy = Policy.objects.get(street=cast.street, key="cn-srdi-sme")
    assert queries.version_in_force(policy, date(2026, 3, 31)).number == 1
    assert queries.version_in_force(policy, date(2026, 4, 1)).number == 2
    assert queries.version_in_force(policy, date(2022, 1, 1)) is None
