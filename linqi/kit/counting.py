"""How many, up to a limit; and few ids told instead of asked for again 有上限的计数.

An exact count reads every row that fits; on a long table nobody waits for that. A count up to a limit stops there.
"""

from typing import Any, Final

from django.db.models import IntegerField, QuerySet, Subquery

FEW: Final = 2_000  # ids that go into a statement as they are; a page may say them ten times, and SQLite takes 32,766


class _HowMany(Subquery):
    """The number of rows of a query, as a value beside others."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


def counted_up_to(limit: int, *questions: QuerySet[Any]) -> list[int]:
    """How many rows each question finds, but no more than the limit; all of them asked in one query.

    A result equal to the limit means that many or more: ask for one more than is shown to tell the two apart.
    """
    if not questions:
        return []
    asked = {f"n{at}": _HowMany(question.order_by().values("pk")[:limit]) for at, question in enumerate(questions)}
    # the answers ride on any one row of the table; an empty table has none, and nothing to count
    row = questions[0].model._base_manager.order_by().annotate(**asked).values_list(*asked).first()
    return [found or 0 for found in row] if row else [0] * len(questions)


def few_or_all(ids: QuerySet[Any, Any]) -> "QuerySet[Any, Any] | list[int]":
    """The ids of a query for `…__in`: told as they are where they are few, else the query itself.

    Databases guess badly how many rows a query inside another finds; a list leaves them nothing to guess, and a page
    that asks ten times for the same rows looks for them once.
    """
    found = list(ids[: FEW + 1])
    return found if len(found) <= FEW else ids
