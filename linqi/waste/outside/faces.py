"""Faces and number plates found on a picture and made unreadable before it is stored 人脸与车牌遮挡.

Faces: CenterFace in ONNX (MIT), run by ONNX Runtime. Plates: by their paint, shape and print, without a learnt detector, since none with a
clean licence is in reach. Both would rather blur too much. How much they find is in docs/rules/waste_recognition.md; they are a
second guard: the first is that a camera looks into the bin only. Without the extra `vision` a picture is refused, never stored as it is.
"""

import io
import threading
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from scipy import ndimage

from linqi.kit.pictures import opened
from linqi.waste.outside.vision import VisionAbsent, can_see, session_of

Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels
STORED_AT: Final = 1600  # pixels of the longer side that are kept; enough to see what was thrown in
LOOKED_AT: Final = (640, 1280)  # pixels of the longer side on which faces are looked for: near ones, then small ones
FACE_FROM: Final = 0.25  # of the detector, low on purpose: a blurred bottle harms nobody
OVERLAP: Final = 0.4
WIDER: Final = 0.25  # share by which a face's box is widened: hair and chin tell a person too
FACE_STEPS, PLATE_STEPS = 6, 3  # so many patches are left of a face across, of a plate across its height


@dataclass(frozen=True, slots=True)
class Blurred:
    """A picture drawn anew as JPEG, with so many places made unreadable."""

    data: bytes
    faces: int
    plates: int

    @property
    def places(self) -> int:
        """Faces and plates together."""
        return self.faces + self.plates


def blurred(data: bytes) -> Blurred:
    """The picture as it may be stored; PictureRefused when it cannot be opened, VisionAbsent when faces cannot be looked for."""
    if not can_see():
        raise VisionAbsent
    _kind, picture = opened(data, STORED_AT)
    plain = picture.convert("RGB")
    faces, plates = found_faces(plain), found_plates(plain)
    for box in faces:
        _cover(plain, box, FACE_STEPS)
    for box in plates:
        _cover(plain, box, PLATE_STEPS)
    bare = Image.frombytes("RGB", plain.size, plain.tobytes())
    written = io.BytesIO()
    bare.save(written, "JPEG", quality=85)
    return Blurred(written.getvalue(), len(faces), len(plates))


def _cover(picture: Image.Image, box: Box, steps: int) -> None:
    """Only so many patches remain, their edges softened: what was there cannot be computed back."""
    part = picture.crop(box)
    short = max(1, min(part.size))
    few = max(1, round(part.width / short * steps)), max(1, round(part.height / short * steps))
    coarse = part.resize(few, Image.Resampling.BOX).resize(part.size, Image.Resampling.BILINEAR)
    picture.paste(coarse.filter(ImageFilter.GaussianBlur(short / steps / 2)), box)


# --- faces ----------------------------------------------------------------------------------------------------------
_loaded: list[Any] = []
_loading = threading.Lock()


def found_faces(picture: Image.Image) -> list[Box]:
    """Where faces are, each box widened by a quarter; looked for at two sizes."""
    boxes: list[NDArray[np.float64]] = []
    done: set[tuple[int, int]] = set()
    for longest in LOOKED_AT:
        share = min(2.0, longest / max(picture.size))
        size = max(32, round(picture.width * share / 32) * 32), max(32, round(picture.height * share / 32) * 32)
        if size not in done:
            done.add(size)
            boxes.append(_faces_at(picture, size))
    found = np.concatenate(boxes)
    return [_widened(one, picture.size) for one in found[_apart(found)]]


