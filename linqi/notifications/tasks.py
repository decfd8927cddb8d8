"""What the tick does for notices: hand over the messages whose time has come."""

from datetime import datetime

from linqi.kit import ticker
from linqi.notifications.actions import deliver_due


def deliver(now: datetime) -> int:
    """How many messages were sent, postponed or given up 投递."""
    done = deliver_due(at=now)
    return done.sent + done.later + done.failed


ticker.register("notifications", deliver)
