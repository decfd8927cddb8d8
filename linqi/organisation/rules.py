"""What a full link team is, which bodies and posts there are, and when two dated seats clash: pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from linqi.kit.choices import Choice


class TeamRole(Choice):
    """The three of a link team 1党员+1运营+1物业."""

    PARTY_MEMBER = "party_member", "党员"
    OPERATOR = "operator", "运营"
    PROPERTY_MANAGER = "property_manager", "物业"


SEATS: Final = frozenset(TeamRole)  # seed.txt: “1党员+1运营+1物业”


class Manning(Choice):
    """How far a building is looked after 配备情况."""

    FULL = "full", "三人齐备"
    VACANT = "vacant", "有空缺"
    NONE = "none", "未组建"


def manning(held: Iterable[str] | None) -> Manning:
    """Whether a building has a team and all three seats are held; None when it has no team 配备情况."""
    if held is None:
        return Manning.NONE
    return Manning.FULL if set(held) >= SEATS else Manning.VACANT


def vacant(held: Iterable[str]) -> list[TeamRole]:
    """The seats that nobody holds, in their order 空缺."""
    taken = set(held)
    return [role for role in TeamRole if role not in taken]


# --- dates --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Term:
    """From which day, and which day is the first that no longer counts (None: open) 任期."""

    since: date
    until: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether the day lies within."""
        return self.since <= day and (self.until is None or day < self.until)

    def meets(self, other: "Term") -> bool:
        """Whether both hold on at least one day."""
        return (self.until is None or other.since < self.until) and (other.until is None or self.since < other.until)


def clash(held: Iterable[Term], wanted: Term) -> Term | None:
    """The first of the terms that share a day with the one wanted: a seat is held by one at a time 任期冲突."""
    return next((term for term in sorted(held, key=lambda one: one.since) if term.meets(wanted)), None)


WHOLE: Final = 100  # percent of one person's time


@dataclass(frozen=True, slots=True)
class Share:
    """How much of somebody's time one employer pays for, in percent, and when 工时占比."""

    term: Term
    percent: int


def overbooked(held: Sequence[Share], wanted: Share) -> tuple[date, int] | None:
    """The first day on which all shares together are more than a whole person, with their sum; None when none is.

    A sum can only rise on a day on which a share begins, so those days are all that must be looked at.
    """
    every = [*held, wanted]
    for day in sorted({max(share.term.since, wanted.term.since) for share in every}):
        if wanted.term.holds_on(day):
            total = sum(share.percent for share in every if share.term.holds_on(day))
            if total > WHOLE:
                return day, total
    return None


# --- bodies -------------------------------------------------------------------------------------------------------
class BodyKind(Choice):
    """The levels of the Party matrix, and the committee beside it 组织类型."""

    STREET_COMMITTEE = "street_committee", "街道党工委"
    COMMUNITY_COMMITTEE = "community_committee", "科创共同体党委"
    BRANCH = "branch", "园区(楼宇)党组织"
    AFFAIRS_COMMITTEE = "affairs_committee", "经济体事务委员会"


MATRIX: Final = (BodyKind.STREET_COMMITTEE, BodyKind.COMMUNITY_COMMITTEE, BodyKind.BRANCH)  # seed.txt: “党建矩阵”
SITS_AT: Final = {  # seed.txt names the levels; that a committee may span a street or one community is ours
    BodyKind.STREET_COMMITTEE: frozenset({"street"}),
    BodyKind.COMMUNITY_COMMITTEE: frozenset({"street", "community"}),
    BodyKind.BRANCH: frozenset({"park", "building"}),
    BodyKind.AFFAIRS_COMMITTEE: frozenset({"street", "community"}),
}


class BodySeatRole(Choice):
    """What somebody is in a body 组织职务."""

    HEAD = "head", "负责人"
    DEPUTY = "deputy", "副职"
    MEMBER = "member", "委员"


