"""The demo street: the same twice, whole, plausible, and nothing of it real."""

import hashlib
import re
from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Count, F, Q, Sum
from django.test import Client

from linqi.accounts.models import Grant, User
from linqi.cases.models import Case
from linqi.dashboards.demo.actions import CREDENTIALS, SIZES, NotEmptyError, fill
from linqi.dashboards.demo.words import trades, words
from linqi.enterprises.dictionary import check_period, stored
from linqi.enterprises.industry import industries
from linqi.enterprises.models import Claim, Enterprise, Fact, Tenancy
from linqi.journal.actions import row_of
from linqi.journal.models import Entry, Head
from linqi.journal.rules import check
from linqi.kit.access import Role
from linqi.kit.identifiers import is_old_number, is_uscc
from linqi.organisation.models import LinkTeam
from linqi.territory.models import Coverage, Place, Placement
from linqi.territory.queries import standing_below, street_of, valid_on
from linqi.visits.models import Finding, Visit

TODAY = date(2026, 6, 15)
TABLES = (Place, Placement, Coverage, Enterprise, Tenancy, Fact, Claim, Visit, Finding, Case, LinkTeam)
NUMBERED = re.compile(
    r"FL\d{8}-\d+|DEMO-\d+-\d"
)  # a case of the ladder names its task and its bin, whose numbers are made of ids


def content():
    """A digest of everything that stands in the tables, ids and secrets left out."""
    seal = hashlib.sha256()
    for model in TABLES:
        names = [
            field.name
            for field in model._meta.concrete_fields
            if not field.is_relation and not field.primary_key and not field.name.endswith("recorded_at")
        ]
        rows = (NUMBERED.sub("", repr(row)) for row in model.objects.values_list(*names))
        seal.update(repr(sorted(rows)).encode())
    return seal.hexdigest()


@pytest.fixture
def demo(db):
    return fill(size="tiny", seed=7, today=TODAY)


def streets():
    return Place.objects.filter(kind="street").order_by("code")


def here(street):
    return standing_below(street, "unit", TODAY)


@pytest.mark.django_db
def test_the_same_seed_and_day_make_the_same_content():
    made = []
    for _run in range(2):
        with transaction.atomic():
            fill(size="tiny", seed=7, today=TODAY)
            made.append(content())
            transaction.set_rollback(True)
    assert made[0] == made[1]


@pytest.mark.django_db
def test_another_seed_makes_other_content():
    fill(size="tiny", seed=8, today=TODAY)
    names = set(Enterprise.objects.values_list("name", flat=True))
    assert names
    assert len(names) == Enterprise.objects.count(), "no name twice"


def test_every_count_is_the_one_asked_for(demo):
    for street, size in zip(streets(), SIZES["tiny"], strict=True):
        below = standing_below(street, on=TODAY)
        assert below.filter(kind="park").count() == size.parks
        assert below.filter(kind="building").count() == size.buildings
        seated = Enterprise.objects.filter(seat__in=here(street))
        assert seated.count() == size.firms
        newest = Fact.objects.filter(enterprise__in=seated, key="employees", period=str(TODAY.year - 1))
        assert sum(newest.values_list("value", flat=True)) == size.workers


def test_the_full_size_is_the_street_of_the_founding_document():
    cangqian, qianjiang = SIZES["full"]
    assert (cangqian.parks, cangqian.buildings, cangqian.firms, cangqian.workers) == (43, 298, 24_000, 100_000)
    assert qianjiang.industry > 100
    assert qianjiang.firms >= 400


def test_the_named_places_are_there(demo):
    named = dict(Place.objects.filter(kind__in=["street", "community"]).values_list("name", "community_kind"))
    assert {"仓前街道", "前江街道", "向往社区", "创景社区", "梦创社区", "118工业社区"} <= set(named)
    assert (named["向往社区"], named["创景社区"], named["梦创社区"]) == ("virtual", "virtual", "established")
    assert all(place.host.community_kind == "residential" for place in Place.objects.filter(community_kind="virtual"))
    assert set(Place.objects.filter(kind="street").values_list("code", "generated")) == {
        ("330110012", True),
        ("330205008", True),
    }


def test_industrial_firms_above_scale_have_the_revenue_of_such(demo):
    above = Fact.objects.filter(key="four_above", value="industry")
    assert above.count() == SIZES["tiny"][1].industry
    for fact in above:
        revenue = Fact.objects.filter(enterprise=fact.enterprise, key="revenue", period=str(TODAY.year - 1)).first()
        assert int(revenue.value) >= 20_000_000
        assert fact.enterprise.industry_code[:1] in {"C", "F", "M", ""}


def test_codes_and_industries_are_valid(demo):
    for firm in Enterprise.objects.all():
        assert is_uscc(firm.uscc) or is_old_number(firm.old_number)
        assert not firm.industry_code or firm.industry_code[1:] in industries()


def test_every_industry_that_words_name_exists():
    named = {code for trade in trades() for code in trade.codes} | {code for _word, code in words()["shops"]}
    assert {code for code in named if industries().get(code[1:], ("",))[0] != code[0]} == set()


def test_facts_and_claims_fit_the_dictionary(demo):
    assert Fact.objects.filter(key="employees").exists()
    for thing in [*Fact.objects.all(), *Claim.objects.all()]:
        check_period(thing.key, thing.period)
        assert stored(thing.key, thing.value) == thing.value
    assert not Fact.objects.exclude(source__startswith="演示数据").exists()


