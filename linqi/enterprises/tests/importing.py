"""What the tests of the import share: files, and the content of the database before and after."""

import csv
import io
from datetime import date
from pathlib import Path

from django.core.files.uploadedfile import SimpleUploadedFile

from linqi.enterprises.actions.imports import apply_import, preview_import, start_import
from linqi.enterprises.models import Enterprise, Fact, Tenancy
from linqi.kit.access import SYSTEM
from linqi.kit.identifiers import make_uscc
from linqi.search.models import Document

DAY = date(2026, 3, 2)
HEADINGS = ["企业名称", "统一社会信用代码", "成立日期", "注册资本", "住所"]


def code(number):
    """A valid code, another for each number."""
    return make_uscc("9", "1", "330110", f"MB{number:06d}")


def sheet(rows, headings=HEADINGS):
    """A CSV file as bytes."""
    text = io.StringIO()
    csv.writer(text).writerows([headings, *rows])
    return text.getvalue().encode()


def begin(street, content, *, by=SYSTEM, as_of=DAY, name="名册.csv", source="区市场监管局名册"):
    """A file uploaded, not read yet."""
    return start_import(
        file=SimpleUploadedFile(name, content), file_name=name, street=street, source=source, as_of=as_of, by=by
    )


def bring_in(street, content, *, valid_only=True, **said):
    """A file uploaded, previewed and applied."""
    batch = preview_import(batch=begin(street, content, **said), by=said.get("by", SYSTEM))
    return apply_import(batch=batch, valid_only=valid_only, by=said.get("by", SYSTEM))


def content():
    """Everything the import may touch, in an order of its own."""
    return {
        "enterprises": list(Enterprise.objects.order_by("pk").values()),
        "tenancies": list(Tenancy.objects.order_by("pk").values()),
        "facts": list(Fact.objects.order_by("pk").values()),
        "search": list(
            Document.objects.order_by("kind", "object_id").values("kind", "object_id", "text", "words", "streets")
        ),
    }


def files_below(folder):
    """Every file kept below a folder."""
    return sorted(path for path in Path(folder).rglob("*") if path.is_file())
