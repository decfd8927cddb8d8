"""What waits for whom, what somebody watches, lists that are kept and shared, and one step for many cases."""

from datetime import datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from linqi.cases import actions, queries
from linqi.cases.flow import Join, State
from linqi.cases.models import Case, SavedView, Source, Subscription, Watch
from linqi.cases.tasks import news_of_views
from linqi.cases.views.lists import cases_in
from linqi.cases.worklists import Worklist, narrowed
from linqi.kit import clock
from linqi.notifications.actions import deliver_due
from linqi.notifications.models import Notice


@pytest.fixture
def as_(client, cast):
    """The browser of one of the cast."""

    def sign_in(who):
        client.force_login(cast.users[who], backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in


def on(user, which):
    return set(narrowed(queries.desk_cases(user), which, user).values_list("pk", flat=True))


def text(answer):
    return answer.content.decode()


# --- worklists --------------------------------------------------------------------------------------------------------
def test_a_case_moves_from_list_to_list_as_it_is_worked_on(cast, case):
    handler, secretary = cast.department_handler, cast.community_secretary
    assert on(handler, Worklist.WAITING) == {case.pk}
    assert on(secretary, Worklist.WAITING) == set()  # the section has it
    actions.accept(case=case, by=handler)
    assert on(handler, Worklist.WAITING) == {case.pk}
    actions.add_strand(case=case, department=cast.safety, task="看现场", by=handler)
    actions.ask_extension(case=case, reason="材料在途", by=handler)
    assert on(secretary, Worklist.WAITING) == {case.pk}  # somebody has to decide, and not who asked
    actions.decide_extension(case=case, grant=True, text="同意", by=secretary)
    assert on(secretary, Worklist.WAITING) == set()
    strand = case.strands.get()
    actions.move_strand(strand=strand, move=Join.DROP, text="不用了", by=handler)
    actions.answer(case=case, text="已办好。", by=handler)
    actions.close(case=Case.objects.get(), by=handler)
    assert on(handler, Worklist.WAITING) == set()
    assert on(handler, Worklist.DONE) == {case.pk}


def test_what_no_section_holds_waits_for_the_secretary(cast, case):
    actions.send_back(case=case, reason="不归本科室", by=cast.department_handler)
    assert on(cast.community_secretary, Worklist.WAITING) == {case.pk}
    assert on(cast.department_handler, Worklist.WAITING) == set()
    assert on(cast.stranger, Worklist.WAITING) == set()


# --- watching ---------------------------------------------------------------------------------------------------------
def test_whoever_watches_hears_of_it_until_they_no_longer_may_or_like(cast, case):
    watcher = cast.property_manager
    actions.watch(case=case, by=watcher)
    actions.watch(case=case, by=watcher)  # twice is once
    assert on(watcher, Worklist.WATCHED) == {case.pk}
    actions.accept(case=case, by=cast.department_handler)
    assert Notice.objects.filter(user=watcher, title__startswith="已受理").count() == 1
    actions.watch(case=case, on=False, by=watcher)
    actions.answer(case=case, text="已办好。", by=cast.department_handler)
    assert not Notice.objects.filter(user=watcher, title__startswith="已答复").exists()


def test_a_watcher_who_has_lost_the_place_hears_nothing_more(cast, case):
    actions.watch(case=case, by=cast.property_manager)
    cast.property_manager.grants.update(until="2025-01-01")
    actions.accept(case=case, by=cast.department_handler)
    assert not Notice.objects.filter(user=cast.property_manager).exists()


def test_a_stranger_cannot_watch(as_, cast, case):
    with pytest.raises(PermissionDenied):
        actions.watch(case=case, by=cast.stranger)
    assert as_("stranger").post(reverse("cases:watch", args=[case.pk]), {"on": "1"}).status_code == 404
    assert not Watch.objects.exists()


# --- saved views ------------------------------------------------------------------------------------------------------
def test_a_view_is_kept_shown_replaced_and_dropped(as_, cast, case):
    browser = as_("econ_specialist")
    asked = {"name": " 超期 的 ", "query": "press=overdue&sort=due_at&page=3", "street": ""}
    answer = browser.post(reverse("cases:save_view"), asked)
    view = SavedView.objects.get()
    assert (view.name, view.query) == ("超期 的", "press=overdue&sort=due_at")
    page = text(browser.get(answer.url))
    assert "超期 的" in page
    assert reverse("cases:drop_view", args=[view.pk]) in page
    browser.post(reverse("cases:save_view"), asked | {"query": "state=accepted"})
    assert SavedView.objects.get().query == "state=accepted"
    browser.post(reverse("cases:drop_view", args=[view.pk]))
    assert not SavedView.objects.exists()


def test_a_shared_view_is_for_the_street_and_shows_each_their_own(as_, cast, case):
    actions.save_view(name="全街在办", query="state=dispatched", street=cast.street, by=cast.street_leader)
    for who, sees in (("department_handler", True), ("property_manager", True), ("stranger", False)):
        page = text(as_(who).get(reverse("cases:list")))
        assert ("全街在办" in page) is sees
    view = SavedView.objects.get()
    as_("department_handler").post(reverse("cases:drop_view", args=[view.pk]))
    assert SavedView.objects.exists()  # only who set it up lets go of it
    assert as_("stranger").post(reverse("cases:drop_view", args=[view.pk])).status_code == 404


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"name": " ", "query": "state=accepted"}, "名字"),
        ({"name": "全部", "query": "page=2"}, "条件"),
        ({"name": "多", "query": "q=" + "长" * 400}, "条件太多"),
    ],
)
def test_a_view_without_name_or_question_is_refused(cast, street, said, told):
    with pytest.raises(ValidationError, match=told):
        actions.save_view(**said, by=cast.econ_specialist)


