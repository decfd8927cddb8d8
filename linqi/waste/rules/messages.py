"""What a device may say, and what is wrong with it otherwise 消息格式.

One event is `{"v":1,"boot":3,"seq":17,"ts":1790000000000,"told":"deposit","value":1.2,"stream":"residual","pic":"a1","card":"c7"}`;
a list of them is a batch; a gateway adds `"dev"`. `{"v":1,"boot":3,"lost":[4,6]}` says what a device no longer has. ThingsBoard and
Sparkplug are read into the same events in `rules.telemetry` and `rules.sparkplug`. docs/rules/waste_messages.md is the page of this file.

It is read twenty thousand times a second: plain functions, one look at each field, no objects beyond tuples.
"""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import orjson

from linqi.kit.choices import Choice
from linqi.waste.kinds import Stream, Told

VERSION: Final = 1
MOST_BYTES: Final = 64 * 1024  # of one message; product default
MOST_EVENTS: Final = 500  # in one message; product default
MOST_LOST: Final = 10_000_000  # numbers given up at once; product default
MOST_NUMBER: Final = 2**53 - 1  # whole numbers that every JSON reader keeps exact
SERIAL: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,39})")
REFERENCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
CARD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
FIELDS: Final = frozenset({"v", "boot", "seq", "ts", "told", "value", "stream", "pic", "card", "dev"})
STREAMS: Final = frozenset({"", *Stream.values})
TOLD: Final = frozenset(Told.values)

# Least and greatest value of what is told, and whether a value must be there. Kilograms, shares, degrees Celsius, 1 or 0.
_ALARM: Final = (0.0, 1.0, False)
BOUNDS: Final[Mapping[str, tuple[float, float, bool]]] = {
    Told.DEPOSIT.value: (0.0, 2000.0, False),
    Told.FILL.value: (0.0, 1.0, True),
    Told.LID.value: (0.0, 1.0, True),
    Told.TEMPERATURE.value: (-60.0, 1500.0, True),
    Told.BATTERY.value: (0.0, 1.0, True),
    Told.TAMPER.value: _ALARM,
    Told.MIXED.value: _ALARM,
    Told.OVERFLOW.value: _ALARM,
    Told.ILLEGAL.value: _ALARM,
    Told.SMOKE.value: _ALARM,
    Told.ONLINE.value: _ALARM,
    Told.OFFLINE.value: _ALARM,
}


class Reason(Choice):
    """Why a message, or one event of it, is set aside 隔离原因."""

    TOO_LARGE = "too_large", "消息过大"
    NOT_JSON = "not_json", "不是 JSON"
    NOT_AN_EVENT = "not_an_event", "不是事件"
    TOO_MANY = "too_many", "一条消息里事件过多"
    VERSION = "version", "格式版本不认识"
    UNKNOWN_FIELD = "unknown_field", "有不认识的字段"
    BOOT = "boot", "启动号不对"
    SEQUENCE = "sequence", "序号不对"
    TIME = "time", "时间不对"
    TOLD = "told", "事件类型不认识"
    VALUE = "value", "数值不对"
    STREAM = "stream", "分类不认识"
    REFERENCE = "reference", "图像编号不对"
    CARD = "card", "凭证号不对"
    LOST = "lost", "丢失区间不对"
    UNKNOWN_DEVICE = "unknown_device", "设备未登记"
    NOT_YOURS = "not_yours", "不是这个网关下的设备"
    DISABLED = "disabled", "设备已停用"
    NO_SENDER = "no_sender", "看不出是谁发的"
    TOPIC = "topic", "主题不认识"
    NO_NAME = "no_name", "没有启动号和序号"
    NO_BIRTH = "no_birth", "没有收到出生消息"
    NOT_SPARKPLUG = "not_sparkplug", "不是 Sparkplug 消息"
    SCATTERED = "too_scattered", "缺号太多"
    FORGOTTEN = "boot_forgotten", "启动号太旧"
    NOT_STORABLE = "not_storable", "无法保存"


class Incoming(NamedTuple):
    """One event of one device, checked; `at_ms` by the device's own clock, None when it has none."""

    device_id: int
    boot: int
    sequence: int
    told: str
    at_ms: int | None = None
    value: float | None = None
    stream: str = ""
    picture: str = ""
    card: str = ""


class Lost(NamedTuple):
    """Numbers that a device says it no longer has."""

    device_id: int
    boot: int
    low: int
    high: int


