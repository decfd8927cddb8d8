"""What is done with notices: they are told, read, and sent out."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from linqi.kit.clock import now
from linqi.notifications.models import Delivery, Notice
from linqi.notifications.outside import channels_for


@transaction.atomic
def notify(*, users: Iterable[Any], title: str, body: str = "", url: str = "", key: str = "") -> list[Notice]:
    """Tell these users something, in the shell and by the channels that reach them; part of the caller's transaction 发通知.

    `key`: same key, same news – a user who has been told is not told again. `url`: an address of ours where the thing is.
    Returns the notices that are new. Telling is a consequence of an act that is in the journal already, so it adds no entry.
    """
    wanted = {user.pk: user for user in users if user.pk is not None and user.is_active}
    if key:
        told = Notice.objects.filter(user__in=wanted, key=key).values_list("user_id", flat=True)
        for known in list(told):
            del wanted[known]
    made = [
        Notice(user=user, title=title[:200], body=body[:500], url=url[:200], key=key[:120]) for user in wanted.values()
    ]
    Notice.objects.bulk_create(made, ignore_conflicts=bool(key))
    if key:  # a row that another writer told first has no id of ours
        made = list(Notice.objects.filter(user__in=wanted, key=key[:120]).select_related("user"))
    due = now()
    Delivery.objects.bulk_create(
        Delivery(notice=notice, channel=channel, due_at=due) for notice in made for channel in channels_for(notice.user)
    )
    return made
