"""Which policies would say something else of a firm if one more thing were known of it 政策结论变化."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from linqi.conditions.facts import Facts
from linqi.conditions.one import Sight, judge_seen
from linqi.enterprises import known
from linqi.enterprises.consequences import Consequence, may_ask, turned
from linqi.enterprises.models import Enterprise
from linqi.policies import queries
from linqi.territory.queries import street_of


def changed_policies(
    enterprise: Enterprise, before: Facts, after: Facts, user: Any, day: date
) -> Iterable[Consequence]:
    """The policies in force in its street whose outcome would turn; three queries and no run over other firms."""
    street = street_of(enterprise.seat, day) if enterprise.seat else None
    if street is None or not may_ask(enterprise, user, "policies.see"):
        return
    was, would = (Sight(facts, known.book(), day) for facts in (before, after))
    url = reverse("policies:firm", args=[enterprise.pk])
    for version in queries.versions_for(street, day):
        rule = queries.rule_of(version)
        old, new = judge_seen(rule, was).outcome, judge_seen(rule, would).outcome
        yield from turned(_("惠企政策"), str(version.policy), old, new, url)
