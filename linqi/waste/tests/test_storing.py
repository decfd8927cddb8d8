"""Storing in batches: exactly once in any order, two writers, the bin of the moment, clocks, clues; on the database in use."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from linqi.waste import storing
from linqi.waste.models import Bin, Clue, DeviceState, Event, Fitting, HourTouched, Standing
from linqi.waste.rules import clock
from linqi.waste.rules.messages import Incoming, Lost
from linqi.waste.storing import Life, Store, store

NOW = 1_795_950_000_000  # 2026-11-29
HOUR = 3_600_000


def at(ms):
    return datetime.fromtimestamp(ms / 1000, UTC)


def event(device, sequence, boot=1, told="deposit", when=NOW, **more):
    return Incoming(device.pk, boot, sequence, told, when, more.pop("value", 0.5), **more)


def names():
    return sorted(Event.objects.values_list("device_id", "boot", "sequence"))


def test_whatever_the_order_and_the_repetition_each_event_is_in_the_table_once(bins):
    chance = random.Random(6)
    devices = [bins.chip, bins.second, bins.inner]
    wanted = [(device, boot, number) for device in devices for boot in (1, 2, 3) for number in range(1, 40)]
    sent = wanted * 2 + chance.sample(wanted, 60)
    chance.shuffle(sent)
    kept = Store()
    while sent:
        size = chance.randint(1, 25)
        batch, sent = sent[:size], sent[size:]
        by = kept if chance.random() < 0.6 else Store()  # two writers take turns
        by.store([event(device, number, boot) for device, boot, number in batch], NOW)
    assert names() == sorted((device.pk, boot, number) for device, boot, number in wanted)
    for device in devices:
        state = DeviceState.objects.get(device=device)
        assert (state.boot, state.sequence, state.beyond) == (3, 39, [])
        assert state.earlier == {"1": [39, []], "2": [39, []]}
        assert state.stored == 117
    assert sum(DeviceState.objects.values_list("repeated", flat=True)) == len(wanted) + 60


def test_a_receipt_names_what_is_in_the_table_and_nothing_else(bins):
    done = store([event(bins.chip, number) for number in (1, 2, 5, 6, 9)], NOW)
    receipt = done.receipts[bins.chip.pk]
    assert receipt[:3] == (1, 2, ((5, 6), (9, 9)))
    done = store([event(bins.chip, 1, boot=2)], NOW, lost=[Lost(bins.chip.pk, 1, 3, 4)])
    assert done.receipts[bins.chip.pk].boot == 2
    assert [(one.boot, one.sequence, one.beyond) for one in done.receipts[bins.chip.pk].earlier] == [(1, 6, ((9, 9),))]
    assert done.lost == 2
    assert DeviceState.objects.get(device=bins.chip).lost == 2


def test_an_event_of_an_earlier_day_is_the_same_event_after_midnight(bins):
    store([event(bins.chip, 1)], NOW)
    later = store([event(bins.chip, 1)], NOW + 36 * HOUR)
    assert (later.stored, later.repeated) == (0, 1)
    assert Event.objects.count() == 1


def test_when_the_database_refuses_nothing_is_stored_and_the_next_try_stores_all(bins, monkeypatch):
    kept = Store()
    kept.store([event(bins.chip, 1)], NOW)
    real = storing._update

    def broken(rows):
        real(rows)
        raise IntegrityError("away")

    monkeypatch.setattr(storing, "_update", broken)
    with pytest.raises(IntegrityError):
        kept.store([event(bins.chip, 2), event(bins.second, 1, told="mixed")], NOW)
    assert Event.objects.count() == 1
    assert Clue.objects.count() == 0
    monkeypatch.setattr(storing, "_update", real)
    done = kept.store([event(bins.chip, 2), event(bins.second, 1, told="mixed")], NOW)
    assert done.stored == 2
    assert done.receipts[bins.chip.pk].sequence == 2
    assert HourTouched.objects.count() == 2


def test_the_bin_is_the_one_the_device_sat_on_at_that_moment(bins, cast):
    other = Bin.objects.create(code="B-other", stream="residual", place=cast.building, since=at(0).date())
    Fitting.objects.filter(device=bins.chip).update(until=at(NOW - 2 * HOUR))
    Fitting.objects.create(device=bins.chip, bin=other, since=at(NOW - HOUR))
    moments = [NOW - 3 * HOUR, NOW - 90 * 60_000, NOW - HOUR // 2]
    store([event(bins.chip, number, when=when) for number, when in enumerate(moments, 1)], NOW)
    found = Event.objects.order_by("sequence").values_list("bin_id", flat=True)
    assert list(found) == [bins.bins["chip"].pk, None, other.pk]


def test_a_change_of_the_registry_is_seen_by_a_store_that_remembers(bins, cast):
    kept = Store()
    kept.store([event(bins.chip, 1)], NOW)
    other = Bin.objects.create(code="B-other", stream="residual", place=cast.building, since=at(0).date())
    Fitting.objects.filter(device=bins.chip).update(until=at(NOW))
    Fitting.objects.create(device=bins.chip, bin=other, since=at(NOW))
    kept.store([event(bins.chip, 2, when=NOW + 10)], NOW + 10)
    assert Event.objects.get(sequence=2).bin_id == other.pk


def test_a_wrong_clock_is_reckoned_and_flagged_and_a_late_event_keeps_its_time(bins):
    store([event(bins.chip, 1, when=1000), event(bins.chip, 2, when=4000), event(bins.chip, 3, when=None)], NOW)
    store([event(bins.second, 1, when=NOW - 13 * clock.DAY), event(bins.second, 2, when=NOW + clock.DAY)], NOW)
    rows = {(one.device_id, one.sequence): (one.at, one.clock_wrong) for one in Event.objects.all()}
    assert rows == {
        (bins.chip.pk, 1): (NOW - 3000, True),
        (bins.chip.pk, 2): (NOW, True),
        (bins.chip.pk, 3): (NOW, True),
        (bins.second.pk, 1): (NOW - 13 * clock.DAY, False),
        (bins.second.pk, 2): (NOW, True),
    }
    assert DeviceState.objects.get(device=bins.chip).skew_ms == 4000 - NOW
    assert DeviceState.objects.get(device=bins.second).skew_ms == clock.DAY


def test_what_may_be_wrong_becomes_a_clue_at_the_point_where_the_bin_stood(bins, cast):
    from linqi.waste.models import Point

    away = Point.objects.create(place=cast.building, kind="drop", name="后门", since=at(0).date())
    Standing.objects.filter(bin=bins.bins["chip"]).update(until=at(NOW - HOUR))
    Standing.objects.create(bin=bins.bins["chip"], point=away, since=at(NOW - HOUR))
    alarms = [
        event(bins.chip, 1, told="mixed", when=NOW - 2 * HOUR, value=None, card="c-1"),
        event(bins.chip, 2, told="smoke", value=1.0),
        event(bins.chip, 3, told="overflow", value=0.0),
        event(bins.chip, 4),
    ]
    for _ in range(2):
        store(alarms, NOW)
    found = Clue.objects.order_by("event_sequence")
    assert [(one.kind, one.point, one.card, one.state) for one in found] == [
        ("mixed", bins.points[""], "c-1", "waiting"),
        ("smoke", away, "", "waiting"),
    ]
    assert {one.witness for one in found} == {"device"}
    assert [one.event_sequence for one in found] == [1, 2]


def test_births_and_deaths_say_whether_a_device_is_there_and_a_death_of_an_older_session_says_nothing(bins):
    kept, chip = Store(), bins.chip.pk
    kept.store([], NOW, lives=[Life(chip, True, 4)])
    kept.store([], NOW, lives=[Life(chip, False, 3)])
    assert DeviceState.objects.get(device=bins.chip).online is True
    Store().store([], NOW, lives=[Life(chip, False, 4)])
    assert DeviceState.objects.get(device=bins.chip).online is False


def test_the_last_battery_is_known_and_counts_of_the_refused_add_up(bins):
    kept = Store()
    kept.store([event(bins.chip, 1, told="battery", value=0.2)], NOW, refused={bins.second.pk: 3})
    kept.store([], NOW, refused={bins.second.pk: 2}, limited={bins.chip.pk: 7})
    state = DeviceState.objects.get(device=bins.chip)
    assert (state.battery, state.limited, state.refused) == (0.2, 7, 0)
    assert DeviceState.objects.get(device=bins.second).refused == 5


def test_a_device_that_is_no_longer_registered_is_not_stored(bins):
    done = store([Incoming(999_999, 1, 1, "lid", NOW, 1.0), event(bins.chip, 1)], NOW)
    assert (done.stored, len(done.unknown)) == (1, 1)
    assert 999_999 not in done.receipts


def test_each_day_of_storing_has_its_own_piece_of_the_table(bins):
    store([event(bins.chip, 1)], NOW)
    store([event(bins.chip, 2, when=NOW + clock.DAY)], NOW + clock.DAY)
    assert len(set(Event.objects.values_list("day", flat=True))) == 2
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for ahead in (0, 1):
                name = storing.partition_name(storing.day_of(NOW + ahead * clock.DAY))
                cursor.execute(f"SELECT count(*) FROM {name}")
                assert cursor.fetchone()[0] == 1
        else:
            cursor.execute("SELECT sql FROM sqlite_master WHERE name = 'waste_event'")
            assert "WITHOUT ROWID" in cursor.fetchone()[0]


def test_an_event_can_be_found_and_made_through_the_model(bins):
    day = at(NOW).date() + timedelta(days=400)
    made = Event.objects.create(
        day=day, device_id=bins.chip.pk, boot=1, sequence=1, told="lid", at=NOW, stored_at=NOW, value=1.0
    )
    assert Event.objects.get(pk=made.pk).told == "lid"


def test_what_the_database_will_not_have_holds_up_no_other_device(bins):
    from linqi.waste.intake import Intake

    taken = {"day": storing.day_of(NOW), "device_id": bins.chip.pk, "boot": 1, "sequence": 1, "at": NOW}
    if connection.vendor == "postgresql":
        storing.make_partition(storing.day_of(NOW))
    Event.objects.create(**taken, told="lid", stored_at=NOW)  # a row that no state knows of
    intake = Intake("mqtt")
    for serial in ("chip-1", "chip-2"):
        message = b'{"v":1,"boot":1,"seq":1,"ts":%d,"told":"lid","value":1.0}' % NOW
        intake.hear(f"linqi/1/{serial}/events", message, NOW)
    done = intake.settle(NOW)
    assert [answer.serial for answer in done.answers] == ["chip-2"]
    assert [(one.reason, one.said_by) for one in done.aside] == [("not_storable", "chip-1")]
    assert len(intake) == 0


def test_who_sends_nothing_but_nonsense_is_not_listened_to_for_a_moment_and_others_are(bins, settings):
    from linqi.waste.intake import KEPT_OF_ONE, Intake

    settings.WASTE_DEVICE_RATE, settings.WASTE_DEVICE_BURST = 10, 100
    intake = Intake("mqtt")
    for _ in range(150):
        intake.hear("linqi/1/chip-1/events", b"{", NOW)
    done = intake.settle(NOW)
    assert len(done.aside) == 150
    assert sum(bool(one.payload) for one in done.aside) == KEPT_OF_ONE
    intake.hear("linqi/1/chip-1/events", b"{", NOW + 50)
    intake.hear("linqi/1/chip-2/events", b'{"v":1,"boot":1,"seq":1,"told":"lid","value":1.0}', NOW + 50)
    done = intake.settle(NOW + 50)
    assert (done.aside, done.limited, done.stored.stored) == ([], 1, 1)
    intake.hear("linqi/1/chip-1/events", b'{"v":1,"boot":1,"seq":1,"told":"lid","value":1.0}', NOW + 5000)
    assert intake.settle(NOW + 5000).stored.stored == 1


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL commits to the disk by itself")
@pytest.mark.django_db(transaction=True)
def test_what_a_receipt_promises_is_on_the_disk_and_pages_commit_as_before(bins):
    with CaptureQueriesContext(connection) as asked:
        store([Incoming(bins.chip.pk, 1, 1, "deposit", None, 1.0, "", "", "")], NOW)
    said = [one["sql"] for one in asked]
    full, back = said.index("PRAGMA synchronous=FULL"), said.index("PRAGMA synchronous=NORMAL")
    written = [at for at, sql in enumerate(said) if "INSERT INTO waste_event" in sql]
    assert full < min(written)
    assert max(written) < back
    assert "COMMIT" in said[full:back]
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA synchronous").fetchone()[0] == 1
