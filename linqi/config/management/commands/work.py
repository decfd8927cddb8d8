"""`linqi work`: the worker of jobs and the tick, in one process."""

import threading
from typing import Any

import structlog
from django.core.management.base import BaseCommand
from django.db import close_old_connections, connection
from django_tasks_db.management.commands.db_worker import Worker

from linqi.config.actions import WORKER, show_life, tick
from linqi.kit import clock

EVERY = 20.0  # seconds between two ticks
INTERVAL = 1.0  # seconds the worker waits before it looks for jobs again

log = structlog.get_logger("linqi.work")


class Living(Worker):
    """django-tasks' worker that shows from its own loop, between two jobs, that it works."""

    _shown = 0.0

    def show(self) -> None:
        """Write the worker's pulse, at most every few seconds."""
        now = clock.now()
        if now.timestamp() - self._shown >= EVERY / 2:
            self._shown = now.timestamp()
            show_life(name=WORKER, now=now)


class Command(BaseCommand):
    """Run jobs until told to stop."""

    help = "Run background jobs and the tick (started by `linqi serve`)."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        worker = Living(
            queue_names=["default"],
            interval=INTERVAL,
            batch=True,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id="linqi",
            excluded_queue_names=[],
        )
        worker.configure_signals()
        thread = threading.Thread(target=self._tick, args=(stop,), daemon=True)
        thread.start()
        try:
            while worker.running:
                worker.show()
                worker.run()
                stop.wait(INTERVAL)
        finally:
            stop.set()
            connection.close()

    def _tick(self, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                close_old_connections()
                tick(now=clock.now())
            except Exception:
                log.exception("tick failed")
            stop.wait(EVERY)
