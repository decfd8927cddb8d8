"""The rules page, its form, the preview of a change, and the page that says why."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from linqi.enterprises.actions import facts
from linqi.enterprises.models import Tenancy
from linqi.journal.models import Entry
from linqi.visits.forms import RuleForm
from linqi.visits.models import MustVisitRule, MustVisitScore

from .conftest import MONDAY

TODAY = MONDAY.date()


def text(answer):
    """What the page says."""
    return answer.content.decode()


@pytest.fixture
def risky(cast, at):
    """The firm, with wages unpaid."""
    facts.record_fact(
        enterprise=cast.firm, key="wage_arrears", value=True, source_kind="register", source="劳动监察", as_of=TODAY,
        by=cast.econ_specialist,
    )  # fmt: skip
    return cast.firm


def typed(data, at="r"):
    """A condition as the editor's form posts it."""
    kind = next((name for name in ("all", "any") if name in data), "compare")
    if kind == "compare":
        said = {
            "field": data.get("field", ""),
            "op": data["op"],
            "value": data.get("value", ""),
            "unit": data.get("unit", ""),
        }
        return {f"when-{at}-kind": "compare", **{f"when-{at}-{name}": value for name, value in said.items()}}
    made = {f"when-{at}-kind": kind, f"when-{at}-count": len(data[kind])}
    for place, part in enumerate(data[kind]):
        made |= typed(part, f"{at}.{place}")
    return made


def posted(street, reason="newcomer", when=None, **changes):
    row = MustVisitRule.objects.get(street=None, reason=reason)
    said = {name: "" if value is None else value for name, value in RuleForm.initial_of(row).items()}
    said = {**said, "source": "街道〔2026〕3号", "since": TODAY.isoformat(), **changes, **typed(when or row.when)}
    return {name: value for name, value in said.items() if value is not False}


@pytest.mark.parametrize("who", ["street_leader", "econ_specialist", "property_manager"])
def test_everybody_who_visits_reads_the_six_rules_and_their_source(as_, cast, at, who):
    page = text(as_(who).get(reverse("visits:rules")))
    for label in ("风险企业", "有需求企业", "在区外投资企业", "新入驻企业", "优质企业", "非在册企业"):
        assert label in page
    assert page.count("产品默认，非街道规定") >= 6
    assert page.count("可服务、不得施压") == 2
    assert "公平竞争审查条例" in page


@pytest.mark.parametrize(("who", "status"), [("stranger", 404), ("enterprise_user", 403), ("nobody", 403)])
def test_another_streets_rules_are_not_there(as_, cast, at, who, status):
    browser = as_(who)
    address = reverse("visits:rule", args=[cast.street.pk, "newcomer"])
    assert browser.get(address).status_code == status
    assert browser.post(address, {**posted(cast.street), "save": "1"}).status_code == status
    assert not MustVisitRule.objects.filter(street=cast.street).exists()


def test_a_specialist_reads_a_rule_and_does_not_change_it(as_, cast, at):
    browser = as_("econ_specialist")
    address = reverse("visits:rule", args=[cast.street.pk, "newcomer"])
    assert "修改必访规则" not in text(browser.get(address))
    browser.post(address, {**posted(cast.street), "save": "1"})
    assert browser.post(reverse("visits:restore", args=[cast.street.pk, "newcomer"])).status_code == 403
    assert not MustVisitRule.objects.filter(street=cast.street).exists()


