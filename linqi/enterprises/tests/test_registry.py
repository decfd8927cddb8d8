"""Enterprises come, change, move in and out."""

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from linqi.enterprises import queries
from linqi.enterprises.actions.registry import begin_tenancy, change_enterprise, create_enterprise, end_tenancy, settle
from linqi.enterprises.models import Enterprise, Relation, Tenancy
from linqi.journal import actions as journal
from linqi.journal.models import Entry
from linqi.journal.verbs import Verb
from linqi.kit.access import SYSTEM

DAY = date(2026, 3, 2)


def test_a_specialist_enters_an_enterprise_where_it_is(cast):
    made = create_enterprise(
        name="滨湖 北辰（杭州）软件有限公司", place=cast.unit, relation="both", source="测试", as_of=DAY,
        registered={"entity_type": "company"}, by=cast.econ_specialist,
    )  # fmt: skip
    assert made.seat == cast.unit
    assert made.name_key == "滨湖北辰(杭州)软件有限公司"
    assert Entry.objects.filter(verb=Verb.ENTERPRISE_CREATED.value, subject_id=made.pk).exists()


@pytest.mark.parametrize("who", ["stranger", "nobody", "enterprise_user", "property_manager", "department_handler"])
def test_others_do_not_enter_enterprises(cast, who):
    with pytest.raises(PermissionDenied):
        create_enterprise(name="甲公司", place=cast.unit, relation="both", source="测试", as_of=DAY, by=cast.users[who])
    assert not Enterprise.objects.filter(name="甲公司").exists()


def test_a_credit_code_is_entered_once(cast):
    with pytest.raises(ValidationError):
        create_enterprise(
            name="乙公司", place=cast.unit, relation="both", source="测试", as_of=DAY,
            registered={"uscc": cast.firm.uscc}, by=cast.econ_specialist,
        )  # fmt: skip


def test_a_change_keeps_what_stood_there_before(cast):
    change_enterprise(enterprise=cast.firm, changes={"name": "滨湖晴川智能科技有限公司"}, by=cast.econ_specialist)
    entry = Entry.objects.get(verb=Verb.ENTERPRISE_CHANGED.value)
    assert entry.data["before"] == {"name": "滨湖晴川科技有限公司"}
    cast.firm.refresh_from_db()
    assert cast.firm.name_key == "滨湖晴川智能科技有限公司"


def test_an_unchanged_enterprise_leaves_no_entry(cast):
    change_enterprise(enterprise=cast.firm, changes={"name": cast.firm.name}, by=cast.econ_specialist)
    assert not Entry.objects.filter(verb=Verb.ENTERPRISE_CHANGED.value).exists()


def test_operating_goes_before_registered(cast):
    end_tenancy(tenancy=cast.firm.tenancies.get(), until=DAY, by=cast.econ_specialist)
    registered = begin_tenancy(
        enterprise=cast.firm, place=cast.unit, relation="registered", since=date(2026, 5, 1), source="测试", by=SYSTEM
    )
    settle(cast.firm, on=date(2026, 6, 1))
    cast.firm.refresh_from_db()
    assert cast.firm.seat == cast.unit
    Tenancy.objects.create(
        enterprise=cast.firm, place=cast.unit2, relation=Relation.OPERATES, since=date(2025, 1, 1), source="测试"
    )
    assert settle([cast.firm, cast.neighbour], on=date(2026, 6, 1)) == 1
    cast.firm.refresh_from_db()
    assert cast.firm.seat == cast.unit2
    assert registered.until is None


def test_who_has_left_has_no_seat_and_is_still_seen(cast):
    from linqi.enterprises.queries import enterprises_in_place, enterprises_seen_by

    end_tenancy(tenancy=cast.firm.tenancies.get(), until=DAY, by=cast.econ_specialist)
    cast.firm.refresh_from_db()
    assert cast.firm.seat is None
    assert cast.firm in enterprises_seen_by(cast.econ_specialist)
    assert cast.firm not in enterprises_in_place(cast.econ_specialist)


def test_a_tenancy_ends_once_and_after_it_began(cast):
    tenancy = cast.firm.tenancies.get()
    with pytest.raises(ValidationError):
        end_tenancy(tenancy=tenancy, until=date(2024, 6, 1), by=cast.econ_specialist)
    end_tenancy(tenancy=tenancy, until=DAY, by=cast.econ_specialist)
    with pytest.raises(ValidationError):
        end_tenancy(tenancy=tenancy, until=DAY, by=cast.econ_specialist)


def test_a_stranger_does_not_move_enterprises(cast):
    with pytest.raises(PermissionDenied):
        end_tenancy(tenancy=cast.firm.tenancies.get(), until=DAY, by=cast.stranger)
    with pytest.raises(PermissionDenied):
        begin_tenancy(
            enterprise=cast.firm, place=cast.unit2, relation="both", since=DAY, source="测试", by=cast.stranger
        )


# --- what is counted once -----------------------------------------------------------------------------------------------
def test_a_large_number_is_counted_again_only_after_an_act_that_may_have_changed_it(
    cast, django_assert_num_queries, monkeypatch
):
    monkeypatch.setattr(queries, "WORTH_REMEMBERING", 1)
    rows = Enterprise.objects.filter(merged_into=None)

    def told(verb):
        journal.write(by=SYSTEM, verb=verb, subject=cast.firm)

    told(Verb.ENTERPRISE_CHANGED)
    number = queries.counted(rows)
    with django_assert_num_queries(1):  # the head of the journal
        assert queries.counted(rows) == number
    told(Verb.VISIT_RECORDED)
    with django_assert_num_queries(3):  # and whether it went on, and with what
        assert queries.counted(rows) == number
    with django_assert_num_queries(1):
        assert queries.counted(rows) == number
    Enterprise.objects.filter(pk=cast.firm.pk).update(merged_into=cast.neighbour)
    told(Verb.VISIT_RECORDED)
    told(Verb.ENTERPRISE_CHANGED)
    told(Verb.VISIT_RECORDED)
    assert queries.counted(rows) == number - 1
