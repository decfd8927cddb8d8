"""The broker as a plain port: messages in, acknowledgements and answers out; nothing is acknowledged by itself 消息代理.

One connection with a session that outlives it: what was not acknowledged when it broke comes again. Verified against a real Mosquitto in
tests/test_listen.py. Devices speak MQTT 3.1.1 or 5 as they like; we ourselves speak 3.1.1 to the broker, because paho makes an object of the
properties of each MQTT 5 message, which takes a third of all the time there is for one. How much may be unacknowledged is the broker's
`max_inflight_messages` (outside.broker).
"""

import select
import ssl
import time
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import unquote, urlsplit

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

TOPICS: Final = (
    "linqi/1/+/events",
    "linqi/1/+/v1/#",
    "v1/devices/me/telemetry",
    "v1/gateway/telemetry",
    *(f"spBv1.0/+/{kind}/+" for kind in ("NBIRTH", "NDEATH", "NDATA")),
    *(f"spBv1.0/+/{kind}/+/+" for kind in ("DBIRTH", "DDEATH", "DDATA")),
)
KEEPALIVE: Final = 60  # seconds
SESSION: Final = 24 * 3600  # seconds that the broker keeps what comes while nobody listens
INFLIGHT: Final = (
    65535  # messages not yet acknowledged, the most that MQTT allows: beyond it the broker waits (backpressure)
)
LONGEST_PAUSE: Final = 15.0  # seconds between two attempts to connect


class Heard(NamedTuple):
    """One message, and on which connection it came: an acknowledgement is good on that one only."""

    mid: int
    qos: int
    topic: str
    payload: bytes
    connection: int


class BadAddress(ValueError):
    """The address of the broker cannot be read; says how it must look."""


class Address(NamedTuple):
    """Where the broker is and who we are there."""

    host: str
    port: int
    tls: bool
    user: str
    password: str
    authority: str  # file of the certificate authority, empty: those of the machine


def address(url: str) -> Address:
    """Read mqtt://user:password@host:1883 or mqtts://…:8883?ca=/path/ca.pem."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname or port == -1:
        raise BadAddress("LINQI_MQTT_URL must look like mqtt://user:password@host:1883 (or mqtts:// for TLS).")
    tls = parts.scheme == "mqtts"
    asked = dict(one.split("=", 1) for one in parts.query.split("&") if "=" in one)
    return Address(
        parts.hostname,
        port or (8883 if tls else 1883),
        tls,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        unquote(asked.get("ca", "")),
    )


class Broker:
    """A connection to the broker that comes back by itself."""

    def __init__(self, where: Address, client_id: str = "linqi-listen", topics: Sequence[str] = TOPICS) -> None:
        self._where = where
        self._topics = topics
        self._heard: list[Heard] = []
        self._pause = 0.5
        self._try_at = 0.0
        self._misc_at = 0.0
        self.connection = 0
        self.ready = False
        self.refused = ""  # why the broker would not have us, empty when it would
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=False,
            protocol=MQTTProtocolVersion.MQTTv311,
            manual_ack=True,
        )
        if where.user:
            client.username_pw_set(where.user, where.password)
        if where.tls:
            client.tls_set(ca_certs=where.authority or None, cert_reqs=ssl.CERT_REQUIRED)
        client.max_queued_messages_set(0)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_socket_register_write = _later  # packets wait for `flush`, which sends them together
        self._client = client

    def poll(self, seconds: float, most: int) -> list[Heard]:
        """What comes within so many seconds, at most `most` messages; connects again when it has to."""
        until = time.monotonic() + seconds
        heard = self._heard
        while len(heard) < most:
            now = time.monotonic()
            if self._client.socket() is None:
                if now >= self._try_at:
                    self._connect(now)
                if self._client.socket() is None:
                    time.sleep(max(0.0, min(until, self._try_at) - now))
                    if time.monotonic() >= until:
                        break
                    continue
            self.flush()
            self._misc(now)
            socket = self._client.socket()
            if socket is None:
                continue
            pending = getattr(socket, "pending", None)
            if not (pending and pending()):
                writers = [socket] if self._client.want_write() else []
                readable, _, _ = select.select([socket], writers, [], max(0.0, until - now))
                if not readable:
                    if time.monotonic() >= until:
                        break
                    continue
            self._drain(most)
            if time.monotonic() >= until:
                break
        taken = heard[:]
        heard.clear()
        return taken

    def idle(self, seconds: float) -> None:
        """Hear nothing for a while."""
        self.flush()
        if self._client.socket() is not None:
            self._misc(time.monotonic())
        time.sleep(seconds)

    def acknowledge(self, messages: Iterable[Heard]) -> None:
        """Say that these are stored; those of a connection that is gone will come again and be seen as repeated."""
        if not self.ready:
            return
        current, ack = self.connection, self._client.ack
        for message in messages:
            if message.qos and message.connection == current:
                ack(message.mid, message.qos)

    def publish(self, topic: str, payload: bytes) -> None:
        """Tell a device something; if it does not hear it, it asks again by sending again (QoS 0)."""
        if self.ready:
            self._client.publish(topic, payload, qos=0)

    def flush(self) -> None:
        """Send what waits."""
        if self._client.want_write() and self._client.socket() is not None:
            self._client.loop_write()

    def close(self) -> None:
        """Send what waits and part in order; the broker keeps the session."""
        if self._client.socket() is not None:
            until = time.monotonic() + 2.0
            while self._client.want_write() and self._client.socket() is not None and time.monotonic() < until:
                self._client.loop_write()
            self._client.disconnect()
            self._client.loop_write()
        self.ready = False

    def _drain(self, most: int) -> None:
        """Read packets until there are no more for now."""
        heard, client = self._heard, self._client
        while len(heard) < most:
            before = len(heard)
            if client.loop_read() != MQTTErrorCode.MQTT_ERR_SUCCESS or len(heard) == before:
                return

    def _misc(self, now: float) -> None:
        if now >= self._misc_at:
            self._misc_at = now + 1.0
            self._client.loop_misc()

    def _connect(self, now: float) -> None:
        try:
            self._client.connect(self._where.host, self._where.port, KEEPALIVE)
        except OSError as wrong:
            self.refused = f"{wrong}"
            self._try_at = now + self._pause
            self._pause = min(LONGEST_PAUSE, self._pause * 2)

    def _on_connect(self, client: Client, data: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self.refused = str(reason)
            return
        self.connection += 1
        self.ready, self.refused, self._pause = True, "", 0.5
        client.subscribe([(topic, 1) for topic in self._topics])

    def _on_disconnect(self, client: Client, data: Any, flags: Any, reason: Any, properties: Any) -> None:
        self.ready = False
        self._try_at = time.monotonic() + self._pause
        self._pause = min(LONGEST_PAUSE, self._pause * 2)

    def _on_message(self, client: Client, data: Any, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        self._heard.append(Heard(message.mid, message.qos, topic, bytes(message.payload), self.connection))


def _later(client: Any, data: Any, socket: Any) -> None:
    """Nothing now: `flush` sends."""
