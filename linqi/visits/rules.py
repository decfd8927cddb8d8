"""Whom we must go and see, how long a visit answers a reason, and when we had better stay away: pure.

Every figure is a default of the product, not of the street; docs/rules/must_visit.md says where it comes from.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from linqi.kit.choices import Choice


class Reason(Choice):
    """Why an enterprise must be visited, most pressing first 六必访."""

    IN_NEED = "in_need", "有需求企业"
    NEWCOMER = "newcomer", "新入驻企业"


ANSWERED_FOR: Final = {
    Reason.IN_NEED: 30,
    Reason.NEWCOMER: 90,
}  # days a visit answers it; in need: 无事不扰, domain.md A7
FIRST_VISIT: Final = {Reason.IN_NEED: "3 working_days", Reason.NEWCOMER: "7 working_days"}  # domain.md A7
NEWCOMER_DAYS: Final = 30  # a tenancy that began in the last days; domain.md A7
NEED_AFTER: Final = "1 working_days"  # a case open for longer is a need; domain.md A7
LOW_RATING: Final = 2  # stars or fewer; our five stars for the "low survey score" of domain.md A7
LOW_RATING_DAYS: Final = 90  # how long a bad rating asks for a visit; product default
QUIET_DAYS: Final = 30  # at most one visit in so many days unless a reason fires, 无事不扰; domain.md A7


@dataclass(frozen=True, slots=True)
class Due:
    """One reason that asks for a visit: since when it holds, and by when we must have been there 必访事由."""

    reason: Reason
    since: date
    by: date


def reasons_open(held: Mapping[Reason, date], last_visit: date | None, today: date) -> list[Reason]:
    """The reasons that hold and no visit has answered yet, most pressing first 六必访.

    `held`: each reason with the day since when it holds. A visit answers what was there when it took place: a need that
    arose later asks again, and so does one that is still there when the visit lies longer back than ANSWERED_FOR.
    """
    return [reason for reason in Reason if reason in held and not _answered(reason, held[reason], last_visit, today)]


def answered_until(reason: Reason, last_visit: date) -> date:
    """The last day on which a visit still answers a reason."""
    return last_visit + timedelta(days=ANSWERED_FOR[reason])


def newcomer(tenancy_since: date | None, today: date) -> bool:
    """Whether a tenancy is so young that its enterprise is a newcomer 新入驻; an unknown beginning is not one."""
    return tenancy_since is not None and tenancy_since <= today and (today - tenancy_since).days <= NEWCOMER_DAYS


def disturbs(last_visit: date | None, open_reasons: Iterable[Reason], today: date) -> int | None:
    """How many days ago we were there, when going again now would be a burden; None when it would not 无事不扰."""
    if last_visit is None or any(True for _ in open_reasons):
        return None
    days = (today - last_visit).days
    return days if 0 <= days < QUIET_DAYS else None


def _answered(reason: Reason, since: date, last_visit: date | None, today: date) -> bool:
    return last_visit is not None and last_visit >= since and today <= answered_until(reason, last_visit)
