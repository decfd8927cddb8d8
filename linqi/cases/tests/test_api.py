"""Other programs: with a key and its user's rights, and with nothing else."""

from datetime import timedelta
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.urls import reverse

from linqi.accounts.actions import TOKEN_LASTS, make_token, revoke_token
from linqi.accounts.models import ApiToken
from linqi.cases.models import Case, Source

API = "/api/v1/cases"


class Program:
    """A program with a key."""

    def __init__(self, token):
        self.client, self.headers = Client(), {"Authorization": f"Bearer {token}"}

    def get(self, path, **asked):
        return self.client.get(f"{API}{path}", asked, headers=self.headers)

    def post(self, path, **said):
        return self.client.post(f"{API}{path}", said, content_type="application/json", headers=self.headers)


@pytest.fixture
def program(cast):
    def with_key_of(who):
        return Program(make_token(name="测试", by=cast.users[who]))

    return with_key_of


# --- the key ----------------------------------------------------------------------------------------------------------
def test_a_key_is_shown_once_and_only_its_digest_kept(cast, client):
    client.force_login(cast.econ_specialist)
    page = client.post(reverse("accounts:tokens"), {"name": "12345 平台"}).content.decode()
    token = page.split("<code>")[1].split("</code>")[0]
    assert Program(token).get("").status_code == 200
    assert token not in client.get(reverse("accounts:tokens")).content.decode()
    assert token not in str(list(ApiToken.objects.values()))


def test_a_key_that_is_revoked_expired_or_made_up_opens_nothing(cast, program, at):
    token = make_token(name="测试", by=cast.econ_specialist)
    assert Program(token).get("").status_code == 200
    revoke_token(token=ApiToken.objects.get(), by=cast.econ_specialist)
    assert Program(token).get("").status_code == 401
    token = make_token(name="测试", by=cast.econ_specialist)
    from .conftest import MONDAY

    at(MONDAY + TOKEN_LASTS + timedelta(minutes=1))
    assert Program(token).get("").status_code == 401
    assert Program("lq_guess").get("").status_code == 401
    assert Client().get(API).status_code == 401


def test_who_is_signed_in_does_not_get_in_without_a_key(cast, client):
    client.force_login(cast.econ_specialist)
    assert client.get(API).status_code == 401


def test_the_key_of_one_who_may_no_longer_sign_in_is_dead(cast):
    token = make_token(name="测试", by=cast.econ_specialist)
    cast.econ_specialist.is_active = False
    cast.econ_specialist.save()
    assert Program(token).get("").status_code == 401


# --- cases ------------------------------------------------------------------------------------------------------------
def test_a_case_is_opened_read_and_moved(cast, street, program):
    asker, worker = program("enterprise_user"), program("department_handler")
    made = asker.post("", title="货款拖欠", category="unpaid-receivables", uscc=cast.firm.uscc)
    assert made.status_code == 201, made.content
    number = made.json()["number"]
    assert Case.objects.get().source == Source.API
    assert worker.get("", state="dispatched").json()["total"] == 1
    assert worker.post(f"/{number}/moves/accept").json()["state"] == "accepted"
    told = worker.post(f"/{number}/moves/answer", text="已付清", outcome="solved").json()
    assert (told["state"], told["outcome"]) == ("answered", "solved")
    refused = worker.post(f"/{number}/moves/accept")
    assert refused.status_code == 409
    assert "close" in refused.json()["fields"]["open_moves"]
    assert asker.get(f"/{number}").json()["answer"] == "已付清"


def test_what_is_wrong_is_named_by_its_field_and_nothing_is_kept(cast, street, program):
    asker = program("enterprise_user")
    for said, field in (
        ({"category": "unpaid-receivables", "uscc": cast.firm.uscc}, "body.new.title"),
        ({"title": " ", "category": "unpaid-receivables", "uscc": cast.firm.uscc}, "title"),
        ({"title": "x" * 121, "category": "unpaid-receivables", "uscc": cast.firm.uscc}, "body.new.title"),
    ):
        answer = asker.post("", **said)
        assert answer.status_code == 422
        assert field in answer.json()["fields"], answer.json()
    assert asker.post("", title="x", category="no-such", uscc=cast.firm.uscc).status_code == 404
    assert not Case.objects.exists()