class Refusal(NamedTuple):
    """What is wrong, and how to put it right; `place` in the list, `boot` and `sequence` when they can be read."""

    reason: str
    detail: str
    place: int | None = None
    serial: str = ""
    boot: int | None = None
    sequence: int | None = None
    device_id: int | None = None


class Read(NamedTuple):
    """What a message holds: events and losses to take, and what to set aside."""

    events: list[Incoming]
    lost: list[Lost]
    refused: list[Refusal]


_made: Final[Callable[..., Incoming]] = tuple.__new__  # a third of the time of Incoming(…)
Behind = Callable[[str], "int | Refusal"]  # the device behind a gateway by its serial


def read(payload: bytes, device_id: int, behind: Behind | None = None, into: Read | None = None) -> Read:
    """Read a message of plain JSON; `behind` when the sender is a gateway. Never raises: what is wrong is in `refused`.

    `into`: where to add what is read, for who reads many.
    """
    result = Read([], [], []) if into is None else into
    said = parsed(payload)
    if type(said) is dict:
        if "dev" not in said and "lost" not in said:
            event = event_of(said, device_id)
            if type(event) is Incoming:
                result.events.append(event)
                return result
        _one(said, None, device_id, behind, result)
    elif type(said) is list:
        if len(said) > MOST_EVENTS:
            wrong = Refusal(Reason.TOO_MANY, f"{len(said)} events; at most {MOST_EVENTS} in one message.")
            result.refused.append(wrong)
            return result
        for index, one in enumerate(said):
            _one(one, index, device_id, behind, result)
    elif type(said) is Refusal:
        result.refused.append(said)
    else:
        wrong = Refusal(Reason.NOT_AN_EVENT, "A message is one event as an object, or a list of them.")
        result.refused.append(wrong)
    return result


def parsed(payload: bytes) -> Any:
    """The JSON of a message, or a Refusal: too large (then it is not even looked at) or no JSON."""
    if len(payload) > MOST_BYTES:
        return Refusal(Reason.TOO_LARGE, f"{len(payload)} bytes; at most {MOST_BYTES}. Send shorter lists.")
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError as wrong:
        return Refusal(Reason.NOT_JSON, f"{wrong}"[:200])


def _one(one: Any, index: int | None, device_id: int, behind: Behind | None, result: Read) -> None:
    if type(one) is not dict:
        result.refused.append(Refusal(Reason.NOT_AN_EVENT, "An event is an object.", index))
        return
    if "dev" in one:
        serial = one["dev"]
        found = behind(serial) if behind is not None and type(serial) is str else _speaker(serial)
        if isinstance(found, Refusal):
            result.refused.append(_placed(found, index, one))
            return
        device_id = found
    event = lost_of(one, device_id) if "lost" in one else event_of(one, device_id)
    if isinstance(event, Incoming):
        result.events.append(event)
    elif isinstance(event, Lost):
        result.lost.append(event)
    else:
        result.refused.append(_placed(event, index, one)._replace(device_id=device_id))


def event_of(said: dict[str, Any], device_id: int) -> Incoming | Refusal:
    """One event from its object."""
    get = said.get
    try:
        version, boot, sequence, told = said["v"], said["boot"], said["seq"], said["told"]
    except KeyError:
        version, boot, sequence, told = get("v"), get("boot"), get("seq"), get("told")
    if version != 1 or type(version) is not int:
        return _version(version)
    if type(boot) is not int or not 0 <= boot <= MOST_NUMBER:
        return _boot(boot)
    if type(sequence) is not int or not 1 <= sequence <= MOST_NUMBER:
        return Refusal(Reason.SEQUENCE, f"seq is a whole number from 1 to {MOST_NUMBER}, not {_shown(sequence)}.")
    bounds = BOUNDS.get(told) if type(told) is str else None
    if bounds is None or told is None:
        return Refusal(Reason.TOLD, f"told is one of {', '.join(sorted(TOLD))}, not {_shown(told)}.")
    at, value = get("ts"), get("value")
    if at is not None and (type(at) is not int or not 0 <= at <= MOST_NUMBER):
        return Refusal(Reason.TIME, f"ts is milliseconds since 1970 UTC as a whole number, not {_shown(at)}.")
    if not (type(value) is float and bounds[0] <= value <= bounds[1]) and (trouble := wrong_value(told, value)):
        return trouble
    fields = 4 + ("ts" in said) + ("value" in said) + ("dev" in said)
    if fields == len(said):
        return _made(Incoming, (device_id, boot, sequence, told, at, value, "", "", ""))
    stream, picture, card = get("stream", ""), get("pic", ""), get("card", "")
    if type(stream) is not str or stream not in STREAMS:
        return Refusal(Reason.STREAM, f"stream is one of {', '.join(sorted(STREAMS - {''}))}, not {_shown(stream)}.")
    if picture != "" and (type(picture) is not str or not REFERENCE.fullmatch(picture)):
        return Refusal(Reason.REFERENCE, f"pic is 1 to 64 of A-Z a-z 0-9 . _ -, not {_shown(picture)}.")
    if card != "" and (type(card) is not str or not CARD.fullmatch(card)):
        return Refusal(Reason.CARD, f"card is 1 to 40 of A-Z a-z 0-9 . _ -, not {_shown(card)}.")
    if fields + ("stream" in said) + ("pic" in said) + ("card" in said) != len(said):
        return Refusal(Reason.UNKNOWN_FIELD, f"{', '.join(sorted(_shown(key) for key in said.keys() - FIELDS))[:200]}")
    return _made(Incoming, (device_id, boot, sequence, told, at, value, stream, picture, card))


