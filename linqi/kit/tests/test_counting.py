"""Counting stops at its limit, and few ids are told instead of asked for again."""

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from linqi.kit import counting
from linqi.kit.counting import counted_up_to, few_or_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def groups():
    Group.objects.bulk_create(Group(name=f"g{number:02}") for number in range(12))
    return Group.objects.order_by("name")


def test_each_question_is_counted_and_none_beyond_the_limit(groups):
    asked = (
        groups,
        groups.filter(name__startswith="g0"),
        groups.none(),
        groups.filter(name="g11"),
        groups.filter(pk__in=[]),
    )
    assert counted_up_to(11, *asked) == [11, 10, 0, 1, 0]
    assert counted_up_to(100, *asked) == [12, 10, 0, 1, 0]


def test_all_questions_are_one_query(groups):
    with CaptureQueriesContext(connection) as caught:
        counted_up_to(5, groups, groups.filter(name="g01"))
    assert len(caught) == 1


def test_in_an_empty_table_there_is_nothing_to_count():
    assert counted_up_to(5, Group.objects.all(), Group.objects.filter(name="x")) == [0, 0]
    assert counted_up_to(5) == []


def test_few_ids_are_told_and_many_are_asked_for(groups, monkeypatch):
    ids = groups.values_list("pk", flat=True)
    assert few_or_all(ids) == list(ids)
    monkeypatch.setattr(counting, "FEW", 11)
    many = few_or_all(ids)
    assert isinstance(many, QuerySet)
    assert list(many) == list(ids)
