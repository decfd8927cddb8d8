"""A line before a door behind which work is costly 排队.

One process serves a handful of requests at a time. Without a line, five hundred phones that come back into the network would sit on all of
them, and whoever opens a page would wait behind the last.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock
from typing import Final

LONGEST: Final = 120.0  # seconds; nobody is sent away for longer, however long the line
LEARNS: Final = 0.2  # how much one turn changes what we expect of the next
EARLY: Final = 0.7  # of a turn: how far apart those sent away come back; a whole one, and the line runs dry whenever somebody is late


class Turns:
    """So many at work in this process, so many waiting behind them; seconds by `clock`, which never goes back."""

    def __init__(
        self, at_work: int, waiting: int, *, takes: float = 0.1, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._room = at_work + waiting
        self._work = BoundedSemaphore(at_work)
        self._guard = Lock()
        self._inside = 0
        self._takes = takes / at_work
        self._free_at = 0.0
        self._clock = clock

    @contextmanager
    def turn(self) -> Iterator[float]:
        """0 when it is one's turn, which lasts as long as the block; else in how many seconds to come again.

        Those who are sent away get moments one after the other, a little closer than a turn takes: they come back one by one, and some of
        them are sent away again, so that somebody always waits.
        """
        if wait := self._entered():
            yield wait
            return
        try:
            with self._work:
                began = self._clock()
                yield 0.0
                self._learn(self._clock() - began)
        finally:
            with self._guard:
                self._inside -= 1

    def _entered(self) -> float:
        with self._guard:
            if self._inside < self._room:
                self._inside += 1
                return 0.0
            now = self._clock()
            after = max(self._free_at, now + self._room * self._takes)
            self._free_at = min(after + self._takes * EARLY, now + LONGEST)
            return self._free_at - now

    def _learn(self, took: float) -> None:
        with self._guard:
            self._takes += (took - self._takes) * LEARNS
