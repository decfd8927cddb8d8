"""What was handed in with a case and what is still owed: ticked off, promised, brought, waived, ended 材料交接与容缺."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from linqi.cases import queries, rules
from linqi.cases.actions.beats import said_with
from linqi.cases.actions.telling import tell, tell_those_who_asked
from linqi.cases.flow import MATERIAL, OPEN, Bring, MaterialState, State
from linqi.cases.models import Case, CaseMaterial
from linqi.cases.rules import Audience
from linqi.catalogue.guides import as_read
from linqi.catalogue.models import Guide
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access, clock
from linqi.kit.flow import MoveRefused


@transaction.atomic
def check_materials(
    *, case: Case, guide: Guide, handed: Iterable[str], promised_for: date | None = None, by: Any
) -> list[CaseMaterial]:
    """Tick what was handed in of what the guide asks for; the rest is missing from now on 清点材料.

    What may come later is promised for `promised_for` where the enterprise says so at the counter; without a day it
    is missing until the enterprise promises it. The list is kept as the guide stands today: a guide that is written
    anew changes no case.
    """
    access.require(by, "cases.accept", case)
    locked = _locked(case)
    if locked.state not in (State.DISPATCHED, State.ACCEPTED):
        raise ValidationError(_("材料在受理时清点，这件已过这一步。"))
    if locked.materials.exists():
        raise ValidationError(_("材料已经清点过了，后来交的请逐项登记。"))
    asked = as_read(guide.materials)
    if guide.category_id != locked.category_id or not asked:
        raise ValidationError(_("这份办事指南不属于这项诉求，或没有列出材料。"))
    there = set(handed)
    if unknown := there - {one.name for one in asked}:
        raise ValidationError({"handed": _("指南里没有这些材料：%(names)s") % {"names": "、".join(sorted(unknown))}})
    now = clock.now()
    rows = CaseMaterial.objects.bulk_create(
        CaseMaterial(
            case=locked,
            name=one.name,
            later=one.later,
            state=MaterialState.HELD if one.name in there else MATERIAL.start,
            settled_at=now if one.name in there else None,
        )
        for one in asked
    )
    journal.write(
        by=by,
        verb=Verb.CASE_MATERIALS_CHECKED,
        subject=locked,
        service=guide.service.name,
        handed=[one.name for one in asked if one.name in there],
        missing=[one.name for one in asked if one.name not in there],
    )
    if promised_for is not None:
        for row in rows:
            if row.later and row.state == MaterialState.MISSING:
                _promise(row, promised_for, by)
    return rows


@transaction.atomic
def promise_material(*, material: CaseMaterial, promised_for: date, by: Any) -> CaseMaterial:
    """The enterprise promises to bring by a day what may come later; the case goes on without it 告知承诺."""
    access.require(by, "cases.supply", material.case)
    _still_open(_locked(material.case))
    row = _promise(CaseMaterial.objects.select_related("case").get(pk=material.pk), promised_for, by)
    tell(
        queries.audience(row.case, {Audience.HANDLER}),
        row.case,
        _("企业承诺补交：%(name)s") % {"name": row.name},
        key=f"case:{row.case_id}:promised:{row.pk}",
    )
    return row


@transaction.atomic
def settle_material(*, material: CaseMaterial, move: Bring, text: str = "", by: Any) -> CaseMaterial:
    """It was brought, or need not come (why), or the promise has ended unkept (what follows) 补交、免交、承诺终止."""
    access.require(by, "cases.accept", material.case)
    _still_open(_locked(material.case))
    row = CaseMaterial.objects.select_related("case").get(pk=material.pk)
    if move is Bring.PROMISE:
        raise MoveRefused(move.value, row.state, MATERIAL.open_moves(row.state))
    after = MATERIAL.after(move.value, row.state)
    said = text.strip()[:500]
    if move is Bring.WAIVE:
        said = said_with(text, _("请写明为什么可以不交。"))[:500]
    if move is Bring.END:
        said = said_with(text, _("请写明承诺没有履行，如何处理。"))[:500]
        if not rules.may_end_promise(row.promised_for, clock.today()):
            raise ValidationError(_("承诺的日期还没有过，不能终止。"))
    _write(row, after, reason=said, settled_at=clock.now())
    journal.write(by=by, verb=Verb.CASE_MATERIAL_SETTLED, subject=row.case, material=row.name, state=after, reason=said)
    return row


def remind_promised(now: datetime) -> int:
    """Remind each enterprise once of what it promised to bring; returns of how many things 提醒补交."""
    return sum(_remind(pk, now) for pk in list(queries.promises_to_remind(now).values_list("pk", flat=True)))


@transaction.atomic
def _remind(pk: int, now: datetime) -> int:
    if queries.promises_to_remind(now).filter(pk=pk).update(reminded_at=now) != 1:
        return 0
    row = CaseMaterial.objects.select_related("case__enterprise", "case__place", "case__reporter").get(pk=pk)
    tell_those_who_asked(
        row.case,
        _("请按承诺补交：%(name)s") % {"name": row.name},
        _("承诺日期 %(day)s，%(number)s") % {"day": row.promised_for, "number": row.case.number},
        key=f"case:{row.case_id}:owed:{pk}",
    )
    journal.write(by=access.SYSTEM, verb=Verb.CASE_MATERIAL_REMINDED, subject=row.case, material=row.name)
    return 1


def _promise(row: CaseMaterial, day: date, by: Any) -> CaseMaterial:
    after = MATERIAL.after(Bring.PROMISE.value, row.state)
    if not row.later:
        raise ValidationError(_("“%(name)s”不能容缺，请先交齐。") % {"name": row.name})
    today = clock.today()
    if not rules.may_promise(day, today):
        raise ValidationError(
            {"promised_for": _("承诺日期须在今天起 %(days)s 天之内。") % {"days": rules.PROMISE_WITHIN.days}}
        )
    remind_on = rules.remind_of_promise(day, clock.clock_in_force().add_working_days)
    _write(row, after, promised_for=day, remind_on=remind_on)
    journal.write(
        by=by, verb=Verb.CASE_MATERIAL_PROMISED, subject=row.case, material=row.name, promised_for=day.isoformat()
    )
    return row


def _write(row: CaseMaterial, after: str, **fields: Any) -> None:
    """Written only over the state that was read: of two at once one is told that the other was first."""
    if CaseMaterial.objects.filter(pk=row.pk, state=row.state).update(state=after, **fields) != 1:
        raise ValidationError(_("这项材料刚刚被别人登记过，请刷新后再看。"))
    row.refresh_from_db()


def _locked(case: Case) -> Case:
    return Case.objects.select_for_update(of=("self",)).get(pk=case.pk)


def _still_open(case: Case) -> None:
    if case.state not in OPEN:
        raise ValidationError(_("这件已经结束，材料不能再改。"))
