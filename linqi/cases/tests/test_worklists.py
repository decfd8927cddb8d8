"""What waits for whom, what somebody watches, lists that are kept and shared, and one step for many cases."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from linqi.cases import actions, queries
from linqi.cases.flow import Join, State
from linqi.cases.models import Case, SavedView, Source, Watch
from linqi.cases.worklists import Worklist, narrowed
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


def test_cases_are_counted_at_their_building(as_, cast, two):
    assert queries.open_at(cast.street_leader, two[0].opened_at) == {cast.building.pk: (2, 0)}
    assert cast.building.name in text(as_("street_leader").get(reverse("cases:where")))
    assert cast.building.name not in text(as_("stranger").get(reverse("cases:where")))


def test_the_sheet_is_for_those_who_see_the_case(as_, case):
    assert case.number in text(as_("department_handler").get(reverse("cases:sheet", args=[case.pk])))
    assert as_("stranger").get(reverse("cases:sheet", args=[case.pk])).status_code == 404
