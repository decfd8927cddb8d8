"""The next best question: which missing fact, if it were asked, would settle most 最该问的一项.

For one enterprise a question is worth the rules that it alone keeps undecided, and the money at stake in them; then those that it takes
part in. For a whole street the same is counted over everybody.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from linqi.analytics.bits import Words
from linqi.conditions.one import Verdict, judge_seen
from linqi.conditions.population import Population
from linqi.conditions.rules import Outcome, Rule


@dataclass(frozen=True, slots=True)
class Question:
    """A fact worth asking for 待问信息.

    `alone`: rules that wait for this fact only; `rules`: rules that wait for it among others; `money`: what is at stake in the former, in
    yuan, as far as it is known; `share`: the money of the latter, each rule's divided among the facts it waits for; `firms`: how many
    enterprises it concerns.
    """

    key: str
    period: str
    alone: int
    rules: int
    money: Decimal
    share: Decimal
    firms: int = 1


@dataclass(slots=True)
class _Sum:
    alone: int = 0
    rules: int = 0
    money: Decimal = Decimal(0)
    share: Decimal = Decimal(0)
    firms: int = 0


def next_questions(open_: Iterable[tuple[Verdict, Decimal | None]]) -> list[Question]:
    """The missing facts of one enterprise, the most telling first.

    `open_`: what is undecided, with the money at stake in yuan or None. Only facts that can still decide count (`Verdict.missing`).
    """
    sums: dict[tuple[str, str], _Sum] = {}
    _add(sums, open_)
    return _ordered(sums)


def next_questions_of_all(
    population: Population, rules: Iterable[Rule], money: Mapping[str, Decimal], *, within: Words, most: int
) -> tuple[list[Question], int, int]:
    """The missing facts of those in a bitmap, the most telling first; and of how many undecided pairs of firm and rule how many were asked.

    `money`: what each rule is worth to one enterprise. Undecided pairs are found in columns; which facts can still decide is then asked one
    by one, for an even part of at most `most` pairs, and counted up to all of them.
    """
    listed = {rule.key: rule for rule in rules}
    answers = population.run(listed.values())
    sums: dict[tuple[str, str], _Sum] = {}
    pairs = [(number, key) for key in listed for number in answers.ids(key, Outcome.UNKNOWN, within=within).tolist()]
    step = max(1, -(-len(pairs) // most))
    chosen = sorted(pairs)[::step]
    for number, group in groupby(chosen, key=lambda pair: pair[0]):
        row = population.row_of(number)
        assert row is not None
        sight = population.sight(row)
        _add(sums, ((judge_seen(listed[key], sight), money.get(key)) for _number, key in group))
    return _ordered(sums), len(chosen), len(pairs)


def _add(sums: dict[tuple[str, str], _Sum], open_: Iterable[tuple[Verdict, Decimal | None]]) -> None:
    """Add what one enterprise waits for."""
    touched = set()
    for verdict, money in open_:
        missing = verdict.missing
        for lack in missing:
            at = lack.key, lack.period
            found = sums.setdefault(at, _Sum())
            found.rules += 1
            found.share += (money or Decimal(0)) / len(missing)
            if len(missing) == 1:
                found.alone += 1
                found.money += money or Decimal(0)
            touched.add(at)
    for at in touched:
        sums[at].firms += 1


def _ordered(sums: Mapping[tuple[str, str], _Sum]) -> list[Question]:
    made = [
        Question(key, period, one.alone, one.rules, one.money, one.share.quantize(Decimal("0.01")), one.firms)
        for (key, period), one in sums.items()
    ]
    return sorted(made, key=lambda one: (-one.money, -one.alone, -one.share, -one.rules, one.key, one.period))
