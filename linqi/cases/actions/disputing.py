"""Whose case it is: objections with a ledger and a decider, the joint meeting, and what the law sends elsewhere."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from linqi.cases import queries, rules
from linqi.cases.actions.beats import move_on, ready, said_with, told_once
from linqi.cases.actions.merging import no_parts
from linqi.cases.actions.moving import redispatch
from linqi.cases.actions.strands import drop_running
from linqi.cases.actions.telling import tell, tell_those_who_asked, tell_workers
from linqi.cases.flow import Move
from linqi.cases.models import Case, Escalation, Objection, Route
from linqi.cases.rules import Audience
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import clock
from linqi.organisation.models import Department


@transaction.atomic
def object_to(*, case: Case, reason: str, proposed: Department | None = None, by: Any) -> Objection:
    """A section holds that a case was sent to it wrongly; until somebody decides, it stays and its time runs 派单异议.

    First receiver leads (首问负责): nobody who asked waits because two sections disagree.
    """
    case, state = ready(case, Move.OBJECT, "cases.accept", by)
    if case.department is None:
        raise ValidationError(_("这件还没有派给科室。"))
    if case.objections.filter(decided_at=None).exists():
        raise ValidationError(_("这件已有一项异议待裁定。"))
    if proposed is not None and (proposed.street_id != case.street_id or proposed.pk == case.department_id):
        raise ValidationError({"department": _("请选择本街道的另一个科室，或不选。")})
    said = said_with(reason, _("请写明为什么不该由本科室办，依据是什么。"))
    made = Objection.objects.create(
        case=case,
        department=case.department,
        row_id=case.dispatch_row_id,
        proposed=proposed,
        reason=said,
        asked_by_id=by.pk,
        asked_at=clock.now(),
    )
    move_on(case, state, [])
    journal.write(
        by=by,
        verb=Verb.CASE_OBJECTED,
        subject=case,
        department_name=case.department.name,
        proposed=proposed.name if proposed else "",
        reason=said,
    )
    tell(
        [user for user in queries.audience(case, {Audience.SECRETARY}) if user.pk != by.pk],
        case,
        _("派单异议待裁定：%(title)s") % {"title": case.title},
        said,
        key=f"case:{case.pk}:objection:{made.pk}",
    )
    return made


@transaction.atomic
def decide_objection(*, case: Case, department: Department | None, text: str, by: Any) -> Case:
    """Uphold, by naming the section that takes the case, or reject, by naming none 裁定派单异议.

    Never by the one who objected, and always with a reason.
    """
    move = Move.UPHOLD_OBJECTION if department else Move.REJECT_OBJECTION
    case, state = ready(case, move, "cases.dispatch", by)
    asked = case.objections.select_for_update(of=("self",)).filter(decided_at=None).first()
    if asked is None:
        raise ValidationError(_("没有待裁定的派单异议。"))
    if not rules.may_decide(asked.asked_by_id, by.pk):
        raise ValidationError(_("派单异议须由提出人以外的人裁定。"))
    said = said_with(text, _("请写明裁定的理由。"))
    now = clock.now()
    asked.upheld, asked.decided_by_id, asked.decided_at, asked.answer = department is not None, by.pk, now, said
    asked.sent_to = department
    asked.save(update_fields=["upheld", "decided_by", "decided_at", "answer", "sent_to"])
    move_on(case, state, [])
    journal.write(
        by=by, verb=Verb.CASE_OBJECTION_DECIDED, subject=case, upheld=asked.upheld, reason=said, objection=asked.pk
    )
    if department is not None:
        return redispatch(case=case, department=department, reason=said, by=by)
    tell_workers(
        case, _("异议不成立，请受理：%(title)s") % {"title": case.title}, said, key=told_once(case, "rejected", now)
    )
    return case


@transaction.atomic
def escalate(*, case: Case, question: str, by: Any) -> Escalation:
    """Bring what no section can settle alone before the joint meeting; the time runs on 提请联席会议."""
    case, state = ready(case, Move.ESCALATE, "cases.answer", by)
    if case.escalations.filter(decided_at=None).exists():
        raise ValidationError(_("这件已经提请联席会议，等待决定。"))
    said = said_with(question, _("请写明要联席会议决定什么、卡在哪里。"))
    made = Escalation.objects.create(case=case, question=said, asked_by_id=by.pk, asked_at=clock.now())
    move_on(case, state, [])
    journal.write(by=by, verb=Verb.CASE_ESCALATED, subject=case, reason=said)
    tell(
        queries.audience(case, {Audience.SECRETARY}),
        case,
        _("提请联席会议：%(title)s") % {"title": case.title},
        said,
        key=f"case:{case.pk}:escalated:{made.pk}",
    )
    return made


@transaction.atomic
def resolve(*, case: Case, text: str, by: Any) -> Escalation:
    """Note what the joint meeting decided; what other sections then do becomes their parts 登记联席会议决定."""
    case, state = ready(case, Move.RESOLVE, "cases.decide", by)
    asked = case.escalations.select_for_update(of=("self",)).filter(decided_at=None).first()
    if asked is None:
        raise ValidationError(_("这件没有提请联席会议。"))
    asked.resolution = said_with(text, _("请写明会议决定：谁牵头、谁配合、何时办成。"))
    asked.decided_by_id, asked.decided_at = by.pk, clock.now()
    asked.save(update_fields=["resolution", "decided_by", "decided_at"])
    move_on(case, state, [])
    journal.write(by=by, verb=Verb.CASE_RESOLVED, subject=case, reason=asked.resolution)
    tell(
        queries.audience(case, {Audience.HANDLER, Audience.DEPARTMENT}),
        case,
        _("联席会议已决定：%(title)s") % {"title": case.title},
        asked.resolution,
        key=f"case:{case.pk}:resolved:{asked.pk}",
    )
    return asked


@transaction.atomic
def route_out(*, case: Case, route: Route, text: str, by: Any) -> Case:
    """What the law sends elsewhere is not decided here: say where to, on what basis, and how to get there 法定途径引导."""
    case, state = ready(case, Move.ROUTE_OUT, "cases.answer", by)
    said = said_with(text, _("请写明法定依据，以及企业应向哪里、怎样提出。"))
    no_parts(case)
    now = clock.now()
    case.route, case.answer, case.answered_at, case.closed_at = route.value, said, now, now
    case.contacted_at = case.contacted_at or now
    drop_running(case, by=by)
    case.objections.filter(decided_at=None).update(decided_at=now)
    move_on(case, state, ["route", "answer", "answered_at", "closed_at", "contacted_at"])
    journal.write(by=by, verb=Verb.CASE_ROUTED, subject=case, route=route.value, reason=said)
    tell_those_who_asked(
        case, _("请走法定途径：%(title)s") % {"title": case.title}, said, key=told_once(case, "routed", now)
    )
    return case
