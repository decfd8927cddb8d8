"""The tick calls everybody; one that fails stops no other."""

from datetime import UTC, datetime

import pytest

from linqi.kit import ticker

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.fixture
def tickers(monkeypatch):
    """Nobody registered, for the length of one test."""
    monkeypatch.setattr(ticker, "_tickers", {})


def fails(now):
    raise RuntimeError("broken")


def test_everybody_is_called_with_the_moment_and_says_how_much_was_done(tickers):
    seen = []
    ticker.register("mail", lambda now: seen.append(now) or 3)
    ticker.register("limits", lambda now: 0)
    assert ticker.tick(NOW) == {"mail": 3, "limits": 0}
    assert seen == [NOW]


def test_one_that_fails_counts_as_unknown_and_stops_no_other(tickers):
    ticker.register("broken", fails)
    ticker.register("after", lambda now: 1)
    assert ticker.tick(NOW) == {"broken": None, "after": 1}


def test_one_that_failed_is_called_again_at_the_next_tick(tickers):
    calls = []

    def shaky(now):
        calls.append(now)
        return 2 if len(calls) > 1 else fails(now)

    ticker.register("shaky", shaky)
    assert [ticker.tick(NOW), ticker.tick(NOW)] == [{"shaky": None}, {"shaky": 2}]


def test_registered_anew_a_ticker_replaces_the_one_before(tickers):
    ticker.register("mail", lambda now: 1)
    ticker.register("mail", lambda now: 2)
    assert ticker.tick(NOW) == {"mail": 2}
