"""From clues to the correction: what is done, what is refused, and who hears of it."""

import io
import json
import zipfile
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from linqi.cases.actions.moving import withdraw as withdraw_case
from linqi.cases.models import Case
from linqi.journal.models import Entry
from linqi.kit import clock
from linqi.kit.access import SYSTEM
from linqi.kit.flow import MoveRefused
from linqi.kit.tests.at_once import at_once, skip_on_sqlite
from linqi.notifications.models import Notice
from linqi.waste import evidence, tracing
from linqi.waste import queries_tasks as queries
from linqi.waste.actions import appeals, hauls, referrals, tasks
from linqi.waste.actions import clues as actions
from linqi.waste.actions.chain import broken_at, links_of
from linqi.waste.flow import HaulKind, Hearing, Said, TaskState
from linqi.waste.kinds import ClueKind, ClueState, Stream, Witness
from linqi.waste.models import Bin, Card, ChainLink, Clue, Event, HaulReport, Picture, Step, Task
from linqi.waste.rules.ladder import DEFAULT
from linqi.waste.rules.law import Officer
from linqi.waste.rules.tracing import Ground

from .conftest import BEGAN, MONDAY, jpeg

OFFICERS = [Officer("张三", "330110001"), Officer("李四", "330110002")]


@pytest.fixture
def pictured(bin, at, stored):
    """Makes a picture of the bin as it lies in the store."""
    import hashlib

    def make(data=None, hours_ago=1):
        data = data or jpeg()
        made = Picture(
            bin=bin, sha256=hashlib.sha256(data).hexdigest(), size=len(data), blurred=1, doubt="unsure",
            taken_at=clock.now() - timedelta(hours=hours_ago), stored_on=clock.today(),
        )  # fmt: skip
        made.file.save(f"{made.sha256}.jpg", ContentFile(data), save=False)
        made.save()
        return made

    return make


# --- looking --------------------------------------------------------------------------------------------------------------
def test_a_confirmed_clue_has_its_picture_in_its_chain_and_can_be_looked_at_again(cast, clue, pictured):
    one = clue(picture=pictured())
    actions.look(clue=one, confirmed=True, by=cast.governance_specialist)
    actions.unlook(clue=one, by=cast.governance_specialist)
    one.refresh_from_db()
    assert (one.state, one.looked_at, one.looked_by) == (ClueState.WAITING, None, None)
    actions.look(clue=one, confirmed=True, by=cast.governance_specialist)
    assert [link.what for link in links_of(one)].count("picture") == 1


def test_refuting_needs_a_reason_and_looking_twice_is_refused(cast, clue):
    one = clue()
    with pytest.raises(ValidationError) as refused:
        actions.look(clue=one, confirmed=False, by=cast.governance_specialist)
    assert "reason" in refused.value.message_dict
    actions.look(clue=one, confirmed=False, reason="反光", by=cast.governance_specialist)
    with pytest.raises(ValidationError, match="已由他人核看"):
        actions.look(clue=one, confirmed=True, by=cast.street_leader)


def test_the_product_itself_never_looks(cast, clue):
    with pytest.raises(ValidationError, match="由人核看"):
        actions.look(clue=clue(), confirmed=True, by=SYSTEM)


@pytest.mark.parametrize("who", ["econ_specialist", "property_manager", "enterprise_user", "stranger", "nobody"])
def test_only_those_who_keep_bins_look(cast, clue, who):
    with pytest.raises(PermissionDenied):
        actions.look(clue=clue(), confirmed=True, by=cast.users[who])


def test_of_several_looked_at_together_all_or_none_are_kept(cast, clue):
    some = [clue(n) for n in (1, 2)]
    actions.look(clue=some[1], confirmed=True, by=cast.street_leader)
    with pytest.raises(ValidationError):
        actions.look_many(clues=some, confirmed=True, by=cast.governance_specialist)
    some[0].refresh_from_db()
    assert some[0].state == ClueState.WAITING


def test_a_patrol_says_what_it_saw_and_not_of_tomorrow(cast, bin, at):
    said = {"bin": bin, "kind": ClueKind.ILLEGAL, "witness": Witness.PATROL, "by": cast.governance_specialist}
    for wrong, field in (({"at": MONDAY}, "note"), ({"at": MONDAY + timedelta(days=1), "note": "桶外"}, "at")):
        with pytest.raises(ValidationError) as refused:
            actions.raise_clue(**said, **wrong)
        assert field in refused.value.message_dict
    made = actions.raise_clue(**said, at=MONDAY, note="桶外有两袋")
    assert (made.state, made.point) == (ClueState.WAITING, bin.standings.get().point)


