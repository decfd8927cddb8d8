"""Which bins to empty today and in which order 收运计划.

Perishable and residual waste is collected every day at fixed times (杭州市生活垃圾管理条例第36条), however full the bin is; the others when
they are full or will be before the next round. What is not known is not taken for empty: it is said, and somebody looks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from linqi.kit.choices import Choice
from linqi.kit.geodesy import distance
from linqi.waste.kinds import Stream

FULL: Final = 0.8  # share of a bin from which it counts as full. Product default: lids stay shut below it
EMPTIED: Final = 0.25  # a fall of at least this much is an emptying, a smaller one settles or is noise. Product default
LEAST_HOURS: Final = 6.0  # hours observed before a rate is told. Product default
NEXT_ROUND: Final = timedelta(hours=24)  # until the round after this one: the daily round of article 36
FIXED: Final = (Stream.PERISHABLE, Stream.RESIDUAL)


class Reason(Choice):
    """Why a bin is on the plan 收运理由."""

    DAILY = "daily", "每日定时收运"
    FULL = "full", "已经满了"
    SOON = "soon", "下一趟之前会满"
    UNKNOWN = "unknown", "满溢度未知，请到场看"


@dataclass(frozen=True, slots=True)
class Reading:
    """How full a bin was at a moment, 0 to 1."""

    at: datetime
    level: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """How full a bin is, how fast it fills (share an hour), and when it will be full; None is unknown."""

    level: float | None
    rate: float | None
    full_at: datetime | None


def rate_of(readings: Sequence[Reading]) -> float | None:
    """How fast a bin fills, as a share an hour, without the emptyings; None when too little was observed.

    The net rise over the hours in which it was not emptied: what settles is taken off what comes in.
    """
    risen, hours = 0.0, 0.0
    ordered = sorted(readings, key=lambda one: one.at)
    for before, after in pairwise(ordered):
        change = after.level - before.level
        if change <= -EMPTIED:
            continue
        risen += change
        hours += (after.at - before.at).total_seconds() / 3600
    return max(0.0, risen / hours) if hours >= LEAST_HOURS else None


def outlook(last: Reading | None, readings: Sequence[Reading], now: datetime) -> Outlook:
    """What the last reading and those before it say of a bin now; the level is carried on at its rate, to full at most."""
    rate = rate_of(readings)
    if last is None:
        return Outlook(None, rate, None)
    since = max(0.0, (now - last.at).total_seconds() / 3600)
    level = min(1.0, last.level + (rate or 0.0) * since)
    level = max(level, min(1.0, last.level))
    if level >= FULL:
        return Outlook(level, rate, now)
    if not rate:
        return Outlook(level, rate, None)
    hours = (FULL - level) / rate
    return Outlook(level, rate, now + timedelta(hours=hours) if hours < 24 * 365 else None)


def why(stream: str, seen: Outlook, now: datetime, next_round: timedelta = NEXT_ROUND) -> Reason | None:
    """Why a bin is to be emptied on this round; None when it can wait."""
    if seen.level is not None and seen.level >= FULL:
        return Reason.FULL
    if stream in FIXED:
        return Reason.DAILY
    if seen.level is None:
        return Reason.UNKNOWN
    if seen.full_at is not None and seen.full_at < now + next_round:
        return Reason.SOON
    return None


# --- the way ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Stop:
    """A building on the way; `at`: longitude and latitude (WGS 84), None when it has no position."""

    key: int
    name: str
    at: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Leg:
    """A stop in its turn, and how far it is from the one before in a straight line, in metres; None: unknown or the first."""

    stop: Stop
    metres: float | None


def in_order(stops: Sequence[Stop]) -> list[Leg]:
    """The stops, each the nearest of those left, beginning in the north-west; those without a position come last, by name.

    Straight lines: gates, lifts and one-way streets are not known. It is an order to begin with, not the shortest way.
    """
    placed = [(one, one.at) for one in stops if one.at is not None]
    unplaced = sorted((one for one in stops if one.at is None), key=lambda one: (one.name, one.key))
    legs: list[Leg] = []
    here: tuple[float, float] | None = None
    while placed:
        if here is None:
            nearest = min(placed, key=lambda one: (one[1][0] - one[1][1], one[0].key))
            legs.append(Leg(nearest[0], None))
        else:
            from_here = here
            nearest = min(placed, key=lambda one: (distance(from_here, one[1]), one[0].key))
            legs.append(Leg(nearest[0], distance(from_here, nearest[1])))
        placed.remove(nearest)
        here = nearest[1]
    return [*legs, *(Leg(one, None) for one in unplaced)]


def length(legs: Sequence[Leg]) -> float | None:
    """How long the way is in straight lines, in metres; None when no two stops have a position."""
    known = [one.metres for one in legs if one.metres is not None]
    return sum(known) if known else None
