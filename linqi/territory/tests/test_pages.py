"""Pages of places as people meet them."""

import json
from datetime import date, timedelta

import pytest
from django.urls import reverse

from linqi.kit.access import SYSTEM
from linqi.kit.clock import today
from linqi.kit.measures import Span, measures
from linqi.search.queries import found
from linqi.territory import actions, queries
from linqi.territory.models import Place

SQUARE = {"type": "Polygon", "coordinates": [[[120.0, 30.3], [120.01, 30.3], [120.01, 30.31], [120.0, 30.3]]]}
MOVED = date(2026, 1, 1)


@pytest.fixture
def as_(client, cast):
    """Sign in as somebody of the cast."""

    def sign_in(name):
        client.force_login(cast.users[name])
        return client

    return sign_in


@pytest.fixture
def other(cast):
    """A second community of the street, to which the park goes over on the day MOVED."""
    made = actions.create_place(
        kind="community", name="新岸社区", parent=cast.street, since=date(2025, 1, 1), by=cast.street_leader
    )
    actions.move_place(place=cast.park, to=made, on=MOVED, reason="片区调整", by=cast.street_leader)
    return made


def text(answer):
    """What the page says."""
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def test_the_tree_opens_down_to_the_communities_and_brings_the_rest_when_asked(as_, cast):
    browser = as_("street_leader")
    page = text(browser.get(reverse("territory:tree")))
    assert "前滩街道" in page
    assert "创新一社区" in page
    assert "云谷一园" not in page
    assert "远山" not in page
    piece = text(browser.get(reverse("territory:children", args=[cast.community.pk])))
    assert "云谷一园" in piece
    assert "<html" not in piece


def test_the_tree_of_an_earlier_day_shows_the_map_of_that_day(as_, cast, other):
    browser = as_("street_leader")
    for on, here in ((MOVED - timedelta(days=1), cast.community), (MOVED, other)):
        for community in (cast.community, other):
            answer = text(browser.get(reverse("territory:children", args=[community.pk]), {"on": on}))
            assert ("云谷一园" in answer) is (community == here)


def test_what_has_gone_still_stands_on_the_map_of_its_days(as_, cast):
    actions.close_place(place=cast.building, on=MOVED, with_below=True, by=cast.street_leader)
    browser = as_("street_leader")
    before = {"on": MOVED - timedelta(days=1)}
    assert "一号楼" in text(browser.get(reverse("territory:children", args=[cast.park.pk]), before))
    assert "一号楼" not in text(browser.get(reverse("territory:children", args=[cast.park.pk])))
    assert "起停用" in text(browser.get(reverse("territory:place", args=[cast.building.pk])))
    assert browser.get(reverse("territory:edit", args=[cast.building.pk])).status_code == 404
    assert as_("stranger").get(reverse("territory:place", args=[cast.building.pk])).status_code == 404


@pytest.mark.parametrize("on", ["", "2099-01-01", "2025-02-30", "gestern", "9999999999"])
def test_a_day_that_is_none_is_today(as_, on):
    assert "看今天的" not in text(as_("street_leader").get(reverse("territory:tree"), {"on": on}))


@pytest.mark.parametrize("key", ["district", "street", "community", "park", "building", "floor", "unit"])
def test_every_kind_of_place_has_its_page(as_, cast, key):
    place = cast.places[key]
    assert place.name in text(as_("district_operator").get(reverse("territory:place", args=[place.pk])))


def test_a_place_page_tells_where_it_has_stood(as_, cast, other):
    page = text(as_("street_leader").get(reverse("territory:place", args=[cast.park.pk])))
    assert "2020-01-01 至 2026-01-01" in page
    assert "2026-01-01 至今" in page
    assert "片区调整" in page


def test_numbers_of_a_place_open_to_its_rows(as_, cast):
    browser = as_("street_leader")
    rows = text(browser.get(reverse("territory:list"), {"under": cast.street.pk, "kind": "unit"}))
    assert "301室" in rows
    assert "302室" in rows
    assert "一号楼</a>" not in rows
    assert browser.get(reverse("territory:list"), {"under": cast.far_street.pk}).status_code == 404


def test_the_list_is_searched_by_name(as_):
    browser = as_("street_leader")
    assert "云谷一园" in text(browser.get(reverse("territory:list"), {"q": "云谷"}))
    assert "云谷二园" not in text(browser.get(reverse("territory:list"), {"q": "云谷"}))


