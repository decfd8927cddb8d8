"""kill -9 of listener, broker, HTTP server, database and devices in random order: is every promise kept?

    LINQI_HOME=/tmp/f .venv/bin/python -m bench.ingest_faults [--rounds 100] [--seed 1]                 # SQLite
    LINQI_HOME=/tmp/f .venv/bin/python -m bench.ingest_faults --postgresql [--rounds 100] [--seed 1]    # a PostgreSQL of its own, fsync on

The real Mosquitto, the real `linqi waste listen`, and devices (`linqi.waste.outside.simulated`) in processes of their own that keep a file and a
diary. Devices lose, double, delay and cut messages (`--faults`) and have wrong clocks. Each round kills one or two of them with signal 9 at a random moment and
starts them again, sometimes before the others have noticed, sometimes while one is still starting. On SQLite the listener is the writer, so
killing it is killing the database. At the end no new events are told until no device holds any; then the checker reads the tables by plain
SQL and the diaries: every event with a receipt is in the table exactly once, every event a device held has arrived, no event is there that
no device told, none is otherwise than it was told, no receipt covers a number that was never told. Goal: no fault in 100 rounds.
"""

import argparse
import json
import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import ExitStack
from pathlib import Path

from bench.machines import Listener, Machine, Mosquitto, Server

KEY = "faults-key"
PATIENCE = 150.0  # seconds in which everything must arrive after the last kill


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rounds", type=int, default=100)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--rate", type=float, default=300, help="events a second, all devices together")
    asked.add_argument("--faults", type=float, default=0.05)
    asked.add_argument("--postgresql", action="store_true")
    asked.add_argument(
        "--no-http", action="store_true", help="all over MQTT; else four chips tell `linqi serve`, which is killed too"
    )
    given = asked.parse_args()
    home = Path(os.environ.setdefault("LINQI_HOME", tempfile.mkdtemp(prefix="linqi-faults-"))).resolve()
    home.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_told: sys.exit(143))  # what was started is ended
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "linqi.config.settings")
    with ExitStack() as stack:
        database = None
        if given.postgresql:
            from bench.machines import PostgreSQL

            database = stack.enter_context(PostgreSQL())
            database.create()
            os.environ["DATABASE_URL"] = database.url
        os.environ.setdefault("DATABASE_URL", f"sqlite:///{home / 'faults.sqlite3'}")
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connection

        call_command("migrate", verbosity=0)
        plan = stage(home)
        connection.close()
        report = harm(
            plan,
            rounds=given.rounds,
            seed=given.seed,
            rate=given.rate,
            faults=given.faults,
            database=database,
            http=not given.no_http,
        )
        with connection.cursor() as cursor:
            report["faults_found"] = check(cursor, home)[:20]
        report = {"database": connection.vendor, **report}
        connection.close()
    print(json.dumps(report, ensure_ascii=False))
    return 1 if report["faults_found"] else 0


# --- the stage ----------------------------------------------------------------------------------------------------------
def stage(home, chips=12, behind=10):
    """A place, chips by themselves and chips behind two gateways, each on a bin; who they are."""
    from datetime import date

    from linqi.kit.access import SYSTEM
    from linqi.territory.actions import rebuild_coverage
    from linqi.territory.models import Place, Placement
    from linqi.waste.actions.simulation import prepare
    from linqi.waste.models import Device
    from linqi.waste.outside.broker import digest

    since = date(2020, 1, 1)
    street = Place.objects.create(kind="street", code="flt-s", name="测试街道", since=since)
    building = Place.objects.create(kind="building", code="flt-b", name="一幢", since=since)
    Placement.objects.create(child=building, parent=street, since=since)
    rebuild_coverage()
    made = prepare(street=street, bins=chips + behind, by=SYSTEM)
    gateways = [
        Device.objects.create(serial=f"flt-gw-{n}", kind="gateway", place=building, simulated=True) for n in (0, 1)
    ]
    for number, chip in enumerate(made[chips:]):
        chip.gateway = gateways[number % 2]
        chip.save(update_fields=["gateway"])
    Device.objects.filter(simulated=True).update(key_digest=digest(KEY))
    speakers = [{"serial": one.serial, "chips": []} for one in made[:chips]]
    speakers += [
        {"serial": one.serial, "chips": list(one.behind.order_by("serial").values_list("serial", flat=True))}
        for one in gateways
    ]
    digests = dict(Device.objects.filter(simulated=True).values_list("serial", "key_digest"))
    return {"home": str(home), "speakers": speakers, "digests": digests}


