"""How near a figure comes to its threshold, which tier the facts speak for, and which move is worth proposing: pure.

Tiers, their thresholds and the days below are defaults of the product, not of the street; docs/rules/ladder.md says why they are so.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

from linqi.kit.choices import Choice

NEARLY: Final = Fraction(999_999, 1_000_000)  # what is not met never counts as more, so that a full bar means met
DECLINED_FOR: Final = 180  # days a declined move is not proposed again; product default
CULTIVATE_IN: Final = (
    "60 working_days"  # how long a cultivation measure may take unless somebody says otherwise; product default
)


class Tier(Choice):
    """The three tiers of the programme, lowest first 层级 (names from the seed, criteria ours)."""

    SEED = "seed", "种子层"
    SPROUT = "sprout", "青苗层"
    EAR = "ear", "金穗层"


class Board(Choice):
    """The mainland boards, as a reader looks for them 板块."""

    BSE = "bse", "北交所"
    CHINEXT = "chinext", "创业板"
    STAR = "star", "科创板"
    MAIN = "main", "沪深主板"


class Stage(Choice):
    """How far a firm is on its way to a listing, in order 上市阶段 (enterprise_fields.yaml, listing_stage)."""

    NONE = "none", "无计划"
    CULTIVATING = "cultivating", "培育"
    JOINT_STOCK = "joint_stock", "完成股改"
    NQB_LISTED = "nqb_listed", "新三板挂牌"
    TUTORING = "tutoring", "辅导备案"
    ACCEPTED = "application_accepted", "申报受理"
    PASSED = "passed", "过会"
    REGISTERED = "registered", "注册生效"
    LISTED = "listed", "上市"


class Step(Choice):
    """What is reached on a day on the way to a listing, in its usual order 里程碑 (domain.md A8, fact 34)."""

    JOINT_STOCK = "joint_stock", "股份制改造"
    BROKER = "broker", "签约券商"
    NQB_LISTED = "nqb_listed", "新三板挂牌"
    TUTORING = "tutoring", "辅导备案"
    ACCEPTED = "application_accepted", "申报受理"
    PASSED = "passed", "过会"
    REGISTERED = "registered", "注册生效"
    LISTED = "listed", "挂牌上市"


class Kind(Choice):
    """In which direction a firm moves on the ladder 调整类别."""

    ENTER = "enter", "入库"
    RISE = "rise", "升层"
    FALL = "fall", "降层"
    LEAVE = "leave", "出库"


_OF_NOTE: Final = {Step.BROKER: Stage.CULTIVATING}  # a contract with a broker is no stage of the exchanges
_BESIDE: Final = frozenset({Step.NQB_LISTED})  # on the way for the Beijing exchange, beside it for the others


# --- how near -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Bounds:
    """How far a condition is fulfilled, between 0 and 1: at least `low`, at most `high` as long as facts are missing 达成度."""

    low: Fraction
    high: Fraction

    @property
    def exact(self) -> bool:
        """Whether nothing that is missing could change it."""
        return self.low == self.high

    @property
    def met(self) -> bool | None:
        """Whether it is fulfilled; None when missing facts decide."""
        return True if self.low == 1 else False if self.high < 1 else None


FULL: Final = Bounds(Fraction(1), Fraction(1))
NOTHING: Final = Bounds(Fraction(0), Fraction(0))
UNKNOWN: Final = Bounds(Fraction(0), Fraction(1))


def certain(met: bool) -> Bounds:
    """What has no distance: it is so or it is not."""
    return FULL if met else NOTHING


def towards(value: Fraction, threshold: Fraction, *, met: bool, falling: bool = False) -> Bounds:
    """The share of a threshold that a known value reaches 单项达成度.

    One when it is met; else value ÷ threshold, for a ceiling (`falling`) threshold ÷ value. A loss, or a threshold of zero that
    is not passed, is 0: half a loss is no half profit.
    """
    above, below = (threshold, value) if falling else (value, threshold)
    if met:
        return FULL
    if above <= 0 or below <= 0:
        return NOTHING
    share = min(above / below, NEARLY)
    return Bounds(share, share)


def scaled(threshold: Fraction, share: Fraction, *, falling: bool = False) -> Fraction:
    """The threshold whose passing means that a share of the whole one is reached; one of zero or below has no shares."""
    if threshold <= 0:
        return threshold
    return threshold / share if falling else threshold * share


def every(parts: Iterable[Bounds]) -> Bounds:
    """All are asked for: the whole is as far as the furthest behind 木桶."""
    listed = list(parts)
    return Bounds(min(one.low for one in listed), min(one.high for one in listed)) if listed else FULL


def best(parts: Iterable[Bounds]) -> Bounds:
    """One is enough: the whole is as far as the one that is furthest ahead."""
    listed = list(parts)
    return Bounds(max(one.low for one in listed), max(one.high for one in listed)) if listed else NOTHING


def enough(parts: Iterable[Bounds], least: int) -> Bounds:
    """So many are asked for: as far as the last of the best so many."""
    listed = list(parts)
    low = sorted((one.low for one in listed), reverse=True)
    high = sorted((one.high for one in listed), reverse=True)
    return Bounds(low[least - 1], high[least - 1])


def opposite(part: Bounds) -> Bounds:
    """It must not hold: there is no half way."""
    return UNKNOWN if part.met is None else certain(not part.met)


# --- which tier ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Proposal:
    """A move that the facts speak for and a person decides 调整建议; no tier to go to means out of the ladder."""

    kind: Kind
    to: Tier | None


def tier_of(met: Mapping[Tier, bool | None]) -> Tier | None:
    """The highest tier whose conditions certainly hold."""
    return next((tier for tier in reversed(Tier) if met.get(tier)), None)


def tier_above(tier: Tier | None) -> Tier | None:
    """The next tier to reach; None from the highest."""
    order = list(Tier)
    at = 0 if tier is None else order.index(tier) + 1
    return order[at] if at < len(order) else None


def proposal(standing: Tier | None, met: Mapping[Tier, bool | None]) -> Proposal | None:
    """The move that the facts speak for, from the tier that was confirmed; None when it may stay 调整建议.

    Up as soon as a higher tier is certain. Down only when the standing one certainly no longer holds, and then to the highest
    below that is not certainly lost: what is not known speaks for the firm.
    """
    order = list(Tier)
    at = -1 if standing is None else order.index(standing)
    reached = tier_of(met)
    if reached is not None and order.index(reached) > at:
        return Proposal(Kind.ENTER if standing is None else Kind.RISE, reached)
    if standing is None or met.get(standing) is not False:
        return None
    below = next((tier for tier in reversed(order[:at]) if met.get(tier) is not False), None)
    return Proposal(Kind.LEAVE if below is None else Kind.FALL, below)


def direction(standing: Tier | None, to: Tier | None) -> Kind | None:
    """What a move from one tier to another is; None when it is none."""
    if standing == to:
        return None
    if standing is None or to is None:
        return Kind.ENTER if standing is None else Kind.LEAVE
    order = list(Tier)
    return Kind.RISE if order.index(to) > order.index(standing) else Kind.FALL


def rests(declined_on: date, today: date) -> bool:
    """Whether a move that was declined is not proposed again yet."""
    return today < declined_on + timedelta(days=DECLINED_FOR)


# --- the way to a listing -----------------------------------------------------------------------------------------------
def stage_of(step: Step) -> Stage:
    """The stage a firm is in once it has reached a milestone."""
    return _OF_NOTE.get(step) or Stage(step.value)


def furthest(stages: Iterable[Stage]) -> Stage:
    """The latest of some stages."""
    order = list(Stage)
    return max(stages, key=order.index, default=Stage.NONE)


def next_step(reached: Collection[Step]) -> Step | None:
    """What usually comes next; a quotation on the NEEQ is beside the way, so nobody is asked for it."""
    order = [step for step in Step if step not in _BESIDE]
    at = max((order.index(step) for step in reached if step in order), default=-1)
    return order[at + 1] if at + 1 < len(order) else None
