"""Made-up firms for a condition: one that meets it, and one that misses by a single figure 样例.

Used where a rule must be shown to work before it counts. A search over a few telling values of each fact; it may find nothing.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, Final

from linqi.conditions import periods
from linqi.conditions.book import Book
from linqi.conditions.facts import Facts, Known
from linqi.conditions.formulas import references
from linqi.conditions.one import judge
from linqi.conditions.rules import Outcome, Rule
from linqi.conditions.tree import Comparison, comparisons
from linqi.conditions.values import Kind, Op

MOST_TRIES: Final = 4_000
_At = tuple[str, str]


def meeting(rule: Rule, book: Book, day: date) -> Facts | None:
    """Facts of a firm that meets the rule, as far as it can be computed; None when none was found."""
    nodes = _asked(rule)
    facts: dict[_At, Known] = {}
    for _try in range(MOST_TRIES):
        verdict = judge(rule, facts, day, book)
        if verdict.outcome in (Outcome.MET, Outcome.MANUAL_REVIEW):
            return facts
        node = next((one for one in nodes if _met(one, facts, day, book, rule) is None), None)
        if node is None:
            return _mended(rule, facts, nodes, book, day)
        facts |= _telling(node, book, day, facts)
    return None


def missing_by_one(rule: Rule, book: Book, day: date) -> Facts | None:
    """Facts of a firm that would meet the rule but for one figure, else of one that misses more; None when none was found."""
    met = meeting(rule, book, day)
    if met is None:
        return None
    for node in _asked(rule):
        for changed in _other(node, book, day):
            facts = {**met, **changed}
            if judge(rule, facts, day, book).outcome == Outcome.UNMET:
                return facts
    failing: dict[_At, Known] = dict(met)
    for node in _asked(rule):
        failing |= next(_other(node, book, day), {})
    return failing if judge(rule, failing, day, book).outcome == Outcome.UNMET else None


def _asked(rule: Rule) -> list[Comparison]:
    applies = [] if rule.applies is None else comparisons(rule.applies)
    return [*applies, *comparisons(rule.when)]


def _met(node: Comparison, facts: Facts, day: date, book: Book, rule: Rule) -> bool | None:
    return judge(Rule(rule.key, node), facts, day, book).reason.met


def _mended(rule: Rule, facts: dict[_At, Known], nodes: list[Comparison], book: Book, day: date) -> Facts | None:
    """Everything is known and the rule is not met: facts that several comparisons share are tried at other values."""
    for node in nodes:
        for changed in [*_passing(node, book, day), *_other(node, book, day)]:
            tried = {**facts, **changed}
            if judge(rule, tried, day, book).outcome in (Outcome.MET, Outcome.MANUAL_REVIEW):
                return tried
    return None


def _telling(node: Comparison, book: Book, day: date, facts: dict[_At, Known]) -> dict[_At, Known]:
    """Values of what is not known yet that make one comparison hold, else any value."""
    fallback: dict[_At, Known] = {}
    for values in _passing(node, book, day):
        fresh = {at: known for at, known in values.items() if at not in facts}
        fallback = fallback or fresh or values
        if fresh and judge(Rule("", node), {**facts, **fresh}, day, book).reason.met:
            return fresh
    return fallback


def _passing(node: Comparison, book: Book, day: date) -> Iterator[dict[_At, Known]]:
    yield from (values for values in _tries(node, book, day) if judge(Rule("", node), values, day, book).reason.met)


def _other(node: Comparison, book: Book, day: date) -> Iterator[dict[_At, Known]]:
    yield from (
        values for values in _tries(node, book, day) if judge(Rule("", node), values, day, book).reason.met is False
    )


def _tries(node: Comparison, book: Book, day: date) -> Iterator[dict[_At, Known]]:
    """Telling values for all facts that one comparison asks for, the same in every period."""
    if node.formula is not None:
        asked = [reference.at(node.periods[0]) for reference in references(node.formula)]
        at = [
            (key, periods.resolved(period or periods.DEFAULTS.get(book[key].rhythm, ""), day)) for key, period in asked
        ]
        first, *others = at
        for number in (Fraction(10**9), Fraction(10**7), Fraction(1)):
            for small in (Fraction(10**9), Fraction(10**8), Fraction(10**7), Fraction(10**6), Fraction(1)):
                yield {first: Known(number), **dict.fromkeys(others, Known(small))}
        return
    keys = [(node.key, periods.resolved(period, day)) for period in node.periods]
    for value in _values(node, book, day):
        yield dict.fromkeys(keys, Known(value))


def _values(node: Comparison, book: Book, day: date) -> list[Any]:
    field, threshold = book[node.key], node.on(day)
    match field.kind:
        case Kind.NUMBER:
            bounds = (
                sorted(threshold)
                if isinstance(threshold, frozenset)
                else [threshold if threshold is not None else Fraction(1)]
            )
            step = Fraction(1) if field.type == "int" or bounds[0] >= 10 else Fraction(1, 100)
            near = [one + move for one in bounds for move in (Fraction(0), step, -step)]
            share = [one / 2 for one in bounds] + [one * 2 for one in bounds]
            return [one for one in [*near, *share] if one >= 0 or field.unit in ("CNY", "ratio")]
        case Kind.DATE:
            start = threshold or day
            return [start, start + timedelta(days=1), start - timedelta(days=1)]
        case Kind.FLAG:
            return [True, False]
        case Kind.SET:
            wanted = sorted(threshold) if isinstance(threshold, frozenset) else ["样例"]
            return [tuple(wanted[:1]), tuple(wanted), ()]
        case _:
            wanted = sorted(threshold) if isinstance(threshold, frozenset) else [threshold or "样例"]
            known = [code for code, _zh, _en in field.values if code not in wanted]
            if node.op == Op.UNDER:
                return [*wanted, "A0111" if not any(one.startswith(("A", "01")) for one in wanted) else "C3912"]
            return [*wanted, *known, "000000"]
