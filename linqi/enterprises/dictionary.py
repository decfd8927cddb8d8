"""The dictionary of facts: what may be known of an enterprise, how it is read, checked and shown 信息字典.

A value is kept as JSON: decimals as strings, dates as ISO text. Unknown is the absence of a fact, never a zero.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final

import yaml
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from linqi.ui import shown

FILE: Final = Path(__file__).parent / "data" / "fields.yaml"
_YES: Final = frozenset({"是", "有", "对", "Y", "YES", "TRUE", "1", "√"})
_NO: Final = frozenset({"否", "无", "没有", "不是", "N", "NO", "FALSE", "0", "×"})
_SIZES: Final = {
    "亿": Decimal(100_000_000),
    "千万": Decimal(10_000_000),
    "百万": Decimal(1_000_000),
    "万": Decimal(10_000),
}
_NUMBER: Final = re.compile(r"(-?\d+(?:\.\d+)?)(亿|千万|百万|万)?")
_UNIT_WORDS: Final = (
    "人民币",
    "元",
    "人",
    "名",
    "个",
    "件",
    "项",
    "平方米",
    "平米",
    "㎡",
    "M2",
    "年",
    "月",
    "分",
    "约",
)
_DATE: Final = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_PERIODS: Final = {"FY": re.compile(r"(19|20|21)\d\d"), "month": re.compile(r"(19|20|21)\d\d-(0[1-9]|1[0-2])")}
_LIMIT: Final = Decimal(10) ** 18  # beyond any enterprise in the world; catches a code typed into a money field


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a text is no value of the field, in words for the person who typed it."""

    message: str

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class Word:
    """One value of a closed field, in both languages."""

    code: str
    zh: str
    en: str

    @property
    def label(self) -> str:
        return self.en if _english() else self.zh


@dataclass(frozen=True, slots=True)
class Field:
    """One field: what it is, how it is typed, for which period it speaks, who holds it, how sensitive it is."""

    key: str
    zh: str
    en: str
    type: str
    period: str
    holder: str
    sensitivity: str
    unit: str = ""
    values: tuple[Word, ...] = ()
    derived: str = ""
    note: str = ""
    subject: str = ""

    @property
    def label(self) -> str:
        """The field's name in the reader's language."""
        return self.en if _english() else self.zh

    @property
    def holder_label(self) -> str:
        """Who normally holds the value."""
        return _holders().get(self.holder, self.holder)

    @property
    def secret(self) -> bool:
        """A business secret 商业秘密."""
        return self.sensitivity == "business_secret"

    @property
    def personal(self) -> bool:
        """Says something of persons 个人信息."""
        return self.sensitivity in ("personal", "sensitive_personal")

    @property
    def asked_for(self) -> bool:
        """Whether a person may be asked for it: derived fields are computed, those of single persons never kept."""
        return not self.derived and not self.subject


class UnknownFieldError(KeyError, ValueError):
    """A key that the dictionary does not hold."""


@lru_cache(maxsize=1)
def fields() -> Mapping[str, Field]:
    """All fields by key, in the order of the dictionary."""
    read = yaml.safe_load(FILE.read_text(encoding="utf-8"))["fields"]
    made = []
    for row in read:
        values = tuple(Word(str(one["code"]), str(one["zh"]), str(one["en"])) for one in row.pop("values", ()))
        made.append(Field(**row, values=values))
    return {field.key: field for field in made}


def field(key: str) -> Field:
    """The field under this key; UnknownFieldError when there is none."""
    try:
        return fields()[key]
    except KeyError:
        raise UnknownFieldError(key) from None


def parse(key: str, text: str) -> Any | Problem:
    """What a person typed, as it is kept; a Problem in words when it cannot be read 读取填写值.

    Reads full-width characters, thousands separators, 万 and 亿, percentages for ratios, 是/否, labels of values.
    """
    one = field(key)
    plain = unicodedata.normalize("NFKC", text).strip()
    if not plain:
        return Problem(_("没有填写。"))
    readers: dict[str, Callable[[str], Any]] = {
        "int": partial(_number, one),
        "decimal": partial(_number, one),
        "bool": _boolean,
        "date": _date,
        "list": _list,
    }
    try:
        return stored(key, readers.get(one.type, str)(plain))
    except ValueError as problem:
        return Problem(str(problem))


def stored(key: str, value: Any) -> Any:
    """A typed value as JSON keeps it, checked against the dictionary; ValueError in words when it does not fit."""
    one = field(key)
    if value is None or value == "":
        raise ValueError(_("没有值。未知不登记。"))
    if one.subject:
        raise ValueError(_("这是个人信息，不登记到企业名下。"))
    return _CHECKS[one.type](one, value)


def typed(key: str, value: Any) -> Any:
    """A kept value with its own type again: Decimal, int, date, bool, text or list."""
    one = field(key)
    if value is None:
        return None
    if one.type == "decimal":
        return Decimal(value)
    if one.type == "date":
        return date.fromisoformat(value)
    return value


