"""When money owed to a small firm had to be paid, and what it costs late: pure 拖欠账款.

Source: 保障中小企业款项支付条例 (State Council, revised 2025, in force 2025-06-01), art. 9 (terms) and art. 17 (interest).
A figure for the talk between both sides; whether it is owed is for them, a court or an authority to say.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from linqi.kit.choices import Choice

PUBLIC_DAYS: Final = 30  # natural days from delivery; organs and public institutions, art. 9
PUBLIC_MOST: Final = 60  # days that may be agreed with them, art. 9
LARGE_DAYS: Final = 60  # large enterprises where nothing else is agreed, art. 9
DAILY: Final = Decimal("0.0005")  # of the sum a day, where no interest is agreed, art. 17


class Debtor(Choice):
    """Who owes 付款方."""

    PUBLIC = "public", "机关、事业单位"
    LARGE = "large", "大型企业"
    OTHER = "other", "其他企业"


class Ground(Choice):
    """On what the date of payment rests 付款期限依据."""

    PUBLIC = "public", "机关、事业单位自交付之日起 30 日内付款（条例第九条）"
    PUBLIC_MOST = "public_most", "与机关、事业单位约定的期限最长 60 日，超过的按 60 日（条例第九条）"
    LARGE = "large", "大型企业自交付之日起 60 日内付款（条例第九条）"
    AGREED = "agreed", "按合同约定"
    UNKNOWN = "unknown", "条例没有规定这类付款方的期限，请补充合同约定"


@dataclass(frozen=True, slots=True)
class Owed:
    """A sum in yuan for what was delivered on a day; what was agreed, where something was."""

    amount: Decimal
    debtor: Debtor
    delivered_on: date
    agreed_days: int | None = None
    agreed_daily: Decimal | None = None  # share of the sum a day


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands on a day; `due_on`, `late` and `interest` are None where they cannot be known."""

    due_on: date | None
    ground: Ground
    late: int | None
    interest: Decimal | None


def standing(owed: Owed, today: date) -> Standing:
    """When it had to be paid, how many days ago that was, and the interest until today in yuan 逾期与利息."""
    days, ground = _term(owed)
    if days is None:
        return Standing(None, ground, None, None)
    due_on = owed.delivered_on + timedelta(days=days)
    late = max(0, (today - due_on).days)
    daily = owed.agreed_daily if owed.agreed_daily is not None else None if owed.debtor is Debtor.OTHER else DAILY
    interest = None if daily is None else (owed.amount * daily * late).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    return Standing(due_on, ground, late, interest)


def _term(owed: Owed) -> tuple[int | None, Ground]:
    if owed.debtor is Debtor.PUBLIC:
        if owed.agreed_days is None:
            return PUBLIC_DAYS, Ground.PUBLIC
        if owed.agreed_days > PUBLIC_MOST:
            return PUBLIC_MOST, Ground.PUBLIC_MOST
    if owed.agreed_days is not None:
        return owed.agreed_days, Ground.AGREED
    return (LARGE_DAYS, Ground.LARGE) if owed.debtor is Debtor.LARGE else (None, Ground.UNKNOWN)
