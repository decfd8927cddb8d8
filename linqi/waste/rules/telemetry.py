"""Telemetry as ThingsBoard has it, read into the same events 遥测.

Of a device: `{"boot":3,"seq":17,"weight":1.2,"fill":0.6}`, `{"ts":…,"values":{…}}`, or a list of either. Of a gateway:
`{"chip-1":[{"ts":…,"values":{…}}], …}`. Names are mapped by `NAMES`; what else a device sends is not ours and is left alone.
A device must count: `boot` and `seq` are among its values, and n known values take the numbers seq … seq+n-1 in the order of `NAMES`.
Without them nothing could be promised, so such telemetry is refused.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from linqi.waste.rules.messages import (
    CARD,
    MOST_EVENTS,
    MOST_NUMBER,
    REFERENCE,
    STREAMS,
    Behind,
    Incoming,
    Read,
    Reason,
    Refusal,
    parsed,
    wrong_value,
)

# Name → what it tells, and by what its number is divided: percent are shares of a hundred.
NAMES: Final[Mapping[str, tuple[str, float]]] = {
    "weight": ("deposit", 1),
    "deposit": ("deposit", 1),
    "fill": ("fill", 1),
    "fillPercent": ("fill", 100),
    "lid": ("lid", 1),
    "temperature": ("temperature", 1),
    "tamper": ("tamper", 1),
    "mixed": ("mixed", 1),
    "overflow": ("overflow", 1),
    "illegal": ("illegal", 1),
    "smoke": ("smoke", 1),
    "battery": ("battery", 1),
    "batteryPercent": ("battery", 100),
}
MARKS: Final = frozenset({"deposit", "mixed"})  # what a stream, picture and card belong to


def read(payload: bytes, device_id: int, into: Read) -> None:
    """Telemetry of one device."""
    said = parsed(payload)
    if isinstance(said, Refusal):
        into.refused.append(said)
        return
    _records(said, device_id, into)


def read_gateway(payload: bytes, behind: Behind, into: Read) -> None:
    """Telemetry of the chips behind a gateway, by their serials."""
    said = parsed(payload)
    if isinstance(said, Refusal):
        into.refused.append(said)
    elif type(said) is not dict:
        into.refused.append(Refusal(Reason.NOT_AN_EVENT, "Telemetry of a gateway is an object: serial → list."))
    else:
        for serial, records in said.items():
            found = behind(serial)
            if isinstance(found, Refusal):
                into.refused.append(found)
            else:
                _records(records, found, into)


def _records(said: Any, device_id: int, into: Read) -> None:
    records = said if type(said) is list else [said]
    if len(records) > MOST_EVENTS:
        into.refused.append(Refusal(Reason.TOO_MANY, f"{len(records)} records; at most {MOST_EVENTS} in one message."))
        return
    for place, one in enumerate(records):
        values = one.get("values") if type(one) is dict and "values" in one else one
        if type(values) is not dict or type(one) is not dict:
            into.refused.append(
                Refusal(Reason.NOT_AN_EVENT, "A record is an object of values.", place, device_id=device_id)
            )
            continue
        at = one.get("ts") if values is not one else values.get("ts")
        take(values, at, device_id, into, place)


def take(values: Mapping[str, Any], at: Any, device_id: int, into: Read, place: int | None = None) -> None:
    """One record: all of its events, or one refusal and none of them."""
    boot, first = values.get("boot"), values.get("seq")
    if type(boot) is not int or type(first) is not int or not (0 <= boot <= MOST_NUMBER and 1 <= first <= MOST_NUMBER):
        wrong = Refusal(Reason.NO_NAME, "Among the values must be boot (from 0) and seq (from 1), whole numbers.")
        into.refused.append(wrong._replace(place=place, device_id=device_id))
        return
    events: list[Incoming] = []
    for found in _events(values, at, device_id, boot, first):
        if isinstance(found, Refusal):
            into.refused.append(found._replace(place=place, device_id=device_id, boot=boot, sequence=first))
            return
        events.append(found)
    if not events:
        wrong = Refusal(Reason.TOLD, f"None of the values is one of {', '.join(NAMES)}.")
        into.refused.append(wrong._replace(place=place, device_id=device_id, boot=boot, sequence=first))
    into.events.extend(events)


def _events(values: Mapping[str, Any], at: Any, device_id: int, boot: int, first: int) -> Iterator[Incoming | Refusal]:
    if at is not None and (type(at) is not int or not 0 <= at <= MOST_NUMBER):
        yield Refusal(Reason.TIME, "ts is milliseconds since 1970 UTC as a whole number.")
        return
    stream, picture, card = values.get("stream") or "", values.get("pic") or "", values.get("card") or ""
    if type(stream) is not str or stream not in STREAMS:
        yield Refusal(Reason.STREAM, f"stream is one of {', '.join(sorted(STREAMS - {''}))}.")
        return
    for mark, form, reason in ((picture, REFERENCE, Reason.REFERENCE), (card, CARD, Reason.CARD)):
        if mark != "" and (type(mark) is not str or not form.fullmatch(mark)):
            yield Refusal(reason, "pic and card are letters, digits, dot, dash and underscore, 64 and 40 at most.")
            return
    sequence = first
    for name, (told, parts) in NAMES.items():
        if name not in values:
            continue
        value = values[name]
        if type(value) is bool:
            value = float(value)
        if parts != 1 and type(value) in {int, float}:
            value = value / parts
        if trouble := wrong_value(told, value):
            yield trouble
            return
        marks = (stream, picture, card) if told in MARKS else ("", "", "")
        yield Incoming(device_id, boot, sequence, told, at, value, *marks)
        sequence += 1
