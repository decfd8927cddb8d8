"""The chain shows every tampered, missing and re-ordered row. Pure: no database."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linqi.journal.rules import GENESIS, Row, check, digest_of, plain

START = datetime(2026, 3, 2, 1, 2, 3, 456789, tzinfo=UTC)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def chain(datas):
    rows, before = [], GENESIS
    for number, data in enumerate(datas, 1):
        row = Row(
            id=number,
            at=START + timedelta(microseconds=number),
            actor=7,
            actor_name="李四",
            verb="visits.recorded",
            subject_type="visits.visit",
            subject_id=number,
            subject_name="某企业",
            enterprise=3,
            place=5,
            data=plain(data),
            previous=before,
        )
        before = digest_of(row)
        rows.append((row, before))
    return rows


def faults(rows, count, digest):
    return [(one.kind, one.first, one.last) for one in check(rows, count, digest)]


datas = st.lists(st.dictionaries(st.text(max_size=5), VALUES, max_size=3), min_size=2, max_size=8)


@given(datas)
@settings(max_examples=60)
def test_an_untouched_chain_holds(data):
    rows = chain(data)
    assert faults(rows, len(rows), rows[-1][1]) == []


@given(datas, st.data())
@settings(max_examples=120)
def test_any_column_that_was_changed_shows(data, draw):
    rows = chain(data)
    at = draw.draw(st.integers(0, len(rows) - 1))
    name = draw.draw(st.sampled_from([field.name for field in fields(Row) if field.name != "id"]))
    row, stored = rows[at]
    value = getattr(row, name)
    other = {
        "at": START - timedelta(days=1),
        "data": {"other": 1} if value != {"other": 1} else {},
        "previous": "f" * 64,
    }.get(name, "x" if isinstance(value, str) else 99)
    rows[at] = (replace(row, **{name: other}), stored)
    assert ("changed", at + 1, at + 1) in faults(rows, len(rows), rows[-1][1])


@given(datas, st.data())
@settings(max_examples=60)
def test_a_changed_digest_shows(data, draw):
    rows = chain(data)
    at = draw.draw(st.integers(0, len(rows) - 1))
    last = rows[-1][1]
    rows[at] = (rows[at][0], "e" * 64)
    assert ("changed", at + 1, at + 1) in faults(rows, len(rows), last)


@given(datas, st.data())
@settings(max_examples=60)
def test_any_row_that_was_taken_out_shows_with_its_number(data, draw):
    rows = chain(data)
    at = draw.draw(st.integers(0, len(rows) - 1))
    count, last = len(rows), rows[-1][1]
    del rows[at]
    assert ("missing", at + 1, at + 1) in faults(rows, count, last)


@given(datas, st.data())
@settings(max_examples=60)
def test_two_rows_that_changed_places_show(data, draw):
    rows = chain(data)
    first, second = sorted(draw.draw(st.sets(st.integers(0, len(rows) - 1), min_size=2, max_size=2)))
    last = rows[-1][1]
    one, two = rows[first], rows[second]
    rows[first] = (replace(two[0], id=one[0].id), two[1])
    rows[second] = (replace(one[0], id=two[0].id), one[1])
    kinds = faults(rows, len(rows), last)
    assert ("changed", first + 1, first + 1) in kinds
    assert ("changed", second + 1, second + 1) in kinds


def test_a_chain_forged_anew_from_one_row_on_does_not_end_as_the_head_says():
    rows = chain([{"n": n} for n in range(5)])
    forged = chain([{"n": n if n < 3 else -n} for n in range(5)])
    assert faults(forged, 5, rows[-1][1]) == [("head", 5, 5)]


def test_rows_cut_off_the_end_are_missed():
    rows = chain([{"n": n} for n in range(5)])
    assert faults(rows[:3], 5, rows[-1][1]) == [("missing", 4, 5)]


def test_an_empty_journal_holds():
    assert faults([], 0, GENESIS) == []


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        pytest.param(1.0, 1, id="a whole float is an integer"),
        pytest.param(-0.0, 0, id="there is no minus nought"),
        pytest.param("a\x00\ud800b", "a?b", id="no NUL and no half of a pair"),
        pytest.param({1: (2.5, None)}, {"1": [2.5, None]}, id="keys are text and tuples are lists"),
        pytest.param(True, True, id="a truth is no number"),
    ],
)
def test_values_take_the_form_that_every_database_gives_back(given_, kept):
    assert plain(given_) == kept
    assert type(plain(given_)) is type(kept)
