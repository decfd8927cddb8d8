"""`linqi demo`: fill an empty database with a generated street 演示数据."""

import unicodedata
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from linqi.dashboards.demo.actions import SIZES, Credential, NotEmptyError, fill


class Command(BaseCommand):
    help = "Fill an empty database with a generated street; the same seed and day make the same content."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--size", choices=sorted(SIZES), default="full")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--if-empty", action="store_true", help="Do nothing when there is a street already.")
        parser.add_argument(
            "--today", type=date.fromisoformat, default=None, help="The day the demo ends on, YYYY-MM-DD."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        def told(stage: str) -> None:
            if options["verbosity"]:
                self.stderr.write(f"demo: {stage} …", ending="\n")

        try:
            filled = fill(size=options["size"], seed=options["seed"], today=options["today"], told=told)
        except NotEmptyError:
            if options["if_empty"]:
                return
            raise CommandError(
                "库里已有街道，演示数据只写入空库。There is a street already; the demo needs an empty database."
            ) from None
        made = ", ".join(f"{number:,} {kind}" for kind, number in filled.counts.items())
        self.stdout.write(f"演示数据已生成 {made} ({sum(filled.seconds.values()):.1f} s)")
        if options["verbosity"] > 1:
            self.stdout.write(", ".join(f"{stage} {seconds} s" for stage, seconds in filled.seconds.items()))
        self.stdout.write("一次性演示账号，只显示这一次。 Demo accounts, shown once:")
        for line in table(filled.credentials):
            self.stdout.write(line)


def table(credentials: list[Credential]) -> list[str]:
    """The users in columns that stand straight, though Chinese letters are twice as wide."""
    rows = [
        ("username", "角色", "名称", "password"),
        *((one.username, one.role, one.name, one.password) for one in credentials),
    ]
    widths = [max(_width(row[at]) for row in rows) for at in range(4)]
    return [
        "  " + "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
