"""Departments, and who looks after which building 科室与联楼小组."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from django.views.decorators.http import require_POST

from linqi.accounts.queries import valid_on
from linqi.kit import access
from linqi.kit.clock import today
from linqi.organisation import actions, queries
from linqi.organisation.forms import DepartmentForm, SeatForm, SubstituteForm
from linqi.organisation.models import LinkTeam, Mandate
from linqi.organisation.rules import Manning, TeamRole
from linqi.organisation.views.matrix import form_page
from linqi.territory.forms import day_asked
from linqi.territory.models import Place, PlaceKind
from linqi.ui.attempts import attempt, attempt_each
from linqi.ui.parts import Crumb
from linqi.ui.tables import Choose, Column, Search, Table

TONES = {Manning.FULL: "good", Manning.VACANT: "warn", Manning.NONE: "bad"}


def _teams_table(cards: dict[int, queries.TeamCard]) -> Table[Place]:
    """The list of buildings; `cards` is filled with the page's rows before they are drawn."""

    def card(building: Place) -> queries.TeamCard:
        if building.pk not in cards:
            cards[building.pk] = queries.team_card(building)
        return cards[building.pk]

    def holder(role: TeamRole) -> Column[Place]:
        return Column(
            role.value,
            gettext_lazy(role.label),
            value=lambda building: next(
                (str(seat.holder) for seat in card(building).seats if seat.role == role and seat.holder), None
            ),
        )

    return Table[Place](
        key="teams",
        columns=[
            Column("name", gettext_lazy("楼宇"), sort="name", fixed=True),
            Column(
                "manning",
                gettext_lazy("配备"),
                value=lambda building: _(card(building).manning.label),
                sort=("team_id", "seats_held"),
                kind="badge",
                tone=lambda building: TONES[card(building).manning],
            ),
            *[holder(role) for role in TeamRole],
            Column(
                "team",
                gettext_lazy("小组"),
                value=lambda building: str(card(building).team or "") or None,
                visible=False,
            ),
        ],
        order="name",
        caption=pgettext_lazy("many", "联楼小组"),
        row_url=lambda building: reverse("organisation:team", args=[building.pk]),
        filters=[
            Search("q", gettext_lazy("楼宇名称"), apply=lambda rows, text: rows.filter(name__icontains=text)),
            Choose(
                "manning",
                gettext_lazy("配备"),
                [(one.value, gettext_lazy(one.label)) for one in Manning],
                apply=queries.by_manning,
            ),
        ],
        empty=gettext_lazy("您管理的范围内还没有登记楼宇。"),
    )


@access.page("organisation.see")
def teams(request: HttpRequest) -> HttpResponseBase:
    """Every building with its team, vacancies first to the eye."""
    cards: dict[int, queries.TeamCard] = {}
    table = _teams_table(cards).bind(request, queries.buildings_with_teams(request.user), may_export=False)
    cards.update(queries.team_cards(table.objects))
    return table.answer("organisation/teams.html", {"coverage": queries.coverage(request.user)})


@access.page("organisation.see")
def team(request: HttpRequest, pk: int) -> HttpResponse:
    """One building's team: who holds which seat, and the forms to change it."""
    building = _building(request, pk)
    card = queries.team_card(building)
    on = day_asked(request.GET.get("on", ""))
    may_edit = access.may(request.user, "organisation.edit", building)
    forms = [
        (
            seat,
            SeatForm(initial={"role": seat.role.value, "user": seat.holder}, building=building, prefix=seat.role.value),
        )
        for seat in card.seats
    ]
    return render(
        request,
        "organisation/team.html",
        {
            "building": building,
            "card": card,
            "tone": TONES[card.manning],
            "manning": _(card.manning.label),
            "seats": forms,
            "past": LinkTeam.objects.filter(building=building).exclude(until=None).order_by("-until"),
            "on": on,
            "then": queries.team_on(building, on) if on < today() else None,
            "mandates": access.seen_by(request.user, Mandate)
            .filter(valid_on(today()), place=building)
            .select_related("company"),
            "may_edit": may_edit,
            "crumbs": [Crumb(pgettext("many", "联楼小组"), reverse("organisation:teams")), Crumb(building.name)],
        },
    )


