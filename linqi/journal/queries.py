"""What happened, as those may read it who may; and whether the chain still holds."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet

from linqi.journal.actions import ONLY, row_of, sealed_by_us
from linqi.journal.models import Bookmark, Entry, Head
from linqi.journal.rules import GENESIS, Problem, at_position, check, digest_of
from linqi.kit.access import seen_by

CHUNK = 2000  # rows read at a time; memory does not grow with the journal


@dataclass(frozen=True)
class Verdict:
    """What the check found: rows read, the digest at the end (to be noted elsewhere), the faults, at most `LISTED`."""

    rows: int
    digest: str
    problems: list[Problem]
    found: int


LISTED = 1000  # faults that are told one by one


def entries_seen_by(user: Any) -> QuerySet[Entry]:
    """Every entry of the places and enterprises in the user's reach, the newest first."""
    return seen_by(user, Entry)


def entries_about(subject: Model) -> QuerySet[Entry]:
    """What was done to this one thing, the newest first. The caller has asked whether the reader may see the thing."""
    return Entry.objects.filter(subject_type=subject._meta.label_lower, subject_id=subject.pk)


def entries_of_enterprise(enterprise: int) -> QuerySet[Entry]:
    """What was done about this enterprise, the newest first. The caller has asked whether the reader may see it."""
    return Entry.objects.filter(enterprise=enterprise)


def entries_after(reader: str, limit: int = 500) -> list[Entry]:
    """What this reader has not dealt with yet, the oldest first; see `actions.turn_page`."""
    mark = Bookmark.objects.filter(reader=reader).values_list("entry", flat=True).first() or 0
    return list(Entry.objects.filter(pk__gt=mark).order_by("pk")[:limit])


def verify(on_problem: Callable[[Problem], None] | None = None) -> Verdict:
    """Read the whole chain once and tell every fault, while others go on writing 校验.

    The head is read first and the rows up to it; rows behind it count as extra only when a newer head does not know
    them.
    """
    head = Head.objects.filter(pk=ONLY).first()
    count, digest = (head.count, head.digest) if head else (0, GENESIS)
    found = 0
    listed: list[Problem] = []
    rows = 0

    def told(problem: Problem) -> None:
        nonlocal found
        found += 1
        if len(listed) < LISTED:
            listed.append(problem)
        if on_problem:
            on_problem(problem)

    def counted() -> Iterator[Any]:
        nonlocal rows
        for entry in Entry.objects.filter(pk__lte=count).order_by("pk").iterator(chunk_size=CHUNK):
            rows += 1
            yield row_of(entry), entry.digest

    for problem in check(counted(), count, digest):
        told(_recognised(problem))
    for problem in _about_head(head, count):
        told(problem)
    return Verdict(rows=rows, digest=digest, problems=listed, found=found)


def holds(number: int, digest: str) -> bool:
    """Whether the entry of this number still has the digest that somebody noted down earlier 锚点."""
    return Entry.objects.filter(pk=number, digest=digest).exists()


def _recognised(problem: Problem) -> Problem:
    """A row that was only moved is told as moved, with the place where it belongs."""
    if problem.kind != "changed":
        return problem
    entry = Entry.objects.get(pk=problem.first)
    before = Entry.objects.filter(digest=entry.previous).values_list("pk", flat=True).first()
    position = 1 if entry.previous == GENESIS else before + 1 if before is not None else 0
    for number in (position, position - 1, problem.first - 1, problem.first + 1):
        if digest_of(at_position(row_of(entry), number)) == entry.digest:
            return Problem("moved", problem.first, problem.last, f"belongs at {number}")
    return problem


def _about_head(head: Head | None, count: int) -> Iterable[Problem]:
    behind = list(Entry.objects.filter(pk__gt=count).order_by("pk").values_list("pk", flat=True)[: LISTED + 1])
    newest = Head.objects.filter(pk=ONLY).first()
    if newest is None:
        if behind or head is not None:
            yield Problem("head", 0, 0, "the head is not there any more")
    elif not sealed_by_us(newest):
        yield Problem("head", newest.count, newest.count, "the head was not sealed with this installation's key")
    if extra := [number for number in behind if newest is None or number > newest.count]:
        yield Problem("extra", extra[0], extra[-1], "stands behind the end of the chain")
    if before_first := Entry.objects.filter(pk__lt=1).count():
        yield Problem("extra", 0, 0, f"{before_first} rows stand before the first")


def places_of(rows: QuerySet[Entry]) -> list[int]:
    """Ids of the places that these entries name."""
    return [number for number in rows.order_by().values_list("place", flat=True).distinct() if number is not None]


_place_choices: list[Callable[[Any], list[tuple[str, str]]]] = []
_place_names: list[Callable[[Iterable[int]], dict[int, str]]] = []


def connect(choices: Callable[[Any], list[tuple[str, str]]], names: Callable[[Iterable[int]], dict[int, str]]) -> None:
    """Plug in who knows places: those a reader may filter by, and names by id; called once, by `accounts`."""
    _place_choices[:] = [choices]
    _place_names[:] = [names]


def place_choices(user: Any) -> list[tuple[str, str]]:
    """Places that this reader may narrow the journal to."""
    return _place_choices[0](user) if _place_choices else []


def place_names(ids: Iterable[int]) -> dict[int, str]:
    """Names of places by id."""
    return _place_names[0](ids) if _place_names else {}
