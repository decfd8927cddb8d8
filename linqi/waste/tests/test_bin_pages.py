"""The pages of points, bins, devices, cards and the plan as people meet them."""

import io
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from linqi.accounts.models import User
from linqi.journal.models import Entry
from linqi.journal.verbs import Verb
from linqi.kit import clock, sheets
from linqi.kit.access import SYSTEM
from linqi.waste import queries, queries_labels
from linqi.waste.actions import registry
from linqi.waste.actions import sheets as register
from linqi.waste.models import (
    Bin,
    Card,
    Clue,
    Device,
    DeviceState,
    Duty,
    Event,
    HourFact,
    Picture,
    Point,
    Quarantined,
    RegisterSheet,
    Standing,
)
from linqi.waste.register import REGISTER


def text(answer, status=200):
    """What the page says."""
    assert answer.status_code == status, answer.content.decode()[:2000]
    return answer.content.decode()


def tell(yard, told, value=None, *, ago=timedelta(), device=None, bin_=None, sequence=None, **said):
    """An event of the yard's chip, stored as the listener would."""
    at = clock.now() - ago
    ms = int(at.timestamp() * 1000)
    tell.sequence = sequence or getattr(tell, "sequence", 0) + 1
    device, bin_ = device or yard.device, bin_ or yard.bin
    Event.objects.create(
        day=at.astimezone(clock.ZONE).date(),
        device_id=device.pk,
        boot=1,
        sequence=tell.sequence,
        told=told,
        at=ms,
        stored_at=ms,
        bin_id=bin_.pk,
        value=value,
        **said,
    )
    state, _new = DeviceState.objects.get_or_create(device=device)
    state.last_at, state.stored = max(ms, state.last_at or 0), state.stored + 1
    state.save()


# --- who comes in ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["enterprise_user", "nobody", "department_handler"])
def test_who_is_no_staff_sees_no_bins(as_, yard, who):
    for name in ("live", "live_map", "plan", "points", "bins", "devices", "cards", "sheets", "label_queue"):
        assert as_(who).get(reverse(f"waste:{name}")).status_code == 403


def test_a_stranger_gets_empty_lists_and_404(as_, yard):
    browser = as_("stranger")
    assert "QT-001" not in text(browser.get(reverse("waste:live")))
    for name, pk in (("bin", yard.bin.pk), ("point", yard.point.pk)):
        assert browser.get(reverse(f"waste:{name}", args=[pk])).status_code == 404
    assert browser.get(reverse("waste:scan", args=["QT-001"])).status_code == 404


def test_a_property_manager_looks_but_does_not_keep(as_, yard):
    browser = as_("property_manager")
    page = text(browser.get(reverse("waste:point", args=[yard.point.pk])))
    assert "QT-001" in page
    assert reverse("waste:duty_new", args=[yard.point.pk]) not in page
    assert browser.get(reverse("waste:point_new")).status_code == 403
    assert "待核看线索" not in text(browser.get(reverse("waste:live")))


# --- empty -------------------------------------------------------------------------------------------------------------
def test_every_page_says_what_to_do_when_there_is_nothing(as_, cast):
    browser = as_("street_leader")
    said = {
        "live": "先登记点位和桶",
        "live_map": "还没有垃圾桶",
        "plan": "这里没有在用的桶",
        "points": "还没有点位",
        "bins": "还没有垃圾桶",
        "devices": "还没有终端",
        "quarantine": "没有隔离的消息",
        "cards": "还没有发放投放卡",
        "labels": "没有选桶",
        "label_queue": "没有待标注的图像",
    }
    for name, words in said.items():
        assert words in text(browser.get(reverse(f"waste:{name}"))), name


