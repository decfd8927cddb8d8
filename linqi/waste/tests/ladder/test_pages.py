"""The pages of clues, tasks, hauls and terms; what the enterprise sees; and that an unconfirmed clue reaches nobody outside."""

import re
from datetime import timedelta
from fractions import Fraction

import pytest
from django.urls import reverse

from linqi.journal.models import Entry
from linqi.kit import clock
from linqi.notifications.models import Notice
from linqi.search.models import Document
from linqi.waste import purity
from linqi.waste.actions import appeals, tasks
from linqi.waste.actions import clues as actions
from linqi.waste.flow import Said, TaskState
from linqi.waste.kinds import ClueState
from linqi.waste.models import Clue, HaulReport, LadderTerms, Task
from linqi.waste.rules.tracing import Ground, Share
from linqi.waste.views.shares import party_rows

from .conftest import MONDAY


def page(browser, name, *args, **query):
    return browser.get(reverse(f"waste:{name}", args=args), query)


def text_of(answer):
    return answer.content.decode()


def test_those_that_nothing_tells_apart_are_counted_and_not_named(cast):
    def rows(ground, *parties):
        return party_rows([Share(party, Fraction(1, len(parties)), ground) for party in parties], cast.street_leader)

    firms = [cast.firm.pk, cast.neighbour.pk]
    assert [row.percent for row in rows(Ground.EQUAL, *firms)] == ["50.0%", "50.0%"]
    assert cast.firm.name in [row.name for row in rows(Ground.EQUAL, *firms)]
    (all_,) = rows(Ground.EQUAL, *firms, -1, -2)  # two more that are no longer in the registry
    assert (all_.name, all_.percent) == ("4 家，分不出是哪一家", "100.0%")
    *thrown, rest = rows(Ground.DEPOSITS, *firms, *range(-18, 0))
    assert (len(thrown), rest.name, rest.percent) == (12, "其余 8 家", "40.0%")


# --- an unconfirmed clue reaches nobody outside ------------------------------------------------------------------------
@pytest.mark.parametrize(
    "who", ["enterprise_user", "property_manager", "stranger", "far_enterprise_user", "department_handler", "nobody"]
)
def test_an_unconfirmed_clue_reaches_nobody_outside(cast, clue, as_, who, task):
    """Pages, lists, exports, search, the programming interface, notices and cases: nothing says a word of it.

    There is a task on the bin already, not told to anybody: that neither.
    """
    mark = "只给街道看的线索"
    one = clue(4, note=mark)
    tasks.address(task=task, enterprise=cast.firm, why=mark, by=cast.governance_specialist)
    browser = as_(who)
    for name, args in (
        ("clues", []), ("clue", [one.pk]), ("clue_picture", [one.pk]), ("clue_next", []), ("tasks", []),
        ("task", [task.pk]), ("task_chain", [task.pk]), ("task_evidence", [task.pk]), ("statements", []), ("hauls", []),
    ):  # fmt: skip
        for query in ({}, {"export": "csv"}, {"export": "xlsx"}, {"q": mark[:4]}):
            answer = page(browser, name, *args, **query)
            assert answer.status_code in (302, 403, 404), (name, answer.status_code)
    for url in (
        "/",
        "/search/?q=只给街道",
        f"/search/?q={task.number}",
        "/notices/",
        "/cases/",
        "/cases/mine/",
        "/waste/mine/",
    ):
        answer = browser.get(url)
        if answer.status_code == 200:
            assert mark not in text_of(answer)
            assert task.bin.code not in text_of(answer)
            assert f"/waste/tasks/{task.pk}" not in text_of(answer)
            assert f"/waste/clues/{one.pk}" not in text_of(answer)
    assert page(browser, "own_task", task.pk).status_code in (403, 404)
    assert not Notice.objects.filter(user=cast.users[who]).exists()
    assert not Document.objects.filter(kind="case", text__contains=task.bin.code).exists()
    answer = browser.get(f"/enterprises/{cast.firm.pk}/")
    assert mark not in (text_of(answer) if answer.status_code == 200 else "")


