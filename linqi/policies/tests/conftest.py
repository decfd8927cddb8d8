"""A street with the library, one firm that meets a no-application policy, and the people who handle it."""

from datetime import date
from decimal import Decimal

import pytest

from linqi.enterprises import known
from linqi.enterprises.actions.facts import record_fact
from linqi.kit.access import SYSTEM
from linqi.policies.actions.library import install_library
from linqi.policies.models import PolicyVersion


@pytest.fixture
def library(cast):
    """The library in the street of the cast; what is known in memory is of this test only."""
    known.forget()
    install_library(street=cast.street, by=SYSTEM)
    yield cast
    known.forget()


@pytest.fixture
def tell():
    """Have a register say something of an enterprise."""

    def told(firm, key, value, period=""):
        record_fact(
            enterprise=firm,
            key=key,
            value=value,
            period=period,
            source_kind="register",
            source="区数据仓",
            as_of=date(2026, 1, 10),
            by=SYSTEM,
        )

    return told


@pytest.fixture
def scale(library, tell):
    """Yuhang's reward for first entering industry statistics, and a firm that may meet it: 200,000 yuan."""
    for firm in (library.firm, library.neighbour):
        firm.registration_region = "330110"
        firm.save()
        tell(firm, "four_above", "industry")
        tell(firm, "four_above_first_year", 2025)
        tell(firm, "strategic_emerging", False)
    version = PolicyVersion.objects.get(policy__street=library.street, policy__key="yh-68-scale-industry")
    version.benefits.filter(kind="fixed", amount=Decimal(300000)).delete()
    return version
