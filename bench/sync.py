"""Devices that come back into the network all at once, against `linqi serve`, while others turn pages of lists.

    LINQI_HOME=/tmp/b .venv/bin/python -m bench.sync [--devices 500] [--visits 100] [--workers 2] [--seconds-quiet 10]
    DATABASE_URL=postgres://… LINQI_HOME=/tmp/b .venv/bin/python -m bench.sync

Fills the database (a scratch one: DATABASE_URL, else a file in LINQI_HOME) with the street of `bench.street`, one specialist, one device and so
many planned visits each. *Morning*: every device fetches its sheets at the same moment. *Evening*: every device brings what was written of each
visit (a `set` of three fields, a `finish`, a clue on every tenth) in requests of 200 operations, as the page does, until nothing waits. Meanwhile one
client asks one list page after the other. At the end every operation, every field and every sheet is compared with what the devices wrote.
Server, database, devices and reader share the processors of one machine. Goal: evening ≤ 60 s, p95 of lists ≤ 150 ms, no fault.
"""

import argparse
import asyncio
import http.client
import json
import multiprocessing
import os
import random
import statistics
import time
import uuid
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

AT_ONCE = 200  # operations in one request, as in hand_sync.js
LISTS = [
    "/enterprises/",
    "/visits/",
    "/visits/?state=planned",
    "/visits/must/",
    "/cases/",
    "/enterprises/?q=%E7%A7%91%E6%8A%80",
]


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--devices", type=int, default=500)
    asked.add_argument("--visits", type=int, default=100)
    asked.add_argument("--workers", type=int, default=2)
    asked.add_argument("--threads", type=int, default=8)
    asked.add_argument("--port", type=int, default=8107)
    asked.add_argument(
        "--seconds-quiet", type=float, default=5, help="how long the lists are read with no device about"
    )
    given = asked.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "linqi.config.settings")
    from bench.serving import Served

    home = Path(os.environ.setdefault("LINQI_HOME", "var"))
    os.environ.setdefault("DATABASE_URL", f"sqlite:///{home.resolve() / 'sync.sqlite3'}")

    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    session, devices = fill(given.devices, given.visits)
    vendor = connection.vendor
    connection.close()
    report = {"devices": given.devices, "visits_each": given.visits, "database": vendor, "workers": given.workers}
    report["processors"], report["load_before"] = os.cpu_count(), round(os.getloadavg()[0], 2)
    with Served(given.port, workers=given.workers, threads=given.threads) as served:
        for _warm in range(2 * given.workers):  # templates are read, the must-visit list is made in each process
            rounds = iter((False, True))
            read_lists(given.port, session, lambda rounds=rounds: next(rounds))
        quiet_until = time.monotonic() + given.seconds_quiet
        report["lists_quiet"] = read_lists(given.port, session, lambda: time.monotonic() > quiet_until)
        for part in ("morning", "evening"):
            report[part], devices = beside(given.port, session, devices, part, served)
    report["faults"] = compare(devices)
    print(json.dumps(report, ensure_ascii=False, indent=1))
    return 1 if report["faults"] else 0


