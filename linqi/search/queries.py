"""What is found: ids of one kind, for those who see these streets."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from django.db import connection
from django.db.models.expressions import RawSQL

from linqi.kit.access import may_anywhere
from linqi.kit.counting import FEW
from linqi.search.registry import Hit, Searchable, searchables
from linqi.search.rules import Word, marked, phrases_asked, words_asked

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
    asked = _asked(kind, question, streets)
    if asked is None:
        return []
    condition, told = asked
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT object_id {condition} ORDER BY {_NEWEST[connection.vendor]} LIMIT %s", [*told, limit])
        return [object_id for (object_id,) in cursor.fetchall()]


def answering(kind: str, question: str, streets: Iterable[int] | None) -> RawSQL | list[int] | None:
    """All that `matches` finds, however many, for `pk__in`: as they are where they are few, else as a query.

    None when the question holds no word.
    """
    if not words_asked(question):
        return None
    few = matches(kind, question, streets, limit=FEW + 1)
    if len(few) <= FEW:
        return few
    asked = _asked(kind, question, streets)
    assert asked is not None  # something was found
    condition, told = asked
    return RawSQL(f"SELECT object_id {condition}", told)  # noqa: S611 – a fixed text, see _asked


_NEWEST: Final = {"sqlite": "search_index.rowid DESC", "postgresql": "id DESC"}


def _asked(kind: str, question: str, streets: Iterable[int] | None) -> tuple[str, list[str]] | None:
    """Where the documents of a kind that answer a question are, in the words of the engine in use; None for nowhere.

    A fixed text with a mark for each thing told, so that nothing asked becomes part of it. The kind is asked of the index
    as well: a word that stands in a million cases costs nothing where an enterprise is looked for.
    """
    words, known = words_asked(question), None if streets is None else [f"s{street}" for street in streets]
    if not words or known == []:
        return None
    phrases = [f"%{phrase}%" for phrase in phrases_asked(question)]
    if connection.vendor == "postgresql":
        where, index = "FROM search_document WHERE kind = %s AND vector @@ %s::tsquery", _postgresql(kind, words, known)
    else:
        where = (
            "FROM search_index JOIN search_document AS document ON document.id = search_index.rowid "
            "WHERE kind = %s AND search_index MATCH %s"
        )
        index = _sqlite(kind, words, known)
    return where + " AND text LIKE %s" * len(phrases), [kind, index, *phrases]


def _sqlite(kind: str, asked: list[Word], streets: list[str] | None) -> str:
    """The index is read from its end and joined to the documents: a common word costs no more than its first hits."""
    words = " AND ".join(f'"{word.text}"{" *" if word.beginning else ""}' for word in asked)
    question = f"words : ({words}) AND streets : (k{kind})"
    if streets is not None:
        question += " AND streets : (" + " OR ".join(f'"{street}"' for street in streets) + ")"
    return question


def _postgresql(kind: str, asked: list[Word], streets: list[str] | None) -> str:
    question = " & ".join(f"'{word.text}'{':*' if word.beginning else ''}" for word in asked) + f" & 'k{kind}'"
    if streets is not None:
        question += " & (" + " | ".join(f"'{street}'" for street in streets) + ")"
    return question
