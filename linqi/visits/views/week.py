"""The plan of a week: made, looked at, changed, confirmed; and one's own days 周计划."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from linqi.accounts.models import User
from linqi.accounts.queries import account
from linqi.enterprises.queries import enterprises_seen_by
from linqi.kit import access
from linqi.kit.clock import today
from linqi.territory.models import Place, PlaceKind
from linqi.territory.queries import street_of
from linqi.ui.asked import an_id
from linqi.ui.attempts import attempt
from linqi.ui.parts import Crumb
from linqi.visits import planning, tasks, weeks
from linqi.visits.actions import planning as actions
from linqi.visits.flow import PLAN, PlanState
from linqi.visits.models import PlanFeed, PlanShift, PlanStop, WeekPlan

OUT = 60  # stops left out that a page names; the rest are counted
TONES = {PlanState.DRAFT: "warn", PlanState.CONFIRMED: "good", PlanState.DROPPED: "quiet"}


class WeekForm(forms.Form):
    """Which week, and who is out in the streets."""

    monday = forms.DateField(
        label=gettext_lazy("哪一周"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=gettext_lazy("选这一周的任意一天。"),
    )
    people = forms.ModelMultipleChoiceField(
        User.objects.none(),
        label=gettext_lazy("谁外出走访"),
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("默认勾选联楼小组的党员和运营。"),
    )
    own_teams = forms.BooleanField(label=gettext_lazy("只由本楼联楼小组的成员前往"), required=False)

    def __init__(self, *args: Any, place: Place, **kwargs: Any) -> None:
        people = planning.may_go(place, today())
        usual = planning.usually_go(people, place, today()) or {one.pk for one in people}
        next_week = today() + timedelta(days=7 - today().weekday())
        kwargs.setdefault("initial", {"monday": next_week, "people": usual})
        super().__init__(*args, **kwargs)
        self.fields["people"].queryset = User.objects.filter(  # type: ignore[attr-defined]
            pk__in=[one.pk for one in people]
        ).order_by("display_name", "pk")


@access.page("visits.weeks")
def list_(request: HttpRequest) -> HttpResponse:
    """The plans there are, and the form for another."""
    places = _places(request)
    place = next((one for one in places if one.pk == an_id(request.GET.get("place"))), places[0] if places else None)
    may = place is not None and access.may(request.user, "visits.plan", place)
    form = WeekForm(request.POST or None, place=place) if place is not None and may else None
    if request.method == "POST" and form is not None and place is not None and form.is_valid():
        made: list[WeekPlan] = []
        said = form.cleaned_data

        def save() -> None:
            made.append(actions.propose_week(place=place, **said, by=request.user))

        if attempt(request, save, done=_("已生成建议方案，正在求更好的安排。"), form=form):
            _search(request, made[0])
            return redirect("visits:week", pk=made[0].pk)
    context = {
        "plans": [
            (one, _(PlanState(one.state).label), TONES[PlanState(one.state)])
            for one in planning.plans_seen_by(request.user)[:30]
        ],
        "places": places,
        "place": place,
        "form": form,
        "terms": planning.terms_of(place, today()) if place is not None else None,
        "street": street_of(place) if place is not None else None,
        "goes": access.may_anywhere(request.user, "visits.record"),  # has visits of one's own
        "crumbs": [Crumb(_("必访清单"), reverse("visits:must")), Crumb(_("周计划"))],
    }
    return render(request, "visits/weeks.html", context)


@access.page("visits.weeks")
@require_GET
def week(request: HttpRequest, pk: int) -> HttpResponse:
    """One plan: what it covers and what not, and a day of it with everybody's stops."""
    plan = _plan(request, pk)
    if request.GET.get("part") == "search":
        return _progress(request, plan)
    day, days = _day(request, plan)
    posed = planning.posed(plan, today())
    cards, causes = weeks.left_out(plan, posed, request.user, OUT)
    figures = plan.figures
    bound = figures.get("bound")
    may_plan = access.may(request.user, "visits.plan", plan) and plan.state != PlanState.DROPPED
    context = {
        "plan": plan,
        "state": _(PlanState(plan.state).label),
        "tone": TONES[PlanState(plan.state)],
        "searching": actions.searching(plan),
        "day": day,
        "days": [(one, weeks.address_of(plan, one)) for one in days],
        "hours": weeks.hours_on(plan, day, posed, request.user),
        "cards": cards,
        "causes": sorted(causes.items(), key=lambda pair: -pair[1]),
        "more": max(0, sum(causes.values()) - len(cards)),
        "short": round(figures.get("short", 0) / 60, 1),
        "walked": round(figures.get("walked", 0) / 60, 1),
        "placed": figures.get("stops", 0),
        "value": f"{figures.get('total', 0) / 100:.1f}",
        "bound": f"{bound / 100:.1f}" if bound else "",
        "gap": f"{1 - figures['total'] / bound:.1%}" if bound else "",
        "unplaced": len(posed.unplaced),
        "shifts": weeks.shifts_to_choose(plan, today()) if may_plan else [],
        "waiting": weeks.still_waiting(plan, request.user, today()) if may_plan else [],
        "may_plan": may_plan,
        "may_search": may_plan and plan.state == PlanState.DRAFT and not actions.searching(plan),
        "may_confirm": "confirm" in PLAN.open_moves(plan.state) and access.may(request.user, "visits.confirm", plan),
        "may_drop": may_plan and "drop" in PLAN.open_moves(plan.state),
        "crumbs": [Crumb(_("周计划"), reverse("visits:weeks")), Crumb(f"{plan.place.name} {plan.monday:%Y-%m-%d}")],
    }
    return render(request, "visits/week.html", context)


