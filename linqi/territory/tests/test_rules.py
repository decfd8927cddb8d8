"""Which place may stand under which, and what a move leaves of the past."""

from datetime import date

import pytest

from linqi.territory.models import PlaceKind
from linqi.territory.rules import ORDER, Stand, after_move, floor_name, kinds_under, may_stand_under, unit_name

DAY = date(2026, 5, 1)


def test_the_order_names_every_kind_once():
    assert list(ORDER) == PlaceKind.values


@pytest.mark.parametrize(
    ("child", "parent", "fits"),
    [
        pytest.param("building", "park", True, id="a building stands in a park"),
        pytest.param("building", "street", True, id="levels may be skipped"),
        pytest.param("park", "building", False, id="never turned round"),
        pytest.param("park", "park", False, id="never under its own kind"),
        pytest.param("community", "district", False, id="a community needs its street"),
        pytest.param("unit", "park", False, id="a unit needs its building"),
        pytest.param("district", "district", False, id="a district stands alone"),
        pytest.param("village", "street", False, id="an unknown kind stands nowhere"),
    ],
)
def test_which_may_stand_under_which(child, parent, fits):
    assert may_stand_under(child, parent) is fits


def test_kinds_under_a_building_are_floors_and_units():
    assert kinds_under("building") == ["floor", "unit"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param([], [Stand(9, DAY, None)], id="first stand"),
        pytest.param(
            [Stand(1, date(2020, 1, 1), None)],
            [Stand(1, date(2020, 1, 1), DAY), Stand(9, DAY, None)],
            id="the open stand ends on the day",
        ),
        pytest.param(
            [Stand(1, date(2020, 1, 1), date(2026, 6, 1)), Stand(2, date(2026, 6, 1), None)],
            [Stand(1, date(2020, 1, 1), DAY), Stand(9, DAY, None)],
            id="what was to begin later is dropped",
        ),
        pytest.param([Stand(1, DAY, None)], [Stand(9, DAY, None)], id="moved again on the same day"),
    ],
)
def test_after_move(before, after):
    assert after_move(before, 9, DAY) == after


def test_names_of_floors_and_units():
    assert [floor_name(12), floor_name(-2), unit_name(12, 3), unit_name(-1, 2)] == ["12层", "B2", "1203", "B102"]
