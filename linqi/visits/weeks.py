"""The plan of a week as a page, a day list or a calendar shows it 周计划展示."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from linqi.enterprises.queries import shown_name
from linqi.kit.clock import ZONE, today
from linqi.territory.models import Coverage, PlaceKind
from linqi.visits import planning
from linqi.visits.burden import cautions_for
from linqi.visits.cautions import Said, in_words
from linqi.visits.flow import State
from linqi.visits.models import PlanFirm, PlanShift, PlanStop, WeekPlan
from linqi.visits.queries import must_visits
from linqi.visits.rules import Reason, weekly


@dataclass(frozen=True, slots=True)
class Seen:
    """One firm on a stop as a reader sees it 走访企业; `visit`: the visit it became."""

    name: str
    where: str
    reasons: tuple[str, ...]
    late: bool
    visit: int | None
    state: str
    caution: Said | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """One stop on a page 上门卡片; `begins`: minutes of the day, None when it is in nobody's hours."""

    stop: PlanStop
    begins: str
    firms: tuple[Seen, ...]
    why: str = ""


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours of one person with their stops 外出时段; `spare`: minutes left."""

    shift: PlanShift
    name: str
    between: str
    spare: int
    cards: tuple[Card, ...]


def clock_of(minutes: int) -> str:
    """Minutes of the day as a clock shows them."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def hours_on(plan: WeekPlan, day: date, posed: planning.Posed, user: Any, *, only: int | None = None) -> list[Hours]:
    """Everybody's hours of a day with their stops in order; `only`: of one person."""
    shifts = (
        PlanShift.objects.filter(plan=plan, day=day).select_related("user").order_by("user__display_name", "begins")
    )
    if only is not None:
        shifts = shifts.filter(user=only)
    stops = PlanStop.objects.filter(plan=plan, shift__in=shifts).select_related("building", "shift").order_by("order")
    firms = firms_of(stops, user)
    by_shift: dict[int, list[PlanStop]] = defaultdict(list)
    for stop in stops:
        by_shift[stop.shift_id or 0].append(stop)
    found = []
    for shift in shifts:
        listed, begun = by_shift[shift.pk], _begun(posed, shift.pk)
        cards = tuple(Card(one, clock_of(begun[one.pk]) if one.pk in begun else "", firms[one.pk]) for one in listed)
        used = sum(one.minutes for one in listed)
        if shift.pk in posed.problem.shift:
            used += weekly.walked(posed.problem, posed.problem.shift[shift.pk], [one.pk for one in listed])
        between = f"{clock_of(shift.begins)}–{clock_of(shift.ends)}"
        found.append(Hours(shift, str(shift.user), between, shift.ends - shift.begins - used, cards))
    return found


def left_out(plan: WeekPlan, posed: planning.Posed, user: Any, most: int) -> tuple[list[Card], dict[str, int]]:
    """The stops in nobody's hours, those that bring most first and at most so many, with the cause; and how many of each cause."""
    out = weekly.missing(posed.problem, posed.routes).stops
    why = dict(out)
    counts: dict[str, int] = defaultdict(int)
    for _stop, cause in out:
        counts[_(cause.label)] += 1
    rows = PlanStop.objects.filter(plan=plan, shift=None).select_related("building").order_by("-value", "pk")[:most]
    firms = firms_of(rows, user)
    return [Card(one, "", firms[one.pk], _(why[one.pk].label)) for one in rows if one.pk in why], dict(counts)


def firms_of(stops: Iterable[PlanStop], user: Any) -> dict[int, tuple[Seen, ...]]:
    """The firms of some stops, each stop from the top floor down, as a reader may see their names."""
    days = {one.pk: one.shift.day if one.shift else None for one in stops}
    rows = list(PlanFirm.objects.filter(stop__in=list(days)).select_related("enterprise", "enterprise__seat", "visit"))
    seats = {one.enterprise.seat_id for one in rows if one.enterprise.seat_id}
    above = Coverage.objects.filter(descendant__in=seats, ancestor__kind=PlaceKind.FLOOR)
    floors: dict[int, tuple[int | None, str]] = {
        low: (level, name) for low, level, name in above.values_list("descendant", "ancestor__level", "ancestor__name")
    }
    by_stop: dict[int, list[PlanFirm]] = defaultdict(list)
    for row in rows:
        by_stop[row.stop_id].append(row)
    cautions = _cautions(rows, days, user)
    found = {}
    for stop, day in days.items():
        held = {one.enterprise_id: one for one in by_stop[stop]}
        level = {pk: floors.get(one.enterprise.seat_id or 0, (None, "")) for pk, one in held.items()}
        room = {pk: one.enterprise.seat.name if one.enterprise.seat else "" for pk, one in held.items()}
        order = weekly.by_floor((pk, level[pk][0], room[pk]) for pk in held)
        found[stop] = tuple(
            _seen(held[pk], f"{level[pk][1]} {room[pk]}".strip(), day, user, cautions.get(pk)) for pk in order
        )
    return found


