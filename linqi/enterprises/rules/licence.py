"""What a photographed business licence says: the credit code and the name, and how sure each of them is 营业执照识读.

The code is the key; the register gives the name. So a code counts only when its check characters hold: that of GB 32100-2015
over the whole and, for print read by a machine, that of GB 11714 over characters 9 to 17 as well. What was mended is a
proposal to be looked at, never an answer. Texts and figures of the judgement: docs/rules/licence.md.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from math import atan2, cos, hypot, pi, sin
from statistics import median
from typing import Final

from linqi.enterprises.rules.names import BRANCH_MARKS, name_key
from linqi.kit.choices import Choice
from linqi.kit.identifiers import ALPHABET, has_organisation_code, is_uscc, normal_code

Point = tuple[float, float]
SURE_SCORE: Final = 0.97  # of a line, 0 to 1, below which a name is to be looked at; measured with bench/licence.py
MOST_CHANGES: Final = 2  # characters that a proposal may change; with three, chance alone passes both checks
_DIGITS: Final = frozenset("0123456789")
_REGION: Final = range(2, 8)  # places of the region of GB/T 2260: digits only
_ORGANISATION: Final = range(8, 17)


class Sure(Choice):
    """How sure the code of a licence is 代码可信程度."""

    AGREED = "agreed", "二维码与印刷的代码一致，校验通过"
    QR = "qr", "由二维码读出，校验通过"
    PRINTED = "printed", "由印刷文字读出，两道校验都通过"
    PROPOSED = "proposed", "推测的代码，请对照原件核对"
    DIFFERENT = "different", "读出了互相矛盾的代码，请对照原件"
    WRONG = "wrong", "读到的代码校验不通过，不予采用"
    NOTHING = "nothing", "没有读到代码"


ACCEPTED: Final = (Sure.AGREED, Sure.QR, Sure.PRINTED)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text as the reader found it: four corners in pixels of the picture, and how sure it is, 0 to 1."""

    text: str
    box: tuple[Point, Point, Point, Point]
    score: float


@dataclass(frozen=True, slots=True)
class Placed:
    """A line on the upright page: corners in the order of reading, and where it stands there."""

    line: Line
    corners: tuple[Point, Point, Point, Point]
    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        """Pixels from top to bottom."""
        return self.bottom - self.top

    @property
    def text(self) -> str:
        """What is written, in one form and without spaces."""
        return _one_form(self.line.text)


