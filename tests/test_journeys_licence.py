"""A licence photographed on the way, walked in a browser: from the page in the hand to the enterprise."""

import pytest
from django.urls import reverse
from seen import fits, shows

from linqi.enterprises.outside import licence as reader
from linqi.enterprises.tests import licences

pytestmark = [pytest.mark.journey, pytest.mark.enable_socket, pytest.mark.django_db(transaction=True)]


@pytest.mark.skipif(not licences.FONTS.exists(), reason="no Chinese font to draw a licence with")
def test_a_licence_leads_from_the_hand_to_the_enterprise(stage, walker, live_server, tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "find_spec", lambda name: None)  # QR code only: print is tried where no browser waits
    drawn = licences.Licence(
        stage.firm.name, stage.firm.uscc, f"http://www.gsxt.gov.cn/index.html?uniscid={stage.firm.uscc}"
    )
    shot = tmp_path / "执照.jpg"
    shot.write_bytes(licences.photographed(licences.page(drawn), "mild"))
    page = walker(stage.econ_specialist)
    page.goto(live_server.url + reverse("visits:hand"))
    page.get_by_role("link", name="识读执照").click()
    shows(page, "没有安装文字识别")
    camera, album = page.locator("input[name=taken]"), page.locator("input[name=chosen]")
    assert camera.get_attribute("capture") == "environment"
    assert album.get_attribute("capture") is None
    album.set_input_files(shot)
    shows(page, "执照.jpg")
    page.get_by_role("button", name="识读", exact=True).click()
    shows(page, "由二维码读出")
    assert fits(page)
    page.locator("main").get_by_role("link", name=stage.firm.name).click()
    page.wait_for_url(f"**{reverse('dashboards:enterprise', args=[stage.firm.pk])}")
    page.wait_for_load_state("networkidle")  # nothing is asked for any more when the database is emptied
