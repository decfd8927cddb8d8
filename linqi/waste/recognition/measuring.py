"""How good a recogniser is, in the numbers that are published 识别评测."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linqi.waste.recognition.calibration import calibration_error


@dataclass(frozen=True, slots=True)
class Measured:
    """Numbers between 0 and 1; None where nothing could be measured. `refused` are pictures nothing was said about."""

    asked: int
    accuracy: float | None
    macro_f1: float | None
    calibration_error: float | None
    precision_at_80: float | None
    precision_at_90: float | None
    refused: float | None
    per_class: dict[str, dict[str, float | int | None]]


def measured(
    sure: ArrayLike, said: ArrayLike, answers: ArrayLike, classes: list[str], refused: ArrayLike | None = None
) -> Measured:
    """All figures of one trial: confidence, class said and class right, as numbers of `classes`.

    Accuracy counts what is most likely, refused or not, so that no one looks better by keeping quiet; `refused` is told beside it.
    """
    confidence, told, right = np.asarray(sure, float), np.asarray(said, int), np.asarray(answers, int)
    quiet = np.zeros(len(right), bool) if refused is None else np.asarray(refused, bool)
    if not len(right):
        return Measured(0, None, None, None, None, None, None, {})
    hit = told == right
    per_class = {name: _of_class(number, told, right) for number, name in enumerate(classes)}
    scores = [one["f1"] for one in per_class.values() if one["f1"] is not None]
    return Measured(
        len(right),
        float(hit.mean()),
        float(np.mean([float(one) for one in scores])) if scores else None,
        calibration_error(confidence, hit),
        precision_at(confidence, hit, 0.8),
        precision_at(confidence, hit, 0.9),
        float(quiet.mean()),
        per_class,
    )


def _of_class(number: int, told: NDArray[np.int64], right: NDArray[np.int64]) -> dict[str, float | int | None]:
    """F1 is unknown for a class that was neither asked nor said."""
    both, asked, named = (
        int(((told == number) & (right == number)).sum()),
        int((right == number).sum()),
        int((told == number).sum()),
    )
    return {
        "asked": asked,
        "recall": both / asked if asked else None,
        "precision": both / named if named else None,
        "f1": 2 * both / (asked + named) if asked + named else None,
    }


def precision_at(sure: ArrayLike, right: ArrayLike, coverage: float) -> float | None:
    """The share of right answers among the surest `coverage` of all; None when nothing was asked."""
    confidence, hit = np.asarray(sure, float), np.asarray(right, bool)
    if not len(hit):
        return None
    take = max(1, round(coverage * len(hit)))
    return float(hit[np.argsort(-confidence, kind="stable")[:take]].mean())


def coverage_at(sure: ArrayLike, right: ArrayLike, precision: float) -> tuple[float, float]:
    """The largest share of pictures that can be answered with this share of them right, and from which confidence on.

    Pictures of equal confidence stand or fall together. (0, 1) when the precision is never reached.
    """
    confidence, hit = np.asarray(sure, float), np.asarray(right, bool)
    if not len(hit):
        return 0.0, 1.0
    order = np.argsort(-confidence, kind="stable")
    falling = confidence[order]
    precise = np.cumsum(hit[order]) / np.arange(1, len(hit) + 1)
    last = np.append(falling[1:] != falling[:-1], True)
    good = np.flatnonzero(last & (precise >= precision))
    if not len(good):
        return 0.0, 1.0
    return float((good[-1] + 1) / len(hit)), float(falling[good[-1]])
