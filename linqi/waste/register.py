"""The registry of bins as a spreadsheet: one row for one bin, with its point, its device and who answers."""

from pathlib import Path
from typing import Any

from linqi.kit.sheets import Column, Row, Sheet

REGISTER = Sheet(
    "垃圾桶台账",
    (
        Column("place", "楼宇", ("地点", "园区", "所在楼宇", "楼宇名称"), required=True, example="1号楼"),
        Column("floor", "楼层", ("所在楼层",), kind="code", example="1层"),
        Column("point", "点位", ("点位名称", "投放点"), required=True, example="一楼东侧投放点"),
        Column("point_kind", "点位类型", example="投放点"),
        Column("bin", "桶号", ("垃圾桶编号", "桶编号"), kind="code", example="QT-0001"),
        Column("stream", "分类", ("垃圾类别", "类别"), example="其他垃圾"),
        Column("litres", "容积", ("容量",), kind="int", example="240"),
        Column("airtight", "密闭", ("是否密闭",), example="否"),
        Column("device", "终端序列号", ("芯片号", "终端"), kind="code", example="LQ-C-0001"),
        Column("device_kind", "终端类型", example="智能芯片"),
        Column("party", "管理责任人", ("责任单位", "责任人"), example="前滩物业服务有限公司"),
        Column("party_kind", "责任类型", example="物业服务企业"),
        Column("since", "启用日期", ("开始日期",), kind="date", required=True, example="2026-03-02"),
    ),
)


def read_register(path: Path, file_name: str) -> list[dict[str, Any]]:
    """The rows of a table as plain values that can be kept; SheetRefused when the file cannot be used at all."""
    return [_kept(row) for row in REGISTER.read(path, file_name).rows]


def _kept(row: Row) -> dict[str, Any]:
    values = {key: str(value) for key, value in row.values.items() if value is not None}
    return {"number": row.number, "values": values, "problems": [str(problem) for problem in row.problems]}
