"""The page in the hand in a real browser: the network cut and brought back, the page closed and opened, two devices, a lost one."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import expect
from seen import fits, shows

from linqi.cases.models import Case
from linqi.kit import clock
from linqi.visits.actions import hand
from linqi.visits.models import Device, FieldConflict, Finding, Operation, Visit

pytestmark = [pytest.mark.journey, pytest.mark.enable_socket, pytest.mark.django_db(transaction=True)]
EXPECTED = re.compile(
    r"net::ERR|401 \(Unauthorized\)"
)  # the network is cut, a device is stopped: the browser tells both
PASSWORD = "走访-2026-hand"
CONTROLLED = """() => navigator.serviceWorker.ready.then(() => new Promise((on) => navigator.serviceWorker.controller
    ? on() : navigator.serviceWorker.addEventListener("controllerchange", on)))"""
SCREEN = {"width": 390, "height": 844}


@pytest.fixture
def planned(stage):
    return Visit.objects.create(
        enterprise=stage.firm,
        place=stage.firm.seat,
        visitor=stage.econ_specialist,
        state="planned",
        planned_for=clock.today(),
    )


class Hand:
    """A phone with the page open; its browser profile outlives the page."""

    def __init__(self, context, address):
        self.context, self.address = context, address
        self.complaints = []
        self.page = None

    def open(self, path=""):
        self.page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda said: (
                self.complaints.append(said.text) if said.type == "error" and not EXPECTED.search(said.text) else None
            ),
        )
        self.page.on("dialog", lambda dialog: dialog.accept())
        self.page.goto(self.address + path)
        return self.page

    def sent(self):
        """Waits until nothing waits to be sent."""
        self.page.get_by_role("button", name="立即同步").click()
        shows(self.page, "已全部送出", "#waiting")
        self.page.wait_for_load_state("networkidle")


@pytest.fixture
def phone(browser, live_server):
    hands = []

    def make(user, name="手机"):
        context = browser.new_context(viewport=SCREEN, locale="zh-CN")
        one = Hand(context, live_server.url + reverse("visits:hand"))
        hands.append(one)
        user.set_password(PASSWORD)
        user.save()
        page = one.open()
        page.get_by_role("link", name="请先登录").click()
        page.fill("input[name=login]", user.username)
        page.fill("input[name=password]", PASSWORD)
        page.get_by_role("button", name=re.compile("登录")).click()
        page.get_by_label("这台设备叫什么").fill(name)
        page.get_by_role("button", name="登记这台设备").click()
        page.get_by_role("link", name="选一幢楼").wait_for()
        page.evaluate(CONTROLLED)
        return one

    yield make
    complaints = [said for one in hands for said in one.complaints]
    for one in hands:
        one.context.close()
    assert not complaints


def test_a_visit_is_finished_without_a_signal_the_page_closed_in_between_and_takes_effect_once(phone, stage, planned):
    mine = phone(stage.econ_specialist)
    shows(mine.page, stage.firm.name)
    assert fits(mine.page)
    mine.sent()

    mine.context.set_offline(True)
    mine.page.close()
    page = mine.open()
    shows(page, "没有网络", "#status")
    page.get_by_role("link", name=re.compile(stage.firm.name)).click()
    page.get_by_label("见到谁").fill("财务")
    page.get_by_label("走访情况").fill("设备进场，想再租半层")
    page.get_by_role("button", name="完成走访").click()
    shows(page, "2 条等待送出", "#waiting")
    page.get_by_role("button", name="风险线索").click()
    page.get_by_label("看到或听到什么").fill("门口堆了纸箱")
    page.get_by_role("button", name="登记", exact=True).click()
    shows(page, "3 条等待送出", "#waiting")
    assert fits(page)
    page.close()

    page = mine.open()
    shows(page, "3 条等待送出", "#waiting")
    assert Operation.objects.count() == 0
    mine.context.set_offline(False)
    mine.sent()
    planned.refresh_from_db()
    assert (planned.state, planned.met, planned.summary) == ("done", "财务", "设备进场，想再租半层")
    assert [one.text for one in Finding.objects.filter(visit=planned)] == ["门口堆了纸箱"]
    mine.sent()
    page.reload()
    mine.sent()
    assert list(Operation.objects.values_list("seq", "kind", "outcome")) == [
        (1, "set", "applied"), (2, "finish", "applied"), (3, "finding", "applied"),
    ]  # fmt: skip


def test_two_devices_say_different_things_and_a_person_settles_it_on_one_of_them(phone, stage, planned):
    one, two = phone(stage.econ_specialist, "手机"), phone(stage.econ_specialist, "平板")
    one.sent(), two.sent()
    for hand_, met in ((one, "财务"), (two, "负责人")):
        hand_.context.set_offline(True)
        hand_.page.get_by_role("link", name=re.compile(stage.firm.name)).click()
        hand_.page.get_by_label("见到谁").fill(met)
        hand_.page.get_by_role("button", name="存下").click()
        shows(hand_.page, "1 条等待送出", "#waiting")
    one.context.set_offline(False)
    one.sent()
    two.context.set_offline(False)
    two.sent()
    page = two.page
    shows(page, "两人填写不一致")
    shows(page, "负责人")
    page.get_by_role("link", name="返回").click()
    page.get_by_role("link", name="1 条需要处理").click()
    shows(page, "别人也填了同一栏，两种写法都保留了")
    assert fits(page)
    page.get_by_role("link", name="打开").click()
    page.get_by_label("确认为").fill("财务和负责人")
    page.get_by_role("button", name="确认", exact=True).click()
    two.sent()
    planned.refresh_from_db()
    assert planned.met == "财务和负责人"
    assert not FieldConflict.objects.filter(settled_at=None).exists()
    one.sent()
    expect(one.page.get_by_label("见到谁")).to_have_value("财务和负责人")


def test_a_device_that_is_stopped_forgets_all_at_its_next_contact(phone, stage, planned):
    mine = phone(stage.econ_specialist)
    shows(mine.page, stage.firm.name)
    mine.sent()
    hand.revoke_device(device=Device.objects.get(), by=stage.econ_specialist)
    mine.page.get_by_role("button", name="立即同步").click()
    shows(mine.page, "本机内容已清除", "#status")
    left = mine.page.evaluate(
        """() => new Promise((done) => { const asked = indexedDB.open("linqi-hand"); asked.onsuccess = () => {
        const stores = [...asked.result.objectStoreNames], open = asked.result.transaction(stores); let all = 0;
        for (const name of stores) open.objectStore(name).count().onsuccess = (said) => (all += name === "meta" ? 0 : said.target.result);
        open.oncomplete = () => done(all); }; })"""
    )
    assert left <= 1  # at most a fresh key
    assert Device.objects.get().wiped_at is not None
    assert stage.firm.name not in mine.page.inner_text("main")


def test_what_is_kept_on_the_device_cannot_be_read_in_its_files_and_ends_after_a_week(phone, stage, planned):
    mine = phone(stage.econ_specialist)
    shows(mine.page, stage.firm.name)
    mine.sent()
    kept = mine.page.evaluate(
        """() => new Promise((done) => { const asked = indexedDB.open("linqi-hand"); asked.onsuccess = () => {
        const open = asked.result.transaction(["sheets", "key"]); let rows, key;
        open.objectStore("sheets").getAll().onsuccess = (said) => (rows = said.target.result);
        open.objectStore("key").get("seal").onsuccess = (said) => (key = said.target.result);
        open.oncomplete = () => done([rows.map((row) => new TextDecoder().decode(row.data)).join(), key.extractable, rows.length]); }; })"""
    )
    assert kept[1:] == [False, 1]
    assert stage.firm.name not in kept[0]
    mine.context.set_offline(True)
    mine.page.clock.set_fixed_time(clock.now() + timedelta(days=8))
    mine.page.reload()
    shows(mine.page, "本机的走访单已失效", "#status")
    assert stage.firm.name not in mine.page.inner_text("main")


def test_at_the_door_of_a_building_one_starts_by_its_label_and_reports_a_problem_that_is_compared(phone, stage):
    mine = phone(stage.econ_specialist)
    mine.sent()
    page = mine.page
    page.goto(mine.address.removesuffix("hand/") + f"hand/label/{stage.building.pk}/")
    shows(page, f"楼门编号 {stage.building.pk}")
    assert page.locator(".hand-code svg").count() == 1
    assert fits(page)
    page.goto(f"{mine.address}?b={stage.building.pk}")
    page.get_by_role("button", name=re.compile(stage.firm.name)).click()
    page.get_by_label("走访情况").fill("电梯常停")
    page.get_by_role("button", name="完成走访").click()
    for title in ("电梯停运", "电梯又停运"):
        page.get_by_role("button", name="问题").click()
        page.get_by_label("事项").fill(title)
        page.get_by_label("诉求类别").select_option(index=1)
        page.get_by_role("button", name="登记", exact=True).click()
    mine.sent()
    visit = Visit.objects.get()
    assert (visit.state, visit.summary) == ("done", "电梯常停")
    assert Case.objects.filter(enterprise=stage.firm).count() == 1
    page.get_by_role("link", name="返回").click()
    page.get_by_role("link", name="1 条需要处理").click()
    shows(page, "这家企业有同类办件正在办理")
    page.get_by_role("button", name=re.compile("是，并入")).click()
    mine.sent()
    assert Case.objects.filter(enterprise=stage.firm).count() == 1
    assert Finding.objects.filter(visit=visit, kind="problem").count() == 2
