"""Which counters there are, what is free, who comes."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet

from linqi.bookings import rules
from linqi.bookings.flow import LIFE, Move, State
from linqi.bookings.models import Booking, ClosedDay, WindowHours
from linqi.bookings.rules import Hours, Slot
from linqi.cases.queries import places_of
from linqi.catalogue.models import Window
from linqi.enterprises.models import Enterprise
from linqi.kit import access, clock
from linqi.kit.clock import ZONE
from linqi.territory.models import Coverage, Place, PlaceKind
from linqi.territory.queries import valid_on

KINDS = (PlaceKind.STREET, PlaceKind.COMMUNITY)  # what has counters
OPEN = (State.BOOKED, State.ARRIVED)


@dataclass(frozen=True, slots=True)
class Desk:
    """A window at a place: what one goes to 窗口点位."""

    place: Place
    window: Window

    @property
    def key(self) -> str:
        """How it is named in an address: place-window."""
        return f"{self.place.pk}-{self.window.pk}"

    def __str__(self) -> str:
        return f"{self.place.name} · {self.window.title}"


def bookings_seen_by(user: Any) -> QuerySet[Booking]:
    """The bookings this user may see 预约."""
    return access.seen_by(user, Booking).select_related("place", "window", "service", "enterprise", "case")


def own_bookings(user: Any) -> QuerySet[Booking]:
    """Those of the user's own enterprises 我的预约."""
    return bookings_seen_by(user).filter(enterprise__in=access.reach_of(user).enterprises("bookings.portal"))


def hours_in_force(day: date) -> QuerySet[WindowHours]:
    """Hours that hold on a day or will hold later."""
    return WindowHours.objects.filter(Q(until=None) | Q(until__gt=day)).select_related("place", "window")


def counters_for(enterprise: Enterprise, on: date) -> list[Desk]:
    """The counters an enterprise may go to: those of the communities and the street above where it is 可预约窗口."""
    around = Coverage.objects.filter(valid_on(on), descendant__in=places_of(enterprise)).values("ancestor")
    return counters(hours_in_force(on).filter(place__in=around))


def counters_run_by(user: Any, on: date) -> list[Desk]:
    """The counters at which this user receives people 本人接待的窗口."""
    return counters(hours_in_force(on).filter(place__in=access.seen_by(user, Place, "bookings.serve").values("pk")))


def counters(hours: Iterable[WindowHours]) -> list[Desk]:
    """The counters that hours speak of, each once, by place and number of the window."""
    found = {(one.place_id, one.window_id): Desk(one.place, one.window) for one in hours}
    return sorted(
        found.values(), key=lambda one: (one.place.kind != PlaceKind.COMMUNITY, one.place.name, one.window.number)
    )


def as_rule(row: WindowHours) -> Hours:
    """A row as the rules read it."""
    return Hours(row.begins, row.ends, row.minutes, row.seats, row.weekday, row.since, row.until)


def days_ahead(now: datetime) -> list[date]:
    """The days that can be booked now."""
    in_force = clock.clock_in_force()
    first = now.date() - timedelta(days=1)
    return rules.days_ahead(now, [in_force.add_working_days(first, n) for n in range(1, rules.AHEAD + 1)])


def slots_of(place: int, window: int, days: Iterable[date]) -> dict[date, list[Slot]]:
    """The slots of a counter on these days, closed days empty; two queries."""
    asked = list(days)
    hours = [as_rule(one) for one in WindowHours.objects.filter(place=place, window=window)]
    off = set(
        ClosedDay.objects.filter(Q(window=None) | Q(window=window), place=place, day__in=asked).values_list(
            "day", flat=True
        )
    )
    calendar = clock.clock_in_force().calendar
    return {day: rules.slots_on(day, hours, working=calendar.is_working(day), closed=day in off) for day in asked}


