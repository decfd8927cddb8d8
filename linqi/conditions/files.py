"""Facts from a file and answers into a file: Parquet or CSV, long or wide 批量文件.

Long: one fact a row – `uscc, field, value` and, where there are any, `period, as_of, recorded_on, superseded_on`. Wide: one enterprise a
row – `uscc` and a column for each field, named `field` or `field@period` (`revenue@2025`, `revenue@Y-1`). docs/rules/match.md tells it
in full. What cannot be read is told by row and field, and then nothing is judged.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from linqi.analytics import bits, columns
from linqi.analytics.columns import Codes, Column, Days, Flags, Numbers
from linqi.conditions import periods, values
from linqi.conditions.book import Book
from linqi.conditions.population import Answers, Population, made
from linqi.conditions.rules import Outcome
from linqi.conditions.values import Kind

IDS: Final = ("uscc", "enterprise", "id")
FIELDS: Final = ("field", "key")
MOST_PROBLEMS: Final = 20
NOT_IN_FORCE: Final = "not_in_force"
_YES: Final = frozenset({"true", "1", "yes", "y", "是", "有"})
_NO: Final = frozenset({"false", "0", "no", "n", "否", "无"})
_WHOLE: Final = 2.0**53


class FileRefused(Exception):
    """A file that cannot be judged; `problems` name row, field and remedy."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


@dataclass(frozen=True, slots=True)
class Read:
    """What a file of facts held: the population, the names of its rows, and the columns nobody asks for."""

    population: Population
    names: list[str]
    ignored: tuple[str, ...] = field(default=())

    def row_of(self, name: str) -> int | None:
        """The row of an enterprise by the name it has in the file."""
        return self.names.index(name) if name in self.names else None


def read_facts(path: Path, book: Book, day: date) -> Read:
    """What was known on a day, by a file; FileRefused says what cannot be read.

    In a long file a fact counts when its `as_of` and `recorded_on` are not after the day and it is not superseded on it; of several on
    one field and period the newest counts. A wide file is taken as what was known on that day.
    """
    table = _table(path)
    name = next((one for one in IDS if one in table.columns), None)
    if name is None:
        raise FileRefused([f"{path.name}: no column names the enterprise; call it {IDS[0]}."])
    if table[name].null_count():
        row = int(table[name].is_null().arg_max() or 0) + 1
        raise FileRefused([f"row {row}: {name} is empty; every row needs one."])
    table = table.with_columns(pl.col(name).cast(pl.String))
    key = next((one for one in FIELDS if one in table.columns), None)
    if key is not None and "value" in table.columns:
        return _long(table, name, key, book, day)
    return _wide(table, name, book, day)


def write_answers(path: Path, answers: Answers, read: Read, not_in_force: Iterable[str] = ()) -> int:
    """One row for each enterprise and rule – uscc, policy, outcome, near_miss –, how many; the file appears whole or not at all."""
    parts = []
    outcomes = pl.Enum([*Outcome.values, NOT_IN_FORCE])
    names = pl.Series("uscc", read.names, pl.String)
    rows = answers.population.rows
    words = np.array(Outcome.values)
    for rule in answers.rules:
        place = np.zeros(rows, np.int8)
        for at, outcome in enumerate(Outcome):
            place[bits.unpack(answers.words(rule.key, outcome), rows)] = at
        near = bits.unpack(answers.near(rule.key), rows)
        parts.append(_part(names, rule.key, pl.Series("outcome", words[place], pl.String).cast(outcomes), near))
    resting = pl.Series("outcome", [NOT_IN_FORCE] * rows, pl.String).cast(outcomes)
    parts += [_part(names, policy, resting, np.zeros(rows, np.bool_)) for policy in not_in_force]
    table = pl.concat(parts) if parts else pl.DataFrame({"uscc": [], "policy": [], "outcome": [], "near_miss": []})
    half = path.with_name(f".{path.name}.part")
    if path.suffix == ".csv":
        table.write_csv(half)
    else:
        table.write_parquet(half)
    half.replace(path)
    return table.height


def _part(names: pl.Series, policy: str, outcome: pl.Series, near: Any) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "uscc": names,
            "policy": pl.repeat(policy, len(names), dtype=pl.String, eager=True),
            "outcome": outcome,
            "near_miss": near,
        }
    )


