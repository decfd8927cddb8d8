"""How often a building is visited: laid over one another without changing the past, taken back exactly; pages and scope."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linqi.journal.models import Entry
from linqi.kit import clock
from linqi.kit.access import SYSTEM
from linqi.kit.clock import today
from linqi.territory.actions import rebuild_coverage
from linqi.territory.models import Place, Placement
from linqi.visits import planning, rota
from linqi.visits.actions.planning import set_terms
from linqi.visits.actions.rota import set_rota, take_back_rota
from linqi.visits.models import BuildingRota, PlanTerms
from linqi.visits.rules.rota import Spell, in_force, laid_over

NOON = clock.datetime(2026, 3, 2, 12, tzinfo=clock.ZONE)
SET = st.tuples(st.integers(0, 12), st.none() | st.integers(1, 8), st.none() | st.integers(0, 5))


def day(offset):
    return NOON.date() + timedelta(days=offset)


def everything():
    """All rotas, column by column."""
    return sorted(map(repr, BuildingRota.objects.values()))


def rows(building):
    """What is in force, span by span in order of time: days from today and visits."""
    found = BuildingRota.objects.filter(building=building).order_by("since")
    return [
        (
            (one.since - today()).days if one.since else None,
            (one.until - today()).days if one.until else None,
            one.visits,
        )
        for one in found
    ]


# --- pure -------------------------------------------------------------------------------------------------------------
@given(st.lists(SET, max_size=8))
def test_on_each_day_holds_what_was_set_last_for_it_and_nothing_twice(told):
    spells, expected = [], dict.fromkeys(range(30))
    for since, length, visits in told:
        until = None if length is None else day(since + length)
        laid = laid_over(spells, day(since), until)
        touched = {id(one) for one in spells if one.since is None or until is None or one.since < until}
        touched &= {id(one) for one in spells if one.until is None or one.until > day(since)}
        spells = [one for one in spells if id(one) not in touched]
        spells += [*laid.cut, *laid.behind, Spell(day(since), until, visits)]
        for at in range(since, 30 if length is None else min(30, since + length)):
            expected[at] = (visits,)
    for at in range(30):
        covering = [one for one in spells if one.covers(day(at))]
        assert len(covering) <= 1
        found = in_force(spells, day(at))
        assert (None if found is None else (found.visits,)) == expected[at]


# --- in the database --------------------------------------------------------------------------------------------------
def test_a_time_of_its_own_ends_and_what_stood_before_goes_on(cast):
    set_rota(building=cast.building, visits=2, by=cast.econ_specialist)
    set_rota(
        building=cast.building, visits=0, since=today() + timedelta(days=7), until=today() + timedelta(days=14),
        reason="整楼装修", by=cast.econ_specialist,
    )  # fmt: skip
    assert rows(cast.building) == [(0, 7, 2), (7, 14, 0), (14, None, 2)]
    assert rota.rota_on([cast.building.pk], today() + timedelta(days=8))[cast.building.pk].visits == 0
    set_rota(building=cast.building, visits=None, since=today() + timedelta(days=20), by=cast.econ_specialist)
    assert rows(cast.building)[-1] == (20, None, None)
    assert Entry.objects.filter(verb="visits.rota_set", subject_id=cast.building.pk).count() == 3


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"visits": 8}, "visits"),
        ({"visits": -1}, "visits"),
        ({"visits": 1, "opens": 600}, "opens"),
        ({"visits": 1, "opens": 600, "closes": 600}, "opens"),
        ({"visits": None, "opens": 600, "closes": 700}, "closes"),
        ({"visits": 1, "since": date(2020, 1, 1)}, "since"),
        ({"visits": 1, "until": date(2020, 1, 1)}, "until"),
    ],
)
def test_what_cannot_be_is_refused_by_field(cast, said, field):
    with pytest.raises(ValidationError) as refused:
        set_rota(building=cast.building, by=SYSTEM, **said)
    assert set(refused.value.message_dict) == {field}
    assert not BuildingRota.objects.exists()


def test_only_buildings_and_only_by_who_plans_there(cast):
    with pytest.raises(ValidationError):
        set_rota(building=cast.park, visits=1, by=SYSTEM)
    for who in ("stranger", "street_leader", "property_manager", "enterprise_user", "nobody"):
        with pytest.raises(PermissionDenied):
            set_rota(building=cast.building, visits=1, by=cast.users[who])
    made = set_rota(building=cast.building, visits=1, by=cast.econ_specialist)
    with pytest.raises(PermissionDenied):
        take_back_rota(rota=made, by=cast.stranger)


@given(st.lists(SET, max_size=5), SET)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_set_and_taken_back_everything_is_as_before(cast, history, last):
    def put(since, length, visits):
        until = None if length is None else day(since + length)
        return set_rota(building=cast.building, visits=visits, since=day(since), until=until, by=SYSTEM)

    with transaction.atomic(), clock.standing(NOON):
        steps = [everything()]
        for one in [*history, last]:
            put(*one)
            steps.append(everything())
        for before in reversed(steps[:-1]):
            take_back_rota(rota=rota.last_set(cast.building), by=SYSTEM)
            assert everything() == before
        transaction.set_rollback(True)


def test_what_has_been_in_force_stays_and_ends_today(cast):
    with clock.standing(NOON):
        set_rota(building=cast.building, visits=2, by=SYSTEM)
        made = set_rota(building=cast.building, visits=5, since=day(2), until=day(20), by=SYSTEM)
    with clock.standing(NOON + timedelta(days=5)):
        take_back_rota(rota=made, by=SYSTEM)
        assert rows(cast.building) == [(-5, -3, 2), (-3, 0, 5), (0, None, 2)]
        with pytest.raises(ValidationError, match=r"已到期|最近一次"):
            take_back_rota(rota=made, by=SYSTEM)


def test_an_older_setting_is_not_taken_back_over_a_newer_one(cast):
    old = set_rota(building=cast.building, visits=2, by=SYSTEM)
    set_rota(building=cast.building, visits=3, since=today() + timedelta(days=1), by=SYSTEM)
    before = everything()
    with pytest.raises(ValidationError, match="最近一次"):
        take_back_rota(rota=old, by=SYSTEM)
    assert everything() == before


# --- pages ------------------------------------------------------------------------------------------------------------
def get(client, who, name, *args, query=""):
    client.force_login(who)
    return client.get(reverse(f"visits:{name}", args=args) + query)


def post(client, who, name, *args, **sent):
    client.force_login(who)
    return client.post(reverse(f"visits:{name}", args=args), sent)


def listed(client, who, query=""):
    return {row.object.pk for row in get(client, who, "rota", query=query).context["table"].rows}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", True),
        ("?q=一号楼", True),
        ("?q=二号楼", False),
        ("?set=own", False),
        ("?set=street", True),
        ("?times=3", True),
        ("?times=2", False),
        ("?sort=-times&cols=name,code,reason,until", True),
    ],
)
def test_the_list_shows_the_default_as_such_and_is_narrowed(cast, client, query, found):
    assert (cast.building.pk in listed(client, cast.econ_specialist, query)) == found
    assert cast.far_building.pk not in listed(client, cast.econ_specialist, query)


def test_the_list_says_what_holds_and_what_comes(cast, client):
    who, soon = cast.econ_specialist, today() + timedelta(days=3)
    set_rota(building=cast.building, visits=1, opens=570, closes=690, until=soon, reason="集中办公日", by=who)
    text = get(client, who, "rota", query="?cols=name,times,from,hours,next,reason,until").content.decode()
    for words in ("本楼另设", "09:30–11:30", f"{soon.isoformat()} 起：按街道默认", "集中办公日"):
        assert words in text
    assert cast.building.pk in listed(client, who, f"?set=own&times=1&park={cast.park.pk}")
    answer = get(client, who, "rota", query="?export=csv&set=own")
    assert "一号楼" in b"".join(answer.streaming_content).decode("utf-8-sig")
    assert Entry.objects.get(verb="kit.exported").data["rows"] == 1


def test_the_street_default_counts_where_a_building_has_none(cast, client):
    said = {key: value for key, value in planning.default_terms().items() if key != "source"}
    set_terms(street=cast.street, source="某文件", by=cast.street_leader, **{**said, "visits": 2})
    assert cast.building.pk in listed(client, cast.econ_specialist, "?times=2")
    assert cast.far_building.pk in listed(client, cast.stranger, "?times=3")


def test_the_list_costs_the_same_queries_however_many_buildings(cast, client, django_assert_max_num_queries):
    client.force_login(cast.econ_specialist)

    def asked():
        with django_assert_max_num_queries(40) as counted:
            client.get(reverse("visits:rota") + "?size=100")
        return len(counted)

    asked()
    few = asked()
    for number in range(30):
        made = Place.objects.create(kind="building", code=f"t-more{number}", name=f"{number}幢", since=date(2020, 1, 1))
        Placement.objects.create(child=made, parent=cast.park, since=date(2020, 1, 1))
        BuildingRota.objects.create(building=made, visits=number % 5)
    rebuild_coverage()
    assert asked() == few


def test_a_building_is_set_and_taken_back_on_its_page(cast, client):
    who, pk = cast.econ_specialist, cast.building.pk
    assert "产品默认，非街道规定" in get(client, who, "rota_of", pk).content.decode()
    sent = {"how": "own", "visits": "2", "since": today().isoformat(), "opens": "09:30", "closes": "11:30"}
    assert post(client, who, "rota_of", pk, **sent).status_code == 302
    text = get(client, who, "rota_of", pk).content.decode()
    assert "每周 2 次，09:30–11:30" in text
    made = BuildingRota.objects.get()
    assert (made.opens, made.closes, made.set_by) == (570, 690, who)
    assert post(client, who, "rota_back", pk, rota=made.pk).status_code == 302
    assert not BuildingRota.objects.exists()
    assert "撤回楼宇轮值" in get(client, who, "rota_of", pk).content.decode()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"visits": ""}, "visits"),
        ({"visits": "9"}, "visits"),
        ({"opens": "09:30"}, "opens"),
        ({"since": "2020-01-01"}, "since"),
        ({"since": "x"}, "since"),
        ({"until": "2020-01-01"}, "until"),
    ],
)
def test_a_wrong_entry_is_said_beside_its_field(cast, client, changed, field):
    sent = {"how": "own", "visits": "2", "since": today().isoformat()}
    answer = post(client, cast.econ_specialist, "rota_of", cast.building.pk, **{**sent, **changed})
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not BuildingRota.objects.exists()


def test_several_buildings_at_once(cast, client):
    who, picked = cast.econ_specialist, [cast.building.pk, cast.far_building.pk]
    asked = post(client, who, "rota_many", pick=picked)
    assert "一号楼" in asked.content.decode()
    assert "二号楼" not in asked.content.decode()
    sent = {"pick": picked, "said": "1", "how": "own", "visits": "1", "since": today().isoformat()}
    assert post(client, who, "rota_many", **{**sent, "visits": ""}).status_code == 422
    assert post(client, who, "rota_many", **sent).status_code == 302
    assert [one.building for one in BuildingRota.objects.all()] == [cast.building]
    back = post(client, who, "rota_many", back="https://evil.example/visits/rota/")
    assert back["Location"] == reverse("visits:rota")


@pytest.mark.parametrize("who", ["stranger", "property_manager", "enterprise_user", "nobody"])
def test_strangers_find_no_building_and_change_none(cast, client, who):
    user, pk = cast.users[who], cast.building.pk
    assert get(client, user, "rota_of", pk).status_code in (403, 404)
    sent = {"how": "own", "visits": "2", "since": today().isoformat()}
    assert post(client, user, "rota_of", pk, **sent).status_code in (403, 404)
    post(client, user, "rota_many", pick=[pk], said="1", **sent)
    assert not BuildingRota.objects.exists()
    made = set_rota(building=cast.building, visits=1, by=SYSTEM)
    assert post(client, user, "rota_back", pk, rota=made.pk).status_code in (403, 404)
    assert BuildingRota.objects.exists()


def test_a_leader_reads_but_does_not_set(cast, client):
    answer = get(client, cast.street_leader, "rota_of", cast.building.pk)
    assert answer.context["form"] is None
    assert get(client, cast.street_leader, "rota").context["table"].picks == []


# --- terms ------------------------------------------------------------------------------------------------------------
def terms(**changed):
    hours = {"from0": "09:00", "to0": "11:00", "from1": "13:30", "to1": "17:00"}
    numbers = {"visits": 2, "firms": 3, "enter": 5, "chat": 10, "talk": 40, "pace": 70, "seconds": 5}
    return {**hours, **numbers, "source": "街办〔2026〕3号", **changed}


def test_the_terms_of_a_street_are_changed_with_their_source_and_restored(cast, client):
    leader, pk = cast.street_leader, cast.street.pk
    text = get(client, leader, "terms", pk).content.decode()
    assert "产品默认：09:30–11:30" in text
    assert "产品默认，非街道规定" in text
    assert post(client, leader, "terms", pk, **terms()).status_code == 302
    now = planning.terms_of(cast.street, today())
    assert (now.visits, now.hours, now.source, now.set_by) == (2, [[540, 660], [810, 1020]], "街办〔2026〕3号", leader)
    text = get(client, cast.econ_specialist, "terms", pk).content.decode()
    assert "09:00–11:00，13:30–17:00" in text
    assert "街办〔2026〕3号" in text
    assert post(client, leader, "terms_default", pk).status_code == 302
    assert planning.terms_of(cast.street, today()).is_default
    assert post(client, leader, "terms_default", pk).status_code == 302, "told that there is nothing to restore"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"visits": "8"}, "visits"),
        ({"firms": "0"}, "firms"),
        ({"pace": "x"}, "pace"),
        ({"source": " "}, "source"),
        ({"to0": "08:00"}, "to0"),
        ({"to1": ""}, "to1"),
        ({"from1": "10:30"}, "from1"),
        ({"from0": ""}, "from0"),
    ],
)
def test_wrong_terms_are_said_beside_their_field(cast, client, changed, field):
    answer = post(client, cast.street_leader, "terms", cast.street.pk, **terms(**changed))
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not PlanTerms.objects.filter(street=cast.street).exists()


@pytest.mark.parametrize("who", ["stranger", "far_enterprise_user", "enterprise_user", "nobody"])
def test_strangers_find_no_terms_and_change_none(cast, client, who):
    user, pk = cast.users[who], cast.street.pk
    assert get(client, user, "terms", pk).status_code in (403, 404)
    assert post(client, user, "terms", pk, **terms()).status_code in (403, 404)
    assert post(client, user, "terms_default", pk).status_code in (403, 404)
    assert not PlanTerms.objects.filter(street=cast.street).exists()


def test_who_plans_reads_the_terms_but_does_not_change_them(cast, client):
    pk = cast.street.pk
    assert get(client, cast.econ_specialist, "terms", pk).context["form"] is None
    answer = post(client, cast.econ_specialist, "terms", pk, **terms())
    assert answer.status_code == 200
    assert not PlanTerms.objects.filter(street=cast.street).exists()
