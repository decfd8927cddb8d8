"""Is a confidence of 0.9 right nine times in ten? 置信度校准."""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

COLDEST, HOTTEST = 0.01, 100.0
BINS: Final = 15  # of equal width, as Guo et al. 2017, “On Calibration of Modern Neural Networks”


def shares(scores: ArrayLike, temperature: float = 1.0) -> NDArray[np.float64]:
    """Scores of classes as shares that add to one; a higher temperature makes them more alike."""
    warm = np.asarray(scores, dtype=np.float64) / temperature
    warm = np.exp(warm - warm.max(axis=-1, keepdims=True))
    return np.asarray(warm / warm.sum(axis=-1, keepdims=True), dtype=np.float64)


def fitted_temperature(scores: ArrayLike, answers: ArrayLike) -> float:
    """The temperature under which pictures kept out of training are least surprising (negative log-likelihood).

    Golden-section search over its logarithm: the loss has one valley in 1/temperature.
    """
    said, right = np.asarray(scores, dtype=np.float64), np.asarray(answers, dtype=np.int64)
    if not len(right):
        raise ValueError("temperature: no answers to fit it to")

    def surprise(log_temperature: float) -> float:
        told = shares(said, float(np.exp(log_temperature)))
        return float(-np.log(np.maximum(told[np.arange(len(right)), right], 1e-12)).mean())

    low, high = float(np.log(COLDEST)), float(np.log(HOTTEST))
    golden = (np.sqrt(5) - 1) / 2
    for _ in range(60):
        left, right_ = high - golden * (high - low), low + golden * (high - low)
        if surprise(left) <= surprise(right_):
            high = right_
        else:
            low = left
    return float(np.exp((low + high) / 2))


def calibration_error(sure: ArrayLike, right: ArrayLike, bins: int = BINS) -> float | None:
    """Expected calibration error: by how much confidence and share of right answers differ, weighted; None when nothing was asked."""
    confidence, hit = np.asarray(sure, dtype=np.float64), np.asarray(right, dtype=np.float64)
    if not len(confidence):
        return None
    place = np.clip((confidence * bins).astype(np.int64), 0, bins - 1)
    total = np.bincount(place, minlength=bins)
    apart = np.abs(np.bincount(place, hit, bins) - np.bincount(place, confidence, bins))
    return float(apart[total > 0].sum() / len(confidence))
