"""A street's own tables: which section settles what, and how long it may take 派单与时限设置."""

from collections.abc import Callable
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from linqi.cases import actions, queries, rules
from linqi.cases.dispatch import Fault
from linqi.cases.forms import DutiesForm, LimitForm, PublicFormForm, RowForm
from linqi.cases.models import CommunityDuty, DispatchRow, PublicForm, TimeLimit
from linqi.cases.views.wording import Wording
from linqi.catalogue.models import CaseClass, Category
from linqi.catalogue.queries import categories_seen_by
from linqi.kit import access, clock
from linqi.kit.clock import Term
from linqi.organisation.actions import seed_departments
from linqi.organisation.queries import departments_of
from linqi.territory.models import Place, PlaceKind
from linqi.territory.queries import standing_below
from linqi.ui.asked import an_id
from linqi.ui.attempts import attempt


@access.page("cases.configure")
def tables(request: HttpRequest) -> HttpResponse:
    """The dispatch table and the time limits of one street."""
    streets = _streets(request)
    street = streets.filter(pk=_asked(request)).first() or streets.first()
    return _page(request, street, _limit_form(street))


@require_POST
@access.page("cases.configure")
def row(request: HttpRequest, street_id: int) -> HttpResponse:
    """Add a row to the dispatch table, or put one in the place of another."""
    street = get_object_or_404(_streets(request), pk=street_id)
    instead_of = _rows(street).filter(pk=an_id(request.POST.get("instead_of"))).first()
    form = _row_form(request, street, request.POST)

    def save() -> None:
        said = form.cleaned_data
        actions.save_dispatch_row(
            street=street,
            clause=form.clause(),
            department=said["department"],
            together=said["together"],
            since=said["since"],
            until=said["until"],
            instead_of=instead_of,
            by=request.user,
        )

    if form.is_valid() and attempt(request, save, done=_("派单表已修改，今后的办件按新的派。"), form=form):
        return redirect(f"{_address(street)}#dispatch")
    return _page(request, street, _limit_form(street), form, instead_of)


