"""How far the events of a device are stored, start by start: what a receipt may promise 收讫.

Numbers are closed ranges. A number is *done* when its event is stored or the device has said that it lost it. What a device may
leave open is bounded: `MOST_RANGES` islands beyond the first gap, `MOST_BOOTS` earlier starts; both product defaults.
"""

from bisect import bisect_right
from enum import Enum
from typing import Any, Final, NamedTuple

MOST_RANGES: Final = 1000
MOST_BOOTS: Final = 64


class Taken(Enum):
    """What becomes of an event by its name alone."""

    NEW = "new"
    REPEATED = "repeated"
    SCATTERED = "too_scattered"
    FORGOTTEN = "boot_forgotten"


class Receipt(NamedTuple):
    """All of `boot` up to `sequence` is done, and so are the ranges `beyond` it; the same of earlier boots that were touched."""

    boot: int
    sequence: int
    beyond: tuple[tuple[int, int], ...]
    earlier: "tuple[Receipt, ...]" = ()

    def as_json(self) -> dict[str, Any]:
        """As it is told to a device."""
        return {"boot": self.boot, "sequence": self.sequence, "beyond": [list(one) for one in self.beyond]}


class Line:
    """What is done of one boot: everything up to `sequence`, and islands beyond it, in order, never touching."""

    __slots__ = ("beyond", "sequence")

    def __init__(self, sequence: int = 0, beyond: list[list[int]] | None = None) -> None:
        self.sequence = sequence
        self.beyond: list[list[int]] = beyond if beyond is not None else []

    def take(self, sequence: int) -> Taken:
        """Note one event; changes nothing unless it is new."""
        if sequence == self.sequence + 1:
            self.sequence = sequence
            if self.beyond:
                self._close_up()
            return Taken.NEW
        if sequence <= self.sequence:
            return Taken.REPEATED
        return self._take_beyond(sequence)

    def give_up(self, low: int, high: int) -> int | None:
        """Note that the device lost these; how many of them were not done, None when there are too many islands."""
        low = max(low, self.sequence + 1)
        if high < low:
            return 0
        first = bisect_right(self.beyond, [low - 1]) if low > 1 else 0
        if first and self.beyond[first - 1][1] >= low - 1:
            first -= 1
        last, held, begin, end = first, 0, low, high
        while last < len(self.beyond) and self.beyond[last][0] <= high + 1:
            lower, upper = self.beyond[last]
            held += max(0, min(upper, high) - max(lower, low) + 1)
            begin, end = min(begin, lower), max(end, upper)
            last += 1
        if first == last and begin > self.sequence + 1 and len(self.beyond) >= MOST_RANGES:
            return None
        self.beyond[first:last] = [[begin, end]]
        self._close_up()
        return high - low + 1 - held

    def _take_beyond(self, sequence: int) -> Taken:
        islands = self.beyond
        after = bisect_right(islands, [sequence, _ENDLESS])
        before = islands[after - 1] if after else None
        if before and sequence <= before[1]:
            return Taken.REPEATED
        touches_next = after < len(islands) and islands[after][0] == sequence + 1
        if before and before[1] == sequence - 1:
            before[1] = sequence
            if touches_next:
                before[1] = islands[after][1]
                del islands[after]
        elif touches_next:
            islands[after][0] = sequence
        elif len(islands) >= MOST_RANGES:
            return Taken.SCATTERED
        else:
            islands.insert(after, [sequence, sequence])
        return Taken.NEW

    def _close_up(self) -> None:
        while self.beyond and self.beyond[0][0] <= self.sequence + 1:
            self.sequence = max(self.sequence, self.beyond.pop(0)[1])


_ENDLESS: Final = 1 << 62


class Progress:
    """A device: its newest boot, and its earlier ones as long as they are remembered."""

    __slots__ = ("boot", "earlier", "floor", "line", "touched")

    def __init__(
        self, boot: int = 0, line: Line | None = None, earlier: dict[int, Line] | None = None, floor: int = -1
    ) -> None:
        self.boot = boot
        self.line = line if line is not None else Line()
        self.earlier = earlier if earlier is not None else {}
        self.floor = floor
        self.touched = True  # whether an earlier boot may have changed since somebody set this to False

    @classmethod
    def read(cls, boot: int, sequence: int, beyond: list[list[int]], earlier: dict[str, Any]) -> "Progress":
        """From the columns of a `DeviceState`."""
        lines = {int(key): Line(kept[0], kept[1]) for key, kept in earlier.items() if key != "floor"}
        return cls(boot, Line(sequence, beyond), lines, int(earlier.get("floor", -1)))

    def kept(self) -> dict[str, Any]:
        """The earlier boots as `DeviceState.earlier` keeps them; `floor`: this boot and those before it are forgotten."""
        if not self.earlier and self.floor < 0:
            return {}
        told: dict[str, Any] = {str(boot): [line.sequence, line.beyond] for boot, line in self.earlier.items()}
        if self.floor >= 0:
            told["floor"] = self.floor
        return told

    def take(self, boot: int, sequence: int) -> Taken:
        """Note one event by its name; only NEW changes anything."""
        line = self._line(boot)
        return Taken.FORGOTTEN if line is None else line.take(sequence)

    def give_up(self, boot: int, low: int, high: int) -> int | None:
        """Note that the device lost these numbers; how many were not done yet, None when that cannot be kept."""
        line = self._line(boot)
        return 0 if line is None else line.give_up(low, high)

    def receipt(self, boots: frozenset[int] | set[int] = frozenset()) -> Receipt:
        """What is done of the newest boot, and of those earlier `boots` that are asked for."""
        earlier = (
            tuple(_told(boot, self.earlier[boot]) for boot in sorted(boots) if boot in self.earlier) if boots else ()
        )
        line = self.line
        return Receipt(self.boot, line.sequence, _ranges(line) if line.beyond else (), earlier)

    def _line(self, boot: int) -> Line | None:
        if boot == self.boot:
            return self.line
        self.touched = True
        if boot > self.boot:
            if self.line.sequence or self.line.beyond:
                self._remember(self.boot, self.line)
            self.boot, self.line = boot, Line()
            return self.line
        if boot <= self.floor:
            return None
        if boot not in self.earlier:
            if len(self.earlier) >= MOST_BOOTS and boot < min(self.earlier):
                return None
            self._remember(boot, Line())
        return self.earlier[boot]

    def _remember(self, boot: int, line: Line) -> None:
        self.earlier[boot] = line
        if len(self.earlier) > MOST_BOOTS:
            self.floor = min(self.earlier)
            del self.earlier[self.floor]


def _told(boot: int, line: Line) -> Receipt:
    return Receipt(boot, line.sequence, _ranges(line))


def _ranges(line: Line) -> tuple[tuple[int, int], ...]:
    return tuple((low, high) for low, high in line.beyond)