def test_a_view_is_shared_only_where_one_works(cast, street):
    with pytest.raises(PermissionDenied):
        actions.save_view(name="x", query="q=1", street=cast.far_street, by=cast.econ_specialist)
    with pytest.raises(PermissionDenied):
        actions.save_view(name="x", query="q=1", by=cast.enterprise_user)


# --- many at once -----------------------------------------------------------------------------------------------------
@pytest.fixture
def two(cast, case, category):
    """The case and another one."""
    other = actions.open_case(
        enterprise=cast.neighbour, category=category, title="工程款未付", source=Source.DESK, by=cast.econ_specialist
    )
    return [case, other]


def test_what_one_case_refuses_keeps_none_of_the_others_back(as_, cast, two):
    actions.accept(case=two[0], by=cast.econ_specialist)
    back = reverse("cases:list") + "?state=dispatched"
    answer = as_("department_handler").post(
        reverse("cases:many", args=["accept"]), {"pick": [one.pk for one in two], "back": back}, follow=True
    )
    assert answer.redirect_chain[0][0] == back
    assert "已受理 1 件" in text(answer)
    assert two[0].number in text(answer)
    two[1].refresh_from_db()
    assert two[1].state == State.ACCEPTED


def test_a_step_that_needs_words_asks_for_them_first(as_, cast, two):
    browser = as_("street_leader")
    picked = {"pick": [one.pk for one in two], "back": reverse("cases:list")}
    asked = browser.post(reverse("cases:many", args=["dispatch"]), picked)
    assert asked.status_code == 200
    assert two[1].title in text(asked)
    wrong = browser.post(reverse("cases:many", args=["dispatch"]), picked | {"said": "1", "text": ""})
    assert "lq-errors" in text(wrong)
    said = {"said": "1", "text": "统一由应急办", "department": cast.safety.pk}
    browser.post(reverse("cases:many", args=["dispatch"]), picked | said)
    assert set(Case.objects.values_list("department", flat=True)) == {cast.safety.pk}


@pytest.mark.parametrize("back", ["https://example.com/cases/", "//example.com", "/accounts/", ""])
def test_one_is_never_led_to_another_site(as_, two, back):
    answer = as_("department_handler").post(reverse("cases:many", args=["accept"]), {"back": back})
    assert answer.url == reverse("cases:list")


def test_cases_of_others_cannot_be_picked(as_, cast, two):
    as_("stranger").post(reverse("cases:many", args=["watch"]), {"pick": [one.pk for one in two]})
    assert not Watch.objects.exists()


# --- load, places, paper ----------------------------------------------------------------------------------------------
def test_load_counts_what_the_list_behind_it_shows(as_, cast, two):
    browser = as_("street_leader")
    page = text(browser.get(reverse("cases:load")))
    assert cast.economy.title in page
    (section,), handlers = queries.load(cast.street_leader, two[0].opened_at)
    assert (section.pk, section.open, section.waiting, section.late, handlers) == (cast.economy.pk, 2, 2, 0, [])
    assert queries.load(cast.stranger, two[0].opened_at) == ([], [])


