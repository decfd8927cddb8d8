"""Whether the product is well: told by what it does, not by what it intends."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from linqi import __version__
from linqi.config.actions import TICK, WORKER
from linqi.config.models import Pulse
from linqi.notifications.models import Delivery, DeliveryState

STALE = timedelta(seconds=60)  # a process silent for longer counts as dead; product default
LATE = timedelta(minutes=15)  # a job waiting or running for longer counts as stuck; product default
_seen_migrated = False  # once true it stays true: a new release is a new process


@dataclass(frozen=True)
class Health:
    """What /health says; None is unknown, which is not well."""

    ok: bool
    version: str
    database: bool
    migrated: bool | None = None
    worker_seconds: float | None = None
    tick_seconds: float | None = None
    jobs_waiting: int | None = None
    oldest_job_seconds: float | None = None
    deliveries_overdue: int | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def health(now: datetime) -> Health:
    """Database, migrations, worker, tick and backlog as they are at this moment."""
    try:
        if not _migrated():
            return Health(ok=False, version=__version__, database=True, migrated=False)
        pulses = dict(Pulse.objects.values_list("name", "at"))
        waiting = DBTaskResult.objects.ready()
        oldest = waiting.order_by("enqueued_at").values_list("enqueued_at", flat=True).first()
        overdue = Delivery.objects.filter(state=DeliveryState.WAITING, due_at__lt=now - LATE).count()
        count = waiting.count()
        busy = DBTaskResult.objects.filter(status=TaskResultStatus.RUNNING, started_at__gt=now - LATE).exists()
    except DatabaseError:
        return Health(ok=False, version=__version__, database=False)
    worker, tick = (_age(pulses.get(name), now) for name in (WORKER, TICK))
    age = _age(oldest, now)
    # The worker shows its pulse between two jobs; while it runs one, the tick (same process) speaks for it.
    alive = _fresh(tick, STALE) and _fresh(worker, LATE if busy else STALE)
    return Health(
        ok=alive and overdue == 0 and (age is None or age <= LATE.total_seconds()),
        version=__version__,
        database=True,
        migrated=True,
        worker_seconds=worker,
        tick_seconds=tick,
        jobs_waiting=count,
        oldest_job_seconds=age,
        deliveries_overdue=overdue,
    )


def pending_migrations() -> bool:
    """Whether the database is behind the program: then `linqi migrate` comes first."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _migrated() -> bool:
    global _seen_migrated  # noqa: PLW0603 – reading every migration file at each question would cost more than all the rest
    _seen_migrated = _seen_migrated or not pending_migrations()
    return _seen_migrated


def _fresh(seconds: float | None, within: timedelta) -> bool:
    return seconds is not None and seconds <= within.total_seconds()


def _age(at: datetime | None, now: datetime) -> float | None:
    return None if at is None else round((now - at).total_seconds(), 1)