@require_POST
@access.page("visits.weeks")
def turn(request: HttpRequest, pk: int, move: str) -> HttpResponse:
    """Search, confirm or drop a plan."""
    plan = _plan(request, pk)
    if move == "search":
        _search(request, plan)
    acts: dict[str, tuple[Callable[..., object], str]] = {
        "confirm": (actions.confirm_week, _("已确认，走访已安排到人。")),
        "drop": (actions.drop_week, _("已作废。")),
    }
    if move in acts:
        act, done = acts[move]
        if attempt(request, lambda: act(plan=plan, by=request.user), done=done) and move == "drop":
            return redirect("visits:weeks")
    return redirect("visits:week", pk=pk)


@require_POST
@access.page("visits.plan")
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a stop somewhere else: other hours, up, down, or out of the plan."""
    stop = get_object_or_404(access.seen_by(request.user, PlanStop).select_related("plan__place", "shift"), pk=pk)
    plan, said = stop.plan, request.POST
    wanted = an_id(said.get("shift")) or (stop.shift_id if said.get("at") else None)
    shift = PlanShift.objects.filter(plan=plan, pk=wanted or 0).select_related("user").first()
    at = an_id(said.get("at")) or 0
    if said.get("at") is None and shift is not None:
        at = shift.stops.count()
    back = shift.day if shift else stop.shift.day if stop.shift else plan.monday
    if shift is None and said.get("out") != "1":
        attempt(request, _nowhere)
    else:
        attempt(request, lambda: actions.move_stop(stop=stop, shift=shift, at=at, by=request.user), done=_("已调整。"))
    return redirect(weeks.address_of(plan, back))


@require_POST
@access.page("visits.plan")
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """A stop that was put somewhere by hand may be moved by the product again."""
    stop = get_object_or_404(access.seen_by(request.user, PlanStop).select_related("plan__place", "shift"), pk=pk)
    attempt(
        request,
        lambda: actions.release_stop(stop=stop, by=request.user),
        done=_("已取消固定，重新求解时可能调整。"),
    )
    return redirect(weeks.address_of(stop.plan, stop.shift.day if stop.shift else stop.plan.monday))


@require_POST
@access.page("visits.plan")
def absent(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody is away on a day, or is there after all."""
    plan, said = _plan(request, pk), request.POST
    shift = get_object_or_404(PlanShift.objects.select_related("user"), plan=plan, pk=an_id(said.get("shift")))

    def act() -> None:
        away = said.get("absent") == "1"
        done = actions.set_absent(plan=plan, user=shift.user, day=shift.day, absent=away, by=request.user)
        told.update(moved=len(done.moved), dropped=len(done.dropped))

    told: dict[str, int] = {}
    if attempt(request, act):
        attempt(
            request,
            lambda: None,
            done=_("已调整：%(moved)s 次上门转给他人，%(dropped)s 次暂时无人可去，其余不变。")
            % {"moved": told["moved"], "dropped": told["dropped"]},
        )
    return redirect(weeks.address_of(plan, shift.day))