@pytest.mark.parametrize("kind", ["park", "building", "floor", "unit"])
def test_a_place_is_entered(as_, cast, kind):
    parent = cast.building if kind in {"floor", "unit"} else cast.community
    asked = {"name": "新处", "since": "2026-02-01", "level": "4", "address": "新路1号", "area_m2": "120.5"}
    answer = as_("community_secretary").post(f"{reverse('territory:add', args=[parent.pk])}?kind={kind}", asked)
    made = Place.objects.get(name="新处")
    assert answer.url == reverse("territory:place", args=[made.pk])
    assert (made.kind, queries.parent_of(made)) == (kind, parent)


def test_a_place_that_is_to_come_is_not_entered_yet(as_, cast):
    tomorrow = today() + timedelta(days=1)
    url = f"{reverse('territory:add', args=[cast.community.pk])}?kind=park"
    assert "不能晚于今天" in text(as_("street_leader").post(url, {"name": "新处", "since": tomorrow}))
    assert not Place.objects.filter(name="新处").exists()


def test_a_kind_that_does_not_fit_has_no_form(as_, cast):
    browser = as_("street_leader")
    assert browser.get(f"{reverse('territory:add', args=[cast.park.pk])}?kind=street").status_code == 404
    assert browser.get(reverse("territory:add", args=[cast.unit.pk])).status_code == 404


def test_a_place_is_corrected(as_, cast):
    asked = {"name": "一号楼（东）", "address": "文一路1号", "longitude": "119.97", "latitude": "30.29"}
    as_("street_leader").post(reverse("territory:edit", args=[cast.building.pk]), asked)
    cast.building.refresh_from_db()
    assert (cast.building.name, cast.building.longitude) == ("一号楼（东）", 119.97)


def test_half_a_point_is_refused(as_, cast):
    asked = {"name": "一号楼", "longitude": "119.97"}
    answer = as_("street_leader").post(reverse("territory:edit", args=[cast.building.pk]), asked)
    assert "经度和纬度要一起填" in text(answer)


def test_a_move_is_shown_before_it_is_done(as_, cast):
    other = actions.create_place(
        kind="community", name="新岸社区", parent=cast.street, since=date(2025, 1, 1), by=SYSTEM
    )
    browser = as_("street_leader")
    asked = {"to": other.pk, "on": "2026-02-01", "reason": "片区调整"}
    url = reverse("territory:move", args=[cast.park.pk])
    page = text(browser.get(url, asked))
    assert "确认调整" in page
    assert "单元 2" in page
    assert queries.parent_of(cast.park) == cast.community
    browser.post(url, asked)
    assert queries.parent_of(cast.park) == other
    assert queries.parent_of(cast.park, date(2026, 1, 31)) == cast.community


def test_a_move_without_a_reason_is_not_shown(as_, cast):
    asked = {"to": cast.street.pk, "on": "2026-02-01"}
    page = text(as_("street_leader").get(reverse("territory:move", args=[cast.park.pk]), asked))
    assert "确认调整" not in page


def test_no_foreign_place_is_offered_to_move_to(as_, cast):
    page = text(as_("street_leader").get(reverse("territory:move", args=[cast.building.pk])))
    assert "云谷二园" not in page
    asked = {"to": cast.far_park.pk, "on": "2026-02-01", "reason": "试"}
    as_("street_leader").post(reverse("territory:move", args=[cast.building.pk]), asked)
    assert queries.parent_of(cast.building) == cast.park


def test_a_place_is_closed_with_what_stands_below(as_, cast):
    browser = as_("street_leader")
    url = reverse("territory:close", args=[cast.building.pk])
    assert "请先调整或一并停用" in text(browser.post(url, {"on": "2026-02-01"}))
    browser.post(url, {"on": "2026-02-01", "with_below": "on"})
    cast.building.refresh_from_db()
    assert cast.building.until == date(2026, 2, 1)


def test_a_building_is_laid_out(as_, cast):
    asked = {"lowest": "1", "highest": "4", "units": "2"}
    url = reverse("territory:lay_out", args=[cast.building.pk])
    assert as_("community_secretary").post(url, asked).status_code == 302
    assert queries.units_of(cast.building).count() >= 8
    assert as_("community_secretary").get(reverse("territory:lay_out", args=[cast.park.pk])).status_code == 404


