"""What a week of visits is planned from: hours, buildings, firms and walks, as the database has them 周计划取数."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from importlib.resources import files
from math import ceil
from typing import Any, Final

import yaml
from django.db.models import Max, Q, QuerySet

from linqi.accounts.models import Grant, User
from linqi.accounts.queries import grants_valid, valid_on
from linqi.enterprises.models import Tenancy
from linqi.kit.access import seen_by
from linqi.kit.clock import clock_in_force
from linqi.kit.geodesy import distance
from linqi.organisation.models import LinkTeamSeat
from linqi.territory.models import Coverage, Place, PlaceKind
from linqi.visits import rules
from linqi.visits.flow import PlanState, State
from linqi.visits.models import PlanShift, PlanStop, PlanTerms, Visit, WeekPlan
from linqi.visits.rota import rota_on
from linqi.visits.rules import weekly
from linqi.visits.signals import open_on
from linqi.visits.standing import in_force, list_on

ROTA_POINTS: Final = (
    300,
    200,
    100,
)  # hundredths: what the first, second and any further visit of a week to a building bring; default
DETOUR: Final = 1.3  # how much longer a walk is than the straight line; product default
UNKNOWN_WALK: Final = (
    10  # minutes between two buildings of which one has no known position; said on the page; product default
)
REFUSED_DAYS: Final = (
    90  # a firm that declined a visit is left alone for so long, unless it must be visited; product default
)


@lru_cache(maxsize=1)
def default_terms() -> dict[str, Any]:
    """The product's own terms 产品默认参数, with `source` in Chinese."""
    read = yaml.safe_load(files("linqi.visits").joinpath("data/plan_terms.yaml").read_text(encoding="utf-8"))
    return {**read, "source": read["source"]["zh"]}


def terms_of(place: Place, day: date) -> PlanTerms:
    """The terms that hold on a day in the street in which a place stands."""
    street = Coverage.objects.filter(valid_on(day), descendant=place, ancestor__kind=PlaceKind.STREET)
    rows = PlanTerms.objects.filter(in_force(day)).filter(Q(street=None) | Q(street__in=street.values("ancestor")))
    found = sorted(rows, key=lambda row: (row.street_id is None, -row.pk))
    return found[0] if found else PlanTerms(**default_terms())


def working_days(monday: date) -> list[date]:
    """The days of a week that are worked: no holidays, make-up days included 当周工作日."""
    week = [monday + timedelta(days=n) for n in range(7)]
    return [day for day in week if clock_in_force().calendar.is_working(day)]


def buildings_below(place: Place, day: date) -> list[Place]:
    """The buildings of a place, in the order of their code; the place itself when it is one."""
    below = Coverage.objects.filter(valid_on(day), ancestor=place).values("descendant")
    return list(Place.objects.filter(valid_on(day), pk__in=below, kind=PlaceKind.BUILDING).order_by("code", "pk"))


# --- who goes ---------------------------------------------------------------------------------------------------------
def may_go(place: Place, day: date) -> list[User]:
    """Who records visits at a place, or in a part of it: whom a plan may ask to go 可外出人员."""
    around = Coverage.objects.filter(valid_on(day)).filter(Q(ancestor=place) | Q(descendant=place))
    places = {one for pair in around.values_list("ancestor", "descendant") for one in pair}
    held = grants_valid(day).filter(place__in=places, user__is_active=True).select_related("role", "user")
    found = {one.user_id: one.user for one in held if "visits.record" in one.role.permissions}
    return sorted(found.values(), key=lambda one: (one.display_name, one.pk))


def usually_go(people: Iterable[User], place: Place, day: date) -> set[int]:
    """Of these, the Party members and operators of link teams: whom the rota counts on, unless somebody chooses otherwise."""
    below = Coverage.objects.filter(valid_on(day), ancestor=place).values("descendant")
    seats = LinkTeamSeat.objects.filter(until=None, team__until=None, team__building__in=below)
    return set(seats.exclude(role="property_manager").filter(user__in=list(people)).values_list("user", flat=True))


def reach_of(people: Collection[int], buildings: Collection[int], day: date) -> dict[int, frozenset[int]]:
    """Which of these people may record visits at each building, by their grants 可达人员."""
    over: dict[int, set[int]] = defaultdict(set)
    grants: Iterable[Grant] = (
        grants_valid(day).filter(user__in=list(people), place__isnull=False).select_related("role")
    )
    for grant in grants:
        if grant.place_id is not None and "visits.record" in grant.role.permissions:
            over[grant.place_id].add(grant.user_id)
    found: dict[int, set[int]] = defaultdict(set)
    above = Coverage.objects.filter(valid_on(day), descendant__in=list(buildings), ancestor__in=list(over))
    for building, ancestor in above.values_list("descendant", "ancestor"):
        found[building] |= over[ancestor]
    return {building: frozenset(found[building]) for building in buildings}


