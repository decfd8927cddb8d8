"""The time limits that the product brings along, read from its file."""

from dataclasses import dataclass
from importlib.resources import files

import yaml


@dataclass(frozen=True, slots=True)
class LimitRow:
    """The limits of one class, as terms of kit.clock; `contact`, `extend` empty: none 默认时限."""

    case_class: str
    accept: str
    contact: str
    close: str
    extend: str


def default_limits() -> list[LimitRow]:
    """Every class of `data/time_limits.yaml` 产品默认时限."""
    text = files("linqi.cases").joinpath("data/time_limits.yaml").read_text(encoding="utf-8")
    return [
        LimitRow(row["class"], row["accept"], row.get("contact", ""), row["close"], row.get("extend", ""))
        for row in yaml.safe_load(text)
    ]
