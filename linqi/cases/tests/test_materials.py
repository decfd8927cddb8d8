"""What was handed in with a case and what is owed."""

from datetime import date, datetime, timedelta
from functools import partial

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from linqi.cases import actions, rules
from linqi.cases.flow import Bring, MaterialState
from linqi.cases.models import CaseMaterial, Outcome, Pause
from linqi.cases.tests.conftest import MONDAY
from linqi.catalogue.actions import write_guide
from linqi.catalogue.guides import Material
from linqi.catalogue.models import Service
from linqi.kit import clock
from linqi.kit.access import SYSTEM
from linqi.kit.flow import MoveRefused
from linqi.kit.tests.at_once import at_once, skip_on_sqlite
from linqi.notifications.models import Notice

TODAY = MONDAY.date()
IN_A_WEEK = TODAY + timedelta(days=7)
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def guide(category):
    return write_guide(
        service=Service.objects.filter(window=category.window).first(),
        category=category,
        materials=[Material("合同"), Material("送货单"), Material("证明", later=True)],
        steps=[],
        by=SYSTEM,
    )


@pytest.fixture
def accepted(cast, case, guide):
    return actions.accept(case=case, by=cast.department_handler)


def check(cast, case, guide, handed=("合同", "送货单"), **more):
    return actions.check_materials(case=case, guide=guide, handed=handed, by=cast.department_handler, **more)


def states(case):
    return dict(case.materials.values_list("name", "state"))


def test_what_was_not_ticked_is_missing_and_what_may_come_later_is_promised(cast, accepted, guide):
    check(cast, accepted, guide, handed=["合同"], promised_for=IN_A_WEEK)
    assert states(accepted) == {"合同": "held", "送货单": "missing", "证明": "owed"}


def test_a_guide_written_anew_changes_no_case(cast, accepted, guide):
    check(cast, accepted, guide)
    write_guide(service=guide.service, category=guide.category, materials=[Material("别的")], steps=[], by=SYSTEM)
    assert set(states(accepted)) == {"合同", "送货单", "证明"}


def test_what_must_not_be_missing_is_told_with_the_one_time_correction(cast, accepted, guide):
    check(cast, accepted, guide, handed=["合同"])
    actions.ask_more(case=accepted, text="请补齐", by=cast.department_handler)
    assert Pause.objects.get(case=accepted).asked.splitlines() == ["请补齐", "送货单"]


def test_answered_while_owed_but_closed_only_when_each_thing_is_settled(cast, accepted, guide):
    row = check(cast, accepted, guide, promised_for=IN_A_WEEK)[2]
    actions.answer(case=accepted, text="已答复", outcome=Outcome.SOLVED, by=cast.department_handler)
    with pytest.raises(ValidationError, match="证明"):
        actions.close(case=accepted, by=cast.department_handler)
    actions.settle_material(material=row, move=Bring.BRING, by=cast.department_handler)
    assert actions.close(case=accepted, by=cast.department_handler).state == "closed"


@pytest.mark.parametrize("move", [Bring.WAIVE, Bring.END])
def test_waiving_and_ending_say_why(cast, accepted, guide, at, move):
    row = check(cast, accepted, guide, promised_for=TODAY)[2]
    at(MONDAY + timedelta(days=1))
    with pytest.raises(ValidationError):
        actions.settle_material(material=row, move=move, text=" ", by=cast.department_handler)
    done = actions.settle_material(material=row, move=move, text="系统可查", by=cast.department_handler)
    assert (done.state in (MaterialState.WAIVED, MaterialState.FAILED), done.reason) == (True, "系统可查")
    with pytest.raises(MoveRefused):
        actions.settle_material(material=done, move=Bring.BRING, by=cast.department_handler)


def test_a_promise_does_not_end_before_its_day_is_over(cast, accepted, guide):
    row = check(cast, accepted, guide, promised_for=TODAY)[2]
    with pytest.raises(ValidationError, match="还没有过"):
        actions.settle_material(material=row, move=Bring.END, text="没来", by=cast.department_handler)


def test_the_enterprise_promises_what_may_come_later_and_nothing_else(cast, accepted, guide):
    rows = check(cast, accepted, guide, handed=[])
    with pytest.raises(ValidationError, match="不能容缺"):
        actions.promise_material(material=rows[0], promised_for=IN_A_WEEK, by=cast.enterprise_user)
    for day in (TODAY - timedelta(days=1), TODAY + timedelta(days=61)):
        with pytest.raises(ValidationError):
            actions.promise_material(material=rows[2], promised_for=day, by=cast.enterprise_user)
    assert actions.promise_material(material=rows[2], promised_for=IN_A_WEEK, by=cast.enterprise_user).state == "owed"