def seats_of(people: Collection[int], buildings: Collection[int]) -> dict[int, frozenset[int]]:
    """Which of these people sit in the link team of each building; buildings without one of them are left out."""
    seats = LinkTeamSeat.objects.filter(
        until=None, team__until=None, team__building__in=list(buildings), user__in=list(people)
    )
    found: dict[int, set[int]] = defaultdict(set)
    for building, user in seats.values_list("team__building", "user"):
        found[building].add(user)
    return {building: frozenset(who) for building, who in found.items()}


def base_of(buildings: Sequence[Place]) -> Place | None:
    """Where a round through some buildings begins: the one nearest to their middle; None where no position is known."""
    known = [one for one in buildings if one.longitude is not None and one.latitude is not None]
    if not known:
        return buildings[0] if buildings else None
    middle = (
        sum(one.longitude or 0 for one in known) / len(known),
        sum(one.latitude or 0 for one in known) / len(known),
    )
    return min(known, key=lambda one: distance(middle, (one.longitude or 0, one.latitude or 0)))


# --- whom to see ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Drafted:
    """One stop before it is written: where, on which days, for whom 待排上门."""

    building: Place
    days: frozenset[date]
    minutes: int
    value: int
    extra: bool
    window: tuple[int, int] | None
    firms: tuple[weekly.Wanted, ...]


def drafted(place: Place, monday: date, terms: PlanTerms, today: date) -> list[Drafted]:
    """Every stop that a week should have: the rota of each building, and extra ones for firms that must be visited.

    Whom to see: who must be visited and is not arranged yet, then those not seen for longest; never anybody seen in the quiet days or who
    declined lately, unless they must be.
    """
    days = [day for day in working_days(monday) if day >= today]
    buildings = buildings_below(place, today)
    must: dict[int, list[weekly.Wanted]] = defaultdict(list)
    listed = list_on(today)
    for pk, one in listed.items():
        if one.building is not None and one.planned_for is None:
            must[one.building].append(weekly.Wanted(pk, max(1, round(one.points * 100)), one.due))
    others = _unseen_longest([one.pk for one in buildings], set(listed), monday)
    rota = rota_on([one.pk for one in buildings], monday)
    found = []
    for turn, building in enumerate(buildings):
        own = rota.get(building.pk)
        times = terms.visits if own is None or own.visits is None else own.visits
        spans = weekly.rota_days(days, times, turn)
        window = (own.opens, own.closes) if own and own.opens is not None and own.closes is not None else None
        wanted = must[building.pk] + [weekly.Wanted(pk, 0) for pk in others[building.pk][: len(spans) * terms.firms]]
        if not spans:
            if not must[building.pk] or not days:
                continue
            goings = [
                weekly.Going(frozenset(days), tuple(must[building.pk][at : at + terms.firms]), extra=True)
                for at in range(0, len(must[building.pk]), terms.firms)
            ]
        else:
            goings = weekly.share_out(spans, wanted, terms.firms)
        for number, going in enumerate(goings):
            first = (number + turn) % max(1, len(spans))
            points = 0 if going.extra else ROTA_POINTS[min(first, len(ROTA_POINTS) - 1)]
            chats = sum(terms.talk if firm.points else terms.chat for firm in going.firms) or terms.chat
            found.append(
                Drafted(
                    building,
                    going.days,
                    terms.enter + chats,
                    points + sum(firm.points for firm in going.firms),
                    going.extra,
                    window,
                    going.firms,
                )
            )
    return found


def _unseen_longest(buildings: Sequence[int], must: Collection[int], monday: date) -> dict[int, list[int]]:
    """The firms of each building that a visit of plain coverage may go to, those not seen for longest first."""
    at: dict[int, int] = dict(
        Coverage.objects.filter(valid_on(monday), ancestor__in=buildings).values_list("descendant", "ancestor")
    )
    stays = Tenancy.objects.filter(open_on(monday), enterprise__merged_into=None).values_list("enterprise", "place")
    done = Visit.objects.filter(state=State.DONE, visited_on__isnull=False).order_by().values_list("enterprise")
    last: dict[int, date] = dict(done.annotate(day=Max("visited_on")))
    since = monday - timedelta(days=REFUSED_DAYS)
    alone = set(Visit.objects.filter(state=State.REFUSED, planned_for__gte=since).values_list("enterprise", flat=True))
    alone |= set(Visit.objects.filter(state=State.PLANNED).values_list("enterprise", flat=True))
    quiet = monday - timedelta(days=rules.QUIET_DAYS)
    found: dict[int, list[int]] = defaultdict(list)
    for firm, unit in stays:
        if unit in at and firm not in must and firm not in alone and last.get(firm, date.min) < quiet:
            found[at[unit]].append(firm)
    for building, firms in found.items():
        found[building] = sorted(set(firms), key=lambda pk: (last.get(pk, date.min), pk))
    return found


