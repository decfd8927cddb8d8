"""What we count of visits 走访指标. Never of persons: no ranking, no attendance (国办函〔2026〕12号)."""

from datetime import timedelta
from functools import cache

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from linqi.accounts.queries import valid_on
from linqi.enterprises.models import Tenancy
from linqi.kit.clock import today
from linqi.kit.measures import Measure, Number, Span, register, share
from linqi.territory.models import Coverage
from linqi.visits import queries
from linqi.visits.flow import State
from linqi.visits.models import Visit
from linqi.visits.rules import Reason


def done(span: Span, place: int) -> Number:
    """Visits that took place in the span."""
    return (
        queries.visits_standing_at(Visit.objects.all(), place, today())
        .filter(state=State.DONE, visited_on__range=(span.since, span.until))
        .count()
    )


def answered_in_time(span: Span, place: int) -> Number:
    """Of the newcomers whose first visit was due in the span, the share visited by then; None when none was due."""
    by = cache(queries.due_by)
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


def firms_seen(span: Span, place: int) -> Number:
    """Of the enterprises that are at the place today, the share visited in the span; None when there is none 覆盖率."""
    here = (
        Tenancy.objects.filter(Q(until=None) | Q(until__gt=today()), place__in=_below(place))
        .values("enterprise")
        .distinct()
    )
    seen = Visit.objects.filter(state=State.DONE, visited_on__range=(span.since, span.until), enterprise__in=here)
    return share(seen.values("enterprise").distinct().count(), here.count())


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