def fill(devices, visits):
    """The street, its specialists, their devices and visits; the session of a reader, and what each device knows."""
    from bench.street import build
    from linqi.accounts.models import Grant, RoleRecord, User
    from linqi.enterprises.models import Enterprise
    from linqi.kit import clock
    from linqi.territory.models import Coverage, Place
    from linqi.territory.queries import streets_of
    from linqi.visits.actions.hand import LASTS, digest_of_token
    from linqi.visits.models import Device, Visit

    session, chance = build()["bench_street"], random.Random(5)
    now, today = clock.now(), clock.today()
    role = RoleRecord.objects.get(code="econ_specialist")
    communities = list(Place.objects.filter(kind="community").order_by("pk"))
    firms, streets = {}, streets_of(one.pk for one in communities)
    for one in communities:
        below = Coverage.objects.filter(ancestor=one, until=None).values("descendant")
        firms[one.pk] = list(Enterprise.objects.filter(seat__in=below).values_list("pk", "seat_id"))
    run = uuid.uuid4().hex[:6]
    users = User.objects.bulk_create(User(username=f"sync-{run}-{n}", display_name=f"专员{n}") for n in range(devices))
    homes = [communities[n % len(communities)] for n in range(devices)]
    Grant.objects.bulk_create(
        Grant(user=user, role=role, place=home, since=today) for user, home in zip(users, homes, strict=True)
    )
    tokens = [uuid.uuid4().hex for _user in users]
    Device.objects.bulk_create(
        Device(owner=user, name="手机", digest=digest_of_token(token), registered_at=now, ends_at=now + LASTS)
        for user, token in zip(users, tokens, strict=True)
    )
    planned = []
    for user, home in zip(users, homes, strict=True):
        for firm, seat in chance.sample(firms[home.pk], visits):
            planned.append(
                Visit(
                    enterprise_id=firm,
                    place_id=seat,
                    street_id=streets[home.pk],
                    visitor=user,
                    state="planned",
                    planned_for=today,
                )
            )
    Visit.objects.bulk_create(planned, batch_size=2000)
    return session, [{"token": token, "sheets": {}, "queue": [], "said": []} for token in tokens]


# --- who reads meanwhile ------------------------------------------------------------------------------------------------
def read_lists(port, session, over):
    """One list page after the other until it is over; milliseconds."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    taken = {page: [] for page in LISTS}
    while not over():
        for page in LISTS:
            started = time.perf_counter()
            line.request("GET", page, headers={"Cookie": f"sessionid={session}", "Accept-Language": "zh-CN"})
            answer = line.getresponse()
            answer.read()
            assert answer.status == 200, f"{page}: {answer.status}"
            taken[page].append((time.perf_counter() - started) * 1000)
    line.close()
    every = [one for listed in taken.values() for one in listed]
    return {**figures(every), "p95_ms_of_each": {page: figures(listed)["p95_ms"] for page, listed in taken.items()}}


def figures(taken):
    if len(taken) < 2:
        return {"n": len(taken), "p50_ms": None, "p95_ms": None, "max_ms": None}
    cuts = statistics.quantiles(taken, n=100)
    return {"n": len(taken), "p50_ms": round(cuts[49], 1), "p95_ms": round(cuts[94], 1), "max_ms": round(max(taken), 1)}


def beside(port, session, devices, part, served):
    """All devices in a process of their own, the reader in this one; what the devices took, and what they know afterwards."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=work, args=(there, port, devices, part))
    before = served.cpu()
    process.start()
    lists = read_lists(port, session, lambda: here.poll() or not process.is_alive())
    told, devices = here.recv()
    process.join()
    return {**told, "server_cpu_s": round(served.cpu() - before, 1), "lists_meanwhile": lists}, devices


# --- the devices --------------------------------------------------------------------------------------------------------
def work(pipe, port, devices, part):
    if part == "evening":
        for number, device in enumerate(devices):
            write(device, number)
    started = time.perf_counter()
    taken, busy = asyncio.run(everybody(port, devices))
    told = {
        "seconds": round(time.perf_counter() - started, 1),
        "operations": sum(len(device["said"]) for device in devices),
        "requests": len(taken),
        "not_taken": busy,
        "exchange": figures(taken),
    }
    pipe.send((told, devices))


def write(device, number):
    """A day's work: what was met, said and agreed at every visit."""

    def say(kind, visit, body):
        one = {
            "id": str(uuid.uuid4()), "seq": len(device["said"]) + 1, "kind": kind, "visit": str(visit["id"]), "at": _now(), "boot": "b",
            "steady": 1, "heard": device["heard"], "seen": visit["edition"], "body": body,
        }  # fmt: skip
        device["said"].append(one)

    for place, visit in enumerate(device["sheets"].values()):
        words = f"{number}-{place}"
        say(
            "set",
            visit,
            {"met": f"财务{words}", "summary": f"设备已进场，想再租半层 {words}", "next_step": f"月底回访 {words}"},
        )
        say("finish", visit, {})
        if place % 10 == 0:
            say("finding", visit, {"kind": "clue", "text": f"门口堆放纸箱 {words}"})
    device["queue"] = list(device["said"])


