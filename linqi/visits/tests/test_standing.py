"""The list of a whole street and the question about one firm say the same, on random streets."""

from datetime import datetime, timedelta
from random import Random

import pytest

from linqi.cases.actions import open_case
from linqi.cases.models import Case, Source
from linqi.catalogue.models import Category
from linqi.enterprises import known
from linqi.enterprises.models import Enterprise, Fact, Relation, Tenancy
from linqi.kit import clock
from linqi.kit.access import SYSTEM
from linqi.kit.measures import Span
from linqi.visits import actions, following, measures, signals, standing
from linqi.visits.models import MustVisitRule, Visit
from linqi.visits.queries import must_visit_of, must_visits
from linqi.visits.rules import Reason

from .conftest import MONDAY

TODAY = MONDAY.date()


def furnish(cast, random, firms=60):
    """Firms of both streets with random stays, facts (superseded ones too), cases, ratings and visits."""
    places = [cast.unit, cast.unit2, cast.far_unit, cast.far_unit2, cast.building]

    def day(back, ahead=0):
        return TODAY - timedelta(days=random.randrange(-ahead, back))

    made = Enterprise.objects.bulk_create(
        Enterprise(
            name=f"测试{n}公司", name_key=f"测试{n}公司", seat=random.choice([*places, None]), source="测试", as_of=day(90),
            established_on=random.choice([None, day(60), day(2000)]), registration_region=random.choice(["", "330110"]),
        )
        for n in range(firms)
    )  # fmt: skip
    Enterprise.objects.filter(pk__in=[one.pk for one in made]).update(
        created_at=datetime(2026, 1, 9, tzinfo=clock.ZONE)
    )
    stays, facts, cases, visits = [], [], [], []
    category = Category.objects.order_by("pk").first()
    told = {
        "abnormal_operation": lambda: random.random() < 0.5,
        "wage_arrears": lambda: random.random() < 0.5,
        "fire_hazard_open": lambda: random.random() < 0.5,
        "rent_overdue_days": lambda: random.randrange(0, 120),
        "listing_stage": lambda: random.choice(["none", "listed"]),
        "four_above": lambda: random.choice(["none", "service"]),
        "certificates": lambda: [
            {"code": random.choice(["HNTE", "TECH_SME"]), "issued_on": "2024-01-01", "expires_on": str(day(400, 400))}
        ],
        "visit_requested_on": lambda: str(day(60)),
        "address_change_requested_on": lambda: str(day(300)),
        "lease_ends_on": lambda: str(day(150, 150)),
        "lease_renewed": lambda: random.random() < 0.5,
        "registered_here": lambda: random.random() < 0.5,
        "actual_operation_here": lambda: random.random() < 0.5,
        "outbound_investments": lambda: [{"region": random.choice(["", "330110", "310115"]), "date": str(day(300))}],
    }
    for n, firm in enumerate(made):
        for _stay in range(random.randrange(0, 3)):
            since = random.choice([None, day(60), day(900)])
            until = random.choice([None, None, TODAY + timedelta(days=5), day(9)])
            if until is None or since is None or until > since:
                place = random.choice(places)
                stays.append(
                    Tenancy(
                        enterprise=firm,
                        place=place,
                        relation=random.choice(Relation.values),
                        since=since,
                        until=until,
                        source="测试",
                    )
                )
        for key in random.sample(list(told), random.randrange(0, 5)):
            for _word in range(random.randrange(1, 3)):
                gone = random.choice([None, None, day(20)])
                kind = random.choice(["register", "visit"])
                facts.append(
                    Fact(
                        enterprise=firm,
                        key=key,
                        value=told[key](),
                        source_kind=kind,
                        source="测试",
                        as_of=day(120),
                        superseded_on=gone,
                    )
                )
        for period in ("2025-10", "2025-11", "2026-01", "2026-02"):
            if random.random() < 0.3:
                count = random.randrange(1, 60)
                facts.append(
                    Fact(
                        enterprise=firm,
                        key="insured_count",
                        period=period,
                        value=count,
                        source_kind="register",
                        source="测试",
                        as_of=day(30),
                    )
                )
        for key, value in (("tax_paid", str(random.randrange(10**6))), ("employees", random.randrange(1, 200))):
            if random.random() < 0.6:
                facts.append(
                    Fact(
                        enterprise=firm,
                        key=key,
                        period="2025",
                        value=value,
                        source_kind="register",
                        source="测试",
                        as_of=day(30),
                    )
                )
        for _case in range(random.randrange(0, 2)):
            opened = MONDAY - timedelta(days=random.randrange(0, 40))
            state = random.choice(["accepted", "closed"])
            rated = {
                "closed_at": MONDAY,
                "answered_at": MONDAY,
                "rating": random.randrange(1, 6),
                "rated_at": MONDAY - timedelta(days=random.randrange(0, 120)),
            }
            cases.append(
                Case(number=f"T{n}", enterprise=firm, place=cast.unit, street=cast.street, category=category, title="续贷",
                     case_class="request", source="desk", state=state, opened_at=opened, counted_from=opened, due_at=opened,
                     accept_due_at=opened, accept_term="1 working_days", close_term="5 working_days",
                     **(rated if state == "closed" else {}))
            )  # fmt: skip
        for _visit in range(random.randrange(0, 3)):
            on, done = day(320), random.random() < 0.8
            reasons = random.sample(Reason.values, random.randrange(0, 3))
            visits.append(
                Visit(enterprise=firm, place=cast.unit, street=cast.street, state="done" if done else "planned", reasons=reasons, planned_for=on,
                      visited_on=on if done else None)
            )  # fmt: skip
    Tenancy.objects.bulk_create(stays)
    Fact.objects.bulk_create(facts)
    Case.objects.bulk_create(cases)
    Visit.objects.bulk_create(visits)
    own = MustVisitRule.objects.get(street=None, reason="premium")
    own.pk, own.street, own.when = None, cast.far_street, {"field": "employees", "op": "gte", "value": 50}
    own.save(force_insert=True)
    return made


