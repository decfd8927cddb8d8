"""What was handed in and what is owed, walked by both sides in a browser."""

import os
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from seen import fits, shows

from linqi.cases import actions
from linqi.cases.models import Source
from linqi.catalogue.actions import write_guide
from linqi.catalogue.guides import Material
from linqi.catalogue.models import Category, Service
from linqi.kit import clock
from linqi.kit.access import SYSTEM

pytestmark = [pytest.mark.journey, pytest.mark.enable_socket, pytest.mark.django_db(transaction=True)]


def test_the_window_ticks_the_enterprise_promises_and_it_is_brought(stage, walker, live_server):
    category = Category.objects.get(code="unpaid-receivables")
    write_guide(
        service=Service.objects.filter(window=category.window).first(),
        category=category,
        materials=[Material("合同"), Material("场地证明", later=True)],
        steps=[],
        by=SYSTEM,
    )
    case = actions.open_case(
        enterprise=stage.firm, category=category, title="货款拖欠", source=Source.PORTAL, by=stage.enterprise_user
    )
    actions.accept(case=case, by=stage.department_handler)
    window = walker(stage.department_handler)
    window.goto(live_server.url + reverse("cases:detail", args=[case.pk]))
    window.get_by_text(re.compile("清点“")).click()
    window.get_by_label("合同", exact=True).check()
    window.get_by_role("button", name="清点完毕").click()
    shows(window, "材料已清点", "body")
    shows(window, "尚缺", "#materials")
    firm = walker(stage.enterprise_user)
    firm.goto(live_server.url + reverse("cases:own_one", args=[case.pk]))
    firm.fill("#materials input[type=date]", (clock.today() + timedelta(days=5)).isoformat())
    firm.get_by_role("button", name="承诺补交").click()
    shows(firm, "容缺待补", "#materials")
    assert fits(firm)
    window.reload()
    shows(window, "容缺待补", "#materials")
    assert fits(window)
    if folder := os.environ.get("LINQI_SHOTS"):
        size = window.viewport_size["width"]
        window.locator("#materials").screenshot(path=f"{folder}/desk{size}.png")
        firm.locator("#materials").screenshot(path=f"{folder}/own{size}.png")
    window.get_by_role("button", name="已交来").click()
    shows(window, "已收到", "#materials")
