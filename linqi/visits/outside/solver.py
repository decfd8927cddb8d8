"""The solver of rounds, PyVRP (MIT): better plans than the first one, given some seconds 排程求解器.

What it answers is checked; what cannot be walked is mended, and the first plan stays when the answer is no better. When it
fails, the first plan is the answer and says so.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import structlog
from pyvrp import (
    Client,
    ClientGroup,
    Depot,
    Location,
    ProblemData,
    Route,
    Solution,
    VehicleType,
    solve,
)
from pyvrp.stop import MaxRuntime

from linqi.visits.rules.greedy import greedy
from linqi.visits.rules.replan import mend
from linqi.visits.rules.weekly import Problem, Stop, faults, worth

log = structlog.get_logger("linqi.visits")
_DAY = 24 * 60
_NEVER = 7 * _DAY  # minutes: a walk that no hours are long enough for


@dataclass(frozen=True, slots=True)
class Solved:
    """A plan, and by whom it was found: `greedy` or `pyvrp` 求解结果; `rounds`: how often the solver tried."""

    routes: dict[int, tuple[int, ...]]
    by: str
    rounds: int


def solved(
    problem: Problem,
    seconds: float,
    told: Callable[[], None] | None = None,
    start: dict[int, tuple[int, ...]] | None = None,
) -> Solved:
    """The best plan found within some seconds of search; `told`: called after each round; `start`: a plan to begin with."""
    first = start if start is not None else greedy(problem)
    if not problem.shifts or not problem.stops or seconds <= 0:
        return Solved(first, "greedy", 0)
    try:
        found, rounds = _searched(problem, first, seconds, told)
    except (ValueError, RuntimeError) as failed:
        log.warning("solver failed, the first plan stays", error=str(failed))
        return Solved(first, "greedy", 0)
    if faults(problem, found):
        fixed = {stop.key for stop in problem.stops if stop.fixed is not None}
        found = mend(problem, _once(found), fixed).routes
    found = greedy(problem, found)  # room that the search left goes to whom still fits in
    if faults(problem, found) or worth(problem, found).total <= worth(problem, first).total:
        return Solved(first, "greedy", rounds)
    return Solved(found, "pyvrp", rounds)


def _searched(
    problem: Problem, first: dict[int, tuple[int, ...]], seconds: float, told: Callable[[], None] | None
) -> tuple[dict[int, tuple[int, ...]], int]:
    data, clients = _data(problem)
    at = {day: number for number, day in enumerate(sorted({one.day for one in problem.shifts}))}
    vehicle = {shift.key: number for number, shift in enumerate(problem.shifts)}
    by_stop: dict[int, list[int]] = {}
    for number, (key, _day) in enumerate(clients):
        by_stop.setdefault(key, []).append(number)

    def client(key: int, shift: int) -> int:
        wanted = at[problem.shift[shift].day]
        return next(n for n in by_stop[key] if clients[n][1] in (None, wanted))

    begun = Solution(
        data, [Route(data, [client(one, key) for one in route], vehicle[key]) for key, route in first.items()]
    )
    result = solve(data, _Stop(seconds, told), seed=1, collect_stats=False, display=False, initial_solution=begun)
    routes = {
        problem.shifts[route.vehicle_type()].key: tuple(
            clients[step.idx][0] for step in route.schedule() if step.is_client()
        )
        for route in result.best.routes()
    }
    return {key: route for key, route in routes.items() if route}, int(result.num_iterations)


class _Stop:
    """When to stop, and telling on the way that it goes on."""

    def __init__(self, seconds: float, told: Callable[[], None] | None) -> None:
        self._over, self._told = MaxRuntime(seconds), told

    def __call__(self, best_cost: int) -> bool:
        if self._told is not None:
            self._told()
        return bool(self._over(best_cost))


def _data(problem: Problem) -> tuple[ProblemData, list[tuple[int, int | None]]]:
    """The problem as PyVRP takes it, and which stop (and on which day, where it matters) each of its clients is.

    The week is one line of time, each shift a vehicle in its own hours. Who may go where is told by walks that never end: places are
    doubled by who may go there. A stop with a window, or whose days do not follow one another, is one client a day, one of which is used.
    """
    days = sorted({one.day for one in problem.shifts})
    at = {day: number for number, day in enumerate(days)}
    person = {one.key: one.person for one in problem.shifts}
    spots: dict[tuple[int, frozenset[int] | None], int] = {}
    bases = {base: number for number, base in enumerate(sorted({one.base for one in problem.shifts}))}
    for stop in problem.stops:
        spots.setdefault((stop.at, _allowed(stop, person)), len(bases) + len(spots))
    order = [*((base, None) for base in bases), *spots]
    table = np.asarray(problem.walks, int)[np.ix_([p for p, _w in order], [p for p, _w in order])]
    signs = {p: tuple(who is None or p in who for _place, who in order) for p in {one.person for one in problem.shifts}}
    profiles = {sign: number for number, sign in enumerate(dict.fromkeys(signs.values()))}
    walks: list[Any] = []
    for sign in profiles:
        mine = table.copy()
        shut = ~np.array(sign)
        mine[shut, :] = mine[:, shut] = _NEVER
        np.fill_diagonal(mine, 0)
        walks.append(mine)
    clients: list[Any] = []
    groups: list[Any] = []
    which: list[tuple[int, int | None]] = []
    for stop in problem.stops:
        spans = _spans(stop, problem, at)
        spot = spots[stop.at, _allowed(stop, person)]
        group = None
        if len(spans) > 1:
            group = len(groups)
            groups.append(
                ClientGroup(list(range(len(clients), len(clients) + len(spans))), required=stop.fixed is not None)
            )
        for early, late, day in spans:
            clients.append(
                Client(spot, service_duration=stop.minutes, tw_early=early, tw_late=late, prize=max(0, stop.value),
                       required=stop.fixed is not None and group is None, group=group)
            )  # fmt: skip
            which.append((stop.key, day))
    vehicles = [
        VehicleType(1, start_depot=bases[one.base], end_depot=bases[one.base], tw_early=at[one.day] * _DAY + one.begins,
                    tw_late=at[one.day] * _DAY + one.ends, unit_distance_cost=problem.walk_cost,
                    profile=profiles[signs[one.person]])
        for one in problem.shifts
    ]  # fmt: skip
    data = ProblemData(
        [Location(0, 0) for _one in order],
        clients,
        [Depot(number) for number in bases.values()],
        vehicles,
        walks,
        walks,
        groups,
    )
    return data, which


def _allowed(stop: Stop, person: dict[int, int]) -> frozenset[int] | None:
    return stop.who if stop.fixed is None else frozenset({person[stop.fixed]})


def _spans(stop: Stop, problem: Problem, at: dict[Any, int]) -> list[tuple[int, int, int | None]]:
    """When a stop may begin: (earliest, latest, day), in minutes of the week; the day only where there are several."""
    if stop.fixed is not None:
        shift = problem.shift[stop.fixed]
        opens, closes = stop.window or (shift.begins, shift.ends)
        begins = at[shift.day] * _DAY
        return [(begins + max(opens, shift.begins), begins + min(closes, shift.ends) - stop.minutes, None)]
    mine = sorted(at[day] for day in stop.days if day in at)
    if not mine:
        return [(0, 0, None)]  # on no day anybody is out: no vehicle is there at that time
    if stop.window is None and mine[-1] - mine[0] == len(mine) - 1:
        return [(mine[0] * _DAY, (mine[-1] + 1) * _DAY - 1, None)]
    opens, closes = stop.window or (0, _DAY - 1)
    return [(day * _DAY + opens, max(day * _DAY + opens, day * _DAY + closes - stop.minutes), day) for day in mine]


def _once(routes: dict[int, tuple[int, ...]]) -> dict[int, tuple[int, ...]]:
    seen: set[int] = set()
    kept = {}
    for key, route in routes.items():
        kept[key] = tuple(one for one in route if one not in seen)
        seen |= set(route)
    return kept
