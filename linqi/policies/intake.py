"""Policies from files: what `linqi match` judges by 政策文件."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from linqi.conditions import tree
from linqi.conditions.book import Book
from linqi.conditions.errors import ConditionError
from linqi.conditions.rules import Rule


@dataclass(frozen=True, slots=True)
class Filed:
    """One version of a policy from a file, and when it is in force."""

    rule: Rule
    since: date | None
    until: date | None
    name: str

    def holds_on(self, day: date) -> bool:
        """Whether it is in force on a day."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


class PoliciesRefused(Exception):
    """Policies that cannot be read; `problems` name file, policy and path."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def read_policies(folder: Path, book: Book) -> list[Filed]:
    """Every policy of a folder (or of one file): .yaml, .yml or .json, each with one policy, a list, or `policies:`.

    A policy has `id` or `key`, `conditions`, and maybe `applies`, `manual`, `effective: {from, to}` (or `since`, `until`), or `versions`
    with those. PoliciesRefused tells every mistake at once; a policy without conditions or an id is one.
    """
    files = (
        [folder]
        if folder.is_file()
        else sorted(one for one in folder.glob("**/*") if one.suffix in (".yaml", ".yml", ".json"))
    )
    if not files:
        raise PoliciesRefused([f"{folder}: there are no .yaml, .yml or .json files."])
    found: list[Filed] = []
    problems: list[str] = []
    for path in files:
        try:
            read = (
                json.loads(path.read_text("utf-8"))
                if path.suffix == ".json"
                else yaml.safe_load(path.read_text("utf-8"))
            )
        except (ValueError, yaml.YAMLError) as problem:
            problems.append(f"{path.name}: {problem}")
            continue
        for at, row in enumerate(_rows(read)):
            problems += _policy(path.name, at, row, book, found)
    if not found and not problems:
        problems.append(f"{folder}: no file holds a policy; a policy has an id and conditions.")
    keys = [one.rule.key for one in found]
    problems += [f"{key}: the id is used twice." for key in dict.fromkeys(keys) if keys.count(key) > 1]
    if problems:
        raise PoliciesRefused(problems)
    return found


def _rows(read: Any) -> Iterable[Any]:
    """The policies of a file; one that holds something else altogether has none."""
    if isinstance(read, Mapping):
        if "policies" in read:
            return read["policies"] or []
        return [read] if {"conditions", "versions"} & read.keys() else []
    return (
        [row for row in read if isinstance(row, Mapping) and {"id", "key", "conditions", "versions"} & row.keys()]
        if isinstance(read, list)
        else []
    )


def _policy(file: str, at: int, row: Any, book: Book, found: list[Filed]) -> list[str]:
    key = str(row.get("id") or row.get("key") or "") if isinstance(row, Mapping) else ""
    if not key:
        return [f"{file}[{at}]: a policy needs an id."]
    versions = row.get("versions") or [row]
    problems = []
    for number, version in enumerate(versions, 1):
        name = key if len(versions) == 1 else f"{key}@{number}"
        try:
            found.append(_version(name, row, version, book))
        except ConditionError as problem:
            problems.append(f"{file}: {name}{problem.path}: {problem.message}{problem.remedy}")
        except ValueError as problem:
            problems.append(f"{file}: {name}: {problem}")
    return problems


def _version(key: str, row: Mapping[str, Any], version: Mapping[str, Any], book: Book) -> Filed:
    if "conditions" not in version:
        raise ConditionError(".conditions", "missing. ", "Say whom the policy concerns.")
    effective = version.get("effective") or {}
    since = _day(effective.get("from") or version.get("since"))
    until = _day(effective.get("to") or version.get("until"))
    if since and until and until < since:
        raise ConditionError(".effective", "the end lies before the beginning. ", "Correct the dates.")
    when, problems = tree.read(version["conditions"], book, ".conditions")
    applies, more = tree.read(version["applies"], book, ".applies") if version.get("applies") else (None, [])
    if problems or more or when is None:
        raise [*problems, *more][0]
    manual = version.get("manual") or row.get("manual") or []
    return Filed(
        Rule(key, when, applies, tuple(str(one) for one in manual)),
        since,
        until,
        str(row.get("name_zh") or row.get("name") or key),
    )


def _day(value: Any) -> date | None:
    if value is None or value == "":
        return None
    return value if isinstance(value, date) else date.fromisoformat(str(value))
