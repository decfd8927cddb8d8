"""What waits for a user, what went through their hands, and what they watch 待办、经手、关注."""

from typing import Any

from django.db.models import Q, QuerySet

from linqi.cases.flow import RUNNING, Mending, State, StrandState
from linqi.cases.models import Case, Escalation, Exclusion, Extension, Nudge, Objection, Rectification, Strand, Watch
from linqi.kit.access import reach_of, seen_by
from linqi.kit.choices import Choice
from linqi.kit.counting import few_or_all

Ids = QuerySet[Any, Any]  # one column: ids of cases


class Worklist(Choice):
    """The lists that everybody at the desk has 办件视图."""

    WAITING = "waiting", "待我办"
    DONE = "done", "我经手的"
    WATCHED = "watched", "我关注的"


def narrowed(cases: QuerySet[Case], which: Worklist, user: Any) -> QuerySet[Case]:
    """Those of the cases that are on this list of the user's.

    Each reason to be on it is a query of its own that an index answers; one condition of them all would read every case
    of the street.
    """
    if which is Worklist.DONE:
        return cases.filter(_done(user))
    first, *others = _waiting(user) if which is Worklist.WAITING else _watched(user)
    return cases.filter(pk__in=few_or_all(first.union(*others) if others else first))


def _waiting(user: Any) -> list[Ids]:
    """Nothing happens here until this user, or one of their section, does something."""
    sections = reach_of(user).departments("cases.accept")
    asked = Strand.objects.filter(state__in=RUNNING - {StrandState.TO_ADMIT})
    parts = seen_by(user, asked, "cases.join").filter(Q(handler=None) | Q(handler=user.pk))
    return [
        _of(Case.objects.filter(handler=user.pk, state__in=(State.ACCEPTED, State.ANSWERED))),
        _of(Case.objects.filter(department__in=sections, state=State.DISPATCHED)),
        _about(Nudge.objects.filter(replied_at=None, case__handler=user.pk)),
        _about(parts),
        *_to_decide(user),
    ]


def _to_decide(user: Any) -> list[Ids]:
    """Asked by somebody else and not decided yet, where this user may decide."""
    rows: list[tuple[str, QuerySet[Any]]] = [
        ("cases.dispatch", Objection.objects.filter(decided_at=None).exclude(asked_by=user.pk)),
        ("cases.decide", Extension.objects.filter(granted=None, case__state=State.ACCEPTED).exclude(asked_by=user.pk)),
        ("cases.decide", Exclusion.objects.filter(granted=None).exclude(asked_by=user.pk)),
        ("cases.decide", Escalation.objects.filter(decided_at=None, case__state=State.ACCEPTED)),
        ("cases.verify", Rectification.objects.filter(state=Mending.TO_VERIFY).exclude(case__handler=user.pk)),
    ]
    queue = seen_by(user, Case.objects.filter(department=None, state=State.DISPATCHED), "cases.dispatch")
    admit = seen_by(user, Strand.objects.filter(state=StrandState.TO_ADMIT), "cases.admit")
    mend = Rectification.objects.filter(state=Mending.TO_MEND, case__handler=user.pk)
    decided = [
        _of(seen_by(user, Case.objects.filter(pk__in=asked.values("case")), permission)) for permission, asked in rows
    ]
    return [_of(queue), _about(admit), _about(mend), *decided]


def _done(user: Any) -> Q:
    """What this user handled, or did a part of, and is no more at; of the former there may be many thousands."""
    handled = Q(handler=user.pk) & ~Q(state__in=(State.ACCEPTED, State.DISPATCHED))
    parts = few_or_all(_about(Strand.objects.filter(handler=user.pk).exclude(state__in=RUNNING)))
    return handled | Q(pk__in=parts) if parts else handled


def _watched(user: Any) -> list[Ids]:
    return [_about(Watch.objects.filter(user=user.pk))]


def _of(cases: QuerySet[Case]) -> Ids:
    return cases.order_by().values_list("pk", flat=True)


def _about(rows: QuerySet[Any]) -> Ids:
    return rows.order_by().values_list("case", flat=True)
