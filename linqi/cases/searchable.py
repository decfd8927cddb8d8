"""How cases are found by the search box: by number and title, never by the enterprise's name."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linqi.cases.flow import State
from linqi.cases.models import Case
from linqi.cases.queries import cases_seen_by, streets_of
from linqi.enterprises.queries import shown_name
from linqi.kit.access import System, reach_of
from linqi.search.registry import Hit, Searchable, register
from linqi.territory.models import Coverage

KIND = "case"


def streets(user: Any) -> list[int] | None:
    """The streets in which the user may see cases; None for everywhere.

    Told from the grants, because asking a million cases takes half a second; only cases of places and sections that
    have moved are asked themselves, as their street is the one they were opened in.
    """
    if isinstance(user, System):
        return None
    reach = reach_of(user)
    seen = cases_seen_by(user).order_by()
    moved = Q(place__in=Coverage.objects.exclude(until=None).values("descendant"))
    own = Q(enterprise__in=reach.enterprises("cases.see"))
    few = seen.filter(moved | own).values_list("street", flat=True).distinct()
    return sorted({*streets_of(reach, "cases.see"), *few})


def present(user: Any, ids: list[int]) -> list[Hit]:
    """The hits the user may see, in the order found."""
    seen = {case.pk: case for case in cases_seen_by(user).filter(pk__in=ids)}
    return [_hit(seen[pk], user) for pk in ids if pk in seen]


def rows() -> Iterator[tuple[int, str, Iterable[int]]]:
    """Id, text and street of every case."""
    for pk, number, title, street in Case.objects.values_list("pk", "number", "title", "street_id").iterator():
        yield pk, f"{number} {title}", [street]


def _hit(case: Case, user: Any) -> Hit:
    whose = shown_name(case.enterprise, user) if case.enterprise else case.place.name
    state = _(State(case.state).label)
    return Hit(case.title, reverse("cases:detail", args=[case.pk]), f"{case.number} · {state} · {whose}")


register(Searchable(KIND, gettext_lazy("办件"), "clipboard-list", "cases.see", streets, present, rows))
