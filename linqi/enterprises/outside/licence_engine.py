"""The reader of printed text, RapidOCR with PP-OCRv6 on onnxruntime (Apache-2.0), in a process of its own 文字识别引擎.

`python -m linqi.enterprises.outside.licence_engine` is started by `outside.licence` and speaks with it through its standard input and
output: a line of JSON and the pixels in, a line of JSON out. A process can be ended when it takes too long, which a thread
inside this library cannot; and its 0.8 GB are given back when nobody has photographed a licence for a while. The models
come with the package: nothing is fetched at run time.

One page is read once as it is. What stays in doubt is looked at again, closer: the code's line and the name's, cut out in the
direction of the text from the picture as it came, larger, with more contrast, sharper. The judgement is that of
`enterprises.rules.licence`; each further look is one more reading for it.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from math import hypot
from typing import Any, Final

import numpy as np
from PIL import Image, ImageFilter, ImageOps

from linqi.enterprises.rules.licence import (
    Line,
    Placed,
    Point,
    code_area,
    code_found,
    code_like,
    code_line,
    judged,
    name_found,
    name_parts,
    upright,
)

Look = Callable[[Image.Image], Image.Image]
IDLE: Final = 300  # seconds without work after which the process ends
PATIENCE: Final = 240  # seconds of one reading after which it ends itself, should nobody end it
DETECTED_AT: Final = (
    1280  # pixels of the longer side on which lines are looked for; 2000 finds no more and takes twice as long
)
READ_AT: Final = 48  # pixels of height the recogniser works on
LEAST: Final = 0.5  # of a line, below which it is noise
TALL: Final = 64  # pixels: height to which a line is brought for a closer look
CLOSE: Final = 1000  # pixels: width to which the place of the code is brought


class Engine:
    """The reader, loaded once."""

    def __init__(self) -> None:
        from rapidocr import RapidOCR

        self._read: Any = RapidOCR(
            params={
                "Global.log_level": "critical",
                "EngineConfig.onnxruntime.intra_op_num_threads": 1,
                "Det.limit_side_len": DETECTED_AT,
                "Det.limit_type": "max",
            }
        )

    def passes(self, picture: Image.Image, qr_texts: Sequence[str], seconds: float) -> list[list[Line]]:
        """The readings of one picture, the whole page first; further ones until nothing is in doubt or the time is up."""
        until = time.monotonic() + seconds
        lines = self._page(picture)
        page, passes = upright(lines), [lines]
        line, parts, area = code_line(page), name_parts(page), code_area(page)
        for number, look in enumerate(LOOKS):
            found = judged(qr_texts, passes)
            if time.monotonic() > until or (number and found.code.accepted and found.name.clear):
                break
            if line is not None and not found.code.accepted:
                passes.append(self._lines_again(picture, [line], look))
            if parts and not (number and found.name.clear):  # once even when it is clear: two readings are to agree
                passes.append(self._name_again(picture, lines, parts, look))
            if area is not None and not judged(qr_texts, passes).code.accepted and time.monotonic() < until:
                passes.append(self._page(look(_cut(picture, area, 0, CLOSE))))
        return passes

    def _name_again(self, picture: Image.Image, lines: list[Line], parts: list[Placed], look: Look) -> list[Line]:
        """The name read again, on the page as before, so that it stands beside its label."""
        again = self._lines_again(picture, parts, look)
        boxes = {one.box for one in again}
        return [*again, *(one for one in lines if one.box not in boxes)]

    def _page(self, picture: Image.Image) -> list[Line]:
        """The lines of a picture from above, as far down as is needed: to the row below the name, once code and name are clear.

        Half of a licence is its field of business; reading it costs half the time and tells nothing that is asked for.
        """
        found = self._read(_pixels(picture), use_det=True, use_cls=False, use_rec=False)
        if found.boxes is None:
            return []
        boxes = [Line("?", _corners(box), 1.0) for box in found.boxes]
        page = sorted(upright(boxes, self._stands_on_its_head(picture, boxes)), key=lambda one: one.top)
        lines: list[Line] = []
        for number, placed in enumerate(page, 1):
            lines += self._lines_again(picture, [placed], _plain, READ_AT)
            if number % 4 == 0 and _is_told(upright(lines)):
                break
        return lines

    def _stands_on_its_head(self, picture: Image.Image, boxes: Sequence[Line]) -> bool:
        """Whether the text of most of the longest lines is upside down when the slope alone is taken away."""
        page = sorted(upright(boxes, on_its_head=False), key=lambda one: one.left - one.right)[:5]
        turned = 0
        for one in page:
            cut = _cut(picture, one.corners, READ_AT)
            told = self._read(_pixels(cut), use_det=False, use_cls=True, use_rec=False).cls_res
            turned += 1 if told[0][0] == "180" else -1
        return turned > 0

    def _lines_again(self, picture: Image.Image, lines: Sequence[Placed], look: Look, tall: int = TALL) -> list[Line]:
        """Some lines read by themselves, each at the place where it stood; a second look is a little wider."""
        again = []
        for one in lines:
            cut = look(_cut(picture, one.corners if tall == READ_AT else _wider(one.corners), tall))
            found = self._read(_pixels(cut), use_det=False, use_cls=False, use_rec=True)
            if found.txts and found.txts[0].strip() and found.scores[0] >= LEAST:
                again.append(replace(one.line, text=found.txts[0], score=float(found.scores[0])))
        return again


def _is_told(page: Sequence[Placed]) -> bool:
    """Whether what is asked for is there: a code that holds, a clear name, and a row below it."""
    parts = name_parts(page)
    if not parts or not name_found(page).clear or not code_found([], code_like(page)).accepted:
        return False
    return any(one.top > parts[-1].bottom + parts[-1].height for one in page)


def _pixels(picture: Image.Image) -> Any:
    return np.asarray(picture.convert("RGB"))[..., ::-1]  # blue first, as the reader expects arrays


def _plain(picture: Image.Image) -> Image.Image:
    return picture


def _stronger(picture: Image.Image) -> Image.Image:
    return ImageOps.autocontrast(picture.convert("L"), cutoff=2)


def _sharper(picture: Image.Image) -> Image.Image:
    return ImageOps.autocontrast(picture.convert("L").filter(ImageFilter.UnsharpMask(3, 180, 2)), cutoff=1)


def _calmer(picture: Image.Image) -> Image.Image:
    return ImageOps.autocontrast(picture.convert("L").filter(ImageFilter.GaussianBlur(1.2)), cutoff=1)


LOOKS: Final = (_plain, _stronger, _sharper, _calmer)


def _cut(picture: Image.Image, corners: Sequence[Point], tall: int, wide: int = 0) -> Image.Image:
    """What lies between four corners, upright: so many pixels tall or wide."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners
    width = (hypot(x1 - x0, y1 - y0) + hypot(x2 - x3, y2 - y3)) / 2
    height = (hypot(x3 - x0, y3 - y0) + hypot(x2 - x1, y2 - y1)) / 2
    scale = (tall / max(height, 1)) if tall else wide / max(width, 1)
    size = max(8, min(3000, round(width * scale))), max(8, min(1500, round(height * scale)))
    quad = (x0, y0, x3, y3, x2, y2, x1, y1)  # as Image.transform counts them: down first
    return picture.transform(size, Image.Transform.QUAD, quad, Image.Resampling.BICUBIC)


