"""`linqi import enterprises FILE --street CODE`: bring in a registry file, say what became of it, undo it."""

import json
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from linqi.enterprises.actions.imports import ImportRefused, announce_import, import_at_once, start_import, undo_import
from linqi.enterprises.models import Import, Outcome
from linqi.enterprises.queries_imports import report_of
from linqi.kit import clock
from linqi.kit.access import SYSTEM
from linqi.kit.flow import MoveRefused
from linqi.kit.sheets import SheetRefused
from linqi.territory.models import Place, PlaceKind

NAMES = {
    "created": "created",
    "updated": "updated",
    "unchanged": "unchanged",
    "conflict": "conflicts",
    "refused": "refused",
}
SHOWN = 20  # refused rows named on standard error


class _DryRun(Exception):
    """Raised to roll back what a dry run wrote."""


class Command(BaseCommand):
    """Exit status 0; 1 with what was refused on standard error."""

    help = "Import a registry of enterprises (.xlsx, .xls, .csv) into a street."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path)
        parser.add_argument("--street", help="code of the street, e.g. 330110012")
        parser.add_argument("--source", default="", help="what the file is; default: its name")
        parser.add_argument(
            "--as-of", type=date.fromisoformat, help="the day it speaks for, YYYY-MM-DD; default: today"
        )
        parser.add_argument("--all-or-nothing", action="store_true", help="write nothing when a row cannot be written")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen and write nothing")
        parser.add_argument("--report", type=Path, metavar="OUT.xlsx", help="the same table with outcome and reason")
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
        parser.add_argument("--undo", type=int, metavar="N", help="undo import number N")
        parser.add_argument("--leave-changed", action="store_true", help="with --undo: leave what was changed since")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["undo"]:
            self._undo(options["undo"], options["leave_changed"])
            return
        path: Path | None = options["file"]
        if path is None or not options["street"]:
            raise CommandError("Name a file and a street: linqi import enterprises FILE --street CODE")
        if not path.is_file():
            raise CommandError(f"{path}: no such file")
        street = self._street(options["street"])
        started = time.monotonic()
        batch = Import()
        try:
            with transaction.atomic():
                with path.open("rb") as opened:
                    batch = start_import(
                        file=File(opened),
                        file_name=path.name,
                        street=street,
                        source=options["source"] or path.name,
                        as_of=options["as_of"] or clock.today(),
                        by=SYSTEM,
                    )
                import_at_once(batch=batch, valid_only=not options["all_or_nothing"], by=SYSTEM)
                bad = self._bad(batch)
                if options["report"]:
                    with options["report"].open("wb") as out:
                        report_of(batch, out)
                if options["dry_run"]:
                    raise _DryRun
        except _DryRun:
            self._forget(batch)
            self.stderr.write("dry run: nothing was written")
        except (SheetRefused, ImportRefused) as refused:
            self._forget(batch)
            raise CommandError(str(refused)) from None
        except BaseException:
            self._forget(batch)
            raise
        else:
            announce_import(batch=batch)
        self._tell(batch, round(time.monotonic() - started, 3), options)
        for line in bad:
            self.stderr.write(line)
        if bad:
            sys.exit(1)

    def _forget(self, batch: Import) -> None:
        """Take away the kept file of an import that was rolled back."""
        if batch.file:
            batch.file.delete(save=False)

    def _tell(self, batch: Import, seconds: float, options: dict[str, Any]) -> None:
        counts = {name: batch.counts[outcome] for outcome, name in NAMES.items()}
        said = {"rows": sum(counts.values()), **counts, "seconds": seconds}
        if options["json"]:
            self.stdout.write(json.dumps(said))
            return
        number = "" if options["dry_run"] else f" {batch.pk}"
        self.stdout.write(f"import{number}: " + ", ".join(f"{name} {value}" for name, value in said.items()))

    def _bad(self, batch: Import) -> list[str]:
        """What could not be written, a line each for the first rows, then how many more."""
        bad = batch.rows.filter(outcome__in=[Outcome.REFUSED, Outcome.CONFLICT]).order_by("number")
        lines = [
            f"第 {row.number} 行 {row.get_outcome_display()} {row.name} {row.uscc}: {row.reason}" for row in bad[:SHOWN]
        ]
        more = bad.count() - len(lines)
        return [*lines, f"… {more} more; --report OUT.xlsx lists them all"] if more else lines

    def _undo(self, number: int, leave_changed: bool) -> None:
        batch = Import.objects.filter(pk=number).first()
        if batch is None:
            raise CommandError(f"There is no import {number}.")
        try:
            left = undo_import(batch=batch, leave_changed=leave_changed, by=SYSTEM)
        except ImportRefused as refused:
            raise CommandError(f"{refused} (--leave-changed)") from None
        except MoveRefused:
            raise CommandError(f"Import {number} is not applied: {batch.get_state_display()}.") from None
        self.stdout.write(f"import {number} undone, {len(left)} rows left as they are")

    def _street(self, code: str) -> Place:
        street = Place.objects.filter(kind=PlaceKind.STREET, code=code).first()
        if street is None:
            known = ", ".join(
                f"{place.code} {place.name}" for place in Place.objects.filter(kind=PlaceKind.STREET)[:10]
            )
            raise CommandError(f"No street has the code {code}. Streets: {known or 'none yet'}.")
        return street
