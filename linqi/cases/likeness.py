"""Which earlier requests are most like this one: by words of the title and of the body, each for itself 比对.

A ranking and no verdict: a fixed threshold was measured not to work (engines.md, section 6). Title and body are
compared apart and weigh the same, because a long body drowns a title (measured: docs/rules/likeness.md).
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final

import numpy as np
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer

TITLE: Final = 0.5  # of the likeness by words; measured best between 0.5 and 0.7
SAME_PLACE: Final = 0.05  # added; enough to decide between equals, never to outweigh the words
SAME_ENTERPRISE: Final = 0.05
LONGEST: Final = 5_000  # characters compared of one text
COMPARED: Final = 300  # characters in which shared pieces are looked for


@dataclass(frozen=True, slots=True)
class Text:
    """A request as it is compared; where and whose may be unknown."""

    id: str
    title: str
    body: str = ""
    place: str = ""
    enterprise: str = ""


@dataclass(frozen=True, slots=True)
class Like:
    """One that is like it, how much (higher is more alike), and what makes it so: same_place, same_enterprise."""

    id: str
    score: float
    why: tuple[str, ...]


class Pool:
    """Requests to compare with."""

    def __init__(self, texts: Sequence[Text]) -> None:
        self.texts = list(texts)
        self._parts = [_Part([_normal(text.title) for text in texts]), _Part([_normal(text.body) for text in texts])]
        self._places = np.array([text.place for text in texts], dtype=object)
        self._enterprises = np.array([text.enterprise for text in texts], dtype=object)

    def add(self, texts: Sequence[Text]) -> None:
        """Take in more, weighed by what is known already: for the few that come between two readings of a pool."""
        if not texts:
            return
        self.texts += texts
        self._parts[0].add([_normal(text.title) for text in texts])
        self._parts[1].add([_normal(text.body) for text in texts])
        self._places = np.append(self._places, [text.place for text in texts])
        self._enterprises = np.append(self._enterprises, [text.enterprise for text in texts])

    def nearest(self, asked: Text, count: int = 5) -> list[Like]:
        """The most alike, the most alike first, itself (the same id) left out; equal ones in the pool's order."""
        return self.nearest_all([asked], count)[0]

    def nearest_all(self, asked: Sequence[Text], count: int = 5) -> list[list[Like]]:
        """The same for many at once, in their order."""
        if not self.texts or not asked or count < 1:
            return [[] for _ in asked]
        found = []
        for start in range(0, len(asked), 256):
            block = asked[start : start + 256]
            scores = TITLE * self._parts[0].likeness([_normal(one.title) for one in block])
            scores += (1 - TITLE) * self._parts[1].likeness([_normal(one.body) for one in block])
            found += [self._ranked(one, row, count) for one, row in zip(block, scores, strict=True)]
        return found

    def _ranked(self, asked: Text, scores: Any, count: int) -> list[Like]:
        place = (self._places == asked.place) if asked.place else np.zeros(len(scores), dtype=bool)
        firm = (self._enterprises == asked.enterprise) if asked.enterprise else np.zeros(len(scores), dtype=bool)
        scores = scores + SAME_PLACE * place + SAME_ENTERPRISE * firm
        few = min(len(scores), count + 8)
        candidates = np.argpartition(-scores, few - 1)[:few]
        edge = scores[candidates].min()
        candidates = np.flatnonzero(scores >= edge)
        likes = []
        for at in candidates[np.argsort(-scores[candidates], kind="stable")]:
            if self.texts[at].id == asked.id:
                continue
            why = [word for word, holds in (("same_place", place[at]), ("same_enterprise", firm[at])) if holds]
            likes.append(Like(self.texts[at].id, float(scores[at]), tuple(why)))
            if len(likes) == count:
                break
        return likes


class _Part:
    """One part of the texts of a pool, as weights of pairs and triples of characters."""

    def __init__(self, texts: list[str]) -> None:
        self.words: TfidfVectorizer | None = TfidfVectorizer(
            analyzer="char", ngram_range=(2, 3), sublinear_tf=True, lowercase=False, dtype=np.float32
        )
        self.size = len(texts)
        try:
            self.rows = self.words.fit_transform(texts).T.tocsr()
        except ValueError:  # no text has two characters: nothing to compare by
            self.words = None

    def add(self, texts: list[str]) -> None:
        self.size += len(texts)
        if self.words is not None:
            self.rows = hstack([self.rows, self.words.transform(texts).T]).tocsr()

    def likeness(self, asked: list[str]) -> Any:
        if self.words is None:
            return np.zeros((len(asked), self.size), dtype=np.float32)
        return (self.words.transform(asked) @ self.rows).toarray()


def shared(one: str, other: str, count: int = 3) -> list[str]:
    """The longest pieces two texts share, longest first: what makes them alike, for people 相同之处."""
    a, b = _normal(one)[:COMPARED], _normal(other)[:COMPARED]
    blocks = SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
    pieces = {a[at.a : at.a + at.size].strip("，。、；：！？,.;:!?") for at in blocks if at.size > 1}
    return sorted((one for one in pieces if len(one) > 1), key=lambda one: (-len(one), one))[:count]


def _normal(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text[:LONGEST]).lower())
