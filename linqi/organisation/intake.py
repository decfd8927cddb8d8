"""The sections that a street usually has, and the roster of people as a spreadsheet."""

from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from linqi.kit.sheets import Column, Row, Sheet


def default_departments() -> list[tuple[str, str]]:
    """Code and name of each section to start from 产品默认科室."""
    text = files("linqi.organisation").joinpath("data/departments.yaml").read_text(encoding="utf-8")
    return [(row["code"], row["name"]) for row in yaml.safe_load(text)]


def default_centre_services() -> list[tuple[str, str]]:
    """Name and unit of what a service centre offers to start from 产品默认服务项目."""
    text = files("linqi.organisation").joinpath("data/centre_services.yaml").read_text(encoding="utf-8")
    return [(row["name"], row["unit"]) for row in yaml.safe_load(text)]


ROSTER = Sheet(
    "人员名册",
    (
        Column("name", "姓名", ("人员",), required=True, example="许知行"),
        Column("community", "社区", ("所属社区", "经济体社区"), required=True, example="梦创社区"),
        Column("post", "岗位", ("职务",), example="经济发展专员"),
        Column("footing", "任职方式", example="专职"),
        Column("employer", "用人单位", ("用工单位", "归属公司"), example="梦创社区"),
        Column("percent", "工时占比", ("占比",), kind="int", example="100"),
        Column("since", "开始日期", ("任职日期", "到岗日期"), kind="date", required=True, example="2026-03-02"),
    ),
)


def read_roster(path: Path, file_name: str) -> list[dict[str, Any]]:
    """The rows of a roster as plain values that can be kept; SheetRefused when the file cannot be used at all."""
    return [_kept(row) for row in ROSTER.read(path, file_name).rows]


def _kept(row: Row) -> dict[str, Any]:
    values = {key: str(value) for key, value in row.values.items() if value is not None}
    return {"number": row.number, "values": values, "problems": [str(problem) for problem in row.problems]}
