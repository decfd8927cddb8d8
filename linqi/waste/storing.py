"""What devices told, stored in batches: one transaction for events, clues, hours touched and how far each device is 批量入库.

`DeviceState` alone decides what is a repetition. Its rows are locked at the beginning of the transaction and compared with what is in
memory by their edition, so that a second writer (HTTP beside MQTT) is noticed before anything is decided. Whatever goes wrong, memory is
dropped and read anew: a receipt is made of what was committed.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from operator import itemgetter
from typing import Any, Final, NamedTuple

import orjson
from django.db import DatabaseError, connection, transaction

from linqi.kit.clock import ZONE
from linqi.waste.kinds import ClueKind, Told, Witness
from linqi.waste.models import Clue, Device, Fitting, Standing
from linqi.waste.rules import clock
from linqi.waste.rules.messages import Incoming, Lost
from linqi.waste.rules.receipts import Line, Progress, Receipt, Taken

ALARMS: Final = frozenset(ClueKind.values)
HOUR: Final = 3_600_000  # milliseconds
STILL_OPEN: Final = 5 * 60_000  # an hour is noted once in this process until so long after its end; see actions.hours
REGISTRY_AGE: Final = 5_000  # milliseconds after which the fittings are read anew even if they look the same
_FOREVER: Final = 1 << 62

_BATTERY: Final = Told.BATTERY.value
_ONLINE: Final = Told.ONLINE.value
_LIFE: Final = frozenset({_ONLINE, Told.OFFLINE.value})


class Life(NamedTuple):
    """A Sparkplug birth or death; `birth` is its bdSeq. `node`: the one that died, when this device died with it."""

    device_id: int
    online: bool
    birth: int | None
    node: int | None = None


@dataclass(slots=True)
class Stored:
    """What a batch became. `receipts` of every device that spoke; `unknown` devices are no longer there."""

    receipts: dict[int, Receipt] = field(default_factory=dict)
    stored: int = 0
    repeated: int = 0
    lost: int = 0
    not_taken: list[tuple[Incoming | Lost, Taken]] = field(default_factory=list)
    clues: list[Clue] = field(default_factory=list)
    unknown: list[Incoming | Lost] = field(default_factory=list)


class _State:
    """One row of `DeviceState` in memory."""

    __slots__ = (
        "battery",
        "birth",
        "earlier",
        "edition",
        "last_at",
        "limited",
        "lost",
        "online",
        "progress",
        "refused",
        "repeated",
        "skew",
        "stored",
    )

    def __init__(self, row: Sequence[Any]) -> None:
        (_, boot, sequence, beyond, earlier, self.edition, self.stored, self.repeated, self.lost, self.refused) = row[
            :10
        ]
        (self.skew, self.last_at, self.online, self.battery, self.birth, self.limited) = row[10:]
        if self.online is not None:
            self.online = bool(self.online)
        self.progress = Progress.read(boot, sequence, _read(beyond), _read(earlier))
        self.earlier = "{}"

    def row(self, device_id: int) -> tuple[Any, ...]:
        """Its columns in the order of `_COLUMNS`."""
        progress = self.progress
        if progress.touched:
            self.earlier, progress.touched = orjson.dumps(progress.kept()).decode(), False
        return (
            device_id,
            progress.boot,
            progress.line.sequence,
            orjson.dumps(progress.line.beyond).decode() if progress.line.beyond else "[]",
            self.earlier,
            self.edition,
            self.stored,
            self.repeated,
            self.lost,
            self.refused,
            self.skew,
            self.last_at,
            self.online,
            self.battery,
            self.birth,
            self.limited,
        )


def store(events: Sequence[Incoming], now_ms: int, lost: Sequence[Lost] = ()) -> Stored:
    """Store a batch by itself, nothing remembered between batches: for doors that are opened now and then."""
    return Store().store(events, now_ms, lost=lost)


class Store:
    """Stores batch after batch and keeps in memory what the next one needs. Not for two threads at once."""

    def __init__(self) -> None:
        self._states: dict[int, _State] = {}
        self._known_at = -_FOREVER
        self._seen: Any = None
        self._fittings: dict[int, list[tuple[int, int, int]]] = {}
        self._simulated: set[int] = set()
        self._noted: set[int] = set()  # (hour << 32 | bin) of hours that are still open, from
        self._open_from = 0
        self._days: set[date] = set()

    def store(
        self,
        events: Sequence[Incoming],
        now_ms: int,
        *,
        lost: Sequence[Lost] = (),
        lives: Sequence[Life] = (),
        refused: Mapping[int, int] | None = None,
        limited: Mapping[int, int] | None = None,
        asked: Collection[int] = (),
    ) -> Stored:
        """Store what is new of these events and move the devices on; all or nothing.

        `asked`: devices that want to know how far they are.
        `refused`, `limited`: how many events of a device were set aside or not taken, to be added to its counts.
        """
        spoke = {one[0] for one in events}
        spoke.update(one.device_id for one in lost)
        spoke.update(one.device_id for one in lives)
        spoke.update(asked)
        touched = spoke.union(refused or (), limited or ())
        if not touched:
            return Stored()
        day = datetime.fromtimestamp(now_ms / 1000, ZONE).date()
        try:
            if connection.vendor == "postgresql":
                self._open_day(day)
            with _on_the_disk(), transaction.atomic():
                self._lock(touched)
                self._know(now_ms)
                result = self._fold_and_write(events, now_ms, day, lost, lives, refused or {}, limited or {}, touched)
        except BaseException:
            self.forget()
            raise
        states = self._states
        for device_id in spoke:
            if device_id in states and device_id not in result.receipts:
                result.receipts[device_id] = states[device_id].progress.receipt()
        return result

    def forget(self) -> None:
        """Read everything anew at the next batch."""
        self._states.clear()
        self._noted.clear()
        self._days.clear()
        self._known_at = -_FOREVER

    # --- deciding ---------------------------------------------------------------------------------------------------
    def _fold_and_write(
        self,
        events: Sequence[Incoming],
        now: int,
        day: date,
        lost: Sequence[Lost],
        lives: Sequence[Life],
        refused: Mapping[int, int],
        limited: Mapping[int, int],
        touched: Collection[int],
    ) -> Stored:
        states, result = self._states, Stored()
        boots: dict[int, set[int]] = {}
        for one in lost:
            self._give_up(one, result, boots)
        rows, clues, hours = self._fold(events, now, day, result, boots)
        for life in lives:
            _live(states.get(life.device_id), life, states.get(life.device_id if life.node is None else life.node))
        for device_id, count in refused.items():
            if device_id in states:
                states[device_id].refused += count
        for device_id, count in limited.items():
            if device_id in states:
                states[device_id].limited += count
        if rows:
            _insert(rows)
        if clues:
            result.clues = self._raise(clues, now)
        if hours:
            _note(hours)
        _update([states[device_id].row(device_id) for device_id in sorted(touched) if device_id in states])
        result.receipts = {
            device_id: states[device_id].progress.receipt(asked) for device_id, asked in boots.items() if asked
        }
        return result

    def _fold(  # noqa: PLR0912, PLR0915 – the hot loop: one thought, no calls
        self, events: Sequence[Incoming], now: int, day: date, result: Stored, boots: dict[int, set[int]]
    ) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]], set[int]]:
        """The rows of what is new, those that are clues, and the hours that are touched."""
        still_open = (now - STILL_OPEN) // HOUR
        if still_open != self._open_from:
            self._open_from = still_open
            self._noted = {key for key in self._noted if key >> 32 >= still_open}
        states, fittings, noted = self._states, self._fittings, self._noted
        rows: list[tuple[Any, ...]] = []
        clues: list[tuple[Any, ...]] = []
        hours: set[int] = set()
        earliest, latest = now - clock.LATE, now + clock.AHEAD
        wrong_clocks: dict[int, int] | None = None
        new = Taken.NEW
        add = rows.append
        whole_day = day.isoformat()
        for event in events:
            device_id, boot, sequence, told, at, value, stream, picture, card = event
            state = states.get(device_id)
            if state is None:
                result.unknown.append(event)
                continue
            progress = state.progress
            line = progress.line
            if boot == progress.boot and sequence == line.sequence + 1 and not line.beyond:
                line.sequence = sequence
            else:
                before = progress.boot
                taken = progress.take(boot, sequence)
                if progress.boot != before or boot != before:
                    boots.setdefault(device_id, set()).update((boot, before))
                if taken is not new:
                    if taken is Taken.REPEATED:
                        state.repeated += 1
                        result.repeated += 1
                    else:
                        state.refused += 1
                        result.not_taken.append((event, taken))
                    continue
            if at is not None and earliest <= at <= latest:
                wrong = False
                if told == _BATTERY:
                    state.battery = value
                elif told in _LIFE:
                    state.online = told == _ONLINE
            else:
                wrong = True
                if wrong_clocks is None:
                    wrong_clocks = _newest_of_wrong_clocks(events, earliest, latest)
                if at is not None:
                    state.skew = at - now
                at = clock.reckoned(at, wrong_clocks.get(device_id), now)
                if told == _BATTERY:
                    state.battery = value
            bin_id = None
            sat = fittings.get(device_id)
            if sat is not None:
                since, until, bin_id = sat[-1]
                if not since <= at < until:
                    bin_id = _sat_on(sat, at)
                if bin_id is not None:
                    key = (at // HOUR) << 32 | bin_id
                    if key not in noted:
                        hours.add(key)
            add((whole_day, device_id, boot, sequence, told, at, now, bin_id, value, stream, picture, card, wrong))
            state.stored += 1
            state.last_at = now
            if not wrong:
                state.skew = event[4] - now  # type: ignore[operator]
            if told in ALARMS and bin_id is not None and value != 0:
                clues.append(rows[-1])
        result.stored = len(rows)
        noted.update(key for key in hours if key >> 32 >= still_open)
        return rows, clues, hours

    def _give_up(self, one: Lost, result: Stored, boots: dict[int, set[int]]) -> None:
        state = self._states.get(one.device_id)
        if state is None:
            result.unknown.append(one)
            return
        given_up = state.progress.give_up(one.boot, one.low, one.high)
        if given_up is None:
            result.not_taken.append((one, Taken.SCATTERED))
            return
        state.lost += given_up
        result.lost += given_up
        if one.boot != state.progress.boot:
            boots.setdefault(one.device_id, set()).add(one.boot)

    # --- what is known ----------------------------------------------------------------------------------------------
    def _lock(self, device_ids: Iterable[int]) -> None:
        """Take the rows of these devices for this transaction, and read those that changed behind our back."""
        ids = sorted(device_ids)
        kept = self._states
        editions = _editions(ids)
        if missing := [one for one in ids if one not in editions]:
            _make_states(missing)
            editions = _editions(ids)
        stale = [one for one, edition in editions.items() if one not in kept or kept[one].edition != edition]
        for row in _rows_of(stale):
            kept[row[0]] = _State(row)
        for one in ids:
            if one not in editions:
                kept.pop(one, None)
            else:
                kept[one].edition += 1

    def _know(self, now: int) -> None:
        """Read the fittings anew when the registry changed or what we know is old."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT max(id), count(*), count(until) FROM waste_fitting")
            seen = cursor.fetchone()
        if seen == self._seen and 0 <= now - self._known_at < REGISTRY_AGE:
            return
        fittings: dict[int, list[tuple[int, int, int]]] = {}
        for device_id, bin_id, since, until in Fitting.objects.order_by("device_id", "since").values_list(
            "device_id", "bin_id", "since", "until"
        ):
            end = _ms(until) if until else _FOREVER
            fittings.setdefault(device_id, []).append((_ms(since), end, bin_id))
        self._fittings, self._seen, self._known_at = fittings, seen, now
        self._simulated = set(Device.objects.filter(simulated=True).values_list("pk", flat=True))

    def _raise(self, rows: Sequence[tuple[Any, ...]], now: int) -> list[Clue]:
        """A clue for each row, at the point where its bin stood then; a person will look."""
        bins = {row[7] for row in rows}
        stood: dict[int, list[tuple[int, int, int]]] = {}
        for bin_id, point_id, since, until in (
            Standing.objects.filter(bin_id__in=bins)
            .order_by("bin_id", "since")
            .values_list("bin_id", "point_id", "since", "until")
        ):
            stood.setdefault(bin_id, []).append((_ms(since), _ms(until) if until else _FOREVER, point_id))
        made = []
        for day, device_id, boot, sequence, told, at, _now, bin_id, value, stream, picture, card, wrong in rows:
            made.append(
                Clue(
                    bin_id=bin_id,
                    point_id=_sat_on(stood[bin_id], at) if bin_id in stood else None,
                    kind=told,
                    witness=Witness.DEVICE.value,
                    at=_moment(at),
                    raised_at=_moment(now),
                    device_id=device_id,
                    event_day=day,
                    event_boot=boot,
                    event_sequence=sequence,
                    event_value=value,
                    event_stream=stream,
                    event_picture=picture,
                    event_clock_wrong=wrong,
                    card=card,
                    simulated=device_id in self._simulated,
                )
            )
        return Clue.objects.bulk_create(made, batch_size=500)

    def _open_day(self, day: date) -> None:
        """On PostgreSQL: a partition for the day, if the tick has not made it yet."""
        if day not in self._days:
            make_partition(day)
            self._days.add(day)