# --- clues make a task -----------------------------------------------------------------------------------------------------
def test_two_clues_make_nothing_and_the_third_makes_one_task(cast, clue):
    for n in (1, 2):
        actions.look(clue=clue(n), confirmed=True, by=cast.governance_specialist)
        assert not Task.objects.exists()
    actions.look(clue=clue(3), confirmed=True, by=cast.governance_specialist)
    task = Task.objects.get()
    assert (task.state, task.evidence.count(), task.enterprise) == (TaskState.WAITING, 3, None)
    assert task.place == cast.floor
    assert Notice.objects.filter(user=cast.governance_specialist, title__contains=task.number).exists()


def test_what_is_refuted_or_older_than_the_window_or_no_matter_of_sorting_does_not_count(cast, clue):
    by = cast.governance_specialist
    actions.look(clue=clue(1), confirmed=True, by=by)
    actions.look(clue=clue(2), confirmed=False, reason="误判", by=by)
    actions.look(clue=clue(8 * 24), confirmed=True, by=by)
    for n, kind in enumerate(("smoke", "tamper", "smoke")):
        actions.look(clue=clue(3 + n, kind=kind), confirmed=True, by=by)
    assert not Task.objects.exists()


def test_a_further_clue_joins_the_open_task_and_never_makes_a_second(cast, clue, task):
    actions.look(clue=clue(0.5), confirmed=True, by=cast.governance_specialist)
    assert Task.objects.get().evidence.count() == 4
    assert links_of(task)[-1].what == "clues"
    with pytest.raises(IntegrityError), transaction.atomic():
        Task.objects.create(
            bin=task.bin, place=task.place, street=task.street, state=TaskState.WAITING.value, made_at=MONDAY, why="3/7"
        )


def test_a_street_may_ask_for_other_thresholds_and_the_tick_makes_what_they_make_due(cast, clue, at):
    by = cast.governance_specialist
    for n in (1, 2):
        actions.look(clue=clue(n), confirmed=True, by=by)
    assert tasks.make_tasks(clock.now()) == 0
    from dataclasses import replace

    said = replace(DEFAULT, clues=2, days=3, source="街办〔2026〕3号")
    with pytest.raises(PermissionDenied):
        tasks.set_terms(street=cast.street, since=clock.today(), said=said, by=cast.community_secretary)
    tasks.set_terms(street=cast.street, since=clock.today(), said=said, by=cast.street_leader)
    assert tasks.make_tasks(clock.now()) == 1
    assert Task.objects.get().why == "2/3"
    assert tasks.make_tasks(clock.now()) == 0
    assert queries.terms_of(cast.far_street.pk, clock.today()) == DEFAULT
    tasks.restore_terms(street=cast.street, by=cast.street_leader)
    assert queries.terms_of(cast.street.pk, clock.today()) == DEFAULT


@pytest.mark.parametrize(
    ("wrong", "field"), [({"clues": 0}, "clues"), ({"days": 91}, "days"), ({"order": "bald"}, "order"), ({"source": ""}, "source")]
)  # fmt: skip
def test_terms_that_cannot_be_name_their_field(cast, at, wrong, field):
    from dataclasses import replace

    with pytest.raises(ValidationError) as refused:
        tasks.set_terms(
            street=cast.street,
            since=clock.today(),
            said=replace(DEFAULT, **{"source": "x", **wrong}),
            by=cast.street_leader,
        )
    assert field in refused.value.message_dict


@pytest.mark.django_db(transaction=True)
def test_of_two_who_look_at_one_clue_at_once_one_does_and_the_other_is_told(cast, clue):
    skip_on_sqlite()
    one = clue()
    said = at_once(
        lambda: actions.look(clue=one, confirmed=True, by=cast.governance_specialist),
        lambda: actions.look(clue=one, confirmed=False, reason="误判", by=cast.street_leader),
    )
    assert sum(isinstance(each, ValidationError) for each in said) == 1
    assert Entry.objects.filter(verb="waste.clue_looked", subject_id=one.pk).count() == 1


