"""`linqi serve` as a process of its own: started, killed without warning, started again."""

import http.client
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class Served:
    """The product on a port, with the environment of this process; its lines go into a file of LINQI_HOME."""

    def __init__(self, port, *, workers=1, threads=8):
        self.port = port
        self._command = [
            sys.executable, "-m", "linqi", "serve", "--port", str(port), "--workers", str(workers), "--threads", str(threads),
        ]  # fmt: skip
        self._log = Path(os.environ["LINQI_HOME"]) / "serve.log"
        self._process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_how):
        self._process.terminate()
        self._process.wait(40)

    def start(self):
        """Start it and wait until it answers."""
        with self._log.open("ab") as log:
            ours = {**os.environ, "PYTHONPATH": str(ROOT)}  # the code beside this file is what is measured
            self._process = subprocess.Popen(
                self._command, stdout=log, stderr=log, env=ours, cwd=ROOT, start_new_session=True
            )
        self.answers()

    def answers(self):
        """Wait until it answers."""
        for _attempt in range(1200):
            try:
                line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                line.request("GET", "/health")
                line.getresponse().read()
                return
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)
        raise SystemExit(f"the server did not start; see {self._log}")

    def kill(self):
        """kill -9 for all of it at once: supervisor, web server, its workers, the worker of tasks."""
        for pid in reversed(self._family()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(10)

    def kill_and_start(self):
        """kill -9 for all of it, and start it again."""
        self.kill()
        self.start()

    def kill_web_workers(self):
        """kill -9 for the processes that serve requests; granian starts others."""
        web = [pid for pid in self._family() if b"linqi.config.web" in _file(pid, "cmdline")]
        for pid in web[1:]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def cpu(self):
        """Seconds of processor time that its processes have used."""
        ticks = 0
        for pid in self._family():
            fields = _file(pid, "stat").decode(errors="replace").rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12]) if fields else 0
        return ticks / os.sysconf("SC_CLK_TCK")

    def _family(self):
        """The process and all below it."""
        found, waiting = [], [self._process.pid]
        while waiting:
            pid = waiting.pop(0)
            found.append(pid)
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                waiting += [int(child) for child in _read(children).split()]
        return found


def _file(pid, name):
    return _read(Path(f"/proc/{pid}") / name)


def _read(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""
