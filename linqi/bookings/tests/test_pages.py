"""The pages of bookings as people meet them."""

from datetime import date, datetime, time

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from icalendar import Calendar

from linqi.bookings import actions
from linqi.bookings.flow import State
from linqi.bookings.models import Booking, WindowHours
from linqi.cases import actions as cases
from linqi.cases.models import Case
from linqi.catalogue.models import Category
from linqi.kit import clock

from .conftest import TUESDAY


def text(answer):
    """What the page says."""
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_founder_books_changes_and_cancels(as_, cast, hours):
    browser = as_("enterprise_user")
    assert "约好时间再来" in text(browser.get(reverse("bookings:mine")))
    page = f"{reverse('bookings:own_new')}?day={TUESDAY}"
    shown = text(browser.get(page))
    assert "09:30–10:00，余 2 个" in shown
    refused = text(browser.post(page, {"slot": "09:30"}))
    assert "请选择办理事项，或写一句要办什么" in refused
    answer = browser.post(page, {"slot": "09:30", "topic": "社保开户", "contact_name": "王女士"})
    made = Booking.objects.get()
    assert answer.url == reverse("bookings:own_one", args=[made.pk])
    assert (made.day, made.begins, made.enterprise) == (TUESDAY, time(9, 30), cast.firm)
    assert "王女士" in text(browser.get(answer.url))
    change = f"{reverse('bookings:own_change', args=[made.pk])}?day={TUESDAY}"
    assert "原定 2026-03-03 09:30" in text(browser.get(change))
    browser.post(change, {"slot": "10:00"})
    assert Booking.objects.get().begins == time(10)
    browser.post(reverse("bookings:own_cancel", args=[made.pk]))
    assert Booking.objects.get().state == State.CANCELLED


def test_a_slot_that_has_just_gone_is_told_as_such(as_, cast, booking, hours):
    WindowHours.objects.update(seats=1)
    browser = as_("econ_specialist")
    page = f"{reverse('bookings:new')}?enterprise={cast.neighbour.pk}&day={TUESDAY}"
    assert "刚刚约满" in text(browser.post(page, {"slot": "09:00", "topic": "咨询"}))
    assert Booking.objects.count() == 1


def test_the_desk_picks_a_firm_books_and_receives_it(as_, cast, hours, at):
    cases.seed_defaults(street=cast.street, by=cast.street_leader)
    browser = as_("econ_specialist")
    assert "晴川" in text(browser.get(reverse("bookings:pick"), {"q": "晴川"}))
    page = f"{reverse('bookings:new')}?enterprise={cast.firm.pk}&day={TUESDAY}"
    browser.post(page, {"slot": "09:00", "topic": "社保开户"})
    made = Booking.objects.get()
    at(datetime(2026, 3, 3, 9, 5, tzinfo=clock.ZONE))
    day = text(browser.get(reverse("bookings:day")))
    assert "共 1 个预约" in day
    assert "晴川" in day
    answer = browser.post(reverse("bookings:move", args=[made.pk, "arrive"]), {"back": "day"})
    assert answer.url == f"{reverse('bookings:day')}?day=2026-03-03"
    assert "转为办件" in text(browser.get(reverse("bookings:one", args=[made.pk])))
    said = {"case-category": Category.objects.first().pk, "case-title": "社保开户"}
    answer = browser.post(reverse("bookings:take_in", args=[made.pk]), said)
    assert answer.url == reverse("cases:detail", args=[Case.objects.get().pk])
    assert Case.objects.get().number in text(browser.get(reverse("bookings:one", args=[made.pk])))


def test_hours_are_set_and_ended_on_one_page(as_, cast, at, window):
    browser = as_("street_leader")
    page = reverse("bookings:hours")
    said = {
        "hours": "1", "h-place": cast.street.pk, "h-window": window.pk, "h-weekday": "", "h-begins": "09:00",
        "h-ends": "12:00", "h-minutes": "30", "h-seats": "2", "h-since": "2026-03-02",
    }  # fmt: skip
    browser.post(page, said)
    row = WindowHours.objects.get()
    assert "每个工作日" in text(browser.get(page))
    assert "重叠" in text(browser.post(page, said)), "the same hours again"
    browser.post(
        page, {"closed": "1", "c-place": cast.street.pk, "c-window": "", "c-day": "2026-03-05", "c-reason": "盘点"}
    )
    assert "盘点" in text(browser.get(page))
    browser.post(reverse("bookings:end_hours", args=[row.pk]), {"until": "2026-03-09"})
    assert str(WindowHours.objects.get().until) == "2026-03-09"


def test_staff_who_may_not_set_hours_see_them_without_forms(as_, hours):
    page = text(as_("econ_specialist").get(reverse("bookings:hours")))
    assert "09:00–11:00" in page
    assert "新增开放时间" not in page


def test_the_calendar_entry_says_when_and_where(as_, booking):
    answer = as_("enterprise_user").get(reverse("bookings:own_calendar", args=[booking.pk]))
    event = next(iter(Calendar.from_ical(answer.content).walk("VEVENT")))
    assert event["dtstart"].dt == datetime(2026, 3, 3, 9, tzinfo=clock.ZONE)
    assert event["location"] == "前滩街道"


def test_the_list_is_filtered_and_exported(as_, booking):
    browser = as_("econ_specialist")
    assert "社保开户" in text(browser.get(reverse("bookings:list"), {"q": "晴川"}))
    assert "社保开户" not in text(browser.get(reverse("bookings:list"), {"state": "missed"}))
    exported = b"".join(browser.get(reverse("bookings:list"), {"export": "csv"}).streaming_content)
    assert "社保开户".encode() in exported


@pytest.mark.parametrize("who", ["stranger", "far_enterprise_user", "nobody"])
def test_strangers_meet_no_booking(as_, booking, who):
    browser = as_(who)
    for name in ("one", "own_one", "change", "own_change", "own_calendar"):
        assert browser.get(reverse(f"bookings:{name}", args=[booking.pk])).status_code in (403, 404)


def test_a_day_costs_the_same_whatever_comes(as_, cast, hours, booking):
    browser = as_("econ_specialist")
    page = f"{reverse('bookings:day')}?day={TUESDAY}"
    browser.get(page)
    with CaptureQueriesContext(connection) as before:
        browser.get(page)
    at = {"place": cast.street, "window": hours.window, "day": TUESDAY, "topic": "咨询"}
    for begins in (9, 10):
        actions.book(enterprise=cast.neighbour, **at, begins=time(begins), by=cast.econ_specialist)
    with CaptureQueriesContext(connection) as after:
        browser.get(page)
    assert len(after) == len(before)


@pytest.mark.parametrize("day", ["2026-99-99", "0001-01-01", "9999-12-31", "电梯"])
def test_a_made_up_day_is_today(as_, hours, day):
    assert "2026-03-02" in text(as_("econ_specialist").get(reverse("bookings:day"), {"day": day}))


def test_the_working_days_beside_a_day_skip_the_weekend(as_, hours):
    page = as_("econ_specialist").get(reverse("bookings:day"), {"day": "2026-03-08"}).context
    assert (page["before"], page["after"], page["working"]) == (date(2026, 3, 6), date(2026, 3, 9), False)


def test_only_who_may_export_leaves_an_export_in_the_journal(cast, booking):
    with pytest.raises(PermissionDenied):
        actions.record_export(rows=1, asked="", by=cast.enterprise_user)
