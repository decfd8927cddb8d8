"""The door for devices over HTTP: keys, receipts, what is refused, what is bounded; keys given and taken; who sees what was set aside."""

import base64
from datetime import UTC, datetime

import orjson
import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from linqi.journal.models import Entry
from linqi.kit import clock
from linqi.waste import queries_events, timeline
from linqi.waste.actions import credentials, ingest
from linqi.waste.intake import SetAside
from linqi.waste.models import Device, DeviceState, Event, Quarantined
from linqi.waste.outside import broker
from linqi.waste.queries import Ail, ails_of
from linqi.waste.storing import store
from linqi.waste.tests.test_storing import NOW, event


def body(*events):
    return orjson.dumps(list(events))


def said(seq, boot=7, **more):
    now = int(clock.now().timestamp() * 1000)
    return {"v": 1, "boot": boot, "seq": seq, "ts": now, "told": "deposit", "value": 0.5, **more}


@pytest.fixture
def call(client, bins, cast):
    """Post to the door with the key of a device."""
    keys = {}
    for device in bins.devices.values():
        key = f"key-of-{device.serial}"
        Device.objects.filter(pk=device.pk).update(key_digest=broker.digest(key))
        keys[device.serial] = key

    def post(serial, payload, key=None, name="waste:api_events"):
        token = base64.b64encode(f"{serial}:{keys.get(serial, '') if key is None else key}".encode()).decode()
        return client.post(
            reverse(name), payload, content_type="application/json", headers={"Authorization": f"Basic {token}"}
        )

    return post


def test_the_answer_is_the_receipt_and_a_repetition_is_taken_as_one(call, bins):
    first = call("chip-1", body(said(1), said(2), said(4)))
    assert first.status_code == 200
    assert first.json() == {"receipts": {"chip-1": {"boot": 7, "sequence": 2, "beyond": [[4, 4]]}}, "refused": []}
    again = call("chip-1", body(said(1), said(3)))
    assert again.json()["receipts"]["chip-1"] == {"boot": 7, "sequence": 4, "beyond": []}
    assert Event.objects.filter(device_id=bins.chip.pk).count() == 4
    assert call("chip-1", b"[]").json()["receipts"]["chip-1"]["sequence"] == 4


def test_what_is_wrong_is_named_by_its_place_and_the_rest_is_stored(call):
    answer = call("chip-1", body(said(1), said(2, value=-1)))
    assert answer.json()["receipts"]["chip-1"]["sequence"] == 1
    refused = answer.json()["refused"]
    assert [(one["index"], one["reason"], one["seq"]) for one in refused] == [(1, "value", 2)]
    assert Quarantined.objects.get().reason == "value"
    broken = call("chip-1", b"{")
    assert (broken.status_code, broken.json()["refused"][0]["reason"]) == (400, "not_json")


def test_a_gateway_has_the_receipts_of_its_chips(call):
    answer = call("gw-1", body(said(1, dev="inner-1"), said(1, dev="chip-1"))).json()
    assert answer["receipts"]["inner-1"]["sequence"] == 1
    assert [(one["dev"], one["reason"]) for one in answer["refused"]] == [("chip-1", "not_yours")]


def test_a_wrong_key_is_refused_and_many_are_throttled_while_others_are_heard(call):
    assert call("chip-1", body(said(1)), key="guess").status_code == 401
    assert call("nobody", body(said(1)), key="guess").status_code == 401
    statuses = [call("chip-1", body(said(1)), key=f"guess{number}").status_code for number in range(25)]
    assert statuses[-1] == 429
    assert call("chip-2", body(said(1))).status_code == 200
    assert Event.objects.count() == 1


def test_a_body_beyond_the_bound_is_not_read(call, bins):
    answer = call("chip-1", b"x" * 1_000_000)
    assert answer.status_code == 413
    kept = Quarantined.objects.get()
    assert (kept.reason, kept.size, kept.device) == ("too_large", 1_000_000, bins.chip)
    assert bytes(kept.payload) == b""


def test_a_disabled_device_is_not_heard(call, bins, cast):
    credentials.disable(device=bins.chip, by=cast.governance_specialist)
    assert call("chip-1", body(said(1))).status_code == 403
    credentials.enable(device=bins.chip, by=cast.governance_specialist)
    assert call("chip-1", body(said(1))).status_code == 200