class Devices(Machine):
    """All devices of the stage in a process of their own, with one file of what they hold."""

    name = "devices"

    def __init__(self, plan, where, number, rate, faults, seed):
        super().__init__()
        self.home = Path(plan["home"])
        self.log = self.home / f"devices-{number}.log"
        self._plan = self.home / f"devices-{number}.json"
        speakers = plan["speakers"][number::2]
        self._plan.write_text(
            json.dumps(
                {"home": plan["home"], "number": number, "speakers": speakers, **where, "rate": rate, "faults": faults, "seed": seed}
            )
        )  # fmt: skip

    def command(self):
        return [sys.executable, "-m", "bench.ingest_faults", "--devices", str(self._plan)]

    def drained(self):
        return (self.home / f"drained-{self._plan.stem}").exists()


def harm(plan, *, rounds, seed, rate=300, faults=0.05, database=None, http=False):
    """Kill and start again, so many rounds; then wait until no device holds anything. What was done."""
    home, chance, began = Path(plan["home"]), random.Random(seed), time.monotonic()
    broker = Mosquitto(home / "mosquitto")
    broker.admit(plan["digests"])
    killed = Counter()
    with ExitStack() as stack:
        stack.enter_context(broker)
        first = plan["speakers"][0]["serial"]
        listener = stack.enter_context(Listener(home, broker.url, asks=(first, KEY)))
        server = stack.enter_context(Server(home)) if http else None
        where = {"mqtt": f"mqtt://{broker.address}", "http": server.url if server else None}
        devices = [stack.enter_context(Devices(plan, where, n, rate / 2, faults, seed + n)) for n in range(2)]
        listener._asks = None  # from now on nobody waits for it
        machines = [
            listener,
            listener,
            broker,
            *devices,
            *([database, database] if database else []),
            *([server] if server else []),
        ]
        for number in range(rounds):
            if number % 3 != 2:
                wait_for_receipts(home, chance.randrange(1, 120), 40)  # else: killed while it starts
            time.sleep(chance.uniform(0, 0.6))
            victims = chance.sample(machines, 2) if chance.random() < 0.3 else [chance.choice(machines)]
            for one in dict.fromkeys(victims):
                one.kill()
                killed[one.name] += 1
            time.sleep(chance.choice((0, 0, chance.uniform(0, 1.5))))
            for one in dict.fromkeys(victims):
                one.start()
            if (
                not listener.alive()
            ):  # it ended by itself, for want of a database while it started: the supervisor starts it again
                killed["listener ended by itself"] += 1
                listener.start()
        wait_for_receipts(home, 1, 60)
        (home / "drain").touch()
        until = time.monotonic() + PATIENCE
        while not all(one.drained() for one in devices) and time.monotonic() < until:
            if not listener.alive():
                killed["listener ended by itself"] += 1
                listener.start()
            time.sleep(0.1)
        drained = all(one.drained() for one in devices)
    return {
        "rounds": rounds,
        "seed": seed,
        "killed": dict(killed),
        "drained": drained,
        "told": len(lines(home / "told.log")),
        "receipts": len(lines(home / "receipts.log")),
        "seconds": round(time.monotonic() - began, 1),
    }


def wait_for_receipts(home, more, patience):
    """Until so many more receipts have come; a kill then hits something that works."""
    path = home / "receipts.log"
    have = path.stat().st_size if path.exists() else 0
    until = time.monotonic() + patience
    while time.monotonic() < until and (path.stat().st_size if path.exists() else 0) < have + more * 40:
        time.sleep(0.02)


