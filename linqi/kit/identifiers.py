"""The codes enterprises are known by: the unified social credit code and the old registration number 统一社会信用代码.

GB 32100-2015: 18 characters = registering department (1) + class (1) + region GB/T 2260 (6) + organisation code GB 11714 (9,
its last a check character) + check character. The 15-digit registration number (GS 15-2006) is older and kept apart.
"""

import re
import unicodedata
from dataclasses import dataclass
from math import isnan
from typing import Final

from linqi.kit.choices import Choice

ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # no I, O, S, V, Z
_VALUE: Final = {letter: value for value, letter in enumerate(ALPHABET)}
_WEIGHTS: Final = tuple(pow(3, place, 31) for place in range(17))
_INNER_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
_INNER_VALUE: Final = {letter: value for value, letter in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
_LOOKS_RIGHT: Final = re.compile(rf"[{ALPHABET}]{{18}}").fullmatch
_SCIENTIFIC: Final = re.compile(r"\d(?:\.\d+)?E\+?\d{2}").fullmatch
_INVISIBLE: Final = re.compile(r"[\s\u200b-\u200f\u2060\ufeff\u00ad\-‐-―－_'’`]+")


class Code(Choice):
    """What a text in the code column turned out to be 代码类别."""

    USCC = "uscc", "统一社会信用代码"
    OLD_NUMBER = "old_number", "15 位注册号"
    NOTHING = "nothing", "没有代码"
    ROUNDED = "rounded", "被表格软件改写的代码"
    MALFORMED = "malformed", "写错的代码"


@dataclass(frozen=True, slots=True)
class Reading:
    """A code as read: what it is, its clean text, and when it cannot be used, why and what to do about it."""

    kind: Code
    text: str
    problem: str = ""

    @property
    def usable(self) -> bool:
        """Whether it identifies an enterprise."""
        return self.kind in {Code.USCC, Code.OLD_NUMBER}


def read_code(text: object) -> Reading:
    """Read whatever stands in a code column; never raises, never guesses 读代码."""
    if isinstance(text, float) and isnan(text):  # an empty cell, as some readers give it
        return Reading(Code.NOTHING, "")
    if isinstance(text, float):
        return Reading(Code.ROUNDED, f"{text:.0f}", _ROUNDED)
    raw = "" if text is None else str(text)
    clean = raw if raw and _LOOKS_RIGHT(raw) else normal_code(raw)
    if not clean:
        return Reading(Code.NOTHING, "")
    if len(clean) == 18 and clean.isascii() and clean.isdigit() and clean.endswith("000") and not is_uscc(clean):
        return Reading(Code.ROUNDED, clean, _ROUNDED)  # Excel keeps 15 digits and fills with zeros
    if _SCIENTIFIC(clean):
        return Reading(Code.ROUNDED, clean, _ROUNDED)
    if len(clean) == 18:
        return _read_eighteen(clean)
    if len(clean) == 15 and clean.isascii() and clean.isdigit():
        if is_old_number(clean):
            return Reading(Code.OLD_NUMBER, clean)
        return Reading(
            Code.MALFORMED, clean, f"15 位注册号校验不通过，末位应为 {old_check_digit(clean[:14])}；请核对原件"
        )
    return Reading(Code.MALFORMED, clean, f"统一社会信用代码应为 18 位，这里是 {len(clean)} 位；请核对营业执照")


def normal_code(text: str) -> str:
    """A code in its one form: half-width, upper case, without spaces, hyphens and invisible characters."""
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).upper()


def is_uscc(code: str) -> bool:
    """Whether a clean text is a credit code with the right check character."""
    return bool(_LOOKS_RIGHT(code)) and check_character(code[:17]) == code[17]


def is_old_number(number: str) -> bool:
    """Whether a clean text is a 15-digit registration number with the right check digit."""
    return len(number) == 15 and number.isascii() and number.isdigit() and old_check_digit(number[:14]) == number[14]