@require_POST
@access.page("visits.plan")
def urgent(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a firm in that must be seen this week after all."""
    plan = _plan(request, pk)
    mine = access.seen_by(request.user, enterprises_seen_by(request.user), "visits.plan")
    firm = mine.filter(pk=an_id(request.POST.get("enterprise"))).first()
    if firm is None:
        raise Http404
    attempt(
        request,
        lambda: actions.add_urgent(plan=plan, enterprise=firm, by=request.user),
        done=_("已加入本周计划，其余安排尽量不动。"),
    )
    return redirect("visits:week", pk=pk)


# --- one's own --------------------------------------------------------------------------------------------------------
@access.page("visits.record")
@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    """One's own stops of a day and the days after, by the order of walking and from the top floor down."""
    day = today()
    found = []
    plans = {one.plan_id: one.plan for one in planning.own_stops(request.user, day, day + timedelta(days=13))}
    for plan in plans.values():
        posed = planning.posed(plan, day)
        for n in range(14):
            hours = weeks.hours_on(plan, day + timedelta(days=n), posed, request.user, only=request.user.pk or 0)
            found += [(day + timedelta(days=n), one) for one in hours if one.cards]
    found.sort(key=lambda pair: (pair[0], pair[1].shift.begins))
    context = {
        "listed": found,
        "feed": PlanFeed.objects.filter(user=account(request)).exists(),
        "crumbs": [Crumb(_("必访清单"), reverse("visits:must")), Crumb(_("我的走访安排"))],
    }
    return render(request, "visits/mine.html", context)


@require_POST
@access.page("visits.record")
def feed(request: HttpRequest, turn: str) -> HttpResponse:
    """Make or take back the address for one's calendar; it is shown once."""
    user = account(request)
    if turn == "close":
        actions.close_feed(by=user)
        return redirect("visits:mine")
    address = request.build_absolute_uri(reverse("visits:calendar", args=[actions.open_feed(by=user)]))
    crumbs = [Crumb(_("我的走访安排"), reverse("visits:mine")), Crumb(_("日历订阅"))]
    return render(request, "visits/feed.html", {"address": address, "crumbs": crumbs})


@login_not_required
@require_GET
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """One person's stops for a calendar that cannot sign in; the address is the key, and can be taken back."""
    found = (
        PlanFeed.objects.filter(digest=actions.digest_of(token), user__is_active=True).select_related("user").first()
    )
    if found is None or not access.may_anywhere(found.user, "visits.record"):
        raise Http404
    answer = HttpResponse(weeks.calendar_of(found.user, today()), content_type="text/calendar; charset=utf-8")
    answer["Cache-Control"] = "private, no-store"
    return answer


# --- inside -----------------------------------------------------------------------------------------------------------
def _search(request: HttpRequest, plan: WeekPlan) -> None:
    if attempt(request, lambda: actions.ask_search(plan=plan, by=request.user)):
        tasks.search.enqueue(plan=plan.pk, by=request.user.pk or 0)


def _nowhere() -> None:
    from django.core.exceptions import ValidationError

    raise ValidationError(_("请选择放到哪个时段。"))


def _progress(request: HttpRequest, plan: WeekPlan) -> HttpResponse:
    answer = render(request, "visits/_search.html", {"plan": plan, "searching": actions.searching(plan)})
    if not actions.searching(plan):
        answer["HX-Refresh"] = "true"
    return answer


def _day(request: HttpRequest, plan: WeekPlan) -> tuple[date, list[date]]:
    days = sorted(set(PlanShift.objects.filter(plan=plan).values_list("day", flat=True)))
    asked = request.GET.get("day", "")
    chosen = next((one for one in days if one.isoformat() == asked), None)
    return chosen or next((one for one in days if one >= today()), days[0] if days else plan.monday), days


def _places(request: HttpRequest) -> list[Place]:
    kinds = (PlaceKind.STREET, PlaceKind.COMMUNITY, PlaceKind.PARK)
    rows = access.seen_by(request.user, Place, "visits.weeks").filter(kind__in=kinds, until=None)
    order = {kind.value: at for at, kind in enumerate(kinds)}
    return sorted(rows, key=lambda one: (order[one.kind], one.name))


def _plan(request: HttpRequest, pk: int) -> WeekPlan:
    return get_object_or_404(planning.plans_seen_by(request.user), pk=pk)