@pytest.mark.parametrize(
    "shaped",
    [
        pytest.param(SQUARE, id="geometry"),
        pytest.param({"type": "Feature", "properties": {}, "geometry": SQUARE}, id="feature"),
        pytest.param(
            {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": SQUARE}]},
            id="collection of one",
        ),
    ],
)
def test_an_outline_is_imported(as_, cast, shaped):
    asked = {"text": json.dumps(shaped), "crs": "wgs84", "source": "测绘 2024"}
    as_("street_leader").post(reverse("territory:outline", args=[cast.park.pk]), asked)
    cast.park.refresh_from_db()
    assert cast.park.outline == SQUARE
    assert 400_000 < queries.outline_area(cast.park) < 600_000
    assert "测绘 2024" in text(as_("street_leader").get(reverse("territory:place", args=[cast.park.pk])))


def test_an_outline_in_chinese_coordinates_is_brought_to_wgs84_and_back(as_, cast):
    browser = as_("street_leader")
    asked = {"text": json.dumps(SQUARE), "crs": "gcj02", "source": "测绘 2024"}
    browser.post(reverse("territory:outline", args=[cast.park.pk]), asked)
    cast.park.refresh_from_db()
    longitude, latitude = cast.park.outline["coordinates"][0][0]
    assert 0.003 < 120.0 - longitude < 0.007
    assert 0.001 < abs(30.3 - latitude) < 0.004
    layer = json.loads(browser.get(reverse("territory:layer"), {"kind": "park", "crs": "gcj02"}).content)
    assert layer["features"][0]["geometry"]["coordinates"][0][0] == pytest.approx([120.0, 30.3], abs=1e-6)


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param("", id="nothing"),
        pytest.param("nonsense", id="no JSON"),
        pytest.param("[1, 2]", id="a list"),
        pytest.param('{"type": "Polygon"}', id="no coordinates"),
        pytest.param('{"type": "Polygon", "coordinates": [[]]}', id="empty ring"),
        pytest.param('{"type": "Polygon", "coordinates": "abc"}', id="text for coordinates"),
        pytest.param('{"type": "Polygon", "coordinates": [[[NaN, 30], [1, 1], [2, 2], [NaN, 30]]]}', id="not a number"),
        pytest.param('{"type": "FeatureCollection", "features": []}', id="empty collection"),
        pytest.param('{"type": "Point", "coordinates": [120, 30]}', id="a point"),
        pytest.param("[" * 5000 + "]" * 5000, id="very deep"),
        pytest.param(
            '{"type": "Polygon", "coordinates": [[[120, 30], [121, 31], [121, 30], [120, 31], [120, 30]]]}',
            id="crosses itself",
        ),
    ],
)
def test_bad_outlines_are_refused_in_words(as_, cast, sent):
    asked = {"text": sent, "crs": "gcj02", "source": "试"}
    page = text(as_("street_leader").post(reverse("territory:outline", args=[cast.park.pk]), asked))
    assert any(words in page for words in ("GeoJSON", "轮廓"))
    cast.park.refresh_from_db()
    assert cast.park.outline is None


@pytest.mark.parametrize("name", ["add", "edit", "move", "close", "lay_out", "outline"])
@pytest.mark.parametrize(("who", "status"), [("econ_specialist", 403), ("stranger", 403), ("enterprise_user", 403)])
def test_who_may_not_redraw_has_no_door(as_, cast, name, who, status):
    assert as_(who).get(reverse(f"territory:{name}", args=[cast.building.pk])).status_code == status


def test_a_property_manager_sees_the_building_and_nothing_beside_it(as_, cast):
    browser = as_("property_manager")
    page = text(browser.get(reverse("territory:tree")))
    assert "一号楼" in page
    assert "创新一社区" not in page
    assert browser.get(reverse("territory:place", args=[cast.park.pk])).status_code == 404


def test_places_are_found_by_the_search_box(cast):
    from linqi.search.actions import rebuild

    rebuild()
    titles = {
        hit.title for one in found(cast.econ_specialist, "云谷", 8) for hit in one.hits if one.kind.kind == "place"
    }
    assert titles == {"云谷一园"}


def test_measures_count_by_the_map_of_the_day(cast, other):
    counted = {one.key: one for one in measures()}
    for day, here, there in ((MOVED - timedelta(days=1), 2, 0), (MOVED, 0, 2)):
        span = Span(day, day)
        assert counted["territory.units"].count(span, cast.community.pk) == here
        assert counted["territory.units"].count(span, other.pk) == there


def test_the_tree_asks_as_often_for_many_places_as_for_few(as_, cast, django_assert_max_num_queries):
    for number in range(12):
        actions.create_place(kind="building", name=f"{number}栋", parent=cast.park, since=MOVED, by=SYSTEM)
    browser = as_("street_leader")
    browser.get(reverse("territory:children", args=[cast.park.pk]))
    with django_assert_max_num_queries(12):
        browser.get(reverse("territory:children", args=[cast.park.pk]))


def test_the_way_down_is_linked_only_as_far_as_the_reader_may_go(as_, cast):
    page = text(as_("street_leader").get(reverse("territory:place", args=[cast.park.pk])))
    assert "滨湖区" in page
    assert reverse("territory:place", args=[cast.street.pk]) in page
    assert f'href="{reverse("territory:place", args=[cast.district.pk])}"' not in page
