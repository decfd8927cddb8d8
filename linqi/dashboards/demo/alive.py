"""Chips of a demo street go on telling, so that it has not fallen silent the day after it was filled 演示终端续报.

Only what the demo made and marked as simulated speaks here, through the intake that every device speaks through: without such chips
nothing happens.
"""

from datetime import datetime, timedelta
from random import Random
from typing import Final

import orjson

from linqi.dashboards.demo.waste import CHIP, CLOSING, DAILY, OPENING, ail_of
from linqi.kit.clock import ZONE
from linqi.waste.intake import Intake
from linqi.waste.kinds import Told
from linqi.waste.models import Fitting
from linqi.waste.rules.messages import VERSION

PAUSE: Final = (80, 120)  # minutes between two reports of a chip: well before it counts as silent, and few rows
EMPTIED: Final = timedelta(hours=6)  # o'clock at which bins are emptied
EVERY: Final = 3  # days between two emptyings of streams that are not collected daily
RATE: Final = (0.004, 0.05)  # of a bin, an open hour


def go_on(now: datetime) -> int:
    """Have the chips tell that are due; how many did. What ails one stays: the silent are silent, clocks off, gaps open."""
    ms, intake, spoke = int(now.timestamp() * 1000), Intake("http"), 0
    chips = Fitting.objects.filter(
        until=None,
        device__serial__startswith=CHIP,
        device__simulated=True,
        device__disabled_at=None,
        device__state__last_at__lt=ms - PAUSE[0] * 60_000,
    ).values_list("device__serial", "bin__stream", *(f"device__state__{one}" for one in _STATE))
    for serial, stream, boot, sequence, beyond, last_at, skew in chips:
        pause = Random(f"pause {serial}").uniform(*PAUSE)  # noqa: S311 – a demo, not a secret
        if ms - last_at < pause * 60_000 or ail_of(serial) == "silent":
            continue
        number = max(sequence, *(high for _low, high in beyond), 0)
        told = [
            {"v": VERSION, "boot": boot, "seq": number + at, "ts": ms + (skew or 0), "told": what.value, "value": value}
            for at, (what, value) in enumerate(_report(serial, stream, now.astimezone(ZONE)), start=1)
        ]
        intake.hear(f"linqi/1/{serial}/events", orjson.dumps(told), ms)
        spoke += 1
    if spoke:
        intake.settle(ms)
    return spoke


def level_at(serial: str, stream: str, at: datetime) -> float:
    """How full a chip's bin is at a moment, 0 to 1: it fills while people are there, and is emptied in the morning."""
    chance = Random(f"fill {serial}")  # noqa: S311 – a demo, not a secret
    rate, every, first = chance.uniform(*RATE), 1 if stream in DAILY else EVERY, chance.randrange(EVERY)
    day = (at - EMPTIED).date()
    opened = datetime.combine(day, datetime.min.time(), ZONE) + timedelta(hours=OPENING)
    today = min(max((at - opened) / timedelta(hours=1), 0.0), CLOSING - OPENING)
    before = (day.toordinal() + first) % every * (CLOSING - OPENING)
    return round(min(1.0, 0.02 + rate * (before + today)), 3)


_STATE: Final = ("boot", "sequence", "beyond", "last_at", "skew_ms")


def _report(serial: str, stream: str, at: datetime) -> list[tuple[Told, float]]:
    """What a chip tells at once: how full the bin is, and in opening hours one thing thrown in."""
    told = [(Told.FILL, level_at(serial, stream, at))]
    if OPENING <= at.hour < CLOSING:
        weight = Random(f"{serial} {at:%Y-%m-%d %H}").uniform(0.1, 1.8)  # noqa: S311 – a demo, not a secret
        told.insert(0, (Told.DEPOSIT, round(weight, 2)))
    return told
