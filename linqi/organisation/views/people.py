"""People with their posts and employers, and the companies of the street 人员与公司."""

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from linqi.accounts.queries import users_seen_by
from linqi.kit import access
from linqi.kit.clock import today
from linqi.organisation import actions, queries_matrix
from linqi.organisation.forms import CompanyForm, EmploymentForm, MandateForm, PersonForm, PostForm
from linqi.organisation.models import Company, Employment, Mandate, Person, PostHolding
from linqi.organisation.rules import CompanyKind, seat_name
from linqi.organisation.views.matrix import end_page, form_page
from linqi.territory.models import Place
from linqi.ui.parts import Crumb
from linqi.ui.tables import Choose, Column, Search, Table

PEOPLE = Table[Person](
    key="people",
    caption=pgettext_lazy("many", "人员"),
    columns=[
        Column("name", gettext_lazy("姓名"), sort="name", fixed=True),
        Column("place", gettext_lazy("档案所在"), value="place.name", sort="place__name"),
        Column("user", gettext_lazy("系统账号"), value=lambda person: person.user.username if person.user else None),
    ],
    order="name",
    row_url=lambda person: reverse("organisation:person", args=[person.pk]),
    filters=[Search("q", gettext_lazy("姓名"), apply=lambda rows, text: rows.filter(name__icontains=text))],
    empty=gettext_lazy("还没有登记人员。"),
)
COMPANIES = Table[Company](
    key="companies",
    caption=pgettext_lazy("many", "物业、运营和外包公司"),
    columns=[
        Column("name", gettext_lazy("公司名称"), sort="name", fixed=True),
        Column("kind", gettext_lazy("类型"), value=lambda company: _(company.get_kind_display()), sort="kind"),
        Column("place", gettext_lazy("档案所在"), value="place.name", sort="place__name"),
        Column("places", gettext_lazy("现管园区和楼宇"), kind="number"),
    ],
    order="name",
    row_url=lambda company: reverse("organisation:company", args=[company.pk]),
    filters=[
        Search("q", gettext_lazy("公司名称"), apply=lambda rows, text: rows.filter(name__icontains=text)),
        Choose("kind", gettext_lazy("类型"), [(one.value, gettext_lazy(one.label)) for one in CompanyKind]),
    ],
    empty=gettext_lazy("还没有登记公司。"),
)


@access.page("organisation.see")
def people(request: HttpRequest) -> HttpResponseBase:
    """Everybody on record."""
    table = PEOPLE.bind(request, queries_matrix.people_seen_by(request.user), may_export=False)
    return table.answer(
        "organisation/people.html", {"may_edit": access.may_anywhere(request.user, "organisation.edit")}
    )


@access.page("organisation.see")
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """One person: posts, seats and employers, those that this user may see."""
    one = _person(request, pk)
    return render(
        request,
        "organisation/person.html",
        {
            "person": one,
            "posts": queries_matrix.posts_of(one, request.user),
            "seats": [
                (_(seat_name(seat.body.kind, seat.role)), seat) for seat in queries_matrix.seats_of(one, request.user)
            ],
            "employments": queries_matrix.employments_of(one, request.user),
            "may_see_work": access.may_anywhere(request.user, "organisation.people_see"),
            "may_edit": access.may(request.user, "organisation.edit", one),
            "crumbs": [_people_crumb(), Crumb(one.name)],
        },
    )


@access.page("organisation.edit")
def enter_person(request: HttpRequest) -> HttpResponse:
    """Enter somebody."""
    users = users_seen_by(request.user).filter(is_active=True)
    form = PersonForm(request.POST or None, places=_keepers(request), users=users)
    return form_page(
        request,
        form,
        lambda said: actions.enter_person(**said, by=request.user),
        title=_("登记人员"),
        back=reverse("organisation:people"),
        crumbs=[_people_crumb()],
    )


@access.page("organisation.edit")
def give_post(request: HttpRequest, pk: int) -> HttpResponse:
    """Make somebody secretary or specialist."""
    one = _person(request, pk)
    form = PostForm(request.POST or None, communities=_communities(request), initial={"since": today()})
    return form_page(
        request,
        form,
        lambda said: actions.give_post(person=one, **said, by=request.user),
        title=_("安排岗位"),
        back=reverse("organisation:person", args=[pk]),
        crumbs=[_people_crumb(), _person_crumb(one)],
    )


@access.page("organisation.edit")
def employ(request: HttpRequest, pk: int) -> HttpResponse:
    """Say which employer pays for which share of somebody's time."""
    one = _person(request, pk)
    communities = access.seen_by(request.user, Place, "organisation.see").filter(kind="community", until=None)
    companies = queries_matrix.companies_seen_by(request.user).filter(until=None)
    form = EmploymentForm(
        request.POST or None, communities=communities, companies=companies, initial={"since": today()}
    )
    return form_page(
        request,
        form,
        lambda said: actions.employ(person=one, **said, by=request.user),
        title=_("登记用工"),
        note=_(
            "社工同时属于属地社区，外包专员属于派出公司；同一天各单位工时占比合计不超过 100%。"
            "物业、运营公司的人登记用工后，才能在系统里代表公司办理整改事项。"
        ),
        back=reverse("organisation:person", args=[pk]),
        crumbs=[_people_crumb(), _person_crumb(one)],
    )


