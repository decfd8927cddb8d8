"""The journal as a page: filters, reach, and an export that is itself told."""

import pytest

from linqi.journal import actions as journal
from linqi.journal.models import Entry
from linqi.journal.verbs import Verb
from linqi.kit.access import SYSTEM


@pytest.fixture
def told(cast):
    """One act in each street, and one by a person."""
    journal.write(by=SYSTEM, verb=Verb.ENTERPRISE_CHANGED, subject=cast.firm)
    journal.write(by=SYSTEM, verb=Verb.ENTERPRISE_CHANGED, subject=cast.far_firm)
    journal.write(by=cast.street_leader, verb=Verb.PLACE_CHANGED, subject=cast.park)
    return cast


def page(client, query=""):
    return client.get(f"/journal/{query}").content.decode()


def test_a_leader_reads_the_street_and_no_other(client, told):
    client.force_login(told.street_leader)
    text = page(client)
    assert "晴川" in text
    assert "远山" not in text


@pytest.mark.parametrize(
    ("query", "there", "not_there"),
    [
        ("?q=晴川", "晴川", "云谷"),
        ("?verb=territory.place_changed", "云谷", "晴川"),
        ("?q=street_leader", "云谷", "晴川"),
        ("?at_from=2001-01-01&at_to=2001-01-02", "没有符合条件", "晴川"),
    ],
)
def test_the_list_is_narrowed(client, told, query, there, not_there):
    client.force_login(told.street_leader)
    rows = page(client, query).split("<tbody>")[-1] if "<tbody>" in page(client, query) else page(client, query)
    assert there in rows
    assert not_there not in rows


def test_a_place_of_another_street_is_no_filter(client, told):
    client.force_login(told.street_leader)
    assert "远山" not in page(client, f"?place={told.far_street.pk}")
    narrowed = page(client, f"?place={told.park.pk}")
    assert "晴川" in narrowed


def test_specialists_and_enterprises_do_not_read_it(client, told):
    for user in (told.econ_specialist, told.enterprise_user, told.nobody):
        client.force_login(user)
        assert client.get("/journal/").status_code == 403


def test_an_export_holds_what_one_may_read_and_is_told(client, told):
    client.force_login(told.street_leader)
    answer = client.get("/journal/?export=csv")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert "晴川" in text
    assert "远山" not in text
    last = Entry.objects.first()
    assert (last.verb, last.data["rows"], last.place) == (Verb.EXPORTED.value, text.count("\n") - 1, told.street.pk)


def test_the_page_costs_the_same_for_many_rows(client, told, django_assert_max_num_queries):
    journal.write_many(journal.Act(SYSTEM, Verb.PLACE_CHANGED, told.park) for _ in range(60))
    client.force_login(told.street_leader)
    with django_assert_max_num_queries(12):
        page(client)
