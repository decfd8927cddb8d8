"""Days at bins, made up from a seed: who throws what in when, how it fills and is emptied, what breaks 模拟投放.

Shapes and shares are made up to look like a business park; none is measured. Nothing here knows of networks or real time: `pass_time`
takes simulated seconds.
"""

import heapq
import random
from bisect import bisect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

# Deposits by hour of the day, of a day's mean hour: people come at eight, eat at noon, tidy before they leave.
BY_HOUR: Final = (.1, .05, .05, .05, .05, .2, .5, 1., 1.9, 1.8, 1.4, 1.6, 2.3, 2.2, 1.4, 1.3, 1.4, 2., 2.1, 1.2, .7, .4, .2, .1)  # fmt: skip
BY_STREAM: Final = {
    "residual": 1.4,
    "recyclable": 1.1,
    "perishable": 1.2,
    "hazardous": 0.05,
}  # how busy, beside each other
KILOGRAMS: Final = {"residual": 0.5, "recyclable": 0.3, "perishable": 0.8, "hazardous": 0.1}  # of a deposit, mean
DENSITY: Final = {"residual": 0.12, "recyclable": 0.05, "perishable": 0.5, "hazardous": 0.3}  # kilograms a litre, loose
DEPOSITS_A_DAY: Final = 40.0  # of a mean bin
MESSAGES_OF_A_DEPOSIT: Final = 4.0  # lid, deposit, lid, fill level
REPORT_EVERY: Final = 3600.0  # seconds between two reports of temperature
MESSAGES_OF_A_REPORT: Final = 1.0
COLLECTED_AT: Final = (6.5, 14.5, 20.5)  # o'clock
TOLD_OF_MISTAKES: Final = 0.6  # of the wrong deposits the chip suspects itself
SMOKE_A_DEPOSIT: Final = 2e-5
TAMPER_A_DEPOSIT: Final = 2e-5
LITRES: Final = 240
_MEAN: Final = sum(BY_HOUR) / 24
_DAY: Final = 86_400.0


@dataclass(slots=True)
class Life:
    """One bin: its stream, how often its users mistake it, how full it is (0 to 1) and its chip's battery."""

    serial: str
    stream: str
    mistakes: float
    litres: int = LITRES
    busy: float = 1.0
    camera: bool = False
    fill: float = 0.0
    battery: float = 1.0
    overflowing: bool = False
    pictures: int = 0


Told = tuple[str, dict[str, object]]  # serial and what the chip tells


def natural_rate(bins: int) -> float:
    """Messages a second of so many bins when a day takes a day."""
    return bins * (DEPOSITS_A_DAY * MESSAGES_OF_A_DEPOSIT / _DAY + MESSAGES_OF_A_REPORT / REPORT_EVERY)


class Days:
    """All bins together, from an hour of the day on."""

    def __init__(self, lives: Iterable[Life], chance: random.Random, hour: float = 8.0) -> None:
        self.lives, self._chance, self.now = list(lives), chance, hour * 3600
        self._weights = list(accumulate(one.busy * BY_STREAM[one.stream] for one in self.lives))
        self._reports = [(self.now + chance.uniform(0, REPORT_EVERY), index) for index in range(len(self.lives))]
        heapq.heapify(self._reports)
        self._collections = heapq.merge(*(_each_day(hour * 3600, self.now) for hour in COLLECTED_AT))
        self._next_collection = next(self._collections)
        self._owed = 0.0

    @property
    def hour(self) -> float:
        """O'clock, 0 to 24."""
        return self.now % _DAY / 3600

    def pass_time(self, seconds: float) -> Iterator[Told]:
        """What is told while so many simulated seconds pass."""
        end = self.now + seconds
        while self.now < end:
            step = min(end - self.now, 600.0)
            share = BY_HOUR[int(self.hour) % 24] / _MEAN
            self._owed += len(self.lives) * DEPOSITS_A_DAY / _DAY * step * share * self._chance.uniform(0.7, 1.3)
            self.now += step
            while self._owed >= 1:
                self._owed -= 1
                yield from self._deposit(
                    self.lives[bisect(self._weights, self._chance.uniform(0, self._weights[-1] * 0.999999))]
                )
            while self._reports[0][0] <= self.now:
                at, index = self._reports[0]
                heapq.heapreplace(self._reports, (at + REPORT_EVERY, index))
                yield from self._report(self.lives[index])
            if self._next_collection <= self.now:
                self._next_collection = next(self._collections)
                yield from self._collect()

    def _deposit(self, life: Life) -> Iterator[Told]:
        chance = self._chance
        weight = min(30.0, chance.lognormvariate(-0.35, 0.8) * KILOGRAMS[life.stream])
        wrong = chance.random() < life.mistakes
        stream = chance.choice([one for one in KILOGRAMS if one != life.stream]) if wrong else life.stream
        deposit: dict[str, object] = {"told": "deposit", "value": round(weight, 2), "stream": stream}
        if life.camera:
            life.pictures += 1
            deposit["pic"] = f"{life.serial}-{int(self.now)}-{life.pictures}"
        yield life.serial, {"told": "lid", "value": 1}
        yield life.serial, deposit
        yield life.serial, {"told": "lid", "value": 0}
        life.fill = min(1.0, life.fill + weight / DENSITY[life.stream] / life.litres)
        yield life.serial, {"told": "fill", "value": round(life.fill, 3)}
        if wrong and chance.random() < TOLD_OF_MISTAKES:
            yield life.serial, {"told": "mixed", "stream": stream}
        if life.fill >= 1.0 and not life.overflowing:
            life.overflowing = True
            yield life.serial, {"told": "overflow"}
        elif life.overflowing and chance.random() < 0.05:
            yield life.serial, {"told": "illegal"}
        if chance.random() < SMOKE_A_DEPOSIT:
            yield life.serial, {"told": "temperature", "value": round(chance.uniform(75, 240), 1)}
            yield life.serial, {"told": "smoke"}
        if chance.random() < TAMPER_A_DEPOSIT:
            yield life.serial, {"told": "tamper"}

    def _report(self, life: Life) -> Iterator[Told]:
        shade = 8 - abs(self.hour - 14) * 0.9
        yield life.serial, {"told": "temperature", "value": round(18 + shade + self._chance.gauss(0, 1), 1)}
        life.battery -= self._chance.uniform(0, 2.5e-4)
        if life.battery < 0.1:
            life.battery = 1.0  # somebody changed it
        if self._chance.random() < 1 / 24:
            yield life.serial, {"told": "battery", "value": round(life.battery, 3)}

    def _collect(self) -> Iterator[Told]:
        for life in self.lives:
            if life.fill > self._chance.uniform(0.2, 0.6) and self._chance.random() < 0.97:
                life.fill, life.overflowing = 0.0, False
                yield life.serial, {"told": "lid", "value": 1}
                yield life.serial, {"told": "lid", "value": 0}
                yield life.serial, {"told": "fill", "value": 0.0}


def _each_day(first: float, now: float) -> Iterator[float]:
    at = first
    while True:
        if at > now:
            yield at
        at += _DAY
