"""The haulers' ledger: the list, one load, a new one, striking out 收运台账."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from linqi.kit import access, clock
from linqi.ui.attempts import attempt
from linqi.ui.parts import Crumb, Fact
from linqi.ui.tables import Choose, Column, Search, Span, Table
from linqi.waste import queries_tasks as queries
from linqi.waste.actions import hauls as actions
from linqi.waste.actions.referrals import record_export
from linqi.waste.flow import HaulKind
from linqi.waste.forms_ladder import HaulForm, StrikeForm
from linqi.waste.kinds import Stream
from linqi.waste.law import book
from linqi.waste.models import Bin, HaulReport, Point
from linqi.waste.views.parts import place_filter

TONES = {HaulKind.TAKEN: "good", HaulKind.REPORTED: "warn", HaulKind.REFUSED: "bad"}


@access.page("waste.hauls")
def hauls(request: HttpRequest) -> HttpResponseBase:
    """Every load within reach: source, kind, amount, destination."""
    table = _table(request.user).bind(
        request, queries.hauls_seen_by(request.user), may_export=access.may_anywhere(request.user, "waste.export")
    )
    if table.export_format:
        record_export(what="waste_hauls", rows=table.whole, asked=request.GET.urlencode(), by=request.user)
        return table.export()
    return table.answer("waste/hauls.html", {"articles": book().shown_at("haul")})


@access.page("waste.hauls")
def new(request: HttpRequest) -> HttpResponse:
    """Keep a load."""
    points = access.seen_by(request.user, Point, "waste.hauls").filter(until=None).order_by("name")
    bins = access.seen_by(request.user, Bin, "waste.hauls").filter(until=None).order_by("code")
    first = {"hauled_at": clock.now(), "kind": HaulKind.TAKEN.value}
    form = HaulForm(request.POST or None, points=points, bins=bins, initial=first)
    if request.method == "POST" and form.is_valid():
        made: list[HaulReport] = []
        if attempt(
            request,
            lambda: made.append(actions.keep_haul(**form.said(), by=request.user)),
            done=_("已登记。分类不符的已转为线索，待核看。")
            if form.said()["kind"] != HaulKind.TAKEN
            else _("已登记。"),
            form=form,
        ):
            return redirect("waste:haul", pk=made[0].pk)
    crumbs = [Crumb(_("收运台账"), reverse("waste:hauls")), Crumb(_("登记收运"))]
    return render(request, "waste/haul_new.html", {"form": form, "crumbs": crumbs, "articles": book().shown_at("haul")})


@access.page("waste.hauls")
def haul(request: HttpRequest, pk: int) -> HttpResponse:
    """One load."""
    return _page(request, _found(request, pk), StrikeForm())


@require_POST
@access.page("waste.hauls")
def strike(request: HttpRequest, pk: int) -> HttpResponse:
    """Strike a row out that was a mistake."""
    found, form = _found(request, pk), StrikeForm(request.POST)
    if form.is_valid() and attempt(
        request,
        lambda: actions.strike_haul(haul=found, why=form.cleaned_data["why"], by=request.user),
        done=_("已作废，原记录保留。"),
        form=form,
    ):
        return redirect("waste:haul", pk=pk)
    return _page(request, found, form)


def _page(request: HttpRequest, found: HaulReport, form: StrikeForm) -> HttpResponse:
    facts = [
        Fact(_("来源点位"), found.point.name),
        Fact(_("桶"), found.bin and found.bin.code),
        Fact(_("种类"), _(Stream(found.stream).label)),
        Fact(_("数量（千克）"), found.kilograms, kind="number"),
        Fact(_("去向"), found.destination or None),
        Fact(_("收运时间"), found.hauled_at, kind="datetime"),
        Fact(_("收运单位"), found.hauler),
        Fact(_("分类不符的情况"), found.note or None),
        Fact(_("登记人"), str(found.made_by) if found.made_by else None),
    ]
    context = {
        "haul": found,
        "facts": facts,
        "kind": _(HaulKind(found.kind).label),
        "tone": TONES[HaulKind(found.kind)],
        "form": form,
        "crumbs": [Crumb(_("收运台账"), reverse("waste:hauls")), Crumb(str(found))],
    }
    return render(request, "waste/haul.html", context)


def _table(user: Any) -> Table[HaulReport]:
    def search(rows: QuerySet[HaulReport], text: str) -> QuerySet[HaulReport]:
        return rows.filter(
            Q(hauler__icontains=text)
            | Q(point__name__icontains=text)
            | Q(bin__code__icontains=text)
            | Q(destination__icontains=text)
        )

    return Table[HaulReport](
        key="waste_hauls",
        columns=[
            Column("hauled_at", gettext_lazy("收运时间"), sort="hauled_at", kind="datetime", fixed=True),
            Column("point", gettext_lazy("来源"), value="point.name", sort="point__name"),
            Column("stream", gettext_lazy("种类"), value=lambda one: _(Stream(one.stream).label), sort="stream"),
            Column("kilograms", gettext_lazy("数量（千克）"), sort="kilograms", kind="number", nullable=True),
            Column("destination", gettext_lazy("去向"), value=lambda one: one.destination or None, nullable=True),
            Column("hauler", gettext_lazy("收运单位"), sort="hauler"),
            Column(
                "kind",
                gettext_lazy("收运情况"),
                value=lambda one: _("已作废") if one.struck_at else _(HaulKind(one.kind).label),
                sort="kind",
                kind="badge",
                tone=lambda one: "quiet" if one.struck_at else TONES[HaulKind(one.kind)],
            ),
            Column("bin", gettext_lazy("桶"), value=lambda one: one.bin and one.bin.code, nullable=True, visible=False),
            Column("note", gettext_lazy("分类不符的情况"), value="note", visible=False),
        ],
        order="-hauled_at",
        caption=gettext_lazy("收运台账"),
        row_url=lambda one: reverse("waste:haul", args=[one.pk]),
        filters=[
            Search("q", gettext_lazy("收运单位、点位、桶号、去向"), apply=search),
            Choose("kind", gettext_lazy("收运情况"), HaulKind.choices, facet=True),
            Choose("stream", gettext_lazy("种类"), Stream.choices),
            place_filter(user, "place"),
            Span("hauled_at", gettext_lazy("收运时间"), field="hauled_at"),
        ],
        empty=gettext_lazy("还没有收运记录。收运单位应记录来源、种类、数量和去向。"),
        empty_url=reverse("waste:haul_new"),
        empty_action=gettext_lazy("登记收运"),
    )


def _found(request: HttpRequest, pk: int) -> HaulReport:
    return get_object_or_404(queries.hauls_seen_by(request.user), pk=pk)
