"""Several sections, several askers, one case: parts, objections, the joint meeting, pressing, joining and parting."""

from datetime import date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.forms.models import model_to_dict
from django.urls import reverse

from linqi.accounts.models import RoleRecord
from linqi.cases import actions, queries
from linqi.cases.dispatch import Basis
from linqi.cases.flow import Join, State, StrandState
from linqi.cases.models import Case, Outcome, Pressed, Route, Source
from linqi.kit import access, clock
from linqi.kit.access import Role
from linqi.kit.flow import MoveRefused
from linqi.notifications.models import Notice


@pytest.fixture
def taken(cast, case):
    """The case, taken on by the section `economy`."""
    return actions.accept(case=case, by=cast.department_handler)


@pytest.fixture
def helper(cast):
    """Somebody of the section `safety`."""
    cast.nobody.grants.create(
        role=RoleRecord.objects.get(code=Role.DEPARTMENT_HANDLER), department=cast.safety.pk, since=date(2025, 1, 1)
    )
    access.forget(cast.nobody)
    return cast.nobody


def told(user):
    return list(Notice.objects.filter(user=user).order_by("pk").values_list("title", flat=True))


# --- parts of other sections ------------------------------------------------------------------------------------------
def test_a_case_is_answered_when_every_part_has_an_end(cast, taken, helper):
    strand = actions.add_strand(case=taken, department=cast.safety, task="核实消防通道", by=cast.department_handler)
    assert strand.due_at == taken.due_at
    with pytest.raises(ValidationError, match="协办还没有结果"):
        actions.answer(case=taken, text="好了", by=cast.department_handler)
    actions.move_strand(strand=strand, move=Join.TAKE, by=helper)
    actions.move_strand(strand=strand, move=Join.DONE, text="通道已清", by=helper)
    assert any("协办已全部有结果" in title for title in told(cast.department_handler))
    answered = actions.answer(case=taken, text="好了", outcome=Outcome.SOLVED, by=cast.department_handler)
    assert (answered.state, answered.outcome) == (State.ANSWERED, "solved")


def test_a_section_that_helps_sees_the_case_and_moves_only_its_part(cast, taken, helper):
    assert taken not in queries.desk_cases(helper)
    strand = actions.add_strand(case=taken, department=cast.safety, task="核实", by=cast.department_handler)
    assert taken in queries.desk_cases(helper)
    assert queries.moves_open_to(helper, taken) == []
    assert Join.DROP not in queries.joins_open_to(helper, strand)
    assert queries.joins_open_to(cast.department_handler, strand) == [Join.DROP]
    for forbidden in (
        lambda: actions.answer(case=taken, text="好", by=helper),
        lambda: actions.withdraw(case=taken, reason="不要了", by=helper),
    ):
        with pytest.raises(PermissionDenied):
            forbidden()


def test_a_part_that_cannot_be_done_says_why(cast, taken, helper):
    strand = actions.add_strand(case=taken, department=cast.safety, task="核实", by=cast.department_handler)
    with pytest.raises(ValidationError):
        actions.move_strand(strand=strand, move=Join.CANNOT, text=" ", by=helper)
    actions.move_strand(strand=strand, move=Join.CANNOT, text="没有设备", by=helper)
    with pytest.raises(MoveRefused):
        actions.move_strand(strand=strand, move=Join.DONE, text="又好了", by=helper)


def test_one_section_has_one_open_part_and_the_leading_section_none(cast, taken):
    actions.add_strand(case=taken, department=cast.safety, task="核实", by=cast.department_handler)
    for department in (cast.safety, cast.economy, cast.far_economy):
        with pytest.raises(ValidationError):
            actions.add_strand(case=taken, department=department, task="再来", by=cast.department_handler)


def test_a_late_part_is_told_once(cast, taken, helper):
    strand = actions.add_strand(case=taken, department=cast.safety, task="核实", by=cast.department_handler)
    late = strand.due_at + timedelta(hours=1)
    actions.tick(late)
    actions.tick(late)
    assert len([title for title in told(helper) if "协办超期" in title]) == 1


