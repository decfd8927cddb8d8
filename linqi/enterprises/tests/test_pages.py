"""The pages: who opens them, what is on them, and what is not."""

from datetime import date

import pytest
from django.urls import reverse

from linqi.enterprises.actions.facts import make_claim, record_fact
from linqi.enterprises.actions.registry import create_enterprise
from linqi.enterprises.models import Claim, Enterprise, Pair, Tenancy
from linqi.enterprises.queries import named_like, shown_name
from linqi.enterprises.searchable import present, streets_within
from linqi.journal.models import Entry
from linqi.journal.verbs import Verb
from linqi.kit.access import SYSTEM

DAY = date(2026, 3, 2)
PAGES = ["enterprises:list", "enterprises:new", "enterprises:claims", "enterprises:pairs"]


@pytest.fixture
def stall(cast):
    """A self-employed person's shop."""
    return create_enterprise(
        name="滨湖区张三丰便利店", place=cast.unit2, relation="both", source="测试", as_of=DAY, since=DAY,
        registered={"entity_type": "self_employed"}, by=SYSTEM,
    )  # fmt: skip


def get(client, who, name, *args, query=""):
    client.force_login(who)
    return client.get(reverse(name, args=args) + query)


@pytest.mark.parametrize("page", PAGES)
def test_a_specialist_opens_every_page(cast, client, page):
    assert get(client, cast.econ_specialist, page).status_code == 200


@pytest.mark.parametrize("page", PAGES)
def test_nobody_opens_no_page(cast, client, page):
    assert get(client, cast.nobody, page).status_code == 403


def test_the_list_holds_what_one_sees_and_nothing_else(cast, client):
    page = get(client, cast.econ_specialist, "enterprises:list").content.decode()
    assert cast.firm.name in page
    assert cast.far_firm.name not in page
    own = get(client, cast.enterprise_user, "enterprises:list").content.decode()
    assert cast.firm.name in own
    assert cast.neighbour.name not in own


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=晴川", True),
        ("?q=南岭", False),
        ("?relation=both", True),
        ("?relation=registered", False),
        ("?newcomer=1", False),
        ("?missing=industry", True),
        ("?missing=building", False),
        ("?section=I", False),
        ("?section=__none&", True),
        ("?established_from=2024-05-06&established_to=2024-05-06", True),
        ("?capital_from=1", False),
        ("?status=active", False),
        ("?type=company", True),
        ("?stands=left", False),
        ("?stands=any", True),
        ("?sort=-since", True),
        ("?sort=capital", True),
        ("?cols=name,scope,address", True),
    ],
)
def test_filters_narrow_the_list(cast, client, query, found):
    page = get(client, cast.econ_specialist, "enterprises:list", query=query).content.decode()
    assert (f"/{cast.firm.pk}/" in page) == found


def test_the_list_is_narrowed_by_any_place_one_sees(cast, client):
    def listed(place):
        return get(client, cast.econ_specialist, "enterprises:list", query=f"?place={place.pk}").content.decode()

    assert cast.firm.name in listed(cast.unit)
    assert cast.neighbour.name not in listed(cast.unit)
    assert cast.neighbour.name in listed(cast.building)
    assert cast.far_firm.name not in listed(cast.far_unit)


@pytest.mark.parametrize(
    ("who", "open_"), [("econ_specialist", True), ("property_manager", False), ("street_leader", False)]
)
def test_the_name_of_a_self_employed_is_masked_on_every_way_out(cast, client, stall, who, open_):
    user = cast.users[who]
    assert (shown_name(stall, user) == stall.name) == open_
    page = get(client, user, "enterprises:list").content.decode()
    assert ("张三丰" in page) == open_
    assert "便利店" in page
    assert named_like(Enterprise.objects.all(), "张三丰", user).exists() == open_
    hit = present(user, [stall.pk])[0]
    assert ("张三丰" in hit.title) == open_
    assert "张三丰" not in str(stall)


