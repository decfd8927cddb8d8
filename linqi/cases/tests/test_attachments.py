"""Files with a case: told by what is in them, cleaned, seen by those who see the case and by nobody else."""

import contextlib
import io
import zipfile
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from linqi.cases import actions
from linqi.cases.attachments import MOST_BYTES, MOST_FILES, Kind, Refusal, Refused, checked
from linqi.cases.models import Attachment, Case


def picture(kind="JPEG", size=(40, 20), exif=None):
    out = io.BytesIO()
    Image.effect_noise(size, 60).convert("RGB").save(out, kind, **({"exif": exif} if exif else {}))
    return out.getvalue()


def blank(size):
    out = io.BytesIO()
    Image.new("1", size).save(out, "PNG")
    return out.getvalue()


def taken_at_a_place():
    """A photograph on its side, with where it was taken and a comment."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010E] = "在家门口拍的"
    place = exif.get_ifd(0x8825)
    place[1], place[2], place[3], place[4] = "N", (30.0, 17.0, 1.0), "E", (120.0, 0.0, 5.0)
    return picture(exif=exif.tobytes())


def office(member, *more):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in ("[Content_Types].xml", member, *more):
            packed.writestr(name, "<x/>")
    return out.getvalue()


# --- what a file is ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("现场.jpg", picture(), Kind.JPEG),
        ("现场.PNG", picture("PNG"), Kind.PNG),
        ("a.webp", picture("WEBP"), Kind.WEBP),
        ("合同.pdf", b"%PDF-1.7\n...", Kind.PDF),
        ("说明.docx", office("word/document.xml"), Kind.WORD),
        ("明细.xlsx", office("xl/workbook.xml"), Kind.EXCEL),
        ("汇报.pptx", office("ppt/presentation.xml"), Kind.SLIDES),
    ],
)
def test_a_file_is_told_by_its_content(name, data, kind):
    assert checked(name, data).kind is kind


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("空.pdf", b"", Refusal.EMPTY),
        ("大.pdf", b"%PDF-" + b"x" * MOST_BYTES, Refusal.LARGE),
        ("程序.jpg", b"MZ\x90\x00", Refusal.UNKNOWN),
        ("脚本.png", b"<script>alert(1)</script>", Refusal.UNKNOWN),
        ("图.svg", b"<svg onload='x'/>", Refusal.UNKNOWN),
        ("其实是图.pdf", picture(), Refusal.DISGUISED),
        ("其实是表.docx", office("xl/workbook.xml"), Refusal.DISGUISED),
        ("半张.jpg", picture()[:400], Refusal.BROKEN),
        ("压缩包.zip", office("readme.txt"), Refusal.UNKNOWN),
        ("坏.docx", b"PK\x03\x04rubbish", Refusal.BROKEN),
        ("宏.docx", office("word/document.xml", "word/vbaProject.bin"), Refusal.MACROS),
        ("多.xlsx", office("xl/workbook.xml", *(f"xl/{n}" for n in range(5_001))), Refusal.BOMB),
        ("巨图.png", blank((9_000, 5_000)), Refusal.PIXELS),
    ],
)
def test_what_is_not_taken_says_why(name, data, why):
    with pytest.raises(Refused) as refused:
        checked(name, data)
    assert refused.value.why is why


def test_a_picture_leaves_its_place_behind_and_stands_upright():
    before = taken_at_a_place()
    assert Image.open(io.BytesIO(before)).getexif().get_ifd(0x8825)
    after = checked("现场.jpg", before).data
    shown = Image.open(io.BytesIO(after))
    assert shown.size == (20, 40)
    assert not shown.getexif()
    assert "在家门口".encode() not in after
    assert b"Exif" not in after


def test_a_name_keeps_no_path():
    assert checked("../../etc/通知.pdf", b"%PDF-1.4").name == "通知.pdf"
    assert checked("C:\\temp\\通知.pdf", b"%PDF-1.4").name == "通知.pdf"


@given(st.binary(max_size=300), st.sampled_from([b"", b"\xff\xd8\xff", b"PK\x03\x04", b"\x89PNG\r\n\x1a\n", b"RIFF"]))
def test_no_bytes_break_the_check(data, start):
    with contextlib.suppress(Refused):
        checked("x.jpg", start + data)


# --- with a case ------------------------------------------------------------------------------------------------------
@pytest.fixture(autouse=True)
def disk(settings, tmp_path):
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}},
    }
    return tmp_path


def kept(disk: Path):
    return [path for path in disk.rglob("*") if path.is_file()]


def sent(name="现场.jpg", data=None):
    return SimpleUploadedFile(name, data or picture())


def test_all_files_of_one_sending_are_kept_or_none(cast, case, disk):
    with pytest.raises(ValidationError, match="不是图片"):
        actions.attach(case=case, files=[sent(), sent("病毒.jpg", b"MZ")], by=cast.enterprise_user)
    assert kept(disk) == []
    actions.attach(case=case, files=[sent(), sent("合同.pdf", b"%PDF-1.4")], by=cast.enterprise_user)
    assert len(kept(disk)) == 2
    assert case.attachments.count() == 2


def test_a_case_holds_nine(cast, case):
    actions.attach(case=case, files=[sent() for _n in range(MOST_FILES)], by=cast.enterprise_user)
    with pytest.raises(ValidationError, match="最多 9 个"):
        actions.attach(case=case, files=[sent()], by=cast.enterprise_user)


def test_a_file_is_taken_away_by_whoever_added_it_while_the_case_is_open(
    cast, case, disk, django_capture_on_commit_callbacks
):
    (file,) = actions.attach(case=case, files=[sent()], by=cast.enterprise_user)
    with pytest.raises(PermissionDenied):
        actions.detach(attachment=file, by=cast.econ_specialist)
    with django_capture_on_commit_callbacks(execute=True):
        actions.detach(attachment=file, by=cast.enterprise_user)
    assert kept(disk) == []
    (file,) = actions.attach(case=case, files=[sent()], by=cast.enterprise_user)
    actions.withdraw(case=case, reason="不要了", by=cast.enterprise_user)
    file.refresh_from_db()
    file.case.refresh_from_db()
    with pytest.raises(ValidationError, match="留存"):
        actions.detach(attachment=file, by=cast.enterprise_user)


@pytest.mark.parametrize("who", ["stranger", "far_enterprise_user", "nobody"])
def test_strangers_neither_read_nor_add(cast, case, client, who):
    (file,) = actions.attach(case=case, files=[sent()], by=cast.enterprise_user)
    client.force_login(cast.users[who])
    assert client.get(reverse("cases:file", args=[file.pk])).status_code in (403, 404)
    assert client.post(reverse("cases:add_files", args=[case.pk]), {"attached": sent()}).status_code in (403, 404)
    with pytest.raises(PermissionDenied):
        actions.attach(case=case, files=[sent()], by=cast.users[who])


def test_a_file_cannot_act_on_the_site(cast, case, client):
    actions.attach(case=case, files=[sent(), sent("合同.pdf", b"%PDF-1.4")], by=cast.enterprise_user)
    client.force_login(cast.enterprise_user)
    shown, saved = (client.get(reverse("cases:file", args=[one.pk])) for one in Attachment.objects.order_by("pk"))
    assert shown["Content-Type"] == "image/jpeg"
    assert saved["Content-Disposition"].startswith("attachment")
    for answer in (shown, saved):
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer["Content-Security-Policy"]


def test_a_request_comes_with_its_pictures_or_not_at_all(cast, street, category, client):
    client.force_login(cast.enterprise_user)
    said = {"enterprise": cast.firm.pk, "place": cast.unit.pk, "category": category.pk, "title": "墙面渗水"}
    page = client.post(reverse("cases:own_new"), {**said, "attached": [sent("坏.jpg", b"MZ")]})
    assert "没有收下" in page.content.decode()
    assert not Case.objects.exists()
    client.post(reverse("cases:own_new"), {**said, "attached": [sent("一.jpg"), sent("二.jpg")]})
    assert Case.objects.get().attachments.count() == 2


def test_fifty_megabytes_are_refused_and_not_kept(cast, case, client, disk, settings):
    client.force_login(cast.enterprise_user)
    big = SimpleUploadedFile("大.jpg", b"\xff\xd8" + b"x" * settings.UPLOAD_MAX_BYTES)
    assert client.post(reverse("cases:add_files", args=[case.pk]), {"attached": big}).status_code == 413
    assert kept(disk) == []
