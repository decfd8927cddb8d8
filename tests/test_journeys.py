"""Walks through the product in a real browser, wide and on a phone: the circle of the purpose, by clicking."""

import re
from datetime import timedelta
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from threading import Thread

import pytest
from django.core.cache import cache
from django.urls import reverse
from seen import fits, shows

from linqi.cases import actions
from linqi.cases.models import Case, Source
from linqi.catalogue.models import Category
from linqi.enterprises.models import Import
from linqi.kit import clock
from linqi.kit.access import SYSTEM

pytestmark = [
    pytest.mark.journey,
    pytest.mark.enable_socket,
    pytest.mark.django_db(transaction=True),
]


def test_the_first_circle_is_walked_by_hand(stage, walker, live_server):
    # A specialist is told whom to visit and why, goes, and reports a problem.
    specialist = walker(stage.econ_specialist)
    shows(specialist, "今天先去看谁")
    specialist.get_by_role("link", name=re.compile(stage.firm.name)).first.click()
    shows(specialist, "新入驻")
    specialist.get_by_role("link", name=re.compile("直接记录")).click()
    specialist.fill("[name=met]", "前台")
    specialist.fill("[name=summary]", "刚搬来，电梯经常停运")
    specialist.get_by_role("button", name="保存记录").click()
    specialist.locator("#add").get_by_role("link", name="问题").click()
    specialist.select_option("select[name$=category]", index=3)
    specialist.fill("input[name$=title]", "电梯经常停运")
    specialist.get_by_role("button", name="登记问题").click()
    specialist.wait_for_load_state()
    shows(specialist, "电梯经常停运", "#findings")
    assert fits(specialist)
    case = stage.firm.cases.get()
    assert case.department is not None
    assert case.due_at > case.opened_at

    # The section accepts, sees why this date, answers and closes.
    handler_user = stage.department_handler
    handler_user.grants.update(department=case.department_id)
    handler = walker(handler_user)
    handler.goto(live_server.url + reverse("cases:detail", args=[case.pk]))
    handler.get_by_role("button", name="受理").click()
    handler.locator(".lq-why summary").first.click()
    shows(handler, "次日起算", ".lq-why")
    handler.fill("textarea[name=answer-text]", "维保单位已更换配件，今天恢复运行")
    handler.check("input[name=answer-outcome][value=solved]")
    handler.locator("form[action*='answer']").get_by_role("button", name="答复", exact=True).click()
    shows(handler, "没有写联系人或电话")  # what it lacks is said once; whoever has read it may send it all the same
    handler.check("input[name=answer-sure]")
    handler.locator("form[action*='answer']").get_by_role("button", name="答复", exact=True).click()
    handler.locator("form[action*='close']").get_by_role("button").click()
    assert fits(handler)
    case.refresh_from_db()
    assert case.state == "closed"

    # The enterprise reads the answer and rates it, by keyboard.
    firm = walker(stage.enterprise_user)
    firm.get_by_role("link", name=re.compile("电梯经常停运")).first.click()
    shows(firm, "维保单位")
    firm.locator("input[name=stars]").nth(4).focus()
    firm.keyboard.press("Space")
    firm.locator("input[name=solved]").first.focus()
    firm.keyboard.press("Space")
    firm.get_by_role("button", name="提交评价").click()
    firm.wait_for_load_state()
    assert fits(firm)
    case.refresh_from_db()
    assert case.rating is not None

    # The street sees it counted, and the number opens to its row.
    leader = walker(stage.street_leader)
    leader.goto(live_server.url + reverse("dashboards:wall"))
    leader.get_by_role("link", name=re.compile("满意率")).click()
    leader.wait_for_load_state()
    shows(leader, "电梯经常停运")
    assert fits(leader)


