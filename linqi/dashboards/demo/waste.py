"""Bins of a demo street with simulated chips, what they told in a day, clues and who answers: marked as made up 演示垃圾桶.

Rows are written in bulk past the registry's actions, as `linqi waste simulate` does; what people do (looking at clues) is done by the
real actions, so that tasks, chain and journal are as they would be.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO
from itertools import count
from random import Random
from typing import Any, Final

from django.core.exceptions import ValidationError
from PIL import Image, ImageDraw

from linqi.dashboards.demo.places import Street
from linqi.dashboards.demo.rows import follow, next_id
from linqi.enterprises.models import Enterprise
from linqi.enterprises.queries import below_place
from linqi.kit import clock
from linqi.kit.access import SYSTEM
from linqi.organisation.models import Mandate
from linqi.organisation.rules import CompanyKind
from linqi.waste.actions import clues
from linqi.waste.actions.pictures import take_picture
from linqi.waste.kinds import ClueKind, Stream, Witness
from linqi.waste.models import (
    Bin,
    Card,
    Clue,
    Device,
    DeviceState,
    Duty,
    Event,
    Fitting,
    HourFact,
    Point,
    Standing,
)

STREAMS: Final = (  # stream, litres, airtight; the perishable one is left out where nobody eats
    (Stream.RESIDUAL, 240, False),
    (Stream.RECYCLABLE, 240, False),
    (Stream.PERISHABLE, 120, True),
    (Stream.HAZARDOUS, 60, False),
)
STOOD: Final = timedelta(days=60)
HOURS: Final = 24  # of facts before this morning
CHIP: Final = "demo-chip-"  # how serials of the demo's chips begin
DAILY: Final = (Stream.PERISHABLE, Stream.RESIDUAL)  # collected each day, 杭州条例36
OPENING: Final = 7  # o'clock from which people throw in
CLOSING: Final = 19
Put = Callable[[str, Any, tuple[str, ...], Iterable[tuple[Any, ...]]], None]


@dataclass(frozen=True, slots=True)
class _Bin:
    """A bin on its way: how fast it fills and what is wrong with its chip."""

    pk: int
    device: int
    place: int
    stream: Stream
    rate: float
    start: float
    ail: str


def fill_bins(street: Street, looker: Any, *, random: Random, today: date, now: datetime, put: Put) -> None:
    """A drop point with bins at each building, chips that told a day of hours, and clues that wait for the looker's eye."""
    buildings = [(building, park.pk) for park in street.parks for building in park.buildings]
    since = now - STOOD
    points, bins, stands = count(next_id(Point)), count(next_id(Bin)), count(next_id(Standing))
    devices, fittings, duties = count(next_id(Device)), count(next_id(Fitting)), count(next_id(Duty))
    gateways: dict[int, int] = {}
    rows: dict[str, list[tuple[Any, ...]]] = {key: [] for key in ("point", "bin", "stand", "device", "fit", "duty")}
    keepers = _keepers({park for _building, park in buildings})
    made: list[_Bin] = []
    for building, park in buildings:
        began = max(since.date(), building.since)
        point = next(points)
        evident = random.random() < 0.4
        reviewed = (began, began + timedelta(days=7)) if evident else (None, None)
        rows["point"].append((point, building.pk, "drop", "一楼投放点", *reviewed, began, True))
        if park in keepers:
            rows["duty"].append((next(duties), point, "operator", keepers[park], began))
        if park not in gateways:
            gateways[park] = next(devices)
            rows["device"].append((gateways[park], f"demo-gw-{park}", "gateway", None, park, "", True))
        for at, (stream, litres, tight) in enumerate(STREAMS):
            if stream is Stream.PERISHABLE and random.random() < 0.4:
                continue
            pk, device = next(bins), next(devices)
            code = f"DEMO-{building.pk:05d}-{at + 1}"
            rows["bin"].append((pk, code, stream.value, litres, tight, building.pk, began, True))
            moment = datetime.combine(began, datetime.min.time(), clock.ZONE)
            rows["stand"].append((next(stands), pk, point, moment))
            if random.random() < 0.03:
                continue  # no chip yet
            serial = f"{CHIP}{building.pk:05d}-{at + 1}"
            rows["device"].append((device, serial, "chip", gateways[park], building.pk, "", True))
            rows["fit"].append((next(fittings), device, pk, moment))
            made.append(
                _Bin(
                    pk,
                    device,
                    building.pk,
                    stream,
                    rate=random.uniform(0.004, 0.05),
                    start=random.uniform(0.0, 0.6),
                    ail=ail_of(serial),
                )
            )
    put(
        "bins",
        Point,
        ("id", "place", "kind", "name", "reviewed_on", "published_on", "since", "generated"),
        rows["point"],
    )
    put("bins", Bin, ("id", "code", "stream", "litres", "airtight", "place", "since", "generated"), rows["bin"])
    put("bins", Standing, ("id", "bin", "point", "since"), rows["stand"])
    put(
        "bins",
        Device,
        ("id", "serial", "kind", "gateway", "place", "key_digest", "simulated"),
        _gateways_first(rows["device"]),
    )
    put("bins", Fitting, ("id", "device", "bin", "since"), rows["fit"])
    put("bins", Duty, ("id", "point", "kind", "company", "since"), rows["duty"])
    follow(Point, Bin, Standing, Device, Fitting, Duty)
    _told(made, random, now, put)
    acted = min(now, clock.now())  # the demo's own clock stands still: an action refuses what is still to come
    _clues(made, looker, random, acted)
    _cards(street, random, today, put)
    if len(buildings) >= PICTURED:
        _pictures(made, random, acted)


