"""What a request is about, proposed from its text with a confidence that means what it says, or not proposed at all 研判.

Characters and pairs of them are weighed (TF-IDF): those of the opening, those of the whole and, where texts are long,
those of the beginning, because people say first what they want and a long body drowns it; one linear boundary for each label is learnt, rare labels weighing as
much as common ones; and the distances become confidences by one temperature found on texts the boundaries had not seen.
Words that are known to speak for a label are learnt along. It proposes; a person decides.
"""

import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import f1_score
from sklearn.model_selection import KFold, StratifiedGroupKFold
from sklearn.svm import LinearSVC

LONGEST: Final = 20_000  # characters read of one text
SURE: Final = 0.95  # of those it answers, so many shall be right; below it abstains
OPENING: Final = 20  # characters that stand for a title where a text has none; measured: docs/rules/likeness.md
TITLE: Final = 60  # characters; a first line that is longer is no title
BEGINNING: Final = 100  # characters
FOLDS: Final = 5
FEW: Final = 2_000  # texts; with fewer, more of them are learnt from while confidence is measured
COMMON_FROM: Final = 500  # texts with a body; with so many, a piece in one or two of them teaches nothing
NAMED: Final = 5  # reasons named at most
Floats = NDArray[np.float64]
Terms = Mapping[str, Sequence[str]]
NONE: Final[Terms] = {}


class CannotLearn(ValueError):
    """The labelled texts are not enough to learn from; says what is missing."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a text is probably about 研判建议.

    `label` is None where the reader is not sure enough. `ranked`: every label with its confidence, most likely first;
    `reasons`: the pieces of text that spoke most for the first; `version`: of the reader that said so.
    """

    label: str | None
    confidence: float
    ranked: tuple[tuple[str, float], ...]
    reasons: tuple[str, ...]
    version: str


@dataclass(frozen=True)
class Reader:
    """A trained reader: what it weighs and where it draws the lines."""

    labels: tuple[str, ...]
    words: "Words"
    weights: Floats
    offsets: Floats
    temperature: float
    answers_from: float
    version: str

    def propose(self, text: str) -> Proposal:
        """What one text is about; abstains (`label` None) when it holds nothing known or is not sure enough."""
        return self.propose_all([text])[0]

    def propose_all(self, texts: Sequence[str]) -> list[Proposal]:
        """What each text is about, in their order."""
        if not texts:
            return []
        rows = self.words.weighed(texts)
        sure = _confidence(rows @ self.weights.T + self.offsets, self.temperature)
        return [self._one(rows[at], sure[at]) for at in range(len(texts))]

    def save(self, path: Path | BinaryIO) -> None:
        """Keep it in one file of plain numbers and names: nothing in it can be run."""
        np.savez_compressed(
            path,
            about=np.array(
                json.dumps(
                    {"labels": self.labels, "temperature": self.temperature, "answers_from": self.answers_from},
                    ensure_ascii=False,
                )
            ),
            terms=np.array(json.dumps([_terms(part) for part in self.words.parts], ensure_ascii=False)),
            idf=np.concatenate([part.idf_ for part in self.words.parts]),
            weights=self.weights,
            offsets=self.offsets,
        )

    @classmethod
    def load(cls, path: Path | BinaryIO) -> "Reader":
        """Read what `save` wrote; ValueError when the file is something else."""
        try:
            with np.load(path, allow_pickle=False) as kept:
                about = json.loads(str(kept["about"]))
                terms = json.loads(str(kept["terms"]))
                idf, weights, offsets = kept["idf"], kept["weights"], kept["offsets"]
        except (KeyError, OSError, ValueError) as trouble:
            raise ValueError(f"{path} is not a reader that Linqi has saved.") from trouble
        parts, at = [], 0
        for listed in terms:
            part = _vectorizer(vocabulary={term: place for place, term in enumerate(listed)})
            part.idf_ = idf[at : at + len(listed)]
            at += len(listed)
            parts.append(part)
        words = Words(tuple(parts))
        labels = tuple(about["labels"])
        return cls(
            labels,
            words,
            weights,
            offsets,
            about["temperature"],
            about["answers_from"],
            _version(labels, weights, offsets),
        )

    @cached_property
    def _terms(self) -> list[str]:
        return [term for part in self.words.parts for term in _terms(part)]

    def _one(self, row: Any, sure: Floats) -> Proposal:
        order = np.argsort(-sure, kind="stable")
        ranked = tuple((self.labels[at], float(sure[at])) for at in order)
        if row.nnz == 0:  # nothing in it was ever seen: any confidence would be made up
            return Proposal(None, 0.0, ranked, (), self.version)
        best = int(order[0])
        spoke = row.multiply(self.weights[best]).tocoo()
        strongest = sorted(zip(spoke.data, spoke.col, strict=True), reverse=True)[: NAMED * 4]
        spoken = [self._terms[column] for weight, column in strongest if weight > 0]
        said = [piece for piece in spoken if len(piece) > 1] or spoken  # one character alone tells a person little
        answered = sure[best] >= self.answers_from
        return Proposal(
            self.labels[best] if answered else None, float(sure[best]), ranked, _told_apart(said), self.version
        )


