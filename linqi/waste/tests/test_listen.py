"""Bins over a real Mosquitto: stored before acknowledged, receipts, who may speak for whom, what is not taken."""

import time
from threading import Event as Flag

import orjson
import pytest
from django.db import DatabaseError
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from linqi.kit import clock
from linqi.waste.management.listen import Listener, now_ms
from linqi.waste.models import Clue, DeviceState, Event, Quarantined
from linqi.waste.outside.mqtt import Broker, address
from linqi.waste.rules import sparkplug

PATIENCE = 10.0  # seconds


class Chip:
    """A device as simple as can be: publishes, and keeps what it is told."""

    def __init__(self, mosquitto, name, key=None, version=MQTTProtocolVersion.MQTTv311, will=None):
        self.name, self.told, self.ready, self.refused = name, [], Flag(), None
        self.client = Client(CallbackAPIVersion.VERSION2, client_id=f"{name}-{time.monotonic_ns()}", protocol=version)
        self.client.username_pw_set(name, key or mosquitto.keys.get(name, ""))
        if will:
            self.client.will_set(*will)
        self.client.on_connect = self._connected
        self.client.on_subscribe = lambda *_: self.ready.set()
        self.client.on_message = lambda client, data, message: self.told.append(orjson.loads(message.payload))
        self.client.connect("127.0.0.1", mosquitto.port)
        self.client.loop_start()
        assert self.ready.wait(PATIENCE)

    def _connected(self, client, data, flags, reason, properties):
        if reason.is_failure:
            self.refused = str(reason)
            self.ready.set()
        else:
            client.subscribe(f"linqi/1/{self.name}/receipt")

    def say(self, *events, topic=None):
        payload = orjson.dumps(events[0] if len(events) == 1 else list(events))
        self.raw(topic or f"linqi/1/{self.name}/events", payload)

    def raw(self, topic, payload, wait=True):
        sent = self.client.publish(topic, payload, qos=1)
        if wait:
            sent.wait_for_publish(PATIENCE)

    def has(self, sequence, beyond):
        """Whether a receipt of boot 7 said so."""
        asked = {"boot": 7, "sequence": sequence, "beyond": beyond}
        return any(asked.items() <= one.items() for one in self.told)

    def stop(self):
        self.client.disconnect()
        self.client.loop_stop()


def event(seq, told="deposit", boot=7, **more):
    return {"v": 1, "boot": boot, "seq": seq, "ts": now_ms(), "told": told, "value": 0.5, **more}


@pytest.fixture
def listener(mosquitto, bins):
    """Listens on a session of its own, turn by turn, in the test's own transaction."""
    broker = Broker(address(mosquitto.url), client_id=f"listen-{time.monotonic_ns()}")
    one = Listener(broker, wait=0.02)
    until(one, lambda: broker.ready)
    one.turn()
    yield one
    broker.close()


@pytest.fixture
def speak(mosquitto):
    made = []

    def chip(name, **more):
        made.append(Chip(mosquitto, name, **more))
        return made[-1]

    yield chip
    for one in made:
        one.stop()


