"""The moves of a case. Each one: may I, can it, should it, write, tell."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from linqi.cases import queries, rules
from linqi.cases.actions.beats import move_on, ready, said_with, told_once
from linqi.cases.actions.merging import answer_parts, carry_on, no_parts
from linqi.cases.actions.strands import drop_running
from linqi.cases.actions.telling import tell_those_who_asked, tell_workers
from linqi.cases.deadlines import counted
from linqi.cases.dispatch import Basis
from linqi.cases.flow import RUNNING, Move
from linqi.cases.models import Case, Merge, Outcome
from linqi.catalogue.models import Category
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import clock
from linqi.organisation.models import Department


@transaction.atomic
def accept(*, case: Case, by: Any) -> Case:
    """Take a case on: from now on somebody answers for it by name 受理."""
    case, state = ready(case, Move.ACCEPT, "cases.accept", by)
    case.handler_id, case.accepted_at = by.pk, clock.now()
    case.objections.filter(decided_at=None).update(decided_at=case.accepted_at)  # taken on after all
    move_on(case, state, ["handler", "accepted_at"])
    carry_on(case)
    journal.write(by=by, verb=Verb.CASE_ACCEPTED, subject=case, in_time=case.accepted_at <= case.accept_due_at)
    tell_those_who_asked(
        case, _("已受理：%(title)s") % {"title": case.title}, key=f"case:{case.pk}:accepted:{case.reopened}"
    )
    return case


@transaction.atomic
def answer(*, case: Case, text: str, outcome: Outcome | None = None, category: Category | None = None, by: Any) -> Case:
    """Tell the one who asked what was done, and what came of it; closing follows when they could object 答复.

    Not while another section is still at its part. When nobody can help, `outcome` says so: it counts as unmet need.
    `category`: what it turned out to be about, where that is something else than was thought; the reader learns from it.
    """
    case, state = ready(case, Move.ANSWER, "cases.answer", by)
    if running := case.strands.filter(state__in=RUNNING).select_related("department", "community").first():
        raise ValidationError(_("“%(name)s”的协办还没有结果，请先等它办完或取消协办。") % {"name": running.whose})
    case.outcome = outcome.value if outcome else ""
    relabelled = category is not None and category.pk != case.category_id
    if category is not None and relabelled:
        case.category = category
    case.answer, case.answered_at = said_with(text, _("请写明办理情况。")), clock.now()
    case.contacted_at = case.contacted_at or case.answered_at  # an answer is a word to the one who asked, too
    move_on(case, state, ["answer", "outcome", "category", "answered_at", "contacted_at"])
    journal.write(
        by=by,
        verb=Verb.CASE_ANSWERED,
        subject=case,
        answer=case.answer,
        outcome=case.outcome,
        category=case.category.code if relabelled else "",
        in_time=case.answered_at <= case.due_at,
    )
    answer_parts(case, by=by)
    tell_those_who_asked(
        case,
        _("已答复：%(title)s") % {"title": case.title},
        case.answer,
        key=told_once(case, "answered", case.answered_at),
    )
    return case


@transaction.atomic
def close(*, case: Case, by: Any) -> Case:
    """Finish an answered case and ask the enterprise to rate it 办结."""
    case, state = ready(case, Move.CLOSE, "cases.close", by)
    if owed := list(queries.materials_outstanding(case).values_list("name", flat=True)):
        raise ValidationError(
            _("还有材料没有了结：%(names)s。请登记交来、免交或承诺终止，再办结。") % {"names": "、".join(owed)}
        )
    case.closed_at = clock.now()
    move_on(case, state, ["closed_at"])
    journal.write(by=by, verb=Verb.CASE_CLOSED, subject=case)
    tell_those_who_asked(
        case,
        _("已办结，请评价：%(title)s") % {"title": case.title},
        key=told_once(case, "closed", case.closed_at),
    )
    return case


@transaction.atomic
def reopen(*, case: Case, reason: str, by: Any) -> Case:
    """Not settled after all: it goes back to whoever answered, and the time is counted anew 重新办理."""
    case, state = ready(case, Move.REOPEN, "cases.reopen", by)
    now = clock.now()
    if not rules.may_reopen(case.closed_at, now):
        raise ValidationError(_("办结已超过 %(days)s 天，请提交新的诉求。") % {"days": rules.REOPEN_WITHIN.days})
    said = said_with(reason, _("请写明哪里还没有解决。"))
    due = counted(case.close_term, now)
    case.counted_from, case.due_at, case.due_why, case.due_provisional = now, due.at, due.why, due.provisional
    case.closed_at = case.answered_at = case.near_told_at = case.overdue_told_at = None
    case.extended, case.outcome, case.merged_into = False, "", None
    case.reopened += 1
    Merge.objects.filter(part=case, split_at=None).update(split_at=now)  # from now on a case of its own
    move_on(
        case,
        state,
        [
            "outcome",
            "merged_into",
            "counted_from",
            "due_at",
            "due_why",
            "due_provisional",
            "closed_at",
            "answered_at",
            "near_told_at",
            "overdue_told_at",
            "extended",
            "reopened",
        ],
    )
    journal.write(by=by, verb=Verb.CASE_REOPENED, subject=case, reason=said, due_at=due.at.isoformat())
    tell_workers(
        case, _("重新办理：%(title)s") % {"title": case.title}, said, key=f"case:{case.pk}:reopened:{case.reopened}"
    )
    return case


@transaction.atomic
def withdraw(*, case: Case, reason: str, by: Any) -> Case:
    """The one who asked no longer asks 撤回."""
    case, state = ready(case, Move.WITHDRAW, "cases.withdraw", by)
    said = said_with(reason, _("请写明撤回的原因。"))
    no_parts(case)
    case.pauses.filter(until=None).update(until=clock.now())
    drop_running(case, by=by)
    move_on(case, state, [])
    journal.write(by=by, verb=Verb.CASE_WITHDRAWN, subject=case, reason=said)
    tell_workers(case, _("已撤回：%(title)s") % {"title": case.title}, said, key=f"case:{case.pk}:withdrawn")
    return case


@transaction.atomic
def redispatch(*, case: Case, department: Department, reason: str, by: Any) -> Case:
    """Send a case to another section by hand; the one who asked does not wait longer for it 人工派单.

    Only the time for accepting begins anew: the deadline for settling stays.
    """
    case, state = ready(case, Move.REDISPATCH, "cases.dispatch", by)
    now = clock.now()
    if department.street_id != case.street_id:
        raise ValidationError({"department": _("只能派给本街道的科室。")})
    if department.until is not None and department.until <= clock.today():
        raise ValidationError({"department": _("“%(name)s”已经撤销，请改派其他科室。") % {"name": department.name}})
    if department.pk == case.department_id:
        raise ValidationError({"department": _("这件已经在“%(name)s”。") % {"name": department.name}})
    said = said_with(reason, _("请写明派给这个科室的理由。"))
    case.department, case.dispatch_basis, case.dispatch_reason = department, Basis.BY_HAND.value, said[:200]
    _put_back(case, state, now)
    journal.write(
        by=by,
        verb=Verb.CASE_DISPATCHED,
        subject=case,
        department=department.pk,
        department_name=department.name,
        basis=case.dispatch_basis,
        reason=said,
    )
    tell_workers(case, _("派给本科室：%(title)s") % {"title": case.title}, said, key=told_once(case, "dispatched", now))
    return case


@transaction.atomic
def send_back(*, case: Case, reason: str, by: Any) -> Case:
    """A section says that it is not the one for this; the case goes to the secretary's queue, never to nowhere 退单."""
    case, state = ready(case, Move.SEND_BACK, "cases.accept", by)
    if case.department is None:
        raise ValidationError(_("这件还没有派给科室，请先派单。"))
    said = said_with(reason, _("请写明退单的理由。"))
    now, left = clock.now(), case.department
    case.department, case.dispatch_basis, case.dispatch_reason = None, Basis.SENT_BACK.value, said[:200]
    _put_back(case, state, now)
    journal.write(
        by=by,
        verb=Verb.CASE_SENT_BACK,
        subject=case,
        department=left.pk,
        department_name=left.name,
        reason=said,
    )
    tell_workers(
        case,
        _("%(department)s退单：%(title)s") % {"department": left.name, "title": case.title},
        said,
        key=told_once(case, "sent_back", now),
    )
    return case


def _put_back(case: Case, state: str, now: datetime) -> None:
    """Nobody has accepted it any more; the time for accepting begins anew."""
    case.handler, case.accepted_at, case.accept_told_at, case.dispatch_row = None, None, None, None
    case.objections.filter(decided_at=None).update(decided_at=now)  # it has moved: nothing is left to decide
    case.accept_due_at = counted(case.accept_term, now).at
    move_on(
        case,
        state,
        [
            "department",
            "dispatch_basis",
            "dispatch_reason",
            "dispatch_row",
            "handler",
            "accepted_at",
            "accept_told_at",
            "accept_due_at",
        ],
    )
    carry_on(case)