@pytest.mark.parametrize("seed", range(3))
def test_the_list_in_columns_the_list_one_by_one_and_one_firm_say_the_same(cast, at, monkeypatch, seed):
    monkeypatch.setattr(signals, "ENOUGH_TAXED", 5)
    firms = [*furnish(cast, Random(seed)), cast.firm, cast.far_firm]
    known.forget()
    columns = standing.whole_list(TODAY, columns=True)
    assert columns == standing.whole_list(TODAY, columns=False)
    assert columns == {one.pk: found for one in firms if (found := standing.standing_of(one, TODAY))}
    assert {due.reason for one in columns.values() for due in one.dues} == set(Reason)
    assert list(columns) == [
        pk for pk, _one in sorted(columns.items(), key=lambda kept: (-kept[1].points, kept[1].due, kept[0]))
    ]
    known.forget()


def test_every_reader_sees_the_firms_of_his_places_and_no_others(cast, at):
    firms = furnish(cast, Random(7))
    known.forget()
    whole = standing.whole_list(TODAY)
    for user in (
        cast.econ_specialist,
        cast.property_manager,
        cast.stranger,
        cast.street_leader,
        cast.enterprise_user,
        cast.nobody,
    ):
        seen = {must.enterprise: must for must in must_visits(user, today=TODAY)}
        one_by_one = {one.pk: must for one in firms if (must := must_visit_of(one, user, TODAY))}
        assert seen == one_by_one
        reach = {  # asked another way: the tenancies that the user may see
            pk for pk, one in whole.items() if places_of(user) & one.above
        }
        assert set(seen) == reach
    known.forget()


def places_of(user):
    """The places of a user's grants that let him see visits, read off the grants themselves."""
    from linqi.accounts.models import Grant

    return {grant.place_id for grant in Grant.objects.filter(user=user) if "visits.see" in grant.role.permissions} - {
        None
    }


@pytest.mark.parametrize("reason", Reason)
def test_each_kind_is_counted(cast, at, newcomer, reason):
    span = Span(TODAY - timedelta(days=30), TODAY + timedelta(days=30))
    assert measures.in_time(reason, span, cast.street.pk) is None
    waits = measures.waiting(reason, span, cast.street.pk)
    assert waits == (1 if reason == Reason.NEWCOMER else 0)
    assert measures.waiting(reason, span, cast.far_street.pk) == 0
    at(MONDAY + timedelta(days=7))  # nobody went: the visit was missed
    assert measures.in_time(reason, span, cast.street.pk) == (0 if reason == Reason.NEWCOMER else None)
    at(MONDAY)
    actions.record_unplanned_visit(enterprise=newcomer, visited_on=TODAY, summary="见到行政。", by=cast.econ_specialist)
    assert measures.in_time(reason, span, cast.building.pk) == (1 if reason == Reason.NEWCOMER else None)
    assert measures.waiting(reason, span, cast.street.pk) == 0


# --- the list that is kept ----------------------------------------------------------------------------------------------
@pytest.fixture
def kept(monkeypatch):
    """The list stays in memory even for a small street."""
    monkeypatch.setattr(following, "FEW", 0)
    standing.forget()
    yield
    standing.forget()


