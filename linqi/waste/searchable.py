"""How bins are found by their code, points by their name, and tasks by their number, bin and point."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linqi.cases.queries import streets_of
from linqi.kit.access import System, reach_of, seen_by
from linqi.search.registry import Hit, Searchable, register
from linqi.territory.queries import streets_of as street_of_each
from linqi.waste import queries
from linqi.waste import queries_tasks as ladder
from linqi.waste.actions.registry import BINS, POINTS
from linqi.waste.actions.tasks import TASKS, searched_by
from linqi.waste.flow import TaskState
from linqi.waste.kinds import Stream
from linqi.waste.models import Bin, Point, Task

AT_ONCE = 2000


def streets(user: Any) -> list[int] | None:
    """The streets at, above or below what the user's grants cover; None for everywhere."""
    return None if isinstance(user, System) else sorted(streets_of(reach_of(user), "waste.see"))


def streets_of_tasks(user: Any) -> list[int] | None:
    """Those in which the user works on tasks, and those of the tasks that the user's party was told of; None for everywhere."""
    if isinstance(user, System):
        return None
    told = ladder.own_tasks(user).order_by().values_list("street", flat=True).distinct()
    return sorted({*streets_of(reach_of(user), "waste.ladder"), *told})


def bins_found(user: Any, ids: list[int]) -> list[Hit]:
    """The bins the user may see, in the order found."""
    seen = {one.pk: one for one in queries.bins_seen_by(user).filter(pk__in=ids)}
    return [
        Hit(
            seen[pk].code,
            reverse("waste:bin", args=[pk]),
            " · ".join([_(Stream(seen[pk].stream).label), seen[pk].place.name]),
        )
        for pk in ids
        if pk in seen
    ]


def points_found(user: Any, ids: list[int]) -> list[Hit]:
    """The points the user may see, in the order found."""
    seen = {one.pk: one for one in seen_by(user, Point).filter(pk__in=ids).select_related("place")}
    return [Hit(seen[pk].name, reverse("waste:point", args=[pk]), seen[pk].place.name) for pk in ids if pk in seen]


def tasks_found(user: Any, ids: list[int]) -> list[Hit]:
    """The tasks the user may see, in the order found: staff are led to where they work on it, a party to its own page."""
    worked = {one.pk: one for one in ladder.tasks_seen_by(user).filter(pk__in=ids)}
    told = {one.pk: one for one in ladder.own_tasks(user).filter(pk__in=ids)}
    found = [(worked.get(pk) or told.get(pk), "task" if pk in worked else "own_task") for pk in ids]
    return [
        Hit(
            one.number,
            reverse(f"waste:{page}", args=[one.pk]),
            " · ".join([_(TaskState(one.state).label), one.point.name if one.point else one.place.name, one.bin.code]),
        )
        for one, page in found
        if one is not None
    ]


def bins() -> Iterator[tuple[int, str, Iterable[int]]]:
    """Id, code and street of every bin in use."""
    return _rows(Bin, "code")


def points() -> Iterator[tuple[int, str, Iterable[int]]]:
    """Id, name and street of every point there is."""
    return _rows(Point, "name")


def tasks() -> Iterator[tuple[int, str, Iterable[int]]]:
    """Id, words and street of every task."""
    for one in Task.objects.select_related("bin", "point").order_by("pk").iterator(AT_ONCE):
        yield one.pk, searched_by(one), [one.street_id]


def _rows(model: Any, text: str) -> Iterator[tuple[int, str, Iterable[int]]]:
    known = list(model.objects.filter(until=None).order_by("pk").values_list("pk", "place", text))
    for start in range(0, len(known), AT_ONCE):
        block = known[start : start + AT_ONCE]
        street = street_of_each({place for _pk, place, _text in block})
        for pk, place, said in block:
            yield pk, said, [street[place]] if place in street else []


register(Searchable(BINS, gettext_lazy("垃圾桶"), "trash", "waste.see", streets, bins_found, bins))
register(Searchable(POINTS, gettext_lazy("垃圾点位"), "map-pin", "waste.see", streets, points_found, points))
register(Searchable(TASKS, gettext_lazy("分类任务"), "scale", "waste.tasks", streets_of_tasks, tasks_found, tasks))
