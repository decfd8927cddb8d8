"""Rows written straight to the driver are the rows that the model would have written."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from linqi.enterprises.models import Enterprise, ImportRow
from linqi.kit.bulk import count_anew, insert_many, reserve_ids, update_many

COLUMNS = ("id", "uscc", "name", "name_key", "established_on", "registered_capital", "source", "as_of", "created_at", "updated_at",
           "old_number", "entity_type", "registration_status", "capital_currency", "registered_address", "registration_region",
           "business_scope", "industry_code", "industry_source")  # fmt: skip
NOW = datetime(2026, 3, 2, 4, 5, 6, 789, tzinfo=UTC)


def row(pk, name, **other):
    said = {
        "id": pk,
        "name": name,
        "name_key": name,
        "source": "测试",
        "as_of": date(2026, 3, 2),
        "created_at": NOW,
        "updated_at": NOW,
    }
    said |= {"established_on": None, "registered_capital": None} | other
    return tuple(said.get(column, "") for column in COLUMNS)


@pytest.mark.parametrize("name", ["甲", "制表\t换行\n反斜\\引号'\"", "\\N", "😀 emoji", "NULL"])
def test_every_value_comes_back_as_it_was_given(db, name):
    pk = next(iter(reserve_ids(Enterprise, 1)))
    values = {"established_on": date(1999, 12, 31), "registered_capital": Decimal("1234567890123.45")}
    assert insert_many(Enterprise, COLUMNS, [row(pk, name, **values)]) == 1
    one = Enterprise.objects.get(pk=pk)
    assert (one.name, one.created_at, one.established_on, one.registered_capital) == (name, NOW, *values.values())


def test_what_is_unknown_stays_null_and_empty_stays_empty(db):
    pk = next(iter(reserve_ids(Enterprise, 1)))
    insert_many(Enterprise, COLUMNS, [row(pk, "甲")])
    one = Enterprise.objects.get(pk=pk)
    assert (one.established_on, one.registered_capital, one.business_scope) == (None, None, "")


def test_each_row_gets_its_own_values_and_the_others_stay_as_they_are(cast):
    day, capital = date(1999, 12, 31), Decimal("1234567890123.45")
    values = {cast.firm.pk: ["\\N 甲", day, capital], cast.neighbour.pk: ["", None, None]}
    update_many(Enterprise, ("business_scope", "established_on", "registered_capital"), values.items())
    for pk, (scope, on, worth) in values.items():
        one = Enterprise.objects.get(pk=pk)
        assert (one.business_scope, one.established_on, one.registered_capital) == (scope, on, worth)
    assert Enterprise.objects.get(pk=cast.far_firm.pk).established_on == cast.far_firm.established_on


def test_reserved_keys_are_fresh_and_rising_and_the_model_goes_on_after_them(cast):
    taken = set(Enterprise.objects.values_list("pk", flat=True))
    ids = list(reserve_ids(Enterprise, 3))
    assert ids == sorted(set(ids))
    assert not taken & set(ids)
    insert_many(Enterprise, COLUMNS, [row(pk, f"甲{pk}") for pk in ids])
    later = Enterprise.objects.create(name="乙", name_key="乙", source="测试", as_of=date(2026, 3, 2))
    assert later.pk > max(ids)


def test_json_and_nothing_are_told_apart(cast):
    from linqi.enterprises.models import Import

    batch = Import.objects.create(street=cast.street, file_name="a", sha256="", source="", as_of=date(2026, 3, 2))
    columns = ("batch_id", "number", "outcome", "reason", "name", "uscc", "enterprise_id", "before", "after")
    rows = [(batch.pk, 1, "updated", "", "甲", "", None, {"名称": ["乙", None, 1]}, None)]
    insert_many(ImportRow, columns, rows)
    kept = ImportRow.objects.get(batch=batch)
    assert (kept.before, kept.after) == ({"名称": ["乙", None, 1]}, None)
    assert ImportRow.objects.filter(after__isnull=True).count() == 1


def test_more_rows_than_one_block_all_arrive(db):
    ids = reserve_ids(Enterprise, 5001)
    assert insert_many(Enterprise, COLUMNS, (row(pk, f"甲{pk}") for pk in ids)) == 5001
    assert Enterprise.objects.count() == 5001


def test_the_rules_of_the_database_hold_and_a_block_that_breaks_them_leaves_nothing(cast):
    before = Enterprise.objects.count()
    first, second = reserve_ids(Enterprise, 2)
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_many(Enterprise, COLUMNS, [row(first, "甲"), row(second, "乙", uscc=cast.firm.uscc)])
    assert Enterprise.objects.count() == before


def test_postgresql_knows_how_much_there_is_right_after_many_rows(db):
    insert_many(Enterprise, COLUMNS, (row(pk, f"甲{pk}") for pk in reserve_ids(Enterprise, 300)))
    count_anew()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT reltuples FROM pg_class WHERE relname = %s", [Enterprise._meta.db_table])
            assert cursor.fetchone() == (300,)