@require_POST
@access.page("organisation.edit")
def form_team(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a building its team."""
    building = _building(request, pk)
    attempt(
        request,
        lambda: actions.form_team(building=building, by=request.user),
        done=_("联楼小组已组建，请安排成员。"),
    )
    return redirect("organisation:team", pk=building.pk)


@require_POST
@access.page("organisation.edit")
def change_seat(request: HttpRequest, pk: int, role: str) -> HttpResponse:
    """Give one seat to somebody, or leave it vacant."""
    building = _building(request, pk)
    card = queries.team_card(building)
    form = SeatForm(request.POST, building=building, prefix=role)
    found = card.team
    if found is not None and form.is_valid() and form.cleaned_data["role"] == role:
        attempt(
            request,
            lambda: actions.change_seat(
                team=found,
                role=TeamRole(role),
                user=form.cleaned_data["user"],
                note=form.cleaned_data["note"],
                by=request.user,
            ),
            done=_("成员已调整。"),
        )
    return redirect("organisation:team", pk=building.pk)


@access.page("organisation.edit")
def substitute(request: HttpRequest, pk: int, role: str) -> HttpResponse:
    """Somebody sits for the holder of a seat for a while."""
    building = _building(request, pk)
    found = next((seat for seat in queries.team_card(building).seats if seat.role == role and seat.held), None)
    if found is None or found.held is None:
        raise Http404
    held = found.held
    form = SubstituteForm(request.POST or None, building=building, initial={"since": today()})
    return form_page(
        request,
        form,
        lambda said: actions.substitute(seat=held, **said, by=request.user),
        title=_("安排代班：%(who)s") % {"who": found.holder},
        back=reverse("organisation:team", args=[pk]),
        crumbs=_team_crumbs(building),
    )


@require_POST
@access.page("organisation.see")
def receive(request: HttpRequest, pk: int) -> HttpResponse:
    """The new holder confirms what was handed over."""
    building = _building(request, pk)
    waiting = [seat.hand_over for seat in queries.team_card(building).seats if seat.holder == request.user]
    attempt_each(
        request,
        [told for told in waiting if told is not None],
        lambda told: actions.receive_hand_over(hand_over=told, by=request.user),
        done=_("已确认接收 %(n)s 项交接。"),
    )
    return redirect("organisation:team", pk=pk)


@require_POST
@access.page("organisation.edit")
def end_team(request: HttpRequest, pk: int) -> HttpResponse:
    """Dissolve a building's team from today on."""
    found = queries.team_card(_building(request, pk)).team
    if found is not None:
        attempt(request, lambda: actions.end_team(team=found, by=request.user), done=_("联楼小组已撤销。"))
    return redirect("organisation:team", pk=pk)


@access.page("organisation.see")
def departments(request: HttpRequest) -> HttpResponse:
    """The sections of the street, and a form for a new one."""
    streets = access.seen_by(request.user, Place, "organisation.edit").filter(kind=PlaceKind.STREET)
    form = DepartmentForm(request.POST or None, streets=streets)
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        if attempt(
            request,
            lambda: actions.create_department(
                street=asked["street"], code=asked["code"], name=asked["name"], by=request.user
            ),
            done=_("科室已新增。"),
            form=form,
        ):
            return redirect("organisation:departments")
    return render(
        request,
        "organisation/departments.html",
        {
            "departments": queries.departments_seen_by(request.user).order_by("street", "pk"),
            "form": form,
            "may_edit": streets.exists(),
        },
    )


def _building(request: HttpRequest, pk: int) -> Place:
    return get_object_or_404(queries.buildings_with_teams(request.user), pk=pk)


def _team_crumbs(building: Place) -> list[Crumb]:
    return [
        Crumb(pgettext("many", "联楼小组"), reverse("organisation:teams")),
        Crumb(building.name, reverse("organisation:team", args=[building.pk])),
    ]
