"""What we count of visits 走访指标. Never of persons: no ranking, no attendance (国办函〔2026〕12号)."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import cache

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from linqi.accounts.queries import valid_on
from linqi.enterprises.models import Tenancy
from linqi.kit.clock import today
from linqi.kit.measures import Measure, Number, Span, register, share
from linqi.territory.models import Coverage, PlaceKind
from linqi.visits import queries
from linqi.visits.flow import State
from linqi.visits.models import Visit
from linqi.visits.rules import Reason
from linqi.visits.standing import Standing, list_on

EARLIEST = timedelta(
    days=60
)  # a visit is at most so much earlier than the day it was asked for by; the longest term is ten working days


def done(span: Span, place: int) -> Number:
    """Visits that took place in the span."""
    return (
        queries.visits_standing_at(Visit.objects.all(), place, today())
        .filter(state=State.DONE, visited_on__range=(span.since, span.until))
        .count()
    )


def answered_in_time(span: Span, place: int) -> Number:
    """Of the newcomers whose first visit was due in the span, the share visited by then; None when none was due."""
    street = _street_of(place)

    @cache
    def by(reason: Reason, day: date) -> date:
        return queries.due_by(reason, day, street)

    earliest = span.since - timedelta(days=60)  # seven working days never stretch over more, long holidays included
    came = Tenancy.objects.filter(place__in=_below(place), since__range=(earliest, span.until))
    days = {day for day in came.values_list("since", flat=True).distinct() if day}
    asked = [day for day in days if span.since <= by(Reason.NEWCOMER, day) <= span.until]
    whole = part = 0
    for day in asked:
        seen = Visit.objects.filter(
            enterprise=OuterRef("enterprise"), state=State.DONE, visited_on__range=(day, by(Reason.NEWCOMER, day))
        )
        counted = came.filter(since=day).aggregate(whole=Count("pk"), part=Count("pk", filter=Q(Exists(seen))))
        whole, part = whole + counted["whole"], part + counted["part"]
    return share(part, whole)


def in_time(reason: Reason, span: Span, place: int) -> Number:
    """Of the visits that a reason asked for by a day of the span, the share made by then; None when none was due.

    Visits that are still waiting count from the day after theirs; visits recorded before days were kept do not count.
    """
    rows = queries.visits_standing_at(Visit.objects.filter(state=State.DONE), place, today())
    made = rows.filter(reasons__icontains=f'"{reason.value}"', visited_on__gte=span.since - EARLIEST)
    whole = part = 0
    for dues, visited_on in made.values_list("dues", "visited_on"):
        by = dues.get(reason.value)
        if by and visited_on and span.since <= date.fromisoformat(by) <= span.until:
            whole, part = whole + 1, part + (visited_on <= date.fromisoformat(by))
    missed = [due.by for one in _waiting(place) for due in one.dues if due.reason == reason and due.by < today()]
    return share(part, whole + sum(span.since <= day <= span.until for day in missed))


def waiting(reason: Reason, span: Span, place: int) -> Number:
    """Enterprises at the place that wait today for a visit of one kind; a span does not change that."""
    return sum(any(due.reason == reason for due in one.dues) for one in _waiting(place))


def firms_seen(span: Span, place: int) -> Number:
    """Of the enterprises that are at the place today, the share visited in the span; None when there is none 覆盖率."""
    here = (
        Tenancy.objects.filter(Q(until=None) | Q(until__gt=today()), place__in=_below(place))
        .values("enterprise")
        .distinct()
    )
    seen = Visit.objects.filter(state=State.DONE, visited_on__range=(span.since, span.until), enterprise__in=here)
    return share(seen.values("enterprise").distinct().count(), here.count())


def _waiting(place: int) -> list[Standing]:
    return [one for one in list_on(today()).values() if place in one.above]


def _street_of(place: int) -> int | None:
    above = Coverage.objects.filter(valid_on(today()), descendant=place, ancestor__kind=PlaceKind.STREET)
    return above.values_list("ancestor_id", flat=True).first()


def _below(place: int) -> QuerySet[Coverage, int]:
    return Coverage.objects.filter(valid_on(today()), ancestor=place).values_list("descendant_id", flat=True)


def _done_rows(span: Span, place: int) -> str:
    asked = {"place": str(place), "state": "done", "visited_from": str(span.since), "visited_to": str(span.until)}
    return f"{reverse('visits:list')}?{urlencode(asked)}"


register(Measure("visits.done", _("完成走访"), _("次"), done, _done_rows))
register(
    Measure(
        "visits.answered_in_time",
        _("新入驻必访按时率"),
        "%",
        answered_in_time,
        lambda span, place: f"{reverse('visits:must')}?{urlencode({'reason': Reason.NEWCOMER.value})}",
    )
)
register(Measure("visits.firms_seen", _("企业走访覆盖率"), "%", firms_seen, _done_rows))


def _register(reason: Reason) -> None:
    """The two numbers of one kind of must-visit."""
    words = {
        Reason.AT_RISK: (_("风险必访按时率"), _("风险企业待访")),
        Reason.IN_NEED: (_("有需求必访按时率"), _("有需求企业待访")),
        Reason.OUTBOUND: (_("在区外投资必访按时率"), _("在区外投资企业待访")),
        Reason.NEWCOMER: (_("新入驻走访按时率"), _("新入驻企业待访")),
        Reason.PREMIUM: (_("优质必访按时率"), _("优质企业待访")),
        Reason.UNREGISTERED: (_("非在册必访按时率"), _("非在册企业待访")),
    }[reason]
    rows = f"?{urlencode({'reason': reason.value})}"
    register(Measure(f"visits.in_time.{reason.value}", words[0], "%", _of(in_time, reason), _must(rows)))
    register(Measure(f"visits.waiting.{reason.value}", words[1], _("家"), _of(waiting, reason), _must(rows)))


def _of(asked: Callable[[Reason, Span, int], Number], reason: Reason) -> Callable[[Span, int], Number]:
    def count(span: Span, place: int) -> Number:
        return asked(reason, span, place)

    return count


def _must(query: str) -> Callable[[Span, int], str]:
    return lambda span, place: f"{reverse('visits:must')}{query}"


for _reason in Reason:
    _register(_reason)