@access.page("organisation.edit")
def end_post(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a post end."""
    held = get_object_or_404(access.seen_by(request.user, PostHolding).select_related("person", "community"), pk=pk)
    return end_page(
        request,
        lambda on: actions.end_post(holding=held, on=on, by=request.user),
        title=_("结束任职：%(who)s") % {"who": held.person},
        back=reverse("organisation:person", args=[held.person_id]),
    )


@access.page("organisation.edit")
def end_employment(request: HttpRequest, pk: int) -> HttpResponse:
    """Let an employment end."""
    row = get_object_or_404(access.seen_by(request.user, Employment).select_related("person__place"), pk=pk)
    return end_page(
        request,
        lambda on: actions.end_employment(employment=row, on=on, by=request.user),
        title=_("终止用工：%(who)s") % {"who": row.person},
        back=reverse("organisation:person", args=[row.person_id]),
    )


@access.page("organisation.see")
def companies(request: HttpRequest) -> HttpResponseBase:
    """Property, operating and outsourcing companies."""
    table = COMPANIES.bind(request, queries_matrix.companies_seen_by(request.user), may_export=False)
    return table.answer(
        "organisation/companies.html", {"may_edit": access.may_anywhere(request.user, "organisation.edit")}
    )


@access.page("organisation.see")
def company(request: HttpRequest, pk: int) -> HttpResponse:
    """One company with the parks and buildings it looks after."""
    one = _company(request, pk)
    return render(
        request,
        "organisation/company.html",
        {
            "company": one,
            "kind": _(one.get_kind_display()),
            "mandates": queries_matrix.mandates_of(one, request.user),
            "may_edit": access.may(request.user, "organisation.edit", one),
            "lends_staff": one.kind == CompanyKind.OUTSOURCING,
            "crumbs": [_companies_crumb(), Crumb(one.name)],
        },
    )


@access.page("organisation.edit")
def enter_company(request: HttpRequest) -> HttpResponse:
    """Enter a company."""
    form = CompanyForm(request.POST or None, places=_keepers(request), initial={"since": today()})
    return form_page(
        request,
        form,
        lambda said: actions.enter_company(**said, by=request.user),
        title=_("登记公司"),
        back=reverse("organisation:companies"),
        crumbs=[_companies_crumb()],
    )


@access.page("organisation.edit")
def give_mandate(request: HttpRequest, pk: int) -> HttpResponse:
    """Say which park or building a company looks after."""
    one = _company(request, pk)
    places = access.seen_by(request.user, Place, "organisation.edit").filter(kind__in=["park", "building"], until=None)
    form = MandateForm(request.POST or None, places=places.order_by("code"), initial={"since": today()})
    return form_page(
        request,
        form,
        lambda said: actions.give_mandate(company=one, **said, by=request.user),
        title=_("登记委托"),
        back=reverse("organisation:company", args=[pk]),
        crumbs=[_companies_crumb(), Crumb(one.name, reverse("organisation:company", args=[pk]))],
    )


@access.page("organisation.edit")
def end_mandate(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a mandate end."""
    row = get_object_or_404(access.seen_by(request.user, Mandate).select_related("company", "place"), pk=pk)
    return end_page(
        request,
        lambda on: actions.end_mandate(mandate=row, on=on, by=request.user),
        title=_("终止委托：%(name)s") % {"name": row.place},
        back=reverse("organisation:company", args=[row.company_id]),
    )


def _person(request: HttpRequest, pk: int) -> Person:
    return get_object_or_404(queries_matrix.people_seen_by(request.user), pk=pk)


def _company(request: HttpRequest, pk: int) -> Company:
    return get_object_or_404(queries_matrix.companies_seen_by(request.user), pk=pk)


def _keepers(request: HttpRequest) -> QuerySet[Place]:
    rows = access.seen_by(request.user, Place, "organisation.edit").filter(until=None)
    return rows.filter(kind__in=["street", "community"]).order_by("code")


def _communities(request: HttpRequest) -> QuerySet[Place]:
    return _keepers(request).filter(kind="community").exclude(community_kind="residential")


def _people_crumb() -> Crumb:
    return Crumb(pgettext("many", "人员"), reverse("organisation:people"))


def _person_crumb(one: Person) -> Crumb:
    return Crumb(one.name, reverse("organisation:person", args=[one.pk]))


def _companies_crumb() -> Crumb:
    return Crumb(_("物业、运营和外包公司"), reverse("organisation:companies"))
