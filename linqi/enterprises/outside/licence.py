"""Reading a photographed business licence: QR codes with zxing-cpp, print with the optional engine 营业执照识读.

The QR code is read here, in some hundredths of a second, always. Print is read by `outside.licence_engine` in a process of its own, one
for each process of the server, started when it is first needed and ended when it takes too long or nobody needs it. When
the extra `ocr` is not installed the answer says so. Nothing of a picture is kept, no address is opened.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import IO, Any, Final

import structlog
import zxingcpp
from PIL import Image, ImageFilter

from linqi.enterprises.rules.licence import Line
from linqi.kit.choices import Choice
from linqi.kit.pictures import opened

log = structlog.get_logger("linqi.enterprises")
QR: Final = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
MOST_BYTES: Final = 20 * 1024 * 1024  # of a photograph; a phone's best has about 12 MB
LONGEST: Final = (
    3000  # pixels to which a photograph is brought; letters of a page that fills it are 50 pixels tall then
)
ENLARGED: Final = 4200  # pixels to which a picture is enlarged at most when its QR code is looked for again
SECONDS: Final = 6.0  # for further looks at the print; the first is always made
GIVEN_UP: Final = 25.0  # seconds after which the engine is ended, loading included
WAITING: Final = 10.0  # seconds one waits for another's picture


class Print(Choice):
    """What became of the reading of print 文字识别情况."""

    READ = "read", "已识别文字"
    ABSENT = "absent", "本机没有安装文字识别，只读了二维码"
    BUSY = "busy", "正在识别别的照片，请稍后再试"
    LATE = "late", "文字识别用时过长，已停止"
    FAILED = "failed", "文字识别没有成功"


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read off one picture: texts of QR codes, readings of the print, and how long it took."""

    qr_texts: tuple[str, ...]
    passes: tuple[tuple[Line, ...], ...]
    print_state: Print
    seconds: float


def read_licence(data: bytes) -> Reading:
    """Everything that can be read off a photograph; `kit.pictures.PictureRefused` when it is none 识读."""
    began = time.monotonic()
    _kind, picture = opened(data, LONGEST)
    picture = picture.convert("RGB")
    qr_texts = read_qr(picture)
    state, passes = _engine.read(picture, qr_texts) if can_read_print() else (Print.ABSENT, ())
    return Reading(qr_texts, passes, state, time.monotonic() - began)


def can_read_print() -> bool:
    """Whether the extra `ocr` is installed."""
    return all(find_spec(name) is not None for name in ("rapidocr", "onnxruntime"))


def read_qr(picture: Image.Image) -> tuple[str, ...]:
    """The texts of the QR codes; when there is none at first sight, the picture is enlarged and sharpened 二维码识读."""
    for look in _looks(picture):
        found = zxingcpp.read_barcodes(look, formats=QR)
        if texts := tuple(dict.fromkeys(one.text for one in found if one.text)):
            return texts
    return ()


def _looks(picture: Image.Image) -> Iterator[Image.Image]:
    """As it is, then twice and three times as large with edges drawn up: of 60 harsh pictures 24, 34 and 36 are read."""
    yield picture
    calm = picture.convert("L").filter(ImageFilter.GaussianBlur(0.6))
    for times, radius in ((2, 3), (3, 5)):
        factor = min(times, ENLARGED / max(picture.size))
        size = max(1, round(picture.width * factor)), max(1, round(picture.height * factor))
        yield calm.resize(size, Image.Resampling.BICUBIC).filter(ImageFilter.UnsharpMask(radius, 300, 0))


class _Engine:
    """The process that reads print: one at most, one picture at a time."""

    def __init__(self) -> None:
        self._one_at_a_time = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, picture: Image.Image, qr_texts: Sequence[str]) -> tuple[Print, tuple[tuple[Line, ...], ...]]:
        """The readings of one picture, and what became of it."""
        if not self._one_at_a_time.acquire(timeout=WAITING):
            return Print.BUSY, ()
        try:
            return self._asked(picture, qr_texts)
        finally:
            self._one_at_a_time.release()

    def end(self) -> None:
        """End the process; the next picture starts another."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _asked(self, picture: Image.Image, qr_texts: Sequence[str]) -> tuple[Print, tuple[tuple[Line, ...], ...]]:
        process = self._running()
        late = threading.Event()

        def give_up() -> None:
            late.set()
            process.kill()

        clock = threading.Timer(GIVEN_UP, give_up)
        clock.daemon = True
        clock.start()
        try:
            answer = _ask(process, picture, qr_texts)
        except (OSError, ValueError) as failed:  # it died, or answered nothing
            self.end()
            if not late.is_set():
                log.error("the reader of print failed", error=repr(failed), status=process.returncode)
            return (Print.LATE if late.is_set() else Print.FAILED), ()
        finally:
            clock.cancel()
        return Print.READ, tuple(tuple(_line(line) for line in one) for one in answer["passes"])

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is None or self._process.poll() is not None:
            self.end()
            command = [sys.executable, "-m", "linqi.enterprises.outside.licence_engine"]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self._process


def _ask(process: "subprocess.Popen[bytes]", picture: Image.Image, qr_texts: Sequence[str]) -> dict[str, Any]:
    to: IO[bytes] = process.stdin  # type: ignore[assignment]
    back: IO[bytes] = process.stdout  # type: ignore[assignment]
    head = {"width": picture.width, "height": picture.height, "qr": list(qr_texts), "seconds": SECONDS}
    to.write(json.dumps(head).encode() + b"\n" + picture.tobytes())
    to.flush()
    answer: dict[str, Any] = json.loads(back.readline())
    return answer


def _line(told: dict[str, Any]) -> Line:
    first, second, third, fourth = ((float(x), float(y)) for x, y in told["box"])
    return Line(str(told["text"]), (first, second, third, fourth), float(told["score"]))


_engine: Final = _Engine()
