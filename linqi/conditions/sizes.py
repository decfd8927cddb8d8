"""Large, medium, small or micro: the size class of an enterprise in its industry 企业划型.

The thresholds are those of data/sme_size.yaml (工信部联企业〔2011〕300号). What is missing does not stop the judgement where the rest decides:
forty people in an industry whose large begin at three hundred are certainly not large.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

import yaml

from linqi.conditions.values import OneOf, under

CLASSES: Final = ("large", "medium", "small", "micro")
_MONEY: Final = 10_000  # the document counts in 万元


@dataclass(frozen=True, slots=True)
class Industry:
    """One row of the document: the figures at and above which an enterprise is large, medium, small.

    Each class holds (employees, revenue, total assets), persons and yuan; None where the document does not ask.
    """

    code: str
    zh: str
    gbt4754: tuple[str, ...]
    classes: tuple[tuple[Fraction | None, Fraction | None, Fraction | None], ...]


@cache
def industries() -> tuple[Industry, ...]:
    """The sixteen industries of the document, in its order."""
    text = files("linqi.conditions").joinpath("data/sme_size.yaml").read_text(encoding="utf-8")
    return tuple(
        Industry(row["code"], row["zh"], tuple(row["gbt4754"]), tuple(_figures(row[name]) for name in CLASSES[:3]))
        for row in yaml.safe_load(text)["industries"]
    )


@lru_cache(maxsize=4096)
def industry_of(code: str) -> Industry | None:
    """The row to which an industry code belongs; None when no row names it, or the code is too general to say.

    The most specific naming wins: 7010 is real estate development although section K is not named at all.
    """
    named = [(len(above), row) for row in industries() for above in row.gbt4754 if under(code, above)]
    return max(named, key=lambda found: found[0], default=(0, None))[1]


def size_class(
    code: str | None, employees: Fraction | None, revenue: Fraction | None, total_assets: Fraction | None
) -> str | OneOf | None:
    """The size class; OneOf when the known figures leave several; None when they leave all four."""
    row = industry_of(code) if code is not None else None
    if row is None:
        return None
    left = []
    for name, asked in zip(CLASSES, row.classes, strict=False):
        tests = [
            None if figure is None else figure >= least
            for figure, least in zip((employees, revenue, total_assets), asked, strict=True)
            if least is not None
        ]
        if False in tests:
            continue
        left.append(name)
        if None not in tests:
            break
    else:
        left.append("micro")
    if len(left) == 1:
        return left[0]
    return OneOf(frozenset(left)) if len(left) < len(CLASSES) else None


def _figures(row: dict[str, int]) -> tuple[Fraction | None, Fraction | None, Fraction | None]:
    employees, revenue, assets = row.get("employees"), row.get("revenue"), row.get("total_assets")
    return (
        None if employees is None else Fraction(employees),
        None if revenue is None else Fraction(revenue * _MONEY),
        None if assets is None else Fraction(assets * _MONEY),
    )
