"""In time or late, held or not, or not known: no database."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linqi.cases.flow import State
from linqi.visits.rules.outcomes import Answer, Ended, Held, Tally, answer, held, tallied

TODAY = date(2026, 3, 2)
days = st.dates(date(2026, 1, 1), date(2026, 4, 30))
maybe = st.one_of(st.none(), days)


@pytest.mark.parametrize(
    ("by", "visited_on", "found"),
    [
        pytest.param(TODAY, TODAY, Answer.IN_TIME, id="on the last day"),
        pytest.param(TODAY - timedelta(1), TODAY, Answer.LATE, id="a day too late"),
        pytest.param(TODAY, None, Answer.OPEN, id="there is still today"),
        pytest.param(TODAY - timedelta(1), None, Answer.LATE, id="nobody went"),
        pytest.param(None, TODAY, Answer.UNKNOWN, id="nobody wrote the day down"),
        pytest.param(None, None, Answer.UNKNOWN, id="neither known"),
    ],
)
def test_answered_in_time(by, visited_on, found):
    assert answer(by, visited_on, TODAY) is found


@given(maybe, maybe, days, days)
def test_once_decided_a_reason_stays_so(by, visited_on, today, later):
    now, then = sorted((today, later))
    if answer(by, visited_on, now) in (Answer.IN_TIME, Answer.LATE) and visited_on is not None:
        assert answer(by, visited_on, then) is answer(by, visited_on, now)
    if answer(by, None, now) is Answer.LATE:
        assert answer(by, None, then) is Answer.LATE


@pytest.mark.parametrize(
    ("kind", "claim", "case", "found"),
    [
        pytest.param("fact", "confirmed", None, Held.HELD, id="a fact that was confirmed"),
        pytest.param("fact", "rejected", None, Held.NOT_HELD, id="a fact that was not taken"),
        pytest.param("fact", "waiting", None, Held.OPEN, id="a fact that waits"),
        pytest.param("fact", None, None, Held.UNKNOWN, id="a fact without its claim"),
        pytest.param("problem", None, Ended(State.CLOSED, "solved"), Held.HELD, id="a problem mended"),
        pytest.param("problem", None, Ended(State.CLOSED, "unmet"), Held.HELD, id="a problem that nobody can mend is one"),
        pytest.param("problem", None, Ended(State.CLOSED, "explained"), Held.NOT_HELD, id="a problem that was none"),
        pytest.param("need", None, Ended(State.CLOSED, "explained"), Held.HELD, id="a need that the rules do not allow is one"),
        pytest.param("problem", None, Ended(State.CLOSED, ""), Held.UNKNOWN, id="closed, and nobody said how"),
        pytest.param("need", None, Ended(State.WITHDRAWN, ""), Held.NOT_HELD, id="withdrawn"),
        pytest.param("problem", None, Ended(State.CLOSED, "solved", excluded=True), Held.NOT_HELD, id="left out as no matter of ours"),
        pytest.param("problem", None, Ended(State.ROUTED, ""), Held.UNKNOWN, id="led to a court: not ours to say"),
        pytest.param("problem", None, None, Held.UNKNOWN, id="a problem without a case"),
        pytest.param("clue", None, None, Held.UNKNOWN, id="a clue ends nowhere in the house"),
    ],
)  # fmt: skip
def test_findings_that_held(kind, claim, case, found):
    assert held(kind, claim, case) is found


@given(
    st.sampled_from(["fact", "need", "problem", "clue"]),
    st.sampled_from([None, "waiting"]),
    st.sampled_from([one for one in State if one not in (State.CLOSED, State.WITHDRAWN, State.ROUTED)]),
    st.sampled_from(["", "solved", "explained"]),
)
def test_what_is_open_never_counts_as_held(kind, claim, state, outcome):
    assert held(kind, claim, Ended(state, outcome)) in (Held.OPEN, Held.UNKNOWN)


@given(st.lists(st.sampled_from([*Answer, *Held])))
def test_a_tally_leaves_nothing_out_and_unknown_is_in_no_share(found):
    counted = tallied(found)
    assert counted.whole == len(found)
    assert counted.share is None or 0 <= counted.share <= 1
    more = Tally(counted.yes, counted.no, counted.open + 5, counted.unknown + 7)
    assert more.share == counted.share


def test_nothing_decided_is_no_share():
    assert tallied([Held.OPEN, Held.UNKNOWN]).share is None
