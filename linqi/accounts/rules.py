"""Who may hand on which role, and what a user owes before the product opens."""

from collections.abc import Callable, Iterable
from datetime import date
from enum import Enum

OVER = {"enterprise_user": "enterprise", "department_handler": "department"}
"""What a role is held over, where that is not a place."""

GOVERNING = ("accounts.", "journal.")
"""Permissions that decide what others may do, or show what others did; nobody hands on more of these than they hold."""

ALPHABET = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # nothing that is misread: no l, i, o, I, O, 0, 1
LENGTH = 14  # letters of a one-time password: 55^14 ≈ 2^81


class Refusal(Enum):
    """Why a role may not be handed on; the value is what the giver is told."""

    OUT_OF_REACH = "您的管理范围不包括这个对象。"
    WRONG_OBJECT = "这个角色不能授予在这类对象上。"
    EXCEEDS = "这个角色的权限超出您自己的权限。"
    DATES = "结束日期须晚于开始日期。"


class Duty(Enum):
    """What is owed before anything else."""

    PASSWORD = "password"  # noqa: S105 – the name of a duty
    SECOND_FACTOR = "second_factor"


def over(role: str) -> str:
    """What a role is held over: a place, an enterprise or a department 授权对象."""
    return OVER.get(role, "place")


def refusal(
    *,
    role: str,
    carries: Iterable[str],
    target: str,
    covered: bool,
    held: Callable[[str], bool],
    since: date,
    until: date | None,
) -> Refusal | None:
    """Why this role may not be given over this target, or None when it may 授权规则.

    `carries`: permissions of the role. `target`: "place", "enterprise" or "department". `covered`: the giver may
    manage accounts there. `held(permission)`: the giver holds it over this very target; asked for governing
    permissions only, because the work of a handler or of an enterprise (to accept, to rate) is held by no leader and
    must still be given by one. Without this question a leader could make an operator.
    """
    if over(role) != target:
        return Refusal.WRONG_OBJECT
    if until is not None and until <= since:
        return Refusal.DATES
    if not covered:
        return Refusal.OUT_OF_REACH
    if any(not held(permission) for permission in sorted(set(carries)) if permission.startswith(GOVERNING)):
        return Refusal.EXCEEDS
    return None


def duty(
    *, must_change_password: bool, second_factor_required: bool, has_second_factor: Callable[[], bool]
) -> Duty | None:
    """What a signed-in user owes: first a password of their own, then a second factor where it is asked for."""
    if must_change_password:
        return Duty.PASSWORD
    if second_factor_required and not has_second_factor():
        return Duty.SECOND_FACTOR
    return None


def one_time_password(choose: Callable[[str], str]) -> str:
    """A password to be read out once 一次性密码; `choose` picks one letter (secrets.choice)."""
    return "".join(choose(ALPHABET) for _ in range(LENGTH))
