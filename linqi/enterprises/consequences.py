"""What would change if a claim were a fact: asked of whoever above judges enterprises by facts 采信后会怎样.

Apps above register a teller in their `ready()`, so that this floor knows none of them. A teller gets what is known now and
what would be known then, and compares its own judgements; it writes nothing and asks its own permissions.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.utils.translation import gettext as _

from linqi.conditions.facts import Facts
from linqi.conditions.rules import Outcome
from linqi.enterprises import known
from linqi.enterprises.actions.facts import kind_of
from linqi.enterprises.models import Claim, Enterprise
from linqi.enterprises.queries import sight_of
from linqi.kit import access


@dataclass(frozen=True, slots=True)
class Consequence:
    """One judgement that would change: of which area, about what, from which words to which, and where it is explained."""

    area: str
    title: str
    before: str
    after: str
    tone: str = "plain"
    url: str = ""


TONES: Final = {
    Outcome.MET: "good",
    Outcome.MANUAL_REVIEW: "info",
    Outcome.UNKNOWN: "warn",
    Outcome.UNMET: "quiet",
    Outcome.NOT_APPLICABLE: "quiet",
}
Teller = Callable[[Enterprise, Facts, Facts, Any, date], Iterable[Consequence]]
_tellers: list[Teller] = []


def on_new_value(teller: Teller) -> None:
    """Have an app above tell what it would judge otherwise; called once for each, in the app's `ready()`."""
    if teller not in _tellers:
        _tellers.append(teller)


def turned(area: str, title: str, before: Outcome, after: Outcome, url: str) -> Iterable[Consequence]:
    """One rule whose outcome is another one; nothing when it is the same."""
    if before != after:
        yield Consequence(area, title, _(before.label), _(after.label), TONES[after], url)


def may_ask(enterprise: Enterprise, user: Any, permission: str) -> bool:
    """Whether a user may read, where an enterprise has its principal place, what rests on business secrets."""
    seat = enterprise.seat
    return seat is not None and access.may(user, permission, seat) and sight_of(enterprise, user).secrets


def consequences_of(claim: Claim, user: Any, day: date) -> list[Consequence]:
    """What this claim would change on a day if it were confirmed, as far as the user may know it.

    The caller has asked whether the user may read the claim. Looks at one enterprise, whatever the number of others.
    """
    enterprise = claim.enterprise
    before = known.facts_on(enterprise, day)
    said = known.Said(claim.key, claim.period, claim.value, kind_of(claim).value, claim.said_by, claim.said_on)
    after = known.facts_if(enterprise, day, said)
    if before == after:
        return []
    return [one for teller in _tellers for one in teller(enterprise, before, after, user, day)]