def test_a_registry_is_brought_in_and_taken_back(stage, walker, live_server, tmp_path, settings):
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}},
    }
    file = tmp_path / "名册.csv"
    file.write_text(
        "企业名称,统一社会信用代码,法定代表人\n滨湖新来科技有限公司,,某某\n滨湖写错有限公司,9133011X,某某\n",
        encoding="gb18030",
    )
    page = walker(stage.community_secretary)
    page.goto(live_server.url + reverse("enterprises:new_import"))
    page.set_input_files("input[type=file]", file)
    page.fill("input[name=source]", "三月名册")
    page.get_by_role("button", name="上传并预览").click()
    page.wait_for_load_state()
    shows(page, "个人信息列不导入")
    shows(page, "8 位")
    page.get_by_role("button", name="写入 1 行").click()
    page.wait_for_load_state()
    shows(page, "已写入")
    assert fits(page)
    page.get_by_role("button", name="撤销这次导入").click()
    page.locator("dialog").get_by_role("button", name="确定").click()
    page.wait_for_load_state()
    shows(page, "已撤销")
    assert Import.objects.get().state == "undone"


@pytest.mark.parametrize(
    "role",
    [
        "district_operator",
        "street_leader",
        "community_secretary",
        "department_handler",
        "property_manager",
        "enterprise_user",
    ],
)
def test_each_role_opens_every_entry_of_its_menu(stage, walker, role):
    page = walker(stage.users[role])
    for address in page.eval_on_selector_all(".lq-menu a", "links => links.map(link => link.href)"):
        answer = page.goto(address)
        page.wait_for_load_state("networkidle")
        assert answer is not None
        assert answer.status == 200, address
        assert fits(page), address


def test_the_search_box_is_reached_by_a_key_and_finds_by_initials(stage, walker):
    from linqi.search.actions import rebuild

    rebuild()
    page = walker(stage.econ_specialist)
    page.keyboard.press("/")
    page.keyboard.type("qckj", delay=30)
    page.locator("#global-suggest a").first.wait_for()
    shows(page, stage.firm.name, "#global-suggest")
    assert stage.far_firm.name not in page.inner_text("#global-suggest")


def test_the_page_speaks_english_when_asked(stage, walker):
    page = walker(stage.econ_specialist)
    page.get_by_role("button", name=re.compile("EN|English")).first.click()
    page.wait_for_load_state()
    assert page.get_attribute("html", "lang") == "en"