def _faces_at(picture: Image.Image, size: tuple[int, int]) -> NDArray[np.float64]:
    """Rows of left, top, right, bottom and score, in pixels of the picture."""
    pixels = np.asarray(picture.resize(size, Image.Resampling.BILINEAR), dtype=np.float32).transpose(2, 0, 1)[None]
    heat, scale, offset, _marks = _detector().run(None, {"input.1": np.ascontiguousarray(pixels)})
    row, column = np.nonzero(heat[0, 0] > FACE_FROM)
    tall, wide = np.exp(scale[0, 0, row, column]) * 4, np.exp(scale[0, 1, row, column]) * 4
    y = (row + offset[0, 0, row, column] + 0.5) * 4
    x = (column + offset[0, 1, row, column] + 0.5) * 4
    across, down = picture.width / size[0], picture.height / size[1]
    sides = [(x - wide / 2) * across, (y - tall / 2) * down, (x + wide / 2) * across, (y + tall / 2) * down]
    return np.stack([*sides, heat[0, 0, row, column]], axis=1).astype(np.float64)


def _apart(boxes: NDArray[np.float64]) -> list[int]:
    """The surest of those that lie on each other."""
    kept: list[int] = []
    for one in np.argsort(-boxes[:, 4]):
        if all(_shared(boxes[one], boxes[other]) < OVERLAP for other in kept):
            kept.append(int(one))
    return kept


