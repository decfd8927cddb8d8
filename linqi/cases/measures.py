"""What we count of cases 办件指标 (services.yaml, rates).

A case belongs to a place when its place stands at or below it today. The clock of a case stops with the answer
(docs/rules/time_limits.md), so "on time" is told of the answer.
"""

from datetime import datetime, time, timedelta

from django.db.models import Count, F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from linqi.cases import queries, rules
from linqi.cases.flow import WORKING, State
from linqi.cases.models import Case, Objection, Outcome, Solved
from linqi.kit import clock
from linqi.kit.measures import Measure, Number, Span, register, share

COUNTED = ~Q(exclusion__granted=True)  # left out by a second person: counted apart, in `excluded`


def opened(span: Span, place: int) -> Number:
    """Cases opened in the span."""
    return _opened(span, place).count()


def closed(span: Span, place: int) -> Number:
    """Cases closed in the span."""
    return _closed(span, place).count()


def overdue(span: Span, place: int) -> Number:
    """Cases whose time was over, unanswered, at the end of the span (or now, when the span has not ended)."""
    end = min(_end(span), clock.now())
    late = _at(place).filter(opened_at__lt=end, due_at__lt=end)
    return late.filter(Q(state__in=WORKING) | Q(answered_at__gte=end), ~Q(state=State.WITHDRAWN)).count()


def on_time(span: Span, place: int) -> Number:
    """Of the cases closed in the span, the share answered within their limit; None when none was closed."""
    found = _closed(span, place).aggregate(whole=Count("pk"), part=Count("pk", filter=Q(answered_at__lte=F("due_at"))))
    return share(found["part"], found["whole"])


def response(span: Span, place: int) -> Number:
    """Of the cases opened in the span whose time for accepting is over, the share accepted within it."""
    due = (
        _opened(span, place)
        .exclude(state__in=(State.WITHDRAWN, State.ROUTED))
        .filter(Q(accepted_at__isnull=False) | Q(accept_due_at__lt=clock.now()))
    )
    found = due.aggregate(whole=Count("pk"), part=Count("pk", filter=Q(accepted_at__lte=F("accept_due_at"))))
    return share(found["part"], found["whole"])


def satisfaction(span: Span, place: int) -> Number:
    """Of the rated cases closed in the span, the share rated 3 stars or more; None when nobody rated."""
    found = _closed(span, place).aggregate(
        whole=Count("pk", filter=Q(rating__isnull=False) & COUNTED),
        part=Count("pk", filter=Q(rating__gte=rules.GOOD_FROM) & COUNTED),
    )
    return share(found["part"], found["whole"])


def solve(span: Span, place: int) -> Number:
    """Of the cases closed in the span whose asker said whether it was solved, the share solved or partly solved.

    By the asker's own word (services.yaml, rates.solve_rate), never by the section's; None when nobody said.
    """
    found = _closed(span, place).aggregate(
        whole=Count("pk", filter=~Q(solved="") & COUNTED),
        part=Count("pk", filter=Q(solved__in=(Solved.YES, Solved.PARTLY)) & COUNTED),
    )
    return share(found["part"], found["whole"])


def unmet(span: Span, place: int) -> Number:
    """Cases opened in the span whose honest end was that nobody can help now."""
    return _opened(span, place).filter(outcome=Outcome.UNMET).count()


def objected(span: Span, place: int) -> Number:
    """Of the objections against a dispatch decided in the span, the share upheld: how often the table was wrong."""
    cases = _at(place).values("pk")
    decided = Objection.objects.filter(case__in=cases, decided_at__gte=_start(span), decided_at__lt=_end(span))
    found = decided.filter(upheld__isnull=False).aggregate(whole=Count("pk"), part=Count("pk", filter=Q(upheld=True)))
    return share(found["part"], found["whole"])


def contacted(span: Span, place: int) -> Number:
    """Of the cases opened in the span whose time for a first word is over, the share spoken to within it."""
    due = (
        _opened(span, place)
        .exclude(state__in=(State.WITHDRAWN, State.ROUTED))
        .filter(contact_due_at__isnull=False)
        .filter(Q(contacted_at__isnull=False) | Q(contact_due_at__lt=clock.now()))
    )
    found = due.aggregate(whole=Count("pk"), part=Count("pk", filter=Q(contacted_at__lte=F("contact_due_at"))))
    return share(found["part"], found["whole"])


def excluded(span: Span, place: int) -> Number:
    """Cases closed in the span and left out of the satisfaction rate by a second person."""
    return _closed(span, place).filter(exclusion__granted=True).count()


def _at(place: int) -> QuerySet[Case]:
    return queries.standing_at(Case.objects.all(), place)


def _opened(span: Span, place: int) -> QuerySet[Case]:
    return _at(place).filter(opened_at__gte=_start(span), opened_at__lt=_end(span))


def _closed(span: Span, place: int) -> QuerySet[Case]:
    return _at(place).filter(state=State.CLOSED, closed_at__gte=_start(span), closed_at__lt=_end(span))


def _start(span: Span) -> datetime:
    return timezone.make_aware(datetime.combine(span.since, time()))


def _end(span: Span) -> datetime:
    return timezone.make_aware(datetime.combine(span.until + timedelta(days=1), time()))


def _rows(place: int, **asked: str) -> str:
    return f"{reverse('cases:list')}?{urlencode({'place': str(place), **asked})}"


def _opened_rows(span: Span, place: int) -> str:
    return _rows(place, opened_from=str(span.since), opened_to=str(span.until))


def _closed_rows(span: Span, place: int) -> str:
    return _rows(place, state="closed", closed_from=str(span.since), closed_to=str(span.until))


register(Measure("cases.opened", _("新收办件"), _("件"), opened, _opened_rows))
register(Measure("cases.closed", _("办结办件"), _("件"), closed, _closed_rows))
register(Measure("cases.overdue", _("超期未答复"), _("件"), overdue, lambda span, place: _rows(place, press="overdue")))
register(Measure("cases.on_time", _("按时办结率"), "%", on_time, _closed_rows))
register(Measure("cases.response", _("按时受理率"), "%", response, _opened_rows))
register(Measure("cases.contacted", _("按时联系率"), "%", contacted, _opened_rows))
register(
    Measure(
        "cases.excluded",
        _("剔除件数"),
        _("件"),
        excluded,
        lambda span, place: f"{_closed_rows(span, place)}&excluded=yes",
    )
)
register(
    Measure(
        "cases.satisfaction",
        _("满意率"),
        "%",
        satisfaction,
        lambda span, place: f"{_closed_rows(span, place)}&rating=low&rating=good&excluded=no",
    )
)
register(
    Measure(
        "cases.solve",
        _("解决率"),
        "%",
        solve,
        lambda span, place: f"{_closed_rows(span, place)}&solved=yes&solved=partly&solved=no&excluded=no",
    )
)
register(
    Measure(
        "cases.unmet",
        _("未满足需求"),
        _("件"),
        unmet,
        lambda span, place: f"{_opened_rows(span, place)}&outcome=unmet",
    )
)
register(
    Measure(
        "cases.objected",
        _("派单异议成立率"),
        "%",
        objected,
        lambda span, place: reverse("cases:objections"),
    )
)
