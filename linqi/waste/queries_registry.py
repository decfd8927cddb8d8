"""What stood where, who answered for it and what sat on which bin, by the registry valid at a moment 台账."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone

from linqi.kit import clock
from linqi.organisation.models import Company
from linqi.territory.models import Place
from linqi.territory.queries import path_of, valid_on
from linqi.waste.models import Bin, Clue, Device, Duty, Fitting, Point, Standing


def at_moment(at: datetime) -> Q:
    """Rows with `since` and `until` as moments that hold at this one."""
    return Q(since__lte=at) & (Q(until=None) | Q(until__gt=at))


def day_of(at: datetime) -> date:
    """The calendar day of a moment, as people here count it."""
    return timezone.localtime(at, clock.ZONE).date()


def point_of(bin: Bin, at: datetime) -> Point | None:
    """Where a bin stood at a moment; None when it stood nowhere that is known 当时所在点位."""
    found = Standing.objects.filter(at_moment(at), bin=bin).select_related("point__place").first()
    return found.point if found else None


def points_of(bins: Iterable[int], at: datetime) -> dict[int, Point]:
    """Where each of many bins stood at a moment, by ids; those that stood nowhere are left out."""
    rows = Standing.objects.filter(at_moment(at), bin__in=list(bins)).select_related("point__place")
    return {row.bin_id: row.point for row in rows}


def duties_at(point: Point, at: datetime) -> list[Duty]:
    """Who answered for sorting at a point at a moment; several may at once 当时的管理责任人."""
    rows = Duty.objects.filter(valid_on(day_of(at)), point=point).select_related("enterprise", "company")
    return list(rows.order_by("since", "pk"))


def fitting_of(device: Device, at: datetime) -> Fitting | None:
    """On which bin a device sat at a moment; None when on none 当时所装的桶."""
    return Fitting.objects.filter(at_moment(at), device=device).select_related("bin").first()


def edition() -> tuple[int, int]:
    """Changes when a device is fitted or taken off: whoever keeps fittings in memory reads them anew when it does.

    The newest row and how many are open: fitting makes a row, taking off closes one, and no row is ever changed back.
    """
    row = Fitting.objects.aggregate(newest=Max("pk"), open=Count("pk", filter=Q(until=None)))
    return row["newest"] or 0, row["open"]


def companies_for(place: Place) -> QuerySet[Company]:
    """The companies on record with what stands above a place, that exist today: who may answer for points there."""
    return Company.objects.filter(place__in=[one.pk for one in path_of(place)], until=None).order_by("name")


# --- what has counted already and may not be rewritten --------------------------------------------------------------
def confirmed_since(at: datetime, **where: Any) -> Clue | None:
    """The first clue that a person has confirmed at or after a moment; `where`: of a bin or of a point."""
    return Clue.objects.filter(state="confirmed", at__gte=at, **where).order_by("at").first()


def standing_at(point: Point) -> QuerySet[Bin]:
    """The bins that stand at a point now 点位上的桶."""
    return Bin.objects.filter(standings__point=point, standings__until=None).order_by("code")


def fitted_on(bin: Bin) -> QuerySet[Device]:
    """The devices that sit on a bin now 桶上的终端."""
    return Device.objects.filter(fittings__bin=bin, fittings__until=None).order_by("serial")
