"""The list of enterprises, and the forms by which they are entered, corrected, moved in and out 企业台账."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Exists, Min, OuterRef, QuerySet, Subquery
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from linqi.enterprises import industry, queries
from linqi.enterprises.actions.registry import (
    begin_tenancy,
    change_enterprise,
    create_enterprise,
    end_tenancy,
    remember_export,
)
from linqi.enterprises.forms import EndTenancyForm, NewEnterpriseForm, RegistryForm, TenancyForm
from linqi.enterprises.models import Enterprise, EntityType, RegistrationStatus, Relation, Tenancy
from linqi.enterprises.views.places import AtPlace
from linqi.kit import access
from linqi.ui import shown
from linqi.ui.parts import Crumb
from linqi.ui.tables import Choose, Column, Search, Span, Table

T = TypeVar("T")
TONES = {"active": "good", "moved_out": "warn", "deregistering": "warn", "deregistered": "quiet", "revoked": "bad"}


@access.page("enterprises.see")
def enterprise_list(request: HttpRequest) -> HttpResponseBase:
    """The enterprises in place that the user sees; with `stands` also, or only, those that left."""
    user = request.user
    left = request.GET.get("stands") in ("left", "any")
    rows = queries.enterprises_seen_by(user) if left else queries.enterprises_in_place(user)
    if request.GET.get("sort", "").lstrip("-") == "since":
        rows = _with_arrival(rows, user)
    if "scope" not in request.GET.get("cols", ""):
        rows = rows.defer("business_scope")  # the longest column by far
    exporting = bool(request.GET.get("export"))
    table = _table(user, request.GET.get("section", "")).bind(
        request,
        queries.with_whereabouts(rows, user) if exporting else queries.with_stays(rows, user),
        may_export=access.may_anywhere(user, "enterprises.export"),
        count=queries.counted,
    )
    if table.export_format:
        remember_export(rows=table.total, query=request.GET.urlencode(), by=user)
        return table.export()
    if not exporting:
        queries.put_above(table.objects)
    return table.answer(
        "enterprises/list.html",
        {
            "may_edit": access.may_anywhere(user, "enterprises.edit"),
            "may_import": access.may_anywhere(user, "enterprises.import"),
        },
    )


@access.page("enterprises.edit")
def create(request: HttpRequest) -> HttpResponse:
    """Enter an enterprise with where it is."""
    places = queries.places_to_choose(request.user, "enterprises.edit")
    known = {key: request.GET[key][:200] for key in ("place", "name", "uscc", "source") if request.GET.get(key)}
    form = NewEnterpriseForm(request.POST or None, places=places, initial=known)
    if request.method == "POST" and form.is_valid() and (made := done(form, lambda: _created(form, request.user))):
        messages.success(request, _("已登记。"))
        return redirect("dashboards:enterprise", pk=made.pk)
    return form_page(request, form, _("登记企业"))


@access.page("enterprises.edit")
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct what the registry says of an enterprise."""
    enterprise = editable(request, pk)
    form = RegistryForm(request.POST or None, enterprise=enterprise)
    if request.method == "POST" and form.is_valid():
        act = lambda: change_enterprise(enterprise=enterprise, changes=form.columns, by=request.user)  # noqa: E731
        if done(form, act):
            messages.success(request, _("已保存。"))
            return redirect("dashboards:enterprise", pk=pk)
    return form_page(request, form, _("修改登记信息"), enterprise)


@access.page("enterprises.edit")
def begin(request: HttpRequest, pk: int) -> HttpResponse:
    """Enter where an enterprise is, too."""
    enterprise = editable(request, pk)
    form = TenancyForm(request.POST or None, places=queries.places_to_choose(request.user, "enterprises.edit"))
    if request.method == "POST" and form.is_valid():
        begun = done(form, lambda: _begun(form, enterprise, request.user))
        if begun is not None:
            messages.success(request, _("已登记入驻。"))
            return redirect("dashboards:enterprise", pk=pk)
    return form_page(request, form, _("登记入驻"), enterprise)


@access.page("enterprises.edit")
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Enter that an enterprise has left a place; `pk` is the tenancy's."""
    rows = access.seen_by(request.user, Tenancy, "enterprises.edit").select_related("enterprise", "place")
    tenancy = get_object_or_404(rows, pk=pk)
    form = EndTenancyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        act = lambda: end_tenancy(tenancy=tenancy, until=form.cleaned_data["until"], by=request.user)  # noqa: E731
        if done(form, act):
            messages.success(request, _("已登记迁出。"))
            return redirect("dashboards:enterprise", pk=tenancy.enterprise_id)
    lead = _("%(place)s，%(relation)s") % {"place": tenancy.place, "relation": _(Relation(tenancy.relation).label)}
    return form_page(request, form, _("登记迁出"), tenancy.enterprise, lead)


