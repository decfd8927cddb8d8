"""Which place may stand under which, and what may change when: pure.

The order of the kinds is the tree of domain.md A1. A level may be skipped (a building without a park), never
turned round.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

ORDER: Final = ("district", "street", "community", "park", "building", "floor", "unit")  # widest first
MAY_STAND_ALONE: Final = "district"  # the only kind without a place above it


@dataclass(frozen=True, slots=True)
class Stand:
    """Under which parent a place stood, from when until when; `until` is the first day it no longer did 隶属."""

    parent: int
    since: date
    until: date | None


def may_stand_under(child: str, parent: str) -> bool:
    """Whether a place of one kind may stand under one of another 可否隶属.

    Wider holds smaller, so no chain of places can ever close to a circle. A unit needs at least a building above it,
    a floor always stands in a building.
    """
    if child not in ORDER or parent not in ORDER or ORDER.index(child) <= ORDER.index(parent):
        return False
    if child == "street":
        return parent == "district"
    if child == "floor":
        return parent == "building"
    if child == "unit":
        return parent in {"building", "floor"}
    return parent != "district"


def kinds_under(parent: str) -> list[str]:
    """The kinds that may stand under a place of this kind, the widest first."""
    return [kind for kind in ORDER if may_stand_under(kind, parent)]


def exists_on(since: date, until: date | None, day: date) -> bool:
    """Whether something dated holds on a day."""
    return since <= day and (until is None or day < until)


def after_move(stands: Iterable[Stand], parent: int, on: date) -> list[Stand]:
    """Where a place has stood once it stands under `parent` from `on` on, without an end; earlier days keep their map.

    Whatever was to begin on that day or later is dropped: it never came to be.
    """
    kept = [
        Stand(stand.parent, stand.since, on if stand.until is None or stand.until > on else stand.until)
        for stand in stands
        if stand.since < on
    ]
    return [*sorted(kept, key=lambda stand: stand.since), Stand(parent, on, None)]


def floor_name(level: int) -> str:
    """What a storey is called: 12层, or B2 below ground."""
    return f"{level}层" if level > 0 else f"B{-level}"


def unit_name(level: int, number: int) -> str:
    """What the n-th unit of a storey is called: 1203, or B201 below ground."""
    return f"{level if level > 0 else f'B{-level}'}{number:02d}"
