"""When something was by our clock, and what becomes of a field that two changed; no database."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linqi.visits.merging import Merge, Parcel, Said, Unreadable, happened, merge, read

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
REGISTERED = NOW - timedelta(days=10)
HOUR = timedelta(hours=1)


def said(at, *, boot="b", steady=0.0, heard=None):
    return Said("x" * 36, 1, "set", "1", at, boot, steady, heard, 0, {})


def sent(now, *, boot="b", steady=0.0):
    return Parcel(now, boot, steady, (), {})


@pytest.mark.parametrize("off", [timedelta(), timedelta(days=2), timedelta(days=-2)])
def test_a_clock_that_is_wrong_by_days_but_runs_gives_the_right_moment(off):
    assert happened(said(NOW + off - HOUR), sent(NOW + off), NOW, REGISTERED) == NOW - HOUR


def test_a_clock_set_back_in_between_does_not_bring_the_moment_nearer():
    made = said(NOW - HOUR, steady=10)
    assert happened(made, sent(NOW - 30 * HOUR, steady=3610), NOW, REGISTERED) == NOW - HOUR


def test_a_clock_set_on_in_between_is_held_by_the_last_answer():
    made = said(NOW - HOUR, boot="before", heard=NOW - 2 * HOUR)
    assert happened(made, sent(NOW + timedelta(days=2)), NOW, REGISTERED) == NOW - 2 * HOUR


moments = st.datetimes(min_value=datetime(1991, 1, 1), max_value=datetime(2190, 1, 1)).map(
    lambda at: at.replace(tzinfo=UTC)
)


@given(moments, moments, st.none() | moments, st.floats(0, 1e9), st.floats(0, 1e9))
def test_whatever_a_device_says_the_moment_lies_between_its_registration_and_now(at, now, heard, steady, later):
    moment = happened(said(at, heard=heard, steady=steady), sent(now, steady=later), NOW, REGISTERED)
    assert REGISTERED <= moment <= NOW


@pytest.mark.parametrize(
    ("held", "value", "set_at", "seen", "own", "became"),
    [
        pytest.param("", "a", 0, 0, False, Merge.TAKE, id="nobody said anything yet"),
        pytest.param("a", "a", 5, 0, False, Merge.SAME, id="both said the same"),
        pytest.param("a", "b", 5, 5, False, Merge.TAKE, id="who saw it may change it"),
        pytest.param("a", "b", 5, 4, False, Merge.CLASH, id="who did not see it does not overwrite it"),
        pytest.param("a", "b", 5, 4, True, Merge.TAKE, id="one's own last word, not heard back yet"),
        pytest.param("a", "", 5, 4, False, Merge.SAME, id="an empty field of who did not see it contradicts nobody"),
        pytest.param("a", "", 5, 5, False, Merge.TAKE, id="who saw it may empty it"),
    ],
)
def test_merge(held, value, set_at, seen, own, became):
    assert merge(held, value, set_at=set_at, seen=seen, by_same_device=own) is became


GOOD = {"id": "x" * 36, "seq": 1, "kind": "set", "visit": "1", "at": NOW.isoformat(), "boot": "b", "steady": 1}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"seq": 0}, "seq"), ({"seq": "1"}, "seq"), ({"seq": True}, "seq"), ({"id": "short"}, "id"),
        ({"at": "yesterday"}, "at"), ({"at": "2026-03-02T09:00:00"}, "at"), ({"body": []}, "body"), ({"seen": -1}, "seen"),
        ({"visit": "\x00"}, "visit"), ({"steady": "1"}, "steady"), ({"heard": "x"}, "heard"), ({"kind": 5}, "kind"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named(change, field):
    with pytest.raises(Unreadable) as wrong:
        read({"now": NOW.isoformat(), "boot": "b", "steady": 1, "operations": [{**GOOD, **change}]})
    assert wrong.value.field == field


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["now", "operations", "have", "id", "seq"]), inner)
    ),
)


@given(json_like)
def test_nothing_that_comes_in_breaks_the_reader(what):
    with pytest.raises(Unreadable):
        read(what)
