"""How a row of the journal is sealed, and what a row must look like to be believed."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from math import isfinite
from operator import attrgetter
from typing import Any

GENESIS = "0" * 64  # what the first row names as the digest before it


@dataclass(frozen=True, slots=True)
class Row:
    """One entry as plain values; `id` is its place in the chain, counted from 1 without gaps."""

    id: int
    at: datetime
    actor: int | None
    actor_name: str
    verb: str
    subject_type: str
    subject_id: int | None
    subject_name: str
    enterprise: int | None
    place: int | None
    data: Any
    previous: str


COLUMNS = tuple(field.name for field in fields(Row))
values_of: Callable[[Any], tuple[Any, ...]] = attrgetter(*COLUMNS)  # of a row, or of what has the same columns
_canonical = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of the chain: `kind` is changed, moved, missing, unlinked, extra or head; `first`–`last` are ids."""

    kind: str
    first: int
    last: int
    told: str


def digest_of(row: Row) -> str:
    """The seal of a row: SHA-256 over its canonical JSON, the digest of the row before included 摘要."""
    values = dict(zip(COLUMNS, values_of(row), strict=True))
    values["at"] = row.at.astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(_canonical(values).encode()).hexdigest()


def plain(value: Any) -> Any:
    """The same value in the one form that every database gives back unchanged.

    PostgreSQL keeps JSON numbers as decimals (1e22 comes back as an integer) and refuses NUL and lone surrogates; so
    whole floats become integers and such characters are taken out before anything is hashed. NaN and infinity are
    refused.
    """
    if isinstance(value, str):
        return text(value)
    if isinstance(value, float):
        if not isfinite(value):
            raise ValueError("The journal keeps no NaN and no infinity.")
        return int(value) if value.is_integer() else value
    if isinstance(value, dict):
        return {text(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def text(value: str) -> str:
    """Text that every database takes: no NUL, no half of a character pair."""
    return value.replace("\x00", "").encode("utf-8", "replace").decode()


def check(rows: Iterable[tuple[Row, str]], count: int, digest: str) -> Iterator[Problem]:
    """Walk the chain once, in order of id, in constant memory, and tell each fault 校验.

    `rows`: each row with the digest stored beside it. `count`, `digest`: what the head says of length and last digest.
    """
    expected, before = 1, GENESIS
    known = True  # whether the row before this one was there, so that the link to it can be judged
    for row, stored in rows:
        if row.id > expected:
            yield Problem("missing", expected, row.id - 1, "not there any more")
            known = False
        if row.id < expected:
            yield Problem("extra", row.id, row.id, "stands before the first row or twice")
            continue
        if digest_of(row) != stored:
            yield Problem("changed", row.id, row.id, "does not match its digest")
        elif known and row.previous != before:
            yield Problem("unlinked", row.id, row.id, "does not follow the row before it")
        expected, before, known = row.id + 1, stored, True
    if expected <= count:
        yield Problem("missing", expected, count, "not there any more, at the end")
    elif before != digest:
        yield Problem("head", count, count, "the last digest is not the one that the head keeps")


def at_position(row: Row, position: int) -> Row:
    """The same row as it would stand at another position, to recognise one that was moved."""
    return replace(row, id=position)