# --- the registry ------------------------------------------------------------------------------------------------------
def test_a_point_a_bin_and_its_device_come_into_use_by_the_pages(as_, cast):
    browser = as_("governance_specialist")
    day = clock.today().isoformat()
    said = {"place": cast.building.pk, "room": "3层", "kind": "drop", "name": "东侧投放点", "since": day}
    answer = browser.post(reverse("waste:point_new"), said)
    point = Point.objects.get()
    assert answer.url == reverse("waste:point", args=[point.pk])
    assert point.place == cast.floor
    page = text(browser.get(answer.url))
    assert "现在没有登记责任人" in page
    assert "不得作为处罚的证据" in page
    assert "缺可回收物桶" in page
    duty = {"kind": "unit", "enterprise": "晴川", "since": day}
    assert browser.post(reverse("waste:duty_new", args=[point.pk]), duty).status_code == 302
    assert Duty.objects.get().enterprise == cast.firm
    answer = browser.post(reverse("waste:bin_new", args=[point.pk]), {"code": "QT-9", "stream": "residual"})
    bin_ = Bin.objects.get()
    assert answer.url == reverse("waste:bin", args=[bin_.pk])
    assert "没有终端" in text(browser.get(answer.url))
    answer = browser.post(reverse("waste:device_new"), {"place": cast.building.pk, "serial": "chip-9", "kind": "chip"})
    device = Device.objects.get()
    assert "还没有密钥" in text(browser.get(answer.url))
    browser.post(reverse("waste:device_fit", args=[device.pk]), {"bin": "QT-9"})
    assert queries.devices_seen_by(SYSTEM).get().bin_code == "QT-9"
    assert "请先拆下" in text(browser.post(reverse("waste:bin_end", args=[bin_.pk]), {"until": ""}))


def test_what_a_form_cannot_read_is_said_beside_the_field(as_, yard):
    browser = as_("governance_specialist")
    page = reverse("waste:point_new")
    said = {"place": yard.cast.building.pk, "kind": "drop", "name": "x", "since": clock.today(), "room": "99层"}
    assert "没有找到，或者不止一处" in text(browser.post(page, said))
    duty = reverse("waste:duty_new", args=[yard.point.pk])
    assert "没有找到这家企业" in text(
        browser.post(duty, {"kind": "unit", "enterprise": "无此企业", "since": clock.today()})
    )
    assert "不止一家符合" in text(browser.post(duty, {"kind": "unit", "enterprise": "滨湖", "since": clock.today()}))
    fit = reverse("waste:device_fit", args=[yard.device.pk])
    assert "没有这个桶号" in text(browser.post(fit, {"bin": "无"}))
    assert "不能晚于现在" in text(
        browser.post(reverse("waste:bin_end", args=[yard.perishable.pk]), {"until": "2999-01-01T00:00"})
    )


def test_the_dates_of_article_41_make_a_point_fit_for_evidence(as_, yard):
    browser, day = as_("governance_specialist"), clock.today().isoformat()
    assert "不全，不可作证据" in text(browser.get(reverse("waste:points")))
    browser.post(reverse("waste:point_review", args=[yard.point.pk]), {"reviewed_on": day})
    assert "设置地点没有登记向社会公布" in text(browser.get(reverse("waste:point", args=[yard.point.pk])))
    browser.post(reverse("waste:point_review", args=[yard.point.pk]), {"reviewed_on": day, "published_on": day})
    assert "审核和公布都已登记" in text(browser.get(reverse("waste:point", args=[yard.point.pk])))
    assert "审核、公布齐全" in text(browser.get(reverse("waste:points"), {"evidence": "yes"}))


def test_the_minimum_of_article_29_is_checked_by_building_and_for_who_serves_food(as_, yard):
    browser, firm = as_("governance_specialist"), yard.cast.firm
    page = reverse("waste:point", args=[yard.point.pk])
    assert "缺可回收物桶" in text(browser.get(page))
    other = yard.another_point()
    registry.make_bin(code="QT-003", stream="recyclable", point=other, by=SYSTEM)
    assert "已满足" in text(browser.get(page)), "a bin on another floor of the building counts"
    registry.set_duty(point=yard.point, kind="unit", enterprise=firm, since=clock.today(), by=SYSTEM)
    assert "没有检查餐饮要求" in text(browser.get(page))
    firm.industry_code = "H6210"
    firm.save()
    assert "易腐垃圾桶要密闭" in text(browser.get(page))


