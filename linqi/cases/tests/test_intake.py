"""Cases by other ways: told on the phone, asked by the form for everybody, sent in a file by another house."""

import csv
import io
import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from python_calamine import CalamineWorkbook

from linqi.cases import actions
from linqi.cases.flow import State
from linqi.cases.models import Batch, Case, Channel, PublicForm, RatingLink, Reference, Source
from linqi.cases.tests.conftest import MONDAY
from linqi.notifications.models import Notice


@pytest.fixture
def as_(client, cast):
    """The browser of one of the cast."""

    def sign_in(who):
        client.force_login(cast.users[who], backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in


def text(answer):
    return answer.content.decode()


# --- on the phone -----------------------------------------------------------------------------------------------------
def call(cast, category, **said):
    return {
        "way": "phone",
        "said_enterprise": "某某小店",
        "place": cast.building.pk,
        "category": category.pk,
        "title": "门口积水",
        "contact_name": "王女士",
        "contact_phone": "13800000000",
    } | said


def test_a_call_of_a_firm_nobody_knows_is_a_case_with_somebody_to_call_back(as_, cast, street, category):
    browser = as_("econ_specialist")
    answer = browser.post(f"{reverse('cases:new')}?enterprise=none", call(cast, category), follow=True)
    case = Case.objects.get()
    assert (case.source, case.enterprise, case.said_enterprise) == (Source.PHONE, None, "某某小店")
    assert case.department == cast.economy
    for word in ("王女士 13800000000", "尚未核实"):
        assert word in text(answer)
    browser.post(reverse("cases:identify", args=[case.pk]), {"enterprise": cast.firm.uscc.lower()})
    case.refresh_from_db()
    assert case.enterprise == cast.firm
    assert Notice.objects.filter(user=cast.enterprise_user).exists()


def test_a_call_without_a_number_cannot_be_answered(as_, cast, street, category):
    answer = as_("econ_specialist").post(
        f"{reverse('cases:new')}?enterprise=none", call(cast, category, contact_phone="")
    )
    assert "回电号码" in text(answer)
    assert not Case.objects.exists()


def test_only_a_firm_that_one_sees_can_be_named_and_only_once(cast, street, category):
    case = actions.open_case(
        enterprise=None,
        place=cast.building,
        category=category,
        title="门口积水",
        source=Source.PHONE,
        contact=actions.Contact("王", "13800000000", "某某小店"),
        by=cast.econ_specialist,
    )
    with pytest.raises(ValidationError):
        actions.identify(case=case, enterprise=cast.far_firm, by=cast.econ_specialist)
    with pytest.raises(PermissionDenied):
        actions.identify(case=case, enterprise=cast.firm, by=cast.stranger)
    actions.identify(case=case, enterprise=cast.firm, by=cast.econ_specialist)
    with pytest.raises(ValidationError):
        actions.identify(case=case, enterprise=cast.neighbour, by=cast.econ_specialist)


# --- the form for everybody -------------------------------------------------------------------------------------------
@pytest.fixture
def form(cast, street):
    """The street's form, open, shown inside the page of a park."""
    cache.clear()
    return actions.set_public_form(street=street, on=True, sites=["https://park.example.cn/"], by=cast.street_leader)


@pytest.fixture
def passer():
    """Somebody from outside, checked for forgery as a browser is, without any cookie of ours."""
    return Client(enforce_csrf_checks=True)


def asked(passer, form, kind, **said):
    shown = re.search(r'name="shown_at" value="([^"]+)"', text(passer.get(reverse("cases:ask", args=[form.token]))))
    return {
        "shown_at": shown[1],
        "said_enterprise": "滨湖晴川科技有限公司",
        "category": kind.pk,
        "title": "门禁坏了",
        "contact_name": "李",
        "contact_phone": "0571-88880000",
    } | said


def test_anybody_asks_follows_and_rates_without_an_account(passer, cast, form, category):
    address = reverse("cases:ask", args=[form.token])
    answer = passer.post(address, asked(passer, form, category))
    case = Case.objects.get()
    assert case.number in text(answer)
    assert (case.enterprise, case.said_enterprise, case.reporter) == (None, "滨湖晴川科技有限公司", None)
    assert not Notice.objects.filter(user=cast.enterprise_user).exists()  # a claim is not the firm's word
    follow = re.search(r'href="[^"]*(/cases/follow/[^"]+)"', text(answer))[1]
    assert "还在办理中" in text(passer.get(follow))
    actions.accept(case=case, by=cast.department_handler)
    actions.answer(case=case, text="门禁已修好。", by=cast.department_handler)
    actions.close(case=case, by=cast.department_handler)
    page = text(passer.get(follow))
    assert "门禁已修好。" in page
    assert "0571" not in page
    token = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', page)[1]
    rate = passer.post(f"{follow}rate/", {"csrfmiddlewaretoken": token})
    assert rate.status_code == 302
    assert RatingLink.objects.count() == 1
    assert "请您评价" in text(passer.get(rate.url))


def test_the_page_may_be_shown_only_inside_the_sites_the_street_named(passer, form):
    answer = passer.get(reverse("cases:ask", args=[form.token]))
    assert "frame-ancestors 'self' https://park.example.cn" in answer["Content-Security-Policy"]
    assert "X-Frame-Options" not in answer
    assert passer.get(reverse("cases:follow", args=["x"])).status_code == 404
    assert passer.get("/accounts/login/")["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize(
    "wrong",
    [{"shown_at": "made-up"}, {"shown_at": ""}, {"title": ""}, {"contact_phone": "打我"}, {"category": "999999"}],
)
def test_what_is_not_filled_in_on_our_page_or_lacks_something_opens_nothing(passer, form, category, wrong):
    answer = passer.post(reverse("cases:ask", args=[form.token]), asked(passer, form, category, **wrong))
    assert answer.status_code in (200, 400)
    assert not Case.objects.exists()


def test_the_page_of_one_form_does_not_open_another(passer, cast, form, category):
    other = actions.set_public_form(street=cast.far_street, on=True, sites=[], by=cast.district_operator)
    passer.post(reverse("cases:ask", args=[other.token]), asked(passer, form, category))
    assert not Case.objects.exists()


def test_places_of_another_street_cannot_be_named(passer, cast, form, category):
    passer.post(reverse("cases:ask", args=[form.token]), asked(passer, form, category, place=cast.far_building.pk))
    assert not Case.objects.exists()


def test_a_program_that_fills_in_everything_believes_it_was_heard(passer, form, category):
    answer = passer.post(reverse("cases:ask", args=[form.token]), asked(passer, form, category, trap="x"))
    assert answer.status_code == 200
    assert not Case.objects.exists()


def test_nobody_floods_the_street(passer, form, category):
    codes = [
        passer.post(reverse("cases:ask", args=[form.token]), asked(passer, form, category)).status_code
        for _once in range(12)
    ]
    assert codes.count(200) == 10
    assert Case.objects.count() == 10


def test_a_form_that_is_closed_is_gone(passer, cast, form, category):
    said = asked(passer, form, category)
    actions.set_public_form(street=form.street, on=False, sites=[], by=cast.street_leader)
    assert passer.post(reverse("cases:ask", args=[form.token]), said).status_code == 404
    with pytest.raises(ValidationError):
        actions.ask(
            form=form,
            place=cast.building,
            category=category,
            title="x",
            body="",
            contact=actions.Contact("a", "1234567"),
        )


@pytest.mark.parametrize(
    "site", ["javascript:alert(1)", "https://a.cn/path", "*", "https://a.cn; script-src *", "a.cn"]
)
def test_what_is_no_origin_is_refused(cast, street, site):
    with pytest.raises(ValidationError):
        actions.set_public_form(street=street, on=True, sites=[site], by=cast.street_leader)


def test_the_street_opens_its_form_on_the_page_of_its_tables(as_, cast, street):
    browser = as_("street_leader")
    said = {"ask-on": "on", "ask-sites": "https://park.example.cn\nhttp://127.0.0.1:8080", "ask-greeting": "您好"}
    browser.post(reverse("cases:set_form", args=[street.pk]), said)
    kept = PublicForm.objects.get()
    assert kept.sites == ["https://park.example.cn", "http://127.0.0.1:8080"]
    assert "&lt;iframe" in text(browser.get(reverse("cases:tables")))
    assert browser.post(reverse("cases:set_form", args=[cast.far_street.pk]), said).status_code == 404


# --- files of other houses --------------------------------------------------------------------------------------------
HEADS = ["工单编号", "标题", "诉求内容", "统一社会信用代码", "企业名称", "楼宇", "类别", "来电人", "电话", "来电时间"]


def sent(*rows):
    out = io.StringIO()
    csv.writer(out).writerows([HEADS, *rows])
    return SimpleUploadedFile("来件.csv", ("﻿" + out.getvalue()).encode())


def upload(browser, street, *rows, channel="hotline"):
    said = {"street": street.pk, "channel": channel, "file": sent(*rows)}
    return browser.post(reverse("cases:channels"), said)


@pytest.fixture
def rows(cast):
    """A firm by its code, a firm by its name, nobody we know, and a row without a number."""
    return [
        [
            "H1",
            "货款拖欠",
            "三个月",
            cast.firm.uscc,
            "",
            cast.building.name,
            "拖欠账款",
            "张",
            "13900000000",
            "2026-03-01",
        ],
        ["H2", "想开票", "", "", cast.neighbour.name, "", "", "", "", ""],
        ["H3", "门口积水", "", "", "路边小店", "不知哪里", "拖欠账款", "", "", ""],
        ["", "没有编号", "", "", "", "", "拖欠账款", "", "", ""],
        ["H5", "代码写错", "", "91330110MA000001XX", "", "", "拖欠账款", "", "", ""],
    ]


def test_a_file_is_looked_at_then_taken_in_and_never_twice(as_, cast, street, rows):
    browser = as_("street_leader")
    answer = upload(browser, street, *rows)
    batch = Batch.objects.get()
    page = text(browser.get(answer.url))
    for word in ("来件编号是空的", "统一社会信用代码", "路边小店", cast.firm.name):
        assert word in page
    assert not Case.objects.exists()
    browser.post(answer.url)  # the second row still lacks a category
    assert list(Case.objects.order_by("pk").values_list("title", flat=True)) == ["货款拖欠", "门口积水"]
    browser.post(answer.url, {"category-3": "unpaid-receivables"})
    first, third, second = Case.objects.order_by("pk")
    assert (first.enterprise, first.place, first.contact_name) == (cast.firm, cast.building, "张")
    assert (second.enterprise, second.place) == (cast.neighbour, cast.unit2)
    assert (third.enterprise, third.said_enterprise, third.place) == (None, "路边小店", cast.street)
    assert "来件地点：不知哪里" in third.body
    assert {one.source for one in (first, second, third)} == {Source.BATCH}
    again = upload(browser, street, *rows)
    browser.post(again.url, {"category-3": "unpaid-receivables"})
    assert Case.objects.count() == 3
    assert "以前已接收" in text(browser.get(again.url))
    assert batch.pk != Batch.objects.first().pk
    assert upload(browser, street, ["H1", "另一渠道同号", "", "", "", "", "拖欠账款", "", "", ""], channel="rating").url
    browser.post(reverse("cases:batch", args=[Batch.objects.first().pk]))
    assert Reference.objects.filter(external_id="H1").count() == 2  # numbers are each house's own


def test_a_number_twice_in_one_file_is_said(as_, street):
    row = ["H1", "货款拖欠", "", "", "", "", "拖欠账款", "", "", ""]
    answer = upload(as_("street_leader"), street, row, row)
    assert [bool(one["problem"]) for one in Batch.objects.get().rows] == [False, True]
    assert answer.status_code == 302


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"a,b\n1,2", b"PK\x03\x04rubbish"])
def test_what_is_no_list_is_refused_with_a_word(as_, street, data):
    said = {"street": street.pk, "channel": "hotline", "file": SimpleUploadedFile("x.csv", data)}
    assert "lq-error" in text(as_("street_leader").post(reverse("cases:channels"), said))
    assert not Batch.objects.exists()


