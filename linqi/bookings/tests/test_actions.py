"""Hours, seats, moves, reminders: what is done and what is refused."""

from datetime import date, datetime, time, timedelta
from functools import partial

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from linqi.bookings import actions, queries, rules, tasks
from linqi.bookings.flow import LIFE, Move, State
from linqi.bookings.models import Booking, ClosedDay
from linqi.cases import actions as cases
from linqi.catalogue.models import Category, Service, Window
from linqi.journal.models import Entry
from linqi.kit import clock
from linqi.kit.flow import MoveRefused
from linqi.kit.tests.at_once import at_once, skip_on_sqlite
from linqi.notifications.models import Notice

from .conftest import MONDAY, TUESDAY


def book(cast, window, by, day=TUESDAY, begins=time(9), firm=None):
    """Book at the street's counter."""
    return actions.book(
        enterprise=firm or cast.firm, place=cast.street, window=window, day=day, begins=begins, topic="咨询", by=by
    )


# --- hours ------------------------------------------------------------------------------------------------------------
def test_hours_that_overlap_are_refused_by_name(cast, hours, window):
    with pytest.raises(ValidationError, match="09:00–11:00"):
        actions.set_hours(
            place=cast.street, window=window, weekday=2, begins=time(10, 30), ends=time(12), minutes=30, seats=1,
            since=MONDAY.date(), by=cast.street_leader,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"ends": time(9)}, "ends"),
        ({"minutes": 3}, "minutes"),
        ({"minutes": 240, "ends": time(9, 30)}, "minutes"),
        ({"since": date(2026, 3, 1)}, "since"),
    ],
)
def test_hours_that_make_no_sense_name_their_field(cast, at, window, said, field):
    good = {"weekday": None, "begins": time(9), "ends": time(11), "minutes": 30, "seats": 1, "since": MONDAY.date()}
    with pytest.raises(ValidationError) as refused:
        actions.set_hours(place=cast.street, window=window, **{**good, **said}, by=cast.street_leader)
    assert field in refused.value.message_dict


@pytest.mark.parametrize("who", ["econ_specialist", "department_handler", "enterprise_user", "stranger", "nobody"])
def test_only_leaders_and_secretaries_set_hours(cast, hours, who):
    for act in (
        lambda: actions.end_hours(hours=hours, until=TUESDAY, by=cast.users[who]),
        lambda: actions.close_day(place=cast.street, window=None, day=TUESDAY, reason="盘点", by=cast.users[who]),
    ):
        with pytest.raises(PermissionDenied):
            act()


def test_ended_hours_keep_what_is_booked(cast, booking, hours):
    actions.end_hours(hours=hours, until=TUESDAY, by=cast.street_leader)
    assert Booking.objects.get().state == State.BOOKED
    with pytest.raises(ValidationError, match="不开放"):
        book(cast, hours.window, cast.enterprise_user, begins=time(10))


def test_a_closed_day_cancels_and_tells_why(cast, booking):
    assert actions.close_day(place=cast.street, window=None, day=TUESDAY, reason="系统升级", by=cast.street_leader) == 1
    assert Booking.objects.get().state == State.CANCELLED
    notice = Notice.objects.get(user=cast.enterprise_user)
    assert "已取消" in notice.title
    assert notice.body == "系统升级"
    actions.open_day(closed=ClosedDay.objects.get(), by=cast.street_leader)
    assert book(cast, booking.window, cast.enterprise_user).state == State.BOOKED


def test_a_holiday_offers_nothing_and_a_worked_weekend_does(cast, hours, window):
    slots = queries.slots_of(cast.street.pk, window.pk, [date(2026, 5, 1), date(2026, 5, 9)])
    assert slots[date(2026, 5, 1)] == [], "Labour Day"
    assert len(slots[date(2026, 5, 9)]) == 4, "a Saturday worked in its stead"


# --- seats ------------------------------------------------------------------------------------------------------------
def test_two_seats_then_full(cast, hours, window):
    book(cast, window, cast.enterprise_user)
    assert book(cast, window, cast.econ_specialist, firm=cast.neighbour).seat == 1
    Booking.objects.filter(enterprise=cast.firm).update(enterprise=cast.far_firm)
    with pytest.raises(ValidationError, match="约满"):
        book(cast, window, cast.enterprise_user)


def test_the_database_itself_refuses_a_seat_given_twice(cast, booking):
    with pytest.raises(IntegrityError), transaction.atomic():
        Booking.objects.create(
            place=booking.place, window=booking.window, enterprise=cast.neighbour, day=booking.day, begins=booking.begins,
            ends=booking.ends, seat=booking.seat, state=State.BOOKED, booked_at=MONDAY,
        )  # fmt: skip


