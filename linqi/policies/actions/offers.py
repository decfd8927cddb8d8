"""Firms are told what they may meet 政策推送."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from linqi.accounts.queries import holders_over
from linqi.conditions.rules import Outcome
from linqi.enterprises import known
from linqi.enterprises.models import Enterprise
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access
from linqi.kit.bulk import insert_many
from linqi.kit.clock import now, today
from linqi.notifications.actions import notify
from linqi.policies import queries
from linqi.policies.models import Ledger, Offer, PolicyVersion
from linqi.policies.rules import LedgerKind


@dataclass(frozen=True, slots=True)
class Pushed:
    """How many firms were told now, of them with a user who was notified, and how many had been told before."""

    offered: int
    reached: int
    before: int


@transaction.atomic
def push(*, version: PolicyVersion, by: Any) -> Pushed:
    """Tell every firm of the street that may meet a version in force, each once 推送.

    The wording is that of the law: it may be met, or the authority decides; never that the firm is entitled.
    """
    access.require(by, "policies.push", version)
    day = today()
    if queries.version_in_force(version.policy, day) != version:
        raise ValidationError(_("只有现行有效的版本可以推送。"))
    PolicyVersion.objects.select_for_update().get(pk=version.pk)
    told = set(version.offers.values_list("enterprise", flat=True))
    people = known.population(day)
    answers = queries.answers_for([version], day)
    within, key = known.standing_at(version.policy.street_id, day), str(version.pk)
    outcome_of = {
        pk: outcome
        for outcome in queries.MAY
        for pk in answers.ids(key, outcome, within=within).tolist()
        if pk not in told
    }
    seats = dict(Enterprise.objects.filter(pk__in=list(outcome_of)).exclude(seat=None).values_list("pk", "seat"))
    users = _users(seats)
    moment, rows, lines = now(), [], []
    for pk, seat in seats.items():
        row = people.row_of(pk)
        assert row is not None
        money = queries.estimate_of(version, people.sight(row))
        rows.append(
            (version.pk, pk, seat, outcome_of[pk].value, money.amount, money.ceiling, pk in users, moment, None)
        )
        if money.amount:
            lines.append((version.pk, pk, seat, None, LedgerKind.OFFERED.value, money.amount, day, moment, ""))
    insert_many(
        Offer,
        ("version_id", "enterprise_id", "place_id", "outcome", "amount", "ceiling", "reached", "offered_at", "seen_at"),
        rows,
    )
    insert_many(
        Ledger,
        ("version_id", "enterprise_id", "place_id", "application_id", "kind", "amount", "on", "at", "note"),
        lines,
    )
    for pk, held in users.items():
        notify(
            users=held,
            title=_(_TITLES[outcome_of[pk]]) % {"policy": version.policy.name_zh},
            body=_("请核对条件和缺少的资料；结果以主管部门认定为准。"),
            url=reverse("policies:mine"),
            key=f"offer:{version.pk}:{pk}",
        )
    journal.write(
        by=by,
        verb=Verb.POLICY_PUSHED,
        subject=version,
        place=version.policy.street_id,
        offered=len(rows),
        reached=len(users),
    )
    return Pushed(len(rows), len(users), len(told))


@transaction.atomic
def mark_seen(*, enterprise: Enterprise, offers: Iterable[Offer], by: Any) -> int:
    """The firm has looked at what it was told 已阅."""
    access.require(by, "enterprises.see", enterprise)
    fresh = Offer.objects.filter(enterprise=enterprise, pk__in=[one.pk for one in offers], seen_at=None)
    count = fresh.update(seen_at=now())
    if count:
        journal.write(
            by=by,
            verb=Verb.POLICY_SEEN,
            subject=enterprise,
            enterprise=enterprise,
            place=enterprise.seat_id,
            offers=count,
        )
    return count


def _users(firms: Iterable[int]) -> dict[int, list[Any]]:
    """The users of some firms; few firms have one."""
    from linqi.accounts.models import Grant

    listed = set(Grant.objects.exclude(enterprise=None).values_list("enterprise", flat=True)).intersection(firms)
    held = {pk: list(holders_over("enterprise", pk, today())) for pk in listed if pk is not None}
    return {pk: users for pk, users in held.items() if users}


_TITLES = {
    Outcome.MET: "您的企业可能符合：%(policy)s",
    Outcome.MANUAL_REVIEW: "可核对的条件已具备，待主管部门认定：%(policy)s",
}