def check_character(body: str) -> str:
    """The check character of the first 17 characters (31 − Σ value × 3^i) mod 31, GB 32100-2015."""
    return ALPHABET[-sum(_VALUE[letter] * weight for letter, weight in zip(body, _WEIGHTS, strict=True)) % 31]


def organisation_check(body: str) -> str:
    """The check character of an organisation code's first eight, mod 11, GB 11714."""
    total = sum(_INNER_VALUE[letter] * weight for letter, weight in zip(body, _INNER_WEIGHTS, strict=True))
    return "0123456789X"[-total % 11]


def has_organisation_code(code: str) -> bool:
    """Whether characters 9–17 of a credit code are an organisation code with its own right check character."""
    return organisation_check(code[8:16]) == code[16]


def old_check_digit(body: str) -> str:
    """The check digit of the first 14 digits of an old number: ISO 7064 MOD 11,10, GS 15-2006."""
    state = 10
    for digit in body:
        state = ((state + int(digit)) % 10 or 10) * 2 % 11
    return str((11 - state) % 10)


def make_uscc(department: str, kind: str, region: str, organisation: str) -> str:
    """A valid code from its parts; `organisation`: the first eight characters of the organisation code, alphabet of GB 32100."""
    body = department + kind + region + organisation + organisation_check(organisation)
    return body + check_character(body)


def region_of(code: str) -> str:
    """The GB/T 2260 region written into a credit code: where it was first registered."""
    return code[2:8]


def mask_name(name: str) -> str:
    """The name of a self-employed with what may be a person's name covered: 余杭区张三便利店 becomes 余杭区**便利店 脱敏.

    Place names at the head and the trade at the tail stay; when neither is recognised, only the first and last two characters do.
    """
    head = _PLACE_AT_HEAD(name)
    kept = head.end() if head else 0
    tail = _TRADE_AT_TAIL(name, kept)
    end = tail.start() if tail else max(kept, len(name) - 2)
    if kept == 0 and not tail and len(name) <= 4:
        return name[:1] + "**"
    return f"{name[:kept]}**{name[end:]}"


_ROUNDED: Final = (
    "代码被表格软件改写成了数字，后几位已经丢失，无法还原；请把该列设为“文本”后，从原始名册重新导出，或填写完整代码"
)
_PLACE_AT_HEAD: Final = re.compile(
    r"(?:.{2,3}省)?(?:.{2,3}市)?(?:.{2,3}(?:新区|区|县))?(?:.{2,4}(?:街道|镇|乡))?(?<=[省市区县道镇乡])"
).match
_TRADE_AT_TAIL: Final = re.compile(
    r"(?:便利|百货|超市|副食|水果|蔬菜|粮油|茶叶|烟酒|食品|小吃|餐饮|餐馆|饭|面|早餐|奶茶|咖啡|烘焙|服装|鞋|箱包|饰品|家具|建材|五金|装饰|"
    r"汽车(?:修理|维修|用品)?|电动车|摩托车|手机|电脑|电子|数码|通讯|图文|广告|印刷|摄影|美容|美发|理发|足浴|健身|药|眼镜|花|宠物|"
    r"家电|维修|洗衣|干洗|棋牌|培训|物流|快递|租赁|商务|信息|咨询|贸易|经营|加工|服务|养殖|种植)*"
    r"(?:店|部|馆|坊|屋|铺|行|厂|社|室|院|站|场|吧|中心|超市|工作室|经营部|商行|农家乐)$"
).search


def _read_eighteen(code: str) -> Reading:
    strange = next((letter for letter in code if letter not in _VALUE), "")
    if strange:
        hint = {"I": "1", "O": "0", "S": "5", "Z": "2"}.get(strange)
        like = f"，是不是 {hint}" if hint else ""
        return Reading(Code.MALFORMED, code, f"代码里不会有“{strange}”{like}；请核对营业执照")
    expected = check_character(code[:17])
    if expected != code[17]:
        return Reading(
            Code.MALFORMED,
            code,
            f"校验位不符：末位应为 {expected}，这里是 {code[17]}，前面至少有一位写错；请核对营业执照",
        )
    return Reading(Code.USCC, code)
