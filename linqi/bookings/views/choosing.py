"""Choosing a counter, a day and a slot; the same for the desk and for the enterprise 选时段."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest, QueryDict
from django.utils import formats
from django.utils.translation import gettext as _

from linqi.bookings import queries
from linqi.bookings.forms import a_day
from linqi.bookings.queries import Desk
from linqi.bookings.rules import Slot
from linqi.catalogue.models import Service
from linqi.kit import clock
from linqi.ui.asked import an_id
from linqi.ui.parts import Tab


@dataclass(frozen=True, slots=True)
class Choosing:
    """What can be chosen, and what is chosen so far."""

    desks: list[Desk]
    desk: Desk | None
    service: int
    days: list[Tab]
    day: date
    slots: list[tuple[Slot, int]]

    @property
    def full(self) -> int:
        """How many slots of the day are given or over."""
        return sum(not left for _slot, left in self.slots)


def choose(request: HttpRequest, desks: list[Desk]) -> Choosing:
    """Read the address: `counter` (place-window), or `service` whose window is meant, and `day`."""
    service = Service.objects.filter(pk=an_id(request.GET.get("service"))).first()
    asked = request.GET.get("counter", "")
    desk = next((one for one in desks if one.key == asked), None)
    if desk is None and service is not None:
        desk = next((one for one in desks if one.window.pk == service.window_id), None)
    if desk is None and len(desks) == 1:
        desk = desks[0]
    now = clock.now()
    free = queries.free_at(desk.place.pk, desk.window.pk, now) if desk else {}
    first = next((day for day, slots in free.items() if any(slots.values())), now.date())
    day = a_day(request.GET.get("day"), first)
    day = day if day in free else first
    return Choosing(
        desks=desks,
        desk=desk,
        service=service.pk if service and desk and service.window_id == desk.window.pk else 0,
        days=[_tab(request.GET, one, day, sum(slots.values())) for one, slots in free.items() if slots],
        day=day,
        slots=list(free.get(day, {}).items()),
    )


def context_of(chosen: Choosing, form: Any) -> dict[str, Any]:
    """What `bookings/choose.html` reads."""
    return {"chosen": chosen, "form": form, "now_full": _("当天 %(n)s 个时段已约满或已过。") % {"n": chosen.full}}


def _tab(query: QueryDict, day: date, chosen: date, left: int) -> Tab:
    asked = query.copy()
    asked["day"] = day.isoformat()
    return Tab(formats.date_format(day, "m-d D"), f"?{asked.urlencode()}", day == chosen, left)
