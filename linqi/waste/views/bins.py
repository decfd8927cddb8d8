"""Bins: the list, one bin with a day of its life, labels to print, and what is done to it 垃圾桶."""

from datetime import date
from typing import Any

import segno
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from linqi.journal.actions import record_export
from linqi.kit import access, clock
from linqi.ui.asked import an_id
from linqi.ui.parts import Chart, Crumb, Fact, Happening, Series
from linqi.ui.tables import Choose, Column, Search, Table
from linqi.waste import queries, timeline
from linqi.waste.actions import registry
from linqi.waste.forms import MomentUntilForm, MoveForm
from linqi.waste.kinds import ClueKind, ClueState, Stream, Told
from linqi.waste.models import Bin, Fitting, Point
from linqi.waste.queries import LiveBin
from linqi.waste.timeline import Day, Line
from linqi.waste.views.parts import (
    LIVE_TONES,
    badges,
    form_page,
    home,
    level_bar,
    made_up,
    place_filter,
    stream_tone,
    stream_words,
)

LABELS = 24  # labels of an A4 sheet, three by eight; product default
MOST_LABELS = 480  # labels of one page of the browser: twenty sheets. Product default


@access.page("waste.see")
def bins(request: HttpRequest) -> HttpResponseBase:
    """Every bin within reach, those that are gone included."""
    table = _table(request.user).bind(
        request,
        queries.bins_seen_by(request.user),
        picks=[(gettext_lazy("打印标签"), reverse("waste:labels"))],
    )
    if table.export_format:
        record_export(what="waste_bins", rows=table.whole, by=request.user, asked=request.GET.urlencode()[:500])
        return table.export()
    return table.answer(
        "waste/bins.html", {"may_keep": access.may_anywhere(request.user, "waste.keep"), "crumbs": [home()]}
    )


def _table(user: Any) -> Table[Bin]:
    def search(rows: QuerySet[Bin], text: str) -> QuerySet[Bin]:
        return rows.filter(Q(code__icontains=text) | Q(point_name__icontains=text) | Q(place__name__icontains=text))

    return Table[Bin](
        key="waste_bins",
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
            Column("place", gettext_lazy("所在"), value="place.name", sort="place__name"),
            Column("point", gettext_lazy("点位"), value="point_name", sort="point_name", nullable=True),
            Column("litres", gettext_lazy("容积（升）"), sort="litres", kind="number", nullable=True, phone=False),
            Column("airtight", gettext_lazy("密闭"), value=lambda one: _("是") if one.airtight else None, phone=False),
            Column("since", gettext_lazy("启用日期"), sort="since", kind="date", phone=False),
            Column("until", gettext_lazy("撤销日期"), sort="until", kind="date", nullable=True, phone=False),
            Column("generated", gettext_lazy("示例"), value=lambda one: made_up(one.generated) or None, visible=False),
        ],
        order="code",
        caption=gettext_lazy("垃圾桶"),
        row_url=lambda one: reverse("waste:bin", args=[one.pk]),
        filters=[
            Search("q", gettext_lazy("桶号、点位、楼宇"), apply=search),
            place_filter(user, "place"),
            Choose("stream", gettext_lazy("分类"), Stream.choices, facet=True),
            Choose(
                "state",
                gettext_lazy("状态"),
                [("now", gettext_lazy("在用")), ("ended", gettext_lazy("已撤销"))],
                apply=lambda rows, values: rows.filter(until__isnull=values[0] == "now"),
            ),
        ],
        empty=gettext_lazy("还没有垃圾桶。先登记点位，再在点位页面登记桶；也可以用表格整批导入。"),
        empty_url=reverse("waste:points"),
        empty_action=gettext_lazy("看点位"),
    )