def test_labels_carry_the_address_of_their_bin_and_lead_to_it(as_, yard):
    browser = as_("governance_specialist")
    page = text(browser.post(reverse("waste:labels"), {"pick": [yard.bin.pk, yard.perishable.pk]}))
    assert page.count("<svg") >= 2
    assert "2 张标签" in page
    assert "QT-002" in text(browser.get(reverse("waste:labels"), {"point": yard.point.pk}))
    assert browser.get(reverse("waste:scan", args=["QT-001"])).url == reverse("waste:bin", args=[yard.bin.pk])


def test_a_key_is_shown_once_and_only_its_digest_is_kept(as_, yard):
    browser = as_("district_operator")
    page = text(browser.post(reverse("waste:device_key", args=[yard.device.pk])))
    key = page.split('id="device-key">')[1].split("<")[0]
    yard.device.refresh_from_db()
    assert len(key) > 16
    assert key not in yard.device.key_digest
    assert key not in text(browser.get(reverse("waste:device", args=[yard.device.pk])))
    assert key not in str(list(Entry.objects.values_list("data", flat=True)))
    browser.post(reverse("waste:device_switch", args=[yard.device.pk, "disable"]))
    assert "已停用" in text(browser.get(reverse("waste:devices"), {"ail": "disabled"}))
    browser.post(reverse("waste:device_switch", args=[yard.device.pk, "enable"]))
    yard.device.refresh_from_db()
    assert yard.device.disabled_at is None


def test_a_card_is_given_and_taken_back(as_, yard):
    browser, day = as_("governance_specialist"), clock.today()
    early = (day - timedelta(days=3)).isoformat()
    browser.post(reverse("waste:card_new"), {"code": "K-1", "kind": "bag", "enterprise": "晴川", "since": early})
    card = Card.objects.get()
    assert "K-1" in text(browser.get(reverse("waste:cards"), {"q": "晴川"}))
    browser.post(reverse("waste:card_take", args=[card.pk]), {"until": day.isoformat()})
    card.refresh_from_db()
    assert card.until == day


# --- live --------------------------------------------------------------------------------------------------------------
def test_a_bin_is_as_full_as_was_told_last_and_unknown_is_not_empty(as_, yard):
    tell(yard, "fill", 0.2, ago=timedelta(hours=3))
    tell(yard, "fill", 0.9, ago=timedelta(hours=2))
    tell(yard, "lid", 1, ago=timedelta(hours=1))
    told = queries.told_by([yard.bin.pk, yard.perishable.pk], clock.now())
    assert told[yard.bin.pk].last.level == 0.9
    assert yard.perishable.pk not in told
    page = text(as_("governance_specialist").get(reverse("waste:live"), {"state": "full"}))
    assert "90%" in page
    assert "QT-001" in page
    assert ">QT-002<" not in page
    found = {one.code: one for one in queries.live(SYSTEM, clock.now())}
    assert found["QT-002"].level is None
    assert found["QT-002"].states == (queries.Live.NO_DEVICE,)


def test_what_a_device_told_of_another_bin_is_not_this_bins(yard):
    tell(yard, "fill", 0.9, ago=timedelta(hours=2))
    registry.unfit(device=yard.device, by=SYSTEM)
    registry.fit(device=yard.device, bin=yard.perishable, by=SYSTEM)
    assert queries.told_by([yard.perishable.pk], clock.now())[yard.perishable.pk].last is None


def test_a_bin_that_has_not_been_heard_of_for_six_hours_is_silent(as_, yard):
    tell(yard, "fill", 0.3, ago=timedelta(hours=7))
    page = text(as_("governance_specialist").get(reverse("waste:live"), {"state": "silent"}))
    assert "QT-001" in page


def test_clues_that_wait_are_counted_for_who_may_look(as_, yard):
    now = clock.now()
    for _n in range(2):
        Clue.objects.create(bin=yard.bin, point=yard.point, kind="mixed", witness="device", at=now, raised_at=now)
    assert "QT-001" in text(as_("governance_specialist").get(reverse("waste:live"), {"state": "clue"}))
    found = {one.code: one.clues for one in queries.live(yard.cast.property_manager, now)}
    assert found["QT-001"] is None, "who may not look at clues does not learn that there are some"


