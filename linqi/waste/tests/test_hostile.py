"""Messages made to do harm, to the real broker and to the HTTP door: each set aside with its reason, and others unharmed.

What is simple (a `{`, a stolen key, a flood, a disabled device) is tried in test_listen and test_api_devices; here is what is malicious or
absurd, the same list through both doors. The devices beside it are the reference ones (`outside.simulated`), with faults.
"""

import base64
import io
import random
import struct
import zlib

import orjson
import pytest
from django.core.files.storage import default_storage
from PIL import Image

from linqi.waste.models import Clue, Device, DeviceState, Event, Picture, Quarantined
from linqi.waste.outside import broker as files
from linqi.waste.outside.simulated import Device as Simulated
from linqi.waste.outside.simulated import Faults, Fleet, Shelf
from linqi.waste.tests.test_listen import event, listener, speak, until  # noqa: F401 - fixtures

DEEP = b'{"v":1,"boot":7,"seq":1,"told":"lid","value":1,"card":' + b'{"a":' * 1500 + b"1" + b"}" * 1501
HUGE = 10**30


def with_(**more):
    return orjson.dumps({"v": 1, "boot": 7, "seq": 1, "told": "deposit", "value": 0.5, **more})


def raw(text):
    return b'{"v":1,"boot":7,"seq":1,"told":"fill","value":%s}' % text


# payload → the reasons that are right for it
HARM = [
    ("nothing", b"", {"not_json"}),
    ("not a number", raw(b"NaN"), {"not_json"}),
    ("endless", raw(b"1e999"), {"not_json", "value"}),
    ("minus endless", raw(b"-Infinity"), {"not_json"}),
    ("a truth for a number", raw(b"true"), {"value"}),
    ("a list for a number", raw(b"[1]"), {"value"}),
    ("no UTF-8", raw(b'"\xff\xfe"'), {"not_json"}),
    ("half a letter", raw(b'"\\ud800"'), {"not_json", "value"}),
    ("nested to the bottom", b"[" * 60_000, {"not_json"}),
    ("nested inside", DEEP, {"not_json", "card"}),
    ("null", b"null", {"not_an_event"}),
    ("a number", b"7", {"not_an_event"}),
    ("a list of numbers", b"[1]", {"not_an_event"}),
    ("a list in a list", b"[[]]", {"not_an_event"}),
    ("sequence 0", with_(seq=0), {"sequence"}),
    ("sequence below 0", with_(seq=-1), {"sequence"}),
    ("sequence beyond 2^53", with_(seq=2**53), {"sequence"}),
    ("sequence beyond all", with_().replace(b'"seq":1', b'"seq":%d' % HUGE), {"sequence", "not_json"}),
    ("sequence as text", with_(seq="1"), {"sequence"}),
    ("sequence as truth", with_(seq=True), {"sequence"}),
    ("sequence with a point", with_(seq=1.0), {"sequence"}),
    ("no sequence", b'{"v":1,"boot":7,"told":"lid","value":1}', {"sequence"}),
    ("boot below 0", with_(boot=-7), {"boot"}),
    ("boot as list", with_(boot=[7]), {"boot"}),
    ("time below 0", with_(ts=-1), {"time"}),
    ("time beyond all", with_(ts=10**18), {"time"}),
    ("time as text", with_(ts="now"), {"time"}),
    ("unknown kind", with_(told="fine"), {"told"}),
    ("kind as object", with_(told={"$ne": ""}), {"told"}),
    ("a ton too much", with_(value=1e9), {"value"}),
    ("unknown stream", with_(stream="gold"), {"stream"}),
    ("a path for a picture", with_(pic="../../etc/passwd"), {"reference"}),
    ("a zero byte in a card", with_(card="a\0b"), {"card"}),
    ("a sentence of SQL for a card", with_(card="1'; DROP TABLE waste_event; --"), {"card"}),
    ("a field nobody knows", with_(admin=True), {"unknown_field"}),
    ("another version", with_(v=99), {"version"}),
    ("speaks for another", with_(dev="chip-2"), {"not_yours"}),
    ("lost backwards", b'{"v":1,"boot":7,"lost":[5,1]}', {"lost"}),
    ("lost everything", b'{"v":1,"boot":7,"lost":[1,9007199254740991]}', {"lost"}),
    ("lost in words", b'{"v":1,"boot":7,"lost":"all"}', {"lost"}),
    ("501 at once", orjson.dumps([{"v": 1, "boot": 7, "seq": n + 1, "told": "lid", "value": 1} for n in range(501)]), {"too_many", "too_large"}),
]  # fmt: skip


