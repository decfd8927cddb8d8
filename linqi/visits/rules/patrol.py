"""Which visits may say where they were, what a picture may be, and how long both are kept: pure.

国办函〔2026〕12号 asks for no photo, no video and no track without need; security and emergency scenes are its exception. Every figure is a
default of the product; the street's own terms are settings of the installation (docs/operators.md).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from linqi.kit.choices import Choice


class VisitKind(Choice):
    """What kind of going there it is 走访类别."""

    PLAIN = "plain", "普通走访"
    SECURITY = "security", "安全巡查"
    EMERGENCY = "emergency", "应急巡查"


PATROLS: Final = frozenset({VisitKind.SECURITY, VisitKind.EMERGENCY})  # the exception of the rule

AGREED: Final = "place-1"  # which words one agreed to before a place was kept; other words, another number
MOST_WITHIN: Final = 5_000  # metres of uncertainty; beyond, a place says nothing
MOST_PHOTOS: Final = 6  # with one visit; product default
MOST_PHOTO_BYTES: Final = 1_000_000  # as a phone sends it; the page draws pictures smaller before
PHOTO_SIDE: Final = 1_600  # pixels of the longer side as kept: enough to read a notice on a wall

LONGEST_PHOTO_DAYS: Final = 365  # no term of an installation may be longer
LONGEST_PLACE_DAYS: Final = 90
OPERATION_DAYS: Final = 30  # what a device sent word for word; its registration lasts no longer, so it asks no more


@dataclass(frozen=True, slots=True)
class Spot:
    """One place, once: degrees of WGS 84 and how many metres it may be off 位置."""

    lat: float
    lon: float
    within: int


class NoSpot(ValueError):
    """What was sent is no place; `field` names what is wrong."""

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__(field)


def spot(said: Any) -> Spot:
    """A place from parsed JSON, to five decimals (a metre); NoSpot names the first field that is wrong 读取位置."""
    lat, lon = _number(said, "lat", 90), _number(said, "lon", 180)
    within = _number(said, "within", MOST_WITHIN)
    if within < 0:
        raise NoSpot("within")
    return Spot(round(lat, 5), round(lon, 5), round(within))


def end_of(taken: date, days: int, longest: int) -> date:
    """The last day on which something is kept: so many days after it was taken, and never longer than the product allows 保存到期日."""
    return taken + timedelta(days=max(1, min(days, longest)))


def _number(said: Any, name: str, most: float) -> float:
    value = said.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not -most <= value <= most:
        raise NoSpot(name)
    return float(value)
