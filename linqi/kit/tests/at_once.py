"""Several who act at the same moment, for tests of any app."""

import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from linqi.kit.flow import MoveRefused


def at_once(*acts):
    """Do these in threads that start together; what each gave or refused."""
    gate, said = threading.Barrier(len(acts)), []

    def run(act):
        gate.wait()
        try:
            said.append(act())
        except (MoveRefused, ValidationError) as refused:
            said.append(refused)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


def skip_on_sqlite():
    """Such a test needs a database in which writers wait for each other."""
    if connection.vendor == "sqlite":
        pytest.skip("the tests' SQLite lives in memory, where a second writer is refused instead of waiting")