@dataclass(frozen=True, slots=True)
class CodeFound:
    """The code, when it is accepted; `proposed`: what it may be, likeliest first; `seen`: what stood there as read."""

    sure: Sure
    code: str = ""
    proposed: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether the code may be looked up without a person having compared it."""
        return self.sure in ACCEPTED


@dataclass(frozen=True, slots=True)
class NameFound:
    """The name as read; `clear`: read beside its own label, to its end and without doubt; `score`: 0 to 1."""

    text: str = ""
    clear: bool = False
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class LicenceFound:
    """What one picture of a licence says."""

    code: CodeFound
    name: NameFound


def judged(qr_texts: Sequence[str], passes: Sequence[Sequence[Line]]) -> LicenceFound:
    """Code and name from the texts of QR codes and from one or more readings of the print 识读结论."""
    pages = [upright(lines) for lines in passes]
    return LicenceFound(
        code_found(qr_texts, [text for page in pages for text in code_like(page)]), _name_of(qr_texts, pages)
    )


# --- the code ------------------------------------------------------------------------------------------------------
def codes_in_qr(text: str) -> list[str]:
    """The valid credit codes that stand in the text of a QR code by themselves 二维码中的代码.

    Licences since 2019 carry an address of the publicity system that ends in the code (…?uniscid=CODE), some older ones
    name and code in plain words, others an address that names nobody. No address is ever opened.
    """
    plain = re.sub(r"%3[AD]", " ", unicodedata.normalize("NFKC", text), flags=re.IGNORECASE).upper()
    found = re.findall(r"(?<![0-9A-Z])[0-9A-Z]{18}(?![0-9A-Z])", plain)
    return list(dict.fromkeys(code for code in found if is_uscc(code)))


def code_like(page: Sequence[Placed]) -> list[str]:
    """What may be the printed code: runs of 16 to 20 letters and digits, a code printed in two pieces put together."""
    found = []
    for text in [*(one.text for one in page), *_neighbours(page)]:
        found += re.findall(r"(?<![0-9A-Z])[0-9A-Z]{16,20}(?![0-9A-Z])", normal_code(text))
    return [one for one in dict.fromkeys(found) if sum(letter in _DIGITS for letter in one) >= 6]


def code_found(qr_texts: Sequence[str], printed: Sequence[str]) -> CodeFound:
    """The code of a licence from its QR codes and from what print was read as, with how sure it is 代码判定.

    `printed`: readings of the code line, several of one line when it was read again.
    """
    by_qr = list(dict.fromkeys(code for text in qr_texts for code in codes_in_qr(text)))
    seen = tuple(dict.fromkeys(printed))
    by_print = [one for one in seen if _holds(one)]
    if len({*by_qr, *by_print}) > 1:
        return CodeFound(Sure.DIFFERENT, proposed=(*by_qr, *(one for one in by_print if one not in by_qr)), seen=seen)
    if by_qr:
        return CodeFound(Sure.AGREED if by_print else Sure.QR, by_qr[0], seen=seen)
    if by_print:
        return CodeFound(Sure.PRINTED, by_print[0], seen=seen)
    if proposed := proposals(seen):
        return CodeFound(Sure.PROPOSED, proposed=proposed, seen=seen)
    return CodeFound(Sure.WRONG if seen else Sure.NOTHING, seen=seen)


def proposals(seen: Sequence[str]) -> tuple[str, ...]:
    """What a misread code may have been, fewest changes first; both check characters hold for each 代码推测.

    Changed are characters that cannot stand there (GB 32100 knows no I, O, S, V, Z; a region has digits only), characters on
    which several readings differ, and characters that look like others, at most `MOST_CHANGES` of them; one
    character too many is left out when it is doubled or stands at an end. A code that passes only the outer check is
    proposed first, as it is.
    """
    read = [one for text in seen for one in _of_right_length(text)]
    counted: dict[str, int] = {}
    for text in dict.fromkeys(read):
        for changes, code in _mended(text, [one for one in read if one != text]):
            counted[code] = min(changes, counted.get(code, changes))
    least = min(counted.values(), default=0)
    outer = [one for one in seen if is_uscc(one)]
    return tuple(dict.fromkeys([*outer, *(code for code, changes in counted.items() if changes <= least)]))


def _holds(text: str) -> bool:
    """Whether print read as this is a code by every rule that can be checked without a register."""
    return is_uscc(text) and all(text[at] in _DIGITS for at in _REGION) and has_organisation_code(text)


def _of_right_length(text: str) -> list[str]:
    if len(text) == 18:
        return [text]
    if len(text) != 19:
        return []
    leave = {0, 18, *(at for at in range(18) if text[at] == text[at + 1])}
    return [text[:at] + text[at + 1 :] for at in sorted(leave)]


def _mended(text: str, others: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Each code that holds and differs from the text in few characters, with how many."""
    must, may = [], []
    for at, letter in enumerate(text):
        allowed = [one for one in _other(at, letter, others) if _may_stand(at, one)]
        if not _may_stand(at, letter):
            must.append((at, allowed))
        elif allowed:
            may.append((at, allowed))
    if len(must) > 2 * MOST_CHANGES:  # no code any more, and many combinations
        return
    for more in range(max(0, MOST_CHANGES - len(must)) + 1):
        for chosen in combinations(may, more):
            places = [*must, *chosen]
            for letters in product(*(allowed for _at, allowed in places)):
                code = list(text)
                for (at, _allowed), letter in zip(places, letters, strict=True):
                    code[at] = letter
                if _holds("".join(code)):
                    yield len(places), "".join(code)


def _may_stand(at: int, letter: str) -> bool:
    return letter in (_DIGITS if at in _REGION else ALPHABET)


def _other(at: int, letter: str, others: Sequence[str]) -> list[str]:
    """What may stand there instead: what other readings say, then what looks alike."""
    said = [one[at] for one in others]
    return [one for one in dict.fromkeys([*said, *_LOOKS_LIKE.get(letter, "")]) if one != letter]


