"""Dates of cases by the working-day clock: the one place where a term becomes a moment 期限."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import get_language

from linqi.kit import clock
from linqi.kit.clock import Step, Term


@dataclass(frozen=True, slots=True)
class Deadline:
    """When something is due, the steps of the count, and whether the calendar may still move it."""

    at: datetime
    why: list[dict[str, Any]]
    provisional: bool


def counted(
    term: str, start: datetime, extension: str = "", pauses: Iterable[tuple[datetime, datetime]] = ()
) -> Deadline:
    """The deadline of a term ("5 working_days") from a moment on 计算期限.

    With one extension where there is one, and put off by the spans in which the case waited for the enterprise.
    """
    more = Term.parse(extension) if extension else None
    due = clock.clock_in_force().due(start, Term.parse(term), pauses, more)
    steps = [{"code": step.code, "values": list(step.values)} for step in due.why]
    return Deadline(at=due.at, why=steps, provisional=due.provisional)


def in_words(why: Iterable[dict[str, Any] | str]) -> str:
    """The kept steps of a count, one on a line, in the reader's language 期限怎么算的."""
    language = "en" if (get_language() or "").startswith("en") else "zh"
    lines = [one if isinstance(one, str) else Step(one["code"], tuple(one["values"])).say(language) for one in why]
    return "\n".join(lines)


def working_days_left(until: datetime, now: datetime) -> int:
    """Working days after today up to the day something is due."""
    return clock.clock_in_force().working_days_between(
        now.astimezone(clock.ZONE).date(), until.astimezone(clock.ZONE).date()
    )
