"""How long a case may take, when it presses, and who must be told: pure.

Every figure here is a default of the product, not of the street; docs/rules/time_limits.md says where it comes from.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum
from typing import Final

from linqi.cases.flow import WORKING, State
from linqi.kit.choices import Choice

NEAR_DUE: Final = timedelta(hours=24)  # before the end; product default: one reminder while a day is left
REOPEN_WITHIN: Final = timedelta(days=30)  # after closing; product default: later it is a new request
SIMILAR_WITHIN: Final = timedelta(days=30)  # how far back a new request is compared; domain.md A5
REMIND_WAITING: Final = (
    "3 working_days"  # kit.clock; product default: one reminder to an enterprise that has to bring something
)
HOT_FROM: Final = 3  # askers; product default: fewer is no hot issue
GOOD_FROM: Final = 3  # stars; 基本满意 counts as satisfied (services.yaml, rates.satisfaction_rate)


BAD_UP_TO: Final = 2  # stars; 不满意 and 非常不满意 are a 差评
MEND_WITHIN: Final = "5 working_days"  # kit.clock; found elsewhere: 5 (德州), 15 (四川), domain.md A16
LINK_LASTS: Final = timedelta(days=30)  # product default: as long as a closed case can be reopened


# --- how long it may take ---------------------------------------------------------------------------------------------
class Whose(IntEnum):
    """Who set a limit; the nearer goes before the farther 时限来源."""

    PRODUCT = 0
    STREET = 1
    COMMUNITY = 2


@dataclass(frozen=True, slots=True)
class Limit:
    """The time limits of one class: terms of kit.clock, who set them, and on which days they count 办理时限."""

    accept: str
    contact: str
    close: str
    extend: str
    whose: Whose
    since: date | None = None
    until: date | None = None

    def counts_on(self, day: date) -> bool:
        """Whether it counts on this day; without dates always."""
        return (self.since is None or self.since <= day) and (self.until is None or day < self.until)


def limit_in_force(limits: Iterable[Limit], day: date) -> Limit | None:
    """The community's own limit goes before the street's and that before the product's; None when none counts."""
    counting = [limit for limit in limits if limit.counts_on(day)]
    return max(counting, key=lambda limit: (limit.whose, limit.since or date.min), default=None)


# --- when it presses --------------------------------------------------------------------------------------------------
class Press(Choice):
    """How a case stands to its deadline 时限状态."""

    OVERDUE = "overdue", "已超期"
    NEAR = "near", "即将到期"
    WITHIN = "within", "期限内"
    KEPT = "kept", "按期"
    MISSED = "missed", "超期完成"
    PAUSED = "paused", "暂停计时"
    STOPPED = "stopped", "不再计时"


def press(state: str, due_at: datetime, answered_at: datetime | None, now: datetime) -> Press:
    """How a case stands to its deadline at this moment 时限状态.

    The clock stops with the answer: after it, closing waits for the enterprise and no longer for the section. The very
    moment it is due still counts as kept.
    """
    if state in (State.WITHDRAWN, State.ROUTED):
        return Press.STOPPED
    if state == State.WAITING:
        return Press.PAUSED
    if state not in WORKING:
        return Press.KEPT if answered_at is not None and answered_at <= due_at else Press.MISSED
    if now > due_at:
        return Press.OVERDUE
    return Press.NEAR if due_at - now <= NEAR_DUE else Press.WITHIN


# --- who must be told -------------------------------------------------------------------------------------------------
class Alarm(Choice):
    """What the tick has found 提醒."""

    NOT_ACCEPTED = "not_accepted", "超时未受理"
    NOT_CONTACTED = "not_contacted", "超时未联系"
    NEAR = "near", "即将到期"
    OVERDUE = "overdue", "已超期"


class Audience(Choice):
    """Whom a message is for 告知对象."""

    HANDLER = "handler", "经办人"
    DEPARTMENT = "department", "科室"
    SECRETARY = "secretary", "社区书记"


