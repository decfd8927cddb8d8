"""The catalogue that the product brings along, read from its file."""

from dataclasses import dataclass
from importlib.resources import files

import yaml


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """One category of requests as the file gives it 问题类别."""

    code: str
    name: str
    department_code: str
    case_class: str


@dataclass(frozen=True, slots=True)
class WindowRow:
    """One window with what it offers; services are pairs of name and whether it is basic 窗口."""

    code: str
    number: int
    name: str
    name_en: str
    owner_role: str
    services: tuple[tuple[str, bool], ...]
    categories: tuple[CategoryRow, ...]


def default_windows() -> list[WindowRow]:
    """The nine windows of `data/windows.yaml`, in their order 产品默认清单."""
    text = files("linqi.catalogue").joinpath("data/windows.yaml").read_text(encoding="utf-8")
    return [
        WindowRow(
            code=row["code"],
            number=number,
            name=row["name"],
            name_en=row["name_en"],
            owner_role=row["owner"],
            services=tuple((name, True) for name in row["basic"]) + tuple((name, False) for name in row["value_added"]),
            categories=tuple(
                CategoryRow(one["code"], one["name"], one["department"], one["class"]) for one in row["categories"]
            ),
        )
        for number, row in enumerate(yaml.safe_load(text), start=1)
    ]