def test_a_file_that_is_too_large_is_refused_and_never_read_in_part(as_, street):
    row = ["H1", "货款拖欠", "长" * 3_000, "", "", "", "拖欠账款", "", "", ""]
    answer = upload(as_("street_leader"), street, *([row] * 1_300))
    assert "10 MB" in text(answer)
    assert not Batch.objects.exists()


def test_another_street_takes_nothing_in_and_sees_no_file(as_, cast, street, rows):
    upload(as_("street_leader"), street, *rows)
    batch = Batch.objects.get()
    browser = as_("stranger")
    assert browser.get(reverse("cases:batch", args=[batch.pk])).status_code == 404
    assert browser.post(reverse("cases:batch", args=[batch.pk])).status_code == 404
    upload(browser, street, *rows)
    assert Batch.objects.count() == 1
    with pytest.raises(PermissionDenied):
        actions.take_batch(batch=batch, categories={}, by=cast.stranger)
    assert as_("enterprise_user").get(reverse("cases:channels")).status_code == 403


def test_answers_go_back_once_and_again_when_they_change(as_, at, cast, street, rows):
    browser = as_("street_leader")
    browser.post(upload(browser, street, *rows).url)
    case = Reference.objects.get(external_id="H1").case
    asked_back = {"street": street.pk, "channel": "hotline"}

    def handed(**more):
        answer = browser.post(reverse("cases:hand_back"), asked_back | more)
        book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(answer.streaming_content)))
        return book.get_sheet_by_index(0).to_python()[1:]

    assert handed() == []
    actions.accept(case=case, by=cast.department_handler)
    actions.answer(case=case, text="=1+1 已催付", by=cast.department_handler)
    (row,) = handed()
    assert row[0] == "H1"
    assert row[5] == "=1+1 已催付"  # text, not a formula
    assert handed() == []
    assert len(handed(again="1")) == 1
    at(MONDAY + timedelta(hours=1))
    actions.close(case=Case.objects.get(pk=case.pk), by=cast.department_handler)
    assert len(handed()) == 1
    assert Case.objects.get(pk=case.pk).state == State.CLOSED


def test_the_list_tells_channels_apart(as_, cast, street, rows):
    browser = as_("street_leader")
    browser.post(upload(browser, street, *rows).url)
    assert "货款拖欠" in text(browser.get(reverse("cases:list") + "?channel=hotline"))
    assert "货款拖欠" not in text(browser.get(reverse("cases:list") + "?channel=rating"))
    assert Channel.HOTLINE.label in text(browser.get(reverse("cases:channels")))