def ail_of(serial: str) -> str:
    """What is wrong with a demo chip, always the same of the same: empty for most."""
    return Random(f"ail {serial}").choices(("", "silent", "skewed", "noisy", "lost", "gaps"), (88, 4, 2, 2, 2, 2))[0]  # noqa: S311 – a demo


def _gateways_first(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Chips name their gateway, so gateways are written before them."""
    return sorted(rows, key=lambda row: (row[2] != "gateway", row[0]))


def _keepers(parks: set[int]) -> dict[int, int]:
    """The company that runs the buildings of each park: its operator."""
    held = Mandate.objects.filter(until=None, place__in=parks, company__kind=CompanyKind.OPERATOR)
    return dict(held.values_list("place", "company"))


# --- what the chips told ---------------------------------------------------------------------------------------------
def _told(bins: list[_Bin], random: Random, now: datetime, put: Put) -> None:
    """Hourly facts of the last day, this morning's last fill level as an event, and how far each chip is stored."""
    facts: list[tuple[Any, ...]] = []
    events: list[tuple[Any, ...]] = []
    states: list[tuple[Any, ...]] = []
    first = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS)
    for one in bins:
        level, sequence = one.start, 0
        for at in range(HOURS):
            hour = first + timedelta(hours=at)
            open_ = OPENING <= hour.hour < CLOSING
            if hour.hour == OPENING - 1 and one.stream in DAILY:
                level = random.uniform(0.0, 0.04)  # emptied, as article 36 asks
            before = level
            deposits = random.randrange(0, 7) if open_ else 0
            level = min(1.0, level + (one.rate * random.uniform(0.5, 1.5) if open_ else 0.0))
            if one.ail == "silent" and at > HOURS - 9:
                continue
            facts.append((one.pk, hour, "fill", 4, None, round(before, 3), round(level, 3)))
            if deposits:
                weights = [random.uniform(0.1, 1.8) for _ in range(deposits)]
                told = (deposits, round(sum(weights), 2), round(min(weights), 2), round(max(weights), 2))
                facts.append((one.pk, hour, "deposit", *told))
            sequence += 4 + deposits
        last = now - (timedelta(hours=9) if one.ail == "silent" else timedelta(minutes=random.randrange(1, 14)))
        ms = int(last.timestamp() * 1000)
        sequence += 1
        events.append(
            (last.date(), one.device, 1, sequence, "fill", ms, ms, one.pk, round(level, 3), "", "", "", False)
        )
        states.append(
            (
                one.device,
                1,
                sequence,
                [[sequence + 3, sequence + 9]] if one.ail == "gaps" else [],
                {},
                1,
                sequence,
                40 if one.ail == "noisy" else random.randrange(0, 3),
                12 if one.ail == "lost" else 0,
                0,
                1_500_000 if one.ail == "skewed" else random.randrange(-900, 900),
                ms,
                0,
                round(random.uniform(0.08, 1.0), 2),
            )
        )
    put("hours of bins", HourFact, ("bin", "hour", "told", "count", "total", "least", "most"), facts)
    told_as = ("day", "device_id", "boot", "sequence", "told", "at", "stored_at", "bin_id", "value")
    put("events of bins", Event, (*told_as, "stream", "picture", "card", "clock_wrong"), events)
    kept_as = ("device", "boot", "sequence", "beyond", "earlier", "edition", "stored", "repeated", "lost", "refused")
    put("bins", DeviceState, (*kept_as, "skew_ms", "last_at", "limited", "battery"), states)


