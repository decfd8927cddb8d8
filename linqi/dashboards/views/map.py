"""The map of parks and buildings, with the same things as a list 地图."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from linqi.accounts.queries import valid_on
from linqi.dashboards.forms import day_asked
from linqi.dashboards.queries.wall import enterprises_below
from linqi.kit.access import page, seen_by
from linqi.territory.models import Place, PlaceKind
from linqi.ui.parts import Map, Shape, Spot

TONES = {PlaceKind.STREET: "quiet", PlaceKind.COMMUNITY: "info", PlaceKind.PARK: "good"}


@page("dashboards.map")
def places_map(request: HttpRequest) -> HttpResponse:
    """Outlines of street, communities and parks, and a point for each building with its number of enterprises."""
    on = day_asked(request)
    seen = seen_by(request.user, Place).filter(valid_on(on))
    outlined = seen.filter(kind__in=TONES, outline__isnull=False).order_by("kind", "name")
    buildings = list(
        seen.filter(kind=PlaceKind.BUILDING, longitude__isnull=False, latitude__isnull=False).order_by("name")
    )
    counts = enterprises_below([building.pk for building in buildings], on)
    picture = Map(
        key="places",
        title=_("园区与楼宇"),
        shapes=[
            Shape(
                place.name,
                place.outline or {},
                url=reverse("territory:place", args=[place.pk]),
                tone=TONES[PlaceKind(place.kind)],
                text=_(PlaceKind(place.kind).label),
            )
            for place in outlined
        ],
        spots=[
            Spot(
                building.name,
                building.latitude or 0.0,
                building.longitude or 0.0,
                url=reverse("dashboards:building", args=[building.pk]),
                text=_("%(count)s 家企业") % {"count": counts.get(building.pk, 0)},
                count=counts.get(building.pk, 0),
            )
            for building in buildings
        ],
        legend=[("quiet", _("街道")), ("info", _("社区")), ("good", _("园区")), ("plain", _("楼宇"))],
    )
    sources = {place.outline_source for place in outlined if place.outline_source}
    return render(request, "dashboards/map.html", {"map": picture, "on": on, "sources": sorted(sources)})
