"""The first ten minutes of a new specialist, on a phone, in the generated street: what docs/ten_minutes.md shows 十分钟上手.

LINQI_SHOTS=folder keeps a picture of each step.
"""

import os
import re
from pathlib import Path

import pytest
from django.urls import reverse
from line import Line
from seen import fits, shows

from linqi.accounts.models import User
from linqi.cases.models import Case
from linqi.dashboards.demo.actions import fill
from linqi.enterprises.models import Claim, Fact
from linqi.visits.models import Operation, Visit

pytestmark = [pytest.mark.journey, pytest.mark.enable_socket, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 390, "height": 844}
CUT = re.compile(r"net::ERR")  # the network is cut for a while: the browser says so
READY = """() => navigator.serviceWorker.ready.then(() => new Promise((on) => navigator.serviceWorker.controller
    ? on() : navigator.serviceWorker.addEventListener("controllerchange", on)))"""


class Album:
    """The pictures of a walk, one for each step, as a phone shows it."""

    def __init__(self, page):
        self.page, self.folder, self.number = page, os.environ.get("LINQI_SHOTS"), 0

    def keep(self, name, seen=None):
        """Every step fits the screen; the picture is kept when somebody wants it. `seen`: what must be in it."""
        assert fits(self.page), name
        self.number += 1
        if not self.folder:
            return
        if seen is None:
            self.page.evaluate("scrollTo(0, 0)")
        else:
            seen.first.evaluate("one => scrollTo(0, one.getBoundingClientRect().top + scrollY - 110)")
        Path(self.folder).mkdir(parents=True, exist_ok=True)
        self.page.wait_for_timeout(300)
        self.page.screenshot(path=Path(self.folder) / f"{self.number:02}-{name}.png")


@pytest.fixture
def street(transactional_db):
    """The generated street, small; the password of its econ specialist."""
    filled = fill(size="small", seed=1)
    return {one.username: one.password for one in filled.credentials}


@pytest.fixture
def line(live_server):
    with Line(live_server.url) as line:
        yield line


@pytest.fixture
def phone(browser):
    complaints = []
    context = browser.new_context(viewport=PHONE, locale="zh-CN", device_scale_factor=2, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda said: complaints.append(said.text) if said.type == "error" and not CUT.search(said.text) else None,
    )
    page.on("dialog", lambda dialog: dialog.accept())
    yield page
    context.close()
    assert not complaints


def test_ten_minutes_of_a_new_specialist(street, line, phone):
    page, album, me = phone, Album(phone), User.objects.get(username="economy")
    address = line.url

    # 1. Sign in, and see today.
    page.goto(address)
    page.fill("input[name=login]", "economy")
    page.fill("input[name=password]", street["economy"])
    album.keep("sign-in")
    page.get_by_role("button", name=re.compile("登录")).click()
    shows(page, "今天先去看谁")
    listed = page.locator(f"a[href*='{reverse('visits:plan')}?enterprise=']")
    first, second = (listed.nth(at).get_attribute("href") for at in range(2))
    album.keep("today", page.get_by_text("今天先去看谁"))

    # 2. The first firm: why it must be visited, and the visit.
    page.goto(address + first)
    shows(page, "去之前看一眼")
    album.keep("why", page.get_by_text("去之前看一眼"))
    page.get_by_role("link", name=re.compile("直接记录")).click()
    page.fill("[name=met]", "行政人事")
    page.fill("[name=summary]", "三楼两部电梯停了一部，早上排队二十分钟。")
    page.fill("[name=next_step]", "问物业何时修好，周五回访")
    album.keep("record", page.locator("[name=met]"))
    page.get_by_role("button", name="保存记录").click()
    page.wait_for_url(re.compile(r"/visits/\d+/$"))
    visit = Visit.objects.get(pk=int(page.url.rstrip("/").rpartition("/")[2]))
    assert (visit.state, visit.met, visit.visitor) == ("done", "行政人事", me)

    # 3. A problem: compared with what is open, then one door, the right section and a day.
    before = Case.objects.count()
    page.locator("#add").get_by_role("link", name="问题").click()
    page.locator("input[name$=title]").fill("三楼电梯停了一部")
    offered = page.locator("select[name$=category] option").all_inner_texts()
    page.locator("select[name$=category]").select_option(label=next(one for one in offered if "物业" in one))
    new = page.locator("input[name=join][value=new]")
    if new.count():
        new.check()
    album.keep("problem", page.locator("#add"))
    page.get_by_role("button", name="登记问题").click()
    shows(page, "三楼电梯停了一部", "#findings")
    case = Case.objects.order_by("-pk").first()
    assert (Case.objects.count(), case.enterprise) == (before + 1, visit.enterprise)
    assert case.due_at > case.opened_at
    album.keep("reported", page.locator("#findings"))

    # 4. The second firm is put on the phone's list, and seen where there is no signal.
    page.goto(address + second)
    page.get_by_role("button", name="安排", exact=True).click()
    page.wait_for_url(re.compile(r"/visits/\d+/$"))
    planned = Visit.objects.get(pk=int(page.url.rstrip("/").rpartition("/")[2]))
    page.goto(address + reverse("visits:hand"))
    page.get_by_label("这台设备叫什么").fill("工作手机")
    album.keep("register")
    page.get_by_role("button", name="登记这台设备").click()
    page.get_by_role("link", name="选一幢楼").wait_for()
    page.evaluate(READY)
    page.get_by_role("button", name="立即同步").click()
    shows(page, "已全部送出", "#waiting")
    shows(page, planned.enterprise.name)
    page.wait_for_load_state("networkidle")
    page.evaluate("document.activeElement.blur()")
    album.keep("in-the-hand")
    line.cut()
    page.context.set_offline(True)
    page.get_by_role("link", name=re.compile(re.escape(planned.enterprise.name))).first.click()
    shows(page, "走访事由")
    shows(page, "没有网络", "#status")
    album.keep("sheet")
    page.get_by_role("link", name=re.compile("楼层图")).click()
    shows(page, planned.enterprise.name)
    album.keep("floors", page.get_by_role("link", name=planned.enterprise.name))
    page.get_by_role("link", name=planned.enterprise.name).first.click()
    page.get_by_label("见到谁").fill("负责人")
    page.get_by_label("走访情况").fill("地下机房没有信号，照常填写：设备月底进场，想多租半层。")
    album.keep("no-signal", page.get_by_label("见到谁"))
    page.get_by_role("button", name="完成走访").click()
    shows(page, "等待送出", "#waiting")
    sent = Operation.objects.count()
    album.keep("waiting")
    line.mend()
    page.context.set_offline(False)
    page.get_by_role("button", name="立即同步").click()
    shows(page, "已全部送出", "#waiting")
    assert Operation.objects.count() > sent
    planned.refresh_from_db()
    assert (planned.state, planned.met) == ("done", "负责人")
    assert "地下机房没有信号" in planned.summary
    album.keep("sent")

    # 5. A claim somebody brought is confirmed and becomes a fact.
    page.goto(address + reverse("enterprises:claims"))
    shows(page, "待核")
    album.keep("claims")
    facts = Fact.objects.count()
    waiting = Claim.objects.filter(state="waiting").count()
    page.locator("tbody tr a").first.click()
    shows(page, "采信后会怎样")
    page.get_by_role("button", name="采信", exact=True).click()
    shows(page, "撤回结论")
    assert Claim.objects.filter(state="waiting").count() == waiting - 1
    assert Fact.objects.count() == facts + 1
    album.keep("confirmed")
