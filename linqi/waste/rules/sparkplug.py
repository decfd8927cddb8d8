"""Sparkplug B, payload and topics: births, deaths and data (Eclipse Sparkplug 3.0) 工业物联网规范.

The payload is Protocol Buffers. Its description is written here from the fields of the public specification that we read; others (data
sets, templates, properties) are skipped by the reader as unknown. Metrics are named as telemetry is (`rules.telemetry.NAMES`); folders before
the last slash are left out. Aliases are those of the last birth.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, NamedTuple

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from linqi.waste.rules.messages import MOST_BYTES, MOST_EVENTS, Reason, Refusal

KINDS: Final = ("NBIRTH", "NDEATH", "NDATA", "DBIRTH", "DDEATH", "DDATA")
REBIRTH: Final = "Node Control/Rebirth"
BIRTH_NUMBER: Final = "bdSeq"
_WHOLE_SIGNED: Final = {1: 8, 2: 16, 3: 32, 4: 64}  # datatypes Int8 … Int64: sent as their two's complement


class Topic(NamedTuple):
    """Where a message belongs; `device` is empty for the node itself."""

    group: str
    kind: str
    node: str
    device: str


class Metric(NamedTuple):
    """One value with its name, empty when only an alias was sent."""

    name: str
    alias: int | None
    at: int | None
    value: Any


class Payload(NamedTuple):
    """What a message holds."""

    at: int | None
    metrics: list[Metric]


def topic_of(parts: list[str]) -> Topic | None:
    """spBv1.0/group/kind/node[/device]; None when it is none of the kinds that devices send."""
    if len(parts) not in {4, 5} or parts[0] != "spBv1.0" or parts[2] not in KINDS:
        return None
    if (len(parts) == 5) is not parts[2].startswith("D"):
        return None
    return Topic(parts[1], parts[2], parts[3], parts[4] if len(parts) == 5 else "")


def decode(payload: bytes) -> Payload | Refusal:
    """The metrics of a payload, or why it cannot be read."""
    if len(payload) > MOST_BYTES:
        return Refusal(Reason.TOO_LARGE, f"{len(payload)} bytes; at most {MOST_BYTES}.")
    message = _payload()()
    try:
        message.ParseFromString(payload)
    except DecodeError as wrong:
        return Refusal(Reason.NOT_SPARKPLUG, f"The payload is no Sparkplug B payload: {wrong}"[:200])
    if len(message.metrics) > MOST_EVENTS:
        return Refusal(Reason.TOO_MANY, f"{len(message.metrics)} metrics; at most {MOST_EVENTS} in one message.")
    at = message.timestamp if message.HasField("timestamp") else None
    return Payload(at, [_metric(one) for one in message.metrics])


def aliases_of(payload: Payload) -> dict[int, str]:
    """What a birth says its aliases mean."""
    return {one.alias: one.name for one in payload.metrics if one.alias is not None and one.name}


def birth_number(payload: Payload) -> int | None:
    """bdSeq of a birth or death, by which a death belongs to its birth."""
    numbers = [one.value for one in payload.metrics if one.name == BIRTH_NUMBER and type(one.value) is int]
    return numbers[0] if numbers else None


def records(payload: Payload, aliases: Mapping[int, str]) -> Iterator[tuple[int | None, dict[str, Any]] | Refusal]:
    """Values by name, those of one moment together; a Refusal when an alias was never born."""
    found: dict[int | None, dict[str, Any]] = {}
    for one in payload.metrics:
        name = one.name or (aliases.get(one.alias, "") if one.alias is not None else "")
        if not name:
            yield Refusal(Reason.NO_BIRTH, f"Alias {one.alias} is not known: a birth must come first. It is asked for.")
            return
        found.setdefault(one.at if one.at is not None else payload.at, {})[name.rsplit("/", 1)[-1]] = one.value
    yield from found.items()


def rebirth(at: int) -> bytes:
    """The command that asks a node for its birth."""
    message = _payload()(timestamp=at)
    metric = message.metrics.add()
    metric.name, metric.timestamp, metric.datatype, metric.boolean_value = REBIRTH, at, 11, True
    return bytes(message.SerializeToString())


def encode(payload: Payload, sequence: int | None = None) -> bytes:
    """A payload as a device sends it; for the simulator and for tests."""
    message = _payload()()
    if payload.at is not None:
        message.timestamp = payload.at
    if sequence is not None:
        message.seq = sequence
    for one in payload.metrics:
        metric = message.metrics.add()
        if one.name:
            metric.name = one.name
        if one.alias is not None:
            metric.alias = one.alias
        if one.at is not None:
            metric.timestamp = one.at
        _set(metric, one.value)
    return bytes(message.SerializeToString())


def _set(metric: Any, value: Any) -> None:
    if value is None:
        metric.is_null = True
    elif type(value) is bool:
        metric.datatype, metric.boolean_value = 11, value
    elif type(value) is int:
        metric.datatype, metric.long_value = 8, value
    elif type(value) is float:
        metric.datatype, metric.double_value = 10, value
    else:
        metric.datatype, metric.string_value = 12, str(value)


def _metric(one: Any) -> Metric:
    which = one.WhichOneof("value")
    value = getattr(one, which) if which and not one.is_null else None
    if which in {"int_value", "long_value"} and value is not None and (bits := _WHOLE_SIGNED.get(one.datatype)):
        value &= (1 << bits) - 1
        value -= (value >> (bits - 1)) << bits
    return Metric(
        one.name,
        one.alias if one.HasField("alias") else None,
        one.timestamp if one.HasField("timestamp") else None,
        value,
    )


@cache
def _payload() -> Any:
    """The class of payloads, made of the description; field numbers are those of the specification."""
    kind = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(
        name="linqi_sparkplug_b.proto", package="linqi.sparkplug", syntax="proto2"
    )
    metric = file.message_type.add(name="Metric")
    metric.oneof_decl.add(name="value")
    for number, name, of, in_value in (
        (1, "name", kind.TYPE_STRING, False),
        (2, "alias", kind.TYPE_UINT64, False),
        (3, "timestamp", kind.TYPE_UINT64, False),
        (4, "datatype", kind.TYPE_UINT32, False),
        (5, "is_historical", kind.TYPE_BOOL, False),
        (6, "is_transient", kind.TYPE_BOOL, False),
        (7, "is_null", kind.TYPE_BOOL, False),
        (10, "int_value", kind.TYPE_UINT32, True),
        (11, "long_value", kind.TYPE_UINT64, True),
        (12, "float_value", kind.TYPE_FLOAT, True),
        (13, "double_value", kind.TYPE_DOUBLE, True),
        (14, "boolean_value", kind.TYPE_BOOL, True),
        (15, "string_value", kind.TYPE_STRING, True),
        (16, "bytes_value", kind.TYPE_BYTES, True),
    ):
        field = metric.field.add(name=name, number=number, type=of, label=kind.LABEL_OPTIONAL)
        if in_value:
            field.oneof_index = 0
    payload = file.message_type.add(name="Payload")
    payload.field.add(name="timestamp", number=1, type=kind.TYPE_UINT64, label=kind.LABEL_OPTIONAL)
    payload.field.add(
        name="metrics", number=2, type=kind.TYPE_MESSAGE, type_name=".linqi.sparkplug.Metric", label=kind.LABEL_REPEATED
    )
    payload.field.add(name="seq", number=3, type=kind.TYPE_UINT64, label=kind.LABEL_OPTIONAL)
    payload.field.add(name="uuid", number=4, type=kind.TYPE_STRING, label=kind.LABEL_OPTIONAL)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("linqi.sparkplug.Payload"))
