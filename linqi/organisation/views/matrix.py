"""The chart of bodies and posts, the list of bodies, one body, and how far parks and buildings are covered 组织架构."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from linqi.kit import access
from linqi.kit.clock import today
from linqi.organisation import actions, queries_matrix
from linqi.organisation.actions.bodies import edit_of
from linqi.organisation.forms import BodyForm, BodySeatForm, EndForm
from linqi.organisation.models import Body, BodySeat
from linqi.organisation.queries import by_manning
from linqi.organisation.rules import SEATS, BodyKind, Manning, Organised, organised, seat_name
from linqi.territory.forms import day_asked
from linqi.territory.models import Place, PlaceKind
from linqi.ui.attempts import attempt
from linqi.ui.parts import Crumb, Tab
from linqi.ui.tables import Choose, Column, Search, Table

ORGANISED_TONES = {Organised.OWN: "good", Organised.ABOVE: "info", Organised.NONE: "bad"}
MANNING_TONES = {Manning.FULL: "good", Manning.VACANT: "warn", Manning.NONE: "bad"}

BODIES = Table[Body](
    key="bodies",
    caption=pgettext_lazy("many", "组织"),
    columns=[
        Column("name", gettext_lazy("名称"), sort="name", fixed=True),
        Column("kind", gettext_lazy("类型"), value=lambda body: _(body.get_kind_display()), sort="kind"),
        Column("place", gettext_lazy("设在"), value="place.name", sort="place__name"),
        Column("since", gettext_lazy("成立"), sort="since", kind="date"),
        Column("until", gettext_lazy("撤销"), sort="until", kind="date", nullable=True),
    ],
    order="name",
    row_url=lambda body: reverse("organisation:body", args=[body.pk]),
    filters=[
        Search("q", gettext_lazy("名称"), apply=lambda rows, text: rows.filter(name__icontains=text)),
        Choose("kind", gettext_lazy("类型"), [(one.value, gettext_lazy(one.label)) for one in BodyKind]),
    ],
    empty=gettext_lazy("还没有登记组织，或您没有查看党建信息的权限。"),
)


def _manning(place: Any) -> Manning | None:
    if place.kind != PlaceKind.BUILDING:
        return None
    if place.team_id is None:
        return Manning.NONE
    return Manning.FULL if place.seats_held == len(SEATS) else Manning.VACANT


COVERAGE = Table[Any](
    key="coverage",
    caption=gettext_lazy("组织与联楼覆盖"),
    columns=[
        Column("name", gettext_lazy("园区或楼宇"), sort="name", fixed=True),
        Column("kind", gettext_lazy("层级"), value=lambda place: _(place.get_kind_display()), sort="kind"),
        Column(
            "organised",
            gettext_lazy("党组织"),
            value=lambda place: _(organised(place.own, place.above).label),
            sort=("own", "above"),
            kind="badge",
            tone=lambda place: ORGANISED_TONES[organised(place.own, place.above)],
        ),
        Column(
            "manning",
            gettext_lazy("联楼小组"),
            value=lambda place: _(found.label) if (found := _manning(place)) else _("按楼宇组建"),
            sort=("team_id", "seats_held"),
            kind="badge",
            tone=lambda place: MANNING_TONES[found] if (found := _manning(place)) else "quiet",
        ),
    ],
    order="name",
    row_url=lambda place: (
        reverse("organisation:team", args=[place.pk])
        if place.kind == PlaceKind.BUILDING
        else f"{reverse('organisation:found_body')}?place={place.pk}"
    ),
    filters=[
        Search("q", gettext_lazy("名称"), apply=lambda rows, text: rows.filter(name__icontains=text)),
        Choose(
            "kind",
            gettext_lazy("层级"),
            [(one.value, gettext_lazy(one.label)) for one in (PlaceKind.PARK, PlaceKind.BUILDING)],
        ),
        Choose(
            "organised",
            gettext_lazy("党组织"),
            [(one.value, gettext_lazy(one.label)) for one in Organised],
            apply=queries_matrix.by_organised,
        ),
        Choose(
            "manning",
            gettext_lazy("联楼小组"),
            [(one.value, gettext_lazy(one.label)) for one in Manning],
            apply=lambda rows, wanted: by_manning(rows.filter(kind=PlaceKind.BUILDING), wanted),
        ),
    ],
    empty=gettext_lazy("您管理的范围内还没有登记园区和楼宇。"),
)


@access.page("organisation.see")
def chart(request: HttpRequest) -> HttpResponse:
    """The matrix and the posts of the communities, as they are or as they were on a day."""
    on = day_asked(request.GET.get("on", ""))
    return render(
        request,
        "organisation/chart.html",
        {
            "on": on,
            "past": on < today(),
            "boxes": queries_matrix.chart_on(request.user, on),
            "staff": queries_matrix.staff_on(request.user, on),
            "party": access.may_anywhere(request.user, "organisation.party_see"),
            "may_edit": bool(_kinds(request.user)),
            "tabs": _tabs("chart"),
        },
    )


@access.page("organisation.see")
def bodies(request: HttpRequest) -> HttpResponseBase:
    """The same as a list, ended bodies included."""
    table = BODIES.bind(request, queries_matrix.bodies_seen_by(request.user), may_export=False)
    return table.answer("organisation/bodies.html", {"tabs": _tabs("list"), "may_edit": bool(_kinds(request.user))})


@access.page("organisation.party_see")
def coverage(request: HttpRequest) -> HttpResponseBase:
    """Which park has no Party organisation, which building no team or one with vacancies."""
    table = COVERAGE.bind(request, queries_matrix.covered_places(request.user), may_export=False)
    return table.answer("organisation/coverage.html", {"counted": queries_matrix.counted(request.user)})


@access.page("organisation.see")
def body(request: HttpRequest, pk: int) -> HttpResponse:
    """One body on a day: who holds which seat, and everybody who ever did."""
    one = _body(request, pk)
    on = day_asked(request.GET.get("on", ""))
    return render(
        request,
        "organisation/body.html",
        {
            "body": one,
            "kind": _(one.get_kind_display()),
            "on": on,
            "past": on < today(),
            "lines": queries_matrix.lines_of(one, on),
            "seats": [(_(seat_name(one.kind, seat.role)), seat) for seat in queries_matrix.past_seats(one)],
            "may_edit": access.may(request.user, edit_of(one.kind), one),
            "crumbs": [_chart_crumb(), Crumb(one.name)],
        },
    )


@access.page("organisation.see")
def found_body(request: HttpRequest) -> HttpResponse:
    """A new body, of the kinds that this user may found."""
    kinds = _kinds(request.user)
    initial = {"place": request.GET.get("place"), "kind": request.GET.get("kind", BodyKind.BRANCH.value)}
    form = BodyForm(request.POST or None, kinds=kinds, places=_sites(request.user), initial=initial)
    return form_page(
        request,
        form,
        lambda said: actions.found_body(**said, by=request.user),
        title=_("成立组织"),
        back=reverse("organisation:chart"),
        crumbs=[_chart_crumb()],
    )


@access.page("organisation.see")
def give_body_seat(request: HttpRequest, pk: int) -> HttpResponse:
    """Give somebody a seat in a body."""
    one = _body(request, pk)
    people = queries_matrix.people_seen_by(request.user)
    return form_page(
        request,
        BodySeatForm(request.POST or None, body=one, people=people, initial={"since": today()}),
        lambda said: actions.give_body_seat(body=one, **said, by=request.user),
        title=_("安排任职"),
        back=reverse("organisation:body", args=[pk]),
        crumbs=[_chart_crumb(), Crumb(one.name, reverse("organisation:body", args=[pk]))],
    )


@access.page("organisation.see")
def end_body_seat(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a seat end."""
    seat = get_object_or_404(access.seen_by(request.user, BodySeat).select_related("body", "person"), pk=pk)
    return end_page(
        request,
        lambda on: actions.end_body_seat(seat=seat, on=on, by=request.user),
        title=_("结束任职：%(who)s") % {"who": seat.person},
        back=reverse("organisation:body", args=[seat.body_id]),
    )


