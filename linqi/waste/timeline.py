"""A day of one bin: what was told, seen, raised and changed, and its hours 桶的时间线."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import Q

from linqi.kit import clock
from linqi.kit.access import may_anywhere, seen_by
from linqi.waste.models import Bin, Clue, Event, Fitting, HourFact, Picture, Standing
from linqi.waste.queries import moment
from linqi.waste.rules import clock as believed

SAID: Final = ("deposit", "tamper", "mixed", "overflow", "illegal", "smoke", "online", "offline")  # one line each
MOST: Final = 200  # lines of one day; what is beyond is counted and said. Product default
MOST_EVENTS: Final = (
    20_000  # events of one bin and day that are read at most; a chip tells three thousand. Product default
)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened: `what` is a `Told`, or picture, clue, stands, fitted, taken_off."""

    at: datetime
    what: str
    row: Any


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of the day; None is unknown, not zero."""

    begins: datetime
    fill: float | None
    deposits: int | None
    kilograms: float | None


@dataclass(frozen=True, slots=True)
class Day:
    """A day of one bin: its lines, the latest first, how many more there are, its hours, and what is only counted."""

    lines: list[Line]
    more: int
    hours: list[Hour]
    counted: dict[str, int]
    raw: bool  # whether single events are still kept of this day


def day_of(bin: Bin, day: date, user: Any) -> Day:
    """What happened at a bin on a day, as far as the user may see it."""
    begins = datetime.combine(day, datetime.min.time(), clock.ZONE)
    ends = begins + timedelta(days=1)
    events = _events(bin, begins, ends)
    lines = [Line(moment(one.at), one.told, one) for one in events if one.told in SAID]
    lines += _changes(bin, begins, ends)
    if may_anywhere(user, "waste.look"):
        during = {"bin": bin, "at__gte": begins, "at__lt": ends}
        lines += [Line(one.at, "clue", one) for one in seen_by(user, Clue).filter(**during)[:MOST]]
        taken = seen_by(user, Picture).filter(bin=bin, taken_at__gte=begins, taken_at__lt=ends)
        lines += [Line(one.taken_at, "picture", one) for one in taken[:MOST]]
    lines.sort(key=lambda one: one.at, reverse=True)
    counted: dict[str, int] = defaultdict(int)
    for one in events:
        counted[one.told] += 1
    hours = [
        told if kept.fill is None and kept.deposits is None else kept
        for kept, told in zip(_hours_kept(bin, begins, ends), _hours_told(events, begins), strict=True)
    ]
    return Day(lines[:MOST], max(0, len(lines) - MOST), hours, dict(counted), bool(events))


def days_near(bin: Bin, day: date) -> tuple[date | None, date | None]:
    """The nearest days before and after on which the bin told something, by its hourly facts; None when there is none."""
    begins = datetime.combine(day, datetime.min.time(), clock.ZONE)
    facts = HourFact.objects.filter(bin=bin)
    before = facts.filter(hour__lt=begins).order_by("-hour").values_list("hour", flat=True).first()
    after = facts.filter(hour__gte=begins + timedelta(days=1)).order_by("hour").values_list("hour", flat=True).first()
    local = [None if one is None else one.astimezone(clock.ZONE).date() for one in (before, after)]
    return local[0], local[1]


def _events(bin: Bin, begins: datetime, ends: datetime) -> list[Event]:
    """By the devices that sat on it then, and the days on which they may have been stored: the key of the events."""
    sat = Fitting.objects.filter(Q(until=None) | Q(until__gt=begins), bin=bin, since__lt=ends)
    devices = list(sat.order_by().values_list("device", flat=True).distinct())
    late = (
        believed.LATE // believed.DAY + 2
    )  # what was told without a network comes later, as long as its clock is believed
    stored = [begins.date() + timedelta(days=after) for after in range(late)]
    rows = Event.objects.filter(
        day__in=stored,
        device_id__in=devices,
        bin_id=bin.pk,
        at__gte=int(begins.timestamp() * 1000),
        at__lt=int(ends.timestamp() * 1000),
    )
    return list(rows.order_by("at")[:MOST_EVENTS])


def _changes(bin: Bin, begins: datetime, ends: datetime) -> list[Line]:
    stood = Standing.objects.filter(bin=bin, since__gte=begins, since__lt=ends).select_related("point")
    rows = Fitting.objects.filter(bin=bin).select_related("device")
    fitted = rows.filter(since__gte=begins, since__lt=ends)
    off = rows.filter(until__gte=begins, until__lt=ends)
    return [
        *(Line(one.since, "stands", one) for one in stood),
        *(Line(one.since, "fitted", one) for one in fitted),
        *(Line(one.until, "taken_off", one) for one in off if one.until is not None),
    ]


def _hours_told(events: list[Event], begins: datetime) -> list[Hour]:
    fill: dict[int, float] = {}
    number: dict[int, int] = defaultdict(int)
    weight: dict[int, float] = defaultdict(float)
    weighed: set[int] = set()
    heard: set[int] = set()
    for one in events:
        hour = int((one.at / 1000 - begins.timestamp()) // 3600)
        heard.add(hour)
        if one.told == "fill" and one.value is not None:
            fill[hour] = max(fill.get(hour, 0.0), one.value)
        elif one.told == "deposit":
            number[hour] += 1
            if one.value is not None:
                weight[hour] += one.value
                weighed.add(hour)
    return [
        Hour(
            begins + timedelta(hours=at),
            fill.get(at),
            number[at] if at in heard else None,
            weight[at] if at in weighed else None,
        )
        for at in range(24)
    ]


def _hours_kept(bin: Bin, begins: datetime, ends: datetime) -> list[Hour]:
    facts = HourFact.objects.filter(bin=bin, hour__gte=begins, hour__lt=ends)
    found: dict[tuple[int, str], HourFact] = {}
    for one in facts:
        found[int((one.hour - begins).total_seconds() // 3600), one.told] = one
    heard = {at for at, _told in found}
    hours = []
    for at in range(24):
        fill, deposit = found.get((at, "fill")), found.get((at, "deposit"))
        number = deposit.count if deposit else (0 if at in heard else None)
        hours.append(
            Hour(
                begins + timedelta(hours=at),
                fill.most if fill else None,
                number,
                deposit.total if deposit else None,
            )
        )
    return hours
