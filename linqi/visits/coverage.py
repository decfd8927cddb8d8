"""Which share of the enterprises of a place was seen in the last days, place by place and firm by firm 走访覆盖."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Subquery

from linqi.accounts.queries import valid_on
from linqi.enterprises.models import Enterprise
from linqi.enterprises.queries import tenancies_open
from linqi.kit.access import seen_by
from linqi.kit.choices import Choice
from linqi.kit.measures import share
from linqi.territory.models import Coverage, Place, PlaceKind
from linqi.visits.flow import State
from linqi.visits.models import Visit

SPANS: Final = (30, 90, 180, 365)  # days to choose from; a firm counts as seen for a quarter (domain.md, fact 14)
USUAL: Final = 90


class Level(Choice):
    """By which places coverage is told 统计层级."""

    BUILDING = "building", "楼宇"
    PARK = "park", "园区"
    COMMUNITY = "community", "社区"
    STREET = "street", "街道"


@dataclass(frozen=True, slots=True)
class Covered:
    """One place with its enterprises and how many of them were seen 覆盖情况; `above`: what it stands in, by id and in words."""

    place: int
    name: str
    within: frozenset[int]
    above: str
    firms: int
    seen: int

    @property
    def unseen(self) -> int:
        """Those nobody went to see."""
        return self.firms - self.seen

    @property
    def share(self) -> float | None:
        """Seen among all; None where there is no enterprise."""
        return share(self.seen, self.firms)


def coverage(user: Any, level: Level, days: int, today: date) -> list[Covered]:
    """The places of one level that a user sees, in the order of their names; three queries whatever their number.

    A firm belongs to a place while a tenancy there is open; it was seen when a visit to it that the user sees took place within the days.
    """
    places = seen_by(user, Place, "visits.see").filter(valid_on(today), kind=level.value)
    named = dict(places.order_by("name", "pk").values_list("pk", "name"))
    standing = Coverage.objects.filter(valid_on(today), ancestor__in=places.values("pk"))
    here = standing.filter(
        Q(descendant__tenancies__since=None) | Q(descendant__tenancies__since__lte=today),
        Q(descendant__tenancies__until=None) | Q(descendant__tenancies__until__gt=today),
        descendant__tenancies__enterprise__merged_into=None,
        descendant__tenancies__isnull=False,
    )
    firm = "descendant__tenancies__enterprise"
    went = Q(**{f"{firm}__in": seen_visits(user, days, today).order_by().values("enterprise")})
    told = here.order_by().values_list("ancestor")
    counted = told.annotate(firms=Count(firm, distinct=True), seen=Count(firm, distinct=True, filter=went))
    counts = {pk: (firms, seen) for pk, firms, seen in counted}
    around: dict[int, list[tuple[int, int, str]]] = {pk: [] for pk in named}
    kinds = [PlaceKind.STREET, PlaceKind.COMMUNITY, PlaceKind.PARK]
    above = Coverage.objects.filter(valid_on(today), descendant__in=places.values("pk"), ancestor__kind__in=kinds)
    for pk, depth, high, name in above.values_list("descendant", "depth", "ancestor", "ancestor__name"):
        around[pk].append((depth, high, name))
    return [
        Covered(
            place=pk,
            name=name,
            within=frozenset(high for _depth, high, _name in around[pk]),
            above=" · ".join(high for depth, _pk, high in sorted(around[pk], reverse=True) if depth),
            firms=counts.get(pk, (0, 0))[0],
            seen=counts.get(pk, (0, 0))[1],
        )
        for pk, name in named.items()
    ]


def seen_visits(user: Any, days: int, today: date) -> QuerySet[Visit]:
    """The visits that took place in the last days, as far as a user sees them."""
    since = today - timedelta(days=days)
    return seen_by(user, Visit).filter(state=State.DONE, visited_on__gt=since, visited_on__lte=today)


def firms_of(user: Any, place: Place, days: int, today: date) -> QuerySet[Enterprise]:
    """The enterprises that are at a place today, each with `last_seen`, the day of the latest visit, and `covered` 在驻企业.

    `covered`: whether that day lies within the last days. The rows of which the counts of `coverage` are made.
    """
    below = Coverage.objects.filter(valid_on(today), ancestor=place).values("descendant")
    here = tenancies_open(on=today).filter(place__in=below)
    done = seen_by(user, Visit).filter(enterprise=OuterRef("pk"), state=State.DONE, visited_on__lte=today)
    latest = done.order_by().values("enterprise").annotate(last=Max("visited_on")).values("last")
    return (
        Enterprise.objects.filter(merged_into=None, pk__in=here.values("enterprise"))
        .annotate(last_seen=Subquery(latest))
        .select_related("seat")
    )


def was_seen(rows: QuerySet[Enterprise], user: Any, days: int, today: date, *, seen: bool) -> QuerySet[Enterprise]:
    """Those of the rows that were seen in the last days, or those that were not."""
    went = Exists(seen_visits(user, days, today).filter(enterprise=OuterRef("pk")))
    return rows.filter(went if seen else ~went)
