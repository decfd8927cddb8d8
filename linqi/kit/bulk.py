"""Many rows into one table at once, without a model object for each 批量写入.

Django's `bulk_create` builds an expression tree for each value; for tens of thousands of rows that costs ten times what the database
needs. Here the values go straight to the driver: `executemany` on SQLite, COPY on PostgreSQL. Values are typed as the model's fields
want them (`get_db_prep_save`), table and column names come from the model, and nothing is checked but by the database.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any, cast

from django.db import connection, models

PLAIN = (models.CharField, models.TextField, models.IntegerField, models.ForeignKey, models.FloatField)
BLOCK = 5000


def insert_many(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Insert rows of values, in the order of `columns` (field names; every other field must have a default in the database or
    be null); how many. Call it inside a transaction.
    """
    fields = [cast("models.Field[Any, Any]", model._meta.get_field(name)) for name in columns]
    prepare = [_preparing(field) for field in fields]
    names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    table = connection.ops.quote_name(model._meta.db_table)
    values = (
        [value if ready is None else ready(value) for ready, value in zip(prepare, row, strict=True)] for row in rows
    )
    done = 0
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with connection.wrap_database_errors, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in values:
                    copy.write_row(row)
                    done += 1
            return done
        statement = f"INSERT INTO {table} ({names}) VALUES ({', '.join(['%s'] * len(fields))})"  # noqa: S608 – names of our own model
        while block := list(islice(values, BLOCK)):
            cursor.executemany(statement, block)
            done += len(block)
    return done


def count_anew() -> None:
    """Let PostgreSQL look at how much each table holds now; SQLite plans without.

    It does so by itself about once a minute. What is asked before that of tables that were empty a moment ago is planned as if they
    still were, and a join of thousands of rows then runs for minutes. Works inside a transaction.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def update_many(model: type[models.Model], columns: Sequence[str], rows: Iterable[tuple[Any, Sequence[Any]]]) -> None:
    """Set columns (field names) of rows that are told by primary key and values; call it inside a transaction, the rows locked.

    `bulk_update` writes one statement with a CASE for each value, which costs the more the more rows there are.
    """
    fields = [cast("models.Field[Any, Any]", model._meta.get_field(name)) for name in columns]
    prepare = [_preparing(field) for field in fields]
    quote = connection.ops.quote_name
    sets = ", ".join(f"{quote(str(field.column))} = %s" for field in fields)
    key = quote(str(model._meta.pk.column))
    statement = f"UPDATE {quote(model._meta.db_table)} SET {sets} WHERE {key} = %s"  # noqa: S608 – names of our own model
    values = [
        [*(value if ready is None else ready(value) for ready, value in zip(prepare, row, strict=True)), pk]
        for pk, row in rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(statement, values)


def reserve_ids(model: type[models.Model], count: int) -> range | list[int]:
    """So many fresh primary keys of a table, in rising order; nobody else gets them while the transaction lasts."""
    table, column = model._meta.db_table, str(model._meta.pk.column)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)", [table, column, count]
            )
            return sorted(number for (number,) in cursor.fetchall())
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        last = cursor.fetchone()
    first = (last[0] if last else 0) + 1
    return range(first, first + count)


def _preparing(field: Any) -> Callable[[Any], Any] | None:
    """How a value of this field is made ready for the driver; None when it is ready as it is."""
    if isinstance(field, PLAIN):
        return None

    def raw(value: Any) -> Any:
        return field.get_db_prep_save(value, connection)

    if isinstance(field, models.JSONField):
        adapt = connection.ops.adapt_json_value
        return lambda value: None if value is None else adapt(value, field.encoder)
    if isinstance(field, models.DateTimeField):  # hardly one comes twice
        moment = connection.ops.adapt_datetimefield_value
        return lambda value: moment(value) if isinstance(value, datetime) and value.tzinfo is not None else raw(value)
    return lru_cache(maxsize=4096, typed=True)(raw)  # days, states and small numbers come again and again
