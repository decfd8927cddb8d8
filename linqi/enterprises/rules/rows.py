"""What the cells of a registry mean: capital, kind of entity, status, address. Pure; unknown is None, never zero."""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final

# --- capital -------------------------------------------------------------------------------------------------------
_CURRENCIES: Final = {
    "人民币": "CNY", "元人民币": "CNY", "rmb": "CNY", "cny": "CNY", "￥": "CNY", "¥": "CNY",
    "美元": "USD", "美金": "USD", "usd": "USD", "us$": "USD", "港元": "HKD", "港币": "HKD", "hkd": "HKD", "hk$": "HKD",
    "欧元": "EUR", "eur": "EUR", "日元": "JPY", "jpy": "JPY", "英镑": "GBP", "gbp": "GBP", "新台币": "TWD", "台币": "TWD",
    "韩元": "KRW", "新加坡元": "SGD", "新元": "SGD", "加元": "CAD", "加拿大元": "CAD", "澳元": "AUD", "澳大利亚元": "AUD",
    "瑞士法郎": "CHF", "瑞郎": "CHF", "马克": "DEM", "德国马克": "DEM",
}  # fmt: skip
_CURRENCY: Final = re.compile("|".join(sorted(map(re.escape, _CURRENCIES), key=len, reverse=True)))
_SCALES: Final = {
    "": 1,
    "千": 1_000,
    "万": 10_000,
    "十万": 100_000,
    "百万": 1_000_000,
    "千万": 10_000_000,
    "亿": 100_000_000,
}
_AMOUNT: Final = re.compile(r"(\d+(?:\.\d+)?)\(?(十万|百万|千万|万|亿|千)?")
_FINANCIAL: Final = {
    "零": 0, "壹": 1, "贰": 2, "叁": 3, "肆": 4, "伍": 5, "陆": 6, "柒": 7, "捌": 8, "玖": 9,
    "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9,
}  # fmt: skip
_STEPS: Final = {"拾": 10, "十": 10, "佰": 100, "百": 100, "仟": 1000, "千": 1000}
_IN_WORDS: Final = re.compile(r"[零壹贰叁肆伍陆柒捌玖一二两三四五六七八九拾十佰百仟千万亿]{2,}")
MOST_CAPITAL: Final = Decimal(10) ** 15


@dataclass(frozen=True, slots=True)
class Capital:
    """An amount in whole units of its currency (ISO 4217)."""

    amount: Decimal
    currency: str


@lru_cache(maxsize=32768)
def read_capital(text: str, unit: str = "") -> Capital | None:
    """Registered capital in any of its formats: 1000万人民币元, 50(万元人民币), 4,200(万), 100万美元, 壹佰万元整 …

    `unit`: what the heading says (万元). A plain number without any unit is yuan only when it is 10,000 or more; below
    that nobody can tell yuan from 万元, so it is unknown: None. So is a capital of nothing.
    """
    plain = re.sub(r"[\s,]", "", unicodedata.normalize("NFKC", text)).lower()
    told = plain + unicodedata.normalize("NFKC", unit).lower()
    money = _CURRENCY.search(told)
    currency = _CURRENCIES[money.group()] if money else "CNY"
    bare = _CURRENCY.sub("", plain)
    match = _AMOUNT.search(bare)
    if match:
        amount, scale = Decimal(match[1]), match[2] or ""
    else:
        words = _IN_WORDS.search(bare)
        if not words:
            return None
        amount, scale = Decimal(_in_words(words.group())), "元"
    if scale in _SCALES and scale:
        amount *= _SCALES[scale]
    elif not scale:
        of_heading = next((step for step in ("千万", "百万", "十万", "亿", "万", "千") if step in unit), "")
        amount *= _SCALES[of_heading]
        if not of_heading and "元" not in told and amount < 10_000:
            return None
    return Capital(amount.quantize(Decimal("0.01")), currency) if 0 < amount < MOST_CAPITAL else None


def _in_words(text: str) -> int:
    """壹佰贰拾万 → 1200000."""
    total = section = digit = 0
    for letter in text:
        if letter in _FINANCIAL:
            digit = _FINANCIAL[letter]
        elif letter in _STEPS:
            section += (digit or 1) * _STEPS[letter]
            digit = 0
        else:
            total = (total + section + digit) * (10_000 if letter == "万" else 100_000_000)
            section = digit = 0
    return total + section + digit