def test_a_leader_sees_who_comes_and_goes_before_saving(as_, cast, at, newcomer):
    browser = as_("street_leader")
    address = reverse("visits:rule", args=[cast.street.pk, "newcomer"])
    wider = posted(cast.street, when={"any": [{"field": "tenancy_began_on", "op": "gte", "value": "today-3y"}]})
    shown = browser.post(address, {**wider, "preview": "1"})
    assert not MustVisitRule.objects.filter(street=cast.street).exists()
    preview = shown.context["preview"]
    assert (preview["before"], preview["after"], preview["come"], preview["leave"]) == (1, 2, 1, 0)
    assert cast.neighbour.name in text(shown)
    browser.post(address, {**wider, "save": "1"})
    kept = MustVisitRule.objects.get(street=cast.street)
    assert (kept.when["any"][0]["value"], kept.since, kept.set_by) == ("today-3y", TODAY, cast.street_leader)
    assert Entry.objects.filter(verb="visits.rule_changed", place=cast.street.pk).count() == 1
    page = text(browser.get(reverse("visits:must")))
    assert cast.neighbour.name in page
    browser.post(reverse("visits:restore", args=[cast.street.pk, "newcomer"]))
    assert cast.neighbour.name not in text(browser.get(reverse("visits:must")))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param(
            {"when": {"any": [{"field": "nonsense", "op": "is_true"}]}}, "nonsense", id="an unknown field is named"
        ),
        pytest.param({"when": {"all": []}}, "至少加一项", id="an empty group"),
        pytest.param(
            {"when": {"all": [{"field": "rent_overdue_days", "op": "gte", "value": "很多"}]}},
            "应为数字",
            id="no number",
        ),
        pytest.param({"source": ""}, "source", id="nothing said of its source"),
        pytest.param({"since": "2026-01-01", "save": "1"}, "只能从今天", id="a day in the past"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(as_, cast, at, changes, said):
    answer = as_("street_leader").post(
        reverse("visits:rule", args=[cast.street.pk, "newcomer"]), posted(cast.street, **changes)
    )
    assert answer.status_code == 200
    assert said in text(answer)
    assert not MustVisitRule.objects.filter(street=cast.street).exists()


def test_the_trigger_is_edited_row_by_row_and_counted_as_one_types(as_, cast, at, newcomer):
    browser = as_("street_leader")
    address = reverse("visits:trigger", args=[cast.street.pk, "newcomer"])
    grown = browser.post(address, {**posted(cast.street), "when-do": "add:r"})
    assert grown.context["editor"].root.parts[2].data == {"field": "registered_here", "op": "is_true"}
    live = browser.post(f"{address}?live", posted(cast.street))
    assert "本街道试算" in text(live)
    assert sum(live.context["editor"].counts.values()) == 2
    without_scripts = browser.post(
        reverse("visits:rule", args=[cast.street.pk, "newcomer"]), {**posted(cast.street), "when-do": "drop:r.1"}
    )
    assert len(without_scripts.context["editor"].root.parts) == 1
    assert not MustVisitRule.objects.filter(street=cast.street).exists()
    assert as_("econ_specialist").post(address, posted(cast.street)).status_code == 403
    assert as_("stranger").post(address, posted(cast.street)).status_code == 403


def test_a_rule_that_begins_later_waits_and_the_history_is_kept(as_, cast, at):
    browser = as_("street_leader")
    address = reverse("visits:rule", args=[cast.street.pk, "premium"])
    for day, limit in ((TODAY, 8), (TODAY + timedelta(days=9), 5)):
        browser.post(address, {**posted(cast.street, "premium", since=day.isoformat(), first_visit=limit), "save": "1"})
    rows = MustVisitRule.objects.filter(street=cast.street).order_by("since")
    assert [(row.first_visit, row.since, row.until) for row in rows] == [
        (8, TODAY, date(2026, 3, 11)), (5, date(2026, 3, 11), None),
    ]  # fmt: skip
    assert "待生效" in text(browser.get(address))


def test_the_order_is_the_streets_own(as_, cast, at, risky):
    browser = as_("street_leader")
    (before,) = browser.get(reverse("visits:must")).context["table"].rows
    said = {
        "urgency": "0",
        "late_step": "30",
        "late_most": "0",
        "step0": "1",
        "step1": "1",
        "step2": "1",
        "source": "试行",
    }
    browser.post(reverse("visits:order", args=[cast.street.pk]), said)
    assert MustVisitScore.objects.get(street=cast.street).urgency == 0
    (after,) = browser.get(reverse("visits:must")).context["table"].rows
    assert (before.object.points, after.object.points) == (5.0, 5.0)
    assert browser.post(reverse("visits:order", args=[cast.street.pk]), {**said, "step0": "99"}).status_code == 302
    assert MustVisitScore.objects.filter(street=cast.street).count() == 1
    assert as_("econ_specialist").post(reverse("visits:order", args=[cast.street.pk]), said).status_code == 403


# --- why --------------------------------------------------------------------------------------------------------------
def test_the_page_says_why_and_what_to_ask(as_, risky):
    page = text(as_("econ_specialist").get(f"{reverse('visits:why')}?enterprise={risky.pk}"))
    for words in ("拖欠工资", "劳动监察", "2026-03-02", "员工安置与工资发放", "完成标准", "企业权重"):
        assert words in page
    assert Entry.objects.filter(verb="enterprises.secrets_read", enterprise=risky.pk).exists()


def test_a_business_secret_is_not_told_to_who_may_not_read_it(as_, risky):
    page = text(as_("property_manager").get(f"{reverse('visits:why')}?enterprise={risky.pk}"))
    assert "风险企业" in page
    assert "拖欠工资" not in page
    assert not Entry.objects.filter(verb="enterprises.secrets_read").exists()


@pytest.mark.parametrize(("who", "status"), [("stranger", 404), ("enterprise_user", 403), ("nobody", 403)])
def test_why_is_not_for_outsiders(as_, risky, who, status):
    assert as_(who).get(f"{reverse('visits:why')}?enterprise={risky.pk}").status_code == status


@pytest.mark.parametrize("page", ["visits:plan", "visits:record_new"])
def test_whoever_goes_is_told_what_to_ask_and_when_it_is_done(as_, risky, page):
    answer = text(as_("econ_specialist").get(f"{reverse(page)}?enterprise={risky.pk}"))
    assert "要问什么" in answer
    assert "风险销号" in answer


@pytest.mark.parametrize(
    "query",
    ["?reason=at_risk", "?planned=no", "?sort=-score", "?sort=name", "?sort=-due", "?q=晴川", "?reason=at_risk&reason=in_need"],
)  # fmt: skip
def test_the_list_is_narrowed_and_ordered(as_, risky, query):
    assert risky.name in text(as_("econ_specialist").get(reverse("visits:must") + query))


@pytest.mark.parametrize("query", ["?reason=premium", "?planned=yes", "?overdue=1", "?q=没有这家"])
def test_the_list_leaves_out_what_was_not_asked_for(as_, risky, query):
    assert risky.name not in text(as_("econ_specialist").get(reverse("visits:must") + query))


def test_the_export_holds_the_score_and_is_told(as_, risky):
    answer = as_("street_leader").get(reverse("visits:must") + "?export=csv")
    assert "5.0" in b"".join(answer.streaming_content).decode()
    assert Entry.objects.filter(verb="kit.exported").exists()


def test_an_empty_list_says_so(as_, cast, at):
    Tenancy.objects.all().delete()
    assert "无事不扰" in text(as_("econ_specialist").get(reverse("visits:must")))