def told(alarm: Alarm, *, has_handler: bool, has_department: bool) -> frozenset[Audience]:
    """Who hears of an alarm 提醒谁.

    Whoever works on it hears first: the handler, or the whole section while nobody has taken it. The secretary hears
    when time is over, and always when no section holds the case, so that nobody can be the one who was not told.
    """
    worker = Audience.HANDLER if has_handler else Audience.DEPARTMENT
    if not has_department:
        return frozenset({Audience.SECRETARY, *([Audience.HANDLER] if has_handler else [])})
    if alarm is Alarm.NEAR:
        return frozenset({worker})
    return frozenset({worker, Audience.SECRETARY})


# --- what the one who asked may still do ------------------------------------------------------------------------------
def may_rate(closed_at: datetime | None, rated_at: datetime | None) -> bool:
    """One rating for each closing: again only after it was reopened and closed once more 一事一评."""
    return closed_at is not None and (rated_at is None or rated_at < closed_at)


def may_call_back(handler: int | None, by: int | None) -> bool:
    """Whoever handled it does not ask how well it was handled 回访回避."""
    return by is not None and by != handler


def may_reopen(closed_at: datetime | None, now: datetime) -> bool:
    """An answered case always; a closed one within REOPEN_WITHIN of its closing 可否重新办理."""
    return closed_at is None or now - closed_at <= REOPEN_WITHIN


def may_ask_extension(*, extend: str, asked: bool, due_at: datetime, now: datetime) -> str:
    """Why no more time may be asked for, as a code; empty when it may 可否申请延期.

    `no_term`: this class knows no extension; `twice`: it was asked for before, granted or not; `late`: time is over.
    """
    if not extend:
        return "no_term"
    if asked:
        return "twice"
    return "late" if now > due_at else ""


def may_decide(asked_by: int | None, by: int | None) -> bool:
    """Whoever asked for something does not grant it too 第二人审批; the product itself (None) never decides."""
    return by is not None and by != asked_by


def number(day: date, running: int) -> str:
    """The number of the n-th case of a day: LQ20260302-0001 办件编号."""
    return f"LQ{day:%Y%m%d}-{running:04d}"


# --- what may come later ----------------------------------------------------------------------------------------------
PROMISE_WITHIN: Final = timedelta(days=60)  # natural days; product default, not of the street (docs/rules/materials.md)


def may_promise(day: date, today: date) -> bool:
    """Whether a day may be promised for what may come later: from today, not too far away 承诺日期."""
    return today <= day <= today + PROMISE_WITHIN


def may_end_promise(day: date | None, today: date) -> bool:
    """A promise ends unkept only when its day is over 承诺终止."""
    return day is not None and day < today


def remind_of_promise(day: date, add_working_days: Callable[[date, int], date]) -> date:
    """The last working day before the promised one; `add_working_days(d, 0)` is the last working day up to d 提醒日."""
    return add_working_days(day - timedelta(days=1), 0)


# --- which window, when the category is open --------------------------------------------------------------------------
WINDOW_FROM: Final = 0.7  # summed confidence from which a window is named alone; measured: docs/rules/likeness.md


def likeliest_window(ranked: Iterable[tuple[str, float]], window_of: Mapping[str, str]) -> tuple[str, float] | None:
    """The window to which most of the confidence of its categories goes, when that is enough to name it 窗口建议.

    `ranked`: categories with confidences that sum to one at most; `window_of`: the window of each category that is offered.
    None when no window reaches `WINDOW_FROM`.
    """
    sums: dict[str, float] = {}
    for label, sure in ranked:
        if label in window_of:
            sums[window_of[label]] = sums.get(window_of[label], 0.0) + sure
    best = max(sums, key=lambda one: (sums[one], one), default=None)
    return None if best is None or sums[best] < WINDOW_FROM else (best, sums[best])
