"""Pages of the ladder as people meet them."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from linqi.catalogue.models import Category
from linqi.journal.models import Entry
from linqi.kit.measures import Span
from linqi.ladder import actions, measures
from linqi.ladder.models import Candidate, Cultivation, Milestone, Move, Standard, TierRule
from linqi.ladder.rules import Step, Tier

from .conftest import TODAY


def text(answer):
    """What the page says."""
    return answer.content.decode()


@pytest.fixture
def candidate(cast, grown):
    """The firm in the seed tier, with a step planned and a measure begun."""
    actions.confirm_move(enterprise=grown, to=Tier.SEED, by=cast.econ_specialist)
    actions.plan_milestone(
        enterprise=grown, step=Step.JOINT_STOCK, planned_on=date(2026, 6, 1), by=cast.econ_specialist
    )
    actions.open_cultivation(
        enterprise=grown, title="规范近三年账目", owner=cast.econ_specialist, by=cast.street_leader
    )
    return Candidate.objects.get()


def test_the_board_shows_who_stands_where_and_what_is_lacking(as_, candidate):
    page = text(as_("econ_specialist").get(reverse("ladder:board")))
    assert "晴川" in page
    assert "升青苗层还差" in page
    assert "股份制改造 2026-06-01" in " ".join(page.split())


def test_an_empty_board_says_so(as_, street):
    assert "还没有企业" in text(as_("econ_specialist").get(reverse("ladder:board")))
    assert "看调整建议" in text(as_("econ_specialist").get(reverse("ladder:list")))


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?q=晴川",
        "?tier=seed",
        "?stage=cultivating",
        "?owner=none",
        "?sort=-reach",
        "?sort=next_on",
        "?cols=tier,since",
    ],
)
def test_the_list_names_the_firm(as_, candidate, query):
    assert "晴川" in text(as_("econ_specialist").get(reverse("ladder:list") + query))


def test_the_list_is_narrowed_and_exported(as_, cast, candidate):
    browser = as_("econ_specialist")
    for query in ("?tier=ear", "?reach=50", "?owner=mine", "?stage=listed", f"?place={cast.far_street.pk}&q=zz"):
        assert "晴川" not in text(browser.get(reverse("ladder:list") + query))
    assert "晴川" in text(browser.get(reverse("ladder:list"), {"place": cast.building.pk}))
    sheet = b"".join(browser.get(reverse("ladder:list") + "?export=csv").streaming_content).decode()
    assert "晴川" in sheet
    assert Entry.objects.filter(verb="kit.exported", data__what="ladder").exists()


def test_proposals_are_confirmed_together(as_, cast, grown, knows):
    knows(cast.neighbour, revenue={2025: "30000000"})
    browser = as_("econ_specialist")
    page = text(browser.get(reverse("ladder:proposals")))
    assert "2025年营业收入 ≥ 1,000 万元（现为 1,200 万元）" in page
    assert "未入库 → 种子层" in page
    answer = browser.post(
        reverse("ladder:confirm"), {"move": [grown.pk, cast.neighbour.pk, cast.far_firm.pk]}, follow=True
    )
    assert "已确认 2 家企业" in text(answer)
    assert Candidate.objects.count() == 2
    assert "没有待确认的调整" in text(browser.get(reverse("ladder:proposals")))
    assert "请先勾选" in text(browser.post(reverse("ladder:confirm"), {}, follow=True))


def test_a_proposal_is_declined_with_a_reason(as_, grown):
    browser = as_("econ_specialist")
    refused = browser.post(reverse("ladder:confirm"), {"decline": grown.pk, f"why-{grown.pk}": ""}, follow=True)
    assert "理由" in text(refused)
    browser.post(reverse("ladder:confirm"), {"decline": grown.pk, f"why-{grown.pk}": "无意上市"})
    assert Move.objects.get().answer == "declined"
    assert "没有待确认的调整" in text(browser.get(reverse("ladder:proposals") + "?kind=enter&to=seed&q=晴川"))
    again = browser.post(reverse("ladder:confirm"), {"decline": grown.pk, f"why-{grown.pk}": "再说一次"}, follow=True)
    assert "不再成立" in text(again)


def test_who_may_only_look_confirms_nothing(as_, grown):
    browser = as_("party_specialist")
    assert "确认勾选的调整" not in text(browser.get(reverse("ladder:proposals")))
    assert browser.post(reverse("ladder:confirm"), {"move": grown.pk}).status_code == 403
    assert not Candidate.objects.exists()


def test_the_page_of_a_firm_says_why_and_how_far(as_, candidate, knows):
    knows(candidate.enterprise, net_profit={2025: "48000000", 2024: "40000000"})
    page = text(as_("econ_specialist").get(reverse("ladder:firm", args=[candidate.enterprise_id])))
    assert page.count("<progress") == 15
    assert "2025年净利润(扣非前后孰低) ≥ 6,000 万元（还差 1,200 万元）" in page
    assert "80%" in page
    assert "预计市值/最近估值是多少？" in page or "预计市值" in page
    assert "测试来源" in page
    assert "产品默认，非街道规定" in page
    assert "规范近三年账目" in page
    assert Entry.objects.filter(verb="enterprises.secrets_read").exists()


def test_steps_and_measures_from_the_page(as_, cast, candidate):
    browser, pk = as_("econ_specialist"), candidate.enterprise_id
    refused = browser.post(
        reverse("ladder:milestone", args=[pk, "reach"]),
        {"step": "broker", "reached_on": "2026-03-09", "evidence": "协议"},
    )
    assert "还没到" in text(refused)
    browser.post(
        reverse("ladder:milestone", args=[pk, "reach"]),
        {"step": "joint_stock", "reached_on": "2026-02-20", "evidence": "营业执照", "public": "on", "board": "bse"},
    )
    browser.post(reverse("ladder:milestone", args=[pk, "plan"]), {"step": "broker", "planned_on": "2026-09-01"})
    assert Milestone.objects.exclude(reached_on=None).get().board == "bse"
    assert Milestone.objects.filter(step="broker", planned_on=date(2026, 9, 1)).exists()
    browser.post(reverse("ladder:milestone", args=[pk, "back"]), {"step": "joint_stock", "why": "记错"})
    assert not Milestone.objects.exclude(reached_on=None).exists()
    assert browser.post(reverse("ladder:milestone", args=[pk, "nonsense"]), {}).status_code == 404
    who = f"d{cast.economy.pk}"
    browser.post(reverse("ladder:cultivate", args=[pk]), {"title": "联系补助", "who": who, "days": "10"})
    measure = Cultivation.objects.get(title="联系补助")
    assert measure.department == cast.economy
    assert text(browser.post(reverse("ladder:cultivate", args=[pk]), {"title": "", "who": who, "days": "10"})).count(
        "lq-errors"
    )
    category = Category.objects.order_by("pk").first()
    browser.post(reverse("ladder:end", args=[measure.pk, "hand"]), {"category": category.pk})
    measure.refresh_from_db()
    assert measure.case.title == "联系补助"
    assert measure.case.number in text(browser.get(reverse("ladder:firm", args=[pk])))
    browser.post(reverse("ladder:end", args=[measure.pk, "finish"]), {"result": "已申报"})
    other = Cultivation.objects.get(title="规范近三年账目")
    browser.post(reverse("ladder:end", args=[other.pk, "drop"]), {"result": "企业自行办理"})
    assert set(Cultivation.objects.values_list("state", flat=True)) == {"done", "dropped"}


def test_tier_and_owner_from_the_page(as_, cast, candidate):
    browser, pk = as_("street_leader"), candidate.enterprise_id
    assert "理由" in text(browser.post(reverse("ladder:move", args=[pk]), {"to": "ear", "why": ""}))
    browser.post(reverse("ladder:move", args=[pk]), {"to": "ear", "why": "已报辅导"})
    browser.post(reverse("ladder:owner", args=[pk]), {"owner": cast.econ_specialist.pk})
    candidate.refresh_from_db()
    assert (candidate.tier, candidate.owner) == ("ear", cast.econ_specialist)
    assert "手动调整" in text(browser.get(reverse("ladder:firm", args=[pk])))
    browser.post(reverse("ladder:move", args=[pk]), {"to": "out", "why": "迁出意向"})
    assert not Candidate.objects.exists()


def test_a_firm_reads_its_own_page_and_no_other(as_, cast, candidate):
    actions.decline_move(enterprise=candidate.enterprise, to=Tier.EAR, why="内部意见", by=cast.econ_specialist)
    browser = as_("enterprise_user")
    assert browser.get(reverse("ladder:mine")).url == reverse("ladder:firm", args=[candidate.enterprise_id])
    page = text(browser.get(reverse("ladder:firm", args=[candidate.enterprise_id])))
    assert "距上市标准" in page
    assert "内部意见" not in page
    assert "调整层级" not in page
    assert browser.get(reverse("ladder:firm", args=[cast.neighbour.pk])).status_code == 404
    assert browser.get(reverse("ladder:firm", args=[cast.far_firm.pk])).status_code == 404
    assert browser.get(reverse("ladder:board")).status_code == 403
    assert browser.get(reverse("ladder:proposals")).status_code == 403
    assert browser.get(reverse("ladder:standards")).status_code == 200


def test_another_street_and_nobody_find_nothing(as_, candidate):
    browser = as_("stranger")
    for name in ("board", "list", "proposals"):
        assert "晴川" not in text(browser.get(reverse(f"ladder:{name}")))
    assert browser.get(reverse("ladder:firm", args=[candidate.enterprise_id])).status_code == 404
    measure = Cultivation.objects.get()
    assert browser.post(reverse("ladder:end", args=[measure.pk, "finish"]), {"result": "x"}).status_code == 404
    browser = as_("nobody")
    for name in ("board", "list", "proposals", "standards", "mine"):
        assert browser.get(reverse(f"ladder:{name}")).status_code == 403


def test_without_sight_of_secrets_the_figures_stay_closed(as_, cast, candidate):
    from linqi.accounts.models import RoleRecord

    role = RoleRecord.objects.get(code="party_specialist")
    role.permissions = [one for one in role.permissions if one != "enterprises.see_secrets"]
    role.save()
    page = text(as_("party_specialist").get(reverse("ladder:firm", args=[candidate.enterprise_id])))
    assert "商业秘密" in page
    assert "1,200 万元" not in page


def test_the_standards_of_any_day_with_their_sources(as_, street):
    browser = as_("street_leader")
    page = text(browser.get(reverse("ladder:standards")))
    assert "2025年净利润(扣非前后孰低) ≥ 6,000 万元" in page
    assert "深交所《创业板股票上市规则》（2024年修订）" in page
    assert "产品默认，非街道规定" in page
    old = text(browser.get(reverse("ladder:standards"), {"day": "2024-04-29"}))
    assert "旧标准一" in old
    assert "≥ 6,000 万元" not in old
    assert browser.get(reverse("ladder:standards"), {"day": "2024-13-29"}).status_code == 200
    for kind, key in (("standard", "35"), ("tier", "seed"), ("standard", "21")):
        assert browser.get(reverse("ladder:rule", args=[kind, key])).status_code == 200
    for kind, key in (("standard", "nope"), ("nope", "35")):
        assert browser.get(reverse("ladder:rule", args=[kind, key])).status_code == 404


def test_what_is_counted(cast, candidate):
    span = Span(TODAY - timedelta(days=10), TODAY)
    actions.reach_milestone(
        enterprise=candidate.enterprise, step=Step.LISTED, reached_on=TODAY, evidence="公告", by=cast.econ_specialist
    )
    counted = [
        one(span, cast.street.pk) for one in (measures.candidates, measures.rises, measures.milestones, measures.listed)
    ]
    assert counted == [1, 1, 1, 1]
    assert [one(span, cast.far_street.pk) for one in (measures.candidates, measures.rises)] == [0, 0]
    assert TierRule.objects.count() == 3


def test_a_leader_sets_a_figure_sees_the_effect_and_goes_back(as_, cast, grown):
    browser, address = as_("street_leader"), reverse("ladder:rule", args=["tier", "seed"])
    page = text(browser.get(address))
    assert "2025年营业收入 ≥ 1,000 万元（填万元）" in page
    said = {"value0": "1500", "value1": "500", "since": "2026-03-02", "source": "街道会议纪要", "note": ""}
    shown = text(browser.post(address, {**said, "source": "", "preview": "1"}))
    assert "由 1 家变为 0 家" in shown
    assert TierRule.objects.count() == 3
    assert "已经过去" in text(browser.post(address, {**said, "since": "2026-03-01"}))
    saved = text(browser.post(address, said, follow=True))
    assert "≥ 1,500 万元" in saved
    assert "本街道设定" in saved
    assert "晴川" not in text(browser.get(reverse("ladder:proposals")))
    browser.post(address, {"restore": "1"})
    assert "晴川" in text(browser.get(reverse("ladder:proposals")))
    standard = reverse("ladder:rule", args=["standard", "31"])
    figures = {"value0": "5000", "value1": "20000", "value2": "1500", "value3": "8", "value4": "2600", "value5": "8"}
    saved = text(browser.post(standard, {**figures, "since": "2026-03-02", "source": "试算"}, follow=True))
    assert "≥ 2,600 万元" in saved
    kept = Standard.objects.get(street=cast.street)
    assert kept.when["all"][3]["any"][1]["all"][0]["value"] == 26_000_000
    assert kept.when["all"][3]["any"][0]["all"][1]["value"] == 0.08


def test_who_may_not_set_rules_meets_no_form(as_, street):
    browser, address = as_("econ_specialist"), reverse("ladder:rule", args=["tier", "seed"])
    assert "另行设定" not in text(browser.get(address))
    browser.post(address, {"value0": "1", "value1": "1", "since": "2026-03-02", "source": "x"})
    assert TierRule.objects.count() == 3


def editing(data, at="r"):
    """What the editor's form posts of a condition."""
    kind = next((one for one in ("all", "any") if one in data), "compare")
    said = {f"conditions-{at}-kind": kind}
    if kind != "compare":
        said[f"conditions-{at}-count"] = str(len(data[kind]))
        for place, one in enumerate(data[kind]):
            said |= editing(one, f"{at}.{place}")
        return said
    said |= {f"conditions-{at}-{name}": data[name] for name in ("field", "op") if name in data}
    if "value" in data:
        said[f"conditions-{at}-value"] = data["value"]
    return said


