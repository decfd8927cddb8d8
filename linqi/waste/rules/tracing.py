"""From a clue back to who could have been it: a list with shares of evidence and their reasons, never one guessed 溯源.

Pure. Shares are exact fractions that sum to one; what is not known has a share of its own. The rules and their figures are told in
docs/rules/waste_ladder.md. Nothing here is about a person: a party is an enterprise or a company.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from linqi.kit.choices import Choice

CARD_SHARE: Final = Fraction(9, 10)  # product default: a card can be lent, so it is strong and not certain
WINDOW_HOURS: Final = 24  # product default: deposits so long before the clue count as what may lie in the bin


class Ground(Choice):
    """Why a party could have been it 依据."""

    CARD = "card", "投放凭证为其所有"
    DEPOSITS = "deposits", "按前 24 小时投放次数占比"
    ONLY = "only", "点位范围内只有这一家"
    EQUAL = "equal", "点位范围内各家同等可能"
    REST = "rest", "凭证可能外借，其余各家平分"
    CARDLESS = "cardless", "没有凭证的投放（至少按一次算），无法区分"
    NOBODY = "nobody", "登记中没有可能的单位"


class Strength(Choice):
    """How strong the evidence is, in a word 证据强弱."""

    STRONG = "strong", "强"
    MEDIUM = "medium", "中"
    WEAK = "weak", "弱"
    NONE = "none", "未知"


STRENGTH: Final = {
    Ground.CARD: Strength.STRONG,
    Ground.ONLY: Strength.MEDIUM,
    Ground.DEPOSITS: Strength.MEDIUM,
    Ground.EQUAL: Strength.WEAK,
    Ground.REST: Strength.WEAK,
    Ground.CARDLESS: Strength.NONE,
    Ground.NOBODY: Strength.NONE,
}


@dataclass(frozen=True, slots=True)
class Share:
    """How much of the evidence points to a party, and why; no party: it cannot be said 证据份额."""

    party: int | None
    share: Fraction
    ground: Ground
    count: int = 0

    @property
    def strength(self) -> Strength:
        """In a word."""
        return STRENGTH[self.ground]


def shares(candidates: Iterable[int], *, holder: int | None, deposits: Mapping[int, int], cardless: int) -> list[Share]:
    """Who could have been it, with shares of evidence that sum to one, largest first 证据份额.

    `candidates`: the enterprises of the place by the registry of that day; `holder`: whose card or bag the event names; `deposits`: how often
    each used its cards at this bin in the window before; `cardless`: how many deposits named no card that is known.
    """
    around = sorted(set(candidates))
    if holder is not None:
        others = [one for one in around if one != holder]
        rest = 1 - CARD_SHARE
        if not others:
            return [Share(holder, CARD_SHARE, Ground.CARD), Share(None, rest, Ground.CARDLESS)]
        each = rest / len(others)
        return [Share(holder, CARD_SHARE, Ground.CARD), *(Share(one, each, Ground.REST) for one in others)]
    used = {one: count for one, count in deposits.items() if count > 0}
    if used:
        unknown = max(cardless, 0) + 1  # one more may have been thrown in without a card: few deposits prove little
        total = sum(used.values()) + unknown
        found = [Share(one, Fraction(count, total), Ground.DEPOSITS, count) for one, count in used.items()]
        found.sort(key=lambda one: (-one.share, one.party or 0))
        return [*found, Share(None, Fraction(unknown, total), Ground.CARDLESS, max(cardless, 0))]
    if len(around) == 1:
        return [Share(around[0], Fraction(1), Ground.ONLY)]
    if around:
        return [Share(one, Fraction(1, len(around)), Ground.EQUAL) for one in around]
    return [Share(None, Fraction(1), Ground.NOBODY)]


def together(lists: Sequence[Sequence[Share]]) -> list[Share]:
    """Several clues of one bin weighed alike: the mean of each party's shares, with its strongest ground 合并各条线索的份额."""
    if not lists:
        return [Share(None, Fraction(1), Ground.NOBODY)]
    total: dict[int | None, Fraction] = defaultdict(Fraction)
    count: dict[int | None, int] = defaultdict(int)
    ground: dict[int | None, Ground] = {}
    rank = list(Ground)
    for one in lists:
        for share in one:
            total[share.party] += share.share
            count[share.party] = max(count[share.party], share.count)  # the same deposits lie behind several clues
            known = ground.get(share.party, share.ground)
            ground[share.party] = min(known, share.ground, key=rank.index)
    found = [Share(party, value / len(lists), ground[party], count[party]) for party, value in total.items()]
    return sorted(found, key=lambda one: (one.party is None, -one.share, one.party or 0))


# --- the chain ------------------------------------------------------------------------------------------------------------
GENESIS: Final = "0" * 64


class Happened(Choice):
    """What a link of the chain tells 链节事项."""

    TOLD = "told", "发生"
    BIN = "bin", "桶"
    POINT = "point", "点位"
    PARTIES = "parties", "可能的单位"
    PICTURE = "picture", "图像"
    LOOK = "look", "人工核看"
    UNLOOK = "unlook", "撤销核看"
    STRUCK = "struck", "台账作废"
    MADE = "made", "成案"
    CLUES = "clues", "又有属实线索"
    ADDRESS = "address", "确认对象"
    REMIND = "remind", "提醒"
    ORDER = "order", "责令改正"
    RECHECK = "recheck", "复查"
    FAIL = "fail", "未改正或再次发生"
    REFER = "refer", "移送执法"
    TAKE_BACK = "take_back", "撤回步骤"
    CORRECTED = "corrected", "报告已改正"
    DEFENCE = "defence", "陈述申辩"
    ANSWER = "answer", "复核陈述申辩"
    UNSAID = "unsaid", "撤回陈述"
    RESTORE = "restore", "恢复任务"
    END = "end", "了结"


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the chain: what happened when, hashed together with the link before 链节."""

    number: int
    at: str
    what: str
    data: Mapping[str, Any]
    previous: str
    digest: str


def digest_of(number: int, at: str, what: str, data: Mapping[str, Any], previous: str) -> str:
    """SHA-256 over a link in one fixed way of writing it 链节摘要."""
    written = json.dumps([number, at, what, data, previous], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()


def linked(before: Link | None, at: str, what: str, data: Mapping[str, Any]) -> Link:
    """The next link after one, or the first."""
    number, previous = (before.number + 1, before.digest) if before else (1, GENESIS)
    return Link(number, at, what, data, previous, digest_of(number, at, what, data, previous))


def broken(links: Sequence[Link], head: str | None = None) -> int | None:
    """The number of the first link that was changed, taken out or put in; None when the chain is whole 链条核验.

    `head`: the digest that was told elsewhere when the last link was made; another end, or a shorter chain, shows by it.
    """
    before = GENESIS
    for place, link in enumerate(links, start=1):
        again = digest_of(link.number, link.at, link.what, link.data, link.previous)
        if link.number != place or link.previous != before or link.digest != again:
            return place
        before = link.digest
    return None if head is None or head == before else len(links) + 1