def test_the_enterprise_sees_its_task_from_the_first_step_on_and_never_the_others(cast, ladder, as_, clue):
    task = ladder("addressed")
    browser = as_("enterprise_user")
    assert page(browser, "own_task", task.pk).status_code == 404
    assert task.number not in text_of(page(browser, "own_tasks"))
    tasks.remind(task=task, text="请分类投放。", by=cast.governance_specialist)
    shown = text_of(page(browser, "own_task", task.pk))
    assert "请分类投放。" in shown
    assert "《行政处罚法》第33条" in shown
    assert task.number in text_of(page(browser, "own_tasks"))
    assert cast.neighbour.name not in shown, "who else could have been it is nobody's business"
    assert "50.0%" not in shown
    clue(0.2, note="还没人看过")
    assert "还没人看过" not in text_of(page(browser, "own_task", task.pk))
    for who in ("far_enterprise_user", "property_manager", "stranger"):
        assert page(as_(who), "own_task", task.pk).status_code in (403, 404)


def test_the_property_manager_sees_the_case_of_a_step_and_not_whom_it_addresses(cast, ladder, as_):
    ladder("reminded")
    shown = text_of(as_("property_manager").get("/cases/"))
    assert "垃圾分类提醒" in shown
    assert cast.firm.name not in shown


# --- looking ----------------------------------------------------------------------------------------------------------------
def test_clues_are_looked_at_one_after_the_other(cast, clue, as_):
    old, new = clue(5), clue(1)
    browser = as_("governance_specialist")
    assert "开始核看（2 条）" in text_of(page(browser, "clues"))
    assert page(browser, "clue_next").url == reverse("waste:clue", args=[old.pk])
    shown = text_of(page(browser, "clue", old.pk))
    assert cast.neighbour.name in shown
    assert "50.0%" in shown
    assert "系统不认定是谁" in shown
    answer = browser.post(reverse("waste:clue_look", args=[old.pk]), {"confirmed": "0", "reason": "", "next": "1"})
    assert "请写明为什么不属实" in text_of(answer)
    answer = browser.post(reverse("waste:clue_look", args=[old.pk]), {"confirmed": "1", "reason": "", "next": "1"})
    assert answer.url == reverse("waste:clue", args=[new.pk])
    assert "逐节校验完整" in text_of(page(browser, "clue", old.pk))
    browser.post(reverse("waste:clue_again", args=[old.pk]))
    old.refresh_from_db()
    assert old.state == ClueState.WAITING


def test_several_are_confirmed_or_refuted_with_one_reason(cast, clue, as_):
    some = [clue(n) for n in (1, 2, 3)]
    browser = as_("governance_specialist")
    picked = {"pick": [one.pk for one in some[:2]], "back": reverse("waste:clues") + "?state=waiting"}
    asked = browser.post(reverse("waste:clues_many", args=["refute"]), picked)
    assert "为什么不属实" in text_of(asked)
    done = browser.post(reverse("waste:clues_many", args=["refute"]), {**picked, "said": "1", "reason": "反光"})
    assert done.url.endswith("?state=waiting")
    assert Clue.objects.filter(state="refuted", reason="反光").count() == 2
    browser.post(reverse("waste:clues_many", args=["confirm"]), {"pick": [some[2].pk]})
    some[2].refresh_from_db()
    assert some[2].state == ClueState.CONFIRMED
    assert browser.post(reverse("waste:clues_many", args=["erase"]), picked).status_code == 302


@pytest.mark.parametrize(
    "query", ["?q=FL-001", "?state=waiting&kind=mixed", "?witness=device", "?at_from=x", "?place=x", "?place=1"]
)
def test_the_list_of_clues_is_narrowed(cast, clue, as_, query):
    clue()
    assert as_("street_leader").get(reverse("waste:clues") + query).status_code == 200


def test_an_export_is_kept_in_the_journal(cast, task, as_):
    browser = as_("governance_specialist")
    for name, what in (("clues", "waste_clues"), ("tasks", "waste_tasks"), ("hauls", "waste_hauls")):
        assert page(browser, name, export="csv").status_code == 200
        assert Entry.objects.filter(data__what=what).exists(), what


def test_a_patrol_registers_what_it_saw_by_the_number_of_the_bin(cast, bin, as_, at):
    browser = as_("governance_specialist")
    said = {"bin": "FL-999", "kind": "illegal", "at": "2026-03-02T09:00", "note": "桶外两袋"}
    assert "没有这个桶号" in text_of(browser.post(reverse("waste:clue_new"), said))
    answer = browser.post(reverse("waste:clue_new"), {**said, "bin": "FL-001"})
    assert answer.url == reverse("waste:clue", args=[Clue.objects.get().pk])


