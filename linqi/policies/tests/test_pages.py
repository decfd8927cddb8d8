"""The pages of policies: what each reader finds there and what a press of a button does."""

import pytest
from django.urls import reverse

from linqi.conditions.rules import Outcome
from linqi.enterprises.models import Claim
from linqi.policies import queries
from linqi.policies.actions import offers, payment, versions
from linqi.policies.models import Application, Policy, PolicyVersion

pytestmark = pytest.mark.django_db
FORBIDDEN = ("有权享受", "您应得", "应当享受", "entitled")


@pytest.fixture
def as_(client):
    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


def text(response):
    return response.content.decode()


def test_the_list_says_how_each_stands_and_is_exported(as_, scale, library):
    client = as_(library.econ_specialist)
    assert "现行有效" in text(client.get(reverse("policies:list")))
    found = text(client.get(reverse("policies:list"), {"standing": "expired"}))
    assert "失业保险稳岗返还" in found
    assert "余杭区工业企业首次上规奖励" not in found
    assert client.get(reverse("policies:list"), {"export": "csv"}).status_code == 200


def test_a_policy_shows_clauses_sources_and_how_far_it_reaches(as_, scale, library):
    page = text(as_(library.econ_specialist).get(reverse("policies:policy", args=[scale.policy_id])))
    for said in ("第49条", "可能符合", "要点转述", "产品自带，未经本街道复核", "20 万元"):
        assert said in page
    assert not any(word in page for word in FORBIDDEN)


def test_a_firms_user_is_led_to_his_own_page_and_sees_no_figures_of_others(as_, scale, library):
    client = as_(library.enterprise_user)
    assert client.get(reverse("policies:list")).url == reverse("policies:mine")
    page = text(client.get(reverse("policies:policy", args=[scale.policy_id])))
    assert "已推送" not in page


def test_typing_is_counted_and_buttons_answer_with_the_editor(as_, scale, library):
    draft = versions.draft_version(policy=scale.policy, by=library.econ_specialist)
    client = as_(library.econ_specialist)
    url = reverse("policies:edit_conditions", args=[draft.pk])
    typed = {
        "conditions-r-kind": "all",
        "conditions-r-count": "1",
        "conditions-r.0-kind": "compare",
        "conditions-r.0-field": "four_above",
        "conditions-r.0-op": "eq",
        "conditions-r.0-value": "industry",
    }
    live = text(client.post(f"{url}?live", typed))
    assert "可能符合" in live
    assert "<fieldset" not in live
    assert "conditions-r.1-field" in text(client.post(url, typed | {"conditions-do": "add:r"}))
    broken = text(client.post(url, typed | {"conditions-r.0-field": "nothing"}))
    assert "没有“nothing”这个字段" in broken


def test_saving_a_draft_keeps_tiers_and_refuses_half_a_benefit(as_, library):
    policy = Policy.objects.get(street=library.street, key="yh-68-scale-industry")
    draft = versions.draft_version(policy=policy, by=library.econ_specialist)
    client = as_(library.econ_specialist)
    url = reverse("policies:edit", args=[draft.pk])
    shown = client.get(url).context
    form = {
        f"benefit-{at}-{name}": value
        for at, row in shown["benefits"]
        for name, value in row.items()
        if name != "ceiling"
    }
    form |= {"since": "2027-01-01", "confidence": "partly", "conditions-r-kind": "all", "conditions-r-count": "0"}
    tiers = [one.tiers for one in draft.benefits.all()]
    assert client.post(url, form | {"benefit-0-amount": "很多"}).status_code == 200
    assert [one.tiers for one in draft.benefits.all()] == tiers
    assert client.post(url, form).status_code == 302
    assert [one.tiers for one in draft.benefits.all()] == tiers
    assert PolicyVersion.objects.get(pk=draft.pk).since.year == 2027


def test_the_author_sees_why_somebody_else_must_publish(as_, scale, library):
    draft = versions.draft_version(policy=scale.policy, by=library.street_leader)
    versions.submit_version(version=draft, by=library.street_leader)
    client = as_(library.street_leader)
    assert "须由另一位" in text(client.get(reverse("policies:shift", args=[draft.pk])))
    client.post(reverse("policies:version_move", args=[draft.pk, "publish"]))
    draft.refresh_from_db()
    assert draft.state == "submitted"
    as_(library.community_secretary).post(
        reverse("policies:version_move", args=[draft.pk, "send_back"]), {"reason": "请补条款"}
    )
    draft.refresh_from_db()
    assert draft.state == "draft"


