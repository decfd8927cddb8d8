"""Writers at the same time: the chain neither forks nor loses a row."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, transaction

from linqi.journal import actions as journal
from linqi.journal import queries
from linqi.journal.models import Entry
from linqi.journal.verbs import Verb
from linqi.kit.access import SYSTEM

WRITERS, ACTS = 6, 15


class Changed(Exception):
    """A transaction that thinks better of it."""


@pytest.mark.django_db(transaction=True)
def test_writers_at_the_same_time_make_one_chain():
    if connection.vendor == "sqlite":
        pytest.skip("SQLite in memory has one connection; IMMEDIATE transactions wait for each other by themselves")
    start = Barrier(WRITERS)

    def work(writer):
        start.wait(timeout=20)
        try:
            for number in range(ACTS):
                try:
                    with transaction.atomic():
                        journal.write(by=SYSTEM, verb=Verb.EXPORTED, writer=writer, number=number)
                        if number % 5 == 4:
                            raise Changed
                except Changed:
                    continue
        finally:
            connection.close()

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(work, range(WRITERS)))
    verdict = queries.verify()
    assert (verdict.rows, verdict.found) == (WRITERS * ACTS * 4 // 5, 0)
    assert list(Entry.objects.order_by("pk").values_list("pk", flat=True)) == list(range(1, verdict.rows + 1))
