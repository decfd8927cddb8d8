"""Folds that keep neighbouring shots together 交叉验证分组.

Pictures of a collection are numbered in the order they were taken: the same bottle lies on several in a row. Were they dealt
out one by one, a model would be asked about a bottle it has just learnt. So whole runs of file numbers go to one fold.
"""

import random
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

RUN: Final = 20  # file numbers in one run; ours: an object of TrashNet is on at most about 5 pictures in a row


def number_of(name: str) -> int | None:
    """The number in a file's name, None when it has none: `glass12.jpg` is 12."""
    found = re.findall(r"\d+", name.rsplit("/", 1)[-1].rsplit(".", 1)[0])
    return int(found[-1]) if found else None


def folds_of(classes: Sequence[str], names: Sequence[str], count: int = 5, seed: int = 0) -> NDArray[np.int64]:
    """For each picture the fold it is asked in; every run of neighbouring numbers of a class lies in one fold.

    Runs are dealt so that each fold gets a like number of each class. A file without a number is a run of its own.
    """
    if count < 2:
        raise ValueError("folds: at least 2 are needed")
    runs: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, (klass, name) in enumerate(zip(classes, names, strict=True)):
        number = number_of(name)
        runs[klass, f"{number // RUN:09d}" if number is not None else name].append(place)
    deal = random.Random(seed)  # noqa: S311 – no secret, only a repeatable order
    answer = np.full(len(names), -1, dtype=np.int64)
    for klass in sorted({one for one, _ in runs}):
        mine = sorted(key for key in runs if key[0] == klass)
        deal.shuffle(mine)
        mine.sort(key=lambda key: -len(runs[key]))  # stable: the large ones first, alike ones in the shuffled order
        filled = [0] * count
        for key in mine:
            fold = min(range(count), key=lambda one: (filled[one], one))
            filled[fold] += len(runs[key])
            answer[runs[key]] = fold
    return answer


def neighbours_apart(
    classes: Sequence[str], names: Sequence[str], folds: NDArray[np.int64], reach: int = 2
) -> NDArray[np.bool_]:
    """Pictures whose neighbour within `reach` numbers lies in another fold after all: the edges of the runs."""
    at = {(klass, number_of(name)): fold for klass, name, fold in zip(classes, names, folds, strict=True)}
    steps = [step for step in range(-reach, reach + 1) if step]
    edge = []
    for klass, name, fold in zip(classes, names, folds, strict=True):
        number = number_of(name)
        edge.append(number is not None and any(at.get((klass, number + step), fold) != fold for step in steps))
    return np.array(edge, dtype=np.bool_)
