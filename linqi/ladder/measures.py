"""What we count of the ladder 直通车指标."""

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from linqi.kit.access import standing_below
from linqi.kit.measures import Measure, Number, Span, register
from linqi.ladder.models import Answer, Candidate, Milestone, Move
from linqi.ladder.rules import Kind, Step


def candidates(span: Span, place: int) -> Number:
    """Firms on the ladder that are at the place today, entered by the end of the span."""
    return _at(Candidate.objects.filter(entered_on__lte=span.until), place).count()


def rises(span: Span, place: int) -> Number:
    """Moves upwards that a person confirmed in the span, entering the ladder included 层级跃升."""
    up = [Kind.ENTER.value, Kind.RISE.value]
    moves = Move.objects.filter(answer=Answer.CONFIRMED.value, kind__in=up, day__range=(span.since, span.until))
    return _at(moves, place).count()


def milestones(span: Span, place: int) -> Number:
    """Milestones reached in the span."""
    return _at(Milestone.objects.filter(reached_on__range=(span.since, span.until)), place).count()


def listed(span: Span, place: int) -> Number:
    """Firms that were listed in the span."""
    reached = Milestone.objects.filter(step=Step.LISTED.value, reached_on__range=(span.since, span.until))
    return _at(reached, place).count()


def _at(rows: QuerySet[Candidate] | QuerySet[Move] | QuerySet[Milestone], place: int) -> QuerySet[Candidate]:
    within: QuerySet[Candidate] = rows.filter(standing_below((place,), "enterprise__seat"))  # type: ignore[assignment]
    return within


def _rows(span: Span, place: int) -> str:
    return f"{reverse('ladder:list')}?{urlencode({'place': str(place)})}"


register(Measure("ladder.candidates", _("培育企业"), _("家"), candidates, _rows))
register(Measure("ladder.rises", _("层级跃升"), _("次"), rises, _rows))
register(Measure("ladder.milestones", _("达到上市里程碑"), _("个"), milestones, _rows))
register(Measure("ladder.listed", _("新上市企业"), _("家"), listed, _rows))