def test_a_cancelled_seat_is_free_at_once(cast, booking):
    actions.move(booking=booking, to=Move.CANCEL, by=cast.enterprise_user)
    assert book(cast, booking.window, cast.econ_specialist, firm=cast.neighbour).seat == 0


def test_an_enterprise_has_two_open_at_one_counter(cast, booking):
    book(cast, booking.window, cast.enterprise_user, begins=time(10))
    with pytest.raises(ValidationError, match="两个未办"):
        book(cast, booking.window, cast.enterprise_user, begins=time(10, 30))
    assert book(cast, booking.window, cast.econ_specialist, begins=time(10, 30)), "the desk may"


def test_nobody_is_at_two_windows_at_once(cast, booking):
    other = Window.objects.exclude(pk=booking.window_id).first()
    actions.set_hours(
        place=cast.street, window=other, weekday=None, begins=time(9, 15), ends=time(10), minutes=15, seats=1,
        since=MONDAY.date(), by=cast.street_leader,
    )  # fmt: skip
    with pytest.raises(ValidationError, match="同一时间"):
        book(cast, other, cast.enterprise_user, begins=time(9, 15))
    assert book(cast, other, cast.enterprise_user, begins=time(9, 30))


def test_a_firm_of_another_street_cannot_come_here(cast, hours, window):
    with pytest.raises(ValidationError, match="服务范围"):
        book(cast, window, cast.far_enterprise_user, firm=cast.far_firm)


@pytest.mark.parametrize("who", ["far_enterprise_user", "stranger", "nobody", "property_manager"])
def test_nobody_books_for_a_firm_that_is_not_theirs(cast, hours, window, who):
    with pytest.raises(PermissionDenied):
        book(cast, window, cast.users[who])


def test_a_service_of_another_window_is_refused(cast, hours, window):
    foreign = Service.objects.exclude(window=window).first()
    with pytest.raises(ValidationError, match="不在这个窗口"):
        actions.book(
            enterprise=cast.firm, place=cast.street, window=window, day=TUESDAY, begins=time(9), service=foreign,
            by=cast.enterprise_user,
        )  # fmt: skip


def test_another_time_frees_the_first(cast, booking):
    actions.change(booking=booking, day=TUESDAY, begins=time(10), by=cast.enterprise_user)
    kept = Booking.objects.get()
    assert (kept.begins, kept.state) == (time(10), State.BOOKED)
    assert queries.taken_of(cast.street.pk, booking.window_id, [TUESDAY]) == {(TUESDAY, time(10)): 1}


def test_a_refused_change_leaves_the_booking_as_it_was(cast, booking):
    with pytest.raises(ValidationError):
        actions.change(booking=booking, day=TUESDAY, begins=time(7), by=cast.enterprise_user)
    assert Booking.objects.get().begins == time(9)


@pytest.mark.django_db(transaction=True)
def test_twelve_want_the_same_slot_at_once(cast, hours, window):
    skip_on_sqlite()
    firms = [cast.firm, cast.neighbour] * 6
    said = at_once(*[partial(book, cast, window, cast.econ_specialist, firm=firm) for firm in firms])
    given = [one for one in said if isinstance(one, Booking)]
    assert len(given) == 2
    assert {one.seat for one in Booking.objects.all()} == {0, 1}
    assert {one.enterprise_id for one in given} == {cast.firm.pk, cast.neighbour.pk}


@pytest.mark.django_db(transaction=True)
def test_nobody_stays_booked_on_a_day_that_is_closed_at_the_same_moment(cast, hours, window):
    skip_on_sqlite()
    close = partial(
        actions.close_day, place=cast.street, window=None, day=TUESDAY, reason="盘点", by=cast.street_leader
    )
    at_once(
        partial(book, cast, window, cast.enterprise_user),
        close,
        partial(book, cast, window, cast.econ_specialist, firm=cast.neighbour),
        close,
    )
    assert ClosedDay.objects.count() == 1, "of two who close it one is told"
    assert not Booking.objects.filter(state=State.BOOKED).exists()