def test_the_export_masks_names_and_is_journaled(cast, client, stall):
    answer = get(client, cast.street_leader, "enterprises:list", query="?export=csv")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert cast.firm.name in text
    assert "张三丰" not in text
    assert cast.far_firm.name not in text
    entry = Entry.objects.get(verb=Verb.EXPORTED.value)
    assert entry.data["rows"] == 3


def test_who_may_not_export_gets_the_page(cast, client):
    answer = get(client, cast.property_manager, "enterprises:list", query="?export=csv")
    assert "text/html" in answer["Content-Type"]
    assert not Entry.objects.filter(verb=Verb.EXPORTED.value).exists()


def test_queries_do_not_depend_on_rows(cast, client, django_assert_max_num_queries):
    for number in range(60):
        made = Enterprise.objects.create(
            name=f"滨湖{number}号公司", name_key=f"滨湖{number}号公司", source="测试", as_of=DAY
        )
        Tenancy.objects.create(enterprise=made, place=cast.unit, relation="both", source="测试")
    client.force_login(cast.econ_specialist)
    with django_assert_max_num_queries(14):
        client.get(reverse("enterprises:list") + "?size=100")


def test_an_enterprise_is_entered_through_the_form(cast, client):
    client.force_login(cast.econ_specialist)
    sent = {
        "name": "滨湖新来科技有限公司", "uscc": "", "place": cast.building.pk, "room": "302", "relation": "both",
        "since": "2026-02-01", "registered_capital": "500万", "source": "营业执照", "as_of": "2026-02-01",
    }  # fmt: skip
    assert client.post(reverse("enterprises:new"), sent).status_code == 302
    made = Enterprise.objects.get(name="滨湖新来科技有限公司")
    assert made.seat == cast.unit2
    assert made.registered_capital == 5_000_000
    assert made.established_on is None


@pytest.mark.parametrize(
    ("field", "value"),
    [("uscc", "91330110MA00000151"), ("registered_capital", "很多"), ("place", "999999"), ("as_of", "2999-01-01")],
)
def test_a_wrong_entry_is_said_beside_its_field(cast, client, field, value):
    client.force_login(cast.econ_specialist)
    sent = {"name": "甲", "place": cast.building.pk, "relation": "both", "source": "x", "as_of": "2026-02-01"}
    answer = client.post(reverse("enterprises:new"), sent | {field: value})
    assert answer.status_code == 422
    assert field in answer.context["form"].errors


def test_a_change_and_a_move_through_their_forms(cast, client):
    client.force_login(cast.econ_specialist)
    page = client.get(reverse("enterprises:edit", args=[cast.firm.pk])).content.decode()
    assert cast.firm.uscc in page
    sent = {"name": cast.firm.name, "uscc": cast.firm.uscc, "source": "营业执照", "as_of": "2026-02-01"}
    sent["business_scope"] = "软件开发"
    assert client.post(reverse("enterprises:edit", args=[cast.firm.pk]), sent).status_code == 302
    stay = cast.firm.tenancies.get()
    assert client.post(reverse("enterprises:end_tenancy", args=[stay.pk]), {"until": "2026-02-01"}).status_code == 302
    sent = {"place": cast.building.pk, "room": "302", "relation": "operates", "since": "2026-02-01"}
    assert client.post(reverse("enterprises:begin_tenancy", args=[cast.firm.pk]), sent).status_code == 302
    cast.firm.refresh_from_db()
    assert cast.firm.seat == cast.unit2
    assert cast.firm.business_scope == "软件开发"


@pytest.mark.parametrize("name", ["edit", "begin_tenancy", "facts", "record", "claim"])
def test_a_strangers_enterprise_is_not_found(cast, client, name):
    assert get(client, cast.stranger, f"enterprises:{name}", cast.firm.pk).status_code == 404
    assert get(client, cast.far_enterprise_user, f"enterprises:{name}", cast.firm.pk).status_code in (403, 404)


