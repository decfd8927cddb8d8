"""The fields a condition may speak of: type, unit, rhythm, words, and the formula of those that are derived 字段.

The engine knows no enterprise: whoever stands above hands it a book (`enterprises.known.book`) and may add signals of its own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction
from functools import cached_property
from types import MappingProxyType
from typing import Final, Self

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from linqi.conditions import formulas, periods
from linqi.conditions.errors import ConditionError
from linqi.conditions.values import Kind

KINDS: Final = {
    "int": Kind.NUMBER,
    "decimal": Kind.NUMBER,
    "date": Kind.DATE,
    "bool": Kind.FLAG,
    "enum": Kind.CODE,
    "str": Kind.CODE,
    "list": Kind.SET,
}
UNITS: Final[Mapping[str, Mapping[str, Fraction]]] = {  # the field's unit → how a condition may write it → factor
    "CNY": {"CNY": Fraction(1), "元": Fraction(1), "CNY_10k": Fraction(10**4), "万元": Fraction(10**4), "亿元": Fraction(10**8)},
    "ratio": {"ratio": Fraction(1), "percent": Fraction(1, 100), "%": Fraction(1, 100)},
    "person": {"person": Fraction(1), "人": Fraction(1)},
    "day": {"day": Fraction(1), "天": Fraction(1)},
    "month": {"month": Fraction(1), "个月": Fraction(1), "year": Fraction(12), "年": Fraction(12)},
    "year": {"year": Fraction(1), "年": Fraction(1), "month": Fraction(1, 12), "个月": Fraction(1, 12)},
    "piece": {"piece": Fraction(1), "件": Fraction(1)},
    "score": {"score": Fraction(1), "分": Fraction(1)},
    "m2": {"m2": Fraction(1), "㎡": Fraction(1), "平方米": Fraction(1)},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """One field: how its values are typed, and in which words people speak of it.

    `type`: int | decimal | date | bool | enum | str | list; `period`: FY | month | anything else for undated;
    `values`: (code, 中文, English) of a closed field; `group`: who holds it, in words; `asked`: whether a person can be asked for it;
    `apart`: it may be recorded and looked at, but no condition and no formula may speak of it.
    """

    key: str
    zh: str
    en: str
    type: str
    unit: str = ""
    period: str = ""
    values: tuple[tuple[str, str, str], ...] = ()
    formula: str = ""
    group: str = ""
    asked: bool = True
    apart: bool = False

    @property
    def kind(self) -> Kind:
        """What its values are like."""
        return KINDS[self.type]

    @property
    def rhythm(self) -> str:
        """`FY` for a value each year, `month` for one each month, empty for undated ones."""
        return self.period if self.period in periods.DEFAULTS else ""

    @property
    def label(self) -> str:
        """Its name in the reader's language."""
        return self.en if english() else self.zh

    def word(self, code: str) -> str:
        """One of its values in words; the code itself when it has none."""
        return next((en if english() else zh for known, zh, en in self.values if known == code), code)


class Book(Mapping[str, Field]):
    """All fields by key, their formulas read and free of circles.

    ConditionError (`fields.<key>.formula`) for a formula that cannot be read, asks for unknown fields, mixes kinds or leads back to itself.
    """

    def __init__(self, fields: Iterable[Field]) -> None:
        self._fields = MappingProxyType({field.key: field for field in fields})
        self._formulas = {
            key: formulas.read(field.formula, f"fields.{key}.formula")
            for key, field in self._fields.items()
            if field.formula
        }
        for key in self._formulas:
            self._refuse_circle(key, ())
        for key, formula in self._formulas.items():
            self.check(formula, f"fields.{key}.formula", self._fields[key].kind)

    def __getitem__(self, key: str) -> Field:
        return self._fields[key]

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def formula(self, key: str) -> formulas.Formula | None:
        """How a field is derived from others; None for one that is only ever recorded."""
        return self._formulas.get(key)

    def with_fields(self, fields: Iterable[Field]) -> Self:
        """A book with more fields, such as signals that an app knows of itself; the same key again replaces, but not one kept apart."""
        more = {field.key: field for field in fields}
        apart = {key: field for key, field in self._fields.items() if field.apart}
        return type(self)({**self._fields, **more, **apart}.values())

    def check(self, formula: formulas.Formula, path: str, wanted: Kind) -> None:
        """Refuse a formula that asks for unknown fields, moves undated ones in time, or gives another kind of value."""
        for reference in formulas.references(formula):
            field = self.known(reference.key, path)
            if not field.rhythm and (reference.back or reference.period):
                raise ConditionError(
                    path, _("“%(field)s”不分期间。") % {"field": field.label}, _("请去掉方括号里的期间。")
                )
        if formulas.kind_of(formula, lambda key: self._fields[key].kind, path) != wanted:
            raise ConditionError(path, _("公式的结果类型与字段不符。"), _("请检查字段类型。"))

    def known(self, key: str, path: str) -> Field:
        """The field under a key that a condition or formula speaks of; ConditionError for one kept apart, or with the nearest for none."""
        if (found := self._fields.get(key)) is not None and found.apart:
            raise ConditionError(
                path,
                _("“%(field)s”不得用作判定条件：党组织信息不参与对企业的任何判定。") % {"field": found.label},
                _("请删去这一条件，或改用其他字段。"),
            )
        if found is not None:
            return found
        near = get_close_matches(key, self._fields, n=3)
        remedy = _("是否指：%(names)s？") % {"names": "、".join(near)} if near else _("请从信息字典中选择。")
        raise ConditionError(path, _("没有“%(key)s”这个字段。") % {"key": key}, remedy)

    @cached_property
    def inputs(self) -> Mapping[str, tuple[str, ...]]:
        """For each derived field the recorded fields it comes from in the end."""
        return {key: tuple(dict.fromkeys(self._leaves(key))) for key in self._formulas}

    def _leaves(self, key: str) -> list[str]:
        if key not in self._formulas:
            return [key]
        return [leaf for one in formulas.references(self._formulas[key]) for leaf in self._leaves(one.key)]

    def _refuse_circle(self, key: str, way: tuple[str, ...]) -> None:
        if key in way:
            circle = " → ".join((*way[way.index(key) :], key))
            raise ConditionError(
                f"fields.{key}.formula",
                _("派生字段互相引用：%(circle)s。") % {"circle": circle},
                _("请改写其中一个公式。"),
            )
        if key in self._formulas:
            for reference in formulas.references(self._formulas[key]):
                self._refuse_circle(reference.key, (*way, key))


def english() -> bool:
    """Whether the reader reads English."""
    return (get_language() or "").startswith("en")