# --- one bin ---------------------------------------------------------------------------------------------------------
@access.page("waste.see")
def bin_(request: HttpRequest, pk: int) -> HttpResponse:
    """One bin as it stands now, and one day of what happened there."""
    one = _bin(request, pk)
    now = clock.now()
    on = _day(request, now.date())
    day = timeline.day_of(one, on, request.user)
    before, after = timeline.days_near(one, on)
    shown = next(iter(queries.live_of(request.user, [one], now)), None)
    fitted = []
    if access.may_anywhere(request.user, "waste.devices"):
        fitted = list(access.seen_by(request.user, Fitting).filter(bin=one, until=None).select_related("device"))
    context = {
        "bin": one,
        "live": shown,
        "states": badges([(_(state.label), LIVE_TONES[state]) for state in shown.states]) if shown else "",
        "stream": stream_words(one.stream),
        "tone": stream_tone(one.stream),
        "facts": _facts(one, shown),
        "mark": made_up(shown.made_up if shown else one.generated),
        "fitted": fitted,
        "on": on,
        "today": now.date(),
        "before": before,
        "after": after,
        "day": day,
        "counted": _counted(day),
        "entries": [_happening(line) for line in day.lines],
        "pictures": [line.row for line in day.lines if line.what == "picture"],
        "charts": _charts(day) if any(hour.fill is not None or hour.deposits for hour in day.hours) else [],
        "may_keep": one.until is None and access.may(request.user, "waste.keep", one),
        "crumbs": [home(), Crumb(_("垃圾桶"), reverse("waste:bins")), Crumb(one.code)],
    }
    return render(request, "waste/bin.html", context)


def _facts(one: Any, shown: LiveBin | None) -> list[Fact]:
    point = reverse("waste:point", args=[one.point_pk]) if one.point_pk else ""
    facts = [
        Fact(_("点位"), one.point_name, url=point),
        Fact(_("所在"), one.place.name),
        Fact(_("容积（升）"), one.litres, kind="number"),
        Fact(_("密闭"), _("是") if one.airtight else _("否")),
        Fact(_("启用日期"), one.since, kind="date"),
    ]
    if one.until is not None:
        return [*facts, Fact(_("撤销日期"), one.until, kind="date")]
    if shown is not None:
        facts += [
            Fact(_("满溢度"), level_bar(shown.level), kind="html", note=_when(shown.level_at)),
            Fact(_("最近上报"), shown.seen_at, kind="datetime"),
        ]
        if shown.clues:
            facts.append(Fact(_("待核看线索"), shown.clues, kind="number", url=reverse("waste:clues")))
    return facts


def _when(at: Any) -> str:
    return f"{at.astimezone(clock.ZONE):%m-%d %H:%M}" if at else ""


def _counted(day: Day) -> list[tuple[str, int]]:
    """What devices told that day, by kind."""
    return [(_(told.label), day.counted[told.value]) for told in Told if day.counted.get(told.value)]


def _happening(line: Line) -> Happening:
    """One line of the timeline in words."""
    row = line.row
    if line.what == "clue":
        text = _("线索：%(kind)s") % {"kind": _(ClueKind(row.kind).label)}
        state = _(ClueState(row.state).label)
        tone = {"waiting": "warn", "confirmed": "bad", "refuted": "quiet"}[row.state]
        return Happening(line.at, text, detail=state, tone=tone, icon="flag")
    if line.what == "picture":
        seen = _(Stream(row.stream).label) if row.stream else _("没有认出")
        return Happening(line.at, _("图像：%(seen)s") % {"seen": seen}, icon="photo")
    if line.what == "stands":
        return Happening(line.at, _("放到点位“%(point)s”") % {"point": row.point.name}, tone="info", icon="map-pin")
    if line.what == "fitted":
        text = _("装上终端 %(serial)s") % {"serial": row.device.serial}
        return Happening(line.at, text, tone="info", icon="plus")
    if line.what == "taken_off":
        text = _("拆下终端 %(serial)s") % {"serial": row.device.serial}
        return Happening(line.at, text, tone="info", icon="x")
    return _event(line)


def _event(line: Line) -> Happening:
    row = line.row
    text = _(Told(line.what).label)
    if line.what == "deposit" and row.value is not None:
        text = _("投放 %(kg).2f 千克") % {"kg": row.value}
    parts = []
    if row.stream:
        parts.append(_("终端认作%(stream)s") % {"stream": _(Stream(row.stream).label)})
    if row.card:
        parts.append(_("凭证 %(card)s") % {"card": row.card})
    if row.clock_wrong:
        parts.append(_("时间为推算：终端时钟不可信"))
    tone = "warn" if line.what in {"tamper", "mixed", "overflow", "illegal", "smoke"} else "plain"
    return Happening(line.at, text, detail=" · ".join(parts), tone=tone)


