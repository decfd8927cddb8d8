"""How waste is sorted in one building, for its page 一楼一档·垃圾分类."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from linqi.kit import clock
from linqi.kit.access import may
from linqi.territory.models import Place
from linqi.waste import purity, queries
from linqi.waste.flow import OPEN
from linqi.waste.purity import Purity
from linqi.waste.queries import Live, LiveBin
from linqi.waste.queries_tasks import tasks_seen_by

LOOKED_BACK = timedelta(days=90)  # of purity; the span of the red and green list


@dataclass(frozen=True)
class Sorting:
    """The bins of a building now, the tasks that are open, how purely it sorts; None: not for this user, or not known."""

    bins: list[LiveBin]
    tasks: int | None
    purity: Purity | None

    @property
    def full(self) -> int:
        return sum(Live.FULL in one.states for one in self.bins)

    @property
    def silent(self) -> int:
        return sum(Live.SILENT in one.states or Live.NO_DEVICE in one.states for one in self.bins)

    @property
    def worst(self) -> list[LiveBin]:
        """The fullest first, the unknown last."""
        return sorted(self.bins, key=lambda one: (one.level is None, -(one.level or 0.0), one.code))


def sorting_in(building: Place, user: Any) -> Sorting | None:
    """What the page of a building shows of its bins today; None for whoever may not see bins there."""
    if not may(user, "waste.see", building):
        return None
    bins = queries.live(user, clock.now(), place=building.pk)
    tasks = None
    if may(user, "waste.ladder", building):
        open_ = tasks_seen_by(user).filter(place__in=queries.below(building.pk), state__in=[one.value for one in OPEN])
        tasks = open_.count()
    found = None
    if may(user, "waste.purity", building):
        day = clock.today()
        rows = purity.listed_for(user, (day - LOOKED_BACK, day + timedelta(days=1))).rows
        found = next((one for one in rows if one.place.pk == building.pk), None)
    return Sorting(bins, tasks, found)
