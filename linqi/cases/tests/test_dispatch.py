"""The dispatch table against brute force: every kind of case there can be, tried one by one."""

from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linqi.cases.dispatch import ANY, Basis, Clause, Dispatch, Facts, Fault, Row, World, analyse, dispatch

TODAY = date(2026, 3, 2)
PARENTS = {1: None, 2: 1, 3: 1, 4: 2, 5: 4}  # a street; two communities; a park in the first; a building in it
DAYS = [TODAY + timedelta(days=n) for n in range(-2, 6)]


def way(place):
    return frozenset({place} | (way(PARENTS[place]) if PARENTS[place] else set()))


WORLD = World(
    ("rent", "fire", "tax"), ("request", "complaint"), ("desk", "portal"), 1, {one: way(one) for one in PARENTS}, TODAY
)


def every_case(days=DAYS):
    """All cases that can be, from today on."""
    for category, kind, source, place, day in product(WORLD.categories, WORLD.classes, WORLD.sources, PARENTS, days):
        if day >= TODAY:
            yield Facts(category, kind, source, way(place), day)


def some(values):
    return st.frozensets(st.sampled_from(values), max_size=2)


clauses = st.builds(
    Clause,
    some([*WORLD.categories, "gone"]),
    some(WORLD.classes),
    some(WORLD.sources),
    some([*PARENTS, 99]),
)
rows_ = st.builds(
    Row,
    st.just(0),
    clauses,
    st.sampled_from([1, 2]),
    st.sampled_from(DAYS),
    st.none() | st.sampled_from(DAYS),
    st.none() | st.sampled_from(DAYS),
    some([7, 8]),
)
tables = st.lists(rows_, max_size=7).map(
    lambda rows: [
        Row(n, r.clause, r.department, r.since, r.until, r.department_until, r.together) for n, r in enumerate(rows, 1)
    ]
)


def takes(row, facts):
    return row.on(facts.day) and row.clause.holds(facts)


@settings(max_examples=150, deadline=None)
@given(tables)
def test_the_analyser_finds_exactly_what_trying_every_case_finds(rows):
    cases = list(every_case())
    found = analyse(rows, WORLD)
    by_fault = {fault: [one for one in found if one.fault is fault] for fault in Fault}
    first = {one: next((row.id for row in rows if takes(row, one)), None) for one in cases}

    holes = {one.category for one in cases if first[one] is None}
    assert {code for one in by_fault[Fault.HOLE] for code in one.touched} == holes
    for one in by_fault[Fault.HOLE]:
        assert dispatch(rows, one.example) == dispatch([], one.example)

    alive = [row for row in rows if row.until is None or row.until > TODAY]
    held = {row.id: {one for one in cases if takes(row, one)} for row in alive}
    never = {row.id for row in alive if not held[row.id]}
    assert {one.row for one in by_fault[Fault.NEVER]} == never
    reached = {number for number in first.values() if number is not None}
    shadowed = {row.id for row in alive if held[row.id] and row.id not in reached}
    assert {one.row for one in by_fault[Fault.SHADOWED]} == shadowed
    for one in by_fault[Fault.SHADOWED]:
        here = next(row for row in rows if row.id == one.row)
        assert takes(here, one.example)
        assert set().union(*(held[above] for above in one.by)) >= held[one.row]
        assert all(held[above] & held[one.row] for above in one.by)

    ended = {
        row.id
        for row in alive
        if any(first[one] == row.id and row.department_until and row.department_until <= one.day for one in cases)
    }
    assert {one.row for one in by_fault[Fault.ENDED]} == ended
    for one in by_fault[Fault.ENDED]:
        assert dispatch(rows, one.example).basis is Basis.DEPARTMENT_ENDED

    crossed = {
        (below.id, above.id)
        for n, below in enumerate(alive)
        for above in alive[:n]
        if below.id in reached
        and (below.department, below.together) != (above.department, above.together)
        and held[below.id] & held[above.id]
        and held[below.id] - held[above.id]
        and held[above.id] - held[below.id]
    }
    assert {(one.row, one.by[0]) for one in by_fault[Fault.CROSSED]} == crossed
    for one in by_fault[Fault.CROSSED]:
        two = [row for row in rows if row.id in (one.row, *one.by)]
        assert all(takes(row, one.example) for row in two)


@settings(max_examples=100, deadline=None)
@given(tables, st.sampled_from(list(every_case())))
def test_the_first_row_that_holds_decides(rows, case):
    decided = dispatch(rows, case)
    first = next((row for row in rows if takes(row, case)), None)
    assert decided.row == (first.id if first else None)
    if first and decided.department is None:
        assert decided.basis is Basis.DEPARTMENT_ENDED
        assert decided.together == frozenset()


@pytest.mark.parametrize(
    ("rows", "goes"),
    [
        pytest.param([], Dispatch(None, Basis.NO_ROW), id="no row: the secretary's queue"),
        pytest.param([Row(1, Clause(), 7, TODAY)], Dispatch(7, Basis.TABLE, 1), id="a row that begins today holds"),
        pytest.param(
            [Row(1, Clause(), 7, TODAY + timedelta(days=1))],
            Dispatch(None, Basis.NO_ROW),
            id="a row of tomorrow does not",
        ),
        pytest.param(
            [Row(1, Clause(), 7, date(2025, 1, 1), TODAY), Row(2, Clause(), 8, TODAY)],
            Dispatch(8, Basis.TABLE, 2),
            id="the new row takes over on the day the old one ends",
        ),
        pytest.param(
            [Row(1, Clause(), 7, date(2025, 1, 1), None, TODAY)],
            Dispatch(None, Basis.DEPARTMENT_ENDED, 1),
            id="a section that no longer exists gets nothing",
        ),
        pytest.param(
            [Row(1, Clause(places=frozenset({2})), 7, TODAY), Row(2, Clause(), 8, TODAY)],
            Dispatch(7, Basis.TABLE, 1),
            id="a place stands for what is below it",
        ),
    ],
)
def test_dispatch(rows, goes):
    assert dispatch(rows, Facts("fire", "complaint", "desk", way(5), TODAY)) == goes


@given(clauses)
def test_a_clause_comes_back_from_storage_as_it_was(clause):
    assert Clause.read(clause.written()) == clause


def test_a_clause_with_a_question_that_nobody_asks_is_refused():
    with pytest.raises(KeyError):
        Clause.read({"colour": ["red"]})


def test_an_exception_above_a_wider_row_is_no_fault():
    rows = [
        Row(1, Clause(frozenset({"fire"}), places=frozenset({4})), 2, TODAY),
        Row(2, Clause(ANY), 1, TODAY),
    ]
    assert analyse(rows, WORLD) == []


def test_a_row_that_ended_is_not_looked_at():
    assert {one.fault for one in analyse([Row(1, Clause(), 1, DAYS[0], TODAY)], WORLD)} == {Fault.HOLE}
