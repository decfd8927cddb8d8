"""How much one device may tell, so that the others are heard 限流.

Each device has a bucket: `burst` events at once, filled again by `rate` a second (product defaults in settings: 50 a second, 5,000 at once
for catching up). What is over is neither taken nor receipted: the device keeps it and sends it again.
"""

from collections.abc import Iterable
from typing import NamedTuple


class Verdict(NamedTuple):
    """How many events of a device may be taken now; until when (ms) it need not be listened to at all."""

    taken: int
    deaf_until: int


class Buckets:
    """The buckets of all devices; times in milliseconds."""

    def __init__(self, rate: float, burst: int) -> None:
        self.rate, self.burst = rate, burst
        self._left: dict[int, tuple[float, int]] = {}

    def draw(self, device: int, asked: int, now: int) -> Verdict:
        """Take at most `asked` out of a device's bucket."""
        left, since = self._left.get(device, (float(self.burst), now))
        left = min(self.burst, left + max(0, now - since) * self.rate / 1000)
        taken = min(asked, int(left))
        self._left[device] = (left - taken, now)
        return Verdict(taken, now + int(1000 / self.rate) if taken < asked else 0)

    def forget_full(self, now: int, devices: Iterable[int] | None = None) -> None:
        """Drop buckets that are full again: a device that is silent costs nothing."""
        for device in list(self._left if devices is None else devices):
            left, since = self._left[device]
            if left + (now - since) * self.rate / 1000 >= self.burst:
                del self._left[device]