def slot_at(place: int, window: int, day: date, begins: time) -> Slot | None:
    """The slot of a counter that begins then, if there is one."""
    return next((slot for slot in slots_of(place, window, [day])[day] if slot.begins == begins), None)


def free_at(place: int, window: int, now: datetime) -> dict[date, dict[Slot, int]]:
    """How many seats each slot of the coming days has left 余号; four queries whatever the days."""
    slots = slots_of(place, window, days_ahead(now))
    taken = taken_of(place, window, list(slots))
    return {day: rules.free(found, taken, now) for day, found in slots.items()}


def taken_of(place: int, window: int, days: Iterable[date]) -> Counter[tuple[date, time]]:
    """How many seats of each slot are given."""
    given = standing(Booking.objects.filter(place=place, window=window, day__in=list(days)))
    return Counter({(day, begins): n for day, begins, n in given.values_list("day", "begins").annotate(n=Count("pk"))})


def standing(rows: QuerySet[Booking]) -> QuerySet[Booking]:
    """Without those that were cancelled."""
    return rows.exclude(state=State.CANCELLED)


def open_of(enterprise: int, today: date, but: int | None = None) -> QuerySet[Booking]:
    """What an enterprise still has before it."""
    rows = Booking.objects.filter(enterprise=enterprise, day__gte=today, state__in=OPEN)
    return rows if but is None else rows.exclude(pk=but)


def on_day(user: Any, day: date) -> list[tuple[Desk, list[Booking]]]:
    """Who comes on a day to the counters this user sees, counter by counter, in order of time 当日预约."""
    found: dict[tuple[int, int], list[Booking]] = defaultdict(list)
    rows = standing(bookings_seen_by(user).filter(day=day)).order_by("place__name", "window__number", "begins", "seat")
    for one in rows:
        found[(one.place_id, one.window_id)].append(one)
    return [(Desk(listed[0].place, listed[0].window), listed) for listed in found.values()]


def moves_open_to(user: Any, booking: Booking, now: datetime) -> list[Move]:
    """What this user may do to a booking now, in the order of the table."""
    serves, books = (access.may(user, f"bookings.{one}", booking) for one in ("serve", "book"))
    return moves_open(booking, now, serves=serves, books=books)


def moves_open(booking: Booking, now: datetime, *, serves: bool, books: bool) -> list[Move]:
    """What may be done to a booking now by one who receives people there, or may book it."""
    begun = now >= starts_at(booking)
    allowed = {
        Move.CHANGE: books and not begun,
        Move.ARRIVE: serves and now.date() == booking.day,
        Move.SERVE: serves and now.date() >= booking.day,
        Move.MISS: serves and begun,
        Move.CANCEL: (books or serves) and not begun,
    }
    return [Move(one) for one in LIFE.open_moves(booking.state) if allowed[Move(one)]]


def starts_at(booking: Booking) -> datetime:
    """The moment it begins."""
    return datetime.combine(booking.day, booking.begins, ZONE)


def to_remind(now: datetime) -> QuerySet[Booking]:
    """Bookings of the next working day whose bookers have not been reminded 待提醒."""
    day = clock.clock_in_force().add_working_days(now.date(), 1)
    early = datetime.combine(now.date(), rules.REMIND_AT, ZONE)  # who books later than that knows it still
    rows = Booking.objects.filter(state=State.BOOKED, day__gt=now.date(), day__lte=day, reminded_at=None)
    return rows.filter(booked_at__lt=early).select_related("window", "place", "booked_by")


def to_forget(today: date) -> QuerySet[Booking]:
    """Bookings whose contact is no longer needed 联系人到期."""
    rows = Booking.objects.filter(day__lt=today - timedelta(days=rules.KEPT))
    return rows.exclude(contact_name="", contact_phone="")


def places_configured_by(user: Any) -> QuerySet[Place]:
    """Streets and communities whose counters this user may set."""
    rows = access.seen_by(user, Place, "bookings.configure").filter(kind__in=KINDS, until=None)
    return rows.order_by("-kind", "name")
