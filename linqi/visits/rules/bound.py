"""What no plan of a week can bring more than: an upper bound, so that one knows how good a plan is: pure 上界.

Each step may only make the number larger than the best plan, never smaller.

1. A linear programme: a stop may be cut in parts, and a round costs at least half the sum of the two shortest walks of each of its stops.
   It gives every stop a price.
2. Lagrange: each person's hours are planned alone, to the minute, with the real walks, paying the prices; a stop may be taken by several
   people, or twice on one round, and pays each time. The prices plus what the rounds bring bound every plan; they are improved for some
   rounds (subgradient), and the lowest number counts.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array

from linqi.visits.rules.weekly import Problem, Stop

_WORK = 4_000_000_000  # steps of arithmetic that improving the prices may take: about ten seconds
_MOST_ROUNDS = 80
_PATIENCE = 15  # rounds without a better bound after which none is looked for any more


@dataclass(frozen=True, slots=True)
class _Kind:
    """Shifts that are alike for every stop: how many, how long, and the stops that fit, by position in the problem.

    `takes`, `brings`: minutes in halves and value of each stop, the least share of walks included, for the linear programme.
    """

    count: int
    minutes: int
    room: int
    base: int
    stops: Any
    takes: Any
    brings: Any


def bound(problem: Problem, rounds: int | None = None) -> int:
    """The most, in hundredths of a point, that any plan of this problem can be worth; `rounds`: how often prices are improved."""
    walks = _shortest(np.asarray(problem.walks, int))
    kinds = _kinds(problem, walks)
    if not kinds:
        return 0
    at_most, prices = _cut_in_parts(problem, kinds)
    at_most = min(at_most, float(sum(max(0, stop.value) for stop in problem.stops)))
    work = sum(len(kind.stops) ** 2 * kind.minutes for kind in kinds)
    step, idle = 0.1, 0
    for _round in range(rounds if rounds is not None else max(6, min(_MOST_ROUNDS, _WORK // (1 + work)))):
        value, taken = _rounds(problem, kinds, walks, prices)
        idle = 0 if value < at_most * (1 - 1e-4) else idle + 1
        at_most = min(at_most, value)
        if idle > _PATIENCE:
            break
        slope = 1 - taken  # a price goes down where its stop is wanted by nobody, up where by more than one
        slope[(prices <= 0) & (slope > 0)] = 0
        length = float(slope @ slope)
        if not length:
            break
        prices = np.maximum(0.0, prices - step * value / length * slope)
        step *= 0.97
    return int(np.floor(at_most + 1e-6))


def _cut_in_parts(problem: Problem, kinds: Sequence[_Kind]) -> tuple[float, Any]:
    """The linear programme: its value, and the price of each stop in it."""
    n = len(problem.stops)
    stop_of = np.concatenate([kind.stops for kind in kinds])
    kind_of = np.concatenate([np.full(len(kind.stops), number) for number, kind in enumerate(kinds)])
    takes = np.concatenate([kind.takes for kind in kinds]).astype(float)
    brings = np.concatenate([kind.brings for kind in kinds])
    count = len(stop_of)
    rows = np.concatenate([stop_of, n + kind_of])
    table = coo_array((np.concatenate([np.ones(count), takes]), (rows, np.tile(np.arange(count), 2))),
                      shape=(n + len(kinds), count))  # fmt: skip
    room = np.concatenate([np.ones(n), [kind.count * kind.room for kind in kinds]])
    found = linprog(-brings, A_ub=table.tocsr(), b_ub=room, bounds=(0, None), method="highs")
    if (
        found.status != 0
    ):  # cannot be: nothing chosen is always possible; without prices the second step starts from nothing
        return float("inf"), np.array([max(0.0, float(stop.value)) for stop in problem.stops])
    marginals = -np.asarray(found.ineqlin.marginals)
    return float(-found.fun), np.maximum(0.0, marginals[:n])


def _rounds(problem: Problem, kinds: Sequence[_Kind], walks: Any, prices: Any) -> tuple[float, Any]:
    """The value of the relaxation at these prices, and how often each stop is taken in it."""
    value, taken = float(prices.sum()), np.zeros(len(problem.stops))
    worths = np.array([stop.value for stop in problem.stops], float)
    minutes = np.array([stop.minutes for stop in problem.stops])
    places = np.array([stop.at for stop in problem.stops])
    for kind in kinds:
        stops = kind.stops[worths[kind.stops] - prices[kind.stops] > 1e-9]  # the others only cost
        if not len(stops):
            continue
        at = places[stops]
        gain, round_ = _round(
            worths[stops] - prices[stops], minutes[stops], walks[np.ix_(at, at)], walks[kind.base, at], kind.minutes,
            problem.walk_cost,
        )  # fmt: skip
        value += kind.count * gain
        np.add.at(taken, stops[round_], kind.count)
    return value, taken


def _round(gains: Any, minutes: Any, between: Any, home: Any, room: int, cost: int) -> tuple[float, list[int]]:
    """The best round of one shift when a stop may be taken again (but not twice on end), and the stops on it.

    `best[t, j]`: the most when one leaves stop j at minute t.
    """
    n = len(gains)
    takes = between + minutes[None, :]  # from i into j and out of it
    lag = int(takes.max()) if n else 0
    best = np.full((lag + room + 1, n), -np.inf)
    fare = cost * between.astype(float)
    np.fill_diagonal(fare, np.inf)
    first, rows = home + minutes, np.arange(n)[:, None]
    start = gains - cost * home
    for minute in range(int(first.min()), room + 1):
        on = best[lag + minute - takes, rows] - fare
        best[lag + minute] = np.maximum(on.max(axis=0) + gains, np.where(first == minute, start, -np.inf))
    ends = best[lag:] - cost * home
    ends[np.arange(room + 1)[:, None] + home[None, :] > room] = -np.inf
    last, at = divmod(int(np.argmax(ends)), n)
    gain = float(ends[last, at])
    if gain <= 0:
        return 0.0, []
    seen = []
    while True:
        seen.append(at)
        on = best[lag + last - takes[:, at], np.arange(n)] - fare[:, at]
        before = int(np.argmax(on))
        if first[at] == last and start[at] >= on[before] + gains[at]:
            return gain, seen
        last, at = last - int(takes[before, at]), before


# --- the walks --------------------------------------------------------------------------------------------------------
def _shortest(walks: Any) -> Any:
    """The walks with detours made straight: where going by a third place is shorter, that counts."""
    for middle in range(len(walks)):
        walks = np.minimum(walks, walks[:, middle, None] + walks[None, middle, :])
    return walks


def _kinds(problem: Problem, walks: Any) -> list[_Kind]:
    groups = sorted({stop.who for stop in problem.stops if stop.who is not None}, key=sorted)
    alike: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
    fixed = {stop.fixed for stop in problem.stops if stop.fixed is not None}
    for shift in problem.shifts:
        own = shift.key if shift.key in fixed else None
        seen = tuple(shift.person in who for who in groups)
        alike[shift.day, shift.begins, shift.ends, shift.base, seen, own].append(shift)
    found = []
    for shifts in alike.values():
        shift = shifts[0]
        here = [at for at, stop in enumerate(problem.stops) if stop.fits(shift)]
        if not here:
            continue
        stops = [problem.stops[at] for at in here]
        halves, home = _half_walks(stops, shift.base, walks)
        room = 2 * shift.minutes - home
        takes = np.array([2 * stop.minutes for stop in stops]) + np.array(halves)
        brings = np.array([stop.value for stop in stops]) - problem.walk_cost * np.array(halves) / 2
        # a stop that does not bring its own share of walks stays: next door to another it may be in the best round all the same
        keep = takes <= room
        if keep.any():
            found.append(
                _Kind(len(shifts), shift.minutes, room, shift.base, np.array(here)[keep], takes[keep], brings[keep])
            )
    return found


def _half_walks(stops: Sequence[Stop], base: int, walks: Any) -> tuple[list[int], int]:
    """For each stop, the two shortest walks it can have in one round, added up (that is: twice its half of them); and the base's."""
    at = np.array([stop.at for stop in stops])
    places, counts = np.unique(at, return_counts=True)
    table = walks[np.ix_(places, places)].astype(float)
    np.fill_diagonal(table, np.inf)
    home = walks[places, base]
    halves: dict[int, int] = {}
    for row, place in enumerate(places):
        near = [0] * min(2, int(counts[row]) - 1)
        order = np.argsort(table[row])[:2]
        for other in order:
            if np.isfinite(table[row][other]):
                near += [int(table[row][other])] * min(2, int(counts[other]))
        near.append(int(home[row]))
        two = sorted(near)[:2]
        halves[int(place)] = min(sum(two) if len(two) == 2 else 2 * two[0], 2 * int(home[row]))
    return [halves[int(one)] for one in at], 2 * int(home.min())
