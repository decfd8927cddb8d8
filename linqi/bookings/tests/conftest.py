"""A counter of a street that can be booked, a clock that can be set, and somebody's browser."""

from datetime import date, datetime, time

import pytest

from linqi.bookings import actions
from linqi.catalogue.models import Window
from linqi.kit import clock

MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=clock.ZONE)
TUESDAY = date(2026, 3, 3)


@pytest.fixture
def at(monkeypatch):
    """Set the clock of the product; it starts on a Monday morning."""

    def move(moment):
        monkeypatch.setattr(clock, "now", lambda: moment)

    move(MONDAY)
    return move


@pytest.fixture
def window():
    """The first of the nine."""
    return Window.objects.order_by("number").first()


@pytest.fixture
def hours(cast, at, window):
    """From nine to eleven on every working day, half an hour each, two seats."""
    return actions.set_hours(
        place=cast.street,
        window=window,
        weekday=None,
        begins=time(9),
        ends=time(11),
        minutes=30,
        seats=2,
        since=MONDAY.date(),
        by=cast.street_leader,
    )


@pytest.fixture
def booking(cast, hours):
    """The firm comes on Tuesday at nine."""
    return actions.book(
        enterprise=cast.firm,
        place=cast.street,
        window=hours.window,
        day=TUESDAY,
        begins=time(9),
        topic="社保开户",
        contact=actions.Contact("王女士", "0571-0000000"),
        by=cast.enterprise_user,
    )


@pytest.fixture
def as_(client, cast):
    """The browser of one of the cast."""

    def sign_in(who):
        client.force_login(cast.users[who], backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in
