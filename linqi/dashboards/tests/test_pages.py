"""The overview pages: each role sees its own work, every number its own rows, nobody a foreign place."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from linqi.cases.actions import accept, answer, open_case, seed_defaults
from linqi.cases.models import Source
from linqi.catalogue.models import Category
from linqi.dashboards.queries import wall
from linqi.dashboards.queries.building import building_file
from linqi.dashboards.queries.desk import desk_of
from linqi.dashboards.queries.enterprise import timeline_of
from linqi.kit import clock
from linqi.kit.access import SYSTEM
from linqi.organisation.actions import seed_departments
from linqi.territory.actions import move_place, rebuild_coverage
from linqi.territory.models import Place, Placement

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 2)


@pytest.fixture
def street(cast):
    """The cast's street with its sections, dispatch table and one open case of the firm."""
    seed_departments(street=cast.street, by=SYSTEM)
    seed_defaults(street=cast.street, by=SYSTEM)
    cast.case = open_case(
        enterprise=cast.firm,
        category=Category.objects.first(),
        title="电梯停运",
        source=Source.PORTAL,
        by=cast.enterprise_user,
    )
    return cast


def panels(user):
    return {panel.key for panel in desk_of(user, today=clock.today(), now=clock.now()).panels}


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        pytest.param("enterprise_user", {"own"}, id="an enterprise sees its own requests"),
        pytest.param("department_handler", {"settle"}, id="a section sees what it must settle"),
        pytest.param(
            "econ_specialist", {"must", "planned", "settle", "newcomers"}, id="a specialist sees visits and cases"
        ),
        pytest.param("street_leader", {"overdue", "newcomers"}, id="a leader sees what is late"),
        pytest.param("nobody", set(), id="who holds nothing sees nothing"),
    ],
)
def test_each_role_has_the_desk_of_its_work(cast, user, expected):
    assert panels(cast.users[user]) == expected


def test_every_page_answers_every_role_without_a_fault(street, client):
    pages = [
        reverse("dashboards:desk"),
        reverse("dashboards:wall"),
        reverse("dashboards:map"),
        reverse("dashboards:building", args=[street.building.pk]),
        reverse("dashboards:enterprise", args=[street.firm.pk]),
        reverse("dashboards:timeline", args=[street.firm.pk]),
    ]
    for user in street.users.values():
        client.force_login(user)
        assert {client.get(page).status_code for page in pages} <= {200, 403, 404}


def test_a_stranger_meets_neither_building_nor_enterprise(street, client):
    client.force_login(street.stranger)
    for name, pk in (("building", street.building.pk), ("enterprise", street.firm.pk), ("timeline", street.firm.pk)):
        assert client.get(reverse(f"dashboards:{name}", args=[pk])).status_code == 404
    assert client.get(reverse("dashboards:wall"), {"place": street.street.pk}).status_code == 404


def test_the_floors_of_a_building_say_who_is_in_which_unit(cast):
    file = building_file(building=cast.building, user=cast.econ_specialist, on=clock.today())
    (storey,) = file.storeys
    assert [(unit.name, unit.state, unit.tenants[0].name) for unit in storey.units] == [
        ("301室", "let", cast.firm.name),
        ("302室", "let", cast.neighbour.name),
    ]
    assert (file.units, file.vacant, file.enterprises, file.open_cases) == (2, 0, 2, 0)
    assert file.coverage == 0


def test_before_anybody_came_the_same_units_were_empty(cast):
    file = building_file(building=cast.building, user=cast.econ_specialist, on=date(2023, 1, 1))
    assert (file.enterprises, file.vacant, file.coverage) == (0, 2, None)


def test_last_years_figures_keep_last_years_map(cast):
    before = clock.today() - timedelta(days=30)
    other = Place.objects.create(
        kind="community", code="t-new", name="新设社区", community_kind="virtual", since=date(2020, 1, 1)
    )
    Placement.objects.create(child=other, parent=cast.street, since=date(2020, 1, 1))
    rebuild_coverage()
    move_place(place=cast.park, to=other, on=clock.today(), reason="区划调整", by=SYSTEM)
    user = cast.street_leader
    assert wall.figures(user=user, place=cast.community, on=before).enterprises == 2
    assert wall.figures(user=user, place=cast.community, on=clock.today()).enterprises == 0
    assert wall.figures(user=user, place=other, on=clock.today()).enterprises == 2


def test_figures_nobody_can_know_are_unknown_and_not_zero(cast):
    figures = wall.figures(user=cast.street_leader, place=cast.street, on=clock.today())
    assert (figures.workers, figures.on_time, figures.satisfaction) == (None, None, None)


def test_an_open_case_is_counted_where_it_is_and_leads_to_its_row(street, client):
    figures = wall.figures(user=street.street_leader, place=street.building, on=clock.today())
    assert figures.open_cases == 1
    client.force_login(street.street_leader)
    page = client.get(reverse("dashboards:wall"), {"place": street.street.pk})
    rows = client.get(page.context["links"]["open_cases"])
    assert "电梯停运" in rows.content.decode()


def test_the_timeline_tells_newest_first(street):
    accept(case=street.case, by=SYSTEM)
    answer(case=street.case, text="已通知维保单位", by=SYSTEM)
    told = timeline_of(enterprise=street.firm, user=street.econ_specialist, limit=20)
    assert "提出：电梯停运" in [str(one.text) for one in told]
    moments = [one.at.date() if hasattr(one.at, "date") else one.at for one in told]
    assert moments == sorted(moments, reverse=True)


def test_the_number_of_queries_does_not_depend_on_the_cases(street, client, django_assert_max_num_queries):
    client.force_login(street.econ_specialist)
    for _ in range(12):
        open_case(
            enterprise=street.neighbour,
            category=Category.objects.first(),
            title="停车难",
            source=Source.DESK,
            by=SYSTEM,
        )
    with django_assert_max_num_queries(45):
        client.get(reverse("dashboards:desk"))
