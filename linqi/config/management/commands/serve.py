"""`linqi serve`: the whole product in one command, web server and worker, each started again when it dies."""

import os
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from linqi.config.queries import pending_migrations
from linqi.config.supervisor import command


class Command(BaseCommand):
    """Serve until told to stop."""

    help = "Serve the product: web server, worker and tick."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--workers", type=int, default=1, help="web processes; each serves --threads requests at a time"
        )
        parser.add_argument("--threads", type=int, default=8)

    def handle(self, *args: Any, **options: Any) -> None:
        """Check what can be checked now, then become the supervisor: a process without Django."""
        if pending_migrations():
            raise CommandError("The database is not up to date. Run: linqi migrate")
        connection.close()
        call_command("collectstatic", interactive=False, verbosity=0)
        host, port = options["host"], options["port"]
        self.stdout.write(f"Linqi 邻企  http://{'localhost' if host == '127.0.0.1' else host}:{port}/  (Ctrl+C 结束)")
        self.stdout.flush()
        asked = [part for name in ("host", "port", "workers", "threads") for part in (f"--{name}", str(options[name]))]
        supervisor = command("linqi.config.supervisor", *asked)
        os.execv(supervisor[0], supervisor)  # noqa: S606 – our own Python and our own module