@pytest.mark.django_db(transaction=True)
def test_three_who_confirm_the_last_clues_at_once_make_exactly_one_task_with_all_of_them(cast, clue):
    skip_on_sqlite()
    some = [clue(n) for n in (1, 2, 3)]
    said = at_once(
        *[
            (lambda one=one, who=who: actions.look(clue=one, confirmed=True, by=cast.users[who]))
            for one, who in zip(some, ("governance_specialist", "street_leader", "community_secretary"), strict=True)
        ]
    )
    assert not [each for each in said if isinstance(each, Exception)]
    assert Task.objects.get().evidence.count() == 3
    assert broken_at(Task.objects.get()) is None


# --- tracing --------------------------------------------------------------------------------------------------------------
def test_tracing_goes_by_the_registry_valid_at_that_moment(cast, bin, point, clue):
    from linqi.enterprises.models import Tenancy
    from linqi.waste.models import Standing

    one = clue(2)
    found = tracing.trace(one)
    assert {share.party for share in found.shares} == {cast.firm.pk, cast.neighbour.pk}
    assert {share.ground for share in found.shares} == {Ground.EQUAL}
    assert [place.name for place in found.path][-1] == "3层"
    assert found.duties[0].company.name == "云谷物业有限公司"
    # since then the neighbour has moved out, and the bin stands elsewhere: what was stays as it was
    Tenancy.objects.filter(enterprise=cast.neighbour).update(until=MONDAY.date() - timedelta(days=20))
    (only,) = tracing.trace(one).shares
    assert (only.party, only.ground) == (cast.firm.pk, Ground.ONLY)
    Standing.objects.filter(bin=bin).update(until=MONDAY - timedelta(hours=1))
    assert tracing.trace(Clue.objects.get(pk=one.pk)).point == point


def test_an_address_that_is_only_registered_throws_nothing_in(cast, clue):
    from linqi.enterprises.models import Tenancy

    Tenancy.objects.filter(enterprise=cast.neighbour).update(relation="registered")
    assert [share.party for share in tracing.trace(clue()).shares] == [cast.firm.pk]


def test_a_card_speaks_for_its_holder_of_that_day_and_deposits_of_the_day_before_weigh(cast, bin, clue):
    Card.objects.create(code="K1", kind="card", enterprise=cast.firm, since=BEGAN, until=MONDAY.date())
    Card.objects.create(code="K1", kind="card", enterprise=cast.neighbour, since=MONDAY.date())
    (first, *_rest) = tracing.trace(clue(1, card="K1")).shares
    assert (first.party, first.ground) == (cast.neighbour.pk, Ground.CARD)
    (first, *_rest) = tracing.trace(clue(24, card="K1")).shares
    assert first.party == cast.firm.pk
    for sequence, card in enumerate(["K1", "K1", "K1", "", "unknown"]):
        Event.objects.create(
            day=MONDAY.date(), device_id=1, boot=1, sequence=sequence, told="deposit", bin_id=bin.pk, card=card,
            at=int((MONDAY - timedelta(hours=2)).timestamp() * 1000), stored_at=0,
        )  # fmt: skip
    found = tracing.trace(clue(1)).shares
    assert [(share.party, str(share.share), share.count) for share in found] == [
        (cast.neighbour.pk, "1/2", 3),
        (None, "1/2", 2),
    ]


# --- whom it addresses ------------------------------------------------------------------------------------------------------
def test_a_person_names_one_of_those_who_could_have_been_it_and_says_why(cast, task):
    by = cast.governance_specialist
    for said, field in (
        ({"enterprise": cast.far_firm, "why": "听说"}, "party"),
        ({"enterprise": cast.firm, "why": " "}, "why"),
        ({"why": "不知"}, "party"),
        ({"enterprise": cast.firm, "as_responsible": True, "why": "他管"}, "party"),
    ):
        with pytest.raises(ValidationError) as refused:
            tasks.address(task=task, by=by, **said)
        assert field in refused.value.message_dict
    assert task.enterprise is None, "nobody was named by the product"
    tasks.address(task=task, enterprise=cast.firm, why="刷卡", by=by)
    tasks.address(task=task, enterprise=cast.neighbour, why="看错了", by=by)
    company = task.point.duties.get().company
    kept = tasks.address(task=task, company=company, why="未及时清运", by=by)
    assert (kept.company, kept.enterprise, kept.as_responsible) == (company, None, True)
    assert tasks.subject_of(kept) == "responsible"


