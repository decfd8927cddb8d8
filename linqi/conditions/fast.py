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
LANES = 8  # neighbours compared by one vector instruction or two
BLOCK = 64  # words: three planes of eight entries stay in the first cache


@intrinsic
def _ones(_typing, word):  # type: ignore[no-untyped-def]
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        function = builder.module.declare_intrinsic("llvm.ctpop", [ir.IntType(64)])
        return builder.call(function, arguments)

    return types.int64(types.uint64), generate


def _vector(sign):  # type: ignore[no-untyped-def]
    """A comparison of 64 neighbours in an array with one bound, as one word; LLVM makes vector instructions of it."""

    @intrinsic
    def compared(_typing, values, base, bound):  # type: ignore[no-untyped-def]
        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            kind = signature.args[0]
            array = context.make_array(kind)(context, builder, arguments[0])
            element = context.get_data_type(kind.dtype)
            many, index, word = ir.VectorType(element, LANES), ir.IntType(32), ir.IntType(64)
            one = builder.insert_element(ir.Constant(many, ir.Undefined), arguments[2], index(0))
            spread = builder.shuffle_vector(
                one, ir.Constant(many, ir.Undefined), ir.Constant(ir.VectorType(index, LANES), [0] * LANES)
            )
            bits = word(0)
            for lane in range(0, 64, LANES):
                at = builder.gep(array.data, [builder.add(arguments[1], arguments[1].type(lane))])
                loaded = builder.load(builder.bitcast(at, many.as_pointer()))
                loaded.align = kind.dtype.bitwidth // 8
                if sign == "has":
                    found = builder.icmp_unsigned("!=", builder.and_(loaded, spread), ir.Constant(many, [0] * LANES))
                elif sign == "all":
                    found = builder.icmp_unsigned("==", builder.and_(loaded, spread), spread)
                elif isinstance(kind.dtype, types.Float):
                    found = builder.fcmp_ordered(sign, loaded, spread)
                else:
                    found = builder.icmp_signed(sign, loaded, spread)
                part = builder.zext(builder.bitcast(found, ir.IntType(LANES)), word)
                bits = builder.or_(bits, builder.shl(part, word(lane)))
            return bits

        return types.uint64(values, types.intp, values.dtype), generate

    return compared


_at_least, _above, _equal, _has, _all = (_vector(sign) for sign in (">=", ">", "==", "has", "all"))


@njit(cache=True, nogil=True)
def compare(values, known, kinds, thresholds, rows, holds, base, lo, hi):  # type: ignore[no-untyped-def]
    """Words lo…hi of a column against thresholds: kind 0 ≥, 1 >, 2 =; answers go to rows of `holds`, whose first word is `base`."""
    for word in range(lo, hi):
        row, seen = word * 64, known[word]
        for at in range(len(thresholds)):
            if kinds[at] == 0:
                bits = _at_least(values, row, thresholds[at])
            elif kinds[at] == 1:
                bits = _above(values, row, thresholds[at])
            else:
                bits = _equal(values, row, thresholds[at])
            holds[rows[at], word - base] = bits & seen


@njit(cache=True, nogil=True)
def look_up(values, known, luts, rows, holds, base, lo, hi):  # type: ignore[no-untyped-def]
    """Words lo…hi of a column of codes against tables that say for each code whether it passes.

    A bitmap for each code is made first; a comparison is then the union of those that pass, or what is left of those that do not.
    """
    codes, size = luts.shape[1], hi - lo
    each = np.zeros((codes, size), np.uint64)
    for word in range(lo, hi):
        for bit in range(64):
            each[values[word * 64 + bit], word - lo] |= np.uint64(1) << np.uint64(bit)
    for at in range(len(rows)):
        lut, out = luts[at], holds[rows[at], lo - base : hi - base]
        few = 2 * lut.sum() <= codes
        for j in range(size):
            out[j] = np.uint64(0)
        for code in range(codes):
            if (lut[code] != 0) == few:
                one = each[code]
                for j in range(size):
                    out[j] |= one[j]
        for j in range(size):
            out[j] = (out[j] if few else ~out[j]) & known[lo + j]


@njit(cache=True, nogil=True)
def contain(values, known, every, masks, rows, holds, base, lo, hi):  # type: ignore[no-untyped-def]
    """Words lo…hi of a column of sets against masks: one of the items, or where `every` is set all of them."""
    for word in range(lo, hi):
        row, seen = word * 64, known[word]
        for at in range(len(masks)):
            bits = _all(values, row, masks[at]) if every[at] else _has(values, row, masks[at])
            holds[rows[at], word - base] = bits & seen


@njit(cache=True, nogil=True)
def run(code, depth, holds, decided, live, out, counts, keep, base, lo, hi):  # type: ignore[no-untyped-def]  # noqa: PLR0912, PLR0915
    """Every rule over words lo…hi: `out[answer, 0]` possible, `out[answer, 1]` certain or exactly one short; counts added up.

    `base`: the first word of the tables; `keep`: whether `out`, which begins at word `lo`, is written; `live`: the words of rows that exist.
    """
    certain = np.empty((depth, BLOCK), np.uint64)
    possible = np.empty((depth, BLOCK), np.uint64)
    close = np.empty((depth, BLOCK), np.uint64)
    everything = ~np.uint64(0)
    for first_word in range(lo, hi, BLOCK):
        size = min(BLOCK, hi - first_word)
        start = first_word - base
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
                    alive = live[first_word + j]
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
                    out[first, 0, first_word - lo : first_word - lo + size] = p[:size]
                    out[first, 1, first_word - lo : first_word - lo + size] = c[:size]
                top -= 1
