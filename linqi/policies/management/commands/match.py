"""`linqi match --policies DIR --facts FILE --as-of DATE --out FILE [--explain USCC]`: many enterprises against many policies, from files."""

import json
import time
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation

from linqi.conditions import words
from linqi.conditions.files import FileRefused, read_facts, write_answers
from linqi.conditions.one import Verdict, judge_seen
from linqi.conditions.rules import Outcome
from linqi.enterprises.known import book
from linqi.kit import clock
from linqi.policies.intake import Filed, PoliciesRefused, read_policies


class Command(BaseCommand):
    """Exit status 0; 1 with what cannot be read on standard error, and then nothing is written."""

    help = "Judge the enterprises of a Parquet or CSV file by the policies of a folder; docs/rules/match.md."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--policies", type=Path, required=True, metavar="DIR")
        parser.add_argument("--facts", type=Path, required=True, metavar="FILE.parquet")
        parser.add_argument("--as-of", type=date.fromisoformat, help="the day of judgement, YYYY-MM-DD; default: today")
        parser.add_argument("--out", type=Path, metavar="FILE.parquet", help="one row for each enterprise and policy")
        parser.add_argument("--explain", metavar="USCC", help="say why, for one enterprise")
        parser.add_argument("--lang", choices=["zh", "en"], default="zh", help="of the explanation")
        parser.add_argument("--json", action="store_true", help="the explanation as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        day = options["as_of"] or clock.today()
        with translation.override("zh-hans" if options["lang"] == "zh" else "en"):
            try:
                filed = read_policies(options["policies"], book())
                begun = time.perf_counter()
                read = read_facts(options["facts"], book(), day)
            except (FileRefused, PoliciesRefused) as refused:
                raise CommandError("\n".join(refused.problems)) from refused
            loaded = time.perf_counter()
            standing = [one for one in filed if one.holds_on(day)]
            if options["explain"]:
                row = read.row_of(options["explain"])
                if row is None:
                    raise CommandError(f"{options['explain']}: not in the file.")
                sight = read.population.sight(row)
                self._explain([(one, judge_seen(one.rule, sight)) for one in standing], as_json=options["json"])
                if not options["out"]:
                    return
            answers = read.population.run([one.rule for one in standing])
            judged = time.perf_counter()
            rows = 0
            if options["out"]:
                rows = write_answers(
                    options["out"], answers, read, [one.rule.key for one in filed if not one.holds_on(day)]
                )
            told = {
                "as_of": day.isoformat(),
                "enterprises": read.population.rows,
                "policies": len(standing),
                "not_in_force": [one.rule.key for one in filed if not one.holds_on(day)],
                "rows": rows,
                "ignored_columns": list(read.ignored),
                "seconds": {
                    "load": round(loaded - begun, 4),
                    "judge": round(judged - loaded, 4),
                    "write": round(time.perf_counter() - judged, 4),
                },
                "outcomes": {
                    one.rule.key: {outcome.value: count for outcome, count in answers.counts(one.rule.key).items()}
                    for one in standing
                },
            }
            if not options["explain"]:
                self.stdout.write(json.dumps(told, ensure_ascii=False))

    def _explain(self, found: list[tuple[Filed, Verdict]], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps([_told(one, verdict) for one, verdict in found], ensure_ascii=False, indent=1))
            return
        for one, verdict in found:
            self.stdout.write(f"\n{one.name} [{one.rule.key}]: {translation.gettext(Outcome(verdict.outcome).label)}")
            for line in _lines(words.explained(verdict, book()), 1):
                self.stdout.write(line)


def _lines(lines: Iterable[words.Line], depth: int) -> Iterable[str]:
    signs = {"met": "✓", "unmet": "✗", "unknown": "?", "manual": "☞", "source": "·"}
    for line in lines:
        said = [line.text, line.value and f"= {line.value}", line.short]
        lacking = line.missing and f"{translation.gettext('缺少')}: {'、'.join(line.missing)}"
        clause = line.clause and f"〔{line.clause}〕"
        yield f"{'  ' * depth}{signs[line.mark]} {' '.join(part for part in [*said, lacking, clause] if part)}"
        yield from _lines(line.parts, depth + 1)


def _told(one: Filed, verdict: Verdict) -> dict[str, Any]:
    def plain(line: words.Line) -> dict[str, Any]:
        kept: dict[str, Any] = {"mark": line.mark, "text": line.text}
        more = {
            "value": line.value,
            "source": line.source,
            "short": line.short,
            "clause": line.clause,
            "missing": list(line.missing),
        }
        kept |= {name: value for name, value in more.items() if value}
        return kept | ({"parts": [plain(part) for part in line.parts]} if line.parts else {})

    return {
        "policy": one.rule.key,
        "outcome": verdict.outcome.value,
        "near_miss": verdict.near,
        "missing": [{"field": lack.key, "period": lack.period} for lack in verdict.missing],
        "reasons": [plain(line) for line in words.explained(verdict, book())],
    }