def make_partition(day: date) -> bool:
    """On PostgreSQL, a partition of the table of events for a day; whether it was made now. Two makers wait for each other."""
    name = partition_name(day)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [name])
        if cursor.fetchone()[0] is not None:
            return False
        try:
            with transaction.atomic():
                cursor.execute("SELECT pg_advisory_xact_lock(hashtext('waste_event'))")
                cursor.execute("SELECT to_regclass(%s)", [name])
                if cursor.fetchone()[0] is not None:
                    return False
                cursor.execute(
                    f"CREATE TABLE {name} PARTITION OF waste_event FOR VALUES FROM (%s) TO (%s)".replace(
                        "%s", "'{}'"
                    ).format(day.isoformat(), (day + timedelta(days=1)).isoformat())
                )
        except DatabaseError:
            # Rows of that day already lie in the partition for all others: they stay there, and so do the next.
            with connection.cursor() as asked:
                asked.execute("SELECT EXISTS (SELECT 1 FROM waste_event_other WHERE day = %s)", [day])
                if not asked.fetchone()[0]:
                    raise
            return False
    return True


def partition_name(day: date) -> str:
    """What the partition of a day is called."""
    return f"waste_event_{day:%Y%m%d}"


def day_of(now_ms: int) -> date:
    """The day of storing, as the street counts days."""
    return datetime.fromtimestamp(now_ms / 1000, ZONE).date()


