"""The moves of a case. Each one: may I, can it, should it, write, tell."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from linqi.cases import rules
from linqi.cases.actions.telling import tell_those_who_asked, tell_workers
from linqi.cases.deadlines import counted
from linqi.cases.flow import LIFE, Move
from linqi.cases.models import Case
from linqi.cases.rules import Basis
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access, clock
from linqi.organisation.models import Department


@transaction.atomic
def accept(*, case: Case, by: Any) -> Case:
    """Take a case on: from now on somebody answers for it by name 受理."""
    case, state = _ready(case, Move.ACCEPT, "cases.accept", by)
    case.handler_id, case.accepted_at = by.pk, clock.now()
    _move(case, state, ["handler", "accepted_at"])
    journal.write(by=by, verb=Verb.CASE_ACCEPTED, subject=case, in_time=case.accepted_at <= case.accept_due_at)
    tell_those_who_asked(
        case, _("已受理：%(title)s") % {"title": case.title}, key=f"case:{case.pk}:accepted:{case.reopened}"
    )
    return case


@transaction.atomic
def answer(*, case: Case, text: str, by: Any) -> Case:
    """Tell the one who asked what was done; closing follows when they had a chance to object 答复."""
    case, state = _ready(case, Move.ANSWER, "cases.answer", by)
    case.answer, case.answered_at = _said(text, _("请写明办理情况。")), clock.now()
    _move(case, state, ["answer", "answered_at"])
    journal.write(
        by=by, verb=Verb.CASE_ANSWERED, subject=case, answer=case.answer, in_time=case.answered_at <= case.due_at
    )
    tell_those_who_asked(
        case,
        _("已答复：%(title)s") % {"title": case.title},
        case.answer,
        key=_round(case, "answered", case.answered_at),
    )
    return case


@transaction.atomic
def close(*, case: Case, by: Any) -> Case:
    """Finish an answered case and ask the enterprise to rate it 办结."""
    case, state = _ready(case, Move.CLOSE, "cases.close", by)
    case.closed_at = clock.now()
    _move(case, state, ["closed_at"])
    journal.write(by=by, verb=Verb.CASE_CLOSED, subject=case)
    tell_those_who_asked(
        case,
        _("已办结，请评价：%(title)s") % {"title": case.title},
        key=_round(case, "closed", case.closed_at),
    )
    return case


@transaction.atomic
def rate(*, case: Case, stars: int, comment: str = "", by: Any) -> Case:
    """The enterprise says how well it was served, once for each closing 评价; `stars` 1 to 5."""
    case, state = _ready(case, Move.RATE, "cases.rate", by)
    if not 1 <= stars <= 5:
        raise ValidationError({"stars": _("请选择一到五颗星。")})
    if not rules.may_rate(case.closed_at, case.rated_at):
        raise ValidationError(_("这件事您已经评价过了；重新办理并再次办结后可以再评。"))
    case.rating, case.rating_comment, case.rated_at = stars, comment.strip(), clock.now()
    _move(case, state, ["rating", "rating_comment", "rated_at"])
    journal.write(by=by, verb=Verb.CASE_RATED, subject=case, stars=stars, comment=case.rating_comment)
    tell_workers(
        case,
        _("企业评价 %(stars)s 星：%(title)s") % {"stars": stars, "title": case.title},
        case.rating_comment,
        key=_round(case, "rated", case.rated_at),
    )
    return case


@transaction.atomic
def reopen(*, case: Case, reason: str, by: Any) -> Case:
    """Not settled after all: it goes back to whoever answered, and the time is counted anew 重新办理."""
    case, state = _ready(case, Move.REOPEN, "cases.reopen", by)
    now = clock.now()
    if not rules.may_reopen(case.closed_at, now):
        raise ValidationError(_("办结已超过 %(days)s 天，请提交新的诉求。") % {"days": rules.REOPEN_WITHIN.days})
    said = _said(reason, _("请写明哪里还没有解决。"))
    due = counted(case.close_term, now)
    case.counted_from, case.due_at, case.due_why, case.due_provisional = now, due.at, due.why, due.provisional
    case.closed_at = case.answered_at = case.near_told_at = case.overdue_told_at = None
    case.extended = False
    case.reopened += 1
    _move(
        case,
        state,
        [
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
    case, state = _ready(case, Move.WITHDRAW, "cases.withdraw", by)
    said = _said(reason, _("请写明撤回的原因。"))
    _move(case, state, [])
    journal.write(by=by, verb=Verb.CASE_WITHDRAWN, subject=case, reason=said)
    tell_workers(case, _("已撤回：%(title)s") % {"title": case.title}, said, key=f"case:{case.pk}:withdrawn")
    return case


@transaction.atomic
def extend(*, case: Case, reason: str, by: Any) -> Case:
    """Put the deadline off once, asked for before it has passed and with a reason 延期."""
    case, state = _ready(case, Move.EXTEND, "cases.extend", by)
    refusals = {
        "no_term": _("这一类办件不设延期。"),
        "twice": _("每件只能延期一次，这件已经延过。"),
        "late": _("已过办理期限，不能再申请延期。"),
    }
    why_not = rules.may_extend(extend=case.extend_term, extended=case.extended, due_at=case.due_at, now=clock.now())
    if why_not:
        raise ValidationError(refusals[why_not])
    said = _said(reason, _("请写明延期的原因。"))
    before = case.due_at
    due = counted(case.close_term, case.counted_from, case.extend_term)
    case.due_at, case.due_why, case.due_provisional = due.at, due.why, due.provisional
    case.extended, case.near_told_at = True, None
    _move(case, state, ["due_at", "due_why", "due_provisional", "extended", "near_told_at"])
    journal.write(
        by=by,
        verb=Verb.CASE_EXTENDED,
        subject=case,
        reason=said,
        before=before.isoformat(),
        after=case.due_at.isoformat(),
    )
    tell_those_who_asked(
        case,
        _("已延期：%(title)s") % {"title": case.title},
        said,
        key=f"case:{case.pk}:extended:{case.reopened}",
    )
    return case


@transaction.atomic
def redispatch(*, case: Case, department: Department, reason: str, by: Any) -> Case:
    """Send a case to another section by hand; the one who asked does not wait longer for it 人工派单.

    Only the time for accepting begins anew: the deadline for settling stays.
    """
    case, state = _ready(case, Move.REDISPATCH, "cases.dispatch", by)
    now = clock.now()
    if department.street_id != case.street_id:
        raise ValidationError({"department": _("只能派给本街道的科室。")})
    if department.until is not None and department.until <= clock.today():
        raise ValidationError({"department": _("“%(name)s”已经撤销，请改派其他科室。") % {"name": department.name}})
    if department.pk == case.department_id:
        raise ValidationError({"department": _("这件已经在“%(name)s”。") % {"name": department.name}})
    said = _said(reason, _("请写明派给这个科室的理由。"))
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
    tell_workers(case, _("派给本科室：%(title)s") % {"title": case.title}, said, key=_round(case, "dispatched", now))
    return case


@transaction.atomic
def send_back(*, case: Case, reason: str, by: Any) -> Case:
    """A section says that it is not the one for this; the case goes to the secretary's queue, never to nowhere 退单."""
    case, state = _ready(case, Move.SEND_BACK, "cases.accept", by)
    if case.department is None:
        raise ValidationError(_("这件还没有派给科室，请先派单。"))
    said = _said(reason, _("请写明退单的理由。"))
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
        key=_round(case, "sent_back", now),
    )
    return case


