"""The tick asks every app, and one that fails stops no other."""

import pytest
from django.utils import timezone

from linqi.config.actions import TICK, tick
from linqi.config.models import Pulse
from linqi.kit import ticker


@pytest.fixture
def tickers(monkeypatch):
    """Only these tickers, for one test."""
    kept = {}
    monkeypatch.setattr(ticker, "_tickers", kept)
    return kept


def test_the_tick_survives_one_that_raises_and_shows_life(db, tickers):
    def broken(now):
        raise RuntimeError("no")

    ticker.register("broken", broken)
    ticker.register("whole", lambda now: 3)
    now = timezone.now()
    assert tick(now=now) == {"broken": None, "whole": 3}
    assert Pulse.objects.get(name=TICK).at == now


def test_a_pulse_is_one_row_written_over(db, tickers):
    tick(now=timezone.now())
    tick(now=timezone.now())
    assert Pulse.objects.count() == 1


def test_the_apps_that_have_deadlines_are_asked():
    assert {"cases", "imports", "notifications"} <= set(ticker._tickers)