def wrong_value(told: str, value: Any) -> Refusal | None:
    """What is wrong with the value of what is told, None when nothing is."""
    least, most, needed = BOUNDS[told]
    if value is None:
        return Refusal(Reason.VALUE, f"{told} needs a value from {least:g} to {most:g}.") if needed else None
    if type(value) is float or type(value) is int:
        if least <= value <= most:
            return None
        if type(value) is float and not math.isfinite(value):
            return Refusal(Reason.VALUE, "value is a finite number.")
    return Refusal(Reason.VALUE, f"value of {told} is a number from {least:g} to {most:g}, not {_shown(value)}.")


def lost_of(said: dict[str, Any], device_id: int) -> Lost | Refusal:
    """A range of numbers that the device gives up."""
    version, boot, lost = said.get("v"), said.get("boot"), said["lost"]
    if version != 1 or type(version) is not int:
        return _version(version)
    if type(boot) is not int or not 0 <= boot <= MOST_NUMBER:
        return _boot(boot)
    if (
        type(lost) is not list
        or len(lost) != 2
        or any(type(end) is not int for end in lost)
        or not 1 <= lost[0] <= lost[1] <= MOST_NUMBER
        or lost[1] - lost[0] >= MOST_LOST
    ):
        return Refusal(
            Reason.LOST, f"lost is [first, last], 1 ≤ first ≤ last, at most {MOST_LOST} numbers; not {_shown(lost)}."
        )
    if said.keys() - {"v", "boot", "lost", "dev"}:
        return Refusal(Reason.UNKNOWN_FIELD, "Beside lost stand only v, boot and dev.")
    return Lost(device_id, boot, lost[0], lost[1])


def no_serial(serial: Any) -> Refusal | None:
    """What is wrong with a serial, None when it could be one."""
    if type(serial) is str and SERIAL.fullmatch(serial):
        return None
    return Refusal(Reason.UNKNOWN_DEVICE, f"dev is a serial: 1 to 40 of A-Z a-z 0-9 . _ -, not {_shown(serial)}.")


def _speaker(serial: Any) -> Refusal:
    wrong = no_serial(serial)
    return wrong or Refusal(Reason.NOT_YOURS, "Only a gateway may speak for other devices.", serial=serial)


def _placed(refusal: Refusal, place: int | None, said: dict[str, Any]) -> Refusal:
    boot, sequence = said.get("boot"), said.get("seq")
    return refusal._replace(
        place=place,
        boot=boot if type(boot) is int and 0 <= boot <= MOST_NUMBER else None,
        sequence=sequence if type(sequence) is int and 1 <= sequence <= MOST_NUMBER else None,
    )


def _version(version: Any) -> Refusal:
    return Refusal(Reason.VERSION, f"v is {VERSION}, the only version there is, not {_shown(version)}.")


def _boot(boot: Any) -> Refusal:
    return Refusal(Reason.BOOT, f"boot is a whole number from 0 to {MOST_NUMBER}, not {_shown(boot)}.")


def _shown(value: Any) -> str:
    return repr(value)[:60]
