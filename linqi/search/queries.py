"""What is found: ids of one kind, for those who see these streets."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection
from django.db.models.expressions import RawSQL

from linqi.kit.access import may_anywhere
from linqi.search.registry import Hit, Searchable, searchables
from linqi.search.rules import Word, holds, marked, words_asked

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
            shown = [replace(hit, pieces=tuple(marked(str(hit.title), question))) for hit in hits[:each]]
            results.append(Found(kind, shown, more=len(hits) > each or len(ids) > each * 4))
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
    statement, words = _postgresql(asked, known) if connection.vendor == "postgresql" else _sqlite(asked, known)
    with connection.cursor() as cursor:
        cursor.execute(statement, [words, kind, limit])
        found = cursor.fetchall()
    return [object_id for object_id, text, known_by in found if holds(text, known_by.split(), question)]


def answering(kind: str, question: str) -> RawSQL | None:
    """Ids of all things of a kind that hold every word of a question, for `pk__in`; None when it holds no word.

    Wider than the question where it has three characters and more (its pairs may stand apart): the reader compares the
    text itself as well.
    """
    asked = words_asked(question)
    if not asked:
        return None
    if connection.vendor == "postgresql":
        words = " & ".join(f"'{word.text}'{':*' if word.beginning else ''}" for word in asked)
        statement = "SELECT object_id FROM search_document WHERE vector @@ %s::tsquery AND kind = %s"
    else:
        pairs = " AND ".join(f'"{word.text}"{" *" if word.beginning else ""}' for word in asked)
        words = f"words : ({pairs})"
        statement = (
            "SELECT object_id FROM search_index JOIN search_document AS document "
            "ON document.id = search_index.rowid WHERE search_index MATCH %s AND kind = %s"
        )
    return RawSQL(statement, [words, kind])  # noqa: S611 – a fixed statement; what is asked goes in as parameters


def _sqlite(asked: list[Word], streets: list[str] | None) -> tuple[str, str]:
    """The index is read from its end and joined to the documents: a common word costs no more than its first hits."""
    words = " AND ".join(f'"{word.text}"{" *" if word.beginning else ""}' for word in asked)
    question = f"words : ({words})"
    if streets is not None:
        question += " AND streets : (" + " OR ".join(f'"{street}"' for street in streets) + ")"
    return (
        "SELECT object_id, text, document.words FROM search_index JOIN search_document AS document "
        "ON document.id = search_index.rowid WHERE search_index MATCH %s AND kind = %s "
        "ORDER BY search_index.rowid DESC LIMIT %s"
    ), question


def _postgresql(asked: list[Word], streets: list[str] | None) -> tuple[str, str]:
    question = " & ".join(f"'{word.text}'{':*' if word.beginning else ''}" for word in asked)
    if streets is not None:
        question += " & (" + " | ".join(f"'{street}'" for street in streets) + ")"
    return (
        "SELECT object_id, text, words FROM search_document WHERE vector @@ %s::tsquery AND kind = %s "
        "ORDER BY id DESC LIMIT %s"
    ), question
