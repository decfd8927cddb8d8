"""What is known of one enterprise on a day, with where it comes from 事实."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from linqi.conditions.values import exact


@dataclass(frozen=True, slots=True)
class Known:
    """One known value with its source: a number becomes an exact fraction, a list a tuple whose dated items are looked at on the day.

    `derived_from`: the values a derived one was computed from; `disputed`: another source says something else.
    """

    value: Any
    source: str = ""
    as_of: date | None = None
    disputed: bool = False
    derived_from: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if isinstance(self.value, (int, float, Decimal)) and not isinstance(self.value, bool):
            object.__setattr__(self, "value", exact(self.value))
        elif isinstance(self.value, list):
            object.__setattr__(self, "value", tuple(self.value))


Facts = Mapping[tuple[str, str], Known]  # (key, period as facts carry it: "2025", "2025-03" or "")


@dataclass(frozen=True, slots=True)
class Missing:
    """A fact that is not known and would help to decide 缺少的信息."""

    key: str
    period: str = field(default="")
