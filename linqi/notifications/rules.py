"""When a message that could not be handed over is tried again, and when no more."""

from datetime import datetime, time, timedelta

ATTEMPTS = 6  # product default: after 1, 5, 25 minutes and about 2 and 10 hours, then it is given up
FIRST = timedelta(minutes=1)  # product default
FACTOR = 5
CLAIMED_FOR = timedelta(minutes=10)  # a worker died while sending: another tries after this long; product default


def again_after(attempts: int, *, may_help: bool) -> timedelta | None:
    """How long to wait after this many failed attempts; None: give up 重试间隔."""
    if not may_help or attempts >= ATTEMPTS:
        return None
    factor: int = FACTOR ** (attempts - 1)
    return FIRST * factor


DIGEST_AT = time(8, 30)  # product default: before the desk opens
DIGEST_LINES = 50  # notices named in one message; more are counted


def next_digest(local: datetime) -> datetime:
    """When the next message with everything of the day goes out, in the same time zone 汇总时刻."""
    today = local.replace(hour=DIGEST_AT.hour, minute=DIGEST_AT.minute, second=0, microsecond=0)
    return today if local < today else today + timedelta(days=1)
