"""`linqi serve` end to end: real processes on a free port, killed and ended."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

PATIENCE = 90  # seconds until we give up; what is waited for takes a few
pytestmark = pytest.mark.skipif(
    os.environ.get("DATABASE_URL", "").startswith("postgres"),
    reason="processes are started once, over SQLite; what they ask the database is tried on both elsewhere",
)


class Served:
    """A running `linqi serve` and questions to it."""

    def __init__(self, home: Path) -> None:
        kept = {
            key: value for key, value in os.environ.items() if not key.startswith(("LINQI_", "DATABASE_", "DJANGO_"))
        }
        self.environment = {**kept, "LINQI_HOME": str(home), "LINQI_LOG": "json"}
        self.home = home
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def linqi(self, *arguments: str) -> subprocess.Popen[bytes]:
        log = (self.home / "log").open("ab")
        return subprocess.Popen(
            [sys.executable, "-m", "linqi", *arguments], env=self.environment, cwd=self.home, stdout=log, stderr=log
        )

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        asked = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        asked.request("GET", path, headers=headers)
        answer = asked.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()

    def well(self) -> bool:
        with suppress(OSError, http.client.HTTPException):
            return self.get("/health")[0] == 200
        return False


def until(asked, what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not asked():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


def below(pid: int) -> dict[int, str]:
    """Every process under this one, with its command line."""
    found: dict[int, str] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == pid:
                found[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ")
                found |= below(int(entry.name))
    return found


def named(pid: int, word: str) -> set[int]:
    return {one for one, line in below(pid).items() if word in line}


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes through /proc")
def test_it_serves_compressed_files_starts_again_what_is_killed_and_ends_with_all_its_processes(tmp_path):
    served = Served(tmp_path)
    assert served.linqi("migrate", "--verbosity", "0").wait(PATIENCE) == 0
    supervisor = served.linqi("serve", "--port", str(served.port))
    try:
        until(served.well, f"never well: {(tmp_path / 'log').read_text()[-2000:]}")

        manifest = json.loads((tmp_path / "static" / "staticfiles.json").read_text())["paths"]
        style = next(
            name for plain, name in sorted(manifest.items()) if plain.startswith("ui/") and plain.endswith(".css")
        )
        status, headers, body = served.get(f"/static/{style}", **{"Accept-Encoding": "gzip"})
        assert (status, headers["content-encoding"]) == (200, "gzip")
        assert "immutable" in headers["cache-control"]
        assert body[:2] == b"\x1f\x8b"

        (worker,) = named(supervisor.pid, "linqi work")
        os.kill(worker, signal.SIGKILL)
        until(lambda: named(supervisor.pid, "linqi work") - {worker}, "the worker was not started again")
        (web,) = {one for one in named(supervisor.pid, "linqi.config.web") if not named(one, "")}
        os.kill(web, signal.SIGKILL)
        until(lambda: web not in below(supervisor.pid) and served.well(), "the web process was not started again")

        everything = below(supervisor.pid)
        assert len(everything) >= 3
        supervisor.terminate()
        assert supervisor.wait(PATIENCE) == 0
        until(lambda: not [pid for pid in everything if Path(f"/proc/{pid}").exists()], "processes were left behind")
        lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines() if line.startswith("{")]
        assert any(line["event"].startswith("process died") and line["process"] == "work" for line in lines)
    finally:
        for pid in [*below(supervisor.pid), supervisor.pid]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def test_it_refuses_a_database_that_is_behind_the_program(tmp_path):
    served = Served(tmp_path)
    assert served.linqi("serve", "--port", str(served.port)).wait(PATIENCE) != 0
    assert "linqi migrate" in (tmp_path / "log").read_text()
