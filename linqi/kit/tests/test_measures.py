"""What is counted: unknown is not zero, a key is taken once, a span runs forward."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linqi.kit import measures as offered
from linqi.kit.measures import SURE, Measure, Span, measures, register, share, wilson


@pytest.fixture
def empty(monkeypatch):
    """No measure on offer, for the length of one test."""
    monkeypatch.setattr(offered, "_measures", {})


def measure(key):
    return Measure(key, "办结数", "件", count=lambda span, place: None)


def test_measures_are_offered_in_the_order_of_registration(empty):
    made = [register(measure(key)) for key in ("b", "a", "c")]
    assert measures() == tuple(made)


def test_a_key_is_taken_once(empty):
    register(measure("a"))
    with pytest.raises(ValueError, match="a is registered twice"):
        register(measure("a"))


def test_a_measure_without_a_list_opens_to_nothing():
    assert measure("a").rows(Span(date(2026, 1, 1), date(2026, 1, 31)), 1) == ""


def test_a_share_of_nothing_is_unknown():
    assert share(0, 0) is None


def test_no_part_of_something_is_zero():
    assert share(0, 7) == 0


@given(st.integers(1, 10**9).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole))))
def test_a_share_lies_between_nothing_and_all(parts):
    assert 0 <= share(*parts) <= 1


@given(st.dates(), st.dates())
def test_a_span_never_ends_before_it_begins(since, until):
    if until < since:
        with pytest.raises(ValueError, match="before it begins"):
            Span(since, until)
    else:
        assert Span(since, until).until >= Span(since, until).since


def test_the_interval_is_that_of_wilson():
    """Held against the roots of the equation it comes from: (p̂ - p)² = z² p (1 - p) / n."""
    for clean, n in ((0, 5), (5, 5), (3, 7), (80, 100), (999, 1000)):
        low, high = wilson(clean, n)
        share, z2 = clean / n, SURE**2
        for p in (low, high):
            assert abs((share - p) ** 2 - z2 * p * (1 - p) / n) < 1e-9
        assert 0 <= low <= share <= high <= 1
    assert wilson(0, 0) == (0.0, 1.0)
