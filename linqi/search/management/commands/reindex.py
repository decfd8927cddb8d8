"""`linqi reindex`: build the search index anew from the tables."""

from typing import Any

from django.core.management.base import BaseCommand

from linqi.search.actions import rebuild


class Command(BaseCommand):
    """Forget and index everything that can be searched."""

    help = "Build the search index anew."

    def handle(self, *args: Any, **options: Any) -> None:
        for kind, count in rebuild().items():
            self.stdout.write(f"{kind}: {count}")