def test_the_map_shows_buildings_with_their_worst_and_its_list(as_, yard):
    assert "没有可以画出来的桶" in text(as_("governance_specialist").get(reverse("waste:live_map")))
    building = yard.cast.building
    building.longitude, building.latitude = 120.0, 30.0
    building.save()
    page = text(as_("governance_specialist").get(reverse("waste:live_map")))
    assert "2 只桶" in page
    assert "没有终端 2" in page or "没有终端 1" in page


def test_pages_ask_as_often_for_a_hundred_rows_as_for_twenty(as_, yard):
    browser = as_("governance_specialist")
    pages = ("live", "live_map", "bins", "points", "devices", "plan", "cards")
    counts = []
    for upto in (20, 100):
        for n in range(Bin.objects.count(), upto):
            point = yard.another_point(name=f"点{n}")
            made = registry.make_bin(code=f"N-{n:03d}", stream="residual", point=point, by=SYSTEM)
            device = registry.make_device(serial=f"n-{n:03d}", kind="chip", place=yard.cast.floor, by=SYSTEM)
            registry.fit(device=device, bin=made, by=SYSTEM)
            tell(yard, "fill", 0.9, device=device, bin_=made)
            Card.objects.create(code=f"K-{n}", kind="card", enterprise=yard.cast.firm, since=clock.today())
        asked = {}
        for name in pages:
            with CaptureQueriesContext(connection) as queried:
                text(browser.get(reverse(f"waste:{name}"), {"size": 100}))
            asked[name] = len(queried)
        counts.append(asked)
    assert counts[0] == counts[1]


def test_a_list_leaves_the_house_as_a_file_and_the_journal_knows(as_, yard):
    browser = as_("governance_specialist")
    for name in ("live", "bins", "points", "devices", "cards", "quarantine", "plan"):
        answer = browser.get(reverse(f"waste:{name}"), {"export": "csv"})
        assert answer["Content-Type"].startswith("text/csv"), name
        assert b"".join(answer.streaming_content).startswith(b"\xef\xbb\xbf")
        assert Entry.objects.filter(verb=Verb.EXPORTED, data__what__startswith=f"waste_{name}").exists(), name


# --- a day of a bin ----------------------------------------------------------------------------------------------------
def test_the_day_of_a_bin_tells_what_was_told_seen_and_changed(as_, yard):
    tell(yard, "deposit", 1.25, stream="perishable", card="K-7")
    tell(yard, "mixed")
    tell(yard, "fill", 0.4)
    Clue.objects.create(
        bin=yard.bin, point=yard.point, kind="mixed", witness="device", at=clock.now(), raised_at=clock.now()
    )
    page = text(as_("governance_specialist").get(reverse("waste:bin", args=[yard.bin.pk])))
    for words in ("投放 1.25 千克", "终端认作易腐垃圾", "凭证 K-7", "疑似混投", "待人工核看", "看数据表"):
        assert words in page, words
    first = text(
        as_("governance_specialist").get(
            reverse("waste:bin", args=[yard.bin.pk]), {"on": yard.began.astimezone(clock.ZONE).date().isoformat()}
        )
    )
    assert "放到点位“一楼东侧投放点”" in first
    assert "装上终端 chip-001" in first
    seen = text(as_("property_manager").get(reverse("waste:bin", args=[yard.bin.pk])))
    assert "待人工核看" not in seen


