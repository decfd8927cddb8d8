"""`linqi match`: long and wide files say the same as one by one; what cannot be read is named and nothing is written."""

import json
from datetime import date
from decimal import Decimal

import polars as pl
import pytest
import yaml
from django.core.management import CommandError, call_command

from linqi.conditions import one
from linqi.conditions.facts import Known
from linqi.enterprises.known import book
from linqi.policies.actions.library import library
from linqi.policies.intake import read_policies

DAY = date(2026, 11, 1)
FIRMS = {
    "91330110MA00000001": {
        ("registration_region", ""): "330110",
        ("four_above", ""): "industry",
        ("four_above_first_year", ""): 2024,
        ("revenue", "2025"): "62000000.50",
    },
    "91330110MA00000002": {
        ("registration_region", ""): "330110",
        ("four_above", ""): "none",
        ("employees", "2025"): 12,
        ("listed", ""): "x",
    },
    "91330110MA00000003": {
        ("certificates", ""): ["HNTE", "SRDI_SME"],
        ("registration_region", ""): "330110",
        ("established_on", ""): "2015-06-01",
        ("wage_arrears", ""): False,
    },
}


@pytest.fixture
def folder(tmp_path):
    rows = [{"id": row["key"], "name_zh": row["name_zh"], **row["versions"][-1]} for row in library()]
    for row in rows:
        row["effective"] = {"from": row.pop("since"), "to": row.pop("until", None)}
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "all.yaml").write_text(yaml.safe_dump({"policies": rows}, allow_unicode=True))
    (tmp_path / "policies" / "fields.yaml").write_text("fields: []")  # something else altogether
    return tmp_path


def long_file(path):
    rows = [
        {
            "uscc": uscc,
            "field": key,
            "period": period,
            "value": json.dumps(value) if isinstance(value, list) else str(value),
        }
        for uscc, facts in FIRMS.items()
        for (key, period), value in facts.items()
    ]
    pl.DataFrame(rows).write_parquet(path)
    return path


def wide_file(path):
    names = sorted({at for facts in FIRMS.values() for at in facts})
    columns = {"uscc": list(FIRMS)}
    for key, period in names:
        values = [facts.get((key, period)) for facts in FIRMS.values()]
        columns[f"{key}@{period}" if period else key] = [
            float(one) if key == "revenue" and one else one for one in values
        ]
    pl.DataFrame(columns, strict=False).write_parquet(path)
    return path


def expected(folder):
    said = {}
    for filed in read_policies(folder / "policies", book()):
        for uscc, facts in FIRMS.items():
            typed = {at: Known(date.fromisoformat(value) if at[0] == "established_on" else Decimal(value) if at[0] == "revenue" else value)
                     for at, value in facts.items() if at[0] in book()}  # fmt: skip
            outcome = one.judge(filed.rule, typed, DAY, book()).outcome.value
            said[uscc, filed.rule.key] = outcome if filed.holds_on(DAY) else "not_in_force"
    return said


@pytest.mark.parametrize("make", [long_file, wide_file])
def test_files_say_the_same_as_one_by_one(folder, make, capsys):
    out = folder / "out.parquet"
    call_command("match", policies=folder / "policies", facts=make(folder / "facts.parquet"), as_of=DAY, out=out)
    told = json.loads(capsys.readouterr().out)
    assert told["enterprises"] == 3
    assert "listed" in told["ignored_columns"]
    found = pl.read_parquet(out)
    assert {(row["uscc"], row["policy"]): row["outcome"] for row in found.iter_rows(named=True)} == expected(folder)


def test_what_was_said_later_or_superseded_does_not_count(folder, capsys):
    rows = [
        ("A", "four_above", "industry", "2024-01-01", None),
        ("A", "four_above", "none", "2027-01-01", None),
        ("A", "registration_region", "330110", "2020-01-01", None),
        ("A", "four_above_first_year", "2024", "2024-01-01", "2025-01-01"),
    ]
    path = folder / "facts.csv"
    pl.DataFrame(rows, schema=["uscc", "field", "value", "as_of", "superseded_on"], orient="row").write_csv(path)
    call_command("match", policies=folder / "policies", facts=path, as_of=DAY, explain="A", json=True)
    told = {one["policy"]: one for one in json.loads(capsys.readouterr().out)}
    assert told["yh-68-scale-industry"]["outcome"] == "unknown"
    assert told["yh-68-scale-industry"]["missing"] == [{"field": "four_above_first_year", "period": ""}]


def test_an_explanation_names_value_threshold_and_clause(folder, capsys):
    call_command(
        "match",
        policies=folder / "policies",
        facts=long_file(folder / "facts.parquet"),
        as_of=DAY,
        explain="91330110MA00000001",
    )
    said = capsys.readouterr().out
    assert "规上工业" in said
    assert "第49条" in said


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        pytest.param(
            {"uscc": ["A"], "field": ["revenue"], "value": ["很多"], "period": ["2025"]},
            "row 1: revenue",
            id="a text for a number",
        ),
        pytest.param(
            {"uscc": ["A"], "field": ["revenue"], "value": ["1"], "period": ["2025-03"]},
            "has no period",
            id="a month for a year",
        ),
        pytest.param({"firm": ["A"], "revenue": [1]}, "call it uscc", id="nobody is named"),
        pytest.param({"uscc": ["A", None], "revenue@2025": [1, 2]}, "row 2", id="a row without a name"),
        pytest.param({"uscc": ["A", "A"], "revenue@2025": [1, 2]}, "two rows", id="the same twice"),
        pytest.param({"uscc": ["A"], "established_on": ["昨天"]}, "row 1: established_on", id="no date"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole(folder, rows, said):
    pl.DataFrame(rows).write_parquet(folder / "facts.parquet")
    out = folder / "out.parquet"
    with pytest.raises(CommandError, match=said):
        call_command("match", policies=folder / "policies", facts=folder / "facts.parquet", as_of=DAY, out=out)
    assert not out.exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            "policies: [{id: a, conditions: {all: [{field: revenu, op: gte, value: 1}]}}]",
            r"a\.conditions\.all\[0\]\.field",
            id="an unknown field",
        ),
        pytest.param("policies: [{id: a}]", "conditions", id="no conditions"),
        pytest.param("policies: [{conditions: {field: listed, op: is_true}}]", "needs an id", id="no id"),
        pytest.param(
            "id: a\neffective: {from: 2026-05-01, to: 2026-04-01}\nconditions: {field: wage_arrears, op: is_true}",
            "before the beginning",
            id="dates the wrong way",
        ),
        pytest.param("{", "bad.yaml", id="no YAML"),
        pytest.param("fields: []", "no file holds a policy", id="something else"),
    ],
)
def test_policies_that_cannot_be_read_are_named(tmp_path, text, said):
    (tmp_path / "bad.yaml").write_text(text)
    with pytest.raises(CommandError, match=said):
        call_command("match", policies=tmp_path, facts=long_file(tmp_path / "f.parquet"), as_of=DAY)