# --- whose case it is -------------------------------------------------------------------------------------------------
def test_an_objection_stays_with_the_first_receiver_until_another_decides(cast, case):
    due = case.due_at
    made = actions.object_to(case=case, reason="不属于经济口", proposed=cast.safety, by=cast.department_handler)
    case.refresh_from_db()
    assert (case.department, case.state, case.due_at) == (cast.economy, State.DISPATCHED, due)
    assert made.row == case.dispatch_row
    with pytest.raises(ValidationError, match="已有一项异议"):
        actions.object_to(case=case, reason="还是不属于", by=cast.department_handler)
    moved = actions.decide_objection(case=case, department=cast.safety, text="确属安全", by=cast.community_secretary)
    made.refresh_from_db()
    assert (moved.department, moved.dispatch_basis, moved.due_at) == (cast.safety, Basis.BY_HAND, due)
    assert (made.upheld, made.sent_to, made.decided_by) == (True, cast.safety, cast.community_secretary)


def test_a_rejected_objection_leaves_the_case_and_says_why(cast, case):
    made = actions.object_to(case=case, reason="不属于经济口", by=cast.department_handler)
    with pytest.raises(ValidationError):
        actions.decide_objection(case=case, department=None, text="", by=cast.community_secretary)
    actions.decide_objection(case=case, department=None, text="派单表写明由经济口办", by=cast.community_secretary)
    made.refresh_from_db()
    case.refresh_from_db()
    assert (made.upheld, case.department) == (False, cast.economy)
    assert any("异议不成立" in title for title in told(cast.department_handler))


def test_who_takes_the_case_on_after_all_ends_the_objection(cast, case):
    made = actions.object_to(case=case, reason="不属于经济口", by=cast.department_handler)
    actions.accept(case=case, by=cast.department_handler)
    made.refresh_from_db()
    assert made.decided_at is not None
    assert made.upheld is None


def test_the_joint_meeting_decides_and_the_time_runs_on(cast, taken):
    actions.escalate(case=taken, question="三个科室都说不归自己", by=cast.department_handler)
    with pytest.raises(ValidationError):
        actions.escalate(case=taken, question="再问一次", by=cast.department_handler)
    done = actions.resolve(case=taken, text="经济科牵头，周五前办成", by=cast.community_secretary)
    taken.refresh_from_db()
    assert done.decided_by == cast.community_secretary
    assert taken.state == State.ACCEPTED


def test_what_the_law_sends_elsewhere_ends_honestly(cast, case):
    routed = actions.route_out(
        case=case, route=Route.ARBITRATION, text="劳动争议调解仲裁法第五条；请向区仲裁委申请", by=cast.econ_specialist
    )
    assert (routed.state, routed.route) == (State.ROUTED, "arbitration")
    assert any("法定途径" in title for title in told(cast.enterprise_user))
    assert queries.moves_open_to(cast.econ_specialist, routed) == []


# --- pressing ---------------------------------------------------------------------------------------------------------
def test_pressing_waits_in_a_basket_and_one_word_answers_it(cast, taken, at):
    actions.nudge(case=taken, kind=Pressed.URGED, text="", by=cast.enterprise_user)
    with pytest.raises(ValidationError, match="今天已经催过"):
        actions.nudge(case=taken, kind=Pressed.URGED, text="快点", by=cast.enterprise_user)
    actions.nudge(case=taken, kind=Pressed.SUPERVISED, text="今天给我进展", by=cast.street_leader)
    actions.nudge(case=taken, kind=Pressed.SUPERVISED, text="怎么还没有", by=cast.street_leader)
    assert [title[:2] for title in told(cast.department_handler)].count("督办") == 1
    assert queries.basket(cast.department_handler).count() == 3
    assert actions.answer_nudges(case=taken, text="已约周三见面", by=cast.department_handler) == 3
    assert queries.basket(cast.department_handler).count() == 0
    assert any("办理进展" in title for title in told(cast.enterprise_user))


def test_nobody_is_pressed_for_what_is_answered(cast, taken):
    actions.answer(case=taken, text="好了", by=cast.department_handler)
    with pytest.raises(ValidationError):
        actions.nudge(case=taken, kind=Pressed.SUPERVISED, text="快", by=cast.street_leader)