# Letters a reader mistakes for each other, as seen in readings of generated licences and in print faces; product default.
_ALIKE: Final = (
    "0ODQ", "0U", "0C", "1IL7T", "1J", "2Z7", "5S6", "8B3", "8S", "6G", "68", "CG", "4A", "EF", "FP", "PR", "RK", "BR", "BE",
    "KX", "XY", "UVY", "VW", "MNHW", "DP", "JT", "39", "AR", "LE",
)  # fmt: skip
_LOOKS_LIKE: Final = {
    letter: "".join(dict.fromkeys(other for group in _ALIKE if letter in group for other in group if other != letter))
    for letter in sorted(set("".join(_ALIKE)))
}


# --- the name ------------------------------------------------------------------------------------------------------
def _name_of(qr_texts: Sequence[str], pages: Sequence[Sequence[Placed]]) -> NameFound:
    """The name that most readings agree on; one beside its label before one found by its ending."""
    found = [one for page in pages if (one := name_found(page)).text]
    said = (re.search(r"名称\s*[:：]\s*([^;；,，\s]{2,})", text) for text in qr_texts)  # older licences: in plain words
    found += [NameFound(one[1], clear=True, score=1.0) for one in said if one]
    if not found:
        return NameFound()
    votes: dict[str, float] = defaultdict(float)
    for one in found:
        votes[name_key(one.text)] += one.score
    clear = {name_key(one.text) for one in found if one.clear}
    best = max(found, key=lambda one: (one.clear, votes[name_key(one.text)], one.score))
    return replace(best, clear=best.clear and len(clear) == 1)


def name_found(page: Sequence[Placed]) -> NameFound:
    """The name on the upright page, its second line too, and whether it is beyond doubt 名称判定."""
    parts = name_parts(page)
    if not parts:
        return NameFound()
    text = _LABEL_IN_FRONT.sub("", _name_form(_without_next_column("".join(one.text for one in parts))))
    score = min(one.line.score for one in parts)
    placed = _label(page) is not None or _is_at_its_place(page, parts)
    return NameFound(text, clear=placed and score >= SURE_SCORE and bool(_NAME_ENDS(text)), score=score)


def name_parts(page: Sequence[Placed]) -> list[Placed]:
    """The lines that make up the name: right of its label 名称, else the first that ends as names end; empty when none."""
    label = _label(page)
    if label is None:
        return _by_ending(page)
    on_label = bool(_LABEL_IN_FRONT.sub("", label.text))
    first = label if on_label else _right_of(page, label)
    if first is None:
        return _by_ending(page)
    parts = [first]
    while not _NAME_ENDS(parts[-1].text) and len(parts) < 3:
        left = parts[-1].left if parts[-1] is not label else None
        below = _below(page, parts[-1], left)
        if below is None:
            break
        parts.append(below)
    return parts


def _by_ending(page: Sequence[Placed]) -> list[Placed]:
    """The uppermost line that ends as names end, with the line it continues; labels and types of enterprises are none."""
    ending = [one for one in page if _NAME_ENDS(one.text) and len(one.text) <= 60 and not _OTHER_LABEL(one.text)]
    last = min(ending, key=lambda one: one.top, default=None)
    if last is None:
        return []
    before = [
        one
        for one in page
        if 0 < last.top - one.top < last.height * 1.6
        and abs(one.left - last.left) < last.height
        and len(one.text) > len(last.text)
        and not _OTHER_LABEL(one.text)
        and not code_like([one])
    ]
    parts = [*before[-1:], last]
    return parts if sum(len(one.text) for one in parts) >= 4 else []


def _is_at_its_place(page: Sequence[Placed], parts: Sequence[Placed]) -> bool:
    """Whether a name without its label stands under the title or the code and over the rows that follow it on every licence."""
    over = [one.top for one in page if one.text.startswith(_ABOVE[:2])]
    under = [one.top for one in page if _OTHER_LABEL(one.text) and not one.text.startswith(_ABOVE[:2])]
    return (
        bool(over and under) and max(over) < parts[0].top < min(under) + 2 * parts[0].height
    )  # beside the name stands the capital


