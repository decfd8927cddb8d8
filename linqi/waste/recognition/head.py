"""What tells the classes from features of a picture, learnt in seconds from labels 分类头.

Least squares on a kernel of directions (regularised; Rifkin, Yeo and Poggio 2003): solved in one step, and what it would have
said about a group of pictures had it not learnt them follows from the same solution. So a head brings its own honest answers,
from which its temperature is set, without training twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linqi.waste.recognition.calibration import fitted_temperature, shares
from linqi.waste.recognition.gate import directions

Rows = NDArray[np.float32]
SHARPNESS: Final = (2.0, 3.0, 4.0, 8.0)  # of the kernel exp(-g(1-cos)) tried
CALM: Final = (0.01, 0.03, 0.1, 0.3, 1.0)  # weights of the penalty tried


class CannotTeach(ValueError):
    """Too little to learn from; the text says what is wanted."""


@dataclass(frozen=True, slots=True)
class Head:
    """Classes and how they are told from features: linear when `bank` is None, else by likeness to the bank."""

    classes: tuple[str, ...]
    weights: NDArray[np.float32]  # classes × features, or pictures of the bank × classes
    bias: NDArray[np.float32]
    temperature: float
    bank: Rows | None = None
    sharpness: float = 0.0

    def scores(self, features: ArrayLike) -> NDArray[np.float64]:
        """One score a class, before the temperature."""
        rows = np.atleast_2d(np.asarray(features, dtype=np.float32))
        if self.bank is None:
            return np.asarray(rows @ self.weights.T + self.bias, dtype=np.float64)
        return np.asarray(
            _likeness(directions(rows), self.bank, self.sharpness) @ self.weights + self.bias, dtype=np.float64
        )

    def shares(self, features: ArrayLike) -> NDArray[np.float64]:
        """How sure of each class, adding to one."""
        return shares(self.scores(features), self.temperature)


@dataclass(frozen=True, slots=True)
class Taught:
    """A head and what it would have said about each of its pictures had their group not been learnt."""

    head: Head
    held_out: NDArray[np.float64]
    sharpness: float
    calm: float


def taught(
    features: ArrayLike,
    answers: Sequence[int],
    classes: Sequence[str],
    groups: ArrayLike,
    weight: ArrayLike | None = None,
    asked: ArrayLike | None = None,
) -> Taught:
    """A head learnt from features; pictures of one group are never judged by each other.

    `weight` makes some pictures count more (own ones beside those of another origin); `asked` names the pictures by which
    sharpness, penalty and temperature are chosen (all when absent). CannotTeach when there is only one class or one group.
    """
    rows, right, group = directions(features), np.asarray(answers, dtype=np.int64), np.asarray(groups)
    heavy = np.ones(len(right)) if weight is None else np.asarray(weight, dtype=np.float64)
    judged = np.ones(len(right), bool) if asked is None else np.asarray(asked, bool)
    if len(set(right.tolist())) < 2:
        raise CannotTeach("At least two classes are wanted, each with pictures.")
    if len(set(group.tolist())) < 2:
        raise CannotTeach("At least two groups of pictures are wanted, to judge one by the other.")
    wanted = np.zeros((len(right), len(classes)))
    wanted[np.arange(len(right)), right] = 1.0
    centre = wanted.mean(axis=0)
    alike = (rows @ rows.T).astype(np.float64)
    best: tuple[float, float, float, NDArray[np.float64], NDArray[np.float64]] | None = None
    for sharpness in SHARPNESS:
        kernel = np.exp(-sharpness * (1.0 - alike))
        for calm in CALM:
            inverse = np.linalg.inv(kernel + np.diag(calm / heavy))
            dual = inverse @ (wanted - centre)
            held = _held_out(wanted - centre, inverse, dual, group) + centre
            missed = float((((held - wanted) ** 2).sum(axis=1) * heavy)[judged].sum() / heavy[judged].sum())
            if best is None or missed < best[0]:
                best = missed, sharpness, calm, dual, held
    assert best is not None
    _missed, sharpness, calm, dual, held = best
    temperature = fitted_temperature(held[judged], right[judged])
    head = Head(tuple(classes), dual.astype(np.float32), centre.astype(np.float32), temperature, rows, sharpness)
    return Taught(head, held, sharpness, calm)


def _likeness(rows: Rows, bank: Rows, sharpness: float) -> NDArray[np.float32]:
    return np.asarray(np.exp(-sharpness * (1.0 - rows @ bank.T)), dtype=np.float32)


def _held_out(
    wanted: NDArray[np.float64], inverse: NDArray[np.float64], dual: NDArray[np.float64], group: NDArray[np.generic]
) -> NDArray[np.float64]:
    """What each group would be told by a head that had not learnt it: its residual is [inverse]⁻¹ dual, group by group."""
    answer = np.empty_like(wanted)
    for one in np.unique(group):
        mine = np.flatnonzero(group == one)
        answer[mine] = wanted[mine] - np.linalg.solve(inverse[np.ix_(mine, mine)], dual[mine])
    return answer
