"""A dispatch table in words: what its rows ask, and what is wrong with it 派单表的文字."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from linqi.cases.dispatch import Facts, Fault, Finding
from linqi.cases.models import DispatchRow, Source
from linqi.catalogue.models import CaseClass, Category
from linqi.territory.models import Coverage, Place
from linqi.ui import shown

FEW = 3  # categories named before the rest is only counted
TONES = {Fault.HOLE: "bad", Fault.ENDED: "bad", Fault.NEVER: "warn", Fault.SHADOWED: "warn", Fault.CROSSED: "warn"}


@dataclass(frozen=True, slots=True)
class Said:
    """A finding as the page tells it: its kind, what is wrong, the case that shows it, and the row to mend."""

    label: str
    tone: str
    text: str
    example: str
    row: int | None


class Wording:
    """The words for one street's table."""

    def __init__(self, street: Place, rows: Sequence[DispatchRow], categories: Iterable[Category]) -> None:
        self.street = street
        self.at = {row.pk: place for place, row in enumerate(rows, 1)}
        self.categories = {one.code: one.title for one in categories}
        spoken_of = {place for row in rows for place in row.conditions.get("places", [])}
        self.places = dict(Place.objects.filter(pk__in=spoken_of).values_list("pk", "name"))
        depths = Coverage.objects.filter(descendant__in=spoken_of, ancestor=street).values_list("descendant", "depth")
        self.depth = dict(depths)

    def conditions(self, row: DispatchRow) -> list[tuple[str, str]]:
        """What a row asks: question and answers; empty when it takes every case."""
        held = row.conditions
        asked = [
            (_("类别"), [self.categories.get(code, code) for code in held.get("categories", [])]),
            (_("类型"), [_(CaseClass(one).label) for one in held.get("classes", []) if one in CaseClass.values]),
            (_("来源"), [_(Source(one).label) for one in held.get("sources", []) if one in Source.values]),
            (_("地点"), [self.places.get(one, "?") for one in held.get("places", [])]),
        ]
        return [(question, "、".join(answers)) for question, answers in asked if answers]

    def finding(self, found: Finding) -> Said:
        """One finding with its example."""
        touched = [self.categories.get(code, code) for code in sorted(found.touched)]
        some = "、".join(touched[:FEW]) + (_("等 %(n)s 类") % {"n": len(touched)} if len(touched) > FEW else "")
        here = self.at.get(found.row or 0)
        above = "、".join(str(self.at[one]) for one in found.by if one in self.at)
        texts = {
            Fault.HOLE: _("“%(some)s”有些情形没有任何一行承办，会等书记逐件派单。"),
            Fault.ENDED: _("第 %(here)s 行派给的科室届时已撤销：%(some)s。"),
            Fault.NEVER: _("第 %(here)s 行的条件不可能成立：类别、空间已不存在，或日期已过。"),
            Fault.SHADOWED: _("第 %(here)s 行永远轮不到，全部被第 %(above)s 行先派走。"),
            Fault.CROSSED: _("第 %(here)s 行与第 %(above)s 行交叉，去向取决于谁在上面：%(some)s。"),
        }
        text = texts[found.fault] % {"some": some, "here": here, "above": above}
        example = self._example(found.example) if found.example else ""
        return Said(_(found.fault.label), TONES[found.fault], text, example, found.row)

    def _example(self, facts: Facts) -> str:
        deepest = max(facts.above, key=lambda place: self.depth.get(place, 0))
        return _("例：%(day)s，%(place)s，“%(category)s”，%(kind)s，%(source)s") % {
            "day": shown.plain(facts.day),
            "place": self.places.get(deepest, self.street.name),
            "category": self.categories.get(facts.category, facts.category),
            "kind": _(CaseClass(facts.case_class).label),
            "source": _(Source(facts.source).label),
        }
