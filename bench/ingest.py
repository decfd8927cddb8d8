"""Bins that tell: the real Mosquitto and the real `linqi waste listen`, how fast, how much memory, and what others notice.

    LINQI_HOME=/tmp/b .venv/bin/python -m bench.ingest [--seconds 300] [--parts single,gateway,bare-single,bare-gateway,insert] [--no-pages]
    LINQI_HOME=/tmp/b .venv/bin/python -m bench.ingest --postgresql        # a PostgreSQL of its own, fsync on
    LINQI_HOME=/tmp/b .venv/bin/python -m bench.ingest --seconds 20 --profile /tmp/listen.prof --parts single

One JSON object a line and part. Fills a scratch database (a file in LINQI_HOME, or the PostgreSQL) with the street of `bench.street`, `--bins`
bins with a chip each, and gateways for fifty chips each. *single*: every chip has a connection of its own and tells one event a message, QoS 1.
*gateway*: the same chips behind gateways, fifty events a message. Each device has at most `--window` events under way that have no receipt, so
what is measured is sustained: nothing piles up. Validation, tracing, clues and receipts are on; an event counts when its row is committed.
*bare-…*: the same messages from the same generator into a subscriber that only reads JSON, inserts in batches and acknowledges (no checks, no
tracing, no receipts). *insert*: the same rows from memory, in batches, nothing else. Meanwhile, in *single* and *gateway*, `--readers` users turn list
pages of the real `linqi serve`, one every `--pause` seconds each. Afterwards every number of every chip is counted in the table: each once.
Generators (`bench.load`), broker, listener, database, server and readers share the processors of one machine; who used how much is said.
"""

import argparse
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from datetime import date
from pathlib import Path

PAGES = ["/enterprises/", "/visits/", "/cases/", "/enterprises/?q=%E7%A7%91%E6%8A%80", "/visits/?state=planned"]
ROWS = "day, device_id, boot, sequence, told, at, stored_at, bin_id, value, stream, picture, card, clock_wrong"
BATCH = 5_000  # rows of the bare inserts
KEY = "bench-key"


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--seconds", type=float, default=300)
    asked.add_argument("--parts", default="single,bare-single,gateway,bare-gateway,insert")
    asked.add_argument("--bins", type=int, default=3000)
    asked.add_argument(
        "--window", type=int, default=0, help="events of a chip without a receipt; 0: 40 single, 60 behind gateways"
    )
    asked.add_argument("--rate", type=float, default=0, help="events a second; 0: as fast as they are stored")
    asked.add_argument("--generators", type=int, default=1)
    asked.add_argument("--readers", type=int, default=4)
    asked.add_argument("--pause", type=float, default=2.0, help="seconds between two pages of one reader")
    asked.add_argument("--no-pages", action="store_true")
    asked.add_argument("--postgresql", action="store_true")
    asked.add_argument("--small", action="store_true", help="without the street of 24,000 enterprises (no pages)")
    asked.add_argument("--profile", help="file for cProfile of the listener")
    asked.add_argument("--port", type=int, default=8109)
    given = asked.parse_args()
    home = Path(os.environ.setdefault("LINQI_HOME", tempfile.mkdtemp(prefix="linqi-ingest-"))).resolve()
    home.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_told: sys.exit(143))  # what was started is ended
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "linqi.config.settings")
    os.environ.setdefault("LINQI_WASTE_RATE", "5000")  # the limit of one device is not what is measured
    with ExitStack() as stack:
        database = None
        if given.postgresql:
            from bench.machines import PostgreSQL

            database = stack.enter_context(PostgreSQL())
            database.create()
            os.environ["DATABASE_URL"] = database.url
        os.environ.setdefault("DATABASE_URL", f"sqlite:///{home / 'ingest.sqlite3'}")
        return run(given, home, database)


def run(given, home, database):
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    session = fill(given)
    make_bare_table()
    faults = 0
    for part in given.parts.split(","):
        connection.close()
        if part == "insert":
            report = insert(min(given.seconds, 60))
        else:
            report = measure(part, given, home, database, session)
            faults += len(report.get("faults", ()))
        where = {
            "database": connection.vendor,
            "processors": os.cpu_count(),
            "load_before": report.pop("load_before", None),
        }
        print(json.dumps({"part": part, **where, **report}, ensure_ascii=False), flush=True)
    return 1 if faults else 0


