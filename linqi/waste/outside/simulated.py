"""Devices as they should be built, many in one process: what `linqi waste simulate` runs, and a reference for makers (docs/devices.md) 模拟终端.

`keeping.Keeper` decides what is held and sent; here are the file that outlives a restart (`Shelf`), the two ways to the server
(`MqttLine`, HTTP) and the loop that serves all devices of the process (`Fleet`). `Faults` are put in on purpose.
"""

import base64
import heapq
import http.client
import json
import random
import selectors
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from linqi.waste.outside.keeping import Body, Due, Keeper, Name, Receipt, Refused, read_answer

OPENED_AT_ONCE = 50  # connections opened in one turn: a broker that comes back is not run over
LONGEST_PAUSE = 60.0  # seconds between two attempts to connect, at most; doubled from 1
FALL_BACK_AFTER = 3  # failed connections until what is held goes by HTTP, where an address is known
MOST_UNTAKEN = 2_000  # messages the broker has not taken, in one connection; beyond it is given up and opened anew
SWEEP = 1.0  # seconds between two looks at every device
LINES = {"3.1.1": MQTTProtocolVersion.MQTTv311, "5": MQTTProtocolVersion.MQTTv5}


@dataclass(frozen=True)
class Faults:
    """Shares of messages that go wrong on purpose."""

    dropped: float = 0.0
    doubled: float = 0.0
    delayed: float = 0.0  # by up to `longest` seconds: later ones overtake it
    cut: float = 0.0  # the connection ends in the middle
    malformed: float = 0.0  # the end is missing
    longest: float = 3.0

    @classmethod
    def of(cls, share: float) -> "Faults":
        """This share of messages, spread over the kinds."""
        return cls(*(share / 5,) * 5)


class Shelf:
    """The file in which the devices of a process keep what has no receipt: written before anything is sent."""

    def __init__(self, path: Path) -> None:
        self._file = sqlite3.connect(path, isolation_level=None)
        self._file.executescript("""
            PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;
            CREATE TABLE IF NOT EXISTS device (serial TEXT PRIMARY KEY, boot INTEGER NOT NULL);
            CREATE TABLE IF NOT EXISTS held (
                serial TEXT, boot INTEGER, sequence INTEGER, body TEXT NOT NULL, PRIMARY KEY (serial, boot, sequence)
            ) WITHOUT ROWID;
            CREATE TABLE IF NOT EXISTS lost (serial TEXT, boot INTEGER, low INTEGER, high INTEGER);
        """)
        self._waiting: list[tuple[str, tuple[object, ...]]] = []

    def start(self, serial: str, **limits: Any) -> Keeper:
        """The keeper of a device that starts: what it held, and a boot that was not before; a new one takes the second of the day."""
        known = self._file.execute("SELECT boot FROM device WHERE serial = ?", (serial,)).fetchone()
        keeper = Keeper(known[0] if known else int(time.time()), **limits)
        for boot, sequence, body in self._file.execute(
            "SELECT boot, sequence, body FROM held WHERE serial = ? ORDER BY boot, sequence", (serial,)
        ):
            keeper.held[boot, sequence] = json.loads(body)
        for boot, low, high in self._file.execute(
            "SELECT boot, low, high FROM lost WHERE serial = ? ORDER BY 2, 3", (serial,)
        ):
            keeper.lost.setdefault(boot, []).append((low, high))
        if known:
            keeper.start_again()
        self._file.execute("INSERT OR REPLACE INTO device VALUES (?, ?)", (serial, keeper.boot))
        return keeper

    def keep(self, serial: str, name: Name, body: Body, dropped: Iterable[Name], keeper: Keeper) -> None:
        """Note a new event, and what was dropped for it; in the file after `save`."""
        self._waiting.append(("INSERT INTO held VALUES (?, ?, ?, ?)", (serial, *name, json.dumps(body))))
        gone = list(dropped)
        self.let_go(serial, gone)
        if gone:
            self.note_lost(serial, keeper)

    def let_go(self, serial: str, names: Iterable[Name]) -> None:
        """Note that these are no longer held."""
        self._waiting += [
            ("DELETE FROM held WHERE serial = ? AND boot = ? AND sequence = ?", (serial, *name)) for name in names
        ]

    def note_lost(self, serial: str, keeper: Keeper) -> None:
        """Note which numbers the device will tell as lost."""
        self._waiting.append(("DELETE FROM lost WHERE serial = ?", (serial,)))
        self._waiting += [
            ("INSERT INTO lost VALUES (?, ?, ?, ?)", (serial, boot, low, high))
            for boot, ranges in keeper.lost.items()
            for low, high in ranges
        ]

    def save(self) -> None:
        """Everything noted, in one transaction."""
        if not self._waiting:
            return
        self._file.execute("BEGIN")
        for sentence, values in self._waiting:
            self._file.execute(sentence, values)
        self._file.execute("COMMIT")
        self._waiting.clear()

    def close(self) -> None:
        """Save, and close the file."""
        self.save()
        self._file.close()


