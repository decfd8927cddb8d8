"""When a message that could not be handed over is tried again, and when no more."""

from datetime import timedelta

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
