"""The law as this product carries it, read once from `data/law.yaml` 法律依据."""

from functools import cache
from importlib.resources import files

import yaml

from linqi.waste.rules.law import Book, read


@cache
def book() -> Book:
    """Everything the file says; LawRefused when it cannot be used."""
    return read(yaml.safe_load(files("linqi.waste").joinpath("data/law.yaml").read_text(encoding="utf-8")))
