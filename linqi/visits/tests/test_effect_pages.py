"""Pages of measures: coverage, reasons, findings, burden; and who may see the measures of a person."""

import random
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from linqi.accounts.models import Grant, RoleRecord, User
from linqi.enterprises.actions.facts import make_claim
from linqi.enterprises.models import Relation, Tenancy
from linqi.journal.models import Entry
from linqi.journal.verbs import Verb
from linqi.kit import access, clock
from linqi.kit.access import Role
from linqi.territory.actions import rebuild_coverage
from linqi.territory.models import Place, Placement
from linqi.territory.queries import street_of
from linqi.visits import actions, coverage, people
from linqi.visits.actions import hand, planning
from linqi.visits.actions.burden import remember_person_read
from linqi.visits.coverage import Level
from linqi.visits.models import BurdenLimit, PlanFirm, PlanTerms, Visit

from .conftest import MONDAY
from .fleet import Phone

TODAY = MONDAY.date()
LOOKING = ["measures", "answers", "findings", "coverage", "burden"]


def text(response):
    return response.content.decode()


def rows_of(response):
    return b"".join(response.streaming_content).decode()


def visit(cast, days, *, by="econ_specialist", firm="firm", **more):
    enterprise = cast.enterprises[firm]
    day = TODAY - timedelta(days=days)
    return Visit.objects.create(
        enterprise=enterprise, place=enterprise.seat, street=street_of(enterprise.seat), visitor=cast.users[by], state="done", planned_for=day,
        visited_on=day, summary="见到行政。", **more,
    )  # fmt: skip


# --- coverage ---------------------------------------------------------------------------------------------------------
def test_coverage_of_every_level_adds_up_and_opens_to_its_firms(cast, street, as_):
    visit(cast, 10)
    browser = as_("street_leader")
    for level in Level:
        [one] = coverage.coverage(cast.street_leader, level, 90, TODAY)
        assert (one.firms, one.seen, one.unseen, one.share) == (2, 1, 1, 0.5)
        page = text(browser.get(f"{reverse('visits:coverage')}?level={level.value}"))
        address = f"{reverse('visits:coverage_firms', args=[one.place])}?days=90&amp;seen=no"
        assert address in page
        unseen = text(browser.get(address.replace("&amp;", "&")))
        assert cast.neighbour.name in unseen
        assert cast.firm.name not in unseen


@pytest.mark.parametrize(("days", "seen"), [(30, 0), (90, 0), (180, 1), (365, 1)])
def test_coverage_by_the_days_chosen(cast, street, at, days, seen):
    visit(cast, 90)
    [one] = coverage.coverage(cast.street_leader, Level.BUILDING, days, TODAY)
    assert one.seen == seen


def test_nobody_in_a_building_is_unknown_and_never_zero_percent(cast, street, as_):
    Tenancy.objects.filter(enterprise__in=[cast.firm, cast.neighbour]).update(until=TODAY)
    [one] = coverage.coverage(cast.street_leader, Level.BUILDING, 90, TODAY)
    assert (one.firms, one.share) == (0, None)
    page = text(as_("street_leader").get(reverse("visits:coverage")))
    assert "未知" in page
    assert "0.0%" not in page


def test_a_firm_with_two_rooms_is_one_firm(cast, street, at):
    Tenancy.objects.create(
        enterprise=cast.firm, place=cast.unit2, relation=Relation.OPERATES, since=date(2025, 1, 1), source="测试"
    )
    [one] = coverage.coverage(cast.street_leader, Level.BUILDING, 90, TODAY)
    assert one.firms == 2


def test_coverage_costs_the_same_however_many_places(cast, street, at, django_assert_num_queries):
    access.reach_of(cast.street_leader).streets("visits.see")  # asked for once
    with django_assert_num_queries(3):
        coverage.coverage(cast.street_leader, Level.BUILDING, 90, TODAY)
    for n in range(5):
        made = Place.objects.create(kind="building", code=f"more-{n}", name=f"新{n}楼", since=date(2020, 1, 1))
        Placement.objects.create(child=made, parent=cast.park, since=date(2020, 1, 1))
    rebuild_coverage()
    with django_assert_num_queries(3):
        assert len(coverage.coverage(cast.street_leader, Level.BUILDING, 90, TODAY)) == 6