# --- kind of entity, status ------------------------------------------------------------------------------------------
_TYPES: Final = (
    ("self_employed", ("个体",)),
    ("branch", ("分公司", "分支机构", "分支")),
    ("foreign_rep", ("代表机构", "常驻代表")),
    ("co_op", ("专业合作社", "合作社")),
    ("sole_proprietor_enterprise", ("个人独资企业",)),
    ("partnership", ("合伙",)),
    ("public_institution", ("事业单位",)),
    ("ngo", ("社会团体", "民办非企业", "社会服务机构", "基金会")),
    ("company", ("有限", "公司", "全民所有制", "集体所有制", "国有", "股份合作")),
)
_BRANCH_ENDS: Final = ("分公司", "分店", "分行", "支行", "分理处", "营业部", "办事处", "分厂", "门市部", "经营部分部")
_STATUSES: Final = (
    ("moved_out", ("迁出",)),
    ("revoked", ("未注销",)),  # 吊销，未注销
    ("deregistering", ("注销中", "清算", "简易注销")),
    ("deregistered", ("注销",)),
    ("revoked", ("吊销",)),
    ("active", ("存续", "在业", "开业", "正常", "在营", "登记成立")),
)


@lru_cache(maxsize=4096)
def read_type(text: str) -> str:
    """The kind of entity in the dictionary's words; empty when the text names none 主体类型."""
    return next((code for code, words in _TYPES if any(word in text for word in words)), "")


def type_of_name(name: str) -> str:
    """The kind that a name alone settles by law: a branch says so, only a company may call itself 有限公司; else empty."""
    bare = re.sub(r"\(.*?\)$", "", unicodedata.normalize("NFKC", name))
    if bare.endswith(_BRANCH_ENDS):
        return "branch"
    if bare.endswith(("有限公司", "有限责任公司", "股份公司")):
        return "company"
    if bare.endswith("合作社"):
        return "co_op"
    return "partnership" if "合伙企业" in name else ""


@lru_cache(maxsize=1024)
def read_status(text: str) -> str:
    """The registry's status in the dictionary's words; empty when the text names none 登记状态."""
    return next((code for code, words in _STATUSES if any(word in text for word in words)), "")


def read_truth(text: str) -> bool | None:
    """是/否 in its many spellings; None when it is neither."""
    word = text.strip().lower()
    if word in {"是", "y", "yes", "true", "1", "√", "有"}:
        return True
    return False if word in {"否", "n", "no", "false", "0", "×", "无"} else None


# --- address -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Address:
    """An address taken apart; what it does not name is empty 地址."""

    province: str = ""
    city: str = ""
    district: str = ""
    street: str = ""
    road: str = ""
    number: str = ""
    building: str = ""
    floor: str = ""
    room: str = ""


_REGION: Final = re.compile(
    r"^(?:中国)?(?:中国\(浙江\)自由贸易试验区|中国\(浙江\)自贸区)?"
    r"(?P<province>(?:浙江|江苏|安徽|福建|江西|广东|山东)省|浙江(?=杭州|宁波))?"
    r"(?P<city>[\u4e00-\u9fff]{2,4}?市)?"
    r"(?P<district>[\u4e00-\u9fff]{2,4}?(?:新区|开发区|区|县|市))?"
)
_STREET: Final = re.compile(r"(?P<street>[\u4e00-\u9fff]{2,6}?(?:街道|镇|乡))(?!企业)")
_ROAD: Final = re.compile(
    r"(?P<road>[\u4e00-\u9fffA-Za-z0-9]{1,10}?(?:大道|路|街(?!道)|巷|弄|公路))(?P<number>\d+(?:[-之]\d+)?号?)?"
)
_BUILDING: Final = re.compile(
    r"(?P<building>[\u4e00-\u9fff]{0,12}?[0-9A-Za-z一二三四五六七八九十]{1,4}(?:号楼|幢|栋|座|号厂房)|[\u4e00-\u9fff]{2,14}?(?:大厦|大楼|广场|中心|科技园|产业园|创业园|创意园|园区|国际|商城|市场))"
)
_FLOOR: Final = re.compile(r"(?P<floor>(?:地下)?[0-9一二三四五六七八九十]{1,3})(?:层|楼(?!宇))")
_ROOM: Final = re.compile(
    r"(?P<room>[A-Za-z]?[0-9]{1,5}(?:[-、,/][A-Za-z0-9]{1,5})*(?:[A-Za-z])?)(?:室|号房|房间|号铺|商铺)"
)
_ROOM_AT_END: Final = re.compile(r"(?<=[幢栋座楼层厦心])(?P<room>[A-Za-z]?[0-9]{2,5}(?:-[0-9]{1,4})?)$")


@lru_cache(maxsize=32768)
def read_address(text: str) -> Address:
    """Take an address apart from left to right; never raises, and names nothing it does not see."""
    rest = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
    region = _REGION.match(rest)
    found = {key: value or "" for key, value in region.groupdict().items()} if region else {}
    rest = rest[region.end() :] if region else rest
    for pattern in (_STREET, _ROAD, _BUILDING, _FLOOR, _ROOM):
        match = pattern.search(rest)
        if match:
            found.update({key: value or "" for key, value in match.groupdict().items()})
            rest = rest[match.end() :] if pattern is not _FLOOR else rest[: match.start()] + rest[match.end() :]
    if not found.get("room") and (match := _ROOM_AT_END.search(unicodedata.normalize("NFKC", text))):
        found["room"] = match["room"]
    return Address(**found)