@pytest.mark.parametrize("who", ["met", "manual_review", "unknown", "unmet", "near", "never"])
def test_the_lists_of_firms(as_, scale, library, tell, who):
    tell(library.neighbour, "four_above", "service", "")
    page = text(as_(library.econ_specialist).get(reverse("policies:firms", args=[scale.pk, who])))
    expected = {"met": library.firm, "never": library.firm, "near": library.neighbour, "unmet": library.neighbour}.get(
        who
    )
    for firm in (library.firm, library.neighbour):
        assert (firm.name in page) == (firm == expected)
    assert library.far_firm.name not in page


def test_own_page_reasons_what_is_missing_and_that_an_answer_waits_for_confirmation(as_, scale, library):
    offers.push(version=scale, by=library.econ_specialist)
    client = as_(library.enterprise_user)
    page = text(client.get(reverse("policies:mine")))
    for said in ("余杭区工业企业首次上规奖励", "现为 规上工业", "区数据仓", "缺少", "以主管部门认定为准"):
        assert said in page
    assert not any(word in page for word in FORBIDDEN)
    assert queries.offers_seen_by(library.enterprise_user).get().seen_at is not None
    client.post(
        reverse("policies:answer", args=[library.firm.pk]), {"key": "wage_arrears", "period": "", "value": "否"}
    )
    assert Claim.objects.get().value is False
    assert Claim.objects.get().state == "waiting"
    client.post(
        reverse("policies:answer", args=[library.firm.pk]), {"key": "revenue", "period": "2025", "value": "很多"}
    )
    client.post(reverse("policies:answer", args=[library.firm.pk]), {"key": "no_such", "value": "1"})
    assert Claim.objects.count() == 1


def test_an_application_is_begun_filled_in_and_submitted_by_the_firm(as_, library):
    version = PolicyVersion.objects.get(policy__street=library.street, policy__key="cn-hnte")
    client = as_(library.enterprise_user)
    begun = client.post(reverse("policies:start", args=[version.pk]), {"firm": library.firm.pk})
    application = Application.objects.get()
    assert begun.url == reverse("policies:application", args=[application.pk])
    page = text(client.get(begun.url))
    assert "平台已有，无需再交" in page
    url = reverse("policies:application_move", args=[application.pk, "submit"])
    client.post(url, {"statement": "说明", "keep": "1"})
    application.refresh_from_db()
    assert (application.statement, application.state) == ("说明", "draft")
    given = {f"material-{one.pk}": "已交窗口" for one in application.materials.filter(held="")}
    client.post(url, {"statement": "说明", **given})
    application.refresh_from_db()
    assert application.state == "submitted"
    officer = as_(library.econ_specialist)
    officer.post(reverse("policies:application_move", args=[application.pk, "ask_correction"]), {"reason": ""})
    application.refresh_from_db()
    assert application.state == "submitted"
    officer.post(reverse("policies:application_move", args=[application.pk, "ask_correction"]), {"reason": "补盖章"})
    application.refresh_from_db()
    assert application.state == "correcting"


def test_the_work_list_the_ledger_and_the_questions(as_, scale, library):
    payment.open_candidates(version=scale, by=library.econ_specialist)
    client = as_(library.street_leader)
    assert library.firm.name in text(client.get(reverse("policies:applications"), {"press": "open"}))
    assert text(client.get(reverse("policies:ledger"))).count("资金台账") > 0
    questions = text(client.get(reverse("policies:questions")))
    assert "只等这一项" in questions


def test_a_budget_is_kept_and_a_wrong_one_refused(as_, scale, library):
    client = as_(library.street_leader)
    url = reverse("policies:budget", args=[scale.policy_id])
    client.post(url, {"year": 2026, "amount": "-5"})
    assert not scale.policy.budgets.exists()
    client.post(url, {"year": 2026, "amount": "1000000"})
    assert queries.budgets_of(scale.policy)[0].amount == 1_000_000


def test_a_new_policy_begins_as_a_draft(as_, library):
    client = as_(library.econ_specialist)
    said = {
        "name_zh": "街道租金补贴",
        "key": "street-rent",
        "kind": "subsidy",
        "level": "street",
        "delivery": "apply",
        "issuers": "街道办、经发科",
    }
    made = client.post(reverse("policies:new"), said)
    policy = Policy.objects.get(key="street-rent")
    assert policy.issuers == ["街道办", "经发科"]
    assert made.url == reverse("policies:edit", args=[policy.versions.get().pk])
    assert client.post(reverse("policies:new"), said).status_code == 200  # the key is taken


def test_advice_about_a_firm_is_the_same_page_without_its_buttons(as_, scale, library):
    page = text(as_(library.econ_specialist).get(reverse("policies:firm", args=[library.firm.pk])))
    assert "政策体检" in page
    assert "开始申报" not in page
    assert Outcome.MET.label in page
