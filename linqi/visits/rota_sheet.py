"""The rota of many buildings as a sheet: written with what holds now, read back row by row, checked before anything is set 轮值表."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final

from django.utils.translation import gettext as _

from linqi.kit.sheets import Cell, Column, Row, Sheet
from linqi.territory.models import Place
from linqi.visits.forms import RotaForm, clock_of
from linqi.visits.models import BuildingRota

AS_STREET: Final = "默认"
ROTA: Final = Sheet(
    "楼宇轮值",
    (
        Column("code", "楼宇编号", ("编号",), kind="code", width=20),
        Column("name", "楼宇", ("楼宇名称",), required=True, width=24),
        Column("visits", "每周次数", ("次数",), kind="raw", required=True),
        Column("opens", "几点起", ("开放起",), kind="raw"),
        Column("closes", "几点止", ("开放止",), kind="raw"),
        Column("since", "生效日", kind="date"),
        Column("until", "截止日", kind="date"),
        Column("reason", "说明", width=30),
    ),
)


@dataclass(frozen=True, slots=True)
class Planned:
    """What a row of the file would do: to which building, what; or what is wrong with it; or nothing, as it holds already."""

    number: int
    name: str
    building: int | None = None
    said: Mapping[str, Any] | None = None
    problems: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """Whether the row says what holds already."""
        return not self.problems and self.said is None


def lines_of(buildings: Iterable[Place], now: Mapping[int, BuildingRota]) -> Iterable[list[Cell]]:
    """The rows of the sheet with what holds now; reading it back unchanged changes nothing."""
    for one in buildings:
        own = now.get(one.pk)
        visits = AS_STREET if own is None or own.visits is None else own.visits
        hours = [clock_of(own.opens), clock_of(own.closes)] if own is not None else ["", ""]
        yield [one.code, one.name, visits, *hours, None, own.until if own else None, own.reason if own else ""]


def planned(
    rows: Iterable[Row], buildings: Iterable[Place], now: Mapping[int, BuildingRota], today: date
) -> list[Planned]:
    """What each row would do; a building is known by its code, or by its name where only one is called so. Pure of the database."""
    by_code, by_name = {}, defaultdict(list)
    for one in buildings:
        by_code[one.code] = one
        by_name[one.name].append(one)
    return [_planned(row, by_code, by_name, now, today) for row in rows]


def _planned(
    row: Row,
    by_code: Mapping[str, Place],
    by_name: Mapping[str, list[Place]],
    now: Mapping[int, BuildingRota],
    today: date,
) -> Planned:
    code, name = (str(row.values.get(key) or "").strip() for key in ("code", "name"))
    found = [by_code[code]] if code in by_code else [] if code else by_name.get(name, [])
    problems = [str(one) for one in row.problems]
    if not found:
        problems.append(_("楼宇：找不到这幢楼；请核对编号，或在空间里先登记"))
    elif len(found) > 1:
        problems.append(_("楼宇：有 %(n)s 幢同名；请填楼宇编号") % {"n": len(found)})
    form = RotaForm(_as_form(row, today))
    if not form.is_valid():
        titles = {column.key: column.title for column in ROTA.columns}
        for field, told in form.errors.items():
            problems.append(f"{titles.get(field, field)}：{'；'.join(map(str, told))}")
    if problems:
        return Planned(row.number, name or code, problems=tuple(problems))
    building, said = found[0], form.said()
    if row.values.get("since") is None and _holds(now.get(building.pk), said):
        return Planned(row.number, building.name, building.pk)
    return Planned(row.number, building.name, building.pk, said)


def _as_form(row: Row, today: date) -> dict[str, str]:
    said = {key: _text(row.values.get(key)) for key in ("visits", "opens", "closes", "since", "until", "reason")}
    street = said["visits"] == AS_STREET
    return {
        **said,
        "how": "street" if street else "own",
        "visits": "" if street else said["visits"],
        "since": said["since"] or today.isoformat(),
    }


def _text(cell: Cell) -> str:
    """A cell as a person would type it into the form."""
    if cell is None:
        return ""
    if isinstance(cell, (time, datetime)):
        return f"{cell:%H:%M}"
    if isinstance(cell, date):
        return cell.isoformat()
    return str(int(cell)) if isinstance(cell, float) and cell == int(cell) else str(cell).strip()


def _holds(own: BuildingRota | None, said: Mapping[str, Any]) -> bool:
    """Whether what is said holds already."""
    if own is None:
        return all(said[name] is None for name in ("visits", "opens", "closes", "until"))
    return all(getattr(own, name) == said[name] for name in ("visits", "opens", "closes", "until"))
