"""All bins as they stand just now, as a list and as a map 实时看板."""

from typing import Any, cast

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linqi.journal.actions import record_export
from linqi.kit import access, clock
from linqi.kit.access import seen_by
from linqi.territory.models import Coverage, Place, PlaceKind
from linqi.territory.queries import valid_on
from linqi.ui.listed import Listed, holding, passing
from linqi.ui.parts import Map, Shape, Spot, Tab
from linqi.ui.tables import BoundTable, Choose, Column, Search, Table
from linqi.waste import queries
from linqi.waste.kinds import Stream
from linqi.waste.queries import Live, LiveBin
from linqi.waste.views.parts import LIVE_TONES, badges, level_bar, made_up, stream_tone, stream_words

ORDER = [Live.FULL, Live.CLUE, Live.SILENT, Live.LOW, Live.NO_DEVICE, Live.WELL]  # the colour of a building: its worst


@access.page("waste.see")
def live(request: HttpRequest) -> HttpResponseBase:
    """The list: how full, last heard of, clues; it comes anew each half minute while it is looked at."""
    bins = queries.live(request.user, clock.now())
    table = _bound(request, bins)
    if table.export_format:
        record_export(what="waste_live", rows=table.whole, by=request.user, asked=request.GET.urlencode()[:500])
        return table.export()
    return table.answer("waste/live.html", {**_around(request, bins), "tabs": _tabs(request, "list")})


@access.page("waste.see")
def live_map(request: HttpRequest) -> HttpResponseBase:
    """The map with its list beside it: a point for each building, in the colour of what is worst there."""
    bins = queries.live(request.user, clock.now())
    table = _bound(request, bins)
    shown = list(table.filtered)
    context = {
        **_around(request, bins),
        "tabs": _tabs(request, "map"),
        "map": _map(request, shown),
        "unplaced": sum(_position(one) is None for one in shown),
    }
    return table.answer("waste/live_map.html", context)


def _bound(request: HttpRequest, bins: list[LiveBin]) -> BoundTable[Any]:
    """The list as this request asks for it; who may not look at clues is not offered their number."""
    looks = access.may_anywhere(request.user, "waste.look")
    return _table(bins, looks=looks).bind(request, cast(Any, Listed(bins)), without=() if looks else ("clues",))


def _table(bins: list[LiveBin], *, looks: bool) -> Table[Any]:
    buildings = {one.building.pk: one.building.name for one in bins if one.building}
    states = [one for one in Live if one is not Live.CLUE or looks]
    return Table[Any](
        key="waste_live",
        columns=[
            Column("code", gettext_lazy("桶号"), sort="code", fixed=True),
            Column(
                "stream",
                gettext_lazy("分类"),
                value=lambda one: stream_words(one.stream),
                sort="stream",
                kind="badge",
                tone=lambda one: stream_tone(one.stream),
            ),
            Column(
                "level",
                gettext_lazy("满溢度"),
                value=lambda one: level_bar(one.level),
                sort="level",
                kind="html",
                nullable=True,
                export=lambda one: one.level,
            ),
            Column(
                "states",
                gettext_lazy("状态"),
                value=lambda one: badges([(_(state.label), LIVE_TONES[state]) for state in one.states]),
                kind="html",
                export=lambda one: "、".join(_(state.label) for state in one.states),
            ),
            Column("clues", gettext_lazy("待核看线索"), sort="clues", kind="number", nullable=True),
            Column("building", gettext_lazy("楼宇"), value="building_name", sort="building_name"),
            Column("point", gettext_lazy("点位"), value="point", phone=False),
            Column("seen", gettext_lazy("最近上报"), value="seen_at", sort="seen_at", kind="datetime", nullable=True),
            Column("mark", gettext_lazy("来源"), value=lambda one: made_up(one.made_up) or None),
        ],
        order="-level",
        caption=gettext_lazy("垃圾桶实时状态"),
        row_url=lambda one: reverse("waste:bin", args=[one.pk]),
        filters=[
            Search("q", gettext_lazy("桶号、楼宇、点位"), apply=holding("code", "building_name", "point")),
            Choose(
                "building",
                gettext_lazy("楼宇"),
                sorted(buildings.items(), key=lambda one: one[1]),
                apply=passing(lambda one, chosen: one.building is not None and str(one.building.pk) in chosen),
            ),
            Choose(
                "stream",
                gettext_lazy("分类"),
                Stream.choices,
                apply=passing(lambda one, chosen: one.stream in chosen),
            ),
            Choose(
                "state",
                gettext_lazy("状态"),
                [(one.value, gettext_lazy(one.label)) for one in states],
                apply=passing(lambda one, chosen: any(state.value in chosen for state in one.states)),
            ),
        ],
        empty=gettext_lazy("还没有垃圾桶。先登记点位和桶，或用表格整批导入。"),
        empty_url=reverse("waste:points"),
        empty_action=gettext_lazy("看点位"),
    )