_NULL: Final = "\\N"  # of COPY


@contextmanager
def _on_the_disk() -> Iterator[None]:
    """What is committed in here outlives a power cut, as a receipt promises.

    PostgreSQL does so by itself. SQLite in its usual setting here would still have the last commits in the machine's memory.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous=FULL")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous=NORMAL")


# --- statements -----------------------------------------------------------------------------------------------------
_COLUMNS: Final = (
    "device_id, boot, sequence, beyond, earlier, edition, stored, repeated, lost, refused, skew_ms, last_at, online, "
    "battery, birth, limited"
)
_TYPES: Final = dict.fromkeys(_COLUMNS.split(", "), "bigint") | {
    "beyond": "jsonb",
    "earlier": "jsonb",
    "online": "boolean",
    "battery": "float8",
}
_CHANGED: Final = _COLUMNS.split(", ")[1:]
_UPDATE_ONE: Final = (
    f"UPDATE waste_devicestate SET {', '.join(f'{name} = %s' for name in _CHANGED)} WHERE device_id = %s"  # noqa: S608 – our own names
)
_UPDATE_MANY: Final = (  # one parameter: arrays of psycopg would be written value by value in Python
    f"UPDATE waste_devicestate AS s SET {', '.join(f'{name} = v.{name}' for name in _CHANGED)} "  # noqa: S608 – our own names
    f"FROM json_to_recordset(%s::json) AS v({', '.join(f'{name} {kind}' for name, kind in _TYPES.items())}) "
    "WHERE s.device_id = v.device_id"
)
_NOTE: Final = (
    "INSERT INTO waste_hourtouched (hour, bin_id, times) {rows} "
    "ON CONFLICT (hour, bin_id) DO UPDATE SET times = waste_hourtouched.times + 1"
)
_EVENT: Final = "day, device_id, boot, sequence, told, at, stored_at, bin_id, value, stream, picture, card, clock_wrong"


_PLACE: Final = itemgetter(1, 2, 3)
_INSERT: Final = f"INSERT INTO waste_event ({_EVENT}) VALUES ({', '.join(['%s'] * 13)})"  # noqa: S608 – our own names


def _insert(rows: list[tuple[Any, ...]]) -> None:
    rows = sorted(rows, key=_PLACE)  # those of one device lie together in the table: one page is found once
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            _copy(cursor, rows)
        else:
            cursor.executemany(_INSERT, rows)


def _copy(cursor: Any, rows: list[tuple[Any, ...]]) -> None:
    """COPY as text. What a device may say has neither tabs nor backslashes (rules.messages), so nothing needs escaping."""
    lines = [
        f"{day}\t{device}\t{boot}\t{sequence}\t{told}\t{at}\t{now}\t{_NULL if bin_id is None else bin_id}\t"
        f"{_NULL if value is None else value}\t{stream}\t{picture}\t{card}\t{wrong:d}\n"
        for day, device, boot, sequence, told, at, now, bin_id, value, stream, picture, card, wrong in rows
    ]
    with connection.wrap_database_errors, cursor.copy(f"COPY waste_event ({_EVENT}) FROM STDIN") as copy:
        copy.write("".join(lines))


def _editions(ids: list[int]) -> dict[int, int]:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT device_id, edition FROM waste_devicestate WHERE device_id = ANY(%s::bigint[]) ORDER BY device_id FOR UPDATE",
                [_array(ids)],
            )
        else:
            # the transaction has the whole database (BEGIN IMMEDIATE), so reading is enough
            cursor.execute(
                "SELECT device_id, edition FROM waste_devicestate WHERE device_id IN (SELECT value FROM json_each(%s))",
                [orjson.dumps(ids).decode()],
            )
        return dict(cursor.fetchall())


def _make_states(ids: list[int]) -> None:
    """Rows of devices that never spoke; a device that is not registered gets none."""
    from linqi.waste.models import DeviceState

    there = Device.objects.filter(pk__in=ids).order_by("pk").values_list("pk", flat=True)
    DeviceState.objects.bulk_create(
        [DeviceState(device_id=one) for one in there], ignore_conflicts=True, batch_size=500
    )


def _rows_of(ids: list[int]) -> list[Any]:
    if not ids:
        return []
    of_these = "ANY(%s::bigint[])" if connection.vendor == "postgresql" else "(SELECT value FROM json_each(%s))"
    asked = _array(ids) if connection.vendor == "postgresql" else orjson.dumps(ids).decode()
    how = "=" if connection.vendor == "postgresql" else "IN"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_COLUMNS} FROM waste_devicestate WHERE device_id {how} {of_these}", [asked])  # noqa: S608 – our own names
        return list(cursor.fetchall())


def _update(rows: list[tuple[Any, ...]]) -> None:
    if not rows:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            names, fragment = list(_TYPES), orjson.Fragment
            told = [
                dict(zip(names, (*row[:3], fragment(row[3]), fragment(row[4]), *row[5:]), strict=True)) for row in rows
            ]
            cursor.execute(_UPDATE_MANY, [orjson.dumps(told).decode()])
        else:
            cursor.executemany(_UPDATE_ONE, [(*row[1:], row[0]) for row in rows])


def _note(hours: set[int]) -> None:
    """Note hours to be counted; the row is changed even if it is there, so that who counts waits for us."""
    pairs = sorted((key >> 32, key & 0xFFFFFFFF) for key in hours)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            which, bins = zip(*pairs, strict=True)
            rows = "SELECT hour, bin_id, 1 FROM unnest(%s::bigint[], %s::bigint[]) AS v(hour, bin_id)"
            cursor.execute(_NOTE.format(rows=rows), [_array(which), _array(bins)])
        else:
            cursor.executemany(_NOTE.format(rows="VALUES (%s, %s, 1)"), pairs)


def _array(numbers: Iterable[int]) -> str:
    """Whole numbers as PostgreSQL writes an array of them."""
    return "{" + ",".join(map(str, numbers)) + "}"


# --- small things -----------------------------------------------------------------------------------------------------
def _live(state: _State | None, life: Life, node: _State | None) -> None:
    """A death counts unless it belongs to another birth than the last."""
    if state is None:
        return
    if life.online:
        state.online, state.birth = True, life.birth
    elif node is None or life.birth is None or node.birth is None or life.birth == node.birth:
        state.online = False


def _newest_of_wrong_clocks(events: Sequence[Incoming], earliest: int, latest: int) -> dict[int, int]:
    newest: dict[int, int] = {}
    for event in events:
        at = event[4]
        if at is not None and not earliest <= at <= latest and at > newest.get(event[0], -1):
            newest[event[0]] = at
    return newest


def _sat_on(spans: list[tuple[int, int, int]], at: int) -> int | None:
    """Of spans in order (since, until, what), what was valid at a moment."""
    index = bisect_right(spans, at, key=lambda span: span[0]) - 1
    return spans[index][2] if index >= 0 and at < spans[index][1] else None


def _read(column: Any) -> Any:
    return orjson.loads(column) if isinstance(column, (str, bytes)) else column


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


__all__ = ["Incoming", "Life", "Line", "Lost", "Receipt", "Store", "Stored", "day_of", "make_partition", "store"]
