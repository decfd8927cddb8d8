"""What a benefit comes to, whether a ledger adds up, what stands against publishing: pure 政策规则."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction
from typing import Final

from linqi.kit.choices import Choice

CENT: Final = Decimal("0.01")
TERMS: Final = {  # how long each step may take; product defaults, docs/rules/benefits.md
    "candidate": "10 working_days",
    "checked": "5 working_days",
    "listed": "5 working_days",
    "noticed": "30 natural_days",
    "confirmed": "15 working_days",
    "paid": "10 working_days",
    "submitted": "5 working_days",
    "correcting": "10 working_days",
    "with_authority": "5 working_days",
    "in_review": "20 working_days",
    "approved": "15 working_days",
}
NOTICE_DAYS: Final = 5  # working days a list or decision is shown in public before it counts; product default
SAMPLE_SHARE: Final = Fraction(1, 20)  # of what was paid without application, looked at again; product default


class BenefitKind(Choice):
    """How an amount comes about 支持方式."""

    FIXED = "fixed", "定额"
    RATIO = "ratio", "按比例"
    TIERED = "tiered", "分档"
    FORMULA = "formula", "按公式"
    OTHER = "other", "非资金"


class LedgerKind(Choice):
    """What a line of the ledger says of money 台账类别."""

    OFFERED = "offered", "已告知"
    CLAIMED = "claimed", "已申领"
    APPROVED = "approved", "已核定"
    PAID = "paid", "已拨付"
    RECALLED = "recalled", "已追回"


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a firm may get in yuan; None is not known, never nothing 测算.

    `ceiling`: the figure is the most that is possible, not what will be decided; `missing`: the facts that would tell.
    """

    amount: Decimal | None
    ceiling: bool
    missing: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """One benefit as it is computed; amounts in yuan.

    `value`: the exact value of the base or formula, None when it is not known; `missing`: what it waits for; `tiers`: of a tiered benefit
    the (holds, amount) pairs in order, holds being three-valued.
    """

    kind: BenefitKind
    amount: Decimal | None = None
    ratio: Decimal | None = None
    cap: Decimal | None = None
    ceiling: bool = False
    value: Fraction | None = None
    missing: tuple[tuple[str, str], ...] = ()
    tiers: tuple[tuple[bool | None, Decimal | None], ...] = ()


def estimate(terms: Terms) -> Estimate:
    """What one benefit comes to 测算单项.

    A ratio and a formula are cut to whole cents downwards and to the cap. Where the base is not known the cap is said as a ceiling.
    """
    match terms.kind:
        case BenefitKind.FIXED:
            return Estimate(terms.amount, terms.ceiling)
        case BenefitKind.RATIO | BenefitKind.FORMULA:
            if terms.value is None:
                return Estimate(terms.cap, True, terms.missing)
            share = Fraction(1) if terms.ratio is None else Fraction(terms.ratio)
            computed = max(Decimal(0), cents(terms.value * share))
            return Estimate(computed if terms.cap is None else min(computed, terms.cap), terms.ceiling)
        case BenefitKind.TIERED:
            possible = []
            for holds, amount in terms.tiers:
                if holds is False:
                    continue
                possible.append(amount)
                if holds:
                    break
            if not possible:
                return Estimate(Decimal(0), terms.ceiling)
            if any(amount is None for amount in possible):
                return Estimate(None, True, terms.missing)
            known = [amount for amount in possible if amount is not None]
            return Estimate(max(known), terms.ceiling or len(known) > 1, terms.missing if len(known) > 1 else ())
        case _:
            return Estimate(None, False)


def together(estimates: Iterable[Estimate]) -> Estimate:
    """Several benefits of one policy as one figure; a part that is not known makes the sum unknown: to call the rest of it
    the most that is possible would be wrong.
    """
    listed = list(estimates)
    ceiling = any(one.ceiling for one in listed)
    missing = tuple(dict.fromkeys(at for one in listed for at in one.missing))
    known = [one.amount for one in listed if one.amount is not None]
    return Estimate(sum(known, Decimal(0)) if known and len(known) == len(listed) else None, ceiling, missing)


def cents(value: Fraction) -> Decimal:
    """A fraction of yuan in whole cents, cut downwards: nobody is promised a cent more than the rule says."""
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(CENT, ROUND_DOWN)


def unsound(sums: Mapping[LedgerKind, Decimal]) -> str:
    """Why the lines of one application cannot be true together; empty when they can 台账勾稽.

    Nothing is paid beyond what was approved, and nothing recalled beyond what was paid.
    """
    paid, recalled = sums.get(LedgerKind.PAID, Decimal(0)), sums.get(LedgerKind.RECALLED, Decimal(0))
    if paid > sums.get(LedgerKind.APPROVED, Decimal(0)):
        return "paid beyond approved"
    return "recalled beyond paid" if recalled > paid else ""


def sample_size(paid: int) -> int:
    """How many of so many paid cases are looked at again: five of a hundred, and one where there is any 抽查数."""
    return 0 if paid == 0 else max(1, -(-paid * SAMPLE_SHARE.numerator // SAMPLE_SHARE.denominator))


@dataclass(frozen=True, slots=True)
class Draft:
    """What publishing looks at: dates, clauses, examples, people."""

    since: date
    until: date | None
    window: tuple[date | None, date | None]
    comparisons_without_clause: Sequence[str]
    expected: Sequence[str]  # the outcomes that examples ask for
    failing: Sequence[str]  # names of examples that come out otherwise
    condition_problems: Sequence[str]
    same_person: bool


class Obstacle(Choice):
    """What stands against publishing a version 不能发布的原因."""

    CONDITIONS = "conditions", "条件有误"
    DATES = "dates", "有效期的结束早于开始"
    WINDOW = "window", "申报期的结束早于开始"
    CLAUSE = "clause", "有条件没有写明依据的条款"
    NO_MET = "no_met", "缺少一个“可能符合”的样例"
    NO_UNMET = "no_unmet", "缺少一个“暂不符合”的样例"
    EXAMPLE = "example", "样例的结论与预期不符"
    SAME_PERSON = "same_person", "发布人不能是起草人"


def obstacles(draft: Draft) -> list[tuple[Obstacle, tuple[str, ...]]]:
    """Everything that stands against publishing, with where 发布前检查; empty when nothing does."""
    found: list[tuple[Obstacle, tuple[str, ...]]] = []
    begin, end = draft.window
    checks: list[tuple[Obstacle, bool, Callable[[], Iterable[str]]]] = [
        (Obstacle.CONDITIONS, bool(draft.condition_problems), lambda: draft.condition_problems),
        (Obstacle.DATES, draft.until is not None and draft.until < draft.since, tuple),
        (Obstacle.WINDOW, begin is not None and end is not None and end < begin, tuple),
        (Obstacle.CLAUSE, bool(draft.comparisons_without_clause), lambda: draft.comparisons_without_clause),
        (Obstacle.NO_MET, not {"met", "manual_review"} & set(draft.expected), tuple),
        (Obstacle.NO_UNMET, "unmet" not in draft.expected, tuple),
        (Obstacle.EXAMPLE, bool(draft.failing), lambda: draft.failing),
        (Obstacle.SAME_PERSON, draft.same_person, tuple),
    ]
    for obstacle, stands, where in checks:
        if stands:
            found.append((obstacle, tuple(where())))
    return found
