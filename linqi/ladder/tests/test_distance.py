"""How far a firm is from the listing standards, alone and among many, against the data that is shipped."""

from datetime import date
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linqi.conditions.errors import ConditionError
from linqi.conditions.facts import Known
from linqi.conditions.one import Sight, judge_seen
from linqi.conditions.population import from_facts
from linqi.conditions.rules import Outcome, Rule
from linqi.conditions.tree import parse
from linqi.enterprises import known
from linqi.ladder import distance, intake, queries, rules
from linqi.ladder.rules import Board

DAY = date(2026, 3, 2)
MILLION = 1_000_000
STANDARDS = {row.key: row for row in intake.default_standards()}
NODES = {key: parse(row.when, known.book()) for key, row in STANDARDS.items() if row.until is None}
YEARLY = ("net_profit", "revenue", "operating_cash_flow", "rd_expense", "net_assets", "roe_weighted")


def facts(**said):
    """net_profit=[Y-1, Y-2, Y-3] in millions (a ratio for roe), estimated_market_cap=300 in millions."""
    found = {}
    for key, given_ in said.items():
        unit = 1 if key == "roe_weighted" else MILLION
        if key in YEARLY:
            for back, value in enumerate(given_, start=1):
                if value is not None:
                    found[key, str(DAY.year - back)] = Known(Fraction(str(value)) * unit, "测试", DAY)
        elif key == "estimated_market_cap":
            found[key, ""] = Known(Fraction(str(given_)) * unit, "测试", DAY)
        else:
            found[key, ""] = Known(given_, "测试", DAY)
    return found


def measured(code, **said):
    return distance.distance(NODES[code], Sight(facts(**said), known.book(), DAY))


def test_the_fifteen_standards_of_four_boards_and_the_two_that_ended_are_shipped():
    assert len(NODES) == 15
    counts = [sum(STANDARDS[key].board == board.value for key in NODES) for board in Board]
    assert dict(zip([board.value for board in Board], counts, strict=True)) == {
        "bse": 4,
        "chinext": 3,
        "star": 5,
        "main": 3,
    }
    assert {key: row.until for key, row in STANDARDS.items() if row.until} == {
        "21": date(2024, 4, 30),
        "22": date(2024, 4, 30),
    }
    assert all(row.source for row in STANDARDS.values())


@pytest.mark.parametrize(
    ("code", "said", "met"),
    [
        pytest.param(
            "28", {"net_profit": [100, 50, 50], "operating_cash_flow": [100, 50, 50]}, True, id="main 1 by cash"
        ),
        pytest.param("28", {"net_profit": [100, 50, 50], "revenue": [500, 500, 500]}, True, id="main 1 by revenue"),
        pytest.param(
            "28", {"net_profit": [100, 50, 49], "revenue": [500, 500, 500]}, False, id="main 1: 199 m in three years"
        ),
        pytest.param(
            "28", {"net_profit": [300, 50, -1], "revenue": [500, 500, 500]}, False, id="main 1: one year of loss"
        ),
        pytest.param("35", {"net_profit": [60, 40]}, True, id="chinext 1 exactly"),
        pytest.param("35", {"net_profit": [59.99, 60]}, False, id="chinext 1: the last year is short"),
        pytest.param("36", {"net_profit": [1], "revenue": [400], "estimated_market_cap": 1500}, True, id="chinext 2"),
        pytest.param("23", {"revenue": [300], "estimated_market_cap": 4999}, False, id="chinext 3: cap short by 1 m"),
        pytest.param(
            "1", {"net_profit": [1], "revenue": [100], "estimated_market_cap": 1000}, True, id="star 1 by revenue"
        ),
        pytest.param("1", {"net_profit": [25, 25], "estimated_market_cap": 1000}, True, id="star 1 by profit"),
        pytest.param(
            "2",
            {"revenue": [200, 100, 100], "rd_expense": [30, 15, 15], "estimated_market_cap": 1500},
            True,
            id="star 2 at 15 per cent",
        ),
        pytest.param("5", {"estimated_market_cap": 4000}, True, id="star 5: the figures; people decide the rest"),
        pytest.param(
            "31",
            {"net_profit": [25], "roe_weighted": [0.08], "net_assets": [50], "estimated_market_cap": 200},
            True,
            id="beijing 1 in one year",
        ),
        pytest.param(
            "32",
            {"revenue": [130, 100], "operating_cash_flow": [1], "net_assets": [50], "estimated_market_cap": 400},
            True,
            id="beijing 2 at 30 per cent growth",
        ),
        pytest.param(
            "32",
            {"revenue": [129, 100], "operating_cash_flow": [1], "net_assets": [50], "estimated_market_cap": 400},
            False,
            id="beijing 2 at 29 per cent growth",
        ),
    ],
)
def test_standards_at_their_thresholds(code, said, met):
    found = measured(code, **said)
    assert found.bounds.met is met
    assert (found.bounds.low == 1) is met


