"""The working-day clock: limits counted on the State Council's calendar, with make-up days 工作日时钟.

A *term* is a limit ("5 working_days"). The clock turns a beginning and a term into a *due* moment and says why it is that
moment. Counting starts the next day 次日起算; a term in natural days that ends on a day off rolls to the next working day
(民法典 art. 203); time spent waiting for the enterprise does not count; one extension may be added. Where the count
touches a year whose calendar the State Council has not published, the result is *provisional*.
"""

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import cache, cached_property
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

from linqi.kit.choices import Choice

ZONE: Final = ZoneInfo("Asia/Shanghai")
HOURS: Final = ((time(9, 0), time(12, 0)), (time(13, 0), time(18, 0)))  # product default: eight hours a day
HOURS_A_DAY: Final = 8
_LAST_YEAR: Final = 2060  # how far ahead terms may reach


class Unit(Choice):
    """In what a limit is counted 计时单位."""

    WORKING_DAYS = "working_days", "个工作日"
    NATURAL_DAYS = "natural_days", "日"
    WORKING_HOURS = "working_hours", "个工作小时"
    HOURS = "hours", "小时"


@dataclass(frozen=True, slots=True)
class Term:
    """A limit: how much of which unit. Half a working day is four working hours 时限."""

    amount: Decimal
    unit: Unit

    def __post_init__(self) -> None:
        if self.amount <= 0:
            raise ValueError(f"A term must be longer than nothing: {self.amount} {self.unit}.")
        if self.unit == Unit.NATURAL_DAYS and self.amount % 1:
            raise ValueError("Natural days are counted whole.")
        if self.unit == Unit.WORKING_DAYS and self.amount % 1 and self.amount > 1:
            raise ValueError("Only terms below one working day may be a fraction of a day.")

    @classmethod
    def parse(cls, text: str) -> "Term":
        """Read "5 working_days"; ValueError says what is wrong."""
        amount, _, unit = text.strip().partition(" ")
        if unit not in Unit.values:
            raise ValueError(f"{text!r}: the unit must be one of {', '.join(Unit.values)}.")
        try:
            return cls(Decimal(amount), Unit(unit))
        except InvalidOperation:
            raise ValueError(f"{text!r}: {amount!r} is not a number.") from None

    def __str__(self) -> str:
        return f"{self.amount.normalize():f} {self.unit.value}"


@dataclass(frozen=True)
class Calendar:
    """Which days are off and which weekend days are worked, for the years that are published 工作日历.

    Beyond the published years only weekends are off, and whatever is counted there is provisional.
    """

    off: Mapping[date, str]
    worked: Mapping[date, str]
    published: frozenset[int]
    version: str = ""

    def is_working(self, day: date) -> bool:
        """Whether the day is worked 是否工作日."""
        return day in self.worked or (day.weekday() < 5 and day not in self.off)

    def why_off(self, day: date) -> str:
        """What a day off is called: the holiday's name, or 周末."""
        return self.off.get(day, "周末")

    @cached_property
    def working(self) -> list[int]:
        """Ordinals of all working days in reach, for counting by bisection."""
        first, last = date(min(self.published, default=2007), 1, 1), date(_LAST_YEAR, 12, 31)
        days = (date.fromordinal(number) for number in range(first.toordinal(), last.toordinal() + 1))
        return [day.toordinal() for day in days if self.is_working(day)]


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the reasoning behind a date: a code and its values, rendered in the reader's language."""

    code: str
    values: tuple[str, ...] = ()

    def say(self, language: str = "zh") -> str:
        """The line in plain words."""
        if language.startswith("en"):
            return _STEPS[self.code][1].format(*map(_in_english, self.values))
        return _STEPS[self.code][0].format(*self.values)

    def __str__(self) -> str:
        return self.say()


_STEPS: Final = {
    "from": ("{0} 起，限 {1}", "from {0}, {1}"),
    "next_day": ("从次日起算", "counting starts the next day"),
    "day_off": ("{0} {1}，不计", "{0} {1}: not counted"),
    "days_off": ("{0} 至 {1} {2}，不计", "{0} to {1} {2}: not counted"),
    "make_up": ("{0} 调休上班，计入", "{0} is a make-up working day: counted"),
    "rolled": ("最后一日 {0} 休息，顺延到 {1}", "the last day {0} is off: rolled to {1}"),
    "paused": ("{0} 至 {1} 等企业补充，顺延 {2}", "{0} to {1} waiting for the enterprise: {2} added"),
    "extended": ("延期一次，加 {0}", "extended once by {0}"),
    "provisional": ("{0} 年放假安排尚未公布，日期暂定", "the holidays of {0} are not published yet: provisional"),
    "due": ("到 {0} 止", "due {0}"),
}