# --- joining and parting ----------------------------------------------------------------------------------------------
@pytest.fixture
def second(cast, case, category, at):
    """Another asks for the same a day later."""
    at(datetime(2026, 3, 3, 10, 0, tzinfo=clock.ZONE))
    return actions.open_case(
        enterprise=cast.firm, category=category, title="货款又拖欠", source=Source.DESK, by=cast.econ_specialist
    )


def standing(case):
    """Everything a case is, but for what says that it is joined."""
    return model_to_dict(Case.objects.get(pk=case.pk))


def test_a_joined_case_keeps_its_asker_and_its_clock_and_gets_the_same_answer(cast, taken, second):
    due = second.due_at
    actions.merge(case=second, main=taken, reason="同一笔货款", by=cast.econ_specialist)
    second.refresh_from_db()
    assert (second.state, second.due_at, second.reporter) == (State.MERGED, due, cast.econ_specialist)
    assert second.handler == cast.department_handler
    actions.answer(case=taken, text="已付清", outcome=Outcome.SOLVED, by=cast.department_handler)
    second.refresh_from_db()
    assert (second.state, second.answer, second.outcome) == (State.ANSWERED, "已付清", "solved")
    again = actions.reopen(case=second, reason="还差一笔", by=cast.enterprise_user)
    assert (again.state, again.merged_into) == (State.ACCEPTED, None)


@pytest.mark.parametrize("accepted", [False, True])
def test_parting_restores_exactly_what_was(cast, taken, second, accepted):
    if accepted:
        second = actions.accept(case=second, by=cast.econ_specialist)
    before = standing(second)
    actions.merge(case=second, main=taken, reason="同一笔货款", by=cast.econ_specialist)
    assert standing(second) != before
    actions.split(case=second, by=cast.econ_specialist)
    assert standing(second) == before


def test_a_joined_case_follows_when_the_main_one_is_sent_on(cast, case, second):
    actions.merge(case=second, main=case, reason="同一笔货款", by=cast.econ_specialist)
    actions.redispatch(case=case, department=cast.safety, reason="改由安全科", by=cast.community_secretary)
    second.refresh_from_db()
    assert (second.department, second.accepted_at) == (cast.safety, None)
    actions.accept(case=case, by=cast.econ_specialist)
    second.refresh_from_db()
    assert second.accepted_at is not None


def test_what_must_not_be_joined_is_not(cast, taken, second, category):
    with pytest.raises(ValidationError):
        actions.merge(case=taken, main=taken, reason="自己", by=cast.econ_specialist)
    actions.merge(case=second, main=taken, reason="同一笔", by=cast.econ_specialist)
    third = actions.open_case(
        enterprise=cast.firm, category=category, title="第三件", source=Source.DESK, by=cast.econ_specialist
    )
    with pytest.raises(ValidationError, match="不能并入"):
        actions.merge(case=third, main=second, reason="并到并案里", by=cast.econ_specialist)
    with pytest.raises(ValidationError, match="自己带有并案"):
        actions.merge(case=taken, main=third, reason="反过来", by=cast.econ_specialist)
    for leave in (
        lambda: actions.withdraw(case=taken, reason="不要了", by=cast.enterprise_user),
        lambda: actions.route_out(case=taken, route=Route.LAWSUIT, text="去法院", by=cast.department_handler),
    ):
        with pytest.raises(ValidationError, match="先把它们拆出"):
            leave()


# --- what the community is asked to do --------------------------------------------------------------------------------
def hand(cast, case, **said):
    return actions.ask_community(
        case=case, community=cast.community, task=said.get("task", "请上门核实"), by=cast.department_handler
    )


