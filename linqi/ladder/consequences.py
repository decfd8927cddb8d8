"""Which tiers of the ladder would say something else of a firm if one more thing were known of it 直通车结论变化."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from linqi.conditions.facts import Facts
from linqi.enterprises.consequences import Consequence, may_ask, turned
from linqi.enterprises.models import Enterprise
from linqi.ladder import queries, rules


def changed_tiers(enterprise: Enterprise, before: Facts, after: Facts, user: Any, day: date) -> Iterable[Consequence]:
    """The tiers whose outcome would turn, and how far the nearest listing standard would then be reached."""
    if not may_ask(enterprise, user, "ladder.see"):
        return
    was, would = (queries.ladder_of(enterprise, day, facts=facts) for facts in (before, after))
    area, url = _("助企直通车"), reverse("ladder:firm", args=[enterprise.pk])
    for tier, verdict in was.verdicts.items():
        yield from turned(area, _(tier.label), verdict.outcome, would.verdicts[tier].outcome, url)
    if was.best != would.best:
        yield Consequence(area, _("离最近的上市标准"), _reached(was.best), _reached(would.best), url=url)


def _reached(bounds: rules.Bounds) -> str:
    low, high = (f"{float(one):.0%}" for one in (bounds.low, bounds.high))
    return low if low == high else f"{low}–{high}"