def test_a_policy_is_changed_published_by_another_told_claimed_and_paid(stage, walker, live_server, monkeypatch):
    from linqi.enterprises import known
    from linqi.enterprises.actions.facts import record_fact
    from linqi.policies.actions import payment
    from linqi.policies.actions.library import install_library
    from linqi.policies.models import Application, PolicyVersion

    def say(firm, key, value, period=""):
        said = {"source_kind": "register", "source": "区数据仓", "as_of": clock.today(), "by": SYSTEM}
        record_fact(enterprise=firm, key=key, value=value, period=period, **said)

    known.forget()
    install_library(street=stage.street, by=SYSTEM)
    last = str(clock.today().year - 1)
    for firm, revenue in ((stage.firm, "62000000"), (stage.neighbour, "9000000")):
        firm.registration_region = "330110"
        firm.save()
        for key, value in (("four_above", "industry"), ("four_above_first_year", 2025), ("strategic_emerging", False)):
            say(firm, key, value)
        say(firm, "revenue", revenue, last)
    policy = PolicyVersion.objects.get(policy__key="yh-68-scale-industry", policy__street=stage.street).policy

    # An officer adds a threshold, sees at once how many may meet it, then who loses.
    officer = walker(stage.econ_specialist)
    officer.goto(live_server.url + reverse("policies:policy", args=[policy.pk]))
    officer.get_by_role("button", name="起草新版本").click()
    shows(officer, "本街道试算")
    officer.get_by_role("button", name="加条件").first.click()
    officer.locator("select.lq-cond-field").nth(3).select_option("revenue")
    officer.locator("select.lq-cond-op").nth(3).wait_for()
    officer.locator("input[name='conditions-r.3-value']").fill("5000")
    officer.locator("select[name='conditions-r.3-unit']").select_option("万元")
    shows(officer, "上一年营业收入 ≥ 5,000 万元", "#conditions-live")
    shows(officer, "可能符合 1", "#conditions-live")
    officer.locator("input[name='conditions-r.3-clause']").fill("街道细则第二条：上年营业收入不低于五千万元")
    assert fits(officer)
    officer.get_by_role("button", name="保存，看谁增谁减").click()
    shows(officer, "不再符合")
    shows(officer, stage.neighbour.name)
    assert fits(officer)
    shows(officer, "样例的结论与预期不符")  # the examples of the version before know no revenue
    officer.get_by_role("link", name="继续修改").click()
    officer.get_by_role("button", name="按已保存的条件自动凑样例").click()
    shows(officer, "已加入样例", "body")
    officer.get_by_role("button", name="保存，看谁增谁减").click()
    officer.get_by_role("button", name="提请发布").click()
    shows(officer, "已提请发布", "body")

    # A second person publishes it and pushes it.
    leader = walker(stage.street_leader)
    draft = PolicyVersion.objects.get(policy=policy, number=2)
    leader.goto(live_server.url + reverse("policies:shift", args=[draft.pk]))
    leader.get_by_role("button", name="发布", exact=True).click()
    leader.locator("#confirm [value=yes], #confirm button").last.click()
    shows(leader, "已发布", "body")
    shows(leader, "第 2 版")
    leader.get_by_role("button", name="推送").click()
    leader.locator("#confirm [value=yes], #confirm button").last.click()
    shows(leader, "已推送 1 家", "body")
    leader.get_by_role("button", name="生成候选名单").click()
    leader.locator("#confirm [value=yes], #confirm button").last.click()
    shows(leader, "新增候选 1 家", "body")
    application = Application.objects.get(version=draft)

    # Data checked by one, list reviewed by another, public notice.
    for page, name in ((officer, "核对数据"), (leader, "审定名单"), (officer, "开始公示")):
        page.goto(live_server.url + reverse("policies:application", args=[application.pk]))
        if name == "审定名单":
            page.get_by_role("link", name=name).click()
            page.fill("input[name=amount]", "200000")
        page.get_by_role("button", name=name).click()
        shows(page, "已办理", "body")

    # The firm sees it with its reasons, and confirms when the notice is over.
    firm = walker(stage.enterprise_user)
    firm.goto(live_server.url + reverse("policies:mine"))
    shows(firm, "余杭区工业企业首次上规奖励")
    shows(firm, "现为 6,200 万元")
    assert fits(firm)
    application.refresh_from_db()
    monkeypatch.setattr(payment, "today", lambda: application.notice_until + timedelta(days=1))
    firm.get_by_role("link", name="看办理进度").first.click()
    firm.get_by_role("link", name="确认领取").click()
    firm.fill("input[name=account_holder]", "滨湖晴川科技有限公司")
    firm.fill("input[name=account_tail]", "6789")
    firm.get_by_role("button", name="确认领取").click()
    shows(firm, "企业已确认")
    assert fits(firm)

    leader.goto(live_server.url + reverse("policies:application", args=[application.pk]))
    leader.get_by_role("button", name="登记拨付").click()
    shows(leader, "已拨付")
    leader.goto(live_server.url + reverse("policies:ledger"))
    shows(leader, "20 万元")
    assert fits(leader)
    known.forget()


def test_while_a_request_is_typed_its_category_is_proposed_and_its_like_shown(stage, walker, live_server):
    from linqi.cases.actions import learn, open_case
    from linqi.cases.models import Source
    from linqi.catalogue.models import Category
    from linqi.kit.access import SYSTEM

    learn(by=SYSTEM)
    before = open_case(
        enterprise=stage.firm,
        category=Category.objects.get(code="unpaid-receivables"),
        title="甲方工程尾款拖欠半年",
        source=Source.PORTAL,
        by=stage.enterprise_user,
    )
    firm = walker(stage.enterprise_user)
    firm.goto(live_server.url + reverse("cases:own_new"))
    firm.locator("[name=title]").press_sequentially("甲方拖欠工程尾款不付")
    firm.locator("#similar").get_by_role("button", name=re.compile("拖欠账款")).click()
    assert firm.locator("[name=category]").input_value() == str(before.category_id)
    assert fits(firm)

    desk = walker(stage.econ_specialist)
    desk.goto(f"{live_server.url}{reverse('cases:new')}?enterprise={stage.firm.pk}")
    desk.locator("[name=title]").press_sequentially("甲方拖欠工程尾款不付")
    shows(desk, before.number, "#similar")
    assert fits(desk)


