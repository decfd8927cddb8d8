"""Pressing for a case: a basket that is answered, never a pile of messages."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from linqi.cases import queries
from linqi.cases.actions.beats import said_with
from linqi.cases.actions.telling import tell, tell_those_who_asked
from linqi.cases.flow import WORKING
from linqi.cases.models import Case, Nudge, Pressed
from linqi.cases.rules import Audience
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access, clock


@transaction.atomic
def nudge(*, case: Case, kind: Pressed, text: str, by: Any) -> Nudge:
    """Press for a case: the one who asked once a day, a leader with a word that must be answered 催办督办.

    However often somebody presses, the worker gets one message a day for each case; the rest waits in the basket.
    """
    access.require(by, queries.NUDGE_PERMISSION[kind], case)
    locked = (
        Case.objects.select_for_update(of=("self",)).select_related("department", "place", "handler").get(pk=case.pk)
    )
    if locked.state not in WORKING:
        raise ValidationError(_("这件现在没有人欠答复，不必催办。"))
    now = clock.now()
    today = timezone.localdate(now)
    mine = locked.nudges.filter(kind=kind.value, by_id=by.pk, replied_at=None)
    if kind is Pressed.URGED and mine.filter(at__date=today).exists():
        raise ValidationError(_("今天已经催过，经办人已经收到。"))
    said = text.strip()[:2000] if kind is Pressed.URGED else said_with(text, _("请写明督办要求。"))
    made = Nudge.objects.create(case=locked, kind=kind.value, text=said, by_id=by.pk, at=now)
    journal.write(by=by, verb=Verb.CASE_NUDGED, subject=locked, kind=kind.value, reason=said)
    whom = {Audience.HANDLER if locked.handler_id else Audience.DEPARTMENT}
    if kind is Pressed.SUPERVISED or not locked.department_id:
        whom.add(Audience.SECRETARY)
    title = _("督办：%(title)s") if kind is Pressed.SUPERVISED else _("企业催办：%(title)s")
    tell(
        [user for user in queries.audience(locked, whom) if user.pk != by.pk],
        locked,
        title % {"title": locked.title},
        said,
        key=f"case:{locked.pk}:{kind.value}:{today:%Y%m%d}",
    )
    return made


@transaction.atomic
def answer_nudges(*, case: Case, text: str, by: Any) -> int:
    """One word answers everything in the basket of a case; returns how many it answered 回复催办督办."""
    access.require(by, "cases.answer", case)
    said, now = said_with(text, _("请写明现在办到哪一步、何时能答复。")), clock.now()
    waiting = list(case.nudges.select_for_update(of=("self",)).filter(replied_at=None).select_related("by"))
    if not waiting:
        raise ValidationError(_("没有待回复的催办或督办。"))
    case.nudges.filter(pk__in=[one.pk for one in waiting]).update(reply=said, replied_by=by.pk, replied_at=now)
    journal.write(by=by, verb=Verb.CASE_NUDGE_ANSWERED, subject=case, reason=said, answered=len(waiting))
    key = f"case:{case.pk}:nudged:{waiting[0].pk}"
    leaders = [one.by for one in waiting if one.kind == Pressed.SUPERVISED and one.by is not None]
    tell(leaders, case, _("督办已回复：%(title)s") % {"title": case.title}, said, key=key)
    if any(one.kind == Pressed.URGED for one in waiting):
        tell_those_who_asked(case, _("办理进展：%(title)s") % {"title": case.title}, said, key=key)
    return len(waiting)