# --- rows behind the numbers ------------------------------------------------------------------------------------------
def test_the_page_of_measures_says_what_is_unknown_and_leads_to_the_rows(cast, street, as_):
    made = visit(cast, 3, reasons=["newcomer"], dues={"newcomer": "2026-02-27"})
    visit(cast, 5, reasons=["at_risk"], firm="neighbour")  # its day was never kept
    actions.add_fact(visit=made, key="leased_area", text="120", by=cast.econ_specialist)
    browser = as_("street_leader")
    page = text(browser.get(reverse("visits:measures")))
    assert "只除以已有结果的" in page
    found = text(browser.get(reverse("visits:answers")))
    assert "按时" in found
    assert "期限未记录" in found
    waiting = text(browser.get(f"{reverse('visits:findings')}?held=open"))
    assert cast.firm.name in waiting
    assert cast.firm.name not in text(browser.get(f"{reverse('visits:findings')}?held=held"))


def test_lists_are_narrowed_sorted_and_exported_with_a_trace(cast, street, as_):
    visit(cast, 3, reasons=["newcomer"], dues={"newcomer": "2026-02-27"})
    browser = as_("street_leader")
    for name, asked in {
        "coverage": "level=building&sort=-share",
        "burden": "sort=-contacts",
        "answers": "reason=newcomer",
        "findings": "q=晴川",
    }.items():
        address = f"{reverse(f'visits:{name}')}?{asked}"
        assert browser.get(address).status_code == 200
        assert browser.get(f"{address}&export=csv").status_code == 200
    assert Entry.objects.filter(verb=Verb.EXPORTED).count() == 4
    firms = reverse("visits:coverage_firms", args=[cast.building.pk])
    assert cast.firm.name in rows_of(browser.get(f"{firms}?seen=yes&export=csv"))


@pytest.mark.parametrize("name", [*LOOKING, "people"])
@pytest.mark.parametrize("who", ["enterprise_user", "nobody", "department_handler"])
def test_who_does_not_see_visits_sees_no_measures(cast, street, as_, who, name):
    assert as_(who).get(reverse(f"visits:{name}")).status_code == 403


@pytest.mark.parametrize("asked", ["", "?export=csv", "?days=365&sort=-name&q=晴川", "?place={street}"])
def test_another_street_sees_nothing_of_ours(cast, street, as_, asked):
    visit(cast, 3, reasons=["newcomer"], dues={"newcomer": "2026-02-27"})
    browser = as_("stranger")
    for name in LOOKING:
        answer = browser.get(reverse(f"visits:{name}") + asked.format(street=cast.street.pk))
        body = rows_of(answer) if answer.streaming else text(answer)
        assert "晴川" not in body.replace("q=晴川", "").replace('value="晴川"', "").replace("“晴川”", "")
        assert "前滩" not in body
    assert browser.get(reverse("visits:coverage_firms", args=[cast.building.pk])).status_code == 404
    assert browser.get(reverse("visits:ledger", args=[cast.firm.pk])).status_code == 404
    assert browser.post(reverse("visits:limit", args=[cast.street.pk]), {}).status_code == 403


# --- burden -----------------------------------------------------------------------------------------------------------
def test_the_ledger_names_office_and_role_and_no_person(cast, street, as_):
    User.objects.filter(pk=cast.econ_specialist.pk).update(display_name="张三丰")
    made = visit(cast, 3)
    actions.add_fact(visit=made, key="leased_area", text="120", by=cast.econ_specialist)
    page = text(as_("street_leader").get(reverse("visits:ledger", args=[cast.firm.pk])))
    assert "经济发展专员" in page
    assert reverse("visits:detail", args=[made.pk]) in page
    assert "张三丰" not in page


def test_the_third_contact_is_warned_of_where_a_visit_is_arranged_and_begun(cast, street, as_):
    for days in (20, 3):
        visit(cast, days)
    browser = as_("econ_specialist")
    for name in ("plan", "record_new"):
        page = text(browser.get(f"{reverse(f'visits:{name}')}?enterprise={cast.firm.pk}"))
        assert "再去就是第 3 次" in page
        assert "2026-02-10" in page
    made = actions.plan_visit(enterprise=cast.firm, planned_for=TODAY, why_again="来电", by=cast.econ_specialist)
    for name in ("detail", "record"):
        assert "再去就是第 3 次" in text(browser.get(reverse(f"visits:{name}", args=[made.pk])))
    assert "再去就是" not in text(browser.get(f"{reverse('visits:plan')}?enterprise={cast.neighbour.pk}"))


@pytest.fixture
def asked_twice(cast, newcomer):
    """The firm, which two of ours rang this month."""
    for who, days in (("econ_specialist", 9), ("public_affairs_specialist", 2)):
        make_claim(
            enterprise=newcomer, key="leased_area", value="120", said_by="前台", said_on=TODAY - timedelta(days=days),
            origin="page", by=cast.users[who],
        )  # fmt: skip
    return newcomer