def test_nothing_was_found_can_be_said_before_anybody_is_told_and_taken_back(cast, task):
    by = cast.governance_specialist
    with pytest.raises(ValidationError):
        tasks.drop(task=task, reason="", by=by)
    tasks.drop(task=task, reason="现场没有", by=by)
    task.refresh_from_db()
    assert task.ended_at is not None
    tasks.restore(task=task, by=by)
    task.refresh_from_db()
    assert (task.state, task.ended_at) == (TaskState.WAITING, None)
    assert broken_at(task) is None


def test_a_clue_of_a_dropped_task_is_looked_at_again_and_a_task_without_clues_is_not_restored(cast, task):
    by = cast.governance_specialist
    clues = queries.clues_of(task)
    with pytest.raises(ValidationError, match="已列入任务"):
        actions.unlook(clue=clues[0], by=by)
    tasks.drop(task=task, reason="现场没有", by=by)
    for one in clues:
        actions.unlook(clue=Clue.objects.get(pk=one.pk), by=by)
    with pytest.raises(ValidationError, match="没有可办的"):
        tasks.restore(task=task, by=by)


# --- up the ladder ------------------------------------------------------------------------------------------------------------
def test_each_step_is_a_case_with_its_term_that_ends_with_it_and_names_no_party(cast, ladder):
    task = ladder("rechecking")
    steps = list(task.steps.order_by("pk"))
    assert [one.kind for one in steps] == ["remind", "order", "recheck"]
    assert [one.case.close_term for one in steps] == [DEFAULT.remind, DEFAULT.order, DEFAULT.recheck]
    assert [one.case.state for one in steps] == ["closed", "closed", "dispatched"]
    assert steps[0].case.category.code == "waste-sorting"
    for one in steps:
        assert one.case.enterprise is None
        assert cast.firm.name not in one.case.title + one.case.body
        assert one.law
    assert steps[2].case.due_at == clock.clock_in_force().due(
        steps[2].began_at, clock.Term.parse(DEFAULT.recheck)
    ).at  # fmt: skip


def test_the_first_minor_matter_corrected_at_once_ends_without_penalty_and_the_second_does_not(cast, ladder, clue, at):
    task = ladder("reminded")
    with pytest.raises(ValidationError) as refused:
        tasks.correct(task=task, note="已分拣", minor=False, by=cast.governance_specialist)
    assert "minor" in refused.value.message_dict
    tasks.correct(task=task, note="已分拣", minor=True, by=cast.governance_specialist)
    task.refresh_from_db()
    assert (task.state, "不予处罚" in task.end_reason) == (TaskState.CORRECTED, True)
    assert not Case.objects.exclude(state="closed").exists()
    at(clock.now() + timedelta(days=20))
    actions.look_many(clues=[clue(n) for n in (1, 2, 3)], confirmed=True, by=cast.governance_specialist)
    second = Task.objects.get(ended_at=None)
    tasks.address(task=second, enterprise=cast.firm, why="又是", by=cast.governance_specialist)
    tasks.remind(task=second, text="再次提醒", by=cast.governance_specialist)
    with pytest.raises(ValidationError, match="初次"):
        tasks.correct(task=second, note="已分拣", minor=True, by=cast.governance_specialist)


def test_corrected_on_recheck_ends_the_task_and_tells_the_party(cast, ladder):
    task = ladder("rechecking")
    tasks.passed(task=task, note="桶内已分清", by=cast.governance_specialist)
    task.refresh_from_db()
    assert task.state == TaskState.CORRECTED
    titles = list(Notice.objects.filter(user=cast.enterprise_user).values_list("title", flat=True))
    assert any("提醒" in one for one in titles)
    assert any("已改正" in one for one in titles)
    assert broken_at(task) is None


def test_a_step_that_is_not_next_is_refused(cast, ladder):
    task = ladder("addressed")
    with pytest.raises(MoveRefused):
        tasks.order(task=task, text="改", offence="HZ65u", by=cast.governance_specialist)
    with pytest.raises(MoveRefused):
        referrals.refer(task=task, offence="HZ65u", officers=OFFICERS, reason="x", by=cast.street_leader)