def code_area(page: Sequence[Placed]) -> tuple[Point, Point, Point, Point] | None:
    """Where the code must stand, as corners in the picture, in the order of reading: around its label, right of it and below.

    For a second, closer look; None when the label was not found.
    """
    label = next((one for one in page if _CODE_LABEL(one.text)), None)
    if label is None:
        return None
    (x0, y0), (x1, y1), _far, (x3, y3) = label.corners
    along = ((x1 - x0), (y1 - y0))
    down = ((x3 - x0), (y3 - y0))

    def at(wide: float, deep: float) -> Point:
        return x0 + along[0] * wide + down[0] * deep, y0 + along[1] * wide + down[1] * deep

    return at(-0.15, -0.6), at(2.4, -0.6), at(2.4, 4.2), at(-0.15, 4.2)


def code_line(page: Sequence[Placed]) -> Placed | None:
    """The line most like a code, valid or not; None when nothing is."""
    like = [one for one in page if re.search(r"[0-9A-Z]{12,}", normal_code(one.text)) and not _OTHER_LABEL(one.text)]
    return max(like, key=lambda one: sum(letter in _DIGITS for letter in one.text), default=None)


def _label(page: Sequence[Placed]) -> Placed | None:
    """The line with the label 名称; its two letters may be far apart and so be two lines."""
    whole = [one for one in page if _LABEL_IN_FRONT.match(one.text)]
    if whole:
        return min(whole, key=lambda one: (len(one.text) > 3, one.top))
    for one in page:
        if one.text == "名":
            right = _right_of(page, one)
            if right is not None and right.text.startswith("称"):
                both = replace(right.line, text="名" + right.text)
                return replace(right, line=both)
    return None


def _right_of(page: Sequence[Placed], one: Placed) -> Placed | None:
    middle = (one.top + one.bottom) / 2
    row = [
        other
        for other in page
        if other is not one
        and other.left > (one.left + one.right) / 2
        and abs((other.top + other.bottom) / 2 - middle) < max(one.height, other.height) * 0.6
    ]
    return min(row, key=lambda other: other.left, default=None)


def _below(page: Sequence[Placed], one: Placed, left: float | None) -> Placed | None:
    """The next line of the same paragraph: close below, beginning at the same left edge when it is known."""
    near = [
        other
        for other in page
        if one.bottom - one.height * 0.4 < other.top < one.bottom + one.height * 0.9
        and (abs(other.left - left) < one.height * 1.2 if left is not None else other.left > one.left + one.height)
        and not _OTHER_LABEL(other.text)
        and other.left < one.right
    ]
    return min(near, key=lambda other: other.top, default=None)


def _neighbours(page: Sequence[Placed]) -> Iterator[str]:
    """Two lines of letters and digits that stand beside each other, put together."""
    pieces = [one for one in page if re.fullmatch(r"[0-9A-Z]{3,15}", normal_code(one.text))]
    for one in pieces:
        other = _right_of(pieces, one)
        if other is not None and other.left - one.right < one.height * 2:
            yield one.text + other.text


