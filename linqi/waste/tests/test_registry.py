"""Points, duties, bins, devices and cards: what may be done, what is refused and why, and what stays as it was."""

from datetime import date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linqi.journal.models import Entry
from linqi.kit import clock
from linqi.kit.access import SYSTEM
from linqi.organisation.models import Company
from linqi.waste import queries_registry as ask
from linqi.waste.actions import registry
from linqi.waste.models import Bin, Clue, Device, Duty, Fitting, Point, Standing

pytestmark = pytest.mark.django_db


def refused(field, act):
    """Call `act`; the sentence it refuses with, which must name this field (empty: the whole)."""
    with pytest.raises(ValidationError) as caught:
        act()
    named = caught.value.message_dict if hasattr(caught.value, "error_dict") else {"": caught.value.messages}
    assert set(named) == {field}
    return named[field][0]


def confirmed(yard, at, by):
    return Clue.objects.create(
        bin=yard.bin,
        point=yard.point,
        kind="mixed",
        witness="device",
        at=at,
        raised_at=at,
        state="confirmed",
        looked_by=by,
        looked_at=at,
    )


# --- who may -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["stranger", "enterprise_user", "property_manager", "nobody", "party_specialist"])
def test_who_does_not_keep_bins_changes_nothing(yard, who):
    by, cast = yard.cast.users[who], yard.cast
    before = (Point.objects.count(), Bin.objects.count(), Standing.objects.count(), Duty.objects.count())
    acts = [
        lambda: registry.make_point(place=cast.building, kind="drop", name="x", since=clock.today(), by=by),
        lambda: registry.change_point(point=yard.point, name="x", longitude=None, latitude=None, by=by),
        lambda: registry.review_point(point=yard.point, reviewed_on=clock.today(), published_on=None, by=by),
        lambda: registry.end_point(point=yard.point, until=clock.today(), by=by),
        lambda: registry.set_duty(point=yard.point, kind="unit", enterprise=cast.firm, since=clock.today(), by=by),
        lambda: registry.make_bin(code="x", stream="residual", point=yard.point, by=by),
        lambda: registry.move_bin(bin=yard.bin, point=yard.point, by=by),
        lambda: registry.end_bin(bin=yard.perishable, by=by),
        lambda: registry.make_device(serial="x-1", kind="chip", place=cast.building, by=by),
        lambda: registry.fit(device=yard.device, bin=yard.bin, by=by),
        lambda: registry.unfit(device=yard.device, by=by),
        lambda: registry.give_card(code="K1", kind="card", enterprise=cast.firm, since=clock.today(), by=by),
    ]
    for act in acts:
        with pytest.raises(PermissionDenied):
            act()
    assert before == (Point.objects.count(), Bin.objects.count(), Standing.objects.count(), Duty.objects.count())


def test_the_governance_specialist_keeps_the_registry_and_the_journal_tells_it(yard):
    by, cast = yard.cast.governance_specialist, yard.cast
    point = registry.make_point(place=cast.unit, kind="drop", name="茶水间", since=clock.today(), by=by)
    registry.set_duty(point=point, kind="unit", enterprise=cast.firm, since=clock.today(), by=by)
    verbs = list(Entry.objects.filter(actor=by.pk).order_by("pk").values_list("verb", flat=True))
    assert verbs == ["waste.point_made", "waste.duty_set"]


def test_a_bin_does_not_move_into_a_strangers_street(yard):
    far = registry.make_point(place=yard.cast.far_building, kind="drop", name="远", since=yard.began.date(), by=SYSTEM)
    with pytest.raises(PermissionDenied):
        registry.move_bin(bin=yard.bin, point=far, by=yard.cast.governance_specialist)


# --- points ------------------------------------------------------------------------------------------------------------
def test_a_point_needs_a_fitting_place_a_name_of_its_own_and_both_coordinates(yard):
    day, cast = clock.today(), yard.cast

    def make(**said):
        told = {"place": cast.building, "kind": "drop", "name": "新点", "since": day, **said}
        return registry.make_point(**told, by=SYSTEM)

    refused("place", lambda: make(place=cast.street))
    refused("kind", lambda: make(kind="heap"))
    refused("name", lambda: make(name="  "))
    refused("name", lambda: make(name="一楼东侧投放点"))
    refused("since", lambda: make(since=date(2019, 1, 1)))
    refused("latitude", lambda: make(longitude=120.0))
    refused("longitude", lambda: make(longitude=30.0, latitude=120.0))
    cast.building.longitude, cast.building.latitude = 120.0, 30.0
    assert "公里" in refused("longitude", lambda: make(longitude=121.0, latitude=30.0))
    assert make(longitude=120.001, latitude=30.001).longitude == 120.001


