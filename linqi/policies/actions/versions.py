"""Policies are written by one person and published by another 起草与发布."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from linqi.conditions.errors import ConditionError
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access
from linqi.kit.clock import now, today
from linqi.policies import queries
from linqi.policies.flow import VERSION, VersionState
from linqi.policies.models import Benefit, Budget, Example, Policy, PolicyVersion
from linqi.search import actions as search
from linqi.territory.models import Place

COPIED: Final = (
    *(
        "document_no",
        "also",
        "since",
        "until",
        "dates_seen",
        "window_since",
        "window_until",
        "valid_years",
        "transition",
    ),
    *("note", "confidence", "source", "source_kind", "conditions", "applies", "manual", "materials"),
)
EDITABLE: Final = frozenset(COPIED)


@transaction.atomic
def create_policy(*, street: Place, key: str, values: Mapping[str, Any], by: Any) -> PolicyVersion:
    """A new policy of a street with an empty first draft 新建政策; `values`: name_zh, kind, level, delivery, issuers …"""
    if by is not access.SYSTEM and not access.seen_by(by, Policy, "policies.draft").filter(street=street).exists():
        raise PermissionDenied("policies.draft")  # whoever writes one policy of a street may add another
    if Policy.objects.filter(street=street, key=key).exists():
        raise ValidationError({"key": _("已有同样编号的政策。")})
    policy = Policy.objects.create(street=street, key=key, **values)
    version = PolicyVersion.objects.create(
        policy=policy,
        number=1,
        since=today(),
        confidence="from_memory",
        conditions={"all": [{"field": "registered_here", "op": "is_true"}]},
        drafted_by_id=by.pk,
    )
    search.index("policy", policy.pk, f"{policy.name_zh} {policy.name_en}", [street.pk])
    journal.write(by=by, verb=Verb.POLICY_CREATED, subject=policy, place=street)
    return version


@transaction.atomic
def draft_version(*, policy: Policy, by: Any) -> PolicyVersion:
    """A new draft that starts as a copy of the newest version, examples and benefits included 起草新版本."""
    access.require(by, "policies.draft", policy)
    Policy.objects.select_for_update().get(pk=policy.pk)
    newest = policy.versions.order_by("-number").first()
    if newest is None or newest.state in (VersionState.DRAFT, VersionState.SUBMITTED):
        raise ValidationError(_("已有一份草稿，请先发布或删除它。"))
    copy = PolicyVersion.objects.create(
        policy=policy,
        number=newest.number + 1,
        drafted_by_id=by.pk,
        **{name: getattr(newest, name) for name in COPIED}
        | {"since": max(today(), newest.since + timedelta(days=1)), "until": None},
    )
    Benefit.objects.bulk_create(_copy(one, copy) for one in newest.benefits.all())
    Example.objects.bulk_create(_copy(one, copy) for one in newest.examples.all())
    journal.write(by=by, verb=Verb.POLICY_DRAFTED, subject=copy, place=policy.street_id)
    return copy


@transaction.atomic
def change_draft(*, version: PolicyVersion, changes: Mapping[str, Any], by: Any) -> PolicyVersion:
    """Change what a draft says; conditions may be half written while it is a draft 修改草稿."""
    version = _draft(version, by)
    if unknown := changes.keys() - EDITABLE:
        raise ValidationError(_("不能修改：%(fields)s") % {"fields": "、".join(sorted(unknown))})
    for name, value in changes.items():
        setattr(version, name, value)
    version.drafted_by_id = by.pk or version.drafted_by_id
    version.save(update_fields=[*changes, "drafted_by"])
    journal.write(
        by=by, verb=Verb.POLICY_CHANGED, subject=version, place=version.policy.street_id, fields=sorted(changes)
    )
    return version


@transaction.atomic
def set_benefits(*, version: PolicyVersion, benefits: Sequence[Mapping[str, Any]], by: Any) -> None:
    """Write what a draft gives, in place of what it gave 修改支持内容."""
    version = _draft(version, by)
    made = [Benefit(version=version, **one) for one in benefits]
    for one in made:
        one.full_clean(exclude=["version"])
    version.benefits.all().delete()
    Benefit.objects.bulk_create(made)
    journal.write(by=by, verb=Verb.POLICY_CHANGED, subject=version, place=version.policy.street_id, fields=["benefits"])


@transaction.atomic
def add_example(*, version: PolicyVersion, name: str, facts: list[list[Any]], expected: str, by: Any) -> Example:
    """A made-up firm and the outcome it must have 添加样例."""
    version = _draft(version, by)
    try:
        queries.example_facts(facts)
    except ConditionError as problem:
        raise ValidationError({"facts": str(problem)}) from problem
    if not name.strip():
        raise ValidationError({"name": _("请给样例起个名字。")})
    example = Example.objects.create(
        version=version, name=name.strip()[:120], facts=facts, day=today(), expected=expected
    )
    journal.write(by=by, verb=Verb.POLICY_CHANGED, subject=version, place=version.policy.street_id, fields=["examples"])
    return example


@transaction.atomic
def drop_example(*, example: Example, by: Any) -> None:
    """Take an example out of a draft 删除样例."""
    version = _draft(example.version, by)
    example.delete()
    journal.write(by=by, verb=Verb.POLICY_CHANGED, subject=version, place=version.policy.street_id, fields=["examples"])


@transaction.atomic
def submit_version(*, version: PolicyVersion, by: Any) -> PolicyVersion:
    """Hand a draft to the second person; what stands against it, but for that person, must be mended first 提请发布."""
    version = _locked(version, "policies.draft", by)
    state = VERSION.after("submit", version.state)
    _refuse(queries.obstacles_to(version))
    version.state = state
    version.save(update_fields=["state"])
    journal.write(by=by, verb=Verb.POLICY_SUBMITTED, subject=version, place=version.policy.street_id)
    return version


@transaction.atomic
def send_back_version(*, version: PolicyVersion, reason: str, by: Any) -> PolicyVersion:
    """The second person wants changes 退回草稿."""
    version = _locked(version, "policies.publish", by)
    state = VERSION.after("send_back", version.state)
    if not reason.strip():
        raise ValidationError({"reason": _("请说明退回的原因。")})
    version.state = state
    version.save(update_fields=["state"])
    journal.write(
        by=by, verb=Verb.POLICY_SENT_BACK, subject=version, place=version.policy.street_id, reason=reason.strip()[:300]
    )
    return version


@transaction.atomic
def publish_version(*, version: PolicyVersion, by: Any) -> PolicyVersion:
    """A second person puts a version in force; the one before ends the day before it begins 发布.

    ValidationError that names every obstacle; nothing is published half.
    """
    version = _locked(version, "policies.publish", by)
    state = VERSION.after("publish", version.state)
    _refuse(queries.obstacles_to(version, by.pk))
    version.state, version.published_by_id, version.published_at = state, by.pk, now()
    version.save(update_fields=["state", "published_by", "published_at"])
    before = PolicyVersion.objects.filter(
        Q(until=None) | Q(until__gte=version.since), policy=version.policy, state=VersionState.PUBLISHED
    )
    before.filter(since__lt=version.since).exclude(pk=version.pk).update(until=version.since - timedelta(days=1))
    journal.write(by=by, verb=Verb.POLICY_PUBLISHED, subject=version, place=version.policy.street_id)
    return version


@transaction.atomic
def withdraw_version(*, version: PolicyVersion, reason: str, by: Any) -> PolicyVersion:
    """Take a published version off; applications under it go on 撤下."""
    version = _locked(version, "policies.publish", by)
    state = VERSION.after("withdraw", version.state)
    if not reason.strip():
        raise ValidationError({"reason": _("请说明撤下的原因。")})
    version.state = state
    version.save(update_fields=["state"])
    journal.write(
        by=by, verb=Verb.POLICY_WITHDRAWN, subject=version, place=version.policy.street_id, reason=reason.strip()[:300]
    )
    return version


@transaction.atomic
def discard_draft(*, version: PolicyVersion, by: Any) -> None:
    """Throw a draft away 删除草稿."""
    version = _draft(version, by)
    journal.write(
        by=by, verb=Verb.POLICY_DISCARDED, subject=version.policy, place=version.policy.street_id, number=version.number
    )
    alone = version.number == 1
    version.delete()
    if alone:
        search.remove("policy", [version.policy_id])
        version.policy.delete()


@transaction.atomic
def set_budget(*, policy: Policy, year: int, amount: Any, by: Any) -> Budget:
    """What a policy may spend in a year 设定预算."""
    access.require(by, "policies.publish", policy)
    budget, _new = Budget.objects.update_or_create(policy=policy, year=year, defaults={"amount": amount})
    journal.write(
        by=by,
        verb=Verb.POLICY_CHANGED,
        subject=policy,
        place=policy.street_id,
        fields=["budget"],
        year=year,
        amount=str(amount),
    )
    return budget


def _draft(version: PolicyVersion, by: Any) -> PolicyVersion:
    version = _locked(version, "policies.draft", by)
    if version.state != VersionState.DRAFT:
        raise ValidationError(_("只有草稿可以修改。"))
    return version


def _locked(version: PolicyVersion, permission: str, by: Any) -> PolicyVersion:
    access.require(by, permission, version)
    return PolicyVersion.objects.select_for_update(of=("self",)).select_related("policy").get(pk=version.pk)


def _refuse(obstacles: list[Any]) -> None:
    if obstacles:
        raise ValidationError(
            [_(obstacle.label) + (f"：{'、'.join(where)}" if where else "") for obstacle, where in obstacles]
        )


def _copy(one: Any, version: PolicyVersion) -> Any:
    one.pk, one._state.adding, one.version = None, True, version
    return one
