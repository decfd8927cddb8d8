"""What a full link team is: no database."""

import pytest

from linqi.organisation.rules import Manning, TeamRole, manning, vacant


@pytest.mark.parametrize(
    ("held", "stands"),
    [
        pytest.param(None, Manning.NONE, id="no team"),
        pytest.param([], Manning.VACANT, id="a team without anybody"),
        pytest.param(["party_member", "operator"], Manning.VACANT, id="two of three"),
        pytest.param(["party_member", "operator", "property_manager"], Manning.FULL, id="one of each"),
        pytest.param(["operator", "operator", "operator"], Manning.VACANT, id="three of the same are not a team"),
    ],
)
def test_manning(held, stands):
    assert manning(held) is stands


def test_vacant_seats_in_their_order():
    assert vacant(["operator"]) == [TeamRole.PARTY_MEMBER, TeamRole.PROPERTY_MANAGER]