def test_what_a_person_carries_is_for_them_and_for_whoever_may_press(cast, two):
    one, other = two
    Case.objects.filter(pk=one.pk).update(handler=cast.department_handler)
    Case.objects.filter(pk=other.pk).update(handler=cast.econ_specialist)
    at = one.opened_at
    assert [found.pk for found in queries.load(cast.department_handler, at)[1]] == [cast.department_handler.pk]
    assert [found.pk for found in queries.load(cast.econ_specialist, at)[1]] == [cast.econ_specialist.pk]
    both = sorted((cast.department_handler, cast.econ_specialist), key=str)
    assert [found.pk for found in queries.load(cast.street_leader, at)[1]] == [person.pk for person in both]
    assert queries.load(cast.governance_specialist, at)[1] == [], "a colleague"


def test_cases_are_counted_at_their_building(as_, cast, two):
    assert queries.open_at(cast.street_leader, two[0].opened_at) == {cast.building.pk: (2, 0)}
    assert cast.building.name in text(as_("street_leader").get(reverse("cases:where")))
    assert cast.building.name not in text(as_("stranger").get(reverse("cases:where")))


def test_the_sheet_is_for_those_who_see_the_case(as_, case):
    assert case.number in text(as_("department_handler").get(reverse("cases:sheet", args=[case.pk])))
    assert as_("stranger").get(reverse("cases:sheet", args=[case.pk])).status_code == 404


# --- subscriptions ----------------------------------------------------------------------------------------------------
def told(user):
    return list(Notice.objects.filter(user=user, key__startswith="view:").values_list("title", "body").order_by("pk"))


@pytest.fixture
def view(cast, case):
    """A list of the street's untaken cases, shared with its staff."""
    return actions.save_view(name="待受理", query="state=dispatched", street=cast.street, by=cast.street_leader)


@pytest.fixture
def another(cast, street, category):
    """Opens one more case of the firm."""

    def opened(title):
        return actions.open_case(
            enterprise=cast.firm, category=category, title=title, source=Source.DESK, by=cast.econ_specialist
        )

    return opened


def morning(at, days):
    """The clock stands at half past eight, so many days after the Monday; what the tick does then."""
    moment = datetime(2026, 3, 2, 8, 15, tzinfo=clock.ZONE) + timedelta(days=days)
    at(moment)
    return news_of_views(moment)


def test_a_subscriber_hears_once_a_day_what_has_come_into_the_list(as_, cast, at, view, another):
    browser = as_("econ_specialist")
    browser.post(reverse("cases:subscribe", args=[view.pk]), {"on": "1"})
    new = another("质保金不退")
    assert morning(at, 0) == 0  # subscribed today; and in the night nobody is woken
    assert news_of_views(datetime(2026, 3, 3, 7, 59, tzinfo=clock.ZONE)) == 0
    assert morning(at, 1) == 1
    assert morning(at, 1) == 0
    assert told(cast.econ_specialist) == [("“待受理”新进 1 件", f"{new.number} 质保金不退")]
    assert morning(at, 2) == 0  # it is still there, and no news any more
    url = Notice.objects.get(user=cast.econ_specialist, key__startswith="view:").url
    assert browser.get(url).url == f"{reverse('cases:list')}?state=dispatched"
    page = text(browser.get(reverse("cases:list") + "?state=dispatched"))
    assert "取消订阅" in page
    browser.post(reverse("cases:subscribe", args=[view.pk]), {"on": "0"})
    another("又一件")
    assert morning(at, 3) == 0


def test_what_comes_into_a_list_without_being_new_is_told_too(cast, at, case, another):
    mine = actions.save_view(name="办理中", query="state=accepted", by=cast.econ_specialist)
    actions.subscribe(view=mine, shown=[], by=cast.econ_specialist)
    actions.accept(case=case, by=cast.department_handler)
    assert morning(at, 1) == 1


def test_more_cases_than_a_notice_can_name_are_counted(cast, at, view, another):
    actions.subscribe(view=view, shown=[], by=cast.econ_specialist)
    for n in range(7):
        another(f"第{n}件")
    morning(at, 1)
    ((title, body),) = told(cast.econ_specialist)
    assert "新进 8 件" in title
    assert body.count("；") == 5
    assert body.endswith("另有 3 件")


