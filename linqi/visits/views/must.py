"""What a page says of must-visits: the score in words, what to ask, when a visit has done its work 必访说明."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from linqi.enterprises.models import Enterprise
from linqi.visits import intake, queries
from linqi.visits.models import MustVisitRule
from linqi.visits.rules import Reason, Score


@dataclass(frozen=True, slots=True)
class Asked:
    """What one reason asks of the visit 走访要点."""

    label: str
    who: str
    questions: tuple[str, ...]
    done_when: str
    legal: str


def said(text: str) -> str:
    """A text of the product in the reader's language; what a street wrote stays as it was written."""
    return intake.english().get(text, text) if (get_language() or "").startswith("en") else text


def asked_by(row: MustVisitRule) -> Asked:
    """What a rule asks, in the reader's language."""
    return Asked(
        _(Reason(row.reason).label),
        said(row.who),
        tuple(said(one) for one in row.ask),
        said(row.done_when),
        said(row.legal),
    )


def ask_on(enterprise: Enterprise, reasons: Iterable[Reason], day: date) -> list[Asked]:
    """What to ask on a visit that answers these reasons, by the rules of the firm's street."""
    wanted = set(reasons)
    if not wanted:
        return []
    return [asked_by(row) for row in queries.rules_for(enterprise, day) if Reason(row.reason) in wanted]


def score_in_words(score: Score) -> dict[str, object]:
    """The score, factor by factor."""
    return {
        "total": f"{score.total:.1f}",
        "value": _plain(score.value),
        "factors": [
            (
                _(one.reason.label),
                _plain(one.weight),
                _plain(one.urgency),
                _plain(one.lateness),
                one.late,
                f"{one.points:.2f}",
            )
            for one in score.factors
        ],
    }


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
