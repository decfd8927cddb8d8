"""A street whose dispatch table is filled, a clock that can be set, and somebody's browser."""

from datetime import date, datetime

import pytest

from linqi.cases import actions
from linqi.enterprises.models import Relation, Tenancy
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
def newcomer(cast, at):
    """The firm, as if it had moved in five days ago."""
    Tenancy.objects.filter(enterprise=cast.firm).update(until=date(2026, 2, 25))
    Tenancy.objects.create(
        enterprise=cast.firm, place=cast.unit, relation=Relation.BOTH, since=date(2026, 2, 25), source="测试"
    )
    return cast.firm


@pytest.fixture
def as_(client, cast):
    """The browser of one of the cast."""

    def sign_in(who):
        client.force_login(cast.users[who], backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in
