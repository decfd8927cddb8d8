"""Whom we must go and see, how long a visit answers a reason, when we had better stay away, and whom to see first: pure.

What makes a reason hold is a condition over facts and stands in data; here is what follows from it. Every figure is a default of the
product, not of the street; docs/rules/must_visit.md says where it comes from.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from linqi.kit.choices import Choice


class Reason(Choice):
    """Why an enterprise must be visited, most pressing first 六必访."""

    AT_RISK = "at_risk", "风险企业"
    IN_NEED = "in_need", "有需求企业"
    OUTBOUND = "outbound", "在区外投资企业"
    NEWCOMER = "newcomer", "新入驻企业"
    PREMIUM = "premium", "优质企业"
    UNREGISTERED = "unregistered", "非在册企业"


NEED_AFTER: Final = "1 working_days"  # a case open for longer is a need; domain.md A7
LOW_RATING_DAYS: Final = 90  # how long a rating is remembered for a visit; product default
QUIET_DAYS: Final = 30  # at most one visit in so many days unless a pressing reason fires, 无事不扰; domain.md A7
_CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Terms:
    """How one kind of must-visit is timed and weighed 走访时限.

    `first_visit`: working days; `repeat`: days a visit answers it, None for good; `most`: how many follow-up visits, also when the
    trigger has passed, None: as often as the trigger still holds; `presses`: asks also within the quiet days.
    """

    first_visit: int
    repeat: int | None
    most: int | None = None
    presses: bool = False
    weight: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Due:
    """One reason that asks for a visit: since when it does, and by when we must have been there 必访事由."""

    reason: Reason
    since: date
    by: date


def reasons_open(
    held: Mapping[Reason, Iterable[date]], visits: Sequence[date], today: date, terms: Mapping[Reason, Terms]
) -> dict[Reason, date]:
    """The reasons that ask for a visit today, most pressing first, each with the day since when it does 六必访.

    `held`: each reason that holds, with every day on which it began. `visits`: the days on which somebody of ours was there, in order.
    """
    asked = {
        reason: since
        for reason in Reason
        if reason in held and (since := asks_since(held[reason], visits, today, terms[reason])) is not None
    }
    return {reason: since for reason, since in asked.items() if since <= today}


def asks_since(begun: Iterable[date], visits: Sequence[date], today: date, terms: Terms) -> date | None:
    """The day from which a reason asks for the next visit, maybe one still to come; None when it never will.

    A visit answers what was there when it took place, until its repeat day; what begins later asks again. Unless the reason presses,
    nothing is asked within QUIET_DAYS of a visit: then it asks from the day after.
    """
    seen = [day for day in visits if day <= today]
    days = [day for start in begun if (day := _next(start, seen, terms)) is not None]
    if not days:
        return None
    if terms.presses or not seen:
        return min(days)
    return max(min(days), seen[-1] + timedelta(days=QUIET_DAYS))


def followed_up(visits: Sequence[date], today: date, terms: Terms) -> date | None:
    """Where a reason whose trigger has passed lives on in its own visits: the first of them, None when it does not 回访.

    `visits`: the days of visits made for this reason, in order.
    """
    if not terms.most or not terms.repeat:
        return None
    far = today - timedelta(days=2 * terms.repeat * (terms.most + 1))
    lately = [day for day in visits if far <= day <= today]
    return lately[0] if lately else None


def disturbs(last_visit: date | None, open_reasons: Iterable[Reason], today: date) -> int | None:
    """How many days ago we were there, when going again now would be a burden; None when it would not 无事不扰."""
    if last_visit is None or any(True for _ in open_reasons):
        return None
    days = (today - last_visit).days
    return days if 0 <= days < QUIET_DAYS else None


# --- who comes first --------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Scoring:
    """How the list is ordered 排序规则.

    `urgency`: what a used-up term adds to 1; `late_step`: days late that double a reason; `late_most`: days late that count at most.
    """

    urgency: Decimal
    late_step: int
    late_most: int


@dataclass(frozen=True, slots=True)
class Factor:
    """What one reason brings to the score: weight × urgency × lateness 得分项; `late`: days beyond its day."""

    reason: Reason
    weight: Decimal
    urgency: Decimal
    lateness: Decimal
    late: int

    @property
    def points(self) -> Decimal:
        """What it comes to."""
        return self.weight * self.urgency * self.lateness


@dataclass(frozen=True, slots=True)
class Score:
    """Where a firm stands in the list, and why: the value of the firm times what its reasons come to 必访得分."""

    value: Decimal
    factors: tuple[Factor, ...]
    total: Decimal  # the number the list is ordered by, to the hundredth


def score(dues: Iterable[Due], today: date, terms: Mapping[Reason, Terms], scoring: Scoring, value: Decimal) -> Score:
    """What the reasons of one firm come to today; `value` is what the firm itself weighs, 1 where nothing is known."""
    factors = tuple(_factor(due, today, terms[due.reason].weight, scoring) for due in dues)
    return Score(value, factors, (value * sum((one.points for one in factors), Decimal(0))).quantize(_CENT))


def _factor(due: Due, today: date, weight: Decimal, scoring: Scoring) -> Factor:
    term, used = (due.by - due.since).days, (today - due.since).days
    share = Decimal(min(max(used, 0), term)) / term if term > 0 else Decimal(1)
    late = max(0, (today - due.by).days)
    lateness = 1 + Decimal(min(late, scoring.late_most)) / max(1, scoring.late_step)
    return Factor(due.reason, weight, (1 + scoring.urgency * share).quantize(_CENT), lateness.quantize(_CENT), late)


def _next(start: date, seen: Sequence[date], terms: Terms) -> date | None:
    """The day from which one beginning asks for a visit; None when it is answered for good."""
    later = [day for day in seen if day >= start]
    if not later:
        return start
    if terms.repeat is None or (terms.most is not None and len(later) > terms.most):
        return None
    return later[-1] + timedelta(days=terms.repeat + 1)