def test_strangers_settle_and_promise_nothing(cast, accepted, guide, client):
    row = check(cast, accepted, guide)[2]
    for who in ("stranger", "far_enterprise_user", "nobody"):
        with pytest.raises(PermissionDenied):
            actions.promise_material(material=row, promised_for=IN_A_WEEK, by=cast.users[who])
    for who in ("stranger", "enterprise_user", "nobody"):
        with pytest.raises(PermissionDenied):
            actions.settle_material(material=row, move=Bring.BRING, by=cast.users[who])
        with pytest.raises(PermissionDenied):
            actions.check_materials(case=accepted, guide=guide, handed=[], by=cast.users[who])


def test_a_bad_list_leaves_nothing_behind(cast, accepted, guide):
    with pytest.raises(ValidationError):
        check(cast, accepted, guide, handed=["护照"])
    with pytest.raises(ValidationError):
        check(cast, accepted, guide, promised_for=TODAY + timedelta(days=400))
    assert not CaseMaterial.objects.exists()
    check(cast, accepted, guide)
    with pytest.raises(ValidationError, match="已经清点"):
        check(cast, accepted, guide)


def test_reminded_once_on_the_working_day_before(cast, accepted, guide):
    check(cast, accepted, guide, promised_for=date(2026, 3, 9))  # a Monday: reminded on Friday the 6th, from nine
    told = Notice.objects.filter(key__contains=":owed:")
    for moment, said in (
        (datetime(2026, 3, 5, 12, tzinfo=clock.ZONE), False),
        (datetime(2026, 3, 6, 8, 59, tzinfo=clock.ZONE), False),
        (datetime(2026, 3, 6, 9, tzinfo=clock.ZONE), True),
    ):
        actions.tick(moment)
        assert told.exists() is said
    before = told.count()
    actions.tick(datetime(2026, 3, 9, 9, tzinfo=clock.ZONE))
    assert told.count() == before


@given(st.dates(date(2024, 1, 8), date(2026, 12, 31)))
def test_a_reminder_is_on_a_working_day_before_with_none_between(day):
    kept = clock.clock_in_force()
    on = rules.remind_of_promise(day, kept.add_working_days)
    assert on < day
    assert kept.calendar.is_working(on)
    assert kept.working_days_between(on, day - timedelta(days=1)) == 0


def test_the_worked_example_of_the_page():
    add = clock.clock_in_force().add_working_days
    assert rules.remind_of_promise(date(2026, 10, 9), add) == date(2026, 10, 8)
    assert rules.remind_of_promise(date(2026, 10, 8), add) == date(2026, 9, 30)


def test_both_sides_do_it_on_their_pages(cast, accepted, guide, client):
    client.force_login(cast.department_handler, backend=BACKEND)
    page = reverse("cases:detail", args=[accepted.pk])
    assert "清点" in client.get(page).content.decode()
    said = {"guide": guide.pk, f"guide{guide.pk}-handed": ["合同", "送货单"]}
    client.post(reverse("cases:check_materials", args=[accepted.pk]), said)
    row = accepted.materials.get(name="证明")
    client.force_login(cast.enterprise_user, backend=BACKEND)
    own = reverse("cases:own_one", args=[accepted.pk])
    assert "承诺补交" in client.get(own).content.decode()
    step = reverse("cases:material_step", args=[row.pk, "promise"])
    assert client.post(step, {f"promise{row.pk}-promised_for": "昨天"}).url == f"{own}#materials"
    assert client.post(step, {f"promise{row.pk}-promised_for": IN_A_WEEK.isoformat()}).url == f"{own}#materials"
    row.refresh_from_db()
    assert row.state == "owed"
    client.force_login(cast.department_handler, backend=BACKEND)
    answer = client.post(reverse("cases:material_step", args=[row.pk, "bring"]))
    row.refresh_from_db()
    assert (answer.url, row.state) == (f"{page}#materials", "held")


@pytest.mark.django_db(transaction=True)
def test_of_two_who_settle_at_once_one_is_told(cast, accepted, guide):
    skip_on_sqlite()
    row = check(cast, accepted, guide)[2]
    act, words = actions.settle_material, {"text": "因为", "by": cast.department_handler}
    said = at_once(*[partial(act, material=row, move=move, **words) for move in (Bring.BRING, Bring.WAIVE)])
    assert sum(isinstance(one, Exception) for one in said) == 1
