"""Facts of each hour, counted from the events of the hour whenever some were stored 小时汇总.

Storing notes which hours of which bins it touched (`HourTouched`). An hour is counted when it is over for `SETTLED`, and anew whenever it
was touched again: always from all its events, so that the facts are exactly those of the raw.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Count, Max, Min, QuerySet, Sum

from linqi.waste.models import Bin, Event, Fitting, HourFact, HourTouched
from linqi.waste.rules.clock import AHEAD
from linqi.waste.storing import HOUR, day_of

SETTLED: Final = 10 * 60_000  # milliseconds after its end; longer than storing.STILL_OPEN
FEW: Final = 40  # bins of an hour that are looked up one by one; more are counted together
AT_ONCE: Final = 48  # hours counted in one tick


def count_hours(now: datetime) -> int:
    """Count what was touched and is over; how many facts were written."""
    ms = int(now.timestamp() * 1000)
    over = (ms - SETTLED) // HOUR  # the first hour that is not over
    waiting = HourTouched.objects.filter(hour__lt=over).order_by("hour").values_list("hour", flat=True).distinct()
    return sum(_count(hour, ms) for hour in list(waiting[:AT_ONCE]))


@transaction.atomic
def _count(hour: int, now: int) -> int:
    """Take the notes of one hour and count the bins they name, from all events there are."""
    bins = _taken(hour)
    if not bins:
        return 0
    rows = list(_facts(hour, bins, now))
    begin = datetime.fromtimestamp(hour * 3600, UTC)
    HourFact.objects.filter(hour=begin, bin_id__in=bins).delete()
    there = set(Bin.objects.filter(pk__in=bins).values_list("pk", flat=True))
    HourFact.objects.bulk_create(
        [
            HourFact(
                bin_id=row["bin_id"],
                hour=begin,
                told=row["told"],
                count=row["count"],
                total=row["total"],
                least=row["least"],
                most=row["most"],
            )
            for row in rows
            if row["bin_id"] in there
        ],
        batch_size=500,
    )
    return len(rows)


def _taken(hour: int) -> list[int]:
    """The bins touched in an hour; their notes are gone with this transaction. Waits for who is storing just now."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM waste_hourtouched WHERE hour = %s RETURNING bin_id", [hour])
        return sorted(row[0] for row in cursor.fetchall())


def _facts(hour: int, bins: Sequence[int], now: int) -> Iterable[dict[str, Any]]:
    """Count, sum, least and greatest of each bin and kind in an hour."""
    rows = Event.objects.filter(
        day__in=days_of_storing(hour, now), bin_id__in=bins, at__gte=hour * HOUR, at__lt=(hour + 1) * HOUR
    )
    if len(bins) <= FEW:
        rows = rows.filter(device_id__in=_sat_on(bins))
    else:
        rows = rows.filter(bin_id__isnull=False)
    return _summed(rows)


def _summed(rows: QuerySet[Event]) -> Iterable[dict[str, Any]]:
    counted = {"count": Count("sequence"), "total": Sum("value"), "least": Min("value"), "most": Max("value")}
    found: Iterable[Any] = rows.order_by().values("bin_id", "told").annotate(**counted)
    return found


def days_of_storing(hour: int, now: int) -> list[date]:
    """The days on which events of an hour can have been stored until now."""
    first, last = day_of(hour * HOUR - AHEAD), day_of(now)
    return [first + timedelta(days=ahead) for ahead in range((last - first).days + 1)]


def _sat_on(bins: Sequence[int]) -> list[int]:
    return sorted(set(Fitting.objects.filter(bin_id__in=bins).values_list("device_id", flat=True)))