# --- a task ------------------------------------------------------------------------------------------------------------------
def test_a_task_is_led_to_its_end_from_its_page_with_the_articles_beside_each_step(cast, task, as_, at):
    browser = as_("governance_specialist")

    def do(move, **said):
        shown = text_of(page(browser, "task", task.pk))
        answer = browser.post(
            reverse("waste:task_act", args=[task.pk, move]), {f"{move}-{key}": value for key, value in said.items()}
        )
        assert answer.status_code == 302, re.findall(r"lq-errors.*?</ul>", text_of(answer), re.S)
        task.refresh_from_db()
        return shown

    assert "《行政处罚法》第41条" in do("address", party=f"e:{cast.firm.pk}:0", why="刷卡")
    assert "《行政处罚法》第33条" in do("remind", text="请分类")
    shown = do("order", text="责令改正", offence="HZ65u")
    assert "《行政处罚法》第45条" in shown
    assert "500 元以上5000 元以下" in shown
    do("recheck", note="")
    do("pass", note="已分清")
    assert task.state == TaskState.CORRECTED
    assert "已分清" in text_of(page(browser, "task", task.pk))
    assert "逐节校验完整" in text_of(page(browser, "task_chain", task.pk))


def test_a_form_that_lacks_something_says_so_beside_its_field_and_moves_nothing(cast, ladder, as_):
    task = ladder("reminded")
    browser = as_("governance_specialist")
    answer = browser.post(
        reverse("waste:task_act", args=[task.pk, "order"]), {"order-text": "改", "order-offence": "HZ66"}
    )
    assert answer.status_code == 200
    assert "lq-errors" in text_of(answer)
    task.refresh_from_db()
    assert task.state == TaskState.REMINDED
    assert browser.post(reverse("waste:task_act", args=[task.pk, "nonsense"])).status_code == 302
    answer = browser.post(reverse("waste:task_act", args=[task.pk, "pass"]), {"pass-note": "x"}, follow=True)
    assert "状态已经变化" in text_of(answer)


def test_referral_and_evidence_from_the_page(cast, ladder, as_):
    task = ladder("repeated")
    assert "执法人员一" not in text_of(page(as_("governance_specialist"), "task", task.pk))
    browser = as_("street_leader")
    shown = text_of(page(browser, "task", task.pk))
    for article in (31, 36, 41, 42, 45, 47, 51):
        assert f"第{article}条" in shown
    said = {
        "refer-offence": "HZ65u", "refer-reason": "未改", "refer-officer_a": "张三", "refer-certificate_a": "A1",
        "refer-officer_b": "李四", "refer-certificate_b": "A1",
    }  # fmt: skip
    assert "不能相同" in text_of(browser.post(reverse("waste:task_act", args=[task.pk, "refer"]), said))
    browser.post(reverse("waste:task_act", args=[task.pk, "refer"]), {**said, "refer-certificate_b": "A2"})
    task.refresh_from_db()
    assert task.state == TaskState.REFERRED
    answer = page(browser, "task_evidence", task.pk)
    assert answer["Content-Type"] == "application/zip"
    assert answer.content.startswith(b"PK")


def test_a_statement_is_made_by_the_enterprise_and_answered_by_the_staff(cast, ladder, as_):
    task = ladder("ordered")
    firm = as_("enterprise_user")
    shown = text_of(page(firm, "own_task", task.pk))
    assert "《行政处罚法》第45条" in shown
    answer = firm.post(reverse("waste:own_say", args=[task.pk, "defence"]), {"defence-text": " "})
    assert "lq-errors" in text_of(answer)
    firm.post(reverse("waste:own_say", args=[task.pk, "defence"]), {"defence-text": "当天停业"})
    said = task.statements.get()
    assert not said.by_staff
    browser = as_("governance_specialist")
    assert "当天停业" in text_of(page(browser, "statements"))
    assert "复核并答复" in text_of(page(browser, "task", task.pk))
    browser.post(
        reverse("waste:statement_answer", args=[said.pk]),
        {f"hear{said.pk}-upheld": "0", f"hear{said.pk}-answer": "一致"},
    )
    assert "一致" in text_of(page(as_("enterprise_user"), "own_task", task.pk))


def test_what_was_said_by_the_enterprise_can_be_taken_back_on_its_page(cast, ladder, as_):
    task = ladder("ordered")
    said = appeals.make_statement(task=task, kind=Said.CORRECTED, text="已改", by=cast.enterprise_user)
    browser = as_("enterprise_user")
    browser.post(reverse("waste:own_back", args=[said.pk]))
    said.refresh_from_db()
    assert said.withdrawn_at is not None
    assert as_("far_enterprise_user").post(reverse("waste:own_back", args=[said.pk])).status_code == 404


