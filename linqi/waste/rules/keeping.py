"""How long single events and pictures are kept, by kind, and between which bounds 保存期限.

What was stored on a day is there for so many days, that one included, and gone on the next.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from linqi.kit.choices import Choice
from linqi.waste.kinds import Told
from linqi.waste.rules.clock import DAY, LATE

PICTURE: Final = "picture"
KINDS: Final = (*Told.values, PICTURE)


class Why(Choice):
    """Why there is a bound 上下限的理由."""

    LATE = "late", "断网的终端最迟会晚报 14 天，当时那个小时要用原始记录重新汇总"
    LIMITATION = "limitation", "违法行为两年内未被发现的不再处罚（行政处罚法第36条），再久没有用处"
    LOOK = "look", "要给核看和标注留出时间"
    SHORTEST = "shortest", "法律没有规定天数；个人信息只存必要的最短时间（个人信息保护法第19条），产品以 90 天为限"


@dataclass(frozen=True, slots=True)
class Bound:
    """Least and most days, each with its reason."""

    least: int
    most: int
    why_least: Why
    why_most: Why


EVENTS: Final = Bound(LATE // DAY + 1, 730, Why.LATE, Why.LIMITATION)
PICTURES: Final = Bound(7, 90, Why.LOOK, Why.SHORTEST)  # product defaults


class RetentionWrong(ValueError):
    """The table of retention cannot be used; names the kind and the remedy."""


def bound_of(kind: str) -> Bound:
    """Between which bounds the days of a kind lie."""
    return PICTURES if kind == PICTURE else EVENTS


def fits(kind: str, kept: Any) -> bool:
    """Whether so many days may be set for a kind."""
    bound = bound_of(kind)
    return type(kept) is int and bound.least <= kept <= bound.most


def read(said: Any) -> dict[str, int]:
    """Days by kind; every kind must be there."""
    if not isinstance(said, Mapping):
        raise RetentionWrong("retention.yaml must be a table of kinds and days.")
    if unknown := sorted(str(kind) for kind in said.keys() - set(KINDS)):
        raise RetentionWrong(f"retention.yaml: unknown kinds {', '.join(unknown)}.")
    for kind in KINDS:
        if not fits(kind, said.get(kind)):
            bound = bound_of(kind)
            raise RetentionWrong(
                f"retention.yaml: {kind} needs whole days from {bound.least} to {bound.most}, not {said.get(kind)!r}."
            )
    return {kind: said[kind] for kind in KINDS}


def last_over(kept: int, today: date) -> date:
    """The latest day of storing of which nothing is kept any more today."""
    return today - timedelta(days=kept)


def over(day: date, today: date, days: Mapping[str, int]) -> list[str]:
    """The kinds of events stored on a day that are no longer kept today."""
    return sorted(kind for kind in Told.values if day <= last_over(days[kind], today))