def test_an_order_names_an_offence_that_can_fit(cast, ladder):
    task = ladder("reminded")
    for wrong in ("HZ66", "HZ65", "nothing", ""):
        with pytest.raises(ValidationError) as refused:
            tasks.order(task=task, text="改", offence=wrong, by=cast.governance_specialist)
        assert "offence" in refused.value.message_dict


def test_a_word_that_was_a_mistake_is_taken_back_and_stays_on_record(cast, ladder):
    task = ladder("ordered")
    tasks.take_back(task=task, reason="写错条款", by=cast.governance_specialist)
    task.refresh_from_db()
    assert (task.state, task.offence) == (TaskState.REMINDED, "")
    assert Step.objects.get(kind="order").taken_back
    assert queries.step_open(task).kind == "remind", "the reminder counts again"
    tasks.take_back(task=task, reason="先不提醒", by=cast.governance_specialist)
    task.refresh_from_db()
    assert task.state == TaskState.ADDRESSED
    with pytest.raises(ValidationError, match="不能直接换人"):
        tasks.address(task=task, enterprise=cast.neighbour, why="是它", by=cast.governance_specialist)


def test_a_withdrawn_task_whose_clues_stand_makes_another_with_nobody_addressed(cast, ladder):
    task = ladder("reminded")
    tasks.withdraw(task=task, reason="对象不对", again=True, by=cast.governance_specialist)
    second = Task.objects.get(ended_at=None)
    assert (second.enterprise, second.told_at, second.evidence.count()) == (None, None, 3)
    assert broken_at(second) is None
    task.refresh_from_db()
    assert task.state == TaskState.WITHDRAWN
    assert Notice.objects.filter(user=cast.enterprise_user, body__contains="对象不对").exists()


def test_what_somebody_ended_in_the_cases_does_not_stand_in_the_way(cast, ladder):
    task = ladder("ordered")
    withdraw_case(case=queries.step_open(task).case, reason="重复", by=cast.community_secretary)
    tasks.recheck(task=task, by=cast.governance_specialist)
    assert Step.objects.get(kind="order").ended_at is not None


def test_the_tick_tells_once_that_the_time_of_a_step_is_over(cast, ladder, at):
    task = ladder("ordered")
    assert tasks.tell_late(clock.now()) == 0
    at(clock.now() + timedelta(days=30))
    assert tasks.tell_late(clock.now()) == 1
    assert tasks.tell_late(clock.now()) == 0
    assert Notice.objects.filter(user=cast.governance_specialist, title__contains="已到期").count() == 1
    assert not Notice.objects.filter(user=cast.enterprise_user, title__contains="已到期").exists()
    assert task.number


# --- referral -----------------------------------------------------------------------------------------------------------------
def test_a_referral_carries_offence_article_band_in_words_and_two_officers(cast, ladder):
    task = ladder("repeated")
    with pytest.raises(PermissionDenied):
        referrals.refer(task=task, offence="HZ65u", officers=OFFICERS, reason="未改", by=cast.governance_specialist)
    with pytest.raises(ValidationError, match="第42条"):
        referrals.refer(task=task, offence="HZ65u", officers=OFFICERS[:1], reason="未改", by=cast.street_leader)
    made = referrals.refer(task=task, offence="HZ65u", officers=OFFICERS, reason="未改", by=cast.street_leader)
    assert made.citation == "《杭州市生活垃圾管理条例》第65条"
    assert "500 元以上5000 元以下" in made.band
    assert {one["article"] for one in made.checks} == {33, 36, 41, 42, 45, 47, 51}
    assert not [name for name in (f.name for f in made._meta.fields) if "amount" in name or "fine" in name]
    task.refresh_from_db()
    assert task.state == TaskState.REFERRED
    with pytest.raises(ValidationError):
        referrals.answer(task=task, text="", by=cast.street_leader)
    referrals.answer(task=task, text="已立案", by=cast.street_leader)
    task.refresh_from_db()
    assert task.state == TaskState.ANSWERED


def test_a_referral_that_was_a_mistake_goes_back_to_the_recheck(cast, ladder):
    task = ladder("repeated")
    referrals.refer(task=task, offence="HZ65u", officers=OFFICERS, reason="未改", by=cast.street_leader)
    referrals.take_back(task=task, reason="材料不全", by=cast.street_leader)
    task.refresh_from_db()
    assert task.state == TaskState.REPEATED
    referrals.refer(task=task, offence="HZ65u", officers=OFFICERS, reason="材料已补", by=cast.street_leader)


