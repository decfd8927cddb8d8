"""How purely waste is sorted: by month, by park, by building, each with how certain that is 分类纯度."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from linqi.journal.actions import record_export
from linqi.kit import access, clock
from linqi.kit.measures import wilson
from linqi.kit.sheets import Cell
from linqi.territory.models import Coverage, PlaceKind
from linqi.territory.queries import valid_on
from linqi.ui import exports
from linqi.ui.asked import an_id
from linqi.ui.parts import Chart, Crumb, Series
from linqi.waste import purity as ask
from linqi.waste.purity import Purity
from linqi.waste.views.parts import home

MONTHS: Final = 6  # shown; product default


@dataclass(frozen=True, slots=True)
class Sum:
    """Several buildings together: how many looked at, how many clean, the share and its 95 % interval."""

    pk: int
    name: str
    clean: int
    looked_at: int

    @property
    def share(self) -> float | None:
        """None when nothing was looked at: unknown is not zero."""
        return self.clean / self.looked_at if self.looked_at else None

    @property
    def bounds(self) -> tuple[float, float] | None:
        return wilson(self.clean, self.looked_at) if self.looked_at else None


@access.page("waste.purity")
def purity(request: HttpRequest) -> HttpResponseBase:
    """Months, parks and buildings; a park narrows all of it."""
    today = clock.today()
    months = _months(today)
    spans = [ask.listed_for(request.user, span) for span in months]
    whole = ask.listed_for(request.user, (months[0][0], months[-1][1]))
    parks = _parks([one.place.pk for one in whole.rows])
    chosen = an_id(request.GET.get("park"))
    chosen = chosen if chosen in {pk for pk, _name in parks.values()} else 0
    rows = [one for one in whole.rows if not chosen or parks.get(one.place.pk, (0, ""))[0] == chosen]
    by_month = []
    for (since, _until), found in zip(months, spans, strict=True):
        mine = (one for one in found.rows if not chosen or parks.get(one.place.pk, (0, ""))[0] == chosen)
        by_month.append(_summed(0, f"{since:%Y-%m}", mine))
    if (kind := request.GET.get("export", "")) in exports.FORMATS:
        record_export(what="waste_purity", rows=len(rows), by=request.user, asked=request.GET.urlencode()[:500])
        titles = [_("楼宇"), _("看过"), _("无误"), _("纯度"), _("区间下限"), _("区间上限")]
        return exports.answer(kind, f"{_('分类纯度')}-{today:%Y%m%d}", titles, _exported(rows))
    context = {
        "since": months[0][0],
        "until": today,
        "months": by_month,
        "chart": _chart(by_month) if any(one.looked_at for one in by_month) else None,
        "parks": _by_park(whole.rows, parks),
        "park": chosen,
        "rows": rows,
        "left_out": whole.left_out,
        "least": ask.FEWEST_TENANTS,
        "query": request.GET.urlencode(),
        "crumbs": [home(), Crumb(_("红绿榜"), reverse("waste:red_green"))],
    }
    return render(request, "waste/purity.html", context)


def _months(today: date) -> list[tuple[date, date]]:
    """The first days of the last months and of the one after each; the present one ends tomorrow."""
    begins = [today.replace(day=1)]
    while len(begins) < MONTHS:
        begins.append((begins[-1] - timedelta(days=1)).replace(day=1))
    begins.reverse()
    return list(zip(begins, [*begins[1:], today + timedelta(days=1)], strict=True))


def _parks(buildings: Iterable[int]) -> dict[int, tuple[int, str]]:
    """In which park each building stands today."""
    rows = Coverage.objects.filter(valid_on(clock.today()), descendant__in=list(buildings))
    found = rows.filter(ancestor__kind=PlaceKind.PARK).values_list("descendant", "ancestor", "ancestor__name")
    return {building: (park, name) for building, park, name in found}


def _by_park(rows: list[Purity], parks: dict[int, tuple[int, str]]) -> list[Sum]:
    within: dict[tuple[int, str], list[Purity]] = defaultdict(list)
    for one in rows:
        if one.place.pk in parks:
            within[parks[one.place.pk]].append(one)
    return [_summed(pk, name, found) for (pk, name), found in sorted(within.items(), key=lambda one: one[0][1])]


def _summed(pk: int, name: str, rows: Iterable[Purity]) -> Sum:
    listed = list(rows)
    return Sum(pk, name, sum(one.clean for one in listed), sum(one.looked_at for one in listed))


def _exported(rows: list[Purity]) -> Iterator[list[Cell]]:
    for one in rows:
        yield [one.place.name, one.looked_at, one.clean, one.share, one.low, one.high]


def _chart(months: list[Sum]) -> Chart:
    def percent(value: float | None) -> Any:
        return None if value is None else round(value * 100, 1)

    return Chart(
        "purity",
        _("每月纯度"),
        [one.name for one in months],
        [
            Series(_("纯度"), [percent(one.share) for one in months]),
            Series(_("95% 区间下限"), [percent(one.bounds[0]) if one.bounds else None for one in months], tone="quiet"),
            Series(_("95% 区间上限"), [percent(one.bounds[1]) if one.bounds else None for one in months], tone="quiet"),
        ],
        kind="line",
        unit=_("%"),
    )