# --- the devices, in their own process -------------------------------------------------------------------------------------
def live(plan):
    """Tell of made-up things until told to drain; every name, every hold and every receipt goes into the diary first."""
    from linqi.waste.outside.simulated import Device, Faults, Fleet, Shelf

    home, number = Path(plan["home"]), plan["number"]
    chance = random.Random(plan["seed"] + time.time_ns())
    told, held, receipts = (
        os.open(home / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        for name in ("told.log", "held.log", "receipts.log")
    )

    def write(file, *said):
        os.write(file, (json.dumps(said) + "\n").encode())

    def clock(off):
        return lambda now: None if off is None else max(0, now + off)

    # right, a little off, in 1970, in 2100, none
    clocks = [clock(0), clock(0), clock(0), clock(4_000), clock(-(10**13)), clock(2_300_000_000_000), clock(None)]
    shelf = Shelf(home / f"shelf-{number}.sqlite3")
    devices = [
        Device(
            one["serial"],
            KEY,
            {chip: shelf.start(chip, patience=1.5) for chip in one["chips"] or [one["serial"]]},
            gateway=bool(one["chips"]),
            most=50 if one["chips"] else (1, 1, 7)[at % 3],
            version=("3.1.1", "5")[at % 2],
            by_http=bool(plan["http"]) and not one["chips"] and at in (2, 4),
            clock=clocks[at % len(clocks)],
        )
        for at, one in enumerate(plan["speakers"])
    ]
    fleet = Fleet(
        devices,
        shelf,
        mqtt=plan["mqtt"],
        http=plan["http"],
        faults=Faults.of(plan["faults"]),
        chance=chance,
        longest_pause=2.0,
        told=lambda serial, name, body: write(told, serial, *name, body),
        held=lambda serial, name: write(held, serial, *name),
        heard=lambda serial, one: write(receipts, serial, one.boot, one.sequence, one.beyond),
    )
    serials = [chip for one in devices for chip in one.keepers]
    kinds = [("deposit", 1.25), ("fill", 0.4), ("lid", 1), ("mixed", None), ("temperature", 21.5), ("battery", 0.8)]
    owed, last, drained = 0.0, time.monotonic(), home / f"drained-devices-{number}"
    while True:
        now = time.monotonic()
        owed, last = min(200, owed + plan["rate"] * (now - last)), now
        if not (home / "drain").exists():
            while owed >= 1:
                owed -= 1
                kind, value = chance.choice(kinds)
                body = {"told": kind} if value is None else {"told": kind, "value": round(value * chance.random(), 3)}
                fleet.tell(chance.choice(serials), body)
        elif fleet.waiting() == 0 and not drained.exists():
            drained.touch()
        fleet.turn(0.02)


# --- the checker: plain SQL and the diaries, nothing of the product --------------------------------------------------------
def lines(path):
    """The whole lines of a diary; the last may have been cut by a kill."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]


def check(cursor, home):
    """What is wrong, in words; empty when nothing is."""
    told = {(serial, boot, number): body for serial, boot, number, body in lines(home / "told.log")}
    cursor.execute(
        "SELECT d.serial, e.boot, e.sequence, e.told, e.value, e.at, e.bin_id, e.clock_wrong FROM waste_event e JOIN waste_device d ON d.id = e.device_id"
    )
    table, times = {}, Counter()
    for serial, boot, number, *rest in cursor.fetchall():
        times[serial, boot, number] += 1
        table[serial, boot, number] = rest
    found = [f"{name}: {count} times in the table" for name, count in times.items() if count > 1]
    found += [f"{name}: in the table, told by nobody" for name in table if name not in told]
    for name, (kind, value, at, bin_id, clock_wrong) in table.items():
        body = told.get(name)
        if body is None:
            continue
        if (kind, value) != (body["told"], body.get("value")):
            found.append(f"{name}: told {body}, stored {kind} {value}")
        if bin_id is None:
            found.append(f"{name}: on no bin")
        if not clock_wrong and at != body.get("ts"):
            found.append(f"{name}: its time was {body.get('ts')}, stored {at}")
    newest = defaultdict(int)
    for serial, boot, number in told:
        newest[serial, boot] = max(newest[serial, boot], number)
    covered, furthest = defaultdict(set), {}
    for serial, boot, sequence, beyond in lines(home / "receipts.log"):
        furthest[serial, boot] = max(furthest.get((serial, boot), 0), sequence)
        covered[serial, boot].update(tuple(one) for one in beyond)
    for (serial, boot), sequence in furthest.items():
        ranges = [(1, sequence), *covered[serial, boot]]
        promised = set()
        for low, high in ranges:
            promised.update(range(low, high + 1))
        for number in promised:
            if (serial, boot, number) not in table:
                found.append(f"{(serial, boot, number)}: has a receipt and is not in the table")
        if promised and max(promised) > newest[serial, boot]:
            found.append(f"{(serial, boot, max(promised))}: has a receipt and was never told")
    for serial, boot, number in lines(home / "held.log"):
        if (serial, boot, number) not in table:
            found.append(f"{(serial, boot, number)}: was held by its device and never arrived")
    for shelf in sorted(home.glob("shelf-*.sqlite3")):
        with sqlite3.connect(shelf) as file:
            for serial, boot, number in file.execute("SELECT serial, boot, sequence FROM held"):
                found.append(f"{(serial, boot, number)}: is still held")
            for serial, boot, low, high in file.execute("SELECT * FROM lost"):
                found.append(f"{serial} has lost {boot}: {low} to {high}")
        file.close()
    cursor.execute("SELECT d.serial, s.stored FROM waste_devicestate s JOIN waste_device d ON d.id = s.device_id")
    rows = Counter(serial for serial, _boot, _number in table)
    for serial, stored in cursor.fetchall():
        if stored != rows[serial]:
            found.append(f"{serial}: counts {stored} as stored, {rows[serial]} are in the table")
    return found


if __name__ == "__main__":
    if sys.argv[1:2] == ["--devices"]:
        live(json.loads(Path(sys.argv[2]).read_text()))
    raise SystemExit(main())
