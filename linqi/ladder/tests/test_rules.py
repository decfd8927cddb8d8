"""How near, which tier, which move: no database."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linqi.ladder import rules
from linqi.ladder.rules import Bounds, Kind, Proposal, Stage, Step, Tier

figures = st.fractions(min_value=-(10**12), max_value=10**12, max_denominator=100)
shares = st.fractions(min_value=0, max_value=1)
bounds = st.tuples(shares, shares).map(lambda pair: Bounds(min(pair), max(pair)))


def towards(value, threshold):
    return rules.towards(value, threshold, met=value >= threshold)


@pytest.mark.parametrize(
    ("value", "threshold", "share"),
    [
        pytest.param(60, 100, Fraction(3, 5), id="three fifths of the way"),
        pytest.param(100, 100, 1, id="just there"),
        pytest.param(900, 100, 1, id="beyond counts no more than there"),
        pytest.param(-50, 100, 0, id="a loss is no part of a profit"),
        pytest.param(0, 100, 0, id="nothing yet"),
        pytest.param(-1, 0, 0, id="a threshold of zero has no half way"),
    ],
)
def test_towards(value, threshold, share):
    assert towards(Fraction(value), Fraction(threshold)) == Bounds(Fraction(share), Fraction(share))


def test_a_ceiling_counts_the_other_way_round():
    assert rules.towards(Fraction(200), Fraction(100), met=False, falling=True).low == Fraction(1, 2)
    assert rules.towards(Fraction(50), Fraction(100), met=True, falling=True) == rules.FULL
    assert rules.towards(Fraction(50), Fraction(0), met=False, falling=True) == rules.NOTHING


def test_more_than_zero_is_not_met_by_zero():
    assert rules.towards(Fraction(100), Fraction(100), met=False).high == rules.NEARLY


@given(figures, figures)
def test_a_share_lies_between_zero_and_one_and_is_one_only_when_met(value, threshold):
    share = towards(value, threshold)
    assert 0 <= share.low == share.high <= 1
    assert (share.low == 1) == (value >= threshold)


@given(figures, figures, figures)
def test_more_is_never_less(value, more, threshold):
    low, high = sorted((value, more))
    assert towards(low, threshold).low <= towards(high, threshold).low


@given(figures, figures, shares.filter(bool))
def test_a_share_is_reached_exactly_where_the_scaled_threshold_is_passed(value, threshold, share):
    share = min(share, rules.NEARLY)
    assert (towards(value, threshold).low >= share) == (value >= rules.scaled(threshold, share))


@given(st.lists(bounds, min_size=1, max_size=6), bounds, st.data())
def test_knowing_more_only_narrows(parts, known, data):
    at = data.draw(st.integers(0, len(parts) - 1))
    narrow = parts[at]
    point = Bounds(*[max(narrow.low, min(narrow.high, known.low))] * 2)
    least = data.draw(st.integers(1, len(parts)))
    for join in (rules.every, rules.best, lambda of: rules.enough(of, least)):
        before, after = join(parts), join([*parts[:at], point, *parts[at + 1 :]])
        assert before.low <= after.low <= after.high <= before.high
    assert rules.enough(parts, 1) == rules.best(parts)
    assert rules.enough(parts, len(parts)) == rules.every(parts)


def test_the_opposite_has_no_half_way():
    half = Bounds(Fraction(1, 2), Fraction(1, 2))
    assert [rules.opposite(one) for one in (rules.FULL, half, rules.UNKNOWN)] == [
        rules.NOTHING,
        rules.FULL,
        rules.UNKNOWN,
    ]


def met(seed=None, sprout=None, ear=None):
    return {Tier.SEED: seed, Tier.SPROUT: sprout, Tier.EAR: ear}


@pytest.mark.parametrize(
    ("standing", "said", "asked"),
    [
        pytest.param(None, met(seed=True), Proposal(Kind.ENTER, Tier.SEED), id="a new firm qualifies"),
        pytest.param(
            None, met(seed=False, sprout=True), Proposal(Kind.ENTER, Tier.SPROUT), id="straight into the middle"
        ),
        pytest.param(None, met(), None, id="nothing known, nothing proposed"),
        pytest.param(Tier.SEED, met(seed=True, ear=True), Proposal(Kind.RISE, Tier.EAR), id="two tiers up"),
        pytest.param(
            Tier.SEED, met(seed=False, sprout=True), Proposal(Kind.RISE, Tier.SPROUT), id="up goes before down"
        ),
        pytest.param(Tier.SPROUT, met(seed=True), None, id="what is not known does not throw down"),
        pytest.param(
            Tier.EAR, met(seed=True, ear=False), Proposal(Kind.FALL, Tier.SPROUT), id="unknown speaks for the firm"
        ),
        pytest.param(
            Tier.EAR, met(True, False, False), Proposal(Kind.FALL, Tier.SEED), id="down to what certainly holds"
        ),
        pytest.param(Tier.SPROUT, met(False, False, False), Proposal(Kind.LEAVE, None), id="nothing holds any more"),
        pytest.param(Tier.EAR, met(False, False, True), None, id="stands by its own tier alone"),
    ],
)
def test_proposals(standing, said, asked):
    assert rules.proposal(standing, said) == asked


@given(st.sampled_from([None, *Tier]), st.tuples(*[st.sampled_from([True, False, None])] * 3))
def test_a_move_that_was_made_is_not_proposed_again(standing, said):
    asked = rules.proposal(standing, met(*said))
    if asked:
        assert rules.direction(standing, asked.to) == asked.kind
        assert rules.proposal(asked.to, met(*said)) is None


def test_a_declined_move_rests_for_half_a_year():
    day = date(2026, 3, 2)
    assert rules.rests(day, day + timedelta(days=179))
    assert not rules.rests(day, day + timedelta(days=180))


def test_stages_and_steps():
    assert {rules.stage_of(step) for step in Step} == set(Stage) - {Stage.NONE}
    assert rules.furthest([Stage.TUTORING, Stage.JOINT_STOCK]) is Stage.TUTORING
    assert rules.furthest([]) is Stage.NONE
    assert rules.next_step([]) is Step.JOINT_STOCK
    assert rules.next_step([Step.JOINT_STOCK, Step.NQB_LISTED]) is Step.BROKER
    assert rules.next_step([Step.TUTORING]) is Step.ACCEPTED
    assert rules.next_step([Step.LISTED]) is None
    assert rules.tier_above(None) is Tier.SEED
    assert rules.tier_above(Tier.EAR) is None
    assert rules.direction(Tier.SEED, Tier.SEED) is None
