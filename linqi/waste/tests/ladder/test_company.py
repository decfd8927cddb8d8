"""The property company has its own side of a task: its people see and say what an enterprise's do, and nobody else does."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from linqi.accounts.models import Grant, RoleRecord, User
from linqi.kit import access, clock
from linqi.kit.clock import ZONE
from linqi.notifications.models import Notice
from linqi.organisation.models import Company
from linqi.search.actions import rebuild
from linqi.territory.actions import rebuild_coverage
from linqi.territory.models import Place, Placement
from linqi.waste import queries_tasks as queries
from linqi.waste.actions import appeals, tasks
from linqi.waste.flow import Said, TaskState
from linqi.waste.models import Statement, Task

from .conftest import BEGAN, MONDAY, jpeg


@pytest.fixture
def people(cast, company, works_for):
    """Whoever might reach for a company's task, by who they are; only `property_manager` is one of its own at this building."""
    other = Company.objects.create(place=cast.street, kind="property", name="远景物业有限公司", since=BEGAN)
    beside = Place.objects.create(kind="building", code="t-beside", name="二号楼", since=BEGAN)
    Placement.objects.create(child=beside, parent=cast.park, since=BEGAN)
    rebuild_coverage()
    for who, place in (
        ("other_company", cast.building),
        ("other_building", beside),
        ("has_left", cast.building),
        ("unentered", cast.building),
    ):
        cast.users[who] = User.objects.create_user(username=who, display_name=who)
        Grant.objects.create(
            user=cast.users[who], role=RoleRecord.objects.get(code="property_manager"), place=place, since=BEGAN
        )
    works_for("property_manager", company)
    works_for("other_company", other)
    works_for("other_building", company)
    works_for("has_left", company, until=MONDAY.date())
    works_for("stranger", company)  # of the company, and of another street
    works_for("nobody", company)  # of the company, and holds no role
    return cast.users


FOREIGN = (
    "other_company", "other_building", "has_left", "unentered", "enterprise_user", "far_enterprise_user", "stranger",
    "department_handler", "nobody",
)  # fmt: skip


def text_of(answer):
    return answer.content.decode()


def open_(browser, name, *args):
    return browser.get(reverse(f"waste:{name}", args=args))


def test_a_company_is_told_says_its_side_with_a_picture_and_reads_the_outcome(
    cast, people, ladder, company, as_, clue, stored
):
    task = ladder("addressed", company=company)
    browser = as_("property_manager")
    assert open_(browser, "own_task", task.pk).status_code == 404, "not before it is told"
    assert task.number not in text_of(open_(browser, "own_tasks"))
    tasks.remind(task=task, text="请把厨余分出来。", by=cast.governance_specialist)
    assert {one.user.username for one in Notice.objects.filter(url=reverse("waste:own_task", args=[task.pk]))} == {
        "property_manager"
    }
    due = task.steps.get().case.due_at.astimezone(ZONE)
    assert f"{due:%Y-%m-%d %H:%M}" in text_of(open_(browser, "own_tasks"))
    desk = text_of(browser.get("/"))
    assert reverse("waste:own_task", args=[task.pk]) in desk
    assert reverse("waste:own_tasks") in desk
    shown = text_of(open_(browser, "own_task", task.pk))
    for word in ("请把厨余分出来。", "《行政处罚法》第33条", company.name, "管理责任人"):
        assert word in shown, word
    assert cast.firm.name not in shown, "who could have thrown in is nobody's business"
    clue(0.2, note="还没人看过")
    assert "还没人看过" not in text_of(open_(browser, "own_task", task.pk))
    tasks.order(task=task, text="责令改正。", offence="HZ66", by=cast.governance_specialist)
    assert "第66条" in text_of(open_(browser, "own_task", task.pk))
    browser.post(reverse("waste:own_say", args=[task.pk, "defence"]), {"defence-text": "当天停电"})
    said = task.statements.get()
    assert not said.by_staff
    browser.post(reverse("waste:own_back", args=[said.pk]))
    said.refresh_from_db()
    assert said.withdrawn_at is not None
    sent = {"corrected-text": "已加桶", "corrected-attached": SimpleUploadedFile("改正.jpg", jpeg(), "image/jpeg")}
    browser.post(reverse("waste:own_say", args=[task.pk, "corrected"]), sent)
    paper = task.statements.get(kind="corrected").papers.get()
    assert open_(browser, "paper", paper.pk)["Content-Type"] == "image/jpeg"
    tasks.recheck(task=task, by=cast.governance_specialist)
    tasks.passed(task=task, note="桶已分清", by=cast.governance_specialist)
    assert "桶已分清" in text_of(open_(browser, "own_task", task.pk))
    assert reverse("waste:own_task", args=[task.pk]) not in text_of(browser.get("/")), "the desk holds what is open"