_ENGLISH: Final = {  # what a step keeps in Chinese: units and holidays; longer words first
    Unit.WORKING_HOURS.label: "working hours",
    Unit.WORKING_DAYS.label: "working days",
    Unit.HOURS.label: "hours",
    "抗日战争暨世界反法西斯战争胜利70周年纪念日": "Victory Day",
    "“五一”国际劳动节": "Labour Day",
    "“五一”": "Labour Day",
    "“十一”": "National Day",
    "劳动节": "Labour Day",
    "国庆节": "National Day",
    "中秋节": "Mid-Autumn",
    "端午节": "Dragon Boat",
    "清明节": "Qingming",
    "春节": "Spring Festival",
    "元旦": "New Year",
    "周末": "weekend",
    "、": ", ",
    Unit.NATURAL_DAYS.label: "calendar days",
}


def _in_english(value: str) -> str:
    for chinese, english in _ENGLISH.items():
        value = value.replace(chinese, english)
    return value


@dataclass(frozen=True, slots=True)
class Due:
    """When something is due, how it was counted, and whether a calendar still to come may move it 期限."""

    at: datetime
    counted: Unit
    why: tuple[Step, ...]
    provisional: bool
    calendar_version: str


@dataclass(frozen=True, slots=True)
class Change:
    """What a newly published calendar did to a date."""

    before: datetime
    after: datetime
    why: tuple[Step, ...]


