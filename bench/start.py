"""From `make run` to the first page, with the demo street, on a machine that has downloaded everything.

    .venv/bin/python -m bench.start [--size full] [--port 8107]

A home of its own, thrown away at the end. Memory is the sum of the resident sets of all processes below `make`, looked at
ten times a second; pages that processes share are counted once for each. Goals: total ≤ 60 s, peak ≤ 1000 MB.
"""

import argparse
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = os.sysconf("SC_PAGE_SIZE")
PATIENCE = 900  # seconds


def main() -> int:
    """Print one JSON object; 1 when the first page never came."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--size", default="full")
    asked.add_argument("--port", type=int, default=8107)
    options = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="linqi-bench-") as home:
        print(json.dumps(measured(options.size, options.port, Path(home))))
    return 0


def measured(size: str, port: int, home: Path) -> dict[str, object]:
    """Run `make run` until the first page is served, then end it."""
    environment = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"} | {"LINQI_HOME": str(home)}
    began = time.monotonic()
    peak = serving = 0.0
    demo: list[float] = []
    with (home / "log").open("wb") as log:
        make = subprocess.Popen(
            ["make", "--silent", "run", f"PORT={port}", f"DEMO={size}", f"PYTHON={sys.executable}"],
            cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        try:
            page = None
            while page is None:
                now = time.monotonic() - began
                if now > PATIENCE or make.poll() is not None:
                    raise SystemExit(f"never served: {(home / 'log').read_text()[-2000:]}")
                tree = below(make.pid)
                peak = max(peak, sum(resident(pid) for pid in tree))
                if any("linqi demo" in line for line in tree.values()):
                    demo = [*demo[:1], now] if demo else [now, now]
                page = first_page(port) if demo else None
                time.sleep(0.1)
            total = time.monotonic() - began
            time.sleep(5)  # what the processes hold once they serve
            serving = sum(resident(pid) for pid in below(make.pid))
            peak = max(peak, serving)
        finally:
            children = below(make.pid)
            for pid in [*children, make.pid]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)
            make.wait(30)
            deadline = time.monotonic() + 30
            while any(Path(f"/proc/{pid}").exists() for pid in children) and time.monotonic() < deadline:
                time.sleep(0.1)
    return {
        "size": size,
        "demo_seconds": round(demo[1] - demo[0], 1),
        "first_page_seconds": round(total - demo[1], 1),  # from the end of the demo
        "total_seconds": round(total, 1),
        "peak_mb_all_processes": round(peak),
        "serving_mb_all_processes": round(serving),
        "database_mb": round(sum(path.stat().st_size for path in home.glob("linqi.sqlite3*")) / 1e6, 1),
        "load_average_at_end": round(os.getloadavg()[0], 1),
        "cores": os.cpu_count(),
    }


def first_page(port: int) -> int | None:
    """The status of the first page, followed to the sign-in; None while nobody answers."""
    with suppress(OSError, http.client.HTTPException):
        asked = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        asked.request("GET", "/accounts/login/")
        status = asked.getresponse().status
        return status if status == 200 else None
    return None


def below(pid: int) -> dict[int, str]:
    """Every process under this one, with its command line."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents.setdefault(int(entry.read_text().rpartition(")")[2].split()[1]), []).append(int(entry.parent.name))
    found: dict[int, str] = {}
    asked = [pid]
    while asked:
        for child in parents.get(asked.pop(), []):
            with suppress(OSError):
                found[child] = Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ")
                asked.append(child)
    return found


def resident(pid: int) -> float:
    """Megabytes of a process in memory; 0 when it has ended."""
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE / 1e6
    return 0.0


if __name__ == "__main__":
    sys.exit(main())