def test_a_day_whose_events_are_gone_shows_its_hours(as_, yard):
    hour = (yard.at(2)).replace(minute=0, second=0, microsecond=0)
    HourFact.objects.create(bin=yard.bin, hour=hour, told="fill", count=4, least=0.1, most=0.6)
    on = hour.astimezone(clock.ZONE).date().isoformat()
    page = text(as_("governance_specialist").get(reverse("waste:bin", args=[yard.bin.pk]), {"on": on}))
    assert "只留每小时汇总" in page
    today = text(as_("governance_specialist").get(reverse("waste:bin", args=[yard.bin.pk])))
    assert f"?on={on}" in today, "the day before on which something was told is one step away"
    for odd in ("2026-99-99", "x", "9999-01-01"):
        assert (
            as_("governance_specialist").get(reverse("waste:bin", args=[yard.bin.pk]), {"on": odd}).status_code == 200
        )


# --- the plan ----------------------------------------------------------------------------------------------------------
def test_the_plan_says_which_why_and_that_the_unknown_is_looked_at(as_, yard):
    other = registry.make_bin(code="QT-010", stream="recyclable", point=yard.point, by=SYSTEM)
    page = text(as_("governance_specialist").get(reverse("waste:plan")))
    assert "每日定时收运" in page
    assert "满溢度未知，请到场看" in page
    assert "QT-010" in page
    registry.unfit(device=yard.device, by=SYSTEM)
    registry.fit(device=yard.device, bin=other, by=SYSTEM)
    tell(yard, "fill", 0.2, bin_=other)
    page = text(as_("governance_specialist").get(reverse("waste:plan"), {"stream": "recyclable"}))
    assert "这一趟没有要收的桶" in page
    tell(yard, "fill", 0.85, bin_=other)
    page = text(as_("governance_specialist").get(reverse("waste:plan"), {"stream": "recyclable"}))
    assert "已经满了" in page


# --- devices -----------------------------------------------------------------------------------------------------------
def test_what_ails_a_device_is_judged_alike_for_one_and_in_a_list(yard):
    now = clock.now()
    ms = int(now.timestamp() * 1000)
    shapes = {
        "well": {"last_at": ms, "stored": 100},
        "silent": {"last_at": ms - 7 * 3600 * 1000, "stored": 100},
        "skewed": {"last_at": ms, "stored": 100, "skew_ms": -700_000},
        "noisy": {"last_at": ms, "stored": 100, "repeated": 30},
        "quiet": {"last_at": ms, "stored": 10_000, "repeated": 30},
        "gaps": {"last_at": ms, "stored": 100, "sequence": 5, "beyond": [[8, 9]]},
        "lost": {"last_at": ms, "stored": 100, "lost": 3},
        "low": {"last_at": ms, "stored": 100, "battery": 0.05},
        "never": {},
    }
    for name, state in shapes.items():
        device = registry.make_device(serial=f"d-{name}", kind="chip", place=yard.cast.building, by=SYSTEM)
        Device.objects.filter(pk=device.pk).update(key_digest="$7$x")
        if state:
            DeviceState.objects.create(device=device, **state)
    rows = queries.devices_seen_by(SYSTEM)
    for ail in queries.Ail:
        listed = set(queries.ailing(rows, ail.value, now).values_list("serial", flat=True))
        judged = {one.serial for one in rows if ail in queries.ails_of(one, now)}
        assert listed == judged, ail
    told = {one.serial: queries.ails_of(one, now) for one in rows}
    assert told["d-quiet"] == told["d-well"] == []
    assert queries.missing_of(Device.objects.get(serial="d-gaps").state) == 2


def test_messages_set_aside_are_listed_with_the_reason_in_words(as_, yard):
    Quarantined.objects.create(
        device=yard.device, said_by="chip-001", channel="mqtt", reason="not_json", payload=b"{", size=1, at=clock.now()
    )
    browser = as_("district_operator")
    assert "不是 JSON" in text(browser.get(reverse("waste:quarantine")))
    assert "不是 JSON" in text(browser.get(reverse("waste:device", args=[yard.device.pk])))


# --- the register as a table -------------------------------------------------------------------------------------------
HEADS = [column.title for column in REGISTER.columns]


def table(*rows):
    file = io.BytesIO()
    sheets.write_xlsx(file, HEADS, rows)
    return ContentFile(file.getvalue(), name="台账.xlsx")