def test_the_plan_of_the_week_warns_of_a_third_contact(cast, street, asked_twice, as_):
    PlanTerms.objects.update(seconds=1)
    plan = planning.propose_week(
        place=cast.street, monday=TODAY, people=[cast.econ_specialist], by=cast.econ_specialist
    )
    browser = as_("street_leader")
    day = PlanFirm.objects.get(enterprise=asked_twice).stop.shift.day
    page = text(browser.get(f"{reverse('visits:week', args=[plan.pk])}?day={day.isoformat()}"))
    assert "30 天内第 3 次联系" in page
    assert "2026-02-21 询问信息" in page


def test_the_page_in_the_hand_warns_at_the_door_and_on_the_sheet(cast, street, asked_twice):
    device, token = hand.register_device(name="手机", by=cast.econ_specialist)
    headers = {"Authorization": f"Device {token}"}
    door = Client().get(reverse("visits:at"), {"b": cast.building.pk}, headers=headers).json()
    assert door["cautions"][str(asked_twice.pk)]["brief"] == "30 天内第 3 次联系"
    assert str(cast.neighbour.pk) not in door["cautions"]
    actions.start_visit(enterprise=asked_twice, day=TODAY, by=cast.econ_specialist)
    phone = Phone(token, random.Random(device.pk))
    body = phone.parcel(clock.now(), 50)
    [sheet] = (
        Client()
        .post(reverse("visits:exchange"), body, content_type="application/json", headers=headers)
        .json()["sheets"]
    )
    assert [line[:10] for line in sheet["caution"]["earlier"]] == ["2026-02-21", "2026-02-28"]
    assert "经济发展专员" in sheet["caution"]["earlier"][0]


def test_a_leader_sets_the_limit_and_a_specialist_reads_it(cast, street, as_):
    address = reverse("visits:limit", args=[cast.street.pk])
    said = {"limit": 4, "days": 30, "fresh": 180, "source": "街道办〔2026〕9号"}
    assert as_("econ_specialist").post(address, said).status_code == 403
    browser = as_("street_leader")
    refused = browser.post(address, {**said, "limit": 99})
    assert refused.status_code == 422
    assert browser.post(address, said).status_code == 302
    assert BurdenLimit.objects.get(street=cast.street, until=None).limit == 4
    page = text(as_("econ_specialist").get(reverse("visits:burden")))
    assert "第 4 次联系起提醒" in page
    assert "街道办〔2026〕9号" in page
    assert as_("street_leader").post(address, {"restore": "1"}).status_code == 302
    assert not BurdenLimit.objects.filter(street=cast.street, until=None).exists()


# --- the enterprise's own look ------------------------------------------------------------------------------------------
def test_an_enterprise_sees_who_came_by_office_and_role_and_nothing_of_others(cast, street, as_):
    User.objects.filter(pk=cast.econ_specialist.pk).update(display_name="张三丰")
    made = visit(cast, 3)
    actions.add_fact(visit=made, key="leased_area", text="120", by=cast.econ_specialist)
    visit(cast, 2, firm="neighbour")
    browser = as_("enterprise_user")
    page = text(browser.get(reverse("visits:ours")))
    assert "经济发展专员" in page
    assert "2026-02-27" in page
    for hidden in ("张三丰", "见到行政", "2026-02-28", reverse("visits:detail", args=[made.pk])):
        assert hidden not in page
    assert "2026-02-27" in rows_of(browser.get(reverse("visits:ours") + "?export=csv"))
    assert browser.get(f"{reverse('visits:ours')}?enterprise={cast.neighbour.pk}").status_code == 404
    assert browser.get(reverse("visits:ledger", args=[cast.firm.pk])).status_code == 403


@pytest.mark.parametrize("who", ["street_leader", "econ_specialist", "nobody"])
def test_only_an_enterprise_opens_its_own_look(cast, street, as_, who):
    assert as_(who).get(reverse("visits:ours")).status_code == 403


# --- measures of a person -----------------------------------------------------------------------------------------------
@pytest.fixture
def neighbours(cast, street):
    """A second community in the street, with its own secretary and specialist; the first has a secretary of its own."""
    began = date(2020, 1, 1)
    second = Place.objects.create(
        kind="community", code="t-second", name="创新三社区", since=began, community_kind="virtual"
    )
    Placement.objects.create(child=second, parent=cast.street, since=began)
    rebuild_coverage()
    for key, role, place in (
        ("own_secretary", Role.COMMUNITY_SECRETARY, cast.community),
        ("other_secretary", Role.COMMUNITY_SECRETARY, second),
        ("worker", Role.ECON_SPECIALIST, cast.community),
        ("colleague", Role.GOVERNANCE_SPECIALIST, cast.community),
    ):
        made = User.objects.create_user(username=key, display_name=key)
        Grant.objects.create(user=made, role=RoleRecord.objects.get(code=role.value), since=began, place=place)
        cast.users[key] = made
    return cast


