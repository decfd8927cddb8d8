"""Which records may be one enterprise, and which are branch and parent: a probability with its reasons 疑似同企.

Two valid credit codes that differ are two legal persons (GB 32100-2015) and are not asked about, unless the names are
the very same. For the rest, the model of Fellegi and Sunter (1969): each field of a candidate pair agrees in one of a
few levels; a level weighs log2(m/u), m its share among true pairs and u among pairs that only look alike. Look-alikes
are known for certain: they are the candidates whose valid codes differ, so u is counted on them. m is estimated by
expectation–maximisation over the other candidates, held near defaults by PRIOR_PAIRS imagined pairs, and the share of
true pairs is fixed by what is certain (same organisation code or very same name): left free, both learn from a clean
register that similar names of different firms are the true pairs. What was measured: docs/rules/duplicates.md.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import combinations
from typing import Final

from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

from linqi.enterprises.rules.names import NameParts, name_key, split_branch, split_name
from linqi.kit.identifiers import is_uscc

PROPOSE_FROM: Final = 0.5  # probability from which a person is asked; product default
PRIOR_PAIRS: Final = 200.0  # imagined true pairs that hold m near its defaults; product default
CERTAIN_RECALL: Final = 0.5  # share of the true pairs that the certain ones are taken to be; product default
BLOCK_LIMIT: Final = 60  # records that share a key; a larger group tells nothing and costs the square
UNKNOWN: Final = -1


@dataclass(frozen=True)
class Record:
    """What is compared of one enterprise; empty and None are unknown and never count against a pair."""

    id: int
    name: str
    uscc: str = ""
    old_number: str = ""
    address: str = ""
    established_on: date | None = None
    capital: Decimal | None = None
    places: frozenset[int] = frozenset()

    @cached_property
    def key(self) -> str:
        return name_key(self.name)

    @cached_property
    def parts(self) -> NameParts:
        return split_name(self.name)

    @cached_property
    def door(self) -> str:
        return name_key(self.address)

    @cached_property
    def organisation(self) -> str:
        """Characters 9 to 17 of a valid credit code: the organisation itself, whoever registered it."""
        return self.uscc[8:17] if is_uscc(self.uscc) else ""


@dataclass(frozen=True)
class Reason:
    """Why a pair is more or less likely: the words, and the weight in bits."""

    words: str
    bits: float


@dataclass(frozen=True)
class Proposal:
    """Two records (smaller id first) that may be one enterprise, or branch and parent."""

    left: int
    right: int
    kind: str
    probability: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Comparison:
    """One field: how a pair is graded (0 is best, UNKNOWN says nothing), default m and u, words of the levels."""

    name: str
    grade: Callable[[Record, Record], int]
    m: tuple[float, ...]
    u: tuple[float, ...]
    words: tuple[str, ...]


@dataclass(frozen=True)
class Model:
    """Weights as estimated on one street: m and u of each level, and how common a true pair is among candidates."""

    m: Mapping[str, tuple[float, ...]]
    u: Mapping[str, tuple[float, ...]]
    prior: float
    trade_names: Mapping[str, int]


def proposals(records: Sequence[Record]) -> list[Proposal]:
    """Everything worth a person's look, most probable first; the same records always give the same answer."""
    by_id = {record.id: record for record in records}
    related = list(branches(records))
    families = {(one.left, one.right) for one in related}
    pairs, lookalikes = candidates(records)
    pairs = [pair for pair in pairs if pair not in families]
    model, graded = fit(records, pairs, lookalikes)
    found = []
    for pair, levels in zip(pairs, graded, strict=True):
        left, right = by_id[pair[0]], by_id[pair[1]]
        probability, reasons = judge(model, left, right, levels)
        if probability >= PROPOSE_FROM:
            found.append(Proposal(left.id, right.id, "duplicate", probability, reasons))
    return sorted([*found, *related], key=lambda one: (-one.probability, one.left, one.right))


