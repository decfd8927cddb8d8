"""The plan of a week: nothing twice, hours kept, fixed stops fixed, and a bound that no plan passes."""

import itertools
import math
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from linqi.visits.outside.solver import solved
from linqi.visits.rules.bound import bound
from linqi.visits.rules.greedy import greedy
from linqi.visits.rules.replan import mend, moved_by_hand
from linqi.visits.rules.weekly import (
    Missing,
    Problem,
    Shift,
    Stop,
    Wanted,
    WhyNot,
    by_floor,
    faults,
    missing,
    rota_days,
    share_out,
    times,
    why_not,
    worth,
)

MONDAY = date(2026, 3, 2)
DAYS = [MONDAY + timedelta(days=n) for n in range(5)]


@st.composite
def problems(draw, least=0):
    """A small week: three people at most, some in half days, buildings on a square of two kilometres."""
    places = [(draw(st.integers(0, 2000)), draw(st.integers(0, 2000))) for _ in range(draw(st.integers(1, 6)))]
    walks = [[0 if a is b else max(1, math.ceil(math.dist(a, b) / 75)) for b in places] for a in places]
    shifts = []
    for person in range(draw(st.integers(1, 3))):
        for day in draw(st.sets(st.sampled_from(DAYS), min_size=1, max_size=3)):
            for begins, ends in draw(st.sampled_from([[(570, 690)], [(840, 1020)], [(570, 690), (840, 1020)]])):
                base = draw(st.integers(0, len(places) - 1))
                shifts.append(Shift(len(shifts), person, day, begins, ends, base))
    made = []
    for key in range(draw(st.integers(least, 14))):
        window = draw(st.none() | st.sampled_from([(570, 660), (600, 900), (900, 1020)]))
        made.append(
            Stop(
                key,
                draw(st.integers(0, len(places) - 1)),
                draw(st.sampled_from([20, 35, 50, 65])),
                draw(st.integers(1, 2000)),
                draw(st.frozensets(st.sampled_from(DAYS), min_size=1)),
                draw(st.none() | st.frozensets(st.integers(0, 2))),
                window,
            )
        )
    return Problem(tuple(shifts), tuple(made), walks)


def fix(problem, routes, keys):
    """The problem with some stops that are in the routes fixed where they are."""
    where = {key: shift for shift, route in routes.items() for key in route}
    stops = [
        Stop(s.key, s.at, s.minutes, s.value, s.days, s.who, s.window, where[s.key] if s.key in keys and s.key in where else None)
        for s in problem.stops
    ]  # fmt: skip
    return Problem(problem.shifts, tuple(stops), problem.walks)


def kept(routes):
    return {key: shift for shift, route in routes.items() for key in route}


@settings(max_examples=60, deadline=None)
@given(problems())
def test_the_first_plan_can_be_walked_and_the_bound_is_never_below_it(problem):
    routes = greedy(problem)
    assert not faults(problem, routes)
    for key, route in routes.items():
        shift = problem.shift[key]
        begun = times(problem, shift, route)
        for at, one in zip(begun, route, strict=True):
            stop = problem.stop[one]
            opens, closes = stop.window or (shift.begins, shift.ends)
            assert max(opens, shift.begins) <= at
            assert at + stop.minutes <= min(closes, shift.ends)
            assert shift.day in stop.days
            assert stop.who is None or shift.person in stop.who
    assert bound(problem, 5) >= worth(problem, routes).total


def test_a_stop_worth_less_than_its_share_of_walks_still_counts_next_door_to_another():
    day = frozenset({MONDAY})
    problem = Problem(
        (Shift(0, 0, MONDAY, 570, 690, 1),), (Stop(0, 0, 20, 8, day), Stop(1, 0, 20, 1, day)), [[0, 1], [1, 0]]
    )
    assert worth(problem, {0: (0, 1)}).total == 5
    assert bound(problem, 5) >= 5


def best(problem):
    """The most any plan brings, by trying every way to share the stops out and every order of each round."""
    most = 0
    homes = [[None, *(shift.key for shift in problem.open_to(stop))] for stop in problem.stops]
    for chosen in itertools.product(*homes):
        total = 0
        for shift in problem.shifts:
            keys = [stop.key for stop, home in zip(problem.stops, chosen, strict=True) if home == shift.key]
            orders = [one for one in itertools.permutations(keys) if times(problem, shift, one) is not None]
            if not orders:
                break
            total += max(worth(problem, {shift.key: one}).total for one in orders)
        else:
            most = max(most, total)
    return most


@st.composite
def tiny(draw):
    """A problem small enough to try everything, with stops next door to one another and hardly worth a walk."""
    places = [draw(st.integers(0, 6)) for _ in range(draw(st.integers(1, 3)))]
    walks = [[abs(a - b) for b in places] for a in places]
    spot = st.integers(0, len(places) - 1)
    shifts = [
        Shift(key, key, MONDAY, 570, 570 + draw(st.sampled_from([30, 50, 70])), draw(spot))
        for key in range(draw(st.integers(1, 2)))
    ]
    stops = [
        Stop(key, draw(spot), draw(st.sampled_from([10, 20])), draw(st.integers(1, 25)), frozenset({MONDAY}))
        for key in range(draw(st.integers(1, 4)))
    ]
    return Problem(tuple(shifts), tuple(stops), walks)


@settings(max_examples=200, deadline=None)
@given(tiny(), st.sampled_from([0, 3, 20]))
def test_no_plan_at_all_passes_the_bound(problem, rounds):
    assert best(problem) <= bound(problem, rounds)


