"""The page in the hand in a real browser: the network cut and brought back, the page closed and opened, two devices, a lost one."""

import json
import os
import re
import socket
import subprocess
import sys
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from line import Line
from PIL import Image
from playwright.sync_api import expect
from seen import fits, shows

from conftest import CHROMIUM
from linqi.cases.models import Case
from linqi.kit import clock
from linqi.visits.actions import fields, hand
from linqi.visits.models import Device, FieldConflict, Finding, Operation, Photo, Spot, Visit

pytestmark = [pytest.mark.journey, pytest.mark.enable_socket, pytest.mark.django_db(transaction=True)]
EXPECTED = re.compile(
    r"net::ERR|401 \(Unauthorized\)"
)  # the network is cut, a device is stopped: the browser tells both
PASSWORD = "走访-2026-hand"
CONTROLLED = """() => navigator.serviceWorker.ready.then(() => new Promise((on) => navigator.serviceWorker.controller
    ? on() : navigator.serviceWorker.addEventListener("controllerchange", on)))"""
ROOT = Path(__file__).resolve().parent.parent
SCREEN = {"width": 390, "height": 844}


@pytest.fixture
def planned(stage):
    return Visit.objects.create(
        enterprise=stage.firm,
        place=stage.firm.seat,
        street=stage.street,
        visitor=stage.econ_specialist,
        state="planned",
        planned_for=clock.today(),
    )


class Hand:
    """A phone with the page open; its browser profile outlives the page."""

    def __init__(self, context, line):
        self.context, self.line, self.address = context, line, line.url + reverse("visits:hand")
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

    def loses_signal(self):
        """The line is cut, and the browser knows."""
        self.line.cut()
        self.context.set_offline(True)

    def finds_signal(self):
        """The line is there again, and the browser knows."""
        self.line.mend()
        self.context.set_offline(False)

    def sent(self):
        """Waits until nothing waits to be sent."""
        self.page.get_by_role("button", name="立即同步").click()
        shows(self.page, "已全部送出", "#waiting")
        self.page.wait_for_load_state("networkidle")


@pytest.fixture
def phone(browser, live_server):
    hands, ended = [], ExitStack()

    def make(user, name="手机", **more):
        context = browser.new_context(viewport=SCREEN, locale="zh-CN", **more)
        one = Hand(context, ended.enter_context(Line(live_server.url)))
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
    ended.close()
    assert not complaints


def test_a_visit_is_finished_without_a_signal_the_page_closed_in_between_and_takes_effect_once(phone, stage, planned):
    mine = phone(stage.econ_specialist)
    shows(mine.page, stage.firm.name)
    assert fits(mine.page)
    mine.sent()

    mine.loses_signal()
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
    mine.finds_signal()
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
        hand_.loses_signal()
        hand_.page.get_by_role("link", name=re.compile(stage.firm.name)).click()
        hand_.page.get_by_label("见到谁").fill(met)
        hand_.page.get_by_role("button", name="存下").click()
        shows(hand_.page, "1 条等待送出", "#waiting")
    one.finds_signal()
    one.sent()
    two.finds_signal()
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
    mine.loses_signal()
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


def test_a_picture_is_kept_without_a_signal_sealed_until_it_is_sent_and_taken_back(phone, stage, planned, tmp_path):
    exif = Image.Exif()
    exif[0x010F] = "某手机"
    Image.new("RGB", (2400, 1800), "#0f4c54").save(tmp_path / "shot.jpg", exif=exif)
    mine = phone(stage.econ_specialist)
    mine.sent()
    mine.loses_signal()
    page = mine.page
    page.get_by_role("link", name=re.compile(stage.firm.name)).click()
    shows(page, "没有照片一样完成走访")
    page.get_by_label("拍照或选一张").set_input_files(tmp_path / "shot.jpg")
    page.get_by_label("拍的是什么").fill("配电箱没有盖")
    assert fits(page)
    page.get_by_role("button", name="留存").click()
    shows(page, "1 条等待送出", "#waiting")
    shows(page, "配电箱没有盖")
    sealed = page.evaluate(
        """() => new Promise((done) => { const asked = indexedDB.open("linqi-hand"); asked.onsuccess = () => {
        asked.result.transaction("pictures").objectStore("pictures").getAll().onsuccess = (said) =>
        done(said.target.result.map((row) => [Object.keys(row).sort().join(), row.data.byteLength])); }; })"""
    )
    assert [kept for kept, _bytes in sealed] == ["data,iv"]
    mine.finds_signal()
    mine.sent()
    photo = Photo.objects.get()
    assert photo.note == "配电箱没有盖"
    with Image.open(photo.file.open("rb")) as kept:
        assert (max(kept.size), len(kept.getexif())) == (1600, 0)
    left = page.evaluate(
        """() => new Promise((done) => { const asked = indexedDB.open("linqi-hand"); asked.onsuccess = () => {
        asked.result.transaction("pictures").objectStore("pictures").count().onsuccess = (said) => done(said.target.result); }; })"""
    )
    assert left == 0
    page.get_by_role("button", name="撤回").click()
    mine.sent()
    assert not Photo.objects.exists()


