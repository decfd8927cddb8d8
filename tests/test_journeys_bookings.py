"""A window is opened, booked, moved, received and becomes a case: walked by all four in a browser."""

import os
from datetime import datetime, time, timedelta

import pytest
from django.urls import reverse
from seen import fits, shows

from linqi.bookings.models import Booking
from linqi.cases.models import Case
from linqi.catalogue.models import Category, Window
from linqi.kit import clock

pytestmark = [pytest.mark.journey, pytest.mark.enable_socket, pytest.mark.django_db(transaction=True)]


def test_from_opening_hours_to_a_case(stage, walker, live_server, monkeypatch):
    monday = datetime(2026, 3, 2, 8, 0, tzinfo=clock.ZONE)
    monkeypatch.setattr(clock, "now", lambda: monday)
    window = Window.objects.order_by("number").first()
    leader = walker(stage.street_leader)
    leader.goto(live_server.url + reverse("bookings:hours"))
    leader.select_option("#id_h-window", str(window.pk))
    leader.fill("#id_h-begins", "09:00")
    leader.fill("#id_h-ends", "11:00")
    leader.fill("#id_h-seats", "1")
    leader.get_by_role("button", name="保存").click()
    shows(leader, "企业现在可以预约", "body")
    shows(leader, "09:00–11:00", "body")
    _shot(leader, "hours")
    assert fits(leader)

    firm = walker(stage.enterprise_user)
    firm.goto(live_server.url + reverse("bookings:mine"))
    firm.get_by_role("link", name="预约窗口").first.click()
    firm.locator(".lq-tabs a", has_text="03-03").click()
    firm.wait_for_url("**day=2026-03-03**")
    firm.get_by_label("09:30–10:00，余 1 个").check()
    firm.fill("#id_topic", "社保开户")
    assert fits(firm)
    _shot(firm, "choose")
    firm.get_by_role("button", name="预约窗口").click()
    shows(firm, "前一个工作日下午会提醒您", "body")
    firm.get_by_role("link", name="改期").click()
    firm.locator(".lq-tabs a", has_text="03-03").click()
    firm.wait_for_url("**day=2026-03-03**")
    firm.get_by_label("10:00–10:30，余 1 个").check()
    firm.get_by_role("button", name="改期").click()
    shows(firm, "10:00–10:30", "body")
    assert fits(firm)
    booked = Booking.objects.get()
    assert booked.begins == time(10)

    monkeypatch.setattr(clock, "now", lambda: monday + timedelta(days=1, hours=2))
    desk = walker(stage.econ_specialist)
    desk.goto(live_server.url + reverse("bookings:day"))
    shows(desk, "社保开户", "body")
    assert fits(desk)
    _shot(desk, "day")
    desk.get_by_role("button", name="到场", exact=True).click()
    shows(desk, "已到场", "table")
    desk.goto(live_server.url + reverse("bookings:one", args=[booked.pk]))
    desk.select_option("#id_case-category", str(Category.objects.filter(window=window).first().pk))
    assert fits(desk)
    _shot(desk, "one")
    desk.get_by_role("button", name="提交办件").click()
    shows(desk, "已转为办件并派单", "body")
    assert Case.objects.get().title == "社保开户"


def _shot(page, name):
    if folder := os.environ.get("LINQI_SHOTS"):
        page.screenshot(path=f"{folder}/{name}{page.viewport_size['width']}.png", full_page=True)
