"""Changing a plan without reshuffling it: what is not touched keeps its person, its day and its order: pure 局部调整."""

from collections.abc import Collection
from dataclasses import dataclass

from linqi.visits.rules.weekly import Open, Problem, Routes, Stop, times


@dataclass(frozen=True, slots=True)
class Mended:
    """A plan after a change 调整结果: which stops moved to other hours, and which are left out now."""

    routes: dict[int, tuple[int, ...]]
    moved: tuple[int, ...]
    dropped: tuple[int, ...]


def mend(problem: Problem, routes: Routes, urgent: Collection[int] = (), *, leave: Collection[int] = ()) -> Mended:
    """The plan made possible again after hours fell away, or stops became urgent; everything else stays where it is.

    What lost its place goes where it costs the least walking, the most valuable first. For an urgent stop that fits nowhere the least
    valuable stops of one person's hours make room, and are placed elsewhere if they fit. `leave`: stops that are not placed again.
    """
    kept, homeless = _possible(problem, routes)
    plan = Open(problem, {key: list(route) for key, route in kept.items()})
    placed = {key for route in kept.values() for key in route}
    waiting = [problem.stop[key] for key in {*homeless, *urgent} if key not in placed and key not in leave]
    before = {key: shift for shift, route in routes.items() for key in route}
    while waiting:
        waiting.sort(key=lambda stop: (stop.key in urgent, stop.fixed is not None, stop.value, -stop.key))
        stop = waiting.pop()
        found = plan.best(stop, problem.open_to(stop))
        if found is not None:
            plan.put(stop.key, found[1], found[2])
        elif stop.key in urgent:
            waiting += [problem.stop[key] for key in _made_room(problem, plan, stop, urgent)]
    done = plan.done()
    after = {key: shift for shift, route in done.items() for key in route}
    moved = tuple(sorted(key for key, shift in after.items() if key in before and before[key] != shift))
    return Mended(done, moved, tuple(sorted(before.keys() - after.keys())))


def moved_by_hand(problem: Problem, routes: Routes, key: int, shift: int, at: int) -> dict[int, tuple[int, ...]] | None:
    """One stop put into some hours at a position (0 first); None when it does not fit there. Nothing else moves 手动调整."""
    stop = problem.stop[key]
    if not stop.fits(problem.shift[shift]):
        return None
    others = {one: tuple(k for k in route if k != key) for one, route in routes.items()}
    route = list(others.get(shift, ()))
    route.insert(max(0, min(at, len(route))), key)
    if times(problem, problem.shift[shift], route) is None:
        return None
    others[shift] = tuple(route)
    return {one: route for one, route in others.items() if route}


def _possible(problem: Problem, routes: Routes) -> tuple[dict[int, tuple[int, ...]], list[int]]:
    """The routes without what is not possible any more, and what fell out of them."""
    kept, out = {}, []
    for key, route in routes.items():
        shift = problem.shift.get(key)
        known = [one for one in route if one in problem.stop]
        stay = [one for one in known if shift is not None and problem.stop[one].fits(shift)]
        out += [one for one in known if one not in stay]
        while shift is not None and stay and times(problem, shift, stay) is None:
            loosest = min(stay, key=lambda one: (problem.stop[one].fixed is not None, problem.stop[one].value, one))
            stay.remove(loosest)
            out.append(loosest)
        if stay:
            kept[key] = tuple(stay)
    return kept, out


def _made_room(problem: Problem, plan: Open, stop: Stop, urgent: Collection[int]) -> list[int]:
    """Take the stops of least value out of one person's hours so that an urgent one fits; which ones. Nothing when it cannot be."""
    best: tuple[int, int, list[int], int] | None = None
    for shift in problem.open_to(stop):
        route = list(plan.routes[shift.key])
        loose = [k for k in route if problem.stop[k].fixed is None and k not in urgent]
        gone: list[int] = []
        for key in sorted(loose, key=lambda k: (problem.stop[k].value, k)):
            gone.append(key)
            lost = sum(problem.stop[k].value for k in gone)
            if best is not None and lost >= best[0]:
                break
            left = [k for k in route if k not in gone]
            at = next(
                (n for n in range(len(left) + 1) if times(problem, shift, [*left[:n], stop.key, *left[n:]])), None
            )
            if at is not None:
                best = (lost, shift.key, list(gone), at)
                break
    if best is None:
        return []
    _lost, where, gone, at = best
    for key in gone:
        plan.take(key, where)
    plan.put(stop.key, where, at)
    return gone
