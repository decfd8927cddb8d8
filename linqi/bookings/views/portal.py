"""An enterprise's own bookings 我的预约."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from icalendar import Calendar, Event

from linqi.bookings import actions, queries
from linqi.bookings.flow import Move, State
from linqi.bookings.models import Booking
from linqi.bookings.views.desk import book, rebook
from linqi.bookings.views.lists import TONES, own_table, topic_of
from linqi.catalogue.guides import as_read
from linqi.catalogue.models import Guide
from linqi.enterprises.models import Enterprise
from linqi.kit import access, clock
from linqi.kit.clock import ZONE
from linqi.ui.asked import an_id, words
from linqi.ui.attempts import attempt
from linqi.ui.parts import Crumb


@access.page("bookings.portal")
def mine(request: HttpRequest) -> HttpResponseBase:
    """The bookings of the user's enterprises."""
    return own_table().bind(request, queries.own_bookings(request.user), may_export=False).answer("bookings/mine.html")


@access.page("bookings.portal")
def own_one(request: HttpRequest, pk: int) -> HttpResponse:
    """One booking: when, where, what to bring."""
    found = _mine(request, pk)
    moves = queries.moves_open_to(request.user, found, clock.now())
    guide = Guide.objects.filter(service=found.service).first() if found.service else None
    context = {
        "booking": found,
        "state": _(State(found.state).label),
        "tone": TONES[State(found.state)],
        "topic": topic_of(found),
        "materials": as_read(guide.materials) if guide else [],
        "may_change": Move.CHANGE in moves,
        "may_cancel": Move.CANCEL in moves,
        "crumbs": [Crumb(_("我的预约"), reverse("bookings:mine")), Crumb(str(found))],
    }
    return render(request, "bookings/own_one.html", context)


@access.page("bookings.portal")
def own_new(request: HttpRequest) -> HttpResponse:
    """Book a window for one of the user's enterprises."""
    firms = access.seen_by(request.user, Enterprise, "bookings.portal").filter(merged_into=None).order_by("name_key")
    asked = an_id(request.GET.get("enterprise"))
    firm = get_object_or_404(firms, pk=asked) if asked else firms.first()
    crumbs = [Crumb(_("我的预约"), reverse("bookings:mine")), Crumb(_("预约窗口"))]
    if firm is None:
        return redirect("bookings:mine")
    desks = queries.counters_for(firm, clock.today())
    return book(request, firm, desks, crumbs, lambda made: redirect("bookings:own_one", pk=made.pk))


@access.page("bookings.portal")
def own_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Agree another time."""
    found, back = _mine(request, pk), reverse("bookings:own_one", args=[pk])
    crumbs = [Crumb(_("我的预约"), reverse("bookings:mine")), Crumb(str(found), back), Crumb(_("改期"))]
    return rebook(request, found, crumbs, back)


@require_POST
@access.page("bookings.portal")
def own_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Not coming after all; the seat is free for others at once."""
    found = _mine(request, pk)
    reason = words(request.POST.get("reason"), 200)
    attempt(
        request,
        lambda: actions.move(booking=found, to=Move.CANCEL, reason=reason, by=request.user),
        done=_("已取消，这个时段已让给别的企业。"),
    )
    return redirect("bookings:own_one", pk=pk)


@require_GET
@access.page("bookings.portal")
def own_calendar(request: HttpRequest, pk: int) -> HttpResponse:
    """The booking as an entry for one's calendar."""
    found = _mine(request, pk)
    event = Event()
    event.add("uid", f"booking-{found.pk}@linqi")
    event.add("dtstamp", found.booked_at)
    event.add("dtstart", datetime.combine(found.day, found.begins, ZONE))
    event.add("dtend", datetime.combine(found.day, found.ends, ZONE))
    event.add("summary", _("到 %(window)s 办事") % {"window": found.window.title})
    event.add("location", found.place.name)
    event.add("description", topic_of(found) or "")
    calendar = Calendar()
    calendar.add("prodid", "-//Linqi//Booking//ZH")
    calendar.add("version", "2.0")
    calendar.add_component(event)
    answer = HttpResponse(calendar.to_ical(), content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="booking-{found.pk}.ics"'
    answer["Cache-Control"] = "private, no-store"
    return answer


def _mine(request: HttpRequest, pk: int) -> Booking:
    return get_object_or_404(queries.own_bookings(request.user), pk=pk)