def show(key: str, value: Any) -> str:
    """A kept value in words for a reader; the sign of the unknown for None 显示."""
    one = field(key)
    if value is None:
        return "—"
    if one.type == "bool":
        return _("是") if value else _("否")
    if one.type == "enum" and one.values:
        return next((word.label for word in one.values if word.code == value), str(value))
    if one.type in ("int", "decimal"):
        return _number_words(one, Decimal(str(value)))
    if one.type == "list":
        return "；".join(_item_words(item) for item in value) or _("无")
    return str(value)


def check_period(key: str, period: str) -> None:
    """Refuse a period that the field does not have: '2025' for a year, '2026-03' for a month, '' for the rest."""
    shape = _PERIODS.get(field(key).period)
    if shape is None and period:
        raise ValueError(_("该项不分期间。"))
    if shape is not None and not shape.fullmatch(period):
        raise ValueError(_("请填年度，如 2025。") if field(key).period == "FY" else _("请填月份，如 2026-03。"))


def _number(one: Field, text: str) -> Decimal:
    plain = text.upper().replace(",", "").replace(" ", "")
    share = plain.endswith("%") and one.unit == "ratio"
    plain = plain.removesuffix("%") if share else plain
    for word in _UNIT_WORDS:
        plain = plain.replace(word, "") if not plain.endswith("月份") else plain
    found = _NUMBER.fullmatch(plain)
    if not found:
        raise ValueError(_("请填数字。"))
    size = _SIZES[found[2]] if found[2] else Decimal(1)
    return Decimal(found[1]) * size / (100 if share else 1)


def _checked_number(one: Field, value: Any) -> int | str:
    if isinstance(value, (bool, float)):
        raise ValueError(_("请填数字。"))
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise ValueError(_("请填数字。")) from None
    if not number.is_finite() or abs(number) > _LIMIT:
        raise ValueError(_("数值超出合理范围。"))
    if one.type == "int":
        if number != number.to_integral_value():
            raise ValueError(_("请填整数。"))
        if number < 0:
            raise ValueError(_("不能为负数。"))
        return int(number)
    if number < 0 and one.unit in ("m2", "person", "year", "day", "score"):
        raise ValueError(_("不能为负数。"))
    text = format(number.normalize(), "f")
    return "0" if text == "-0" else text


def _checked_bool(one: Field, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(_("请填“是”或“否”。"))
    return value


def _checked_date(one: Field, value: Any) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    return (value if isinstance(value, date) else _date(str(value))).isoformat()


def _checked_list(one: Field, value: Any) -> list[Any]:
    if not isinstance(value, (list, tuple)):
        raise ValueError(_("应为列表。"))
    kept: list[Any] = json.loads(json.dumps(list(value), default=str))
    return kept


def _checked_text(one: Field, value: Any) -> str:
    text = str(value).strip()
    if one.values:
        return _code(one, text)
    if len(text) > 500:
        raise ValueError(_("文字过长。"))
    return text


_CHECKS: Final[Mapping[str, Callable[[Field, Any], Any]]] = {
    "int": _checked_number,
    "decimal": _checked_number,
    "bool": _checked_bool,
    "date": _checked_date,
    "list": _checked_list,
    "enum": _checked_text,
    "str": _checked_text,
}


def _boolean(text: str) -> bool:
    word = text.upper()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise ValueError(_("请填“是”或“否”。"))


def _date(text: str) -> date:
    found = _DATE.fullmatch(text)
    try:
        if found:
            return date(int(found[1]), int(found[2]), int(found[3]))
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(_("请填日期，如 2024-05-06。")) from None


def _code(one: Field, text: str) -> str:
    for word in one.values:
        if text in (word.code, word.zh, word.en) or text.casefold() == word.code.casefold():
            return word.code
    raise ValueError(_("请从这些中选择：%(labels)s。") % {"labels": "、".join(word.label for word in one.values)})


def _list(text: str) -> list[Any]:
    if text.startswith("["):
        try:
            read = json.loads(text)
        except json.JSONDecodeError:
            raise ValueError(_("列表格式有误。")) from None
        return read if isinstance(read, list) else [read]
    return [part for part in re.split(r"[;；\n]+", text) if part.strip()]


def _number_words(one: Field, number: Decimal) -> str:
    if one.unit == "CNY":
        return shown.money(number)
    if one.unit == "ratio":
        return shown.plain(number, "percent")
    if one.key == "four_above_first_year":
        return str(number)
    words = {
        "person": _("人"),
        "m2": "m²",
        "piece": _("件"),
        "year": _("年"),
        "month": _("个月"),
        "score": _("分"),
        "day": _("天"),
    }
    unit = words.get(one.unit, "")
    return f"{shown.number(number)} {unit}".strip()


def _item_words(item: Any) -> str:
    if isinstance(item, Mapping):
        return "，".join(str(value) for value in item.values() if value not in (None, ""))
    return str(item)


def _english() -> bool:
    return (get_language() or "").startswith("en")


@lru_cache(maxsize=1)
def _holders() -> Mapping[str, str]:
    held: dict[str, str] = yaml.safe_load(FILE.read_text(encoding="utf-8"))["holders"]
    return held
