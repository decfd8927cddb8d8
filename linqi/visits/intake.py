"""What the product brings along for going to see, read from its files: the six must-visit rules, the order of the list, the limit of contacts."""

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

from linqi.visits.rules import Reason


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One kind of must-visit as the file gives it, in Chinese 默认必访规则."""

    reason: Reason
    when: dict[str, Any]
    first_visit: int
    repeat: int | None
    most: int | None
    presses: bool
    weight: Decimal
    who: str
    ask: tuple[str, ...]
    done_when: str
    legal: str
    source: str


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """How the list is ordered unless a street says otherwise 默认排序规则."""

    urgency: Decimal
    late_step: int
    late_most: int
    values: tuple[dict[str, Any], ...]
    source: str


def default_rules() -> list[RuleRow]:
    """Every rule of `data/must_visits.yaml` 产品默认必访规则."""
    read = _read("must_visits")
    return [
        RuleRow(
            reason=Reason(row["reason"]),
            when=row["when"],
            first_visit=row["first_visit"],
            repeat=row["repeat"],
            most=row["most"],
            presses=row["presses"],
            weight=Decimal(str(row["weight"])),
            who=row["who"]["zh"],
            ask=tuple(one["zh"] for one in row["ask"]),
            done_when=row["done_when"]["zh"],
            legal=row["legal"]["zh"],
            source=read["source"]["zh"],
        )
        for row in read["rules"]
    ]


def default_score() -> ScoreRow:
    """The order of `data/must_visits.yaml` 产品默认排序."""
    read = _read("must_visits")
    said = read["score"]
    return ScoreRow(
        urgency=Decimal(said["urgency"]),
        late_step=said["late_step"],
        late_most=said["late_most"],
        values=tuple({**one, "name": one["name"]["zh"]} for one in said["values"]),
        source=read["source"]["zh"],
    )


def default_limit() -> dict[str, Any]:
    """From which contact of a month on one is warned, of `data/burden.yaml` 产品默认参数, with `source` in Chinese."""
    read = _read("burden")
    return {**read, "source": read["source"]["zh"]}


@lru_cache(maxsize=1)
def english() -> dict[str, str]:
    """The English of every text of the files; what a street writes itself stays as it was written."""
    read = _read("must_visits")
    texts = [_read("burden")["source"], read["source"], *(one["name"] for one in read["score"]["values"])]
    for row in read["rules"]:
        texts += [row["who"], row["done_when"], row["legal"], *row["ask"]]
    return {one["zh"]: one["en"] for one in texts if one["zh"]}


@lru_cache(maxsize=2)
def _read(name: str) -> Any:
    return yaml.safe_load(files("linqi.visits").joinpath(f"data/{name}.yaml").read_text(encoding="utf-8"))
