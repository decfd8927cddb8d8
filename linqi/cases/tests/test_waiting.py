"""Time that stands still while the enterprise has to bring something, and time that a second person grants."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from linqi.cases import actions
from linqi.cases.deadlines import counted
from linqi.cases.flow import State
from linqi.cases.models import Case, Extension, Pause
from linqi.journal.models import Entry
from linqi.kit import clock
from linqi.kit.clock import Term
from linqi.kit.flow import MoveRefused
from linqi.notifications.models import Notice

from .conftest import MONDAY


@pytest.fixture
def taken(cast, case):
    """The case, accepted by the section's handler."""
    return actions.accept(case=case, by=cast.department_handler)


def titles(user):
    """What a user was told, in order."""
    return list(Notice.objects.filter(user=user).order_by("pk").values_list("title", flat=True))


# --- waiting ----------------------------------------------------------------------------------------------------------
def test_the_clock_stands_still_until_the_enterprise_has_brought_what_was_missing(cast, taken, at):
    at(MONDAY + timedelta(days=1))  # Tuesday
    waiting = actions.ask_more(case=taken, text="合同、送货单、对账单", by=cast.department_handler)
    assert (waiting.state, waiting.due_at) == (State.WAITING, taken.due_at)
    assert titles(cast.enterprise_user)[-1] == "请补充材料：货款拖欠三个月"
    at(MONDAY + timedelta(days=3))  # Thursday: two working days later
    back = actions.supply(case=taken, text="三样都传了", by=cast.enterprise_user)
    assert back.state == State.ACCEPTED
    assert back.due_at == clock.clock_in_force().due(MONDAY, Term.parse("7 working_days")).at
    assert "paused" in [step["code"] for step in back.due_why]
    assert titles(cast.department_handler)[-1] == "企业已补充：货款拖欠三个月"


def test_everything_missing_is_told_at_once_and_only_once(cast, taken, at):
    actions.ask_more(case=taken, text="合同", by=cast.department_handler)
    actions.supply(case=taken, text="给了", by=cast.enterprise_user)
    with pytest.raises(ValidationError, match="一次性告知"):
        actions.ask_more(case=taken, text="还要发票", by=cast.department_handler)


def test_while_it_waits_it_is_never_overdue_and_the_enterprise_is_reminded_once(cast, taken, at):
    actions.ask_more(case=taken, text="合同", by=cast.department_handler)
    at(MONDAY + timedelta(days=60))
    assert actions.tick(clock.now()) == 1
    assert actions.tick(clock.now()) == 0
    assert titles(cast.enterprise_user)[-1] == "还在等您补充：货款拖欠三个月"
    assert not Entry.objects.filter(verb="cases.overdue").exists()


def test_the_staff_may_note_down_what_came_by_phone_but_not_a_stranger(cast, taken, at):
    actions.ask_more(case=taken, text="合同", by=cast.department_handler)
    with pytest.raises(PermissionDenied):
        actions.supply(case=taken, text="我来", by=cast.far_enterprise_user)
    assert actions.supply(case=taken, text="电话补充", by=cast.department_handler).state == State.ACCEPTED


def test_withdrawn_while_it_waits_the_wait_has_an_end(cast, taken, at):
    actions.ask_more(case=taken, text="合同", by=cast.department_handler)
    actions.withdraw(case=taken, reason="不要了", by=cast.enterprise_user)
    assert Pause.objects.get(case=taken).until is not None


@given(first=st.integers(0, 20), length=st.integers(0, 30))
def test_waiting_never_brings_the_date_nearer_and_adds_just_the_days_waited(first, length):
    since = MONDAY + timedelta(days=first)
    until = since + timedelta(days=length)
    plain = counted("5 working_days", MONDAY)
    late = counted("5 working_days", MONDAY, "", [(since, until)])
    assert late.at >= plain.at
    counting = clock.clock_in_force()
    if since < plain.at:
        waited = counting.working_days_between(since.date(), until.date())
        assert late.at == counting.due(MONDAY, Term.parse(f"{5 + waited} working_days")).at
    else:
        assert late.at == plain.at


# --- first contact ----------------------------------------------------------------------------------------------------
def test_first_contact_has_a_limit_of_its_own_and_whoever_misses_it_hears_of_it(cast, taken, at):
    assert taken.contact_due_at == clock.clock_in_force().due(MONDAY, Term.parse("8 working_hours")).at
    at(taken.contact_due_at + timedelta(minutes=1))
    actions.tick(clock.now())
    assert "超时未联系：货款拖欠三个月" in titles(cast.department_handler)
    spoken = actions.contact(case=taken, text="已与财务通话", by=cast.department_handler)
    assert spoken.contacted_at == clock.now()
    with pytest.raises(ValidationError, match="已经登记"):
        actions.contact(case=taken, text="又打", by=cast.department_handler)


def test_an_answer_is_a_first_contact_too(cast, taken):
    assert actions.answer(case=taken, text="已协调", by=cast.department_handler).contacted_at is not None


