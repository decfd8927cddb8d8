"""Many rows at once, with ids known beforehand: how a whole street is written in seconds."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from itertools import islice
from typing import Any

from django.core.management.color import no_style
from django.db import connection, models
from django.db.models import Max

BATCH = 5000
Row = tuple[Any, ...]


def next_id(model: type[models.Model]) -> int:
    """The first id that is free."""
    return int(model._default_manager.aggregate(top=Max("pk"))["top"] or 0) + 1


def put(model: type[models.Model], columns: Sequence[str], rows: Iterable[Row]) -> int:
    """Insert rows of plain values, `columns` by field name; returns how many.

    Straight to the driver, which prepares the statement once: bulk_create would spend most of its time on cutting
    statements to the few parameters it allows SQLite. The database's own constraints hold all the same.
    """
    fields = [model._meta.get_field(name) for name in columns]
    names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)  # type: ignore[union-attr]
    marks = ", ".join(["%s"] * len(fields))
    statement = f"INSERT INTO {connection.ops.quote_name(model._meta.db_table)} ({names}) VALUES ({marks})"  # noqa: S608 – names of our own models
    adapt = [(at, adapter) for at, field in enumerate(fields) if (adapter := _adapter(field)) is not None]
    done = 0
    with connection.cursor() as cursor:
        waiting = iter(rows)
        while batch := list(islice(_adapted(waiting, adapt), BATCH)):
            cursor.executemany(statement, batch)
            done += len(batch)
    return done


def follow(*models_: type[models.Model]) -> None:
    """Let the next id that the database gives come after those written here."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(models_)):
            cursor.execute(statement)


def _adapted(rows: Iterator[Row], adapt: list[tuple[int, Callable[[Any], Any]]]) -> Iterator[list[Any]]:
    for row in rows:
        values = list(row)
        for at, adapter in adapt:
            values[at] = adapter(values[at])
        yield values


def _adapter(field: Any) -> Callable[[Any], Any] | None:
    """How a value of this field is handed to the driver; None when it goes as it is."""
    if isinstance(field, models.DateField) and not isinstance(field, models.DateTimeField):
        return _day
    if isinstance(field, models.DateTimeField | models.DecimalField | models.JSONField):
        return lambda value: None if value is None else field.get_db_prep_save(value, connection)
    return None


@lru_cache(maxsize=8000)
def _day(value: date | None) -> Any:
    return None if value is None else connection.ops.adapt_datefield_value(value)
