"""Simulated days look like days, and everything they tell is something a device may tell."""

import random
from collections import Counter, defaultdict

import pytest

from linqi.waste.kinds import Stream, Told
from linqi.waste.outside.days import BY_HOUR, COLLECTED_AT, Days, Life, natural_rate

STREAMS = ["residual", "recyclable", "perishable", "hazardous"]


@pytest.fixture(scope="module")
def four_days():
    """Forty bins for four days: (hour of the day, serial, body)."""
    lives = [Life(f"s{n}", STREAMS[n % 4], 0.2 if n < 20 else 0.02) for n in range(40)]
    days, told = Days(lives, random.Random(4), hour=0), []
    for _minute in range(4 * 24 * 60):
        told += [(days.hour, serial, body) for serial, body in days.pass_time(60)]
    return told


def test_everything_told_is_of_the_schema(four_days):
    for _hour, _serial, body in four_days:
        assert body["told"] in Told.values
        assert body.get("stream", "residual") in Stream.values
        value = body.get("value")
        if body["told"] in {"fill", "battery", "lid"}:
            assert 0 <= value <= 1
        if body["told"] == "deposit":
            assert 0 <= value <= 30
        assert set(body) <= {"told", "value", "stream", "pic"}


def test_noon_is_busier_than_the_night(four_days):
    by_hour = Counter(int(hour) for hour, _serial, body in four_days if body["told"] == "deposit")
    assert by_hour[12] > 10 * by_hour[3]
    assert max(by_hour, key=by_hour.get) in {12, 13, 18}
    assert len(BY_HOUR) == 24


def test_a_building_that_sorts_badly_is_seen_to(four_days):
    wrong, all_of = Counter(), Counter()
    for _hour, serial, body in four_days:
        if body["told"] == "deposit":
            number = int(serial[1:])
            group = "bad" if number < 20 else "good"
            all_of[group] += 1
            wrong[group] += body["stream"] != STREAMS[number % 4]
    assert 0.16 < wrong["bad"] / all_of["bad"] < 0.24
    assert 0.01 < wrong["good"] / all_of["good"] < 0.035


def test_a_bin_gets_fuller_until_it_is_emptied_at_an_hour_of_collection(four_days):
    fill, emptied = defaultdict(float), 0
    for hour, serial, body in four_days:
        if body["told"] != "fill":
            continue
        if body["value"] < fill[serial]:
            assert body["value"] == 0
            assert min(abs(hour - one) for one in COLLECTED_AT) < 0.1
            emptied += 1
        fill[serial] = body["value"]
    assert emptied > 20


def test_the_natural_rate_is_what_comes_of_it(four_days):
    assert len(four_days) / (4 * 86400) == pytest.approx(natural_rate(40), rel=0.15)


def test_the_same_seed_tells_the_same():
    def told(seed):
        return list(Days([Life("a", "residual", 0.1)], random.Random(seed)).pass_time(86400))

    assert told(3) == told(3)
    assert told(3) != told(4)