@access.page("organisation.see")
def end_body(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a body end, and its seats with it."""
    one = _body(request, pk)
    return end_page(
        request,
        lambda on: actions.end_body(body=one, on=on, by=request.user),
        title=_("撤销组织：%(name)s") % {"name": one},
        back=reverse("organisation:body", args=[pk]),
        note=_("组织撤销时，其中的任职同日结束，历任记录保留。"),
    )


def form_page(
    request: HttpRequest,
    form: Form,
    act: Callable[[dict[str, Any]], object],
    *,
    title: str,
    back: str,
    note: str = "",
    crumbs: list[Crumb],
) -> HttpResponse:
    """A form on a page of its own: done, it leads back; refused, it says why beside the field."""
    done = request.method == "POST" and form.is_valid()
    if done and attempt(request, lambda: act(form.cleaned_data), done=_("已保存。"), form=form):
        return redirect(back)
    context = {"form": form, "title": title, "back": back, "note": note, "crumbs": [*crumbs, Crumb(title)]}
    return render(request, "organisation/form.html", context)


def end_page(
    request: HttpRequest, act: Callable[[Any], object], *, title: str, back: str, note: str = ""
) -> HttpResponse:
    """Ask from which day something no longer holds, and let it end."""
    form = EndForm(request.POST or None, initial={"on": today()})
    return form_page(
        request, form, lambda said: act(said["on"]), title=title, back=back, note=note, crumbs=[_chart_crumb()]
    )


def _chart_crumb() -> Crumb:
    return Crumb(_("组织架构"), reverse("organisation:chart"))


def _tabs(here: str) -> list[Tab]:
    return [
        Tab(_("架构图"), reverse("organisation:chart"), active=here == "chart"),
        Tab(pgettext("view", "列表"), reverse("organisation:bodies"), active=here == "list"),
    ]


def _body(request: HttpRequest, pk: int) -> Body:
    return get_object_or_404(queries_matrix.bodies_seen_by(request.user), pk=pk)


def _kinds(user: Any) -> list[tuple[str, str]]:
    return [(one.value, _(one.label)) for one in BodyKind if access.may_anywhere(user, edit_of(one.value))]


def _sites(user: Any) -> QuerySet[Place]:
    """Where this user may found something: the wider of the two permissions; the action asks for the right one."""
    sees = "organisation.party_edit" if access.may_anywhere(user, "organisation.party_edit") else "organisation.edit"
    rows = access.seen_by(user, Place, sees).filter(until=None)
    return rows.filter(kind__in=["street", "community", "park", "building"]).order_by("code")