# --- clues -----------------------------------------------------------------------------------------------------------
WAITING: Final = 9
LOOKED: Final = 36


def _clues(bins: list[_Bin], looker: Any, random: Random, now: datetime) -> None:
    """Some that wait, some that a person has looked at; a bin with several confirmed ones makes a task by itself."""
    if not bins:
        return
    kinds = (ClueKind.MIXED, ClueKind.MIXED, ClueKind.MIXED, ClueKind.OVERFLOW, ClueKind.ILLEGAL)
    rows = {one.pk: one for one in Bin.objects.filter(pk__in=[one.pk for one in bins]).select_related("place")}
    often = [random.choice(bins) for _ in range(6)]
    for n in range(WAITING + LOOKED):
        at = (
            now - timedelta(hours=random.uniform(0.3, 20))
            if n < WAITING
            else now - timedelta(days=random.uniform(1, 12))
        )
        one = random.choice(bins) if n < WAITING else random.choice(often)
        kind = random.choice(kinds) if n < WAITING else ClueKind.MIXED
        made = clues.raised(bin=rows[one.pk], kind=kind, witness=Witness.DEVICE, at=at, by=SYSTEM)
        Clue.objects.filter(pk=made.pk).update(simulated=True, device=one.device, raised_at=at)
        if n >= WAITING and looker is not None:
            wrong = random.random() < 0.6
            said = "（演示）确有混投" if wrong else "（演示）看图没有混投"
            clues.look(clue=made, confirmed=wrong, reason=said, by=looker)


PICTURED: Final = (
    10  # buildings from which a street gets pictures: they are files, and tests make small streets over and over
)
PICTURES: Final = 24


def _pictures(bins: list[_Bin], random: Random, now: datetime) -> None:
    """Drawings of ours, taken in as a camera's would be; none where no vision is installed: they could not be blurred."""
    devices = {one.pk: one for one in Device.objects.filter(pk__in=[one.device for one in bins])}
    for n in range(PICTURES):
        device = devices[random.choice(bins).device]
        at = now - timedelta(minutes=random.randrange(20, 1200))
        try:
            take_picture(device=device, data=_drawn(random), taken_at=at, ref=f"demo-{n}", now=now, by=SYSTEM)
        except ValidationError:
            return


def _drawn(random: Random) -> bytes:
    """The inside of a bin as a drawing, with DEMO written on it; a JPEG."""
    picture = Image.new("RGB", (640, 480), (30, 34, 36))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((40, 20, 600, 460), fill=(52, 58, 60), outline=(90, 98, 100), width=10)
    for _ in range(random.randrange(3, 7)):
        x, y = random.randrange(120, 420), random.randrange(90, 320)
        wide, high = random.randrange(50, 170), random.randrange(40, 130)
        colour = tuple(random.randrange(70, 235) for _ in range(3))
        shape = random.choice((pen.rectangle, pen.ellipse))
        shape((x, y, x + wide, y + high), fill=colour, outline=(20, 20, 20), width=3)
    pen.text((16, 16), "DEMO", fill=(150, 158, 162), font_size=28)
    file = BytesIO()
    picture.save(file, "JPEG", quality=85)
    return file.getvalue()


def _cards(street: Street, random: Random, today: date, put: Put) -> None:
    """A card or a roll of bags for some enterprises."""
    firms = list(below_place(Enterprise.objects.all(), street.pk).order_by("pk").values_list("pk", flat=True)[:60])
    ids = count(next_id(Card))
    since = today - timedelta(days=30)
    rows = [
        (next(ids), f"DEMO-K{street.pk}-{n:04d}", random.choice(("card", "bag")), firm, since)
        for n, firm in enumerate(firms, start=1)
        if n % 2
    ]
    put("bins", Card, ("id", "code", "kind", "enterprise", "since"), rows)
    follow(Card)
