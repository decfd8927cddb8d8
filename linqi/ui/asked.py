"""What an address or a form asks for, made safe to look up; what cannot be meant is nothing 请求参数."""

from typing import Final

MOST_DIGITS: Final = 15  # an id of any table fits; longer ones would not fit into the database's integers


def an_id(text: str | None) -> int:
    """An id, 0 when the text is none: no row has the id 0."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else 0


def words(text: str | None, most: int) -> str:
    """A text without the characters that a database refuses, at most this long."""
    return (text or "").replace("\x00", "")[:most]