def test_every_enterprise_has_a_tenancy_within_the_dates_of_its_place(demo):
    assert not Enterprise.objects.annotate(stays=Count("tenancies")).filter(stays=0).exists()
    assert not Tenancy.objects.filter(since__lt=F("place__since")).exists()
    assert not Tenancy.objects.filter(since__gt=TODAY).exists()
    open_ = Tenancy.objects.filter(Q(until=None) | Q(until__gt=TODAY))
    assert not Enterprise.objects.exclude(seat=None).exclude(pk__in=open_.values("enterprise")).exists()
    assert not Enterprise.objects.filter(seat=None, pk__in=open_.values("enterprise")).exists()


def test_no_enterprise_visit_or_case_mixes_two_streets(demo):
    home = {unit: street.pk for street in streets() for unit in standing_below(street).values_list("pk", flat=True)}
    stays = {}
    for firm, place in Tenancy.objects.values_list("enterprise_id", "place_id"):
        assert stays.setdefault(firm, home[place]) == home[place]
    for visit in Visit.objects.select_related("team__building"):
        assert stays[visit.enterprise_id] == home[visit.place_id] == home[visit.team.building_id]
    for case in Case.objects.select_related("department"):
        assert case.street_id == home[case.place_id] == stays.get(case.enterprise_id, case.street_id)
        assert case.department is None or case.department.street_id == case.street_id


def test_a_building_has_changed_its_community_within_the_year(demo):
    moved = Placement.objects.filter(child__kind="building").values("child").annotate(n=Count("pk")).filter(n__gt=1)
    building = Place.objects.get(pk=moved.get()["child"])
    was, became = Placement.objects.filter(child=building).order_by("since")
    assert was.until == became.since
    above = [
        Coverage.objects.filter(valid_on(day), descendant=building, ancestor__kind="community").get().ancestor.name
        for day in (date(2026, 1, 1), TODAY)
    ]
    assert above == ["创景社区", "梦创社区"]
    assert street_of(building, date(2026, 1, 1)) == street_of(building, TODAY)


def test_cases_keep_the_order_of_time(demo):
    assert set(Case.objects.values_list("state", flat=True)) >= {"closed"}
    assert Case.objects.aggregate(stars=Sum("rating"))["stars"]
    for case in Case.objects.all():
        steps = [case.opened_at, case.accepted_at, case.answered_at, case.closed_at, case.rated_at]
        taken = [step for step in steps if step]
        assert taken == sorted(taken)
        assert case.due_at > case.opened_at
        assert (case.state in {"closed"}) == (case.closed_at is not None)


def test_what_was_found_became_cases_and_claims(demo):
    for finding in Finding.objects.select_related("case", "claim", "visit"):
        thing = finding.case or finding.claim
        assert thing is None or thing.enterprise_id == finding.visit.enterprise_id
        assert (finding.kind == "fact") == (finding.claim_id is not None)
    assert not Claim.objects.filter(state="confirmed", fact=None).exists()


def test_the_journal_of_the_year_is_a_whole_chain(demo):
    head = Head.objects.get()
    rows = ((row_of(entry), entry.digest) for entry in Entry.objects.order_by("pk"))
    assert list(check(rows, head.count, head.digest)) == []


def test_each_role_can_sign_in_with_the_password_that_is_shown(demo):
    assert {one.username for one in demo.credentials} == {username for username, _role, _name in CREDENTIALS}
    assert {role for _username, role, _name in CREDENTIALS} == set(Role)
    for one in demo.credentials:
        assert Client().login(username=one.username, password=one.password)
    assert Grant.objects.filter(user__username="operator").get().place.code == "330110"


def test_everybody_else_of_the_demo_has_no_password(demo):
    others = User.objects.exclude(username__in=[one.username for one in demo.credentials])
    assert others.exists()
    assert not any(user.has_usable_password() for user in others)


def test_passwords_are_not_made_from_the_seed(demo):
    assert len({one.password for one in demo.credentials}) == len(demo.credentials)


@pytest.mark.django_db
def test_a_database_with_a_street_is_refused_or_skipped(cast):
    before = Place.objects.count()
    with pytest.raises(NotEmptyError):
        fill(size="tiny", seed=1, today=TODAY)
    with pytest.raises(CommandError):
        call_command("demo", size="tiny")
    out = StringIO()
    call_command("demo", size="tiny", if_empty=True, stdout=out)
    assert (Place.objects.count(), out.getvalue()) == (before, "")


@pytest.mark.django_db
def test_the_command_prints_the_users_once():
    out, err = StringIO(), StringIO()
    call_command("demo", size="tiny", seed=3, today=TODAY, stdout=out, stderr=err)
    shown = out.getvalue()
    for username, role, _name in CREDENTIALS:
        assert username in shown
        assert role.label in shown


def test_demo_users_see_their_part_only(demo):
    from linqi.kit.access import seen_by

    secretary, leader, second = (User.objects.get(username=name) for name in ("secretary", "leader", "leader2"))
    everywhere, part, other = (seen_by(user, Enterprise).count() for user in (leader, secretary, second))
    assert 0 < part < everywhere
    assert other == SIZES["tiny"][1].firms or other > 0
    assert not set(seen_by(second, Enterprise)) & set(seen_by(leader, Enterprise))


@pytest.mark.django_db
def test_the_morning_shows_what_the_year_has_not():
    from linqi.cases.models import Extension, Nudge, Pause, SavedView, Strand

    made = fill(size="small", seed=7, today=TODAY)
    assert made.counts["worked on"] > 2
    assert min(model.objects.count() for model in (Strand, Pause, SavedView)) > 0
    for pause in Pause.objects.select_related("case"):
        assert pause.case.state == "waiting"
    assert not Extension.objects.exclude(decided_by=None).filter(decided_by=F("asked_by")).exists()
    assert Nudge.objects.filter(kind="supervised").count() <= 1
