"""Ids known before their rows are written, so that a whole street can be made up first and written in one go."""

from django.core.management.color import no_style
from django.db import connection, models
from django.db.models import Max


def next_id(model: type[models.Model]) -> int:
    """The first id that is free."""
    return int(model._default_manager.aggregate(top=Max("pk"))["top"] or 0) + 1


def follow(*written: type[models.Model]) -> None:
    """Let the next id that the database gives come after those written here."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(written)):
            cursor.execute(statement)


def widen_cache() -> None:
    """Room for the indexes of a full street while it is written; SQLite would read them over and over."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA cache_size = -131072")
