"""Pages of the week plan as people meet them, and the calendar that cannot sign in."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from icalendar import Calendar

from linqi.visits.actions import planning as actions
from linqi.visits.models import PlanStop, PlanTerms, WeekPlan

from .conftest import MONDAY

TODAY = MONDAY.date()


@pytest.fixture
def plan(cast, street, newcomer):
    """A week of one person over the street, a second for the solver."""
    PlanTerms.objects.update(seconds=1)
    return actions.propose_week(place=cast.street, monday=TODAY, people=[cast.econ_specialist], by=cast.econ_specialist)


def text(answer):
    """What the page says."""
    return answer.content.decode()


def test_who_goes_nowhere_is_not_sent_to_visits_of_their_own(as_):
    assert reverse("visits:mine") in text(as_("econ_specialist").get(reverse("visits:weeks")))
    assert reverse("visits:mine") not in text(as_("street_leader").get(reverse("visits:weeks")))


def test_a_specialist_makes_a_plan_and_sees_what_it_covers(as_, cast, street, newcomer):
    PlanTerms.objects.update(seconds=1)
    browser = as_("econ_specialist")
    page = text(browser.get(reverse("visits:weeks")))
    assert "产品默认，非街道规定" in page
    said = {"monday": TODAY.isoformat(), "people": [cast.econ_specialist.pk]}
    answer = browser.post(f"{reverse('visits:weeks')}?place={cast.street.pk}", said)
    made = WeekPlan.objects.get()
    assert answer.url == reverse("visits:week", args=[made.pk])
    page = text(browser.get(answer.url))
    assert "任何安排都不会超过" in page, "in tests a job is done at once"
    assert "本周该去的都排进去了" in page
    assert made.search == "done"


def test_while_it_is_searched_the_page_says_how_far_and_then_asks_to_be_read_anew(as_, cast, plan):
    browser = as_("econ_specialist")
    actions.ask_search(plan=plan, by=cast.econ_specialist)
    WeekPlan.objects.update(searched=40)
    page = reverse("visits:week", args=[plan.pk])
    assert "正在求更好的安排：40%" in text(browser.get(page))
    assert "HX-Refresh" not in browser.get(page + "?part=search").headers
    actions.search_week(plan=plan, by=cast.econ_specialist)
    assert browser.get(page + "?part=search").headers["HX-Refresh"] == "true"


def test_a_bad_week_is_told_at_the_form_and_nothing_is_written(as_, cast, street):
    browser = as_("econ_specialist")
    answer = browser.post(f"{reverse('visits:weeks')}?place={cast.street.pk}", {"monday": "2020-01-06", "people": []})
    assert answer.status_code == 200
    assert not WeekPlan.objects.exists()


def test_the_page_shows_firms_reasons_and_what_is_left_out_in_words(as_, cast, plan, newcomer):
    stop = PlanStop.objects.filter(plan=plan, firms__enterprise=newcomer).get()
    browser = as_("econ_specialist")
    page = text(browser.get(f"{reverse('visits:week', args=[plan.pk])}?day={stop.shift.day}"))
    assert newcomer.name in page
    assert "新入驻企业" in page
    browser.post(reverse("visits:stop_move", args=[stop.pk]), {"out": "1"})
    page = text(browser.get(reverse("visits:week", args=[plan.pk])))
    assert "有些上门排不进去" in page
    assert "时间不够" in page


def test_moves_by_buttons_are_done_or_refused_in_words(as_, cast, plan):
    browser = as_("econ_specialist")
    stop = PlanStop.objects.filter(plan=plan, shift__isnull=False).first()
    other = plan.shifts.exclude(pk=stop.shift_id).exclude(day=stop.shift.day).first()
    browser.post(reverse("visits:stop_move", args=[stop.pk]), {"shift": other.pk})
    stop.refresh_from_db()
    assert (stop.shift_id, stop.fixed) == (other.pk, True)
    answer = browser.post(reverse("visits:stop_move", args=[stop.pk]), {"shift": ""}, follow=True)
    assert "请选择放到哪个时段" in text(answer)
    answer = browser.post(
        reverse("visits:week_absent", args=[plan.pk]), {"shift": other.pk, "absent": "1"}, follow=True
    )
    assert "已调整" in text(answer)
    assert "不外出" in text(answer)


def test_a_stop_put_somewhere_by_hand_is_let_go_by_a_button(as_, cast, plan):
    browser = as_("econ_specialist")
    stop = PlanStop.objects.filter(plan=plan, shift__isnull=False).first()
    other = plan.shifts.exclude(pk=stop.shift_id).exclude(day=stop.shift.day).first()
    release = reverse("visits:stop_release", args=[stop.pk])
    page = reverse("visits:week", args=[plan.pk])
    assert release not in text(browser.get(f"{page}?day={stop.shift.day}"))
    browser.post(reverse("visits:stop_move", args=[stop.pk]), {"shift": other.pk})
    assert release in text(browser.get(f"{page}?day={other.day}"))
    answer = browser.post(release, follow=True)
    assert "已取消固定" in text(answer)
    assert release not in text(browser.get(f"{page}?day={other.day}"))
    stop.refresh_from_db()
    assert (stop.shift_id, stop.fixed) == (other.pk, False)


def test_a_stop_of_a_plan_put_away_is_not_let_go(as_, cast, plan):
    stop = PlanStop.objects.filter(plan=plan, shift__isnull=False).first()
    PlanStop.objects.filter(pk=stop.pk).update(fixed=True)
    actions.drop_week(plan=plan, by=cast.community_secretary)
    answer = as_("econ_specialist").post(reverse("visits:stop_release", args=[stop.pk]), follow=True)
    assert "已取消固定" not in text(answer)
    stop.refresh_from_db()
    assert stop.fixed


def test_a_specialist_cannot_confirm_and_a_secretary_can(as_, cast, plan):
    turn = reverse("visits:week_turn", args=[plan.pk, "confirm"])
    page = text(as_("econ_specialist").post(turn, follow=True))
    assert "已确认，走访已安排到人" not in page
    page = text(as_("community_secretary").post(turn, follow=True))
    assert "已确认，走访已安排到人" in page


@pytest.mark.parametrize("who", ["stranger", "enterprise_user", "nobody", "department_handler", "property_manager"])
def test_others_do_not_see_the_plan(as_, cast, plan, who):
    assert as_(who).get(reverse("visits:week", args=[plan.pk])).status_code in {403, 404}
    stop = PlanStop.objects.filter(plan=plan).first()
    assert as_(who).post(reverse("visits:stop_move", args=[stop.pk]), {"out": "1"}).status_code in {403, 404}
    assert as_(who).post(reverse("visits:stop_release", args=[stop.pk])).status_code in {403, 404}


def test_one_sees_only_ones_own_days(as_, cast, plan, newcomer):
    actions.confirm_week(plan=plan, by=cast.community_secretary)
    assert newcomer.name in text(as_("econ_specialist").get(reverse("visits:mine")))
    assert newcomer.name not in text(as_("party_specialist").get(reverse("visits:mine")))


def test_the_calendar_says_where_and_when_never_whom_and_can_be_taken_back(client, cast, plan, newcomer):
    actions.confirm_week(plan=plan, by=cast.community_secretary)
    token = actions.open_feed(by=cast.econ_specialist)
    answer = client.get(reverse("visits:calendar", args=[token]))
    read = Calendar.from_ical(answer.content)
    events = list(read.walk("VEVENT"))
    assert len(events) == PlanStop.objects.filter(plan=plan, shift__isnull=False).count() > 0
    assert all(cast.building.name in one["summary"] for one in events)
    assert newcomer.name not in answer.content.decode().replace("\r\n ", "")
    assert all(one.decoded("dtstart").utcoffset().total_seconds() == 8 * 3600 for one in events)
    assert client.get(reverse("visits:calendar", args=["x" * 43])).status_code == 404
    newer = actions.open_feed(by=cast.econ_specialist)
    assert client.get(reverse("visits:calendar", args=[token])).status_code == 404
    actions.close_feed(by=cast.econ_specialist)
    assert client.get(reverse("visits:calendar", args=[newer])).status_code == 404


def test_a_calendar_stops_when_its_owner_may_not_visit_any_more(client, cast, plan):
    token = actions.open_feed(by=cast.econ_specialist)
    cast.econ_specialist.grants.update(until=TODAY)
    assert client.get(reverse("visits:calendar", args=[token])).status_code == 404


def test_confirming_is_not_open_to_whoever_only_plans(cast, plan):
    with pytest.raises(PermissionDenied):
        actions.confirm_week(plan=plan, by=cast.econ_specialist)
