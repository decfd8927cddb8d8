"""`linqi assets`: bring the pinned front-end libraries."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from linqi.ui import assets


class Command(BaseCommand):
    """Fetch the front-end libraries when the lock or the icons in use changed."""

    help = "Bring the pinned front-end libraries into the static files."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--force", action="store_true", help="fetch even when nothing changed")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(assets.build(force=options["force"]))
        except assets.AssetError as error:
            raise CommandError(str(error)) from error
