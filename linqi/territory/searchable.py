"""How places down to buildings are found by the search box."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linqi.kit.access import System, reach_of, seen_by
from linqi.kit.clock import today
from linqi.search.registry import Hit, Searchable, register
from linqi.territory.actions import SEARCHED
from linqi.territory.models import Coverage, Place, PlaceKind
from linqi.territory.queries import streets_of, with_path

KIND = "place"
AT_ONCE = 2000


def streets(user: Any) -> list[int] | None:
    """The streets at, above or below what the user's grants cover; None for everywhere."""
    if isinstance(user, System):
        return None
    granted = reach_of(user).places("territory.see")
    street = PlaceKind.STREET.value
    over = Coverage.objects.filter(descendant__in=granted, ancestor__kind=street)
    under = Coverage.objects.filter(ancestor__in=granted, descendant__kind=street)
    return sorted({*over.values_list("ancestor_id", flat=True), *under.values_list("descendant_id", flat=True)})


def present(user: Any, ids: list[int]) -> list[Hit]:
    """The hits the user may see, in the order found."""
    found = with_path(seen_by(user, Place).filter(pk__in=ids), today())
    seen = {place.pk: place for place in found}
    return [_hit(seen[pk]) for pk in ids if pk in seen]


def rows() -> Iterator[tuple[int, str, Iterable[int]]]:
    """Id, text and street of every place that is found by name and exists."""
    known = list(Place.objects.filter(kind__in=SEARCHED, until=None).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(known), AT_ONCE):
        block = known[start : start + AT_ONCE]
        street = streets_of(block)
        for pk, name, address in Place.objects.filter(pk__in=block).values_list("pk", "name", "address"):
            yield pk, f"{name} {address}", [street[pk]] if pk in street else []


def _hit(place: Place) -> Hit:
    page = "dashboards:building" if place.kind == PlaceKind.BUILDING else "territory:place"
    above = " › ".join(row.ancestor.name for row in place.above if row.ancestor.kind != PlaceKind.DISTRICT)  # type: ignore[attr-defined]
    detail = " · ".join(part for part in (_(PlaceKind(place.kind).label), above) if part)
    return Hit(place.name, reverse(page, args=[place.pk]), detail)


register(Searchable(KIND, gettext_lazy("空间"), "building", "territory.see", streets, present, rows))
