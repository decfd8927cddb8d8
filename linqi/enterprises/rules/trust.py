"""Which of several statements about the same thing counts while they stand side by side: pure 以谁为准."""

from datetime import date
from typing import Final

_AUTHORITY: Final = {"register": 2, "import": 1, "visit": 1, "enterprise": 1, "generated": 0}


def weight(kind: str, as_of: date) -> tuple[int, date]:
    """The higher counts: a register before anything that was brought in, heard or stated, then the newer word.

    An enterprise's own statement never silently takes the place of a register's (domain.md D1); both stay visible.
    """
    return _AUTHORITY.get(kind, 0), as_of
