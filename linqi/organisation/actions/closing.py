"""What ends because the place it belongs to has ended 空间停用后的组织.

Territory stands below and does not know who sits where; the tick looks at the places that have ended. A place stays closed, so
what it held ends on the same day, once, by the product itself and with an entry in the journal.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Model, Q, QuerySet

from linqi.kit.access import SYSTEM
from linqi.organisation.actions.bodies import end_body
from linqi.organisation.actions.people import end_mandate, end_post
from linqi.organisation.actions.teams import end_team
from linqi.organisation.actions.ties import end_tie
from linqi.organisation.models import Body, LinkTeam, Mandate, PostHolding, Tie


def end_what_closed(now: datetime) -> int:
    """End bodies with their seats, posts, mandates, ties and link teams whose place has closed; how many 随空间停用."""
    ends: list[tuple[QuerySet[Any], str, Callable[[Any, date], object]]] = [
        (Body.objects.all(), "place", _end_body),
        (PostHolding.objects.all(), "community", lambda row, on: end_post(holding=row, on=on, by=SYSTEM)),
        (Mandate.objects.all(), "place", lambda row, on: end_mandate(mandate=row, on=on, by=SYSTEM)),
        (Tie.objects.all(), "park", lambda row, on: end_tie(tie=row, on=on, by=SYSTEM)),
        (LinkTeam.objects.all(), "building", lambda row, on: end_team(team=row, by=SYSTEM)),
    ]
    return sum(_end_each(rows, place, now.date(), act) for rows, place, act in ends)


def _end_each(rows: QuerySet[Any], place: str, day: date, act: Callable[[Any, date], object]) -> int:
    """Each in a transaction of its own, looked at again under lock: what somebody else has just ended is left."""
    longer = Q(until=None) | Q(until__gt=F(f"{place}__until"))
    ended = 0
    for pk in rows.filter(longer, **{f"{place}__until__lte": day}).values_list("pk", flat=True):
        with transaction.atomic():
            row: Model | None = rows.filter(longer).select_for_update(of=("self",)).filter(pk=pk).first()
            if row is not None:
                act(row, _last_day(row, getattr(row, place).until))
                ended += 1
    return ended


def _last_day(row: Any, closed: date) -> date:
    """The first day without it: that on which the place ended, but never before it had begun."""
    begun: date = row.since
    return max(closed, begun + timedelta(days=1))


def _end_body(body: Body, on: date) -> None:
    body.seats.filter(since__gte=on).delete()  # who was only about to sit never comes
    end_body(body=body, on=on, by=SYSTEM)
