"""What is done with notices: they are told, read, and sent out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from linqi.kit import access
from linqi.kit.clock import now
from linqi.notifications import outside, queries, rules
from linqi.notifications.models import Delivery, DeliveryState, MailPace, Notice, Wish
from linqi.notifications.outside.mail import Mail

BATCH = 200  # messages one tick hands over at most; product default


@dataclass(frozen=True, slots=True)
class Sent:
    """What one run of the outbox did."""

    sent: int = 0
    later: int = 0
    failed: int = 0


@transaction.atomic
def notify(
    *, users: Iterable[Any], title: str, body: str = "", url: str = "", key: str = "", may_wait: bool = False
) -> list[Notice]:
    """Tell these users something, in the shell and by the channels that reach them; in the caller's transaction 发通知.

    `key`: same key, same news – a user who has been told is not told again. `url`: an address of ours where the thing
    is. `may_wait`: mail about it goes out with the day's digest, whatever pace its reader wishes. Returns the notices
    that are new. Telling follows from an act that is in the journal already, so it adds no entry.
    """
    if url and not (url.startswith("/") and not url.startswith("//")):
        raise ValueError(f"A notice leads to an address of ours, not to {url}.")
    key = key[:120]
    wanted = {user.pk: user for user in users if user.pk is not None and user.is_active}
    if key:
        for told in Notice.objects.filter(user__in=wanted, key=key).values_list("user_id", flat=True):
            del wanted[told]
    made = [Notice(user=user, title=title[:200], body=body[:500], url=url[:200], key=key) for user in wanted.values()]
    made = Notice.objects.bulk_create(made, ignore_conflicts=bool(key))
    if key:  # with ignored conflicts the rows come back without their ids
        made = list(Notice.objects.filter(user__in=wanted, key=key).select_related("user"))
    wishes = queries.wishes_of(one.user for one in made)
    Delivery.objects.bulk_create(
        delivery
        for one in made
        for name in outside.channels_for(one.user)
        if (delivery := _on_its_way(one, name, wishes.get(one.user_id, MailPace.EACH), may_wait)) is not None
    )
    return made


def _on_its_way(notice: Notice, channel: str, pace: str, may_wait: bool) -> Delivery | None:
    """The message that goes out for a notice; mail as its reader wishes, other channels at once."""
    if channel != Mail.key or (pace == MailPace.EACH and not may_wait):
        return Delivery(notice=notice, channel=channel, due_at=now())
    if pace == MailPace.NEVER:
        return None
    return Delivery(notice=notice, channel=channel, digest=True, due_at=rules.next_digest(timezone.localtime(now())))


@transaction.atomic
def wish(*, mail: MailPace, by: Any) -> None:
    """Say how one wants to get mail; what waits already goes out as it was meant to 设置邮件频率."""
    if by.pk is None:
        raise PermissionDenied("notifications.read")
    Wish.objects.update_or_create(user_id=by.pk, defaults={"mail": mail.value})


@transaction.atomic
def mark_read(*, notice: Notice, by: Any) -> None:
    """The user has read one notice; nobody else's business, so the journal is not told 已读."""
    own = access.seen_by(by, Notice).filter(pk=notice.pk)
    if not own.exists():
        raise PermissionDenied("notifications.read")
    own.filter(read_at=None).update(read_at=now())


@transaction.atomic
def mark_all_read(*, by: Any) -> int:
    """The user has read everything 全部已读."""
    return access.seen_by(by, Notice).filter(read_at=None).update(read_at=now())


def deliver_due(*, at: datetime | None = None) -> Sent:
    """Hand over every message whose time has come; called by the tick 投递.

    Each row is claimed by an UPDATE that must hit exactly one row, in its own transaction, so two workers never send
    the same message at once; a claim runs out, so a worker that died does not take its message along. A message may
    therefore arrive twice (when a worker dies between handing over and noting it), and is never lost. Nobody acts
    here, so the journal is not told: the row itself says how far it came.
    """
    moment = at or now()
    sent = later = failed = 0
    for delivery in list(queries.deliveries_due(moment, BATCH)):
        if not _claimed(delivery, moment):
            continue
        outcome = _hand_over(delivery, moment)
        sent += outcome is DeliveryState.SENT
        later += outcome is DeliveryState.WAITING
        failed += outcome is DeliveryState.FAILED
    for user, channel in queries.digests_due(moment):
        together = _hand_over_digest(user, channel, moment)
        sent += together is DeliveryState.SENT
        later += together is DeliveryState.WAITING
        failed += together is DeliveryState.FAILED
    return Sent(sent, later, failed)


