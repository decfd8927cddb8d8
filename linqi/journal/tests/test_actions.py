"""Rows are added, numbered without gaps, and say where they belong."""

from datetime import date
from decimal import Decimal

import pytest

from linqi.journal import actions as journal
from linqi.journal.models import Entry, Head
from linqi.journal.rules import GENESIS
from linqi.journal.verbs import Verb
from linqi.kit.access import SYSTEM

pytestmark = pytest.mark.django_db


def test_the_first_row_follows_nothing_and_the_second_follows_the_first():
    first = journal.write(by=SYSTEM, verb=Verb.DEMO_GENERATED, seed=1)
    second = journal.write(by=SYSTEM, verb=Verb.DEMO_GENERATED, seed=2)
    assert (first.pk, first.previous) == (1, GENESIS)
    assert (second.pk, second.previous) == (2, first.digest)
    head = Head.objects.get()
    assert (head.count, head.digest) == (2, second.digest)
    assert journal.sealed_by_us(head)


def test_place_and_enterprise_are_read_off_the_subject(cast):
    entry = journal.write(by=cast.street_leader, verb=Verb.ENTERPRISE_CHANGED, subject=cast.firm)
    assert (entry.place, entry.enterprise) == (cast.unit.pk, cast.firm.pk)
    assert (entry.subject_type, entry.subject_name) == ("enterprises.enterprise", cast.firm.name)
    assert entry.actor == cast.street_leader.pk


def test_a_place_is_its_own_place_and_a_department_stands_in_its_street(cast):
    assert journal.write(by=SYSTEM, verb=Verb.PLACE_CHANGED, subject=cast.park).place == cast.park.pk
    assert journal.write(by=SYSTEM, verb=Verb.DEPARTMENT_CREATED, subject=cast.economy).place == cast.street.pk


def test_what_is_given_goes_before_what_the_subject_says(cast):
    entry = journal.write(by=SYSTEM, verb=Verb.EXPORTED, subject=cast.firm, place=cast.far_park, enterprise=99)
    assert (entry.place, entry.enterprise) == (cast.far_park.pk, 99)


def test_what_was_hashed_is_what_the_database_gives_back():
    odd = {
        "day": date(2026, 3, 2),
        "sum": Decimal("1.50"),
        "big": 1e22,
        "half": 0.1,
        "nul": "a\x00b",
        "b": 1,
        "a": [1.0, None],
    }
    written = journal.write(by=SYSTEM, verb=Verb.EXPORTED, **odd)
    read = Entry.objects.get()
    assert read.data == written.data == {
        "day": "2026-03-02", "sum": "1.50", "big": 10**22, "half": 0.1, "nul": "ab", "b": 1, "a": [1, None],
    }  # fmt: skip
    assert journal.digest_of(journal.row_of(read)) == read.digest


def test_not_a_number_is_refused():
    with pytest.raises(ValueError, match="NaN"):
        journal.write(by=SYSTEM, verb=Verb.EXPORTED, amount=float("nan"))


def test_a_journal_whose_head_was_taken_away_takes_no_more_rows():
    journal.write(by=SYSTEM, verb=Verb.EXPORTED)
    Head.objects.all().delete()
    with pytest.raises(journal.ChainBroken):
        journal.write(by=SYSTEM, verb=Verb.EXPORTED)


def test_many_at_once_cost_far_fewer_statements_than_one_each(django_assert_max_num_queries):
    journal.write(by=SYSTEM, verb=Verb.EXPORTED)
    with django_assert_max_num_queries(15):
        journal.write_many([journal.Act(SYSTEM, Verb.EXPORTED, data={"n": n}) for n in range(400)])
    assert Entry.objects.count() == 401
