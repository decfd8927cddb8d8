"""The figures of a place, with the map of their own day 驾驶舱."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Substr, TruncMonth

from linqi.accounts.queries import valid_on
from linqi.cases.flow import OPEN, WORKING, State
from linqi.cases.models import Case
from linqi.enterprises.models import Enterprise, Fact, Tenancy
from linqi.kit import clock
from linqi.kit.access import reach_of, seen_by
from linqi.territory.models import Coverage, Place, PlaceKind
from linqi.visits.models import Visit

LATELY = timedelta(days=30)  # the span of what is counted as recent; product default
A_QUARTER = timedelta(days=90)
WORKERS = "employees"  # the fact that counts the people of an enterprise


@dataclass(frozen=True)
class Figures:
    """What is counted of one place on one day; None is unknown, never zero."""

    enterprises: int
    newcomers: int
    workers: int | None
    buildings: int
    units: int
    vacant: int
    visited: int
    visits: int
    open_cases: int
    overdue: int
    closed: int
    on_time: float | None
    satisfaction: float | None
    ratings: int

    @property
    def vacancy(self) -> float | None:
        """Share of units nobody is in."""
        return self.vacant / self.units if self.units else None

    @property
    def coverage(self) -> float | None:
        """Share of the enterprises seen within a quarter."""
        return self.visited / self.enterprises if self.enterprises else None


@dataclass(frozen=True)
class Part:
    """One place directly below, with a few figures to compare."""

    place: Place
    enterprises: int
    open_cases: int
    visits: int


def places_to_choose(user: Any) -> list[Place]:
    """Districts, streets, communities and parks whose figures the user may see, widest first."""
    rank = [PlaceKind.DISTRICT, PlaceKind.STREET, PlaceKind.COMMUNITY]
    seen = seen_by(user, Place).filter(kind__in=rank, until=None)
    return sorted(seen, key=lambda place: (rank.index(PlaceKind(place.kind)), place.pk))


def home_of(user: Any) -> Place | None:
    """The place whose figures a user sees first: the street of the first grant, else the widest place granted."""
    granted = reach_of(user).places("territory.see")
    places = Place.objects.filter(pk__in=granted)
    below = Place.objects.filter(covered__ancestor__in=granted, kind=PlaceKind.STREET).order_by("pk")
    return (
        next((place for place in places if place.kind != PlaceKind.DISTRICT), None) or below.first() or places.first()
    )


def figures(*, user: Any, place: Place, on: date) -> Figures:
    """All figures of a place on a day, by the tree of that day 当日版图."""
    ids = _below(place, on)
    tenancies = _tenancies(ids, on)
    firms = tenancies.values("enterprise").distinct()
    newest = (
        Fact.objects.filter(enterprise=OuterRef("pk"), key=WORKERS, superseded_on=None, as_of__lte=on)
        .order_by("-as_of", "-pk")
        .values("value")[:1]
    )
    firms_known = Enterprise.objects.filter(pk__in=firms).annotate(workers=Subquery(newest)).exclude(workers=None)
    counted = list(firms_known.values_list("workers", flat=True))
    units = Place.objects.filter(valid_on(on), kind=PlaceKind.UNIT, pk__in=ids)
    cases = seen_by(user, Case).filter(place__in=ids, opened_at__date__lte=on)
    settled = cases.filter(closed_at__date__gt=on - A_QUARTER, closed_at__date__lte=on)
    rated = cases.filter(rated_at__date__gt=on - A_QUARTER, rated_at__date__lte=on)
    closing = settled.aggregate(all=Count("pk"), timely=Count("pk", filter=Q(answered_at__lte=F("due_at"))))
    rating = rated.aggregate(all=Count("pk"), good=Count("pk", filter=Q(rating__gte=4)))
    waiting = cases.filter(Q(closed_at=None) | Q(closed_at__date__gt=on)).exclude(state=State.WITHDRAWN)
    visits = seen_by(user, Visit).filter(place__in=ids, state="done", visited_on__lte=on)
    return Figures(
        enterprises=firms.count(),
        newcomers=tenancies.filter(since__gt=on - LATELY).values("enterprise").distinct().count(),
        workers=sum(int(value) for value in counted) if counted else None,
        buildings=Place.objects.filter(valid_on(on), kind=PlaceKind.BUILDING, pk__in=ids).count(),
        units=units.count(),
        vacant=units.exclude(pk__in=tenancies.values("place")).count(),
        visited=visits.filter(visited_on__gt=on - A_QUARTER).values("enterprise").distinct().count(),
        visits=visits.filter(visited_on__gt=on - LATELY).count(),
        open_cases=waiting.count(),
        overdue=waiting.filter(state__in=WORKING, due_at__lt=min(clock.now(), _end_of(on))).count(),
        closed=closing["all"],
        on_time=closing["timely"] / closing["all"] if closing["all"] else None,
        satisfaction=rating["good"] / rating["all"] if rating["all"] else None,
        ratings=rating["all"],
    )


def parts(*, user: Any, place: Place, on: date) -> list[Part]:
    """The places directly below, each with its figures; three grouped queries whatever their number."""
    below = list(
        Place.objects.filter(
            valid_on(on),
            pk__in=Coverage.objects.filter(valid_on(on), ancestor=place, depth=1).values("descendant"),
        ).order_by("name")
    )
    ids = [part.pk for part in below]
    firms = enterprises_below(ids, on)
    lines = Coverage.objects.filter(valid_on(on), ancestor__in=ids).order_by()
    waiting = seen_by(user, Case).filter(state__in=OPEN)
    cases = dict(
        lines.filter(descendant__cases__in=waiting)
        .values_list("ancestor")
        .annotate(found=Count("descendant__cases", distinct=True, filter=Q(descendant__cases__in=waiting)))
    )
    done = seen_by(user, Visit).filter(state="done", visited_on__gt=on - A_QUARTER, visited_on__lte=on)
    visits = dict(
        lines.filter(descendant__visits__in=done)
        .values_list("ancestor")
        .annotate(found=Count("descendant__visits", distinct=True, filter=Q(descendant__visits__in=done)))
    )
    return [Part(part, firms.get(part.pk, 0), cases.get(part.pk, 0), visits.get(part.pk, 0)) for part in below]


def enterprises_below(places: list[int], on: date) -> dict[int, int]:
    """How many enterprises stand below each of these places on a day; a place without any is left out."""
    return dict(
        Coverage.objects.filter(
            Q(descendant__tenancies__since=None) | Q(descendant__tenancies__since__lte=on),
            Q(descendant__tenancies__until=None) | Q(descendant__tenancies__until__gt=on),
            valid_on(on),
            ancestor__in=places,
        )
        .order_by()
        .values_list("ancestor")
        .annotate(found=Count("descendant__tenancies__enterprise", distinct=True))
    )


def industries(*, place: Place, on: date) -> list[tuple[str, int]]:
    """How many enterprises of each industry section stand below a place; an empty section is unknown."""
    firms = _tenancies(_below(place, on), on).values("enterprise")
    found = (
        Enterprise.objects.filter(pk__in=firms)
        .annotate(section=Substr("industry_code", 1, 1))
        .values_list("section")
        .annotate(found=Count("pk"))
        .order_by("-found")
    )
    return list(found)


def comings_and_goings(*, place: Place, on: date) -> list[tuple[str, int, int]]:
    """For each of the last twelve months: how many tenancies began and how many ended 迁入迁出."""
    months = _last_months(on, 12)
    rows = Tenancy.objects.filter(place__in=_below(place, on)).order_by()
    began = _by_month(rows.filter(since__gte=months[0], since__lte=on), "since")
    ended = _by_month(rows.filter(until__gte=months[0], until__lte=on), "until")
    return [(f"{month:%Y-%m}", began[month], ended[month]) for month in months]


def cases_by_month(*, user: Any, place: Place, on: date) -> list[tuple[str, int, int]]:
    """For each of the last twelve months: how many cases came in and how many were closed."""
    months = _last_months(on, 12)
    rows = seen_by(user, Case).filter(place__in=_below(place, on)).order_by()
    opened = _by_month(rows.filter(opened_at__date__gte=months[0], opened_at__date__lte=on), "opened_at")
    closed = _by_month(rows.filter(closed_at__date__gte=months[0], closed_at__date__lte=on), "closed_at")
    return [(f"{month:%Y-%m}", opened[month], closed[month]) for month in months]


def _below(place: Place, on: date) -> Any:
    return Coverage.objects.filter(valid_on(on), ancestor=place).values("descendant")


def _tenancies(ids: Any, on: date) -> Any:
    return Tenancy.objects.filter(
        Q(since=None) | Q(since__lte=on), Q(until=None) | Q(until__gt=on), place__in=ids, enterprise__merged_into=None
    )


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time.max, clock.ZONE)


def _last_months(on: date, count: int) -> list[date]:
    first = on.replace(day=1)
    months = [first]
    while len(months) < count:
        first = (first - timedelta(days=1)).replace(day=1)
        months.append(first)
    return months[::-1]


def _by_month(rows: Any, column: str) -> Counter[date]:
    found: Iterable[tuple[Any, int]] = (
        rows.annotate(month=TruncMonth(column)).values_list("month").annotate(found=Count("pk"))
    )
    return Counter({month.date() if hasattr(month, "date") else month: count for month, count in found})
