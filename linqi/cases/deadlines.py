"""Dates of cases by the working-day clock: the one place where a term becomes a moment 期限."""

from dataclasses import dataclass
from datetime import datetime

from linqi.kit import clock
from linqi.kit.clock import Term


@dataclass(frozen=True, slots=True)
class Deadline:
    """When something is due, the steps of the count as stored with the case, and whether the calendar may still change."""

    at: datetime
    why: list[str]
    provisional: bool


def counted(term: str, start: datetime, extension: str = "") -> Deadline:
    """The deadline of a term ("5 working_days") from a moment on, with one extension where there is one 计算期限."""
    due = clock.clock_in_force().due(
        start, Term.parse(term), extension=Term.parse(extension) if extension else None
    )
    return Deadline(at=due.at, why=[str(step) for step in due.why], provisional=due.provisional)