def test_each_is_set_aside_with_its_reason_and_the_next_device_is_heard(listener, speak, bins):  # noqa: F811
    thief, other = speak("chip-1"), speak("chip-2")
    for _name, payload, _reasons in HARM:
        thief.raw("linqi/1/chip-1/events", payload, wait=False)
    other.say(event(1), event(2))
    until(listener, lambda: other.has(2, []))
    until(listener, lambda: Quarantined.objects.filter(said_by__in=["chip-1", "chip-2"]).count() >= len(HARM))
    got = list(Quarantined.objects.order_by("pk").values_list("reason", "detail"))
    wrong = [(name, *one) for (name, _payload, reasons), one in zip(HARM, got, strict=True) if one[0] not in reasons]
    assert wrong == []
    assert all(detail for _reason, detail in got)
    assert not Event.objects.filter(device_id=bins.chip.pk).exists()
    assert not Clue.objects.exists()
    assert Event.objects.filter(device_id=bins.second.pk).count() == 2
    thief.say(event(1))  # the thief itself is heard again as soon as it speaks properly
    until(listener, lambda: thief.has(1, []))


@pytest.fixture
def post(client, bins):
    """Speak at the HTTP door with the right key of a device."""
    for device in bins.devices.values():
        Device.objects.filter(pk=device.pk).update(key_digest=files.digest("key"))

    def speak_(serial, payload, path="/waste/api/events", method="post", **headers):
        token = base64.b64encode(f"{serial}:key".encode()).decode()
        kind = "application/json" if method == "post" else "application/octet-stream"
        return getattr(client, method)(
            path, payload, content_type=kind, headers={"Authorization": f"Basic {token}", **headers}
        )

    return speak_


@pytest.mark.parametrize(("payload", "reasons"), [one[1:] for one in HARM], ids=[one[0] for one in HARM])
def test_over_http_the_same_are_refused_with_the_same_reasons(post, payload, reasons):
    answer = post("chip-1", payload)
    assert answer.status_code in {200, 400, 413}
    assert answer.json()["refused"][0]["reason"] in reasons
    assert not Event.objects.exists()
    assert Quarantined.objects.count() == 1


CLOCKS = {
    "1970": 0,
    "a second of 1970": 1_000,
    "2100": 4_102_444_800_000,
    "10000": 253_402_300_800_000,
    "2^53": 2**53 - 1,
}


@pytest.mark.parametrize("ts", CLOCKS.values(), ids=CLOCKS)
def test_a_clock_that_cannot_be_right_is_not_believed_and_the_event_is_kept(post, bins, ts):
    assert post("chip-1", with_(ts=ts)).json()["receipts"]["chip-1"]["sequence"] == 1
    one = Event.objects.get()
    assert one.clock_wrong
    assert abs(one.at - one.stored_at) < 86_400_000
    assert one.bin_id == bins.bins["chip"].pk


def test_an_old_boot_that_is_played_again_changes_nothing(post, bins):
    first = orjson.dumps([{"v": 1, "boot": 7, "seq": n, "told": "mixed"} for n in (1, 2, 3)])
    post("chip-1", first)
    post("chip-1", with_(boot=8))
    assert Clue.objects.count() == 3
    for _again in range(3):
        answer = post("chip-1", first).json()
        assert answer["receipts"]["chip-1"]["boot"] == 8
        assert {"boot": 7, "sequence": 3, "beyond": []} in answer["receipts"]["chip-1"]["earlier"]
    assert Event.objects.count() == 4
    assert Clue.objects.count() == 3
    assert DeviceState.objects.get(device=bins.chip).repeated == 9


