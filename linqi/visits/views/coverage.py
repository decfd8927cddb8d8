"""Coverage: which share of the firms of a place was seen, place by place, and the firms themselves 走访覆盖."""

from collections.abc import Iterable
from typing import Any, cast

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from linqi.enterprises.models import Enterprise
from linqi.enterprises.queries import counted, named_like, shown_name
from linqi.kit import access
from linqi.kit.access import seen_by
from linqi.kit.measures import share
from linqi.territory.models import Place, PlaceKind
from linqi.ui.listed import Listed, holding, passing
from linqi.ui.parts import Crumb
from linqi.ui.shown import plain
from linqi.ui.tables import Choose, Column, Search, Table
from linqi.visits import actions
from linqi.visits import coverage as ask
from linqi.visits.coverage import Covered, Level
from linqi.visits.views.spans import Days, day_tabs, days_asked, tabs

HOW_FAR = [
    ("none", gettext_lazy("一家也没有走访")),
    ("part", gettext_lazy("走访过一部分")),
    ("all", gettext_lazy("全部走访过")),
]


@access.page("visits.see")
def places(request: HttpRequest) -> HttpResponseBase:
    """The places of one level, each with its firms, those seen and those not; every number opens to its firms."""
    asked = request.GET.get("level", "")
    level = Level(asked) if asked in Level.values else Level.BUILDING
    span = days_asked(request)
    found = ask.coverage(request.user, level, span.days, span.today)
    table = _places_table(found, span.days, level).bind(
        request, cast(Any, Listed(found, pk="place")), may_export=access.may_anywhere(request.user, "visits.export")
    )
    if table.export_format:
        actions.record_export(what="visit_coverage", rows=table.total, asked=request.GET.urlencode(), by=request.user)
        return table.export()
    firms, seen = sum(one.firms for one in found), sum(one.seen for one in found)
    context = {
        "levels": tabs(request, "level", [(one.value, _(one.label)) for one in Level], level.value),
        "spans": day_tabs(request, span.days),
        "days": span.days,
        "firms": firms,
        "seen": seen,
        "share": in_percent(share(seen, firms)),
        "empty": sum(not one.firms for one in found),
        "none": sum(one.firms > 0 and not one.seen for one in found),
        "by_building": level is Level.BUILDING,
        "crumbs": [Crumb(_("走访成效"), reverse("visits:measures")), Crumb(_("走访覆盖"))],
    }
    return table.answer("visits/coverage.html", context)


@access.page("visits.see")
def firms(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The firms of one place: when each was last seen, and which were not."""
    place = get_object_or_404(seen_by(request.user, Place, "visits.see"), pk=pk)
    span = days_asked(request)
    rows = ask.firms_of(request.user, place, span.days, span.today)
    table = _firms_table(request.user, span).bind(
        request, rows, may_export=access.may_anywhere(request.user, "visits.export"), count=counted
    )
    if table.export_format:
        actions.record_export(what="visit_coverage_firms", rows=table.total, asked=f"{pk} {request.GET.urlencode()}", by=request.user)  # fmt: skip
        return table.export()
    total = counted(rows)
    seen = counted(ask.was_seen(rows, request.user, span.days, span.today, seen=True))
    context = {
        "place": place,
        "spans": day_tabs(request, span.days),
        "days": span.days,
        "total": total,
        "seen": seen,
        "unseen": total - seen,
        "share": in_percent(share(seen, total)),
        "building": place.kind == PlaceKind.BUILDING,
        "crumbs": [
            Crumb(_("走访成效"), reverse("visits:measures")),
            Crumb(_("走访覆盖"), f"{reverse('visits:coverage')}?days={span.days}"),
            Crumb(place.name),
        ],
    }
    return table.answer("visits/coverage_firms.html", context)


def in_percent(part: float | None) -> str | None:
    """A share in words, None when there is none."""
    return None if part is None else plain(part, "percent")


def _places_table(found: Iterable[Covered], days: int, level: Level) -> Table[Any]:
    listed = list(found)

    def around() -> list[tuple[int, str]]:
        ids = {high for one in listed for high in one.within if high != one.place}
        rows = Place.objects.filter(pk__in=ids).order_by("kind", "name")
        return list(rows.values_list("pk", "name"))

    def firms_at(one: Covered, seen: str = "") -> str:
        only = f"&seen={seen}" if seen else ""
        return f"{reverse('visits:coverage_firms', args=[one.place])}?days={days}{only}"

    return Table[Any](
        key="coverage",
        columns=[
            Column("name", _(level.label), sort="name", fixed=True),
            Column("above", gettext_lazy("所在"), value=lambda one: one.above or None, sort="above"),
            Column("firms", pgettext_lazy("many", "企业"), sort="firms", kind="number", url=firms_at),
            Column("seen", gettext_lazy("走访过"), sort="seen", kind="number", url=lambda one: firms_at(one, "yes")),
            Column(
                "unseen", gettext_lazy("没走访过"), sort="unseen", kind="number", url=lambda one: firms_at(one, "no")
            ),
            Column("share", gettext_lazy("覆盖率"), sort="share", kind="percent", nullable=True),
        ],
        order="name",
        caption=gettext_lazy("走访覆盖"),
        row_url=firms_at,
        filters=[
            Search("q", gettext_lazy("名称"), apply=holding("name")),
            Choose(
                "within",
                gettext_lazy("在哪里"),
                around,
                apply=passing(lambda one, chosen: chosen[0].isdecimal() and int(chosen[0]) in one.within),
            ),
            Choose(
                "far", gettext_lazy("走访到哪一步"), HOW_FAR, apply=passing(lambda one, chosen: _how_far(one) in chosen)
            ),
        ],
        empty=gettext_lazy("您的范围内没有这一级的地点。"),
    )


def _how_far(one: Covered) -> str:
    """Which part was seen; empty where there is nobody to see."""
    return "" if not one.firms else "none" if not one.seen else "all" if one.seen == one.firms else "part"


def _firms_table(user: Any, span: Days) -> Table[Enterprise]:
    first = span.since

    def covered(one: Any) -> bool:
        return one.last_seen is not None and one.last_seen >= first

    def state(one: Any) -> str:
        return _("走访过") if covered(one) else _("没走访过") if one.last_seen else _("从未走访")

    return Table[Enterprise](
        key="coverage-firms",
        columns=[
            Column("name", gettext_lazy("企业"), value=lambda one: shown_name(one, user), sort="name_key", fixed=True),
            Column("place", gettext_lazy("地点"), value="seat.name", sort="seat__name"),
            Column(
                "state",
                gettext_lazy("走访"),
                value=state,
                kind="badge",
                tone=lambda one: "good" if covered(one) else "warn" if one.last_seen else "bad",  # type: ignore[attr-defined]
            ),
            Column("last_seen", gettext_lazy("上次走访"), sort="last_seen", kind="date", nullable=True),
        ],
        order=["name_key", "pk"],
        caption=gettext_lazy("走访覆盖明细"),
        row_url=lambda one: reverse("dashboards:enterprise", args=[one.pk]),
        filters=[
            Search("q", gettext_lazy("企业"), apply=lambda rows, text: named_like(rows, text, user)),
            Choose(
                "seen",
                gettext_lazy("走访"),
                [("yes", gettext_lazy("走访过")), ("no", gettext_lazy("没走访过"))],
                apply=lambda rows, chosen: ask.was_seen(rows, user, span.days, span.today, seen=chosen[0] == "yes"),
            ),
        ],
        empty=gettext_lazy("这里现在没有在驻企业。"),
    )