def _ready(case: Case, move: Move, permission: str, by: Any) -> tuple[Case, str]:
    """May I, can it: the case as it stands now, locked, and the state it will have."""
    access.require(by, permission, case)
    locked = (
        Case.objects.select_for_update(of=("self",)).select_related("enterprise", "department", "place").get(pk=case.pk)
    )
    return locked, LIFE.after(move.value, locked.state)


def _move(case: Case, state: str, fields: list[str]) -> None:
    case.state = state
    case.save(update_fields=["state", *fields])


def _put_back(case: Case, state: str, now: datetime) -> None:
    """Nobody has accepted it any more; the time for accepting begins anew."""
    case.handler, case.accepted_at, case.accept_told_at = None, None, None
    case.accept_due_at = counted(case.accept_term, now).at
    _move(
        case,
        state,
        [
            "department",
            "dispatch_basis",
            "dispatch_reason",
            "handler",
            "accepted_at",
            "accept_told_at",
            "accept_due_at",
        ],
    )


def _said(text: str, otherwise: str) -> str:
    """What somebody must say with a move; nothing is not a reason."""
    said = text.strip()
    if not said:
        raise ValidationError({"text": otherwise})
    return said[:2000]


def _round(case: Case, what: str, at: datetime) -> str:
    return f"case:{case.pk}:{what}:{at:%Y%m%d%H%M%S%f}"
