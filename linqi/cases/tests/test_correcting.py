"""Two people at one case: what each puts right stays, and where they clash it is said field by field."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linqi.cases import actions
from linqi.cases.models import Case
from linqi.journal.models import Entry
from linqi.search.queries import matches


def put_right(case, by, before=None, **after):
    before = before or actions.noted(case)
    return actions.correct(case=case, before=before, after={**before, **after}, by=by)


def test_what_another_changed_is_left_and_what_both_changed_is_said(cast, case):
    seen = actions.noted(case)
    put_right(case, cast.econ_specialist, title="货款拖欠四个月", contact_name="张")
    put_right(case, cast.department_handler, before=seen, body="附合同")
    case.refresh_from_db()
    assert (case.title, case.body, case.contact_name) == ("货款拖欠四个月", "附合同", "张")
    with pytest.raises(ValidationError) as clash:
        put_right(case, cast.department_handler, before=seen, title="货款拖欠五个月", contact_phone="1")
    assert list(clash.value.message_dict) == ["title"]
    assert "货款拖欠四个月" in clash.value.message_dict["title"][0]
    case.refresh_from_db()
    assert case.contact_phone == ""  # nothing is half written
    put_right(case, cast.department_handler, before=seen, title="货款拖欠四个月")  # both the same: no clash
    assert matches("case", "四个月", None) == [case.pk]


FIELDS = ("title", "body", "contact_name")
CHANGES = st.dictionaries(st.sampled_from(FIELDS), st.sampled_from("甲乙丙"), max_size=3)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=CHANGES, second=CHANGES)
def test_two_edits_from_one_look_lose_nothing_unseen(cast, case, first, second):
    Case.objects.filter(pk=case.pk).update(title="原", body="原", contact_name="原")
    case.refresh_from_db()
    seen = actions.noted(case)
    put_right(case, cast.econ_specialist, before=seen, **first)
    clash = {name for name in first if name in second and first[name] != second[name]}
    if clash:
        with pytest.raises(ValidationError) as said:
            put_right(case, cast.department_handler, before=seen, **second)
        assert set(said.value.message_dict) == clash
    else:
        put_right(case, cast.department_handler, before=seen, **second)
    expected = first if clash else first | second
    case.refresh_from_db()
    assert {name: getattr(case, name) for name in FIELDS} == {name: expected.get(name, "原") for name in FIELDS}


def test_the_page_shows_the_other_change_and_takes_a_second_word(client, cast, case):
    client.force_login(cast.department_handler, backend="allauth.account.auth_backends.AuthenticationBackend")
    address = reverse("cases:correct", args=[case.pk])
    assert case.title in client.get(address).content.decode()
    seen = {f"was_{name}": value for name, value in actions.noted(case).items()}
    put_right(case, cast.econ_specialist, title="货款拖欠四个月")
    said = {**seen, **actions.noted(case), "title": "货款拖欠五个月"}
    answer = client.post(address, said)
    page = answer.content.decode()
    assert "货款拖欠四个月" in page
    assert "货款拖欠五个月" in page
    again = said | {"was_title": "货款拖欠四个月"}
    assert client.post(address, again).url == reverse("cases:detail", args=[case.pk])
    case.refresh_from_db()
    assert case.title == "货款拖欠五个月"
    entry = Entry.objects.filter(verb="cases.corrected").order_by("pk").last()
    assert (entry.data["before"], entry.data["after"]) == ({"title": "货款拖欠四个月"}, {"title": "货款拖欠五个月"})


def test_not_by_strangers_nor_to_another_street_nor_when_it_is_over(cast, case):
    with pytest.raises(PermissionDenied):
        put_right(case, cast.stranger, title="x")
    with pytest.raises(PermissionDenied):
        put_right(case, cast.enterprise_user, title="x")
    with pytest.raises(ValidationError):
        put_right(case, cast.econ_specialist, place=str(cast.far_unit.pk))
    with pytest.raises(ValidationError):
        put_right(case, cast.econ_specialist, title="  ")
    actions.withdraw(case=case, reason="不要了", by=cast.econ_specialist)
    with pytest.raises(ValidationError):
        put_right(case, cast.econ_specialist, title="x")


def test_the_box_of_places_says_where_a_room_is(client, cast, case):
    actions.accept(case=case, by=cast.department_handler)
    client.force_login(cast.department_handler, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(reverse("cases:correct", args=[case.pk])).content.decode()
    assert "创新一社区 / 云谷一园 / 一号楼 / 3层 / 301室" in page