def _claimed(delivery: Delivery, moment: datetime) -> bool:
    rows = Delivery.objects.filter(
        pk=delivery.pk, state=DeliveryState.WAITING, due_at=delivery.due_at, attempts=delivery.attempts
    )
    return rows.update(attempts=F("attempts") + 1, due_at=moment + rules.CLAIMED_FOR) == 1


def _hand_over(delivery: Delivery, moment: datetime) -> DeliveryState:
    attempts = delivery.attempts + 1
    channel = outside.channel(delivery.channel)
    user = delivery.notice.user
    address = channel.address_of(user) if channel is not None and user.is_active else ""
    if channel is None or not address:
        return _note(delivery, DeliveryState.FAILED, moment, "no address any more")
    try:
        channel.send(_message(delivery.notice, address))
    except outside.Undeliverable as trouble:
        wait = rules.again_after(attempts, may_help=trouble.again)
        if wait is None:
            return _note(delivery, DeliveryState.FAILED, moment, str(trouble))
        return _note(delivery, DeliveryState.WAITING, moment + wait, str(trouble))
    return _note(delivery, DeliveryState.SENT, moment, "")


def _hand_over_digest(user: int, channel: str, moment: datetime) -> DeliveryState | None:
    """Everything that waits for one user in one message; None when another worker has it."""
    due = Delivery.objects.filter(
        state=DeliveryState.WAITING, digest=True, due_at__lte=moment, channel=channel, notice__user=user
    )
    rows = [one for one in due.select_related("notice__user").order_by("notice") if _claimed(one, moment)]
    if not rows:
        return None
    sender, reader = outside.channel(channel), rows[0].notice.user
    address = sender.address_of(reader) if sender is not None and reader.is_active else ""
    wait: timedelta | None = timedelta()
    error = ""
    if sender is None or not address:
        wait, error = None, "no address any more"
    else:
        try:
            sender.send(_digest([one.notice for one in rows], address))
        except outside.Undeliverable as trouble:
            attempts = max(one.attempts for one in rows) + 1
            wait, error = rules.again_after(attempts, may_help=trouble.again), str(trouble)
    state = DeliveryState.FAILED if wait is None else DeliveryState.WAITING if error else DeliveryState.SENT
    for one in rows:
        _note(one, state, moment + (wait or timedelta()), error)
    return state


def _digest(notices: list[Notice], address: str) -> outside.Message:
    user: Any = notices[0].user
    with translation.override(user.language):
        title = _("邻企今日通知 %(n)s 条") % {"n": len(notices)}
        base = settings.PUBLIC_URL
        lines = [
            f"· {one.title}" + (f"\n  {base}{one.url}" if base and one.url else "")
            for one in notices[: rules.DIGEST_LINES]
        ]
        if len(notices) > rules.DIGEST_LINES:
            lines.append(_("另有 %(n)s 条，请登录查看。") % {"n": len(notices) - rules.DIGEST_LINES})
        return outside.Message(to=address, title=title, text="\n".join(lines), url=f"{base}/notices/" if base else "")


def _message(notice: Notice, address: str) -> outside.Message:
    user: Any = notice.user
    with translation.override(user.language):
        url = f"{settings.PUBLIC_URL}{notice.url}" if notice.url and settings.PUBLIC_URL else ""
        return outside.Message(to=address, title=notice.title, text=notice.body or notice.title, url=url)


def _note(delivery: Delivery, state: DeliveryState, due: datetime, error: str) -> DeliveryState:
    Delivery.objects.filter(pk=delivery.pk).update(state=state, due_at=due, error=error[:300])
    return state
