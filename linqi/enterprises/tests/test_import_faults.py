"""Bad input, through the page and through the command: a clear message, and nothing half written."""

import csv
import io
import os
import subprocess
import sys
import zipfile
from contextlib import contextmanager

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.test import RequestFactory
from django.urls import reverse
from openpyxl import Workbook

from linqi.config.uploads import Bounded, UploadTooLarge
from linqi.enterprises.models import Enterprise, Import, ImportRow, ImportState
from linqi.enterprises.tests.importing import DAY, HEADINGS, code, content, files_below, sheet

HUGE = 200 * 1024 * 1024
GOOD = ["滨湖新来科技有限公司", code(1), "2025-03-01", "100万元", ""]


def workbook(*sheets):
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets:
        made = book.create_sheet(name)
        for row in rows:
            made.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def bomb():
    """A workbook of a few hundred kilobytes whose sheet unpacks to 300 MB."""
    packed, real = io.BytesIO(), workbook(("名册", [HEADINGS, GOOD]))
    with zipfile.ZipFile(io.BytesIO(real)) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.infolist():
            if part.filename != "xl/worksheets/sheet1.xml":
                target.writestr(part, source.read(part.filename))
                continue
            with target.open(part.filename, "w", force_zip64=True) as swollen:
                for _ in range(300):
                    swollen.write(b" " * 1024 * 1024)
    return packed.getvalue()


def latin():
    text = io.StringIO()
    csv.writer(text).writerows([HEADINGS, GOOD])
    return text.getvalue().encode("utf-8")[:-20] + b"\xff\xfe\xfd\x81\xff" + b"\n"


FAULTS = {
    "an empty file": ("名册.csv", bytes, "空"),
    "the wrong sheet": (
        "名册.xlsx",
        lambda: workbook(("封面", [["说明"], ["某某"]]), ("统计", [["月份", "数量"]])),
        "没有找到表头",
    ),
    "a picture": ("名册.xlsx", lambda: b"\x89PNG\r\n\x1a\n" + b"0" * 100, "不是表格文件"),
    "a text of another kind": ("名册.csv", "今天天气很好\n我们去走访\n".encode, "没有找到表头"),
    "a zip bomb": ("名册.xlsx", bomb, "解压后过大"),
    "a thousand columns": (
        "名册.csv",
        lambda: sheet([GOOD + [""] * 995], HEADINGS + [f"列{n}" for n in range(995)]),
        "1000 列",
    ),
    "a thousand columns in a workbook": (
        "名册.xlsx",
        lambda: workbook(("名册", [HEADINGS + [f"列{n}" for n in range(995)], GOOD])),
        "超过 200 列",
    ),
    "an unreadable encoding": ("名册.csv", latin, "编码"),
    "a damaged workbook": ("名册.xlsx", lambda: workbook(("名册", [HEADINGS, GOOD]))[:-200], "损坏"),
}
each_fault = pytest.mark.parametrize(("name", "made", "says"), FAULTS.values(), ids=FAULTS)


@pytest.fixture
def house(cast, uploads):
    return cast


def post(client, cast, name, file):
    client.force_login(cast.street_leader)
    said = {
        "file": SimpleUploadedFile(name, file),
        "street": cast.street.pk,
        "source": "测试名册",
        "as_of": DAY.isoformat(),
    }
    return client.post(reverse("enterprises:new_import"), said, follow=True)


@each_fault
def test_the_page_says_what_is_wrong_and_nothing_is_written(house, client, name, made, says):
    before = content()
    answer = post(client, house, name, made())
    assert answer.status_code == 200
    assert says in answer.content.decode()
    assert content() == before
    assert not ImportRow.objects.exists()
    assert not Import.objects.exclude(state=ImportState.FAILED).exists()


@each_fault
def test_the_command_says_what_is_wrong_and_leaves_nothing(house, uploads, tmp_path, name, made, says):
    before = content()
    path = tmp_path / name
    path.write_bytes(made())
    with pytest.raises(CommandError, match=says):
        call_command("import_enterprises", str(path), "--street", house.street.code)
    assert content() == before
    assert not Import.objects.exists()
    assert files_below(uploads) == []