def test_what_is_not_on_the_list_waits_for_the_secretary(cast, taken):
    strand = hand(cast, taken)
    assert strand.state == StrandState.TO_ADMIT
    assert Notice.objects.filter(user=cast.community_secretary, title__startswith="请准入").exists()
    assert not Notice.objects.filter(user=cast.econ_specialist, title__startswith="请协办").exists()
    with pytest.raises(MoveRefused):
        actions.move_strand(strand=strand, move=Join.TAKE, by=cast.econ_specialist)
    with pytest.raises(PermissionDenied):
        actions.move_strand(strand=strand, move=Join.ADMIT, by=cast.econ_specialist)
    with pytest.raises(ValidationError):
        actions.answer(case=taken, text="已办", by=cast.department_handler)  # its part is not settled
    actions.move_strand(strand=strand, move=Join.ADMIT, by=cast.community_secretary)
    assert Notice.objects.filter(user=cast.econ_specialist, title__startswith="请协办").exists()
    actions.move_strand(strand=strand, move=Join.TAKE, by=cast.econ_specialist)
    done = actions.move_strand(strand=strand, move=Join.DONE, text="已上门核实", by=cast.econ_specialist)
    assert (done.state, done.handler) == (StrandState.DONE, cast.econ_specialist)
    actions.answer(case=taken, text="已办好。", by=cast.department_handler)


def test_the_secretary_refuses_with_a_reason_and_the_section_goes_on_alone(cast, taken):
    strand = hand(cast, taken)
    with pytest.raises(ValidationError):
        actions.move_strand(strand=strand, move=Join.REFUSE, text=" ", by=cast.community_secretary)
    refused = actions.move_strand(strand=strand, move=Join.REFUSE, text="不在社区职责之内", by=cast.community_secretary)
    assert (refused.state, refused.handler, refused.result) == (StrandState.REFUSED, None, "不在社区职责之内")
    assert Notice.objects.filter(user=cast.department_handler, title__startswith="协办已全部有结果").exists()
    actions.answer(case=taken, text="已办好。", by=cast.department_handler)


def test_what_is_on_the_list_is_asked_for_at_once(cast, taken, category):
    actions.set_duties(community=cast.community, categories=[category], by=cast.street_leader)
    strand = hand(cast, taken)
    assert strand.state == StrandState.ASKED
    with pytest.raises(ValidationError):
        hand(cast, taken)  # it is at it already
    actions.set_duties(community=cast.community, categories=[], by=cast.street_leader)
    strand.refresh_from_db()
    assert strand.state == StrandState.ASKED  # what is being done stays as it is


def test_only_the_community_in_which_it_lies_and_by_who_may(cast, taken, category):
    with pytest.raises(ValidationError):
        actions.ask_community(case=taken, community=cast.far_community, task="请核实", by=cast.department_handler)
    with pytest.raises(PermissionDenied):
        actions.ask_community(case=taken, community=cast.community, task="请核实", by=cast.stranger)
    with pytest.raises(PermissionDenied):
        actions.set_duties(community=cast.community, categories=[category], by=cast.community_secretary)
    strand = hand(cast, taken)
    with pytest.raises(PermissionDenied):
        actions.move_strand(strand=strand, move=Join.ADMIT, by=cast.stranger)
    with pytest.raises(PermissionDenied):
        actions.move_strand(strand=strand, move=Join.ADMIT, by=cast.department_handler)


def test_the_pages_carry_it_from_the_section_to_the_community_and_back(client, cast, taken):
    def as_(who):
        client.force_login(cast.users[who], backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    page = reverse("cases:detail", args=[taken.pk])
    said = {"ask_community-community": cast.community.pk, "ask_community-text": "请上门核实"}
    as_("department_handler").post(reverse("cases:move", args=[taken.pk, "ask_community"]), said)
    strand = taken.strands.get()
    assert "待社区准入" in as_("community_secretary").get(page).content.decode()
    assert "待我办" in as_("community_secretary").get(reverse("cases:list") + "?view=waiting").content.decode()
    client.post(reverse("cases:strand", args=[strand.pk, "admit"]))
    strand.refresh_from_db()
    assert strand.state == StrandState.ASKED
    as_("street_leader").post(
        reverse("cases:set_duties", args=[cast.street.pk]),
        {"duties-community": cast.community.pk, "duties-categories": [taken.category_id]},
    )
    assert cast.community.name in client.get(reverse("cases:tables")).content.decode()
