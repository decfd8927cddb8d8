"""What goes into the index and out of it; called by the actions of the apps above, in their transactions."""

from collections.abc import Iterable
from functools import cache

from django.db import connection, transaction
from pypinyin.constants import PINYIN_DICT
from pypinyin.contrib.tone_convert import to_normal

from linqi.search.models import Document
from linqi.search.registry import searchables
from linqi.search.rules import normal, words_of

BATCH = 2000


def index(kind: str, object_id: int, text: str, streets: Iterable[int]) -> None:
    """Make one thing findable by a text, for those who see one of these streets; an older text is replaced."""
    index_many(kind, [(object_id, text, streets)])


def index_many(kind: str, rows: Iterable[tuple[int, str, Iterable[int]]]) -> int:
    """Make many things of one kind findable; returns how many. Rows are (id, text, streets)."""
    done = 0
    documents: list[Document] = []
    for object_id, text, streets in rows:
        documents.append(
            Document(
                kind=kind,
                object_id=object_id,
                text=normal(text),
                words=" ".join(words_of(text, pinyin)),
                streets=" ".join(f"s{street}" for street in sorted(set(streets))),
            )
        )
        done += 1
        if len(documents) == BATCH:
            _store(documents)
            documents = []
    _store(documents)
    return done


def remove(kind: str, ids: Iterable[int]) -> None:
    """Make things unfindable."""
    Document.objects.filter(kind=kind, object_id__in=list(ids)).delete()


@transaction.atomic
def rebuild() -> dict[str, int]:
    """Forget the index and build it anew from the tables of all apps; how many of each kind 重建索引."""
    Document.objects.all().delete()
    return {one.kind: index_many(one.kind, one.rows()) for one in searchables()}


@cache
def pinyin(letter: str) -> str:
    """The commonest sound of a character, without tone; the character itself when it has none."""
    sounds = PINYIN_DICT.get(ord(letter))
    return to_normal(sounds.split(",")[0]).replace("ü", "v") if sounds else letter


def _store(documents: list[Document]) -> None:
    if documents:
        Document.objects.bulk_create(
            documents,
            batch_size=BATCH if connection.vendor == "postgresql" else 150,  # SQLite binds few parameters a statement
            update_conflicts=True,
            unique_fields=["kind", "object_id"],
            update_fields=["text", "words", "streets"],
        )
