"""Bins and chips for the simulator, marked as made up wherever they are shown 模拟终端登记."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from itertools import cycle
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from linqi.enterprises.models import Tenancy
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access, clock
from linqi.organisation.models import Mandate
from linqi.territory.models import Place, PlaceKind, Placement
from linqi.territory.queries import standing_below
from linqi.waste.actions.credentials import write_broker_files
from linqi.waste.kinds import DeviceKind, PartyKind, PointKind, Stream
from linqi.waste.models import Bin, Device, Duty, Fitting, Point, Standing
from linqi.waste.outside.broker import digest, new_key

BEHIND_A_GATEWAY: Final = 50  # chips, at most
MOST: Final = 20_000  # bins of one street; a slip of the pen makes more
STREAMS: Final = (Stream.RESIDUAL, Stream.RECYCLABLE, Stream.PERISHABLE, Stream.HAZARDOUS)
STOOD_FOR: Final = timedelta(days=30)  # so long before now they are said to have been there: late events find their bin
MOST_TENANTS: Final = 6  # of a floor who answer for its point


@transaction.atomic
def prepare(*, street: Place, bins: int, gateways: int = 0, by: Any) -> list[Device]:
    """See to it that a street has so many simulated bins with a chip each, and so many gateways; the chips, by serial.

    What is there already is used. The first chips stand behind the gateways, fifty each. Rows are written in bulk, past
    `actions.registry`: it would ask and tell of each of ten thousand rows that stand for nothing; one line of the journal tells of all.
    """
    access.require(by, "waste.keep", street)
    if not 1 <= bins <= MOST:
        raise ValidationError({"bins": _("桶数应在 1 至 %(most)s 之间。") % {"most": MOST}})
    if not 0 <= gateways * BEHIND_A_GATEWAY < bins + BEHIND_A_GATEWAY:
        raise ValidationError({"gateways": _("网关过多：每个网关带 %(many)s 个芯片。") % {"many": BEHIND_A_GATEWAY}})
    Place.objects.select_for_update(no_key=True).get(pk=street.pk)  # two simulators wait for each other
    have = simulated_chips(street)
    missing = bins - len(have)
    if missing > 0:
        have += _make(street, len(have), missing)
        journal.write(by=by, verb=Verb.WASTE_SIMULATED, subject=street, bins=missing)
    have = have[:bins]
    _put_behind(street, have, gateways)
    return have


@transaction.atomic
def give_keys(*, devices: list[Device], by: Any) -> dict[str, str]:
    """New keys for simulated devices, by serial; shown once. At once for all, as the broker's files are written whole."""
    for device in devices:
        access.require(by, "waste.devices", device)
        if not device.simulated:
            raise ValidationError(_("只有模拟终端可以成批生成密钥。"))
    keys = {device.serial: new_key() for device in devices}
    now = clock.now()
    for device in devices:
        device.key_digest, device.key_since = digest(keys[device.serial]), now
    Device.objects.bulk_update(devices, ["key_digest", "key_since"], batch_size=500)
    if devices:
        journal.write(by=by, verb=Verb.WASTE_SIMULATED, place=devices[0].place, keys=len(devices))
    if settings.MQTT_EMBEDDED or (settings.MQTT_FOLDER / "mosquitto.conf").exists():  # a broker of our own
        transaction.on_commit(partial(write_broker_files))
    return keys


def simulated_chips(street: Place) -> list[Device]:
    """The simulated chips of a street, by serial."""
    return list(
        Device.objects.filter(simulated=True, kind=DeviceKind.CHIP, serial__startswith=f"sim-{street.pk}-")
        .select_related("gateway")
        .order_by("serial")
    )


