"""What is known of a case, as its page lists it 办件要素."""

from django.utils.translation import gettext as _

from linqi.cases.dispatch import Basis, Clause
from linqi.cases.models import Case, Channel, Source
from linqi.cases.views.proposing import kept_in_words
from linqi.catalogue.models import CaseClass
from linqi.territory.models import Coverage, Place
from linqi.ui.parts import Fact


def facts_of(found: Case) -> list[Fact]:
    """What is known of a case: where it came from, what it is about, who has it and by what rule."""
    department = found.department.title if found.department else _("待书记派单")
    return [
        Fact(_("编号"), found.number),
        Fact(_("窗口"), found.category.window.title),
        Fact(_("类别"), found.category.title),
        *([Fact(_("研判建议"), kept)] if (kept := kept_in_words(found)) else []),
        Fact(_("类型"), _(CaseClass(found.case_class).label)),
        Fact(_("来源"), _(Source(found.source).label)),
        Fact(_("科室"), department, note=_why_there(found)),
        Fact(_("经办人"), str(found.handler) if found.handler else None),
        Fact(_("提交人"), str(found.reporter) if found.reporter else None),
        *_contact(found),
        Fact(_("提交时间"), found.opened_at, kind="datetime"),
    ]


def _contact(found: Case) -> list[Fact]:
    """Who asked and is no user of ours, and the numbers under which other houses know the case."""
    contact = " ".join(part for part in (found.contact_name, found.contact_phone) if part)
    facts = [Fact(_("联系人"), contact)] if contact else []
    if found.said_enterprise:
        facts.append(Fact(_("自称企业"), found.said_enterprise, note="" if found.enterprise else _("尚未核实")))
    facts += [Fact(_(Channel(one.channel).label), one.external_id) for one in found.references.all()]
    return facts


def _why_there(found: Case) -> str:
    """By what a case lies where it lies: a person's word, or the row of the table and what the row asked."""
    if found.dispatch_reason:
        return found.dispatch_reason
    basis = _(Basis(found.dispatch_basis).label)
    row = found.dispatch_row
    if row is None:
        return basis
    held = Clause.read(row.conditions)
    above = Coverage.objects.filter(ancestor__in=held.places, descendant=found.place).values("ancestor")
    parts = [
        found.category.title if held.categories else "",
        _(CaseClass(found.case_class).label) if held.classes else "",
        _(Source(found.source).label) if held.sources else "",
        "、".join(Place.objects.filter(pk__in=above).values_list("name", flat=True)),
    ]
    clause = "，".join(part for part in parts if part) or _("其余全部")
    return _("%(basis)s：%(clause)s（%(day)s 起）") % {"basis": basis, "clause": clause, "day": row.since.isoformat()}
