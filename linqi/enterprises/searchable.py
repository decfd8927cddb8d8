"""How enterprises are found by the search box.

A self-employed person's name is indexed masked: nobody finds by the search box what the mask hides; those who may read
the name find it in the list of enterprises.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from django.urls import reverse
from django.utils.translation import pgettext_lazy

from linqi.enterprises.actions.registry import on_change
from linqi.enterprises.models import Enterprise, Tenancy
from linqi.enterprises.queries import enterprises_seen_by, shown_name, streets_within, whereabouts, with_whereabouts
from linqi.enterprises.tasks_registry import make_findable
from linqi.search.actions import index_many, remove
from linqi.search.registry import Hit, Searchable, register
from linqi.territory.models import Coverage, PlaceKind

KIND = "enterprise"
AT_ONCE = 2000  # enterprises whose words are made in one go


def present(user: Any, ids: list[int]) -> list[Hit]:
    """The hits the user may see, under the name the user may read, in the order found."""
    seen = {one.pk: one for one in with_whereabouts(enterprises_seen_by(user).filter(pk__in=ids), user)}
    return [
        Hit(
            shown_name(seen[pk], user),
            reverse("dashboards:enterprise", args=[pk]),
            " · ".join([seen[pk].uscc, *(whereabouts(stay) for stay in seen[pk].stays)]).strip(" ·"),  # type: ignore[attr-defined]
        )
        for pk in ids
        if pk in seen
    ]


def rows(ids: Iterable[int] | None = None) -> Iterator[tuple[int, str, Iterable[int]]]:
    """Id, text and streets of every enterprise that is not merged, or of those with these ids."""
    wanted = Enterprise.objects.filter(merged_into=None).order_by("pk")
    if ids is not None:
        wanted = wanted.filter(pk__in=list(ids))
    known = list(wanted.values_list("pk", flat=True))
    for start in range(0, len(known), AT_ONCE):
        block = known[start : start + AT_ONCE]
        standing = _streets_of(block)
        for one in Enterprise.objects.filter(pk__in=block).only("name", "entity_type", "uscc", "old_number"):
            yield one.pk, f"{one} {one.uscc} {one.old_number}".strip(), standing[one.pk]


@on_change
def keep_findable(ids: list[int]) -> None:
    """Bring the words of these enterprises up to date: in the transaction that changed them, or many of them by a job.

    Words for 24,000 enterprises take 3.6 s: an import is not to wait for them.
    """
    if len(ids) <= AT_ONCE:
        write_words(ids)
        return
    for start in range(0, len(ids), AT_ONCE):
        make_findable.enqueue(ids=ids[start : start + AT_ONCE])


def write_words(ids: list[int]) -> None:
    """Index what is there and forget what was merged or taken out."""
    index_many(KIND, rows(ids))
    there = set(Enterprise.objects.filter(pk__in=ids, merged_into=None).values_list("pk", flat=True))
    remove(KIND, set(ids) - there)


def _streets_of(enterprises: list[int]) -> dict[int, set[int]]:
    """Streets of the places where each of the enterprises is or was."""
    stays = Tenancy.objects.filter(enterprise__in=enterprises).values_list("enterprise_id", "place_id")
    places = {place for _enterprise, place in stays}
    street = dict(
        Coverage.objects.filter(descendant__in=places, ancestor__kind=PlaceKind.STREET.value, until=None).values_list(
            "descendant_id", "ancestor_id"
        )
    )
    found: dict[int, set[int]] = defaultdict(set)
    for enterprise, place in stays:
        if place in street:
            found[enterprise].add(street[place])
    return found


register(
    Searchable(
        KIND, pgettext_lazy("many", "企业"), "building-skyscraper", "enterprises.see", streets_within, present, rows
    )
)