def test_each_subscriber_hears_of_what_they_see_at_that_moment(cast, at, view, another):
    for user in (cast.property_manager, cast.econ_specialist):
        actions.subscribe(view=view, shown=cases_in(view.query, user).values_list("pk", flat=True), by=user)
    another("货款拖欠")
    cast.property_manager.grants.update(until="2026-01-01")
    assert morning(at, 1) == 1
    assert told(cast.property_manager) == []
    assert not Subscription.objects.filter(user=cast.property_manager).exists()  # they no longer see the list at all


def test_a_subscription_goes_with_its_list_or_when_it_is_shared_no_more(cast, at, view, another):
    actions.subscribe(view=view, shown=[], by=cast.econ_specialist)
    SavedView.objects.update(street=None)
    assert morning(at, 1) == 0
    assert not Subscription.objects.exists()
    actions.subscribe(view=view, shown=[], by=cast.street_leader)
    actions.drop_view(view=view, by=cast.street_leader)
    assert not Subscription.objects.exists()


def test_a_list_that_asks_something_else_begins_anew(cast, at, view, case, another):
    actions.subscribe(view=view, shown=[], by=cast.econ_specialist)
    actions.save_view(name="待受理", query="state=dispatched&sort=due_at", street=cast.street, by=cast.street_leader)
    assert morning(at, 1) == 0  # the case that it shows now is nobody's news
    another("新的一件")
    assert morning(at, 2) == 1


def test_a_list_too_long_to_follow_is_refused_and_one_that_grew_too_long_ends_in_words(
    cast, at, view, another, monkeypatch
):
    monkeypatch.setattr(actions.subscribing, "MOST_IN_VIEW", 1)
    with pytest.raises(ValidationError, match="收窄"):
        actions.subscribe(view=view, shown=[1, 2], by=cast.econ_specialist)
    actions.subscribe(view=view, shown=[], by=cast.econ_specialist)
    another("第二件")
    assert morning(at, 1) == 0
    ((title, body),) = told(cast.econ_specialist)
    assert "已停" in title
    assert "收窄" in body
    assert not Subscription.objects.exists()


def test_two_workers_tell_a_subscriber_once(cast, at, view, another):
    actions.subscribe(view=view, shown=[], by=cast.econ_specialist)
    another("货款拖欠")
    at(datetime(2026, 3, 3, 8, 15, tzinfo=clock.ZONE))
    first, second = Subscription.objects.get(), Subscription.objects.get()
    shown = list(cases_in(view.query, cast.econ_specialist).values_list("pk", flat=True))
    assert actions.tell_of_view(subscription=first, shown=shown) == 2
    assert actions.tell_of_view(subscription=second, shown=shown) == 0
    assert len(told(cast.econ_specialist)) == 1


def test_news_of_lists_goes_out_with_the_digest_of_the_day(cast, at, view, another, mailoutbox, settings, monkeypatch):
    monkeypatch.setattr("linqi.notifications.actions.now", clock.now)
    settings.EMAIL_HOST = "mail.example"
    cast.econ_specialist.email = "jing@example.com"
    cast.econ_specialist.save()
    actions.subscribe(view=view, shown=[], by=cast.econ_specialist)
    another("货款拖欠")
    morning(at, 1)
    half_past = datetime(2026, 3, 3, 8, 30, tzinfo=clock.ZONE)
    deliver_due(at=half_past - timedelta(minutes=1))
    assert not mailoutbox  # mail as it comes is this reader's wish; what may wait waits all the same
    deliver_due(at=half_past)
    (message,) = mailoutbox
    assert message.subject == "邻企今日通知 1 条"
    assert "“待受理”新进 2 件" in message.body


def test_nobody_subscribes_to_a_list_they_do_not_see(as_, cast, view):
    for user in (cast.stranger, cast.enterprise_user, cast.nobody):
        with pytest.raises(PermissionDenied):
            actions.subscribe(view=view, shown=[], by=user)
    address = reverse("cases:subscribe", args=[view.pk])
    assert as_("stranger").post(address, {"on": "1"}).status_code == 404
    assert as_("stranger").get(reverse("cases:open_view", args=[view.pk])).status_code == 404
    assert as_("enterprise_user").post(address, {"on": "1"}).status_code == 403
    assert not Subscription.objects.exists()
