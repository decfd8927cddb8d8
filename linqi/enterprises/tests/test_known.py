"""What conditions read of enterprises: on a day, from whom, and kept up with the journal."""

from datetime import date, timedelta

import pytest

from linqi.analytics import bits
from linqi.conditions.one import judge
from linqi.conditions.rules import Outcome, Rule
from linqi.conditions.tree import parse
from linqi.enterprises import known
from linqi.enterprises.actions.facts import record_fact
from linqi.enterprises.actions.pairs import merge_pair
from linqi.enterprises.actions.registry import change_enterprise
from linqi.enterprises.models import Fact, Pair
from linqi.kit.access import SYSTEM
from linqi.kit.clock import today

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh():
    known.forget()
    yield
    known.forget()


def tell(firm, key, value, period="", kind="register", as_of=date(2026, 1, 10)):
    return record_fact(
        enterprise=firm, key=key, value=value, period=period, source_kind=kind, source=kind, as_of=as_of, by=SYSTEM
    )


def rule(**said):
    return Rule("r", parse(said, known.book()))


def everywhere(asked, day=None):
    """Enterprise → outcome, in columns; each held against the same one by one."""
    from linqi.enterprises.models import Enterprise

    day = day or today()
    answers = known.answers([asked], day)
    found = {pk: answers.outcomes(answers.population.row_of(pk))["r"] for pk in answers.population.ids.tolist()}
    for firm in Enterprise.objects.filter(pk__in=list(found)):
        assert judge(asked, known.facts_on(firm, day), day, known.book()).outcome == found[firm.pk]
    return found


def test_a_fact_that_is_recorded_counts_at_once_in_columns_too(cast):
    asked = rule(field="revenue", op="gte", value=1000, unit="万元")
    assert everywhere(asked)[cast.firm.pk] == Outcome.UNKNOWN
    year = str(today().year - 1)
    tell(cast.firm, "revenue", "12000000", year)
    assert everywhere(asked)[cast.firm.pk] == Outcome.MET
    tell(cast.firm, "revenue", "9000000", year, as_of=date(2026, 3, 1))
    assert everywhere(asked)[cast.firm.pk] == Outcome.UNMET
    assert everywhere(asked)[cast.neighbour.pk] == Outcome.UNKNOWN


def test_a_firms_own_word_never_takes_the_place_of_a_registers_and_is_shown_as_another_one(cast):
    asked = rule(field="abnormal_operation", op="is_false")
    tell(cast.firm, "abnormal_operation", True)
    tell(cast.firm, "abnormal_operation", False, kind="enterprise", as_of=date(2026, 5, 1))
    assert everywhere(asked)[cast.firm.pk] == Outcome.UNMET
    assert known.facts_on(cast.firm, today())["abnormal_operation", ""].disputed


def test_on_an_earlier_day_only_what_had_been_recorded_by_then_is_known(cast):
    asked = rule(field="wage_arrears", op="is_true")
    fact = tell(cast.firm, "wage_arrears", True)
    Fact.objects.filter(pk=fact.pk).update(recorded_at=fact.recorded_at - timedelta(days=30))
    later = tell(cast.firm, "wage_arrears", False, as_of=date(2026, 2, 1))
    assert later.superseded_on is None
    assert everywhere(asked)[cast.firm.pk] == Outcome.UNMET
    assert everywhere(asked, today() - timedelta(days=10))[cast.firm.pk] == Outcome.MET
    assert everywhere(asked, today() - timedelta(days=40))[cast.firm.pk] == Outcome.UNKNOWN


def test_the_registrys_columns_and_the_tenancies_are_facts(cast):
    assert everywhere(rule(field="registered_here", op="is_true"))[cast.firm.pk] == Outcome.MET
    assert everywhere(rule(field="registration_country", op="eq", value="CN"))[cast.firm.pk] == Outcome.MET
    assert everywhere(rule(field="established_years", op="gte", value=1))[cast.firm.pk] == Outcome.MET
    asked = rule(field="industry_code", op="under", value=["65"])
    assert everywhere(asked)[cast.firm.pk] == Outcome.UNKNOWN
    change_enterprise(enterprise=cast.firm, changes={"industry_code": "I6513"}, by=SYSTEM)
    assert everywhere(asked)[cast.firm.pk] == Outcome.MET


def test_a_merged_record_leaves_the_population_and_its_facts_follow(cast):
    asked = rule(field="wage_arrears", op="is_true")
    tell(cast.neighbour, "wage_arrears", True)
    assert everywhere(asked)[cast.firm.pk] == Outcome.UNKNOWN
    left, right = sorted((cast.firm, cast.neighbour), key=lambda one: one.pk)
    pair = Pair.objects.create(left=left, right=right, kind="duplicate", probability=0.9)
    merge_pair(pair=pair, keep=cast.firm, by=SYSTEM)
    found = everywhere(asked)
    assert cast.neighbour.pk not in found
    assert found[cast.firm.pk] == Outcome.MET


def test_who_stands_in_a_street_is_found_once_and_again_after_a_change(cast):
    people = known.population()
    assert {int(people.ids[row]) for row in bits.positions(known.standing_at(cast.street.pk), people.rows)} == {
        cast.firm.pk,
        cast.neighbour.pk,
    }
    assert bits.count(known.standing_at(cast.far_street.pk)) == 1


def test_without_news_nothing_is_read_again(cast, django_assert_num_queries):
    tell(cast.firm, "wage_arrears", False)
    known.population()
    with django_assert_num_queries(2):  # the head of the journal, and that it is the same journal
        known.population()
