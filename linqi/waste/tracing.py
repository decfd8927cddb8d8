"""Where a clue comes from and who could be behind it, by the registry as it stood at that moment 溯源."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from linqi.enterprises.models import Enterprise, Relation, Tenancy
from linqi.enterprises.queries import places_below, tenancies_open
from linqi.kit.clock import ZONE
from linqi.organisation.models import Company
from linqi.territory.models import Place
from linqi.territory.queries import path_of, valid_on
from linqi.waste.kinds import ClueState, Told
from linqi.waste.models import Bin, Card, Clue, Duty, Event, Picture, Point
from linqi.waste.queries_registry import day_of, duties_at, point_of
from linqi.waste.rules import tracing
from linqi.waste.rules.keeping import EVENTS
from linqi.waste.rules.tracing import Ground, Happened, Share

NEEDING: Final = (ClueState.WAITING.value, ClueState.CONFIRMED.value)  # states in which a clue keeps its picture


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything a clue leads to: the point, the way down to it, who answered for it, and who could have been it 溯源结果."""

    clue: Clue
    point: Point | None
    path: list[Place]
    duties: list[Duty]
    holder: Card | None
    shares: list[Share]


def trace(clue: Clue) -> Trace:
    """What a clue leads to, by what was on record at its moment."""
    point = clue.point or point_of(clue.bin, clue.at)
    day = day_of(clue.at)
    duties = duties_at(point, clue.at) if point else []
    holder = card_at(clue.card, clue)
    around = set(tenants_at(point, day).values_list("enterprise_id", flat=True)) if point else set()
    around |= {one.enterprise_id for one in duties if one.enterprise_id}
    used, cardless = deposits_before(clue)
    found = tracing.shares(around, holder=holder.enterprise_id if holder else None, deposits=used, cardless=cardless)
    return Trace(
        clue=clue,
        point=point,
        path=path_of(point.place, day) if point else [],
        duties=duties,
        holder=holder,
        shares=_written_down(clue, found) or found,
    )


def tenants_at(point: Point, day: Any) -> QuerySet[Tenancy]:
    """Who worked at or below the place of a point on a day; an address that is only registered throws nothing in."""
    rows = tenancies_open(on=day).filter(place__in=places_below(point.place, day), clustered=False)
    return rows.exclude(relation=Relation.REGISTERED.value)


def card_at(code: str, clue: Clue) -> Card | None:
    """The card or bag an event names, if it was given to somebody that day."""
    if not code:
        return None
    return Card.objects.filter(valid_on(day_of(clue.at)), code=code).select_related("enterprise").first()


def picture_of(clue: Clue) -> Picture | None:
    """The picture of a clue: its own, or the one that its event named and that came by another way 线索图像."""
    if clue.picture is not None or not clue.event_picture:
        return clue.picture
    return Picture.objects.filter(device=clue.device_id, ref=clue.event_picture, bin=clue.bin_id).first()


def needed(today: date) -> Q:
    """Pictures that a clue needs which is open or confirmed, linked or named by its event: they are kept 线索所需图像.

    One that was refuted today needs its picture until tomorrow: a slip can be taken back. One that nobody has looked at while an
    offence can be punished needs none any more.
    """
    begun = datetime.combine(today, datetime.min.time(), ZONE)
    in_time = Q(state=ClueState.WAITING.value, at__gte=begun - timedelta(days=EVENTS.most))
    needing = Clue.objects.filter(Q(state=ClueState.CONFIRMED.value) | in_time | Q(looked_at__gte=begun))
    linked = needing.filter(picture=OuterRef("pk"))
    named = needing.exclude(event_picture="").filter(
        device=OuterRef("device"), event_picture=OuterRef("ref"), bin=OuterRef("bin"), picture=None
    )
    return Q(Exists(linked)) | Q(Exists(named))


def deposits_before(clue: Clue) -> tuple[dict[int, int], int]:
    """How often each enterprise's cards were used at the bin in the hours before, and how many deposits named no known card."""
    since = clue.at - timedelta(hours=tracing.WINDOW_HOURS)
    rows = Event.objects.filter(
        bin_id=clue.bin_id,
        told=Told.DEPOSIT.value,
        day__gte=day_of(since),  # stored on its day or later, never before
        at__gt=_ms(since),
        at__lte=_ms(clue.at),
    )
    codes = Counter(rows.values_list("card", flat=True))
    given = Card.objects.filter(valid_on(day_of(clue.at)), code__in=[code for code in codes if code])
    owners = dict(given.values_list("code", "enterprise_id"))
    used: Counter[int] = Counter()
    cardless = 0
    for code, count in codes.items():
        if code in owners:
            used[owners[code]] += count
        else:
            cardless += count
    return dict(used), cardless


def _written_down(clue: Clue, found: list[Share]) -> list[Share]:
    """The shares as the chain has them, when they rest on deposits that are no longer kept; else none."""
    link = clue.links.filter(what=Happened.PARTIES.value).order_by("-number").first()
    kept = as_read(link.data["shares"]) if link else []
    return kept if sum(one.count for one in kept) > sum(one.count for one in found) else []


def as_kept(shares: Iterable[Share]) -> list[dict[str, Any]]:
    """Shares as a task and a link of the chain keep them."""
    return [
        {
            "party": one.party,
            "share": f"{one.share.numerator}/{one.share.denominator}",
            "ground": one.ground.value,
            "count": one.count,
        }
        for one in shares
    ]


def as_read(kept: Iterable[dict[str, Any]]) -> list[Share]:
    """Kept shares as values again."""
    return [Share(one["party"], Fraction(one["share"]), Ground(one["ground"]), one["count"]) for one in kept]


def parties_of(shares: Iterable[Share]) -> dict[int, Enterprise]:
    """The enterprises that shares name, by id."""
    return Enterprise.objects.in_bulk([one.party for one in shares if one.party is not None])


def answerable(point: Point | None, bin: Bin, at: Any) -> tuple[list[Enterprise], list[Company]]:
    """Who answered for a point at a moment: enterprises and companies 当时的管理责任人."""
    found = duties_at(point, at) if point else []
    return [one.enterprise for one in found if one.enterprise], [one.company for one in found if one.company]


def _ms(at: Any) -> int:
    return int(at.timestamp() * 1000)
