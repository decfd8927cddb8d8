"""The measures of going to see: how far we came, what was in time, what held, what it cost the enterprises 走访成效."""

from dataclasses import dataclass
from typing import Any, cast

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linqi.accounts.queries import valid_on
from linqi.enterprises.queries import counted
from linqi.kit import access
from linqi.kit.access import seen_by
from linqi.kit.clock import today
from linqi.kit.measures import share
from linqi.territory.models import Place, PlaceKind
from linqi.ui.listed import Listed
from linqi.ui.parts import Crumb
from linqi.ui.tables import Column, Search, Table
from linqi.visits import actions, queries, standing
from linqi.visits import coverage as covering
from linqi.visits import outcomes as ask
from linqi.visits.models import Finding, FindingKind, Visit
from linqi.visits.outcomes import Answered, Found
from linqi.visits.rules import Reason
from linqi.visits.rules.outcomes import Answer, Held, Tally, tallied
from linqi.visits.views.burdened import burdened
from linqi.visits.views.coverage import in_percent
from linqi.visits.views.lists import Names, one_of
from linqi.visits.views.spans import Days, day_tabs, days_asked, place_asked, places_offered

ANSWER_TONES = {Answer.IN_TIME: "good", Answer.LATE: "bad", Answer.OPEN: "info", Answer.UNKNOWN: "quiet"}
HELD_TONES = {Held.HELD: "good", Held.NOT_HELD: "warn", Held.OPEN: "info", Held.UNKNOWN: "quiet"}


VALUES = {"answer_values": Answer.values, "held_values": Held.values}  # what the columns of the tallies lead to


@dataclass(frozen=True, slots=True)
class Line:
    """One kind with what became of it; `url` leads to its rows, and with a value to some of them 指标行."""

    label: str
    tally: Tally
    url: str

    @property
    def share(self) -> str | None:
        """The share in words, None when nothing is decided."""
        return in_percent(self.tally.share)


@access.page("visits.see")
def measures(request: HttpRequest) -> HttpResponseBase:
    """Coverage, reasons answered in time, findings that held and the burden on enterprises, of one place in some days."""
    span, place = days_asked(request), place_asked(request) or _first_place(request.user)
    if place is None:
        return render(request, "visits/measures.html", {"place": None})
    firms = covering.firms_of(request.user, place, span.days, span.today)
    total = counted(firms)
    seen = counted(covering.was_seen(firms, request.user, span.days, span.today, seen=True))
    answered, found = _answered(request.user, place, span), _found(request.user, place, span)
    pressed = burdened(request.user, span, place)
    where: dict[str, Any] = {"place": place.pk, "days": span.days}
    context = {
        "place": place,
        "places": places_offered(request.user),
        "spans": day_tabs(request, span.days),
        "days": span.days,
        "done": _visits(request.user, place, span).filter(state="done", visited_on__range=(span.since, span.today)).count(),
        "done_url": _rows("list", place=place.pk, state="done", visited_from=span.since, visited_to=span.today),
        "total": total,
        "seen": seen,
        "share": in_percent(share(seen, total)),
        "firms_url": f"{reverse('visits:coverage_firms', args=[place.pk])}?days={span.days}",
        **VALUES,
        "reasons": [
            Line(_(one.label), tallied(row.answer for row in answered if row.reason is one), _rows("answers", reason=one.value, **where))
            for one in Reason
        ],
        "kinds": [
            Line(_(one.label), tallied(row.held for row in found if row.kind is one), _rows("findings", kind=one.value, **where))
            for one in FindingKind
        ],
        "contacted": len(pressed),
        "over": sum(one.over for one in pressed),
        "fields": sum(one.asked for one in pressed),
        "again": sum(one.again for one in pressed),
        "burden_url": _rows("burden", **where),
        "may_assess": access.may_anywhere(request.user, "visits.assess"),
        "may_own": access.may_anywhere(request.user, "visits.record"),
        "crumbs": [Crumb(_("走访"), reverse("visits:list")), Crumb(_("走访成效"))],
    }  # fmt: skip
    return render(request, "visits/measures.html", context)


@access.page("visits.see")
def answers(request: HttpRequest) -> HttpResponseBase:
    """The reasons that asked for a visit by a day of the span, one by one, with what became of each."""
    span, place = days_asked(request), place_asked(request)
    rows, names = _answered(request.user, place, span), Names(request.user)
    table = _answers_table(names)
    return _listed(request, table, rows, names, _around(request, place, span, _("走访事由及时性")), "visit_answers")


@access.page("visits.see")
def findings(request: HttpRequest) -> HttpResponseBase:
    """What was found on the visits of the span, one by one, with whether it held."""
    span, place = days_asked(request), place_asked(request)
    rows, names = _found(request.user, place, span), Names(request.user)
    table = _findings_table(names)
    return _listed(request, table, rows, names, _around(request, place, span, _("走访发现")), "visit_findings")


