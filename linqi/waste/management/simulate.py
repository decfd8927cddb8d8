"""`linqi waste simulate`: simulated bins of a street tell over MQTT or HTTP, with faults put in on purpose 模拟投放.

Bins, chips and gateways that are missing are made and marked as simulated; their keys are issued and kept in <home>/simulated, readable by
us only. What they hold without a receipt stays there too, and goes out at the next start. A day passes as fast as the rate asks:
at the natural rate of so many bins (said at the start) in a day.
"""

import json
import os
import random
import signal
import time
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db import connection

from linqi.kit import clock
from linqi.kit.access import SYSTEM
from linqi.territory.models import Place, PlaceKind
from linqi.waste.actions.simulation import give_keys, prepare
from linqi.waste.models import Device, Fitting
from linqi.waste.outside import simulated
from linqi.waste.outside.broker import fits
from linqi.waste.outside.days import Days, Life, natural_rate
from linqi.waste.outside.keeping import Keeper

STEP: Final = 0.1  # seconds between two looks at what happened
SAYS: Final = 10.0  # seconds between two lines
WRONG_CLOCKS: Final = 0.02  # of the chips have a clock that is off, when there are faults at all
LAST_WORDS: Final = 30.0  # seconds in which receipts are waited for at the end


def arguments(parser: ArgumentParser) -> None:
    """What may follow the word."""
    parser.add_argument("--bins", type=int, default=3000)
    parser.add_argument("--rate", type=float, default=0, help="messages a second; 0: the natural rate of so many bins")
    parser.add_argument("--minutes", type=float, default=0, help="0: until told to stop")
    parser.add_argument("--faults", type=float, default=0.0, help="share of messages that go wrong, e.g. 0.02")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--gateways", type=int, default=0, help="for fifty chips each; the others speak for themselves")
    parser.add_argument("--street", default="", help="code of the street; default: the only one, or the first")
    parser.add_argument("--mqtt", default="", help="mqtt://host:1883; default: host and port of LINQI_MQTT_URL")
    parser.add_argument(
        "--http", default="", help="http://host:8000: instead of MQTT, or what is tried when MQTT fails"
    )


def run(options: dict[str, Any]) -> None:
    """Make what is missing, then tell until the time is over or somebody says stop."""
    say: Callable[[str], None] = options["say"]
    mqtt, http = options["mqtt"] or without_password(settings.MQTT_URL), options["http"]
    if not mqtt and not http:
        raise CommandError("Nobody to tell: set LINQI_MQTT_URL (and run `linqi waste listen`), or give --http ADDRESS.")
    if not 0 <= options["faults"] <= 0.5:
        raise CommandError("--faults is a share from 0 to 0.5.")
    if options["rate"] < 0 or options["minutes"] < 0:
        raise CommandError("--rate and --minutes are not negative.")
    street = street_of(options["street"])
    try:
        chips = prepare(street=street, bins=options["bins"], gateways=options["gateways"], by=SYSTEM)
    except ValidationError as wrong:
        raise CommandError(
            "; ".join(f"--{field}: {' '.join(told)}" for field, told in wrong.message_dict.items())
        ) from wrong
    folder = settings.HOME / "simulated"
    folder.mkdir(mode=0o700, exist_ok=True)
    keys, issued = keys_of(chips, folder / "keys.json")
    if issued:
        say(f"{issued} keys issued. A broker that is not ours must be told of them: docs/operators.md")
    chance = random.Random(options["seed"])  # noqa: S311 - no secret
    shelf = simulated.Shelf(folder / "held.sqlite3")
    fleet = simulated.Fleet(
        devices_of(chips, keys, shelf, chance, options["faults"], by_http=not mqtt),
        shelf,
        mqtt=mqtt or None,
        http=http or None,
        faults=simulated.Faults.of(options["faults"]),
        chance=chance,
    )
    days = Days(lives_of(chips, chance), chance, hour=clock.now().astimezone(clock.ZONE).hour)
    natural = natural_rate(len(chips))
    pace = (options["rate"] or natural) / natural
    say(
        f"{street.name}: {len(chips)} simulated bins, {options['rate'] or natural:.1f} messages/s, a day in {24 / pace:.2f} hours"
    )
    connection.close()
    tell(fleet, days, pace, options["minutes"] * 60, say)


