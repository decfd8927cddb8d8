"""What the HTTP door remembers between requests: who is registered, how far devices are, who told too much 接口入口.

One for each web process, one request at a time: HTTP is the way for devices without MQTT, not the broad one.
"""

import time
from datetime import UTC, datetime
from threading import Lock
from typing import Any, Final, NamedTuple

from linqi.waste.actions.ingest import set_aside
from linqi.waste.intake import Intake, SetAside, answers_of
from linqi.waste.models import Device
from linqi.waste.rules.flood import Buckets

PICTURES_A_SECOND: Final = 0.5  # of one device, and
PICTURES_AT_ONCE: Final = 60  # product defaults

_turn = Lock()
_intakes: list[Intake] = []
_pictures: list[Buckets] = []


class Heard(NamedTuple):
    """What one request became: receipts by serial, what was refused, and how many were beyond the limit."""

    receipts: dict[str, Any]
    refused: list[dict[str, Any]]
    limited: int
    stored: int


def hear(topic: str, payload: bytes) -> Heard:
    """Store what one device says, in a transaction of its own."""
    now = time.time_ns() // 1_000_000
    with _turn:
        if not _intakes:
            _intakes.append(Intake("http"))
        intake = _intakes[0]
        try:
            intake.hear(topic, payload, now)
            done = intake.settle(now)
        except BaseException:
            _intakes.clear()  # what was heard is still with the device
            raise
        receipts: dict[str, Any] = {}
        for device_id in done.stored.receipts:
            speaker = intake.speakers.by_id.get(device_id)
            if speaker is not None:
                newest, *earlier = answers_of(done.stored, device_id)
                receipts[speaker.serial] = {**newest, "earlier": earlier} if earlier else newest
    set_aside(messages=done.aside, now=datetime.now(UTC))
    refused = [
        {
            "index": one.place,
            "reason": str(getattr(one.reason, "value", one.reason)),
            "detail": one.detail,
            **({"dev": one.serial} if one.serial else {}),
            **({"boot": one.boot, "seq": one.sequence} if one.sequence is not None else {}),
        }
        for one in done.refused
    ]
    return Heard(receipts, refused, done.limited, done.stored.stored + done.stored.repeated + done.stored.lost)


def too_large(device: Device, path: str, size: int, now: datetime) -> None:
    """Set aside a message that was not even read."""
    detail = f"{size} bytes; it was not read."
    set_aside(
        messages=[SetAside(device.pk, device.serial, "http", path[:200], "too_large", detail, b"", size)], now=now
    )


def room_for_a_picture(device_id: int) -> bool:
    """Whether a device may send a picture now; asking counts."""
    with _turn:
        if not _pictures:
            _pictures.append(Buckets(PICTURES_A_SECOND, PICTURES_AT_ONCE))
        return bool(_pictures[0].draw(device_id, 1, time.time_ns() // 1_000_000).taken)


def forget() -> None:
    """Remember nothing: another database."""
    _intakes.clear()
    _pictures.clear()
