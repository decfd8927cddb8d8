"""Pictures, places and kinds as devices bring them: bad input in words, each once, nothing kept a second time elsewhere."""

import io
import random
import uuid
from base64 import b64encode
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from linqi.enterprises.models import Enterprise, Tenancy
from linqi.kit import clock
from linqi.kit.identifiers import make_uscc
from linqi.visits.actions import hand
from linqi.visits.models import Operation, Photo, Spot, Visit
from linqi.visits.rules import patrol

from .conftest import MONDAY
from .fleet import Phone

TODAY = MONDAY.date()
HERE = {"lat": 30.291234567, "lon": 119.98, "within": 25.4, "agreed": patrol.AGREED}


def picture(side=80, kind="JPEG", **saved):
    written = io.BytesIO()
    Image.new("RGB", (side, side), "#0f4c54").save(written, kind, **saved)
    return b64encode(written.getvalue()).decode()


class Killed(BaseException):
    """The server is gone, in the middle of whatever it did."""


@pytest.fixture(autouse=True)
def uploads(settings, tmp_path):
    kept = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(tmp_path)}}
    settings.STORAGES = {**settings.STORAGES, "default": kept}
    return tmp_path


@pytest.fixture
def phone(cast, street):
    _device, token = hand.register_device(name="手机", by=cast.governance_specialist)
    return Phone(token, random.Random(7))


@pytest.fixture
def visit(cast, street):
    return Visit.objects.create(
        enterprise=cast.firm,
        place=cast.unit,
        street=cast.street,
        visitor=cast.governance_specialist,
        state="planned",
        planned_for=TODAY,
    )


@pytest.fixture
def patrolled(visit):
    Visit.objects.filter(pk=visit.pk).update(kind="security")
    return visit


def send(phone):
    answer = Client().post(
        reverse("visits:exchange"),
        phone.parcel(clock.now(), 50),
        content_type="application/json",
        headers={"Authorization": f"Device {phone.token}"},
    )
    assert answer.status_code == 200, answer.content.decode()
    phone.take(answer.json())
    return answer.json()


def said(phone, kind, visit, body):
    phone.say(kind, str(visit if isinstance(visit, str) else visit.pk), body, MONDAY)
    return send(phone)["outcomes"][-1]


