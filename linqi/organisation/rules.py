"""What a full link team is: pure."""

from collections.abc import Iterable
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
