"""What goes into the index and out of it; called by the actions of the apps above, in their transactions."""

from collections.abc import Iterable
from functools import cache
from itertools import islice

from django.db import transaction
from pypinyin.constants import PINYIN_DICT
from pypinyin.contrib.tone_convert import to_normal

from linqi.kit.bulk import insert_many
from linqi.search.models import Document
from linqi.search.registry import searchables
from linqi.search.rules import normal, words_of

BLOCK = 5000  # rows made ready at a time
CHUNK = 800  # ids in one statement


@transaction.atomic
def index(kind: str, object_id: int, text: str, streets: Iterable[int]) -> None:
    """Make one thing findable by a text, for those who see one of these streets; an older text is replaced."""
    index_many(kind, [(object_id, text, streets)])


@transaction.atomic
def index_many(kind: str, rows: Iterable[tuple[int, str, Iterable[int]]]) -> int:
    """Make many things of one kind findable, replacing what they were found by; how many. Rows are (id, text, streets)."""
    # looked for only where there is something: on a table that grows without statistics each search reads all of it
    known = Document.objects.filter(kind=kind).exists()
    waiting = iter(rows)
    done = 0
    while block := list(islice(waiting, BLOCK)):
        if known:
            remove(kind, [object_id for object_id, _text, _streets in block])
        done += insert_many(
            Document,
            ("kind", "object_id", "text", "words", "streets"),
            (
                (
                    kind,
                    object_id,
                    normal(text),
                    " ".join(words_of(text, pinyin)),
                    " ".join([f"k{kind}", *(f"s{street}" for street in sorted(set(streets)))]),
                )
                for object_id, text, streets in block
            ),
        )
    return done


def remove(kind: str, ids: Iterable[int]) -> None:
    """Make things unfindable."""
    every = list(ids)
    for start in range(0, len(every), CHUNK):
        Document.objects.filter(kind=kind, object_id__in=every[start : start + CHUNK]).delete()


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
