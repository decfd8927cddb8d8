"""What we count of visits 走访指标. Never of persons: no ranking, no attendance (国办函〔2026〕12号); those are `people`."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import cache

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from linqi.accounts.queries import valid_on
from linqi.enterprises.models import Tenancy
from linqi.kit.access import SYSTEM
from linqi.kit.clock import today
from linqi.kit.measures import Measure, Number, Span, register, share
from linqi.territory.models import Coverage, PlaceKind
from linqi.visits import burden, outcomes, queries
from linqi.visits.coverage import SPANS
from linqi.visits.flow import State
from linqi.visits.models import Finding, FindingKind, Visit
from linqi.visits.rules import Reason
from linqi.visits.rules.burden import number_of_contact
from linqi.visits.rules.outcomes import tallied
from linqi.visits.standing import Standing, list_on


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
    made = queries.visits_standing_at(Visit.objects.filter(reasons__icontains=f'"{reason.value}"'), place, today())
    listed = {one.enterprise.pk for one in _waiting(place)}
    waiting = [one for one in queries.must_visits(SYSTEM, today=today()) if one.enterprise in listed]
    rows = outcomes.answers(made, waiting, span.since, span.until, today())
    return tallied(one.answer for one in rows if one.reason is reason).share


def held(kind: FindingKind, span: Span, place: int) -> Number:
    """Of the findings of the span of which it is known, the share that proved true; None when nothing is decided 发现属实率."""
    visits = queries.visits_standing_at(Visit.objects.all(), place, today())
    rows = outcomes.findings(Finding.objects.filter(kind=kind.value, visit__in=visits), span.since, span.until)
    return tallied(one.held for one in rows).share


def pressed(span: Span, place: int) -> Number:
    """Enterprises at the place that would be warned of before one more contact today; known for today only 再联系要提醒."""
    if span.until != today():
        return None
    limits = burden.Limits(today())
    return sum(
        number_of_contact([contact.on for contact in one.contacts], today(), limits.of(one.street)) is not None
        for one in burden.everybody_on(today()).values()
        if place in one.above
    )


def asked_again(span: Span, place: int) -> Number:
    """Fields that enterprises at the place were asked for in the span although they were known; None before a year ago 已知再问."""
    if span.since <= today() - timedelta(days=burden.YEAR):
        return None
    return sum(
        len(contact.again)
        for one in burden.everybody_on(today()).values()
        if place in one.above
        for contact in one.contacts
        if span.since <= contact.on <= span.until
    )


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


HELD = {
    FindingKind.FACT: _("走访信息属实率"),
    FindingKind.NEED: _("走访需求属实率"),
    FindingKind.PROBLEM: _("走访问题属实率"),
}


def _found(kind: FindingKind) -> None:
    def count(span: Span, place: int) -> Number:
        return held(kind, span, place)

    def rows(span: Span, place: int) -> str:
        return _in_days("findings", span, place, kind=kind.value)

    register(Measure(f"visits.held.{kind.value}", HELD[kind], "%", count, rows))


def _in_days(name: str, span: Span, place: int, **asked: str) -> str:
    """The list behind a number, where the span is one that the list can show."""
    days = (span.until - span.since).days + 1
    if span.until != today() or days not in SPANS:
        return ""
    return f"{reverse(f'visits:{name}')}?{urlencode({'place': str(place), 'days': str(days), **asked})}"


for _kind in HELD:
    _found(_kind)
register(
    Measure(
        "visits.pressed",
        _("再联系要提醒的企业"),
        _("家"),
        pressed,
        lambda span, place: _in_days("burden", span, place, over="yes"),
    )
)
register(
    Measure(
        "visits.asked_again",
        _("已知再问的信息"),
        _("项"),
        asked_again,
        lambda span, place: _in_days("burden", span, place, again="yes"),
    )
)