def row(**said):
    given = {
        "place": "一号楼",
        "point": "大堂",
        "bin": "T-1",
        "stream": "其他垃圾",
        "since": clock.today().isoformat(),
        **said,
    }
    return [given.get(column.key) for column in REGISTER.columns]


def state_of_everything():
    return [(model.__name__, model.objects.count()) for model in (Point, Bin, Standing, Device, Duty)]


def test_a_table_is_previewed_written_and_taken_back(as_, yard):
    browser = as_("governance_specialist")
    before = state_of_everything()
    upload = table(
        row(device="t-chip-1", party="前滩物业", litres="240"),
        row(bin="T-2", stream="易腐垃圾", airtight="是", floor="3层", point="茶水间", party="滨湖晴川科技有限公司"),
    )
    answer = browser.post(reverse("waste:sheets"), {"file": upload, "place": yard.cast.street.pk})
    sheet = RegisterSheet.objects.get()
    assert answer.url == reverse("waste:sheet", args=[sheet.pk])
    assert "登记点位、登记责任人、登记垃圾桶、登记终端、装上终端" in text(browser.get(answer.url))
    assert state_of_everything() == before, "a preview writes nothing"
    browser.post(reverse("waste:sheet_apply", args=[sheet.pk]))
    assert Bin.objects.get(code="T-2").place == yard.cast.floor
    assert Bin.objects.get(code="T-2").airtight
    assert Duty.objects.get(point__name="大堂").company == yard.company
    assert "桶 2" in text(browser.get(answer.url))
    browser.post(reverse("waste:sheet_undo", args=[sheet.pk]))
    assert state_of_everything() == before


def test_a_table_with_a_wrong_row_writes_nothing_and_says_which_and_why(as_, yard):
    browser = as_("governance_specialist")
    before = state_of_everything()
    upload = table(
        row(),
        row(bin="T-1", point="二楼"),
        row(bin="QT-001"),
        row(bin="T-5", place="九号楼"),
        row(bin="T-6", stream="金属"),
        row(bin="T-7", party="无此公司"),
        row(bin="T-8", since="明天"),
        row(bin="T-9", floor="88层"),
        row(bin="T-10", device="x"),
        row(bin="T-11", airtight="也许"),
    )
    browser.post(reverse("waste:sheets"), {"file": upload, "place": yard.cast.street.pk})
    sheet = RegisterSheet.objects.get()
    page = text(browser.get(reverse("waste:sheet", args=[sheet.pk])))
    for words in (
        "9 行不能写入",
        "桶号：桶号 T-1 已经登记在别处",
        "桶号：桶号 QT-001 已经登记在别处",
        "楼宇：“九号楼”不在这份表的范围内",
        "分类：“金属”认不出来",
        "管理责任人：“无此公司”没有登记",
        "启用日期：“明天”不是日期",
        "楼层：“一号楼”没有登记“88层”",
        "终端序列号：序列号用字母",
        "密闭：“也许”认不出来",
    ):
        assert words in page, words
    browser.post(reverse("waste:sheet_apply", args=[sheet.pk]))
    assert state_of_everything() == before


def test_the_same_table_twice_changes_nothing_the_second_time(as_, yard, tmp_path):
    states = []
    for _turn in range(2):
        path = kept(tmp_path, table(row(device="t-1", party="前滩物业")))
        sheet = register.take_sheet(place=yard.cast.street, path=path, file_name="a.xlsx", by=SYSTEM)
        sheet = register.apply_sheet(sheet=sheet, by=SYSTEM)
        states.append(state_of_everything())
    assert states[0] == states[1]
    assert sheet.made == {"points": [], "bins": [], "devices": [], "fittings": [], "duties": []}


def test_a_table_that_was_used_is_not_taken_back(as_, yard, tmp_path):
    sheet = register.take_sheet(
        place=yard.cast.street, path=kept(tmp_path, table(row(device="t-1"))), file_name="a.xlsx", by=SYSTEM
    )
    register.apply_sheet(sheet=sheet, by=SYSTEM)
    tell(yard, "fill", 0.5, device=Device.objects.get(serial="t-1"), bin_=Bin.objects.get(code="T-1"))
    browser = as_("governance_specialist")
    assert "不能整份撤销" in text(browser.post(reverse("waste:sheet_undo", args=[sheet.pk]), follow=True))
    assert Bin.objects.filter(code="T-1").exists()


