"""Time that stands still, and time that is asked for: contact, waiting for the enterprise, extension."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from linqi.cases import queries, rules
from linqi.cases.actions.beats import move_on, ready, said_with, told_once
from linqi.cases.actions.telling import tell, tell_those_who_asked
from linqi.cases.deadlines import counted
from linqi.cases.flow import MaterialState, Move
from linqi.cases.models import Case, Extension, Pause
from linqi.cases.rules import Audience
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access, clock


@transaction.atomic
def contact(*, case: Case, text: str, by: Any) -> Case:
    """Somebody has spoken to the one who asked; what was said stays with the case 首次联系."""
    case, state = ready(case, Move.CONTACT, "cases.answer", by)
    if case.contacted_at is not None:
        raise ValidationError(_("首次联系已经登记过了。"))
    said = said_with(text, _("请写明联系了谁、说了什么。"))
    case.contacted_at = clock.now()
    move_on(case, state, ["contacted_at"])
    journal.write(
        by=by,
        verb=Verb.CASE_CONTACTED,
        subject=case,
        reason=said,
        in_time=case.contact_due_at is None or case.contacted_at <= case.contact_due_at,
    )
    return case


# --- waiting for the enterprise ---------------------------------------------------------------------------------------
@transaction.atomic
def ask_more(*, case: Case, text: str, by: Any) -> Case:
    """Tell the enterprise everything that is missing; the clock stands still until it comes 一次性告知.

    Once in each round: whoever asks a second time has not told everything at once, and the clock runs on.
    """
    case, state = ready(case, Move.ASK_MORE, "cases.answer", by)
    if case.pauses.filter(round=case.reopened).exists():
        raise ValidationError(_("一次性告知只能有一次，期限不再暂停；还缺什么请直接联系企业。"))
    said = said_with(text, _("请一次写全企业还要补充什么。"))
    missing = case.materials.filter(state=MaterialState.MISSING, later=False).values_list("name", flat=True)
    said = "\n".join([said, *(name for name in missing if name not in said)])  # told at once, whoever wrote the text
    now = clock.now()
    Pause.objects.create(
        case=case,
        round=case.reopened,
        since=now,
        asked=said,
        asked_by_id=by.pk,
        remind_at=counted(rules.REMIND_WAITING, now).at,
    )
    case.contacted_at = case.contacted_at or now
    move_on(case, state, ["contacted_at"])
    journal.write(by=by, verb=Verb.CASE_ASKED_MORE, subject=case, reason=said)
    tell_those_who_asked(
        case, _("请补充材料：%(title)s") % {"title": case.title}, said, key=told_once(case, "asked_more", now)
    )
    return case


@transaction.atomic
def supply(*, case: Case, text: str, by: Any) -> Case:
    """What was missing has come: by the enterprise itself, or noted down by the staff; the clock runs on 补充材料."""
    case, state = ready(case, Move.SUPPLY, "cases.supply", by)
    said = said_with(text, _("请写明补充了什么。"))
    now, before = clock.now(), case.due_at
    case.pauses.filter(until=None).update(until=now, supplied=said)
    _count_again(case)
    case.near_told_at = None
    move_on(case, state, ["due_at", "due_why", "due_provisional", "near_told_at"])
    journal.write(
        by=by,
        verb=Verb.CASE_SUPPLIED,
        subject=case,
        reason=said,
        before=before.isoformat(),
        after=case.due_at.isoformat(),
    )
    tell(
        queries.audience(case, {Audience.HANDLER}),
        case,
        _("企业已补充：%(title)s") % {"title": case.title},
        said,
        key=told_once(case, "supplied", now),
    )
    return case


def remind_waiting(now: datetime) -> int:
    """Remind each enterprise that something is still waited for, once; returns how many 提醒补充."""
    return sum(_remind(pk, now) for pk in list(queries.pauses_to_remind(now).values_list("pk", flat=True)))


@transaction.atomic
def _remind(pk: int, now: datetime) -> int:
    if queries.pauses_to_remind(now).filter(pk=pk).update(reminded_at=now) != 1:
        return 0
    pause = Pause.objects.select_related("case__enterprise", "case__place", "case__reporter").get(pk=pk)
    case = pause.case
    tell_those_who_asked(
        case, _("还在等您补充：%(title)s") % {"title": case.title}, pause.asked, key=f"case:{case.pk}:wait:{pk}"
    )
    journal.write(by=access.SYSTEM, verb=Verb.CASE_WAIT_REMINDED, subject=case)
    return 1


# --- extension --------------------------------------------------------------------------------------------------------
@transaction.atomic
def ask_extension(*, case: Case, reason: str, by: Any) -> Extension:
    """Ask for more time before it is over, with a reason; until somebody else grants it the date stays 申请延期."""
    case, state = ready(case, Move.ASK_EXTENSION, "cases.extend", by)
    refusals = {
        "no_term": _("这一类办件不设延期。"),
        "twice": _("每件只能申请延期一次，这件已经申请过。"),
        "late": _("已过办理期限，不能再申请延期。"),
    }
    now = clock.now()
    asked = case.extensions.filter(round=case.reopened).exists()
    if why_not := rules.may_ask_extension(extend=case.extend_term, asked=asked, due_at=case.due_at, now=now):
        raise ValidationError(refusals[why_not])
    said = said_with(reason, _("请写明延期的原因。"))
    extension = Extension.objects.create(case=case, round=case.reopened, reason=said, asked_by_id=by.pk, asked_at=now)
    move_on(case, state, [])
    journal.write(by=by, verb=Verb.CASE_EXTENSION_ASKED, subject=case, reason=said)
    tell(
        [user for user in queries.audience(case, {Audience.SECRETARY}) if user.pk != by.pk],
        case,
        _("申请延期，待审批：%(title)s") % {"title": case.title},
        said,
        key=told_once(case, "extension_asked", now),
    )
    return extension


@transaction.atomic
def decide_extension(*, case: Case, grant: bool, text: str, by: Any) -> Case:
    """Grant or refuse more time: never the one who asked for it, and a refusal says why 审批延期.

    Asked for in time, it may still be granted after the old date has passed.
    """
    move = Move.GRANT_EXTENSION if grant else Move.REFUSE_EXTENSION
    case, state = ready(case, move, "cases.decide", by)
    asked = case.extensions.filter(round=case.reopened, granted=None).first()
    if asked is None:
        raise ValidationError(_("没有待审批的延期申请。"))
    if not rules.may_decide(asked.asked_by_id, by.pk):
        raise ValidationError(_("延期须由申请人以外的人审批。"))
    said = text.strip()[:2000] if grant else said_with(text, _("请写明不同意的理由。"))
    now, before = clock.now(), case.due_at
    asked.granted, asked.decided_by_id, asked.decided_at, asked.answer = grant, by.pk, now, said
    asked.save(update_fields=["granted", "decided_by", "decided_at", "answer"])
    told = [asked.asked_by] if asked.asked_by else []
    if not grant:
        move_on(case, state, [])
        journal.write(by=by, verb=Verb.CASE_EXTENSION_REFUSED, subject=case, reason=said)
        tell(
            told,
            case,
            _("延期未获同意：%(title)s") % {"title": case.title},
            said,
            key=told_once(case, "extension_refused", now),
        )
        return case
    case.extended, case.near_told_at = True, None
    _count_again(case)
    if case.due_at > now:
        case.overdue_told_at = None
    move_on(case, state, ["due_at", "due_why", "due_provisional", "extended", "near_told_at", "overdue_told_at"])
    journal.write(
        by=by,
        verb=Verb.CASE_EXTENDED,
        subject=case,
        reason=asked.reason,
        before=before.isoformat(),
        after=case.due_at.isoformat(),
    )
    key = told_once(case, "extended", now)
    tell(told, case, _("延期已获同意：%(title)s") % {"title": case.title}, said, key=key)
    tell_those_who_asked(case, _("已延期：%(title)s") % {"title": case.title}, asked.reason, key=key)
    return case


def _count_again(case: Case) -> None:
    due = counted(
        case.close_term,
        case.counted_from,
        case.extend_term if case.extended else "",
        queries.pauses_of(case),
    )
    case.due_at, case.due_why, case.due_provisional = due.at, due.why, due.provisional