def test_the_dates_of_article_41_are_corrected_only_with_a_reason(yard):
    day = clock.today()
    refused("published_on", lambda: registry.review_point(
        point=yard.point, reviewed_on=day, published_on=day + timedelta(days=1), by=SYSTEM))  # fmt: skip
    registry.review_point(point=yard.point, reviewed_on=day, published_on=None, by=SYSTEM)
    earlier = day - timedelta(days=3)
    refused("reason", lambda: registry.review_point(
        point=yard.point, reviewed_on=earlier, published_on=day, by=SYSTEM))  # fmt: skip
    point = registry.review_point(
        point=yard.point, reviewed_on=earlier, published_on=day, reason="文件落款日期", by=SYSTEM
    )
    assert (point.reviewed_on, point.published_on) == (earlier, day)


def test_a_point_ends_after_its_bins_and_takes_its_duties_with_it(yard):
    duty = registry.set_duty(
        point=yard.point, kind="property", company=yard.company, since=yard.began.date(), by=SYSTEM
    )
    assert "QT-001" in refused("", lambda: registry.end_point(point=yard.point, until=clock.today(), by=SYSTEM))
    for one in (yard.bin, yard.perishable):
        registry.move_bin(bin=one, point=yard.another_point(name=f"{one.code}点"), by=SYSTEM)
    refused("until", lambda: registry.end_point(point=yard.point, until=yard.at(2).date(), by=SYSTEM))
    refused("until", lambda: registry.end_point(point=yard.point, until=clock.today() + timedelta(days=1), by=SYSTEM))
    registry.end_point(point=yard.point, until=clock.today(), by=SYSTEM)
    duty.refresh_from_db()
    assert duty.until == clock.today()
    refused("", lambda: registry.make_bin(code="N", stream="residual", point=yard.point, by=SYSTEM))


# --- duties ------------------------------------------------------------------------------------------------------------
def test_who_answered_is_found_by_the_day_and_several_may_at_once(yard):
    first, cast = yard.began.date(), yard.cast
    unit = registry.set_duty(point=yard.point, kind="unit", enterprise=cast.firm, since=first, by=SYSTEM)
    second = yard.at(5).date()
    registry.set_duty(point=yard.point, kind="property", company=yard.company, since=second, by=SYSTEM)
    registry.end_duty(duty=unit, until=yard.at(7).date(), by=SYSTEM)
    said = [[one.kind for one in ask.duties_at(yard.point, yard.at(day))] for day in (1, 6, 8)]
    assert said == [["unit"], ["unit", "property"], ["property"]]


def test_a_duty_names_one_party_of_the_right_kind_once(yard):
    def give(**said):
        return registry.set_duty(**{"point": yard.point, "kind": "unit", "since": clock.today(), **said}, by=SYSTEM)

    firm = yard.cast.firm
    refused("company", lambda: give(enterprise=firm, company=yard.company))
    refused("company", give)
    refused("enterprise", lambda: give(company=yard.company))
    refused("company", lambda: give(kind="property", enterprise=firm))
    refused("kind", lambda: give(kind="king", enterprise=firm))
    refused("since", lambda: give(enterprise=firm, since=date(2020, 5, 1)))
    give(enterprise=firm)
    refused("since", lambda: give(enterprise=firm))
    far = Company.objects.create(place=yard.cast.far_street, kind="property", name="远山物业", since=clock.today())
    refused("company", lambda: give(kind="property", company=far))


def test_nothing_is_dated_behind_a_clue_that_a_person_has_confirmed(yard):
    by, first = yard.cast.governance_specialist, yard.began.date()
    duty = registry.set_duty(point=yard.point, kind="unit", enterprise=yard.cast.firm, since=first, by=SYSTEM)
    confirmed(yard, yard.at(6), by)
    other, spot = yard.cast.neighbour, yard.another_point()
    refused("since", lambda: registry.set_duty(
        point=yard.point, kind="unit", enterprise=other, since=yard.at(3).date(), by=SYSTEM))  # fmt: skip
    refused("until", lambda: registry.end_duty(duty=duty, until=yard.at(3).date(), by=SYSTEM))
    refused("since", lambda: registry.move_bin(bin=yard.bin, point=spot, since=yard.at(3), by=SYSTEM))
    registry.move_bin(bin=yard.bin, point=spot, since=yard.at(8), by=SYSTEM)
    assert ask.point_of(yard.bin, yard.at(6)) == yard.point


