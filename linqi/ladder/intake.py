"""The standards and tiers that the product brings along, read from its file."""

from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One dated condition of the file; `key`: the code of a standard or the name of a tier."""

    key: str
    name: str
    when: dict[str, Any]
    source: str
    confidence: str
    since: date
    until: date | None = None
    note: str = ""
    board: str = ""


def default_standards() -> list[RuleRow]:
    """Every listing standard of `data/standards.yaml`, those no longer in force included 上市标准."""
    return [_row(row, "code") for row in _read()["standards"]]


def default_tiers() -> list[RuleRow]:
    """The product's proposal for the three tiers 产品默认分层标准."""
    return [_row(row, "tier") for row in _read()["tiers"]]


def _row(row: dict[str, Any], key: str) -> RuleRow:
    return RuleRow(key=str(row.pop(key)), **row)


def _read() -> Any:
    return yaml.safe_load(files("linqi.ladder").joinpath("data/standards.yaml").read_text(encoding="utf-8"))
