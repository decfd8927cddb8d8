"""`linqi tick`: one beat by hand, for a scheduler of one's own."""

import json
from typing import Any

from django.core.management.base import BaseCommand

from linqi.config.actions import tick
from linqi.kit import clock


class Command(BaseCommand):
    """Ask once whose time has come."""

    help = "Run every due reminder once and print what was done as JSON."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(json.dumps(tick(now=clock.now())))
