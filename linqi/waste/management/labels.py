"""`linqi waste labels --out DIR`: labelled pictures as class folders, for `linqi waste train DIR` 导出训练标签."""

from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from linqi.journal.actions import record_export
from linqi.kit.access import SYSTEM
from linqi.waste.queries_labels import labels_to_teach


def arguments(parser: ArgumentParser) -> None:
    """What may follow the word."""
    parser.add_argument("--out", type=Path, required=True, help="an empty or new folder")


def run(options: dict[str, Any]) -> None:
    """Write one folder a class; that they were taken out is in the journal."""
    out: Path = options["out"]
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise CommandError(f"{out} is not empty. Name an empty or a new folder.")
    counted: Counter[str] = Counter()
    missing = 0
    for label, name, picture in labels_to_teach(SYSTEM):
        try:
            with picture.file.open("rb") as held:
                data = held.read()
        except FileNotFoundError:
            missing += 1
            continue
        folder = out / label
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
        counted[label] += 1
    if not counted:
        raise CommandError("There is no labelled picture to write.")
    record_export(what="waste_labels", rows=counted.total(), by=SYSTEM)
    for label, number in sorted(counted.items()):
        options["say"](f"{label}: {number}")
    if missing:
        options["warn"](f"{missing} labelled pictures have no file any more and were left out.")
