"""The rota as a sheet: what is downloaded changes nothing when it comes back; all rows are written or none."""

import io
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from python_calamine import CalamineWorkbook

from linqi.kit import clock, sheets
from linqi.kit.access import SYSTEM
from linqi.kit.clock import today
from linqi.territory.actions import rebuild_coverage
from linqi.territory.models import Place, Placement
from linqi.visits.actions.rota import set_rota
from linqi.visits.models import BuildingRota
from linqi.visits.rota_sheet import ROTA

TITLES = [column.title for column in ROTA.columns]


def upload(client, who, *rows, content=None):
    client.force_login(who)
    if content is None:
        content = b"".join(sheets.write_csv(TITLES, rows))
    file = SimpleUploadedFile("轮值.csv" if rows or content[:2] != b"PK" else "轮值.xlsx", content)
    return client.post(reverse("visits:rota_sheet"), {"file": file})


def apply(client, payload):
    return client.post(reverse("visits:rota_apply"), {"payload": payload})


def line(visits, code="t-building", name="一号楼", opens="", closes="", since="", until="", reason=""):
    return [code, name, visits, opens, closes, since, until, reason]


def test_what_is_downloaded_changes_nothing_when_it_comes_back(cast, client):
    who = cast.econ_specialist
    soon = today() + timedelta(days=9)
    set_rota(building=cast.building, visits=1, opens=570, closes=690, until=soon, reason="集中办公日", by=who)
    client.force_login(who)
    content = b"".join(client.get(reverse("visits:rota_template")).streaming_content)
    answer = upload(client, who, content=content)
    assert answer.status_code == 200
    assert (answer.context["new"], answer.context["same"], answer.context["wrong"]) == (0, 1, 0)
    assert answer.context["payload"] == ""


def test_a_sheet_is_looked_at_first_and_then_written(cast, client):
    soon = (today() + timedelta(days=9)).isoformat()
    answer = upload(client, cast.econ_specialist, line("2", opens="09:30", closes="11:30", until=soon, reason="装修"))
    assert answer.context["new"] == 1
    assert not BuildingRota.objects.exists()
    assert apply(client, answer.context["payload"])["Location"] == reverse("visits:rota")
    made = BuildingRota.objects.get()
    assert (made.visits, made.opens, made.closes, made.until.isoformat(), made.reason) == (2, 570, 690, soon, "装修")
    back = upload(client, cast.econ_specialist, line("默认"))
    apply(client, back.context["payload"])
    assert BuildingRota.objects.order_by("-pk").first().visits is None


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (line("9"), "每周次数"),
        (line("很多"), "每周次数"),
        (line(""), "每周次数"),
        (line("2", code="t-nowhere"), "找不到这幢楼"),
        (line("2", code="", name="不存在的楼"), "找不到这幢楼"),
        (line("2", code="t-far_building", name="二号楼"), "找不到这幢楼"),
        (line("2", opens="25:00"), "几点起"),
        (line("2", opens="09:00"), "几点起"),
        (line("默认", opens="09:00", closes="10:00"), "几点止"),
        (line("默认", opens="09:00"), "几点起"),
        (line("2", until=today().isoformat()), "截止日"),
        (line("2", since="不知道"), "生效日"),
    ],
)
def test_one_wrong_row_and_nothing_can_be_written(cast, client, row, words):
    answer = upload(client, cast.econ_specialist, line("2"), row)
    assert answer.status_code == 422
    assert answer.context["payload"] == ""
    (wrong,) = [one for one in answer.context["listed"] if one.problems]
    assert wrong.number == 3
    assert words in "；".join(wrong.problems)


def test_what_can_no_longer_be_is_told_by_row_and_nothing_is_written(cast, client):
    tomorrow = today() + timedelta(days=1)
    payload = upload(client, cast.econ_specialist, line("2"), line("3", since=tomorrow.isoformat())).context["payload"]
    client.force_login(cast.econ_specialist)
    with clock.standing(clock.now() + timedelta(days=2)):
        assert apply(client, payload)["Location"] == reverse("visits:rota_sheet")
    assert not BuildingRota.objects.exists()
    assert "第 2 行" in client.get(reverse("visits:rota_sheet")).content.decode()


def test_a_preview_is_written_by_who_saw_it_and_only_as_it_was(cast, client):
    payload = upload(client, cast.econ_specialist, line("2")).context["payload"]
    for other in (cast.community_secretary, cast.stranger):
        client.force_login(other)
        assert apply(client, payload)["Location"] == reverse("visits:rota_sheet")
    client.force_login(cast.econ_specialist)
    assert apply(client, payload[:-3] + "abc")["Location"] == reverse("visits:rota_sheet")
    assert apply(client, "")["Location"] == reverse("visits:rota_sheet")
    assert not BuildingRota.objects.exists()


def test_a_building_is_known_by_its_name_where_only_one_is_called_so(cast, client):
    assert upload(client, cast.econ_specialist, line("2", code="")).context["new"] == 1
    cast.far_building.name = "一号楼"
    cast.far_building.save()
    assert upload(client, cast.econ_specialist, line("2", code="")).context["new"] == 1, "only one of one's own"
    twin = Place.objects.create(kind="building", code="t-twin", name="一号楼", since=date(2020, 1, 1))
    Placement.objects.create(child=twin, parent=cast.park, since=date(2020, 1, 1))
    rebuild_coverage()
    (wrong,) = upload(client, cast.econ_specialist, line("2", code="")).context["listed"]
    assert "有 2 幢同名" in wrong.problems[0]


@pytest.mark.parametrize("content", [b"", b"not a sheet", b"PK\x03\x04broken"])
def test_a_file_that_is_no_sheet_is_refused_in_words(cast, client, content):
    answer = upload(client, cast.econ_specialist, content=content)
    assert answer.status_code == 422
    assert answer.context["form"].errors["file"]


def test_a_sheet_without_rows_says_so(cast, client):
    answer = upload(client, cast.econ_specialist, content=b"".join(sheets.write_csv(TITLES, [])))
    assert "没有数据行" in str(answer.context["form"].errors)


@pytest.mark.parametrize("who", ["property_manager", "enterprise_user", "street_leader", "nobody"])
def test_who_does_not_plan_has_no_sheet(cast, client, who):
    client.force_login(cast.users[who])
    for name in ("rota_sheet", "rota_template"):
        assert client.get(reverse(f"visits:{name}")).status_code == 403
    assert client.post(reverse("visits:rota_apply"), {"payload": ""}).status_code == 403


def test_a_stranger_downloads_only_his_own_buildings(cast, client):
    set_rota(building=cast.building, visits=1, by=SYSTEM)
    client.force_login(cast.stranger)
    content = b"".join(client.get(reverse("visits:rota_template")).streaming_content)
    names = [row[1] for row in CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()]
    assert names == ["楼宇", "二号楼"]
