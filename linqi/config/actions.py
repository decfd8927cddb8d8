"""What the processes behind the pages do: show that they live, and tick."""

from datetime import datetime

from linqi.config.models import Pulse
from linqi.kit import ticker

WORKER = "worker"
TICK = "tick"


def show_life(*, name: str, now: datetime) -> None:
    """Write down that a process works; one row a process, written over."""
    Pulse.objects.update_or_create(name=name, defaults={"at": now})


def tick(*, now: datetime) -> dict[str, int | None]:
    """Ask every app whose time has come, then show that the tick lives 心跳."""
    done = ticker.tick(now)
    show_life(name=TICK, now=now)
    return done
