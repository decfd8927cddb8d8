"""A street's bins with their devices, and a real broker."""

import socket
import subprocess
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from linqi.kit import clock
from linqi.waste.management.broker import found
from linqi.waste.outside import broker as files
from linqi.waste.tests.yard import as_, yard  # noqa: F401  fixtures of the pages

LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
HEARS_ALL = "all-hearing-key"


@dataclass
class Bins:
    """Devices by short names, each on a bin of its own: chip, second (both by themselves), gateway, inner, inner2 (behind it)."""

    devices: dict = field(default_factory=dict)
    bins: dict = field(default_factory=dict)
    points: dict = field(default_factory=dict)

    def __getattr__(self, name):
        try:
            return self.__dict__["devices"][name]
        except KeyError:
            raise AttributeError(name) from None


DAY0 = datetime(2026, 3, 2, 10, tzinfo=clock.ZONE)


@pytest.fixture
def at(monkeypatch):
    """Set the clock to so many days after the first."""

    def move(days):
        moment = DAY0 + timedelta(days=days)
        monkeypatch.setattr(clock, "now", lambda: moment)
        return moment

    move(0)
    return move


@pytest.fixture
def bins(cast):
    """One point in the building of the insiders; chip, second, gateway with inner and inner2; far_chip of the strangers."""
    from linqi.waste.models import Bin, Device, Fitting, Point, Standing

    made = Bins()
    for side, building in (("", cast.building), ("far_", cast.far_building)):
        made.points[side] = Point.objects.create(place=building, kind="drop", name=f"{side}点", since=LONG_AGO.date())
    made.devices["gateway"] = Device.objects.create(serial="gw-1", kind="gateway", place=cast.building)
    for key, serial, gateway in (
        ("chip", "chip-1", None),
        ("second", "chip-2", None),
        ("inner", "inner-1", made.devices["gateway"]),
        ("inner2", "inner-2", made.devices["gateway"]),
        ("far_chip", "far-1", None),
    ):
        side = "far_" if key.startswith("far_") else ""
        building = cast.far_building if side else cast.building
        device = Device.objects.create(serial=serial, kind="chip", place=building, gateway=gateway)
        one = Bin.objects.create(code=f"B-{key}", stream="residual", place=building, since=LONG_AGO.date())
        Standing.objects.create(bin=one, point=made.points[side], since=LONG_AGO)
        Fitting.objects.create(device=device, bin=one, since=LONG_AGO)
        made.devices[key], made.bins[key] = device, one
    return made


@dataclass
class Mosquitto:
    """A broker on a free port; `keys` by user name."""

    folder: object
    port: int
    keys: dict
    process: object = None

    @property
    def url(self):
        return f"mqtt://linqi:{HEARS_ALL}@127.0.0.1:{self.port}"

    def start(self):
        self.process = subprocess.Popen([found(), "-c", str(self.folder / "mosquitto.conf")], stderr=subprocess.DEVNULL)
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError("Mosquitto does not start")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def write(self, keys):
        self.keys.update(keys)
        users = {"linqi": HEARS_ALL, **self.keys}
        files.write(
            self.folder, [files.Account(name, files.digest(key)) for name, key in users.items()], port=self.port
        )


@pytest.fixture(scope="module")
def mosquitto(tmp_path_factory):
    """A real Mosquitto with our own files; skipped where it is not installed."""
    if found() is None:
        pytest.skip("Mosquitto is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    one = Mosquitto(tmp_path_factory.mktemp("mosquitto"), port, {})
    one.write({name: f"key-of-{name}" for name in ("chip-1", "chip-2", "gw-1", "inner-1", "far-1", "ghost")})
    one.start()
    yield one
    one.kill()
