"""When clues become a task, which terms its steps have, and what repeats 线索成案与梯度.

Every figure is a default of the product, not of the street (docs/rules/waste_ladder.md).
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from linqi.kit.choices import Choice

MOST_CLUES: Final = 50  # a threshold beyond would never be reached
MOST_DAYS: Final = 90
COUNTING: Final = frozenset(
    {"mixed", "overflow", "illegal"}
)  # kinds of clue that ask for a correction; the others are damage or danger


class StepKind(Choice):
    """The rungs of the ladder 处置步骤."""

    REMIND = "remind", "提醒"
    ORDER = "order", "责令改正"
    RECHECK = "recheck", "复查"
    REFER = "refer", "移送执法"


@dataclass(frozen=True, slots=True)
class Terms:
    """From how many confirmed clues within how many days a task is made, and how long each step may take 成案条件与期限.

    Terms are written as `kit.clock` reads them, e.g. "3 working_days".
    """

    clues: int = 3  # product default, domain.md A19: N clues in 7 days
    days: int = 7
    remind: str = "3 working_days"
    order: str = "5 working_days"
    recheck: str = "3 working_days"
    refer: str = "10 working_days"
    source: str = "产品默认，非街道规定"

    def of(self, step: StepKind) -> str:
        """The term of a step."""
        return {
            StepKind.REMIND: self.remind,
            StepKind.ORDER: self.order,
            StepKind.RECHECK: self.recheck,
            StepKind.REFER: self.refer,
        }[step]


DEFAULT: Final = Terms()


def ripe(moments: Sequence[datetime], shows: Sequence[Hashable], clues: int, days: int) -> list[int]:
    """Which of these confirmed clues make a task together; none when there are too few within a window 是否成案.

    The latest window of `days` that holds at least `clues` of them; all that lie in it, as indices in order of time. `shows`: what each
    rests on; those that rest on the same, as a device's report and the recogniser's view of one picture, count once.
    """
    order = sorted(range(len(moments)), key=lambda at: (moments[at], at))
    span = timedelta(days=days)
    for end in range(len(order) - 1, clues - 2, -1):
        last = moments[order[end]]
        inside = [at for at in order[: end + 1] if last - moments[at] < span]
        if len({shows[at] for at in inside}) >= clues:
            return inside
    return []


def repeated_since(moments: Sequence[datetime], served: datetime | None) -> int:
    """How many confirmed clues happened after somebody was told 提醒之后又发生."""
    return 0 if served is None else sum(1 for at in moments if at > served)
