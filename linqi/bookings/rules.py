"""When a window can be booked: its hours cut into slots, what is still free, and why a wish is refused 预约规则.

Every figure is a default of the product (docs/rules/booking.md). Days and times are those on the wall in China.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from linqi.kit.choices import Choice

AHEAD: Final = 10  # working days that can be booked, today included
LEAD: Final = timedelta(minutes=60)  # a slot that begins sooner is for whoever walks in
AT_ONCE: Final = 2  # bookings one enterprise may have open at one counter
REMIND_AT: Final = time(15, 0)  # on the working day before
KEPT: Final = 90  # days after which name and phone of the contact are erased
SHORTEST: Final = 5  # minutes of a slot
LONGEST: Final = 240


class Refusal(Choice):
    """Why a slot cannot be booked 不能预约的原因."""

    NO_SLOT = "no_slot", "这个时段不开放预约，请另选。"
    PAST = "past", "这个时段已经过去或马上开始，可以直接到窗口取号。"
    TOO_FAR = "too_far", "还没有开放到这一天，请选最近十个工作日之内。"
    FULL = "full", "这个时段刚刚约满，请另选。"
    TWICE = "twice", "同一时间已经有一个预约，不能再约。"
    ENOUGH = "enough", "在这个窗口已有两个未办的预约；办完或取消后再约。"


@dataclass(frozen=True, slots=True)
class Hours:
    """A counter is staffed from … to …: on every working day, or on one weekday; dates half-open 窗口时间.

    `minutes`: length of a slot; `seats`: how many are served side by side; `weekday`: 0 is Monday, None every working day.
    """

    begins: time
    ends: time
    minutes: int
    seats: int
    weekday: int | None
    since: date
    until: date | None = None

    def counts_on(self, day: date) -> bool:
        """Whether it holds on a day, holidays aside."""
        held = self.since <= day and (self.until is None or day < self.until)
        return held and self.weekday in (None, day.weekday())


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """A stretch of time at a counter, with its seats 时段."""

    day: date
    begins: time
    ends: time
    seats: int


def slots_on(day: date, hours: Iterable[Hours], *, working: bool, closed: bool = False) -> list[Slot]:
    """The slots of a counter on a day, in order; none on days off and when it is closed 当日时段.

    What is left over at the end of a stretch and is shorter than a slot is not offered.
    """
    if closed or not working:
        return []
    return sorted(slot for one in hours if one.counts_on(day) for slot in _cut(day, one))


def overlap(one: Hours, other: Hours) -> bool:
    """Whether two stretches of one counter would offer the same minute twice on some day 时间重叠."""
    days = (one.until is None or other.since < one.until) and (other.until is None or one.since < other.until)
    weekdays = None in (one.weekday, other.weekday) or one.weekday == other.weekday
    return days and weekdays and one.begins < other.ends and other.begins < one.ends


def days_ahead(now: datetime, working: Collection[date]) -> list[date]:
    """The days that can be booked now, out of the working days from today on 可预约日期."""
    return sorted(day for day in working if day >= now.date())[:AHEAD]


def free(slots: Iterable[Slot], taken: Mapping[tuple[date, time], int], now: datetime) -> dict[Slot, int]:
    """How many seats are left of each slot that can still be booked; those full or begun stand with 0 余号."""
    return {
        slot: 0 if _gone(slot, now) else max(0, slot.seats - taken.get((slot.day, slot.begins), 0)) for slot in slots
    }


def refusal(
    slot: Slot | None,
    *,
    taken: int,
    open_: int,
    same_time: bool,
    days: Collection[date],
    now: datetime,
    by_staff: bool,
) -> Refusal | None:
    """Why this slot cannot be booked; None when it can 能否预约.

    `taken`: seats of it that are given; `open_`: how many the enterprise has open at this counter; `same_time`: it is to be
    elsewhere then; `days`: those that can be booked. Staff may book the slot that begins now and beyond the limit of two: the
    one who asks stands before them.
    """
    if slot is None:
        return Refusal.NO_SLOT
    late = now >= datetime.combine(slot.day, slot.ends, now.tzinfo) if by_staff else _gone(slot, now)
    if late:
        return Refusal.PAST
    if slot.day not in days:
        return Refusal.TOO_FAR
    if same_time:
        return Refusal.TWICE
    if open_ >= AT_ONCE and not by_staff:
        return Refusal.ENOUGH
    return Refusal.FULL if taken >= slot.seats else None


def _cut(day: date, hours: Hours) -> Iterable[Slot]:
    length = timedelta(minutes=hours.minutes)
    at, end = datetime.combine(day, hours.begins), datetime.combine(day, hours.ends)
    while at + length <= end:
        yield Slot(day, at.time(), (at + length).time(), hours.seats)
        at += length


def _gone(slot: Slot, now: datetime) -> bool:
    return datetime.combine(slot.day, slot.begins, now.tzinfo) < now + LEAD