def _table(path: Path) -> pl.DataFrame:
    if not path.is_file():
        raise FileRefused([f"{path}: there is no such file."])
    try:
        if path.suffix.lower() == ".parquet":
            return pl.read_parquet(path)
        if path.suffix.lower() == ".csv":
            return pl.read_csv(path, infer_schema=False, encoding="utf8")
    except (pl.exceptions.PolarsError, OSError, ValueError) as problem:
        raise FileRefused([f"{path.name}: {problem}"]) from problem
    raise FileRefused([f"{path.name}: give a .parquet or .csv file."])


# --- long -------------------------------------------------------------------------------------------------------------
def _long(table: pl.DataFrame, name: str, key: str, book: Book, day: date) -> Read:
    ids = table[name].unique(maintain_order=True)
    table = table.with_row_index("__row", 1).with_columns(
        pl.col(key).cast(pl.String).alias("__key"),
        (pl.col("period").cast(pl.String).fill_null("") if "period" in table.columns else pl.lit("")).alias("__period"),
        pl.col(name).replace_strict(ids, pl.Series(range(len(ids)), dtype=pl.Int64)).alias("__at"),
    )
    for column in ("as_of", "recorded_on", "recorded_at"):
        if column in table.columns:
            table = table.filter(_day(column).is_null() | (_day(column) <= day))
    if "superseded_on" in table.columns:
        table = table.filter(_day("superseded_on").is_null() | (_day("superseded_on") > day))
    if "as_of" in table.columns:
        table = table.sort(_day("as_of"), nulls_last=False, maintain_order=True)
    table = table.unique(["__at", "__key", "__period"], keep="last", maintain_order=True)
    problems: list[str] = []
    recorded: dict[tuple[str, str], Column] = {}
    ignored = []
    told = table.filter(pl.col("value").is_not_null())
    for (field_key, period), part in told.group_by(["__key", "__period"], maintain_order=True):
        if field_key not in book:
            ignored.append(str(field_key))
            continue
        at = _period(str(field_key), str(period), book, day)
        if at is None:
            first = int(part["__row"][0])
            problems.append(
                f"row {first}: {field_key} has no period {period!r}; write 2025 for years, 2025-03 for months, nothing otherwise."
            )
            continue
        found = _typed(part["value"], book[str(field_key)].kind, day, str(field_key), part["__row"].to_list(), problems)
        if not problems:
            recorded[str(field_key), at] = made(book[str(field_key)].kind, len(ids), part["__at"].to_list(), found)
    if problems:
        raise FileRefused(problems[:MOST_PROBLEMS])
    return Read(Population(range(len(ids)), book, day, recorded), ids.to_list(), tuple(dict.fromkeys(ignored)))


def _day(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.String).str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)


# --- wide -------------------------------------------------------------------------------------------------------------
def _wide(table: pl.DataFrame, name: str, book: Book, day: date) -> Read:
    doubled = table.filter(table[name].is_duplicated())
    if doubled.height:
        raise FileRefused(
            [f"{name} {doubled[name][0]}: there are two rows; keep one row an enterprise, or give a long file."]
        )
    problems: list[str] = []
    recorded: dict[tuple[str, str], Column] = {}
    ignored = []
    for column in table.columns:
        if column == name:
            continue
        key, _at, period = column.partition("@")
        if key not in book:
            ignored.append(column)
            continue
        at = _period(key, period, book, day)
        if at is None:
            problems.append(
                f"column {column}: {key} has no period {period!r}; write {key}@2025, {key}@Y-1 or {key}@2025-03."
            )
            continue
        recorded[key, at] = _column(table[column], book[key].kind, day, key, problems)
    if problems:
        raise FileRefused(problems[:MOST_PROBLEMS])
    return Read(Population(range(table.height), book, day, recorded), table[name].to_list(), tuple(ignored))