def _charts(day: Day) -> list[Chart]:
    labels = [f"{hour.begins:%H}" for hour in day.hours]
    return [
        Chart(
            "fill",
            _("满溢度"),
            labels,
            [
                Series(
                    _("每小时最高"),
                    [None if hour.fill is None else round(hour.fill * 100, 1) for hour in day.hours],
                )
            ],
            kind="line",
            unit=_("%"),
        ),
        Chart(
            "deposits",
            _("投放"),
            labels,
            [
                Series(_("次数"), [hour.deposits for hour in day.hours]),
                Series(_("千克"), [None if hour.kilograms is None else round(hour.kilograms, 2) for hour in day.hours]),
            ],
        ),
    ]


def _day(request: HttpRequest, today: date) -> date:
    try:
        asked = parse_date(request.GET.get("on", ""))
    except ValueError:
        asked = None
    return min(asked, today) if asked and asked > date(2000, 1, 1) else today


# --- labels ----------------------------------------------------------------------------------------------------------
@access.page("waste.see")
def labels(request: HttpRequest) -> HttpResponse:
    """Labels for bins to print: those picked in a list, those of a point, or one; A4 sheets of three by eight."""
    sent = request.POST if request.method == "POST" else request.GET
    rows: Any = queries.bins_seen_by(request.user).filter(until=None)
    picked = [an_id(one) for one in sent.getlist("pick")][:MOST_LABELS]
    if picked:
        rows = rows.filter(pk__in=picked)
    elif point := an_id(sent.get("point")):
        rows = rows.filter(point_pk=point)
    else:
        rows = rows.none()
    listed = list(rows.order_by("place__name", "code")[:MOST_LABELS])
    drawn = [
        {
            "bin": one,
            "stream": stream_words(one.stream),
            "tone": stream_tone(one.stream),
            "code": _code(request.build_absolute_uri(reverse("waste:scan", args=[one.code]))),
        }
        for one in listed
    ]
    context = {
        "sheets": [drawn[at : at + LABELS] for at in range(0, len(drawn), LABELS)],
        "count": len(drawn),
        "crumbs": [home(), Crumb(_("垃圾桶"), reverse("waste:bins")), Crumb(_("打印标签"))],
    }
    return render(request, "waste/bin_labels.html", context)


def _code(address: str) -> SafeString:
    drawn = segno.make(address, error="q", micro=False).svg_inline(scale=4, border=2, omitsize=True)
    return mark_safe(drawn)  # noqa: S308 – drawn by us from our own address


@require_GET
@access.page("waste.see")
def scan(request: HttpRequest, code: str) -> HttpResponse:
    """Where the code on a label leads: the page of its bin, for who may see it."""
    found = get_object_or_404(access.seen_by(request.user, Bin), code=code[:40])
    return redirect("waste:bin", pk=found.pk)


# --- what is done ----------------------------------------------------------------------------------------------------
@access.page("waste.keep")
def bin_move(request: HttpRequest, pk: int) -> HttpResponse:
    """Stand a bin elsewhere."""
    one = _bin(request, pk, "waste.keep")
    points = access.seen_by(request.user, Point, "waste.keep").filter(until=None).select_related("place")
    form = MoveForm(request.POST or None, points=points.order_by("place__name", "name"))
    return form_page(
        request,
        form,
        lambda said: registry.move_bin(bin=one, **said, by=request.user),
        title=_("移桶"),
        note=_("桶上的终端一起走；以前的投放仍算在原来的点位。"),
        **_back(one),
    )


@access.page("waste.keep")
def bin_end(request: HttpRequest, pk: int) -> HttpResponse:
    """A bin is no longer used."""
    one = _bin(request, pk, "waste.keep")
    form = MomentUntilForm(request.POST or None)
    return form_page(
        request,
        form,
        lambda said: registry.end_bin(bin=one, **said, by=request.user),
        title=_("撤销垃圾桶"),
        note=_("先拆下桶上的终端。桶号不再使用，以前的记录都留着。"),
        button=_("撤销垃圾桶"),
        **_back(one),
    )


def _bin(request: HttpRequest, pk: int, permission: str = "") -> Any:
    if permission:
        return get_object_or_404(access.seen_by(request.user, Bin, permission).select_related("place"), pk=pk)
    return get_object_or_404(queries.bins_seen_by(request.user), pk=pk)


def _back(one: Bin) -> dict[str, Any]:
    back = reverse("waste:bin", args=[one.pk])
    return {"back": back, "crumbs": [home(), Crumb(_("垃圾桶"), reverse("waste:bins")), Crumb(one.code, back)]}