def test_the_desk_takes_several_keeps_a_view_and_prints(stage, walker, live_server):
    category = Category.objects.get(code="unpaid-receivables")
    made = [
        actions.open_case(enterprise=stage.firm, category=category, title=title, source=Source.DESK, by=stage.econ_specialist)
        for title in ("货款拖欠三个月", "工程款未付", "质保金不退")
    ]  # fmt: skip
    page = walker(stage.department_handler)
    page.goto(live_server.url + reverse("cases:list") + "?state=dispatched")
    boxes = page.locator(".lq-pick")
    assert not page.locator(".lq-picked").is_visible()
    boxes.nth(0).check()
    boxes.nth(1).check()
    assert page.locator("[data-picked]").inner_text() == "2"
    for key in ("j", "j", "j", "x", "x", "k"):  # the third, taken along and let go again; then the second
        page.keyboard.press(key)
    assert page.locator("[data-picked]").inner_text() == "2"
    assert page.evaluate("document.activeElement.textContent") == made[1].number
    page.get_by_role("button", name="受理", exact=True).click()
    shows(page, "已受理 2 件", where="body")
    shows(page, made[0].title)
    page.goto(live_server.url + reverse("cases:list") + "?view=done&state=accepted")
    page.locator(".lq-views summary").click()
    page.fill(".lq-views [name=name]", "我在办的")
    page.locator(".lq-views form button").click()
    page.get_by_role("link", name="我在办的").wait_for()
    assert fits(page)
    page.goto(live_server.url + reverse("cases:sheet", args=[made[0].pk]))
    shows(page, "经办人签字")
    page.emulate_media(media="print")
    assert not page.locator(".lq-side").is_visible()
    assert not page.get_by_role("button", name="打印").is_visible()
    page.emulate_media(media="screen")
    page.goto(live_server.url + reverse("cases:load"))
    shows(page, stage.economy.name)
    assert fits(page)


def test_another_sites_page_shows_the_form_and_no_other_site_may(stage, browser, live_server, tmp_path):
    cache.clear()
    allowed, other = (HTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) for _one in range(2))
    sites = [f"http://localhost:{one.server_port}" for one in (allowed, other)]
    for one in (allowed, other):
        Thread(target=one.serve_forever, daemon=True).start()
    form = actions.set_public_form(street=stage.street, on=True, sites=sites[:1], by=stage.street_leader)
    address = live_server.url + reverse("cases:ask", args=[form.token])
    (tmp_path / "index.html").write_text(
        f'<iframe src="{address}" width="800" height="1200"></iframe>', encoding="utf-8"
    )
    page = browser.new_context(locale="zh-CN").new_page()
    page.set_default_timeout(10_000)
    try:
        page.goto(sites[1])
        page.wait_for_timeout(500)
        assert page.frames[1].url.startswith("chrome-error:")
        page.goto(sites[0])
        frame = page.frame_locator("iframe")
        frame.locator("[name=title]").fill("园区东门红绿灯太短")
        frame.locator("[name=category]").select_option(index=3)
        frame.locator("[name=contact_name]").fill("周先生")
        frame.locator("[name=contact_phone]").fill("13700001111")
        frame.locator("form.lq-form button").click()
        frame.get_by_text("已经派给负责的科室").wait_for()
        follow = frame.locator("a[target=_blank]").get_attribute("href")
        page.goto(follow)
        shows(page, "还在办理中")
    finally:
        page.context.close()
        for one in (allowed, other):
            one.shutdown()
            one.server_close()
    assert Case.objects.get().contact_name == "周先生"


class Quiet(SimpleHTTPRequestHandler):
    """Somebody else's site, without its log."""

    def log_message(self, *said):
        """Nothing."""
