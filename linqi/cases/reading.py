"""What a request is about, proposed from its text with a confidence that means what it says, or not proposed at all 研判.

Pairs and triples of characters are weighed (TF-IDF), one linear boundary for each label is learnt, and the distances
become confidences by one temperature found on texts the boundaries had not seen. It proposes; a person decides.
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
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import KFold, StratifiedGroupKFold
from sklearn.svm import LinearSVC

LONGEST: Final = 20_000  # characters read of one text
SURE: Final = 0.95  # of those it answers, so many shall be right; below it abstains
FOLDS: Final = 5
COMMON_FROM: Final = 500  # texts; with so many, a piece that stands in one of them alone teaches nothing
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
    words: TfidfVectorizer
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
        rows = self.words.transform([normal(text) for text in texts])
        sure = _confidence(rows @ self.weights.T + self.offsets, self.temperature)
        return [self._one(rows[at], sure[at]) for at in range(len(texts))]

    def save(self, path: Path) -> None:
        """Keep it in one file of plain numbers and names: nothing in it can be run."""
        terms = sorted(self.words.vocabulary_, key=self.words.vocabulary_.__getitem__)
        np.savez_compressed(
            path,
            about=np.array(
                json.dumps(
                    {"labels": self.labels, "temperature": self.temperature, "answers_from": self.answers_from},
                    ensure_ascii=False,
                )
            ),
            terms=np.array("\n".join(json.dumps(term, ensure_ascii=False) for term in terms)),
            idf=self.words.idf_,
            weights=self.weights,
            offsets=self.offsets,
        )

    @classmethod
    def load(cls, path: Path) -> "Reader":
        """Read what `save` wrote; ValueError when the file is something else."""
        try:
            with np.load(path, allow_pickle=False) as kept:
                about = json.loads(str(kept["about"]))
                terms = [json.loads(line) for line in str(kept["terms"]).split("\n")]
                idf, weights, offsets = kept["idf"], kept["weights"], kept["offsets"]
        except (KeyError, OSError, ValueError) as trouble:
            raise ValueError(f"{path} is not a reader that Linqi has saved.") from trouble
        words = _vectorizer(vocabulary={term: at for at, term in enumerate(terms)})
        words.idf_ = idf
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
        return [str(term) for term in self.words.get_feature_names_out()]

    def _one(self, row: Any, sure: Floats) -> Proposal:
        order = np.argsort(-sure, kind="stable")
        ranked = tuple((self.labels[at], float(sure[at])) for at in order)
        if row.nnz == 0:  # nothing in it was ever seen: any confidence would be made up
            return Proposal(None, 0.0, ranked, (), self.version)
        best = int(order[0])
        spoke = row.multiply(self.weights[best]).tocoo()
        strongest = sorted(zip(spoke.data, spoke.col, strict=True), reverse=True)[: NAMED * 4]
        said = [self._terms[column] for weight, column in strongest if weight > 0]
        answered = sure[best] >= self.answers_from
        return Proposal(
            self.labels[best] if answered else None, float(sure[best]), ranked, _told_apart(said), self.version
        )


def train(texts: Sequence[str], labels: Sequence[str]) -> Reader:
    """Learn from labelled texts 训练; CannotLearn when there are fewer than two labels or no text to speak of."""
    if len(texts) != len(labels):
        raise CannotLearn(f"{len(texts)} texts but {len(labels)} labels.")
    read = [normal(text) for text in texts]
    kept = [at for at, text in enumerate(read) if text and labels[at]]
    read, said = [read[at] for at in kept], np.array([labels[at] for at in kept], dtype=object)
    if len(set(said)) < 2:
        raise CannotLearn("At least two different labels with text are needed.")
    words, rows = _weighed(read)
    names, weights, offsets = _boundaries(rows, said)
    temperature, answers_from = _measured(read, said, names)
    return Reader(names, words, weights, offsets, temperature, answers_from, _version(names, weights, offsets))


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


def _weighed(texts: list[str]) -> tuple[TfidfVectorizer, Any]:
    """The weights of these texts; what stands in one of many only is left out."""
    words = _vectorizer(min_df=2 if len(texts) >= COMMON_FROM else 1)
    return words, words.fit_transform(texts)


def _vectorizer(vocabulary: dict[str, int] | None = None, min_df: int = 1) -> TfidfVectorizer:
    return TfidfVectorizer(
        analyzer="char",
        ngram_range=(1, 3),
        sublinear_tf=True,
        lowercase=False,
        vocabulary=vocabulary,
        min_df=min_df,
    )


def _boundaries(rows: Any, labels: NDArray[Any]) -> tuple[tuple[str, ...], Floats, Floats]:
    learnt = LinearSVC(C=0.5).fit(rows, labels)
    weights, offsets = learnt.coef_, learnt.intercept_
    if len(learnt.classes_) == 2:  # one boundary, seen from both of its sides
        weights, offsets = np.vstack([-weights, weights]), np.concatenate([-offsets, offsets])
    return tuple(str(one) for one in learnt.classes_), weights, offsets


def _measured(texts: list[str], labels: NDArray[Any], names: tuple[str, ...]) -> tuple[float, float]:
    """The temperature, and the confidence from which it answers, found on texts held out from learning."""
    column = {name: at for at, name in enumerate(names)}
    scores = np.full((len(texts), len(names)), -1.0)
    held = np.zeros(len(texts), dtype=bool)
    for learn, hold in _folds(texts, labels):
        if len(set(labels[learn])) < 2:
            continue
        words, rows = _weighed([texts[at] for at in learn])
        found, weights, offsets = _boundaries(rows, labels[learn])
        seen = words.transform([texts[at] for at in hold]) @ weights.T + offsets
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


def _folds(texts: list[str], labels: NDArray[Any]) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    """Parts held out in turn, near-duplicates always together."""
    together = np.unique([alike(text) for text in texts], return_inverse=True)[1]
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