def test_a_patrol_says_why_it_asks_for_a_place_and_an_ordinary_visit_never_asks(phone, stage, planned):
    here = {
        "geolocation": {"latitude": 30.29123, "longitude": 119.98765, "accuracy": 18},
        "permissions": ["geolocation"],
    }
    mine = phone(stage.governance_specialist, **here)
    mine.sent()
    page = mine.page
    page.goto(f"{mine.address}?b={stage.building.pk}")
    page.get_by_label("走访类别").select_option(label="应急巡查")
    page.get_by_role("button", name=re.compile(stage.firm.name)).click()
    shows(page, "请填写“为什么巡查”", "#status")
    page.get_by_label("为什么巡查").fill("燃气报警")
    page.get_by_role("button", name=re.compile(stage.firm.name)).click()
    shows(page, "只留这一次，不记路线")
    shows(page, "不同意也照常完成巡查")
    assert fits(page)
    page.get_by_role("button", name="同意，留一次位置").click()
    shows(page, "已留一处位置")
    mine.sent()
    spot = Spot.objects.get()
    assert (spot.lat, spot.lon, spot.within, spot.visit.kind) == (30.29123, 119.98765, 18, "emergency")
    page.get_by_role("button", name="撤回").click()
    mine.sent()
    assert not Spot.objects.exists()
    Visit.objects.filter(pk=planned.pk).update(visitor=stage.governance_specialist)
    mine.sent()
    page.goto(f"{mine.address}#/visit/{planned.pk}")
    expect(page.locator("main")).not_to_contain_text(
        "巡查位置"
    )  # only the hash changes: the page of the patrol may still stand
    shows(page, "走访情况")


def test_the_floors_of_the_building_are_there_without_a_signal(phone, stage, planned):
    mine = phone(stage.econ_specialist)
    mine.sent()
    mine.loses_signal()
    page = mine.page
    page.get_by_role("link", name=re.compile(stage.firm.name)).click()
    page.get_by_role("link", name=re.compile("楼层图")).click()
    shows(page, "3层")
    shows(page, stage.neighbour.name)
    assert fits(page)
    page.get_by_role("link", name=re.compile(stage.firm.name)).click()
    shows(page, "走访情况")


def test_a_draft_begun_before_another_wrote_does_not_overwrite_them_unseen(phone, stage, planned):
    mine = phone(stage.econ_specialist)
    mine.sent()
    page = mine.page
    page.get_by_role("link", name=re.compile(stage.firm.name)).click()
    page.get_by_label("见到谁").fill("财务")
    page.wait_for_timeout(800)  # the draft is kept by itself
    page.close()
    fields.say_of_visit(visit=planned, said={"met": "负责人"}, seen=None, by=stage.community_secretary)
    page = mine.open()
    mine.sent()
    page.get_by_role("link", name=re.compile(stage.firm.name)).click()
    expect(page.get_by_label("见到谁")).to_have_value("财务")
    page.get_by_role("button", name="存下").click()
    mine.sent()
    shows(page, "两人填写不一致")
    planned.refresh_from_db()
    assert (planned.met, FieldConflict.objects.get().value) == ("负责人", "财务")


def test_the_page_is_not_drawn_anew_under_the_hands_of_who_has_just_begun_to_type(phone, stage, planned):
    mine = phone(stage.econ_specialist)
    mine.sent()
    page = mine.page
    page.get_by_role("link", name=re.compile(stage.firm.name)).click()
    page.get_by_label("见到谁").wait_for()
    page.evaluate(
        """() => { dispatchEvent(new Event("hashchange")); // what a sync that ends does: the page is about to be drawn
        const met = document.querySelector("#f-met"); met.value = "财务"; met.dispatchEvent(new Event("input", { bubbles: true })); }"""
    )
    page.wait_for_timeout(500)
    expect(page.get_by_label("见到谁")).to_have_value("财务")
    page.get_by_role("button", name="存下").click()
    mine.sent()
    planned.refresh_from_db()
    assert planned.met == "财务"


def test_two_browsers_and_a_desk_lose_and_double_nothing_while_the_network_fails_and_the_server_is_killed(tmp_path):
    """`bench/sync_browser.py`, small: a real server on a database of its own, killed with signal 9; LINQI_BROWSER_VISITS makes it larger."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    visits = int(os.environ.get("LINQI_BROWSER_VISITS", "6"))
    asked = ["--visits", str(visits), "--acts", str(visits * 5), "--kills", "1", "--port", str(free_port())]
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "DJANGO_SETTINGS_MODULE"}}
    ran = subprocess.run(
        [sys.executable, "-m", "bench.sync_browser", *asked],
        cwd=ROOT, env={**kept, "LINQI_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, f"{ran.stdout[-3000:]}\n{ran.stderr[-3000:]}"
    report = json.loads(ran.stdout)
    assert report["faults_found"] == []
    assert (report["people"], report["faults_put_in"]["kill -9"]) == (3, 1)
    assert report["operations"] >= visits


def free_port():
    """A port of which the next is free too."""
    while True:
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            try:
                two.bind(("127.0.0.1", one.getsockname()[1] + 1))
            except OSError:
                continue
            return one.getsockname()[1]
