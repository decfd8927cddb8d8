"""Promises under kill -9, with the real broker, listener and devices in processes of their own; and that the checker sees what is wrong.

`bench/ingest_faults.py` does the same a hundred times, and kills a PostgreSQL too. Here the database is an SQLite file of its own,
whichever the suite runs on: the listener that is killed is its writer.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from bench import ingest_faults
from bench.machines import ROOT

pytestmark = pytest.mark.skipif(shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin") is None, reason="no Mosquitto")  # fmt: skip


@pytest.fixture(scope="module")
def harmed(tmp_path_factory, django_db_setup, django_db_blocker):
    """What a short run of the bench left behind: its report and its folder."""
    home = tmp_path_factory.mktemp("harmed")
    with django_db_blocker.unblock():
        if connection.vendor == "sqlite":  # the tables are there already: they need not be made once more
            connection.ensure_connection()
            with sqlite3.connect(home / "faults.sqlite3") as file:
                connection.connection.backup(file)
            file.close()
    environment = {
        **{key: value for key, value in os.environ.items() if key != "DATABASE_URL"},
        "LINQI_HOME": str(home),
        "PYTHONPATH": str(ROOT),
    }
    run = subprocess.run(
        [sys.executable, "-m", "bench.ingest_faults", "--rounds", "5", "--rate", "120", "--seed", "11", "--no-http"],
        env=environment, cwd=ROOT, capture_output=True, text=True, timeout=400,
    )  # fmt: skip
    assert run.stdout, run.stderr[-3000:]
    return json.loads(run.stdout), home


@pytest.fixture
def left(harmed, tmp_path):
    """A copy of the folder, and a cursor on its database, to do harm to."""
    _report, home = harmed
    for name in ("told.log", "held.log", "receipts.log", *(one.name for one in home.glob("shelf-*.sqlite3"))):
        shutil.copy(home / name, tmp_path / name)
    with sqlite3.connect(home / "faults.sqlite3") as whole, sqlite3.connect(tmp_path / "copy.sqlite3") as copy:
        whole.backup(copy)
    whole.close()
    yield tmp_path, copy.cursor()
    copy.close()


def test_every_promise_is_kept_whatever_is_killed(harmed):
    report, _home = harmed
    assert report["faults_found"] == []
    assert report["drained"]
    assert report["told"] > 100
    assert report["receipts"] > 10
    assert sum(report["killed"].values()) >= 5


def test_the_checker_finds_nothing_wrong_in_what_is_right(left):
    home, cursor = left
    assert ingest_faults.check(cursor, home) == []


def a_name(cursor):
    cursor.execute("SELECT device_id, boot, sequence FROM waste_event ORDER BY device_id, boot, sequence LIMIT 1")
    return cursor.fetchone()


def plant_a_missing_row(home, cursor):
    cursor.execute("DELETE FROM waste_event WHERE device_id = ? AND boot = ? AND sequence = ?", a_name(cursor))


def plant_a_doubled_row(home, cursor):
    cursor.execute(
        "INSERT INTO waste_event SELECT '2031-01-01', device_id, boot, sequence, told, at, stored_at, bin_id, value, stream, picture, card, clock_wrong"
        " FROM waste_event WHERE device_id = ? AND boot = ? AND sequence = ?",
        a_name(cursor),
    )


def plant_a_row_that_nobody_told(home, cursor):
    cursor.execute("UPDATE waste_event SET boot = boot + 5000 WHERE device_id = ? AND boot = ? AND sequence = ?", a_name(cursor))  # fmt: skip


def plant_another_value(home, cursor):
    cursor.execute("UPDATE waste_event SET value = 77 WHERE device_id = ? AND boot = ? AND sequence = ?", a_name(cursor))  # fmt: skip


def plant_a_promise_of_the_future(home, cursor):
    line = json.loads((home / "receipts.log").read_text().splitlines()[-1])
    with (home / "receipts.log").open("a") as file:
        file.write(json.dumps([line[0], line[1], 20_000, []]) + "\n")


def plant_a_held_event(home, cursor):
    shelf = next(iter(home.glob("shelf-*.sqlite3")))
    with sqlite3.connect(shelf) as file:
        file.execute("INSERT INTO held VALUES ('sim', 1, 1, '{}')")
    file.close()


def plant_a_wrong_count(home, cursor):
    cursor.execute("UPDATE waste_devicestate SET stored = stored + 1 WHERE stored > 0")


PLANTED = [
    (plant_a_missing_row, "has a receipt and is not in the table"),
    (plant_a_missing_row, "was held by its device and never arrived"),
    (plant_a_doubled_row, "2 times in the table"),
    (plant_a_row_that_nobody_told, "told by nobody"),
    (plant_another_value, "stored"),
    (plant_a_promise_of_the_future, "was never told"),
    (plant_a_held_event, "is still held"),
    (plant_a_wrong_count, "as stored"),
]


@pytest.mark.parametrize(("plant", "words"), PLANTED, ids=[f"{plant.__name__}: {words}" for plant, words in PLANTED])
def test_the_checker_sees_what_is_planted(left, plant, words):
    home, cursor = left
    plant(home, cursor)
    assert any(words in one for one in ingest_faults.check(cursor, home))


def test_a_diary_cut_by_a_kill_is_read_to_its_last_whole_line(tmp_path):
    Path(tmp_path / "told.log").write_bytes(b'["a",1,1,{}]\n["a",1,')
    assert ingest_faults.lines(tmp_path / "told.log") == [["a", 1, 1, {}]]
