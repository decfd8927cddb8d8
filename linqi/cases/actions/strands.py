"""Parts of a case that other sections do at the same time: asked for, taken, done, or said to be impossible."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from linqi.cases import queries
from linqi.cases.actions.beats import move_on, ready, said_with
from linqi.cases.actions.telling import tell
from linqi.cases.flow import RUNNING, STRAND, Join, Move
from linqi.cases.models import Case, Strand
from linqi.cases.rules import Audience
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access, clock
from linqi.organisation.models import Department
from linqi.organisation.queries import staff_of


@transaction.atomic
def add_strand(*, case: Case, department: Department, task: str, by: Any) -> Strand:
    """Ask another section to do its part at the same time; whoever leads stays answerable 请科室协办."""
    case, state = ready(case, Move.ADD_STRAND, "cases.answer", by)
    if department.street_id != case.street_id:
        raise ValidationError({"department": _("只能选本街道的科室。")})
    if department.pk == case.department_id:
        raise ValidationError({"department": _("“%(name)s”是主办科室。") % {"name": department.name}})
    if case.strands.filter(department=department, state__in=RUNNING).exists():
        raise ValidationError({"department": _("“%(name)s”已经在协办这件。") % {"name": department.name}})
    strand = open_strand(case, department, said_with(task, _("请写明要协办什么。")), by=by)
    move_on(case, state, [])
    return strand


def open_strand(case: Case, department: Department, task: str, *, by: Any) -> Strand:
    """Open a part for a section, due when the case is due; for actions that have asked whether they may."""
    strand = Strand.objects.create(
        case=case,
        department=department,
        task=task[:500],
        state=STRAND.start,
        opened_by_id=by.pk,
        opened_at=clock.now(),
        due_at=case.due_at,
    )
    journal.write(
        by=by,
        verb=Verb.CASE_STRAND_OPENED,
        subject=case,
        strand=strand.pk,
        department_name=department.name,
        reason=strand.task,
    )
    tell(
        staff_of(department, "cases.join"),
        case,
        _("请协办：%(title)s") % {"title": case.title},
        strand.task,
        key=f"case:{case.pk}:strand:{strand.pk}",
    )
    return strand


@transaction.atomic
def move_strand(*, strand: Strand, move: Join, text: str = "", by: Any) -> Strand:
    """One step of a part: its own section takes it and says what came of it; whoever leads may drop it 协办进展."""
    case = strand.case
    access.require(by, queries.JOIN_PERMISSION[move], case if move is Join.DROP else strand)
    locked = Strand.objects.select_for_update(of=("self",)).select_related("case", "department").get(pk=strand.pk)
    state = STRAND.after(move.value, locked.state)
    said = text.strip()[:2000] if move is Join.TAKE else said_with(text, _("请写明情况。"))
    locked.state, locked.handler_id = state, by.pk if move is not Join.DROP else locked.handler_id
    locked.result = said or locked.result
    if state not in RUNNING:
        locked.ended_at = clock.now()
    locked.save(update_fields=["state", "handler", "result", "ended_at"])
    journal.write(
        by=by,
        verb=Verb.CASE_STRAND_MOVED,
        subject=case,
        strand=locked.pk,
        step=move.value,
        department_name=locked.department.name,
        reason=said,
    )
    if move is not Join.TAKE:
        left = case.strands.filter(state__in=RUNNING).count()
        title = _("协办还有 %(n)s 项未完：%(title)s") if left else _("协办已全部有结果：%(title)s")
        whom = {Audience.HANDLER if case.handler_id else Audience.DEPARTMENT}
        tell(
            queries.audience(case, whom),
            case,
            title % {"n": left, "title": case.title},
            said,
            key=f"case:{case.pk}:strand:{locked.pk}:{state}",
        )
    return locked


def drop_running(case: Case, *, by: Any) -> None:
    """The case is no longer worked on: its open parts end with it."""
    for strand in case.strands.filter(state__in=RUNNING):
        strand.state, strand.ended_at = STRAND.after("drop", strand.state), clock.now()
        strand.save(update_fields=["state", "ended_at"])
        journal.write(by=by, verb=Verb.CASE_STRAND_MOVED, subject=case, strand=strand.pk, step=Join.DROP.value)


def tell_late_strands(now: datetime) -> int:
    """Tell each section, and whoever leads, of a part whose time is over, once; returns how many 协办超期提醒."""
    return sum(_tell_late(pk, now) for pk in list(queries.strands_late(now).values_list("pk", flat=True)))


@transaction.atomic
def _tell_late(pk: int, now: datetime) -> int:
    if queries.strands_late(now).filter(pk=pk).update(late_told_at=now) != 1:
        return 0
    strand = Strand.objects.select_related("case__place", "case__department", "case__handler", "department").get(pk=pk)
    case = strand.case
    whom = [*staff_of(strand.department, "cases.join"), *queries.audience(case, {Audience.HANDLER})]
    tell(
        whom,
        case,
        _("协办超期：%(title)s") % {"title": case.title},
        strand.task,
        key=f"case:{case.pk}:strand:{pk}:late",
    )
    journal.write(by=access.SYSTEM, verb=Verb.CASE_STRAND_LATE, subject=case, strand=pk)
    return 1
