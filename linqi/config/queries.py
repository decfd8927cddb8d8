"""Whether the product is well: told by what it does, not by what it intends."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django_tasks_db.models import DBTaskResult

from linqi import __version__
from linqi.config.actions import TICK, WORKER
from linqi.config.models import Pulse
from linqi.notifications.models import Delivery, DeliveryState

STALE = timedelta(seconds=60)  # a process silent for longer counts as dead
LATE = timedelta(minutes=15)  # a job waiting for longer counts as stuck


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
        pending = _pending_migrations()
        if pending:
            return Health(ok=False, version=__version__, database=True, migrated=False)
        pulses = dict(Pulse.objects.values_list("name", "at"))
        waiting = DBTaskResult.objects.ready()
        oldest = waiting.order_by("enqueued_at").values_list("enqueued_at", flat=True).first()
        overdue = Delivery.objects.filter(state=DeliveryState.WAITING, due_at__lt=now - LATE).count()
        count = waiting.count()
    except DatabaseError:
        return Health(ok=False, version=__version__, database=False)
    worker, tick = (_age(pulses.get(name), now) for name in (WORKER, TICK))
    age = _age(oldest, now)
    alive = all(seconds is not None and seconds <= STALE.total_seconds() for seconds in (worker, tick))
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


def _pending_migrations() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _age(at: datetime | None, now: datetime) -> float | None:
    return None if at is None else round((now - at).total_seconds(), 1)
