"""Departments and link teams: formed, manned, vacated, by those who may."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from linqi.journal.models import Entry
from linqi.kit.measures import Span
from linqi.organisation import actions
from linqi.organisation.measures import covered
from linqi.organisation.models import Department, LinkTeam, LinkTeamSeat
from linqi.organisation.queries import team_card
from linqi.organisation.rules import Manning, TeamRole

ALL_THREE = {
    TeamRole.PARTY_MEMBER: "party_specialist",
    TeamRole.OPERATOR: "econ_specialist",
    TeamRole.PROPERTY_MANAGER: "property_manager",
}


def test_a_team_is_full_with_one_of_each(cast):
    members = {role: cast.users[who] for role, who in ALL_THREE.items()}
    team = actions.form_team(building=cast.building, members=members, by=cast.community_secretary)
    assert team_card(cast.building).manning is Manning.FULL
    from datetime import date

    span = Span(date(2026, 1, 1), date(2026, 12, 31))
    assert covered(span, cast.street.pk) == 1
    assert covered(span, cast.far_street.pk) == 0
    assert covered(span, cast.unit.pk) is None
    actions.change_seat(team=team, role=TeamRole.OPERATOR, user=None, by=cast.community_secretary)
    assert team_card(cast.building).manning is Manning.VACANT
    assert LinkTeamSeat.objects.filter(team=team, role="operator").exclude(until=None).exists()
    assert Entry.objects.filter(verb="organisation.link_seat_changed").count() == 4


@pytest.mark.parametrize("who", ["stranger", "enterprise_user", "nobody", "econ_specialist", "property_manager"])
def test_forming_a_team_is_refused(cast, who):
    with pytest.raises(PermissionDenied):
        actions.form_team(building=cast.building, by=cast.users[who])
    assert not LinkTeam.objects.exists()


def test_a_building_has_one_team_and_only_its_own_people(cast):
    team = actions.form_team(building=cast.building, by=cast.community_secretary)
    with pytest.raises(ValidationError):
        actions.form_team(building=cast.building, by=cast.community_secretary)
    with pytest.raises(ValidationError):
        actions.change_seat(team=team, role=TeamRole.OPERATOR, user=cast.stranger, by=cast.community_secretary)
    with pytest.raises(ValidationError):
        actions.form_team(building=cast.park, by=cast.community_secretary)


def test_departments_are_created_once_and_defaults_fill_gaps(cast):
    actions.create_department(street=cast.street, code="urban", name="城管科", by=cast.street_leader)
    with pytest.raises(ValidationError):
        actions.create_department(street=cast.street, code="urban", name="又一个", by=cast.street_leader)
    with pytest.raises(PermissionDenied):
        actions.create_department(street=cast.street, code="x", name="外人的", by=cast.stranger)
    made = actions.seed_departments(street=cast.street, by=cast.street_leader)
    assert "urban" not in {one.code for one in made}
    assert actions.seed_departments(street=cast.street, by=cast.street_leader) == []
    assert Department.objects.get(street=cast.street, code="economy").name == "经济发展科"


def test_pages(client, cast):
    client.force_login(cast.community_secretary, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert cast.building.name in client.get(reverse("organisation:teams")).content.decode()
    assert cast.building.name not in client.get(reverse("organisation:teams") + "?manning=full").content.decode()
    assert client.get(reverse("organisation:team", args=[cast.far_building.pk])).status_code == 404
    client.post(reverse("organisation:form_team", args=[cast.building.pk]))
    client.post(
        reverse("organisation:change_seat", args=[cast.building.pk, "operator"]),
        {"operator-role": "operator", "operator-user": cast.econ_specialist.pk},
    )
    page = client.get(reverse("organisation:team", args=[cast.building.pk])).content.decode()
    assert "econ_specialist" in page
    assert "空缺" in page
    assert client.get(reverse("organisation:departments")).status_code == 200
