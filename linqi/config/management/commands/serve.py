"""`linqi serve`: the whole product in one command, web server and worker, each started again when it dies."""

import os
import signal
import subprocess
import sys
import time
from types import FrameType
from typing import Any

import structlog
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

log = structlog.get_logger("linqi.serve")
PATIENCE = 20.0  # seconds a process has to end by itself
PAUSE = 2.0  # seconds before a dead process is started again


class Command(BaseCommand):
    """Serve until told to stop."""

    help = "Serve the product: web server, worker and tick."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--workers", type=int, default=1, help="web processes; each runs --threads requests at a time"
        )
        parser.add_argument("--threads", type=int, default=8)

    def handle(self, *args: Any, **options: Any) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise CommandError("The database is not up to date. Run: linqi migrate")
        connection.close()
        call_command("collectstatic", interactive=False, verbosity=0)
        host, port = options["host"], options["port"]
        commands = {
            "web": [
                *(sys.executable, "-m", "granian", "linqi.config.wsgi:application", "--interface", "wsgi"),
                *("--host", host, "--port", str(port), "--workers", str(options["workers"])),
                *("--blocking-threads", str(options["threads"]), "--backlog", "256", "--no-ws"),
                *("--log-level", "warning"),
            ],
            "work": [sys.executable, "-m", "linqi", "work"],
        }
        self.stdout.write(f"Linqi 邻企  http://{'localhost' if host == '127.0.0.1' else host}:{port}/  (Ctrl+C 结束)")
        Supervisor(commands).run()


class Supervisor:
    """Keeps processes running, and takes them all down together."""

    def __init__(self, commands: dict[str, list[str]]) -> None:
        self._commands = commands
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._stopping = False

    def run(self) -> None:
        """Start all, start again what dies, until SIGTERM or SIGINT."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        for name in self._commands:
            self._start(name)
        while not self._stopping:
            time.sleep(0.5)
            for name, process in list(self._running.items()):
                if process.poll() is not None and not self._stopping:
                    log.error("process died, starting it again", process=name, status=process.returncode)
                    time.sleep(PAUSE)
                    self._start(name)
        self._end()

    def _start(self, name: str) -> None:
        # A session of its own: Ctrl+C reaches only the supervisor, which then ends the others in order.
        self._running[name] = subprocess.Popen(self._commands[name], env=os.environ, start_new_session=True)

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
                process.kill()
