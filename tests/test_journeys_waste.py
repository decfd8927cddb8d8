"""From what a bin tells to the correction, and to the officers: walked in a browser by those who look, those who act and the enterprise."""

import hashlib
import io
import os
import zipfile
from datetime import date, datetime, timedelta

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from PIL import Image, ImageDraw
from seen import fits, shows

from linqi.enterprises.models import Tenancy
from linqi.kit import clock
from linqi.kit.clock import ZONE
from linqi.organisation.models import Company
from linqi.waste.models import Bin, Card, Device, Duty, Fitting, Picture, Point, Standing, Task
from linqi.waste.rules.messages import Incoming
from linqi.waste.storing import store

pytestmark = [pytest.mark.journey, pytest.mark.enable_socket, pytest.mark.django_db(transaction=True)]
MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=ZONE)
BEGAN = datetime(2026, 1, 1, tzinfo=ZONE)
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def at(monkeypatch):
    """Set the clock of the product."""

    def move(moment):
        monkeypatch.setattr(clock, "now", lambda: moment)

    move(MONDAY)
    return move


@pytest.fixture
def files(settings, tmp_path):
    """Pictures of this walk lie in a folder of its own."""
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}},
    }
    return tmp_path


@pytest.fixture
def chip(stage, at, files):
    """A bin of the third floor with a chip on it, cards of both firms, and a property company that answers for the point."""
    day = date(2026, 1, 1)
    Tenancy.objects.update(since=day)
    point = Point.objects.create(
        place=stage.floor, kind="drop", name="3层茶水间投放点", since=day, reviewed_on=day, published_on=day
    )
    company = Company.objects.create(place=stage.street, kind="property", name="云谷物业有限公司", since=day)
    Duty.objects.create(point=point, kind="operator", company=company, since=day)
    bin_ = Bin.objects.create(code="QT-0301", stream="residual", place=stage.floor, since=day)
    Standing.objects.create(bin=bin_, point=point, since=BEGAN)
    device = Device.objects.create(serial="cam-0301", kind="camera", place=stage.floor, simulated=True)
    Fitting.objects.create(device=device, bin=bin_, since=BEGAN)
    Card.objects.create(code="K-301", kind="card", enterprise=stage.firm, since=day)
    Card.objects.create(code="K-302", kind="card", enterprise=stage.neighbour, since=day)
    return device


def tell(device, first, moments, told="mixed", card=""):
    """What the device tells, stored as everything it tells is; with a picture of each."""
    rows = []
    for n, moment in enumerate(moments):
        ref = f"p{first + n}"
        rows.append(Incoming(device.pk, 1, first + n, told, int(moment.timestamp() * 1000), picture=ref, card=card))
        _picture(device, ref, moment, n)
    done = store(rows, int(clock.now().timestamp() * 1000))
    assert done.stored == len(rows)
    assert done.receipts[device.pk].sequence >= first + len(rows) - 1, "stored before it is promised"


def _picture(device, ref, moment, n):
    drawn = Image.new("RGB", (640, 480), (46, 52, 50))
    pen = ImageDraw.Draw(drawn)
    for k, colour in enumerate(((190, 160, 90), (120, 160, 80), (200, 200, 205), (150, 90, 60))):
        pen.ellipse((60 + 120 * k, 120 + 40 * ((k + n) % 3), 220 + 120 * k, 280 + 40 * ((k + n) % 3)), fill=colour)
    out = io.BytesIO()
    drawn.save(out, "JPEG")
    data = out.getvalue()
    made = Picture(
        device=device, bin=Bin.objects.get(), ref=ref, sha256=hashlib.sha256(data).hexdigest(), size=len(data), blurred=0,
        taken_at=moment, doubt="unsure", stored_on=clock.today(),
    )  # fmt: skip
    made.file.save(f"{ref}.jpg", ContentFile(data), save=False)
    made.save()