# --- pictures -----------------------------------------------------------------------------------------------------------
def test_a_picture_is_kept_once_and_nowhere_else(phone, visit, uploads):
    phone.say("photo", str(visit.pk), {"data": picture(), "note": "配电箱"}, MONDAY)
    again = phone.parcel(MONDAY, 5)
    for _twice in range(2):
        told = Client().post(
            reverse("visits:exchange"), again, content_type="application/json",
            headers={"Authorization": f"Device {phone.token}"},
        ).json()["outcomes"]  # fmt: skip
    photo = Photo.objects.get()
    assert told[0]["result"] == {"photo": photo.pk}
    assert (photo.note, photo.taken_on, photo.erase_on) == ("配电箱", TODAY, TODAY + timedelta(days=90))
    assert Operation.objects.get().body == {"note": "配电箱"}, "its bytes stand once, where they can be taken back"
    assert len(list(uploads.rglob("*.jpg"))) == 1
    sheet = send(phone)["sheets"][0]
    assert [one["note"] for one in sheet["photos"]] == ["配电箱"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("", "到期清除"),
        (None, "到期清除"),
        (7, "到期清除"),
        ("!!!", "传坏了"),
        (b64encode(b"not a picture").decode(), "不是能打开的照片"),
        (picture()[:80], "不是能打开的照片"),
        ("A" * (patrol.MOST_PHOTO_BYTES * 4 // 3 + 8), "超过 1 MB"),
    ],
    ids=["empty", "none", "number", "no base64", "no picture", "cut", "large"],
)
def test_a_picture_that_cannot_be_taken_is_refused_in_words(phone, visit, data, words):
    told = said(phone, "photo", visit, {"data": data})
    assert told["outcome"] == "refused"
    assert words in told["reason"]
    assert not Photo.objects.exists()


def test_there_is_an_end_to_the_pictures_of_a_visit(phone, visit):
    for _number in range(patrol.MOST_PHOTOS):
        assert said(phone, "photo", visit, {"data": picture()})["outcome"] == "applied"
    assert "最多 6 张" in said(phone, "photo", visit, {"data": picture()})["reason"]
    first = Photo.objects.first()
    assert said(phone, "withdraw", visit, {"photo": first.pk})["outcome"] == "applied"
    assert said(phone, "photo", visit, {"data": picture()})["outcome"] == "applied"


def test_a_note_that_is_no_text_and_a_visit_that_came_to_nothing_take_no_picture(phone, visit):
    assert said(phone, "photo", visit, {"data": picture(), "note": 5})["outcome"] == "refused"
    assert said(phone, "photo", visit, {"data": picture(), "note": "长" * 101})["outcome"] == "refused"
    Visit.objects.update(state="cancelled")
    assert "已取消" in said(phone, "photo", visit, {"data": picture()})["reason"]


def test_a_server_that_dies_over_a_picture_keeps_it_once_when_it_comes_again(phone, visit, uploads):
    phone.say("photo", str(visit.pk), {"data": picture()}, MONDAY)
    for left in range(1, 60, 3):
        seen = [left]

        def kill(execute, sql, params, many, context, seen=seen):
            seen[0] -= 1
            if seen[0] == 0:
                raise Killed
            return execute(sql, params, many, context)

        try:
            with connection.execute_wrapper(kill):
                send(phone)
        except Killed:
            pass
    send(phone)
    assert Photo.objects.count() == 1
    assert len(list(uploads.rglob("*.jpg"))) == 1


def test_a_picture_in_a_name_that_leads_elsewhere_stays_in_its_folder(phone, visit, uploads):
    phone.say("photo", str(visit.pk), {"data": picture()}, MONDAY)
    phone.queue[-1]["id"] = "../../../../../../../../tmp/evil/pass"[:36].ljust(36, "x")
    send(phone)
    assert [one.relative_to(uploads).parts[:3] for one in uploads.rglob("*.jpg")] == [("visits", "2026", "03")]


def test_a_picture_is_seen_by_who_sees_the_visit_and_nobody_else(cast, phone, visit, as_):
    said(phone, "photo", visit, {"data": picture()})
    address = reverse("visits:photo", args=[Photo.objects.get().pk])
    answer = as_("econ_specialist").get(address)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert "no-store" in answer["Cache-Control"]
    for who in ("stranger", "enterprise_user", "nobody"):
        assert as_(who).get(address).status_code in {403, 404}
    Photo.objects.update(erase_on=clock.today())
    assert as_("econ_specialist").get(address).status_code == 404, "its time is over before the run comes"


# --- places and kinds -----------------------------------------------------------------------------------------------------
def test_a_patrol_says_where_it_was_once_and_takes_it_back(phone, patrolled):
    assert said(phone, "place", patrolled, HERE)["outcome"] == "applied"
    spot = Spot.objects.get()
    assert (spot.lat, spot.within, spot.erase_on) == (30.29123, 25, TODAY + timedelta(days=30))
    assert Operation.objects.get().body == {"agreed": patrol.AGREED}
    assert "只留一次" in said(phone, "place", patrolled, HERE)["reason"]
    sheet = send(phone)
    assert "30.29" not in str(sheet), "the sheet tells that there is a place, not which"
    assert phone.holds[patrolled.pk]["place_kept"]["mine"] is True
    assert said(phone, "withdraw", patrolled, {"place": True})["outcome"] == "applied"
    assert not Spot.objects.exists()
    assert phone.holds[patrolled.pk]["place_kept"] is None


@pytest.mark.parametrize("kind", ["place", "set", "finish", "nonsense"])
def test_any_other_visit_is_refused_a_place_and_it_is_kept_nowhere(phone, visit, kind):
    said(phone, kind, visit, {**HERE, "summary": "x"})
    assert not Spot.objects.exists()
    assert not {"lat", "lon", "within"} & set(Operation.objects.get().body)
    if kind == "place":
        assert "只有安全、应急巡查" in Operation.objects.get().reason


@pytest.mark.parametrize(
    "wrong",
    [{"lat": 91}, {"lat": "30"}, {"lon": True}, {"lon": None}, {"lon": float("1e9")}, {"within": -1}, {"within": 6000}, {"agreed": 5}, {"agreed": "place-0"}],
)  # fmt: skip
def test_a_place_that_is_none_or_was_not_agreed_to_is_refused(phone, patrolled, wrong):
    assert said(phone, "place", patrolled, {**HERE, **wrong})["outcome"] == "refused"
    assert not Spot.objects.exists()


@pytest.mark.parametrize("body", [{}, {"photo": "1"}, {"photo": True}, {"place": 1}])
def test_taking_back_nothing_in_particular_is_refused(phone, visit, body):
    assert said(phone, "withdraw", visit, body)["outcome"] == "refused"


def test_nobody_takes_back_what_a_colleague_kept(cast, phone, patrolled):
    said(phone, "place", patrolled, HERE), said(phone, "photo", patrolled, {"data": picture()})
    other = Phone(hand.register_device(name="手机", by=cast.community_secretary)[1], random.Random(8))
    assert said(other, "withdraw", patrolled, {"place": True})["outcome"] == "refused"
    assert said(other, "withdraw", patrolled, {"photo": Photo.objects.get().pk})["outcome"] == "refused"
    assert (Spot.objects.count(), Photo.objects.count()) == (1, 1)


def test_a_patrol_is_started_beside_a_planned_visit_and_says_why(cast, phone, visit):
    key = str(uuid.uuid4())
    assert "为什么巡查" in said(phone, "start", key, {"enterprise": cast.firm.pk, "kind": "emergency"})["reason"]
    why = {"enterprise": cast.firm.pk, "kind": "emergency", "why_again": "燃气报警"}
    assert said(phone, "start", str(uuid.uuid4()), why)["outcome"] == "applied"
    made = Visit.objects.exclude(pk=visit.pk).get()
    assert (made.kind, made.why_again, made.reasons) == ("emergency", "燃气报警", [])
    assert said(phone, "start", str(uuid.uuid4()), {"enterprise": cast.firm.pk})["visit"] == visit.pk


@pytest.mark.parametrize("kind", ["x", 5, None, ["plain"]])
def test_a_kind_of_visit_that_there_is_not_is_refused(cast, phone, kind):
    told = said(phone, "start", str(uuid.uuid4()), {"enterprise": cast.firm.pk, "kind": kind, "why_again": "x"})
    assert told["outcome"] == "refused"
    assert "走访类别" in told["reason"]


def test_who_may_not_patrol_starts_none_and_is_offered_none(cast, street):
    mine = Phone(hand.register_device(name="手机", by=cast.econ_specialist)[1], random.Random(9))
    body = {"enterprise": cast.firm.pk, "kind": "security", "why_again": "x"}
    assert "没有办这件事的权限" in said(mine, "start", str(uuid.uuid4()), body)["reason"]
    header = {"Authorization": f"Device {mine.token}"}
    told = Client().get(reverse("visits:forms"), headers=header).json()
    assert [value for value, _label in told["kinds"]] == ["plain"]


# --- what the sheet and the building tell -----------------------------------------------------------------------------------
def test_the_sheet_brings_the_last_visits_and_the_building_its_floors(cast, phone, visit):
    for number in range(5):
        Visit.objects.create(
            enterprise=cast.firm, place=cast.unit, street=cast.street, visitor=cast.econ_specialist, state="done",
            planned_for=TODAY, visited_on=TODAY - timedelta(days=9 - number), met="财务", summary=f"第{number}次",
        )  # fmt: skip
    send(phone)
    sheet = phone.holds[visit.pk]
    assert [one["summary"] for one in sheet["before"]] == ["第4次", "第3次", "第2次"]
    header = {"Authorization": f"Device {phone.token}"}
    told = Client().get(reverse("visits:at"), {"b": cast.building.pk}, headers=header).json()
    assert told["floors"] == [
        {"name": "3层", "units": [["301室", [cast.firm.pk]], ["302室", [cast.neighbour.pk]]], "firms": []}
    ]


def test_the_floors_cost_the_same_number_of_questions_however_many_firms(cast, phone):
    header = {"Authorization": f"Device {phone.token}"}

    def ask():
        with CaptureQueriesContext(connection) as asked:
            told = Client().get(reverse("visits:at"), {"b": cast.building.pk}, headers=header).json()
        return len(told["firms"]), len(asked)

    ask()
    few, questions = ask()
    known = {"entity_type": "company", "seat": cast.unit, "source": "测试", "as_of": clock.today()}
    since = clock.today() - timedelta(days=400)
    for number in range(6):
        name = f"滨湖新{number}科技有限公司"
        code = make_uscc("9", "1", "330110", f"MA11111{number}")
        made = Enterprise.objects.create(uscc=code, name=name, name_key=name, **known)
        Tenancy.objects.create(enterprise=made, place=cast.unit, relation="both", since=since, source="测试")
    assert ask() == (few + 6, questions)