# --- bins --------------------------------------------------------------------------------------------------------------
def test_a_bin_needs_a_code_of_its_own_a_stream_and_a_sensible_size(yard):
    def make(**said):
        return registry.make_bin(**{"code": "N-1", "stream": "residual", "point": yard.point, **said}, by=SYSTEM)

    refused("code", lambda: make(code="has space"))
    refused("code", lambda: make(code="QT-001"))
    refused("stream", lambda: make(stream="gold"))
    refused("litres", lambda: make(litres=0))
    refused("since", lambda: make(since=clock.now() + timedelta(hours=1)))
    refused("since", lambda: make(since=yard.at(-2)))
    assert make().place == yard.cast.building


def test_where_a_bin_stood_is_found_by_the_moment(yard):
    spot = yard.another_point()
    registry.move_bin(bin=yard.bin, point=spot, since=yard.at(4), by=SYSTEM)
    assert ask.point_of(yard.bin, yard.at(4) - timedelta(microseconds=1)) == yard.point
    assert ask.point_of(yard.bin, yard.at(4)) == spot
    assert ask.point_of(yard.bin, yard.at(-1)) is None
    assert ask.points_of([yard.bin.pk, yard.perishable.pk], yard.at(5)) == {
        yard.bin.pk: spot,
        yard.perishable.pk: yard.point,
    }
    yard.bin.refresh_from_db()
    yard.device.refresh_from_db()
    assert yard.bin.place == yard.device.place == yard.cast.floor, "its device goes with it"
    refused("since", lambda: registry.move_bin(bin=yard.bin, point=yard.point, since=yard.at(3), by=SYSTEM))
    refused("point", lambda: registry.move_bin(bin=yard.bin, point=spot, by=SYSTEM))


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(st.integers(1, 9 * 24), st.integers(0, 2)), max_size=6), st.integers(0, 10 * 24))
def test_the_history_of_moves_answers_as_replaying_them_does(yard, moves, asked):
    """However a bin is moved, the point of any moment is that of the last accepted move before it."""
    from django.db import transaction

    with transaction.atomic():
        spots = [yard.another_point(name=f"点{n}") for n in range(3)]
        log = [(0, yard.point)]
        for hour, at in moves:
            try:
                registry.move_bin(bin=yard.bin, point=spots[at], since=yard.began + timedelta(hours=hour), by=SYSTEM)
            except ValidationError:
                assert hour <= log[-1][0] or spots[at] == log[-1][1]
            else:
                log.append((hour, spots[at]))
        expected = [point for hour, point in log if hour <= asked][-1]
        assert ask.point_of(yard.bin, yard.began + timedelta(hours=asked)) == expected
        assert Standing.objects.filter(bin=yard.bin, until=None).count() == 1
        transaction.set_rollback(True)


def test_a_bin_with_a_device_does_not_end_and_says_which(yard):
    assert "chip-001" in refused("", lambda: registry.end_bin(bin=yard.bin, by=SYSTEM))
    registry.unfit(device=yard.device, until=yard.at(6), by=SYSTEM)
    refused("until", lambda: registry.end_bin(bin=yard.bin, until=yard.at(5), by=SYSTEM))
    ended = registry.end_bin(bin=yard.bin, until=yard.at(7), by=SYSTEM)
    assert ended.until == yard.at(7).astimezone(clock.ZONE).date()
    assert ask.point_of(yard.bin, yard.at(8)) is None
    assert ask.point_of(yard.bin, yard.at(6)) == yard.point
    refused("", lambda: registry.end_bin(bin=yard.bin, by=SYSTEM))
    refused("", lambda: registry.move_bin(bin=yard.bin, point=yard.another_point(), by=SYSTEM))


def test_a_bin_that_ends_on_its_first_day_ends_the_day_after(yard):
    made = registry.make_bin(code="N-9", stream="residual", point=yard.point, by=SYSTEM)
    assert registry.end_bin(bin=made, by=SYSTEM).until == made.since + timedelta(days=1)


