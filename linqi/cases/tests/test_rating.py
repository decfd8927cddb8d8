"""How well it was done: three ways of rating, what follows a bad one, and what is left out of the rates."""

from datetime import timedelta
from threading import Thread

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.urls import reverse

from linqi.cases import actions, measures
from linqi.cases.flow import Mend, Mending, State
from linqi.cases.models import Case, Exclusion, Ground, RatingLink, Rectification
from linqi.journal.models import Entry
from linqi.kit import clock
from linqi.kit.flow import MoveRefused
from linqi.kit.measures import Span
from linqi.notifications.models import Notice


@pytest.fixture
def closed(cast, case):
    """The case, answered and closed by the section's handler."""
    case = actions.accept(case=case, by=cast.department_handler)
    case = actions.answer(case=case, text="已协调付款", by=cast.department_handler)
    return actions.close(case=case, by=cast.department_handler)


@pytest.fixture
def bad(cast, closed):
    """A bad rating of the enterprise."""
    actions.rate(case=closed, stars=1, comment="没有解决", by=cast.enterprise_user)
    return Rectification.objects.get()


# --- three ways -------------------------------------------------------------------------------------------------------
def test_one_without_an_account_rates_once_by_a_link(cast, closed, client):
    token = actions.make_rating_link(case=closed, by=cast.department_handler)
    assert token not in str(RatingLink.objects.values_list())
    address = reverse("cases:rate_by_link", args=[token])
    assert "已协调付款" in client.get(address).content.decode()
    done = client.post(address, {"stars": "5", "solved": "yes", "comment": "很快"})
    assert "谢谢" in done.content.decode()
    case = Case.objects.get(pk=closed.pk)
    assert (case.rating, case.rated_by, case.rating_comment) == (5, "link", "很快")
    for again in (client.get(address), client.post(address, {"stars": "1", "solved": "no"})):
        assert again.status_code == 410
        assert closed.title not in again.content.decode()
    assert Case.objects.get(pk=closed.pk).rating == 5


@pytest.mark.parametrize("token", ["x" * 43, "a", "-" * 200])
def test_a_made_up_link_tells_nothing(closed, client, token):
    answer = client.get(reverse("cases:rate_by_link", args=[token]))
    assert (answer.status_code, closed.title in answer.content.decode()) == (410, False)


def test_a_link_ends_and_a_newer_one_takes_its_place(cast, closed, at):
    first = actions.make_rating_link(case=closed, by=cast.department_handler)
    second = actions.make_rating_link(case=closed, by=cast.department_handler)
    with pytest.raises(ValidationError, match="无效"):
        actions.rate_by_link(token=first, stars=5)
    at(clock.now() + timedelta(days=30, minutes=1))
    with pytest.raises(ValidationError, match="无效"):
        actions.rate_by_link(token=second, stars=5)
    assert Case.objects.get(pk=closed.pk).rating is None


def test_a_link_made_before_reopening_is_dead(cast, closed):
    token = actions.make_rating_link(case=closed, by=cast.department_handler)
    actions.reopen(case=closed, reason="没好", by=cast.enterprise_user)
    assert actions.link_of(token) is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="one writer at a time there: nothing to race for")
