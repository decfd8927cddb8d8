"""The first plan, made at once: what brings most for its time goes where it costs the least walking: pure 贪心排程."""

from linqi.visits.rules.weekly import Open, Problem, Routes, Stop, times


def greedy(problem: Problem, start: Routes | None = None) -> dict[int, tuple[int, ...]]:
    """A plan that can be walked; `start`: routes that are kept in their order, and only added to.

    Fixed stops go in first and are never left out; ValueError when they do not fit into their own hours.
    """
    plan = Open(problem, {key: list(route) for key, route in (start or {}).items()})
    placed = {key for route in plan.routes.values() for key in route}
    waiting = [stop for stop in problem.stops if stop.key not in placed]
    for stop in sorted(waiting, key=lambda one: (one.fixed is None, *_order(one))):
        found = plan.best(stop, problem.open_to(stop))
        if found is None and stop.fixed is not None:
            plan.routes[stop.fixed] = _squeezed(problem, stop, plan.routes[stop.fixed])
            plan = Open(problem, plan.routes)
        elif found is not None and (stop.fixed is not None or stop.value > problem.walk_cost * found[0]):
            plan.put(stop.key, found[1], found[2])
    return plan.done()


def _order(stop: Stop) -> tuple[float, int]:
    return -stop.value / stop.minutes, stop.key


def _squeezed(problem: Problem, stop: Stop, route: list[int]) -> list[int]:
    """Fixed stops of one shift in the order of their windows, when putting one between the others did not work."""
    shift = problem.shift[stop.fixed or 0]
    every = [*route, stop.key]
    by_window = sorted(every, key=lambda key: problem.stop[key].window or (shift.begins, shift.ends))
    if times(problem, shift, by_window) is None:
        raise ValueError(f"The fixed stops of shift {shift.key} do not fit into its hours.")
    return by_window
