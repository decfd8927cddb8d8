"""The choke point: what was not granted is refused, what was granted adds up, and only on the days it is valid."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db.models import Q
from django.http import HttpResponse

from linqi.accounts.models import Grant, RoleRecord
from linqi.cases.models import Case
from linqi.enterprises.models import Enterprise
from linqi.kit import access
from linqi.kit.access import NOTHING, SYSTEM, Held, Reach, Role, by_department, by_enterprise, by_owner
from linqi.kit.clock import today

SEE = "things.see"
DAY = timedelta(days=1)


def reach(*held, user=SYSTEM):
    return Reach(user, tuple(Held("role", frozenset({SEE}), **over) for over in held))


def names(user):
    return set(access.seen_by(user, Enterprise).values_list("name", flat=True))


def give(user, role, **more):
    Grant.objects.create(user=user, role=RoleRecord.objects.get(code=role), **more)
    access.forget(user)


def test_scopes_add_up():
    both = by_enterprise("firm") | by_department("office")
    assert both.condition(reach({"enterprise": 1}), SEE).children == [Q(firm__in=(1,))]
    condition = both.condition(reach({"enterprise": 1}, {"department": 2}), SEE)
    assert condition.connector == "OR"
    assert condition.children == [Q(firm__in=(1,)), Q(office__in=(2,))]


def test_scopes_that_cover_nothing_add_up_to_nothing():
    assert (by_enterprise("firm") | by_department("office") | by_owner("user")).condition(reach(), SEE) == NOTHING


def test_a_grant_covers_only_the_permissions_it_carries():
    assert by_enterprise("firm").condition(reach({"enterprise": 1}), "things.burn") == NOTHING


def test_who_holds_nothing_sees_nothing_and_may_nothing(cast):
    assert names(cast.nobody) == set()
    assert not access.may_anywhere(cast.nobody, "enterprises.see")
    with pytest.raises(PermissionDenied):
        access.require(cast.nobody, "enterprises.see", cast.firm)


def test_who_is_not_signed_in_sees_nothing(cast):
    assert names(AnonymousUser()) == set()


def test_who_was_locked_out_sees_nothing(cast):
    cast.street_leader.is_active = False
    access.forget(cast.street_leader)
    assert names(cast.street_leader) == set()


def test_insiders_and_strangers_see_their_own_street(cast):
    assert names(cast.street_leader) == {cast.firm.name, cast.neighbour.name}
    assert names(cast.stranger) == {cast.far_firm.name}
    assert not access.may(cast.stranger, "enterprises.see", cast.firm)


def test_an_enterprise_sees_itself_and_not_its_neighbour(cast):
    assert names(cast.enterprise_user) == {cast.firm.name}


def test_grants_over_two_streets_add_up(cast):
    give(cast.stranger, Role.ECON_SPECIALIST, place=cast.street, since=today())
    assert names(cast.stranger) == {cast.firm.name, cast.neighbour.name, cast.far_firm.name}


@pytest.mark.parametrize(
    ("since", "until", "valid"),
    [
        pytest.param(-2 * DAY, None, True, id="without an end"),
        pytest.param(0 * DAY, None, True, id="from today"),
        pytest.param(DAY, None, False, id="from tomorrow"),
        pytest.param(-2 * DAY, DAY, True, id="to the end of today"),
        pytest.param(-2 * DAY, 0 * DAY, False, id="ended this morning"),
    ],
)
def test_a_grant_holds_on_the_days_it_is_valid(cast, since, until, valid):
    ends = None if until is None else today() + until
    give(cast.nobody, Role.STREET_LEADER, place=cast.street, since=today() + since, until=ends)
    assert bool(names(cast.nobody)) is valid


def test_the_product_itself_sees_everything(cast):
    assert len(names(SYSTEM)) == 3
    access.require(SYSTEM, "enterprises.see", cast.far_firm)


def test_a_model_without_a_scope_is_refused_at_the_start_and_at_the_question(cast, monkeypatch):
    monkeypatch.delitem(access._SCOPES, Case)
    with pytest.raises(ImproperlyConfigured, match=r"cases\.Case"):
        access.check_declared([Enterprise, Case])
    with pytest.raises(KeyError):
        access.seen_by(cast.street_leader, Case)


def test_a_scope_read_by_an_undeclared_permission_is_refused_at_the_start(monkeypatch):
    monkeypatch.delitem(access.PERMISSIONS, access._SCOPES[Case][0])
    with pytest.raises(ImproperlyConfigured, match="not declared"):
        access.check_declared([Case])


def test_a_permission_nobody_declared_is_a_fault_and_not_a_no(cast):
    with pytest.raises(ImproperlyConfigured, match="never declared"):
        access.may_anywhere(cast.street_leader, "moon.land")


def test_a_permission_and_a_scope_are_declared_once():
    with pytest.raises(ImproperlyConfigured, match="twice"):
        access.allow("enterprises.see", label="看企业")
    with pytest.raises(ImproperlyConfigured, match="two scopes"):
        access.scope(Enterprise, "enterprises.see", by_enterprise("pk"))


@pytest.mark.parametrize("opens", [access.to_everyone, access.to_nobody, access.open_to_signed_in])
def test_what_is_open_or_closed_to_all_needs_a_reason(opens):
    with pytest.raises(ImproperlyConfigured, match="reason"):
        opens(" ")


def test_a_marked_page_opens_to_who_holds_the_permission(cast, rf):
    page = access.page("enterprises.see")(lambda request: HttpResponse("in"))
    request = rf.get("/")
    request.user = cast.street_leader
    assert page(request).content == b"in"
    request.user = cast.nobody
    with pytest.raises(PermissionDenied):
        page(request)
