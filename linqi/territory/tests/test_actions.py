"""Places come, move and go, and each day keeps its map."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from linqi.journal.models import Entry
from linqi.kit.access import SYSTEM
from linqi.territory import actions, queries, rules
from linqi.territory.models import Coverage, Place, Placement

START = date(2025, 1, 1)
KINDS = st.sampled_from(rules.ORDER)
DAYS = st.integers(0, 40).map(lambda days: START + timedelta(days=days))
STEP = st.one_of(
    st.tuples(st.just("create"), KINDS, st.integers(0, 30), DAYS),
    st.tuples(st.just("move"), st.integers(0, 30), st.integers(0, 30), DAYS),
    st.tuples(st.just("close"), st.integers(0, 30), st.booleans(), DAYS),
)


def stored():
    return sorted(
        Coverage.objects.values_list("ancestor_id", "descendant_id", "depth", "since", "until"),
        key=lambda row: (*row[:4], row[4] or date.max),
    )


def walked(day):
    """Slowly, from the placements alone: the pairs (above, below) of one day."""
    alive = {place.pk for place in Place.objects.all() if rules.exists_on(place.since, place.until, day)}
    up = {}
    for row in Placement.objects.all():
        if rules.exists_on(row.since, row.until, day):
            assert row.child_id not in up, "a place stands under two parents on one day"
            up[row.child_id] = row.parent_id
    pairs = set()
    for place in alive:
        above = place
        while above is not None:
            pairs.add((above, place))
            above = up.get(above)
    return pairs


class Sequences(TestCase):
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(steps=st.lists(STEP, min_size=1, max_size=14))
    def test_after_any_sequence_the_coverage_is_the_tree(self, steps):
        district = actions.create_place(kind="district", name="区", code="d", parent=None, since=START, by=SYSTEM)
        street = actions.create_place(kind="street", name="街", code="s", parent=district, since=START, by=SYSTEM)
        other = actions.create_place(kind="street", name="街二", code="s2", parent=district, since=START, by=SYSTEM)
        places = [street, other]
        for number, (what, first, second, day) in enumerate(steps):
            try:
                if what == "create":
                    made = actions.create_place(
                        kind=first,
                        name="处",
                        code=f"p{number}",
                        parent=places[second % len(places)],
                        since=day,
                        by=SYSTEM,
                    )
                    places.append(made)
                elif what == "move":
                    actions.move_place(
                        place=places[first % len(places)],
                        to=places[second % len(places)],
                        on=day,
                        reason="试",
                        by=SYSTEM,
                    )
                else:
                    actions.close_place(place=places[first % len(places)], on=day, with_below=second, by=SYSTEM)
            except ValidationError:
                pass
            places = [Place.objects.get(pk=place.pk) for place in places]
        kept = stored()
        for offset in range(0, 46, 3):
            day = START + timedelta(days=offset)
            rows = Coverage.objects.filter(queries.valid_on(day)).values_list("ancestor_id", "descendant_id")
            assert len(rows) == len(set(rows))
            assert set(rows) == walked(day)
        actions.rebuild_coverage()
        assert stored() == kept


def test_after_a_move_last_years_figures_keep_last_years_map(cast):
    on = date(2026, 1, 1)
    other = actions.create_place(
        kind="community", name="二社区", parent=cast.street, since=START, by=cast.district_operator
    )
    actions.move_place(place=cast.park, to=other, on=on, reason="区划调整", by=cast.street_leader)
    for day, here, there in ((on - timedelta(days=1), 2, 0), (on, 0, 2)):
        assert queries.standing_below(cast.community, "unit", day).count() == here
        assert queries.standing_below(other, "unit", day).count() == there
        assert queries.standing_below(cast.street, "unit", day).count() == 2
    assert [place.name for place in queries.path_of(cast.unit, on - timedelta(days=1))] == [
        "滨湖区",
        "前滩街道",
        "创新一社区",
        "云谷一园",
        "一号楼",
        "3层",
        "301室",
    ]
    assert queries.path_of(cast.unit, on)[2] == other
    assert queries.street_of(cast.unit, on) == cast.street
    assert [(row.parent, row.since, row.until) for row in queries.placements_of(cast.park)] == [
        (other, on, None),
        (cast.community, date(2020, 1, 1), on),
    ]
    told = Entry.objects.filter(verb="territory.place_moved").get()
    assert told.data["before"] == cast.community.pk
    assert told.data["after"] == other.pk


@pytest.mark.parametrize("role", ["econ_specialist", "stranger", "nobody", "enterprise_user"])
def test_who_does_not_keep_the_map_may_not_move(cast, role):
    with pytest.raises(PermissionDenied):
        actions.move_place(place=cast.building, to=cast.community, on=START, reason="试", by=cast.users[role])


def test_nobody_moves_a_building_into_a_street_that_is_not_theirs(cast):
    with pytest.raises(PermissionDenied):
        actions.move_place(place=cast.building, to=cast.far_park, on=START, reason="试", by=cast.street_leader)


@pytest.mark.parametrize(
    ("place", "to", "on", "reason"),
    [
        pytest.param("park", "building", START, "试", id="turned round"),
        pytest.param("park", "community", START, "试", id="where it stands already"),
        pytest.param("building", "community", date(2019, 1, 1), "试", id="before it existed"),
        pytest.param("building", "community", START, "  ", id="without a reason"),
    ],
)
def test_moves_that_are_refused_change_nothing(cast, place, to, on, reason):
    before = stored()
    with pytest.raises(ValidationError):
        actions.move_place(
            place=cast.places[place], to=cast.places[to], on=on, reason=reason, by=cast.district_operator
        )
    assert stored() == before


def test_a_building_is_laid_out_once(cast):
    by = cast.community_secretary
    assert actions.lay_out(building=cast.building, lowest=-1, highest=4, units=3, area_m2=Decimal(80), by=by) == (5, 15)
    assert actions.lay_out(building=cast.building, lowest=-1, highest=4, units=3, by=by) == (0, 0)
    assert queries.units_of(cast.building).count() == 17
    assert queries.units_of(cast.building).filter(name="B101").get().level == -1


def test_closing_asks_what_becomes_of_what_stands_below(cast):
    on = date(2026, 2, 1)
    with pytest.raises(ValidationError):
        actions.close_place(place=cast.building, on=on, by=cast.street_leader)
    actions.close_place(place=cast.building, on=on, with_below=True, by=cast.street_leader)
    assert not queries.standing_below(cast.street, "unit", on).exists()
    assert queries.standing_below(cast.street, "unit", on - timedelta(days=1)).count() == 2


@pytest.mark.parametrize(
    "outline",
    [
        pytest.param({"type": "Point", "coordinates": [120, 30]}, id="a point"),
        pytest.param({"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}, id="two corners"),
        pytest.param(
            {"type": "Polygon", "coordinates": [[[30, 120], [30, 121], [31, 121], [30, 120]]]}, id="latitude first"
        ),
        pytest.param("nonsense", id="not GeoJSON"),
    ],
)
def test_outlines_that_are_none_are_refused(cast, outline):
    with pytest.raises(ValidationError):
        actions.change_place(place=cast.park, outline=outline, by=cast.street_leader)


def test_changing_a_name_is_told_with_the_old_one(cast):
    actions.change_place(place=cast.park, name="云谷新园", by=cast.street_leader)
    assert Entry.objects.filter(verb="territory.place_changed").get().data["before"] == {"name": "云谷一园"}


def test_a_new_place_has_a_code_of_its_own(cast):
    made = [
        actions.create_place(kind="park", name="园", parent=cast.community, by=cast.street_leader) for _ in range(2)
    ]
    assert len({place.code for place in made}) == 2


def test_only_the_product_enters_a_district(cast):
    with pytest.raises(PermissionDenied):
        actions.create_place(kind="district", name="新区", code="x", parent=None, by=cast.district_operator)
