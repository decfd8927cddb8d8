"""The page on which a licence is photographed: who opens it, what it takes, what the registry says, and to whom."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from linqi.enterprises.models import Enterprise
from linqi.enterprises.outside import licence as reader
from linqi.enterprises.queries_licence import registry_says
from linqi.enterprises.rules.licence import CodeFound, LicenceFound, NameFound, Sure
from linqi.enterprises.tests import licences
from linqi.kit.identifiers import make_uscc

needs_font = pytest.mark.skipif(
    not licences.FONTS.exists(), reason="no Chinese font (fonts-noto-cjk) to draw licences with"
)
PAGE = "enterprises:licence"


@pytest.fixture
def qr_only(monkeypatch):
    """A machine on which the extra is not installed."""
    monkeypatch.setattr(reader, "find_spec", lambda name: None)


def picture_of(name, code, **more):
    licence = licences.Licence(name, code, f"http://www.gsxt.gov.cn/index.html?uniscid={code}", **more)
    return licences.photographed(licences.page(licence, 0), "clean", 0)


def send(client, who, data, name="执照.jpg", field="taken"):
    client.force_login(who)
    return client.post(reverse(PAGE), {field: SimpleUploadedFile(name, data)})


# --- who --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("econ_specialist", 200),
        ("community_secretary", 200),
        ("property_manager", 200),
        ("street_leader", 200),
        ("enterprise_user", 403),
        ("department_handler", 403),
        ("nobody", 403),
    ],
)
def test_the_page_is_for_those_who_go_to_see_enterprises(cast, client, who, status):
    client.force_login(cast.users[who])
    assert client.get(reverse(PAGE)).status_code == status
    assert client.post(reverse(PAGE)).status_code == (422 if status == 200 else 403)


def test_who_is_not_signed_in_is_sent_to_sign_in(cast, client):
    assert client.get(reverse(PAGE)).status_code == 302


def test_the_menu_and_the_forms_of_visits_lead_there(cast, client):
    client.force_login(cast.econ_specialist)
    assert reverse(PAGE) in client.get(reverse("enterprises:list")).content.decode()
    assert reverse(PAGE) in client.get(reverse("visits:hand")).content.decode()
    record = client.get(f"{reverse('visits:record_new')}?enterprise={cast.firm.pk}")
    assert reverse(PAGE) in record.content.decode().split("<main")[1]


# --- what is taken ----------------------------------------------------------------------------------------------------
def bomb():
    out = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (b"%PDF-1.7\n1 0 obj", "执照.jpg", "不是 JPEG、PNG 或 WebP"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"\x00" * 500, "执照.jpg", "图片"),
        (bomb(), "执照.png", "4000 万像素"),
        (b"", "执照.jpg", "空"),
        (b"\xff\xd8" + b"x" * (reader.MOST_BYTES + 1), "执照.jpg", "20 MB"),
    ],
    ids=["a PDF called jpg", "torn", "a bomb", "empty", "too many bytes"],
)
def test_a_bad_file_is_refused_with_what_to_do(cast, client, qr_only, data, name, said):
    answer = send(client, cast.econ_specialist, data, name)
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_fifty_megabytes_are_not_read_at_all(cast, client, settings):
    settings.UPLOAD_MAX_BYTES = 1024 * 1024
    assert send(client, cast.econ_specialist, b"x" * (3 * 1024 * 1024)).status_code == 413


def test_one_picture_at_a_time_and_at_least_one(cast, client, qr_only):
    client.force_login(cast.econ_specialist)
    two = {name: SimpleUploadedFile("a.jpg", b"x") for name in ("taken", "chosen")}
    for sent in ({}, two):
        answer = client.post(reverse(PAGE), sent)
        assert answer.status_code == 422
        assert "每次一张" in answer.content.decode()


# --- what is said -----------------------------------------------------------------------------------------------------
def test_without_the_extra_the_page_says_so_and_reads_qr_codes(cast, client, qr_only):
    client.force_login(cast.econ_specialist)
    assert "没有安装文字识别" in client.get(reverse(PAGE)).content.decode()
    if licences.FONTS.exists():
        answer = send(client, cast.econ_specialist, picture_of(cast.firm.name, cast.firm.uscc), field="chosen")
        page = answer.content.decode()
        assert answer.status_code == 200
        assert "没有安装文字识别" in page
        assert "由二维码读出" in page
        assert reverse("dashboards:enterprise", args=[cast.firm.pk]) in page


@needs_font
def test_a_licence_is_read_and_found_by_its_code(cast, client, monkeypatch):
    monkeypatch.setattr(reader, "GIVEN_UP", 200.0)
    page = send(client, cast.econ_specialist, picture_of(cast.firm.name, cast.firm.uscc)).content.decode()
    reader._engine.end()
    assert "没有安装" not in page
    assert "二维码与印刷的代码一致" in page
    assert "代码在名录中" in page
    assert "名称一致" in page
    assert reverse("dashboards:enterprise", args=[cast.firm.pk]) in page


@needs_font
@pytest.mark.parametrize("who", ["stranger", "property_manager"])
def test_the_registry_answers_only_from_what_one_may_see(cast, client, qr_only, who):
    hidden = cast.firm if who == "stranger" else cast.far_firm
    page = send(client, cast.users[who], picture_of(hidden.name, hidden.uscc)).content.decode()
    assert "你能看到的名录里没有这个代码" in page
    assert reverse("dashboards:enterprise", args=[hidden.pk]) not in page
    assert "晴川" not in page.split("名录怎么说")[1]


@needs_font
def test_a_licence_nobody_entered_leads_to_the_form_filled_in(cast, client, qr_only):
    code = make_uscc("9", "1", "330110", "MA9NEW01")
    page = send(client, cast.econ_specialist, picture_of("滨湖新来科技有限公司", code)).content.decode()
    address = f"{reverse('enterprises:new')}?"
    assert address in page
    query = page.split(address)[1].split('"')[0].replace("&amp;", "&")
    form = client.get(address + query).context["form"]
    assert form["uscc"].value() == code
    assert form["source"].value() == "营业执照"
    manager = send(client, cast.property_manager, picture_of("滨湖新来科技有限公司", code)).content.decode()
    assert address not in manager  # who may not enter enterprises is not led there


def found(code=None, name="", sure=Sure.QR, proposed=()):
    return LicenceFound(CodeFound(sure if code else Sure.NOTHING, code or "", proposed), NameFound(name, True, 1.0))


def test_a_different_name_is_shown_with_its_difference(cast):
    says = registry_says(found(cast.firm.uscc, cast.firm.name.replace("晴川", "睛川")), cast.econ_specialist)
    (one,) = says.by_code
    assert one.same_name is False
    assert ("晴", False) in one.marked
    assert ("睛", False) in one.marked_read
    assert "".join(run for run, _same in one.marked) == cast.firm.name


def test_brackets_and_spaces_are_no_difference(cast):
    (one,) = registry_says(
        found(cast.firm.uscc, f" {cast.firm.name[:2]} {cast.firm.name[2:]}"), cast.econ_specialist
    ).by_code
    assert one.same_name


def test_a_proposed_code_is_looked_up_and_stays_a_proposal(cast):
    says = registry_says(
        LicenceFound(CodeFound(Sure.PROPOSED, proposed=(cast.firm.uscc,)), NameFound()), cast.econ_specialist
    )
    assert says.by_code == ()
    assert [one.pk for one in says.by_proposal] == [cast.firm.pk]


def test_a_similar_name_is_found_without_a_code_and_only_called_similar(cast):
    says = registry_says(found(name=cast.firm.name.replace("川", "州")), cast.econ_specialist)
    assert [one.pk for one in says.by_name] == [cast.firm.pk]
    assert says.by_code == ()
    assert registry_says(found(name=cast.firm.name), cast.stranger).nothing
    assert registry_says(found(name="完全另外一家名字的企业"), cast.econ_specialist).nothing


def test_the_name_of_a_self_employed_is_not_told_to_who_may_not_read_it(cast):
    cast.firm.entity_type = "self_employed"
    cast.firm.name = cast.firm.name_key = "滨湖区张三丰便利店"
    cast.firm.save()
    by_name = registry_says(found(name="滨湖区张三丰便利"), cast.property_manager)
    assert by_name.nothing
    (one,) = registry_says(found(cast.firm.uscc, "滨湖区李四光便利店"), cast.property_manager).by_code
    assert "张三丰" not in one.name
    assert one.same_name is False
    assert one.marked == ()
    assert registry_says(found(name="滨湖区张三丰便利"), cast.econ_specialist).by_name


def test_a_merged_record_leads_to_the_one_that_is_left(cast):
    cast.neighbour.merged_into = cast.firm
    cast.neighbour.save()
    (one,) = registry_says(found(cast.neighbour.uscc, ""), cast.econ_specialist).by_code
    assert one.pk == cast.firm.pk
    assert one.same_name is None


def test_nothing_is_kept(cast, client, qr_only, tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    before = Enterprise.objects.count()
    out = io.BytesIO()
    Image.new("RGB", (50, 40), "white").save(out, "JPEG")
    page = send(client, cast.econ_specialist, out.getvalue()).content.decode()
    assert "什么也没读到" in page
    assert "不保存" in page
    assert list(tmp_path.rglob("*")) == []
    assert Enterprise.objects.count() == before