def test_one_sees_ones_own_measures_and_leaves_no_trace(neighbours, as_):
    cast = neighbours
    visit(cast, 3, by="worker", reasons=["newcomer"], dues={"newcomer": "2026-02-27"})
    browser = as_("worker")
    assert browser.get(reverse("visits:own_measures")).url == reverse("visits:person", args=[cast.worker.pk])
    page = text(browser.get(reverse("visits:person", args=[cast.worker.pk])))
    assert cast.firm.name in page
    assert "按时" in page
    assert not Entry.objects.filter(verb=Verb.PERSON_MEASURES_READ).exists()


@pytest.mark.parametrize("who", ["own_secretary", "street_leader", "community_secretary"])
def test_who_assesses_sees_them_and_that_is_kept(neighbours, as_, who):
    cast = neighbours
    visit(cast, 3, by="worker")
    browser = as_(who)
    assert reverse("visits:person", args=[cast.worker.pk]) in text(browser.get(reverse("visits:people")))
    assert cast.firm.name in text(browser.get(reverse("visits:person", args=[cast.worker.pk])))
    assert cast.firm.name in rows_of(browser.get(reverse("visits:person", args=[cast.worker.pk]) + "?export=csv"))
    kept = list(Entry.objects.filter(verb=Verb.PERSON_MEASURES_READ).order_by("pk").values_list("data", flat=True))
    assert [one.get("rows") for one in kept] == [None, 1]


@pytest.mark.parametrize("export", ["", "?export=csv", "?export=xlsx"])
@pytest.mark.parametrize(
    "who",
    ["colleague", "other_secretary", "stranger", "enterprise_user", "district_operator", "property_manager", "nobody"],
)
def test_a_colleague_another_secretary_another_street_an_enterprise_and_nobody_see_no_measure_of_a_person(
    neighbours, as_, who, export
):
    cast = neighbours
    visit(cast, 3, by="worker")
    answer = as_(who).get(reverse("visits:person", args=[cast.worker.pk]) + export)
    assert answer.status_code == 404
    assert not Entry.objects.filter(verb=Verb.PERSON_MEASURES_READ).exists()


def test_a_secretary_whose_role_does_not_assess_sees_none(neighbours, as_):
    cast = neighbours
    role = RoleRecord.objects.get(code=Role.COMMUNITY_SECRETARY.value)
    role.permissions = [one for one in role.permissions if one != people.ASSESS]
    role.save()
    browser = as_("own_secretary")
    assert browser.get(reverse("visits:person", args=[cast.worker.pk])).status_code == 404
    assert browser.get(reverse("visits:people")).status_code == 403


def test_whoever_assesses_is_assessed_only_from_above(neighbours):
    cast = neighbours
    assert not people.assesses(cast.own_secretary, cast.community_secretary)
    assert not people.assesses(cast.community_secretary, cast.street_leader)
    assert people.assesses(cast.street_leader, cast.own_secretary)
    assert not people.assesses(cast.own_secretary, cast.own_secretary)


def test_an_assessor_sees_the_visits_of_their_own_places_alone(neighbours):
    cast = neighbours
    visit(cast, 3, by="worker")
    far = visit(cast, 2, by="worker", firm="far_firm")
    assert far not in people.visits_of(cast.worker, cast.own_secretary)
    assert people.visits_of(cast.worker, cast.own_secretary).count() == 1


def test_the_list_of_people_sets_nobody_beside_another(neighbours, as_):
    """国办函〔2026〕12号: no ranking. The list has names alone, and only the order of names."""
    cast = neighbours
    for days in (3, 4, 5):
        visit(cast, days, by="worker")
    table = as_("street_leader").get(reverse("visits:people")).context["table"]
    assert [column.key for column in table.columns] == ["name"]
    assert table.export_links == []


def test_no_page_of_measures_names_a_worker(neighbours, as_):
    cast = neighbours
    for days in (3, 20, 25):
        visit(cast, days, by="worker", reasons=["newcomer"], dues={"newcomer": "2026-02-27"})
    browser = as_("street_leader")
    for name in LOOKING:
        assert "worker" not in text(browser.get(reverse(f"visits:{name}")))
    assert "worker" not in text(browser.get(reverse("visits:ledger", args=[cast.firm.pk])))


def test_reading_the_measures_of_another_is_refused_by_the_action_as_well(neighbours):
    with pytest.raises(Exception, match=r"visits\.assess"):
        remember_person_read(person=neighbours.worker, by=neighbours.colleague)
