"""The plain values that components are drawn from: what a page hands to the templates under `ui/components/`
组件数据.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from django.utils.functional import Promise

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the breadcrumb, `components/breadcrumb.html` with `crumbs` 面包屑."""

    label: Text
    url: str = ""


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab, `components/tabs.html` with `tabs`; each is a page of its own; `more`: counting stopped there 页签."""

    label: Text
    url: str
    active: bool = False
    count: int | None = None
    more: bool = False


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a timeline, `components/timeline.html` with `entries` 时间线."""

    at: datetime | date
    text: Text
    who: Text = ""
    detail: Text = ""
    url: str = ""
    tone: str = "plain"
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """One known or unknown thing about an enterprise, `components/facts.html` with `facts` 事实.

    `value` None is shown as unknown; `kind` as in `tables.Column`; `as_of`: the date the source speaks of.
    """

    label: Text
    value: object
    source: Text = ""
    as_of: date | None = None
    kind: str = "text"
    note: Text = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Room:
    """One unit on a floor; `tone` colours it and `state` says the same in words 单元."""

    label: Text
    state: Text
    tone: str = "plain"
    who: Text = ""
    url: str = ""
    weight: int = 1  # share of the floor's width, 1 to 6


@dataclass(frozen=True, slots=True)
class Storey:
    """One floor of a building, `components/floors.html` with `storeys` from top to bottom 楼层."""

    label: Text
    rooms: Sequence[Room] = ()
    note: Text = ""


@dataclass(frozen=True, slots=True)
class Node:
    """One place in a tree list, `components/tree.html` with `nodes` 层级."""

    label: Text
    url: str = ""
    count: int | None = None
    note: Text = ""
    open: bool = False
    active: bool = False
    children: Sequence["Node"] = ()


@dataclass(frozen=True, slots=True)
class Series:
    """One row of numbers in a chart; None is a gap, not a zero."""

    name: Text
    values: Sequence[float | int | None]
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with its table, `components/chart.html` with `chart` 图表. `links` open the rows behind each label."""

    key: str
    title: Text
    labels: Sequence[Text]
    series: Sequence[Series]
    kind: Literal["bar", "line", "pie"] = "bar"
    unit: Text = ""
    stacked: bool = False
    lying: bool = False  # bars from left to right, for long labels
    links: Sequence[str] = ()
    tall: bool = False

    @property
    def data_id(self) -> str:
        """The id of the element that holds the data."""
        return f"{self.key}-data"

    @property
    def data(self) -> dict[str, Any]:
        """What the script reads by `json_script`."""
        return {
            "kind": self.kind,
            "title": str(self.title),
            "unit": str(self.unit),
            "labels": [str(label) for label in self.labels],
            "series": [{"name": str(s.name), "values": list(s.values), "tone": s.tone} for s in self.series],
            "stacked": self.stacked,
            "lying": self.lying,
            "links": list(self.links),
        }

    @property
    def rows(self) -> list[tuple[str, str, list[float | int | None]]]:
        """Label, link and numbers of each row of the table."""
        links = [*self.links, *[""] * (len(self.labels) - len(self.links))]
        return [
            (str(label), links[at], [series.values[at] for series in self.series])
            for at, label in enumerate(self.labels)
        ]


@dataclass(frozen=True, slots=True)
class Shape:
    """An outline on the map: GeoJSON Polygon or MultiPolygon, WGS 84, longitude first 轮廓."""

    name: Text
    geometry: dict[str, Any]
    url: str = ""
    tone: str = "plain"
    text: Text = ""


@dataclass(frozen=True, slots=True)
class Spot:
    """A point on the map, WGS 84 点位."""

    name: Text
    latitude: float
    longitude: float
    url: str = ""
    tone: str = "plain"
    text: Text = ""
    count: int = 1


@dataclass(frozen=True, slots=True)
class Map:
    """Outlines and points with a list beside them, `components/map.html` with `map` 地图. No tiles: the outlines
    are our own.
    """

    key: str
    title: Text
    shapes: Sequence[Shape] = ()
    spots: Sequence[Spot] = ()
    legend: Sequence[tuple[str, Text]] = field(default_factory=tuple)  # tone and what it means

    @property
    def data_id(self) -> str:
        """The id of the element that holds the data."""
        return f"{self.key}-data"

    @property
    def data(self) -> dict[str, Any]:
        """What the script reads by `json_script`."""
        return {
            "title": str(self.title),
            "shapes": [
                {"name": str(s.name), "geometry": s.geometry, "url": s.url, "tone": s.tone, "text": str(s.text)}
                for s in self.shapes
            ],
            "spots": [
                {
                    "name": str(s.name),
                    "at": [s.latitude, s.longitude],
                    "url": s.url,
                    "tone": s.tone,
                    "text": str(s.text),
                    "count": s.count,
                }
                for s in self.spots
            ],
        }