def until(listener, condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        listener.turn()


@pytest.mark.parametrize("version", [MQTTProtocolVersion.MQTTv311, MQTTProtocolVersion.MQTTv5])
def test_an_event_is_stored_once_and_then_receipted(listener, speak, bins, version):
    chip = speak("chip-1", version=version)
    chip.say(event(1, card="c-1"))
    chip.say(event(1, card="c-1"))
    chip.say(event(2, "mixed"))
    until(listener, lambda: chip.has(2, []))
    assert list(Event.objects.order_by("sequence").values_list("told", "bin_id", "card")) == [
        ("deposit", bins.bins["chip"].pk, "c-1"),
        ("mixed", bins.bins["chip"].pk, ""),
    ]
    state = DeviceState.objects.get(device=bins.chip)
    assert (state.stored, state.repeated) == (2, 1)
    assert Clue.objects.get().bin == bins.bins["chip"]


def test_a_gap_is_told_and_closes_when_the_device_says_what_it_lost(listener, speak):
    chip = speak("chip-1")
    chip.say(event(1), event(5), event(6))
    until(listener, lambda: chip.has(1, [[5, 6]]))
    chip.say({"v": 1, "boot": 7, "lost": [2, 4]})
    until(listener, lambda: chip.has(6, []))
    assert DeviceState.objects.get().lost == 3


def test_an_empty_list_asks_where_one_stands(listener, speak):
    chip = speak("chip-1")
    chip.say(event(1))
    until(listener, lambda: chip.told)
    again = speak("chip-1")
    again.raw("linqi/1/chip-1/events", b"[]")
    until(listener, lambda: again.told)
    assert again.told == [{"boot": 7, "sequence": 1, "beyond": []}]


def test_a_gateway_speaks_for_its_own_chips_only_and_has_their_receipts(listener, speak, bins):
    gateway = speak("gw-1")
    gateway.say(event(1, dev="inner-1"), event(1, dev="inner-2"), event(1, dev="chip-1"), event(1, dev="nobody"))

    def receipts():
        return {one["dev"]: one["sequence"] for told in gateway.told for one in told if "sequence" in one}

    until(listener, receipts)  # what is refused may be told before
    assert receipts() == {"inner-1": 1, "inner-2": 1}
    assert set(Event.objects.values_list("device_id", flat=True)) == {bins.inner.pk, bins.inner2.pk}
    assert sorted(Quarantined.objects.values_list("reason", "said_by")) == [
        ("not_yours", "chip-1"),
        ("unknown_device", "nobody"),
    ]


def test_with_the_key_of_one_device_nothing_can_be_said_as_another(listener, speak):
    thief = speak("chip-1")
    for topic in ("linqi/1/chip-2/events", "linqi/1/chip-2/receipt", "spBv1.0/street/NBIRTH/chip-2"):
        thief.raw(topic, orjson.dumps(event(1)))
    thief.say(event(1, dev="chip-2"))
    thief.say(event(1))
    until(listener, lambda: thief.has(1, []))
    assert [one.reason for one in Quarantined.objects.all()] == ["not_yours"]
    assert Event.objects.count() == 1


def test_without_the_right_key_one_is_not_connected(speak):
    assert "authori" in speak("chip-1", key="guessed").refused.lower()


def test_bad_messages_are_set_aside_with_the_reason_and_others_are_unharmed(listener, speak):
    chip, second = speak("chip-1"), speak("chip-2")
    topic = "linqi/1/chip-1/events"
    chip.raw(topic, b"{")
    chip.raw(topic, b"x" * 1_000_000)
    chip.raw(topic, b'{"v":2,"boot":1,"seq":1,"told":"lid","value":1}')
    chip.raw(topic, b"[" * 60_000)
    chip.say(event(1, value="heavy"))
    chip.say(event(2), event(3, value=-1.0), event(4))
    second.say(event(1))
    until(listener, lambda: second.has(1, []))
    until(listener, lambda: any(one.get("beyond") == [[2, 2], [4, 4]] for one in chip.told))
    assert sorted(Quarantined.objects.values_list("reason", flat=True)) == [
        "not_json",
        "not_json",
        "too_large",
        "value",
        "value",
        "version",
    ]
    assert max(len(bytes(one)) for one in Quarantined.objects.values_list("payload", flat=True)) == 4096
    assert Quarantined.objects.get(reason="too_large").size == 1_000_000
    told = [refused for one in chip.told for refused in one.get("refused", ())]
    assert {(one["boot"], one["seq"], one["reason"]) for one in told} >= {(7, 1, "value"), (7, 3, "value")}


def test_a_disabled_device_is_set_aside(listener, speak, bins):
    bins.second.disabled_at = clock.now()
    bins.second.save()
    second, chip = speak("chip-2"), speak("chip-1")
    second.say(event(1))
    chip.say(event(1))
    until(listener, lambda: chip.told)
    until(listener, Quarantined.objects.exists)
    assert Quarantined.objects.get().reason == "disabled"
    assert Event.objects.filter(device_id=bins.second.pk).count() == 0


def test_a_flood_from_one_device_harms_only_itself(mosquitto, bins, speak, settings):
    settings.WASTE_DEVICE_RATE, settings.WASTE_DEVICE_BURST = 1, 50
    broker = Broker(address(mosquitto.url), client_id="listen-flood")
    listener = Listener(broker, wait=0.02)
    until(listener, lambda: broker.ready)
    listener.turn()
    loud, quiet = speak("chip-1"), speak("chip-2")
    for seq in range(1, 201):
        loud.raw("linqi/1/chip-1/events", orjson.dumps(event(seq)), wait=False)
    quiet.say(event(1), event(2))
    until(listener, lambda: quiet.has(2, []))
    until(listener, lambda: DeviceState.objects.filter(device=bins.chip, limited__gte=100).exists())
    stored = Event.objects.filter(device_id=bins.chip.pk).count()
    assert 50 <= stored <= 70

    def receipted():
        return max((one["sequence"] + sum(b - a + 1 for a, b in one["beyond"]) for one in loud.told), default=0)

    until(listener, lambda: receipted() >= stored)  # the broker brings it a moment after the row stands
    assert receipted() == stored
    broker.close()


def test_while_the_database_is_away_nothing_is_acknowledged_and_then_everything_is_stored(listener, speak, monkeypatch):
    chip = speak("chip-1")
    store = listener._intake.store
    real = store.store

    def away(*args, **more):
        raise DatabaseError("away")

    monkeypatch.setattr(store, "store", away)
    chip.say(event(1))
    until(listener, lambda: listener._pause)
    chip.say(event(2))
    listener.turn()
    assert not chip.told
    monkeypatch.setattr(store, "store", real)
    until(listener, lambda: chip.has(2, []))
    assert Event.objects.count() == 2


def test_what_was_not_acknowledged_comes_again_to_the_next_listener(mosquitto, bins, speak):
    first = Broker(address(mosquitto.url), client_id="listen-again")
    end = time.monotonic() + PATIENCE
    while not first.ready and time.monotonic() < end:
        first.poll(0.02, 10)
    first.poll(0.1, 10)
    chip = speak("chip-1")
    chip.say(event(1))
    heard = []
    while not heard and time.monotonic() < end:
        heard = first.poll(0.05, 10)
    assert len(heard) == 1
    first._client.socket().close()  # as if it had been killed
    second = Broker(address(mosquitto.url), client_id="listen-again")
    listener = Listener(second, wait=0.02)
    until(listener, lambda: chip.told)
    assert Event.objects.count() == 1
    second.close()


def test_a_broker_that_was_killed_is_found_again(mosquitto, listener, speak, bins):
    chip = speak("chip-1")
    chip.say(event(1))
    until(listener, lambda: chip.told)
    mosquitto.kill()
    listener.turn()
    mosquitto.start()
    until(listener, lambda: listener._broker.ready)
    listener.turn()
    after = speak("chip-1")
    after.say(event(2))
    until(listener, lambda: after.has(2, []))


def test_a_key_taken_away_ends_the_connection_when_the_files_are_written_anew(mosquitto, speak):
    ghost = speak("ghost")
    assert ghost.refused is None
    gone = Flag()
    ghost.client.on_disconnect = lambda *_: gone.set()
    del mosquitto.keys["ghost"]
    mosquitto.write({})
    assert gone.wait(PATIENCE)


def test_telemetry_below_the_serial_is_taken_and_without_it_nobody_may_publish(listener, speak, bins):
    chip, gateway = speak("chip-1"), speak("gw-1")
    values = {"boot": 7, "seq": 1, "weight": 1.5, "fill": 0.4}
    chip.raw("v1/devices/me/telemetry", orjson.dumps(values))
    chip.raw("linqi/1/chip-1/v1/devices/me/telemetry", orjson.dumps(values))
    gateway.raw("linqi/1/gw-1/v1/gateway/telemetry", orjson.dumps({"inner-1": [{"ts": now_ms(), "values": values}]}))
    until(listener, lambda: chip.has(2, []) and gateway.told)
    assert gateway.told[0][0] == {"dev": "inner-1", "boot": 7, "sequence": 2, "beyond": []}
    assert Event.objects.count() == 4
    assert not Quarantined.objects.exists()


def test_sparkplug_births_deaths_and_data_are_understood_and_a_birth_is_asked_for(listener, speak, mosquitto, bins):
    metric, payload = sparkplug.Metric, sparkplug.Payload
    death = sparkplug.encode(payload(now_ms(), [metric("bdSeq", None, None, 5)]))
    node = speak("gw-1", will=("spBv1.0/street/NDEATH/gw-1", death, 1))
    asked = []
    node.client.message_callback_add("spBv1.0/street/NCMD/gw-1", lambda c, d, message: asked.append(message.payload))
    node.client.subscribe("spBv1.0/street/NCMD/gw-1")
    data = sparkplug.encode(
        payload(now_ms(), [metric("", 1, None, 7), metric("", 2, None, 1), metric("", 3, None, 0.5)]), 1
    )
    node.raw("spBv1.0/street/DDATA/gw-1/inner-1", data)
    until(listener, lambda: asked)
    assert sparkplug.decode(asked[0]).metrics[0][::3] == ("Node Control/Rebirth", True)
    node.raw("spBv1.0/street/NBIRTH/gw-1", sparkplug.encode(payload(now_ms(), [metric("bdSeq", None, None, 5)]), 0))
    names = [metric("Bin/boot", 1, None, 7), metric("Bin/seq", 2, None, 0), metric("Bin/fill", 3, None, 0.0)]
    node.raw("spBv1.0/street/DBIRTH/gw-1/inner-1", sparkplug.encode(payload(now_ms(), names), 1))
    node.raw("spBv1.0/street/DDATA/gw-1/inner-1", data)
    until(listener, lambda: any("sequence" in one for told in node.told for one in told))
    assert Event.objects.get().value == 0.5
    online = dict(DeviceState.objects.values_list("device__serial", "online"))
    assert online == {"gw-1": True, "inner-1": True}
    assert Quarantined.objects.get().reason == "no_birth"
    node.client.socket().close()  # the broker says its will
    until(listener, lambda: not DeviceState.objects.filter(online=True).exists())
    assert DeviceState.objects.filter(online=False, device__serial__in=["gw-1", "inner-1"]).count() == 2


def test_with_the_key_of_one_gateway_nobody_is_born_as_another(listener, speak, mosquitto):
    thief = speak("chip-1")
    thief.raw("spBv1.0/street/NBIRTH/gw-1", sparkplug.encode(sparkplug.Payload(now_ms(), []), 0))
    thief.raw("spBv1.0/street/DDATA/gw-1/inner-1", sparkplug.encode(sparkplug.Payload(now_ms(), []), 0))
    thief.raw("spBv1.0/street/DBIRTH/chip-1/inner-1", sparkplug.encode(sparkplug.Payload(now_ms(), []), 0))
    until(listener, Quarantined.objects.exists)
    assert [one.reason for one in Quarantined.objects.all()] == ["not_yours"]
    assert not DeviceState.objects.filter(online=True).exists()