def test_what_a_simulated_device_told_is_for_practice_and_never_handed_over(cast, ladder):
    task = ladder("repeated")
    Clue.objects.filter(pk=Clue.objects.first().pk).update(simulated=True)
    with pytest.raises(ValidationError, match="只供演练"):
        referrals.refer(task=task, offence="HZ65u", officers=OFFICERS, reason="未改", by=cast.street_leader)


def test_a_changed_link_stops_a_referral_and_is_named(cast, ladder):
    task = ladder("repeated")
    link = ChainLink.objects.filter(task=task).order_by("number")[1]
    ChainLink.objects.filter(pk=link.pk).update(data={**link.data, "why": "另有原因"})
    assert broken_at(task) == 2
    with pytest.raises(ValidationError, match="第47条"):
        referrals.refer(task=task, offence="HZ65u", officers=OFFICERS, reason="未改", by=cast.street_leader)


def test_a_chain_written_anew_is_found_by_the_journal(cast, task):
    from linqi.waste.rules.tracing import linked

    rows = list(ChainLink.objects.filter(task=task).order_by("number"))
    forged, before = [], None
    for row in rows:
        before = linked(before, row.at, row.what, {**row.data, "why": "1/1"})
        forged.append((row, before))
    for row, link in forged:
        ChainLink.objects.filter(pk=row.pk).update(data=dict(link.data), previous=link.previous, digest=link.digest)
    assert broken_at(task) is not None


# --- statements -----------------------------------------------------------------------------------------------------------------
def test_a_defence_must_be_heard_before_anything_is_handed_over_and_never_makes_it_harder(cast, ladder):
    task = ladder("repeated")
    said = appeals.make_statement(task=task, kind=Said.DEFENCE, text="不是我们的", by=cast.enterprise_user)
    with pytest.raises(ValidationError, match="第45条"):
        referrals.refer(task=task, offence="HZ65u", officers=OFFICERS, reason="未改", by=cast.street_leader)
    appeals.answer_statement(statement=said, upheld=False, answer="刷卡记录一致", by=cast.governance_specialist)
    with pytest.raises(ValidationError, match="更重"):
        referrals.refer(task=task, offence="ZJ45u", officers=OFFICERS, reason="未改", by=cast.street_leader)
    referrals.refer(task=task, offence="HZ65u", officers=OFFICERS, reason="未改", by=cast.street_leader)


def test_a_defence_that_holds_withdraws_the_task(cast, ladder):
    task = ladder("ordered")
    said = appeals.make_statement(task=task, kind=Said.DEFENCE, text="当天停业", by=cast.enterprise_user)
    with pytest.raises(PermissionDenied):
        appeals.answer_statement(statement=said, upheld=True, answer="属实", by=cast.enterprise_user)
    appeals.answer_statement(statement=said, upheld=True, answer="查证属实", by=cast.governance_specialist)
    task.refresh_from_db()
    assert task.state == TaskState.WITHDRAWN
    with pytest.raises(ValidationError):
        appeals.answer_statement(statement=said, upheld=False, answer="再答", by=cast.governance_specialist)


def test_a_party_reports_the_correction_with_a_picture_that_is_drawn_anew(cast, ladder, stored):
    task = ladder("ordered")
    sent = SimpleUploadedFile("改正.jpg", jpeg(), content_type="image/jpeg")
    said = appeals.make_statement(
        task=task, kind=Said.CORRECTED, text="已重新分类", files=[sent], by=cast.enterprise_user
    )
    assert said.papers.get().kind == "jpeg"
    with pytest.raises(ValidationError) as refused:
        appeals.make_statement(
            task=task,
            kind=Said.CORRECTED,
            text="再报",
            files=[SimpleUploadedFile("x.jpg", b"MZ")],
            by=cast.enterprise_user,
        )
    assert "attached" in refused.value.message_dict
    assert task.statements.count() == 1, "nothing half kept"
    tasks.recheck(task=task, by=cast.governance_specialist)
    said.refresh_from_db()
    assert said.state == Hearing.NOTED


