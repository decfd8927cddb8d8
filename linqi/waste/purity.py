"""How purely buildings sort, with how certain that is 楼宇分类纯度与红绿榜.

What was looked at by a person counts: pictures that were labelled, and clues of mixed waste that were confirmed or refuted without a
picture. A building is green or red only when the 95 % interval of Wilson says so; otherwise nothing is said of it. Buildings in which
fewer than three enterprises work are not listed: that would be a list of enterprises. What is looked at is chosen among the doubtful
and a sample of the sure, so the shares are rather too low than too high (docs/rules/waste_ladder.md).
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final

from django.db.models import Q

from linqi.enterprises.models import Relation
from linqi.enterprises.queries import tenancies_open
from linqi.kit import access, clock
from linqi.kit.choices import Choice
from linqi.kit.clock import ZONE
from linqi.kit.measures import wilson
from linqi.territory.models import Coverage, Place, PlaceKind
from linqi.territory.queries import standing_below, valid_on
from linqi.waste.kinds import ClueKind, ClueState
from linqi.waste.models import Clue, Picture

LINE: Final = 0.85  # product default: from where on sorting counts as good
FEWEST_TENANTS: Final = 3  # product default


class Colour(Choice):
    """What the interval says 红绿榜."""

    GREEN = "green", "绿榜"
    RED = "red", "红榜"
    OPEN = "open", "样本不足，不作判断"


@dataclass(frozen=True, slots=True)
class Purity:
    """One building: how many deposits were looked at, how many were clean, and the interval of the share."""

    place: Place
    clean: int
    looked_at: int
    share: float
    low: float
    high: float

    @property
    def colour(self) -> Colour:
        """Green when the share surely lies above the line, red when surely below."""
        if self.low >= LINE:
            return Colour.GREEN
        return Colour.RED if self.high < LINE else Colour.OPEN


@dataclass(frozen=True, slots=True)
class Listed:
    """The list, and how many buildings are left out because too few enterprises work in them."""

    rows: list[Purity]
    left_out: int


def of_buildings(street: Place | Iterable[Place], span: tuple[date, date]) -> list[Purity]:
    """The purity of the buildings of a street, or of these places, in a span (its end not included), the purest first 楼宇纯度.

    Buildings of which nothing was looked at are not in it: unknown is not zero.
    """
    places = [street] if isinstance(street, Place) else list(street)
    buildings: dict[int, Place] = {}
    for one in places:
        if one.kind == PlaceKind.BUILDING:
            buildings[one.pk] = one
        else:
            buildings |= {below.pk: below for below in standing_below(one, PlaceKind.BUILDING.value)}
    if not buildings:
        return []
    above = Coverage.objects.filter(valid_on(clock.today()), ancestor__in=list(buildings))
    within = dict(above.values_list("descendant_id", "ancestor_id"))
    since, until = (datetime.combine(day, time(), ZONE) for day in span)
    clean: dict[int, int] = defaultdict(int)
    seen: dict[int, int] = defaultdict(int)

    def count(place: int, good: bool) -> None:
        building = within.get(place)
        if building is not None:
            seen[building] += 1
            clean[building] += good

    pictures = Picture.objects.filter(taken_at__gte=since, taken_at__lt=until, bin__isnull=False)
    pictures = pictures.exclude(label_stream="").filter(labelled_at__isnull=False)
    for place, label, stream in pictures.values_list("bin__place", "label_stream", "bin__stream").order_by():
        count(place, label == stream)
    clues = Clue.objects.filter(at__gte=since, at__lt=until, kind=ClueKind.MIXED.value)
    clues = clues.exclude(state=ClueState.WAITING.value).filter(Q(picture=None) | Q(picture__label_stream=""))
    for point, place, state in clues.values_list("point__place", "bin__place", "state").order_by():
        count(point or place, state == ClueState.REFUTED.value)
    rows = []
    for pk, looked_at in seen.items():
        low, high = wilson(clean[pk], looked_at)
        rows.append(Purity(buildings[pk], clean[pk], looked_at, clean[pk] / looked_at, low, high))
    return sorted(rows, key=lambda one: (-one.low, one.place.name))


def listed_for(user: Any, span: tuple[date, date]) -> Listed:
    """The red and green list of the buildings this user sees; of those with very few enterprises only how many they are."""
    seen = access.seen_by(user, Place, "waste.purity").filter(kind=PlaceKind.BUILDING.value, until=None)
    found = of_buildings(list(seen), span)
    many = _with_tenants([one.place.pk for one in found])
    rows = [one for one in found if one.place.pk in many]
    return Listed(rows, len(found) - len(rows))


def _with_tenants(buildings: list[int]) -> set[int]:
    """The buildings in which enough enterprises work that the list is not one of enterprises."""
    above = Coverage.objects.filter(valid_on(clock.today()), ancestor__in=buildings)
    within = dict(above.values_list("descendant_id", "ancestor_id"))
    firms: dict[int, set[int]] = defaultdict(set)
    rows = tenancies_open().filter(place__in=list(within)).exclude(relation=Relation.REGISTERED.value)
    for place, firm in rows.values_list("place_id", "enterprise_id"):
        firms[within[place]].add(firm)
    return {pk for pk, found in firms.items() if len(found) >= FEWEST_TENANTS}