def test_a_leader_changes_what_a_tier_is_made_of(as_, cast, grown):
    browser, address = as_("street_leader"), reverse("ladder:edit", args=["tier", "seed"])
    assert "conditions-editor" in text(browser.get(address, {"street": cast.street.pk}))
    said = editing({"all": [{"field": "revenue", "op": "gte", "value": "15000000"}]}) | {"street": cast.street.pk}
    live = browser.post(f"{address}?live", said, headers={"HX-Request": "true"})
    assert "1,500 万元" in text(live)
    assert "<html" not in text(live)
    more = text(browser.post(address, {**said, "conditions-do": "add:r"}, headers={"HX-Request": "true"}))
    assert "conditions-r.1-field" in more
    assert not TierRule.objects.filter(street=cast.street).exists()
    ground = {"since": "2026-03-02", "source": "街道会议", "note": "", "save": "1"}
    assert "lq-errors" in text(browser.post(address, {**said, **ground, "source": ""}))
    browser.post(address, {**said, **ground})
    own = TierRule.objects.get(street=cast.street)
    assert own.when["all"][0]["value"] == 15_000_000
    assert "晴川" not in text(browser.get(reverse("ladder:proposals")))


def test_the_editor_is_for_those_who_set_rules_in_that_street(as_, cast, street):
    address = reverse("ladder:edit", args=["tier", "seed"])
    assert as_("econ_specialist").get(address, {"street": cast.street.pk}).status_code == 403
    browser = as_("street_leader")
    assert browser.get(address, {"street": cast.far_street.pk}).status_code == 404
    assert browser.get(address).status_code == 404
    assert browser.get(reverse("ladder:edit", args=["tier", "nope"]), {"street": cast.street.pk}).status_code == 404