# --- the problem of a plan --------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Posed:
    """A plan as a problem with its present routes, by the keys of its rows 排程现状; `unplaced`: buildings without a position."""

    problem: weekly.Problem
    routes: dict[int, tuple[int, ...]]
    unplaced: frozenset[int]


def posed(plan: WeekPlan, today: date) -> Posed:
    """What a plan is now: its hours that are not cancelled, its stops, the walks between them; eight queries.

    What has been recorded, or lies on a day gone by, stays where it is.
    """
    terms = terms_of(plan.place, plan.monday)
    shifts = list(PlanShift.objects.filter(plan=plan, absent=False).select_related("base"))
    stops = list(PlanStop.objects.filter(plan=plan).select_related("building"))
    settled = set(
        PlanStop.objects.filter(plan=plan, firms__visit__isnull=False)
        .exclude(firms__visit__state__in=[State.PLANNED, State.CANCELLED])
        .values_list("pk", flat=True)
    )
    places = {one.pk: one for one in [*(s.base for s in shifts), *(s.building for s in stops)]}
    number = {pk: at for at, pk in enumerate(places)}
    people = {one.user_id for one in shifts}
    buildings = {one.building_id for one in stops}
    reach = reach_of(people, buildings, today)
    teams = seats_of(people, buildings) if plan.own_teams else {}
    mine = {one.pk: one for one in shifts}
    posed_stops = []
    for stop in stops:
        here = mine.get(stop.shift_id or 0)
        still = stop.fixed or stop.pk in settled or (here is not None and here.day < today)
        days = frozenset(date.fromisoformat(day) for day in stop.days)
        who = teams.get(stop.building_id, frozenset()) if plan.own_teams else reach[stop.building_id]
        if here is not None and still:
            days, who = days | {here.day}, who | {here.user_id}
        elif here is None or here.day >= today:
            days = frozenset(day for day in days if day >= today)
        window = (stop.opens, stop.closes) if stop.opens is not None and stop.closes is not None else None
        posed_stops.append(
            weekly.Stop(
                stop.pk,
                number[stop.building_id],
                stop.minutes,
                stop.value,
                days,
                None if who == frozenset(people) else who,
                window,
                here.pk if here is not None and still else None,
            )
        )
    problem = weekly.Problem(
        tuple(weekly.Shift(s.pk, s.user_id, s.day, s.begins, s.ends, number[s.base_id]) for s in shifts),
        tuple(posed_stops),
        walks(list(places.values()), terms.pace),
    )
    routes: dict[int, list[int]] = defaultdict(list)
    for stop in sorted(stops, key=lambda one: (one.order, one.pk)):
        if stop.shift_id is not None:
            routes[stop.shift_id].append(stop.pk)
    unplaced = frozenset(pk for pk, one in places.items() if one.longitude is None or one.latitude is None)
    return Posed(problem, {key: tuple(route) for key, route in routes.items()}, unplaced & buildings)


def walks(places: Sequence[Place], pace: int) -> list[list[int]]:
    """Whole minutes on foot between places, the same both ways, at least one between two of them 步行时间表."""
    table = [[0] * len(places) for _one in places]
    for a, one in enumerate(places):
        for b in range(a + 1, len(places)):
            table[a][b] = table[b][a] = _walk(one, places[b], pace)
    return table


def _walk(one: Place, other: Place, pace: int) -> int:
    if one.longitude is None or one.latitude is None or other.longitude is None or other.latitude is None:
        return UNKNOWN_WALK
    metres = distance((one.longitude, one.latitude), (other.longitude, other.latitude))
    return max(1, ceil(metres * DETOUR / max(1, pace)))


# --- reading plans ----------------------------------------------------------------------------------------------------
def plans_seen_by(user: Any) -> QuerySet[WeekPlan]:
    """The plans at the user's places, the latest week first, without those that were dropped."""
    return seen_by(user, WeekPlan).exclude(state=PlanState.DROPPED).select_related("place", "made_by", "confirmed_by")


def own_stops(user: Any, since: date, until: date) -> QuerySet[PlanStop]:
    """Where a person goes on some days by confirmed plans, in order 我的上门."""
    return (
        PlanStop.objects.filter(
            shift__user=user, shift__absent=False, shift__day__range=(since, until), plan__state=PlanState.CONFIRMED
        )
        .select_related("building", "shift", "plan")
        .order_by("shift__day", "shift__begins", "order", "pk")
    )


def named(users: Iterable[int]) -> Mapping[int, str]:
    """Names of people by id."""
    return {one.pk: str(one) for one in User.objects.filter(pk__in=list(users))}