def test_the_old_chinext_figures_are_for_old_days_only():
    old = parse(STANDARDS["21"].when, known.book())
    sight = Sight(facts(net_profit=[30, 20]), known.book(), DAY)
    assert distance.distance(old, sight).bounds.met is True
    assert measured("35", net_profit=[30, 20]).bounds.low == Fraction(1, 2)


def test_the_reach_is_that_of_the_figure_furthest_behind_and_says_what_is_short():
    found = measured("35", net_profit=[48, 40])
    assert found.bounds == rules.Bounds(Fraction(4, 5), Fraction(4, 5))
    assert [(figure.short.by, figure.bounds.low) for figure in found.short] == [
        (12 * MILLION, Fraction(4, 5)),
        (12 * MILLION, Fraction(88, 100)),
    ]


def test_what_is_not_known_stays_open_and_is_named():
    found = measured("36", net_profit=[5], revenue=[300])
    assert found.bounds == rules.Bounds(Fraction(0), Fraction(3, 4))
    assert [(one.key, one.period) for one in found.missing] == [("estimated_market_cap", "")]
    assert measured("36").bounds == rules.UNKNOWN


def test_a_year_of_loss_decides_before_the_other_years_are_known():
    assert measured("35", net_profit=[-3]).bounds == rules.NOTHING


def test_of_two_ways_the_nearer_is_told():
    by_revenue = measured("1", net_profit=[1, -50], revenue=[90], estimated_market_cap=1000)
    assert by_revenue.bounds.high == Fraction(9, 10)
    assert {figure.node.key for figure in by_revenue.short} == {"revenue"}


def test_what_people_decide_counts_neither_way():
    found = measured("5", estimated_market_cap=2000)
    assert found.bounds.low == Fraction(1, 2)
    assert len(found.manual) == 1


amounts = st.one_of(st.none(), st.integers(-300, 3000))
firms = st.fixed_dictionaries(
    {},
    optional={
        **{key: st.lists(amounts, min_size=3, max_size=3) for key in YEARLY if key != "roe_weighted"},
        "roe_weighted": st.lists(st.one_of(st.none(), st.decimals(-1, 1, places=3)), min_size=2, max_size=2),
        "estimated_market_cap": st.integers(0, 12_000),
    },
)
codes = st.sampled_from(sorted(NODES))


@settings(max_examples=300, deadline=None)
@given(codes, firms)
def test_full_exactly_where_the_figures_are_met(code, said):
    sight = Sight(facts(**said), known.book(), DAY)
    bounds = distance.distance(NODES[code], sight).bounds
    assert 0 <= bounds.low <= bounds.high <= 1
    figures = distance.reaches(NODES[code], Fraction(1))
    assert bounds.met is judge_seen(Rule("", figures), sight).reason.met


@settings(max_examples=300, deadline=None)
@given(codes, firms, st.data())
def test_a_fact_more_only_narrows_the_bounds(code, said, data):
    everything = facts(**said)
    if not everything:
        return
    gone = data.draw(st.sampled_from(sorted(everything)))
    less = {at: one for at, one in everything.items() if at != gone}
    before, after = (distance.distance(NODES[code], Sight(one, known.book(), DAY)).bounds for one in (less, everything))
    assert before.low <= after.low <= after.high <= before.high