def _column(series: pl.Series, kind: Kind, day: date, key: str, problems: list[str]) -> Column:
    """A whole column at once where its type allows, else value by value."""
    padded = bits.words_for(len(series)) * bits.ROWS

    def filled(array: Any, dtype: Any) -> Any:
        out = np.zeros(padded, dtype)
        out[: len(series)] = array
        return out

    seen = series.is_not_null()
    if kind == Kind.NUMBER and series.dtype.is_numeric() and not series.dtype.is_decimal():
        if series.dtype.is_float():
            seen &= series.is_finite().fill_null(value=False)
        numbers = series.cast(pl.Float64).fill_null(0.0).fill_nan(0.0).to_numpy()
        if series.dtype.is_float() or not len(numbers) or np.abs(numbers).max() < _WHOLE:
            return Numbers(filled(np.where(seen.to_numpy(), numbers, 0.0), np.float64), bits.pack(seen.to_numpy()))
    if kind == Kind.FLAG and series.dtype == pl.Boolean:
        known = bits.pack(seen.to_numpy())
        return Flags(bits.pack(series.fill_null(value=False).to_numpy()) & known, known)
    if kind == Kind.DATE and series.dtype in (pl.Date, pl.Datetime):
        return Days(
            filled(series.cast(pl.Date).cast(pl.Int32).fill_null(0).to_numpy(), np.int32), bits.pack(seen.to_numpy())
        )
    if kind == Kind.CODE and series.dtype in (pl.String, pl.Categorical, pl.Enum):
        text = series.cast(pl.String).replace("", None)
        codes = text.cast(pl.Categorical)
        distinct = text.drop_nulls().unique(maintain_order=True)
        places = text.replace_strict(
            distinct, pl.Series(range(len(distinct)), dtype=pl.Int32), default=0, return_dtype=pl.Int32
        )
        return Codes(
            filled(places.fill_null(0).to_numpy(), np.int32),
            bits.pack(codes.is_not_null().to_numpy()),
            distinct.to_list(),
        )
    rows = np.flatnonzero(seen.to_numpy()).tolist()
    found = _typed(series.drop_nulls(), kind, day, key, [row + 1 for row in rows], problems)
    if problems:
        return columns.codes(len(series), [], [])
    kept = [(row, one) for row, one in zip(rows, found, strict=True) if one is not None]
    return made(kind, len(series), [row for row, _one in kept], [one for _row, one in kept])


# --- values -----------------------------------------------------------------------------------------------------------
def _typed(series: pl.Series, kind: Kind, day: date, key: str, rows: Sequence[int], problems: list[str]) -> list[Any]:
    """Exact values; texts are read once however often they stand there."""
    listed = series.to_list()
    known: dict[Any, Any] = {}
    found = []
    for row, value in zip(rows, listed, strict=True):
        at = (
            value
            if isinstance(value, (str, int, float, bool, date, Decimal))
            else json.dumps(value, default=str, ensure_ascii=False)
        )
        if (type(value), at) not in known:
            try:
                known[type(value), at] = _READERS[kind](value, day)
            except (ValueError, InvalidOperation, TypeError, ZeroDivisionError):
                if len(problems) < MOST_PROBLEMS:
                    problems.append(f"row {row}: {key} cannot be {value!r}; {_REMEDIES[kind]}")
                known[type(value), at] = None
        found.append(known[type(value), at])
    return found


def _number(value: Any, _day: date) -> Fraction:
    if isinstance(value, bool):
        raise ValueError
    return values.exact(value.replace(",", "").strip() if isinstance(value, str) else value)


def _date(value: Any, _day: date) -> date:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else date.fromisoformat(str(value).strip()[:10])


def _flag(value: Any, _day: date) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word not in _YES | _NO:
        raise ValueError
    return word in _YES


def _code(value: Any, _day: date) -> str:
    return str(value).strip()


def _set(value: Any, day: date) -> frozenset[str]:
    if isinstance(value, str):
        text = value.strip()
        value = (
            json.loads(text)
            if text.startswith("[")
            else [part.strip() for part in text.replace("；", ";").replace(",", ";").split(";") if part.strip()]
        )
    if isinstance(value, pl.Series):
        value = value.to_list()
    if not isinstance(value, (list, tuple)):
        raise ValueError
    return values.valid_items([one if isinstance(one, Mapping) else str(one) for one in value], day)


_READERS: Final[Mapping[Kind, Callable[[Any, date], Any]]] = {
    Kind.NUMBER: _number,
    Kind.DATE: _date,
    Kind.FLAG: _flag,
    Kind.CODE: _code,
    Kind.SET: _set,
}
_REMEDIES: Final = {
    Kind.NUMBER: "write a number in the field's own unit (yuan, persons, a ratio of one).",
    Kind.DATE: "write a date as 2026-01-31.",
    Kind.FLAG: "write true or false.",
    Kind.CODE: "write a text or code.",
    Kind.SET: 'write a list, or texts with ";" between them.',
}


def _period(key: str, written: str, book: Book, day: date) -> str | None:
    """The period as facts carry it; None when the field has no such period."""
    rhythm = book[key].rhythm
    found = periods.canonical(written.strip())
    if found is None or (found and periods.rhythm(found) != rhythm):
        return None
    if not found:
        found = periods.DEFAULTS.get(rhythm, "")
    return periods.resolved(found, day)