@dataclass(eq=False)
class Device:
    """What has a key and a connection of its own: a chip, or a gateway with chips behind it.

    `keepers`: by serial, its own or those of the chips. `most`: events in one message. `clock`: what it takes for the time, in
    milliseconds, given the true one; None where it has no clock.
    """

    serial: str
    key: str
    keepers: dict[str, Keeper]
    gateway: bool = False
    most: int = 1
    version: str = "3.1.1"
    by_http: bool = False
    clock: Callable[[int], int | None] = field(default=lambda now: now)


def _packed(parts: Sequence[Mapping[str, object]], most: int) -> Iterator[bytes]:
    for start in range(0, len(parts), most):
        some = parts[start : start + most]
        yield json.dumps(some[0] if most == 1 else some, separators=(",", ":")).encode()


class MqttLine:
    """One connection of a device to the broker, without a thread; made anew for each connection, so nothing waits in it twice."""

    def __init__(
        self, device: Device, address: str, heard: Callable[[str, bytes], None], selector: selectors.BaseSelector
    ):
        where = urlsplit(address)
        self.serial, self.up, self.under_way, self.refused = device.serial, False, 0, ""
        self._device, self._selector = device, selector
        self._socket: Any = None
        self._watching = 0
        fresh = None if device.version == "5" else True
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=device.serial, protocol=LINES[device.version], clean_session=fresh
        )
        self._client.username_pw_set(device.serial, device.key)
        self._client.max_inflight_messages_set(0)
        self._client.connect_timeout = 3.0
        self._client.on_connect = self._connected
        self._client.on_message = lambda _client, _self, said: heard(said.topic, bytes(said.payload))
        self._client.on_publish = self._taken
        self._client.on_socket_register_write = lambda _client, _self, _socket: self._watch()
        self._client.on_socket_unregister_write = lambda _client, _self, _socket: self._watch()
        if where.scheme == "mqtts":
            self._client.tls_set()
        self._client.connect(where.hostname or "localhost", where.port or (8883 if where.scheme == "mqtts" else 1883))
        self._socket = self._client.socket()
        self._watch()

    def publish(self, payload: bytes) -> None:
        """Hand a message to the broker; that it has taken it promises nothing."""
        self.under_way += 1
        self._client.publish(f"linqi/1/{self._device.serial}/events", payload, qos=1)

    def work(self, mask: int) -> bool:
        """Read and write what the socket is ready for; False when the connection is over."""
        if mask & selectors.EVENT_READ and self._client.loop_read(100):
            return False
        if mask & selectors.EVENT_WRITE and self._client.loop_write():
            return False
        self._watch()
        return self._client.socket() is not None

    def beat(self) -> bool:
        """Pings and time-outs, each second; False when the connection is over."""
        return self._client.loop_misc() == paho.MQTT_ERR_SUCCESS

    def close(self, *, kindly: bool = True) -> None:
        """End the connection: with a goodbye, or cut in the middle."""
        if self._watching and self._socket is not None:
            with suppress(KeyError, ValueError):
                self._selector.unregister(self._socket)
            self._watching = 0
        self.up = False
        if kindly:
            with suppress(OSError, ValueError):
                self._client.disconnect()
        if self._socket is not None:
            self._socket.close()

    def _watch(self) -> None:
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._client.want_write() else 0)
        now = self._client.socket()
        if now is None or now is not self._socket or wanted == self._watching:
            return
        if self._watching:
            self._selector.modify(now, wanted, self)
        else:
            self._selector.register(now, wanted, self)
        self._watching = wanted

    def _connected(self, client: paho.Client, _self: object, _flags: object, reason: Any, _properties: object) -> None:
        if reason.is_failure:
            self.refused = str(reason)
            return
        self.up = True
        client.subscribe(f"linqi/1/{self._device.serial}/receipt", 0)
        self.publish(
            b"[]"
        )  # how far am I? Receipts are lost with a connection; without this what is stored would go out again

    def _taken(self, *_told: object) -> None:
        self.under_way -= 1


@dataclass(eq=False, slots=True)
class _State:
    device: Device
    line: MqttLine | None = None
    failed: int = 0
    open_at: float = 0.0