@settings(max_examples=200, deadline=None)
@given(
    codes,
    firms,
    st.sampled_from(["net_profit", "operating_cash_flow", "estimated_market_cap", "net_assets"]),
    st.integers(1, 500),
)
def test_more_profit_cash_or_worth_is_never_further_away(code, said, key, more):
    if key not in said:
        return
    richer = {
        **said,
        key: said[key] + more
        if key == "estimated_market_cap"
        else [None if one is None else one + more for one in said[key]],
    }
    poor, rich = (
        distance.distance(NODES[code], Sight(facts(**one), known.book(), DAY)).bounds for one in (said, richer)
    )
    assert poor.low <= rich.low
    assert poor.high <= rich.high


@settings(max_examples=150, deadline=None)
@given(st.lists(firms, min_size=1, max_size=4), st.sampled_from([Fraction(1, 2), Fraction(4, 5), Fraction(1)]))
def test_columns_conditions_and_the_single_firm_agree(crowd, share):
    listed = [facts(**one) for one in crowd]
    population = from_facts(range(1, len(listed) + 1), listed, known.book(), DAY)
    reach = distance.fits(NODES, population)
    said = {"field": distance.FIT, "op": "gte", "value": float(share)}
    plain = distance.expanded(parse(said, queries.book()), list(NODES.values()))
    answers = population.run([Rule("so far", plain)])
    met, unmet = (set(answers.ids("so far", one).tolist()) for one in (Outcome.MET, Outcome.UNMET))
    for row, one in enumerate(listed):
        sight = Sight(one, known.book(), DAY)
        found = [distance.distance(NODES[code], sight).bounds for code in NODES]
        assert np.allclose(reach.low[:, row], [float(one.low) for one in found], atol=1e-9)
        assert np.allclose(reach.high[:, row], [float(one.high) for one in found], atol=1e-9)
        best = rules.best(found)
        assert (row + 1 in met) == (best.low >= share)
        assert (row + 1 in unmet) == (best.high < share)


@pytest.mark.parametrize("value", [0, 1.5, -1])
def test_a_reach_outside_zero_to_one_is_refused(value):
    with pytest.raises(ConditionError, match="达成度"):
        distance.expanded(
            parse({"field": distance.FIT, "op": "gte", "value": value}, queries.book()), list(NODES.values())
        )


def test_less_than_so_far_is_the_opposite():
    under = distance.expanded(parse({"field": distance.FIT, "op": "lt", "value": 0.5}, queries.book()), [NODES["35"]])
    for profit, met in (([60, 60], False), ([20, 90], True), ([20, None], True), ([60, None], None)):
        sight = Sight(facts(net_profit=profit), known.book(), DAY)
        assert judge_seen(Rule("", under), sight).reason.met is met


def test_other_comparisons_have_no_half_way():
    odd = parse(
        {
            "all": [
                {"field": "certificates", "op": "contains_any", "value": ["HNTE"]},
                {"not": {"field": "legal_form_joint_stock", "op": "is_true"}},
                {
                    "at_least": 1,
                    "of": [
                        {"field": "employees", "op": "lte", "value": 100},
                        {"field": "revenue", "op": "gte", "value": 10},
                    ],
                },
            ]
        },
        known.book(),
    )
    listed = [
        {
            ("certificates", ""): Known(("HNTE",)),
            ("legal_form_joint_stock", ""): Known(False),
            ("employees", "2025"): Known(200),
        },
        {("certificates", ""): Known(("HNTE",)), ("legal_form_joint_stock", ""): Known(True)},
        {},
    ]
    found = [distance.distance(odd, Sight(one, known.book(), DAY)).bounds for one in listed]
    assert found == [rules.Bounds(Fraction(1, 2), Fraction(1)), rules.NOTHING, rules.UNKNOWN]
    reach = distance.fits({"odd": odd}, from_facts([1, 2, 3], listed, known.book(), DAY))
    assert reach.low[0].tolist() == [0.5, 0, 0]
    assert reach.high[0].tolist() == [1, 0, 1]
