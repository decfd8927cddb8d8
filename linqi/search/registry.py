"""What can be searched: each app registers its kinds in its `searchable.py` 可搜索."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found, as the page shows it; search itself fills `pieces`: the title, what was asked for set apart."""

    title: str
    url: str
    detail: str = ""
    pieces: tuple[tuple[str, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class Searchable:
    """A kind of things that can be found.

    `streets(user)`: ids of the streets whose things this user may see, None for everywhere; it only narrows. `present(user, ids)`:
    the hits among these ids that the user may see, through `seen_by`, in the order of the ids. `rows()`: everything of the kind as
    (id, text, streets), for building the index anew. `icon`: Tabler's name.
    """

    kind: str
    label: Any
    icon: str
    permission: str
    streets: Callable[[Any], Iterable[int] | None]
    present: Callable[[Any, list[int]], list[Hit]]
    rows: Callable[[], Iterable[tuple[int, str, Iterable[int]]]]


_kinds: dict[str, Searchable] = {}


def register(searchable: Searchable) -> None:
    """Make a kind of things searchable; the same kind again replaces it. A kind is one word of letters: the index keeps it as one."""
    if not searchable.kind.isalpha():
        raise ValueError(f"The kind {searchable.kind!r} must be one word of letters.")
    _kinds[searchable.kind] = searchable


def searchables() -> list[Searchable]:
    """Every kind that can be searched, in the order of registration."""
    return list(_kinds.values())
