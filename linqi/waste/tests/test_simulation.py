"""Simulated bins come into a street once, are marked, and have somebody who answers for them."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from linqi.journal.models import Entry
from linqi.kit import clock
from linqi.waste.actions.simulation import give_keys, prepare
from linqi.waste.management import simulate
from linqi.waste.models import Bin, Device, Duty, Fitting, Point, Standing
from linqi.waste.outside.broker import fits

pytestmark = pytest.mark.django_db


def test_bins_are_made_once_and_marked_as_made_up(cast):
    chips = prepare(street=cast.street, bins=9, by=cast.street_leader)
    assert len(chips) == 9
    assert Bin.objects.filter(generated=True).count() == Device.objects.filter(simulated=True).count() == 9
    assert Point.objects.filter(generated=True).count() == 3
    again = prepare(street=cast.street, bins=11, by=cast.street_leader)
    assert [one.pk for one in again[:9]] == [one.pk for one in chips]
    assert (
        Bin.objects.count()
        == Standing.objects.filter(until=None).count()
        == Fitting.objects.filter(until=None).count()
        == 11
    )
    assert [entry.data["bins"] for entry in Entry.objects.filter(verb="waste.simulated").order_by("pk")] == [9, 2]


def test_they_stand_on_floors_and_the_tenants_of_the_floor_answer(cast):
    prepare(street=cast.street, bins=4, by=cast.street_leader)
    point = Point.objects.get()
    assert point.place == cast.floor
    assert {duty.enterprise for duty in Duty.objects.filter(point=point)} == {cast.firm, cast.neighbour}
    assert {one.stream for one in Bin.objects.all()} == {"residual", "recyclable", "perishable", "hazardous"}


def test_they_were_there_a_month_ago_so_that_late_events_find_their_bin(cast):
    prepare(street=cast.street, bins=1, by=cast.street_leader)
    assert (clock.now() - Fitting.objects.get().since).days == 30


def test_the_first_chips_stand_behind_gateways_and_can_come_away(cast):
    chips = prepare(street=cast.street, bins=120, gateways=2, by=cast.street_leader)
    assert [
        sum(one.gateway_id == gateway.pk for one in chips) for gateway in Device.objects.filter(kind="gateway")
    ] == [50, 50]
    assert sum(one.gateway_id is None for one in chips) == 20
    prepare(street=cast.street, bins=120, gateways=1, by=cast.street_leader)
    assert Device.objects.filter(gateway__isnull=False).count() == 50


IMPOSSIBLE = [
    ({"bins": 0}, "bins"),
    ({"bins": 10**6}, "bins"),
    ({"bins": 10, "gateways": 2}, "gateways"),
    ({"bins": 10, "gateways": -1}, "gateways"),
]


@pytest.mark.parametrize(("wanted", "field"), IMPOSSIBLE)
def test_impossible_numbers_are_refused_by_the_field(cast, wanted, field):
    with pytest.raises(ValidationError) as refused:
        prepare(street=cast.street, by=cast.street_leader, **wanted)
    assert list(refused.value.message_dict) == [field]
    assert not Bin.objects.exists()


def test_who_may_not_keep_bins_may_not_simulate_them(cast):
    for user in (cast.stranger, cast.nobody, cast.enterprise_user):
        with pytest.raises(PermissionDenied):
            prepare(street=cast.street, bins=1, by=user)


def test_keys_of_simulated_devices_are_given_at_once_and_kept_where_only_we_read(cast, tmp_path):
    chips = prepare(street=cast.street, bins=60, gateways=1, by=cast.street_leader)
    kept, issued = simulate.keys_of(chips, tmp_path / "keys.json")
    assert issued == 11  # the gateway, and ten chips by themselves
    assert all(fits(key, Device.objects.get(serial=serial).key_digest) for serial, key in kept.items())
    assert (tmp_path / "keys.json").stat().st_mode & 0o077 == 0
    assert simulate.keys_of(
        simulate.prepare(street=cast.street, bins=60, gateways=1, by=cast.street_leader), tmp_path / "keys.json"
    ) == (kept, 0)


def test_a_real_device_gets_no_key_this_way(cast):
    real = Device.objects.create(serial="real-1", kind="chip", place=cast.building)
    with pytest.raises(ValidationError):
        give_keys(devices=[real], by=cast.street_leader)
    real.refresh_from_db()
    assert real.key_digest == ""
