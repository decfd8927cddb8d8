"""What became of a reason to visit, and of what was found: in time or late, held or not, or not known yet: pure 成效判定.

docs/rules/burden.md has the tables. What is open or unknown is told beside the share, never counted into it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from linqi.cases.flow import State
from linqi.kit.choices import Choice


class Answer(Choice):
    """Whether somebody went by the day on which a reason asked for it 走访及时性."""

    IN_TIME = "in_time", "按时"
    LATE = "late", "超期"
    OPEN = "open", "未到期"
    UNKNOWN = "unknown", "期限未记录"


class Held(Choice):
    """Whether what was found on a visit proved true 发现是否属实."""

    HELD = "held", "属实"
    NOT_HELD = "not_held", "不属实"
    OPEN = "open", "还没有结论"
    UNKNOWN = "unknown", "无从判断"


def answer(by: date | None, visited_on: date | None, today: date) -> Answer:
    """Whether a reason was answered by its day; `by` None: nobody wrote the day down."""
    if by is None:
        return Answer.UNKNOWN
    if visited_on is not None:
        return Answer.IN_TIME if visited_on <= by else Answer.LATE
    return Answer.LATE if today > by else Answer.OPEN


# --- findings ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Ended:
    """How far the case has come that a finding became 办件去向.

    `outcome`: what the section said of it, empty when nothing; `excluded`: a second person granted that it is no matter of ours, or was
    made up.
    """

    state: str
    outcome: str = ""
    excluded: bool = False


CONFIRMED: Final = {"confirmed": Held.HELD, "rejected": Held.NOT_HELD, "waiting": Held.OPEN}
TRUE_OUTCOMES: Final = frozenset({"solved", "partly", "unmet"})  # there was something, be it mended or not
EXPLAINED: Final = "explained"


def held(kind: str, claim: str | None, case: Ended | None) -> Held:
    """Whether a finding held 发现属实.

    A fact learnt holds when its claim was confirmed. A need holds when its case ended with any outcome, a refusal by the rules included: the
    enterprise did need it. A problem that could only be explained was none. What was withdrawn, or left out as no matter of ours or made
    up, did not hold. A clue ends nowhere in the house: nobody can say.
    """
    if kind == "fact":
        return CONFIRMED.get(claim or "", Held.UNKNOWN)
    if case is None:
        return Held.UNKNOWN
    if case.state == State.WITHDRAWN or case.excluded:
        return Held.NOT_HELD
    if case.state == State.ROUTED:
        return Held.UNKNOWN  # whether it was true is for the authority to say to which it was led
    if case.state != State.CLOSED:
        return Held.OPEN
    if case.outcome in TRUE_OUTCOMES or (case.outcome == EXPLAINED and kind == "need"):
        return Held.HELD
    return Held.NOT_HELD if case.outcome == EXPLAINED else Held.UNKNOWN


# --- counting ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Tally:
    """How many are so, how many are not, how many are not decided yet, how many nobody can tell 计数."""

    yes: int = 0
    no: int = 0
    open: int = 0
    unknown: int = 0

    @property
    def decided(self) -> int:
        """What the share is a share of."""
        return self.yes + self.no

    @property
    def whole(self) -> int:
        """All of them."""
        return self.decided + self.open + self.unknown

    @property
    def share(self) -> float | None:
        """The part that is so among those decided; None when nothing is."""
        return self.yes / self.decided if self.decided else None


_COLUMN: Final = {
    Answer.IN_TIME: "yes",
    Answer.LATE: "no",
    Answer.OPEN: "open",
    Answer.UNKNOWN: "unknown",
    Held.HELD: "yes",
    Held.NOT_HELD: "no",
    Held.OPEN: "open",
    Held.UNKNOWN: "unknown",
}


def tallied(found: Iterable[Answer | Held]) -> Tally:
    """Answers or findings, counted by what became of them."""
    counts = dict.fromkeys(("yes", "no", "open", "unknown"), 0)
    for one in found:
        counts[_COLUMN[one]] += 1
    return Tally(**counts)
