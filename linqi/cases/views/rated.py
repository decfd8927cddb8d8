"""How a case was rated and what followed from it, on its page 评价、整改、剔除."""

from typing import Any

from django.utils.translation import gettext as _

from linqi.cases import queries, rules
from linqi.cases.flow import UNSETTLED, Mending, Move, State
from linqi.cases.forms import SAY, ExclusionForm, RatingForm, SayForm
from linqi.cases.models import Case, Exclusion, Ground, RatedBy
from linqi.kit import access


def rating_on(found: Case, user: Any, moves: list[Move]) -> dict[str, Any]:
    """What the page shows of the rating and what followed, and what this user may do about it."""
    mending = found.rectifications.select_related("case").first()
    exclusion = Exclusion.objects.filter(case=found).first()
    over = found.state in (State.CLOSED, State.WITHDRAWN)
    decidable = (
        exclusion is not None
        and exclusion.granted is None
        and rules.may_decide(exclusion.asked_by_id, user.pk)
        and access.may(user, "cases.decide", found)
    )
    return {
        "rating_shown": over or found.rating is not None,
        "way": _(RatedBy(found.rated_by).label) if found.rated_by else "",
        "may_link": found.state == State.CLOSED
        and rules.may_rate(found.closed_at, found.rated_at)
        and access.may(user, "cases.close", found),
        "call": RatingForm(prefix="call") if Move.CALL_BACK in moves else None,
        "mending": mending,
        "mending_state": _(Mending(mending.state).label) if mending else "",
        "mending_tone": "warn" if mending and mending.state in UNSETTLED else "quiet",
        "mending_moves": [
            (one, _(one.label), SayForm(label=str(SAY[one]), prefix=one.value))
            for one in queries.mending_open_to(user, mending)
        ],
        "exclusion": exclusion,
        "exclusion_ground": _(Ground(exclusion.ground).label) if exclusion else "",
        "exclusion_decide": SayForm(label=_("审批理由"), prefix="exclusion") if decidable else None,
        "exclusion_form": ExclusionForm() if over and access.may(user, "cases.exclude", found) else None,
    }