class Fleet:
    """All devices of a process in one loop: `tell` for what happens at a bin, `turn` again and again.

    `told(serial, name, body)` is called before an event can be sent, `held(serial, name)` when it is in the file, `heard(serial,
    receipt)` for each receipt: for those who keep a diary. `counts` says what was done.
    """

    def __init__(
        self,
        devices: Iterable[Device],
        shelf: Shelf,
        *,
        mqtt: str | None = None,
        http: str | None = None,
        faults: Faults | None = None,
        chance: random.Random | None = None,
        longest_pause: float = LONGEST_PAUSE,
        told: Callable[[str, Name, Body], None] = lambda _serial, _name, _body: None,
        held: Callable[[str, Name], None] = lambda _serial, _name: None,
        heard: Callable[[str, Receipt], None] = lambda _serial, _receipt: None,
    ) -> None:
        self._shelf, self._mqtt, self._http = shelf, mqtt, http
        self._faults, self._chance = faults or Faults(), chance or random.Random()  # noqa: S311 - no secret
        self._told, self._held, self._heard = told, held, heard
        self._longest_pause = longest_pause
        self._states = {one.serial: _State(one) for one in devices}
        self._via = {serial: state for state in self._states.values() for serial in state.device.keepers}
        self._selector = selectors.DefaultSelector()
        self._stirred: set[_State] = set()
        self._unsaved: list[tuple[str, Name]] = []
        self._late: list[tuple[float, int, _State, bytes]] = []
        self._sweep_at = 0.0
        self.counts: Counter[str] = Counter()
        self.refused = ""  # why the broker did not let a device in, the last time

    def tell(self, serial: str, body: Mapping[str, object]) -> Name:
        """Something happened at the bin of this chip; the time of its own clock is put to it."""
        state = self._via[serial]
        ts = state.device.clock(int(time.time() * 1000))
        whole = dict(body) if ts is None else {"ts": ts, **body}
        keeper = state.device.keepers[serial]
        name, dropped = keeper.tell(whole)
        self._told(serial, name, whole)
        self._shelf.keep(serial, name, whole, dropped, keeper)
        self._unsaved.append((serial, name))
        self._stirred.add(state)
        self.counts["told"] += 1
        self.counts["dropped for want of room"] += len(dropped)
        return name

    def waiting(self) -> int:
        """How many events have no receipt yet."""
        return sum(len(one.held) for state in self._states.values() for one in state.device.keepers.values())

    def unheard(self) -> int:
        """How many ranges are lost and not yet known to be."""
        return sum(len(one.lost) for state in self._states.values() for one in state.device.keepers.values())

    def connected(self) -> int:
        """How many devices have a connection."""
        return sum(1 for state in self._states.values() if state.line is not None and state.line.up)

    def turn(self, wait: float = 0.05) -> None:
        """Save, send what is due, hear what has come, at most so many seconds."""
        self._save()
        now = time.monotonic()
        if now >= self._sweep_at:
            self._sweep_at = now + SWEEP
            self._sweep(now)
        stirred, self._stirred = self._stirred, set()
        for state in stirred:
            self._send(state, now)
        while self._late and self._late[0][0] <= now:
            _when, _number, state, payload = heapq.heappop(self._late)
            if state.line is not None and state.line.up:
                state.line.publish(payload)
        for key, mask in self._selector.select(wait):
            line: MqttLine = key.data
            try:
                alive = line.work(mask)
            except OSError:
                alive = False
            state = self._states[line.serial]
            if not alive and state.line is line:
                self._over(state, now)
        self._save()

    def close(self) -> None:
        """Say goodbye and save."""
        for state in self._states.values():
            if state.line is not None:
                state.line.close()
        self._shelf.close()
        self._selector.close()

    def _save(self) -> None:
        self._shelf.save()
        for serial, name in self._unsaved:
            self._held(serial, name)
        self._unsaved.clear()

    def _sweep(self, now: float) -> None:
        opened = 0
        for state in self._states.values():
            if state.device.by_http:
                self._stirred.add(state)
            elif state.line is not None:
                if not state.line.beat():
                    self._over(state, now)
                else:
                    self._stirred.add(state)
            elif self._mqtt and now >= state.open_at and opened < OPENED_AT_ONCE:
                opened += 1
                self._open(state, now)

    def _open(self, state: _State, now: float) -> None:
        assert self._mqtt is not None
        try:
            state.line = MqttLine(state.device, self._mqtt, self._receipt, self._selector)
            state.open_at = now + 10  # to be answered by then
            self.counts["connections"] += 1
        except OSError:
            self._failed(state, now)

    def _over(self, state: _State, now: float, *, kindly: bool = False) -> None:
        line, state.line = state.line, None
        if line is not None:
            was_up = line.up
            self.refused = "" if was_up else line.refused or self.refused
            line.close(kindly=kindly)
            if was_up:
                state.failed = 0
        for keeper in state.device.keepers.values():
            keeper.connection_lost()
        self._failed(state, now)

    def _failed(self, state: _State, now: float) -> None:
        state.failed += 1
        state.open_at = now + min(self._longest_pause, 2.0 ** (state.failed - 1)) * self._chance.uniform(0.5, 1)
        self.counts["no connection"] += 1
        if state.failed >= FALL_BACK_AFTER and self._http:
            self._by_http(state, now)

    def _send(self, state: _State, now: float) -> None:
        if state.device.by_http:
            self._by_http(state, now)
            return
        if state.line is None:
            return
        if not state.line.up:
            if now > state.open_at:
                self._over(state, now)
            return
        if state.line.under_way > MOST_UNTAKEN:
            self._over(state, now)  # the broker takes nothing any more: memory stays bounded
            return
        parts: list[dict[str, object]] = []
        for serial, keeper in state.device.keepers.items():
            parts += _parts(state.device, serial, keeper.due(now, self._chance))
        for payload in _packed(parts, state.device.most):
            if not self._with_faults(state, payload, now):
                return

    def _with_faults(self, state: _State, payload: bytes, now: float) -> bool:
        """Send, or do what a bad network does; False when the connection is over."""
        assert state.line is not None
        self.counts["messages"] += 1
        luck, faults = self._chance.random(), self._faults
        for name in ("dropped", "doubled", "delayed", "cut", "malformed"):
            luck -= getattr(faults, name)
            if luck < 0:
                self.counts[name] += 1
                return self._wrong(name, state, payload, now)
        state.line.publish(payload)
        return True

    def _wrong(self, name: str, state: _State, payload: bytes, now: float) -> bool:
        line = state.line
        assert line is not None
        if name == "doubled":
            line.publish(payload)
            line.publish(payload)
        elif name == "delayed":
            heapq.heappush(
                self._late,
                (now + self._chance.uniform(0, self._faults.longest), self.counts["delayed"], state, payload),
            )
        elif name == "malformed":
            line.publish(payload[: self._chance.randrange(1, len(payload))])
        elif name == "cut":
            line.publish(payload)
            self._over(state, now)
            return False
        return True

    def _receipt(self, topic: str, payload: bytes) -> None:
        self._take(topic.split("/")[2], read_answer(payload))

    def _take(self, whose: str, said: Mapping[str, Sequence[Receipt | Refused]]) -> None:
        now = time.monotonic()
        for named, answers in said.items():
            serial = named or whose
            state = self._via.get(serial)
            if state is None:
                continue
            keeper = state.device.keepers[serial]
            lost = bool(keeper.lost)
            for one in answers:
                if isinstance(one, Receipt):
                    self._heard(serial, one)
                    gone = keeper.hear(one, now)
                    self.counts["receipts"] += 1
                    self.counts["events with a receipt"] += len(gone)
                else:
                    gone = keeper.refuse(one)
                    self.counts[f"refused: {one.reason}"] += 1
                self._shelf.let_go(serial, gone)
            if lost or keeper.lost:
                self._shelf.note_lost(serial, keeper)
            if keeper.held or keeper.lost:
                self._stirred.add(state)

    def _by_http(self, state: _State, now: float) -> None:
        """What is held as one list to the HTTP door; the answer is the receipt."""
        assert self._http is not None
        if now < state.open_at and state.device.by_http:
            return
        where = urlsplit(self._http)
        kind = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
        proof = base64.b64encode(f"{state.device.serial}:{state.device.key}".encode()).decode()
        parts: list[dict[str, object]] = []
        for serial, keeper in state.device.keepers.items():
            parts += _parts(state.device, serial, keeper.due(now, self._chance))
        for payload in _packed(parts, max(2, state.device.most, 50)):
            try:
                with closing(kind(where.netloc, timeout=10)) as line:
                    head = {"Authorization": f"Basic {proof}", "Content-Type": "application/json"}
                    line.request("POST", f"{where.path.rstrip('/')}/waste/api/events", payload, head)
                    answer = line.getresponse()
                    text = answer.read()
            except (OSError, http.client.HTTPException):
                self.counts["no answer over HTTP"] += 1
                break
            self.counts["messages over HTTP"] += 1
            if answer.status != 200:
                self.counts[f"answered {answer.status}"] += 1
                break
            state.failed = 0 if state.device.by_http else state.failed
            self._take(state.device.serial, read_answer(text))
        else:
            return
        for keeper in state.device.keepers.values():
            keeper.connection_lost()
        if state.device.by_http:
            state.failed += 1
            state.open_at = now + min(self._longest_pause, 2.0 ** (state.failed - 1)) * self._chance.uniform(0.5, 1)


def _parts(device: Device, serial: str, due: Due) -> list[dict[str, object]]:
    whose = {"dev": serial} if device.gateway else {}
    lost: list[dict[str, object]] = [{"v": 1, "boot": b, "lost": [low, high], **whose} for b, low, high in due.lost]
    return lost + [{"v": 1, "boot": boot, "seq": number, **body, **whose} for (boot, number), body in due.events]