def _make(street: Place, start: int, count: int) -> list[Device]:
    now, today = clock.now(), clock.today()
    since = now - STOOD_FOR
    points, places = _points(street, start, -(-count // len(STREAMS)))
    made, numbers = [], range(start, start + count)
    for number in numbers:
        place = places[(number - start) // len(STREAMS)]
        made.append(
            Bin(
                code=f"SIM-{street.pk}-{number:05}",
                stream=STREAMS[number % len(STREAMS)],
                litres=240,
                place=place,
                since=today - STOOD_FOR,
                generated=True,
            )
        )
    bins = Bin.objects.bulk_create(made, batch_size=2000)
    Standing.objects.bulk_create(
        (Standing(bin=one, point=points[at // len(STREAMS)], since=since) for at, one in enumerate(bins)),
        batch_size=2000,
    )
    devices = Device.objects.bulk_create(
        (
            Device(
                serial=f"sim-{street.pk}-{number:05}", kind=DeviceKind.CHIP, place_id=bins[at].place_id, simulated=True
            )
            for at, number in enumerate(numbers)
        ),
        batch_size=2000,
    )
    Fitting.objects.bulk_create(
        (Fitting(device=one, bin=bins[at], since=since) for at, one in enumerate(devices)), batch_size=2000
    )
    return devices


def _points(street: Place, start: int, count: int) -> tuple[list[Point], list[Place]]:
    """So many points, floor by floor of one building after the other, with who answers for them."""
    places = list(_spread(street, count))
    today = clock.today()
    points = Point.objects.bulk_create(
        (
            Point(
                place=place,
                kind=PointKind.DROP,
                name=f"模拟投放点{start // len(STREAMS) + at + 1}",
                since=today - STOOD_FOR,
                generated=True,
            )
            for at, place in enumerate(places)
        ),
        batch_size=2000,
    )
    tenants, companies = _tenants(places), _companies(places)
    duties = []
    for point in points:
        units = tenants.get(point.place_id, ())
        duties += [
            Duty(point=point, kind=PartyKind.UNIT, enterprise_id=one, since=today - STOOD_FOR)
            for one in units[:MOST_TENANTS]
        ]
        if not units and point.place_id in companies:
            duties.append(
                Duty(
                    point=point, kind=PartyKind.PROPERTY, company_id=companies[point.place_id], since=today - STOOD_FOR
                )
            )
    Duty.objects.bulk_create(duties, batch_size=2000)
    return points, places


def _spread(street: Place, count: int) -> Iterator[Place]:
    """A floor of the first building, of the second, …, then their next floors; the building where it has no floors."""
    buildings = list(standing_below(street, PlaceKind.BUILDING).order_by("pk"))
    if not buildings:
        raise ValidationError({"street": _("这个街道下没有楼宇，无处放置模拟垃圾桶。")})
    floors: dict[int, list[Place]] = defaultdict(list)
    below = Placement.objects.filter(parent__in=buildings, until=None, child__kind=PlaceKind.FLOOR, child__until=None)
    for row in below.select_related("child").order_by("child__level", "child_id"):
        floors[row.parent_id].append(row.child)
    rounds = [cycle(floors.get(one.pk) or [one]) for one in buildings]
    for at in range(count):
        yield next(rounds[at % len(rounds)])


def _tenants(places: list[Place]) -> dict[int, list[int]]:
    """Enterprises in the units of floors, by floor."""
    units = dict(
        Placement.objects.filter(parent__in={one.pk for one in places}, until=None).values_list("child_id", "parent_id")
    )
    found: dict[int, list[int]] = defaultdict(list)
    for place, enterprise in (
        Tenancy.objects.filter(place__in=list(units), until=None)
        .order_by("enterprise_id")
        .values_list("place_id", "enterprise_id")
    ):
        if enterprise not in found[units[place]]:
            found[units[place]].append(enterprise)
    return found


def _companies(places: list[Place]) -> dict[int, int]:
    """The company that manages a place or the building it is in."""
    ids = {one.pk for one in places}
    above = dict(Placement.objects.filter(child__in=ids, until=None).values_list("child_id", "parent_id"))
    mandates = dict(
        Mandate.objects.filter(place__in=ids | set(above.values()), until=None)
        .order_by("pk")
        .values_list("place_id", "company_id")
    )
    named = {one: mandates.get(one, mandates.get(above.get(one, 0))) for one in ids}
    return {place: company for place, company in named.items() if company is not None}


def _put_behind(street: Place, chips: list[Device], gateways: int) -> None:
    """The first chips behind so many gateways, fifty each; the others speak for themselves."""
    have = {
        one.serial: one
        for one in Device.objects.filter(kind=DeviceKind.GATEWAY, serial__startswith=f"simgw-{street.pk}-")
    }
    wanted = [f"simgw-{street.pk}-{number:04}" for number in range(gateways)]
    Device.objects.bulk_create(
        Device(serial=serial, kind=DeviceKind.GATEWAY, place=street, simulated=True)
        for serial in wanted
        if serial not in have
    )
    by_serial = {one.serial: one for one in Device.objects.filter(serial__in=wanted)}
    changed = []
    for at, chip in enumerate(chips):
        number = at // BEHIND_A_GATEWAY
        gateway = by_serial[wanted[number]] if number < gateways else None
        if chip.gateway_id != (gateway.pk if gateway else None):
            chip.gateway = gateway
            changed.append(chip)
    Device.objects.bulk_update(changed, ["gateway"], batch_size=500)
