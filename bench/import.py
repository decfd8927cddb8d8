"""The import of a registry against a bare bulk insert of the same rows, in one run.

    LINQI_DATA=../shared/data .venv/bin/python bench/import.py

Rows: registry/hangzhou.csv of LINQI_DATA, else generated ones. Database: DATABASE_URL when it is given (it must be empty of
enterprises), else a fresh temporary SQLite. One JSON object on standard output; *_seconds are by the clock on the wall, *_cpu
of the processor (the database server's own work is not in it). Goals: ratio ≤ 3, import ≤ 10 s on an idle machine.
"""
# ruff: noqa: N999 – named like what it measures

import csv
import io
import json
import os
import resource
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import date
from pathlib import Path

ROWS = 31_950
DAY = date(2026, 3, 2)


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        own = "DATABASE_URL" not in os.environ
        os.environ["LINQI_HOME"] = home
        os.environ["DJANGO_SETTINGS_MODULE"] = "linqi.config.settings"
        sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
        import django

        django.setup()
        from django.core.management import call_command

        if own:
            call_command("migrate", verbosity=0)
        print(json.dumps(measure(*register()), ensure_ascii=False, indent=1))


def measure(name: str, content: bytes) -> dict[str, object]:
    from django.core.files.base import ContentFile
    from django.db import connection

    from linqi.enterprises.actions.imports import import_at_once, start_import
    from linqi.enterprises.actions.imports import undo_import as undo
    from linqi.kit.access import SYSTEM
    from linqi.territory.actions import rebuild_coverage
    from linqi.territory.models import Place

    street = Place.objects.create(kind="street", code="bench-import", name="前滩街道", since=date(2020, 1, 1))
    rebuild_coverage()

    def start() -> object:
        return start_import(
            file=ContentFile(content), file_name=name, street=street, source="bench", as_of=DAY, by=SYSTEM
        )

    batch = start()
    with timed() as imported:
        import_at_once(batch=batch, valid_only=True, by=SYSTEM)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    again = start()
    with timed() as same:
        import_at_once(batch=again, valid_only=True, by=SYSTEM)
    if again.counts["created"] or again.counts["updated"]:
        raise SystemExit("the second import changed something")
    with timed() as search:
        from linqi.enterprises.models import Enterprise
        from linqi.enterprises.searchable import write_words

        write_words(list(Enterprise.objects.values_list("pk", flat=True)))
    written = as_written()
    with timed() as undone:
        undo(batch=batch, leave_changed=False, by=SYSTEM)
    bare, created = bare_insert(*written)  # into tables as empty as the import found them
    rows = batch.rows_total
    return {
        "rows": rows,
        "created": created,
        "refused": batch.counts["refused"],
        "conflicts": batch.counts["conflict"],
        "import_seconds": imported.wall,
        "import_cpu": imported.cpu,
        "search_seconds": search.wall,
        "search_cpu": search.cpu,
        "again_seconds": same.wall,
        "undo_seconds": undone.wall,
        "bare_seconds": bare.wall,
        "bare_cpu": bare.cpu,
        "ratio": round(imported.wall / bare.wall, 2),
        "ratio_cpu": round(imported.cpu / bare.cpu, 2),
        "ratio_with_search": round((imported.wall + search.wall) / bare.wall, 2),
        "rows_per_second": round(rows / imported.wall),
        "peak_mb": round(peak),
        "database": connection.vendor,
    }


def as_written() -> tuple[list, list]:
    """The enterprises and tenancies that the import wrote, as objects."""
    from linqi.enterprises.models import Enterprise, Tenancy

    return list(Enterprise.objects.order_by("pk")), list(Tenancy.objects.order_by("enterprise"))


def bare_insert(enterprises: list, tenancies: list) -> tuple["Timed", int]:
    """The same rows as `bulk_create` writes them, from objects made beforehand, committed like the import."""
    from django.db import transaction

    from linqi.enterprises.models import Enterprise, Tenancy

    with timed() as took, transaction.atomic():
        Enterprise.objects.bulk_create(enterprises, batch_size=500)
        Tenancy.objects.bulk_create(tenancies, batch_size=500)
    return took, len(enterprises)


class Timed:
    """How long something took, by the wall and by the processor, in seconds."""

    wall = 0.0
    cpu = 0.0


@contextmanager
def timed():
    took, wall, cpu = Timed(), time.perf_counter(), time.process_time()
    yield took
    took.wall, took.cpu = round(time.perf_counter() - wall, 2), round(time.process_time() - cpu, 2)


def register() -> tuple[str, bytes]:
    path = Path(os.environ.get("LINQI_DATA", "../shared/data")) / "registry" / "hangzhou.csv"
    return ("hangzhou.csv", path.read_bytes()) if path.exists() else ("generated.csv", generated())


def generated() -> bytes:
    """As many rows of the same shape, when the real ones are absent."""
    from linqi.kit.identifiers import make_uscc

    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(["企业名称", "统一社会信用代码", "成立日期", "注册资本", "经营范围", "住所"])
    for number in range(ROWS):
        code = make_uscc("9", "1", "330110", f"MB{number:06d}")
        lines.writerow(
            [f"前滩{number}号科技有限公司", code, f"{2000 + number % 20}-03-01", f"{1 + number % 1000}万元人民币",
             "一般项目：技术服务、技术开发、技术咨询；软件开发；信息系统集成服务。",
             f"前滩街道云谷路{number % 900 + 1}号{number % 30 + 1}幢{number % 999 + 1}室"]
        )  # fmt: skip
    return text.getvalue().encode()


if __name__ == "__main__":
    main()
