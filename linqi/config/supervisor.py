"""The process above the others: starts web server and worker, starts again what dies, ends them together 守护进程.

It imports nothing but the standard library, so it stays small (some 12 MB) and outlives every fault of the product.
"""

import argparse
import logging.config
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from types import FrameType

from linqi.config.logs import dictconfig

PATIENCE = 20.0  # seconds a process has to end by itself
PAUSE = 1.0  # seconds before a dead process is started again; doubled while it keeps dying, up to LONGEST
LONGEST = 30.0
LOOK = 0.25  # seconds between two looks

log = logging.getLogger("linqi.supervisor")


def command(module: str, *arguments: str) -> list[str]:
    """How a module is run by this very Python; the folder we stand in is not searched for modules."""
    return [sys.executable, "-P", "-m", module, *arguments]


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser()
    for name in ("host", "port", "workers", "threads"):
        parser.add_argument(f"--{name}", required=True)
    asked = parser.parse_args()
    logging.config.dictConfig(dictconfig("linqi.supervisor"))
    web = [part for name, value in vars(asked).items() for part in (f"--{name}", value)]
    Supervisor({"web": command("linqi.config.web", *web), "work": command("linqi", "work"), **bins(os.environ)}).run()


def bins(environment: Mapping[str, str]) -> dict[str, list[str]]:
    """What listens to bins, if the operator asked for it: a broker of our own where there is one to run, and the listener."""
    wanted: dict[str, list[str]] = {}
    embedded = environment.get("LINQI_MQTT_EMBEDDED") == "1"
    places = os.pathsep.join(
        [environment.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin"]
    )
    if embedded and shutil.which("mosquitto", path=places) is None:
        log.error("LINQI_MQTT_EMBEDDED=1, but Mosquitto is not installed: apt-get install mosquitto")
        embedded = False
    if embedded:
        wanted["broker"] = command("linqi", "waste", "broker")
    if embedded or environment.get("LINQI_MQTT_URL", "").strip():
        wanted["listen"] = command("linqi", "waste", "listen")
    return wanted


class Supervisor:
    """Keeps processes running, and takes them all down together."""

    def __init__(self, commands: dict[str, list[str]]) -> None:
        self._commands = commands
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._start_at: dict[str, float] = dict.fromkeys(commands, 0.0)
        self._pause: dict[str, float] = dict.fromkeys(commands, PAUSE)
        self._stopping = False

    def run(self) -> None:
        """Start all, start again what dies, until SIGTERM or SIGINT."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        while not self._stopping:
            for name in self._commands:
                self._look_after(name)
            time.sleep(LOOK)
        self._end()

    def _look_after(self, name: str) -> None:
        process = self._running.get(name)
        now = time.monotonic()
        if process is None:
            if now >= self._start_at[name]:
                # A session of its own: Ctrl+C reaches only the supervisor, which then ends the others in order.
                self._running[name] = subprocess.Popen(self._commands[name], env=os.environ, start_new_session=True)
                self._start_at[name] = now
        elif process.poll() is not None:
            del self._running[name]
            lived = now - self._start_at[name]
            self._pause[name] = PAUSE if lived > LONGEST else min(LONGEST, self._pause[name] * 2)
            self._start_at[name] = now + self._pause[name]
            facts = {"process": name, "status": process.returncode, "lived_seconds": round(lived, 1)}
            log.error("process died, starting it again", extra={"facts": facts})

    def _stop(self, signum: int, frame: FrameType | None) -> None:
        self._stopping = True

    def _end(self) -> None:
        for process in self._running.values():
            process.terminate()
        deadline = time.monotonic() + PATIENCE
        for process in self._running.values():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
