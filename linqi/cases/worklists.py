"""What waits for a user, what went through their hands, and what they watch 待办、经手、关注."""

from typing import Any

from django.db.models import Q, QuerySet

from linqi.cases.flow import RUNNING, Mending, State, StrandState
from linqi.cases.models import Case, Escalation, Exclusion, Extension, Nudge, Objection, Rectification, Strand, Watch
from linqi.kit.access import reach_of, seen_by
from linqi.kit.choices import Choice


class Worklist(Choice):
    """The lists that everybody at the desk has 办件视图."""

    WAITING = "waiting", "待我办"
    DONE = "done", "我经手的"
    WATCHED = "watched", "我关注的"


def narrowed(cases: QuerySet[Case], which: Worklist, user: Any) -> QuerySet[Case]:
    """Those of the cases that are on this list of the user's."""
    return cases.filter({Worklist.WAITING: _waiting, Worklist.DONE: _done, Worklist.WATCHED: _watched}[which](user))


def _waiting(user: Any) -> Q:
    """Nothing happens here until this user, or one of their section, does something."""
    sections = reach_of(user).departments("cases.accept")
    mine = Q(handler=user.pk, state__in=(State.ACCEPTED, State.ANSWERED))
    waiting = Q(department__in=sections, state=State.DISPATCHED)
    pressed = Nudge.objects.filter(replied_at=None, case__handler=user.pk)
    asked = Strand.objects.filter(state__in=RUNNING - {StrandState.TO_ADMIT})
    parts = seen_by(user, asked, "cases.join").filter(Q(handler=None) | Q(handler=user.pk))
    return mine | waiting | Q(pk__in=pressed.values("case")) | Q(pk__in=parts.values("case")) | _to_decide(user)


def _to_decide(user: Any) -> Q:
    """Asked by somebody else and not decided yet, where this user may decide."""
    queue = seen_by(user, Case.objects.filter(department=None, state=State.DISPATCHED), "cases.dispatch")
    objections = Objection.objects.filter(decided_at=None).exclude(asked_by=user.pk)
    asked = (
        Extension.objects.filter(granted=None, case__state=State.ACCEPTED).exclude(asked_by=user.pk),
        Exclusion.objects.filter(granted=None).exclude(asked_by=user.pk),
        Escalation.objects.filter(decided_at=None, case__state=State.ACCEPTED),
    )
    verify = Rectification.objects.filter(state=Mending.TO_VERIFY).exclude(case__handler=user.pk)
    mend = Rectification.objects.filter(state=Mending.TO_MEND, case__handler=user.pk)
    found = Q(pk__in=queue.values("pk")) | Q(pk__in=mend.values("case"))
    decisions: list[tuple[str, QuerySet[Any]]] = [
        ("cases.dispatch", objections),
        *(("cases.decide", rows) for rows in asked),
        ("cases.verify", verify),
    ]
    admit = seen_by(user, Strand.objects.filter(state=StrandState.TO_ADMIT), "cases.admit")
    found |= Q(pk__in=admit.values("case"))
    for permission, rows in decisions:
        cases = Case.objects.filter(pk__in=rows.values("case"))
        found |= Q(pk__in=seen_by(user, cases, permission).values("pk"))
    return found


def _done(user: Any) -> Q:
    """What this user handled, or did a part of, and is no more at."""
    handled = Q(handler=user.pk) & ~Q(state__in=(State.ACCEPTED, State.DISPATCHED))
    parts = Strand.objects.filter(handler=user.pk).exclude(state__in=RUNNING)
    return handled | Q(pk__in=parts.values("case"))


def _watched(user: Any) -> Q:
    return Q(pk__in=Watch.objects.filter(user=user.pk).values("case"))
