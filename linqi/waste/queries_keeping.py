"""How long a street keeps what its bins tell, how much lies there, and what goes tonight 保存期限."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from django.db.models import Q, QuerySet, Sum

from linqi.enterprises.queries import places_below
from linqi.kit import access
from linqi.kit.clock import ZONE
from linqi.territory.models import Place
from linqi.territory.queries import street_of, valid_on
from linqi.waste.kinds import Told
from linqi.waste.models import Device, Event, HourFact, KeepingTerms, Picture
from linqi.waste.rules import keeping
from linqi.waste.rules.keeping import PICTURE, Bound
from linqi.waste.tracing import needed


@dataclass(frozen=True, slots=True)
class Kept:
    """One kind as a street keeps it. `there`: how many now; `tonight`: how many of them go at midnight; `held`: beyond
    their days, because a clue needs them. Events are counted by the hour in which they happened.
    """

    kind: str
    days: int
    usual: int
    bound: Bound
    there: int
    tonight: int
    held: int = 0


@cache
def default_days() -> Mapping[str, int]:
    """How long each kind is kept where a street has not said otherwise."""
    text = files("linqi.waste").joinpath("data", "retention.yaml").read_text(encoding="utf-8")
    return keeping.read(yaml.safe_load(text))


def terms_on(street: int | None, day: date) -> KeepingTerms | None:
    """What a street has set for a day; None where the default holds."""
    return KeepingTerms.objects.filter(valid_on(day), street=street).first() if street else None


def days_on(street: int | None, day: date) -> Mapping[str, int]:
    """How long each kind is kept in a street on a day 保存期限."""
    row = terms_on(street, day)
    return row.days if row else default_days()


def days_at(place: Place | None, day: date) -> Mapping[str, int]:
    """The same of the street a place is in."""
    street = street_of(place, day) if place else None
    return days_on(street.pk if street else None, day)


def in_force(day: date) -> dict[int | None, Mapping[str, int]]:
    """The tables that hold on a day, by street; None: the default, for all others."""
    rows = KeepingTerms.objects.filter(valid_on(day)).values_list("street_id", "days")
    return {None: default_days(), **dict(rows)}


def events_of(street: int | None, day: date) -> QuerySet[Event]:
    """Events of a street's devices; of None: of those of all streets without a table of their own."""

    def devices(one: int) -> QuerySet[Device, int]:
        return Device.objects.filter(place__in=places_below(one, day)).values_list("pk", flat=True)

    if street is not None:
        return Event.objects.filter(device_id__in=devices(street))
    rows = Event.objects.all()
    for one in in_force(day):
        if one is not None:
            rows = rows.exclude(device_id__in=devices(one))
    return rows


def pictures_over(today: date) -> Q:
    """Pictures whose days are over; a clue may need them all the same."""
    found, own = Q(), Q()
    for street, days in in_force(today).items():
        over = Q(stored_on__lte=keeping.last_over(days[PICTURE], today))
        if street is None:
            usual = over
        else:
            here = Q(bin__place__in=places_below(street, today))
            found |= over & here
            own |= here
    return found | (usual & ~own if own else usual)


def streets_set_by(user: Any) -> QuerySet[Place]:
    """The streets whose days this user may set."""
    return access.seen_by(user, Place, "waste.keeping").filter(kind="street", until=None).order_by("name")


def kept(street: Place, today: date) -> Iterator[Kept]:
    """Kind by kind: the days, how much lies there, and what goes tonight by what holds tomorrow 现存与今晚清理."""
    now, then = days_on(street.pk, today), days_on(street.pk, today + timedelta(days=1))
    there = told_since(street, {kind: keeping.last_over(now[kind], today) for kind in Told.values}, today)
    tonight = going(street, now, then, today)
    pictures = _pictures(street)
    held = pictures.filter(needed(today), pictures_over(today)).count()
    for kind in keeping.KINDS:
        rest = (pictures.count(), tonight[kind], held) if kind == PICTURE else (there[kind], tonight[kind])
        yield Kept(kind, now[kind], default_days()[kind], keeping.bound_of(kind), *rest)


def going(street: Place, now: Mapping[str, int], then: Mapping[str, int], today: date) -> dict[str, int]:
    """How many of each kind go at midnight when other days hold from tomorrow on."""
    tomorrow = today + timedelta(days=1)
    found = {}
    for kind in Told.values:
        first, last = keeping.last_over(now[kind], today), keeping.last_over(then[kind], tomorrow)
        found[kind] = told_since(street, {kind: first}, last)[kind] if last > first else 0
    over = _pictures(street).filter(stored_on__lte=keeping.last_over(then[PICTURE], tomorrow))
    return {**found, PICTURE: over.exclude(needed(tomorrow)).count()}


def told_since(street: Place, after: Mapping[str, date], last: date) -> dict[str, int]:
    """How many events of each kind a street's bins told after a day, up to and including another; by the facts of hours."""
    spans = Q()
    for kind, day in after.items():
        spans |= Q(told=kind, hour__gte=_start(day + timedelta(days=1)))
    rows = HourFact.objects.filter(
        spans, hour__lt=_start(last + timedelta(days=1)), bin__place__in=places_below(street)
    )
    counted = dict(rows.order_by().values_list("told").annotate(n=Sum("count")))
    return {kind: counted.get(kind, 0) for kind in after}


def _pictures(street: Place) -> QuerySet[Picture]:
    return Picture.objects.filter(bin__place__in=places_below(street))


def _start(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), ZONE)
