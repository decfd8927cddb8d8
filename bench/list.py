"""The list of enterprises over a street of 24,000, as served to a scoped user; with a bare floor in the same run.

    DATABASE_URL=sqlite:////tmp/b.sqlite3 LINQI_HOME=/tmp/b .venv/bin/python -m bench.list [--requests 200]

The database must be migrated; when it holds no enterprise, `bench.street` fills it. A server is started on the port and
stopped at the end. One client asks one page after the other. Floors: the sign-in page (no list in it), and the
same rows as bare SQL. Goal: p95 of every page ≤ 60 ms; the number of queries does not depend on the rows of a page.
"""

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from urllib.parse import urlencode


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--requests", type=int, default=200)
    asked.add_argument("--port", type=int, default=8106)
    options = asked.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "linqi.config.settings")
    import django

    django.setup()
    from bench.street import build

    sessions = build()
    pages = {
        "first": "/enterprises/",
        "deep": "/enterprises/?" + urlencode({"page": 150}),
        "filtered": "/enterprises/?" + urlencode({"section": "I", "relation": "both"}),
        "place": "/enterprises/?" + urlencode({"place": _a_building()}),
        "search": "/enterprises/?" + urlencode({"q": "科技"}),
        "sorted": "/enterprises/?" + urlencode({"sort": "-established_on"}),
    }
    report: dict[str, object] = {"enterprises": _count(), "queries": _queries(sessions["bench_street"], pages)}
    report["floor_sql"] = _floor(options.requests)
    server = subprocess.Popen(
        [
            sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(options.port),
            "--workers", "1", "--blocking-threads", "2", "--no-access-log", "linqi.config.wsgi:application",
        ],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait(options.port)
        measure = partial(_measure, options.port, server.pid, options.requests)
        report["floor_page"] = measure("/accounts/login/", "")
        for who, session in sessions.items():
            report[who] = {name: measure(url, session) for name, url in pages.items()}
        report["cold_count_ms"] = _cold(sessions)
    finally:
        server.terminate()
        server.wait(10)
    print(json.dumps(report, ensure_ascii=False, indent=1))


def _measure(port: int, server: int, requests: int, url: str, session: str) -> dict[str, float]:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    taken, size = [], 0
    for number in range(requests + 5):
        started = time.perf_counter()
        line.request("GET", url, headers={"Cookie": f"sessionid={session}"} if session else {})
        answer = line.getresponse()
        size = len(answer.read())
        if answer.status != 200:
            raise SystemExit(f"{url}: {answer.status}")
        if number >= 5:  # the first ones open connections and load templates
            taken.append((time.perf_counter() - started) * 1000)
        else:
            before = _cpu(server)
    line.close()
    cuts = statistics.quantiles(taken, n=100)
    cpu = (_cpu(server) - before) * 1000 / requests
    return {"p50_ms": round(cuts[49], 1), "p95_ms": round(cuts[94], 1), "cpu_ms": round(cpu, 1), "bytes": size}


def _cpu(server: int) -> float:
    """Seconds of processor time the server and its workers have used; others on the machine blur it less."""
    total, waiting = 0.0, [server]
    while waiting:
        pid = waiting.pop()
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            waiting += [int(child) for child in children.read_text().split()]
    return total


def _queries(session: str, pages: dict[str, str]) -> dict[str, object]:
    """Queries of each page, and of the first page with 20 and with 100 rows: equal when they do not depend on rows."""
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = session
    found: dict[str, object] = {}
    for name, url in {**pages, "20 rows": "/enterprises/?size=20", "100 rows": "/enterprises/?size=100"}.items():
        client.get(url)
        with CaptureQueriesContext(connection) as caught:
            client.get(url)
        found[name] = len(caught)
    return found


def _floor(requests: int) -> dict[str, float]:
    """The same first page as bare SQL: names of 50 enterprises in place, and nothing round it."""
    from django.db import connection

    from linqi.accounts.models import User
    from linqi.enterprises.queries import enterprises_in_place

    user = User.objects.get(username="bench_street")
    sql, parameters = enterprises_in_place(user).order_by("name_key", "pk")[:50].query.sql_with_params()
    taken = []
    with connection.cursor() as cursor:
        for _number in range(requests):
            started = time.perf_counter()
            cursor.execute(sql, parameters)
            cursor.fetchall()
            taken.append((time.perf_counter() - started) * 1000)
    cuts = statistics.quantiles(taken, n=100)
    return {"p50_ms": round(cuts[49], 1), "p95_ms": round(cuts[94], 1)}


def _cold(sessions: dict[str, str]) -> dict[str, float]:
    """The exact count when nothing is remembered: what the first list after a change pays on top."""
    from linqi.accounts.models import User
    from linqi.enterprises.queries import enterprises_in_place

    found = {}
    for name in sessions:
        user = User.objects.get(username=name)
        started = time.perf_counter()
        for _number in range(10):
            enterprises_in_place(user).count()
        found[name] = round((time.perf_counter() - started) * 100, 1)
    return found


def _a_building() -> int:
    from linqi.territory.models import Place

    found = Place.objects.filter(kind="building").order_by("pk").values_list("pk", flat=True).first()
    return found or 0


def _count() -> int:
    from linqi.enterprises.models import Enterprise

    return Enterprise.objects.count()


def _wait(port: int) -> None:
    for _attempt in range(200):
        try:
            line = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            line.request("GET", "/health")
            line.getresponse().read()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server did not start")


if __name__ == "__main__":
    main()
