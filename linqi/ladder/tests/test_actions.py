"""What is done on the ladder."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from linqi.catalogue.models import Category
from linqi.enterprises import known
from linqi.enterprises.models import Fact
from linqi.journal.models import Entry
from linqi.kit.access import SYSTEM
from linqi.kit.flow import MoveRefused
from linqi.ladder import actions, queries
from linqi.ladder.models import Answer, Candidate, Confidence, Milestone, Move, Standard, TierRule
from linqi.ladder.rules import Kind, Proposal, Stage, Step, Tier
from linqi.notifications.models import Notice

from .conftest import MONDAY, TODAY

TOMORROW = TODAY + timedelta(days=1)


def waiting(user):
    return {one.enterprise: one.move for one in queries.proposals(user, TODAY)}


# --- rules --------------------------------------------------------------------------------------------------------------
def test_the_defaults_are_installed_once(street):
    assert (Standard.objects.count(), TierRule.objects.count()) == (17, 3)
    assert actions.install_defaults() == 0
    assert set(TierRule.objects.values_list("confidence", flat=True)) == {Confidence.DEFAULT.value}


def test_an_old_day_has_the_old_chinext_figures(street):
    old = {one.code for one in queries.ruleset(street, date(2024, 4, 29)).standards}
    new = {one.code for one in queries.ruleset(street, date(2024, 4, 30)).standards}
    assert {"21", "22"} <= old
    assert not {"35", "36"} & old
    assert {"35", "36"} <= new
    assert not {"21", "22"} & new
    assert len(new) == 15


def test_a_street_sets_its_own_standard_from_a_day_on_and_the_history_stays(cast, street):
    when = {"field": "net_profit", "period": "Y-1", "op": "gte", "value": 80000000}
    made = actions.set_standard(
        street=street, code="35", when=when, since=TOMORROW, source="街道会议 2026-03-01", by=cast.street_leader
    )
    assert made.confidence == Confidence.STREET.value
    today, later = (
        next(one for one in queries.ruleset(street, day).standards if one.code == "35") for day in (TODAY, TOMORROW)
    )
    assert (today.street_id, later.pk) == (None, made.pk)
    elsewhere = queries.ruleset(cast.far_street, TOMORROW)
    assert all(one.street_id is None for one in elsewhere.standards)
    again = actions.set_standard(
        street=street, code="35", when=when, since=TOMORROW, source="更正", by=cast.street_leader
    )
    assert list(Standard.objects.filter(street=street)) == [again]
    assert len(queries.history_of(Standard, "code", "35", street)) == 2


def test_an_own_tier_ends_where_the_next_begins_and_can_be_given_up(cast, street, at):
    when = {"field": "revenue", "op": "gte", "value": 5000000}
    own = actions.set_tier(street=street, tier=Tier.SEED, when=when, since=TODAY, source="试行", by=cast.street_leader)
    actions.set_tier(street=street, tier=Tier.SEED, when=when, since=TOMORROW, source="正式", by=cast.street_leader)
    own.refresh_from_db()
    assert own.until == TOMORROW
    at(MONDAY + timedelta(days=3))
    now = TierRule.objects.get(street=street, until=None)
    actions.restore_default(rule=now, by=cast.street_leader)
    assert queries.ruleset(street, TODAY + timedelta(days=3)).tiers[Tier.SEED].street_id is None
    assert queries.ruleset(street, TOMORROW).tiers[Tier.SEED].pk == now.pk
    with pytest.raises(ValidationError):
        actions.restore_default(rule=now, by=cast.street_leader)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"since": TODAY - timedelta(days=1)}, "已经过去", id="the past is not changed"),
        pytest.param({"source": " "}, "依据", id="no ground"),
        pytest.param({"when": {"field": "no_such", "op": "gte", "value": 1}}, "没有", id="an unknown field"),
        pytest.param({"when": {"field": "best_standard_fit", "op": "gte", "value": 0.5}}, "达成度本身", id="itself"),
        pytest.param({"code": "99"}, "没有这条", id="no such standard"),
    ],
)
def test_a_standard_that_cannot_be_is_refused_in_words(cast, street, change, message):
    said = {
        "code": "35",
        "when": {"field": "net_profit", "op": "gte", "value": 1},
        "since": TODAY,
        "source": "会议",
        **change,
    }
    with pytest.raises(ValidationError, match=message):
        actions.set_standard(street=street, **said, by=cast.street_leader)
    assert not Standard.objects.filter(street=street).exists()


def test_only_those_who_may_set_rules_do(cast, street):
    for who in (cast.econ_specialist, cast.stranger, cast.enterprise_user):
        with pytest.raises(PermissionDenied):
            actions.set_tier(
                street=street,
                tier=Tier.SEED,
                when={"field": "revenue", "op": "gte", "value": 1},
                since=TODAY,
                source="会议",
                by=who,
            )


# --- moves --------------------------------------------------------------------------------------------------------------
def test_a_firm_that_qualifies_is_proposed_and_a_person_confirms(cast, grown):
    assert waiting(cast.econ_specialist) == {grown.pk: Proposal(Kind.ENTER, Tier.SEED)}
    assert not Candidate.objects.exists()
    move = actions.confirm_move(enterprise=grown, to=Tier.SEED, by=cast.econ_specialist)
    assert (move.kind, move.proposed, move.answer) == (Kind.ENTER.value, True, Answer.CONFIRMED.value)
    assert move.snapshot["tiers"]["seed"] == "met"
    candidate = Candidate.objects.get()
    assert (candidate.tier, candidate.since, candidate.stage) == ("seed", TODAY, Stage.CULTIVATING.value)
    assert waiting(cast.econ_specialist) == {}
    assert Entry.objects.filter(verb="ladder.moved", enterprise=grown.pk).exists()


def test_a_proposal_that_no_longer_stands_is_not_confirmed(cast, grown, knows):
    with pytest.raises(ValidationError, match="不再成立"):
        actions.confirm_move(enterprise=grown, to=Tier.EAR, by=cast.econ_specialist)
    assert actions.confirm_moves(moves=[(grown, Tier.EAR), (cast.neighbour, Tier.SEED)], by=cast.econ_specialist) == 0
    assert actions.confirm_moves(moves=[(grown, Tier.SEED), (cast.far_firm, Tier.SEED)], by=cast.econ_specialist) == 1


def test_a_declined_proposal_rests_and_needs_a_reason(cast, grown, at):
    with pytest.raises(ValidationError, match="理由"):
        actions.decline_move(enterprise=grown, to=Tier.SEED, why=" ", by=cast.econ_specialist)
    actions.decline_move(enterprise=grown, to=Tier.SEED, why="企业明确没有上市意向", by=cast.econ_specialist)
    assert waiting(cast.econ_specialist) == {}
    at(MONDAY + timedelta(days=181))
    assert grown.pk in {one.enterprise for one in queries.proposals(cast.econ_specialist, TODAY + timedelta(days=181))}


def test_a_firm_that_no_longer_qualifies_is_not_thrown_down_silently(cast, grown, knows):
    actions.confirm_move(enterprise=grown, to=Tier.SEED, by=cast.econ_specialist)
    knows(grown, certificates=[], equity_financing_3y="0")
    Fact.objects.filter(enterprise=grown, key="revenue").update(value="9000000")
    known.forget()
    assert waiting(cast.econ_specialist) == {grown.pk: Proposal(Kind.LEAVE, None)}
    assert Candidate.objects.get().tier == "seed"
    move = actions.confirm_move(enterprise=grown, to=None, by=cast.econ_specialist)
    assert (move.kind, move.tier_before, move.tier_after) == (Kind.LEAVE.value, "seed", "")
    assert not Candidate.objects.exists()


def test_what_is_not_known_any_more_throws_nobody_down(cast, grown):
    actions.confirm_move(enterprise=grown, to=Tier.SEED, by=cast.econ_specialist)
    Fact.objects.filter(enterprise=grown).delete()
    known.forget()
    assert waiting(cast.econ_specialist) == {}


def test_half_way_to_a_standard_and_joint_stock_lead_upwards(cast, knows):
    firm = knows(cast.firm, net_profit={2025: "30000000", 2024: "20000000"})
    assert waiting(cast.econ_specialist) == {firm.pk: Proposal(Kind.ENTER, Tier.SPROUT)}  # half of ChiNext 1
    knows(firm, legal_form_joint_stock=True)
    Fact.objects.filter(enterprise=firm, key="net_profit").update(value="60000000")
    known.forget()
    assert waiting(cast.econ_specialist) == {firm.pk: Proposal(Kind.ENTER, Tier.EAR)}
    ladder = queries.ladder_of(firm, TODAY)
    assert ladder.best.low == 1
    assert (ladder.nearest[0].code, ladder.by_facts) == ("35", Tier.EAR)


def test_a_move_by_hand_says_why(cast, grown):
    with pytest.raises(ValidationError, match="理由"):
        actions.move(enterprise=grown, to=Tier.SPROUT, why="", by=cast.street_leader)
    made = actions.move(enterprise=grown, to=Tier.SPROUT, why="区里重点培育名单", by=cast.street_leader)
    assert (made.proposed, made.kind) == (False, Kind.ENTER.value)
    with pytest.raises(ValidationError, match="已在"):
        actions.move(enterprise=grown, to=Tier.SPROUT, why="再来", by=cast.street_leader)
    agreed = actions.move(enterprise=grown, to=Tier.SEED, why="按资料", by=cast.street_leader)
    assert (agreed.kind, Candidate.objects.get().tier) == (Kind.FALL.value, "seed")


def test_who_may_not_move_does_not(cast, grown):
    for who in (cast.stranger, cast.enterprise_user, cast.party_specialist, cast.nobody):
        with pytest.raises(PermissionDenied):
            actions.move(enterprise=grown, to=Tier.SEED, why="想", by=who)
        with pytest.raises(PermissionDenied):
            actions.decline_move(enterprise=grown, to=Tier.SEED, why="想", by=who)
    cast.firm.seat = None
    cast.firm.save()
    with pytest.raises(ValidationError, match="在驻"):
        actions.move(enterprise=cast.firm, to=Tier.SEED, why="想", by=cast.street_leader)


def test_the_owner_is_one_of_the_place_and_is_told(cast, grown):
    actions.move(enterprise=grown, to=Tier.SEED, why="试", by=cast.street_leader)
    candidate = Candidate.objects.get()
    actions.set_owner(candidate=candidate, owner=cast.econ_specialist, by=cast.street_leader)
    assert Notice.objects.get(user=cast.econ_specialist).url.endswith(f"/ladder/e/{grown.pk}/")
    with pytest.raises(ValidationError, match="这一片"):
        actions.set_owner(candidate=candidate, owner=cast.stranger, by=cast.street_leader)
    actions.set_owner(candidate=candidate, owner=None, by=cast.street_leader)
    assert Candidate.objects.get().owner is None


# --- milestones ---------------------------------------------------------------------------------------------------------
def test_a_milestone_leaves_facts_that_policies_read(cast, grown):
    actions.move(enterprise=grown, to=Tier.SEED, why="试", by=cast.street_leader)
    said = {"reached_on": date(2026, 2, 20), "evidence": "营业执照", "by": cast.econ_specialist}
    actions.reach_milestone(enterprise=grown, step=Step.JOINT_STOCK, **said)
    facts = known.facts_on(grown, TODAY)
    assert facts["listing_stage", ""].value == "joint_stock"
    assert facts["legal_form_joint_stock", ""].value is True
    assert facts["listing_stage", ""].source == "营业执照"
    said |= {"reached_on": TODAY, "evidence": "证监局公示", "public": True}
    actions.reach_milestone(enterprise=grown, step=Step.TUTORING, **said)
    assert known.facts_on(grown, TODAY)["listing_stage", ""].value == "tutoring"
    assert Candidate.objects.get().stage == "tutoring"
    assert waiting(cast.econ_specialist)[grown.pk] == Proposal(Kind.RISE, Tier.EAR)
    actions.reach_milestone(
        enterprise=grown, step=Step.BROKER, **{**said, "evidence": "协议", "reached_on": date(2026, 2, 25)}
    )
    assert known.facts_on(grown, TODAY)["listing_stage", ""].value == "tutoring"  # an earlier step does not lead back


def test_a_milestone_needs_evidence_and_a_day_that_has_come(cast, grown):
    with pytest.raises(ValidationError, match="依据"):
        actions.reach_milestone(
            enterprise=grown, step=Step.BROKER, reached_on=TODAY, evidence="", by=cast.econ_specialist
        )
    with pytest.raises(ValidationError, match="还没到"):
        actions.reach_milestone(
            enterprise=grown, step=Step.BROKER, reached_on=TOMORROW, evidence="协议", by=cast.econ_specialist
        )


def test_a_planned_step_is_reached_once_and_can_be_taken_back(cast, grown):
    actions.move(enterprise=grown, to=Tier.SEED, why="试", by=cast.street_leader)
    actions.plan_milestone(enterprise=grown, step=Step.JOINT_STOCK, planned_on=TOMORROW, by=cast.econ_specialist)
    said = {"reached_on": TODAY, "evidence": "执照", "by": cast.econ_specialist}
    reached = actions.reach_milestone(enterprise=grown, step=Step.JOINT_STOCK, **said)
    assert (Milestone.objects.count(), reached.planned_on) == (1, TOMORROW)
    for again in (
        lambda: actions.reach_milestone(enterprise=grown, step=Step.JOINT_STOCK, **said),
        lambda: actions.plan_milestone(
            enterprise=grown, step=Step.JOINT_STOCK, planned_on=TODAY, by=cast.econ_specialist
        ),
        lambda: actions.take_back_milestone(milestone=reached, why="", by=cast.econ_specialist),
    ):
        with pytest.raises(ValidationError):
            again()
    actions.take_back_milestone(milestone=reached, why="执照未换", by=cast.econ_specialist)
    facts = known.facts_on(grown, TODAY)
    assert facts["listing_stage", ""].value == "none"
    assert facts["legal_form_joint_stock", ""].value is False
    assert Milestone.objects.get().planned_on == TOMORROW
    with pytest.raises(ValidationError, match="还没有达到"):
        actions.take_back_milestone(milestone=Milestone.objects.get(), why="再", by=cast.econ_specialist)


# --- cultivation --------------------------------------------------------------------------------------------------------
def test_a_measure_has_an_owner_a_day_and_a_result(cast, grown):
    measure = actions.open_cultivation(
        enterprise=grown, title="规范账目", term="5 working_days", owner=cast.party_specialist, by=cast.econ_specialist
    )
    assert measure.due_at.date() == date(2026, 3, 9)
    assert Notice.objects.filter(user=cast.party_specialist).count() == 1
    with pytest.raises(ValidationError, match="结果"):
        actions.finish_cultivation(measure=measure, result="", by=cast.econ_specialist)
    actions.finish_cultivation(measure=measure, result="已出审计报告", by=cast.econ_specialist)
    with pytest.raises(MoveRefused):
        actions.drop_cultivation(measure=measure, result="不做了", by=cast.econ_specialist)


@pytest.mark.parametrize("change", [{"title": " "}, {"owner": None}, {"term": "soon"}])
def test_a_measure_without_words_person_or_term_is_refused(cast, grown, change):
    said = {"title": "规范账目", "term": "5 working_days", "owner": cast.econ_specialist, **change}
    with pytest.raises(ValidationError):
        actions.open_cultivation(enterprise=grown, **said, by=cast.econ_specialist)


def test_a_measure_that_needs_others_becomes_a_case(cast, grown):
    measure = actions.open_cultivation(
        enterprise=grown, title="开具无违法证明", department=cast.economy, by=cast.econ_specialist
    )
    category = Category.objects.order_by("pk").first()
    case = actions.hand_over(measure=measure, category=category, by=cast.econ_specialist)
    measure.refresh_from_db()
    assert (measure.state, measure.case, case.title) == ("handed", case, "开具无违法证明")
    with pytest.raises(MoveRefused):
        actions.hand_over(measure=measure, category=category, by=cast.econ_specialist)
    actions.drop_cultivation(measure=measure, result="企业自行办妥", by=cast.econ_specialist)


def test_strangers_cultivate_nothing_here(cast, grown):
    for who in (cast.stranger, cast.enterprise_user):
        with pytest.raises(PermissionDenied):
            actions.open_cultivation(enterprise=grown, title="规范账目", owner=cast.econ_specialist, by=who)
        with pytest.raises(PermissionDenied):
            actions.plan_milestone(enterprise=grown, step=Step.BROKER, planned_on=TODAY, by=who)


# --- seen by ------------------------------------------------------------------------------------------------------------
def test_each_sees_its_own_street_and_a_firm_only_what_was_confirmed(cast, grown, knows):
    knows(cast.far_firm, revenue={2025: "90000000"})
    actions.decline_move(enterprise=grown, to=Tier.SEED, why="再看看", by=cast.econ_specialist)
    actions.move(enterprise=grown, to=Tier.SPROUT, why="重点", by=cast.street_leader)
    actions.move(enterprise=cast.far_firm, to=Tier.SEED, why="远", by=SYSTEM)
    assert [one.enterprise for one in queries.candidates_seen_by(cast.econ_specialist)] == [grown]
    assert [one.enterprise for one in queries.candidates_seen_by(cast.stranger)] == [cast.far_firm]
    assert [one.enterprise for one in queries.candidates_seen_by(cast.enterprise_user)] == [grown]
    assert queries.moves_seen_by(cast.enterprise_user).count() == 1
    assert queries.moves_seen_by(cast.econ_specialist).count() == 2
    assert Move.objects.count() == 3
    assert not queries.candidates_seen_by(cast.nobody).exists()
    assert queries.funnel(cast.econ_specialist)["sprout"] == 1
    assert set(waiting(cast.stranger)) <= {cast.far_firm.pk}


def test_all_together_and_one_by_one_say_the_same(cast, knows):
    knows(cast.firm, net_profit={2025: "70000000", 2024: "40000000"}, legal_form_joint_stock=True)
    knows(cast.neighbour, revenue={2025: "9000000"}, certificates=[{"code": "SRDI_SME"}])
    knows(cast.far_firm, estimated_market_cap="500000000", revenue={2025: "1"})
    seen = queries.overview(None, TODAY)
    for firm in (cast.firm, cast.neighbour, cast.far_firm):
        row = seen.row(firm.pk)
        alone = queries.ladder_of(firm, TODAY)
        assert seen.met(row) == alone.met
        assert seen.low[row] == pytest.approx(float(alone.best.low))
        assert seen.high[row] == pytest.approx(float(alone.best.high))
    reached = queries.reach_of(queries.overviews(cast.econ_specialist, TODAY), [cast.firm.pk, cast.far_firm.pk])
    assert reached.keys() == {cast.firm.pk}
    assert reached[cast.firm.pk].low == 1