@pytest.mark.parametrize("who", ["stranger", "far_enterprise_user"])
def test_another_streets_key_sees_and_moves_nothing(cast, case, program, who):
    other = program(who)
    assert other.get("").json() == {"total": 0, "items": []}
    assert other.get(f"/{case.number}").status_code == 404
    for move in ("accept", "answer", "withdraw", "close"):
        assert other.post(f"/{case.number}/moves/{move}", text="试试").status_code == 404
    assert other.post("", title="x", category=case.category.code, uscc=cast.firm.uscc).status_code == 404
    assert other.post("", title="x", category=case.category.code, place=cast.unit.pk).status_code == 404


def test_a_right_that_the_user_lacks_the_key_lacks_too(cast, case, program):
    assert program("enterprise_user").post(f"/{case.number}/moves/accept").status_code == 403


def test_the_description_is_openapi_and_names_every_door(client):
    told = client.get("/api/v1/openapi.json").json()
    assert told["openapi"].startswith("3.1")
    assert set(told["paths"]) == {
        f"{API}/categories",
        API,
        f"{API}/{{number}}",
        f"{API}/{{number}}/moves/{{move}}",
    }
    assert all("security" in act for door in told["paths"].values() for act in door.values())


# --- Open311 ----------------------------------------------------------------------------------------------------------
def asked(path, token="", **more):
    return Client().get(f"/open311/v2/{path}", {**({"api_key": token} if token else {}), **more})


def test_the_facade_speaks_georeport(cast, street, case):
    token = make_token(name="311", by=cast.econ_specialist)
    assert asked("discovery.json").json()[0]["specification"].endswith("GeoReport_v2")
    services = asked("services.json", token).json()
    assert {"service_code", "service_name", "metadata", "type", "group"} <= set(services[0])
    made = Client().post(
        "/open311/v2/requests.json",
        {
            "api_key": token,
            "service_code": "parking-and-traffic",
            "description": "门口违停",
            "address_id": cast.unit.pk,
        },
    )
    assert made.status_code == 200, made.content
    number = made.json()[0]["service_request_id"]
    (one,) = asked(f"requests/{number}.json", token).json()
    assert (one["status"], one["service_code"]) == ("open", "parking-and-traffic")
    assert {row["service_request_id"] for row in asked("requests.json", token, status="open").json()} == {
        number,
        case.number,
    }
    assert asked("requests.json", token, status="closed").json() == []


def test_xml_holds_the_same_and_survives_any_text(cast, case):
    Case.objects.update(title="控制\x08符 <b>&", body="")
    token = make_token(name="311", by=cast.econ_specialist)
    tree = ElementTree.fromstring(asked("requests.xml", token).content)
    assert tree.find("request/service_request_id").text == case.number
    assert tree.find("request/description").text == "控制符 <b>&"


@pytest.mark.parametrize(
    ("path", "more", "status"),
    [
        ("requests.json", {"status": "maybe"}, 400),
        ("requests.json", {"start_date": "yesterday"}, 400),
        ("requests.json", {"start_date": "2020-01-01T00:00:00+08:00"}, 400),
        ("requests/LQ1.json", {}, 404),
        ("services/no-such.json", {}, 404),
        ("requests.yaml", {}, 404),
    ],
)
def test_errors_come_in_the_form_of_the_standard(cast, case, path, more, status):
    token = make_token(name="311", by=cast.econ_specialist)
    answer = asked(path, token, **more)
    assert answer.status_code == status
    assert answer.json()[0]["code"] == status
    assert answer.json()[0]["description"]


def test_without_a_key_or_with_anothers_nothing_is_told(cast, case):
    assert asked("requests.json").status_code == 403
    assert asked(f"requests/{case.number}.json", "lq_guess").status_code == 403
    far = make_token(name="311", by=cast.stranger)
    assert asked("requests.json", far).json() == []
    assert asked(f"requests/{case.number}.json", far).status_code == 404
    made = Client().post(
        "/open311/v2/requests.json",
        {"api_key": far, "service_code": "parking-and-traffic", "description": "x", "address_id": cast.unit.pk},
    )
    assert made.status_code == 400