@dataclass(frozen=True)
class Words:
    """The pieces that are weighed: of the opening, of the whole and, where texts are long, of the beginning 词元."""

    parts: tuple[TfidfVectorizer, ...]

    def weighed(self, texts: Sequence[str]) -> Any:
        """One row for each text."""
        return hstack([part.transform(said) for part, said in zip(self.parts, _views(texts), strict=False)]).tocsr()


def train(texts: Sequence[str], labels: Sequence[str], terms: Terms = NONE) -> Reader:
    """Learn from labelled texts 训练; CannotLearn when there are fewer than two labels or no text to speak of.

    `terms`: words that speak for a label; learnt along, but what confidence means is found on texts alone.
    """
    if len(texts) != len(labels):
        raise CannotLearn(f"{len(texts)} texts but {len(labels)} labels.")
    kept = [at for at, text in enumerate(texts) if normal(text) and labels[at]]
    read, said = [texts[at] for at in kept], np.array([labels[at] for at in kept], dtype=object)
    if len(set(said)) < 2:
        raise CannotLearn("At least two different labels with text are needed.")
    words, names, weights, offsets = _learnt(read, said, terms)
    temperature, answers_from = _measured(read, said, names, terms)
    return Reader(names, words, weights, offsets, temperature, answers_from, _version(names, weights, offsets))


@dataclass(frozen=True, slots=True)
class Measured:
    """How well readers do on texts they had not seen 研判成绩; shares from 0 to 1.

    `first_two`: the right label is among the first two; `coverage_at_95`: the share answered when 95 of 100 answers
    shall be right.
    """

    accuracy: float
    macro_f1: float
    first_two: float
    calibration_error: float
    coverage_at_95: float


def measure(texts: Sequence[str], labels: Sequence[str], terms: Terms = NONE) -> Measured:
    """Learn from four fifths and read the fifth, in turn, near-duplicates always together; CannotLearn as `train`."""
    return judged(labels, read_unseen(texts, labels, terms))


def read_unseen(
    texts: Sequence[str], labels: Sequence[str], terms: Terms = NONE, more: Sequence[tuple[str, str]] = ()
) -> list[Proposal]:
    """Each text read by a reader that had learnt from other folds; `more`: texts and labels that each learns from too."""
    said = np.array(labels, dtype=object)
    found: dict[int, Proposal] = {}
    for learn, hold in folds(texts, said):
        lessons = [*((texts[at], said[at]) for at in learn), *more]
        reader = train([text for text, _label in lessons], [label for _text, label in lessons], terms)
        found.update(zip(hold, reader.propose_all([texts[at] for at in hold]), strict=True))
    return [found[at] for at in range(len(texts))]


def judged(labels: Sequence[str], found: Sequence[Proposal]) -> Measured:
    """How well these proposals say these labels 评判."""
    said = np.array(labels, dtype=object)
    first, second = (np.array([one.ranked[at][0] for one in found], dtype=object) for at in (0, 1))
    sure = np.array([one.ranked[0][1] for one in found])
    right = first == said
    return Measured(
        float(right.mean()),
        float(f1_score(list(said), list(first), average="macro", zero_division=0)),
        float((right | (second == said)).mean()),
        calibration_error(sure, right),
        coverage_at(sure, right)[0],
    )


