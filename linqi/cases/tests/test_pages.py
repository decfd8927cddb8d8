"""Pages of cases as people meet them: who sees what, refusals in words, the way from asking to rating."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.translation import override

from linqi.cases import actions
from linqi.cases.flow import State
from linqi.cases.models import Case


@pytest.fixture
def as_(client, cast):
    """The browser of one of the cast."""

    def sign_in(who):
        client.force_login(cast.users[who], backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in


def text(answer):
    """What the page says."""
    return answer.content.decode()


SEES = [
    "street_leader",
    "community_secretary",
    "econ_specialist",
    "department_handler",
    "property_manager",
    "district_operator",
]


@pytest.mark.parametrize("who", SEES)
def test_the_desk_shows_the_case_to_those_it_concerns(as_, case, who):
    browser = as_(who)
    assert case.title in text(browser.get(reverse("cases:list")))
    assert case.title in text(browser.get(reverse("cases:detail", args=[case.pk])))


def test_a_stranger_sees_no_case_and_gets_404(as_, case):
    browser = as_("stranger")
    assert case.title not in text(browser.get(reverse("cases:list")))
    assert browser.get(reverse("cases:detail", args=[case.pk])).status_code == 404
    assert browser.post(reverse("cases:move", args=[case.pk, "accept"])).status_code == 404


def test_another_enterprise_gets_404(as_, case):
    browser = as_("far_enterprise_user")
    assert browser.get(reverse("cases:own_one", args=[case.pk])).status_code == 404
    assert browser.post(reverse("cases:rate", args=[case.pk]), {"stars": "5"}).status_code == 404


def test_nobody_may_not_open_the_room(as_, case):
    browser = as_("nobody")
    for name in ("cases:list", "cases:own", "cases:new", "cases:tables"):
        assert browser.get(reverse(name)).status_code == 403


def test_an_enterprise_user_is_led_from_the_desk_to_its_own(as_, case):
    browser = as_("enterprise_user")
    assert browser.get(reverse("cases:detail", args=[case.pk])).url == reverse("cases:own_one", args=[case.pk])
    assert browser.get(reverse("cases:list")).url == reverse("cases:own")
    assert browser.get(reverse("cases:new")).url == reverse("cases:own_new")


@pytest.mark.parametrize(
    ("query", "there"),
    [
        ("?state=dispatched", True),
        ("?state=closed", False),
        ("?press=overdue", False),
        ("?q=货款", True),
        ("?q=LQ20260302", True),
        ("?q=晴川", True),
        ("?q=没有这个", False),
        ("?source=portal", True),
        ("?source=visit", False),
        ("?case_class=complaint", True),
        ("?opened_from=2026-03-02&opened_to=2026-03-02", True),
        ("?opened_from=2026-03-03", False),
        ("?department=__none", False),
        ("?rating=none", False),
        ("?sort=-due_at&cols=number,title,window,place,handler,rating", True),
    ],
)
def test_the_list_is_narrowed(as_, case, query, there):
    assert (case.number in text(as_("econ_specialist").get(reverse("cases:list") + query))) is there


def test_the_list_is_narrowed_by_place_and_enterprise(as_, cast, case):
    browser = as_("street_leader")
    for place, there in ((cast.building, True), (cast.park, True), (cast.unit2, False)):
        assert (case.number in text(browser.get(reverse("cases:list"), {"place": place.pk}))) is there
    for firm, there in ((cast.firm, True), (cast.neighbour, False)):
        assert (case.number in text(browser.get(reverse("cases:list"), {"enterprise": firm.pk}))) is there


@pytest.mark.parametrize(
    ("short", "long"), [("open=1", "state=dispatched"), ("overdue=1", "press=overdue"), ("to_rate=1", "rating=none")]
)
def test_short_questions_of_other_pages_are_spelt_out(as_, case, short, long):
    answer = as_("street_leader").get(f"{reverse('cases:list')}?{short}")
    assert answer.status_code == 302
    assert long in answer.url
    assert short not in answer.url


def test_the_number_of_queries_does_not_grow_with_the_rows(as_, cast, case, category, django_assert_max_num_queries):
    browser = as_("econ_specialist")
    for at_once in (1, 15):
        for _one in range(at_once):
            actions.open_case(
                enterprise=cast.firm, category=category, title="又一件", source=case_source(), by=cast.econ_specialist
            )
        with django_assert_max_num_queries(26):
            browser.get(reverse("cases:list"))


def case_source():
    from linqi.cases.models import Source

    return Source.DESK


def test_a_list_leaves_the_house_uncut_and_is_journalled(as_, case):
    from linqi.journal.models import Entry

    answer = as_("econ_specialist").get(reverse("cases:list") + "?export=csv")
    assert case.number in b"".join(answer.streaming_content).decode("utf-8-sig")
    assert Entry.objects.filter(verb="kit.exported").get().data["rows"] == 1


def test_a_handler_settles_by_the_buttons(as_, case):
    browser = as_("department_handler")
    page = text(browser.get(reverse("cases:detail", args=[case.pk])))
    assert "受理" in page
    assert "期限怎么算的" in page
    browser.post(reverse("cases:move", args=[case.pk, "accept"]))
    browser.post(
        reverse("cases:move", args=[case.pk, "answer"]),
        {"answer-text": "已协调付款。", "answer-outcome": "solved", "answer-sure": "on"},
    )
    answer = browser.post(reverse("cases:move", args=[case.pk, "close"]), follow=True)
    assert "已请企业评价" in text(answer)
    case.refresh_from_db()
    assert case.state == State.CLOSED


def test_a_move_that_is_no_longer_possible_is_refused_in_words(as_, case):
    answer = as_("department_handler").post(reverse("cases:move", args=[case.pk, "close"]), follow=True)
    assert answer.status_code == 200
    assert "状态已经变化" in text(answer)


def test_what_one_may_not_do_is_refused_in_words(as_, case):
    answer = as_("property_manager").post(reverse("cases:move", args=[case.pk, "accept"]), follow=True)
    assert answer.status_code == 200
    assert "没有办这件事的权限" in text(answer)


def test_an_answer_without_words_is_asked_for(as_, cast, case):
    actions.accept(case=case, by=cast.department_handler)
    answer = as_("department_handler").post(reverse("cases:move", args=[case.pk, "answer"]), {"answer-text": " "})
    assert answer.status_code == 200
    case.refresh_from_db()
    assert case.state == State.ACCEPTED


def test_sent_back_it_leaves_the_sections_list(as_, case):
    answer = as_("department_handler").post(
        reverse("cases:move", args=[case.pk, "send_back"]), {"send_back-text": "应由应急办理"}
    )
    assert answer.url == reverse("cases:list")


def test_the_secretary_sends_it_to_a_section(as_, cast, case):
    as_("community_secretary").post(
        reverse("cases:move", args=[case.pk, "redispatch"]),
        {"redispatch-text": "涉及安全", "redispatch-department": cast.safety.pk},
    )
    case.refresh_from_db()
    assert case.department == cast.safety


def test_a_new_case_at_the_desk(as_, cast, street, category):
    browser = as_("econ_specialist")
    assert cast.firm.name in text(browser.get(reverse("cases:pick"), {"q": "晴川"}))
    assert cast.far_firm.name not in text(browser.get(reverse("cases:pick"), {"q": "滨湖"}))
    address = f"{reverse('cases:new')}?enterprise={cast.firm.pk}"
    assert "诉求类别" in text(browser.get(address))
    browser.post(address, {"place": cast.unit.pk, "category": category.pk, "title": "窗口来的事"})
    assert Case.objects.get().title == "窗口来的事"
    assert "窗口来的事" in text(browser.post(f"{reverse('cases:similar')}?enterprise={cast.firm.pk}", {"title": ""}))
    assert browser.get(f"{reverse('cases:new')}?enterprise={cast.far_firm.pk}").status_code == 404


def test_the_enterprise_asks_is_served_and_rates(as_, cast, street, category):
    browser = as_("enterprise_user")
    browser.post(
        reverse("cases:own_new"),
        {"enterprise": cast.firm.pk, "place": cast.unit.pk, "category": category.pk, "title": "网上提的事"},
    )
    case = Case.objects.get()
    assert "网上提的事" in text(browser.get(reverse("cases:own")))
    actions.accept(case=case, by=cast.department_handler)
    actions.answer(case=case, text="已办好。", by=cast.department_handler)
    actions.close(case=case, by=cast.department_handler)
    page = text(browser.get(reverse("cases:own_one", args=[case.pk])))
    assert page.count('name="stars"') == 5
    assert "department_handler" not in page  # no names of persons for the enterprise
    assert "请选择" not in text(
        browser.post(reverse("cases:rate", args=[case.pk]), {"stars": "2", "solved": "partly", "comment": "慢"})
    )
    case.refresh_from_db()
    assert (case.rating, case.rating_comment) == (2, "慢")
    browser.post(reverse("cases:own_move", args=[case.pk, "reopen"]), {"reopen-text": "没有解决"})
    case.refresh_from_db()
    assert case.state == State.ACCEPTED


@pytest.mark.parametrize("who", ["econ_specialist", "property_manager"])
def test_whoever_may_open_a_case_may_send_a_file_with_it(as_, cast, street, category, who):
    photo = SimpleUploadedFile("现场.pdf", b"%PDF-1.7")
    said = {"place": cast.unit.pk, "category": category.pk, "title": "园区门口积水", "attached": photo}
    answer = as_(who).post(f"{reverse('cases:new')}?enterprise={cast.firm.pk}", said)
    made = Case.objects.get(title="园区门口积水")
    assert answer.url == reverse("cases:detail", args=[made.pk])
    assert made.attachments.get().name == "现场.pdf"


def test_a_file_that_is_refused_leaves_no_case(as_, cast, street, category):
    wrong = SimpleUploadedFile("工具.exe", b"MZ")
    said = {"place": cast.unit.pk, "category": category.pk, "title": "园区门口积水", "attached": wrong}
    answer = as_("econ_specialist").post(f"{reverse('cases:new')}?enterprise={cast.firm.pk}", said)
    assert "工具.exe" in text(answer)
    assert not Case.objects.filter(title="园区门口积水").exists()


def test_a_rating_without_stars_says_what_is_missing(as_, cast, case):
    actions.accept(case=case, by=cast.department_handler)
    actions.answer(case=case, text="已办好。", by=cast.department_handler)
    actions.close(case=case, by=cast.department_handler)
    answer = as_("enterprise_user").post(reverse("cases:rate", args=[case.pk]), {"comment": "没选星"})
    assert answer.status_code == 200
    assert "lq-errors" in text(answer)


def test_the_street_sees_and_changes_its_tables(as_, cast, street, category):
    browser = as_("street_leader")
    page = text(browser.get(reverse("cases:tables")))
    assert "产品默认，非街道规定" in page
    browser.post(reverse("cases:set_row", args=[street.pk]), {"category": category.pk, "department": cast.safety.pk})
    browser.post(
        reverse("cases:set_limit", args=[street.pk]),
        {
            "case_class": "consult",
            "accept_amount": "2",
            "accept_unit": "working_hours",
            "close_amount": "2",
            "close_unit": "working_days",
            "source": "前滩街办〔2026〕1号",
        },
    )
    assert "前滩街办〔2026〕1号" in text(browser.get(reverse("cases:tables")))
    assert browser.post(reverse("cases:fill", args=[street.pk])).status_code == 302
    assert browser.post(reverse("cases:fill", args=[cast.far_street.pk])).status_code == 404


def test_pages_speak_english_too(as_, case):
    with override("en"):
        assert as_("econ_specialist").get(reverse("cases:detail", args=[case.pk])).status_code == 200


def test_a_case_is_found_by_number_and_title_by_those_who_see_it(cast, case):
    from linqi.cases.searchable import present, streets
    from linqi.search.queries import matches

    for question in ("货款拖欠", case.number):
        assert matches("case", question, streets(cast.econ_specialist)) == [case.pk]
    (hit,) = present(cast.econ_specialist, [case.pk])
    assert (hit.title, hit.url) == (case.title, reverse("cases:detail", args=[case.pk]))
    assert present(cast.stranger, [case.pk]) == []
    assert streets(cast.stranger) == [cast.far_street.pk]
