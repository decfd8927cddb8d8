"""What came in lately, street by street, ready to be compared with: open cases and those closed not long ago 比对.

Read once into memory and kept: later cases are added as they come, and the whole is read again when it has grown by a
fifth or a day has passed. What a user may not see is left out of every answer.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final

from django.db.models import Q, QuerySet

from linqi.cases import queries, rules
from linqi.cases.flow import OPEN, State
from linqi.cases.likeness import Like, Pool, Text, shared
from linqi.cases.models import Case
from linqi.kit import clock
from linqi.territory.models import Place

MOST: Final = 20_000  # cases of a street kept to compare with, the newest
LOOKED_AT: Final = 40  # ranked before those are left out that the user may not see
AGAIN_AFTER: Final = timedelta(days=1)
GROWN: Final = 0.2
LEAST: Final = 0.1  # below, two texts share nothing to speak of; no verdict, only kept from showing noise
HOT_FROM: Final = 3  # askers; product default: fewer is no hot issue
HOT_LIKE: Final = 0.35  # texts at least so alike are counted together, to be looked at by a person


@dataclass(frozen=True, slots=True)
class Found:
    """An earlier case that is like the one asked about, and what makes it so 相似办件."""

    case: Case
    score: float
    same_place: bool
    same_enterprise: bool
    pieces: tuple[str, ...]


@dataclass
class _Kept:
    pool: Pool
    newest: int
    read_at: datetime
    size: int


_pools: dict[int, _Kept] = {}
_lock = Lock()


def similar(
    user: Any,
    *,
    street: Place,
    title: str,
    body: str = "",
    place: int | None = None,
    enterprise: int | None = None,
    but: int = 0,
    count: int = 5,
) -> list[Found]:
    """The open and lately closed cases of a street most like a text, the most alike first, as far as the user sees them.

    `but`: a case that is not to be compared with itself.
    """
    if len(title.strip()) < 2:
        return []
    asked = Text(str(but), title, body, str(place or ""), str(enterprise or ""))
    likes = [one for one in _pool(street).nearest(asked, LOOKED_AT) if one.score >= LEAST]
    return _told(likes, asked, queries.cases_seen_by(user).exclude(pk=but), count)


def similar_to(user: Any, case: Case, count: int = 5) -> list[Found]:
    """The same for a case that is there already 相似办件."""
    return similar(
        user,
        street=case.street,
        title=case.title,
        body=case.body,
        place=case.place_id,
        enterprise=case.enterprise_id,
        but=case.pk,
        count=count,
    )


def hot(user: Any, street: Place) -> list[list[Case]]:
    """Open cases of several askers that may be one problem, the largest group first 热点问题.

    Groups are linked by likeness: each holds a case to which all the others are alike. They are proposals for a person.
    """
    pool = _pool(street)
    open_ = {case.pk: case for case in _recent(street).filter(state__in=OPEN)}
    asked = [text for text in pool.texts if int(text.id) in open_]
    taken: set[int] = set()
    groups: list[list[Case]] = []
    nearest = zip(asked, pool.nearest_all(asked, LOOKED_AT), strict=True)
    ranked = [(int(text.id), [int(one.id) for one in likes if one.score >= HOT_LIKE]) for text, likes in nearest]
    seen = set(queries.cases_seen_by(user).filter(pk__in=open_).values_list("pk", flat=True))
    for pk, likes in sorted(ranked, key=lambda one: (-len(one[1]), one[0])):
        group = [one for one in (pk, *likes) if one in seen and one not in taken]
        if pk in taken or len({open_[one].enterprise_id or -one for one in group}) < HOT_FROM:
            continue
        taken |= set(group)
        groups.append([open_[one] for one in group])
    return sorted(groups, key=len, reverse=True)


def forget() -> None:
    """Let go of what is kept in memory, such as between tests that each have their own database."""
    _pools.clear()


def _pool(street: Place) -> Pool:
    now = clock.now()
    with _lock:
        kept = _pools.get(street.pk)
        if kept is not None and timedelta() <= now - kept.read_at < AGAIN_AFTER:
            new = _texts(_recent(street).filter(pk__gt=kept.newest))
            if len(kept.pool.texts) + len(new) <= kept.size * (1 + GROWN):
                kept.pool.add(new)
                kept.newest = max((int(one.id) for one in new), default=kept.newest)
                return kept.pool
        texts = _texts(_recent(street))
        newest = max((int(one.id) for one in texts), default=0)
        _pools[street.pk] = _Kept(Pool(texts), newest, now, len(texts))
        return _pools[street.pk].pool


def _recent(street: Place) -> QuerySet[Case]:
    """What is open, or was closed within the time in which a new request is compared with it."""
    return Case.objects.filter(_fresh(), street=street)


def _fresh() -> Q:
    since = clock.now() - rules.SIMILAR_WITHIN
    return Q(state__in=OPEN) | Q(state=State.CLOSED, closed_at__gte=since)


def _texts(cases: QuerySet[Case]) -> list[Text]:
    rows = cases.order_by("-pk").values_list("pk", "title", "body", "place", "enterprise")[:MOST]
    return [Text(str(pk), title, body, str(place or ""), str(firm or "")) for pk, title, body, place, firm in rows][
        ::-1
    ]


def _told(likes: Iterable[Like], asked: Text, mine: QuerySet[Case], count: int) -> list[Found]:
    ranked = list(likes)
    cases = {case.pk: case for case in mine.filter(_fresh(), pk__in=[int(one.id) for one in ranked])}
    words = f"{asked.title} {asked.body}"
    return [
        Found(
            case,
            one.score,
            "same_place" in one.why,
            "same_enterprise" in one.why,
            tuple(shared(words, f"{case.title} {case.body}")),
        )
        for one in ranked
        if (case := cases.get(int(one.id))) is not None
    ][:count]