def test_what_was_said_is_taken_back_by_whoever_said_it_while_nobody_has_dealt_with_it(cast, ladder):
    task = ladder("ordered")
    said = appeals.make_statement(task=task, kind=Said.DEFENCE, text="误会", by=cast.enterprise_user)
    with pytest.raises(PermissionDenied):
        appeals.take_statement_back(statement=said, by=cast.governance_specialist)
    appeals.take_statement_back(statement=said, by=cast.enterprise_user)
    assert not queries.defences_waiting(task).exists()


@pytest.mark.parametrize("who", ["far_enterprise_user", "property_manager", "stranger", "nobody", "econ_specialist"])
def test_nobody_else_speaks_for_the_party(cast, ladder, who):
    task = ladder("ordered")
    with pytest.raises(PermissionDenied):
        appeals.make_statement(task=task, kind=Said.DEFENCE, text="我说", by=cast.users[who])


def test_nothing_can_be_said_of_what_one_was_not_told(cast, ladder):
    task = ladder("addressed")
    with pytest.raises(PermissionDenied):
        appeals.make_statement(task=task, kind=Said.DEFENCE, text="我说", by=cast.enterprise_user)
    with pytest.raises(ValidationError):
        appeals.make_statement(task=task, kind=Said.DEFENCE, text="代记", by=cast.governance_specialist)


# --- hauls ----------------------------------------------------------------------------------------------------------------------
def haul(cast, point, **said):
    first = {
        "point": point, "hauler": "城环收运", "kind": HaulKind.TAKEN, "stream": Stream.RESIDUAL,
        "kilograms": Decimal("120.5"), "destination": "九峰", "hauled_at": MONDAY, "by": cast.governance_specialist,
    }  # fmt: skip
    return hauls.keep_haul(**{**first, **said})


def test_a_load_keeps_source_kind_amount_and_destination_and_what_was_not_weighed_is_not_zero(cast, point, at):
    assert haul(cast, point).kilograms == Decimal("120.5")
    assert haul(cast, point, kilograms=None).kilograms is None


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"hauler": " "}, "hauler"),
        ({"destination": ""}, "destination"),
        ({"kilograms": Decimal(-1)}, "kilograms"),
        ({"hauled_at": MONDAY + timedelta(days=1)}, "hauled_at"),
        ({"kind": HaulKind.REFUSED, "note": "混有厨余"}, "destination"),
        ({"kind": HaulKind.REPORTED, "note": "混有厨余"}, "bin"),
    ],
)
def test_a_load_that_cannot_be_names_its_field_and_keeps_nothing(cast, point, at, wrong, field):
    with pytest.raises(ValidationError) as refused:
        haul(cast, point, **wrong)
    assert field in refused.value.message_dict
    assert not HaulReport.objects.exists()
    assert not Clue.objects.exists()


def test_a_refused_load_becomes_a_clue_that_a_person_looks_at(cast, point, bin, at):
    made = haul(cast, point, kind=HaulKind.REFUSED, bin=bin, destination="", kilograms=None, note="混有厨余")
    assert (made.clue.witness, made.clue.state) == (Witness.HAULER, ClueState.WAITING)
    hauls.strike_haul(haul=made, why="记错桶", by=cast.governance_specialist)
    made.clue.refresh_from_db()
    assert made.clue.state == ClueState.REFUTED
    with pytest.raises(ValidationError):
        hauls.strike_haul(haul=made, why="再作废", by=cast.governance_specialist)


def test_a_load_whose_clue_was_confirmed_is_not_struck_out(cast, point, bin, at):
    made = haul(cast, point, kind=HaulKind.REFUSED, bin=bin, destination="", kilograms=None, note="混有厨余")
    actions.look(clue=made.clue, confirmed=True, by=cast.governance_specialist)
    with pytest.raises(ValidationError, match="核看属实"):
        hauls.strike_haul(haul=made, why="记错", by=cast.governance_specialist)
    actions.unlook(clue=Clue.objects.get(), by=cast.governance_specialist)
    hauls.strike_haul(haul=made, why="记错", by=cast.governance_specialist)


