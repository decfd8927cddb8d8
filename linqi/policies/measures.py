"""What we count of policies: firms told, money on its way, how long it takes 惠企政策指标."""

from datetime import datetime, time, timedelta
from decimal import Decimal
from statistics import median

from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from linqi.kit.access import standing_below
from linqi.kit.clock import now
from linqi.kit.measures import Measure, Number, Span, register, share
from linqi.policies import queries
from linqi.policies.flow import ENDED
from linqi.policies.models import Application, Ledger, Offer
from linqi.policies.rules import LedgerKind


def told(span: Span, place: int) -> Number:
    """Firms that were told in the span of a policy they may meet, each firm once 推送企业."""
    return _offers(span, place).values("enterprise").distinct().count()


def seen(span: Span, place: int) -> Number:
    """Of what was told to firms that have a user, how much has been looked at; None when none has one 推送阅读率."""
    reached = _offers(span, place).filter(reached=True)
    return share(reached.exclude(seen_at=None).count(), reached.count())


def paid(span: Span, place: int) -> Number:
    """Yuan paid in the span, less what was recalled 净拨付金额."""
    sums = queries.sums_of(_lines(place).filter(on__range=(span.since, span.until)))
    return float(sums[LedgerKind.PAID] - sums[LedgerKind.RECALLED])


def unclaimed(span: Span, place: int) -> Number:
    """Yuan told to firms until the end of the span and not asked for by then, firm by firm and version by version 未申领金额.

    A firm that asks for more than was computed for it makes no other's part smaller.
    """
    lines = _lines(place).filter(on__lte=span.until, kind__in=[LedgerKind.OFFERED.value, LedgerKind.CLAIMED.value])
    offered: dict[tuple[int, int], Decimal] = {}
    claimed: dict[tuple[int, int], Decimal] = {}
    for version, firm, kind, amount in lines.values_list("version", "enterprise", "kind", "amount"):
        sums = offered if kind == LedgerKind.OFFERED.value else claimed
        sums[version, firm] = sums.get((version, firm), Decimal(0)) + amount
    left = (max(Decimal(0), amount - claimed.get(at, Decimal(0))) for at, amount in offered.items())
    return float(sum(left, Decimal(0)))


def days_to_money(span: Span, place: int) -> Number:
    """Days from the first step to the payment, the middle one of those paid in the span; None when none was 兑现用时."""
    rows = _lines(place).filter(kind=LedgerKind.PAID.value, on__range=(span.since, span.until))
    days = [
        (on - timezone.localdate(opened)).days
        for on, opened in rows.exclude(application=None).values_list("on", "application__opened_at")
    ]
    return float(median(days)) if days else None


def late(span: Span, place: int) -> Number:
    """Cases of payment whose present step is late now; None for a span that does not reach today 兑现超期."""
    moment = now()
    if not span.since <= moment.date() <= span.until:
        return None
    rows = Application.objects.filter(standing_below((place,), "place"), due_at__lt=moment)
    return rows.exclude(state__in=ENDED).count()


def corrected(span: Span, place: int) -> Number:
    """Of the applications that firms began in the span, how many had to be corrected; None when none began 一次补正率."""
    begin, end = _moments(span)
    rows = Application.objects.filter(
        standing_below((place,), "place"), channel="application", opened_at__gte=begin, opened_at__lt=end
    ).exclude(state="draft")
    return share(rows.filter(corrected=True).count(), rows.count())


def _offers(span: Span, place: int) -> QuerySet[Offer]:
    begin, end = _moments(span)
    return Offer.objects.filter(standing_below((place,), "place"), offered_at__gte=begin, offered_at__lt=end)


def _lines(place: int) -> QuerySet[Ledger]:
    return Ledger.objects.filter(standing_below((place,), "place")).order_by(F("pk"))


def _moments(span: Span) -> tuple[datetime, datetime]:
    begin = timezone.make_aware(datetime.combine(span.since, time()))
    return begin, timezone.make_aware(datetime.combine(span.until + timedelta(days=1), time()))


register(Measure("policies.told", _("政策推送企业"), _("家"), told))
register(Measure("policies.seen", _("推送阅读率"), "%", seen))
register(Measure("policies.paid", _("净拨付金额"), _("元"), paid))
register(Measure("policies.unclaimed", _("未申领金额"), _("元"), unclaimed))
register(Measure("policies.days_to_money", _("兑现用时（中位数）"), _("天"), days_to_money))
register(Measure("policies.late", _("兑现超期"), _("件"), late))
register(Measure("policies.corrected", _("一次补正率"), "%", corrected))
