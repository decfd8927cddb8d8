"""What a request is about, proposed from its text with a confidence that means what it says, or not proposed at all 研判.

Characters and pairs of them are weighed (TF-IDF), those of the first line apart from those of the rest, because a long
body drowns a title; one linear boundary for each label is learnt, rare labels weighing as much as common ones; and the
distances become confidences by one temperature found on texts the boundaries had not seen. It proposes; a person decides.
"""

import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
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
MANY_FROM: Final = 2_000  # texts; with so many, a piece that stands in one of them alone teaches nothing at all
FOLDS: Final = 5
COMMON_FROM: Final = 500  # texts; with so many, a piece of a body that stands in one or two of them teaches nothing
NAMED: Final = 5  # reasons named at most
Floats = NDArray[np.float64]


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
    """The pieces that are weighed: of the first line of a text, and of what follows it where texts have more 词元."""

    parts: tuple[TfidfVectorizer, ...]

    def weighed(self, texts: Sequence[str]) -> Any:
        """One row for each text."""
        return hstack(
            [part.transform(said) for part, said in zip(self.parts, _first_and_rest(texts), strict=False)]
        ).tocsr()


def train(texts: Sequence[str], labels: Sequence[str]) -> Reader:
    """Learn from labelled texts 训练; CannotLearn when there are fewer than two labels or no text to speak of."""
    if len(texts) != len(labels):
        raise CannotLearn(f"{len(texts)} texts but {len(labels)} labels.")
    kept = [at for at, text in enumerate(texts) if normal(text) and labels[at]]
    read, said = [texts[at] for at in kept], np.array([labels[at] for at in kept], dtype=object)
    if len(set(said)) < 2:
        raise CannotLearn("At least two different labels with text are needed.")
    words, rows = _weighed(read)
    names, weights, offsets = _boundaries(rows, said)
    temperature, answers_from = _measured(read, said, names)
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


def measure(texts: Sequence[str], labels: Sequence[str]) -> Measured:
    """Learn from four fifths and read the fifth, in turn, near-duplicates always together; CannotLearn as `train`."""
    said = np.array(labels, dtype=object)
    first, second = np.empty(len(said), dtype=object), np.empty(len(said), dtype=object)
    sure = np.zeros(len(said))
    for learn, hold in _folds(texts, said):
        reader = train([texts[at] for at in learn], list(said[learn]))
        for at, found in zip(hold, reader.propose_all([texts[at] for at in hold]), strict=True):
            first[at], second[at], sure[at] = found.ranked[0][0], found.ranked[1][0], found.ranked[0][1]
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


def _weighed(texts: Sequence[str]) -> tuple[Words, Any]:
    """The weights of these texts, and what weighs others alike."""
    first, rest = _first_and_rest(texts)
    parts = [_vectorizer(min_df=2 if len(texts) >= MANY_FROM else 1)]
    rows = [parts[0].fit_transform(first)]
    if any(rest):
        parts.append(_vectorizer(min_df=3 if len(texts) >= COMMON_FROM else 1))
        try:
            rows.append(parts[1].fit_transform(rest))
        except ValueError:  # no piece is common enough: the first lines have to do
            parts.pop()
    return Words(tuple(parts)), hstack(rows).tocsr()


def _first_and_rest(texts: Sequence[str]) -> tuple[list[str], list[str]]:
    halves = [text.strip().partition("\n") for text in texts]
    return [normal(first) for first, _line, _rest in halves], [normal(rest) for _first, _line, rest in halves]


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


def _measured(texts: Sequence[str], labels: NDArray[Any], names: tuple[str, ...]) -> tuple[float, float]:
    """The temperature, and the confidence from which it answers, found on texts held out from learning."""
    column = {name: at for at, name in enumerate(names)}
    scores = np.full((len(texts), len(names)), -1.0)
    held = np.zeros(len(texts), dtype=bool)
    for learn, hold in _folds(texts, labels):
        if len(set(labels[learn])) < 2:
            continue
        words, rows = _weighed([texts[at] for at in learn])
        found, weights, offsets = _boundaries(rows, labels[learn])
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


def _folds(texts: Sequence[str], labels: NDArray[Any]) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    """Parts held out in turn, near-duplicates always together."""
    together = np.unique([alike(normal(text)) for text in texts], return_inverse=True)[1]
    count = min(FOLDS, *Counter(labels).values(), len(set(together)))
    if count >= 2:
        return list(StratifiedGroupKFold(count, shuffle=True, random_state=0).split(texts, labels, together))
    return list(KFold(min(FOLDS, len(texts))).split(texts))


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