def _around(request: HttpRequest, bins: list[LiveBin]) -> dict[str, Any]:
    """The numbers above list and map: each leads to its rows."""
    page = reverse("waste:live")

    def number(state: Live) -> int:
        return sum(state in one.states for one in bins)

    looks = access.may_anywhere(request.user, "waste.look")
    return {
        "total": len(bins),
        "stats": [
            (_("在用的桶"), len(bins), page, "plain"),
            (_("已满"), number(Live.FULL), f"{page}?state=full", "bad" if number(Live.FULL) else "plain"),
            *([(_("有线索待核看"), number(Live.CLUE), f"{page}?state=clue", "plain")] if looks else []),
            (_("失联"), number(Live.SILENT), f"{page}?state=silent", "warn" if number(Live.SILENT) else "plain"),
            (_("没有终端"), number(Live.NO_DEVICE), f"{page}?state=no_device", "plain"),
        ],
        "made_up": any(one.made_up for one in bins),
        "may_keep": access.may_anywhere(request.user, "waste.keep"),
        "looks": looks,
        "may_purity": access.may_anywhere(request.user, "waste.purity"),
        "now": clock.now(),
    }


def _tabs(request: HttpRequest, here: str) -> list[Tab]:
    asked = request.GET.urlencode()
    return [
        Tab(_("列表"), f"{reverse('waste:live')}?{asked}".rstrip("?"), active=here == "list"),
        Tab(_("地图"), f"{reverse('waste:live_map')}?{asked}".rstrip("?"), active=here == "map"),
    ]


# --- the map ---------------------------------------------------------------------------------------------------------
def _position(one: LiveBin) -> tuple[float, float] | None:
    where = one.building or one.place
    if where.latitude is None or where.longitude is None:
        return None
    return where.latitude, where.longitude


def _map(request: HttpRequest, bins: list[LiveBin]) -> Map:
    by_building: dict[int, list[LiveBin]] = {}
    for one in bins:
        if _position(one) is not None:
            by_building.setdefault((one.building or one.place).pk, []).append(one)
    spots = []
    for listed in sorted(by_building.values(), key=lambda found: found[0].building_name):
        first = listed[0]
        latitude, longitude = cast("tuple[float, float]", _position(first))
        worst = min((state for one in listed for state in one.states), key=ORDER.index)
        told = [f"{_(state.label)} {n}" for state in ORDER if (n := sum(state in one.states for one in listed))]
        spots.append(
            Spot(
                first.building_name,
                latitude,
                longitude,
                url=f"{reverse('waste:live')}?building={(first.building or first.place).pk}",
                tone=LIVE_TONES[worst],
                text=_("%(n)s 只桶：%(told)s") % {"n": len(listed), "told": "、".join(told)},
                count=len(listed),
            )
        )
    return Map(
        key="waste",
        title=_("垃圾桶分布"),
        shapes=[
            Shape(place.name, place.outline or {}, tone="quiet", text=_("园区"))
            for place in _parks(request.user, list(by_building))
        ],
        spots=spots,
        legend=[
            ("bad", _("有满的")),
            ("warn", _("有线索、失联或电量低")),
            ("quiet", _("没有终端")),
            ("good", _("一切正常")),
        ],
    )


def _parks(user: Any, buildings: list[int]) -> list[Place]:
    """The outlines of the parks in which these buildings stand."""
    above = Coverage.objects.filter(valid_on(clock.today()), descendant__in=buildings, ancestor__kind=PlaceKind.PARK)
    parks = seen_by(user, Place).filter(pk__in=above.values("ancestor"), outline__isnull=False)
    return list(parks.order_by("name"))