def _shared(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    tall = min(one[3], other[3]) - max(one[1], other[1])
    if wide <= 0 or tall <= 0:
        return 0.0
    both = wide * tall
    return float(both / ((one[2] - one[0]) * (one[3] - one[1]) + (other[2] - other[0]) * (other[3] - other[1]) - both))


def _widened(box: NDArray[np.float64], size: tuple[int, int]) -> Box:
    across, down = (box[2] - box[0]) * WIDER, (box[3] - box[1]) * WIDER
    left, top = max(0, int(box[0] - across)), max(0, int(box[1] - down))
    return (
        left,
        top,
        max(left + 1, min(size[0], int(box[2] + across) + 1)),
        max(top + 1, min(size[1], int(box[3] + down) + 1)),
    )


def _detector() -> Any:
    with _loading:
        if not _loaded:
            _loaded.append(session_of(files("linqi.waste").joinpath("data", "faces.onnx").read_bytes()))
        return _loaded[0]


# --- plates ---------------------------------------------------------------------------------------------------------
PLATES_AT: Final = 800  # pixels of the longer side on which plates are looked for
PAINTS: Final = {  # degrees of hue, least saturation and least brightness (0-1); GA 36-2018 colours with room for light and dirt
    "blue": (195.0, 255.0, 0.35, 0.12),
    "green": (85.0, 185.0, 0.18, 0.20),
    "yellow": (28.0, 65.0, 0.35, 0.25),
}
SHAPE: Final = (1.8, 6.0)  # width by height of the turned box; 440 × 140 mm is 3.1, leaning and double rows included
LEAST_TALL: Final = 8  # pixels; below, letters cannot be read anyway
FULL: Final = 0.55  # least share of its turned box that the painted patch fills
PRINTED: Final = (0.08, 0.65)  # share of the box that is print rather than paint
STROKES: Final = 6  # least changes between paint and print along the middle; seven signs make fourteen


def found_plates(picture: Image.Image) -> list[Box]:
    """Where painted oblongs with print stand, as number plates are: upright boxes, a little widened."""
    share = min(1.0, PLATES_AT / max(picture.size))
    small = picture.resize(
        (max(1, round(picture.width * share)), max(1, round(picture.height * share))), Image.Resampling.BILINEAR
    )
    pixels = np.asarray(small, dtype=np.float32) / 255.0
    hue, saturation, brightness = _colours(pixels)
    boxes: list[Box] = []
    for least, most, strong, bright in PAINTS.values():
        painted = (hue >= least) & (hue <= most) & (saturation >= strong) & (brightness >= bright)
        for gap in (
            1,
            3,
        ):  # letters cut the paint into pieces: those of small plates are closed by one pixel, of large ones by three
            closed = ndimage.binary_closing(np.pad(painted, gap + 1), iterations=gap)[
                gap + 1 : -gap - 1, gap + 1 : -gap - 1
            ]
            boxes += _plates_of(closed, painted, pixels)
    kept: list[Box] = []
    for box in sorted(set(boxes), key=lambda one: (one[0] - one[2]) * (one[3] - one[1])):
        if not any(
            box[0] >= other[0] and box[1] >= other[1] and box[2] <= other[2] and box[3] <= other[3] for other in kept
        ):
            kept.append(box)
    return [_enlarged(one, share, picture.size) for one in kept]


def _plates_of(closed: NDArray[np.bool_], painted: NDArray[np.bool_], pixels: NDArray[np.float32]) -> list[Box]:
    patches, _count = ndimage.label(closed)
    answer = []
    for number, place in enumerate(ndimage.find_objects(patches), start=1):
        tall, wide = place[0].stop - place[0].start, place[1].stop - place[1].start
        if min(tall, wide) < LEAST_TALL or tall * wide < 3 * LEAST_TALL * LEAST_TALL:
            continue
        mine = ndimage.binary_fill_holes(patches[place] == number)
        if _is_plate(mine, pixels[place]):
            answer.append((place[1].start, place[0].start, place[1].stop, place[0].stop))
    return answer


def _is_plate(mine: NDArray[np.bool_], pixels: NDArray[np.float32]) -> bool:
    """Whether a painted patch is an oblong of a plate's shape with strokes of print along it."""
    row, column = np.nonzero(mine)
    if len(row) < 3 * LEAST_TALL * LEAST_TALL:
        return False
    middle = np.array([column.mean(), row.mean()])
    points = np.stack([column, row], axis=1) - middle
    values, axes = np.linalg.eigh(np.cov(points.T))
    along, across = axes[:, 1], axes[:, 0]
    u, v = points @ along, points @ across
    half = [float(np.sqrt(3 * max(1e-6, one))) for one in values[::-1]]  # of an oblong with such a spread
    shape = half[0] / half[1]
    if not SHAPE[0] <= shape <= SHAPE[1] or half[1] * 2 < LEAST_TALL:
        return False
    if (
        len(row) / (4 * half[0] * half[1]) < FULL
        or (np.abs(u) > 1.25 * half[0] + 1).mean() > 0.03
        or (np.abs(v) > 1.4 * half[1] + 1).mean() > 0.03
    ):
        return False
    grey = pixels.mean(axis=2)
    samples = max(24, int(half[0] * 2))
    steps = np.linspace(-0.92, 0.92, samples) * half[0]
    counted, shares = [], []
    for level in (-0.3, -0.15, 0.0, 0.15, 0.3):
        line = middle[:, None] + along[:, None] * steps + across[:, None] * level * 2 * half[1] * 0.8
        seen = ndimage.map_coordinates(grey, line[::-1], order=1, mode="nearest")
        low, high = np.percentile(seen, (10, 90))
        if high - low < 0.10:
            counted.append(0)
            continue
        above = seen > (low + high) / 2
        counted.append(int((above[1:] != above[:-1]).sum()))
        shares.append(float(min(above.mean(), 1 - above.mean())))
    return (
        bool(shares) and float(np.median(counted)) >= STROKES and PRINTED[0] <= float(np.median(shares)) <= PRINTED[1]
    )


def _colours(pixels: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Hue in degrees, saturation and brightness."""
    most, least = pixels.max(axis=2), pixels.min(axis=2)
    spread = np.maximum(most - least, 1e-6)
    red, green, blue = (pixels[..., one] for one in range(3))
    hue = np.where(
        most == red,
        (green - blue) / spread % 6,
        np.where(most == green, (blue - red) / spread + 2, (red - green) / spread + 4),
    )
    return (hue * 60).astype(np.float32), ((most - least) / np.maximum(most, 1e-6)).astype(np.float32), most


def _enlarged(box: Box, share: float, size: tuple[int, int]) -> Box:
    more = max(2.0, (box[3] - box[1]) * 0.15)
    left, top = max(0, int((box[0] - more) / share)), max(0, int((box[1] - more) / share))
    return left, top, min(size[0], int((box[2] + more) / share) + 1), min(size[1], int((box[3] + more) / share) + 1)
