"""Who comes today, one booking, booking for an enterprise 预约接待."""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from linqi.bookings import actions, queries
from linqi.bookings.flow import Move, State
from linqi.bookings.forms import BookingForm, SlotForm, TakeInForm, a_day
from linqi.bookings.models import Booking
from linqi.bookings.queries import Desk
from linqi.bookings.views.choosing import choose, context_of
from linqi.bookings.views.lists import TONES, bookings_table, topic_of
from linqi.cases.actions import Contact
from linqi.cases.models import Case
from linqi.cases.views.picking import picked
from linqi.catalogue.queries import categories_offered
from linqi.enterprises.models import Enterprise
from linqi.enterprises.queries import enterprises_seen_by, shown_name
from linqi.kit import access, clock
from linqi.territory.models import Place
from linqi.ui.asked import an_id, words
from linqi.ui.attempts import attempt
from linqi.ui.parts import Crumb

PRESSED = (Move.ARRIVE, Move.SERVE, Move.MISS)  # at the counter, by one press


@access.page("bookings.serve")
def day(request: HttpRequest) -> HttpResponse:
    """Who comes on a day, counter by counter."""
    now, in_force = clock.now(), clock.clock_in_force()
    shown = a_day(request.GET.get("day"), now.date())
    found = queries.on_day(request.user, shown)
    served = access.seen_by(request.user, Booking.objects.filter(day=shown), "bookings.serve")
    mine = set(served.values_list("pk", flat=True))
    groups = [(desk, [_line(request.user, one, one.pk in mine, now) for one in listed]) for desk, listed in found]
    states = [State(one.state) for _desk, listed in found for one in listed]
    context = {
        "day": shown,
        "today": now.date(),
        "before": in_force.add_working_days(shown - timedelta(days=1), 0),
        "after": in_force.add_working_days(shown, 1),
        "working": in_force.calendar.is_working(shown),
        "groups": groups,
        "total": len(states),
        "waiting": states.count(State.BOOKED),
        "arrived": states.count(State.ARRIVED),
        "may_book": access.may_anywhere(request.user, "bookings.book"),
        "run": queries.counters_run_by(request.user, now.date()),
    }
    return render(request, "bookings/day.html", context)


@access.page("bookings.serve")
def list_(request: HttpRequest) -> HttpResponseBase:
    """Every booking, past and to come."""
    table = bookings_table(request.user).bind(
        request,
        queries.bookings_seen_by(request.user),
        may_export=access.may_anywhere(request.user, "bookings.export"),
    )
    if table.export_format:
        actions.record_export(rows=table.total, asked=request.GET.urlencode(), by=request.user)
        return table.export()
    return table.answer("bookings/list.html")


@access.page("bookings.serve")
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """One booking, what may be done with it, and the case that came of it."""
    return _page(request, _found(request, pk))


