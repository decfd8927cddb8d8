"""The recogniser in use: the shipped one, or the site's own named by LINQI_WASTE_MODEL 当前识别模型."""

import hashlib
import os
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from linqi.kit.pictures import PictureRefused
from linqi.waste.kinds import Stream
from linqi.waste.outside.vision import MOST_BYTES, Network, network, picture_of
from linqi.waste.recognition.keeping import Kept, ModelUnusable, unpacked
from linqi.waste.recognition.streams import read_streams
from linqi.waste.recognition.verdict import UNREADABLE, Judge, Verdict

SHIPPED: Final = (
    "recogniser"  # data/recogniser.onnx and data/recogniser.npz; data/model_card.md says what they can and cannot
)


def recognised(pictures: Sequence[bytes]) -> list[Verdict]:
    """What is on each picture, in order; a picture that cannot be opened gets a verdict that says so.

    VisionAbsent when the extra is not installed, ModelUnusable when the site's own file cannot be used.
    """
    seen, judge = in_use()
    opened, places = [], []
    for place, data in enumerate(pictures):
        if len(data) > MOST_BYTES:
            continue
        try:
            opened.append(picture_of(data))
        except PictureRefused:
            continue
        places.append(place)
    answer = [UNREADABLE] * len(pictures)
    for place, told in zip(places, judge.verdicts(seen.features(opened)), strict=True):
        answer[place] = told
    return answer


def in_use() -> tuple[Network, Judge]:
    """Network and judge as they are to be used now."""
    kept, seen = kept_in_use()
    return seen, kept.judge(streams())


def kept_in_use() -> tuple[Kept, Network]:
    """The model file in use and the network it was taught on; ModelUnusable when the two do not belong together."""
    file = model_file()
    seen = network(network_file(file))
    kept = _kept(file, file.stat().st_mtime)
    if kept.network != seen.print:
        raise ModelUnusable(
            f"{file}: taught on another network than the one beside it; train it anew with “linqi waste train”."
        )
    return kept, seen


def version() -> str:
    """By what the model in use is told apart: its name and the beginning of its digest."""
    file = model_file()
    return _version(file, file.stat().st_mtime)


def model_file() -> Path:
    """The site's own model file, or the shipped one; ModelUnusable when the named one is not there."""
    own = os.environ.get("LINQI_WASTE_MODEL", "")
    if not own:
        return shipped(f"{SHIPPED}.npz")
    if not Path(own).is_file():
        raise ModelUnusable(f"LINQI_WASTE_MODEL names “{own}”, which is no file.")
    return Path(own)


def network_file(model: Path) -> Path:
    """The network of a model file: the ONNX of the same name beside it, else the shipped one."""
    beside = model.with_suffix(".onnx")
    return beside if beside.is_file() else shipped(f"{SHIPPED}.onnx")


def shipped(name: str) -> Path:
    """A file that comes with the product."""
    return Path(str(files("linqi.waste").joinpath("data", name)))


def streams() -> dict[str, Stream]:
    """Class → stream: the site's own table named by LINQI_WASTE_STREAMS, or the shipped one."""
    own = os.environ.get("LINQI_WASTE_STREAMS", "")
    return read_streams((Path(own) if own else shipped("streams.yaml")).read_text(encoding="utf-8"))


@cache
def _version(file: Path, _changed: float) -> str:
    return f"{file.stem[:40]} {hashlib.sha256(file.read_bytes()).hexdigest()[:12]}"


@cache
def _kept(file: Path, _changed: float) -> Kept:
    return unpacked(file.read_bytes())
