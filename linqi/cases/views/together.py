"""Who else works on a case or presses for it, on its page 协办、督办、并案."""

from typing import Any

from django.utils.translation import gettext as _

from linqi.cases import queries
from linqi.cases.flow import WORKING, StrandState
from linqi.cases.forms import SAY, SayForm
from linqi.cases.models import Case, Outcome, Route, Solved
from linqi.cases.views.lists import STRAND_TONES
from linqi.kit import access


def together_on(found: Case, user: Any) -> dict[str, Any]:
    """What the page shows of others who work on it or press for it, and what this user may do about that."""
    strands = found.strands.select_related("case__place", "case__department", "department", "community", "handler")
    waiting = list(found.nudges.filter(replied_at=None).select_related("by"))
    open_ = found.state in WORKING
    return {
        "strands": [
            (
                one,
                _(StrandState(one.state).label),
                STRAND_TONES[StrandState(one.state)],
                [
                    (
                        move,
                        _(move.label),
                        SayForm(label=str(SAY[move]), prefix=f"{move.value}{one.pk}") if move in SAY else None,
                    )
                    for move in queries.joins_open_to(user, one)
                ],
            )
            for one in strands
        ],
        "objections": found.objections.select_related("department", "proposed", "asked_by", "decided_by", "sent_to"),
        "escalations": found.escalations.select_related("asked_by", "decided_by"),
        "parts": queries.joined_to(found),
        "outcome": _(Outcome(found.outcome).label) if found.outcome else "",
        "route": _(Route(found.route).label) if found.route else "",
        "solved": _(Solved(found.solved).label) if found.solved else "",
        "nudges": waiting,
        "nudge_form": SayForm(label=_("督办要求"), prefix="nudge")
        if open_ and access.may(user, "cases.supervise", found)
        else None,
        "reply_form": SayForm(label=_("办到哪一步、何时答复"), prefix="reply")
        if waiting and access.may(user, "cases.answer", found)
        else None,
    }
