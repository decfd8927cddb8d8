"""What a device does so that nothing it saw is lost: keeps each event until a receipt covers it 留存待收讫.

Pure: no network, no file, no clock; moments are seconds of a steady clock that the caller gives. Events have names, (boot, sequence).
A device that starts again counts its boots on and its events from 1; what it still holds of earlier boots keeps its names.
"""

import json
import random
from bisect import insort
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

Name = tuple[int, int]
Body = Mapping[str, object]

CAPACITY = 5_000  # events a device holds: a week of a chip that tells every two minutes
WINDOW = 500  # events under way at once, at most
FIRST_WINDOW = (
    16  # and at first: doubled by each receipt, so that a line that keeps breaking carries something each time
)
PATIENCE = 5.0  # seconds without a receipt until all is sent again; doubled each time up to LONGEST. The server gives one receipt a second at most
LONGEST = 300.0


@dataclass(frozen=True, slots=True)
class Receipt:
    """All numbers of a boot up to `sequence`, and those in the ranges `beyond`, are stored or given up 收讫."""

    boot: int
    sequence: int
    beyond: tuple[tuple[int, int], ...] = ()

    def covers(self, name: Name) -> bool:
        """Whether the event of this name need not be kept any longer."""
        boot, number = name
        return boot == self.boot and (
            number <= self.sequence or any(low <= number <= high for low, high in self.beyond)
        )


@dataclass(frozen=True, slots=True)
class Refused:
    """An event that was set aside, and why 被隔离."""

    name: Name
    reason: str


WAIT_WITH = frozenset({"too_scattered", "unknown_device", "not_yours", "disabled", "not_storable"})
"""Reasons that may pass, so the event is kept: gaps fill, devices are registered and enabled. All others are final: the event will never be taken as it is."""


def read_answer(payload: bytes | str) -> dict[str, list[Receipt | Refused]]:
    """What a message on a receipt topic, or an HTTP answer, says by serial; the key is "" where it names none. What cannot be read says nothing.

    A device hears `{"boot":b,"sequence":s,"beyond":[[lo,hi]],"refused":[{"boot":b,"seq":n,"reason":r}]}`, one message a boot; a gateway a list
    of the same with `"dev"`; over HTTP receipts stand by serial under `receipts`, and beside them what was `refused`.
    """
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError):
        return {}
    found: dict[str, list[Receipt | Refused]] = {}
    if isinstance(said, dict) and isinstance(said.get("receipts"), dict):
        for serial, one in said["receipts"].items():
            found.setdefault(str(serial), []).extend(_each(one))
        for one in _list(said.get("refused")):
            if isinstance(one, dict):
                found.setdefault(str(one.get("dev", "")), []).extend(_each({"refused": [one]}))
        return found
    for one in said if isinstance(said, list) else [said]:
        if isinstance(one, dict):
            found.setdefault(str(one.get("dev", "")), []).extend(_each(one))
    return found


def _each(said: object) -> Iterable[Receipt | Refused]:
    if isinstance(said, list):
        for one in said:
            yield from _each(one)
    if not isinstance(said, dict):
        return
    with suppress(KeyError, TypeError, ValueError):
        ranges = tuple((int(low), int(high)) for low, high in said.get("beyond", ()))
        yield Receipt(int(said["boot"]), int(said["sequence"]), ranges)
    for one in _list(said.get("refused")):
        with suppress(KeyError, TypeError, ValueError):
            yield Refused((int(one["boot"]), int(one["seq"])), str(one["reason"]))
    for one in _list(said.get("earlier")):
        if isinstance(one, dict):
            yield from _each({**one, "earlier": ()})