async def everybody(port, devices):
    taken, busy = [], Counter()
    await asyncio.gather(*(exchange_all(port, device, taken, busy) for device in devices))
    return taken, dict(busy)


async def exchange_all(port, device, taken, busy):
    """One device as the page is one: exchanges until nothing waits and it holds the latest; waits as long as it is told to."""
    reader = writer = None
    wait = 2.0
    while True:
        body = json.dumps({
            "now": _now(), "boot": "b", "steady": 2, "operations": device["queue"][:AT_ONCE], "more": len(device["queue"]) > AT_ONCE,
            "have": {pk: sheet["mark"] for pk, sheet in device["sheets"].items()},
        }).encode()  # fmt: skip
        started = time.perf_counter()
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            status, headers, answer = await _post(reader, writer, device["token"], body)
        except (OSError, asyncio.IncompleteReadError):
            writer = None
            busy["no connection"] += 1
            await asyncio.sleep(wait * random.uniform(0.5, 1))
            wait = min(wait * 2, 300)
            continue
        if status == 503 and "retry-after" in headers:
            busy["told to wait"] += 1
            writer.close()
            writer = None
            await asyncio.sleep(float(headers["retry-after"]) * random.uniform(0.8, 1.2))
            continue
        if status >= 500:
            busy[f"answered {status}"] += 1
            await asyncio.sleep(wait * random.uniform(0.5, 1))
            wait = min(wait * 2, 300)
            continue
        assert status == 200, (status, answer)
        taken.append((time.perf_counter() - started) * 1000)
        wait, told = 2.0, json.loads(answer)
        done = {one["id"] for one in told["outcomes"] if one["outcome"] == "applied"}
        device["queue"] = [one for one in device["queue"] if one["id"] not in done]
        if "listed" not in told:
            continue
        device["heard"] = told["now"]
        device["sheets"] = {pk: sheet for pk, sheet in device["sheets"].items() if pk in set(told["listed"])}
        device["sheets"].update((sheet["id"], sheet) for sheet in told["sheets"])
        if not device["queue"]:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
            return


async def _post(reader, writer, token, body):
    head = (
        f"POST /visits/hand/exchange/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: Device {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    await writer.drain()
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {
        name.lower(): value.strip() for name, _colon, value in (line.partition(":") for line in lines[1:]) if name
    }
    return int(lines[0].split()[1]), headers, await reader.readexactly(int(headers["content-length"]))


def _now():
    return datetime.now(UTC).isoformat()


# --- the checker --------------------------------------------------------------------------------------------------------
def compare(devices):
    """What is wrong: an operation lost, doubled or not applied, a field that is otherwise, a sheet that differs; empty when nothing is."""
    from django.db import connection

    found = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT uid, outcome FROM visits_operation")
        rows = cursor.fetchall()
        held = dict(rows)
        cursor.execute("SELECT id, state, met, summary, next_step FROM visits_visit")
        visits = {
            str(pk): (state, {"met": met, "summary": summary, "next_step": step})
            for pk, state, met, summary, step in cursor.fetchall()
        }
        cursor.execute("SELECT text, COUNT(*) FROM visits_finding GROUP BY text")
        clues = dict(cursor.fetchall())
    if len(held) != len(rows):
        found.append("an operation stands twice")
    for device in devices:
        for one in device["said"]:
            if held.get(one["id"]) != "applied":
                found.append(f"{one['kind']} {one['id']}: {held.get(one['id'], 'lost')}")
            state, fields = visits[one["visit"]]
            if one["kind"] == "set" and (state, fields) != ("done", one["body"]):
                found.append(f"visit {one['visit']} is otherwise")
            if one["kind"] == "finding" and clues.get(one["body"]["text"]) != 1:
                found.append(f"clue {one['body']['text']}: {clues.get(one['body']['text'], 0)} times")
        for pk, sheet in device["sheets"].items():
            if {name: said["value"] for name, said in sheet["said"].items()} != visits[str(pk)][1]:
                found.append(f"the sheet of {pk} on a device is otherwise")
    return found[:20]


if __name__ == "__main__":
    raise SystemExit(main())