def editable(request: HttpRequest, pk: int) -> Enterprise:
    """The enterprise, when this user may edit it; 404 for everybody else."""
    rows = access.seen_by(request.user, Enterprise, "enterprises.edit").filter(merged_into=None)
    return get_object_or_404(rows, pk=pk)


def done(form: Form, act: Callable[[], T]) -> T | None:
    """Do it; when the action refuses, put its words beside the fields and give None."""
    try:
        return act()
    except ValidationError as refused:
        if hasattr(refused, "error_dict"):
            for name, problems in refused.error_dict.items():
                form.add_error(name if name in form.fields else None, problems)
        else:
            form.add_error(None, refused)
        return None


def form_page(
    request: HttpRequest, form: Form, title: str, enterprise: Enterprise | None = None, lead: str = ""
) -> HttpResponse:
    """One form on a page of its own; 422 when it was sent and refused."""
    crumbs = [Crumb(pgettext("many", "企业"), reverse("enterprises:list"))]
    back = reverse("enterprises:list")
    if enterprise is not None:
        back = reverse("dashboards:enterprise", args=[enterprise.pk])
        crumbs.append(Crumb(queries.shown_name(enterprise, request.user), back))
    context = {"form": form, "title": title, "lead": lead, "back": back, "crumbs": [*crumbs, Crumb(title)]}
    return render(request, "enterprises/form.html", context, status=422 if form.is_bound else 200)


# --- the list's columns and filters --------------------------------------------------------------------------------
def _table(user: Any, section: str) -> Table[Enterprise]:
    divisions = [one for one in DIVISIONS if one[0][0] == section]
    places = [(one.pk, one.label) for one in queries.places_to_choose(user)]
    sections = [(letter, f"{letter} {name}") for letter, name in industry.sections()]
    return Table[Enterprise](
        key="enterprises",
        caption=gettext_lazy("企业名录"),
        columns=[
            Column(
                "name",
                gettext_lazy("企业名称"),
                value=lambda one: queries.shown_name(one, user),
                sort="name_key",
                fixed=True,
            ),
            Column("uscc", gettext_lazy("统一社会信用代码"), value=lambda one: one.uscc or one.old_number, phone=False),
            Column("place", gettext_lazy("所在"), value=_places),
            Column("relation", gettext_lazy("入驻关系"), value=lambda one: queries.relation_words(_stays(one))),
            Column("since", gettext_lazy("入驻日期"), value=_arrived, sort="arrived", kind="date", nullable=True),
            Column(
                "industry",
                gettext_lazy("行业"),
                value=lambda one: industry.section_name(one.industry_code[:1]) if one.industry_code else None,
                sort="industry_code",
                export=lambda one: one.industry_code or None,
                phone=False,
            ),
            Column(
                "capital",
                gettext_lazy("注册资本"),
                value=_capital,
                export=lambda one: one.registered_capital,
                sort="registered_capital",
                nullable=True,
                phone=False,
            ),
            Column("currency", gettext_lazy("币种"), value=lambda one: one.capital_currency or None, visible=False),
            Column(
                "established_on",
                gettext_lazy("成立日期"),
                sort="established_on",
                kind="date",
                nullable=True,
                phone=False,
            ),
            Column(
                "status",
                gettext_lazy("登记状态"),
                value=lambda one: (
                    _(RegistrationStatus(one.registration_status).label) if one.registration_status else None
                ),
                kind="badge",
                tone=lambda one: TONES.get(one.registration_status, "plain"),
                phone=False,
            ),
            Column(
                "type",
                gettext_lazy("主体类型"),
                value=lambda one: _(EntityType(one.entity_type).label) if one.entity_type else None,
                visible=False,
            ),
            Column("address", gettext_lazy("住所"), value=lambda one: one.registered_address or None, visible=False),
            Column("scope", gettext_lazy("经营范围"), value=lambda one: one.business_scope or None, visible=False),
            Column("source", gettext_lazy("来源"), visible=False),
            Column("as_of", gettext_lazy("信息日期"), kind="date", visible=False),
        ],
        order="name",
        row_url=lambda one: reverse("dashboards:enterprise", args=[one.pk]),
        filters=[
            Search("q", gettext_lazy("名称、信用代码"), apply=lambda rows, text: queries.named_like(rows, text, user)),
            AtPlace("place", gettext_lazy("空间"), places, user=user),
            Choose("section", gettext_lazy("行业门类"), sections, apply=_of_section, unknown=True),
            Choose("division", gettext_lazy("行业大类"), divisions, apply=_of_section),
            Choose("relation", gettext_lazy("入驻关系"), Relation.choices, apply=_related),
            Choose("type", gettext_lazy("主体类型"), EntityType.choices, field="entity_type", many=True),
            Choose(
                "status", gettext_lazy("登记状态"), RegistrationStatus.choices, field="registration_status", many=True
            ),
            Choose("newcomer", gettext_lazy("新入驻"), [("1", _("30 天内"))], apply=lambda rows, _v: _newcomers(rows)),
            Choose("missing", gettext_lazy("缺什么"), MISSING, apply=_missing),
            Choose("stands", gettext_lazy("在驻"), [("left", _("已迁出")), ("any", _("含已迁出"))], apply=_stands),
            Span("established", gettext_lazy("成立日期"), field="established_on"),
            Span("capital", gettext_lazy("注册资本（元）"), field="registered_capital", of="number"),
        ],
        empty=gettext_lazy("登记或导入企业后，就会出现在这里。"),
    )


