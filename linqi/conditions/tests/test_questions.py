"""The next best question, against trying every answer."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from linqi.conditions.facts import Known
from linqi.conditions.one import judge
from linqi.conditions.population import from_facts
from linqi.conditions.questions import next_questions, next_questions_of_all
from linqi.conditions.rules import Outcome, Rule
from linqi.conditions.tests.test_agreement import rules_of
from linqi.conditions.tests.worlds import BOOK, DAY, firm, world
from linqi.conditions.tree import parse


def rule(key, *conditions):
    return Rule(key, parse({"all": list(conditions)}, BOOK))


SHARE = {"field": "share", "op": "gte", "value": 5, "unit": "percent"}
LISTED = {"field": "listed", "op": "is_true"}
GRADE = {"field": "grade", "op": "eq", "value": "A"}


def test_the_fact_that_alone_settles_most_money_comes_first():
    rules = {"rich": rule("rich", SHARE), "poor": rule("poor", LISTED), "both": rule("both", LISTED, GRADE)}
    open_ = [
        (judge(one, {}, DAY, BOOK), Decimal(money))
        for one, money in ((rules["rich"], 900), (rules["poor"], 100), (rules["both"], 10**6))
    ]
    found = next_questions(open_)
    assert [(one.key, one.alone, one.rules, one.money) for one in found] == [
        ("share", 1, 1, 900),
        ("listed", 1, 2, 100),
        ("grade", 0, 1, 0),
    ]


def test_a_fact_that_cannot_decide_any_more_is_not_asked():
    verdict = judge(rule("r", LISTED, GRADE), {("listed", ""): Known(False)}, DAY, BOOK)
    assert verdict.outcome == Outcome.UNMET
    assert next_questions([(verdict, Decimal(5))]) == []


@given(st.integers(0, 10**9))
@settings(max_examples=60, deadline=None)
def test_when_nothing_else_is_missing_the_answer_settles_the_rule(seed):
    """A question that a rule waits for alone decides it, whatever the answer is."""
    random = world(seed)
    facts = {at: Known(value) for at, value in firm(random).items()}
    for one, data in rules_of(random, 4):
        if "manual" in str(data) or "under" in str(
            data
        ):  # people, and codes too general to say, are no facts to ask for
            continue
        verdict = judge(one, facts, DAY, BOOK)
        if len(verdict.missing) != 1:
            continue
        (lack,) = verdict.missing
        for _try in range(3):
            told = firm(random, unknown=0).get((lack.key, lack.period))
            if told is None:
                continue
            learnt = judge(one, {**facts, (lack.key, lack.period): Known(told)}, DAY, BOOK)
            undefined = "rd_share" in str(data) or "growth" in str(data)  # a revenue of zero leaves no ratio
            assert undefined or not learnt.missing


def test_for_many_it_is_the_sum_over_each():
    firms = [{}, {("listed", ""): Known(True)}, {("share", ""): Known(1), ("listed", ""): Known(True)}]
    rules = [rule("a", SHARE), rule("b", LISTED, GRADE)]
    people = from_facts(range(3), firms, BOOK, DAY)
    found, asked, all_ = next_questions_of_all(people, rules, {"a": Decimal(10)}, within=people.live, most=100)
    assert (asked, all_) == (5, 5)
    assert {one.key: (one.firms, one.alone, one.rules, one.money) for one in found} == {
        "share": (2, 2, 2, 20),
        "grade": (3, 2, 3, 0),
        "listed": (1, 0, 1, 0),
    }
