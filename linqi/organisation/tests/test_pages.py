"""Chart, coverage, bodies, people and companies as pages: read, filled in, refused."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from linqi.kit.clock import today
from linqi.kit.measures import Span
from linqi.organisation import actions, queries_matrix
from linqi.organisation.measures import vacant_posts, vacant_seats
from linqi.organisation.models import Body, BodySeat, Company, Employment, Mandate, Person, PostHolding, Substitution
from linqi.organisation.rules import TeamRole
from linqi.territory.actions import move_place

DAY = date(2026, 3, 2)
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def matrix(cast):
    """The three levels and the committee, a secretary in the branch."""
    leader = cast.street_leader
    made = {
        kind: actions.found_body(kind=kind, place=place, name=name, since=DAY, by=leader)
        for kind, place, name in (
            ("street_committee", cast.street, "前滩街道党工委"),
            ("community_committee", cast.community, "云谷科创共同体党委"),
            ("branch", cast.park, "云谷一园党总支"),
            ("affairs_committee", cast.community, "云谷经济体事务委员会"),
        )
    }
    person = actions.enter_person(place=cast.community, name="许知行", by=leader)
    actions.give_body_seat(
        body=made["branch"], role="head", person=person, since=DAY, until=DAY + timedelta(days=30), by=leader
    )
    return made


def entered(client, user):
    client.force_login(user, backend=BACKEND)
    return client


def test_the_chart_hangs_each_body_under_the_one_above(cast, matrix):
    roots = queries_matrix.chart_on(cast.street_leader, DAY)
    assert [box.body for box in roots] == [matrix["street_committee"], matrix["affairs_committee"]]
    committee = roots[0].below[0]
    assert committee.body == matrix["community_committee"]
    assert committee.vacant
    assert [str(line.person) for line in committee.below[0].lines] == ["许知行"]
    assert not committee.below[0].vacant


def test_a_body_follows_its_place_to_another_community(cast, matrix):
    from linqi.territory.models import Place, Placement

    other = Place.objects.create(
        kind="community", code="t-other", name="另一社区", community_kind="established", since=date(2020, 1, 1)
    )
    Placement.objects.create(child=other, parent=cast.street, since=date(2020, 1, 1))
    from linqi.territory.actions import rebuild_coverage

    rebuild_coverage()
    actions.found_body(kind="community_committee", place=other, name="另一党委", since=DAY, by=cast.street_leader)
    moved = DAY + timedelta(days=40)
    move_place(place=cast.park, to=other, on=moved, reason="区划调整", by=cast.street_leader)
    names = lambda day: {  # noqa: E731
        box.body.name: [below.body.name for below in box.below]
        for box in queries_matrix.chart_on(cast.street_leader, day)[0].below
    }
    assert names(moved - timedelta(days=1))["云谷科创共同体党委"] == ["云谷一园党总支"]
    assert names(moved) == {"云谷科创共同体党委": [], "另一党委": ["云谷一园党总支"]}


def test_the_page_shows_who_held_a_seat_on_a_past_day(client, cast, matrix):
    entered(client, cast.party_specialist)
    page = reverse("organisation:body", args=[matrix["branch"].pk])
    assert "2026-03-10 在任" in client.get(f"{page}?on=2026-03-10").content.decode()
    chart = reverse("organisation:chart")
    assert "许知行" in client.get(f"{chart}?on=2026-03-10").content.decode()
    assert "许知行" not in client.get(f"{chart}?on=2026-05-10").content.decode()
    assert "云谷一园党总支" not in client.get(f"{chart}?on=2026-01-10").content.decode()
    assert client.get(f"{chart}?on=nonsense").status_code == 200


@pytest.mark.parametrize("who", ["econ_specialist", "district_operator", "property_manager", "department_handler"])
def test_who_is_outside_of_the_party_space_sees_none_of_it(client, cast, matrix, who):
    entered(client, cast.users[who])
    for name in ("chart", "bodies", "people"):
        text = client.get(reverse(f"organisation:{name}")).content.decode()
        assert "党工委</a>" not in text
        assert "云谷一园党总支" not in text
    assert client.get(reverse("organisation:body", args=[matrix["branch"].pk])).status_code == 404
    assert client.get(reverse("organisation:coverage")).status_code == 403
    person = Person.objects.get()
    answer = client.get(reverse("organisation:person", args=[person.pk]))
    assert answer.status_code == 404 or "云谷一园党总支" not in answer.content.decode()


def test_coverage_names_the_park_without_an_organisation_and_the_building_without_a_team(client, cast):
    entered(client, cast.party_specialist)
    page = reverse("organisation:coverage")
    assert cast.park.name in client.get(f"{page}?kind=park&organised=none").content.decode()
    body = actions.found_body(kind="branch", place=cast.park, name="支部", since=DAY, by=cast.party_specialist)
    assert queries_matrix.counted(cast.party_specialist) == queries_matrix.Counted(1, 0, 1, 0)
    assert cast.building.name in client.get(f"{page}?organised=above").content.decode()
    assert cast.building.name in client.get(f"{page}?manning=none").content.decode()
    assert cast.building.name not in client.get(f"{page}?manning=full").content.decode()
    actions.end_body(body=body, on=today(), by=cast.party_specialist)
    assert queries_matrix.counted(cast.party_specialist).buildings_open == 1


def test_a_body_is_founded_and_seated_by_its_pages(client, cast, matrix):
    entered(client, cast.party_specialist)
    person = Person.objects.get()
    asked = {"kind": "branch", "place": cast.building.pk, "name": "一号楼党支部", "since": "2026-04-01"}
    assert client.post(reverse("organisation:found_body"), asked).status_code == 302
    body = Body.objects.get(name="一号楼党支部")
    seat = {"role": "head", "person": person.pk, "since": "2026-03-01"}
    refused = client.post(reverse("organisation:give_body_seat", args=[body.pk]), seat)
    assert "请改晚开始日期" in refused.content.decode()
    client.post(reverse("organisation:give_body_seat", args=[body.pk]), {**seat, "since": "2026-04-02"})
    held = BodySeat.objects.get(body=body)
    client.post(reverse("organisation:end_body_seat", args=[held.pk]), {"on": "2026-05-02"})
    client.post(reverse("organisation:end_body", args=[body.pk]), {"on": "2026-06-02"})
    body.refresh_from_db()
    held.refresh_from_db()
    assert (held.until, body.until) == (date(2026, 5, 2), date(2026, 6, 2))
    assert client.post(reverse("organisation:found_body"), {**asked, "place": cast.street.pk}).status_code == 200


def test_people_posts_employers_and_companies_by_their_pages(client, cast):
    entered(client, cast.community_secretary)
    client.post(reverse("organisation:enter_person"), {"name": "许知行", "place": cast.community.pk})
    client.post(
        reverse("organisation:enter_company"),
        {"name": "安居物业", "kind": "property", "place": cast.community.pk, "since": "2026-03-01"},
    )
    person, company = Person.objects.get(), Company.objects.get()
    client.post(
        reverse("organisation:give_post", args=[person.pk]),
        {"community": cast.community.pk, "post": "economy", "footing": "own", "since": "2026-03-02"},
    )
    work = {"community": "", "company": company.pk, "percent": 70, "since": "2026-03-02"}
    client.post(reverse("organisation:employ", args=[person.pk]), work)
    again = client.post(reverse("organisation:employ", args=[person.pk]), work)
    assert "不能超过 100%" in again.content.decode()
    assert "安居物业" in client.get(reverse("organisation:person", args=[person.pk])).content.decode()
    client.post(
        reverse("organisation:give_mandate", args=[company.pk]), {"place": cast.building.pk, "since": "2026-03-02"}
    )
    assert "安居物业" in client.get(reverse("organisation:team", args=[cast.building.pk])).content.decode()
    for name, row in (
        ("end_post", PostHolding.objects.get()),
        ("end_employment", Employment.objects.get()),
        ("end_mandate", Mandate.objects.get()),
    ):
        assert client.post(reverse(f"organisation:{name}", args=[row.pk]), {"on": "2026-03-09"}).status_code == 302
        row.refresh_from_db()
        assert row.until == date(2026, 3, 9)
    assert client.get(reverse("organisation:company", args=[company.pk])).status_code == 200
    entered(client, cast.econ_specialist)
    seen = client.get(reverse("organisation:person", args=[person.pk])).content.decode()
    assert "许知行" in seen
    assert "70%" not in seen


def test_substitution_hand_over_and_dissolving_by_their_pages(client, cast):
    by = cast.community_secretary
    team = actions.form_team(building=cast.building, members={TeamRole.OPERATOR: cast.econ_specialist}, by=by)
    assert (vacant_seats(_SPAN, cast.street.pk), vacant_seats(_SPAN, cast.far_street.pk)) == (2, None)
    assert (vacant_posts(_SPAN, cast.street.pk), vacant_posts(_SPAN, cast.unit.pk)) == (5, None)
    actions.change_seat(team=team, role=TeamRole.OPERATOR, user=cast.party_specialist, note="两家搬迁中", by=by)
    page = reverse("organisation:team", args=[cast.building.pk])
    entered(client, cast.party_specialist)
    assert "两家搬迁中" in client.get(page).content.decode()
    client.post(reverse("organisation:receive", args=[cast.building.pk]))
    assert "已接收" in client.get(page).content.decode()
    entered(client, by)
    days = {"since": today(), "until": today() + timedelta(days=3)}
    there = reverse("organisation:substitute", args=[cast.building.pk, "operator"])
    assert client.post(there, {"user": cast.econ_specialist.pk, **days}).status_code == 302
    assert Substitution.objects.count() == 1
    assert "代班至" in client.get(page).content.decode()
    assert client.get(reverse("organisation:substitute", args=[cast.building.pk, "party_member"])).status_code == 404
    client.post(reverse("organisation:end_team", args=[cast.building.pk]))
    assert "还没有联楼小组" in client.get(page).content.decode()
    assert "那一天没有联楼小组" in client.get(f"{page}?on=2026-01-01").content.decode()


_SPAN = Span(date(2026, 1, 1), date(2026, 12, 31))
