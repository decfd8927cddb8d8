"""A walk through the organisation in a real browser, wide and on a phone: found a body, seat it, look at a past day."""

from datetime import date

import pytest
from django.urls import reverse
from seen import fits, shows

from linqi.organisation import actions
from linqi.organisation.models import Body

pytestmark = [pytest.mark.journey, pytest.mark.enable_socket, pytest.mark.django_db(transaction=True)]

DAY = date(2026, 3, 2)


def test_a_branch_is_founded_seated_and_seen_on_a_past_day(stage, walker, live_server):
    by = stage.community_secretary
    actions.found_body(kind="community_committee", place=stage.community, name="云谷科创共同体党委", since=DAY, by=by)
    actions.enter_person(place=stage.community, name="许知行", by=by)
    page = walker(stage.party_specialist)
    page.goto(live_server.url + reverse("organisation:coverage") + "?kind=park&organised=none")
    page.get_by_role("link", name=stage.park.name).first.focus()
    page.keyboard.press("Enter")
    page.fill("[name=name]", "云谷一园党支部")
    page.fill("[name=since]", "2026-03-02")
    page.get_by_role("button", name="保存").click()
    shows(page, "下设 1 个组织")
    page.get_by_role("link", name="云谷一园党支部").click()
    shows(page, "空缺")
    page.get_by_role("link", name="安排任职").click()
    page.select_option("[name=person]", label="许知行")
    page.fill("[name=since]", "2026-04-01")
    page.get_by_role("button", name="保存").click()
    shows(page, "许知行")
    assert fits(page)
    page.goto(live_server.url + reverse("organisation:chart") + "?on=2026-03-15")
    shows(page, "云谷一园党支部")
    assert "许知行" not in page.locator("main").inner_text()
    page.goto(live_server.url + reverse("organisation:chart"))
    shows(page, "许知行")
    page.locator(".lq-org summary").first.focus()
    page.keyboard.press("Enter")  # the bodies below fold away by keyboard
    assert not page.get_by_role("link", name="云谷一园党支部").is_visible()
    assert fits(page)
    page.get_by_role("link", name="列表").click()
    shows(page, "云谷一园党支部")
    assert fits(page)
    assert Body.objects.filter(kind="branch").count() == 1