# --- candidates ----------------------------------------------------------------------------------------------------
def candidates(records: Sequence[Record]) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Pairs that share a key worth comparing, and apart from them those whose codes say that they only look alike.

    Branches of one firm, and a branch with another firm, are in neither: they are relatives, not one record twice.
    """
    blocks: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for record in records:
        for key in _keys(record):
            blocks[key].append(record.id)
    pairs: set[tuple[int, int]] = set()
    for ids in blocks.values():
        if 1 < len(ids) <= BLOCK_LIMIT:
            pairs.update(combinations(sorted(set(ids)), 2))
    by_id = {record.id: record for record in records}
    asked: list[tuple[int, int]] = []
    lookalikes: list[tuple[int, int]] = []
    for pair in sorted(pairs):
        left, right = by_id[pair[0]], by_id[pair[1]]
        if left.parts.branch == right.parts.branch:
            (lookalikes if _two_persons(left, right) else asked).append(pair)
    return asked, lookalikes


def _two_persons(left: Record, right: Record) -> bool:
    """Whether the codes alone say that these are two: both valid, different, and the names not the very same."""
    codes = left.organisation and right.organisation and left.organisation != right.organisation
    return bool(codes) and left.key != right.key


def _keys(record: Record) -> Iterator[tuple[str, ...]]:
    parts = record.parts
    if record.organisation:
        yield "organisation", record.organisation
    if record.old_number:
        yield "old number", record.old_number
    if record.uscc and not record.organisation:
        yield "organisation", record.uscc[8:17]
    yield "name", record.key
    if parts.trade_name:
        yield "trade name and trade", parts.trade_name, parts.trade[:2]
        if len(parts.trade_name) >= 3:
            yield "trade name", parts.trade_name
            for at in range(len(parts.trade_name)):  # one character wrong, missing or swapped in
                yield "trade name but one", parts.trade_name[:at] + parts.trade_name[at + 1 :], parts.trade[:2]
        if record.door and len(record.door) > 8:
            yield "door", record.door, parts.trade_name[0]
    if record.established_on and record.capital and parts.trade_name:
        yield "founding", record.established_on.isoformat(), str(record.capital), parts.trade_name[0]


# --- grades --------------------------------------------------------------------------------------------------------
def _grade_trade_name(left: Record, right: Record) -> int:
    one, other = left.parts.trade_name, right.parts.trade_name
    if not one or not other:
        return UNKNOWN
    if one == other:
        return 0
    if min(len(one), len(other)) >= 3 and DamerauLevenshtein.distance(one, other) == 1:
        return 1
    if JaroWinkler.similarity(one, other) >= 0.88:
        return 2
    return 3


def _grade_trade(left: Record, right: Record) -> int:
    one, other = left.parts.trade, right.parts.trade
    if not one and not other:
        return UNKNOWN
    if one == other:
        return 0
    if one and other and (one.startswith(other) or other.startswith(one) or one[:2] == other[:2]):
        return 1
    return 2


def _grade_form(left: Record, right: Record) -> int:
    one, other = left.parts.form, right.parts.form
    if not one or not other:
        return UNKNOWN
    return 0 if one == other or {one, other} == {"有限公司", "有限责任公司"} else 1


def _grade_place(left: Record, right: Record) -> int:
    one, other = left.parts.place, right.parts.place
    if not one or not other:
        return UNKNOWN
    if one == other:
        return 0
    return 1 if one in other or other in one else 2


def _grade_address(left: Record, right: Record) -> int:
    if not left.door or not right.door:
        return UNKNOWN
    if left.door == right.door or left.door.endswith(right.door) or right.door.endswith(left.door):
        return 0
    return 1 if JaroWinkler.similarity(left.door[::-1], right.door[::-1]) >= 0.9 else 2


def _grade_code(left: Record, right: Record) -> int:
    """The organisation code is the surest sign; two valid codes that differ are two legal persons."""
    if left.organisation and right.organisation:
        return 0 if left.organisation == right.organisation else 3
    if left.old_number and right.old_number:
        return 1 if left.old_number == right.old_number else 3
    if left.uscc and right.uscc:  # at least one is damaged: compare as written
        return 2 if DamerauLevenshtein.distance(left.uscc, right.uscc) <= 2 else 3
    return UNKNOWN


def _grade_established(left: Record, right: Record) -> int:
    if left.established_on is None or right.established_on is None:
        return UNKNOWN
    days = abs((left.established_on - right.established_on).days)
    return 0 if days == 0 else 1 if days <= 31 else 2


def _grade_capital(left: Record, right: Record) -> int:
    if left.capital is None or right.capital is None:
        return UNKNOWN
    return 0 if left.capital == right.capital else 1


def _grade_stay(left: Record, right: Record) -> int:
    if not left.places or not right.places:
        return UNKNOWN
    return 0 if left.places & right.places else 1


COMPARISONS: Final = (
    # m: product default, from the faults seen in registers (data/README.md); u: measured on look-alikes of Hangzhou's
    # register; both held by PRIOR_PAIRS imagined pairs. u of `code` cannot be counted where codes decide.
    Comparison(
        "trade_name",
        _grade_trade_name,
        (0.84, 0.08, 0.06, 0.02),
        (0.30, 0.30, 0.10, 0.30),
        ("字号相同", "字号只差一字", "字号相近", "字号不同"),
    ),
    Comparison(
        "trade", _grade_trade, (0.80, 0.15, 0.05), (0.30, 0.50, 0.20), ("行业用语相同", "行业用语相近", "行业用语不同")
    ),
    Comparison("form", _grade_form, (0.95, 0.05), (0.85, 0.15), ("组织形式相同", "组织形式不同")),
    Comparison(
        "place", _grade_place, (0.85, 0.12, 0.03), (0.50, 0.10, 0.40), ("行政区划相同", "行政区划相近", "行政区划不同")
    ),
    Comparison("address", _grade_address, (0.80, 0.10, 0.10), (0.01, 0.02, 0.97), ("住所相同", "住所相近", "住所不同")),
    Comparison(
        "code",
        _grade_code,
        (0.60, 0.10, 0.29, 0.01),
        (0.0005, 0.0005, 0.001, 0.998),
        ("组织机构代码相同", "旧注册号相同", "代码只差一两位", "代码不同"),
    ),
    Comparison(
        "established",
        _grade_established,
        (0.90, 0.07, 0.03),
        (0.01, 0.02, 0.97),
        ("成立日期相同", "成立日期相近", "成立日期不同"),
    ),
    Comparison("capital", _grade_capital, (0.90, 0.10), (0.15, 0.85), ("注册资本相同", "注册资本不同")),
    Comparison("stay", _grade_stay, (0.70, 0.30), (0.02, 0.98), ("在同一处", "不在同一处")),
)


# --- weights -------------------------------------------------------------------------------------------------------
def fit(
    records: Sequence[Record],
    pairs: Sequence[tuple[int, int]],
    lookalikes: Sequence[tuple[int, int]],
    rounds: int = 30,
) -> tuple[Model, list[tuple[int, ...]]]:
    """Weights estimated on these records and their candidate pairs, with the grades of each pair."""
    by_id = {record.id: record for record in records}
    graded = [_graded(by_id[left], by_id[right]) for left, right in pairs]
    trade_names = Counter(record.parts.trade_name for record in records)
    u = _by_lookalikes(_graded(by_id[left], by_id[right]) for left, right in lookalikes)
    m = {one.name: one.m for one in COMPARISONS}
    certain = sum(_certain(by_id[left], by_id[right]) for left, right in pairs)
    prior = min(0.5, (certain + 1) / CERTAIN_RECALL / (len(pairs) + 1000))
    counts = Counter(graded)
    for _round in range(rounds):
        seen = {one.name: [PRIOR_PAIRS * share for share in one.m] for one in COMPARISONS}
        for levels, number in counts.items():
            bits = math.log2(prior / (1 - prior)) + sum(_bits(m, u, at, level) for at, level in enumerate(levels))
            share = number * _probability(bits)
            for at, level in enumerate(levels):
                if level != UNKNOWN:
                    seen[COMPARISONS[at].name][level] += share
        m = {name: tuple(value / sum(values) for value in values) for name, values in seen.items()}
    return Model(m, u, prior, trade_names), graded


def judge(
    model: Model, left: Record, right: Record, levels: tuple[int, ...] | None = None
) -> tuple[float, tuple[Reason, ...]]:
    """The probability that two records are one enterprise, and every field's part in it, weightiest first."""
    levels = _graded(left, right) if levels is None else levels
    bits = math.log2(model.prior / (1 - model.prior))
    reasons = []
    for at, level in enumerate(levels):
        if level == UNKNOWN:
            continue
        one = COMPARISONS[at]
        weight = _bits(model.m, model.u, at, level)
        words = one.words[level]
        if one.name == "trade_name" and level == 0:
            words = f"{words}（{left.parts.trade_name}，名录中 {model.trade_names[left.parts.trade_name]} 家）"
        bits += weight
        reasons.append(Reason(words, round(weight, 1)))
    return round(_probability(bits), 4), tuple(sorted(reasons, key=lambda reason: -abs(reason.bits)))


