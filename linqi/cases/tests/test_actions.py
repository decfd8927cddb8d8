"""Opening and moving cases: may I, can it, should it, write, tell."""

from datetime import date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from linqi.cases import actions, queries
from linqi.cases.dispatch import Basis, Clause, Fault
from linqi.cases.flow import State
from linqi.cases.models import Case, DispatchRow, Source, TimeLimit
from linqi.catalogue.models import CaseClass, Category
from linqi.journal.models import Entry
from linqi.kit import clock
from linqi.kit.access import SYSTEM
from linqi.kit.clock import Term
from linqi.kit.flow import MoveRefused
from linqi.notifications.models import Notice

from .conftest import MONDAY


def verbs(case):
    """What the journal tells of a case, in order."""
    return list(
        Entry.objects.filter(subject_type="cases.case", subject_id=case.pk)
        .order_by("pk")
        .values_list("verb", flat=True)
    )


def told(user):
    """The titles a user was told."""
    return list(Notice.objects.filter(user=user).order_by("pk").values_list("title", flat=True))


# --- opening ----------------------------------------------------------------------------------------------------------
def test_a_request_goes_to_the_section_its_table_names(cast, case):
    assert (case.department, case.dispatch_basis) == (cast.economy, Basis.TABLE)
    assert (case.place, case.street, case.number) == (cast.unit, cast.street, "LQ20260302-0001")
    assert verbs(case) == ["cases.opened", "cases.dispatched"]
    assert told(cast.department_handler) == ["新办件：货款拖欠三个月"]


def test_deadlines_are_those_of_the_working_day_clock(case):
    counting = clock.clock_in_force()
    assert case.accept_due_at == counting.due(MONDAY, Term.parse("1 working_days")).at
    due = counting.due(MONDAY, Term.parse("5 working_days"))
    assert (case.due_at, case.due_provisional) == (due.at, due.provisional)
    assert [(one["code"], tuple(one["values"])) for one in case.due_why] == [(one.code, one.values) for one in due.why]


def test_without_a_row_the_secretary_gets_it_and_nothing_is_lost(cast, at, category):
    case = actions.open_case(
        enterprise=cast.firm, category=category, title="还没有派单表", source=Source.DESK, by=cast.econ_specialist
    )
    assert (case.department, case.dispatch_basis) == (None, Basis.NO_ROW)
    assert told(cast.community_secretary) == ["新办件：还没有派单表"]


def test_numbers_run_on_and_skip_what_other_ways_have_taken(cast, street, category):
    def open_one():
        return actions.open_case(
            enterprise=cast.firm, category=category, title="一件事", source=Source.DESK, by=cast.econ_specialist
        )

    first = open_one()
    Case.objects.filter(pk=first.pk).update(number="LQ20260302-0002")
    assert open_one().number == "LQ20260302-0003"


@pytest.mark.parametrize("who", ["stranger", "far_enterprise_user", "nobody", "department_handler"])
def test_opening_is_refused_to_those_it_does_not_concern(cast, street, category, who):
    with pytest.raises(PermissionDenied):
        actions.open_case(
            enterprise=cast.firm, category=category, title="不该能提", source=Source.DESK, by=cast.users[who]
        )
    assert not Case.objects.exists()


def test_an_enterprise_user_cannot_put_a_case_where_the_firm_is_not(cast, street, category):
    with pytest.raises(PermissionDenied):
        actions.open_case(
            enterprise=cast.firm,
            place=cast.far_unit,
            category=category,
            title="别处的事",
            source=Source.PORTAL,
            by=cast.enterprise_user,
        )


def test_a_case_needs_a_title_and_a_place(cast, street, category):
    for wrong in ({"title": "  "}, {"title": "没有地点", "enterprise": None}):
        with pytest.raises(ValidationError):
            actions.open_case(
                **{"enterprise": cast.firm, "category": category, "source": Source.DESK, "by": SYSTEM, **wrong}
            )


# --- moving -----------------------------------------------------------------------------------------------------------
def test_accept_answer_close_rate(cast, case, at):
    actions.accept(case=case, by=cast.department_handler)
    actions.answer(case=case, text="已约谈对方，本周支付。", by=cast.department_handler)
    actions.close(case=case, by=cast.department_handler)
    case = actions.rate(case=case, stars=4, comment="", by=cast.enterprise_user)
    assert (case.state, case.rating, case.handler) == (State.CLOSED, 4, cast.department_handler)
    assert verbs(case)[2:] == ["cases.accepted", "cases.answered", "cases.closed", "cases.rated"]
    assert told(cast.enterprise_user)[-1] == "已办结，请评价：货款拖欠三个月"