def test_beyond_the_limit_nothing_is_taken_and_the_answer_says_when_to_come_again(call, settings, bins):
    settings.WASTE_DEVICE_RATE, settings.WASTE_DEVICE_BURST = 1, 3
    assert call("chip-1", body(said(1), said(2), said(3), said(4))).json()["limited"] == 1
    later = call("chip-1", body(said(4)))
    assert later.status_code == 429
    assert later["Retry-After"]
    assert call("chip-2", body(said(1))).status_code == 200
    assert DeviceState.objects.get(device=bins.chip).limited >= 1


def test_the_door_is_only_for_post(client, bins):
    assert client.get(reverse("waste:api_events")).status_code == 405


# --- keys -----------------------------------------------------------------------------------------------------------
def test_a_key_opens_the_door_until_there_is_another(call, bins, cast):
    first = credentials.issue_key(device=bins.chip, by=cast.governance_specialist)
    assert call("chip-1", body(said(1)), key=first).status_code == 200
    second = credentials.issue_key(device=bins.chip, by=cast.governance_specialist)
    assert call("chip-1", body(said(2)), key=first).status_code == 401
    assert call("chip-1", body(said(2)), key=second).status_code == 200
    entry = Entry.objects.filter(verb="waste.key_issued").last()
    assert second not in str(entry.data)
    bins.chip.refresh_from_db()
    assert second not in bins.chip.key_digest


def test_keys_are_given_only_by_who_keeps_the_device(bins, cast):
    for user in (cast.stranger, cast.property_manager, cast.nobody):
        with pytest.raises(PermissionDenied):
            credentials.issue_key(device=bins.chip, by=user)
    with pytest.raises(PermissionDenied):
        credentials.disable(device=bins.chip, by=cast.stranger)


def test_a_device_that_is_called_as_the_listener_or_with_signs_gets_no_key(bins, cast):
    for serial in ("linqi", "a/b", "+", "设备"):
        Device.objects.filter(pk=bins.chip.pk).update(serial=serial)
        bins.chip.refresh_from_db()
        with pytest.raises(ValidationError):
            credentials.issue_key(device=bins.chip, by=cast.governance_specialist)


def test_our_digest_is_that_of_mosquitto(tmp_path):
    import shutil
    import subprocess

    program = shutil.which("mosquitto_passwd")
    if program is None:
        pytest.skip("mosquitto_passwd is not installed")
    file = tmp_path / "passwords"
    subprocess.run([program, "-c", "-b", str(file), "chip-1", "a key"], check=True, capture_output=True)
    kept = file.read_text().strip().split(":", 1)[1]
    assert broker.fits("a key", kept)
    assert not broker.fits("another", kept)
    assert not broker.fits("a key", "")
    assert not broker.fits("a key", "$7$101$AAAA$AAAA")


# --- what pages ask ---------------------------------------------------------------------------------------------------
def test_the_quarantine_cannot_be_flooded_and_counts_go_on(bins):
    now = clock.now()
    bad = SetAside(bins.chip.pk, "chip-1", "mqtt", "t", "value", "d", b"{", 1)
    other = bad._replace(device_id=bins.second.pk, said_by="chip-2")
    for _ in range(10):
        ingest.set_aside(messages=[bad] * 20, now=now)
    ingest.set_aside(messages=[other], now=now)
    rows = Quarantined.objects.filter(said_by="chip-1")
    assert rows.count() == ingest.ROWS_AN_HOUR
    assert sum(rows.values_list("times", flat=True)) == 200
    assert Quarantined.objects.get(said_by="chip-2").times == 1


def test_messages_of_nobody_are_seen_only_by_who_keeps_a_whole_street(bins, cast):
    now = clock.now()
    known = SetAside(bins.chip.pk, "chip-1", "mqtt", "t", "value", "d", b"{", 1)
    ingest.set_aside(messages=[known, known._replace(device_id=None, said_by="ghost")], now=now)

    def seen(user):
        return sorted(queries_events.quarantined_seen_by(user).values_list("said_by", flat=True))

    assert seen(cast.governance_specialist) == ["chip-1", "ghost"]
    assert seen(cast.district_operator) == ["chip-1", "ghost"]
    assert seen(cast.stranger) == []
    assert seen(cast.property_manager) == []
    assert seen(cast.nobody) == []
    from linqi.accounts.models import Grant
    from linqi.kit import access

    Grant.objects.filter(user=cast.governance_specialist).update(place=cast.building)
    access.forget(cast.governance_specialist)
    assert seen(cast.governance_specialist) == ["chip-1"]


