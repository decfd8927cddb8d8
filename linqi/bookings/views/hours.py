"""When windows take bookings, and the days they do not 窗口开放时间."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from linqi.bookings import actions, queries
from linqi.bookings.forms import WEEKDAYS, ClosedDayForm, HoursForm, a_day
from linqi.bookings.models import ClosedDay, WindowHours
from linqi.kit import access, clock
from linqi.territory.models import Place
from linqi.ui.attempts import attempt
from linqi.ui.parts import Crumb


@access.page("bookings.serve")
def hours(request: HttpRequest) -> HttpResponse:
    """Hours in force and to come, closed days ahead, and the forms for more."""
    today = clock.today()
    places = queries.places_configured_by(request.user)
    form, off = _forms(request, places)
    if request.method == "POST" and form is not None and off is not None:
        if "hours" in request.POST and form.is_valid():
            said = form.cleaned_data
            if attempt(
                request,
                lambda: actions.set_hours(**said, by=request.user),
                done=_("已设置，企业现在可以预约。"),
                form=form,
            ):
                return redirect("bookings:hours")
        elif "closed" in request.POST and off.is_valid():
            told: list[int] = []
            asked = off.cleaned_data
            if attempt(request, lambda: told.append(actions.close_day(**asked, by=request.user)), form=off):
                _say(request, told[0])
                return redirect("bookings:hours")
    rows = access.seen_by(request.user, queries.hours_in_force(today))
    off_days = access.seen_by(request.user, ClosedDay.objects.filter(day__gte=today).select_related("place", "window"))
    weekdays = dict(WEEKDAYS)
    mine = set(places.values_list("pk", flat=True))
    context = {
        "rows": [
            (one, weekdays["" if one.weekday is None else str(one.weekday)], one.place_id in mine) for one in rows
        ],
        "closed": [(one, one.place_id in mine) for one in off_days],
        "form": form,
        "off": off,
        "today": today,
        "crumbs": [Crumb(_("窗口预约"), reverse("bookings:day")), Crumb(_("开放时间"))],
    }
    return render(request, "bookings/hours.html", context)


@require_POST
@access.page("bookings.configure")
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Take no more bookings at these hours."""
    found = get_object_or_404(access.seen_by(request.user, WindowHours, "bookings.configure"), pk=pk)
    until = a_day(request.POST.get("until"), clock.today())
    attempt(
        request,
        lambda: actions.end_hours(hours=found, until=until, by=request.user),
        done=_("已停用；已经约好的照常接待。"),
    )
    return redirect("bookings:hours")


@require_POST
@access.page("bookings.configure")
def open_day(request: HttpRequest, pk: int) -> HttpResponse:
    """Receive people on a closed day after all."""
    found = get_object_or_404(access.seen_by(request.user, ClosedDay, "bookings.configure"), pk=pk)
    attempt(
        request,
        lambda: actions.open_day(closed=found, by=request.user),
        done=_("已取消停办；此前取消的预约不会恢复。"),
    )
    return redirect("bookings:hours")


def _forms(request: HttpRequest, places: QuerySet[Place]) -> tuple[HoursForm | None, ClosedDayForm | None]:
    """The two forms, each with its own prefix; none for whoever may only look."""
    if not places.exists():
        return None, None
    sent = request.POST if request.method == "POST" else None
    form = HoursForm(
        sent if sent and "hours" in sent else None, places=places, prefix="h", initial={"since": clock.today()}
    )
    off = ClosedDayForm(sent if sent and "closed" in sent else None, places=places, prefix="c")
    return form, off


def _say(request: HttpRequest, cancelled: int) -> None:
    messages.success(
        request,
        ngettext(
            "已设为停办，取消了 %(n)s 个预约并通知了企业。", "已设为停办，取消了 %(n)s 个预约并通知了企业。", cancelled
        )
        % {"n": cancelled},
    )
