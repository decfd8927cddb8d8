"""What is done to facts and claims: recorded, said, confirmed, not believed, taken back 事实与待核信息."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from linqi.enterprises import dictionary, flow
from linqi.enterprises.models import Claim, ClaimState, Enterprise, Fact, SourceKind
from linqi.enterprises.queries_claims import MAY_READ, decided_since
from linqi.enterprises.rules.undoing import UNDO_DAYS, undo_until
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
    ).fact


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
        entered_at=now(),
        entered_by_id=by.pk,
    )
    journal.write(by=by, verb=Verb.CLAIM_MADE, subject=claim, enterprise=enterprise, place=enterprise.seat_id, key=key)
    return claim


@transaction.atomic
def confirm_claim(*, claim: Claim, by: Any) -> Fact:
    """Take a claim as a fact, beside what other sources say 采信信息; `undo_claim` takes that back."""
    _may_decide(by, claim)
    claim = _locked(claim)
    claim.state = flow.CLAIM.after("confirm", claim.state)
    told = claim.origin.partition(":")[0]
    recorded = _record(
        enterprise=claim.enterprise,
        key=claim.key,
        value=claim.value,
        period=claim.period,
        source_kind=kind_of(claim),
        source=_("%(who)s口述，经核实") % {"who": claim.said_by} if told == "visit" else _("企业自报，经核实"),
        as_of=claim.said_on,
        confidence=1.0,
        by=by,
    )
    claim.fact, claim.before = recorded.fact, {"made": recorded.made, "superseded": recorded.superseded}
    claim.decided_by_id, claim.decided_at = by.pk, now()
    claim.save(update_fields=["state", "fact", "before", "decided_by", "decided_at"])
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
    _may_decide(by, claim)
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
def undo_claim(*, claim: Claim, by: Any) -> Claim:
    """Take a decision back: the claim waits again, and what is known is exactly what it was before 撤回采信结论.

    The fact that a confirmation made is taken away, and the facts it superseded stand again; the journal keeps that both
    happened. ValidationError in words when the time is over (`rules.undoing`), when something newer on the same field was
    confirmed or recorded since, or when it cannot be undone exactly.
    """
    _may_decide(by, claim)
    claim = _locked(claim)
    was, fact = claim.state, claim.fact
    claim.state = flow.CLAIM.after("undo", was)
    if claim.decided_at is None or now() > undo_until(claim.decided_at):
        raise ValidationError(_("已超过 %(days)s 天，不能撤回。如有变化，请另行上报。") % {"days": UNDO_DAYS})
    _locked_enterprise(claim.enterprise_id)  # nobody records anything on this firm meanwhile
    if decided_since(claim):
        raise ValidationError(_("此后同一项已采信或登记了更新的信息，不能撤回。请先撤回较新的一条，或另行上报。"))
    restored = _unmade(claim, fact) if was == ClaimState.CONFIRMED else []
    claim.fact, claim.before, claim.decided_by, claim.decided_at, claim.reason = None, None, None, None, ""
    claim.save(update_fields=["state", "fact", "before", "decided_by", "decided_at", "reason"])
    journal.write(
        by=by,
        verb=Verb.CLAIM_UNDONE,
        subject=claim,
        enterprise=claim.enterprise,
        place=claim.enterprise.seat_id,
        key=claim.key,
        was=was,
        fact=fact.pk if fact else None,
        restored=restored,
    )
    return claim


def kind_of(claim: Claim) -> SourceKind:
    """Which kind of source a claim becomes once it is confirmed: heard on a visit, or stated by the enterprise."""
    return SourceKind.VISIT if claim.visit is not None else SourceKind.ENTERPRISE


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


@transaction.atomic
def remember_claims_read(*, claims: Iterable[Claim], by: Any) -> None:
    """Keep who read the sensitive ones of a page of claims, one entry for each enterprise; called by the page 查看留痕."""
    if not access.may_anywhere(by, "enterprises.confirm"):
        raise PermissionDenied("enterprises.confirm")
    firms: dict[int, Enterprise] = {}
    read: dict[int, set[str]] = defaultdict(set)
    for one in claims:
        if dictionary.field(one.key).sensitivity != "public":
            firms[one.enterprise_id] = one.enterprise
            read[one.enterprise_id].add(one.key)
    if firms:
        journal.write_many(
            journal.Act(by, Verb.SECRETS_READ, firm, firm.seat_id, firm, data={"keys": sorted(read[pk])})
            for pk, firm in firms.items()
        )


@transaction.atomic
def remember_claims_export(*, rows: int, query: str, by: Any) -> None:
    """Keep who took a list of claims out, how many rows and by which filters 导出留痕."""
    if not access.may_anywhere(by, "enterprises.export"):
        raise PermissionDenied("enterprises.export")
    journal.record_export(what="enterprises.Claim", rows=rows, query=query[:500], by=by)


@dataclass(frozen=True, slots=True)
class _Recorded:
    """The fact that stands for what was said, whether it is new, and which older ones it superseded."""

    fact: Fact
    made: bool = False
    superseded: list[int] = field(default_factory=list)


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
) -> _Recorded:
    _locked_enterprise(enterprise.pk)  # two words on one field at once: one after the other
    standing = list(
        Fact.objects.filter(
            enterprise=enterprise, key=key, period=period, source_kind=source_kind.value, superseded_on=None
        )
    )
    for fact in standing:
        if (fact.value, fact.source, fact.as_of) == (value, source, as_of):
            return _Recorded(fact)
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
    return _Recorded(fact, made=True, superseded=older)


def _unmade(claim: Claim, fact: Fact | None) -> list[int]:
    """Take away what a confirmation made and let stand again what it superseded; which facts those are."""
    if claim.before is None or fact is None:
        raise ValidationError(_("当时没有记下采信前的情况，无法原样撤回。如有变化，请另行上报。"))
    older: list[int] = claim.before["superseded"]
    standing = Fact.objects.filter(pk__in=older, enterprise=claim.enterprise, superseded_on=fact.as_of)
    if standing.update(superseded_on=None) != len(older):
        raise ValidationError(_("采信前的信息后来又有变动，无法原样撤回。如有变化，请另行上报。"))
    if claim.before["made"]:
        fact.delete()
    return older


def _may_decide(by: Any, claim: Claim) -> None:
    """Who decides about a claim must be allowed to, and to read it."""
    access.require(by, "enterprises.confirm", claim)
    asked = dictionary.field(claim.key)
    for sensitive, permission in ((asked.secret, MAY_READ["secret"]), (asked.personal, MAY_READ["personal"])):
        if sensitive:
            access.require(by, permission, claim)


def _locked_enterprise(pk: int) -> None:
    Enterprise.objects.select_for_update().get(pk=pk)


def _checked(key: str, value: Any, period: str) -> Any:
    try:
        stored = dictionary.stored(key, value)
        dictionary.check_period(key, period)
    except ValueError as problem:
        raise ValidationError(str(problem)) from problem
    return stored


def _locked(claim: Claim) -> Claim:
    return Claim.objects.select_for_update(of=("self",)).select_related("enterprise", "fact").get(pk=claim.pk)
