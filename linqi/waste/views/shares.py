"""Who could be behind something, as pages show it: each with its share, the reason, and how strong that is 证据份额."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from typing import Any, Final

from django.utils.translation import gettext as _

from linqi.enterprises.models import Enterprise
from linqi.enterprises.queries import shown_name
from linqi.waste.rules.tracing import Ground, Share, Strength
from linqi.waste.tracing import parties_of

SHOWN: Final = 12  # parties of one ground named one by one; the rest are counted
ALIKE: Final = (Ground.EQUAL, Ground.REST)  # grounds on which one party is as likely as the next
FEW: Final = 3  # so many alike are still named
TONES: Final = {Strength.STRONG: "bad", Strength.MEDIUM: "warn", Strength.WEAK: "plain", Strength.NONE: "quiet"}


@dataclass(frozen=True, slots=True)
class PartyRow:
    """One line: who, how much of the evidence in percent, why."""

    name: str
    percent: str
    reason: str
    strength: str
    tone: str


def party_rows(shares: Iterable[Share], user: Any) -> list[PartyRow]:
    """The lines of the list, largest share first; those that nothing tells apart are counted, not named: a name would look like a finding."""
    listed = list(shares)
    named = parties_of(listed)
    rows = []
    for ground, run in groupby(listed, key=lambda one: one.ground):
        alike = list(run)
        if ground not in ALIKE or len(alike) <= FEW:
            rows += [_row(one, named, user) for one in alike[:SHOWN]]
            alike = alike[SHOWN:]
            name = _("其余 %(n)s 家")
        else:
            name = _("%(n)s 家，分不出是哪一家")
        if alike:
            rows.append(_line(name % {"n": len(alike)}, sum(one.share for one in alike), _(ground.label), alike[0]))
    return rows


def _row(one: Share, named: Mapping[int, Enterprise], user: Any) -> PartyRow:
    who = named.get(one.party) if one.party is not None else None
    times = _("（%(n)s 次）") % {"n": one.count} if one.count else ""
    return _line(shown_name(who, user) if who else _("不能确定"), one.share, _(one.ground.label) + times, one)


def _line(name: str, share: Fraction | int, reason: str, one: Share) -> PartyRow:
    return PartyRow(name, f"{float(share):.1%}", reason, _(one.strength.label), TONES[one.strength])