# --- extension --------------------------------------------------------------------------------------------------------
def test_more_time_is_asked_by_one_and_granted_by_another(cast, taken):
    with pytest.raises(ValidationError):
        actions.ask_extension(case=taken, reason=" ", by=cast.department_handler)
    actions.ask_extension(case=taken, reason="等法院送达", by=cast.department_handler)
    assert Case.objects.get(pk=taken.pk).due_at == taken.due_at
    assert titles(cast.community_secretary)[-1] == "申请延期，待审批：货款拖欠三个月"
    with pytest.raises(PermissionDenied):
        actions.decide_extension(case=taken, grant=True, text="同意", by=cast.department_handler)
    longer = actions.decide_extension(case=taken, grant=True, text="同意", by=cast.community_secretary)
    due = clock.clock_in_force().due(MONDAY, Term.parse("5 working_days"), extension=Term.parse("5 working_days"))
    assert (longer.due_at, longer.extended) == (due.at, True)
    assert "已延期：货款拖欠三个月" in titles(cast.enterprise_user)
    with pytest.raises(ValidationError, match="一次"):
        actions.ask_extension(case=taken, reason="再等等", by=cast.department_handler)


def test_who_asked_for_more_time_cannot_grant_it_even_as_the_secretary(cast, taken):
    actions.ask_extension(case=taken, reason="等材料", by=cast.community_secretary)
    with pytest.raises(ValidationError, match="申请人以外"):
        actions.decide_extension(case=taken, grant=True, text="", by=cast.community_secretary)
    assert actions.decide_extension(case=taken, grant=True, text="", by=cast.street_leader).extended


def test_a_refusal_says_why_and_leaves_the_date(cast, taken):
    actions.ask_extension(case=taken, reason="忙", by=cast.department_handler)
    with pytest.raises(ValidationError):
        actions.decide_extension(case=taken, grant=False, text="", by=cast.street_leader)
    after = actions.decide_extension(case=taken, grant=False, text="理由不足", by=cast.street_leader)
    assert (after.due_at, after.extended, Extension.objects.get().granted) == (taken.due_at, False, False)
    assert titles(cast.department_handler)[-1] == "延期未获同意：货款拖欠三个月"


def test_an_extension_asked_for_too_late_is_refused_but_a_late_decision_holds(cast, taken, at):
    actions.ask_extension(case=taken, reason="等材料", by=cast.department_handler)
    at(taken.due_at + timedelta(minutes=1))
    actions.tick(clock.now())
    assert Case.objects.get(pk=taken.pk).overdue_told_at is not None
    after = actions.decide_extension(case=taken, grant=True, text="", by=cast.street_leader)
    assert after.overdue_told_at is None
    Extension.objects.all().delete()
    Case.objects.filter(pk=taken.pk).update(due_at=clock.now() - timedelta(minutes=1))
    with pytest.raises(ValidationError, match="已过办理期限"):
        actions.ask_extension(case=taken, reason="忘了", by=cast.department_handler)


def test_waiting_and_more_time_add_up(cast, taken, at):
    actions.ask_extension(case=taken, reason="等材料", by=cast.department_handler)
    actions.decide_extension(case=taken, grant=True, text="", by=cast.street_leader)
    at(MONDAY + timedelta(days=1))
    actions.ask_more(case=taken, text="合同", by=cast.department_handler)
    at(MONDAY + timedelta(days=2))
    after = actions.supply(case=taken, text="给了", by=cast.enterprise_user)
    assert after.due_at == clock.clock_in_force().due(MONDAY, Term.parse("11 working_days")).at


def test_an_answer_cannot_be_given_while_the_enterprise_is_waited_for(cast, taken):
    actions.ask_more(case=taken, text="合同", by=cast.department_handler)
    with pytest.raises(MoveRefused):
        actions.answer(case=taken, text="好了", by=cast.department_handler)


# --- pages ------------------------------------------------------------------------------------------------------------
def test_the_enterprise_sees_what_is_asked_of_it_and_brings_it(cast, taken, client):
    actions.ask_more(case=taken, text="合同、送货单", by=cast.department_handler)
    client.force_login(cast.enterprise_user)
    page = client.get(reverse("cases:own_one", args=[taken.pk])).content.decode()
    assert "请您补充" in page
    assert "合同、送货单" in page
    client.post(reverse("cases:own_move", args=[taken.pk, "supply"]), {"supply-text": "已上传"})
    assert Case.objects.get(pk=taken.pk).state == State.ACCEPTED


def test_the_desk_offers_granting_to_the_second_person_only(cast, taken, client):
    actions.ask_extension(case=taken, reason="等法院送达", by=cast.department_handler)
    seen = {}
    for who in ("department_handler", "street_leader"):
        client.force_login(cast.users[who])
        seen[who] = client.get(reverse("cases:detail", args=[taken.pk])).content.decode()
        assert "等法院送达" in seen[who]
    assert "同意延期" in seen["street_leader"]
    assert "grant_extension" not in seen["department_handler"]
    client.post(reverse("cases:move", args=[taken.pk, "grant_extension"]), {"grant_extension-text": "同意"})
    assert Case.objects.get(pk=taken.pk).extended
