"""Years and months as conditions name them: relative to the day of judgement, or fixed 期间.

`Y0` is the year of the day, `Y-1` the last full one; `M-1` the last full month; `2025` and `2025-03` are fixed; empty means undated.
"""

import re
from datetime import date
from typing import Final

_RELATIVE: Final = re.compile(r"([YM])-?(\d{1,3})")
_YEAR: Final = re.compile(r"(19|20|21)\d\d")
_MONTH: Final = re.compile(r"(19|20|21)\d\d-(0[1-9]|1[0-2])")
_RANGE: Final = re.compile(r"([YM])-?(\d{1,2})\.\.([YM])-?(\d{1,2})")
YEARLY: Final = "FY"
MONTHLY: Final = "month"
DEFAULTS: Final = {YEARLY: "Y-1", MONTHLY: "M-1"}  # the last full one: the running year is not known yet


def canonical(text: str) -> str | None:
    """One spelling for a period (`Y0`, `Y-1`, `M-3`, `2025`, `2025-03`, empty); None when it is none."""
    if not text:
        return ""
    if found := _RELATIVE.fullmatch(text):
        return f"{found[1]}0" if int(found[2]) == 0 else f"{found[1]}-{int(found[2])}"
    return text if _YEAR.fullmatch(text) or _MONTH.fullmatch(text) else None


def span(text: str) -> tuple[str, ...] | None:
    """The periods of a range such as `Y-1..Y-3`, newest first; None when it is none."""
    found = _RANGE.fullmatch(text.replace(" ", ""))
    if not found or found[1] != found[3]:
        return None
    low, high = sorted((int(found[2]), int(found[4])))
    return tuple(f"{found[1]}0" if back == 0 else f"{found[1]}-{back}" for back in range(low, high + 1))


def rhythm(period: str) -> str:
    """Whether a canonical period is of a year, of a month, or undated."""
    if not period:
        return ""
    return MONTHLY if period.startswith("M") or _MONTH.fullmatch(period) else YEARLY


def resolved(period: str, day: date) -> str:
    """The period as facts carry it: `Y-1` on a day of 2026 is `2025`, `M-1` in January is December of the year before."""
    if period.startswith("Y"):
        return f"{day.year + _back(period):04d}"
    if period.startswith("M"):
        months = day.year * 12 + day.month - 1 + _back(period)
        return f"{months // 12:04d}-{months % 12 + 1:02d}"
    return period


def earlier(period: str, steps: int) -> str:
    """The period so many years or months before, relative or fixed; undated stays undated."""
    if period.startswith(("Y", "M")):
        back = _back(period) - steps
        return f"{period[0]}{back}" if back else f"{period[0]}0"
    if _MONTH.fullmatch(period):
        months = int(period[:4]) * 12 + int(period[5:]) - 1 - steps
        return f"{months // 12:04d}-{months % 12 + 1:02d}"
    return f"{int(period) - steps:04d}" if period else ""


def _back(period: str) -> int:
    return int(period[1:])