# --- rows -------------------------------------------------------------------------------------------------------------
def _listed(
    request: HttpRequest, table: Table[Any], rows: list[Any], names: Names, context: dict[str, Any], what: str
) -> HttpResponseBase:
    """A list in memory with the names of what is shown, or all of it as a file, which is kept."""
    bound = table.bind(request, cast(Any, Listed(rows)), may_export=access.may_anywhere(request.user, "visits.export"))
    names.read(bound.filtered if bound.export_format else bound.objects)
    if bound.export_format:
        actions.record_export(what=what, rows=bound.total, asked=request.GET.urlencode(), by=request.user)
        return bound.export()
    return bound.answer("visits/rows.html", context)


def _answered(user: Any, place: Place | None, span: Days) -> list[Answered]:
    waiting = queries.must_visits(user, today=span.today)
    if place is not None:
        all_of_them = standing.list_on(span.today)
        waiting = [one for one in waiting if place.pk in all_of_them[one.enterprise].above]
    return ask.answers(_visits(user, place, span), waiting, span.since, span.today, span.today)


def _visits(user: Any, place: Place | None, span: Days) -> QuerySet[Visit]:
    """The visits a user sees, or those at a place: whoever sees a place by `visits.see` sees the visits at and below it."""
    if place is None:
        return seen_by(user, Visit)
    return queries.visits_standing_at(Visit.objects.all(), place.pk, span.today)


def _found(user: Any, place: Place | None, span: Days) -> list[Found]:
    rows = seen_by(user, Finding) if place is None else Finding.objects.filter(visit__in=_visits(user, place, span))
    return ask.findings(rows, span.since, span.today)


def _first_place(user: Any) -> Place | None:
    """The widest place up to a street of which a user may see measures."""
    rows = seen_by(user, Place, "visits.see").filter(valid_on(today()))
    for kind in (PlaceKind.STREET, PlaceKind.COMMUNITY, PlaceKind.PARK, PlaceKind.BUILDING):
        if found := rows.filter(kind=kind).order_by("pk").first():
            return found
    return None


def _rows(name: str, **asked: Any) -> str:
    return f"{reverse(f'visits:{name}')}?{urlencode(asked)}"


def _around(request: HttpRequest, place: Place | None, span: Days, title: str) -> dict[str, Any]:
    home = _rows("measures", days=span.days, **({"place": place.pk} if place else {}))
    return {
        "title": title,
        "place": place,
        "spans": day_tabs(request, span.days),
        "crumbs": [Crumb(_("走访成效"), home), Crumb(title)],
    }


def _answers_table(names: Names) -> Table[Any]:
    return Table[Any](
        key="answers",
        columns=[
            Column("name", gettext_lazy("企业"), value=names.of, sort="name_key", fixed=True),
            Column("reason", gettext_lazy("事由"), value=lambda one: _(one.reason.label)),
            Column("by", gettext_lazy("最迟日期"), sort="by", kind="date", nullable=True),
            Column("visited_on", gettext_lazy("走访日期"), sort="visited_on", kind="date", nullable=True),
            Column(
                "answer",
                gettext_lazy("结果"),
                value=lambda one: _(one.answer.label),
                kind="badge",
                tone=lambda one: ANSWER_TONES[one.answer],
            ),
        ],
        order=["-by", "name_key"],
        caption=gettext_lazy("走访事由及时性"),
        row_url=lambda one: (
            reverse("visits:detail", args=[one.visit])
            if one.visit
            else f"{reverse('visits:plan')}?enterprise={one.enterprise}"
        ),
        filters=[
            Search("q", gettext_lazy("企业"), apply=names.search),
            one_of("reason", gettext_lazy("事由"), Reason),
            one_of("answer", gettext_lazy("结果"), Answer),
        ],
        empty=gettext_lazy("这段时间没有到期的走访事由。"),
    )


def _findings_table(names: Names) -> Table[Any]:
    return Table[Any](
        key="findings",
        columns=[
            Column("name", gettext_lazy("企业"), value=names.of, sort="name_key", fixed=True),
            Column("kind", gettext_lazy("类别"), value=lambda one: _(one.kind.label)),
            Column("text", gettext_lazy("发现")),
            Column("on", gettext_lazy("走访日期"), sort="on", kind="date"),
            Column(
                "held",
                gettext_lazy("是否属实"),
                value=lambda one: _(one.held.label),
                kind="badge",
                tone=lambda one: HELD_TONES[one.held],
            ),
        ],
        order=["-on", "name_key"],
        caption=gettext_lazy("走访发现"),
        row_url=lambda one: f"{reverse('visits:detail', args=[one.visit])}#findings",
        filters=[
            Search("q", gettext_lazy("企业"), apply=names.search),
            one_of("kind", gettext_lazy("类别"), FindingKind),
            one_of("held", gettext_lazy("是否属实"), Held),
        ],
        empty=gettext_lazy("这段时间的走访没有登记发现。一切正常也是结果。"),
    )