# --- moves ------------------------------------------------------------------------------------------------------------
def test_from_booking_to_case(cast, booking, at):
    cases.seed_defaults(street=cast.street, by=cast.street_leader)
    at(datetime(2026, 3, 3, 9, 2, tzinfo=clock.ZONE))
    category = Category.objects.first()
    with pytest.raises(ValidationError, match="到场"):
        actions.take_in(booking=booking, category=category, title="社保开户", by=cast.econ_specialist)
    actions.move(booking=booking, to=Move.ARRIVE, by=cast.econ_specialist)
    case = actions.take_in(booking=booking, category=category, title="社保开户", by=cast.econ_specialist)
    assert (case.enterprise, case.contact_name) == (cast.firm, "王女士")
    with pytest.raises(ValidationError, match="已经转为"):
        actions.take_in(booking=booking, category=category, title="再来", by=cast.econ_specialist)
    actions.move(booking=booking, to=Move.SERVE, by=cast.econ_specialist)
    assert Booking.objects.get().state == State.SERVED
    assert Entry.objects.filter(verb="bookings.moved").count() == 2


@pytest.mark.parametrize(
    ("moment", "open_"),
    [
        (datetime(2026, 3, 2, 12, tzinfo=clock.ZONE), {Move.CHANGE, Move.CANCEL}),
        (datetime(2026, 3, 3, 8, 50, tzinfo=clock.ZONE), {Move.CHANGE, Move.ARRIVE, Move.SERVE, Move.CANCEL}),
        (datetime(2026, 3, 3, 9, 10, tzinfo=clock.ZONE), {Move.ARRIVE, Move.SERVE, Move.MISS}),
        (datetime(2026, 3, 4, 9, tzinfo=clock.ZONE), {Move.SERVE, Move.MISS}),
    ],
)
def test_what_may_be_done_when(cast, booking, at, moment, open_):
    at(moment)
    assert set(queries.moves_open_to(cast.econ_specialist, booking, moment)) == open_
    for move in set(Move) - open_ - {Move.CHANGE}:
        with pytest.raises((ValidationError, MoveRefused)):
            actions.move(booking=booking, to=move, reason="试", by=cast.econ_specialist)


def test_late_is_not_lost(cast, booking, at):
    at(datetime(2026, 3, 3, 9, 20, tzinfo=clock.ZONE))
    actions.move(booking=booking, to=Move.MISS, by=cast.econ_specialist)
    actions.move(booking=booking, to=Move.ARRIVE, by=cast.econ_specialist)
    assert Booking.objects.get().state == State.ARRIVED


@pytest.mark.parametrize("who", ["stranger", "far_enterprise_user", "nobody", "property_manager", "enterprise_user"])
def test_only_who_serves_notes_that_somebody_came(cast, booking, at, who):
    at(datetime(2026, 3, 3, 9, tzinfo=clock.ZONE))
    with pytest.raises(PermissionDenied):
        actions.move(booking=booking, to=Move.ARRIVE, by=cast.users[who])


def test_the_desk_says_why_it_cancels(cast, booking):
    with pytest.raises(ValidationError, match="原因"):
        actions.move(booking=booking, to=Move.CANCEL, by=cast.econ_specialist)
    actions.move(booking=booking, to=Move.CANCEL, reason="经办人生病", by=cast.econ_specialist)
    assert Notice.objects.get(user=cast.enterprise_user).body == "经办人生病"


def test_every_state_is_reached_by_a_named_move():
    assert {str(move) for move in LIFE.moves} == set(Move.values)
    assert LIFE.states == set(State.values)


# --- the tick ---------------------------------------------------------------------------------------------------------
def test_reminded_once_from_three_on_the_working_day_before(cast, booking, at):
    assert tasks  # registered with the tick
    assert actions.remind(MONDAY.replace(hour=14, minute=59)) == 0
    assert actions.remind(MONDAY.replace(hour=15)) == 1
    assert actions.remind(MONDAY.replace(hour=15, minute=1)) == 0
    assert "提醒" in Notice.objects.get(user=cast.enterprise_user).title


def test_before_a_weekend_it_is_told_on_friday(cast, booking):
    Booking.objects.update(day=date(2026, 3, 9))
    assert actions.remind(datetime(2026, 3, 5, 15, tzinfo=clock.ZONE)) == 0
    assert actions.remind(datetime(2026, 3, 6, 15, tzinfo=clock.ZONE)) == 1


def test_contacts_are_erased_after_ninety_days(cast, booking):
    last = datetime(2026, 3, 3, 12, tzinfo=clock.ZONE) + timedelta(days=rules.KEPT)
    assert actions.forget_contacts(last) == 0
    assert actions.forget_contacts(last + timedelta(days=1)) == 1
    kept = Booking.objects.get()
    assert (kept.contact_name, kept.contact_phone, kept.topic) == ("", "", "社保开户")
