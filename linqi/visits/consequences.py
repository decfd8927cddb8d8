"""Which must-visits would be triggered, or not any more, if one more thing were known of a firm 必访触发变化."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from linqi.conditions.facts import Facts
from linqi.enterprises.consequences import Consequence, may_ask, turned
from linqi.enterprises.models import Enterprise
from linqi.visits import standing


def changed_reasons(enterprise: Enterprise, before: Facts, after: Facts, user: Any, day: date) -> Iterable[Consequence]:
    """The kinds of must-visit whose trigger would turn. Ranks and changes over months are those of the recorded facts."""
    if not may_ask(enterprise, user, "visits.see"):
        return
    was, would = (standing.verdicts_of(enterprise, day, facts) for facts in (before, after))
    url = f"{reverse('visits:why')}?enterprise={enterprise.pk}"
    for reason, verdict in was.items():
        yield from turned(_("六必访"), _(reason.label), verdict.outcome, would[reason].outcome, url)
