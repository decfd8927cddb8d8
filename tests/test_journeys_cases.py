"""A case walked to each of its ends, by everybody who has a part in it: asker, section, department, secretary, leader.

Few long walks instead of many short ones: signing in costs more than the moves. The flows are those of docs/rules/case_states.md.
"""

import pytest
from django.urls import reverse
from seen import fits, shows

from linqi.cases import actions
from linqi.cases.models import Case, DispatchRow, Source
from linqi.catalogue.models import Category

pytestmark = [pytest.mark.journey, pytest.mark.enable_socket, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def opened(stage):
    """Opens a case of an enterprise that the section `economy` settles."""

    def make(firm, title, by=None):
        category = Category.objects.get(code="unpaid-receivables")
        return actions.open_case(
            enterprise=firm, category=category, title=title, source=Source.PORTAL, by=by or stage.econ_specialist
        )

    return make


def act(page, name, **said):
    """Unfold the box of a move, fill it in and send it, as its reader would."""
    form = page.locator(f"#main form[action$='/{name}/']").first
    for box in form.locator("xpath=ancestor::details").all():
        if box.get_attribute("open") is None:
            box.locator("> summary").click()
    for key, value in said.items():
        field = form.locator(f"[name$='{key}']")
        kind = field.first.get_attribute("type")
        if kind == "checkbox" and field.count() == 1:
            field.check()
        elif kind in ("radio", "checkbox"):
            form.locator(f"[name$='{key}'][value='{value}']").check()
        elif field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    form.locator("button[type=submit]").first.click()
    page.wait_for_load_state()
    assert fits(page), name


def test_a_case_is_worked_on_rated_badly_put_right_and_reopened(stage, walker, live_server, browser):
    def at(page, name="cases:detail"):
        page.goto(live_server.url + reverse(name, args=[Case.objects.get().pk]))

    # The firm asks at the door; money is owed, so the law's terms are told at once.
    firm = walker(stage.enterprise_user)
    firm.goto(live_server.url + reverse("cases:own_new"))
    firm.fill("[name=title]", "甲方拖欠货款半年，什么时候能追回？")
    firm.select_option("[name=category]", str(Category.objects.get(code="unpaid-receivables").pk))
    firm.locator("form.lq-form button[type=submit]").last.click()
    firm.wait_for_load_state()
    at(firm, "cases:own_one")
    act(firm, "receivable", amount="80000", debtor="public", debtor_name="某某建设公司", delivered_on="2025-03-03")
    shows(firm, "80,000.00", "#receivable")

    # The section accepts by keyboard, calls, and says once what is missing.
    handler = walker(stage.department_handler)
    at(handler)
    handler.keyboard.press("?")
    shows(handler, "受理", "#keys")
    shows(handler, "其他办理方式", "#keys")
    handler.keyboard.press("Escape")
    handler.keyboard.press("a")
    assert Case.objects.get().state == "dispatched"  # a key leads there, and never sends anything
    handler.keyboard.press("Enter")
    shows(handler, "已受理", "body")
    act(handler, "contact", text="电话联系，请对方准备合同")
    handler.keyboard.press("m")
    handler.keyboard.type("a r f")  # words are words while somebody types
    assert handler.locator("[name=ask_more-text]").input_value() == "a r f"
    act(handler, "ask_more", text="合同复印件；验收单；最近一次催款记录")
    shows(handler, "期限暂停")

    at(firm, "cases:own_one")
    shows(firm, "验收单", "#asked")
    act(firm, "supply", text="合同和验收单已经上传")
    act(firm, "urge")
    shows(firm, "催办", "body")

    # The leader presses as well; one word answers both.
    leader = walker(stage.street_leader)
    at(leader)
    act(leader, "supervise", text="本周内给企业一个说法")
    at(handler)
    shows(handler, "本周内给企业一个说法", "#nudges")
    act(handler, "reply", text="已约甲方周四面谈")

    # More time: asked by one, granted by another.
    act(handler, "ask_extension", text="甲方负责人出差，周四才能面谈")
    assert handler.locator("form[action$='/grant_extension/']").count() == 0
    secretary = walker(stage.community_secretary)
    at(secretary)
    before = Case.objects.get().due_at
    act(secretary, "grant_extension", text="同意，请告知企业")
    assert Case.objects.get().due_at > before
    at(firm, "cases:own_one")
    shows(firm, "已约甲方周四面谈")
    shows(firm, "延期")

    # What the answer lacks is said once.
    at(handler)
    act(handler, "answer", text="尽快处理", outcome="partly")
    shows(handler, "用了空话", "#moves")
    said = "甲方承诺 12 月 20 日前付清货款，拖欠期间按日万分之五计息。联系人：李工 0571-88880000"
    act(handler, "answer", text=said, outcome="partly", sure="on")
    act(handler, "close")
    handler.locator("form[action$='/link/'] button").click()
    handler.wait_for_load_state()
    address = handler.locator("#address").input_value()

    # Rated by the link alone, nobody signed in; the link works once.
    asker = browser.new_context(viewport=handler.viewport_size, locale="zh-CN").new_page()
    try:
        asker.goto(address)
        shows(asker, "12 月 20 日前付清", "body")
        asker.check("[name=stars][value='1']")
        asker.check("[name=solved][value=no]")
        asker.fill("[name=comment]", "到期仍没有付")
        asker.get_by_role("button", name="提交评价").click()
        shows(asker, "谢谢", "body")
        assert fits(asker)
        assert asker.goto(address).status == 410
        assert fits(asker)
    finally:
        asker.context.close()

    # Checked by another than the handler, put right, asked again; still not satisfied.
    at(secretary)
    shows(secretary, "到期仍没有付", "#rating")
    act(secretary, "uphold", text="已与企业核对，款项未到账")
    at(handler)
    act(handler, "mend", text="已发律师函并约谈甲方")
    at(secretary)
    act(secretary, "discontent", text="款项仍未到账，企业不认可")
    assert Case.objects.get().state == "accepted"
    at(handler)
    shows(handler, "转重新办理", "#rating")
    shows(handler, "这是重新办理之前的答复")


def test_a_case_is_disputed_shared_escalated_unmet_and_left_out(stage, walker, live_server, opened):
    case = opened(stage.firm, "园区东侧铁路噪声太大")
    address = live_server.url + reverse("cases:detail", args=[case.pk])

    # The section objects; somebody else decides, and sends the case to another.
    handler = walker(stage.department_handler)
    handler.goto(address)
    act(handler, "object", text="噪声不归本科室，三定方案第三条", department=str(stage.safety.pk))
    shows(handler, "待裁定")
    leader = walker(stage.street_leader)
    leader.goto(address)
    act(leader, "uphold_objection", text="同意", department=str(stage.safety.pk))
    shows(leader, "异议成立")
    leader.goto(live_server.url + reverse("cases:objections"))
    shows(leader, "成立")
    assert fits(leader)
    assert handler.request.get(address).status == 404

    # Who has it now asks a section and a community to do a part; what is not on the community's list its secretary admits.
    officer = walker(stage.econ_specialist)
    officer.goto(address)
    act(officer, "accept")
    act(officer, "add_strand", text="查清受影响的企业", department=str(stage.economy.pk))
    act(officer, "ask_community", text="上门核实噪声时段")
    shows(officer, "待社区准入", "#strands")
    assert officer.locator("form[action$='/answer/']").count() == 0  # not before the parts are in
    secretary = walker(stage.community_secretary)
    secretary.goto(address)
    act(secretary, "admit")
    act(secretary, "cannot", text="社区没有检测设备")
    handler.goto(address)
    act(handler, "take")
    act(handler, "done", text="涉及 12 家企业")

    # The joint meeting cannot help either: an honest end, counted.
    officer.goto(address)
    shows(officer, "社区没有检测设备", "#strands")
    act(officer, "escalate", text="请铁路部门加装声屏障")
    leader.goto(address)
    act(leader, "resolve", text="铁路部门本年度无计划，列入明年建议")
    officer.goto(address)
    said = "经 11 月 20 日联席会议研究，目前没有单位能够加装声屏障，已列入明年建议。联系人：王工 0571-88880000"
    act(officer, "answer", text=said, outcome="unmet", sure="on") if _asks(officer, said) else None
    act(officer, "close")
    firm = walker(stage.enterprise_user)
    firm.goto(live_server.url + reverse("cases:own_one", args=[case.pk]))
    shows(firm, "未满足需求")
    shows(firm, "联席会议")
    assert fits(firm)
    leader.goto(live_server.url + reverse("cases:list") + "?outcome=unmet")
    shows(leader, case.number)

    # Out of the rates only by two people, and it stays visible.
    officer.goto(address)
    act(officer, "exclude", reason="不属于街道职权")
    assert officer.locator("form[action$='/exclude/decide/']").count() == 0
    leader.goto(address)
    leader.fill("[name=exclusion-text]", "情况属实")
    leader.get_by_role("button", name="同意剔除").click()
    shows(leader, "已同意", "#rating")
    leader.goto(live_server.url + reverse("cases:list") + "?excluded=yes")
    shows(leader, case.number)
    assert fits(leader)


def _asks(page, said):
    """Send the answer a first time; whether the page asks back before it goes out."""
    act(page, "answer", text=said, outcome="unmet")
    return page.locator("[name=answer-sure]").count() > 0


def test_cases_are_merged_parted_routed_out_and_two_hands_meet(stage, walker, live_server, opened):
    main, part = opened(stage.firm, "甲方拖欠工程款"), opened(stage.neighbour, "同一甲方拖欠工程款")
    first, second = (live_server.url + reverse("cases:detail", args=[one.pk]) for one in (main, part))

    handler = walker(stage.department_handler)
    handler.goto(first)
    act(handler, "accept")
    handler.goto(second)
    act(handler, "merge", main=main.number, text="同一个甲方、同一个项目")
    shows(handler, "并案办理中")
    handler.goto(first)
    shows(handler, part.number)
    handler.goto(second)
    act(handler, "split_untaken")
    shows(handler, "待受理")

    # What the law sends elsewhere goes there, with its ground.
    act(handler, "accept")
    act(handler, "route_out", route="petition", text="《信访工作条例》第二十二条：请到区信访局提出")
    shows(handler, "已引导至法定途径")
    part.refresh_from_db()
    assert part.state == "routed"

    # Two hands at one case: what both wrote is shown beside each other, and nothing is lost unseen.
    officer = walker(stage.econ_specialist)
    correct = live_server.url + reverse("cases:correct", args=[main.pk])
    for page in (handler, officer):
        page.goto(correct)
        shows(page, "云谷一园 / 一号楼 / 3层 / 301室")
    officer.fill("[name=title]", "某建设公司拖欠工程款")
    officer.get_by_role("button", name="保存").click()
    officer.wait_for_url(first)
    handler.fill("[name=title]", "拖欠工程款 80 万元")
    handler.get_by_role("button", name="保存").click()
    shows(handler, "某建设公司拖欠工程款")
    assert fits(handler)
    handler.get_by_role("button", name="保存").click()
    handler.wait_for_url(first)
    main.refresh_from_db()
    assert main.title == "拖欠工程款 80 万元"

    # A list kept, and its news asked for.
    handler.goto(live_server.url + reverse("cases:list") + "?state=accepted")
    handler.locator(".lq-views summary").click()
    handler.fill(".lq-views [name=name]", "在办")
    handler.locator(".lq-views form button").click()
    handler.get_by_role("button", name="订阅").click()
    shows(handler, "取消订阅", ".lq-views")
    assert fits(handler)


def test_a_dispatch_table_is_changed_and_what_the_change_breaks_is_shown_by_example(stage, walker, live_server):
    leader = walker(stage.street_leader)
    address = live_server.url + reverse("cases:tables")

    def add(**said):
        leader.goto(address)
        act(leader, "row", department=str(stage.safety.pk), **said)

    leader.goto(address)
    assert fits(leader)
    money = str(Category.objects.get(code="unpaid-receivables").pk)
    add(categories=money)
    add(sources="desk")
    shows(leader, "交叉", "#dispatch")
    add()
    shows(leader, "永远轮不到", "#dispatch")
    top = DispatchRow.objects.order_by("order").first()
    leader.locator(f"form[action$='/rows/{top.pk}/end/'] button").click()
    leader.wait_for_load_state()
    for row in DispatchRow.objects.filter(until=None).exclude(pk=top.pk):
        actions.end_dispatch_row(row=row, by=stage.street_leader)
    leader.goto(address)
    shows(leader, "没有任何一行承办", "#dispatch")
    shows(leader, "例", "#dispatch")
    assert fits(leader)
