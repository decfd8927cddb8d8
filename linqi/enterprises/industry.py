"""The names of industries, GB/T 4754-2017 国民经济行业分类."""

import csv
from functools import cache
from importlib.resources import files

from django.utils.translation import gettext


@cache
def industries() -> dict[str, tuple[str, str]]:
    """Code (A, 01, 011, 0111) → section letter and name; 1,971 of them, as shipped in data/gb4754.csv."""
    text = files("linqi.enterprises").joinpath("data/gb4754.csv").read_text(encoding="utf-8")
    return {row["code"]: (row["section"], row["name"]) for row in csv.DictReader(text.splitlines())}


def sections() -> list[tuple[str, str]]:
    """The twenty sections A to T with their names in the reader's language 门类."""
    return [(code, gettext(name)) for code, (_section, name) in industries().items() if code.isalpha()]


def section_name(letter: str) -> str:
    """The name of a section; the letter itself when there is none of that name."""
    return gettext(industries().get(letter, ("", letter))[1])


def full_code(digits: str) -> str:
    """Four digits with their section letter in front (6513 → I6513), as the registry writes them; empty when unknown."""
    found = industries().get(digits)
    return f"{found[0]}{digits}" if found and digits.isdigit() else ""


def industry_name(code: str) -> str:
    """The name of a code as enterprises carry it (I6513, or shorter); empty when the code is unknown."""
    name = industries().get(code[1:] or code, ("", ""))[1]
    return gettext(name) if name else ""
