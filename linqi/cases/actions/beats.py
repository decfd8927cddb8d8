"""What every move of a case has in common: may I, can it, what was said, write."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError

from linqi.cases.flow import LIFE, Move
from linqi.cases.models import Case
from linqi.kit import access


def ready(case: Case, move: Move, permission: str, by: Any) -> tuple[Case, str]:
    """May I, can it: the case as it stands now, locked, and the state it will have."""
    access.require(by, permission, case)
    locked = (
        Case.objects.select_for_update(of=("self",)).select_related("enterprise", "department", "place").get(pk=case.pk)
    )
    return locked, LIFE.after(move.value, locked.state)


def move_on(case: Case, state: str, fields: list[str]) -> None:
    """Write the new state and what changed with it."""
    case.state = state
    case.save(update_fields=["state", *fields])


def said_with(text: str, otherwise: str) -> str:
    """What somebody must say with a move; nothing is not a reason."""
    said = text.strip()
    if not said:
        raise ValidationError({"text": otherwise})
    return said[:2000]


def told_once(case: Case, what: str, at: datetime) -> str:
    """The key of a notice about one happening: the same happening is not told twice."""
    return f"case:{case.pk}:{what}:{at:%Y%m%d%H%M%S%f}"
