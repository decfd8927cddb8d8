"""`linqi import enterprises`: what it prints, what it leaves, and with which status it ends."""

import io
import json

import pytest
from django.core.management import CommandError, call_command
from python_calamine import CalamineWorkbook

from linqi.enterprises.models import Enterprise, Import
from linqi.enterprises.tests.importing import code, content, files_below, sheet
from linqi.search.actions import rebuild

GOOD = ["滨湖新来科技有限公司", code(1), "2025-03-01", "100万元", "前滩街道云谷路1号"]
BAD = ["滨湖写错代码有限公司", "91330110MA0000001X", "", "", ""]


@pytest.fixture
def run(cast, uploads):
    """Run the command; (status, standard output, standard error)."""

    def command(*said):
        out, err = io.StringIO(), io.StringIO()
        try:
            call_command("import_enterprises", *map(str, said), stdout=out, stderr=err)
        except SystemExit as stopped:
            return stopped.code, out.getvalue(), err.getvalue()
        except CommandError as refused:
            return 1, out.getvalue(), f"{refused}"
        return 0, out.getvalue(), err.getvalue()

    return command


@pytest.fixture
def file(tmp_path):
    def write(*rows):
        path = tmp_path / "名册.csv"
        path.write_bytes(sheet(rows))
        return path

    return write


def test_it_ends_with_0_when_every_row_was_good(run, file, cast):
    status, out, err = run(file(GOOD), "--street", cast.street.code)
    assert (status, err) == (0, "")
    assert "created 1" in out
    assert Enterprise.objects.filter(uscc=code(1)).exists()


def test_it_ends_with_1_and_says_what_was_refused_on_standard_error(run, file, cast):
    status, _out, err = run(file(GOOD, BAD), "--street", cast.street.code)
    assert status == 1
    assert "第 3 行 拒绝 滨湖写错代码有限公司" in err
    assert "校验位不符" in err
    assert Enterprise.objects.filter(uscc=code(1)).exists()


def test_json_is_one_object_whose_rows_are_the_sum_of_the_five(run, file, cast):
    _status, out, _err = run(file(GOOD, GOOD, BAD), "--street", cast.street.code, "--json")
    said = json.loads(out)
    assert list(said) == ["rows", "created", "updated", "unchanged", "conflicts", "refused", "seconds"]
    seconds = said.pop("seconds")
    assert seconds >= 0
    assert said == {"rows": 3, "created": 1, "updated": 0, "unchanged": 1, "conflicts": 0, "refused": 1}


def test_a_dry_run_says_the_same_and_writes_nothing_not_even_a_file(run, file, cast, uploads):
    before = content()
    status, out, err = run(file(GOOD, BAD), "--street", cast.street.code, "--dry-run", "--json")
    said = json.loads(out)
    assert (status, said["created"], said["refused"]) == (1, 1, 1)
    assert "nothing was written" in err
    assert content() == before
    assert not Import.objects.exists()
    assert files_below(uploads) == []


def test_a_good_dry_run_ends_with_0(run, file, cast):
    assert run(file(GOOD), "--street", cast.street.code, "--dry-run")[0] == 0


def test_the_report_is_the_users_table_with_outcome_and_reason(run, file, cast, tmp_path):
    out = tmp_path / "回执.xlsx"
    run(file(GOOD, BAD), "--street", cast.street.code, "--report", out)
    rows = CalamineWorkbook.from_path(out).get_sheet_by_index(0).to_python()
    assert rows[0][-2:] == ["结果", "原因"]
    assert rows[1][0] == GOOD[0]
    assert rows[1][-2] == "新增"
    assert rows[2][-2] == "拒绝"
    assert "校验位不符" in rows[2][-1]


def test_all_or_nothing_writes_nothing_and_keeps_no_file(run, file, cast, uploads):
    before = content()
    status, _out, err = run(file(GOOD, BAD), "--street", cast.street.code, "--all-or-nothing")
    assert status == 1
    assert "有 1 行不能写入" in err
    assert content() == before
    assert files_below(uploads) == []


def test_an_unknown_street_is_told_with_the_known_ones(run, file, cast):
    status, _out, err = run(file(GOOD), "--street", "000000000")
    assert status == 1
    assert cast.street.code in err
    assert cast.street.name in err


def test_a_missing_file_is_told(run, cast, tmp_path):
    status, _out, err = run(tmp_path / "nowhere.xlsx", "--street", cast.street.code)
    assert status == 1
    assert "no such file" in err


@pytest.mark.parametrize("said", [[], ["--street", "t-street"]], ids=["nothing said", "no file named"])
def test_it_says_what_it_needs(run, said):
    status, _out, err = run(*said)
    assert status == 1
    assert "--street CODE" in err


def test_undo_by_number_puts_everything_back_once(run, file, cast):
    rebuild()
    before = content()
    run(file(GOOD, BAD), "--street", cast.street.code)
    number = Import.objects.get().pk
    status, out, _err = run("--undo", number)
    assert (status, content()) == (0, before)
    assert f"import {number} undone" in out
    status, _out, err = run("--undo", number)
    assert status == 1
    assert "not applied" in err


def test_undo_of_an_unknown_number_is_told(run):
    status, _out, err = run("--undo", 4711)
    assert (status, err) == (1, "There is no import 4711.")


def test_undo_refuses_what_was_touched_since_and_can_leave_it(run, file, cast):
    run(file(GOOD), "--street", cast.street.code)
    new = Enterprise.objects.get(uscc=code(1))
    new.business_scope = "软件"
    new.save()
    number = str(Import.objects.get().pk)
    status, _out, err = run("--undo", number)
    assert status == 1
    assert "--leave-changed" in err
    status, out, _err = run("--undo", number, "--leave-changed")
    assert status == 0
    assert "1 rows left" in out
    assert Enterprise.objects.filter(pk=new.pk).exists()
