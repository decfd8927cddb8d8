"""What a benefit comes to, and a ledger that adds up."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linqi.policies.flow import APPLICATION, ENDED, FLOWS, NO_APPLICATION, Step
from linqi.policies.rules import (
    BenefitKind,
    Estimate,
    LedgerKind,
    Terms,
    cents,
    estimate,
    sample_size,
    together,
    unsound,
)

MONEY = st.decimals(0, 10**9, places=2)


@given(st.fractions(0, 10**9), st.decimals(0, 1, places=4), MONEY)
def test_a_share_of_a_base_never_exceeds_its_cap_nor_the_exact_share(base, ratio, cap):
    found = estimate(Terms(BenefitKind.RATIO, ratio=ratio, cap=cap, value=base))
    assert found.amount <= cap
    assert Fraction(found.amount) <= base * Fraction(ratio)
    assert found.amount == cap or base * Fraction(ratio) - Fraction(found.amount) < Fraction(1, 100)


def test_an_unknown_base_leaves_the_cap_as_a_ceiling_and_says_what_is_missing():
    lacking = (("revenue", "2025"),)
    found = estimate(Terms(BenefitKind.RATIO, ratio=Decimal("0.5"), cap=Decimal(100), missing=lacking))
    assert found == Estimate(Decimal(100), True, lacking)


@pytest.mark.parametrize(
    ("tiers", "amount", "ceiling"),
    [
        pytest.param(((True, Decimal(3)), (True, Decimal(9))), Decimal(3), False, id="the first that holds counts"),
        pytest.param(((False, Decimal(3)), (True, Decimal(9))), Decimal(9), False, id="one that fails is passed over"),
        pytest.param(
            ((None, Decimal(3)), (True, Decimal(1))), Decimal(3), True, id="an unknown one makes the greater a ceiling"
        ),
        pytest.param(((False, Decimal(3)),), Decimal(0), False, id="none holds: nothing"),
    ],
)
def test_tiers(tiers, amount, ceiling):
    found = estimate(Terms(BenefitKind.TIERED, tiers=tiers))
    assert (found.amount, found.ceiling) == (amount, ceiling)


@given(st.lists(st.one_of(st.none(), MONEY), max_size=5))
def test_a_part_that_is_not_known_makes_the_sum_unknown_and_never_a_ceiling(amounts):
    found = together(Estimate(amount, False) for amount in amounts)
    assert found.amount == (sum(amounts, Decimal(0)) if amounts and None not in amounts else None)
    assert not found.ceiling


@given(st.lists(st.booleans(), min_size=1, max_size=5))
def test_one_ceiling_makes_the_sum_a_ceiling(ceilings):
    found = together(Estimate(Decimal(1), ceiling) for ceiling in ceilings)
    assert (found.amount, found.ceiling) == (Decimal(len(ceilings)), any(ceilings))


@given(st.fractions(0, 10**12))
def test_cents_are_cut_downwards(value):
    assert 0 <= value - Fraction(cents(value)) < Fraction(1, 100)


@given(MONEY, MONEY, MONEY)
def test_the_ledger_is_sound_exactly_when_money_goes_one_way(approved, paid, recalled):
    sums = {LedgerKind.APPROVED: approved, LedgerKind.PAID: paid, LedgerKind.RECALLED: recalled}
    assert (unsound(sums) == "") == (recalled <= paid <= approved)


@given(st.integers(0, 10**6))
def test_a_sample_is_five_in_a_hundred_and_one_where_there_is_any(paid):
    assert sample_size(paid) == (0 if paid == 0 else -(-paid // 20))


def test_both_ways_end_and_every_step_belongs_to_one():
    assert {NO_APPLICATION.start, APPLICATION.start} == {Step.CANDIDATE, Step.DRAFT}
    assert NO_APPLICATION.states | APPLICATION.states == set(Step)
    for flow in FLOWS.values():
        assert flow.terminal <= ENDED