def test_a_formula_that_nobody_calculated_is_a_remark_of_its_row_not_a_value(house, client):
    file = workbook(("名册", [HEADINGS, [*GOOD[:3], "=1+1", ""], ["=A2", code(2), "", "", ""]]))
    page = post(client, house, "名册.xlsx", file).content.decode()
    batch = Import.objects.get()
    assert "单元格是公式" in page
    assert {row.number: row.outcome for row in batch.rows.all()} == {2: "created", 3: "refused"}
    assert not Enterprise.objects.filter(uscc=code(1)).exists()


def test_of_two_heading_rows_the_one_that_names_the_columns_is_taken(house, client):
    rows = [
        ["", "基本信息", "", "", ""],
        ["填表说明：请如实填写"],
        HEADINGS,
        ["(必填)", "(18位)", "(日期)", "(万元)", ""],
        GOOD,
    ]
    page = post(client, house, "名册.xlsx", workbook(("名册", rows)))
    outcomes = {row.number: row.outcome for row in Import.objects.get().rows.all()}
    assert outcomes == {4: "refused", 5: "created"}
    assert page.status_code == 200


# --- 200 MB ----------------------------------------------------------------------------------------------------------
def huge(tmp_path):
    path = tmp_path / "名册.csv"
    with path.open("wb") as file:
        file.truncate(HUGE)
    return path


def test_the_command_does_not_open_a_file_of_200_mb(house, uploads, tmp_path):
    with pytest.raises(CommandError, match="200 MB"):
        call_command("import_enterprises", str(huge(tmp_path)), "--street", house.street.code)
    assert files_below(uploads) == []
    assert not Import.objects.exists()


class Counting:
    """A body of which nothing is kept: how much was asked for is counted."""

    def __init__(self, head, size, tail):
        self._parts = [(head, len(head)), (None, size), (tail, len(tail))]
        self.length = sum(size for _part, size in self._parts)
        self.read_so_far = 0

    readline = None

    def read(self, size=-1):
        size = self.length if size is None or size < 0 else size
        start, self.read_so_far = self.read_so_far, min(self.length, self.read_so_far + size)
        told = b""
        at = 0
        for part, length in self._parts:
            low, high = max(start, at), min(self.read_so_far, at + length)
            if low < high:
                told += (part or b"")[low - at : high - at] if part is not None else b"0" * (high - low)
            at += length
        return told


def streamed(size):
    seam = "----seam"
    head = (
        f'--{seam}\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\n'
    )
    return Counting(head.encode(), size, f"\r\n--{seam}--\r\n".encode()), f"multipart/form-data; boundary={seam}"


def send(client, body, kind):
    stream = {"wsgi.input": body, "CONTENT_LENGTH": str(body.length), "CONTENT_TYPE": kind}
    return client.generic("POST", reverse("enterprises:new_import"), **stream)


def test_the_page_refuses_200_mb_before_it_reads_them(house, client, uploads):
    client.force_login(house.street_leader)
    body, kind = streamed(HUGE)
    answer = send(client, body, kind)
    page = answer.content.decode()
    assert answer.status_code == 413
    assert "文件太大" in page
    assert "50 MB" in page
    assert body.read_so_far == 0
    assert files_below(uploads) == []
    assert not Import.objects.exists()


def test_what_is_sent_beyond_the_bound_is_stopped_while_it_comes(house, client, settings, uploads):
    settings.UPLOAD_MAX_BYTES = 3 * 1024 * 1024
    client.force_login(house.street_leader)
    body, kind = streamed(
        settings.UPLOAD_MAX_BYTES + 900 * 1024
    )  # within what a form may announce, beyond what a file may hold
    answer = send(client, body, kind)
    assert answer.status_code == 413
    assert "3 MB" in answer.content.decode()
    assert body.read_so_far < body.length
    assert not Import.objects.exists()


