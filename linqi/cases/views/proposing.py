"""What a text may be about, as the forms show it 研判建议."""

from dataclasses import dataclass
from typing import Any, Final

from django.http import QueryDict
from django.utils.translation import gettext as _

from linqi.cases import understanding
from linqi.cases.models import Case
from linqi.cases.rules import likeliest_window
from linqi.catalogue.models import Category
from linqi.catalogue.queries import categories_offered
from linqi.ui.asked import words

SHOWN: Final = 3
WORTH: Final = 0.1  # confidence below which a second guess only distracts


@dataclass(frozen=True, slots=True)
class Proposed:
    """One category that a text may be about, how sure the reader is in percent, and by which words."""

    category: Category
    percent: int
    sure: bool
    reasons: str


@dataclass(frozen=True, slots=True)
class Proposals:
    """What a text may be about; `window` with its percent only where no category is sure but its window is."""

    categories: list[Proposed]
    window: str = ""
    percent: int = 0


def proposed(user: Any, title: str, body: str) -> Proposals:
    """The likeliest categories, the likeliest first, or at least the window; empty while nothing has been learnt."""
    found = understanding.propose(title, body)
    if found is None or not found.reasons:
        return Proposals([])
    offered = {one.code: one for one in categories_offered(user)}
    listed = [
        Proposed(offered[label], round(sure * 100), label == found.label, "、".join(found.reasons) if not at else "")
        for at, (label, sure) in enumerate(found.ranked[:SHOWN])
        if label in offered and (not at or sure >= WORTH)
    ]
    windows = {code: one.window.title for code, one in offered.items()}
    window = None if found.label else likeliest_window(found.ranked, windows)
    return Proposals(listed, window[0], round(window[1] * 100)) if window else Proposals(listed)


def said_so_far(form: QueryDict) -> tuple[str, str]:
    """Title and body of a request that is still being written."""
    return words(form.get("title"), 120), words(form.get("body"), 5000)


def kept_in_words(case: Case) -> str:
    """What was proposed when a case was opened, and by which reader; empty when nothing was."""
    held = case.proposal
    if not held or not held.get("ranked"):
        return ""
    label, sure = held["ranked"][0]
    category = Category.objects.filter(code=label).first()
    return _("%(name)s（%(percent)s%%，依据：%(reasons)s；模型 %(version)s）") % {
        "name": category.title if category else label,
        "percent": round(sure * 100),
        "reasons": "、".join(held.get("reasons", [])) or "–",
        "version": held.get("version", ""),
    }
