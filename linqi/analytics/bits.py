"""Sets of rows as packed bits: 64 rows in a word, row 0 in the lowest bit of the first 位图."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Flags = NDArray[np.bool_]
ROWS: Final = 64  # rows in a word


def words_for(rows: int) -> int:
    """How many words hold so many rows."""
    return -(-rows // ROWS)


def pack(flags: Flags) -> Words:
    """Flags as words; missing rows of the last word are zero."""
    packed = np.packbits(flags, bitorder="little")
    words = np.zeros(words_for(len(flags)) * 8, np.uint8)
    words[: len(packed)] = packed
    return words.view(np.uint64)


def unpack(words: Words, rows: int) -> Flags:
    """Words as so many flags."""
    return np.unpackbits(np.ascontiguousarray(words).view(np.uint8), bitorder="little", count=rows).view(np.bool_)


def positions(words: Words, rows: int) -> NDArray[np.int64]:
    """The rows whose bit is set, in order."""
    return np.flatnonzero(unpack(words, rows))


def count(words: Words) -> int:
    """How many bits are set."""
    return int(np.bitwise_count(words).sum())


def everything(rows: int) -> Words:
    """All rows, and no bit beyond the last."""
    return pack(np.ones(rows, np.bool_))


def has(words: Words, row: int) -> bool:
    """Whether the bit of a row is set."""
    return bool(words[row // ROWS] >> np.uint64(row % ROWS) & np.uint64(1))


def put(words: Words, row: int, *, on: bool) -> None:
    """Set or clear the bit of a row, in place."""
    bit = np.uint64(1) << np.uint64(row % ROWS)
    words[row // ROWS] = words[row // ROWS] | bit if on else words[row // ROWS] & ~bit
