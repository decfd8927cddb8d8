"""What time does to cases: alarms, told once, and deadlines counted again when a calendar is published."""

from datetime import datetime
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from linqi.cases import queries, rules
from linqi.cases.actions.bringing import remind_promised
from linqi.cases.actions.rating import tell_late_mending
from linqi.cases.actions.strands import tell_late_strands
from linqi.cases.actions.telling import tell
from linqi.cases.actions.waiting import remind_waiting
from linqi.cases.deadlines import counted
from linqi.cases.flow import WORKING
from linqi.cases.models import Case
from linqi.cases.rules import Alarm
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access
from linqi.territory.models import Place

_TOLD: Final = {
    Alarm.NOT_ACCEPTED: ("accept_told_at", Verb.CASE_NOT_ACCEPTED),
    Alarm.NOT_CONTACTED: ("contact_told_at", Verb.CASE_NOT_CONTACTED),
    Alarm.NEAR: ("near_told_at", Verb.CASE_NEAR_DUE),
    Alarm.OVERDUE: ("overdue_told_at", Verb.CASE_OVERDUE),
}


def tick(now: datetime) -> int:
    """Tell of every case whose time has come, each alarm once; returns how many were told 到点提醒.

    Safe to run twice at the same moment: a case is claimed by an UPDATE that must hit exactly one row, and whoever
    misses leaves it to the other.
    """
    said = remind_waiting(now) + remind_promised(now) + tell_late_mending(now) + tell_late_strands(now)
    for alarm in Alarm:
        for pk in list(queries.alarming(alarm, now).values_list("pk", flat=True)):
            said += _alarm(pk, alarm, now)
    return said


@transaction.atomic
def _alarm(pk: int, alarm: Alarm, now: datetime) -> int:
    column, verb = _TOLD[alarm]
    if queries.alarming(alarm, now).filter(pk=pk).update(**{column: now}) != 1:
        return 0
    case = Case.objects.select_related("enterprise", "department", "place", "handler").get(pk=pk)
    whom = rules.told(alarm, has_handler=case.handler_id is not None, has_department=case.department_id is not None)
    titles = {
        Alarm.NOT_ACCEPTED: _("超时未受理：%(title)s"),
        Alarm.NOT_CONTACTED: _("超时未联系：%(title)s"),
        Alarm.NEAR: _("即将到期：%(title)s"),
        Alarm.OVERDUE: _("已超期：%(title)s"),
    }
    tell(
        queries.audience(case, whom),
        case,
        titles[alarm] % {"title": case.title},
        key=f"case:{pk}:{alarm.value}:{case.due_at:%Y%m%d%H%M}:{case.accept_due_at:%Y%m%d%H%M}",
    )
    journal.write(by=access.SYSTEM, verb=verb, subject=case, due_at=case.due_at.isoformat())
    return 1


def recompute_deadlines(*, by: Any, street: Place | None = None) -> list[Case]:
    """Count again the deadlines that rested on an unpublished calendar; returns the cases whose date moved 重算期限.

    Each case keeps the limits it was opened with. Every moved date is a journal entry with the date before and after;
    one more entry tells how many were looked at. Without a street all of them, which only the product itself may do.
    """
    if street is not None:
        access.require(by, "cases.configure", street)
    elif by is not access.SYSTEM:
        raise PermissionDenied("cases.configure")
    waiting = Case.objects.filter(due_provisional=True, state__in=WORKING)
    if street is not None:
        waiting = waiting.filter(street=street)
    ids = list(waiting.order_by("pk").values_list("pk", flat=True))
    moved = [case for pk in ids if (case := _recount(pk, by)) is not None]
    with transaction.atomic():
        journal.write(
            by=by, verb=Verb.DEADLINES_RECOMPUTED, subject=street, place=street, looked_at=len(ids), moved=len(moved)
        )
    return moved


@transaction.atomic
def _recount(pk: int, by: Any) -> Case | None:
    """One case: its new deadline is stored in any case, and returned when the date moved."""
    case = Case.objects.select_for_update().get(pk=pk)
    if case.state not in WORKING or not case.due_provisional:
        return None
    before = case.due_at
    due = counted(
        case.close_term, case.counted_from, case.extend_term if case.extended else "", queries.pauses_of(case)
    )
    case.due_at, case.due_why, case.due_provisional = due.at, due.why, due.provisional
    case.save(update_fields=["due_at", "due_why", "due_provisional"])
    if due.at == before:
        return None
    journal.write(
        by=by,
        verb=Verb.DEADLINES_RECOMPUTED,
        subject=case,
        before=before.isoformat(),
        after=due.at.isoformat(),
        provisional=due.provisional,
    )
    return case
