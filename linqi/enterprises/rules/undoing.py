"""How long a decision about a claim may still be taken back: pure 撤回期限."""

from datetime import datetime, timedelta
from typing import Final

UNDO_DAYS: Final = (
    7  # days of 24 hours; product default: long enough to notice, short enough that nothing rests on it yet
)


def undo_until(decided_at: datetime) -> datetime:
    """The last moment at which a decision of this moment may be taken back."""
    return decided_at + timedelta(days=UNDO_DAYS)