def tell(fleet: simulated.Fleet, days: Days, pace: float, seconds: float, say: Callable[[str], None]) -> None:
    """Let the days pass, and say each few seconds what came of it; at the end wait a while for the last receipts."""
    stopping: list[int] = []
    before = {
        which: signal.signal(which, lambda number, _frame: stopping.append(number))
        for which in (signal.SIGTERM, signal.SIGINT)
    }
    began = last = time.monotonic()
    says_at = began + SAYS
    while not stopping and not (seconds and time.monotonic() - began >= seconds):
        now = time.monotonic()
        for serial, body in days.pass_time(min(5.0, now - last) * pace):
            fleet.tell(serial, body)
        last = now
        fleet.turn(STEP)
        if now >= says_at:
            says_at = now + SAYS
            say(line_of(fleet, days, now - began))
    until = time.monotonic() + LAST_WORDS
    while fleet.waiting() and time.monotonic() < until and len(stopping) < 2:
        fleet.turn(STEP)
    say(line_of(fleet, days, time.monotonic() - began))
    for name, count in sorted(fleet.counts.items()):
        say(f"  {name}: {count:,}")
    left = fleet.waiting()
    if fleet.refused:
        say(f"The broker does not let devices in: {fleet.refused}")
    if left:
        say(f"{left:,} events have no receipt yet; they are kept and go out at the next start.")
    fleet.close()
    for which, handler in before.items():
        signal.signal(which, handler)


def line_of(fleet: simulated.Fleet, days: Days, seconds: float) -> str:
    """Where things stand, in one line."""
    told = fleet.counts["told"]
    return (
        f"{seconds:6.0f} s  {days.hour:04.1f} h  connected {fleet.connected():,}  told {told:,} ({told / max(seconds, 0.1):.1f}/s)"
        f"  with receipt {fleet.counts['events with a receipt']:,}  waiting {fleet.waiting():,}"
    )


def street_of(code: str) -> Place:
    """The street asked for, or the first there is."""
    streets = Place.objects.filter(kind=PlaceKind.STREET, until=None).order_by("pk")
    found = streets.filter(code=code).first() if code else streets.first()
    if found is None:
        there = ", ".join(streets.values_list("code", flat=True)[:10])
        raise CommandError(
            f"There is no street {code!r}; there are: {there}" if there else "There is no street yet. Try: linqi demo"
        )
    return found


def keys_of(chips: list[Device], path: Path) -> tuple[dict[str, str], int]:
    """The key of each chip and gateway that speaks for itself; new where the kept one no longer fits, and how many are."""
    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    speakers = {one.gateway.serial: one.gateway for one in chips if one.gateway is not None}
    speakers.update((one.serial, one) for one in chips if one.gateway is None)
    without = [one for one in speakers.values() if not fits(kept.get(one.serial, ""), one.key_digest)]
    kept.update(give_keys(devices=without, by=SYSTEM))
    issued = len(without)
    if issued:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(kept, file)
    return kept, issued


def devices_of(
    chips: list[Device],
    keys: dict[str, str],
    shelf: simulated.Shelf,
    chance: random.Random,
    faults: float,
    *,
    by_http: bool,
) -> list[simulated.Device]:
    """Those who speak: gateways with their chips, and chips by themselves; a few with a wrong clock where faults are wanted."""
    behind: dict[str, list[str]] = {}
    for chip in chips:
        behind.setdefault(chip.gateway.serial if chip.gateway else chip.serial, []).append(chip.serial)
    made = []
    for number, (serial, serials) in enumerate(behind.items()):
        gateway = serials != [serial]
        keepers: dict[str, Keeper] = {one: shelf.start(one) for one in serials}
        off = chance.choice((-4 * 3_600_000, 7 * 60_000, None)) if faults and chance.random() < WRONG_CLOCKS else 0
        made.append(
            simulated.Device(
                serial,
                keys[serial],
                keepers,
                gateway=gateway,
                most=50 if gateway else 1,
                version=("3.1.1", "5")[number % 2],
                by_http=by_http,
                clock=clock_off_by(off),
            )
        )
    return made


def clock_off_by(off: int | None) -> Callable[[int], int | None]:
    """A clock that is so many milliseconds off; None: one that begins in 1970."""
    return (lambda now: now % 86_400_000) if off is None else (lambda now: now + off)


def lives_of(chips: list[Device], chance: random.Random) -> list[Life]:
    """What goes on at each bin; one building sorts well, another badly."""
    fitted = {
        row.device_id: row.bin
        for row in Fitting.objects.filter(device__in=[one.pk for one in chips], until=None).select_related("bin")
    }
    mistakes: dict[int, float] = {}
    lives = []
    for chip in chips:
        fitted_on = fitted.get(chip.pk)
        if fitted_on is None:
            continue
        share = mistakes.setdefault(fitted_on.place_id, min(0.4, chance.betavariate(1.5, 18)))
        lives.append(
            Life(
                chip.serial,
                fitted_on.stream,
                share,
                fitted_on.litres or 240,
                chance.lognormvariate(0, 0.5),
                fill=chance.random() * 0.5,
            )
        )
    return lives


def without_password(url: str) -> str:
    """Host and port of an address that carries the listener's name and password: devices have their own."""
    parts = urlsplit(url)
    return (
        f"{parts.scheme}://{parts.hostname}:{parts.port or (8883 if parts.scheme == 'mqtts' else 1883)}" if url else ""
    )