def _list(said: object) -> list[Any]:
    return said if isinstance(said, list) else []


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be sent now: events, oldest first, and ranges (boot, low, high) that are no longer held."""

    events: list[tuple[Name, Body]]
    lost: list[tuple[int, int, int]]


@dataclass(slots=True)
class Keeper:
    """The events of one device that have no receipt yet, at most `capacity`; then the oldest is dropped and told as lost."""

    boot: int
    sequence: int = 0
    capacity: int = CAPACITY
    window: int = WINDOW
    patience: float = PATIENCE
    held: dict[Name, Body] = field(default_factory=dict)
    lost: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    _away: dict[Name, None] = field(default_factory=dict)
    _lost_told: bool = False
    _room: int = FIRST_WINDOW
    _tries: int = 0
    _again_at: float = 0.0

    def tell(self, body: Body) -> tuple[Name, list[Name]]:
        """Keep a new event; its name, and the names of what had to be dropped for it."""
        self.sequence += 1
        name = (self.boot, self.sequence)
        self.held[name] = body
        dropped = []
        while len(self.held) > self.capacity:
            oldest = next(iter(self.held))
            del self.held[oldest]
            self._away.pop(oldest, None)
            self._give_up(oldest)
            dropped.append(oldest)
        return name, dropped

    def due(self, now: float, chance: random.Random) -> Due:
        """What to send now; it counts as under way until a receipt covers it or patience ends."""
        if (self._away or self._lost_told) and now >= self._again_at:
            self._tries += 1
            self._nothing_under_way()
        room = min(self._room, self.window) - len(self._away)
        events = []
        if room > 0 and len(self._away) < len(self.held):
            for name, body in self.held.items():
                if name not in self._away:
                    events.append((name, body))
                    if len(events) == room:
                        break
        lost = (
            [] if self._lost_told else [(boot, low, high) for boot, ranges in self.lost.items() for low, high in ranges]
        )
        if (events or lost) and not (self._away or self._lost_told):
            self._again_at = now + self._pause(chance)
        self._away.update((name, None) for name, _body in events)
        self._lost_told = self._lost_told or bool(lost)
        return Due(events, lost)

    def hear(self, receipt: Receipt, now: float) -> list[Name]:
        """Let go of what the receipt covers; their names. One that covers something new restores the first patience."""
        cleared = [name for name in self.held if receipt.covers(name)]
        for name in cleared:
            del self.held[name]
            self._away.pop(name, None)
        news = bool(cleared) | self._forget_lost(receipt)
        if news:
            self._tries, self._room = 0, min(self.window, self._room * 2)
            self._again_at = now + self.patience
        if self.sequence == 0 and receipt.boot >= self.boot:
            self.boot = receipt.boot + 1  # an older file than what was stored: no name is given twice
        return cleared

    def refuse(self, refused: Refused) -> list[Name]:
        """Give up an event that will never be taken, and say so as a loss; its name, nothing when it is kept or not held."""
        if refused.reason in WAIT_WITH or refused.name not in self.held:
            return []
        del self.held[refused.name]
        self._away.pop(refused.name, None)
        self._give_up(refused.name)
        return [refused.name]

    def connection_lost(self) -> None:
        """Nothing counts as under way any longer: after the next connection all that is held goes out, oldest first."""
        self._nothing_under_way()

    def start_again(self) -> None:
        """The device starts: another boot, numbers from 1."""
        self.boot += 1
        self.sequence = 0
        self._nothing_under_way()

    def _nothing_under_way(self) -> None:
        self._away.clear()
        self._lost_told, self._room = False, FIRST_WINDOW

    def _pause(self, chance: random.Random) -> float:
        return min(LONGEST, self.patience * 2.0 ** min(self._tries, 10)) * chance.uniform(0.75, 1.25)

    def _give_up(self, name: Name) -> None:
        boot, number = name
        ranges = self.lost.setdefault(boot, [])
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            insort(ranges, (number, number))
        self._lost_told = False

    def _forget_lost(self, receipt: Receipt) -> bool:
        ranges = self.lost.get(receipt.boot)
        if not ranges:
            return False
        left = [one for one in ranges if not _covered(receipt, *one)]
        if left:
            self.lost[receipt.boot] = left
        else:
            del self.lost[receipt.boot]
        return len(left) < len(ranges)


def _covered(receipt: Receipt, low: int, high: int) -> bool:
    return high <= receipt.sequence or any(first <= low and high <= last for first, last in receipt.beyond)