# --- the stage ----------------------------------------------------------------------------------------------------------
def fill(given):
    """The street, its bins and chips, gateways; everybody has the same key, which costs the broker the same. A reader's session."""
    from linqi.kit.access import SYSTEM
    from linqi.territory.models import Place, Placement
    from linqi.waste.actions.simulation import BEHIND_A_GATEWAY, prepare
    from linqi.waste.models import Device
    from linqi.waste.outside.broker import digest

    session = None
    if not given.small:
        from bench.street import build

        session = build()["bench_street"]
    elif not Place.objects.filter(kind="street").exists():
        since = date(2020, 1, 1)
        street = Place.objects.create(kind="street", code="b-s", name="测试街道", since=since)
        building = Place.objects.create(kind="building", code="b-b", name="一幢", since=since)
        Placement.objects.create(child=building, parent=street, since=since)
        from linqi.territory.actions import rebuild_coverage

        rebuild_coverage()
    street = Place.objects.filter(kind="street").order_by("pk").first()
    prepare(street=street, bins=given.bins, gateways=-(-given.bins // BEHIND_A_GATEWAY), by=SYSTEM)
    Device.objects.filter(simulated=True).update(key_digest=digest(KEY))
    return session


def devices_of(kind, path):
    """Who connects, for the generator; how many."""
    from linqi.waste.models import Device

    if "single" in kind:
        rows = [{"serial": one, "key": KEY, "chips": []} for one in serials()]
    else:
        rows = [
            {
                "serial": one.serial,
                "key": KEY,
                "chips": list(one.behind.order_by("serial").values_list("serial", flat=True)),
            }
            for one in Device.objects.filter(simulated=True, kind="gateway").order_by("serial")
        ]
        rows = [one for one in rows if one["chips"]]
    path.write_text(json.dumps(rows))
    return len(rows)


def serials():
    from linqi.waste.models import Device

    return list(Device.objects.filter(simulated=True, kind="chip").order_by("serial").values_list("serial", flat=True))


# --- one part -----------------------------------------------------------------------------------------------------------
def measure(part, given, home, database, session):
    from django.db import connection

    from bench.machines import Listener, Mosquitto
    from bench.serving import Served
    from linqi.waste.models import Device

    bare, kind = part.startswith("bare-"), part.rpartition("-")[2]
    window = given.window or (40 if kind == "single" else 60)
    listed = home / f"{kind}.json"
    connections = devices_of(kind, listed)
    broker = Mosquitto(home / f"mosquitto-{part}")
    broker.admit(dict(Device.objects.filter(simulated=True).values_list("serial", "key_digest")))
    progress = home / "progress"
    progress.write_text("")
    load = round(os.getloadavg()[0], 2)
    empty()
    with ExitStack() as stack:
        stack.enter_context(broker)
        if bare:
            listener = BareListener(home, broker.url, progress)
        else:
            first = json.loads(listed.read_text())[0]["serial"]
            listener = Listener(home, broker.url, asks=(first, KEY), profile=given.profile)
        stack.enter_context(listener)
        pages = None
        if session and not bare and not given.no_pages:
            served = stack.enter_context(Served(given.port, workers=1))
            pages = Readers(given.port, session, given.readers, given.pause)
        count_anew()
        quiet = None
        if pages:  # the same readers with nobody about
            alone = Readers(given.port, session, given.readers, given.pause)
            alone.start()
            time.sleep(min(20, given.seconds / 2))
            alone.stop()
            quiet = alone.figures()
        generators = [
            subprocess.Popen(
                [
                    sys.executable, "-m", "bench.load", "--devices", str(listed), "--address", broker.address, "--part", str(n),
                    "--parts", str(given.generators), "--seconds", str(given.seconds), "--window", str(window), "--rate", str(given.rate),
                    *(["--progress", str(progress)] if bare else []),
                ],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )
            for n in range(given.generators)
        ]  # fmt: skip
        for one in generators:
            if one.stdout.readline().strip() != "ready":
                raise SystemExit(f"the generator did not start; see {broker.log}")
        before = cpu_of(listener, broker, database, served if pages else None)
        if pages:
            pages.start()
        for one in generators:
            one.stdin.write("\n")
            one.stdin.flush()
        series = watch(generators, listener, given.seconds, progress if bare else None)
        if pages:
            pages.stop()
        after = cpu_of(listener, broker, database, served if pages else None)
        told = [json.loads(one.stdout.read()) for one in generators]
        if bare:
            time.sleep(1)
    stored = [(at, count) for at, count, _rss in series]
    memory = [rss for _at, _count, rss in series if rss]
    report = {
        "load_before": load,
        "connections": connections,
        "window": window,
        "seconds": given.seconds,
        "stored_per_s": slope(stored, 0.1, 1.0, given.seconds),
        "stored_per_s_first_half": slope(stored, 0.1, 0.5, given.seconds),
        "stored_per_s_second_half": slope(stored, 0.5, 1.0, given.seconds),
        "events_sent": sum(one["events"] for one in told),
        "without_receipt_at_the_end": None if bare else sum(one["without_receipt"] for one in told),
        "cpu_s": {name: round(after[name] - before[name], 1) for name in before},
        "generators_cpu_s": sum(one["cpu_s"] for one in told),
        "listener_rss_mb": {"start": round(memory[0]), "middle": round(memory[len(memory) // 2]), "end": round(memory[-1]), "most": round(max(memory))},
    }  # fmt: skip
    if pages:
        report["pages_quiet"] = quiet
        report["pages_meanwhile"] = pages.figures()
    if not bare:
        report["faults"] = compare(told, kind, listed)
    report["stored_per_cpu_s_of_listener"] = round(report["events_sent"] / max(0.1, report["cpu_s"]["listener"]))
    connection.close()
    return report


def cpu_of(listener, broker, database, served):
    named = {"listener": listener, "broker": broker, "database": database, "server": served}
    return {name: one.cpu() for name, one in named.items() if one is not None}


def watch(generators, listener, seconds, progress):
    """(seconds, rows stored, memory of the listener) twice a second until the generators end."""
    from django.db import connection

    began, series = time.monotonic(), []
    while any(one.poll() is None for one in generators):
        if not listener.alive():
            for one in generators:
                one.kill()
            raise SystemExit(f"the listener ended; see {listener.log}")
        if progress:
            count = int(progress.read_text() or 0)
        else:
            with connection.cursor() as cursor:
                cursor.execute("SELECT coalesce(sum(stored), 0) FROM waste_devicestate")
                count = int(cursor.fetchone()[0])
        series.append((time.monotonic() - began, count, listener.rss_mb()))
        if time.monotonic() - began > seconds + 180:
            raise SystemExit("the generators do not end")
        time.sleep(0.5)
    return series


def slope(series, first, last, seconds):
    """Rows a second between two shares of the run."""
    some = [one for one in series if seconds * first <= one[0] <= seconds * last]
    if len(some) < 2:
        return None
    return round((some[-1][1] - some[0][1]) / (some[-1][0] - some[0][0]))


def compare(told, kind, listed):
    """What is wrong in the table: of each chip every number once, on a bin; nothing else. Plain SQL."""
    from django.db import connection

    sent = {}
    for one in told:
        for serial, last in one["last"].items():
            sent[serial, one["boot"]] = last
    chips = {row["serial"]: row["chips"] or [row["serial"]] for row in json.loads(listed.read_text())}
    expected = {(chip, boot): last for (serial, boot), last in sent.items() for chip in chips[serial]}
    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.serial, e.boot, count(*), count(DISTINCT e.sequence), min(e.sequence), max(e.sequence), sum(CASE WHEN e.bin_id IS NULL THEN 1 ELSE 0 END)"
            " FROM waste_event e JOIN waste_device d ON d.id = e.device_id GROUP BY d.serial, e.boot"
        )
        rows = {(serial, boot): figures for serial, boot, *figures in cursor.fetchall()}
        cursor.execute("SELECT count(*) FROM waste_quarantined")
        if (aside := cursor.fetchone()[0]) > 0:
            found.append(f"{aside} messages in the quarantine")
    for name, last in expected.items():
        if last and [int(one) for one in rows.pop(name, [0] * 5)] != [last, last, 1, last, 0]:
            found.append(f"{name}: not 1 to {last}, each once and on a bin")
    found += [f"{name}: nobody sent it" for name in rows if name not in expected]
    return found[:20]


def empty():
    """No events, no states: the part begins."""
    from django.db import connection

    with connection.cursor() as cursor:
        for table in (
            "waste_event",
            "bare_event",
            "waste_devicestate",
            "waste_clue",
            "waste_quarantined",
            "waste_hourtouched",
        ):
            cursor.execute(f"TRUNCATE {table} CASCADE" if connection.vendor == "postgresql" else f"DELETE FROM {table}")


def count_anew():
    from linqi.kit.bulk import count_anew as anew

    anew()


# --- beside: bare -------------------------------------------------------------------------------------------------------
def make_bare_table():
    """A table like that of the events, with its key and without anything else."""
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("CREATE TABLE IF NOT EXISTS bare_event (LIKE waste_event INCLUDING ALL)")
        else:
            cursor.execute("SELECT sql FROM sqlite_master WHERE name = 'waste_event'")
            sql = (
                cursor.fetchone()[0]
                .replace("waste_event", "bare_event", 1)
                .replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS", 1)
            )
            cursor.execute(sql)


def put(rows):
    """Insert rows in one transaction, the fastest plain way of each database."""
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY bare_event ({ROWS}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            cursor.executemany(f"INSERT INTO bare_event ({ROWS}) VALUES ({', '.join(['%s'] * 13)})", rows)


def insert(seconds):
    """The same rows from memory in batches, one transaction each."""
    from django.db import connection

    empty()
    today, now, number, done, cpu = date.today().isoformat(), int(time.time() * 1000), 0, 0, time.process_time()
    began = time.monotonic()
    load = round(os.getloadavg()[0], 2)
    while time.monotonic() - began < seconds:
        rows = [
            (today, chip, 1, number + 1, "deposit", now, now, chip, 1.25, "residual", "", "", False)
            for chip in range(BATCH)
        ]
        number += 1
        put(rows)
        done += len(rows)
    took = time.monotonic() - began
    connection.close()
    used = {"writer": round(time.process_time() - cpu, 1)}
    return {
        "load_before": load,
        "rows_per_s": round(done / took),
        "batch": BATCH,
        "seconds": round(took, 1),
        "cpu_s": used,
    }


class BareListener:
    """A subscriber in a process of its own: JSON into rows, rows into the table, then the acknowledgement."""

    def __new__(cls, home, url, progress):
        from bench.machines import Listener

        class Bare(Listener):
            name = "bare subscriber"

            def ready(self):
                return progress.read_text() != ""

            def command(self):
                return [sys.executable, "-m", "bench.ingest", "--bare-subscriber", url, str(progress)]

        return Bare(home, url)


def bare_subscriber(url, progress):
    import django

    django.setup()
    from django.db import connection
    from orjson import loads

    from linqi.waste.models import Device
    from linqi.waste.outside.mqtt import Broker, address

    ids = dict(Device.objects.values_list("serial", "pk"))
    broker, stored, today = Broker(address(url)), 0, date.today().isoformat()
    connection.ensure_connection()
    while not broker.ready:
        broker.poll(0.1, 20_000)
    broker.poll(0.2, 1)
    Path(progress).write_text("0")
    while True:
        heard = broker.poll(0.25, 20_000)
        if not heard:
            continue
        now, rows = int(time.time() * 1000), []
        for one in heard:
            said = loads(one.payload)
            for event in said if type(said) is list else (said,):
                chip = ids[event["dev"] if "dev" in event else one.topic.split("/")[2]]
                value, stream = event.get("value"), event.get("stream", "")
                rows.append(
                    (
                        today,
                        chip,
                        event["boot"],
                        event["seq"],
                        event["told"],
                        event["ts"],
                        now,
                        chip,
                        value,
                        stream,
                        "",
                        "",
                        False,
                    )
                )
        put(rows)
        broker.acknowledge(heard)
        broker.flush()
        stored += len(rows)
        with open(f"{progress}.new", "w") as file:
            file.write(str(stored))
        os.replace(f"{progress}.new", progress)


# --- who reads meanwhile ------------------------------------------------------------------------------------------------
class Readers:
    """Signed-in users who turn pages at human pace, each in a thread."""

    def __init__(self, port, session, count, pause):
        self._port, self._session, self._pause = port, session, pause
        self._over, self._taken = threading.Event(), {page: [] for page in PAGES}
        for page in PAGES * 2:
            self._ask(page)
        self._threads = [threading.Thread(target=self._read, args=(n,), daemon=True) for n in range(count)]

    def start(self):
        for one in self._threads:
            one.start()

    def stop(self):
        self._over.set()
        for one in self._threads:
            one.join()

    def figures(self):
        from bench.sync import figures

        every = [one for taken in self._taken.values() for one in taken]
        return {
            **figures(every),
            "p95_ms_of_each": {page: figures(taken)["p95_ms"] for page, taken in self._taken.items()},
        }

    def _read(self, number):
        self._over.wait(self._pause * number / max(1, len(self._threads)))
        turn = number
        while not self._over.is_set():
            page = PAGES[turn % len(PAGES)]
            turn += 1
            took = self._ask(page)
            self._taken[page].append(took)
            self._over.wait(max(0, self._pause - took / 1000))

    def _ask(self, page):
        line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        began = time.perf_counter()
        line.request("GET", page, headers={"Cookie": f"sessionid={self._session}", "Accept-Language": "zh-CN"})
        answer = line.getresponse()
        answer.read()
        line.close()
        assert answer.status == 200, f"{page}: {answer.status}"
        return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    if sys.argv[1:2] == ["--bare-subscriber"]:
        bare_subscriber(*sys.argv[2:4])
    raise SystemExit(main())