class SeatTitle(Choice):
    """How the seats of the two sorts of bodies are called 职务称谓."""

    SECRETARY = "secretary", "书记"
    DEPUTY_SECRETARY = "deputy_secretary", "副书记"
    CHAIR = "chair", "主任"
    VICE_CHAIR = "vice_chair", "副主任"
    MEMBER = "member", "委员"


TITLES: Final = {
    True: (SeatTitle.SECRETARY, SeatTitle.DEPUTY_SECRETARY, SeatTitle.MEMBER),
    False: (SeatTitle.CHAIR, SeatTitle.VICE_CHAIR, SeatTitle.MEMBER),
}


def is_party(kind: str) -> bool:
    """Whether a body belongs to the Party matrix, and so to the permission space of Party information 党建信息."""
    return kind in MATRIX


def seat_name(kind: str, role: str) -> str:
    """How a seat of such a body is called 职务名称."""
    return TITLES[is_party(kind)][list(BodySeatRole).index(BodySeatRole(role))].label


def body_above(kind: str, above: Iterable[tuple[str, int, int]]) -> int | None:
    """Which body of the matrix stands over one of this kind: the nearest of the nearest higher level 上级组织.

    `above`: kind, distance on the tree and id of the bodies whose place stands at or above. Of two equally near the
    older (lower id) counts. None at the top, outside of the matrix, and where the level above is missing altogether.
    """
    if not is_party(kind):
        return None
    level = MATRIX.index(BodyKind(kind))
    higher = [(MATRIX.index(BodyKind(one)), depth, pk) for one, depth, pk in above if is_party(one)]
    fitting = [(-rank, depth, pk) for rank, depth, pk in higher if rank < level]
    return min(fitting)[2] if fitting else None


# --- posts --------------------------------------------------------------------------------------------------------
class Post(Choice):
    """The secretary of an economic community and its four specialists 社区岗位."""

    SECRETARY = "secretary", "社区书记"
    PARTY = "party", "党群建设专员"
    ECONOMY = "economy", "经济发展专员"
    GOVERNANCE = "governance", "综合治理专员"
    PUBLIC = "public", "公共事务专员"


class Footing(Choice):
    """Whether a post is somebody's own, or held beside one in the host community 任职方式."""

    OWN = "own", "专职"
    HOST = "host", "由属地社区兼任"


class WrongFooting(Choice):
    """Why a secretary cannot be one on this footing 任职方式不符."""

    NEEDS_HOST = "needs_host", "虚拟经济体社区的书记由属地社区副书记兼任，请选择“由属地社区兼任”。"
    NEEDS_OWN = "needs_own", "实体经济体社区有专职书记，请选择“专职”。"


def footing_refused(post: str, footing: str, community_kind: str) -> WrongFooting | None:
    """Why a post cannot be held on this footing; None when it can 任职方式校验.

    seed.txt: the secretary of a virtual community is the deputy secretary of its host; an established one has its own.
    """
    if post != Post.SECRETARY:
        return None
    if community_kind == "virtual" and footing != Footing.HOST:
        return WrongFooting.NEEDS_HOST
    if community_kind == "established" and footing != Footing.OWN:
        return WrongFooting.NEEDS_OWN
    return None


class CompanyKind(Choice):
    """What a company does for a park or building, or for the street 公司类型."""

    PROPERTY = "property", "物业公司"
    OPERATOR = "operator", "运营公司"
    OUTSOURCING = "outsourcing", "外包公司"


class Organised(Choice):
    """Whether a park or building has a Party organisation 党组织覆盖."""

    OWN = "own", "单独组建"
    ABOVE = "above", "由园区党组织覆盖"
    NONE = "none", "未覆盖"


def organised(own: bool, above: bool) -> Organised:
    """A building is covered by its own organisation, or else by that of the park it stands in 党组织覆盖."""
    if own:
        return Organised.OWN
    return Organised.ABOVE if above else Organised.NONE
