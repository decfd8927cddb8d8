"""A street with the shipped standards, a clock that can be set, firms whose figures are known, and somebody's browser."""

from datetime import date, datetime

import pytest

from linqi.cases import actions as cases
from linqi.enterprises import known
from linqi.enterprises.models import Fact, SourceKind
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import clock
from linqi.ladder import actions

MONDAY = datetime(2026, 3, 2, 9, 30, tzinfo=clock.ZONE)
TODAY = MONDAY.date()


@pytest.fixture
def at(monkeypatch):
    """Set the clock of the product; it starts on a Monday morning."""

    def move(moment):
        monkeypatch.setattr(clock, "now", lambda: moment)
        known.forget()

    move(MONDAY)
    yield move
    known.forget()


@pytest.fixture
def street(cast, at):
    """The insiders' street with its dispatch table and the product's standards and tiers."""
    actions.install_defaults()
    cases.seed_defaults(street=cast.street, by=cast.street_leader)
    return cast.street


@pytest.fixture
def knows(street):
    """Write down what a source says of a firm: `knows(firm, revenue={2025: "12000000"}, legal_form_joint_stock=True)`."""

    def say(firm, **said):
        for key, value in said.items():
            dated = value.items() if isinstance(value, dict) else [("", value)]
            for period, one in dated:
                Fact.objects.create(
                    enterprise=firm,
                    key=key,
                    period=str(period),
                    value=one,
                    source_kind=SourceKind.REGISTER,
                    source="测试来源",
                    as_of=date(2026, 1, 31),
                )
        journal.write(by=_BY, verb=Verb.FACT_RECORDED, subject=firm, enterprise=firm)
        known.forget()
        return firm

    from linqi.kit.access import SYSTEM as _BY

    return say


@pytest.fixture
def grown(cast, knows):
    """The firm with the revenue of the seed tier."""
    return knows(cast.firm, revenue={2025: "12000000"})


@pytest.fixture
def as_(client, cast):
    """The browser of one of the cast."""

    def sign_in(who):
        client.force_login(cast.users[who], backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in
