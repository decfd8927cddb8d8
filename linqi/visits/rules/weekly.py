"""A week of going to see people: what may go where, what a plan is worth, and whether it can be walked at all: pure 周计划.

Times are minutes of the day, values hundredths of a point of the must-visit score, so that a plan is worth the same wherever it is
counted. docs/rules/plan.md says where each default comes from.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Final

from linqi.kit.choices import Choice

WALK_COST: Final = 2  # hundredths of a point that a minute of walking costs; product default, only to keep rounds short


@dataclass(frozen=True, slots=True)
class Shift:
    """Some hours in which one person is out in the streets 外出时段; `base`: where they begin and end."""

    key: int
    person: int
    day: date
    begins: int
    ends: int
    base: int

    @property
    def minutes(self) -> int:
        """How long it is."""
        return self.ends - self.begins


@dataclass(frozen=True, slots=True)
class Stop:
    """One going into one building 上门一次.

    `at`: the place in the table of walks; `minutes`: inside, getting in included; `days`: on which it may be; `who`: who may go, None
    for all; `window`: opens and closes, None for any time; `fixed`: the shift it must stay in.
    """

    key: int
    at: int
    minutes: int
    value: int
    days: frozenset[date]
    who: frozenset[int] | None = None
    window: tuple[int, int] | None = None
    fixed: int | None = None

    def fits(self, shift: Shift) -> bool:
        """Whether the day, the person and the hours of a shift allow this stop, walks left aside."""
        if self.fixed is not None and self.fixed != shift.key:
            return False
        if shift.day not in self.days or (self.who is not None and shift.person not in self.who):
            return False
        opens, closes = self.window or (shift.begins, shift.ends)
        return max(opens, shift.begins) + self.minutes <= min(closes, shift.ends)


@dataclass(frozen=True)
class Problem:
    """Everything a week is planned from 排程题目; `walks`: minutes between any two places, the same both ways."""

    shifts: tuple[Shift, ...]
    stops: tuple[Stop, ...]
    walks: Sequence[Sequence[int]]
    walk_cost: int = WALK_COST

    @cached_property
    def shift(self) -> Mapping[int, Shift]:
        """The shifts by key."""
        return {one.key: one for one in self.shifts}

    @cached_property
    def stop(self) -> Mapping[int, Stop]:
        """The stops by key."""
        return {one.key: one for one in self.stops}

    def open_to(self, stop: Stop) -> list[Shift]:
        """The shifts that a stop fits into."""
        return [shift for shift in self.shifts if stop.fits(shift)]


Routes = Mapping[int, tuple[int, ...]]  # shift → the stops in the order of walking


@dataclass(frozen=True, slots=True)
class Worth:
    """What a plan comes to 计划价值: `total` = what the stops bring − what the walks cost."""

    total: int
    brought: int
    walked: int
    inside: int
    stops: int


def times(problem: Problem, shift: Shift, route: Sequence[int]) -> list[int] | None:
    """When each stop of a route begins; None when it cannot be done within the shift."""
    at, clock, begun = shift.base, shift.begins, []
    for key in route:
        stop = problem.stop[key]
        clock += problem.walks[at][stop.at]
        closes = shift.ends
        if stop.window is not None:
            clock, closes = max(clock, stop.window[0]), min(closes, stop.window[1])
        if clock + stop.minutes > closes:
            return None
        begun.append(clock)
        clock, at = clock + stop.minutes, stop.at
    return begun if clock + problem.walks[at][shift.base] <= shift.ends else None


def walked(problem: Problem, shift: Shift, route: Sequence[int]) -> int:
    """Minutes of walking on a route, from the base and back."""
    places = [shift.base, *(problem.stop[key].at for key in route), shift.base]
    return sum(problem.walks[a][b] for a, b in itertools.pairwise(places))


def worth(problem: Problem, routes: Routes) -> Worth:
    """What a plan comes to."""
    done = [problem.stop[key] for route in routes.values() for key in route]
    brought = sum(stop.value for stop in done)
    on_foot = sum(walked(problem, problem.shift[key], route) for key, route in routes.items() if route)
    inside = sum(stop.minutes for stop in done)
    return Worth(brought - problem.walk_cost * on_foot, brought, on_foot, inside, len(done))


class Fault(Choice):
    """What is wrong with a plan 计划差错."""

    TWICE = "twice", "同一次上门排了两回"
    MISFIT = "misfit", "日期、人员或时段不允许"
    LATE = "late", "超出外出时段"
    MOVED = "moved", "固定的上门被挪动"


def faults(problem: Problem, routes: Routes) -> list[tuple[Fault, int]]:
    """Everything wrong with a plan, with the stop or the shift it is about; empty for a plan that can be walked 核对."""
    seen = Counter(key for route in routes.values() for key in route)
    found = [(Fault.TWICE, key) for key, times_ in seen.items() if times_ > 1]
    for key, route in routes.items():
        shift = problem.shift[key]
        found += [(Fault.MISFIT, one) for one in route if not problem.stop[one].fits(shift)]
        if times(problem, shift, route) is None:
            found.append((Fault.LATE, key))
    where = {one: key for key, route in routes.items() for one in route}
    found += [(Fault.MOVED, s.key) for s in problem.stops if s.fixed is not None and where.get(s.key) != s.fixed]
    return found


# --- what cannot be covered -------------------------------------------------------------------------------------------
class WhyNot(Choice):
    """Why a stop is in no route 未能排入的原因."""

    NO_DAY = "no_day", "可走访的日子没有人外出"
    NOBODY = "nobody", "没有可以前往的人"
    TOO_LONG = "too_long", "任何一个外出时段都放不下"
    NO_TIME = "no_time", "时间不够"


def why_not(problem: Problem, stop: Stop) -> WhyNot:
    """Why a stop that is left out is left out, the plainest cause first."""
    on_day = [shift for shift in problem.shifts if shift.day in stop.days]
    if not on_day:
        return WhyNot.NO_DAY
    mine = [shift for shift in on_day if stop.who is None or shift.person in stop.who]
    if not mine:
        return WhyNot.NOBODY
    long_enough = any(stop.fits(shift) and times(problem, shift, [stop.key]) is not None for shift in mine)
    return WhyNot.NO_TIME if long_enough else WhyNot.TOO_LONG


@dataclass(frozen=True, slots=True)
class Missing:
    """What a plan leaves out, and what it would take 缺口.

    `stops`: each with its cause; `minutes`: how many more minutes out in the streets the plan would need to take in those that only lack
    time, at the mean walk of this plan; never less than one minute a stop.
    """

    stops: tuple[tuple[int, WhyNot], ...]
    minutes: int


def missing(problem: Problem, routes: Routes) -> Missing:
    """The stops that are in no route, why, and how many more minutes would take in those that only lack time."""
    placed = {key for route in routes.values() for key in route}
    out = [(stop, why_not(problem, stop)) for stop in problem.stops if stop.key not in placed]
    whole = worth(problem, routes)
    walk = whole.walked / whole.stops if whole.stops else 0
    short = [stop for stop, why in out if why is WhyNot.NO_TIME]
    minutes = sum(stop.minutes for stop in short) + round(walk * len(short))
    return Missing(tuple((stop.key, why) for stop, why in out), minutes)


# --- the rota ---------------------------------------------------------------------------------------------------------
def rota_days(days: Sequence[date], times_a_week: int, turn: int) -> list[frozenset[date]]:
    """The days among which each of a building's visits of the week lies: apart from one another, evenly spread 轮值日.

    The working days are cut into as many spans as there are visits, never more than one visit a day; `turn` (the number of the building
    in its list) decides which span is the longer one, so that not all buildings want the same days.
    """
    spans = min(times_a_week, len(days))
    if spans <= 0:
        return []
    short, more = divmod(len(days), spans)
    longer = {(turn + at) % spans for at in range(more)}
    cut, begins = [], 0
    for at in range(spans):
        ends = begins + short + (at in longer)
        cut.append(frozenset(days[begins:ends]))
        begins = ends
    return cut


@dataclass(frozen=True, slots=True)
class Wanted:
    """One firm that somebody should see in the week 待访企业: `points` 0 for plain coverage; `by`: the day it should be seen by."""

    enterprise: int
    points: int
    by: date | None = None


@dataclass(frozen=True, slots=True)
class Going:
    """One visit to a building before it is placed: the days it may be on, and whom it is for 上门安排."""

    days: frozenset[date]
    firms: tuple[Wanted, ...]
    extra: bool = False


def share_out(spans: Sequence[frozenset[date]], wanted: Iterable[Wanted], most: int) -> list[Going]:
    """Whom to see on which of a building's visits, the most pressing first, `most` on each; what is left over goes on extra visits.

    A firm that should be seen by a day goes on the earliest visit that may still be in time; one that is late already on the first.
    Plain coverage only fills what is left and never makes an extra visit.
    """
    visits: list[list[Wanted]] = [[] for _span in spans]
    left = []
    for one in sorted(wanted, key=lambda one: (-one.points, one.by or date.max, one.enterprise)):
        free = [at for at in range(len(spans)) if len(visits[at]) < most]
        if not free:
            left += [one] if one.points else []
        elif one.points:
            timely = [at for at in free if one.by is not None and min(spans[at]) <= one.by]
            visits[(timely or free)[0]].append(one)
        else:
            visits[min(free, key=lambda at: len(visits[at]))].append(one)
    made = [Going(span, tuple(firms)) for span, firms in zip(spans, visits, strict=True)]
    every = frozenset().union(*spans)
    for at in range(0, len(left), most):
        firms = left[at : at + most]
        until = max([max(spans[0]), *(one.by for one in firms if one.by is not None)])
        made.append(Going(frozenset(day for day in every if day <= until), tuple(firms), extra=True))
    return made


# --- the order inside a building --------------------------------------------------------------------------------------
def by_floor(firms: Iterable[tuple[int, int | None, str]]) -> list[int]:
    """Firms of one building in the order of walking: from the top floor down, on a floor by room; unknown floors last 楼层顺序."""
    known = sorted(firms, key=lambda one: (one[1] is None, -(one[1] or 0), one[2], one[0]))
    return [firm for firm, _floor, _room in known]


@dataclass
class Open:
    """A plan while it is being made: routes that grow, with the earliest and latest times kept beside them 排程中.

    `early`: when one is free after the first n stops; `late`: when stop n may begin at the latest for all that follow to be kept.
    """

    problem: Problem
    routes: dict[int, list[int]] = field(default_factory=dict)
    _early: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    _late: dict[int, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for shift in self.problem.shifts:
            self.routes.setdefault(shift.key, [])
            self._walk(shift.key)

    def best(self, stop: Stop, shifts: Iterable[Shift]) -> tuple[int, int, int] | None:
        """Where a stop costs the least more walking: (minutes more, shift, position); None when it goes nowhere."""
        found: tuple[int, int, int] | None = None
        walks = self.problem.walks
        for shift in shifts:
            early, late, route = self._early[shift.key], self._late[shift.key], self.routes[shift.key]
            for at in range(len(route) + 1):
                free, before = early[at]
                after = self.problem.stop[route[at]].at if at < len(route) else shift.base
                more = walks[before][stop.at] + walks[stop.at][after] - walks[before][after]
                if found is not None and more >= found[0]:
                    continue
                begins, closes = free + walks[before][stop.at], shift.ends
                if stop.window is not None:
                    begins, closes = max(begins, stop.window[0]), min(closes, stop.window[1])
                ends = begins + stop.minutes
                if ends <= closes and ends + walks[stop.at][after] <= late[at]:
                    found = (more, shift.key, at)
        return found

    def put(self, key: int, shift: int, at: int) -> None:
        """Take a stop into a route."""
        self.routes[shift].insert(at, key)
        self._walk(shift)

    def take(self, key: int, shift: int) -> None:
        """Take a stop out of a route."""
        self.routes[shift].remove(key)
        self._walk(shift)

    def done(self) -> dict[int, tuple[int, ...]]:
        """The plan as it stands."""
        return {key: tuple(route) for key, route in self.routes.items() if route}

    def _walk(self, key: int) -> None:
        shift, route, walks = self.problem.shift[key], self.routes[key], self.problem.walks
        clock, at = shift.begins, shift.base
        early = [(clock, at)]
        for one in route:
            stop = self.problem.stop[one]
            clock += walks[at][stop.at]
            if stop.window is not None:
                clock = max(clock, stop.window[0])
            clock, at = clock + stop.minutes, stop.at
            early.append((clock, at))
        latest, at = shift.ends, shift.base
        late = [latest]
        for one in reversed(route):
            stop = self.problem.stop[one]
            ends = latest - walks[stop.at][at]
            if stop.window is not None:
                ends = min(ends, stop.window[1])
            latest, at = ends - stop.minutes, stop.at
            late.append(latest)
        self._early[key], self._late[key] = early, late[::-1]
