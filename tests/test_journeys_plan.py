"""A week is planned in a real browser, wide and on a phone: proposed, changed by hand, confirmed, read by whoever goes."""

import re

import pytest
from django.urls import reverse
from seen import fits, shows

from linqi.visits.models import PlanStop, PlanTerms, WeekPlan

pytestmark = [pytest.mark.journey, pytest.mark.enable_socket, pytest.mark.django_db(transaction=True)]


def test_a_week_is_proposed_changed_and_confirmed(stage, walker, live_server):
    PlanTerms.objects.update(seconds=1)
    page = walker(stage.econ_specialist)
    page.goto(live_server.url + reverse("visits:weeks"))
    for box in page.locator("[name=people]").all():  # two of them are enough
        box.set_checked(box.get_attribute("value") in {str(stage.econ_specialist.pk), str(stage.party_specialist.pk)})
    page.set_default_timeout(30_000)
    page.get_by_role("button", name="生成建议方案").click()
    page.wait_for_url("**/visits/week/*/")
    shows(page, "任何安排都不会超过")
    assert fits(page)
    plan = WeekPlan.objects.get()
    stop = PlanStop.objects.filter(plan=plan, shift__isnull=False).order_by("shift__day").first()
    other = plan.shifts.exclude(pk=stop.shift_id).filter(day=stop.shift.day, absent=False).first()
    page.goto(f"{live_server.url}{reverse('visits:week', args=[plan.pk])}?day={stop.shift.day}")
    card = page.locator(f"[data-stop='{stop.pk}']")
    card.locator("summary").focus()
    page.keyboard.press("Enter")
    card.get_by_label("放到").select_option(str(other.pk))
    card.get_by_role("button", name="放过去").click()
    shows(page, "人工固定", f"[data-shift='{other.pk}']")
    if page.viewport_size["width"] > 1000:  # and back, by the mouse
        page.drag_and_drop(f"[data-stop='{stop.pk}'] strong", f"[data-shift='{stop.shift_id}'] .card-body")
        shows(page, "人工固定", f"[data-shift='{stop.shift_id}']")
    assert fits(page)

    secretary = walker(stage.community_secretary)
    secretary.goto(live_server.url + reverse("visits:week", args=[plan.pk]))
    secretary.get_by_role("button", name="确认计划").click()
    secretary.get_by_role("button", name=re.compile("确定")).click()
    shows(secretary, "已确认")
    assert fits(secretary)

    person = PlanStop.objects.filter(plan=plan, shift__isnull=False).first().shift.user
    going = walker(person)
    going.goto(live_server.url + reverse("visits:mine"))
    shows(going, stage.building.name)
    going.get_by_role("button", name="生成订阅地址").click()
    assert going.locator("#address").input_value().endswith(".ics")
    assert fits(going)
