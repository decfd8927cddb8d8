"""Has anything like this been seen before? 未知物判断.

A classifier is sure of what it has never seen. So a picture is first held against those that were learnt: the mean cosine to the
five nearest. Below the threshold nothing is said about it. The threshold is set where one in twenty known pictures is lost.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

NEAREST: Final = 5  # measured: engines.md, §6
LOST_AT_HOME: Final = 0.05  # share of known pictures that is given up to refuse the unknown; default of the product


def directions(features: ArrayLike) -> NDArray[np.float32]:
    """Each row brought to length one; a row of zeros stays one."""
    rows = np.atleast_2d(np.asarray(features, dtype=np.float32))
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12), dtype=np.float32)


def familiarity(
    features: ArrayLike, bank: ArrayLike, nearest: int = NEAREST, barred: NDArray[np.bool_] | None = None
) -> NDArray[np.float64]:
    """For each picture the mean cosine to the nearest learnt ones, -1 to 1 熟悉度.

    `barred` (pictures × bank) names the learnt ones that a picture may not be held against: itself and its neighbours.
    """
    known = directions(bank)
    if not len(known):
        raise ValueError("gate: nothing was learnt, so nothing can be familiar")
    apart = -(directions(features) @ known.T)
    if barred is not None:
        apart[barred] = np.nan  # sorted behind all others
    return np.asarray(-np.nanmean(np.sort(apart, axis=1)[:, :nearest], axis=1), dtype=np.float64)


def threshold_at(home: ArrayLike, lost: float = LOST_AT_HOME) -> float:
    """The familiarity below which this share of known pictures, none of them learnt, lies."""
    return float(np.quantile(np.asarray(home, dtype=np.float64), lost, method="lower"))


@dataclass(frozen=True, slots=True)
class Gate:
    """Learnt pictures as directions, and the familiarity from which one more is known."""

    bank: NDArray[np.float32]
    threshold: float

    def knows(self, features: ArrayLike) -> NDArray[np.bool_]:
        """Which pictures are like something learnt."""
        return np.asarray(familiarity(features, self.bank) >= self.threshold, dtype=np.bool_)
