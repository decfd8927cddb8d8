"""A taught recogniser as one file of plain arrays: no code in it, nothing is run when it is read 模型文件."""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from linqi.waste.kinds import Stream
from linqi.waste.recognition.gate import Gate, directions
from linqi.waste.recognition.head import Head
from linqi.waste.recognition.verdict import Judge

LARGEST: Final = 256 * 1024 * 1024  # bytes unpacked; some 50,000 pictures
FORMAT: Final = "linqi-waste-1"


class ModelUnusable(ValueError):
    """The file is no recogniser that can be used here; the text says why."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a model file holds: head, gate, the confidence from which something is said, the network it was taught on, and whence it came."""

    head: Head
    gate: Gate
    learnt: NDArray[np.int64]  # for each picture of the gate's bank the number of its class
    sure_from: float
    network: str  # SHA-256 of the ONNX file whose features these are
    about: Mapping[str, Any]

    def judge(self, streams: Mapping[str, Stream]) -> Judge:
        """Ready to speak."""
        return Judge(self.head, self.gate, streams, self.sure_from)


def packed(kept: Kept) -> bytes:
    """The file. A head by likeness must go by the gate's own pictures.

    Directions of learnt pictures are kept in steps of 1/127 of their largest part: familiarity changes by less than 0.002.
    """
    facts = {
        "format": FORMAT,
        "classes": list(kept.head.classes),
        "temperature": kept.head.temperature,
        "sharpness": kept.head.sharpness,
        "likened": kept.head.bank is not None,  # a head that goes by likeness goes by the pictures of the gate
        "threshold": kept.gate.threshold,
        "sure_from": kept.sure_from,
        "network": kept.network,
        "about": dict(kept.about),
    }
    if kept.head.bank is not None and not np.array_equal(kept.head.bank, kept.gate.bank):
        raise ValueError("keeping: the head goes by other pictures than the gate")
    steps, sizes = _coarse(kept.gate.bank)
    arrays: dict[str, NDArray[Any]] = {
        "weights": kept.head.weights,
        "bias": kept.head.bias,
        "bank": steps,
        "sizes": sizes,
        "learnt": kept.learnt.astype(np.int16),
    }
    out = io.BytesIO()
    arrays["facts"] = np.frombuffer(json.dumps(facts, ensure_ascii=False).encode(), dtype=np.uint8)
    write: Any = np.savez_compressed  # its stubs know no arrays by name
    write(out, **arrays)
    return out.getvalue()


def unpacked(data: bytes) -> Kept:
    """What `packed` wrote; ModelUnusable when it is anything else."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as held:
            if sum(one.file_size for one in held.infolist()) > LARGEST:
                raise ModelUnusable("The model file unpacks to more than 256 MB.")
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            facts = json.loads(arrays["facts"].tobytes())
            return _read(facts, {name: arrays[name] for name in arrays.files})
    except ModelUnusable:
        raise
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as broken:
        raise ModelUnusable(f"This is no model file of “linqi waste train” ({type(broken).__name__}).") from broken


def _read(facts: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Kept:
    if facts.get("format") != FORMAT:
        raise ModelUnusable(f"The model file is of another kind ({facts.get('format')!r}, wanted {FORMAT!r}).")
    classes = tuple(str(one) for one in facts["classes"])
    weights, bias = arrays["weights"].astype(np.float32), arrays["bias"].astype(np.float32)
    bank = directions(arrays["bank"].astype(np.float32) * arrays["sizes"][:, None])
    likened = bank if facts["likened"] else None
    learnt = arrays["learnt"].astype(np.int64)
    fits = weights.shape[0] == len(classes) if likened is None else weights.shape == (len(likened), len(classes))
    wide = weights.shape[1] if likened is None else likened.shape[1]
    numbers = [float(facts[name]) for name in ("temperature", "threshold", "sure_from", "sharpness")]
    finite = all(np.isfinite(one).all() for one in (weights, bias, bank)) and np.isfinite(numbers).all()
    named = len(learnt) == len(bank) and bool(((learnt >= 0) & (learnt < len(classes))).all())
    if (
        not fits
        or not named
        or bias.shape != (len(classes),)
        or not len(bank)
        or bank.shape[1] != wide
        or not finite
        or numbers[0] <= 0
    ):
        raise ModelUnusable("The parts of the model file do not fit each other; train it anew.")
    temperature, threshold, sure_from, sharpness = numbers
    head = Head(classes, weights, bias, temperature, likened, sharpness)
    return Kept(head, Gate(bank, threshold), learnt, sure_from, str(facts["network"]), facts["about"])


def _coarse(rows: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    largest = np.maximum(np.abs(rows).max(axis=1), 1e-12)
    steps = np.rint(rows / largest[:, None] * 127).astype(np.int8)
    return steps, (largest / 127).astype(np.float32)
