"""The pool from above: who carries how much, and where it lies 负荷与分布."""

from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from linqi.accounts.queries import valid_on
from linqi.cases import queries
from linqi.cases.deadlines import in_words
from linqi.cases.flow import OPEN, State
from linqi.cases.models import Outcome, Source
from linqi.cases.views.timeline import happenings
from linqi.catalogue.models import CaseClass
from linqi.enterprises.queries import shown_name
from linqi.kit import access, clock
from linqi.kit.access import seen_by
from linqi.territory.models import Place, PlaceKind
from linqi.territory.queries import way_down
from linqi.ui.parts import Crumb, Map, Shape, Spot
from linqi.ui.tables import UNKNOWN

UNFINISHED: Final = urlencode([("state", state.value) for state in State if state in OPEN])


@access.page("cases.desk")
def load(request: HttpRequest) -> HttpResponse:
    """How much each section and each handler carries now, and what of it presses 科室负荷."""
    by_section, handlers = queries.load(request.user, clock.now())
    sections = [(one, f"{reverse('cases:list')}?department={one.pk or UNKNOWN}") for one in by_section]
    crumbs = [Crumb(_("办件"), reverse("cases:list")), Crumb(_("科室负荷"))]
    heaviest = max((one.open for one in by_section), default=0)
    context = {
        "sections": sections,
        "handlers": handlers,
        "unfinished": UNFINISHED,
        "heaviest": heaviest,
        "crumbs": crumbs,
    }
    return render(request, "cases/load.html", context)


@access.page("cases.desk")
def where(request: HttpRequest) -> HttpResponse:
    """Open cases on the map, building by building, and the same as a list 办件分布."""
    counts = queries.open_at(request.user, clock.now())
    seen = seen_by(request.user, Place, "cases.desk").filter(valid_on(clock.today()))
    places = {place.pk: place for place in seen.filter(pk__in=counts)}
    outlined = seen.filter(kind__in=(PlaceKind.STREET, PlaceKind.PARK), outline__isnull=False).order_by("kind", "name")
    found = sorted(((places[pk], *one) for pk, one in counts.items() if pk in places), key=lambda row: -row[1])
    picture = Map(
        key="cases",
        title=_("办件分布"),
        shapes=[Shape(one.name, one.outline or {}, _list_at(one), "quiet") for one in outlined],
        spots=[
            Spot(
                place.name,
                place.latitude,
                place.longitude,
                url=_list_at(place),
                tone="bad" if late else "warn" if open_ else "plain",
                text=_("未办结 %(open)s 件，超期 %(late)s 件") % {"open": open_, "late": late},
                count=open_,
            )
            for place, open_, late in found
            if place.latitude is not None and place.longitude is not None
        ],
        legend=[("warn", _("有未办结")), ("bad", _("有超期")), ("quiet", _("街道与园区"))],
    )
    crumbs = [Crumb(_("办件"), reverse("cases:list")), Crumb(_("办件分布"))]
    rows = [(place, open_, late, _list_at(place)) for place, open_, late in found]
    return render(request, "cases/where.html", {"map": picture, "rows": rows, "crumbs": crumbs})


@access.page("cases.desk")
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """One case on paper: what was asked, by when, what was done, and where to sign 办件处理单."""
    found = get_object_or_404(queries.desk_cases(request.user).select_related("reporter"), pk=pk)
    context = {
        "case": found,
        "name": shown_name(found.enterprise, request.user) if found.enterprise else "",
        "state": _(State(found.state).label),
        "source": _(Source(found.source).label),
        "path": " / ".join(one.name for one, _open in way_down(request.user, found.place) if one.kind != "district"),
        "kind": _(CaseClass(found.case_class).label),
        "outcome": _(Outcome(found.outcome).label) if found.outcome else "",
        "why": in_words(found.due_why),
        "entries": happenings(found, inside=True),
        "crumbs": [
            Crumb(_("办件"), reverse("cases:list")),
            Crumb(found.number, reverse("cases:detail", args=[pk])),
            Crumb(_("办件处理单")),
        ],
    }
    return render(request, "cases/sheet.html", context)


def _list_at(place: Place) -> str:
    return f"{reverse('cases:list')}?place={place.pk}&{UNFINISHED}"