@dataclass(frozen=True)
class Clock:
    """Counts terms on one calendar and one set of working hours."""

    calendar: Calendar
    hours: tuple[tuple[time, time], ...] = HOURS
    _minutes: int = field(init=False, repr=False, default=0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_minutes", sum(_length(part) for part in self.hours))

    def due(
        self,
        start: datetime,
        term: Term,
        pauses: Iterable[tuple[datetime, datetime]] = (),
        extension: Term | None = None,
    ) -> Due:
        """The moment a term that begins at `start` (aware) is over.

        `pauses`: spans of waiting for the enterprise, counted once where they overlap; only what lies before the due moment counts. `extension`: one more term
        of the same unit. Days are over when the working day is over; hours run round the clock.
        """
        begin = _local(start)
        if extension is not None and _counting(extension) != _counting(term):
            raise ValueError("An extension is counted in the unit of the term.")
        first = min(self.calendar.published, default=begin.year)
        if begin.year < first:
            raise ValueError(f"Before {first} no calendar is known; nothing can be counted from {begin.date()}.")
        steps = [Step("from", (_moment(begin), _words(term)))]
        amount = _amount(term) + (_amount(extension) if extension else 0)
        at = self._after(begin, amount, _counting(term))
        for since, until in _apart((_local(a), _local(b)) for a, b in pauses):
            if since >= at or until <= max(since, begin):
                continue
            waited = self._between(max(since, begin), until, _counting(term))
            amount += waited
            at = self._after(begin, amount, _counting(term))
            steps.append(Step("paused", (_moment(since), _moment(until), _words_of(waited, _counting(term)))))
        if extension:
            steps.append(Step("extended", (_words(extension),)))
        steps += self._told(begin, at, amount, _counting(term))
        unknown = [year for year in range(begin.year, at.year + 1) if year not in self.calendar.published]
        affected = bool(unknown) and _counting(term) != Unit.HOURS
        if affected:
            steps.append(Step("provisional", ("、".join(map(str, unknown)),)))
        return Due(at, term.unit, (*steps, Step("due", (_moment(at),))), affected, self.calendar.version)

    def recompute(
        self,
        before: Due,
        start: datetime,
        term: Term,
        pauses: Iterable[tuple[datetime, datetime]] = (),
        extension: Term | None = None,
    ) -> tuple[Due, Change | None]:
        """The date on this calendar, and what changed against the date counted on an earlier one; None when nothing did."""
        after = self.due(start, term, pauses, extension)
        moved = after.at != before.at
        return after, Change(before.at, after.at, after.why) if moved else None

    def working_days_between(self, first: date, last: date) -> int:
        """Working days after `first` up to and including `last`; negative when `last` lies before."""
        days = self.calendar.working
        return bisect_right(days, last.toordinal()) - bisect_right(days, first.toordinal())

    def add_working_days(self, day: date, count: int) -> date:
        """The `count`-th working day after a day; the day itself does not count."""
        days = self.calendar.working
        return date.fromordinal(days[bisect_right(days, day.toordinal()) + count - 1])

    def _after(self, begin: datetime, amount: int, unit: Unit) -> datetime:
        if unit == Unit.HOURS:
            return begin + timedelta(minutes=amount)
        if unit == Unit.WORKING_HOURS:
            return self._walk(begin, amount)
        if unit == Unit.WORKING_DAYS:
            return self._end_of(self.add_working_days(begin.date(), amount))
        return self._end_of(self._rolled(begin.date() + timedelta(days=amount)))

    def _between(self, since: datetime, until: datetime, unit: Unit) -> int:
        """How much of the unit lies in a span: minutes for hours, days for days."""
        if unit == Unit.HOURS:
            return int((until - since).total_seconds() // 60)
        if unit == Unit.WORKING_HOURS:
            return self._worked_until(until) - self._worked_until(since)
        if unit == Unit.WORKING_DAYS:
            return self.working_days_between(since.date(), until.date())
        return (until.date() - since.date()).days

    def _rolled(self, day: date) -> date:
        return day if self.calendar.is_working(day) else self.add_working_days(day, 1)

    def _end_of(self, day: date) -> datetime:
        return datetime.combine(day, self.hours[-1][1], ZONE)

    def _walk(self, begin: datetime, minutes: int) -> datetime:
        """The moment by which so many minutes have been worked since the beginning."""
        target = self._worked_until(begin) + minutes
        whole, rest = divmod(target - 1, self._minutes)
        day = date.fromordinal(self.calendar.working[whole])
        rest += 1
        for part in self.hours:
            length = _length(part)
            if rest <= length:
                return datetime.combine(day, part[0], ZONE) + timedelta(minutes=rest)
            rest -= length
        raise AssertionError("the minutes of a day are the sum of its parts")

    def _worked_until(self, moment: datetime) -> int:
        """Minutes worked from the first day of the calendar up to a moment."""
        days = self.calendar.working
        before = bisect_right(days, moment.date().toordinal() - 1)
        if not self.calendar.is_working(moment.date()):
            return before * self._minutes
        clock = moment.hour * 60 + moment.minute
        today = sum(max(0, min(clock, _of_day(end)) - _of_day(start)) for start, end in self.hours)
        return before * self._minutes + today

    def _told(self, begin: datetime, at: datetime, amount: int, unit: Unit) -> list[Step]:
        if unit == Unit.HOURS:
            return []
        steps = [] if unit == Unit.WORKING_HOURS else [Step("next_day")]
        if unit == Unit.NATURAL_DAYS:
            last = begin.date() + timedelta(days=amount)
            return [*steps, Step("rolled", (last.isoformat(), at.date().isoformat()))] if last != at.date() else steps
        run: list[date] = []
        day = begin.date() + timedelta(days=0 if unit == Unit.WORKING_HOURS else 1)
        while day <= at.date():
            if self.calendar.is_working(day):
                steps += self._days_off(run)
                run = []
                if day in self.calendar.worked:
                    steps.append(Step("make_up", (day.isoformat(),)))
            else:
                if run and self.calendar.why_off(run[-1]) != self.calendar.why_off(day):
                    steps += self._days_off(run)
                    run = []
                run.append(day)
            day += timedelta(days=1)
        return steps + self._days_off(run)

    def _days_off(self, run: list[date]) -> list[Step]:
        if not run:
            return []
        name = self.calendar.why_off(run[0])
        if len(run) == 1:
            return [Step("day_off", (run[0].isoformat(), name))]
        return [Step("days_off", (run[0].isoformat(), run[-1].isoformat(), name))]


@cache
def published_calendar() -> Calendar:
    """The State Council's calendar as shipped, 2007 to the last published year 国务院放假安排."""
    data = json.loads(files("linqi.kit").joinpath("data/calendar.json").read_text(encoding="utf-8"))
    off = {date.fromisoformat(day): name for day, name in data["off"].items()}
    worked = {date.fromisoformat(day): name for day, name in data["worked"].items()}
    return Calendar(off, worked, frozenset(data["published"]), data["version"])


@cache
def clock_in_force() -> Clock:
    """The clock of the product: the shipped calendar and the default working hours."""
    return Clock(published_calendar())


_stands: ContextVar[datetime | None] = ContextVar("clock stands", default=None)


def now() -> datetime:
    """This moment, with its zone."""
    return _stands.get() or datetime.now(ZONE)


@contextmanager
def standing(moment: datetime) -> Iterator[None]:
    """Let the clock stand at a moment while something is done as if it were then: by the demo, never by the product."""
    token = _stands.set(moment)
    try:
        yield
    finally:
        _stands.reset(token)


def today() -> date:
    """Today's date in China."""
    return now().date()


def _apart(spans: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Spans in order, those that overlap or touch made one, so that no moment counts twice."""
    joined: list[tuple[datetime, datetime]] = []
    for since, until in sorted(spans):
        if joined and since <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], until))
        else:
            joined.append((since, until))
    return joined


def _counting(term: Term) -> Unit:
    """How a term is really counted: a fraction of a working day is counted in working hours."""
    return Unit.WORKING_HOURS if term.unit == Unit.WORKING_DAYS and term.amount < 1 else term.unit


def _amount(term: Term) -> int:
    """A term as a whole number: days, or minutes for hours."""
    if term.unit == Unit.WORKING_DAYS and term.amount < 1:
        return int(term.amount * HOURS_A_DAY * 60)
    return int(term.amount * 60) if term.unit in {Unit.HOURS, Unit.WORKING_HOURS} else int(term.amount)


def _words(term: Term) -> str:
    return f"{term.amount.normalize():f} {term.unit.label}"


def _words_of(amount: int, unit: Unit) -> str:
    if unit in {Unit.HOURS, Unit.WORKING_HOURS}:
        return f"{Decimal(amount) / 60:.1f} {unit.label}"
    return f"{amount} {unit.label}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def _local(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("A moment needs its time zone.")
    return at.astimezone(ZONE)


def _of_day(at: time) -> int:
    return at.hour * 60 + at.minute


def _length(part: tuple[time, time]) -> int:
    return _of_day(part[1]) - _of_day(part[0])