def test_two_people_with_the_same_link_make_one_rating(cast, closed):
    token = actions.make_rating_link(case=closed, by=cast.department_handler)
    refused = []

    def rate():
        try:
            actions.rate_by_link(token=token, stars=4)
        except ValidationError:
            refused.append(1)
        finally:
            connection.close()

    both = [Thread(target=rate) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert len(refused) == 1
    assert Entry.objects.filter(verb="cases.rated").count() == 1


def test_only_the_staff_of_the_case_make_links_and_only_for_what_is_closed(cast, closed, case):
    for who in (cast.stranger, cast.enterprise_user, cast.nobody):
        with pytest.raises(PermissionDenied):
            actions.make_rating_link(case=closed, by=who)
    actions.reopen(case=closed, reason="没好", by=cast.enterprise_user)
    with pytest.raises(ValidationError):
        actions.make_rating_link(case=closed, by=cast.department_handler)


def test_whoever_handled_it_does_not_call_back(cast, case):
    case = actions.accept(case=case, by=cast.econ_specialist)
    case = actions.answer(case=case, text="好", by=cast.econ_specialist)
    case = actions.close(case=case, by=cast.econ_specialist)
    with pytest.raises(ValidationError, match="经办人以外"):
        actions.call_back(case=case, stars=5, by=cast.econ_specialist)
    rated = actions.call_back(case=case, stars=4, comment="电话说可以", by=cast.community_secretary)
    assert (rated.rating, rated.rated_by) == (4, "call")


# --- after a bad rating -----------------------------------------------------------------------------------------------
def test_a_bad_rating_is_verified_mended_and_asked_about_again(cast, bad, at):
    assert (bad.state, bad.stars) == (Mending.TO_VERIFY, 1)
    assert Notice.objects.filter(user=cast.community_secretary, title__startswith="收到差评").exists()
    step = actions.move_rectification
    with pytest.raises(PermissionDenied):
        step(rectification=bad, move=Mend.UPHOLD, text="自己核实", by=cast.department_handler)
    step(rectification=bad, move=Mend.UPHOLD, text="确未付款", by=cast.community_secretary)
    with pytest.raises(MoveRefused):
        step(rectification=bad, move=Mend.CONTENT, text="跳过整改", by=cast.community_secretary)
    step(rectification=bad, move=Mend.MEND, text="已约谈付款方", by=cast.department_handler)
    done = step(rectification=bad, move=Mend.CONTENT, text="企业认可", by=cast.community_secretary)
    assert (done.state, done.ended_at is not None) == (Mending.SETTLED, True)


def test_still_not_content_it_is_handled_once_more(cast, bad):
    step = actions.move_rectification
    step(rectification=bad, move=Mend.UPHOLD, text="属实", by=cast.community_secretary)
    step(rectification=bad, move=Mend.MEND, text="已改", by=cast.department_handler)
    step(rectification=bad, move=Mend.DISCONTENT, text="钱还没到", by=cast.community_secretary)
    case = Case.objects.get(pk=bad.case_id)
    assert (case.state, case.reopened) == (State.ACCEPTED, 1)


def test_a_bad_rating_that_nobody_mends_is_told_once(cast, bad, at):
    at(bad.due_at + timedelta(minutes=1))
    assert actions.tick(clock.now()) == 1
    assert actions.tick(clock.now()) == 0
    assert Notice.objects.filter(user=cast.community_secretary, title__startswith="差评整改超期").count() == 1


@pytest.mark.parametrize("stars", [3, 4, 5])
def test_three_stars_and_more_ask_for_nothing(cast, closed, stars):
    actions.rate(case=closed, stars=stars, by=cast.enterprise_user)
    assert not Rectification.objects.exists()


# --- left out of the rates --------------------------------------------------------------------------------------------
def satisfaction(cast):
    today = clock.today()
    span = Span(today - timedelta(days=1), today + timedelta(days=1))
    return measures.satisfaction(span, cast.street.pk), measures.excluded(span, cast.street.pk)


def test_a_case_is_left_out_only_when_a_second_person_says_so(cast, bad):
    assert satisfaction(cast) == (0.0, 0)
    actions.ask_exclusion(case=bad.case, ground=Ground.MALICIOUS, reason="与事实不符", by=cast.community_secretary)
    assert satisfaction(cast) == (0.0, 0)
    with pytest.raises(ValidationError, match="申请人以外"):
        actions.decide_exclusion(case=bad.case, grant=True, text="同意", by=cast.community_secretary)
    with pytest.raises(ValidationError, match="审批理由"):
        actions.decide_exclusion(case=bad.case, grant=True, text=" ", by=cast.street_leader)
    actions.decide_exclusion(case=bad.case, grant=True, text="附通话记录", by=cast.street_leader)
    assert satisfaction(cast) == (None, 1)
    with pytest.raises(ValidationError, match="已经申请过"):
        actions.ask_exclusion(case=bad.case, ground=Ground.DUPLICATE, reason="再来", by=cast.department_handler)


def test_a_refused_exclusion_changes_no_rate(cast, bad):
    actions.ask_exclusion(case=bad.case, ground=Ground.OUTSIDE, reason="不归我们", by=cast.department_handler)
    actions.decide_exclusion(case=bad.case, grant=False, text="在职责内", by=cast.street_leader)
    assert (satisfaction(cast), Exclusion.objects.get().granted) == ((0.0, 0), False)


# --- pages ------------------------------------------------------------------------------------------------------------
def test_the_page_offers_each_reader_what_is_theirs_to_do(cast, bad, client):
    page = reverse("cases:detail", args=[bad.case_id])
    client.force_login(cast.department_handler)
    assert "核实属实" not in client.get(page).content.decode()
    client.post(reverse("cases:mend", args=[bad.case_id, "uphold"]), {"uphold-text": "我说属实"})
    assert Rectification.objects.get().state == Mending.TO_VERIFY
    client.force_login(cast.community_secretary)
    assert "核实属实" in client.get(page).content.decode()
    client.post(reverse("cases:mend", args=[bad.case_id, "uphold"]), {"uphold-text": "属实"})
    assert Rectification.objects.get().state == Mending.TO_MEND
    client.force_login(cast.department_handler)
    client.post(reverse("cases:exclude", args=[bad.case_id]), {"ground": "duplicate", "reason": "同一件"})
    client.force_login(cast.street_leader)
    assert "同意剔除" in client.get(page).content.decode()
    client.post(reverse("cases:decide_exclusion", args=[bad.case_id]), {"exclusion-text": "核对过", "grant": "1"})
    assert Exclusion.objects.get().granted
    listed = client.get(reverse("cases:list"), {"excluded": "yes"}).content.decode()
    assert bad.case.number in listed


def test_the_link_is_shown_this_once(cast, closed, client):
    client.force_login(cast.department_handler)
    page = client.post(reverse("cases:make_link", args=[closed.pk])).content.decode()
    assert "/cases/rate/" in page
    assert "/cases/rate/" not in client.get(reverse("cases:detail", args=[closed.pk])).content.decode()