# --- evidence -------------------------------------------------------------------------------------------------------------------
@pytest.fixture
def referred(cast, clue, pictured, at):
    """A task with pictures, a defence and a referral."""
    by = cast.governance_specialist
    pictures = [pictured(jpeg((n * 40, 90, 60)), hours_ago=n) for n in (1, 2, 3)]
    actions.look_many(clues=[clue(n, picture=pictures[n - 1]) for n in (1, 2, 3)], confirmed=True, by=by)
    task = Task.objects.get()
    tasks.address(task=task, enterprise=cast.firm, why="刷卡", by=by)
    tasks.remind(task=task, text="请分类#投放 *不要* [混]。", by=by)
    tasks.order(task=task, text="责令改正", offence="HZ65u", by=by)
    said = appeals.make_statement(
        task=task,
        kind=Said.DEFENCE,
        text="不是我们",
        files=[SimpleUploadedFile("证.jpg", jpeg())],
        by=cast.enterprise_user,
    )
    appeals.answer_statement(statement=said, upheld=False, answer="一致", by=by)
    tasks.recheck(task=task, by=by)
    tasks.failed(task=task, note="仍混", by=by)
    referrals.refer(task=task, offence="HZ65u", officers=OFFICERS, reason="未改正", by=cast.street_leader)
    task.refresh_from_db()
    return task


def test_the_evidence_package_holds_everything_with_its_hashes_and_is_the_same_each_time(cast, referred):
    import hashlib

    made = referrals.take_evidence(task=referred, by=cast.street_leader)
    again = evidence.build(referred)
    assert made.data == again.data, "the same task gives the same bytes"
    with zipfile.ZipFile(io.BytesIO(made.data)) as packed:
        listed = json.loads(packed.read("manifest.json"))
        names = {one["path"] for one in listed["files"]}
        assert set(packed.namelist()) == names | {"manifest.json"}
        for one in listed["files"]:
            data = packed.read(one["path"])
            assert (hashlib.sha256(data).hexdigest(), len(data)) == (one["sha256"], one["bytes"])
        assert packed.read("证据包.pdf").startswith(b"%PDF")
        assert len([name for name in names if name.startswith("pictures/")]) == 3
        assert len([name for name in names if name.startswith("papers/")]) == 1
        told = packed.read("task.json").decode()
        for word in ("张三", "330110002", "责令改正", "不是我们", "第65条", "可作证据", "本系统不计算金额"):
            assert word in told, word
        chain = json.loads(packed.read("chain.json"))
        assert chain["task"][-1]["digest"] == listed["chain"]
    assert listed["missing"] == []
    assert Entry.objects.filter(verb="waste.evidence_taken").count() == 1


def test_pictures_of_a_point_that_was_not_reviewed_and_files_that_are_gone_are_named(cast, referred, point):
    point.reviewed_on = None
    point.save()
    picture = Picture.objects.first()
    picture.file.storage.delete(picture.file.name)
    with zipfile.ZipFile(io.BytesIO(evidence.build(referred).data)) as packed:
        told = json.loads(packed.read("task.json"))
    assert any("只作线索，不作证据（行政处罚法第41条）" in one for one in told["missing"])
    assert any(one.startswith("文件缺失：pictures/") for one in told["missing"])


def test_a_picture_that_was_changed_on_disk_is_not_taken_in(cast, referred, stored):
    picture = Picture.objects.first()
    (stored / picture.file.name).write_bytes(jpeg((1, 2, 3)))
    with zipfile.ZipFile(io.BytesIO(evidence.build(referred).data)) as packed:
        assert any("摘要不符" in one for one in json.loads(packed.read("manifest.json"))["missing"])


def test_without_a_chinese_font_it_says_what_to_install(cast, referred, monkeypatch, settings):
    monkeypatch.setattr(evidence, "FONT_FOLDERS", ())
    settings.FONTS = "/nowhere-at-all"
    with pytest.raises(ValidationError, match="fonts-noto-cjk"):
        evidence.build(referred)


def test_a_package_is_for_those_who_work_on_it_and_only_of_what_was_told(cast, referred, clue):
    for who in ("enterprise_user", "property_manager", "stranger", "econ_specialist"):
        with pytest.raises(PermissionDenied):
            referrals.take_evidence(task=referred, by=cast.users[who])


def test_the_database_refuses_a_task_told_to_nobody_and_an_end_without_a_moment(cast, task):
    for wrong in ({"told_at": MONDAY}, {"state": "corrected"}, {"ended_at": MONDAY}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Task.objects.filter(pk=task.pk).update(**wrong)
    assert Bin.objects.count() == 1