@pytest.mark.parametrize(
    ("move", "said"),
    [
        ("accept", {}),
        ("answer", {"text": "好"}),
        ("close", {}),
        ("contact", {"text": "打过电话"}),
        ("ask_more", {"text": "合同"}),
        ("supply", {"text": "给了"}),
        ("ask_extension", {"reason": "要"}),
        ("decide_extension", {"grant": True, "text": ""}),
        ("send_back", {"reason": "不归我"}),
        ("reopen", {"reason": "没好"}),
        ("withdraw", {"reason": "不用了"}),
        ("rate", {"stars": 5}),
    ],
)
@pytest.mark.parametrize("who", ["stranger", "far_enterprise_user", "nobody"])
def test_no_move_is_open_to_outsiders(cast, case, move, said, who):
    with pytest.raises(PermissionDenied):
        getattr(actions, move)(case=case, **said, by=cast.users[who])
    assert verbs(case) == ["cases.opened", "cases.dispatched"]


@pytest.mark.parametrize("move", ["accept", "close"])
def test_an_enterprise_user_settles_nothing(cast, case, move):
    with pytest.raises(PermissionDenied):
        getattr(actions, move)(case=case, by=cast.enterprise_user)


def test_what_the_state_does_not_allow_is_refused_and_says_what_is_open(cast, case):
    with pytest.raises(MoveRefused) as refused:
        actions.close(case=case, by=cast.department_handler)
    assert "accept" in refused.value.open_moves
    case.refresh_from_db()
    assert case.state == State.DISPATCHED


def test_a_rating_is_given_once_for_each_closing(cast, case):
    def settle():
        actions.answer(case=case, text="办好了", by=cast.department_handler)
        actions.close(case=case, by=cast.department_handler)

    actions.accept(case=case, by=cast.department_handler)
    settle()
    actions.rate(case=case, stars=1, by=cast.enterprise_user)
    with pytest.raises(ValidationError, match="评价过"):
        actions.rate(case=case, stars=5, by=cast.enterprise_user)
    actions.reopen(case=case, reason="还没到账", by=cast.enterprise_user)
    case.refresh_from_db()
    assert (case.state, case.reopened, case.closed_at) == (State.ACCEPTED, 1, None)


def test_stars_are_one_to_five(cast, case):
    actions.accept(case=case, by=cast.department_handler)
    actions.answer(case=case, text="办好了", by=cast.department_handler)
    actions.close(case=case, by=cast.department_handler)
    for stars in (0, 6):
        with pytest.raises(ValidationError):
            actions.rate(case=case, stars=stars, by=cast.enterprise_user)


def test_sending_back_puts_it_into_the_secretarys_queue(cast, case):
    back = actions.send_back(case=case, reason="应由应急办理", by=cast.department_handler)
    assert (back.department, back.dispatch_basis, back.handler) == (None, Basis.SENT_BACK, None)
    assert told(cast.community_secretary) == ["经济发展科退单：货款拖欠三个月"]
    sent = actions.redispatch(case=back, department=cast.safety, reason="涉及安全", by=cast.community_secretary)
    assert (sent.department, sent.dispatch_basis, sent.due_at) == (cast.safety, Basis.BY_HAND, case.due_at)
    with pytest.raises(PermissionDenied):  # no longer this section's
        actions.accept(case=sent, by=cast.department_handler)


def test_a_case_is_not_sent_to_another_street_nor_to_where_it_is(cast, case):
    for department in (cast.far_economy, cast.economy):
        with pytest.raises(ValidationError):
            actions.redispatch(case=case, department=department, reason="试试", by=cast.community_secretary)


def test_reopening_counts_the_time_anew_and_ends_after_thirty_days(cast, case, at):
    actions.accept(case=case, by=cast.department_handler)
    actions.answer(case=case, text="办好了", by=cast.department_handler)
    actions.close(case=case, by=cast.department_handler)
    later = datetime(2026, 3, 10, 10, 0, tzinfo=clock.ZONE)
    at(later)
    again = actions.reopen(case=case, reason="没有解决", by=cast.enterprise_user)
    assert again.due_at == clock.clock_in_force().due(later, Term.parse("5 working_days")).at
    actions.answer(case=case, text="这次真好了", by=cast.department_handler)
    actions.close(case=case, by=cast.department_handler)
    at(later + timedelta(days=31))
    with pytest.raises(ValidationError, match="30 天"):
        actions.reopen(case=case, reason="又来", by=cast.enterprise_user)


