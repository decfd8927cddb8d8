"""Pages of visits as people meet them."""

import pytest
from django.urls import reverse

from linqi.cases.models import Case
from linqi.catalogue.models import Category
from linqi.ui import tables
from linqi.visits import actions
from linqi.visits.models import Finding, Visit

from .conftest import MONDAY

TODAY = MONDAY.date()


def text(answer):
    """What the page says."""
    return answer.content.decode()


@pytest.fixture
def visit(cast, street, newcomer):
    """A visit that took place today."""
    return actions.record_unplanned_visit(
        enterprise=newcomer, visited_on=TODAY, summary="见到行政。", by=cast.econ_specialist
    )


@pytest.mark.parametrize("query", ["", "?reason=newcomer", "?q=晴川", "?sort=-due", "?cols=name,planned,last"])
def test_the_must_visit_list_names_the_newcomer(as_, newcomer, query):
    page = text(as_("econ_specialist").get(reverse("visits:must") + query))
    assert newcomer.name in page
    assert "新入驻企业" in page


def test_the_must_visit_list_opens_however_long_it_is(as_, newcomer, monkeypatch):
    monkeypatch.setattr(tables, "LONG_FROM", 0)
    assert newcomer.name in text(as_("econ_specialist").get(reverse("visits:must")))


def test_the_must_visit_list_is_narrowed(as_, cast, newcomer):
    browser = as_("econ_specialist")
    assert newcomer.name not in text(browser.get(reverse("visits:must") + "?reason=in_need"))
    assert newcomer.name not in text(browser.get(reverse("visits:must") + "?overdue=1"))
    assert newcomer.name in text(browser.get(reverse("visits:must"), {"building": cast.building.pk}))


def test_strangers_see_nothing_and_get_404(as_, visit):
    browser = as_("stranger")
    assert "晴川" not in text(browser.get(reverse("visits:must")))
    assert "晴川" not in text(browser.get(reverse("visits:list")))
    assert browser.get(reverse("visits:detail", args=[visit.pk])).status_code == 404
    assert browser.get(f"{reverse('visits:plan')}?enterprise={visit.enterprise_id}").status_code == 404
    assert browser.post(reverse("visits:add", args=[visit.pk, "clue"]), {"text": "编的"}).status_code == 404


def test_an_enterprise_user_has_no_door_here(as_, visit):
    browser = as_("enterprise_user")
    for name in ("visits:must", "visits:list"):
        assert browser.get(reverse(name)).status_code == 403


def test_plan_record_and_find(as_, cast, street, newcomer):
    browser = as_("econ_specialist")
    planned = browser.post(f"{reverse('visits:plan')}?enterprise={newcomer.pk}", {"planned_for": "2026-03-02"})
    visit = Visit.objects.get()
    assert planned.url == reverse("visits:detail", args=[visit.pk])
    recorded = browser.post(
        reverse("visits:record", args=[visit.pk]),
        {"met": "前台", "summary": "刚搬来，缺停车位。", "visited_on": "2026-03-02"},
        follow=True,
    )
    assert "登记发现" in text(recorded)
    for kind, said in {
        "fact": {"key": "insured_count", "value": "12", "period": "2026-02"},
        "clue": {"text": "走廊堆物"},
        "problem": {"category": Category.objects.get(code="parking-and-traffic").pk, "title": "缺停车位"},
    }.items():
        assert browser.get(f"{reverse('visits:detail', args=[visit.pk])}?add={kind}").status_code == 200
        assert browser.post(reverse("visits:add", args=[visit.pk, kind]), said).status_code == 302
    assert Finding.objects.filter(visit=visit).count() == 3
    assert Case.objects.get().title == "缺停车位"


def test_a_second_problem_is_compared_before_it_is_saved(as_, cast, visit):
    browser = as_("econ_specialist")
    address = reverse("visits:add", args=[visit.pk, "problem"])
    said = {"category": Category.objects.get(code="parking-and-traffic").pk, "title": "缺停车位"}
    browser.post(address, said)
    shown = browser.post(address, said)
    assert shown.status_code == 200
    assert "是同一件事吗" in text(shown)
    assert Case.objects.count() == 1
    browser.post(address, {**said, "join": str(Case.objects.get().pk)})
    assert (Case.objects.count(), Finding.objects.count()) == (1, 2)
    browser.post(address, {**said, "join": "new"})
    assert Case.objects.count() == 2


def test_going_again_too_soon_is_warned_of(as_, visit):
    browser = as_("econ_specialist")
    address = f"{reverse('visits:plan')}?enterprise={visit.enterprise_id}"
    assert "无事不扰" in text(browser.get(address))
    assert browser.post(address, {"planned_for": "2026-03-02"}).status_code == 200
    assert Visit.objects.count() == 1
    assert browser.post(address, {"planned_for": "2026-03-02", "why_again": "企业来电"}).status_code == 302


def test_a_finding_before_the_visit_is_refused_in_words(as_, cast, street, newcomer):
    visit = actions.plan_visit(enterprise=newcomer, planned_for=TODAY, by=cast.econ_specialist)
    answer = as_("econ_specialist").post(reverse("visits:add", args=[visit.pk, "clue"]), {"text": "听说"})
    assert answer.status_code == 200
    assert not Finding.objects.exists()


def test_ending_a_visit_twice_is_refused_in_words(as_, cast, street, newcomer):
    visit = actions.plan_visit(enterprise=newcomer, planned_for=TODAY, by=cast.econ_specialist)
    browser = as_("econ_specialist")
    browser.post(reverse("visits:end", args=[visit.pk, "miss"]))
    assert "状态已经变化" in text(browser.post(reverse("visits:end", args=[visit.pk, "refuse"]), follow=True))


@pytest.mark.parametrize(
    "query", ["", "?state=done", "?reason=newcomer", "?visited_from=2026-03-01&visited_to=2026-03-31", "?q=行政"]
)
def test_the_list_of_visits(as_, visit, query):
    assert visit.enterprise.name in text(as_("street_leader").get(reverse("visits:list") + query))


def test_the_list_of_visits_is_narrowed_and_exported(as_, cast, visit):
    browser = as_("street_leader")
    assert "晴川" not in text(browser.get(reverse("visits:list") + "?state=planned"))
    assert "晴川" not in text(
        browser.get(reverse("visits:list"), {"place": cast.far_street.pk, "enterprise": cast.neighbour.pk})
    )
    assert (
        visit.enterprise.name
        in b"".join(browser.get(reverse("visits:list") + "?export=csv").streaming_content).decode()
    )
    assert browser.get(reverse("visits:must") + "?export=xlsx").status_code == 200
