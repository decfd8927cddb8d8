"""Ties between members, enterprises, parks and employees, and the service centres 四联与服务中心."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linqi.enterprises.models import Enterprise
from linqi.kit import access
from linqi.kit.clock import today
from linqi.organisation import actions, queries_matrix
from linqi.organisation.forms import CentreCountForm, CentreForm, CentreServiceForm, TieForm
from linqi.organisation.models import ServiceCentre, Tie
from linqi.organisation.views.matrix import end_page, form_page
from linqi.territory.models import Place
from linqi.ui.parts import Crumb
from linqi.ui.tables import Column, Search, Table

TIES = Table[Tie](
    key="ties",
    caption=gettext_lazy("四联"),
    columns=[
        Column("member", gettext_lazy("社区党员"), value="member.name", sort="member__name", fixed=True),
        Column("enterprise", gettext_lazy("企业"), value="enterprise.name", sort="enterprise__name"),
        Column("park", gettext_lazy("园区"), value="park.name", sort="park__name"),
        Column("employees", gettext_lazy("员工一方")),
        Column("since", gettext_lazy("起"), sort="since", kind="date"),
        Column("until", gettext_lazy("止"), sort="until", kind="date", nullable=True),
    ],
    order="-since",
    row_url=lambda tie: reverse("organisation:end_tie", args=[tie.pk]),
    filters=[
        Search("q", gettext_lazy("党员、园区"), apply=queries_matrix.ties_named),
    ],
    empty=gettext_lazy("还没有建立四联。"),
)
CENTRES = Table[ServiceCentre](
    key="centres",
    caption=gettext_lazy("新就业群体服务中心"),
    columns=[
        Column("name", gettext_lazy("名称"), sort="name", fixed=True),
        Column("place", gettext_lazy("服务范围"), value="place.name", sort="place__name"),
        Column("address", gettext_lazy("地址")),
        Column("since", gettext_lazy("成立"), sort="since", kind="date"),
    ],
    order="name",
    row_url=lambda centre: reverse("organisation:centre", args=[centre.pk]),
    empty=gettext_lazy("还没有登记服务中心。"),
)


@access.page("organisation.party_see")
def ties(request: HttpRequest) -> HttpResponseBase:
    """The ties of the user's parks; never exported, never read by what judges enterprises."""
    table = TIES.bind(request, queries_matrix.ties_seen_by(request.user), may_export=False)
    may_edit = access.may_anywhere(request.user, "organisation.party_edit")
    return table.answer("organisation/ties.html", {"may_edit": may_edit})


@access.page("organisation.party_edit")
def tie(request: HttpRequest) -> HttpResponse:
    """A new tie."""
    parks = access.seen_by(request.user, Place, "organisation.party_edit").filter(kind="park", until=None)
    form = TieForm(
        request.POST or None,
        members=queries_matrix.people_seen_by(request.user),
        parks=parks.order_by("code"),
        enterprises=access.seen_by(request.user, Enterprise),
        initial={"since": today()},
    )
    return form_page(
        request,
        form,
        lambda said: actions.tie(**said, by=request.user),
        title=_("建立四联"),
        back=reverse("organisation:ties"),
        crumbs=[Crumb(_("四联"), reverse("organisation:ties"))],
    )


@access.page("organisation.party_edit")
def end_tie(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a tie end."""
    one = get_object_or_404(queries_matrix.ties_seen_by(request.user), pk=pk)
    return end_page(
        request,
        lambda on: actions.end_tie(tie=one, on=on, by=request.user),
        title=_("解除四联：%(who)s") % {"who": one},
        back=reverse("organisation:ties"),
    )


@access.page("organisation.see")
def centres(request: HttpRequest) -> HttpResponseBase:
    """The service centres."""
    rows = access.seen_by(request.user, ServiceCentre).select_related("place")
    table = CENTRES.bind(request, rows, may_export=False)
    may_edit = access.may_anywhere(request.user, "organisation.edit")
    return table.answer("organisation/centres.html", {"may_edit": may_edit})


@access.page("organisation.see")
def centre(request: HttpRequest, pk: int) -> HttpResponse:
    """One centre: what it offers, and how often each was used in the last months; unknown is said."""
    one = _centre(request, pk)
    months = queries_matrix.months_before(today())
    return render(
        request,
        "organisation/centre.html",
        {
            "centre": one,
            "months": months,
            "rows": queries_matrix.used(one, months),
            "may_edit": access.may(request.user, "organisation.edit", one),
            "may_count": access.may_anywhere(request.user, "organisation.count"),
            "crumbs": [_centres_crumb(), Crumb(one.name)],
        },
    )


@access.page("organisation.edit")
def open_centre(request: HttpRequest) -> HttpResponse:
    """A new centre."""
    places = access.seen_by(request.user, Place, "organisation.edit").filter(until=None)
    form = CentreForm(request.POST or None, places=places.filter(kind__in=["street", "community"]).order_by("code"))
    return form_page(
        request,
        form,
        lambda said: actions.open_centre(**said, by=request.user),
        title=_("设立服务中心"),
        note=_("起步的服务项目是产品默认，不是街道规定；设立后可以再加。"),
        back=reverse("organisation:centres"),
        crumbs=[_centres_crumb()],
    )


@access.page("organisation.edit")
def add_centre_service(request: HttpRequest, pk: int) -> HttpResponse:
    """Something more that a centre offers."""
    one = _centre(request, pk)
    return _centre_form(
        request,
        one,
        CentreServiceForm(request.POST or None),
        lambda said: actions.add_centre_service(centre=one, **said, by=request.user),
        _("新增服务项目"),
    )


@access.page("organisation.count")
def count_service(request: HttpRequest, pk: int) -> HttpResponse:
    """How often a service was used in a month."""
    one = _centre(request, pk)
    return _centre_form(
        request,
        one,
        CentreCountForm(request.POST or None, centre=one, initial={"month": today()}),
        lambda said: actions.count_service(**said, by=request.user),
        _("登记服务量"),
    )


def _centre_form(request: HttpRequest, one: ServiceCentre, form: Any, act: Any, title: str) -> HttpResponse:
    there = reverse("organisation:centre", args=[one.pk])
    return form_page(request, form, act, title=title, back=there, crumbs=[_centres_crumb(), Crumb(one.name, there)])


def _centre(request: HttpRequest, pk: int) -> ServiceCentre:
    return get_object_or_404(access.seen_by(request.user, ServiceCentre).select_related("place"), pk=pk)


def _centres_crumb() -> Crumb:
    return Crumb(_("新就业群体服务中心"), reverse("organisation:centres"))
