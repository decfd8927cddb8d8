"""The two inner loops in NumPy, and which of the two sets of loops is in use 位图运算."""

import os
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from linqi.analytics.bits import ROWS, Words
from linqi.conditions.layout import Code, Program

BLOCK: Final = 2_048  # words of a block: long enough for NumPy's overhead, short enough for the second cache
_KINDS: Final = (np.greater_equal, np.greater, np.equal)


def compiled() -> Any | None:
    """The compiled loops, or None: without numba, or with LINQI_FAST=0."""
    if os.environ.get("LINQI_FAST", "1") == "0":
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
    lo: int,
    hi: int,
) -> None:
    """Words lo…hi of a column against thresholds: kind 0 ≥, 1 >, 2 =; the answers go to the given rows of `holds`."""
    if fast := compiled():
        fast.compare(values, known, kinds, thresholds, rows, holds, lo, hi)
        return
    part, decided = values[lo * ROWS : hi * ROWS], known[lo:hi]
    for kind, bound, row in zip(kinds, thresholds, rows, strict=True):
        packed = np.packbits(_KINDS[kind](part, bound), bitorder="little")
        np.bitwise_and(packed.view(np.uint64), decided, out=holds[row])


def run(
    program: Program,
    holds: NDArray[np.uint64],
    decided: NDArray[np.uint64],
    live: Words,
    out: NDArray[np.uint64],
    counts: NDArray[np.int64],
    *,
    keep: bool,
) -> None:
    """Every rule of a program over the bitmaps; `out` and `counts` as in `fast.run`."""
    if fast := compiled():
        fast.run(program.code, program.depth, holds, decided, live, out, counts, keep)
        return
    width = holds.shape[1]
    for start in range(0, width, BLOCK):
        _block(program, slice(start, min(width, start + BLOCK)), holds, decided, live, out, counts, keep)


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
            c &= live[words]
            p &= live[words]
            counts[first] += [int(np.bitwise_count(plane).sum()) for plane in (p & c, p & ~c, c & ~p)]
            if keep:
                out[first, 0, words] = p
                out[first, 1, words] = c
            top -= 1
