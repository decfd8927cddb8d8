"""Facts of each hour equal what the events say, whatever comes late; events go by kind and by day, after they were counted."""

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from linqi.waste.actions import hours, retention
from linqi.waste.models import Event, HourFact, HourTouched, Quarantined
from linqi.waste.queries_keeping import default_days
from linqi.waste.rules import keeping
from linqi.waste.rules.clock import DAY
from linqi.waste.rules.messages import Incoming
from linqi.waste.storing import Store, day_of, store

NOW = 1_795_950_000_000  # 2026-11-29
HOUR = 3_600_000


def at(ms):
    return datetime.fromtimestamp(ms / 1000, UTC)


def summed():
    """The oracle: every event by itself, in plain Python."""
    found = defaultdict(list)
    for one in Event.objects.exclude(bin_id=None):
        found[one.bin_id, one.at // HOUR, one.told].append(one.value)
    return {
        key: (
            len(values),
            pytest.approx(sum(known)) if (known := [v for v in values if v is not None]) else None,
            min(known, default=None),
            max(known, default=None),
        )
        for key, values in found.items()
    }


def facts():
    return {
        (one.bin_id, int(one.hour.timestamp()) // 3600, one.told): (one.count, one.total, one.least, one.most)
        for one in HourFact.objects.all()
    }


@pytest.mark.parametrize("few", [pytest.param(0, id="counted together"), pytest.param(40, id="looked up one by one")])
def test_facts_are_exactly_those_of_the_events_however_late_they_come(bins, monkeypatch, few):
    monkeypatch.setattr(hours, "FEW", few)
    chance, kept, now = random.Random(few), Store(), NOW
    numbers = defaultdict(int)
    for _ in range(12):
        batch = []
        for _ in range(chance.randint(1, 12)):
            device = chance.choice([bins.chip, bins.second, bins.inner])
            numbers[device.pk] += 1
            told = chance.choice(["deposit", "fill", "lid"])
            late = chance.choice([0, 0, HOUR, 30 * HOUR, 13 * DAY])
            value = None if told == "deposit" and chance.random() < 0.2 else round(chance.random(), 3)
            batch.append(Incoming(device.pk, 1, numbers[device.pk], told, now - late, value))
        kept.store(batch, now)
        if chance.random() < 0.5:
            hours.count_hours(at(now))
        now += chance.choice([60_000, HOUR, DAY // 2])
    assert HourTouched.objects.exists()
    hours.count_hours(at(now + 2 * HOUR))
    assert facts() == summed()
    assert not HourTouched.objects.exists()


def test_an_hour_that_is_not_over_is_not_counted_yet(bins):
    store([Incoming(bins.chip.pk, 1, 1, "deposit", NOW, 1.0)], NOW)
    assert hours.count_hours(at(NOW)) == 0
    assert HourTouched.objects.count() == 1
    assert hours.count_hours(at(NOW + 2 * HOUR)) == 1


def test_events_go_by_kind_when_their_time_is_over_and_their_hours_remain(bins):
    chip = bins.chip.pk
    store([Incoming(chip, 1, 1, "deposit", NOW, 2.5), Incoming(chip, 1, 2, "lid", NOW, 1.0)], NOW)
    store([Incoming(chip, 1, 3, "lid", NOW + 10 * DAY, 1.0)], NOW + 10 * DAY)
    days = default_days()
    soon = at(NOW + (days["lid"] + 1) * DAY)
    retention.drop_old(soon)
    assert Event.objects.count() == 3, "nothing goes before its hour was counted"
    hours.count_hours(soon)
    retention.drop_old(soon)
    assert list(Event.objects.order_by("sequence").values_list("sequence", flat=True)) == [1, 3]
    retention.drop_old(at(NOW + (days["deposit"] + 1) * DAY))
    assert not Event.objects.filter(told="deposit").exists()
    assert HourFact.objects.get(told="deposit").total == 2.5
    retention.drop_old(at(NOW + (max(days.values()) + 20) * DAY))
    assert not Event.objects.exists()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass(%s)", [f"waste_event_{day_of(NOW):%Y%m%d}"])
            assert cursor.fetchone()[0] is None


def test_pieces_of_the_table_are_made_before_they_are_needed(bins):
    made = retention.make_days(at(NOW))
    assert made == (retention.AHEAD + 1 if connection.vendor == "postgresql" else 0)
    assert retention.make_days(at(NOW)) == 0
    store([Incoming(bins.chip.pk, 1, 1, "lid", NOW, 1.0)], NOW)
    assert Event.objects.get().day == day_of(NOW)


def test_a_table_of_retention_that_cannot_be_used_names_the_kind():
    good = dict(default_days())
    for wrong, named in (
        ({**good, "lid": 3}, "lid"),
        ({**good, "lid": "15"}, "lid"),
        ({**good, "sound": 15}, "sound"),
        ({key: days for key, days in good.items() if key != "fill"}, "fill"),
        ([], "table"),
    ):
        with pytest.raises(keeping.RetentionWrong, match=named):
            keeping.read(wrong)


def test_messages_set_aside_are_forgotten_after_their_days(bins):
    for days in (1, retention.QUARANTINE_DAYS + 1):
        Quarantined.objects.create(
            channel="mqtt", reason="value", payload=b"", size=0, at=at(NOW) - timedelta(days=days)
        )
    assert retention.forget_quarantine(at(NOW)) == 1
    assert Quarantined.objects.count() == 1