@pytest.mark.parametrize("who", FOREIGN)
def test_nobody_else_opens_says_or_takes_back_anything_of_it(cast, people, ladder, company, as_, who, stored):
    task = ladder("ordered", offence="HZ66", company=company)
    said = appeals.make_statement(
        task=task, kind=Said.DEFENCE, text="公司的话", files=[SimpleUploadedFile("a.jpg", jpeg())],
        by=cast.property_manager,
    )  # fmt: skip
    browser = as_(who)
    for name, args in (("own_tasks", []), ("own_task", [task.pk]), ("paper", [said.papers.get().pk])):
        answer = open_(browser, name, *args)
        assert answer.status_code in ({200, 403} if name == "own_tasks" else {403, 404}), name
        assert task.number not in text_of(answer)
    for name, args, data in (
        ("own_say", [task.pk, "defence"], {"defence-text": "我说"}),
        ("own_say", [task.pk, "corrected"], {"corrected-text": "我说"}),
        ("own_back", [said.pk], {}),
    ):
        assert browser.post(reverse(f"waste:{name}", args=args), data).status_code in {403, 404}, name
    assert task.number not in text_of(browser.get("/search/", {"q": task.bin.code}))
    assert reverse("waste:own_task", args=[task.pk]) not in text_of(browser.get("/"))
    for kind in Said:
        with pytest.raises(PermissionDenied):
            appeals.make_statement(task=task, kind=kind, text="我说", by=people[who])
    with pytest.raises(PermissionDenied):
        appeals.take_statement_back(statement=said, by=people[who])
    said.refresh_from_db()
    assert Statement.objects.count() == 1
    assert said.withdrawn_at is None
    assert not Notice.objects.filter(user=people[who], url__startswith="/waste/").exists()


def test_the_companys_people_do_not_see_what_others_were_told_in_their_building(cast, people, ladder, as_):
    task = ladder("ordered")  # the firm's
    browser = as_("property_manager")
    assert task.number not in text_of(open_(browser, "own_tasks"))
    assert open_(browser, "own_task", task.pk).status_code == 404
    assert browser.post(reverse("waste:own_say", args=[task.pk, "defence"]), {"defence-text": "x"}).status_code == 404
    for name, args in (
        ("tasks", []),
        ("task", [task.pk]),
        ("task_chain", [task.pk]),
        ("statements", []),
        ("clues", []),
    ):
        assert open_(browser, name, *args).status_code == 403, name
    for permission in ("waste.tasks", "waste.portal", "waste.ladder"):
        assert not access.seen_by(cast.property_manager, Task, permission).exists(), permission
    with pytest.raises(PermissionDenied):
        appeals.make_statement(task=task, kind=Said.DEFENCE, text="我说", by=cast.property_manager)


def test_whoever_looks_after_places_for_no_company_that_is_entered_reads_why_the_page_is_empty(people, as_):
    why = "还没有登记在哪家物业或运营公司"
    assert why in text_of(open_(as_("unentered"), "own_tasks"))
    assert why not in text_of(open_(as_("property_manager"), "own_tasks"))
    assert why not in text_of(open_(as_("enterprise_user"), "own_tasks"))


def test_staff_read_when_nobody_of_the_party_can_see_what_it_was_told(cast, ladder, company, works_for, as_):
    task = ladder("reminded", company=company)
    why = "还没有能看到这项任务的账号"
    browser = as_("governance_specialist")
    assert why in text_of(open_(browser, "task", task.pk))
    works_for("property_manager", company)
    assert [one.username for one in queries.speakers_of(task)] == ["property_manager"]
    assert why not in text_of(open_(browser, "task", task.pk))


# --- search -----------------------------------------------------------------------------------------------------------------
def test_tasks_are_found_by_number_bin_and_point_by_those_who_may_see_them(cast, people, ladder, company, as_):
    task = ladder("addressed", company=company)
    asked = (task.number, task.bin.code, "3层投放点")

    def found(who, question):
        return text_of(as_(who).get("/search/", {"q": question}))

    worked, own = reverse("waste:task", args=[task.pk]), reverse("waste:own_task", args=[task.pk])
    for question in asked:
        assert worked in found("governance_specialist", question), question
        for who in ("property_manager", "stranger", "econ_specialist", "enterprise_user"):
            assert worked not in found(who, question)
            assert own not in found(who, question), "not told yet"
    tasks.remind(task=task, text="请分类。", by=cast.governance_specialist)
    rebuild()
    for question in asked:
        assert own in found("property_manager", question), question
        for who in ("other_company", "other_building", "enterprise_user", "stranger"):
            assert own not in found(who, question), who
    assert worked not in found("governance_specialist", company.name), "whom it addresses is not in the index"


def test_a_task_made_in_the_small_hours_keeps_its_number(cast, clue, at):
    from linqi.waste.actions.clues import look_many

    at(clock.now() + timedelta(hours=15))  # one in the morning in Hangzhou, yesterday in UTC
    look_many(clues=[clue(n) for n in (1, 2, 3)], confirmed=True, by=cast.governance_specialist)
    made = Task.objects.get()
    assert made.number.startswith(f"FL{clock.today():%Y%m%d}-")
    assert made.state == TaskState.WAITING