@pytest.mark.parametrize("walker", ["desk"], indirect=True)
def test_from_a_stored_event_to_a_closed_correction(stage, chip, walker, live_server, at):
    # The device tells three times of mixed waste after a deposit with the firm's card; a specialist looks at each, by keyboard.
    tell(chip, 1, [MONDAY - timedelta(hours=6)], told="deposit", card="K-301")
    tell(chip, 2, [MONDAY - timedelta(hours=n) for n in (3, 2, 1)])
    desk = walker(stage.governance_specialist)
    desk.goto(live_server.url + reverse("waste:clues"))
    shows(desk, "QT-0301")
    _shot(desk, "clues")
    desk.get_by_role("link", name="开始核看（3 条）").click()
    shows(desk, "3层茶水间投放点")
    shows(desk, stage.firm.name)
    shows(desk, "《行政处罚法》第41条")
    assert desk.locator("img.waste-picture").evaluate("one => one.naturalWidth") == 640
    assert fits(desk)
    _shot(desk, "clue")
    for _n in range(3):
        desk.wait_for_load_state()
        before = desk.url
        desk.keyboard.press("1")
        desk.keyboard.press("Control+Enter")
        desk.wait_for_load_state()
        if _n < 2:
            desk.wait_for_url(lambda url, before=before: url != before)
    shows(desk, "逐节校验完整")
    task = Task.objects.get()

    # One task; a person says whom it addresses, and reminds it.
    desk.goto(live_server.url + reverse("waste:tasks"))
    desk.get_by_role("link", name=task.number).first.click()
    shows(desk, "可能是谁")
    _open(desk, "确认对象")
    shows(desk, "《杭州市生活垃圾管理条例》第31条", "#address")
    desk.get_by_label(f"{stage.firm.name}（投放人").check()
    desk.fill("#id_address-why", "投放卡记录，现场询问属实")
    _shot(desk, "task")
    _press(desk, "address")
    shows(desk, "待提醒", ".lq-page-head")

    firm = walker(stage.enterprise_user)
    firm.set_viewport_size(PHONE)
    firm.goto(live_server.url + reverse("waste:own_tasks"))
    shows(firm, "还没有告知本单位的事项")

    _open(desk, "提醒")
    shows(desk, "《行政处罚法》第33条", "#remind")
    _press(desk, "remind")
    shows(desk, "已提醒", ".lq-page-head")
    assert fits(desk)

    # The enterprise reads it on a phone, with the article.
    firm.goto(live_server.url + reverse("waste:own_tasks"))
    firm.get_by_role("link", name=task.number).first.click()
    shows(firm, "初次、轻微并及时改正的，不予处罚")
    shows(firm, "《行政处罚法》第33条")
    assert stage.neighbour.name not in firm.content()
    assert fits(firm)
    _shot(firm, "own")

    # Three days later nothing has changed: it is ordered to correct; the enterprise reports with a photograph.
    at(MONDAY + timedelta(days=4))
    desk.reload()
    _open(desk, "责令改正")
    shows(desk, "《行政处罚法》第45条", "#order")
    shows(desk, "500 元以上5000 元以下", "#order")
    desk.locator("#order input[value=HZ65u]").check()
    _shot(desk, "order")
    _press(desk, "order")
    shows(desk, "已责令改正", ".lq-page-head")

    firm.goto(live_server.url + reverse("waste:own_task", args=[task.pk]))
    shows(firm, "责令贵单位在 5 个工作日内改正")
    shows(firm, "《行政处罚法》第45条")
    firm.locator("section", has_text="报告已改正").locator("summary", has_text="填写").first.click()
    firm.fill("#id_corrected-text", "已增设易腐垃圾桶，安排专人巡桶")
    out = io.BytesIO()
    Image.new("RGB", (320, 240), (70, 120, 80)).save(out, "JPEG")
    firm.set_input_files(
        "#id_corrected-attached", {"name": "改正后.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}
    )
    assert fits(firm)
    _shot(firm, "own_ordered")
    firm.locator("#corrected").get_by_role("button", name="报告已改正").click()
    shows(firm, "已增设易腐垃圾桶", "#said")
    shows(firm, "改正后.jpg", "#said")

    # Somebody goes and looks; it is corrected, and that is the end.
    at(MONDAY + timedelta(days=7))
    desk.reload()
    shows(desk, "已增设易腐垃圾桶", "#said")
    _open(desk, "开始复查")
    shows(desk, "《行政处罚法》第33条", "#recheck")
    _press(desk, "recheck")
    shows(desk, "待复查", ".lq-page-head")
    _open(desk, "复查：已改正")
    desk.fill("#id_pass-note", "现场查看，桶内已分清")
    _press(desk, "pass")
    shows(desk, "已改正", ".lq-page-head")
    _shot(desk, "closed")
    desk.get_by_role("link", name="全流程").click()
    shows(desk, "逐节校验完整")
    assert not desk.get_by_text("与记录不符").count()
    assert fits(desk)
    _shot(desk, "chain")
    desk.set_viewport_size(PHONE)  # the same pages in the hand
    for name in ("task_chain", "task"):
        desk.goto(live_server.url + reverse(f"waste:{name}", args=[task.pk]))
        assert fits(desk), name
        _shot(desk, name)
    clue = task.evidence.first().clue_id
    listed = [reverse(f"waste:{name}") for name in ("clues", "tasks", "law", "haul_new", "red_green")]
    for url in (reverse("waste:clue", args=[clue]), *listed):
        desk.goto(live_server.url + url)
        assert fits(desk), url
    firm.goto(live_server.url + reverse("waste:own_task", args=[task.pk]))
    shows(firm, "桶内已分清")
    task.refresh_from_db()
    assert task.state == "corrected"
    assert {one.case.state for one in task.steps.all()} == {"closed"}


@pytest.mark.parametrize("walker", ["desk"], indirect=True)
def test_what_is_not_corrected_goes_to_two_officers_with_its_evidence(stage, chip, walker, live_server, at, tmp_path):
    Device.objects.update(simulated=False)
    tell(chip, 1, [MONDAY - timedelta(hours=n) for n in (3, 2, 1)])
    from linqi.waste.actions import tasks
    from linqi.waste.actions.clues import look_many
    from linqi.waste.models import Clue

    look_many(clues=Clue.objects.all(), confirmed=True, by=stage.governance_specialist)
    task, by = Task.objects.get(), stage.governance_specialist
    tasks.address(task=task, enterprise=stage.firm, why="现场询问属实", by=by)
    tasks.remind(task=task, text="请按要求分类投放。", by=by)
    tasks.order(task=task, text="责令五个工作日内改正。", offence="HZ65u", by=by)
    at(MONDAY + timedelta(days=8))
    tell(chip, 4, [clock.now() - timedelta(hours=2)])
    leader = walker(stage.street_leader)
    leader.goto(live_server.url + reverse("waste:clue_next"))
    leader.get_by_label("属实", exact=True).check()
    leader.get_by_role("button", name="保存", exact=True).click()
    leader.goto(live_server.url + reverse("waste:task", args=[task.pk]))
    shows(leader, "又有 1 条属实线索")
    _open(leader, "开始复查")
    _press(leader, "recheck")
    shows(leader, "待复查", ".lq-page-head")
    _open(leader, "复查：未改正或再次发生")
    leader.fill("#id_fail-note", "桶内仍混有厨余")
    _press(leader, "fail")
    shows(leader, "未改正或再次发生", ".lq-page-head")
    _open(leader, "移送执法")
    for article in ("浙江省生活垃圾管理条例》第31条", "第41条", "第42条", "第45条", "第47条"):
        shows(leader, article, "#refer")
    leader.locator("#refer input[value=HZ65u]").check()
    for field, value in (("officer_a", "张三"), ("certificate_a", "330110001"), ("officer_b", "李四"), ("certificate_b", "330110001")):  # fmt: skip
        leader.fill(f"#id_refer-{field}", value)
    _press(leader, "refer")
    shows(leader, "两名执法人员的执法证号不能相同")
    leader.fill("#id_refer-certificate_b", "330110002")
    _shot(leader, "refer")
    _press(leader, "refer")
    shows(leader, "已移送执法", ".lq-page-head")
    shows(leader, "本系统不计算金额")
    assert fits(leader)
    _shot(leader, "referred")
    with leader.expect_download() as waiting:
        leader.get_by_role("link", name="证据包").click()
    kept = tmp_path / "evidence.zip"
    waiting.value.save_as(kept)
    with zipfile.ZipFile(kept) as packed:
        assert "证据包.pdf" in packed.namelist()
        assert len([one for one in packed.namelist() if one.startswith("pictures/")]) == 4
        if folder := os.environ.get("LINQI_SHOTS"):
            packed.extract("证据包.pdf", folder)


def _open(page, label):
    """Unfold a move of the task's page; the only way on stands open already."""
    page.wait_for_load_state()
    move = page.locator(".waste-offer", has=page.locator("summary").get_by_text(label, exact=True))
    if move.get_attribute("open") is None:
        move.locator("summary").first.click()


def _press(page, name):
    page.locator(f"#{name} button[type=submit]").click()
    page.wait_for_load_state()


def _shot(page, name):
    if folder := os.environ.get("LINQI_SHOTS"):
        page.screenshot(path=f"{folder}/{name}{page.viewport_size['width']}.png", full_page=True)
