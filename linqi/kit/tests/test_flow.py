"""Flows allow what their table says and nothing else."""

import pytest

from linqi.kit.flow import Flow, MoveRefused

DOOR = Flow("shut", {"open": ({"shut"}, "open"), "close": ({"open"}, "shut"), "wall_up": ({"shut"}, "walled")})


def test_a_move_leads_where_the_table_says():
    assert DOOR.after("open", "shut") == "open"


def test_a_refusal_names_what_is_possible():
    with pytest.raises(MoveRefused, match="possible: open, wall_up") as refusal:
        DOOR.after("close", "shut")
    assert refusal.value.open_moves == ["open", "wall_up"]


def test_states_without_a_way_out_are_terminal():
    assert DOOR.terminal == {"walled"}


def test_a_state_that_cannot_be_reached_is_refused():
    with pytest.raises(ValueError, match="attic"):
        Flow("shut", {"open": ({"shut"}, "open"), "climb": ({"attic"}, "open")})


def test_the_diagram_draws_every_move():
    assert "shut --> walled: wall_up" in DOOR.as_mermaid()
