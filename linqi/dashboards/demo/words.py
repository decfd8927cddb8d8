"""The words and shares the demo street is made of, read from data/; names composed from them."""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

import yaml

FOLDER = "linqi.dashboards.demo"


@cache
def words() -> dict[str, Any]:
    """Our own syllables, trades, places and sentences."""
    read: dict[str, Any] = yaml.safe_load(files(FOLDER).joinpath("data/words.yaml").read_text(encoding="utf-8"))
    return read


@cache
def registry() -> dict[str, Any]:
    """Shares measured over a real registry: how old, how large, of which form, how sparse."""
    read: dict[str, Any] = json.loads(files(FOLDER).joinpath("data/registry.json").read_text(encoding="utf-8"))
    return read


@dataclass(frozen=True, slots=True)
class Trade:
    """What an enterprise does, as its name says it."""

    word: str
    codes: tuple[str, ...]
    theme: str
    weight: float
    works: bool
    scope: tuple[str, ...]


@cache
def trades() -> tuple[Trade, ...]:
    """Every trade with its share in the registry."""
    measured = registry()["trade_words"]
    return tuple(
        Trade(
            row["word"],
            tuple(row["codes"]),
            row["theme"],
            float(measured[row["weight"]] if isinstance(row["weight"], str) else row["weight"]),
            bool(row.get("works")),
            tuple(row["scope"]),
        )
        for row in words()["trades"]
    )


@cache
def trades_of(theme: str) -> tuple[float, ...]:
    """How much room each trade takes in a park of a theme."""
    louder = words()["themes"][theme]
    return tuple(trade.weight * louder[trade.theme] for trade in trades())


class Names:
    """Trade names that have not been given yet."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._given: set[str] = set()
        self._parts = (words()["first"], words()["middle"], words()["last"])

    def next(self) -> str:
        """A trade name of three characters, sometimes four."""
        first, middle, last = self._parts
        choice = self._random.choice
        while True:
            name = choice(first) + choice(middle) + choice(last)
            if self._random.random() < 0.12 or name in self._given:
                name = choice(first) + choice(middle) + choice(first) + choice(last)
            if name not in self._given:
                self._given.add(name)
                return str(name)
