"""Who may read, write, publish and hand out policies."""

from typing import Any

from django.db.models import Q

from linqi.accounts.queries import valid_on
from linqi.enterprises.models import Enterprise
from linqi.kit.access import (
    COMMUNITY_STAFF,
    NOTHING,
    STREET_STAFF,
    Reach,
    Role,
    Scope,
    allow,
    by,
    by_enterprise,
    by_place,
    scope,
)
from linqi.kit.clock import today
from linqi.kit.privacy import Kept, declare
from linqi.policies.flow import VersionState
from linqi.policies.models import Application, Benefit, Budget, Example, Ledger, Material, Offer, Policy, PolicyVersion
from linqi.territory.models import Coverage

allow("policies.see", *STREET_STAFF, Role.ENTERPRISE_USER, label="查看政策")
allow("policies.draft", Role.STREET_LEADER, Role.COMMUNITY_SECRETARY, Role.ECON_SPECIALIST, label="起草政策")
allow("policies.publish", Role.STREET_LEADER, Role.COMMUNITY_SECRETARY, label="发布政策")
allow("policies.push", Role.STREET_LEADER, Role.COMMUNITY_SECRETARY, Role.ECON_SPECIALIST, label="推送政策")
allow("policies.handle", Role.STREET_LEADER, Role.COMMUNITY_SECRETARY, Role.ECON_SPECIALIST, label="办理兑现")
allow("policies.pay", Role.STREET_LEADER, label="登记拨付")
allow("policies.apply", Role.ENTERPRISE_USER, label="申报政策")
allow("policies.see_money", *COMMUNITY_STAFF, Role.STREET_LEADER, Role.ENTERPRISE_USER, label="查看资金台账")
allow("policies.export", *STREET_STAFF, label="导出政策数据")


def _streets(reach: Reach, permission: str, path: str) -> Q:
    """Rows whose street lies above, at or below the places of the grant, or holds its enterprises today.

    A community's specialist works with the policies of the whole street, so the street above is in reach too.
    """
    places, firms = reach.places(permission), reach.enterprises(permission)
    if not places and not firms:
        return NOTHING
    here = Coverage.objects.filter(valid_on(today()))
    seats = Enterprise.objects.filter(pk__in=firms).exclude(seat=None).values("seat")
    found = Q(**{f"{path}__in": here.filter(Q(descendant__in=places) | Q(descendant__in=seats)).values("ancestor")})
    return found | Q(**{f"{path}__in": here.filter(ancestor__in=places).values("descendant")}) if places else found


def _of_street(path: str) -> Scope:
    return by(lambda reach, permission: _streets(reach, permission, path))


def _version(path: str) -> Scope:
    """Published versions to whoever sees the policy; drafts to those who write policies there."""

    def condition(reach: Reach, permission: str) -> Q:
        seen = _streets(reach, permission, "policy__street")
        drafting = _streets(reach, "policies.draft" if permission == "policies.see" else permission, "policy__street")
        parts: list[Any] = (
            [] if seen == NOTHING else [Q(state__in=[VersionState.PUBLISHED, VersionState.WITHDRAWN]) & seen]
        )
        parts += [] if drafting == NOTHING else [drafting]
        if not parts:
            return NOTHING
        versions = PolicyVersion.objects.filter(Q.create(parts, connector=Q.OR))
        return Q(**{f"{path}__in": versions.values("pk")})

    return by(condition)


scope(Policy, "policies.see", _of_street("street"))
scope(Budget, "policies.see", _of_street("policy__street"))
scope(PolicyVersion, "policies.see", _version("pk"))
scope(Example, "policies.see", _version("version"))
scope(Benefit, "policies.see", _version("version"))
scope(Offer, "policies.see", by_place("place") | by_enterprise("enterprise"))
scope(Application, "policies.see", by_place("place") | by_enterprise("enterprise"))
scope(Material, "policies.see", by_place("application__place") | by_enterprise("application__enterprise"))
scope(Ledger, "policies.see_money", by_place("place") | by_enterprise("enterprise"))

declare(Policy, plain=["key", "name_zh", "name_en", "issuers", "subject"])
declare(
    PolicyVersion,
    personal={"drafted_by": Kept.FILE, "published_by": Kept.FILE},
    plain=[
        "document_no",
        "also",
        "transition",
        "note",
        "source",
        "source_kind",
        "conditions",
        "applies",
        "manual",
        "materials",
    ],
)
declare(Example, plain=["name", "facts", "expected"])
declare(Benefit, plain=["name", "formula", "tiers", "per", "note"])
declare(Offer, plain=["outcome"])
declare(
    Application,
    personal={
        "statement": Kept.FILE,
        "account_holder": Kept.FILE,
        "account_tail": Kept.FILE,
        "checked_by": Kept.FILE,
        "listed_by": Kept.FILE,
    },
    plain=["number", "correction", "reason", "sample", "due_why"],
)
declare(Material, plain=["name", "held"], personal={"given": Kept.FILE})
declare(Ledger, plain=["note"])
