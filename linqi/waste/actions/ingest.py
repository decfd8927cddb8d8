"""Keeping messages that could not be taken, so many an hour of each sender that the quarantine itself cannot be flooded 隔离."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Count, F, Q

from linqi.waste.intake import SetAside
from linqi.waste.models import Quarantined

ROWS_AN_HOUR: Final = 60  # of one sender; product default
ROWS_AN_HOUR_OF_ALL: Final = 2000  # of all senders together; product default


@transaction.atomic
def set_aside(*, messages: Sequence[SetAside], now: datetime) -> int:
    """Keep these in the quarantine; how many got a row of their own. The others are counted on the sender's last row."""
    if not messages:
        return 0
    since = now - timedelta(hours=1)
    senders = {one.said_by for one in messages}
    recent = Quarantined.objects.filter(at__gt=since)
    rows = {
        one["said_by"]: one["rows"]
        for one in recent.filter(said_by__in=senders).values("said_by").order_by().annotate(rows=Count("pk"))
    }
    room = ROWS_AN_HOUR_OF_ALL - recent.count()
    made: list[Quarantined] = []
    more: dict[tuple[str, str], int] = {}
    for one in messages:
        if rows.get(one.said_by, 0) < ROWS_AN_HOUR and room > 0:
            rows[one.said_by] = rows.get(one.said_by, 0) + 1
            room -= 1
            made.append(Quarantined(at=now, **one._asdict()))
        else:
            more[one.said_by, one.reason] = more.get((one.said_by, one.reason), 0) + 1
    Quarantined.objects.bulk_create(made, batch_size=500)
    for (said_by, reason), times in more.items():
        _count(said_by, reason, times, since)
    return len(made)


def _count(said_by: str, reason: str, times: int, since: datetime) -> None:
    """Count what got no row: on the sender's last row of this reason, else its last, else the last of all."""
    recent = Quarantined.objects.filter(at__gt=since).order_by("-pk")
    for rows in (recent.filter(Q(said_by=said_by, reason=reason)), recent.filter(said_by=said_by), recent):
        last = rows.values_list("pk", flat=True).first()
        if last is not None:
            Quarantined.objects.filter(pk=last).update(times=F("times") + times)
            return