@require_POST
@access.page("cases.configure")
def row_step(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Move a row up or down, or end it."""
    found = get_object_or_404(access.seen_by(request.user, DispatchRow).select_related("street"), pk=pk)
    street = found.street
    steps: dict[str, tuple[Callable[[], object], str]] = {
        "up": (lambda: actions.move_dispatch_row(row=found, up=True, by=request.user), _("已上移。")),
        "down": (lambda: actions.move_dispatch_row(row=found, up=False, by=request.user), _("已下移。")),
        "end": (lambda: actions.end_dispatch_row(row=found, by=request.user), _("已停用，已派的办件不变。")),
    }
    if name in steps:
        act, done = steps[name]
        attempt(request, act, done=done)
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
    form = _limit_form(street, request.POST)
    if form.is_valid() and attempt(
        request,
        lambda: actions.set_time_limit(
            street=street,
            case_class=CaseClass(form.cleaned_data["case_class"]),
            **form.terms(),
            source=form.cleaned_data["source"],
            community=form.cleaned_data["community"],
            since=form.cleaned_data["since"],
            by=request.user,
        ),
        done=_("时限已保存，今后的办件按新的算。"),
        form=form,
    ):
        return redirect(f"{_address(street)}#limits")
    return _page(request, street, form)


@require_POST
@access.page("cases.configure")
def end_limit(request: HttpRequest, pk: int) -> HttpResponse:
    """A limit of the street's own counts no more."""
    found = get_object_or_404(access.seen_by(request.user, TimeLimit).select_related("street"), pk=pk)
    street = get_object_or_404(_streets(request), pk=found.street_id)
    attempt(request, lambda: actions.end_time_limit(limit=found, by=request.user), done=_("已停用，已起算的办件不变。"))
    return redirect(f"{_address(street)}#limits")


@require_POST
@access.page("cases.configure")
def duties(request: HttpRequest, street_id: int) -> HttpResponse:
    """What stands on a community's list."""
    street = get_object_or_404(_streets(request), pk=street_id)
    form = _duties_form(request, street, request.POST)
    if form.is_valid():
        said = form.cleaned_data
        act = actions.set_duties
        attempt(
            request,
            lambda: act(community=said["community"], categories=said["categories"], by=request.user),
            done=_("社区事项清单已保存。"),
        )
    return redirect(f"{_address(street)}#duties")


def _duties_form(request: HttpRequest, street: Place, posted: QueryDict | None = None) -> DutiesForm:
    inside = standing_below(street).filter(kind=PlaceKind.COMMUNITY).order_by("name")
    return DutiesForm(posted, communities=inside, categories=categories_seen_by(request.user), prefix="duties")


def _limit_form(street: Place | None, posted: QueryDict | None = None) -> LimitForm:
    inside = standing_below(street).filter(kind=PlaceKind.COMMUNITY) if street else Place.objects.none()
    return LimitForm(posted, communities=inside.order_by("name"))


def _page(
    request: HttpRequest,
    street: Place | None,
    form: LimitForm,
    row_form: RowForm | None = None,
    instead_of: DispatchRow | None = None,
) -> HttpResponse:
    if street is None:
        return render(request, "cases/tables.html", {"street": None})
    if row_form is None:
        instead_of = _rows(street).filter(pk=an_id(request.GET.get("edit"))).first()
        row_form = _row_form(request, street, edited=instead_of)
    rows = list(_rows(street))
    words = Wording(street, rows, categories_seen_by(request.user))
    found = queries.findings(street, [queries.as_rule(one) for one in rows], clock.today())
    return render(
        request,
        "cases/tables.html",
        {
            "street": street,
            "streets": _streets(request),
            "rows": [(at, one, words.conditions(one)) for at, one in enumerate(rows, 1)],
            "findings": [words.finding(one) for one in found],
            "row_form": row_form,
            "instead_of": instead_of,
            "limits": _limits(request, street),
            "form": form,
            **_public_form(request, street),
            "duties": _duties(request, street),
            "duties_form": _duties_form(request, street),
            "gaps": any(one.fault is Fault.HOLE for one in found),
        },
    )


def _duties(request: HttpRequest, street: Place) -> list[tuple[str, str]]:
    """Each community of the street that has a list, and what stands on it."""
    inside = standing_below(street).filter(kind=PlaceKind.COMMUNITY)
    rows = access.seen_by(request.user, CommunityDuty, "cases.configure").filter(community__in=inside)
    lists: dict[str, list[str]] = {}
    for one in rows.select_related("community", "category").order_by("community__name", "category__order"):
        lists.setdefault(one.community.name, []).append(one.category.title)
    return [(name, "、".join(titles)) for name, titles in lists.items()]


def _public_form(request: HttpRequest, street: Place) -> dict[str, Any]:
    """The form for everybody: as it stands, its address, and the line that shows it inside another page."""
    found = access.seen_by(request.user, PublicForm).filter(street=street).first()
    initial = {"on": found.on, "sites": "\n".join(found.sites), "greeting": found.greeting} if found else {}
    address = request.build_absolute_uri(reverse("cases:ask", args=[found.token])) if found and found.on else ""
    line = f'<iframe src="{address}" width="100%" height="900" title="{street.name}"></iframe>' if address else ""
    return {"ask_form": PublicFormForm(initial=initial, prefix="ask"), "ask_address": address, "ask_line": line}


def _rows(street: Place) -> QuerySet[DispatchRow]:
    """The rows that count today or later, from the top."""
    return (
        DispatchRow.objects.filter(street=street)
        .exclude(until__lte=clock.today())
        .select_related("street", "department")
        .prefetch_related("together")
    )


def _row_form(
    request: HttpRequest, street: Place, posted: QueryDict | None = None, edited: DispatchRow | None = None
) -> RowForm:
    initial: dict[str, Any] = {}
    if edited is not None:
        held = edited.conditions
        initial = {
            "categories": list(
                Category.objects.filter(code__in=held.get("categories", [])).values_list("pk", flat=True)
            ),
            "places": held.get("places", []),
            "classes": held.get("classes", []),
            "sources": held.get("sources", []),
            "department": edited.department_id,
            "together": [one.pk for one in edited.together.all()],
            "until": edited.until,
        }
    wide = (PlaceKind.COMMUNITY, PlaceKind.PARK, PlaceKind.BUILDING)
    return RowForm(
        posted,
        departments=departments_of(street),
        categories=categories_seen_by(request.user),
        places=standing_below(street).filter(kind__in=wide).order_by("kind", "name"),
        initial=initial,
        prefix="row",
    )


def _limits(request: HttpRequest, street: Place) -> list[tuple[str, TimeLimit, tuple[str, str, str, str], bool]]:
    """The limits that count today or later, class by class, and whether each is what a case gets today."""
    today = clock.today()
    rows = access.seen_by(request.user, TimeLimit).filter(Q(street=street) | Q(street=None)).exclude(until__lte=today)
    shown = []
    for kind in CaseClass:
        own = [one for one in rows.select_related("community") if one.case_class == kind.value]
        ordered = sorted(own, key=lambda one: (one.community_id or 0, one.street_id is None, one.since or today))
        for one in ordered:
            beside = [queries.as_limit(other) for other in ordered if other.community_id == one.community_id]
            counts = queries.as_limit(one) == rules.limit_in_force(beside, today)
            shown.append((_(kind.label), one, _words(one), counts))
    return shown


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
    return an_id(request.GET.get("street"))


def _address(street: Place) -> str:
    return f"{reverse('cases:tables')}?street={street.pk}"
