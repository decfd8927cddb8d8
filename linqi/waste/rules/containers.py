"""Which bins a place must have at least 容器设置 (浙江省生活垃圾管理条例第29条).

Offices and other public or commercial buildings: recyclable and residual. Places that serve food: perishable, which must be airtight,
and residual.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from linqi.kit.choices import Choice
from linqi.waste.kinds import Stream

CATERING: Final = "H62"  # 餐饮业 of GB/T 4754-2017, as industry codes begin


class Setting(Choice):
    """For which kind of place the article asks 场所类型."""

    BUILDING = "building", "办公、商业等公共场所"
    CATERING = "catering", "餐饮场所"


MINIMUM: Final = {
    Setting.BUILDING: (Stream.RECYCLABLE, Stream.RESIDUAL),
    Setting.CATERING: (Stream.PERISHABLE, Stream.RESIDUAL),
}


@dataclass(frozen=True, slots=True)
class Held:
    """One bin that stands there."""

    stream: str
    airtight: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """A stream without its bin; `airtight`: there is one, but none that closes tightly."""

    stream: Stream
    airtight: bool = False


def gaps(setting: Setting, held: Iterable[Held]) -> tuple[Gap, ...]:
    """What is missing of the minimum, in the order of the article; nothing when it is met."""
    bins = list(held)
    found = []
    for stream in MINIMUM[setting]:
        mine = [one for one in bins if one.stream == stream]
        if not mine:
            found.append(Gap(stream))
        elif setting is Setting.CATERING and stream is Stream.PERISHABLE and not any(one.airtight for one in mine):
            found.append(Gap(stream, airtight=True))
    return tuple(found)


def serves_food(industry: str) -> bool | None:
    """Whether an industry code is of a place that serves food; None when the industry is not known."""
    return industry.startswith(CATERING) if industry else None
