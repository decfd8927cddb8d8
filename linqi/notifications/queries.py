"""What a user has been told, and what still waits to go out."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from linqi.kit.access import seen_by
from linqi.notifications.models import Delivery, DeliveryState, Notice


def notices_seen_by(user: Any) -> QuerySet[Notice]:
    """The user's own notices, the newest first 我的通知."""
    return seen_by(user, Notice)


def unread_count(user: Any) -> int:
    """How many notices the user has not read 未读数."""
    return Notice.objects.filter(user=user.pk, read_at=None).count()


def deliveries_due(at: datetime, limit: int) -> QuerySet[Delivery]:
    """Messages whose time has come, the longest waiting first."""
    waiting = Delivery.objects.filter(state=DeliveryState.WAITING, due_at__lte=at)
    return waiting.select_related("notice__user").order_by("due_at", "pk")[:limit]


def backlog(at: datetime) -> int:
    """Messages that should have gone out by now; for the page that says whether the product is well 积压."""
    return Delivery.objects.filter(state=DeliveryState.WAITING, due_at__lte=at).count()