def test_facts_are_shown_with_their_source_and_the_reading_of_secrets_is_kept(cast, client):
    record_fact(
        enterprise=cast.firm, key="revenue", value="12000000", period="2025", source_kind="register",
        source="税务部门年度数据", as_of=DAY, by=SYSTEM,
    )  # fmt: skip
    page = get(client, cast.econ_specialist, "enterprises:facts", cast.firm.pk).content.decode()
    assert "1,200 万元" in page
    assert "税务部门年度数据" in page
    assert Entry.objects.get(verb=Verb.SECRETS_READ.value).data["keys"] == ["revenue"]
    withheld = get(client, cast.property_manager, "enterprises:facts", cast.firm.pk).content.decode()
    assert "1,200" not in withheld
    assert "无权查看" in withheld
    assert Entry.objects.filter(verb=Verb.SECRETS_READ.value).count() == 1


def test_a_fact_and_a_claim_through_their_forms(cast, client):
    client.force_login(cast.econ_specialist)
    fact = {
        "key": "employees",
        "period": "2025",
        "value": "50人",
        "source_kind": "register",
        "source": "人社",
        "as_of": "2026-01-01",
    }
    assert client.post(reverse("enterprises:record", args=[cast.firm.pk]), fact).status_code == 302
    wrong = client.post(reverse("enterprises:record", args=[cast.firm.pk]), fact | {"period": ""})
    assert wrong.status_code == 422
    client.force_login(cast.enterprise_user)
    claim = {"key": "employees", "period": "2025", "value": "62", "said_by": "人事负责人", "said_on": "2026-02-01"}
    assert client.post(reverse("enterprises:claim", args=[cast.firm.pk]), claim).status_code == 302
    page = get(client, cast.community_secretary, "enterprises:claims").content.decode()
    assert "62 人" in page
    assert "50 人" in page
    made = Claim.objects.get()
    answer = client.post(
        reverse("enterprises:decide_claim", args=[made.pk]), {"move": "confirm"}, headers={"HX-Request": "true"}
    )
    assert "已采信" in answer.content.decode()
    again = client.post(
        reverse("enterprises:decide_claim", args=[made.pk]), {"move": "confirm"}, headers={"HX-Request": "true"}
    )
    assert "已经有人处理" in again.content.decode()


def test_a_claim_of_another_street_is_not_decided(cast, client):
    made = make_claim(
        enterprise=cast.firm,
        key="employees",
        value=5,
        period="2025",
        said_by="前台",
        said_on=DAY,
        origin="visit:1",
        by=SYSTEM,
    )
    client.force_login(cast.stranger)
    assert client.post(reverse("enterprises:decide_claim", args=[made.pk]), {"move": "confirm"}).status_code == 404


def test_pairs_are_found_merged_and_parted_on_the_page(cast, client):
    twin = create_enterprise(
        name="滨湖晴川科技有限责任公司", place=cast.unit, relation="registered", source="名册", as_of=DAY,
        registered={"established_on": date(2024, 5, 6)}, by=SYSTEM,
    )  # fmt: skip
    client.force_login(cast.econ_specialist)
    client.post(reverse("enterprises:find_pairs"), {"street": cast.street.pk})
    pair = Pair.objects.get()
    page = client.get(reverse("enterprises:pairs")).content.decode()
    assert "字号相同" in page
    client.post(reverse("enterprises:decide_pair", args=[pair.pk]), {"move": "keep_left"})
    twin.refresh_from_db()
    assert twin.merged_into == cast.firm
    assert "撤销" in client.get(reverse("enterprises:pairs")).content.decode()
    client.post(reverse("enterprises:undo_pair", args=[pair.pk]))
    twin.refresh_from_db()
    assert twin.merged_into is None
    client.force_login(cast.stranger)
    assert client.post(reverse("enterprises:decide_pair", args=[pair.pk]), {"move": "apart"}).status_code == 404
    assert client.post(reverse("enterprises:find_pairs"), {"street": cast.street.pk}).status_code == 404


def test_search_is_narrowed_to_the_streets_one_reaches(cast):
    assert streets_within(cast.econ_specialist) == [cast.street.pk]
    assert streets_within(cast.enterprise_user) == [cast.street.pk]
    assert streets_within(cast.nobody) == []
    assert present(cast.stranger, [cast.firm.pk]) == []
