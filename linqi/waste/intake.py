"""From a topic and its payload to events of known devices, batch by batch, and to the answers they are owed 接收消息.

The doors (`linqi waste listen`, `views.api`) hand in what they hear and send what comes out. Who spoke is the serial in the topic: the broker
lets a device write only below its own (outside.broker), since a message does not say who published it.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.db import DataError, IntegrityError
from django.db.models import Count, Max

from linqi.waste.models import Device
from linqi.waste.rules import messages, sparkplug, telemetry
from linqi.waste.rules.flood import Buckets
from linqi.waste.rules.messages import Incoming, Lost, Read, Reason, Refusal
from linqi.waste.storing import Life, Store, Stored

REGISTRY_AGE: Final = 5_000  # milliseconds until a device that was disabled is no longer heard
MOST_TOLD: Final = 20  # refusals told in one answer
CHUNK: Final = 500  # receipts of chips in one answer to their gateway
KEPT: Final = 4096  # bytes of a message that are set aside, of
KEPT_OF_ONE: Final = 60  # messages of one sender in a batch; of more only the reason
MOST_ROUTES: Final = 100_000  # topics remembered: a Sparkplug group may be called anything


class Speaker(NamedTuple):
    """A device as far as hearing it needs."""

    id: int
    serial: str
    gateway: int | None
    is_gateway: bool
    disabled: bool


class SetAside(NamedTuple):
    """A message for the quarantine; `times` when it stands for more."""

    device_id: int | None
    said_by: str
    channel: str
    topic: str
    reason: str
    detail: str
    payload: bytes
    size: int


class Answer(NamedTuple):
    """What a device is to be told: JSON for its receipt topic."""

    serial: str
    told: Any


class Answers(NamedTuple):
    """What came of a batch."""

    stored: Stored
    answers: list[Answer]
    aside: list[SetAside]
    limited: int
    refused: list[Refusal]
    commands: list[tuple[str, bytes]]  # topic and payload for the broker: births that are asked for


Reader = Callable[[bytes, Speaker, "Intake"], None]


class Speakers:
    """The registered devices, read anew when there are others or what we know is old."""

    def __init__(self) -> None:
        self.by_serial: dict[str, Speaker] = {}
        self.by_id: dict[int, Speaker] = {}
        self.edition = 0  # grows each time they are read
        self._read_at = 0

    def refresh(self, now: int) -> bool:
        """Look whether the registry changed; whether it was read anew."""
        if self.edition and 0 <= now - self._read_at < REGISTRY_AGE:
            return False
        self._read_at = now
        rows = Device.objects.values_list("pk", "serial", "gateway_id", "kind", "disabled_at")
        self.by_serial = {
            serial: Speaker(pk, serial, gateway, kind == "gateway", disabled is not None)
            for pk, serial, gateway, kind, disabled in rows
        }
        self.by_id = {one.id: one for one in self.by_serial.values()}
        self.edition += 1
        return True

    def newcomers(self, now: int) -> bool:
        """For a serial we do not know: read anew if devices were added, asked at most once a second."""
        if now - self._read_at < 1000:
            return False
        there = Device.objects.aggregate(count=Count("pk"), last=Max("pk"))
        if there["count"] == len(self.by_id) and (not self.by_id or there["last"] == max(self.by_id)):
            self._read_at = now - REGISTRY_AGE + 1000
            return False
        self._read_at = -REGISTRY_AGE
        return self.refresh(now)


class Intake:
    """Hears messages, and stores them together when told to. Not for two threads at once."""

    def __init__(self, channel: str, store: Store | None = None) -> None:
        self.channel = channel
        self.store = store or Store()
        self.speakers = Speakers()
        self.read = Read([], [], [])
        self.lives: list[Life] = []
        self.asked: set[int] = set()
        self.aliases: dict[int, dict[int, str]] = {}  # of Sparkplug, as the last birth had them
        self._commands: list[tuple[str, bytes]] = []
        self._behind: dict[int, dict[str, int]] = {}  # chips found behind gateways in this batch
        self._kept: Counter[int] = Counter()  # messages set aside in this batch, by sender
        self._refusals: Counter[int] = Counter()  # what was refused since the last measure, by sender
        self._asked_for_birth: dict[str, int] = {}
        self._buckets = Buckets(settings.WASTE_DEVICE_RATE, settings.WASTE_DEVICE_BURST)
        self._deaf: dict[int, int] = {}
        self._limited: Counter[int] = Counter()
        self._through: dict[int, set[int]] = {}  # device → gateways that spoke for it in this batch
        self._aside: list[SetAside] = []
        self._told_refusals: dict[int, list[Refusal]] = {}
        self._routes: dict[str, tuple[Speaker, Reader] | None] = {}
        self._edition = 0
        self._measured = 0  # how many of the events heard have been measured against the limits
        self._now = 0

    def __len__(self) -> int:
        return len(self.read.events)

    def hear(self, topic: str, payload: bytes, now: int) -> None:
        """Take one message in, to be stored with the next batch."""
        self._now = now
        route = self._routes.get(topic)
        if route is None:
            route = self._find(topic, payload, now)
            if route is None:
                return
        speaker, reader = route
        if speaker.id in self._deaf:
            if now < self._deaf[speaker.id]:
                self._limited[speaker.id] += 1
                return
            del self._deaf[speaker.id]
        reader(payload, speaker, self)
        if self.read.refused:
            self._set_aside(topic, payload, speaker)

    def settle(self, now: int) -> Answers:
        """Store what was heard; what each device is owed. When it fails, everything heard is still there for the next try."""
        self._limit(now)
        self._refresh(now)
        refused = Counter({device: len(told) for device, told in self._told_refusals.items()})
        try:
            stored = self.store.store(
                self.read.events,
                now,
                lost=self.read.lost,
                lives=self.lives,
                refused=refused,
                limited=self._limited,
                asked=self.asked,
            )
        except (IntegrityError, DataError):
            stored = self._store_apart(now)
        self._not_taken(stored)
        told = [one for each in self._told_refusals.values() for one in each]
        result = Answers(stored, list(self._answers(stored)), self._aside, self._limited.total(), told, self._commands)
        self.read, self._measured = Read([], [], []), 0
        self.lives, self.asked, self._through = [], set(), {}
        self._aside, self._told_refusals, self._limited, self._commands = [], {}, Counter(), []
        self._kept.clear()
        self._behind.clear()
        return result

    def behind(self, gateway: Speaker) -> Callable[[str], int | Refusal]:
        """How the chips behind a gateway are found; a device that is not behind it is refused."""
        known = self.speakers.by_serial
        found = self._behind.setdefault(gateway.id, {})

        def find(serial: str) -> int | Refusal:
            device_id = found.get(serial)
            if device_id is not None:
                return device_id
            if wrong := messages.no_serial(serial):
                return wrong
            chip = known.get(serial)
            if chip is None:
                if self.speakers.newcomers(self._now):
                    return self.behind(gateway)(serial)
                return Refusal(Reason.UNKNOWN_DEVICE, f"{serial} is not registered. Register it first.", serial=serial)
            if gateway.id not in (chip.gateway, chip.id):
                return Refusal(Reason.NOT_YOURS, f"{serial} is not registered behind {gateway.serial}.", serial=serial)
            if chip.disabled:
                return Refusal(Reason.DISABLED, f"{serial} is disabled.", serial=serial)
            if chip.id != gateway.id:
                through = self._through.get(chip.id)
                if through is None:
                    self._through[chip.id] = {gateway.id}
                else:
                    through.add(gateway.id)
            found[serial] = chip.id
            return chip.id

        return find

    # --- Sparkplug: who is there ---------------------------------------------------------------------------------
    def born(self, device_id: int, aliases: dict[int, str], birth: int | None) -> None:
        """A birth: the device is there, and these are its aliases."""
        self.aliases[device_id] = aliases
        self.lives.append(Life(device_id, True, birth))

    def node_died(self, node: Speaker, birth: int | None) -> None:
        """A death of a node is one of all devices behind it; a node that was born again since is not dead."""
        self.lives.append(Life(node.id, False, birth))
        for chip in self.speakers.by_id.values():
            if chip.gateway == node.id:
                self.lives.append(Life(chip.id, False, birth, node.id))

    def ask_for_birth(self, group: str, node: str) -> None:
        """Have a node say again what its aliases mean, at most once a minute."""
        topic = f"spBv1.0/{group}/NCMD/{node}"
        if self._now - self._asked_for_birth.get(topic, 0) >= 60_000:
            if len(self._asked_for_birth) >= MOST_ROUTES:
                self._asked_for_birth.clear()
            self._asked_for_birth[topic] = self._now
            self._commands.append((topic, sparkplug.rebirth(self._now)))

    # --- who speaks, and how ---------------------------------------------------------------------------------------
    def _find(self, topic: str, payload: bytes, now: int) -> tuple[Speaker, Reader] | None:
        """The sender and form of a topic, kept for the next message of it; None when it was set aside."""
        self._refresh(now)
        serial, reader, wrong = route_of(topic)
        speaker = self.speakers.by_serial.get(serial)
        if speaker is None and serial and self.speakers.newcomers(now):
            speaker = self.speakers.by_serial.get(serial)
        if wrong is None and speaker is None:
            wrong = Refusal(Reason.UNKNOWN_DEVICE, f"{serial[:40]} is not registered. Register it first.")
        if wrong is None and speaker is not None and speaker.disabled:
            wrong = Refusal(Reason.DISABLED, f"{serial} is disabled; enable it, or take it off the bin.")
        if wrong is not None or speaker is None or reader is None:
            self.read.refused.append(wrong or Refusal(Reason.TOPIC, "Unknown topic."))
            self._set_aside(topic, payload, speaker, said_by=serial)
            return None
        if len(self._routes) >= MOST_ROUTES:
            self._routes.clear()
        self._routes[topic] = (speaker, reader)
        return speaker, reader

    def _refresh(self, now: int) -> None:
        """Forget how topics were understood when the devices were read anew."""
        self.speakers.refresh(now)
        if self.speakers.edition != self._edition:
            self._edition = self.speakers.edition
            self._routes.clear()

    def _set_aside(self, topic: str, payload: bytes, speaker: Speaker | None, said_by: str = "") -> None:
        for wrong in self.read.refused:
            if wrong.device_id is not None or speaker is not None:
                owner = wrong.device_id if wrong.device_id is not None else speaker.id  # type: ignore[union-attr]
                self._told_refusals.setdefault(owner, []).append(wrong)
                if speaker is not None and owner != speaker.id:
                    self._through.setdefault(owner, set()).add(speaker.id)
            else:
                owner = None
            self._aside.append(
                SetAside(
                    owner,
                    (wrong.serial or (speaker.serial if speaker else said_by))[:80],
                    self.channel,
                    topic[:200],
                    str(wrong.reason.value if isinstance(wrong.reason, Reason) else wrong.reason),
                    (f"[{wrong.place}] {wrong.detail}" if wrong.place is not None else wrong.detail)[:300],
                    bytes(payload[:KEPT]) if self._kept[speaker.id if speaker else 0] < KEPT_OF_ONE else b"",
                    len(payload),
                )
            )
        self._kept[speaker.id if speaker else 0] += 1
        self._refusals[speaker.id if speaker else 0] += len(self.read.refused)
        self.read.refused.clear()

    # --- limits and answers ----------------------------------------------------------------------------------------
    def _limit(self, now: int) -> None:
        """Leave out what devices tell beyond their measure; only those that do are looked at one by one."""
        for device, refused in self._refusals.items():  # what is wrong counts like what is right
            verdict = self._buckets.draw(device, refused, now)
            if verdict.taken < refused and device:
                self._deaf[device] = verdict.deaf_until
        self._refusals.clear()
        over: dict[int, int] = {}
        measured, fresh = self.read.events[: self._measured], self.read.events[self._measured :]
        for device, asked in Counter([event[0] for event in fresh]).items():
            verdict = self._buckets.draw(device, asked, now)
            if verdict.taken < asked:
                over[device] = verdict.taken
                self._deaf[device] = verdict.deaf_until
                self._limited[device] += asked - verdict.taken
        if over:
            kept = measured
            for event in fresh:
                left = over.get(event[0])
                if left is None:
                    kept.append(event)
                elif left > 0:
                    over[event[0]] = left - 1
                    kept.append(event)
            self.read.events[:] = kept
        self._measured = len(self.read.events)

    def _store_apart(self, now: int) -> Stored:
        """The database will not have something in the batch: device by device, so that one that cannot be stored holds up no other."""
        events: dict[int, list[Incoming]] = {}
        lost: dict[int, list[Lost]] = {}
        for event in self.read.events:
            events.setdefault(event.device_id, []).append(event)
        for one in self.read.lost:
            lost.setdefault(one.device_id, []).append(one)
        together = Stored()
        for device_id in sorted({*events, *lost, *self.asked, *(life.device_id for life in self.lives)}):
            said = events.get(device_id, [])
            lives = [life for life in self.lives if life.device_id == device_id]
            try:
                done = self.store.store(
                    said, now, lost=lost.get(device_id, ()), lives=lives, asked=self.asked & {device_id}
                )
            except (IntegrityError, DataError) as wrong:
                self._aside.append(self._unstorable(device_id, said, str(wrong)))
                continue
            together.receipts.update(done.receipts)
            together.not_taken += done.not_taken
            together.clues += done.clues
            together.unknown += done.unknown
            together.stored += done.stored
            together.repeated += done.repeated
            together.lost += done.lost
        return together

    def _unstorable(self, device_id: int, said: list[Incoming], wrong: str) -> SetAside:
        speaker = self.speakers.by_id.get(device_id)
        kept = repr([tuple(event) for event in said]).encode()
        serial = speaker.serial if speaker else ""
        return SetAside(
            device_id if speaker else None,
            serial,
            self.channel,
            "",
            Reason.NOT_STORABLE.value,
            f"The database refused it: {wrong}"[:300],
            kept[:KEPT],
            len(kept),
        )

    def _not_taken(self, stored: Stored) -> None:
        """What storing itself refused is told and set aside like the rest."""
        for event, taken in stored.not_taken:
            sequence = event.sequence if isinstance(event, Incoming) else event.low
            wrong = Refusal(
                taken.value, _REMEDY[taken.value], device_id=event.device_id, boot=event.boot, sequence=sequence
            )
            self._told_refusals.setdefault(event.device_id, []).append(wrong)
            speaker = self.speakers.by_id.get(event.device_id)
            said = repr(tuple(event)).encode()[:KEPT]
            self._aside.append(
                SetAside(
                    event.device_id,
                    speaker.serial if speaker else "",
                    self.channel,
                    "",
                    taken.value,
                    wrong.detail,
                    said,
                    len(said),
                )
            )

    def _answers(self, stored: Stored) -> Iterable[Answer]:
        """Receipts by who spoke: a device its own, one message a boot; a gateway lists of those of its chips."""
        by_id, through = self.speakers.by_id, self._through
        for_gateways: dict[int, list[dict[str, Any]]] = {}
        owed = set(stored.receipts) | set(self._told_refusals)
        for device_id in owed:
            speaker = by_id.get(device_id)
            if speaker is None:
                continue
            told = answers_of(stored, device_id, self._told_refusals.get(device_id, ()))
            gateways = through.get(device_id)
            if gateways is None:
                for one in told:
                    yield Answer(speaker.serial, one)
            else:
                for gateway in gateways:
                    for_gateways.setdefault(gateway, []).extend({"dev": speaker.serial, **one} for one in told)
        for gateway, lines in for_gateways.items():
            for start in range(0, len(lines), CHUNK):
                yield Answer(by_id[gateway].serial, lines[start : start + CHUNK])


def answers_of(stored: Stored, device_id: int, refused: Iterable[Refusal] = ()) -> list[dict[str, Any]]:
    """What one device is told: the receipt of its newest boot, of earlier ones that were touched, and what was refused."""
    told: list[dict[str, Any]] = []
    receipt = stored.receipts.get(device_id)
    if receipt is not None:
        told = [receipt.as_json(), *(one.as_json() for one in receipt.earlier)]
    if refused := [one for one in refused if one.sequence is not None][:MOST_TOLD]:
        if not told:
            told = [{}]
        told[0]["refused"] = [
            {
                **({"dev": one.serial} if one.serial else {}),
                "boot": one.boot,
                "seq": one.sequence,
                "reason": _word(one.reason),
            }
            for one in refused
        ]
    return told


def route_of(topic: str) -> tuple[str, Reader | None, Refusal | None]:
    """Who speaks on a topic and in which form; a Refusal when the topic is none of ours."""
    parts = topic.split("/")
    if len(parts) >= 4 and parts[0] == "linqi" and parts[1] == "1":
        reader = _FORMS.get("/".join(parts[3:]))
        return parts[2], reader, None if reader else _NO_SUCH_TOPIC
    if parts[0] == "v1":
        return "", None, _NAMELESS
    spark = sparkplug.topic_of(parts)
    if spark is None:
        return "", None, _NO_SUCH_TOPIC
    return spark.node, partial(_sparkplug, spark), None


def _plain(payload: bytes, speaker: Speaker, intake: Intake) -> None:
    if speaker.is_gateway:
        messages.read(payload, speaker.id, intake.behind(speaker), intake.read)
    else:
        messages.read(payload, speaker.id, None, intake.read)
    if payload == b"[]":
        intake.asked.add(speaker.id)
        if speaker.is_gateway:
            for chip in intake.speakers.by_id.values():
                if chip.gateway == speaker.id:
                    intake.asked.add(chip.id)
                    intake._through.setdefault(chip.id, set()).add(speaker.id)


def _telemetry(payload: bytes, speaker: Speaker, intake: Intake) -> None:
    telemetry.read(payload, speaker.id, intake.read)


def _gateway_telemetry(payload: bytes, speaker: Speaker, intake: Intake) -> None:
    if speaker.is_gateway:
        telemetry.read_gateway(payload, intake.behind(speaker), intake.read)
    else:
        intake.read.refused.append(Refusal(Reason.NOT_YOURS, "Only a gateway may speak for other devices."))


def _sparkplug(topic: sparkplug.Topic, payload: bytes, speaker: Speaker, intake: Intake) -> None:
    """A birth, a death or data of a node or of a device behind it."""
    refused = intake.read.refused
    said = sparkplug.decode(payload)
    if isinstance(said, Refusal):
        refused.append(said)
        return
    device_id: int | Refusal = intake.behind(speaker)(topic.device) if topic.device else speaker.id
    if isinstance(device_id, Refusal):
        refused.append(device_id)
        return
    if topic.kind.endswith("BIRTH"):
        intake.born(device_id, sparkplug.aliases_of(said), None if topic.device else sparkplug.birth_number(said))
    elif topic.kind == "NDEATH":
        intake.node_died(speaker, sparkplug.birth_number(said))
    elif topic.kind == "DDEATH":
        intake.lives.append(Life(device_id, False, None))
    else:
        for found in sparkplug.records(said, intake.aliases.get(device_id, {})):
            if isinstance(found, Refusal):
                refused.append(found._replace(device_id=device_id))
                intake.ask_for_birth(topic.group, topic.node)
            else:
                telemetry.take(found[1], found[0], device_id, intake.read)


def _word(reason: Any) -> str:
    return str(reason.value if isinstance(reason, Reason) else reason)


_REMEDY: Final = {
    "too_scattered": "Too many gaps: send the missing numbers first, or say which are lost.",
    "boot_forgotten": "This boot is older than those remembered: say that its numbers are lost, or drop them.",
}

_FORMS: Final[dict[str, Reader]] = {
    "events": _plain,
    "v1/devices/me/telemetry": _telemetry,
    "v1/gateway/telemetry": _gateway_telemetry,
}
_NO_SUCH_TOPIC: Final = Refusal(Reason.TOPIC, "Events go to linqi/1/<serial>/events; docs/rules/waste_messages.md.")
_NAMELESS: Final = Refusal(
    Reason.NO_SENDER, "The broker does not say who published this. Put linqi/1/<serial>/ before the topic."
)

__all__ = ["Answer", "Answers", "Intake", "Lost", "SetAside", "Speaker", "Speakers"]
