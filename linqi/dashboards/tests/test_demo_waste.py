"""The demo street has bins with something to show on every page, all of it marked."""

from datetime import date, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from linqi.accounts.models import User
from linqi.dashboards.demo.actions import fill
from linqi.dashboards.demo.alive import go_on, level_at
from linqi.dashboards.demo.waste import ail_of
from linqi.kit import clock
from linqi.kit.access import SYSTEM
from linqi.organisation.queries import companies_of
from linqi.waste import queries
from linqi.waste.models import (
    Bin,
    Card,
    Clue,
    Device,
    DeviceState,
    Duty,
    Event,
    HourFact,
    Point,
    Quarantined,
)


@pytest.mark.django_db
def test_the_demo_has_marked_bins_that_told_something_clues_that_wait_and_cards():
    """And the day after its chips tell on, all but those that are meant to be silent; a chip that is not the demo's does not."""
    fill(size="tiny", seed=7, today=date(2026, 6, 15))
    assert Bin.objects.exists()
    assert not Bin.objects.filter(generated=False).exists()
    assert not Point.objects.filter(generated=False).exists()
    assert not Device.objects.filter(simulated=False).exists()
    assert Clue.objects.filter(state="waiting", simulated=True).exists()
    assert Clue.objects.filter(state="confirmed").exclude(looked_by=None).exists()
    assert HourFact.objects.filter(told="fill").exists()
    manager = User.objects.get(username="property")
    lodge = manager.grants.get().place
    assert set(companies_of(manager.pk, clock.today())) == set(
        Duty.objects.filter(point__place=lodge).values_list("company", flat=True)
    )
    assert Card.objects.exists()
    client = Client()
    client.force_login(
        User.objects.get(username="leader"), backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    assert "模拟" in client.get(reverse("waste:live")).content.decode()
    assert "每日定时收运" in client.get(reverse("waste:plan")).content.decode()
    assert queries.devices_seen_by(SYSTEM).filter(kind="gateway").exists()

    made = DeviceState.objects.filter(device__kind="chip")
    foreign = Device.objects.create(serial="demo-chip-x", kind="chip", place=Bin.objects.first().place)
    DeviceState.objects.create(device=foreign, last_at=0)
    chips = set(made.exclude(device=foreign).values_list("device", flat=True))
    off = made.exclude(device=foreign).first().device
    Device.objects.filter(pk=off.pk).update(disabled_at=datetime(2026, 6, 15, tzinfo=clock.ZONE))
    later = datetime(2026, 6, 16, 10, 30, tzinfo=clock.ZONE)
    gaps = dict(made.exclude(beyond=[]).values_list("device", "sequence"))
    assert go_on(later) > 0
    assert go_on(later) == 0
    spoke = {one.device_id for one in made.filter(last_at=int(later.timestamp() * 1000)).select_related("device")}
    silent = {one.device_id for one in made.select_related("device") if ail_of(one.device.serial) == "silent"}
    assert spoke == chips - silent - {off.pk}
    assert dict(made.filter(device__in=gaps).values_list("device", "sequence")) == gaps
    told = Event.objects.filter(stored_at=int(later.timestamp() * 1000))
    assert set(told.values_list("device_id", "told")) == {(pk, one) for pk in spoke for one in ("deposit", "fill")}
    assert not Quarantined.objects.exists()


def test_a_demo_bin_fills_in_opening_hours_and_is_emptied_in_the_morning():
    levels = [
        level_at("demo-chip-1", "residual", datetime(2026, 6, 15, tzinfo=clock.ZONE) + timedelta(hours=n))
        for n in range(96)
    ]
    assert levels[6] == 0.02 == levels[30]
    assert levels[7:19] == sorted(levels[7:19])
    assert levels[19] == levels[29] > levels[7]
    assert min(levels[30:102]) >= 0.02
    slow = {level_at("demo-chip-1", "recyclable", datetime(2026, 6, day, 6, tzinfo=clock.ZONE)) for day in (15, 16, 17)}
    assert len(slow) == 3, "emptied every third day"
