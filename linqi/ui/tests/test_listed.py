"""Rows in memory answer a table as rows of the database do, however many there are."""

from dataclasses import dataclass

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from linqi.ui.listed import Listed, holding, passing
from linqi.ui.tables import LONG_FROM, Choose, Column, Search, Table


@dataclass(frozen=True)
class One:
    pk: int
    name: str
    size: int | None


TABLE = Table[One](
    key="ones",
    columns=[
        Column("name", "名称", sort="name", fixed=True),
        Column("size", "大小", sort="size", kind="number", nullable=True),
    ],
    order=["-size", "name"],
    filters=[
        Search("q", "名称", apply=holding("name")),
        Choose("known", "大小", [("yes", "已知")], apply=passing(lambda one, chosen: one.size is not None)),
    ],
    size=20,
)


def bind(rows, query=""):
    return TABLE.bind(RequestFactory().get(f"/?{query}"), Listed(rows))


def test_a_long_list_in_memory_is_paged():
    table = bind([One(n, f"n{n:04}", n) for n in range(LONG_FROM + 51)], "page=2")
    assert [one.pk for one in table.objects] == list(range(LONG_FROM + 30, LONG_FROM + 10, -1))
    assert (table.total, table.pages) == (251, 13)


@pytest.mark.parametrize("sort", ["size", "-size"])
def test_what_is_unknown_comes_last_both_ways(sort):
    rows = [One(1, "a", None), One(2, "b", 5), One(3, "c", 9), One(4, "d", None)]
    found = [one.size for one in bind(rows, f"sort={sort}").objects]
    assert found[2:] == [None, None]
    assert found[:2] == ([5, 9] if sort == "size" else [9, 5])


def test_narrowed_by_words_and_by_choice_and_exported_whole():
    rows = [One(n, f"{'Alpha' if n % 2 else 'beta'}{n}", None if n % 3 else n) for n in range(300)]
    table = bind(rows, "q=ALPHA&known=yes&export=csv")
    assert {one.pk for one in table.filtered} == {n for n in range(300) if n % 2 and not n % 3}
    text = b"".join(table.export().streaming_content).decode()
    assert text.count("Alpha") == table.total == 50


ones = st.builds(One, pk=st.integers(0, 50), name=st.sampled_from("abc"), size=st.one_of(st.none(), st.integers(0, 3)))


@given(st.lists(ones, max_size=30, unique_by=lambda one: one.pk), st.sampled_from(["name", "-name", "size", "-size"]))
def test_ordering_loses_nothing_and_pages_never_overlap(rows, sort):
    whole = [one.pk for one in bind(rows, f"sort={sort}").filtered]
    assert sorted(whole) == sorted(one.pk for one in rows)
    pages = [one.pk for page in (1, 2) for one in bind(rows, f"sort={sort}&page={page}").objects]
    assert pages[: len(whole)] == whole