DIVISIONS = [
    (f"{section}{code}", f"{section}{code} {name}")
    for code, (section, name) in industry.industries().items()
    if len(code) == 2
]
MISSING = (
    ("industry", gettext_lazy("行业")),
    ("capital", gettext_lazy("注册资本")),
    ("established", gettext_lazy("成立日期")),
    ("uscc", gettext_lazy("统一社会信用代码")),
    ("type", gettext_lazy("主体类型")),
    ("building", gettext_lazy("所在楼宇")),
)
_EMPTY: dict[str, dict[str, Any]] = {
    "industry": {"industry_code": ""},
    "capital": {"registered_capital": None},
    "established": {"established_on": None},
    "uscc": {"uscc": ""},
    "type": {"entity_type": ""},
}


def _missing(rows: QuerySet[Any], values: list[str]) -> QuerySet[Any]:
    what = values[0]
    return queries.off_buildings(rows) if what == "building" else rows.filter(**_EMPTY[what])


def _of_section(rows: QuerySet[Any], values: list[str]) -> QuerySet[Any]:
    code = values[0]
    return rows.filter(industry_code__startswith=code) if len(code) <= 3 else rows.filter(industry_code="")


def _related(rows: QuerySet[Any], values: list[str]) -> QuerySet[Any]:
    return rows.filter(Exists(queries.tenancies_open().filter(relation=values[0], enterprise=OuterRef("pk"))))


def _newcomers(rows: QuerySet[Any]) -> QuerySet[Any]:
    return queries.newcomers(rows)


def _stands(rows: QuerySet[Any], values: list[str]) -> QuerySet[Any]:
    return rows.exclude(pk__in=queries.tenancies_open().values("enterprise")) if values[0] == "left" else rows


def _with_arrival(rows: QuerySet[Enterprise], user: Any) -> QuerySet[Enterprise]:
    stays = queries.tenancies_open(access.seen_by(user, Tenancy)).filter(enterprise=OuterRef("pk"))
    first = stays.order_by().values("enterprise").annotate(first=Min("since")).values("first")
    return rows.annotate(arrived=Subquery(first))


def _stays(one: Enterprise) -> list[Tenancy]:
    stays: list[Tenancy] = one.stays  # type: ignore[attr-defined]
    return stays


def _places(one: Enterprise) -> str | None:
    return "；".join(dict.fromkeys(queries.whereabouts(stay) for stay in _stays(one))) or None


def _arrived(one: Enterprise) -> Any:
    return min((stay.since for stay in _stays(one) if stay.since), default=None)


def _capital(one: Enterprise) -> str | SafeString | None:
    if one.registered_capital is None:
        return None
    if one.capital_currency in ("", "CNY"):
        return shown.money(one.registered_capital)
    return f"{shown.number(one.registered_capital)} {one.capital_currency}"


# --- forms into actions --------------------------------------------------------------------------------------------
def _created(form: NewEnterpriseForm, user: Any) -> Enterprise:
    place, room = form.located
    columns = form.columns
    return create_enterprise(
        name=columns.pop("name"),
        place=place,
        relation=form.cleaned_data["relation"],
        source=columns.pop("source"),
        as_of=columns.pop("as_of"),
        since=form.cleaned_data["since"],
        room=room,
        shared=form.cleaned_data["shared"],
        clustered=form.cleaned_data["clustered"],
        registered=columns,
        by=user,
    )


def _begun(form: TenancyForm, enterprise: Enterprise, user: Any) -> Tenancy:
    place, room = form.located
    return begin_tenancy(
        enterprise=enterprise,
        place=place,
        relation=form.cleaned_data["relation"],
        since=form.cleaned_data["since"],
        source=_("人工登记"),
        room=room,
        shared=form.cleaned_data["shared"],
        clustered=form.cleaned_data["clustered"],
        by=user,
    )
