"""Hearing once a day what has come into a kept list."""

from collections.abc import Collection
from typing import Any, Final

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from linqi.cases.models import Case, SavedView, Subscription
from linqi.kit import access, clock
from linqi.notifications.actions import notify

MOST_IN_VIEW: Final = 2000  # cases in a list that somebody subscribes to; in a longer one the news would be lost
NAMED: Final = 5  # cases named in a notice; more are counted


@transaction.atomic
def subscribe(*, view: SavedView, shown: Collection[int], by: Any) -> Subscription:
    """Hear once a day of cases that come into a list; what it shows now is no news 订阅视图.

    `shown`: ids of the cases it shows this user now. It concerns nobody else, so the journal is not told.
    """
    if not access.may_anywhere(by, "cases.desk") or not _sees(by, view):
        raise PermissionDenied("cases.desk")
    if len(shown) > MOST_IN_VIEW:
        raise ValidationError(_too_wide())
    made, _new = Subscription.objects.update_or_create(
        user_id=by.pk, view=view, defaults={"told_on": clock.today(), "known": sorted(shown)}
    )
    return made


@transaction.atomic
def unsubscribe(*, view: SavedView, by: Any) -> None:
    """Hear no more of what comes into a list 取消订阅."""
    if by.pk is None:
        raise PermissionDenied("cases.desk")
    Subscription.objects.filter(view=view, user=by.pk).delete()


@transaction.atomic
def tell_of_view(*, subscription: Subscription, shown: Collection[int]) -> int:
    """Tell a subscriber what has come into the list since the last time; how many cases that were 视图汇总.

    `shown`: ids of the cases the list shows the subscriber now, at most one more than a list may hold. It is claimed
    by an UPDATE that must hit exactly one row, so two workers tell it once. A list that its reader no longer sees, or
    that has become too long to follow, ends the subscription. Nobody acts, so the journal is not told.
    """
    row, today = subscription, clock.today()
    if Subscription.objects.filter(pk=row.pk, told_on=row.told_on).update(told_on=today) != 1:
        return 0
    user: Any = row.user
    with translation.override(user.language):
        if not _sees(user, row.view):
            row.delete()
            return 0
        if len(shown) > MOST_IN_VIEW:
            row.delete()
            title = _("“%(name)s”的订阅已停") % {"name": row.view.name}
            _say(user, row.view, title, _too_wide())
            return 0
        new = [] if row.known is None else sorted(set(shown) - set(row.known), reverse=True)
        Subscription.objects.filter(pk=row.pk).update(known=sorted(shown))
        if new:
            title = _("“%(name)s”新进 %(n)s 件") % {"name": row.view.name, "n": len(new)}
            _say(user, row.view, title, _named(new))
    return len(new)


def _say(user: Any, view: SavedView, title: str, body: str) -> None:
    key = f"view:{view.pk}:{clock.today():%Y%m%d}"
    notify(users=[user], title=title, body=body, url=reverse("cases:open_view", args=[view.pk]), key=key, may_wait=True)


def _named(new: list[int]) -> str:
    titles = [f"{one.number} {one.title[:60]}" for one in Case.objects.filter(pk__in=new[:NAMED]).order_by("-pk")]
    if len(new) > NAMED:
        titles.append(_("另有 %(n)s 件") % {"n": len(new) - NAMED})
    return "；".join(titles)


def _sees(user: Any, view: SavedView) -> bool:
    return access.seen_by(user, SavedView).filter(pk=view.pk).exists()


def _too_wide() -> str:
    return _("这个视图里的办件超过 %(n)s 件，逐件通知会看不过来，请先收窄条件再订阅。") % {"n": MOST_IN_VIEW}
