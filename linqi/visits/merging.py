"""How what was said without a signal comes together: when it was, and what becomes of a field that two changed 合并.

Pure. ADR 10 and docs/rules/sync.md say why.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from linqi.kit.choices import Choice

FIELDS: Final = {"met": 60, "summary": 2000, "next_step": 200}  # what may be said of a visit, and how many characters
MOST: Final = 200  # operations in one request
CACHED_FOR: Final = timedelta(days=7)  # how long a device may keep sheets without a contact; product default


class Outcome(Choice):
    """What became of an operation of a device 办理结果."""

    APPLIED = "applied", "已生效"
    REFUSED = "refused", "未生效"
    CONFLICT = "conflict", "需要确认"


class Merge(Choice):
    """What becomes of a field that is said anew 字段合并."""

    TAKE = "take", "采用"
    SAME = "same", "相同"
    CLASH = "clash", "不一致"


class Unreadable(ValueError):
    """What a device sent is no parcel; `field` names what is wrong."""

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__(field)


@dataclass(frozen=True, slots=True)
class Said:
    """One operation as the device says it 操作.

    `at` and `sent`-to-be are the device's own clock; `steady`: seconds of a clock that is never set, worth something within one `boot`;
    `heard`: the server's time in the last answer the device had when it was made; `seen`: the edition of the visit it was made on.
    """

    id: str
    seq: int
    kind: str
    visit: str
    at: datetime
    boot: str
    steady: float
    heard: datetime | None
    seen: int
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a device brings at one contact: its clock now, its operations in order, the marks of the sheets it holds 同步包.

    `more`: it has more operations and comes again at once, so that it need not be told yet what it lacks.
    """

    now: datetime
    boot: str
    steady: float
    said: tuple[Said, ...]
    have: Mapping[int, str]
    more: bool = False


def happened(said: Said, parcel: Parcel, received: datetime, registered: datetime) -> datetime:
    """When an operation was made, by the server's clock 校正时间.

    How long ago it was counts, not what the phone's clock showed. A steady clock may stand still while the phone sleeps and a clock on
    the wall may be set back, so the longer of both counts; a clock that was set on is held by the last answer the device had had.
    """
    ago = max(parcel.now - said.at, timedelta())
    if said.boot and said.boot == parcel.boot:
        ago = max(ago, timedelta(seconds=max(0.0, parcel.steady - said.steady)))
    floor = min(max(said.heard or registered, registered), received)
    if ago > received - floor:
        return floor
    return received - ago


def merge(held: str, value: str, *, set_at: int, seen: int, by_same_device: bool) -> Merge:
    """What becomes of a field that holds something, was set at an edition, and is now said by who saw an edition 字段合并.

    A device knows its own last word even when it has not heard back; what somebody else said in between it does not. Who leaves a
    field empty without having seen what stands there contradicts nobody.
    """
    if held == value or (not value and set_at > seen and not by_same_device):
        return Merge.SAME
    if set_at <= seen or by_same_device:
        return Merge.TAKE
    return Merge.CLASH


def read(said: Any) -> Parcel:
    """A parcel from parsed JSON; Unreadable names the first field that is wrong 读取同步包."""
    if not isinstance(said, Mapping):
        raise Unreadable("parcel")
    listed = said.get("operations", [])
    if not isinstance(listed, list) or len(listed) > MOST:
        raise Unreadable("operations")
    have = said.get("have", {})
    if not isinstance(have, Mapping) or len(have) > 2000:
        raise Unreadable("have")
    try:
        held = {int(pk): str(mark) for pk, mark in have.items()}
    except (TypeError, ValueError):
        raise Unreadable("have") from None
    return Parcel(
        now=_moment(said, "now"),
        boot=_text(said, "boot", 40),
        steady=_number(said, "steady"),
        said=tuple(_said(one) for one in listed),
        have=held,
        more=said.get("more") is True,
    )


def _said(one: Any) -> Said:
    if not isinstance(one, Mapping):
        raise Unreadable("operations")
    body = one.get("body", {})
    seq, seen = one.get("seq"), one.get("seen", 0)
    if not isinstance(seq, int) or isinstance(seq, bool) or not 0 < seq < 2**53:
        raise Unreadable("seq")
    if not isinstance(seen, int) or isinstance(seen, bool) or not 0 <= seen < 2**31:
        raise Unreadable("seen")
    if not isinstance(body, Mapping):
        raise Unreadable("body")
    name = _text(one, "id", 36)
    if len(name) != 36:
        raise Unreadable("id")
    return Said(
        id=name,
        seq=seq,
        kind=_text(one, "kind", 12),
        visit=_text(one, "visit", 36),
        at=_moment(one, "at"),
        boot=_text(one, "boot", 40),
        steady=_number(one, "steady"),
        heard=_moment(one, "heard") if one.get("heard") else None,
        seen=seen,
        body=body,
    )


def _moment(row: Mapping[str, Any], name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(str(row.get(name)).replace("Z", "+00:00"))
    except ValueError:
        raise Unreadable(name) from None
    if moment.tzinfo is None or not 1990 < moment.year < 2200:
        raise Unreadable(name)
    return moment


def _text(row: Mapping[str, Any], name: str, most: int) -> str:
    value = row.get(name, "")
    if not isinstance(value, str) or len(value) > most or "\x00" in value:
        raise Unreadable(name)
    return value


def _number(row: Mapping[str, Any], name: str) -> float:
    value = row.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
        raise Unreadable(name)
    return float(value)