def _one_form(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def _without_next_column(text: str) -> str:
    """The name without the label of the column beside it, which a reader may take into the same line; its annex closed.

    A closing bracket that stands alone on a second line is often not seen.
    """
    own = re.split(r"(?<=.{4})(?:注册资本|成立日期|组成形式)", text)[0]
    return own + ")" if _OPEN_ANNEX(own) else own


def _name_form(text: str) -> str:
    """A name as licences print it: full-width brackets, none of the points and colons that a reader sees in dirt."""
    return text.strip(" .,·:：'\"|_-—~").replace("(", "（").replace(")", "）")


_ENDS: Final = (
    "公司", "合伙企业", "(有限合伙)", "(普通合伙)", "(特殊普通合伙)", "企业", "合作社", "事务所", "工作室", "(个人独资)", "(个体工商户)",
    "中心", "商行", "经营部", "店", "厂", "部", "馆", "行", "铺", "坊", "院", "社", "超市", "银行", *BRANCH_MARKS,
)  # fmt: skip
_NAME_ENDS: Final = re.compile(
    rf"(?:{'|'.join(map(re.escape, _ENDS))}|（(?:有限合伙|普通合伙|特殊普通合伙|个人独资|个体工商户)）)$"
).search
_OPEN_ANNEX: Final = re.compile(r"\((?:有限合伙|普通合伙|特殊普通合伙|个人独资|个体工商户)$").search
_CODE_LABEL: Final = re.compile(r"^统一社|社会信用|信用代码|用代码$").search  # a blurred label is one too
_LABEL_IN_FRONT: Final = re.compile(r"^名称[:：]?|^(?:企业|字号)名称[:：]?")
_OTHER_LABEL: Final = re.compile(
    r"^(?:(?:其他)?(?:有限责任公司|股份有限公司)(?:分公司)?(?:\(.*)?$|(?:有限|普通|特殊普通)合伙企业$|个人独资企业$|农民专业合作社$|个体工商户$|"
    r"类型|法定代表人|负责人|经营者|执行事务合伙人|投资人|经营范围|注册资本|成立日期|营业期限|合伙期限|住所|经营场所|主要经营场所|组成形式|登记机关|营业执照|"
    r"统一社会信用|一般项目|许可项目|国家企业信用|市场主体)"
).match


# --- the page upright ----------------------------------------------------------------------------------------------
def upright(lines: Iterable[Line], on_its_head: bool | None = None) -> list[Placed]:
    """The lines of a picture as they stand when the page is turned upright, whichever way it was held 摆正.

    The slope is that of the longer lines. `on_its_head`: whether the page is to be turned by half beside it, when known; else
    told by words that stand above others on every licence.
    """
    listed = [one for one in lines if one.text.strip()]
    if not listed:
        return []
    angle = _slope(listed)
    page = [_placed(one, angle) for one in listed]
    turn = not _head_is_up(page) if on_its_head is None else on_its_head
    return [_placed(one, angle + pi) for one in listed] if turn else page


def _slope(lines: Sequence[Line]) -> float:
    """The direction of the text in radians, between −45° and 135°: half a turn more is told by the words."""
    long = sorted(lines, key=lambda one: -max(_sides(one)))[: max(3, len(lines) // 2)]
    angles = []
    for one in long:
        (x0, y0), (x1, y1), (x2, y2), _last = one.box
        wide, high = _sides(one)
        dx, dy = (x1 - x0, y1 - y0) if wide >= high else (x2 - x1, y2 - y1)
        angle = atan2(dy, dx) % pi
        angles.append(angle - pi if angle > pi * 0.75 else angle)
    return median(angles)


def _sides(one: Line) -> tuple[float, float]:
    (x0, y0), (x1, y1), (x2, y2), _last = one.box
    return hypot(x1 - x0, y1 - y0), hypot(x2 - x1, y2 - y1)


def _placed(one: Line, angle: float) -> Placed:
    turned = [(x * cos(angle) + y * sin(angle), y * cos(angle) - x * sin(angle), (x, y)) for x, y in one.box]
    upper, lower = sorted(turned, key=lambda point: point[1])[:2], sorted(turned, key=lambda point: point[1])[2:]
    first, second = (sorted(pair, key=lambda point: point[0]) for pair in (upper, lower))
    corners = (first[0][2], first[1][2], second[1][2], second[0][2])
    left, right = sum(p[0] for p in (first[0], second[0])) / 2, sum(p[0] for p in (first[1], second[1])) / 2
    top, bottom = sum(p[1] for p in upper) / 2, sum(p[1] for p in lower) / 2
    return Placed(one, corners, left, top, right, bottom)


_ABOVE: Final = ("营业执照", "统一社会信用代码", "名称")  # in this order down the page
_UNDER: Final = ("类型", "经营范围", "登记机关", "注册资本", "成立日期", "住所", "法定代表人")


def _head_is_up(page: Sequence[Placed]) -> bool:
    above = [one.top for one in page if one.text.startswith(_ABOVE)]
    under = [one.top for one in page if one.text.startswith(_UNDER)]
    if not above or not under:
        return True
    return sum(above) / len(above) <= sum(under) / len(under)
