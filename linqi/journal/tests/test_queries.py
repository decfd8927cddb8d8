"""The check against the real tables, and who reads what."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from linqi.journal import actions as journal
from linqi.journal import queries
from linqi.journal.models import Entry, Head
from linqi.journal.verbs import Verb
from linqi.kit.access import SYSTEM

pytestmark = pytest.mark.django_db


@pytest.fixture
def ten():
    """Ten entries with awkward data."""
    journal.write_many(
        journal.Act(SYSTEM, Verb.EXPORTED, data={"n": n, "half": n / 3, "b": {"z": 1, "a": [1e21, None]}, "名": "晴川"})
        for n in range(10)
    )
    return list(Entry.objects.order_by("pk"))


def faults():
    return [(one.kind, one.first, one.last) for one in queries.verify().problems]


def test_what_was_written_holds(ten):
    verdict = queries.verify()
    assert (verdict.rows, verdict.found, verdict.digest) == (10, 0, ten[-1].digest)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "2020-01-01T00:00:00Z"),
        ("actor", 5),
        ("actor_name", "somebody"),
        ("verb", "cases.closed"),
        ("subject_type", "cases.case"),
        ("subject_id", 4),
        ("subject_name", "else"),
        ("enterprise", 3),
        ("place", 2),
        ("data", {"n": 4}),
        ("previous", "0" * 64),
        ("digest", "1" * 64),
    ],
)
def test_a_changed_column_shows(ten, column, value):
    Entry.objects.filter(pk=4).update(**{column: value})
    assert ("changed", 4, 4) in faults()


@pytest.mark.parametrize(("gone", "told"), [((1,), (1, 1)), ((5, 6), (5, 6)), ((10,), (10, 10)), ((9, 10), (9, 10))])
def test_a_deleted_row_shows_with_its_number(ten, gone, told):
    Entry.objects.filter(pk__in=gone).delete()
    assert ("missing", *told) in faults()


def test_all_rows_deleted_shows(ten):
    Entry.objects.all().delete()
    assert faults() == [("missing", 1, 10)]


def test_two_rows_that_changed_numbers_are_told_as_moved(ten):
    Entry.objects.filter(pk=3).update(id=-1)
    Entry.objects.filter(pk=7).update(id=3)
    Entry.objects.filter(pk=-1).update(id=7)
    assert {("moved", 3, 3), ("moved", 7, 7)} <= set(faults())


def test_a_forged_end_does_not_bear_our_seal(ten):
    last = Entry.objects.get(pk=10)
    last.subject_name = "forged"
    last.digest = journal.digest_of(journal.row_of(last))
    last.save()
    Head.objects.update(digest=last.digest)
    assert faults() == [("head", 10, 10)]


def test_a_head_that_was_taken_away_shows(ten):
    Head.objects.all().delete()
    kinds = {kind for kind, _, _ in faults()}
    assert kinds == {"head", "extra"}


def test_a_row_put_in_by_hand_shows(ten):
    row = Entry.objects.get(pk=10)
    row.pk, row.previous = 11, row.digest
    row.digest = journal.digest_of(journal.row_of(row))
    row.save(force_insert=True)
    assert faults() == [("extra", 11, 11)]


def test_a_changed_key_of_the_installation_shows_unless_it_is_kept_as_fallback(ten, settings):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another"
    assert faults() == []
    settings.SECRET_KEY_FALLBACKS = []
    assert faults() == [("head", 10, 10)]


def test_the_command_says_what_it_read_and_which_row_is_wrong(ten):
    out, err = io.StringIO(), io.StringIO()
    call_command("journal_verify", stdout=out, stderr=err)
    assert f"10:{ten[-1].digest}" in out.getvalue()
    Entry.objects.filter(pk=4).update(place=9)
    with pytest.raises(CommandError) as failed:
        call_command("journal_verify", stdout=out, stderr=err)
    assert failed.value.returncode == 1
    assert "changed: row 4" in err.getvalue()


def test_the_command_prints_one_object_for_machines(ten):
    Entry.objects.filter(pk=4).delete()
    out = io.StringIO()
    with pytest.raises(SystemExit) as status:
        call_command("journal_verify", "--json", stdout=out)
    told = json.loads(out.getvalue())
    assert status.value.code == 1
    assert (told["rows"], told["found"]) == (9, 1)
    assert told["problems"][0]["first"] == 4


def test_a_chain_rebuilt_with_the_key_in_hand_still_misses_the_anchor_noted_elsewhere(ten):
    anchor = f"10:{ten[-1].digest}"
    call_command("journal_verify", f"--anchor={anchor}", stdout=io.StringIO())
    Entry.objects.all().delete()
    Head.objects.all().delete()
    journal.write_many(journal.Act(SYSTEM, Verb.EXPORTED) for _ in range(10))
    assert queries.verify().found == 0
    with pytest.raises(CommandError):
        call_command("journal_verify", f"--anchor={anchor}", stdout=io.StringIO(), stderr=io.StringIO())


def test_the_check_reads_in_a_fixed_number_of_statements(django_assert_num_queries):
    journal.write_many(journal.Act(SYSTEM, Verb.EXPORTED, data={"n": n}) for n in range(300))
    with django_assert_num_queries(5):
        assert queries.verify().rows == 300


def test_each_reads_what_happened_in_their_reach(cast):
    journal.write(by=SYSTEM, verb=Verb.ENTERPRISE_CHANGED, subject=cast.firm)
    journal.write(by=SYSTEM, verb=Verb.ENTERPRISE_CHANGED, subject=cast.far_firm)
    assert [entry.subject_name for entry in queries.entries_seen_by(cast.street_leader)] == [cast.firm.name]
    assert queries.entries_seen_by(cast.district_operator).count() == 2
    for key in ("econ_specialist", "enterprise_user", "nobody", "stranger"):
        assert not queries.entries_seen_by(cast.users[key]).exists(), key
    assert [entry.subject_id for entry in queries.entries_about(cast.far_firm)] == [cast.far_firm.pk]
    assert queries.entries_of_enterprise(cast.firm.pk).count() == 1


def test_a_reader_reads_each_entry_once(ten):
    first = queries.entries_after("digest", limit=6)
    assert [entry.pk for entry in first] == [1, 2, 3, 4, 5, 6]
    assert journal.turn_page(reader="digest", to=6)
    assert [entry.pk for entry in queries.entries_after("digest")] == [7, 8, 9, 10]
    assert not journal.turn_page(reader="digest", to=6)