def test_the_number_of_queries_does_not_grow_with_the_firms(as_, cast, grown, knows, django_assert_max_num_queries):
    browser = as_("econ_specialist")
    actions.move(enterprise=grown, to=Tier.SEED, why="试", by=cast.street_leader)
    asked = {}
    for name in ("board", "list", "proposals"):
        browser.get(reverse(f"ladder:{name}"))
        with django_assert_max_num_queries(60) as seen:
            browser.get(reverse(f"ladder:{name}"))
        asked[name] = len(seen)
    knows(cast.neighbour, revenue={2025: "30000000"})
    actions.move(enterprise=cast.neighbour, to=Tier.SEED, why="试", by=cast.street_leader)
    for name, before in asked.items():
        browser.get(reverse(f"ladder:{name}"))
        with django_assert_max_num_queries(before + 2):
            browser.get(reverse(f"ladder:{name}"))


def test_the_file_of_a_firm_leads_to_its_place_on_the_ladder(as_, cast, candidate):
    actions.reach_milestone(
        enterprise=candidate.enterprise, step=Step.BROKER, reached_on=TODAY, evidence="协议书", by=cast.econ_specialist
    )
    page = text(as_("econ_specialist").get(reverse("dashboards:enterprise", args=[candidate.enterprise_id])))
    assert reverse("ladder:firm", args=[candidate.enterprise_id]) in page
    assert "种子层 · 培育" in page
    assert "协议书" in page