# --- hauls, terms, law, purity ------------------------------------------------------------------------------------------------
def test_a_load_is_kept_and_struck_out_from_its_pages(cast, point, bin, as_, at):
    browser = as_("governance_specialist")
    said = {
        "point": point.pk, "bin": bin.pk, "hauler": "城环收运", "kind": "refused", "stream": "residual",
        "kilograms": "", "destination": "", "hauled_at": "2026-03-02T09:00", "note": "混有厨余",
    }  # fmt: skip
    assert "杭州市生活垃圾管理条例" in text_of(page(browser, "haul_new"))
    answer = browser.post(reverse("waste:haul_new"), {**said, "bin": ""})
    assert "请选择是哪个桶" in text_of(answer)
    browser.post(reverse("waste:haul_new"), said)
    made = HaulReport.objects.get()
    assert "城环收运" in text_of(page(browser, "hauls"))
    browser.post(reverse("waste:haul_strike", args=[made.pk]), {"why": "记错"})
    assert "已作废" in text_of(page(browser, "haul", made.pk))


def test_terms_are_set_and_taken_back_to_the_default_of_the_product(cast, as_, at):
    browser = as_("street_leader")
    shown = text_of(page(browser, "terms"))
    assert "产品默认，非街道规定" in shown
    said = {
        "street": cast.street.pk, "clues": 2, "days": 5, "remind": 2, "order": 4, "recheck": 2, "refer": 9,
        "since": "2026-03-02", "source": "街办〔2026〕3号",
    }  # fmt: skip
    assert "lq-errors" in text_of(browser.post(reverse("waste:terms"), {**said, "clues": 0}))
    assert browser.post(reverse("waste:terms"), said).status_code == 302
    assert LadderTerms.objects.get().order == "4 working_days"
    assert "街办〔2026〕3号" in text_of(page(browser, "terms"))
    browser.post(reverse("waste:terms_restore", args=[cast.street.pk]))
    assert not LadderTerms.objects.filter(until=None).exists()
    assert page(as_("governance_specialist"), "terms").status_code == 403


def test_the_law_page_shows_every_band_with_its_source_and_that_nothing_is_computed(cast, as_):
    shown = text_of(page(as_("governance_specialist"), "law"))
    assert "本系统不计算金额" in shown
    assert "10 万元以上100 万元以下" in shown
    assert "2025-04-19" in shown


def looked(cast, clue, clean, mixed):
    for n in range(clean + mixed):
        one = clue(0.01 * (n + 1))
        actions.look(clue=one, confirmed=n >= clean, reason="干净", by=cast.governance_specialist)


def test_a_building_is_red_only_when_the_interval_says_so_and_never_a_list_of_enterprises(cast, clue, as_, monkeypatch):
    looked(cast, clue, 1, 9)
    span = (MONDAY.date() - timedelta(days=1), MONDAY.date() + timedelta(days=1))
    (row,) = purity.of_buildings(cast.street, span)
    assert (row.place, row.clean, row.looked_at, row.colour) == (cast.building, 1, 10, purity.Colour.RED)
    assert purity.of_buildings([cast.building], span) == [row]
    assert purity.of_buildings(cast.far_street, span) == []
    browser = as_("street_leader")
    shown = text_of(page(browser, "red_green", since=span[0].isoformat(), until=span[1].isoformat()))
    assert "另有 1 幢楼不足 3 家企业" in shown, "two enterprises: it would be a list of them"
    monkeypatch.setattr(purity, "FEWEST_TENANTS", 2)
    shown = text_of(page(browser, "red_green", since=span[0].isoformat(), until=span[1].isoformat()))
    assert "红榜" in shown
    assert "1 / 10" in shown
    assert cast.firm.name not in shown
    assert page(browser, "red_green", since="2026-13-45").status_code == 200


def test_few_samples_say_nothing_and_none_is_not_zero(cast, clue):
    span = (MONDAY.date() - timedelta(days=1), MONDAY.date() + timedelta(days=1))
    assert purity.of_buildings(cast.street, span) == []
    looked(cast, clue, 2, 0)
    (row,) = purity.of_buildings(cast.street, span)
    assert (row.share, row.colour) == (1.0, purity.Colour.OPEN)
    assert clock.today() == MONDAY.date()


def test_no_page_of_a_task_lists_persons_or_a_ranking_of_firms(cast, task, as_):
    assert Task.objects.count() == 1
    shown = text_of(page(as_("street_leader"), "red_green"))
    for user in cast.users.values():
        assert user.username not in shown.replace(cast.street_leader.username, "")
