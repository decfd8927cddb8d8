"""One enterprise against one rule: the outcome, every reason, what is missing, what falls short 逐户判定.

The plain path: exact and told in full. `population` answers for many at once and must say the same.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, Final

from linqi.conditions import formulas, periods, rules, values
from linqi.conditions.book import Book
from linqi.conditions.facts import Facts, Known, Missing
from linqi.conditions.rules import Outcome, Rule
from linqi.conditions.tree import AllOf, AnyOf, AtLeast, Comparison, Manual, Node, Not, manual_items
from linqi.conditions.values import Kind, Op

FAR: Final = 1_000_000  # a cost beyond any tree: what is unknown is no near miss


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A comparison that fails with what is known, and by how much 差距.

    `by`: threshold less value, in the field's unit or in days; None where no distance is defined.
    """

    node: Comparison
    known: Known
    by: Fraction | None


@dataclass(frozen=True, slots=True)
class Reason:
    """What one condition of a tree came to, and why 理由.

    `met`: True, False, or None for unknown; `known`: the value that was compared, one for each period; `cost`: how many known values
    would have to pass for it to be met (FAR when something is unknown); `undefined`: all facts are there and the formula has no value.
    """

    node: Node
    met: bool | None
    cost: int
    parts: "tuple[Reason, ...]" = ()
    known: tuple[Known | None, ...] = ()
    missing: tuple[Missing, ...] = ()
    short: Shortfall | None = None
    manual: bool = False
    undefined: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says of one enterprise on a day, with everything that leads there 判定结果."""

    rule: Rule
    day: date
    outcome: Outcome
    reason: Reason
    applies: Reason | None = None

    @property
    def missing(self) -> tuple[Missing, ...]:
        """The facts that are not known and could still decide, each once."""
        if self.outcome != Outcome.UNKNOWN:
            return ()
        found = []
        if self.applies is not None and self.applies.met is None:
            found += _missing(self.applies)
        if self.reason.met is None:
            found += _missing(self.reason)
        return tuple(dict.fromkeys(found))

    @property
    def shortfalls(self) -> tuple[Shortfall, ...]:
        """What fails on the shortest way to being met; empty unless the outcome is unmet."""
        return tuple(_short(self.reason)) if self.outcome == Outcome.UNMET else ()

    @property
    def near(self) -> bool:
        """Whether exactly one known value stands between this enterprise and being met 只差一项."""
        return self.outcome == Outcome.UNMET and self.reason.cost == 1

    @property
    def manual(self) -> tuple[str, ...]:
        """What is left for people to decide."""
        return (*self.rule.manual, *(text for text in manual_items(self.rule.when)))


class Sight:
    """What can be read of one enterprise on a day: recorded facts first, derived ones from them."""

    def __init__(self, facts: Facts, book: Book, day: date) -> None:
        self.facts, self.book, self.day = facts, book, day
        self._derived: dict[tuple[str, str], Known | None] = {}

    def known(self, key: str, period: str) -> Known | None:
        """The value of a field at a period as conditions name it; None when it is neither recorded nor derivable."""
        at = key, periods.resolved(period, self.day)
        if recorded := self.facts.get(at):
            if isinstance(recorded.value, (tuple, list)):
                return Known(
                    values.valid_items(recorded.value, self.day), recorded.source, recorded.as_of, recorded.disputed
                )
            return recorded
        formula = self.book.formula(key)
        if formula is None:
            return None
        if at not in self._derived:
            self._derived[at] = self.computed(formula, period or periods.DEFAULTS.get(self.book[key].rhythm, ""))
        return self._derived[at]

    def computed(self, formula: formulas.Formula, period: str) -> Known | None:
        """The value of a formula at a period, remembering what it came from."""
        value = formulas.evaluate(formula, period, self._value, self.day)
        if value is None:
            return None
        used = [reference.at(period) for reference in formulas.references(formula)]
        used = [(key, self._period(key, at)) for key, at in used]
        days = [known.as_of for key, at in used if (known := self.known(key, at)) and known.as_of]
        disputed = any((known := self.known(key, at)) and known.disputed for key, at in used)
        return Known(
            value,
            "",
            min(days, default=None),
            bool(disputed),
            tuple((key, periods.resolved(at, self.day)) for key, at in used),
        )

    def missing(self, key: str, period: str) -> list[Missing]:
        """The recorded facts that would have to be known for this field to have a value."""
        if self.known(key, period) is not None and not isinstance(self._value(key, period), values.OneOf):
            return []
        formula = self.book.formula(key)
        if formula is None:
            return [Missing(key, periods.resolved(period, self.day))]
        return self.missing_of(formula, period)

    def missing_of(self, formula: formulas.Formula, period: str) -> list[Missing]:
        """The recorded facts that would have to be known for a formula to have a value."""
        found: list[Missing] = []
        for reference in formulas.references(formula):
            key, at = reference.at(period)
            found += self.missing(key, self._period(key, at))
        return list(dict.fromkeys(found))

    def _value(self, key: str, period: str) -> Any:
        known = self.known(key, self._period(key, period))
        return None if known is None else known.value

    def _period(self, key: str, period: str) -> str:
        """The period that a formula means by a field: none for undated ones, the default where nothing was asked."""
        rhythm = self.book[key].rhythm
        if not rhythm:
            return ""
        return period if period and periods.rhythm(period) == rhythm else periods.DEFAULTS[rhythm]


def judge(rule: Rule, facts: Facts, day: date, book: Book) -> Verdict:
    """What a rule says of one enterprise on a day, from what is known of it 判定.

    `facts`: (key, period such as "2025", "2025-03" or "") → Known; a key that is absent is unknown, never zero.
    """
    return judge_seen(rule, Sight(facts, book, day))


def judge_seen(rule: Rule, sight: Sight) -> Verdict:
    """As `judge`, for many rules over the same sight."""
    applies = None if rule.applies is None else _weigh(rule.applies, sight, positive=True)
    reason = _weigh(rule.when, sight, positive=True)
    found = rules.outcome(
        applies=True if applies is None else applies.met,
        computed=reason.met,
        assumed=_assumed(reason, positive=True),
        manual=bool(rule.manual),
    )
    return Verdict(rule, sight.day, found, reason, applies)


def _weigh(node: Node, sight: Sight, *, positive: bool) -> Reason:
    """One condition and all below it; `positive` is False inside an odd number of negations, where costs count the other way."""
    match node:
        case Comparison():
            return _compare(node, sight, positive=positive)
        case Manual():
            return Reason(node, None, FAR, manual=True)
        case Not(part):
            inner = _weigh(part, sight, positive=not positive)
            return Reason(node, None if inner.met is None else not inner.met, inner.cost, (inner,))
        case AllOf(children) | AnyOf(children) | AtLeast(_, children):
            parts = tuple(_weigh(child, sight, positive=positive) for child in children)
            least = _least(node)
            met = _at_least(least, [part.met for part in parts])
            asked = least if positive else len(parts) - least + 1  # not "k of n" is "n-k+1 of n not"
            cost = min(FAR, sum(sorted(part.cost for part in parts)[:asked]))
            return Reason(node, met, cost, parts)


def _compare(node: Comparison, sight: Sight, *, positive: bool) -> Reason:
    threshold = node.on(sight.day)
    if node.formula is not None:
        known: tuple[Known | None, ...] = (sight.computed(node.formula, node.periods[0]),)
        lacking = sight.missing_of(node.formula, node.periods[0])
    else:
        known = tuple(sight.known(node.key, period) for period in node.periods)
        lacking = [one for period in node.periods for one in sight.missing(node.key, period)]
    found = [None if one is None else one.value for one in known]
    met = aggregated(node.op, node.aggregate, found, threshold)
    if met is None:
        return Reason(
            node, None, FAR, known=known, missing=tuple(dict.fromkeys(lacking)), undefined=not lacking and None in known
        )
    cost = int(met != positive)
    return Reason(node, met, cost, known=known, short=_shortfall(node, known, threshold) if met is False else None)


def aggregated(op: Op, aggregate: str, found: Sequence[Any], threshold: Any) -> bool | None:
    """Whether the values of several periods pass together; None when what is missing could decide.

    `each` and the extremes decide early: one bad year settles `each`, one good year a maximum that must reach something.
    """
    if aggregate in ("sum", "avg"):
        if any(value is None for value in found):
            return None
        total = sum(found, Fraction(0))
        return values.holds(op, total / len(found) if aggregate == "avg" else total, threshold)
    if aggregate in ("min", "max"):
        return _extreme(op, aggregate, found, threshold)
    return _at_least(len(found), [None if value is None else values.holds(op, value, threshold) for value in found])


def _extreme(op: Op, aggregate: str, found: Sequence[Any], threshold: Any) -> bool | None:
    if op in (Op.EQ, Op.NE):
        outer, inner = (Op.LTE, Op.GTE) if aggregate == "max" else (Op.GTE, Op.LTE)
        both = [_extreme(outer, aggregate, found, threshold), _extreme(inner, aggregate, found, threshold)]
        equal = _at_least(2, both)
        return equal if op == Op.EQ or equal is None else not equal
    passing = [None if value is None else values.holds(op, value, threshold) for value in found]
    every = (aggregate == "min") == (op in (Op.GT, Op.GTE))
    return _at_least(len(passing) if every else 1, passing)


def _at_least(least: int, met: Sequence[bool | None]) -> bool | None:
    """Strong Kleene: true when enough certainly hold, false when not even all that may hold are enough."""
    if sum(one is True for one in met) >= least:
        return True
    return False if sum(one is not False for one in met) < least else None


def _least(node: AllOf | AnyOf | AtLeast) -> int:
    if isinstance(node, AtLeast):
        return node.count
    return len(node.parts) if isinstance(node, AllOf) else 1


def _assumed(reason: Reason, *, positive: bool) -> bool | None:
    """The value of a tree when everything that people decide is decided in its favour."""
    if reason.manual:
        return positive
    if isinstance(reason.node, Not):
        inner = _assumed(reason.parts[0], positive=not positive)
        return None if inner is None else not inner
    if isinstance(reason.node, (AllOf, AnyOf, AtLeast)):
        return _at_least(_least(reason.node), [_assumed(part, positive=positive) for part in reason.parts])
    return reason.met


def _shortfall(node: Comparison, known: Iterable[Known | None], threshold: Any) -> Shortfall | None:
    """The value that fails, and how far it is; of several periods the one that is furthest away."""
    seen = [one for one in known if one is not None and not isinstance(one.value, values.OneOf)]
    if not seen:
        return None
    if node.aggregate in ("sum", "avg"):
        total = sum((one.value for one in seen), Fraction(0))
        total = total / len(seen) if node.aggregate == "avg" else total
        days = [one.as_of for one in seen if one.as_of]
        seen = [Known(total, "", min(days, default=None), any(one.disputed for one in seen))]
    failing = [one for one in seen if values.holds(node.op, one.value, threshold) is False] or seen
    if node.op not in values.ORDERING - {Op.NE} or not isinstance(threshold, (Fraction, date)):
        return Shortfall(node, failing[0], None)
    worst = max(failing, key=lambda one: abs(_distance(one.value, threshold)))
    return Shortfall(node, worst, _distance(worst.value, threshold))


def _distance(value: Any, threshold: Any) -> Fraction:
    between = threshold - value
    return between if isinstance(between, Fraction) else Fraction(between.days)


def _missing(reason: Reason) -> list[Missing]:
    if reason.met is not None:
        return []
    return [*reason.missing, *(one for part in reason.parts for one in _missing(part))]


def _short(reason: Reason) -> list[Shortfall]:
    """What fails on the cheapest way; where something is unknown, everything that certainly fails."""
    if reason.met is not False:
        return []
    if isinstance(reason.node, (AnyOf, AtLeast)):
        lacking = _least(reason.node) - sum(part.met is True for part in reason.parts)
        chosen = sorted((part for part in reason.parts if part.met is not True), key=lambda part: part.cost)[:lacking]
        return [one for part in chosen for one in _short(part)]
    if isinstance(reason.node, AllOf):
        return [one for part in reason.parts for one in _short(part)]
    return [reason.short] if reason.short is not None else []


def kinds_of(book: Book, node: Comparison) -> Kind:
    """What kind of values a comparison compares."""
    if node.formula is None:
        return book[node.key].kind
    return formulas.kind_of(node.formula, lambda key: book[key].kind, "")
