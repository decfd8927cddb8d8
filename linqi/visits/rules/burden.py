"""How often an enterprise is contacted, what it is asked although we know it, and when we had better think twice 企业负担: pure.

What counts as a contact and why is written in docs/rules/burden.md. Every figure is a default of the product, not of the street.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from linqi.kit.choices import Choice


class ContactKind(Choice):
    """By which way somebody of ours came to an enterprise unasked, or asked something of it 联系方式."""

    VISIT = "visit", "走访"
    DECLINED = "declined", "上门被婉拒"
    QUESTION = "question", "询问信息"
    PAPERS = "papers", "请企业补充材料"
    CALL_BACK = "call_back", "办件回访"


MET = frozenset({ContactKind.VISIT})  # on these, what the same person hears that day belongs to the same contact


@dataclass(frozen=True, slots=True)
class BurdenTerms:
    """From which contact on one is warned 负担提醒参数.

    `limit`: the contact that is warned of; `days`: within how many days, the day of the contact included; `fresh`: for how many days what
    is known without a period counts as known.
    """

    limit: int
    days: int
    fresh: int


@dataclass(frozen=True, slots=True)
class Touch:
    """One thing that was done to an enterprise on a day, by one of ours (None: nobody knows who) 触达; `row`: what it is kept as."""

    on: date
    kind: ContactKind
    by: int | None
    row: int


def gathered(touches: Iterable[Touch]) -> list[tuple[Touch, tuple[Touch, ...]]]:
    """The contacts among what was done to one enterprise, in order of time, each with the questions that belong to it 归并.

    What one person hears on one day is one contact, and what it hears on a visit of that day belongs to the visit: nobody's phone rings
    more often because more lines were written down.
    """
    kept: list[tuple[Touch, list[Touch]]] = []
    homes: dict[tuple[date, int | None], list[Touch]] = {}
    for one in sorted(touches, key=_order):
        if one.kind is ContactKind.QUESTION and (one.on, one.by) in homes:
            homes[one.on, one.by].append(one)
            continue
        taken: list[Touch] = []
        kept.append((one, taken))
        if one.kind in MET or one.kind is ContactKind.QUESTION:
            homes.setdefault((one.on, one.by), taken)
    return [(one, tuple(taken)) for one, taken in kept]


def _order(one: Touch) -> tuple[date, bool, str, int]:
    return one.on, one.kind not in MET, one.kind.value, one.row


# --- when to think twice ----------------------------------------------------------------------------------------------
def within(days: Iterable[date], day: date, terms: BurdenTerms) -> list[date]:
    """Those of some days that lie in the month that ends with a day, in order."""
    first = day - timedelta(days=terms.days)
    return sorted(one for one in days if first < one <= day)


def number_of_contact(days: Iterable[date], day: date, terms: BurdenTerms) -> int | None:
    """Which contact of its month (3: the third) one on this day would be; None while it stays below the limit 负担提醒."""
    number = len(within(days, day, terms)) + 1
    return number if number >= terms.limit else None


def most_in_a_month(days: Iterable[date], terms: BurdenTerms) -> int:
    """The most contacts in any month, wherever it begins 最密一月."""
    ordered, first, most = sorted(days), 0, 0
    for at, day in enumerate(ordered):
        while ordered[first] <= day - timedelta(days=terms.days):
            first += 1
        most = max(most, at - first + 1)
    return most


# --- asked although known ---------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Asked:
    """A field that an enterprise was asked for: what it said and when 询问项."""

    key: str
    period: str
    value: Any
    on: date


@dataclass(frozen=True, slots=True)
class Recorded:
    """A fact that the house holds or held 已有信息.

    `since`: the day on which it came into the house; `until`: the day on which a newer word took its place, None while it stands.
    """

    key: str
    period: str
    value: Any
    as_of: date
    since: date
    until: date | None = None


def known_already(asked: Asked, facts: Sequence[Recorded], terms: BurdenTerms) -> Recorded | None:
    """What the house knew already when it asked, the newest word; None when asking was right 已知再问.

    A fact counts from the day after it came in: two who come on the same day cannot know of each other. What took its place on the day of
    the question itself may be the answer, so the older word still counts that day. What speaks of a year or a month stays true of it; what
    has no period is known for `fresh` days.
    """
    known = [one for one in facts if _stood(one, asked) and not expired(one, asked.on, terms)]
    return max(known, key=lambda one: one.as_of, default=None)


def expired(fact: Recorded, on: date, terms: BurdenTerms) -> bool:
    """Whether something known without a period is too old to rely on 已过期."""
    return not fact.period and (on - fact.as_of).days > terms.fresh


def _stood(fact: Recorded, asked: Asked) -> bool:
    same = (fact.key, fact.period) == (asked.key, asked.period)
    return same and fact.since < asked.on and (fact.until is None or fact.until >= asked.on)