# --- the street's tables ----------------------------------------------------------------------------------------------
def test_the_dispatch_table_keeps_its_past(cast, street, category, at):
    held = next(
        row for row in DispatchRow.objects.filter(street=street) if category.code in row.conditions["categories"]
    )
    clause = Clause(frozenset({category.code}))
    new = actions.save_dispatch_row(street=street, clause=clause, department=cast.safety, by=cast.street_leader)
    again = actions.save_dispatch_row(
        street=street, clause=clause, department=cast.economy, instead_of=new, by=cast.street_leader
    )
    new.refresh_from_db()
    assert (new.department, new.until) == (cast.safety, MONDAY.date())
    assert (again.department, again.until, again.order) == (cast.economy, None, new.order)
    assert again.order < held.order
    assert actions.seed_defaults(street=street, by=cast.street_leader) == 0


def test_a_case_shows_the_row_it_went_by(cast, case, category):
    assert category.code in case.dispatch_row.conditions["categories"]
    assert case.dispatch_row.department == case.department


def test_a_special_row_above_sends_one_building_elsewhere_and_lets_another_section_help(cast, street, category):
    clause = Clause(frozenset({category.code}), places=frozenset({cast.firm.seat_id}))
    actions.save_dispatch_row(
        street=street, clause=clause, department=cast.safety, together=[cast.economy], by=cast.street_leader
    )
    case = actions.open_case(
        enterprise=cast.firm, category=category, title="欠款", source=Source.DESK, by=cast.econ_specialist
    )
    assert case.department == cast.safety
    assert [strand.department for strand in case.strands.all()] == [cast.economy]


def test_rows_change_places_and_end(cast, street):
    first, second = DispatchRow.objects.filter(street=street)[:2]
    actions.move_dispatch_row(row=second, up=True, by=cast.street_leader)
    assert list(DispatchRow.objects.filter(street=street)[:2]) == [second, first]
    actions.end_dispatch_row(row=first, by=cast.street_leader)
    with pytest.raises(ValidationError, match="停用"):
        actions.end_dispatch_row(row=first, by=cast.street_leader)
    found = queries.findings(street, queries.dispatch_rows(street), MONDAY.date())
    assert {one.fault for one in found} == {Fault.HOLE}
    holes = {code for one in found for code in one.touched}
    assert holes >= set(first.conditions["categories"])
    assert holes.isdisjoint(second.conditions["categories"])


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"clause": Clause(frozenset({"no-such"}))}, "categories"),
        ({"clause": Clause(places=frozenset({10**9}))}, "places"),
        ({"clause": Clause(classes=frozenset({"gossip"}))}, "classes"),
        ({"since": date(2020, 1, 1)}, "since"),
        ({"until": date(2026, 3, 2)}, "until"),
    ],
)
def test_a_row_that_cannot_be_is_refused_by_its_field(cast, street, changed, field):
    given = {"clause": Clause(), "department": cast.safety} | changed
    with pytest.raises(ValidationError) as refused:
        actions.save_dispatch_row(street=street, by=cast.street_leader, **given)
    assert list(refused.value.message_dict) == [field]


def test_a_streets_own_limit_rules_new_cases_only(cast, case, category):
    actions.set_time_limit(
        street=cast.street,
        case_class=CaseClass.COMPLAINT,
        accept="2 working_hours",
        close="3 working_days",
        extend="",
        source="前滩街办〔2026〕1号",
        by=cast.street_leader,
    )
    new = actions.open_case(
        enterprise=cast.firm, category=category, title="又一件", source=Source.DESK, by=cast.econ_specialist
    )
    assert new.due_at < case.due_at
    assert TimeLimit.objects.filter(street=None, case_class="complaint").get().close == "5 working_days"


@pytest.mark.parametrize("who", ["econ_specialist", "stranger", "enterprise_user", "department_handler"])
def test_only_the_street_arranges_its_tables(cast, street, category, who):
    with pytest.raises(PermissionDenied):
        actions.save_dispatch_row(street=street, clause=Clause(), department=cast.safety, by=cast.users[who])


def test_a_limit_that_cannot_be_read_is_refused(cast, street):
    for accept, close, extend in (("soon", "5 working_days", ""), ("1 hours", "5 working_days", "5 hours")):
        with pytest.raises(ValidationError):
            actions.set_time_limit(
                street=street,
                case_class=CaseClass.CONSULT,
                accept=accept,
                close=close,
                extend=extend,
                source="文件",
                by=cast.street_leader,
            )


def test_every_category_of_the_product_has_limits(db):
    assert set(Category.objects.values_list("case_class", flat=True)) <= set(
        TimeLimit.objects.filter(street=None).values_list("case_class", flat=True)
    )
