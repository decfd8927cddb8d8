"""What is counted of places, by the map of the last day of the span."""

from collections.abc import Callable

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from linqi.kit.measures import Measure, Span, register
from linqi.territory.models import Coverage, PlaceKind
from linqi.territory.queries import valid_on


def standing(kind: PlaceKind) -> Callable[[Span, int], int]:
    """How to count the places of a kind that stood below a place."""

    def count(span: Span, place: int) -> int:
        rows = Coverage.objects.filter(valid_on(span.until), ancestor=place, depth__gt=0)
        return rows.filter(descendant__kind=kind.value).count()

    return count


def rows_of(kind: PlaceKind) -> Callable[[Span, int], str]:
    """Where the places that were counted are listed."""

    def rows(span: Span, place: int) -> str:
        return f"{reverse('territory:list')}?{urlencode({'under': place, 'kind': kind.value, 'on': str(span.until)})}"

    return rows


for key, title, unit, of in (
    ("territory.parks", _("园区"), _("个"), PlaceKind.PARK),
    ("territory.buildings", _("楼宇"), _("栋"), PlaceKind.BUILDING),
    ("territory.units", _("单元"), _("个"), PlaceKind.UNIT),
):
    register(Measure(key, title, unit, standing(of), rows_of(of)))
