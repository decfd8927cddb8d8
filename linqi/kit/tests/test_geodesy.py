"""Coordinates there and back, outside China untouched, and the same as another's conversion of the demo street."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linqi.kit.geodesy import converted, distance, to_gcj02, to_wgs84

INLAND = st.tuples(st.floats(80, 130), st.floats(20, 50))
ABROAD = st.tuples(st.floats(-180, 72), st.floats(-90, 0.8))
ANYWHERE = st.tuples(st.floats(-180, 180), st.floats(-90, 90))
CLOSE = 1e-6  # degrees, about a decimetre


@given(INLAND)
def test_there_and_back_is_the_same_place(position):
    assert to_wgs84(*to_gcj02(*position)) == pytest.approx(position, abs=CLOSE)


@given(INLAND)
def test_inside_china_the_shift_is_some_hundred_metres(position):
    assert 0 < distance(position, to_gcj02(*position)) < 1500


@given(ABROAD)
def test_outside_china_nothing_is_shifted(position):
    assert to_gcj02(*position) == position == to_wgs84(*position)


@given(ANYWHERE, ANYWHERE)
def test_a_way_is_as_long_back_as_there_and_never_longer_than_half_the_earth(a, b):
    assert distance(a, a) == 0
    assert distance(a, b) == pytest.approx(distance(b, a))
    assert 0 <= distance(a, b) <= 20_015_200


def test_a_degree_of_latitude_is_a_hundred_and_eleven_kilometres():
    assert distance((120.0, 30.0), (120.0, 31.0)) == pytest.approx(111_195, abs=1)


def test_a_geometry_keeps_its_shape_and_its_heights():
    ring = [[120.0, 30.0, 7.0], [120.1, 30.0, 8.0], [120.0, 30.1, 9.0], [120.0, 30.0, 7.0]]
    shifted = converted({"type": "Polygon", "coordinates": [ring]}, to_gcj02)
    assert shifted["type"] == "Polygon"
    assert [tuple(p[:2]) for p in shifted["coordinates"][0]] == [to_gcj02(*p[:2]) for p in ring]
    assert [p[2] for p in shifted["coordinates"][0]] == [7.0, 8.0, 9.0, 7.0]


def test_the_demo_street_is_shifted_as_another_shifted_it():
    root = os.environ.get("LINQI_DATA", "")
    if not root:
        pytest.skip("LINQI_DATA is not set")
    ours, theirs = (Path(root, "geo", f"cangqian_street_{system}.geojson") for system in ("wgs84", "gcj02"))
    if not (ours.exists() and theirs.exists()):
        pytest.skip("the outline of the street is not in LINQI_DATA")
    pairs = list(zip(_positions(ours), _positions(theirs), strict=True))
    assert pairs
    assert all(distance(_one_step_back(b), a) < 1 for a, b in pairs)  # five decimals are 0.7 m
    assert all(distance(to_wgs84(*b), a) < 3 for a, b in pairs)  # what one step leaves undone


def _one_step_back(position):
    """The inverse without iteration, as the WGS 84 file was made."""
    shifted = to_gcj02(*position)
    return 2 * position[0] - shifted[0], 2 * position[1] - shifted[1]


def _positions(path):
    def walk(part):
        if isinstance(part[0], (int, float)):
            yield tuple(part[:2])
        else:
            for inner in part:
                yield from walk(inner)

    for feature in json.loads(path.read_text(encoding="utf-8"))["features"]:
        yield from walk(feature["geometry"]["coordinates"])
