"""The two inner loops in NumPy, and which of the two sets of loops is in use 位图运算."""

import os
import sys
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from linqi.analytics.bits import ROWS, Words
from linqi.conditions.layout import Code, Program

BLOCK: Final = 2_048  # words of a block: long enough for NumPy's overhead, short enough for the second cache
LIGHT: Final = 4_000_000  # word operations that NumPy has done before numba is even loaded
_KINDS: Final = (np.greater_equal, np.greater, np.equal)


def compiled(work: int = LIGHT) -> Any | None:
    """The compiled loops, or None: without numba, with LINQI_FAST=0, or for work too light to load them for."""
    if os.environ.get("LINQI_FAST", "1") == "0" or (work < LIGHT and "linqi.conditions.fast" not in sys.modules):
        return None
    try:
        from linqi.conditions import fast
    except ImportError:
        return None
    return fast


def compare(
    values: NDArray[Any],
    known: Words,
    kinds: NDArray[np.uint8],
    thresholds: NDArray[Any],
    rows: NDArray[np.int64],
    holds: NDArray[np.uint64],
    base: int,
    lo: int,
    hi: int,
) -> None:
    """Words lo…hi of a column against thresholds: kind 0 ≥, 1 >, 2 =; answers go to rows of `holds`, whose first word is `base`."""
    if fast := compiled((hi - lo) * len(rows) * ROWS):
        fast.compare(values, known, kinds, thresholds, rows, holds, base, lo, hi)
        return
    part, decided = values[lo * ROWS : hi * ROWS], known[lo:hi]
    for kind, bound, row in zip(kinds, thresholds, rows, strict=True):
        packed = np.packbits(_KINDS[kind](part, bound), bitorder="little")
        np.bitwise_and(packed.view(np.uint64), decided, out=holds[row, lo - base : hi - base])


def look_up(
    values: NDArray[np.int32],
    known: Words,
    luts: NDArray[np.uint8],
    rows: NDArray[np.int64],
    holds: NDArray[np.uint64],
    base: int,
    lo: int,
    hi: int,
) -> None:
    """Words lo…hi of a column of codes against tables that say for each code whether it passes."""
    if fast := compiled((hi - lo) * len(rows) * ROWS):
        fast.look_up(values, known, luts, rows, holds, base, lo, hi)
        return
    part, decided = values[lo * ROWS : hi * ROWS], known[lo:hi]
    for lut, row in zip(luts, rows, strict=True):
        packed = np.packbits(lut[part], bitorder="little")
        np.bitwise_and(packed.view(np.uint64), decided, out=holds[row, lo - base : hi - base])


def contain(
    values: NDArray[np.uint64],
    known: Words,
    every: NDArray[np.bool_],
    masks: NDArray[np.uint64],
    rows: NDArray[np.int64],
    holds: NDArray[np.uint64],
    base: int,
    lo: int,
    hi: int,
) -> None:
    """Words lo…hi of a column of sets against masks: one of the items, or where `every` is set all of them."""
    if fast := compiled((hi - lo) * len(rows) * ROWS):
        fast.contain(values, known, every, masks, rows, holds, base, lo, hi)
        return
    part, decided = values[lo * ROWS : hi * ROWS], known[lo:hi]
    for whole, mask, row in zip(every, masks, rows, strict=True):
        held = part & mask
        packed = np.packbits(held == mask if whole else held != 0, bitorder="little")
        np.bitwise_and(packed.view(np.uint64), decided, out=holds[row, lo - base : hi - base])


def run(
    program: Program,
    holds: NDArray[np.uint64],
    decided: NDArray[np.uint64],
    live: Words,
    out: NDArray[np.uint64],
    counts: NDArray[np.int64],
    *,
    keep: bool,
    base: int,
    lo: int,
    hi: int,
) -> None:
    """Every rule of a program over words lo…hi of the bitmaps; `out`, `counts` and `base` as in `fast.run`."""
    if fast := compiled(len(program.code) * (hi - lo)):
        fast.run(program.code, program.depth, holds, decided, live, out, counts, keep, base, lo, hi)
        return
    for start in range(lo, hi, BLOCK):
        end = min(hi, start + BLOCK)
        part = out[:, :, start - lo : end - lo]
        _block(program, slice(start - base, end - base), holds, decided, live[start:end], part, counts, keep)


def _block(  # noqa: PLR0912, PLR0915  one branch for each instruction
    program: Program,
    words: slice,
    holds: NDArray[np.uint64],
    decided: NDArray[np.uint64],
    live: Words,
    out: NDArray[np.uint64],
    counts: NDArray[np.int64],
    keep: bool,
) -> None:
    stack = np.empty((program.depth, 3, words.stop - words.start), np.uint64)
    spare = np.empty(words.stop - words.start, np.uint64)
    top = -1
    for what, first, second in program.code.tolist():
        if what <= Code.OR_LEAF:
            k = decided[second, words]
            a = k & ~holds[~first, words] if first < 0 else holds[first, words]
            if what == Code.PUSH:
                top += 1
                stack[top, 0] = a
                np.bitwise_or(a, ~k, out=stack[top, 1])
                stack[top, 2] = k
                continue
            t, p, c = stack[top]
            may = np.bitwise_or(a, np.bitwise_not(k, out=spare), out=spare)
            if what == Code.AND_LEAF:
                c &= a
                c |= t & k
                t &= a
                p &= may
            else:
                c |= k
                t |= a
                p |= may
        elif what in (Code.AND, Code.OR):
            (t, p, c), (t2, p2, c2) = stack[top - 1], stack[top]
            if what == Code.AND:
                c &= t2
                c |= t & c2
                t &= t2
                p &= p2
            else:
                c |= c2
                t |= t2
                p |= p2
            top -= 1
        elif what == Code.CONSTANT:
            top += 1
            full = ~np.uint64(0)
            stack[top, 0] = stack[top, 2] = full if first == 2 else 0
            stack[top, 1] = full if first >= 1 else 0
        elif what == Code.COUNT:
            t2, p2, c2 = stack[top]
            for here in range(top - 1, top - first, -1):
                (t, p, c), (t1, p1, c1) = stack[here], stack[here - 1]
                c |= (c1 & t2) | (t1 & c2)
                t |= t1 & t2
                p |= p1 & p2
            stack[top - first, 0] |= t2
            stack[top - first, 1] |= p2
            stack[top - first, 2] |= c2
            top -= 1
        elif what == Code.DROP:
            stack[top - first] = stack[top]
            top -= first
        else:
            t, p, c = stack[top]
            c &= ~p
            c |= t
            c &= live
            p &= live
            counts[first] += [int(np.bitwise_count(plane).sum()) for plane in (p & c, p & ~c, c & ~p)]
            if keep:
                out[first, 0] = p
                out[first, 1] = c
            top -= 1
