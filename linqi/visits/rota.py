"""How often buildings are visited: what holds on a day, what comes, what was, and the list of buildings 楼宇轮值查询."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Case, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from linqi.accounts.queries import valid_on
from linqi.kit.access import seen_by
from linqi.territory.models import Coverage, Place, PlaceKind
from linqi.visits.models import BuildingRota, PlanTerms
from linqi.visits.rules.rota import Spell
from linqi.visits.standing import in_force


def rota_on(buildings: Collection[int], day: date) -> dict[int, BuildingRota]:
    """The rota of its own that each of the buildings has on a day; those without one are left out."""
    rows = BuildingRota.objects.filter(in_force(day), building__in=list(buildings))
    return {row.building_id: row for row in rows}


def spell_of(row: BuildingRota) -> Spell:
    """A row as plain values."""
    return Spell(row.since, row.until, row.visits, row.opens, row.closes, row.pk)


def rotas_of(building: Place, user: Any) -> QuerySet[BuildingRota]:
    """Every rota a building had, has and will have, the latest first 轮值沿革."""
    return seen_by(user, BuildingRota).filter(building=building).select_related("set_by").order_by("-since", "-pk")


def last_set(building: Place | int) -> BuildingRota | None:
    """What was set last for a building, which is what can be taken back; what goes on behind another was not set."""
    return BuildingRota.objects.filter(building=building, before__isnull=False).order_by("-pk").first()


def buildings_seen_by(user: Any, permission: str = "visits.weeks") -> QuerySet[Place]:
    """The buildings whose visits a user may plan or look at."""
    return seen_by(user, Place, permission).filter(kind=PlaceKind.BUILDING.value, until=None)


def with_times(rows: QuerySet[Place], day: date) -> QuerySet[Place]:
    """The buildings with `own` (visits of their own rota) and `times` (visits a week, the street's where they have none)."""
    holds = BuildingRota.objects.filter(in_force(day), building=OuterRef("pk"))
    street = Coverage.objects.filter(valid_on(day), ancestor__kind=PlaceKind.STREET.value, descendant=OuterRef("pk"))
    rows = rows.annotate(own=Subquery(holds.values("visits")[:1]), street_id=Subquery(street.values("ancestor")[:1]))
    terms = {row.street_id: row.visits for row in PlanTerms.objects.filter(in_force(day)).order_by("pk")}
    usual = Case(
        *(
            When(street_id=street_id, then=Value(visits))
            for street_id, visits in terms.items()
            if street_id is not None
        ),
        default=Value(terms.get(None)),
        output_field=IntegerField(),
    )
    return rows.annotate(usual=usual, times=Coalesce("own", usual))


@dataclass(frozen=True, slots=True)
class Beside:
    """What a list says of a building besides how often: its park, its own rota today, and the next change."""

    park: str
    now: BuildingRota | None
    next: BuildingRota | None


def beside(buildings: Iterable[Place], day: date) -> dict[int, Beside]:
    """What stands beside each building of a page or a file; two queries however many they are."""
    ids = [one.pk for one in buildings]
    above = Coverage.objects.filter(valid_on(day), ancestor__kind=PlaceKind.PARK.value, descendant__in=ids)
    parks = dict(above.values_list("descendant", "ancestor__name"))
    now: dict[int, BuildingRota] = {}
    coming: dict[int, list[BuildingRota]] = defaultdict(list)
    for row in BuildingRota.objects.filter(Q(until=None) | Q(until__gt=day), building__in=ids).order_by("since"):
        if row.since is None or row.since <= day:
            now[row.building_id] = row
        else:
            coming[row.building_id].append(row)
    return {pk: Beside(parks.get(pk, ""), now.get(pk), coming[pk][0] if coming.get(pk) else None) for pk in ids}


def in_park(rows: QuerySet[Place], park: int, day: date) -> QuerySet[Place]:
    """Those of the buildings that stand in a park."""
    return rows.filter(pk__in=Coverage.objects.filter(valid_on(day), ancestor=park).values("descendant"))


def parks_seen_by(user: Any) -> list[tuple[int, str]]:
    """The parks to choose from."""
    rows = seen_by(user, Place, "visits.weeks").filter(kind=PlaceKind.PARK.value, until=None)
    return list(rows.order_by("name").values_list("pk", "name"))


def terms_history(street: Place, user: Any) -> QuerySet[PlanTerms]:
    """Every row of terms a street ever had, the newest first; the product's own are not among them."""
    return seen_by(user, PlanTerms).filter(street=street).select_related("set_by").order_by("-pk")
