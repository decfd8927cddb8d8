"""Users and roles are made by those who may, and only as far as their own reach."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied

from linqi.accounts.actions import (
    GrantRefused,
    create_user,
    disable_user,
    edit_role,
    end_grant,
    give_grant,
    reset_password,
    restore_role,
    sync_roles,
)
from linqi.accounts.models import Grant, RoleRecord, User
from linqi.accounts.queries import holders, holders_over, users_seen_by
from linqi.journal.models import Entry
from linqi.journal.verbs import Verb
from linqi.kit.access import SYSTEM, Role, may, reach_of, seen_by
from linqi.kit.clock import today
from linqi.territory.models import Place


def test_a_new_user_signs_in_once_with_the_password_and_must_choose_another(cast):
    user, password = create_user(
        username="new", display_name="张三", role=Role.COMMUNITY_SECRETARY, place=cast.community, by=cast.street_leader
    )
    assert user.check_password(password)
    assert user.must_change_password
    assert may(user, "territory.see", cast.building)
    assert not may(user, "territory.see", cast.far_building)
    verbs = list(Entry.objects.order_by("pk").values_list("verb", "place"))
    assert verbs == [(Verb.USER_CREATED.value, cast.community.pk), (Verb.GRANT_GIVEN.value, cast.community.pk)]
    assert password not in str(list(Entry.objects.values()))


def test_the_product_itself_may_make_any_user(cast):
    user, _ = create_user(
        username="e", display_name="e", role=Role.ENTERPRISE_USER, enterprise=cast.firm.pk, must_change=False, by=SYSTEM
    )
    assert not user.must_change_password
    assert reach_of(user).enterprises("cases.see") == (cast.firm.pk,)


@pytest.mark.parametrize(
    ("giver", "role", "over"),
    [
        pytest.param("street_leader", Role.COMMUNITY_SECRETARY, "far_street", id="a leader in another street"),
        pytest.param("street_leader", Role.STREET_LEADER, "district", id="a leader over the whole district"),
        pytest.param("street_leader", Role.DISTRICT_OPERATOR, "street", id="a leader makes an operator"),
        pytest.param("econ_specialist", Role.ECON_SPECIALIST, "street", id="a specialist makes a colleague"),
        pytest.param("nobody", Role.ECON_SPECIALIST, "street", id="nobody makes somebody"),
        pytest.param("street_leader", Role.ENTERPRISE_USER, "street", id="an enterprise role over a place"),
    ],
)
def test_nobody_hands_on_more_than_their_reach(cast, giver, role, over):
    with pytest.raises(GrantRefused):
        give_grant(user=cast.nobody, role=role, place=cast.places[over], by=cast.users[giver])
    assert not cast.nobody.grants.exists()
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    ("giver", "role", "over"),
    [
        ("district_operator", Role.STREET_LEADER, {"place": "far_street"}),
        ("district_operator", Role.DISTRICT_OPERATOR, {"place": "district"}),
        ("street_leader", Role.STREET_LEADER, {"place": "street"}),
        ("street_leader", Role.PROPERTY_MANAGER, {"place": "building"}),
        ("street_leader", Role.ENTERPRISE_USER, {"enterprise": "firm"}),
        ("street_leader", Role.DEPARTMENT_HANDLER, {"department": "economy"}),
    ],
)
def test_roles_are_handed_on_within_ones_reach(cast, giver, role, over):
    thing = {what: getattr(cast, key) for what, key in over.items()}
    grant = give_grant(user=cast.nobody, role=role, **thing, by=cast.users[giver])
    assert grant.role.code == role.value


@pytest.mark.parametrize(
    ("what", "key"), [("enterprise", "far_firm"), ("department", "far_economy")], ids=["enterprise", "department"]
)
def test_things_of_another_street_are_out_of_reach(cast, what, key):
    role = {"enterprise": Role.ENTERPRISE_USER, "department": Role.DEPARTMENT_HANDLER}[what]
    with pytest.raises(GrantRefused):
        give_grant(user=cast.nobody, role=role, **{what: getattr(cast, key)}, by=cast.street_leader)


@pytest.mark.parametrize(
    ("since", "until", "held"),
    [
        pytest.param(-10, None, True, id="since ten days, without end"),
        pytest.param(-10, 1, True, id="the last day is still held"),
        pytest.param(-10, 0, False, id="the first day it is no longer held"),
        pytest.param(-10, -5, False, id="expired"),
        pytest.param(0, None, True, id="from today"),
        pytest.param(1, None, False, id="from tomorrow"),
    ],
)
def test_a_grant_counts_on_its_days_only(cast, since, until, held):
    day = today()
    Grant.objects.create(
        user=cast.nobody,
        role=RoleRecord.objects.get(code="econ_specialist"),
        place=cast.street,
        since=day + timedelta(days=since),
        until=None if until is None else day + timedelta(days=until),
    )
    user = User.objects.get(pk=cast.nobody.pk)
    assert seen_by(user, Place).filter(pk=cast.unit.pk).exists() is held


def test_an_ended_grant_is_kept_with_its_dates_and_no_longer_counts(cast):
    grant = cast.econ_specialist.grants.get()
    end_grant(grant=grant, by=cast.street_leader)
    grant.refresh_from_db()
    assert (grant.since, grant.until) == (date(2020, 1, 1), today())
    assert not may(User.objects.get(username="econ_specialist"), "territory.see", cast.street)
    assert Entry.objects.get().verb == Verb.GRANT_ENDED.value


def test_a_grant_out_of_reach_is_not_ended(cast):
    with pytest.raises(PermissionDenied):
        end_grant(grant=cast.stranger.grants.get(), by=cast.street_leader)


@pytest.mark.parametrize("action", [disable_user, reset_password])
@pytest.mark.parametrize("key", ["district_operator", "stranger", "nobody", "street_leader", "far_enterprise_user"])
def test_nobody_locks_out_whom_they_could_not_have_made(cast, action, key):
    with pytest.raises(PermissionDenied):
        action(user=cast.users[key], by=cast.street_leader)
    assert User.objects.get(username=key).is_active


def test_a_user_with_one_role_elsewhere_is_not_in_hand(cast):
    give_grant(user=cast.stranger, role=Role.ECON_SPECIALIST, place=cast.street, by=cast.district_operator)
    with pytest.raises(PermissionDenied):
        reset_password(user=cast.stranger, by=cast.street_leader)


def test_disabled_means_nothing_is_held_any_more(cast):
    disable_user(user=cast.econ_specialist, by=cast.street_leader)
    user = User.objects.get(username="econ_specialist")
    assert not user.is_active
    assert not may(user, "territory.see", cast.street)


def test_the_list_of_users_is_the_list_of_ones_reach(cast):
    names = set(users_seen_by(cast.street_leader).values_list("username", flat=True))
    assert {"street_leader", "econ_specialist", "enterprise_user", "department_handler", "property_manager"} <= names
    assert not names & {"stranger", "far_enterprise_user", "nobody", "district_operator"}
    assert set(users_seen_by(cast.econ_specialist).values_list("username", flat=True)) == {"econ_specialist"}


def test_an_edited_role_stays_edited_until_it_is_restored(cast):
    role = RoleRecord.objects.get(code="econ_specialist")
    edit_role(role=role, permissions=["territory.see", "no.such"], by=cast.district_operator)
    sync_roles()
    role.refresh_from_db()
    assert (role.permissions, role.edited) == (["territory.see"], True)
    restore_role(role=role, by=cast.district_operator)
    assert len(role.permissions) > 1
    assert not role.edited


def test_a_leader_edits_no_roles(cast):
    with pytest.raises(PermissionDenied):
        edit_role(role=RoleRecord.objects.first(), permissions=[], by=cast.street_leader)


def test_whom_a_matter_of_a_place_concerns(cast):
    found = holders([Role.ECON_SPECIALIST, Role.STREET_LEADER], cast.unit.pk, today())
    assert set(found) == {cast.econ_specialist, cast.street_leader}
    assert set(holders_over("enterprise", cast.firm.pk, today())) == {cast.enterprise_user}
