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

from linqi.accounts.queries import valid_on
from linqi.cases import queries, rules
from linqi.cases.flow import OPEN, State
from linqi.cases.likeness import Like, Pool, Text, shared
from linqi.cases.models import Case
from linqi.kit import clock
from linqi.kit.choices import Choice
from linqi.kit.geodesy import distance
from linqi.territory.models import Coverage, Place, PlaceKind

MOST: Final = 20_000  # cases of a street kept to compare with, the newest
LOOKED_AT: Final = 40  # ranked before those are left out that the user may not see
AGAIN_AFTER: Final = timedelta(days=1)
GROWN: Final = 0.2
LEAST: Final = 0.1  # below, two texts share nothing to speak of; no verdict, only kept from showing noise
HOT_LIKE: Final = 0.35  # texts at least so alike are counted together, to be looked at by a person


class Near(Choice):
    """What two places share, the nearest first 空间远近."""

    PLACE = "place", "同一地点"
    BUILDING = "building", "同一楼宇"
    PARK = "park", "同一园区"
    COMMUNITY = "community", "同一社区"


SHARED: Final = (
    (PlaceKind.BUILDING.value, Near.BUILDING),
    (PlaceKind.PARK.value, Near.PARK),
    (PlaceKind.COMMUNITY.value, Near.COMMUNITY),
)
# added to the likeness by words, after `likeness.SAME_PLACE`: they decide between equals and never outweigh the words
NEARER: Final[dict[Near | None, float]] = {Near.BUILDING: 0.04, Near.PARK: 0.02, Near.COMMUNITY: 0.01}


@dataclass(frozen=True, slots=True)
class Found:
    """An earlier case that is like the one asked about, and what makes it so 相似办件."""

    case: Case
    score: float
    near: Near | None
    metres: int | None
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


def hot(street: Place) -> list[list[int]]:
    """Ids of open cases of several askers that may be one problem, the largest group first 热点问题.

    Groups are linked by likeness: each begins with a case to which all the others are alike. They are proposals for a
    person. Takes seconds for a full pool, so it is done at night or by a task.
    """
    pool = _pool(street)
    askers = {pk: firm or -pk for pk, firm in _recent(street).filter(state__in=OPEN).values_list("pk", "enterprise")}
    asked = [text for text in pool.texts if int(text.id) in askers]
    nearest = zip(asked, pool.nearest_all(asked, LOOKED_AT), strict=True)
    ranked = [(int(text.id), [int(one.id) for one in likes if one.score >= HOT_LIKE]) for text, likes in nearest]
    taken: set[int] = set()
    groups: list[list[int]] = []
    for pk, likes in sorted(ranked, key=lambda one: (-len(one[1]), one[0])):
        group = [one for one in (pk, *likes) if one in askers and one not in taken]
        if pk not in taken and len({askers[one] for one in group}) >= rules.HOT_FROM:
            taken |= set(group)
            groups.append(group)
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
    here = int(asked.place) if asked.place else 0
    near, metres = _nearness(here, [case.place for case in cases.values()])
    words = f"{asked.title} {asked.body}"
    found = [
        Found(
            case,
            one.score + NEARER.get(near.get(case.place_id), 0.0),
            near.get(case.place_id),
            metres.get(case.place_id),
            "same_enterprise" in one.why,
            tuple(shared(words, f"{case.title} {case.body}")),
        )
        for one in ranked
        if (case := cases.get(int(one.id))) is not None
    ]
    # of equals the newer: nearness in time by itself was measured to make the ranking worse (docs/rules/likeness.md)
    return sorted(found, key=lambda one: (round(one.score, 6), one.case.opened_at), reverse=True)[:count]


def _nearness(here: int, places: Iterable[Place]) -> tuple[dict[int, Near], dict[int, int]]:
    """How near places are to one, on the tree and in metres; what is far on both is left out."""
    there = {place.pk: place for place in places}
    steps = Coverage.objects.filter(
        valid_on(clock.today()), descendant__in=[here, *there], ancestor__kind__in=[kind for kind, _near in SHARED]
    ).values_list("descendant", "ancestor__kind", "ancestor", "ancestor__longitude", "ancestor__latitude")
    above: dict[int, dict[str, int]] = {}
    points: dict[int, tuple[float, float]] = {}
    for below, kind, ancestor, longitude, latitude in steps:
        above.setdefault(below, {})[kind] = ancestor
        if kind == PlaceKind.BUILDING and longitude is not None and latitude is not None:
            points[below] = (longitude, latitude)
    mine = above.get(here, {})
    near = {pk: Near.PLACE for pk in there if pk == here}
    for pk in there:
        for kind, word in SHARED:
            if kind in mine and above.get(pk, {}).get(kind) == mine[kind]:
                near.setdefault(pk, word)
                break
    away = {pk: round(distance(points[here], points[pk])) for pk in there if here in points and pk in points}
    return near, away
