"""The documentation draws the life of a case as it is."""

from pathlib import Path

import pytest

from linqi.cases.flow import LIFE, MATERIAL, MENDING, OPEN, STRAND, UNSETTLED, WORKING

DRAWN = Path(__file__).parents[3] / "docs" / "rules" / "case_states.md"


@pytest.mark.parametrize("flow", [LIFE, MENDING, STRAND, MATERIAL], ids=["case", "bad rating", "part", "material"])
def test_the_page_draws_the_table(flow):
    assert flow.as_mermaid() in DRAWN.read_text(encoding="utf-8")


def test_what_is_not_finished_can_be_moved_on():
    assert all(LIFE.open_moves(state) for state in OPEN | WORKING)
    assert all(MENDING.open_moves(state) for state in UNSETTLED)
    assert UNSETTLED.isdisjoint(MENDING.terminal)
