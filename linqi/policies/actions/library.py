"""The starter library comes to a street 政策起步库."""

from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml
from django.core.exceptions import PermissionDenied
from django.db import transaction

from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit.access import SYSTEM
from linqi.kit.clock import now
from linqi.policies.flow import VersionState
from linqi.policies.models import Benefit, Example, Policy, PolicyVersion
from linqi.search import actions as search
from linqi.territory.models import Place


@lru_cache(maxsize=1)
def library() -> list[dict[str, Any]]:
    """The policies of data/library.yaml."""
    text = files("linqi.policies").joinpath("data/library.yaml").read_text(encoding="utf-8")
    listed: list[dict[str, Any]] = yaml.safe_load(text)["policies"]
    return listed


@transaction.atomic
def install_library(*, street: Place, by: Any) -> int:
    """Give a street the policies of the library that it does not have yet; how many were new 装入起步库.

    They count from the start, marked as shipped with the product and not confirmed by the street.
    """
    if by is not SYSTEM:
        raise PermissionDenied("policies.library")
    have = set(Policy.objects.filter(street=street).values_list("key", flat=True))
    fresh = [row for row in library() if row["key"] not in have]
    for row in fresh:
        policy = Policy.objects.create(
            street=street,
            key=row["key"],
            name_zh=row["name_zh"],
            name_en=row.get("name_en", ""),
            kind=row["kind"],
            level=row["level"],
            delivery=row["delivery"],
            issuers=row.get("issuers", []),
            subject=row.get("subject", "enterprise"),
        )
        search.index("policy", policy.pk, f"{policy.name_zh} {policy.name_en}", [street.pk])
        for number, one in enumerate(row["versions"], 1):
            _version(policy, number, one)
    if fresh:
        journal.write(by=by, verb=Verb.POLICY_LIBRARY_INSTALLED, subject=street, place=street, policies=len(fresh))
    return len(fresh)


def _version(policy: Policy, number: int, row: dict[str, Any]) -> None:
    begin, end = row.get("window", (None, None))
    version = PolicyVersion.objects.create(
        policy=policy,
        number=number,
        document_no=row.get("document_no", ""),
        also=row.get("also", []),
        since=date.fromisoformat(row["since"]),
        until=_day(row.get("until")),
        dates_seen=row["dates_seen"],
        window_since=_day(begin),
        window_until=_day(end),
        valid_years=row.get("valid_years"),
        transition=row.get("transition", ""),
        note=row.get("note", ""),
        confidence=row["confidence"],
        source=row.get("source", []),
        source_kind=row.get("source_kind", ""),
        conditions=row["conditions"],
        applies=row.get("applies"),
        manual=row.get("manual", []),
        materials=[{"name": one["name"], "held": one.get("held", "")} for one in row.get("materials", [])],
        state=VersionState.PUBLISHED,
        from_library=True,
        published_at=now(),
    )
    Benefit.objects.bulk_create(Benefit(version=version, **one) for one in row.get("benefits", []))
    Example.objects.bulk_create(
        Example(
            version=version,
            name=one["name"],
            facts=one["facts"],
            day=date.fromisoformat(one["day"]),
            expected=one["expected"],
        )
        for one in row.get("examples", [])
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
