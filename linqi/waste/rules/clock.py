"""When something happened, if the device's own clock may be wrong 时钟偏差.

A clock is believed from `LATE` before to `AHEAD` after the moment of storing (product defaults): an event kept through an outage keeps
its time, one of 1970 or of next year does not. `LATE` is shorter than any raw event is kept (rules.keeping), so that the hour it belongs
to can still be counted anew.
"""

from typing import Final

DAY: Final = 86_400_000  # milliseconds
AHEAD: Final = 5 * 60_000
LATE: Final = 14 * DAY
LONGEST_MESSAGE: Final = 7 * DAY  # how far apart events of one wrong clock may lie and still be told apart


def believed(told: int | None, now: int) -> bool:
    """Whether the device's own time can be the time of the event."""
    return told is not None and now - LATE <= told <= now + AHEAD


def reckoned(told: int | None, newest: int | None, now: int) -> int:
    """The moment of an event whose clock is not believed: as long before storing as it lies before the newest of that clock."""
    if told is None or newest is None or not 0 <= newest - told <= LONGEST_MESSAGE:
        return now
    return now - (newest - told)