def normal(text: str) -> str:
    """A text as it is weighed: one width, lower case, no blanks (words cut apart by others are joined again)."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text[:LONGEST]).lower())


def alike(text: str) -> str:
    """The same for texts that differ only in their end or their marks: near-duplicates must not be told apart."""
    return "".join(re.findall(r"[\u3400-\u9fff0-9a-z]", normal(text)))[:40]


def calibration_error(confidence: Floats, right: NDArray[np.bool_], bins: int = 15) -> float:
    """How far confidence and truth lie apart, weighed over bins of confidence (ECE) 校准误差."""
    edges = np.minimum((confidence * bins).astype(int), bins - 1)
    apart = 0.0
    for one in range(bins):
        inside = edges == one
        if inside.any():
            apart += inside.mean() * abs(confidence[inside].mean() - right[inside].mean())
    return float(apart)


def coverage_at(confidence: Floats, right: NDArray[np.bool_], precision: float = SURE) -> tuple[float, float]:
    """The largest share that can be answered, the surest first, with so many right; and the confidence it begins at.

    (0, above 1) when no share can. Equal confidences stand or fall together.
    """
    order = np.argsort(-confidence, kind="stable")
    sure, hits = confidence[order], np.cumsum(right[order])
    ends = np.append(sure[1:] != sure[:-1], True)
    good = ends & (hits / np.arange(1, len(order) + 1) >= precision)
    if not good.any():
        return 0.0, 1.1
    last = int(np.flatnonzero(good)[-1])
    return (last + 1) / len(order), float(sure[last])


def _learnt(texts: Sequence[str], labels: NDArray[Any], terms: Terms) -> tuple[Words, tuple[str, ...], Floats, Floats]:
    """What these texts and the terms of their labels teach: pieces, labels, weights and offsets."""
    known = [(term, label) for label in sorted(set(labels)) for term in terms.get(label, ())]
    opening, whole, beginning = _views([*texts, *(term for term, _label in known)])
    if sum(len(text) > TITLE for text in whole) < COMMON_FROM:
        fitted = [_fitted(opening), _fitted(whole)]
    else:
        fitted = [_fitted(opening), _fitted(whole, common=3), _fitted(beginning, common=3)]
    parts, rows = zip(*fitted, strict=True)
    taught = np.array([*labels, *(label for _term, label in known)], dtype=object)
    return Words(parts), *_boundaries(hstack(rows).tocsr(), taught)


def _fitted(texts: list[str], common: int = 1) -> tuple[TfidfVectorizer, Any]:
    part = _vectorizer(min_df=common)
    try:
        return part, part.fit_transform(texts)
    except ValueError:  # no piece is that common: all have to do
        part = _vectorizer()
        return part, part.fit_transform(texts)


def _views(texts: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """Of each text its opening (the title, or what stands for it), the whole, and its beginning."""
    firsts = [normal(text.strip().partition("\n")[0]) for text in texts]
    whole = [normal(text) for text in texts]
    openings = [first if len(first) <= TITLE else first[:OPENING] for first in firsts]
    return openings, whole, [text[:BEGINNING] for text in whole]


def _vectorizer(vocabulary: dict[str, int] | None = None, min_df: int = 1) -> TfidfVectorizer:
    return TfidfVectorizer(
        analyzer="char",
        ngram_range=(1, 2),  # triples were measured worse on few texts: docs/rules/likeness.md
        sublinear_tf=True,
        lowercase=False,
        vocabulary=vocabulary,
        min_df=min_df,
    )


def _terms(part: TfidfVectorizer) -> list[str]:
    return [str(term) for term in part.get_feature_names_out()]


def _boundaries(rows: Any, labels: NDArray[Any]) -> tuple[tuple[str, ...], Floats, Floats]:
    learnt = LinearSVC(C=0.5, class_weight="balanced", random_state=0).fit(rows, labels)
    weights, offsets = learnt.coef_, learnt.intercept_
    if len(learnt.classes_) == 2:  # one boundary, seen from both of its sides
        weights, offsets = np.vstack([-weights, weights]), np.concatenate([-offsets, offsets])
    return tuple(str(one) for one in learnt.classes_), weights, offsets


def _measured(texts: Sequence[str], labels: NDArray[Any], names: tuple[str, ...], terms: Terms) -> tuple[float, float]:
    """The temperature, and the confidence from which it answers, found on texts held out from learning."""
    column = {name: at for at, name in enumerate(names)}
    scores = np.full((len(texts), len(names)), -1.0)
    held = np.zeros(len(texts), dtype=bool)
    for learn, hold in folds(texts, labels, FOLDS if len(texts) >= FEW else 2 * FOLDS):
        if len(set(labels[learn])) < 2:
            continue
        words, found, weights, offsets = _learnt([texts[at] for at in learn], labels[learn], terms)
        seen = words.weighed([texts[at] for at in hold]) @ weights.T + offsets
        scores[np.ix_(hold, np.array([column[name] for name in found]))] = seen
        held[hold] = True
    if not held.any():
        return 1.0, 1.1
    truth = np.array([column[str(label)] for label in labels[held]], dtype=np.intp)
    scores = scores[held]

    def surprise(log_temperature: float) -> float:
        sure = _confidence(scores, float(np.exp(log_temperature)))
        return float(-np.log(np.maximum(sure[np.arange(len(truth)), truth], 1e-12)).mean())

    temperature = float(np.exp(minimize_scalar(surprise, bounds=(-4, 2), method="bounded").x))
    sure = _confidence(scores, temperature)
    return temperature, coverage_at(sure.max(axis=1), sure.argmax(axis=1) == truth)[1]


def folds(texts: Sequence[str], labels: NDArray[Any], most: int = FOLDS) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    """Parts held out in turn, near-duplicates always together."""
    together = np.unique([alike(normal(text)) for text in texts], return_inverse=True)[1]
    count = min(most, *Counter(labels).values(), len(set(together)))
    if count >= 2:
        return list(StratifiedGroupKFold(count, shuffle=True, random_state=0).split(texts, labels, together))
    return list(KFold(min(most, len(texts))).split(texts))


def _confidence(scores: Any, temperature: float) -> Floats:
    scaled = np.asarray(scores) / temperature
    grown = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    shares: Floats = grown / grown.sum(axis=1, keepdims=True)
    return shares


def _told_apart(pieces: list[str]) -> tuple[str, ...]:
    """The first few pieces, none inside another."""
    told: list[str] = []
    for piece in pieces:
        if piece and not any(piece in one or one in piece for one in told):
            told.append(piece)
    return tuple(told[:NAMED])


def _version(labels: Sequence[str], weights: Floats, offsets: Floats) -> str:
    found = hashlib.sha256("\n".join(labels).encode())
    found.update(np.ascontiguousarray(weights).tobytes())
    found.update(np.ascontiguousarray(offsets).tobytes())
    return found.hexdigest()[:12]