def test_a_file_that_is_no_table_is_refused_with_the_remedy(as_, yard):
    answer = as_("governance_specialist").post(
        reverse("waste:sheets"), {"file": ContentFile(b"%PDF-1.7", name="a.pdf"), "place": yard.cast.street.pk}
    )
    assert "不是表格文件" in text(answer)
    assert not RegisterSheet.objects.exists()


def kept(folder, upload) -> Path:
    path = folder / "台账.xlsx"
    path.write_bytes(upload.read())
    return path


# --- pictures ----------------------------------------------------------------------------------------------------------
@pytest.fixture
def pictures(yard, settings, tmp_path):
    """Three doubtful pictures of the yard's bin, in a folder of this test."""
    settings.MEDIA_ROOT = tmp_path / "media"
    made = []
    for n in range(3):
        one = Picture(
            device=yard.device,
            bin=yard.bin,
            sha256=f"{n:064d}",
            size=4,
            blurred=0,
            taken_at=clock.now() - timedelta(hours=3 - n),
            stored_on=clock.today(),
            seen_as="glass",
            stream="recyclable",
            confidence=0.4,
            doubt="unsure",
        )
        one.file.save(f"{n}.jpg", ContentFile(b"\xff\xd8\xff\xd9"))
        made.append(one)
    return made


def test_a_picture_is_served_to_who_may_look_and_left_in_no_cache(as_, yard, pictures):
    page = reverse("waste:picture", args=[pictures[0].pk])
    answer = as_("governance_specialist").get(page)
    assert answer["Cache-Control"] == "private, no-store"
    assert b"".join(answer.streaming_content).startswith(b"\xff\xd8")
    assert as_("property_manager").get(page).status_code == 403
    assert as_("stranger").get(page).status_code in {403, 404}
    Picture.objects.update(stored_on=clock.today() - timedelta(days=30))
    assert as_("governance_specialist").get(page).status_code == 404


def test_labels_are_told_picture_by_picture_without_a_program(as_, yard, pictures):
    browser = as_("governance_specialist")
    page = text(browser.get(reverse("waste:label_queue")))
    assert reverse("waste:label", args=[pictures[0].pk]) in page
    assert "玻璃" in page
    assert "0.4" not in page.split("<main")[1], "nobody is led by what the machine thinks"
    answer = browser.post(reverse("waste:label", args=[pictures[0].pk]), {"label": "paper"})
    assert answer.url == reverse("waste:label_queue")
    pictures[0].refresh_from_db()
    assert (pictures[0].label, pictures[0].label_stream) == ("paper", "recyclable")


def test_labels_are_told_by_the_program_and_taken_back(as_, yard, pictures):
    browser = as_("governance_specialist")
    given = browser.post(reverse("waste:label_next")).json()
    assert [one["pk"] for one in given["pictures"]] == [one.pk for one in pictures]
    first = given["pictures"][0]
    told = browser.post(first["label"], {"label": "none"}, headers={"Accept": "application/json"})
    assert told.json() == {"waiting": 2, "done": 1}
    wrong = browser.post(first["label"], {"label": "gold"}, headers={"Accept": "application/json"})
    assert wrong.status_code == 409
    assert "没有“gold”这个类别" in wrong.json()["refused"]
    back = browser.post(first["undo"], headers={"Accept": "application/json"})
    assert back.json() == {"waiting": 3, "done": 0}


def test_two_people_are_not_given_the_same_picture(as_, yard, pictures):
    mine = as_("governance_specialist").post(reverse("waste:label_next")).json()["pictures"]
    theirs = as_("street_leader").post(reverse("waste:label_next")).json()["pictures"]
    assert mine
    assert not theirs
    assert queries_labels.waiting(User.objects.get(username="street_leader")).count() == 3
