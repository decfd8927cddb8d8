"""Coordinates: WGS 84 inside the house, GCJ-02 at the edge, where Chinese maps speak it 坐标.

GCJ-02 shifts WGS 84 by a smooth offset of some hundred metres inside China. The forward formula is the published one; there is no
exact inverse, so it is found by iteration.
"""

from collections.abc import Callable
from math import asin, cos, pi, radians, sin, sqrt
from typing import Any, Final

_AXIS: Final = 6378245.0  # semi-major axis of the Krasovsky ellipsoid, metres
_ECCENTRICITY: Final = 0.00669342162296594323  # its squared eccentricity
_EARTH: Final = 6371008.8  # mean radius, metres (IUGG)
_CLOSE: Final = 1e-9  # degrees; a tenth of a millimetre


def to_gcj02(longitude: float, latitude: float) -> tuple[float, float]:
    """WGS 84 → GCJ-02 in degrees; outside China unchanged."""
    if not _in_china(longitude, latitude):
        return longitude, latitude
    east, north = _offset(longitude, latitude)
    return longitude + east, latitude + north


def to_wgs84(longitude: float, latitude: float) -> tuple[float, float]:
    """GCJ-02 → WGS 84 in degrees, by iteration; outside China unchanged."""
    if not _in_china(longitude, latitude):
        return longitude, latitude
    x, y = longitude, latitude
    for _ in range(30):
        east, north = _offset(x, y)
        next_x, next_y = longitude - east, latitude - north
        if abs(next_x - x) < _CLOSE and abs(next_y - y) < _CLOSE:
            return next_x, next_y
        x, y = next_x, next_y
    return x, y


def converted(geometry: dict[str, Any], convert: Callable[[float, float], tuple[float, float]]) -> dict[str, Any]:
    """A GeoJSON geometry with each of its positions converted."""

    def walk(part: Any) -> Any:
        if isinstance(part[0], (int, float)):
            return [*convert(part[0], part[1]), *part[2:]]
        return [walk(inner) for inner in part]

    return {**geometry, "coordinates": walk(geometry["coordinates"])}


def distance(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Metres between two positions (longitude, latitude) on a sphere; good to half a per cent."""
    (x1, y1), (x2, y2) = ((radians(p[0]), radians(p[1])) for p in (a, b))
    h = sin((y2 - y1) / 2) ** 2 + cos(y1) * cos(y2) * sin((x2 - x1) / 2) ** 2
    return 2 * _EARTH * asin(sqrt(h))


def _in_china(longitude: float, latitude: float) -> bool:
    return 72.004 <= longitude <= 137.8347 and 0.8293 <= latitude <= 55.8271


def _offset(longitude: float, latitude: float) -> tuple[float, float]:
    x, y = longitude - 105.0, latitude - 35.0
    wave = (20 * sin(6 * x * pi) + 20 * sin(2 * x * pi)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + wave
    east += (20 * sin(x * pi) + 40 * sin(x / 3 * pi)) * 2 / 3 + (
        150 * sin(x / 12 * pi) + 300 * sin(x / 30 * pi)
    ) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + wave
    north += (20 * sin(y * pi) + 40 * sin(y / 3 * pi)) * 2 / 3 + (
        160 * sin(y / 12 * pi) + 320 * sin(y / 30 * pi)
    ) * 2 / 3
    angle = radians(latitude)
    flat = 1 - _ECCENTRICITY * sin(angle) ** 2
    return (
        _degrees(east, _AXIS / sqrt(flat) * cos(angle)),
        _degrees(north, _AXIS * (1 - _ECCENTRICITY) / (flat * sqrt(flat))),
    )


def _degrees(metres: float, radius: float) -> float:
    return metres * 180 / (radius * pi)