def calendar_of(user: Any, today: date) -> bytes:
    """A person's own confirmed stops from a week ago on, as a calendar 日历.

    The address alone opens it, so it says where and when and for how many firms, never their names.
    """
    stops = planning.own_stops(user, today - timedelta(days=7), today + timedelta(days=60))
    calendar = Calendar()
    calendar.add("prodid", "-//Linqi//Week plan//ZH")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", _("走访安排"))
    for plan in {one.plan_id: one.plan for one in stops}.values():
        posed = planning.posed(plan, today)
        for stop in (one for one in stops if one.plan_id == plan.pk and one.shift is not None):
            begun = _begun(posed, stop.shift_id or 0)
            if stop.pk not in begun or stop.shift is None:
                continue
            start = datetime.combine(stop.shift.day, time(*divmod(begun[stop.pk], 60)), ZONE)
            event = Event()
            event.add("uid", f"stop-{stop.pk}@linqi")
            event.add("dtstamp", plan.confirmed_at or plan.made_at)
            event.add("dtstart", start)
            event.add("dtend", start + timedelta(minutes=stop.minutes))
            event.add("summary", _("走访 %(building)s") % {"building": stop.building.name})
            event.add("location", stop.building.address or stop.building.name)
            event.add("description", _("企业 %(n)s 家，登录后查看。") % {"n": stop.firms.count()})
            calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written


def shifts_to_choose(plan: WeekPlan, today: date) -> list[tuple[int, str]]:
    """The hours into which a stop may be put, in words."""
    rows: QuerySet[PlanShift] = PlanShift.objects.filter(plan=plan, absent=False, day__gte=today).select_related("user")
    return [(one.pk, f"{one.day:%m-%d} {clock_of(one.begins)} {one.user}") for one in rows]


def still_waiting(plan: WeekPlan, user: Any, today: date, most: int = 50) -> list[tuple[int, str]]:
    """The firms that must be visited, are at the place of the plan and have no visit arranged or placed, the most pressing first."""
    placed = set(
        PlanFirm.objects.filter(stop__plan=plan, stop__shift__isnull=False).values_list("enterprise", flat=True)
    )
    buildings = {one.pk for one in planning.buildings_below(plan.place, today)}
    musts = must_visits(user, today=today)
    open_ = [one for one in musts if one.building in buildings and one.enterprise not in placed and not one.planned_for]
    return [(one.enterprise, f"{one.name} · {'、'.join(_(r.label) for r in one.reasons)}") for one in open_[:most]]


def _begun(posed: planning.Posed, shift: int) -> dict[int, int]:
    route = posed.routes.get(shift, ())
    if shift not in posed.problem.shift:
        return {}
    begun = weekly.times(posed.problem, posed.problem.shift[shift], route)
    return dict(zip(route, begun, strict=True)) if begun is not None else {}


def _cautions(rows: Iterable[PlanFirm], days: Mapping[int, date | None], user: Any) -> dict[int, Said | None]:
    """Before which firms to think twice, as far as nobody has been there yet: on the day of their stop, or today."""
    ahead = [one for one in rows if one.visit is None or one.visit.state == State.PLANNED]
    asked = {one.enterprise_id: days[one.stop_id] or today() for one in ahead}
    reasons = {one.enterprise_id: list(one.dues) for one in ahead}
    found = cautions_for(asked, user, reasons=reasons, but={one.visit_id for one in ahead if one.visit_id})
    return {pk: in_words(one) for pk, one in found.items()}


def _seen(row: PlanFirm, where: str, day: date | None, user: Any, caution: Said | None) -> Seen:
    reasons = tuple(_(Reason(code).label) for code in row.dues if code in Reason.values)
    first = min(row.dues.values(), default="")
    state = _(State(row.visit.state).label) if row.visit is not None else ""
    return Seen(
        name=shown_name(row.enterprise, user),
        where=where,
        reasons=reasons,
        late=bool(first and day is not None and date.fromisoformat(first) < day),
        visit=row.visit_id,
        state=state,
        caution=caution,
    )


def address_of(plan: WeekPlan, day: date) -> str:
    """Where a day of a plan is shown."""
    return f"{reverse('visits:week', args=[plan.pk])}?day={day.isoformat()}"