def _certain(left: Record, right: Record) -> bool:
    return left.key == right.key or bool(left.organisation and left.organisation == right.organisation)


def _graded(left: Record, right: Record) -> tuple[int, ...]:
    return tuple(one.grade(left, right) for one in COMPARISONS)


def _by_lookalikes(graded: Iterable[tuple[int, ...]]) -> dict[str, tuple[float, ...]]:
    """How often each level occurs between records that are two for certain; the code itself keeps its default."""
    seen = {one.name: [PRIOR_PAIRS * share for share in one.u] for one in COMPARISONS}
    for levels in graded:
        for one, level in zip(COMPARISONS, levels, strict=True):
            if level != UNKNOWN and one.name != "code":
                seen[one.name][level] += 1
    return {name: tuple(value / sum(values) for value in values) for name, values in seen.items()}


def _bits(m: Mapping[str, tuple[float, ...]], u: Mapping[str, tuple[float, ...]], at: int, level: int) -> float:
    if level == UNKNOWN:
        return 0.0
    name = COMPARISONS[at].name
    return math.log2(m[name][level] / u[name][level])


def _probability(bits: float) -> float:
    return 1 / (1 + 2 ** -max(-60.0, min(60.0, bits)))


# --- branches ------------------------------------------------------------------------------------------------------
def branches(records: Iterable[Record]) -> Iterator[Proposal]:
    """Branch and parent pairs: the branch's name begins with the parent's 分支与总部."""
    listed = list(records)
    by_key: dict[str, list[Record]] = defaultdict(list)
    by_core: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for record in listed:
        if not split_branch(record.key)[1]:
            by_key[record.key].append(record)
            if len(record.parts.trade_name) >= 2 and record.parts.trade:
                by_core[record.parts.trade_name, record.parts.trade].append(record)
    for record in listed:
        parent, tail = split_branch(record.key)
        if not parent or not tail:
            continue
        for one in by_key.get(parent, ()):
            if one.id != record.id:
                yield _family(record, one, 0.98, f"名称以总部全称开头，后接“{tail}”")
        if parent in by_key:
            continue
        parts = split_name(parent)
        near = [one for one in by_core.get((parts.trade_name, parts.trade), ()) if one.id != record.id]
        for one in near[:3]:
            if JaroWinkler.similarity(one.key, parent) >= 0.9:
                yield _family(record, one, 0.7, f"名称与总部相近，后接“{tail}”")


def _family(branch: Record, parent: Record, probability: float, words: str) -> Proposal:
    reasons = [Reason(words, 5.6 if probability > 0.9 else 1.2)]
    if branch.established_on and parent.established_on:
        if branch.established_on < parent.established_on:
            probability -= 0.2
            reasons.append(Reason("分支早于总部成立", -1.5))
        else:
            reasons.append(Reason("分支晚于总部成立", 0.3))
    left, right = sorted((branch.id, parent.id))
    return Proposal(left, right, "branch", round(probability, 4), tuple(reasons))
