"""One building 一楼一档."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from linqi.dashboards.forms import day_asked
from linqi.dashboards.queries import building as ask
from linqi.dashboards.queries.sorting import Sorting, sorting_in
from linqi.kit.access import may, page, seen_by
from linqi.organisation.rules import TeamRole
from linqi.territory.models import Place, PlaceKind
from linqi.territory.queries import way_down
from linqi.ui.parts import Crumb, Room, Storey
from linqi.waste.views.parts import LIVE_TONES, badges, level_bar, stream_tone, stream_words

BINS = 12  # shown on the page of a building; the list has all
TONES = {"vacant": "quiet", "let": "good", "shared": "info"}


@page("territory.see")
def building_file(request: HttpRequest, pk: int) -> HttpResponse:
    """Floors from top to bottom, who is in which unit, what is empty, and how the building is looked after."""
    building = get_object_or_404(seen_by(request.user, Place), pk=pk, kind=PlaceKind.BUILDING)
    on = day_asked(request)
    file = ask.building_file(building=building, user=request.user, on=on)
    crumbs = [
        Crumb(place.name, reverse("territory:place", args=[place.pk]) if linked and place.pk != building.pk else "")
        for place, linked in way_down(request.user, building, on)
    ]
    return render(
        request,
        "dashboards/building.html",
        {
            "building": building,
            "file": file,
            "on": on,
            "may_visit": may(request.user, "visits.record", building),
            "crumbs": crumbs,
            "place_key": str(building.pk),
            "sorting": (sorting := sorting_in(building, request.user)),
            "bins": _bins(sorting) if sorting else [],
            "vacancy_note": _share(file.vacancy, _("空置率")),
            "coverage_note": _share(file.coverage, _("覆盖")),
            "seats": _seats(file),
            "storeys": [_storey(storey) for storey in file.storeys],
            "legend": [(TONES["let"], _("一家")), (TONES["shared"], _("多家共用")), (TONES["vacant"], _("空置"))],
        },
    )


def _bins(sorting: Sorting) -> list[dict[str, object]]:
    """The fullest bins, in words and bars."""
    return [
        {
            "bin": one,
            "stream": stream_words(one.stream),
            "tone": stream_tone(one.stream),
            "level": level_bar(one.level),
            "states": badges([(_(state.label), LIVE_TONES[state]) for state in one.states]),
        }
        for one in sorting.worst[:BINS]
    ]


def _share(share: float | None, word: str) -> str:
    return "" if share is None else f"{word} {share:.0%}"


def _seats(file: ask.BuildingFile) -> list[dict[str, object]]:
    """The three seats in order, empty ones included."""
    held = {seat.role: seat.user for seat in file.seats}
    return [{"label": _(role.label), "user": held.get(role.value)} for role in TeamRole]


def _storey(storey: ask.Storey) -> Storey:
    return Storey(
        label=storey.name or _("未分楼层"),
        rooms=[_room(unit) for unit in storey.units],
        note=_("另有 %(count)s 家登记在本层") % {"count": len(storey.loose)} if storey.loose else "",
    )


def _room(unit: ask.Unit) -> Room:
    first = unit.tenants[0] if unit.tenants else None
    states = {"vacant": _("空置"), "let": _("在用"), "shared": _("%(count)s 家共用") % {"count": len(unit.tenants)}}
    alone = len(unit.tenants) == 1
    return Room(
        label=unit.name,
        state=states[unit.state],
        tone=TONES[unit.state],
        who=first.name if first else "",
        url=reverse("dashboards:enterprise", args=[first.enterprise])
        if first and alone
        else f"{reverse('enterprises:list')}?place={unit.place}"
        if first
        else "",
        weight=_weight(unit),
    )


def _weight(unit: ask.Unit) -> int:
    """Width of a unit on its floor: one step for each 100 m²."""
    return 1 if unit.area_m2 is None else max(1, min(6, round(float(unit.area_m2) / 100)))
