"""linqi recompute_deadlines: count provisional deadlines again on the calendar in force 重算期限."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from linqi.cases.actions import recompute_deadlines
from linqi.kit.access import SYSTEM
from linqi.territory.models import Place, PlaceKind


class Command(BaseCommand):
    help = "Count again the deadlines that rested on a calendar not yet published; every moved date is journalled."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--street", help="Code of one street; default: all.")
        parser.add_argument("--json", action="store_true", help="Print one object.")

    def handle(self, *args: Any, **options: Any) -> None:
        street = None
        if options["street"]:
            street = Place.objects.filter(kind=PlaceKind.STREET, code=options["street"]).first()
            if street is None:
                raise CommandError(f"There is no street with the code {options['street']}.")
        moved = recompute_deadlines(street=street, by=SYSTEM)
        if options["json"]:
            self.stdout.write(
                json.dumps({"moved": [{"number": case.number, "due_at": case.due_at.isoformat()} for case in moved]})
            )
            return
        for case in moved:
            self.stdout.write(f"{case.number}  {timezone.localtime(case.due_at):%Y-%m-%d %H:%M}")
        self.stdout.write(f"{len(moved)} deadlines moved.")