def _wider(corners: Sequence[Point], share: float = 0.2) -> list[Point]:
    """The corners moved outwards by a share of the line's height, so that no stroke is cut."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners
    height = max(1.0, (hypot(x3 - x0, y3 - y0) + hypot(x2 - x1, y2 - y1)) / 2)
    width = max(1.0, (hypot(x1 - x0, y1 - y0) + hypot(x2 - x3, y2 - y3)) / 2)
    right = ((x1 - x0) / width * height * share, (y1 - y0) / width * height * share)
    down = ((x3 - x0) * share / 2, (y3 - y0) * share / 2)
    return [
        (x0 - right[0] - down[0], y0 - right[1] - down[1]),
        (x1 + right[0] - down[0], y1 + right[1] - down[1]),
        (x2 + right[0] + down[0], y2 + right[1] + down[1]),
        (x3 - right[0] + down[0], y3 - right[1] + down[1]),
    ]


def _corners(box: Any) -> tuple[Point, Point, Point, Point]:
    first, second, third, fourth = ((float(x), float(y)) for x, y in box)
    return first, second, third, fourth


# --- the conversation ----------------------------------------------------------------------------------------------
def serve() -> None:
    """Read what is asked on standard input until it ends, or nothing was asked for a while."""
    asked, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints is no answer
    os.nice(max(0, 5 - os.nice(0)))  # pages come first
    engine: Engine | None = None
    while True:
        _end_after(IDLE)
        head = asked.readline()
        if not head:
            return
        _end_after(PATIENCE)
        want = json.loads(head)
        pixels = asked.read(want["width"] * want["height"] * 3)
        picture = Image.frombytes("RGB", (want["width"], want["height"]), pixels)
        engine = engine or Engine()
        passes = engine.passes(picture, want["qr"], want["seconds"])
        try:
            answers.write(json.dumps({"passes": [[asdict(line) for line in one] for one in passes]}) + "\n")
            answers.flush()
        except BrokenPipeError:  # who asked is gone
            return


def _end_after(seconds: int) -> None:
    if hasattr(signal, "alarm"):
        signal.alarm(seconds)  # not answered: the process ends


if __name__ == "__main__":
    serve()
