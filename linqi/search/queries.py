"""What is found: ids of one kind, for those who see these streets."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from linqi.kit.access import may_anywhere
from linqi.search.models import Document
from linqi.search.registry import Hit, Searchable, searchables
from linqi.search.rules import Word, holds, words_asked

CAP = 500  # ids fetched at most: what is common is narrowed by the reader, not read to the end


@dataclass(frozen=True, slots=True)
class Found:
    """The hits of one kind; `more` when there are others beyond those shown."""

    kind: Searchable
    hits: list[Hit]
    more: bool


def found(user: Any, question: str, each: int) -> list[Found]:
    """What a question finds for a user, at most `each` hits of each kind, kinds without a hit left out 搜索结果."""
    results = []
    for kind in searchables():
        if not may_anywhere(user, kind.permission):
            continue
        ids = matches(kind.kind, question, kind.streets(user))
        hits = kind.present(user, ids[: each * 4])
        if hits:
            results.append(Found(kind, hits[:each], more=len(hits) > each or len(ids) > each * 4))
    return results


def matches(kind: str, question: str, streets: Iterable[int] | None, limit: int = CAP) -> list[int]:
    """Ids of the things of a kind that answer a question, newest first; `streets` None means everywhere.

    Empty when the question holds no word. The caller still filters by `seen_by`: this only narrows.
    """
    asked = words_asked(question)
    if not asked:
        return []
    known = None if streets is None else [f"s{street}" for street in streets]
    if known == []:
        return []
    where, parameters = _postgresql(asked, known) if connection.vendor == "postgresql" else _sqlite(asked, known)
    found = (
        Document.objects.filter(kind=kind)
        .extra(where=[where], params=parameters)  # noqa: S610 – the engine's own match operator, with bound parameters
        .order_by("-pk")
        .values_list("object_id", "text", "words")[:limit]
    )
    return [object_id for object_id, text, words in found if holds(text, words.split(), question)]


def _sqlite(asked: list[Word], streets: list[str] | None) -> tuple[str, list[str]]:
    words = " AND ".join(f'"{word.text}"{" *" if word.beginning else ""}' for word in asked)
    question = f"words : ({words})"
    if streets is not None:
        question += " AND streets : (" + " OR ".join(f'"{street}"' for street in streets) + ")"
    return "search_document.id IN (SELECT rowid FROM search_index WHERE search_index MATCH %s)", [question]


def _postgresql(asked: list[Word], streets: list[str] | None) -> tuple[str, list[str]]:
    question = " & ".join(f"'{word.text}'{':*' if word.beginning else ''}" for word in asked)
    if streets is not None:
        question += " & (" + " | ".join(f"'{street}'" for street in streets) + ")"
    return "search_document.vector @@ %s::tsquery", [question]
