"""Business licences drawn by us, photographed badly, read by the real programs: how often exactly, how long, how much memory.

    .venv/bin/python -m bench.licence [--each 70]        needs the extra `ocr` and fonts-noto-cjk; prints JSON

Three levels (clean, mild, harsh; what each is: `linqi/enterprises/tests/licences.py`), `--each` licences a level. For each level:
`code` the code accepted and right, from QR code and print together; `code_from_print`, `name` and `name_clear` from print;
`qr` the QR code's text; `wrong_accepted` codes accepted that are not the licence's: one is a failure and exit status 1. `one_look` is the first reading
of the print, and the QR code at first sight. `wrong_digit`: the same licences printed with a wrong check character, whose QR code
names nobody: none may be accepted.

Measured 2026-11-29 with 70 a level on 2 loaded cores: codes 100 / 100 / 97.1 %, from print alone 100 / 100 / 95.7 %, names 98.6 / 98.6 / 70.0 %, QR codes
100 / 100 / 57.1 %, 0 wrong accepted of 220; 1.04 CPU seconds a picture, 700 MB. What is better and what is half: docs/rules/licence.md.
"""

import argparse
import json
import resource
import signal
import statistics
import sys
import time
from collections import Counter
from dataclasses import dataclass, field, replace

import zxingcpp

from linqi.enterprises.outside import licence as reader
from linqi.enterprises.rules.licence import ACCEPTED, LicenceFound, Sure, judged
from linqi.enterprises.rules.names import name_key
from linqi.enterprises.tests import licences
from linqi.kit.identifiers import ALPHABET
from linqi.kit.pictures import opened

NOBODY = "http://example.gov.cn/"


COUNTED = (
    "code",
    "code_from_print",
    "code_proposed",
    "name",
    "name_clear",
    "name_clear_but_wrong",
    "qr",
    "wrong_accepted",
)
ONCE = ("code_from_print", "name", "qr", "wrong_accepted")


@dataclass
class Level:
    """What was counted at one level."""

    pictures: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    once: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def told(self) -> dict[str, object]:
        """Shares in percent; what must not happen as a number."""
        return {
            "pictures": self.pictures,
            **{key: share(self.counts[key], self.pictures) for key in COUNTED if key != "wrong_accepted"},
            "wrong_accepted": self.counts["wrong_accepted"],
            "one_look": {
                **{key: share(self.once[key], self.pictures) for key in ONCE if key != "wrong_accepted"},
                "wrong_accepted": self.once["wrong_accepted"],
            },
            "seconds_median": round(statistics.median(self.seconds), 2),
            "seconds_p95": round(sorted(self.seconds)[int(len(self.seconds) * 0.95)], 2),
        }


def main() -> int:
    """Draw, read, count; stopped early (Ctrl-C, SIGTERM) it tells what it has."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--each", type=int, default=70, help="licences a level")
    each = asked.parse_args().each
    if not reader.can_read_print() or not licences.FONTS.exists():
        print("the extra `ocr` or the font fonts-noto-cjk is not installed", file=sys.stderr)
        return 1
    reader.GIVEN_UP = 300.0  # a loaded machine is not to look like a bad reader
    reader.SECONDS = 100.0
    levels = {level: Level() for level in licences.LEVELS}
    digits = Counter(pictures=0, accepted=0, proposed=0)
    try:
        for number in range(each):
            for level, counted in levels.items():
                measure(level, number, counted)
            if number % 7 == 0:
                wrong_digit(number, digits)
            print(f"{number + 1}/{each}", file=sys.stderr)
    except KeyboardInterrupt:
        print("stopped early", file=sys.stderr)
    reader._engine.end()
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    pictures = sum(one.pictures for one in levels.values()) + digits["pictures"]
    told = {
        "pictures": pictures,
        "levels": {level: one.told() for level, one in levels.items() if one.pictures},
        "wrong_digit": dict(digits),
        "engine_cpu_seconds_per_picture": round((children.ru_utime + children.ru_stime) / max(1, pictures), 2),
        "engine_peak_mb": round(children.ru_maxrss / 1024),
    }
    print(json.dumps(told, ensure_ascii=False, indent=2))
    wrong_ones = digits["accepted"] + sum(one.counts["wrong_accepted"] for one in levels.values())
    return 1 if wrong_ones else 0


def measure(level: str, number: int, into: Level) -> None:
    """One licence at one level."""
    licence = licences.made_up(number)
    shot = licences.photographed(licences.page(licence, number), level, number)
    began = time.monotonic()
    picture = opened(shot, reader.LONGEST)[1].convert("RGB")
    qr_texts = reader.read_qr(picture)
    state, passes = reader._engine.read(picture, ())  # not told of the QR code, so that print stands by itself
    into.seconds.append(time.monotonic() - began)
    if state is not reader.Print.READ:
        raise RuntimeError(f"the engine did not read {level} {number}: {state}")
    both, printed = judged(qr_texts, passes), judged([], passes)
    first = judged([], passes[:1])
    plain = zxingcpp.read_barcodes(picture, formats=reader.QR)
    into.counts.update(
        code=right(both, licence),
        code_from_print=right(printed, licence),
        code_proposed=both.code.sure is Sure.PROPOSED and licence.code in both.code.proposed,
        name=same_name(printed, licence),
        name_clear=printed.name.clear,
        name_clear_but_wrong=printed.name.clear and not same_name(printed, licence),
        qr=licence.qr in qr_texts,
        wrong_accepted=wrong(both, licence) or wrong(printed, licence),
    )
    into.once.update(
        code_from_print=right(first, licence),
        name=same_name(first, licence),
        qr=any(one.text == licence.qr for one in plain),
        wrong_accepted=wrong(first, licence),
    )
    into.pictures += 1


def wrong_digit(number: int, into: Counter[str]) -> None:
    """A licence whose printed code ends in a wrong character."""
    licence = licences.made_up(number)
    last = ALPHABET[(ALPHABET.index(licence.code[-1]) + 1 + number % 30) % 31]
    false = replace(licence, code=licence.code[:-1] + last, qr=NOBODY)
    reading = reader.read_licence(licences.photographed(licences.page(false, number), "mild", number))
    sure = judged(reading.qr_texts, reading.passes).code.sure
    into.update(pictures=1, accepted=sure in ACCEPTED, proposed=sure is Sure.PROPOSED)


def right(found: LicenceFound, licence: licences.Licence) -> bool:
    """Accepted, and the licence's own."""
    return found.code.code == licence.code


def wrong(found: LicenceFound, licence: licences.Licence) -> bool:
    """Accepted, and another's."""
    return bool(found.code.code) and found.code.code != licence.code


def same_name(found: LicenceFound, licence: licences.Licence) -> bool:
    """Equal but for width, brackets and spaces."""
    return name_key(found.name.text) == name_key(licence.name)


def share(part: int, whole: int) -> float:
    """Percent, one place."""
    return round(100 * part / whole, 1)


if __name__ == "__main__":
    raise SystemExit(main())
