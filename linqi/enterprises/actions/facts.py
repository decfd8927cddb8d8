"""What is done to facts and claims: recorded, said, confirmed, not believed 事实与待核信息."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from linqi.enterprises import dictionary, flow
from linqi.enterprises.models import Claim, Enterprise, Fact, SourceKind
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access
from linqi.kit.clock import now


@transaction.atomic
def record_fact(
    *,
    enterprise: Enterprise,
    key: str,
    value: Any,
    period: str = "",
    source_kind: str,
    source: str,
    as_of: date,
    confidence: float = 1.0,
    by: Any,
) -> Fact:
    """Write down what a source says of an enterprise 登记信息.

    What other kinds of source say stays beside it. A newer word of the same kind of source on the same field and period
    takes the older one's place without deleting it; an older word arriving late is kept as already superseded. The same
    word twice is one fact. ValidationError when the value does not fit the dictionary.
    """
    access.require(by, "enterprises.edit", enterprise)
    return _record(
        enterprise=enterprise,
        key=key,
        value=_checked(key, value, period),
        period=period,
        source_kind=SourceKind(source_kind),
        source=source,
        as_of=as_of,
        confidence=confidence,
        by=by,
    )


@transaction.atomic
def make_claim(
    *,
    enterprise: Enterprise,
    key: str,
    value: Any,
    period: str = "",
    said_by: str,
    said_on: date,
    origin: str,
    by: Any,
) -> Claim:
    """Keep what somebody said of an enterprise until one who may confirms it 上报待核信息.

    `said_by`: a role such as 前台 or 财务负责人, never a person's name; `origin`: where it was heard, e.g. "visit:17".
    """
    access.require(by, "enterprises.claim", enterprise)
    claim = Claim.objects.create(
        enterprise=enterprise,
        key=key,
        value=_checked(key, value, period),
        period=period,
        said_by=said_by,
        said_on=said_on,
        origin=origin,
        entered_by_id=by.pk,
    )
    journal.write(by=by, verb=Verb.CLAIM_MADE, subject=claim, enterprise=enterprise, place=enterprise.seat_id, key=key)
    return claim


@transaction.atomic
def confirm_claim(*, claim: Claim, by: Any) -> Fact:
    """Take a claim as a fact, beside what other sources say 采信信息."""
    access.require(by, "enterprises.confirm", claim)
    claim = _locked(claim)
    claim.state = flow.CLAIM.after("confirm", claim.state)
    told = claim.origin.partition(":")[0]
    claim.fact = _record(
        enterprise=claim.enterprise,
        key=claim.key,
        value=claim.value,
        period=claim.period,
        source_kind=SourceKind.VISIT if told == "visit" else SourceKind.ENTERPRISE,
        source=_("%(who)s口述，经核实") % {"who": claim.said_by} if told == "visit" else _("企业自报，经核实"),
        as_of=claim.said_on,
        confidence=1.0,
        by=by,
    )
    claim.decided_by_id, claim.decided_at = by.pk, now()
    claim.save(update_fields=["state", "fact", "decided_by", "decided_at"])
    journal.write(
        by=by,
        verb=Verb.CLAIM_CONFIRMED,
        subject=claim,
        enterprise=claim.enterprise,
        place=claim.enterprise.seat_id,
        fact=claim.fact.pk,
    )
    return claim.fact


@transaction.atomic
def reject_claim(*, claim: Claim, reason: str, by: Any) -> Claim:
    """Do not take a claim as a fact, and say why 不采信信息."""
    access.require(by, "enterprises.confirm", claim)
    claim = _locked(claim)
    claim.state = flow.CLAIM.after("reject", claim.state)
    if not reason.strip():
        raise ValidationError({"reason": _("请说明不采信的理由。")})
    claim.reason, claim.decided_by_id, claim.decided_at = reason.strip(), by.pk, now()
    claim.save(update_fields=["state", "reason", "decided_by", "decided_at"])
    journal.write(
        by=by,
        verb=Verb.CLAIM_REJECTED,
        subject=claim,
        enterprise=claim.enterprise,
        place=claim.enterprise.seat_id,
        reason=claim.reason,
    )
    return claim


@transaction.atomic
def remember_secrets_read(*, enterprise: Enterprise, keys: Iterable[str], by: Any) -> None:
    """Keep who read which sensitive fields of whom; called by the page that showed them 查看留痕."""
    access.require(by, "enterprises.see", enterprise)
    if read := sorted(set(keys)):
        journal.write(
            by=by,
            verb=Verb.SECRETS_READ,
            subject=enterprise,
            enterprise=enterprise,
            place=enterprise.seat_id,
            keys=read,
        )


def _record(
    *,
    enterprise: Enterprise,
    key: str,
    value: Any,
    period: str,
    source_kind: SourceKind,
    source: str,
    as_of: date,
    confidence: float,
    by: Any,
) -> Fact:
    Enterprise.objects.select_for_update().get(pk=enterprise.pk)  # two words on one field at once: one after the other
    standing = list(
        Fact.objects.filter(
            enterprise=enterprise, key=key, period=period, source_kind=source_kind.value, superseded_on=None
        )
    )
    for fact in standing:
        if (fact.value, fact.source, fact.as_of) == (value, source, as_of):
            return fact
    newer = [fact.as_of for fact in standing if fact.as_of > as_of]
    fact = Fact.objects.create(
        enterprise=enterprise,
        key=key,
        period=period,
        value=value,
        source_kind=source_kind.value,
        source=source,
        as_of=as_of,
        confidence=confidence,
        recorded_by_id=by.pk,
        superseded_on=min(newer, default=None),
    )
    older = [one.pk for one in standing if one.as_of <= as_of]
    Fact.objects.filter(pk__in=older).update(superseded_on=as_of)
    journal.write(
        by=by,
        verb=Verb.FACT_RECORDED,
        subject=fact,
        enterprise=enterprise,
        place=enterprise.seat_id,
        key=key,
        period=period,
        superseded=older,
    )
    return fact


def _checked(key: str, value: Any, period: str) -> Any:
    try:
        stored = dictionary.stored(key, value)
        dictionary.check_period(key, period)
    except ValueError as problem:
        raise ValidationError(str(problem)) from problem
    return stored


def _locked(claim: Claim) -> Claim:
    return Claim.objects.select_for_update(of=("self",)).select_related("enterprise").get(pk=claim.pk)
