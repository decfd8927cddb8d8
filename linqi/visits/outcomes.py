"""What became of reasons to visit and of what was found, row by row: what the shares are made of 走访成效."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from linqi.cases.models import Ground
from linqi.visits.flow import State
from linqi.visits.models import Finding, FindingKind, Visit
from linqi.visits.queries import MustVisit
from linqi.visits.rules import Reason
from linqi.visits.rules.outcomes import Answer, Ended, Held, answer, held

EARLIEST: Final = timedelta(
    days=60
)  # a visit is at most so much earlier than the day it was asked for by; the longest term is ten working days


@dataclass(frozen=True, slots=True)
class Answered:
    """One reason that asked for a visit by a day of the span, and what became of it 走访事由成效.

    `visit` None: nobody has gone yet. `by` None: the day was not kept.
    """

    pk: str
    enterprise: int
    name_key: str
    reason: Reason
    by: date | None
    visited_on: date | None
    visit: int | None
    answer: Answer


@dataclass(frozen=True, slots=True)
class Found:
    """One finding and whether it held 发现成效."""

    pk: int
    visit: int
    enterprise: int
    name_key: str
    kind: FindingKind
    text: str
    on: date
    case: int | None
    held: Held


def answers(
    visits: QuerySet[Visit], waiting: Iterable[MustVisit], since: date, until: date, today: date
) -> list[Answered]:
    """What became of the reasons that asked for a visit by a day of the span, the visits still missing included; one query.

    `visits`: those in whose places one is interested. `waiting`: who must be visited today. A visit whose day was not kept belongs to the
    span in which it took place.
    """
    rows = visits.filter(state=State.DONE, visited_on__gte=since - EARLIEST).exclude(reasons=[]).order_by("pk")
    found = []
    columns = ("pk", "enterprise", "enterprise__name_key", "reasons", "dues", "visited_on")
    for pk, firm, name, codes, dues, went in rows.values_list(*columns):
        for code in codes:
            if code not in Reason.values or went is None:
                continue
            by = date.fromisoformat(dues[code]) if dues.get(code) else None
            if since <= (by or went) <= until:
                found.append(Answered(f"{pk}{code}", firm, name, Reason(code), by, went, pk, answer(by, went, today)))
    for one in waiting:
        firm = one.enterprise
        found += [
            Answered(
                f"w{firm}{due.reason.value}",
                firm,
                one.name_key,
                due.reason,
                due.by,
                None,
                None,
                answer(due.by, None, today),
            )
            for due in one.dues
            if since <= due.by <= until
        ]
    return found


def findings(rows: QuerySet[Finding], since: date, until: date) -> list[Found]:
    """What was found on the visits of a span, and whether it held; one query."""
    listed = rows.filter(visit__state=State.DONE, visit__visited_on__range=(since, until)).order_by("pk")
    told = listed.annotate(
        at=Coalesce("case__merged_into__state", "case__state"),
        outcome=Coalesce("case__merged_into__outcome", "case__outcome"),
    ).values_list(
        "pk", "visit", "visit__enterprise", "visit__enterprise__name_key", "kind", "text", "visit__visited_on", "case", "claim__state",
        "at", "outcome", "case__exclusion__granted", "case__exclusion__ground",
    )  # fmt: skip
    found = []
    for pk, visit, firm, name, kind, text, on, case, claim, state, outcome, granted, ground in told:
        assert on is not None, "a visit that took place has a day"
        out = granted is True and ground in (Ground.OUTSIDE, Ground.MALICIOUS)
        ended = None if case is None else Ended(state, outcome, out)
        found.append(Found(pk, visit, firm, name, FindingKind(kind), text, on, case, held(kind, claim, ended)))
    return found


def followed(reason: Reason, listed: Iterable[Answered]) -> list[Answer]:
    """What became of one reason."""
    return [one.answer for one in listed if one.reason is reason]