@settings(max_examples=12, deadline=None)
@given(problems(1))
def test_the_solver_is_never_worse_than_the_first_plan_and_never_passes_the_bound(problem):
    first, found = greedy(problem), solved(problem, 0.05)
    assert not faults(problem, found.routes)
    assert worth(problem, first).total <= worth(problem, found.routes).total <= bound(problem, 5)


@settings(max_examples=12, deadline=None)
@given(problems(1), st.sets(st.integers(0, 13)))
def test_fixed_stops_stay_when_the_solver_runs_again(problem, keys):
    first = greedy(problem)
    held = fix(problem, first, keys)
    found = solved(held, 0.05, start=first)
    assert not faults(held, found.routes)
    assert worth(held, found.routes).total <= bound(held, 5)


@settings(max_examples=80, deadline=None)
@given(problems(1), st.data())
def test_an_absence_moves_only_what_lost_its_place(problem, data):
    routes = greedy(problem)
    gone = data.draw(st.sampled_from([one.key for one in problem.shifts]))
    left = Problem(tuple(s for s in problem.shifts if s.key != gone), problem.stops, problem.walks)
    mended = mend(left, routes)
    assert not faults(left, mended.routes)
    lost, before, after = set(routes.get(gone, ())), kept(routes), kept(mended.routes)
    assert {key: shift for key, shift in after.items() if key not in lost} == {
        key: shift for key, shift in before.items() if key not in lost
    }
    for shift, route in routes.items():
        if shift != gone:
            assert [key for key in mended.routes[shift] if key not in lost] == list(route)
    assert set(mended.dropped) == lost - after.keys()


@settings(max_examples=80, deadline=None)
@given(problems(2), st.data())
def test_an_urgent_stop_displaces_little_and_what_gives_way_is_told(problem, data):
    urgent = data.draw(st.sampled_from([one.key for one in problem.stops]))
    others = Problem(problem.shifts, tuple(s for s in problem.stops if s.key != urgent), problem.walks)
    routes = greedy(others)
    mended = mend(problem, routes, [urgent])
    assert not faults(problem, mended.routes)
    before, after = kept(routes), kept(mended.routes)
    assert {key for key in before if before[key] != after.get(key)} == set(mended.moved) | set(mended.dropped)
    if any(times(problem, shift, [urgent]) is not None for shift in problem.open_to(problem.stop[urgent])):
        assert urgent in after


@settings(max_examples=60, deadline=None)
@given(problems(1), st.data())
def test_moving_by_hand_moves_one_stop_or_says_that_it_does_not_fit(problem, data):
    routes = greedy(problem)
    key = data.draw(st.sampled_from([one.key for one in problem.stops]))
    shift = data.draw(st.sampled_from([one.key for one in problem.shifts]))
    found = moved_by_hand(problem, routes, key, shift, data.draw(st.integers(0, 5)))
    if found is not None:
        assert not faults(problem, found)
        rest = {k: v for k, v in kept(routes).items() if k != key}
        assert kept(found) == {**rest, key: shift}


@given(st.integers(0, 5), st.integers(1, 6), st.integers(0, 20))
def test_the_visits_to_a_building_lie_on_different_working_days(days, visits, turn):
    spans = rota_days(DAYS[:days], visits, turn)
    assert len(spans) == min(visits, days)
    assert sorted(day for span in spans for day in span) == (DAYS[:days] if spans else [])


def test_whoever_is_late_goes_on_the_first_visit_and_the_rest_on_extra_ones():
    spans = [frozenset(DAYS[:2]), frozenset(DAYS[2:3])]
    late = Wanted(1, 500, MONDAY - timedelta(days=3))
    soon = [Wanted(n, 400 - n, DAYS[2]) for n in range(2, 6)]
    made = share_out(spans, [Wanted(9, 0), late, *soon], 2)
    assert [[one.enterprise for one in going.firms] for going in made] == [[1, 2], [3, 4], [5]]
    assert made[2].extra
    assert made[2].days == frozenset(DAYS[:3])


def test_plain_coverage_fills_visits_evenly_and_makes_none():
    spans = [frozenset([DAYS[0]]), frozenset([DAYS[2]])]
    made = share_out(spans, [Wanted(n, 0) for n in range(1, 9)], 2)
    assert [len(going.firms) for going in made] == [2, 2]


def stop(**said):
    return Stop(**{"key": 1, "at": 0, "minutes": 30, "value": 100, "days": frozenset(DAYS), **said})


def test_why_a_stop_is_left_out_is_told_in_its_plainest_cause():
    asked = {
        WhyNot.NO_DAY: stop(days=frozenset([DAYS[4]])),
        WhyNot.NOBODY: stop(who=frozenset([8])),
        WhyNot.TOO_LONG: stop(minutes=300),
        WhyNot.NO_TIME: stop(),
    }
    for why, one in asked.items():
        assert why_not(Problem((Shift(1, 7, MONDAY, 570, 690, 0),), (one,), [[0]]), one) == why


def test_how_much_more_time_it_would_take_counts_only_those_that_lack_time():
    stops = (*(stop(key=n, minutes=60) for n in range(3)), stop(key=9, who=frozenset([8])))
    problem = Problem((Shift(1, 7, MONDAY, 570, 690, 0),), stops, [[0]])
    routes = greedy(problem)
    assert worth(problem, routes).stops == 2
    assert missing(problem, routes) == Missing(((2, WhyNot.NO_TIME), (9, WhyNot.NOBODY)), 60)


def test_inside_a_building_one_walks_from_the_top_down():
    assert by_floor([(1, 2, "201"), (2, 9, "902"), (3, None, ""), (4, 9, "901")]) == [4, 2, 1, 3]