def test_the_page_of_messages_shows_those_of_nobody_to_who_keeps_a_whole_street(client, bins, cast):
    known = SetAside(bins.chip.pk, "chip-1", "mqtt", "t", "value", "d", b"{", 1)
    ingest.set_aside(messages=[known, known._replace(device_id=None, said_by="ghost-9")], now=clock.now())
    client.force_login(cast.street_leader)
    assert "ghost-9" in client.get(reverse("waste:quarantine")).content.decode()
    client.force_login(cast.stranger)
    assert "chip-1" not in client.get(reverse("waste:quarantine")).content.decode()


def test_what_was_told_long_without_a_network_is_on_its_day(bins, cast):
    told_at = NOW - 9 * 24 * 3_600_000
    store([event(bins.chip, 1, when=told_at)], NOW)
    day = _at(told_at).astimezone(clock.ZONE).date()
    assert timeline.day_of(bins.bins["chip"], day, cast.governance_specialist).counted == {"deposit": 1}


def test_a_device_beyond_its_limit_is_noisy(bins):
    DeviceState.objects.create(device=bins.chip, stored=10_000, limited=1, last_at=NOW)
    assert Ail.NOISY in ails_of(bins.chip, _at(NOW))


def _at(ms):
    return datetime.fromtimestamp(ms / 1000, UTC)


# --- pictures -----------------------------------------------------------------------------------------------------------
def jpeg(size=(320, 240)):
    from io import BytesIO

    from PIL import Image

    into = BytesIO()
    Image.new("RGB", size, (90, 120, 60)).save(into, "JPEG")
    return into.getvalue()


@pytest.fixture
def put(client, call):
    """Put a picture through the door with the key of a device."""

    def send(serial, ref, data, **headers):
        token = base64.b64encode(f"{serial}:key-of-{serial}".encode()).decode()
        address = reverse("waste:api_picture", args=[ref])
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.put(
            address, data, content_type="image/jpeg", headers={"Authorization": f"Basic {token}", **named}
        )

    return send


def test_a_picture_is_taken_once_by_the_name_its_device_gave_it(put, bins):
    pytest.importorskip("onnxruntime")
    from linqi.waste import recogniser
    from linqi.waste.models import Picture

    try:
        recogniser.kept_in_use()
    except OSError:
        pytest.skip("the recogniser's weights are not there")
    for _ in range(2):
        answer = put("chip-1", "a-1", jpeg(), X_Taken_Ms=str(int(clock.now().timestamp() * 1000)))
        assert answer.status_code == 201, answer.content
    one = Picture.objects.get()
    assert (one.device, one.bin, one.ref) == (bins.chip, bins.bins["chip"], "a-1")
    assert put("gw-1", "a-1", jpeg(), X_Device="inner-1").status_code == 201
    assert Picture.objects.filter(device=bins.inner).exists()


@pytest.mark.parametrize(
    ("ref", "data", "headers", "status"),
    [
        pytest.param("..", b"x", {}, 422, id="a name that is a path"),
        pytest.param("a-1", b"no picture", {}, 422, id="no picture"),
        pytest.param("a-1", b"", {}, 422, id="nothing"),
        pytest.param("a-1", b"x", {"X_Taken_Ms": "yesterday"}, 422, id="no time"),
        pytest.param("a-1", b"x", {"X_Device": "chip-2"}, 403, id="a picture of another device"),
        pytest.param("a-1", b"x" * (9 * 1024 * 1024), {}, 413, id="too large"),
    ],
)
def test_a_picture_that_cannot_be_taken_is_refused_and_not_kept(put, bins, ref, data, headers, status):
    from linqi.waste.models import Picture

    assert put("chip-1", ref, data, **headers).status_code == status
    assert not Picture.objects.exists()


def test_while_the_recogniser_cannot_be_used_a_device_keeps_its_picture(put, monkeypatch):
    pytest.importorskip("onnxruntime")
    from linqi.waste.actions import pictures

    def missing(data):
        raise FileNotFoundError("weights")

    monkeypatch.setattr(pictures.recogniser, "recognised", missing)
    answer = put("chip-1", "a-1", jpeg())
    assert answer.status_code == 503
    assert answer["Retry-After"]


def test_too_many_pictures_at_once_are_sent_back(put, monkeypatch):
    from linqi.waste import door

    monkeypatch.setattr(door, "PICTURES_AT_ONCE", 2)
    assert [put("chip-1", "a", b"").status_code for _ in range(3)] == [422, 422, 429]
    assert put("chip-2", "a", b"").status_code == 422
