"""One enterprise 一企一档."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import pgettext

from linqi.dashboards.queries import enterprise as ask
from linqi.enterprises.models import Enterprise
from linqi.enterprises.queries import shown_name
from linqi.kit.access import may, may_anywhere, page, seen_by
from linqi.kit.clock import today
from linqi.territory.models import Place, PlaceKind
from linqi.territory.queries import way_down
from linqi.ui.parts import Crumb

# icons: id, database, history, building, clipboard-list, walk
TIMELINE = 30  # happenings shown before "more"
TIMELINE_MOST = 300
CRUMBS = frozenset({PlaceKind.STREET, PlaceKind.COMMUNITY, PlaceKind.PARK, PlaceKind.BUILDING})


@page("enterprises.see")
def enterprise_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Identity, tenancy, facts with their sources, visits, cases and the timeline of one enterprise."""
    enterprise = _seen(request, pk)
    if enterprise.merged_into_id:
        return redirect("dashboards:enterprise", pk=enterprise.merged_into_id)
    name = shown_name(enterprise, request.user)
    crumbs = [Crumb(pgettext("many", "企业"), reverse("enterprises:list"))]
    if enterprise.seat:
        crumbs += [
            _crumb(place, linked) for place, linked in way_down(request.user, enterprise.seat) if place.kind in CRUMBS
        ]
    entries = ask.timeline_of(enterprise=enterprise, user=request.user, limit=TIMELINE + 1)
    return render(
        request,
        "dashboards/enterprise.html",
        {
            "enterprise": enterprise,
            "name": name,
            "crumbs": [*crumbs, Crumb(name)],
            "file": ask.enterprise_file(enterprise=enterprise, user=request.user),
            "contacted": ask.contacted(enterprise=enterprise, user=request.user, on=today()),
            "entries": entries[:TIMELINE],
            "more_entries": len(entries) > TIMELINE,
            "rows": f"?enterprise={enterprise.pk}",
            "may_edit": may(request.user, "enterprises.edit", enterprise),
            "may_visit": may(request.user, "visits.plan", enterprise.seat) if enterprise.seat else False,
            "may_advise": enterprise.seat is not None and may_anywhere(request.user, "policies.push"),
            "may_book": may_anywhere(request.user, "bookings.serve"),
            "may_open_case": may(request.user, "cases.open", enterprise),
        },
    )


@page("enterprises.see")
def timeline(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole timeline, for the button that asks for more."""
    enterprise = _seen(request, pk)
    entries = ask.timeline_of(enterprise=enterprise, user=request.user, limit=TIMELINE_MOST)
    return render(request, "ui/components/timeline.html", {"entries": entries})


def _crumb(place: Place, linked: bool) -> Crumb:
    name = "dashboards:building" if place.kind == PlaceKind.BUILDING else "territory:place"
    return Crumb(place.name, reverse(name, args=[place.pk]) if linked else "")


def _seen(request: HttpRequest, pk: int) -> Enterprise:
    return get_object_or_404(seen_by(request.user, Enterprise).select_related("seat"), pk=pk)
