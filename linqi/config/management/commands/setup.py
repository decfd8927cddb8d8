"""`linqi setup`: the first district, street and operator of a real installation."""

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from linqi.accounts.actions import create_user
from linqi.accounts.models import User
from linqi.cases.actions import seed_defaults
from linqi.kit.access import SYSTEM, Role
from linqi.organisation.actions import seed_departments
from linqi.policies.actions.library import install_library
from linqi.territory.actions import create_place
from linqi.territory.models import Place, PlaceKind


class Command(BaseCommand):
    """Enter what nobody can enter who has no account yet; run again for each further street."""

    help = "Enter the first district, a street with its default sections, tables and policies, and the operator who goes on from there."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--district", nargs=2, metavar=("CODE", "NAME"), required=True, help="e.g. 330110 余杭区")
        parser.add_argument(
            "--street", nargs=2, metavar=("CODE", "NAME"), required=True, help="e.g. 330110012 仓前街道"
        )
        parser.add_argument("--operator", metavar="USERNAME", default="operator", help="made when not there yet")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        (district_code, district_name), (street_code, street_name) = options["district"], options["street"]
        if not re.fullmatch(r"\d{6}", district_code) or not re.fullmatch(r"\d{9}", street_code):
            raise CommandError("A district has a code of six digits (GB/T 2260), a street one of nine.")
        try:
            district = Place.objects.filter(kind=PlaceKind.DISTRICT, code=district_code).first() or create_place(
                kind=PlaceKind.DISTRICT, name=district_name, code=district_code, parent=None, by=SYSTEM
            )
            street = create_place(kind=PlaceKind.STREET, name=street_name, code=street_code, parent=district, by=SYSTEM)
        except ValidationError as refused:
            raise CommandError("; ".join(refused.messages)) from None
        seed_departments(street=street, by=SYSTEM)
        seed_defaults(street=street, by=SYSTEM)
        install_library(street=street, by=SYSTEM)
        self.stdout.write(f"{district.name} {district.code} › {street.name} {street.code}")
        if User.objects.filter(username=options["operator"]).exists():
            return
        _operator, password = create_user(
            username=options["operator"],
            display_name="区级运维",
            role=Role.DISTRICT_OPERATOR,
            place=district,
            by=SYSTEM,
        )
        self.stdout.write(
            f"{options['operator']}  one-time password: {password}  (shown once; it must be changed at sign-in)"
        )
