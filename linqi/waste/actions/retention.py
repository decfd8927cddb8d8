"""Single events go when their time is over; days fall away whole, and only after their hours were counted 到期清理."""

import time
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.db.models import Min, QuerySet

from linqi.kit.clock import ZONE
from linqi.waste import queries_keeping
from linqi.waste.actions.clues import keep_origins
from linqi.waste.kinds import Told
from linqi.waste.models import Event, HourTouched, Quarantined
from linqi.waste.rules import keeping
from linqi.waste.rules.clock import AHEAD as AHEAD_OF_US
from linqi.waste.rules.tracing import WINDOW_HOURS
from linqi.waste.storing import HOUR, day_of, make_partition, partition_name

QUARANTINE_DAYS: Final = 30  # product default
AHEAD: Final = 3  # days for which there is a piece of the table beforehand
DEVICES_AT_ONCE: Final = 50  # whose rows of one day go in one transaction, where a day is not a table of its own
SECONDS: Final = 2.0  # of one tick


def make_days(now: datetime) -> int:
    """On PostgreSQL: pieces of the table for the days to come; how many were made."""
    if connection.vendor != "postgresql":
        return 0
    today = day_of(int(now.timestamp() * 1000))
    return sum(make_partition(today + timedelta(days=ahead)) for ahead in range(AHEAD + 1))


def drop_old(now: datetime) -> int:
    """Drop what is over, oldest day first, for a moment; the next tick goes on. How many days or parts of days went."""
    today = day_of(int(now.timestamp() * 1000))
    until = time.monotonic() + SECONDS
    tables = queries_keeping.in_force(today)
    gone = 0
    for day in _days_stored():
        over = {street: kinds for street, days in tables.items() if (kinds := keeping.over(day, today, days))}
        if not over or time.monotonic() > until:
            break
        if _still_to_count(day):
            continue
        whole = len(over) == len(tables) and all(len(kinds) == len(Told.values) for kinds in over.values())
        parts = [] if whole else _parts(day, over, today)
        if not whole and not parts:
            continue
        if any(Told.DEPOSIT.value in kinds for kinds in over.values()) and not keep_origins(
            _leant_on_until(day), until
        ):
            break
        gone += _drop_day(day, until) if whole else sum(_drop(rows, until) for rows in parts)
    return gone


def forget_quarantine(now: datetime) -> int:
    """Drop messages that were set aside long enough ago."""
    old = Quarantined.objects.filter(at__lt=now - timedelta(days=QUARANTINE_DAYS)).order_by("pk")
    return Quarantined.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:5000])).delete()[0]


def _days_stored() -> list[date]:
    """The days of storing there are, oldest first; found by stepping from day to day, not by reading all rows."""
    days = set(_pieces())
    day = Event.objects.aggregate(first=Min("day"))["first"]
    while day is not None:
        days.add(day)
        day = Event.objects.filter(day__gt=day).aggregate(next=Min("day"))["next"]
    return sorted(days)


def _pieces() -> list[date]:
    """On PostgreSQL: the days that have a piece of the table, empty ones too."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT right(relname, 8) FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid "
            "WHERE inhparent = 'waste_event'::regclass AND relname ~ '^waste_event_[0-9]{8}$'"
        )
        return [datetime.strptime(name, "%Y%m%d").date() for (name,) in cursor.fetchall()]


def _still_to_count(day: date) -> bool:
    """Whether hours that may have events of this day wait to be counted."""
    end = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() // 3600) + 48
    begin = end - 48 - (keeping.EVENTS.least + 1) * 24
    return HourTouched.objects.filter(hour__gte=begin, hour__lt=end).exists()


def _leant_on_until(day: date) -> datetime:
    """The first moment at which no clue can happen any more whose origin rests on deposits stored on a day."""
    end = datetime.combine(day + timedelta(days=1), datetime.min.time(), ZONE)
    return end + timedelta(hours=WINDOW_HOURS, milliseconds=AHEAD_OF_US)


def _parts(day: date, over: Mapping[int | None, list[str]], today: date) -> list[QuerySet[Event]]:
    """What of a day is over in some street and still there."""
    parts = [queries_keeping.events_of(street, today).filter(day=day, told__in=kinds) for street, kinds in over.items()]
    return [rows for rows in parts if rows.exists()]


def _drop_day(day: date, until: float) -> int:
    if connection.vendor == "postgresql":
        name = partition_name(day)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '2s'")  # who reads is not kept waiting; the next tick tries again
            cursor.execute(f"DROP TABLE IF EXISTS {name}")
            Event.objects.filter(day=day).delete()  # what lay in the partition for all others
        return 1
    return _drop(Event.objects.filter(day=day), until)


def _drop(events: QuerySet[Event], until: float) -> int:
    """Delete these of one day, so many devices at a time that no writer waits long; 1 when any went."""
    gone, after = 0, -1
    while time.monotonic() <= until:
        further = events.filter(device_id__gt=after).order_by("device_id")
        devices = list(further.values_list("device_id", flat=True).distinct()[:DEVICES_AT_ONCE])
        if not devices:
            break
        after = devices[-1]
        rows = events.filter(device_id__in=devices)
        with transaction.atomic():
            gone += rows._raw_delete(rows.db)
    return 1 if gone else 0


__all__ = ["HOUR", "drop_old", "forget_quarantine", "make_days"]
