"""`linqi waste listen`: hears the bins over MQTT, stores in batches, and only then acknowledges and gives receipts 监听.

One thread: it hears until there are enough messages or long enough has passed, stores, acknowledges, tells. While the database is away
nothing is acknowledged, so the broker stops sending and the devices keep what has no receipt.
"""

import gc
import signal
import time
from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any, Final

import orjson
import structlog
from django.conf import settings
from django.core.management.base import CommandError
from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.db.backends.signals import connection_created

from linqi.waste.actions.ingest import set_aside
from linqi.waste.intake import Answers, Intake
from linqi.waste.outside.mqtt import BadAddress, Broker, Heard, address

MESSAGES: Final = 20_000  # in one batch at most
WAIT: Final = 0.25  # seconds a message waits for others at most, plus the time to store them
BUSY: Final = (
    4_000  # messages in a batch from which on waiting longer pays: one receipt then answers several events of a device
)
WAIT_BUSY: Final = 1.0  # seconds
EVENTS: Final = 60_000  # in one batch, about: gateways put many into one message
LONGEST_PAUSE: Final = 10.0  # seconds between two attempts to store
SAYS: Final = 60.0  # seconds between two lines of the log

log = structlog.get_logger("linqi.waste.listen")


def arguments(parser: ArgumentParser) -> None:
    """What may follow the word."""
    parser.add_argument("--url", default="", help="mqtt://user:password@host:1883; default: LINQI_MQTT_URL")
    parser.add_argument("--messages", type=int, default=MESSAGES, help="in one batch at most")
    parser.add_argument("--wait", type=float, default=WAIT, help="seconds a message waits for others at most")


def run(options: dict[str, Any]) -> None:
    """Listen until told to stop."""
    url = options["url"] or settings.MQTT_URL
    if not url:
        raise CommandError("Nothing to listen to: set LINQI_MQTT_URL, e.g. mqtt://linqi:password@127.0.0.1:1883")
    try:
        broker = Broker(address(url))
    except BadAddress as wrong:
        raise CommandError(str(wrong)) from wrong
    connection_created.connect(_for_many_writes)
    connection.close()
    gc.collect()
    gc.freeze()  # what stands now stays: it need not be looked through again and again
    gc.set_threshold(50_000, 20, 100)
    listener = Listener(broker, messages=options["messages"], wait=options["wait"])
    for which in (signal.SIGTERM, signal.SIGINT):
        signal.signal(which, lambda *_: listener.stop())
    listener.run()


class Listener:
    """Hear, store, acknowledge, tell; again."""

    def __init__(self, broker: Broker, *, messages: int = MESSAGES, wait: float = WAIT) -> None:
        self._broker = broker
        self._messages, self._wait = messages, wait
        self._intake = Intake("mqtt")
        self._stopping = False
        self._patience = wait
        self._most = min(messages, 1000)
        self._pending: list[Heard] = []
        self._pause = 0.0
        self._try_at = 0.0
        self._said_at = time.monotonic()
        self._counts = dict.fromkeys(("messages", "stored", "repeated", "lost", "set_aside", "limited", "clues"), 0)
        self._trouble = ""

    def stop(self) -> None:
        """Store what was heard, then end."""
        self._stopping = True

    def run(self) -> None:
        """Until stopped; what was heard by then is stored first."""
        log.info("listening")
        while not self._stopping:
            self.turn()
        self._store()
        self._broker.close()
        connection.close()
        log.info("stopped listening", **self._counts)

    def turn(self) -> None:
        """One round: hear for a while, store, answer."""
        heard: list[Heard] = []
        if len(self._intake) >= EVENTS or len(self._pending) >= self._messages:
            self._broker.idle(self._wait)  # the database is away: no more until it is back, so that memory is bounded
        else:
            heard = self._broker.poll(self._patience, self._most)
        before = len(self._intake)
        for one in heard:
            self._pending.append(one)
            self._intake.hear(one.topic, one.payload, now_ms())
        self._measure(len(heard), len(self._intake) - before)
        if self._broker.refused != self._trouble:
            self._trouble = self._broker.refused
            if self._trouble:
                log.error("the broker is not to be had", reason=self._trouble)
        if self._pending and time.monotonic() >= self._try_at:
            self._store()
        self._say()

    def _measure(self, messages: int, events: int) -> None:
        """How long to wait and how much to hear next, by what came last."""
        self._patience = max(self._wait, WAIT_BUSY) if messages >= BUSY else self._wait
        if messages and events:
            self._most = max(100, min(self._messages, EVENTS * messages // events))

    def _store(self) -> None:
        if not self._pending:
            return
        try:
            done = self._intake.settle(now_ms())
        except (DatabaseError, InterfaceError) as wrong:
            self._pause = min(LONGEST_PAUSE, self._pause * 2 or 0.5)
            self._try_at = time.monotonic() + self._pause
            log.error("storing failed, trying again", reason=str(wrong)[:300], waiting=len(self._pending))
            _look_after_connection()
            return
        self._pause = 0.0
        self._broker.acknowledge(self._pending)
        self._counts["messages"] += len(self._pending)
        self._pending = []
        publish, dumps = self._broker.publish, orjson.dumps
        for answer in done.answers:
            publish(f"linqi/1/{answer.serial}/receipt", dumps(answer.told))
        for topic, payload in done.commands:
            publish(topic, payload)
        self._broker.flush()
        self._keep(done)

    def _keep(self, done: Answers) -> None:
        stored = done.stored
        counts = self._counts
        counts["stored"] += stored.stored
        counts["repeated"] += stored.repeated
        counts["lost"] += stored.lost
        counts["limited"] += done.limited
        counts["set_aside"] += len(done.aside)
        counts["clues"] += len(stored.clues)
        try:
            set_aside(messages=done.aside, now=datetime.now(UTC))
        except (DatabaseError, InterfaceError) as wrong:  # the events are safe; what was set aside is in the log
            log.error("quarantine failed", reason=str(wrong)[:300], messages=len(done.aside))
            _look_after_connection()

    def _say(self) -> None:
        now = time.monotonic()
        if now - self._said_at >= SAYS:
            self._said_at = now
            log.info("heard", **self._counts)


def _for_many_writes(connection: Any, **_: Any) -> None:
    """On SQLite: room for the pages that three thousand devices write to again and again, copied into the file less often."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA cache_size=-65536")  # KiB
            cursor.execute("PRAGMA wal_autocheckpoint=16000")  # pages, 64 MB


def _look_after_connection() -> None:
    """Drop a connection that is dead, so that the next attempt makes a new one."""
    if not connection.in_atomic_block:
        close_old_connections()


def now_ms() -> int:
    """Milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000
