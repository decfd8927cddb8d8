"""The wall: the figures of a place, each opening to its rows 驾驶舱."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from linqi.cases.flow import OPEN
from linqi.dashboards.forms import day_asked
from linqi.dashboards.queries import wall as ask
from linqi.enterprises.industry import section_name
from linqi.kit.access import page, seen_by
from linqi.kit.clock import today
from linqi.territory.models import Place
from linqi.ui.parts import Chart, Series

# icons: list
SHOWN_INDUSTRIES = 10  # the others are added up


@page("dashboards.wall")
def wall(request: HttpRequest) -> HttpResponse:
    """Figures, charts and a comparison of the places below, for `?place=` on the day `?on=`."""
    on = day_asked(request)
    asked = request.GET.get("place", "")
    place = get_object_or_404(seen_by(request.user, Place), pk=asked) if asked.isdigit() else ask.home_of(request.user)
    if place is None:
        return render(request, "dashboards/no_place.html")
    user = request.user
    figures = ask.figures(user=user, place=place, on=on)
    return render(
        request,
        "dashboards/wall.html",
        {
            "place": place,
            "places": ask.places_to_choose(user),
            "on": on,
            "today": today(),
            "figures": figures,
            **_shares(figures),
            "parts": ask.parts(user=user, place=place, on=on),
            "charts": [_industries(place, on), _moves(place, on), _cases(user, place, on)],
            "links": _links(place) if on == today() else dict.fromkeys(_links(place), ""),
        },
    )


def _shares(figures: ask.Figures) -> dict[str, str | None]:
    """Shares in words, each with the numbers it was made of; None is unknown."""

    def percent(share: float | None) -> str | None:
        return None if share is None else f"{share:.1%}"

    return {
        "vacancy": percent(figures.vacancy),
        "vacancy_note": _("%(vacant)s / %(units)s 个单元") % {"vacant": figures.vacant, "units": figures.units},
        "coverage": percent(figures.coverage),
        "coverage_note": _("%(seen)s / %(all)s 家") % {"seen": figures.visited, "all": figures.enterprises},
        "on_time": percent(figures.on_time),
        "on_time_note": _("办结 %(count)s 件") % {"count": figures.closed},
        "satisfaction": percent(figures.satisfaction),
        "satisfaction_note": _("%(count)s 次有效评价") % {"count": figures.ratings},
        "overdue_tone": "bad" if figures.overdue else "good",
    }


def _links(place: Place) -> dict[str, str]:
    """Where each number leads: the list with the filters that make the number."""

    def rows(name: str, **filters: Any) -> str:
        return f"{reverse(name)}?{urlencode({'place': place.pk, **filters}, doseq=True)}"

    return {
        "enterprises": rows("enterprises:list"),
        "newcomers": rows("enterprises:list", newcomer=1),
        "open_cases": rows("cases:list", state=sorted(OPEN)),
        "overdue": rows("cases:list", press="overdue"),
        "closed": rows("cases:list", state="closed"),
        "rated": rows("cases:list", rating=["low", "good"]),
        "visits": rows("visits:list", state="done"),
        "places": reverse("territory:place", args=[place.pk]),
    }


def _industries(place: Place, on: date) -> Chart:
    found = ask.industries(place=place, on=on)
    known = [(code, count) for code, count in found if code]
    unknown = sum(count for code, count in found if not code)
    shown = known[:SHOWN_INDUSTRIES]
    labels = [section_name(code) for code, _count in shown]
    values = [count for _code, count in shown]
    links = [f"{reverse('enterprises:list')}?{urlencode({'place': place.pk, 'section': code})}" for code, _c in shown]
    if rest := sum(count for _code, count in known[SHOWN_INDUSTRIES:]):
        labels, values, links = [*labels, _("其他行业")], [*values, rest], [*links, ""]
    if unknown:
        labels, values, links = [*labels, _("行业未知")], [*values, unknown], [*links, ""]
    return Chart(
        key="industries",
        title=_("企业按行业门类"),
        unit=_("家"),
        labels=labels,
        series=[Series(pgettext("many", "企业"), values)],
        links=links,
        lying=True,
        tall=True,
    )


def _moves(place: Place, on: date) -> Chart:
    months = ask.comings_and_goings(place=place, on=on)
    return Chart(
        key="moves",
        title=_("近 12 个月迁入迁出"),
        unit=_("家"),
        labels=[month for month, _in, _out in months],
        series=[
            Series(_("迁入"), [came for _m, came, _out in months], tone="good"),
            Series(_("迁出"), [went for _m, _in, went in months], tone="warn"),
        ],
    )


def _cases(user: Any, place: Place, on: date) -> Chart:
    months = ask.cases_by_month(user=user, place=place, on=on)
    return Chart(
        key="cases",
        title=_("近 12 个月办件"),
        kind="line",
        unit=_("件"),
        labels=[month for month, _in, _out in months],
        series=[
            Series(_("收到"), [opened for _m, opened, _out in months], tone="info"),
            Series(pgettext("journal", "办结"), [closed for _m, _in, closed in months], tone="good"),
        ],
    )
