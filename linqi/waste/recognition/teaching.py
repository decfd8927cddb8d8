"""A site's own head from its own labels, in seconds 本地训练.

Labels of the site are joined by what the recogniser in use has learnt of the same classes, at less weight: with five labels a class
that carries most, with a hundred hardly anything. Confidence, the threshold of the gate and the confidence from which something is
said are all set by pictures of the site that were kept out while they were judged.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from linqi.waste.recognition.calibration import shares
from linqi.waste.recognition.folds import number_of
from linqi.waste.recognition.gate import Gate, directions, familiarity, threshold_at
from linqi.waste.recognition.head import CannotTeach, taught
from linqi.waste.recognition.keeping import Kept
from linqi.waste.recognition.measuring import Measured, coverage_at, measured

RIGHT_WHEN_SURE: Final = 0.98  # of what is said; the goal. Below its confidence a person looks
AT_HOME: Final = 0.1  # weight of a picture of another origin beside one of the site
CLOSE_SHOTS: Final = 5  # neighbouring file numbers that may show the same thing
HOME_MOST: Final = (
    80  # pictures of a class that are carried over from the recogniser in use; more make teaching slow, not better
)
FEWEST: Final = 3  # pictures of a class


@dataclass(frozen=True, slots=True)
class Lesson:
    """What was taught, and what its own pictures say about it; `surely` is the share about which something is said."""

    kept: Kept
    measured: Measured
    surely: float


def teach(
    features: NDArray[np.float32],
    labels: Sequence[str],
    names: Sequence[str],
    network: str,
    before: Kept | None = None,
    about: Mapping[str, Any] | None = None,
) -> Lesson:
    """A recogniser from features and labels; `before` is the one in use. CannotTeach names what is missing."""
    counted = Counter(labels)
    if len(counted) < 2:
        raise CannotTeach(f"Two classes are wanted at least; found {_listed(counted) or 'none'}.")
    if few := {one: number for one, number in counted.items() if number < FEWEST}:
        raise CannotTeach(f"{FEWEST} pictures of each class are wanted at least; found {_listed(few)}.")
    classes = sorted(counted)
    own = directions(features)
    answers = np.array([classes.index(one) for one in labels])
    groups = _groups(labels, names)
    rows, right, weight = own, answers, np.ones(len(own))
    if before is not None and before.network == network:
        home, meant = _same_classes(before, classes)
        rows, right = np.concatenate([own, home]), np.concatenate([answers, meant])
        weight = np.concatenate([weight, np.full(len(home), AT_HOME)])
        groups = np.concatenate([groups, groups.max(initial=0) + 1 + np.arange(len(home)) // 8])
    mine = np.arange(len(rows)) < len(own)
    lesson = taught(rows, right.tolist(), classes, groups, weight, mine)
    told = shares(lesson.held_out[mine], lesson.head.temperature)
    near = familiarity(own, rows, barred=groups[mine][:, None] == groups)
    said, sure = told.argmax(axis=1), told.max(axis=1)
    surely, since = coverage_at(sure, said == answers, RIGHT_WHEN_SURE)
    assert lesson.head.bank is not None
    gate = Gate(lesson.head.bank, threshold_at(near))
    figures = measured(sure, said, answers, classes, (near < gate.threshold) | (sure < since))
    kept = Kept(lesson.head, gate, right, since, network, {**(about or {}), "pictures": dict(counted)})
    return Lesson(kept, figures, surely)


def _same_classes(before: Kept, classes: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """What was learnt before of classes of the same name."""
    at = np.array([classes.index(one) if one in classes else -1 for one in before.head.classes])
    meant = at[before.learnt]
    places = [np.flatnonzero(meant == number) for number in range(len(classes))]
    spread = [
        one[np.unique(np.linspace(0, len(one) - 1, min(len(one), HOME_MOST)).astype(int))] for one in places if len(one)
    ]
    chosen = np.sort(np.concatenate(spread)) if spread else np.empty(0, dtype=np.int64)
    return before.gate.bank[chosen], meant[chosen]


def _groups(labels: Sequence[str], names: Sequence[str]) -> NDArray[np.int64]:
    """Pictures of one class with neighbouring numbers are one group; when that leaves a class a single one, each stands alone."""
    keys = []
    for label, name in zip(labels, names, strict=True):
        number = number_of(name)
        keys.append((label, name if number is None else str(number // CLOSE_SHOTS)))
    many = Counter(label for label, _run in set(keys))
    keys = [(label, run if many[label] > 2 else f"{run} {place}") for place, (label, run) in enumerate(keys)]
    order = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return np.array([order[key] for key in keys])


def _listed(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{one} ({number})" for one, number in sorted(counted.items()))
