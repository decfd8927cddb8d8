"""The plain path, the columns and the oracle say the same of every random tree and enterprise; what is learnt never flips an answer."""

import os
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linqi.analytics import bits
from linqi.conditions import machine, one
from linqi.conditions.facts import Known
from linqi.conditions.population import from_facts
from linqi.conditions.rules import Outcome, Rule
from linqi.conditions.tests.oracle import NO, YES, Oracle, cost
from linqi.conditions.tests.worlds import BOOK, DAY, DERIVED, KINDS, firm, tree, world
from linqi.conditions.tree import plain, read

WORLDS, FIRMS, TREES = 20, 70, 12  # 16,800 judgements a way of computing; bench/match runs more
WAYS = [
    "plain",
    pytest.param("compiled", marks=pytest.mark.skipif(machine.compiled() is None, reason="numba is not here")),
]


@pytest.fixture(params=WAYS)
def way(request, monkeypatch):
    monkeypatch.setitem(os.environ, "LINQI_FAST", "0" if request.param == "plain" else "1")


def rules_of(random, count=TREES):
    """Random rules that can be read; a random group may contradict itself, which is refused."""
    made = []
    while len(made) < count:
        data = tree(random)
        node, problems = read(data, BOOK)
        if node is None:
            assert "矛盾" in problems[0].message
            continue
        assert plain(node) == data
        made.append((Rule(str(len(made)), node), data))
    return made


@pytest.mark.parametrize("seed", range(WORLDS))
def test_one_by_one_in_columns_and_by_the_oracle_it_is_the_same(seed, way):
    random = world(seed)
    firms, rules = [firm(random) for _ in range(FIRMS)], rules_of(random)
    facts = [{at: Known(value) for at, value in known.items()} for known in firms]
    answers = from_facts(range(1000, 1000 + FIRMS), facts, BOOK, DAY).run([rule for rule, _data in rules])
    for row, known in enumerate(firms):
        oracle = Oracle(KINDS, known, DAY, DERIVED)
        outcomes = answers.outcomes(row)
        for rule, data in rules:
            verdict = one.judge(rule, facts[row], DAY, BOOK)
            assert verdict.reason.met == {YES: True, NO: False}.get(oracle.possible(data)), (data, known)
            assert min(verdict.reason.cost, one.FAR) == min(cost(oracle, data), one.FAR), (data, known)
            assert outcomes[rule.key] == verdict.outcome, (data, known)
            assert bits.has(answers.near(rule.key), row) == verdict.near, (data, known)
    for rule, _data in rules:
        counts = answers.counts(rule.key)
        assert sum(counts.values()) == FIRMS
        assert counts == {outcome: len(answers.ids(rule.key, outcome)) for outcome in Outcome}


@given(st.integers(0, 10**9))
@settings(max_examples=150, deadline=None)
def test_what_is_learnt_never_turns_a_met_into_an_unmet_or_back(seed):
    random = world(seed)
    known = firm(random, unknown=0)
    ((rule, _data),) = rules_of(random, 1)
    order = random.sample(sorted(known), len(known))
    learnt: dict = {}
    before = None
    for at in order:
        if (
            at[0] == "rd_share"
        ):  # a recorded value of a derived field replaces a computed one: that is a correction, not news
            continue
        learnt[at] = Known(known[at])
        after = one.judge(rule, learnt, DAY, BOOK).reason.met
        assert before is None or after == before
        before = after


@given(st.integers(0, 10**9))
@settings(max_examples=60, deadline=None)
def test_a_row_that_changes_is_judged_as_if_it_had_always_been_so(seed):
    random = world(seed)
    rules = [rule for rule, _data in rules_of(random, 6)]
    facts = [{at: Known(value) for at, value in firm(random).items()} for _ in range(70)]
    population = from_facts(range(70), facts, BOOK, DAY)
    population.run(rules)
    for _change in range(3):
        row = random.randrange(70)
        facts[row] = {at: Known(value) for at, value in firm(random).items()}
        population.update(row, facts[row])
    again, afresh = population.run(rules), from_facts(range(70), facts, BOOK, DAY).run(rules)
    for rule in rules:
        for outcome in Outcome:
            assert (again.words(rule.key, outcome) == afresh.words(rule.key, outcome)).all()


@given(st.integers(0, 10**9))
@settings(max_examples=60, deadline=None)
def test_whom_a_rule_concerns_and_what_people_decide_are_kept_apart_in_both_ways(seed):
    random = world(seed)
    whole = [rule for rule, _data in rules_of(random, 6)]
    rules = [
        Rule(f"{at}", rule.when, whole[(at + 1) % 6].when if at % 2 else None, ("专家评审",) if at % 3 == 0 else ())
        for at, rule in enumerate(whole)
    ]
    facts = [{at: Known(value) for at, value in firm(random).items()} for _ in range(40)]
    answers = from_facts(range(40), facts, BOOK, DAY).run(rules)
    for row in range(40):
        assert answers.outcomes(row) == {rule.key: one.judge(rule, facts[row], DAY, BOOK).outcome for rule in rules}


def test_slices_that_are_not_kept_give_the_same_bits(monkeypatch, way):
    from linqi.conditions import population as module

    random = world(7)
    rules = [rule for rule, _data in rules_of(random)]
    facts = [{at: Known(value) for at, value in firm(random).items()} for _ in range(300)]
    kept = from_facts(range(300), facts, BOOK, DAY).run(rules)
    monkeypatch.setattr(module, "KEPT", 0)
    monkeypatch.setattr(module, "SLICE", 2)
    for threads in (1, 2):
        sliced = from_facts(range(300), facts, BOOK, DAY).run(rules, threads=threads)
        counted = from_facts(range(300), facts, BOOK, DAY).run(rules, threads=threads, keep=False)
        for rule in rules:
            assert all((kept.words(rule.key, one_) == sliced.words(rule.key, one_)).all() for one_ in Outcome)
            if "manual" not in str(plain(rule.when)):
                assert kept.counts(rule.key) == counted.counts(rule.key)


def test_a_number_with_more_digits_than_a_float_holds_is_still_on_its_own_side():
    node, _problems = read({"field": "share", "op": "gt", "value": "0.05"}, BOOK)
    rule = Rule("r", node)
    facts = [{("share", ""): Known(value)} for value in (0.05, Decimal("0.05000000000000000001"))]
    answers = from_facts([1, 2], facts, BOOK, DAY).run([rule])
    assert answers.ids("r", Outcome.MET).tolist() == [2]
    assert [one.judge(rule, known, DAY, BOOK).outcome for known in facts] == [Outcome.UNMET, Outcome.MET]


def test_a_condition_on_another_day_sees_other_years_and_valid_papers():
    node, _problems = read(
        {
            "all": [
                {"field": "revenue", "op": "gte", "value": 1},
                {"field": "papers", "op": "contains_any", "value": ["NEW"]},
            ]
        },
        BOOK,
    )
    facts = {
        ("revenue", "2024"): Known(5),
        ("papers", ""): Known([{"code": "NEW", "issued_on": "2025-01-01", "expires_on": "2028-01-01"}]),
    }
    assert one.judge(Rule("r", node), facts, date(2025, 6, 1), BOOK).outcome == Outcome.MET
    assert one.judge(Rule("r", node), facts, date(2026, 6, 1), BOOK).outcome == Outcome.UNKNOWN
    assert one.judge(Rule("r", node), facts, date(2029, 6, 1), BOOK).outcome == Outcome.UNMET
