"""Pictures into features: a network in ONNX, run by ONNX Runtime on one core 图片特征.

The extra `vision` brings the runtime; without it `VisionAbsent` says so and nothing is recognised. A file is opened within bounds
(`kit.pictures`): by its content, JPEG, PNG or WebP only, its size looked at before a pixel is unpacked. The network is asked with one
thread: many pictures side by side are a matter of more processes, and pages come first.
"""

import hashlib
import threading
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from linqi.kit.pictures import opened

MOST_BYTES: Final = 8 * 1024 * 1024  # of one picture from a bin's camera
LONGEST: Final = 640  # pixels to which a picture is brought first; a JPEG is unpacked smaller at once
BATCH: Final = 16  # pictures asked at once; more is no faster on one core


class VisionAbsent(RuntimeError):
    """The runtime that looks at pictures is not installed here."""

    def __init__(self) -> None:
        super().__init__(
            "Pictures cannot be recognised here: ONNX Runtime is not installed. Install it with: pip install 'linqi[vision]'"
        )


class NetworkUnusable(ValueError):
    """The ONNX file is no network of pictures; the text says why."""


def can_see() -> bool:
    """Whether the extra `vision` is installed."""
    return find_spec("onnxruntime") is not None


def picture_of(data: bytes) -> Image.Image:
    """The picture upright and small, without transparency; PictureRefused when it may not or cannot be opened."""
    _kind, picture = opened(data, LONGEST)
    if picture.mode == "RGBA":  # what is transparent is shown on white, not on what happens to lie under it
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture)
    return picture.convert("RGB")


class Network:
    """A network that takes pictures as RGB bytes of one square size and gives features."""

    def __init__(self, file: Path) -> None:
        if not can_see():
            raise VisionAbsent
        self.session = session_of(file.read_bytes())
        taken = self.session.get_inputs()
        given = self.session.get_outputs()
        shape = taken[0].shape if len(taken) == 1 else []
        if len(shape) != 4 or shape[1] != 3 or not isinstance(shape[2], int) or shape[2] != shape[3] or len(given) != 1:
            raise NetworkUnusable(
                f"{file.name}: a network with one input (pictures × 3 × side × side) and one output (features) is wanted."
            )
        self.side: int = shape[2]
        self.wide: int = given[0].shape[1]
        self._taken, self._given = taken[0].name, given[0].name
        self.print = hashlib.sha256(file.read_bytes()).hexdigest()

    def features(self, pictures: Sequence[Image.Image]) -> NDArray[np.float32]:
        """One row a picture."""
        rows = [self._asked(pictures[start : start + BATCH]) for start in range(0, len(pictures), BATCH)]
        return np.concatenate(rows) if rows else np.empty((0, self.wide), np.float32)

    def _asked(self, pictures: Sequence[Image.Image]) -> NDArray[np.float32]:
        pixels = np.stack([np.asarray(squared(one, self.side)) for one in pictures]).transpose(0, 3, 1, 2)
        told = self.session.run([self._given], {self._taken: pixels.astype(np.float32)})[0]
        return np.asarray(told, dtype=np.float32)


def squared(picture: Image.Image, side: int) -> Image.Image:
    """The whole picture brought to a square: nothing at its edges is left out."""
    return picture.resize((side, side), Image.Resampling.BILINEAR, reducing_gap=2.0)


def session_of(weights: bytes) -> Any:
    """A session on one thread, its memory given back; NetworkUnusable when the bytes are no ONNX."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
    except Exception as broken:  # the runtime raises a dozen kinds of its own
        raise NetworkUnusable(f"No ONNX network: {str(broken)[:200]}") from broken


_networks: dict[tuple[Path, float, int], Network] = {}
_loading = threading.Lock()


def network(file: Path) -> Network:
    """The network of a file, loaded once and again when the file changes."""
    state = file.stat()
    key = (file, state.st_mtime, state.st_size)
    with _loading:
        if key not in _networks:
            _networks.clear()
            _networks[key] = Network(file)
        return _networks[key]
