"""The two inner loops, compiled: comparing a column with many thresholds, and running rules over bitmaps 编译内核.

Needs numba (`pip install linqi[fast]`); `machine` does the same in NumPy and gives the same bits.
"""

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from linqi.conditions.layout import Code

PUSH, AND_LEAF, OR_LEAF, AND, OR = (int(code) for code in (Code.PUSH, Code.AND_LEAF, Code.OR_LEAF, Code.AND, Code.OR))
CONSTANT, COUNT, DROP = int(Code.CONSTANT), int(Code.COUNT), int(Code.DROP)
BLOCK = 64  # words: three planes of eight entries stay in the first cache


@intrinsic
def _ones(_typing, word):  # type: ignore[no-untyped-def]
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        function = builder.module.declare_intrinsic("llvm.ctpop", [ir.IntType(64)])
        return builder.call(function, arguments)

    return types.int64(types.uint64), generate


@njit(cache=True, nogil=True)
def compare(values, known, kinds, thresholds, rows, holds, lo, hi):  # type: ignore[no-untyped-def]
    """Words lo…hi of a column against thresholds: kind 0 ≥, 1 >, 2 =; the answers go to the given rows of `holds`."""
    for at in range(len(thresholds)):
        bound, kind, out = thresholds[at], kinds[at], holds[rows[at]]
        for word in range(lo, hi):
            bits = np.uint64(0)
            base = word * 64
            if kind == 0:
                for bit in range(64):
                    bits |= np.uint64(values[base + bit] >= bound) << np.uint64(bit)
            elif kind == 1:
                for bit in range(64):
                    bits |= np.uint64(values[base + bit] > bound) << np.uint64(bit)
            else:
                for bit in range(64):
                    bits |= np.uint64(values[base + bit] == bound) << np.uint64(bit)
            out[word - lo] = bits & known[word]


@njit(cache=True, nogil=True)
def run(code, depth, holds, decided, live, out, counts, keep):  # type: ignore[no-untyped-def]  # noqa: PLR0912, PLR0915
    """Every rule over every block: `out[answer, 0]` possible, `out[answer, 1]` certain or exactly one short; counts added up.

    `keep`: whether `out` is written; `live`: the words of rows that exist.
    """
    width = holds.shape[1]
    certain = np.empty((depth, BLOCK), np.uint64)
    possible = np.empty((depth, BLOCK), np.uint64)
    close = np.empty((depth, BLOCK), np.uint64)
    everything = ~np.uint64(0)
    for start in range(0, width, BLOCK):
        size = min(BLOCK, width - start)
        top = -1
        for step in range(code.shape[0]):
            what, first, second = code[step, 0], code[step, 1], code[step, 2]
            if what <= OR_LEAF:
                inverse = everything if first < 0 else np.uint64(0)
                row = ~first if first < 0 else first
                a, k = holds[row, start : start + size], decided[second, start : start + size]
                if what == PUSH:
                    top += 1
                    t, p, c = certain[top], possible[top], close[top]
                    for j in range(size):
                        t[j] = (a[j] ^ inverse) & k[j]
                        p[j] = (a[j] ^ inverse) | ~k[j]
                        c[j] = k[j]
                elif what == AND_LEAF:
                    t, p, c = certain[top], possible[top], close[top]
                    for j in range(size):
                        x = (a[j] ^ inverse) & k[j]
                        c[j] = (c[j] & x) | (t[j] & k[j])
                        t[j] &= x
                        p[j] &= x | ~k[j]
                else:
                    t, p, c = certain[top], possible[top], close[top]
                    for j in range(size):
                        x = (a[j] ^ inverse) & k[j]
                        c[j] |= k[j]
                        t[j] |= x
                        p[j] |= x | ~k[j]
            elif what == AND:
                t, p, c = certain[top - 1], possible[top - 1], close[top - 1]
                t2, p2, c2 = certain[top], possible[top], close[top]
                for j in range(size):
                    c[j] = (c[j] & t2[j]) | (t[j] & c2[j])
                    t[j] &= t2[j]
                    p[j] &= p2[j]
                top -= 1
            elif what == OR:
                t, p, c = certain[top - 1], possible[top - 1], close[top - 1]
                t2, p2, c2 = certain[top], possible[top], close[top]
                for j in range(size):
                    c[j] |= c2[j]
                    t[j] |= t2[j]
                    p[j] |= p2[j]
                top -= 1
            elif what == CONSTANT:
                top += 1
                certain[top, :size] = everything if first == 2 else np.uint64(0)
                possible[top, :size] = everything if first >= 1 else np.uint64(0)
                close[top, :size] = everything if first == 2 else np.uint64(0)
            elif what == COUNT:
                t2, p2, c2 = certain[top], possible[top], close[top]
                for entry in range(first - 1, -1, -1):
                    here = top - first + entry
                    t, p, c = certain[here], possible[here], close[here]
                    if entry:
                        t1, p1, c1 = certain[here - 1], possible[here - 1], close[here - 1]
                        for j in range(size):
                            c[j] |= (c1[j] & t2[j]) | (t1[j] & c2[j])
                            t[j] |= t1[j] & t2[j]
                            p[j] |= p1[j] & p2[j]
                    else:
                        for j in range(size):
                            c[j] |= c2[j]
                            t[j] |= t2[j]
                            p[j] |= p2[j]
                top -= 1
                # the entry that reached the whole count stands highest; DROP moves it down
            elif what == DROP:
                certain[top - first, :size] = certain[top, :size]
                possible[top - first, :size] = possible[top, :size]
                close[top - first, :size] = close[top, :size]
                top -= first
            else:
                t, p, c = certain[top], possible[top], close[top]
                met = unknown = near = 0
                for j in range(size):
                    alive = live[start + j]
                    c[j] = (t[j] | (c[j] & ~p[j])) & alive
                    p[j] &= alive
                for j in range(size):
                    met += _ones(p[j] & c[j])
                    unknown += _ones(p[j] & ~c[j])
                    near += _ones(c[j] & ~p[j])
                counts[first, 0] += met
                counts[first, 1] += unknown
                counts[first, 2] += near
                if keep:
                    out[first, 0, start : start + size] = p[:size]
                    out[first, 1, start : start + size] = c[:size]
                top -= 1
