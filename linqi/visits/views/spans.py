"""Which days and which place a page of measures is asked for 统计时段与地点."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from linqi.enterprises.queries import PlaceChoice, places_to_choose
from linqi.kit.access import seen_by
from linqi.kit.clock import today
from linqi.territory.models import Place
from linqi.ui.asked import an_id
from linqi.ui.parts import Tab
from linqi.visits.coverage import SPANS, USUAL


@dataclass(frozen=True, slots=True)
class Days:
    """The last so many days, today included 近若干天."""

    days: int
    today: date

    @property
    def since(self) -> date:
        """The first of them."""
        return self.today - timedelta(days=self.days - 1)


def days_asked(request: HttpRequest, usual: int = USUAL) -> Days:
    """The span that the address asks for; one of the few there are."""
    asked = an_id(request.GET.get("days"))
    return Days(asked if asked in SPANS else usual, today())


def day_tabs(request: HttpRequest, chosen: int) -> list[Tab]:
    """A tab for each span; the other parameters stay."""
    return [Tab(_("近 %(n)s 天") % {"n": n}, _with(request, days=str(n)), n == chosen) for n in SPANS]


def tabs(request: HttpRequest, name: str, choices: Any, chosen: str) -> list[Tab]:
    """A tab for each of some choices (value and words); the other parameters stay."""
    return [Tab(label, _with(request, **{name: value}), value == chosen) for value, label in choices]


def places_offered(user: Any) -> list[PlaceChoice]:
    """The streets, communities, parks and buildings of which a user may see measures."""
    return places_to_choose(user, "visits.see")


def place_asked(request: HttpRequest) -> Place | None:
    """The place that the address asks for, when the user may see its measures."""
    pk = an_id(request.GET.get("place"))
    return seen_by(request.user, Place, "visits.see").filter(pk=pk).first() if pk else None


def _with(request: HttpRequest, **changes: str) -> str:
    query = request.GET.copy()
    for gone in ("page", "export"):
        query.pop(gone, None)
    for key, value in changes.items():
        query[key] = value
    return f"?{query.urlencode()}"
