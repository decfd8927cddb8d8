"""What a user has been told, and what still waits to go out."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from linqi.kit.access import seen_by
from linqi.notifications.models import Delivery, DeliveryState, MailPace, Notice, Wish


def notices_seen_by(user: Any) -> QuerySet[Notice]:
    """The user's own notices, the newest first 我的通知."""
    return seen_by(user, Notice)


def unread_count(user: Any) -> int:
    """How many notices the user has not read 未读数."""
    return Notice.objects.filter(user=user.pk, read_at=None).count()


def deliveries_due(at: datetime, limit: int) -> QuerySet[Delivery]:
    """Messages whose time has come, the longest waiting first."""
    waiting = Delivery.objects.filter(state=DeliveryState.WAITING, due_at__lte=at, digest=False)
    return waiting.select_related("notice__user").order_by("due_at", "pk")[:limit]


def backlog(at: datetime) -> int:
    """Messages that should have gone out by now; for the page that says whether the product is well 积压."""
    return Delivery.objects.filter(state=DeliveryState.WAITING, due_at__lte=at).count()


def digests_due(at: datetime) -> list[tuple[int, str]]:
    """Users and channels whose message with everything of the day is due."""
    due = Delivery.objects.filter(state=DeliveryState.WAITING, due_at__lte=at, digest=True)
    return list(due.order_by("notice__user", "channel").values_list("notice__user", "channel").distinct())


def wishes_of(users: Iterable[Any]) -> dict[int, str]:
    """The mail pace of those who wished for one."""
    return dict(Wish.objects.filter(user__in=[one.pk for one in users]).values_list("user", "mail"))


def wish_of(user: Any) -> MailPace:
    """How a user wants to get mail 邮件频率."""
    return MailPace(wishes_of([user]).get(user.pk, MailPace.EACH))