def test_a_number_far_ahead_is_an_island_and_costs_no_memory(post, bins):
    answer = post("chip-1", with_(seq=2**53 - 1)).json()
    assert answer["receipts"]["chip-1"] == {"boot": 7, "sequence": 0, "beyond": [[2**53 - 1, 2**53 - 1]]}
    scattered = orjson.dumps([{"v": 1, "boot": 7, "seq": n * 3, "told": "lid", "value": 1} for n in range(1, 401)])
    post("chip-1", scattered)
    more = orjson.dumps([{"v": 1, "boot": 7, "seq": 10**6 + n * 3, "told": "lid", "value": 1} for n in range(500)])
    post("chip-1", more)
    answer = post("chip-1", orjson.dumps([{"v": 1, "boot": 7, "seq": 10**7 + n * 3, "told": "lid", "value": 1} for n in range(400)])).json()  # fmt: skip
    assert len(DeviceState.objects.get(device=bins.chip).beyond) <= 1000
    assert {one["reason"] for one in answer["refused"]} == {"too_scattered"}


def test_reference_devices_lose_nothing_while_another_does_its_worst(listener, speak, mosquitto, bins, tmp_path):  # noqa: F811
    thief, chance = speak("chip-2"), random.Random(3)
    shelf = Shelf(tmp_path / "shelf.sqlite3")
    good = [
        Simulated("chip-1", "key-of-chip-1", {"chip-1": shelf.start("chip-1", patience=0.5)}, version="5"),
        Simulated("gw-1", "key-of-gw-1", {one: shelf.start(one, patience=0.5) for one in ("inner-1", "inner-2")}, gateway=True, most=50),
    ]  # fmt: skip
    fleet = Fleet(
        good, shelf, mqtt=f"mqtt://127.0.0.1:{mosquitto.port}", faults=Faults.of(0.2), chance=chance, longest_pause=0.3
    )
    told = []
    for number in range(120):
        serial = chance.choice(("chip-1", "inner-1", "inner-2"))
        told.append((serial, *fleet.tell(serial, {"told": "deposit", "value": number / 100})))
        if number % 3 == 0:
            thief.raw("linqi/1/chip-2/events", HARM[number % len(HARM)][1], wait=False)
        fleet.turn(0.001)

    def all_have_receipts():
        fleet.turn(0.01)
        return fleet.waiting() == 0

    until(listener, all_have_receipts)
    fleet.close()
    serials = {device.pk: device.serial for device in bins.devices.values()}
    rows = Event.objects.exclude(device_id=bins.second.pk).values_list("device_id", "boot", "sequence", "value")
    assert sorted((serials[device], boot, number) for device, boot, number, _value in rows) == sorted(told)
    values = {(serials[device], boot, number): value for device, boot, number, value in rows}
    assert [values[name] for name in told] == [number / 100 for number in range(120)]
    assert fleet.counts["doubled"] + fleet.counts["dropped"] + fleet.counts["cut"] > 0


# --- pictures -------------------------------------------------------------------------------------------------------------
def png(width, height):
    """A picture of so many dots, all the same: a few hundred bytes for gigabytes."""

    def part(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", zlib.compress(bytes(1000), 9)) + part(b"IEND", b"")
    )


def jpeg(size=(64, 48)):
    file = io.BytesIO()
    Image.new("RGB", size, (90, 120, 60)).save(file, "JPEG")
    return file.getvalue()


BOMBS = [
    ("dots without end", png(60_000, 60_000)),
    ("one line without end", png(2_000_000_000, 1)),
    ("no dots", png(0, 0)),
    ("half a picture", jpeg((640, 480))[:900]),
    ("nothing", b""),
    ("a page", b"<html><script>alert(1)</script>"),
    (
        "a drawing that loads another",
        b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
    ),
    ("a name of a picture and noise", b"\xff\xd8\xff\xe0" + random.Random(1).randbytes(4000)),
    ("PostScript", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) (r) file"),
]


@pytest.mark.parametrize("bomb", [one for _name, one in BOMBS], ids=[name for name, _one in BOMBS])
def test_a_picture_bomb_is_refused_with_a_reason_and_nothing_is_kept(post, bomb):
    answer = post("chip-1", bomb, "/waste/api/pictures/boom", "put")
    assert answer.status_code in {400, 413, 422}
    assert answer.json()["reason"]
    assert not Picture.objects.exists()


def test_a_reference_that_is_a_path_reaches_no_file(post):
    for ref in ("..", "%2e%2e%2fsecret_key", "a/b", "a" * 65):
        assert post("chip-1", jpeg(), f"/waste/api/pictures/{ref}", "put").status_code in {404, 422}
    assert not Picture.objects.exists()
    assert not default_storage.exists("secret_key")