@require_POST
@access.page("bookings.serve")
def move(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Came, served, did not come, or cancelled by the desk."""
    found = _found(request, pk)
    if name not in (*PRESSED, Move.CANCEL):
        return redirect("bookings:one", pk=pk)
    reason = words(request.POST.get("reason"), 200)
    attempt(
        request,
        lambda: actions.move(booking=found, to=Move(name), reason=reason, by=request.user),
        done=_("已登记：%(what)s") % {"what": _(Move(name).label)},
    )
    if request.POST.get("back") == "day":
        return redirect(f"{reverse('bookings:day')}?day={found.day.isoformat()}")
    return redirect("bookings:one", pk=pk)


@require_POST
@access.page("bookings.serve")
def take_in(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a case of what they came for."""
    found = _found(request, pk)
    form = TakeInForm(request.POST, categories=categories_offered(request.user), prefix="case")
    made: list[Case] = []
    if form.is_valid() and attempt(
        request,
        lambda: made.append(actions.take_in(booking=found, **form.cleaned_data, by=request.user)),
        done=_("已转为办件并派单。"),
        form=form,
    ):
        return redirect("cases:detail", pk=made[0].pk)
    return _page(request, found, form)


@access.page("bookings.book")
def new(request: HttpRequest) -> HttpResponse:
    """Book for an enterprise: first for whom, then when."""
    if not access.may_anywhere(request.user, "bookings.serve"):
        return redirect(f"{reverse('bookings:own_new')}?{request.GET.urlencode()}".rstrip("?"))
    crumbs = [Crumb(_("窗口预约"), reverse("bookings:day")), Crumb(_("代企业预约"))]
    enterprise = _asked_for(request)
    if enterprise is None:
        picking = picked(request, "enterprises.see", to=reverse("bookings:new"), typed=reverse("bookings:pick"))
        return render(request, "bookings/pick.html", {"crumbs": crumbs, **picking})
    desks = _served(request.user, enterprise)
    return book(request, enterprise, desks, crumbs, lambda made: redirect("bookings:one", pk=made.pk))


@access.page("bookings.serve")
def pick(request: HttpRequest) -> HttpResponse:
    """The enterprises that answer to what is being typed; a partial."""
    picking = picked(request, "enterprises.see", to=reverse("bookings:new"), typed=reverse("bookings:pick"))
    return render(request, "cases/_found.html", picking)


@access.page("bookings.serve")
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Agree another time."""
    found = _found(request, pk)
    crumbs = [
        Crumb(_("窗口预约"), reverse("bookings:day")),
        Crumb(str(found), reverse("bookings:one", args=[pk])),
        Crumb(_("改期")),
    ]
    return rebook(request, found, crumbs, reverse("bookings:one", args=[pk]))


# --- the same for the enterprise's own pages --------------------------------------------------------------------------
def book(
    request: HttpRequest, enterprise: Enterprise, desks: list[Desk], crumbs: list[Crumb], then: Any
) -> HttpResponse:
    """The page on which a slot is chosen and booked; `then` answers with where to go."""
    chosen = choose(request, desks)
    form = None
    if chosen.desk is not None:
        desk, at = chosen.desk, chosen.day
        first = {"service": chosen.service or None}
        form = BookingForm(request.POST or None, window=desk.window, slots=chosen.slots, initial=first)
        if request.method == "POST" and form.is_valid():
            made: list[Booking] = []
            said = form.cleaned_data
            begins = form.begins()

            def save() -> None:
                made.append(
                    actions.book(
                        enterprise=enterprise,
                        place=desk.place,
                        window=desk.window,
                        day=at,
                        begins=begins,
                        service=said["service"],
                        topic=said["topic"],
                        contact=Contact(said["contact_name"], said["contact_phone"]),
                        by=request.user,
                    )
                )

            if attempt(request, save, done=_("已预约。前一个工作日下午会提醒您。"), form=form):
                answer: HttpResponse = then(made[0])
                return answer
    context = {
        "enterprise": enterprise,
        "name": shown_name(enterprise, request.user),
        "crumbs": crumbs,
        "title": _("预约窗口"),
        **context_of(chosen, form),
    }
    return render(request, "bookings/choose.html", context)


def rebook(request: HttpRequest, found: Booking, crumbs: list[Crumb], back: str) -> HttpResponse:
    """The page on which another time is agreed."""
    chosen = choose(request, [Desk(found.place, found.window)])
    form = SlotForm(request.POST or None, slots=chosen.slots)
    if request.method == "POST" and form.is_valid():
        begins = form.begins()
        if attempt(
            request,
            lambda: actions.change(booking=found, day=chosen.day, begins=begins, by=request.user),
            done=_("已改期，原来的时段已退回。"),
            form=form,
        ):
            return redirect(back)
    context = {
        "enterprise": found.enterprise,
        "name": shown_name(found.enterprise, request.user),
        "before": found,
        "crumbs": crumbs,
        "title": _("改期"),
        **context_of(chosen, form),
    }
    return render(request, "bookings/choose.html", context)


# --- inside -----------------------------------------------------------------------------------------------------------
def _page(request: HttpRequest, found: Booking, form: TakeInForm | None = None) -> HttpResponse:
    moves = queries.moves_open_to(request.user, found, clock.now())
    may_take = found.case is None and found.state in (State.ARRIVED, State.SERVED)
    if may_take and form is None and access.may_anywhere(request.user, "cases.open"):
        guide = getattr(found.service, "guide", None) if found.service else None
        form = TakeInForm(
            categories=categories_offered(request.user),
            prefix="case",
            initial={"title": topic_of(found), "category": guide and guide.category_id},
        )
    context = {
        "booking": found,
        "name": shown_name(found.enterprise, request.user),
        "state": _(State(found.state).label),
        "tone": TONES[State(found.state)],
        "topic": topic_of(found),
        "pressed": [(one.value, _(one.label)) for one in moves if one in PRESSED],
        "may_change": Move.CHANGE in moves,
        "may_cancel": Move.CANCEL in moves,
        "form": form if may_take else None,
        "crumbs": [
            Crumb(_("窗口预约"), f"{reverse('bookings:day')}?day={found.day.isoformat()}"),
            Crumb(f"{found.begins:%H:%M} {found.window.title}"),
        ],
    }
    return render(request, "bookings/one.html", context)


def _line(user: Any, booking: Booking, serves: bool, now: datetime) -> dict[str, Any]:
    moves = queries.moves_open(booking, now, serves=serves, books=False)
    return {
        "booking": booking,
        "name": shown_name(booking.enterprise, user),
        "topic": topic_of(booking),
        "state": _(State(booking.state).label),
        "tone": TONES[State(booking.state)],
        "pressed": [(one.value, _(one.label)) for one in moves if one in PRESSED],
    }


def _served(user: Any, enterprise: Enterprise) -> list[Desk]:
    """The counters of the enterprise at which this user receives people."""
    mine = set(
        access.seen_by(user, Place, "bookings.serve").filter(kind__in=queries.KINDS).values_list("pk", flat=True)
    )
    return [one for one in queries.counters_for(enterprise, clock.today()) if one.place.pk in mine]


def _found(request: HttpRequest, pk: int) -> Booking:
    seen = access.seen_by(request.user, queries.bookings_seen_by(request.user), "bookings.serve")
    return get_object_or_404(seen.select_related("service__guide"), pk=pk)


def _asked_for(request: HttpRequest) -> Enterprise | None:
    pk = an_id(request.GET.get("enterprise"))
    return get_object_or_404(enterprises_seen_by(request.user), pk=pk) if pk else None
