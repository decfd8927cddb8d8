"""What is said about one picture, or why nothing is 识别结论."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from linqi.waste.kinds import Doubt, Stream
from linqi.waste.recognition.gate import Gate, familiarity
from linqi.waste.recognition.head import Head


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is most likely, how sure, and whether that is said at all.

    `stream` is None whenever nothing is said (any doubt but SURE); class and confidence are kept for the person who looks.
    """

    klass: str
    stream: Stream | None
    confidence: float | None
    doubt: Doubt
    familiarity: float | None = None


UNREADABLE = Verdict("", None, None, Doubt.UNREADABLE)


@dataclass(frozen=True, slots=True)
class Judge:
    """Head, gate and table of streams together: features in, verdicts out."""

    head: Head
    gate: Gate
    streams: Mapping[str, Stream]
    sure_from: float

    def verdicts(self, features: ArrayLike) -> list[Verdict]:
        """One verdict a row."""
        rows = np.atleast_2d(np.asarray(features, dtype=np.float32))
        if not len(rows):
            return []
        if not np.isfinite(rows).all():  # of a broken network: what is no number is neither larger nor smaller than any
            return [self.verdicts(row)[0] if np.isfinite(row).all() else UNREADABLE for row in rows]
        known = familiarity(rows, self.gate.bank)
        return [
            self._one(shares, float(near)) for shares, near in zip(self.head.shares(rows).tolist(), known, strict=True)
        ]

    def _one(self, shares: Sequence[float], near: float) -> Verdict:
        best = int(np.argmax(shares))
        klass, sure = self.head.classes[best], float(shares[best])
        stream = self.streams.get(klass)
        if near < self.gate.threshold:
            return Verdict(klass, None, sure, Doubt.UNKNOWN, near)
        if sure < self.sure_from or stream is None:
            return Verdict(klass, None, sure, Doubt.UNSURE, near)
        return Verdict(klass, stream, sure, Doubt.SURE, near)