# --- devices -----------------------------------------------------------------------------------------------------------
def test_a_device_has_a_serial_that_a_broker_takes_and_a_gateway_that_is_one(yard):
    def make(**said):
        return registry.make_device(
            **{"serial": "n-001", "kind": "chip", "place": yard.cast.building, **said}, by=SYSTEM
        )

    for bad in ("a/b", "a+b", "a#b", "芯片一", "ab", "", "x" * 41, "$SYS"):
        refused("serial", lambda bad=bad: make(serial=bad))
    refused("serial", lambda: make(serial="chip-001"))
    refused("kind", lambda: make(kind="eye"))
    refused("gateway", lambda: make(gateway=yard.device))
    gateway = make(serial="gw-1", kind="gateway")
    refused("gateway", lambda: make(kind="gateway", gateway=gateway))
    assert make(gateway=gateway).gateway == gateway
    assert registry.set_gateway(device=yard.device, gateway=gateway, by=SYSTEM).gateway == gateway
    assert registry.set_gateway(device=yard.device, gateway=None, by=SYSTEM).gateway is None
    refused("device", lambda: registry.fit(device=gateway, bin=yard.perishable, by=SYSTEM))


def test_a_device_sits_on_one_bin_at_a_time_and_a_bin_has_one_of_a_kind(yard):
    other = registry.make_device(serial="chip-002", kind="chip", place=yard.cast.building, by=SYSTEM)
    assert "QT-001" in refused("device", lambda: registry.fit(device=yard.device, bin=yard.perishable, by=SYSTEM))
    assert "chip-001" in refused("bin", lambda: registry.fit(device=other, bin=yard.bin, by=SYSTEM))
    camera = registry.make_device(serial="cam-001", kind="camera", place=yard.cast.building, by=SYSTEM)
    registry.fit(device=camera, bin=yard.bin, by=SYSTEM)
    before = ask.edition()
    registry.unfit(device=yard.device, until=yard.at(5), by=SYSTEM)
    assert ask.edition() != before
    refused("since", lambda: registry.fit(device=yard.device, bin=yard.perishable, since=yard.at(4), by=SYSTEM))
    before = ask.edition()
    registry.fit(device=yard.device, bin=yard.perishable, since=yard.at(5), by=SYSTEM)
    assert ask.edition() != before
    assert ask.fitting_of(yard.device, yard.at(4)).bin == yard.bin
    assert ask.fitting_of(yard.device, yard.at(5)).bin == yard.perishable
    assert ask.fitting_of(yard.device, yard.at(-1)) is None
    assert Fitting.objects.filter(device=yard.device).count() == 2
    assert Device.objects.get(serial="chip-001").place == yard.cast.building


# --- cards -------------------------------------------------------------------------------------------------------------
def test_a_card_belongs_to_one_enterprise_at_a_time(yard):
    day, firm, other = clock.today(), yard.cast.firm, yard.cast.neighbour
    card = registry.give_card(code="K-1", kind="card", enterprise=firm, since=day - timedelta(days=5), by=SYSTEM)
    refused("code", lambda: registry.give_card(code="K-1", kind="card", enterprise=other, since=day, by=SYSTEM))
    refused("until", lambda: registry.take_card(card=card, until=day - timedelta(days=5), by=SYSTEM))
    registry.take_card(card=card, until=day, by=SYSTEM)
    refused("", lambda: registry.take_card(card=card, until=day, by=SYSTEM))
    assert registry.give_card(code="K-1", kind="card", enterprise=other, since=day, by=SYSTEM).enterprise == other
    refused(
        "since", lambda: registry.give_card(code="K-2", kind="card", enterprise=firm, since=date(1026, 1, 1), by=SYSTEM)
    )
    refused("kind", lambda: registry.give_card(code="K-2", kind="gold", enterprise=firm, since=day, by=SYSTEM))


def test_midnight_belongs_to_the_day_as_people_here_count_it():
    midnight = datetime(2026, 3, 2, 16, 0, tzinfo=clock.ZONE).astimezone(clock.ZONE)
    assert ask.day_of(midnight) == date(2026, 3, 2)
    assert ask.day_of(datetime(2026, 3, 2, 0, 30, tzinfo=clock.ZONE)) == date(2026, 3, 2)
