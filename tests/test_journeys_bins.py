"""A point and its bin are registered, its label printed, a device put on it; pictures are labelled by keys: walked in a browser."""

import io
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from PIL import Image, ImageDraw
from playwright.sync_api import Route, expect
from seen import fits, shows

from linqi.kit import clock
from linqi.kit.access import SYSTEM
from linqi.waste.actions import registry
from linqi.waste.models import Bin, Picture

pytestmark = [pytest.mark.journey, pytest.mark.enable_socket, pytest.mark.django_db(transaction=True)]


def test_from_a_point_to_a_bin_that_can_be_scanned(stage, walker, live_server):
    keeper = walker(stage.governance_specialist)
    keeper.goto(live_server.url + reverse("waste:live"))
    shows(keeper, "还没有垃圾桶", "body")
    keeper.goto(live_server.url + reverse("waste:point_new"))
    keeper.select_option("#id_place", str(stage.building.pk))
    keeper.fill("#id_name", "一楼东侧投放点")
    keeper.get_by_role("button", name="保存").click()
    shows(keeper, "现在没有登记责任人", "body")
    assert fits(keeper)
    keeper.get_by_role("link", name="登记桶").first.click()
    keeper.fill("#id_code", "QT-001")
    keeper.select_option("#id_stream", "residual")
    keeper.get_by_role("button", name="保存").click()
    shows(keeper, "QT-001", "h1")
    assert fits(keeper)
    keeper.get_by_role("link", name="打印标签").click()
    expect(keeper.locator(".waste-label svg")).to_be_visible()
    assert fits(keeper)
    keeper.goto(live_server.url + reverse("waste:scan", args=["QT-001"]))
    shows(keeper, "没有终端", "body")
    keeper.goto(live_server.url + reverse("waste:device_new"))
    keeper.select_option("#id_place", str(stage.building.pk))
    keeper.fill("#id_serial", "chip-001")
    keeper.get_by_role("button", name="保存").click()
    keeper.get_by_role("link", name="装到桶上").click()
    keeper.fill("#id_bin", "QT-001")
    keeper.get_by_role("button", name="保存").click()
    shows(keeper, "QT-001", ".lq-facts")
    keeper.get_by_role("button", name="签发密钥").click()
    expect(keeper.locator("#device-key")).to_be_visible()
    assert fits(keeper)
    keeper.goto(live_server.url + reverse("waste:plan"))
    shows(keeper, "每日定时收运", "body")
    assert fits(keeper)


@pytest.fixture
def pictures(stage, settings, tmp_path):
    """Six doubtful pictures of a bin, drawn by us."""
    settings.MEDIA_ROOT = tmp_path
    point = registry.make_point(
        place=stage.building, kind="drop", name="大堂", since=clock.today() - timedelta(days=9), by=SYSTEM
    )
    bin_ = registry.make_bin(code="QT-001", stream="residual", point=point, by=SYSTEM)
    made = []
    for n in range(6):
        drawn = Image.new("RGB", (320, 240), (40, 60, 20 + 30 * n))
        ImageDraw.Draw(drawn).rectangle((60 + 10 * n, 60, 200, 180), fill=(200, 180, 40 * n))
        file = io.BytesIO()
        drawn.save(file, "JPEG")
        one = Picture(
            bin=bin_,
            sha256=f"{n:064d}",
            size=file.tell(),
            blurred=0,
            taken_at=clock.now() - timedelta(hours=6 - n),
            stored_on=clock.today(),
            doubt="unsure",
        )
        one.file.save(f"{n}.jpg", ContentFile(file.getvalue()))
        made.append(one)
    return made


def test_pictures_are_labelled_by_keys_alone_and_the_last_is_taken_back(stage, walker, live_server, pictures):
    keeper = walker(stage.governance_specialist)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    keeper.route(f"**{reverse('waste:label_next')}", hold, times=1)
    with keeper.expect_request(f"**{reverse('waste:label_next')}"):
        keeper.goto(live_server.url + reverse("waste:label_queue"))
    waiting, done = keeper.locator("#label-waiting"), keeper.locator("#label-done")
    expect(waiting).to_have_text("6")
    shown = keeper.locator("#label-picture")
    expect(shown).to_have_attribute("src", reverse("waste:picture", args=[pictures[0].pk]))
    assert fits(keeper)
    keeper.keyboard.press("3")  # counts for what is shown, though the next ones have not been given to us yet
    held[0].continue_()
    expect(done).to_have_text("1")
    expect(shown).to_have_attribute("src", reverse("waste:picture", args=[pictures[1].pk]))
    keeper.keyboard.press("n")
    expect(done).to_have_text("2")
    keeper.keyboard.press("u")
    expect(done).to_have_text("1")
    expect(shown).to_have_attribute("src", reverse("waste:picture", args=[pictures[1].pk]))
    for n in range(2, 6):
        keeper.keyboard.press("n")
        expect(done).to_have_text(str(n))
    keeper.locator("button[value=none]").click()  # by touch as by key
    expect(done).to_have_text("6")
    expect(waiting).to_have_text("0")
    shows(keeper, "没有待标注的图像", "body")
    said = list(Picture.objects.order_by("pk").values_list("label", flat=True))
    assert said[0] not in ("", "none")
    assert said[1:] == ["none"] * 5
    assert Bin.objects.count() == 1
