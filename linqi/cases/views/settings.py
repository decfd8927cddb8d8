"""A street's own tables: which section settles what, and how long it may take 派单与时限设置."""

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from linqi.cases import actions
from linqi.cases.forms import LimitForm, RowForm
from linqi.cases.models import DispatchRow, TimeLimit
from linqi.catalogue.models import CaseClass
from linqi.catalogue.queries import categories_seen_by
from linqi.kit import access
from linqi.kit.clock import Term
from linqi.organisation.actions import seed_departments
from linqi.organisation.queries import departments_of
from linqi.territory.models import Place, PlaceKind
from linqi.ui.attempts import attempt


@access.page("cases.configure")
def tables(request: HttpRequest) -> HttpResponse:
    """The dispatch table and the time limits of one street."""
    streets = _streets(request)
    street = streets.filter(pk=_asked(request)).first() or streets.first()
    return _page(request, street, LimitForm())


@require_POST
@access.page("cases.configure")
def row(request: HttpRequest, street_id: int) -> HttpResponse:
    """Say which section settles a category from today on."""
    street = get_object_or_404(_streets(request), pk=street_id)
    form = RowForm(request.POST, departments=departments_of(street))
    if form.is_valid():
        said = form.cleaned_data
        attempt(
            request,
            lambda: actions.set_dispatch_row(
                street=street, category=said["category"], department=said["department"], by=request.user
            ),
            done=_("派单表已修改，今后的办件按新的派。"),
        )
    return redirect(f"{_address(street)}#dispatch")


@require_POST
@access.page("cases.configure")
def fill(request: HttpRequest, street_id: int) -> HttpResponse:
    """Fill the gaps: the usual sections, and each category to its usual one."""
    street = get_object_or_404(_streets(request), pk=street_id)

    def act() -> None:
        if access.may(request.user, "organisation.edit", street):
            seed_departments(street=street, by=request.user)
        actions.seed_defaults(street=street, by=request.user)

    attempt(request, act, done=_("已按产品默认补齐空缺，已有的设置没有改动。"))
    return redirect(f"{_address(street)}#dispatch")


@require_POST
@access.page("cases.configure")
def limit(request: HttpRequest, street_id: int) -> HttpResponse:
    """The street's own limit for one class."""
    street = get_object_or_404(_streets(request), pk=street_id)
    form = LimitForm(request.POST)
    if form.is_valid() and attempt(
        request,
        lambda: actions.set_time_limit(
            street=street,
            case_class=CaseClass(form.cleaned_data["case_class"]),
            **form.terms(),
            source=form.cleaned_data["source"],
            by=request.user,
        ),
        done=_("时限已保存，今后的办件按新的算。"),
        form=form,
    ):
        return redirect(f"{_address(street)}#limits")
    return _page(request, street, form)


def _page(request: HttpRequest, street: Place | None, form: LimitForm) -> HttpResponse:
    if street is None:
        return render(request, "cases/tables.html", {"street": None})
    sections = departments_of(street)
    held = {
        one.category_id: one
        for one in DispatchRow.objects.filter(street=street, until=None).select_related("department")
    }
    limits: dict[str, TimeLimit] = {}
    for one in access.seen_by(request.user, TimeLimit).filter(Q(street=street) | Q(street=None)):
        if one.case_class not in limits or one.street_id is not None:
            limits[one.case_class] = one
    return render(
        request,
        "cases/tables.html",
        {
            "street": street,
            "streets": _streets(request),
            "rows": [
                (
                    category,
                    held.get(category.pk),
                    RowForm(
                        departments=sections,
                        initial={
                            "category": category.pk,
                            "department": held[category.pk].department_id if category.pk in held else None,
                        },
                        auto_id=f"id_{category.pk}_%s",
                    ),
                )
                for category in categories_seen_by(request.user)
            ],
            "limits": [
                (_(kind.label), limits[kind.value], _words(limits[kind.value]))
                for kind in CaseClass
                if kind.value in limits
            ],
            "form": form,
            "gaps": any(category.pk not in held for category in categories_seen_by(request.user)),
        },
    )


def _words(limit: TimeLimit) -> tuple[str, str, str, str]:
    def say(text: str) -> str:
        if not text:
            return ""
        term = Term.parse(text)
        return f"{term.amount.normalize():f} {_(term.unit.label)}"

    return say(limit.accept), say(limit.contact), say(limit.close), say(limit.extend)


def _streets(request: HttpRequest) -> QuerySet[Place]:
    return access.seen_by(request.user, Place, "cases.configure").filter(kind=PlaceKind.STREET).order_by("pk")


def _asked(request: HttpRequest) -> int:
    text = request.GET.get("street", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def _address(street: Place) -> str:
    return f"{reverse('cases:tables')}?street={street.pk}"