def test_the_counting_handler_lets_pass_what_is_within_the_bound(settings):
    settings.UPLOAD_MAX_BYTES = 10
    handler = Bounded(RequestFactory().post("/"))
    assert handler.receive_data_chunk(b"12345", 0) == b"12345"
    assert handler.receive_data_chunk(b"67890", 5) == b"67890"
    with pytest.raises(UploadTooLarge):
        handler.receive_data_chunk(b"!", 10)


# --- kill -9 ---------------------------------------------------------------------------------------------------------
PREPARE = """
from datetime import date
from django.core.files.base import ContentFile
from linqi.enterprises.actions import imports
from linqi.kit.access import SYSTEM
from linqi.territory.models import Place
street = Place.objects.create(kind="street", code="t-street", name="前滩街道", since=date(2020, 1, 1))
from linqi.territory.actions import rebuild_coverage
rebuild_coverage()
from pathlib import Path
file = ContentFile(Path(FILE).read_bytes())
batch = imports.start_import(file=file, file_name="名册.csv", street=street, source="测试", as_of=date(2026, 3, 2), by=SYSTEM)
imports.preview_import(batch=batch, by=SYSTEM)
"""
DIE = """
import os, signal
from linqi.enterprises.actions import imports
from linqi.enterprises.models import Enterprise, Import
from linqi.kit.access import SYSTEM
def in_the_middle(*said):
    print("written", Enterprise.objects.count(), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
imports._keep_rows = in_the_middle
imports.apply_import(batch=Import.objects.get(), valid_only=True, by=SYSTEM)
"""
LOOK = """
from linqi.enterprises.models import Enterprise, Import, Tenancy
from linqi.journal.models import Entry
from linqi.search.models import Document
batch = Import.objects.get()
print(Enterprise.objects.count(), Tenancy.objects.count(), Document.objects.filter(kind="enterprise").count(), batch.state,
      batch.rows.exclude(enterprise=None).count(), Entry.objects.filter(verb="import_applied").count())
"""
RECOVER = """
from datetime import timedelta
from linqi.enterprises.actions import imports
from linqi.enterprises.models import Import
from linqi.kit import clock
from linqi.kit.access import SYSTEM
print(imports.recover_imports(clock.now() + timedelta(minutes=11)))
batch = imports.apply_import(batch=Import.objects.get(), valid_only=True, by=SYSTEM)
"""


@contextmanager
def own_database(tmp_path):
    """A database that processes of their own can share and die on."""
    if connection.vendor != "postgresql":
        yield f"sqlite:///{tmp_path / 'own.sqlite3'}"
        return
    name = f"died_{os.getpid()}"
    url = os.environ["DATABASE_URL"]
    with connections["default"]._nodb_cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    base, mark, options = url.partition("?")
    head = base.rpartition("/")[0]
    try:
        yield f"{head}/{name}{mark}{options}"
    finally:
        with connections["default"]._nodb_cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_process_killed_in_the_middle_of_writing_leaves_nothing_half_written(db, tmp_path):
    register = tmp_path / "register.csv"
    register.write_bytes(sheet([[f"滨湖{number}号有限公司", code(number), "", "", ""] for number in range(500)]))
    with own_database(tmp_path) as url:
        environment = {
            **os.environ,
            "DATABASE_URL": url,
            "LINQI_HOME": str(tmp_path / "home"),
            "DJANGO_SETTINGS_MODULE": "linqi.config.settings",
        }

        def run(program):
            start = f"FILE = {str(register)!r}\nimport django\ndjango.setup()\n"
            return subprocess.run(
                [sys.executable, "-c", start + program], env=environment, capture_output=True, text=True, check=False
            )

        migrate = "from django.core.management import call_command\ncall_command('migrate', verbosity=0)\n"
        prepared = run(migrate + PREPARE)
        assert prepared.returncode == 0, prepared.stderr
        died = run(DIE)
        assert died.returncode == -9, died.stderr
        assert died.stdout.split() == ["written", "500"]
        assert run(LOOK).stdout.split() == ["0", "0", "0", "applying", "0", "0"]
        assert run(RECOVER).stdout.split() == ["1"]
        assert run(LOOK).stdout.split()[:2] == ["500", "500"]
