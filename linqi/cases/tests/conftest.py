"""A street whose dispatch table is filled, a clock that can be set, and a case to work on."""

from datetime import datetime

import pytest

from linqi.cases import actions
from linqi.cases.models import Source
from linqi.catalogue.models import Category
from linqi.kit import clock

MONDAY = datetime(2026, 3, 2, 9, 30, tzinfo=clock.ZONE)


@pytest.fixture
def at(monkeypatch):
    """Set the clock of the product; it starts on a Monday morning."""

    def move(moment):
        monkeypatch.setattr(clock, "now", lambda: moment)

    move(MONDAY)
    return move


@pytest.fixture
def street(cast, at):
    """The insiders' street with its dispatch table."""
    actions.seed_defaults(street=cast.street, by=cast.street_leader)
    return cast.street


@pytest.fixture
def category():
    """One that the section `economy` settles within five working days, extendable once."""
    return Category.objects.get(code="unpaid-receivables")


@pytest.fixture
def case(cast, street, category):
    """A case of the firm, waiting at the section `economy`."""
    return actions.open_case(
        enterprise=cast.firm, category=category, title="货款拖欠三个月", source=Source.PORTAL, by=cast.enterprise_user
    )
