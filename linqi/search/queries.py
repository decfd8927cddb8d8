"""What is found: ids of one kind, for those who see these streets."""

from collections.abc import Iterable

from django.db import connection

from linqi.search.models import Document
from linqi.search.rules import Word, holds, words_asked

CAP = 500  # ids fetched at most: what is common is narrowed by the reader, not read to the end


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
        .extra(where=[where], params=parameters)  # the engine's own match operator, with bound parameters
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
