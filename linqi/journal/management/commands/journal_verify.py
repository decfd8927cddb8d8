"""`linqi journal verify`: does the chain still hold?"""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from linqi.journal import queries
from linqi.journal.rules import Problem


class Command(BaseCommand):
    """Read every row of the journal, in constant memory; exit status 1 when a row was changed, moved or is missing."""

    help = "Check the hash chain of the journal; exit status 1 when it does not hold."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument(
            "--anchor",
            action="append",
            default=[],
            metavar="ID:DIGEST",
            help="an end of the chain that was noted down earlier; it must still be there",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        anchors = [_anchor(text) for text in options["anchor"]]
        quiet = options["json"]
        verdict = queries.verify(None if quiet else self._tell)
        lost = [Problem("anchor", number, number, "not as noted down") for number, digest in anchors
                if not queries.holds(number, digest)]  # fmt: skip
        if quiet:
            problems = [asdict(one) for one in [*verdict.problems, *lost]]
            told = {"rows": verdict.rows, "digest": verdict.digest, "found": verdict.found + len(lost)}
            self.stdout.write(json.dumps(told | {"problems": problems}, ensure_ascii=False))
        else:
            for one in lost:
                self._tell(one)
            self.stdout.write(f"{verdict.rows} rows read; the chain ends in {verdict.rows}:{verdict.digest}")
        if verdict.found + len(lost):
            if quiet:
                raise SystemExit(1)
            raise CommandError(f"The journal does not hold: {verdict.found + len(lost)} faults.", returncode=1)

    def _tell(self, problem: Problem) -> None:
        where = f"{problem.first}" if problem.first == problem.last else f"{problem.first}–{problem.last}"
        self.stderr.write(f"{problem.kind}: row {where} {problem.told}")


def _anchor(text: str) -> tuple[int, str]:
    number, _, digest = text.partition(":")
    if not number.isdecimal() or not digest:
        raise CommandError(f"Not an anchor: {text}; expected ID:DIGEST.")
    return int(number), digest
