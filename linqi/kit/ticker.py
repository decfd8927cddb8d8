"""What the tick calls: each app says whose time it looks after 心跳.

An app registers in its `tasks.py`; `linqi serve` calls `tick` every half minute, and so may a test or `linqi tick`.
"""

from collections.abc import Callable
from datetime import datetime

import structlog

log = structlog.get_logger("linqi.tick")
Ticker = Callable[[datetime], int]
_tickers: dict[str, Ticker] = {}


def register(name: str, ticker: Ticker) -> None:
    """Have `ticker(now)` called at each tick; it returns how many rows it acted on. The same name again replaces it.

    Transactions are the ticker's own affair: who sends mail commits row by row, who counts may hold one for all.
    """
    _tickers[name] = ticker


def tick(now: datetime) -> dict[str, int | None]:
    """Call every ticker; one that fails is logged, counts as None, and stops no other."""
    done: dict[str, int | None] = {}
    for name, ticker in _tickers.items():
        try:
            done[name] = ticker(now)
        except Exception:
            log.exception("ticker failed", ticker=name)
            done[name] = None
    return done