def any_act(cast, random, firms):
    """Something that is done about one firm."""
    firm = random.choice([one for one in firms if one.seat_id in {cast.unit.pk, cast.unit2.pk}])
    by, waiting = SYSTEM, Visit.objects.filter(enterprise=firm, state="planned").first()
    done = Visit.objects.filter(enterprise=firm, state="done").first()
    kind = random.randrange(6)
    if kind == 0 and waiting is None:
        return actions.plan_visit(enterprise=firm, planned_for=TODAY + timedelta(3), why_again="复查", by=by)
    if kind == 1 and waiting is not None:
        return random.choice([actions.miss_visit, actions.refuse_visit, actions.cancel_visit])(visit=waiting, by=by)
    if kind == 2 and done is not None:
        return actions.add_clue(visit=done, text="门口堆放纸箱", by=by)
    if kind == 3:
        return open_case(
            enterprise=firm, place=cast.unit, category=Category.objects.order_by("pk").first(), title="续贷",
            source=Source.VISIT, by=by,
        )  # fmt: skip
    on = TODAY - timedelta(random.choice([0, 0, 3, 40]))
    return actions.record_unplanned_visit(enterprise=firm, visited_on=on, summary="见到行政。", why_again="复查", by=by)


@pytest.mark.parametrize("seed", range(4))
def test_the_list_that_is_kept_says_after_any_acts_what_a_list_made_anew_says(cast, at, kept, seed):
    random = Random(seed)
    firms = [*furnish(cast, random, firms=30), cast.firm]
    known.forget()
    actions.record_unplanned_visit(
        enterprise=cast.firm, visited_on=TODAY, summary="见到行政。", by=cast.econ_specialist
    )
    standing.list_on(TODAY)
    for _step in range(8):
        for _act in range(random.randrange(1, 4)):
            any_act(cast, random, firms)
        now = standing.list_on(TODAY)
        assert standing._kept.held is not None
        assert list(now.items()) == list(standing.whole_list(TODAY, columns=False).items())
    known.forget()


def test_a_visit_is_looked_up_and_nothing_is_judged_again(cast, at, kept, newcomer, monkeypatch):
    actions.plan_visit(enterprise=newcomer, planned_for=TODAY, by=cast.econ_specialist)
    assert standing.list_on(TODAY)[newcomer.pk].planned_for == TODAY
    monkeypatch.setattr(standing, "judge_seen", None)  # would not be called
    visit = Visit.objects.get(enterprise=newcomer)
    actions.record_visit(visit=visit, visited_on=TODAY, summary="见到行政。", by=cast.econ_specialist)
    assert newcomer.pk not in standing.list_on(TODAY)


def test_a_firm_that_lives_on_in_its_own_visits_comes_onto_the_list_that_is_kept(cast, at, kept):
    """Its trigger has passed, so nothing asked for it until somebody wrote down a visit that had answered it."""
    firm = Enterprise.objects.create(
        name="老企业", name_key="老企业", seat=cast.unit, source="测试", as_of=TODAY - timedelta(900)
    )
    Tenancy.objects.create(
        enterprise=firm, place=cast.unit, relation="both", since=TODAY - timedelta(200), source="测试"
    )
    visit = Visit.objects.create(
        enterprise=firm,
        place=cast.unit,
        street=cast.street,
        state="planned",
        reasons=["newcomer"],
        planned_for=TODAY - timedelta(100),
    )
    actions.record_unplanned_visit(
        enterprise=cast.firm, visited_on=TODAY, summary="见到行政。", by=cast.econ_specialist
    )
    assert firm.pk not in standing.list_on(TODAY)
    actions.record_visit(visit=visit, visited_on=TODAY - timedelta(100), summary="见到行政。", by=cast.econ_specialist)
    found = standing.list_on(TODAY)
    assert [due.reason for due in found[firm.pk].dues] == [Reason.NEWCOMER]
    assert list(found.items()) == list(standing.whole_list(TODAY, columns=False).items())


def test_a_name_that_is_masked_for_one_reader_is_not_for_the_other_whoever_looks_first(cast, at, kept):
    firm = Enterprise.objects.create(
        name="张三小吃店",
        name_key="张三小吃店",
        entity_type="self_employed",
        seat=cast.unit,
        source="测试",
        as_of=TODAY,
    )
    Tenancy.objects.create(enterprise=firm, place=cast.unit, relation="both", since=TODAY, source="测试")
    readers = [cast.econ_specialist, cast.property_manager, cast.street_leader]
    right = [must_visit_of(firm, user, TODAY) for user in readers]
    assert len({must.name for must in right}) == 2
    for _time in range(2):
        for user, told in zip(readers, right, strict=True):
            assert [must for must in must_visits(user, today=TODAY) if must.enterprise == firm.pk] == [told]
