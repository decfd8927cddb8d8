"""How the demo street comes into an empty database: everything or nothing."""

import time as clockwork
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import count
from random import Random
from typing import Any, Final

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Model

from linqi.accounts.actions import create_user
from linqi.accounts.models import Grant, RoleRecord, User
from linqi.cases.dispatch import Clause
from linqi.cases.models import Case, DispatchRow, TimeLimit
from linqi.catalogue.models import Category
from linqi.dashboards.demo import firms as firms_room
from linqi.dashboards.demo import life as life_room
from linqi.dashboards.demo import places as places_room
from linqi.dashboards.demo.corrections import lead_tasks
from linqi.dashboards.demo.firms import Firm, make_accounts, make_facts, make_firms, workers
from linqi.dashboards.demo.ladder import Helpers, fill_ladder
from linqi.dashboards.demo.life import Ids, Life, Limit, Staff, Told, Topic, make_life, visitors
from linqi.dashboards.demo.organisation import fill_organisation, works_for_operator
from linqi.dashboards.demo.places import CANGQIAN, QIANJIANG, Street, make_street, move_one
from linqi.dashboards.demo.policies import Officers, fill_policies
from linqi.dashboards.demo.rows import follow, next_id, widen_cache
from linqi.dashboards.demo.signals import make_signals
from linqi.dashboards.demo.waste import fill_bins
from linqi.dashboards.demo.windows import fill_windows
from linqi.dashboards.demo.words import Names
from linqi.dashboards.demo.workday import Desk, work
from linqi.enterprises.models import Claim, Enterprise, Fact, Tenancy
from linqi.enterprises.queries import below_place
from linqi.journal import actions as journal
from linqi.journal.actions import Act
from linqi.journal.verbs import Verb
from linqi.kit import clock
from linqi.kit.access import SYSTEM, Role
from linqi.kit.bulk import count_anew, insert_many
from linqi.kit.clock import ZONE
from linqi.organisation.intake import default_departments
from linqi.organisation.models import Department, LinkTeam, LinkTeamSeat
from linqi.organisation.rules import TeamRole
from linqi.policies.models import Application, Policy, PolicyVersion
from linqi.search import actions as search
from linqi.territory.actions import rebuild_coverage
from linqi.territory.models import Place, PlaceKind, Placement
from linqi.visits.models import Finding, Visit


@dataclass(frozen=True, slots=True)
class Measures:
    """How much of everything one street holds."""

    parks: int
    buildings: int
    units: int
    firms: int
    industry: int
    workers: int
    visits: int
    cases: int


SIZES: Final = {
    "full": (
        Measures(43, 298, 21_800, 24_000, 0, 100_000, 9_000, 2_400),
        Measures(8, 48, 560, 430, 112, 45_000, 500, 160),
    ),
    "small": (
        Measures(8, 30, 2_200, 2_400, 0, 10_000, 900, 240),
        Measures(3, 10, 110, 80, 20, 6_000, 80, 30),
    ),
    "tiny": (Measures(2, 4, 110, 48, 0, 240, 40, 24), Measures(1, 2, 40, 14, 5, 500, 10, 8)),
}
PLANS: Final = (CANGQIAN, QIANJIANG)
CREDENTIALS: Final = (
    ("operator", Role.DISTRICT_OPERATOR, "区级运维"),
    ("leader", Role.STREET_LEADER, "仓前街道领导"),
    ("secretary", Role.COMMUNITY_SECRETARY, "梦创社区书记"),
    ("party", Role.PARTY_SPECIALIST, "梦创党群专员"),
    ("economy", Role.ECON_SPECIALIST, "梦创经济专员"),
    ("governance", Role.GOVERNANCE_SPECIALIST, "梦创治理专员"),
    ("public", Role.PUBLIC_AFFAIRS_SPECIALIST, "梦创公共专员"),
    ("handler", Role.DEPARTMENT_HANDLER, "经济发展办经办"),
    ("property", Role.PROPERTY_MANAGER, "物业经理"),
    ("enterprise", Role.ENTERPRISE_USER, "企业用户"),
    ("leader2", Role.STREET_LEADER, "前江街道领导"),
)


USER_COLUMNS: Final = (
    "id",
    "password",
    "is_superuser",
    "username",
    "email",
    "is_staff",
    "is_active",
    "date_joined",
    "display_name",
    "language",
    "must_change_password",
)


class NotEmptyError(Exception):
    """There is a street in the database already; the demo is only ever put into an empty one."""


@dataclass(frozen=True, slots=True)
class Credential:
    """One user of the demo with the password that is shown once."""

    username: str
    role: str
    name: str
    password: str


@dataclass
class Filled:
    """What was made: counts by kind, the users with their passwords, and how long each stage took."""

    counts: dict[str, int] = field(default_factory=dict)
    credentials: list[Credential] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


@transaction.atomic
def fill(
    *, size: str = "full", seed: int = 1, today: date | None = None, told: Callable[[str], None] = lambda stage: None
) -> Filled:
    """Fill an empty database with the demo street; the same seed and day make the same content 生成演示街道.

    Passwords are secrets and not made from the seed. `told(stage)` is called at the start of each.
    Raises NotEmptyError.
    """
    if Place.objects.filter(kind=PlaceKind.STREET).exists():
        raise NotEmptyError
    widen_cache()
    return _Demo(SIZES[size], seed, today or clock.today(), told).fill()


class _Demo:
    def __init__(self, sizes: tuple[Measures, ...], seed: int, today: date, told: Callable[[str], None]) -> None:
        self.sizes, self.seed, self.today, self.told = sizes, seed, today, told
        self.now = datetime.combine(today, time(8, 30), ZONE)  # the working day is about to begin, whenever it is run
        self.filled = Filled()
        self.streets: list[Street] = []
        self.firms: list[list[Firm]] = []
        self.departments: list[dict[str, int]] = []
        self.tables: list[dict[str, int]] = []  # rows of the dispatch tables by section
        self.users: dict[int, Any] = {}
        self.acts: list[Told] = []
        self.names = Names(self._random("names"))

    def fill(self) -> Filled:
        for stage in (
            self._places,
            self._offices,
            self._enterprises,
            self._people,
            self._facts,
            self._ladder,
            self._policies,
            self._lives,
            self._workday,
            self._windows,
            self._organisation,
            self._bins,
            self._finish,
        ):
            name = stage.__name__.strip("_")
            self.told(name)
            began = clockwork.perf_counter()
            with clock.standing(self.now):
                stage()
            self.filled.seconds[name] = round(clockwork.perf_counter() - began, 2)
        return self.filled

    def _random(self, purpose: str) -> Random:
        """A stream of its own for each purpose, so that changing one leaves the others as they were."""
        return Random(f"{self.seed}:{self.today}:{purpose}")  # noqa: S311 – a demo, not a secret

    def _put(self, kind: str, model: Any, columns: tuple[str, ...], rows: Any) -> None:
        self.filled.counts[kind] = self.filled.counts.get(kind, 0) + insert_many(model, columns, rows)

    # --- places -------------------------------------------------------------------------------------------------------
    def _places(self) -> None:
        ids, stands = count(next_id(Place)), count(next_id(Placement))
        for plan, size in zip(PLANS, self.sizes, strict=True):
            random = self._random(f"places {plan.code}")
            street = make_street(
                plan,
                parks=size.parks,
                buildings=size.buildings,
                units=size.units,
                ids=ids,
                random=random,
                today=self.today,
            )
            move_one(street, random, self.today - timedelta(days=150))
            self._put("places", Place, places_room.PLACE_COLUMNS, street.places)
            rows = ((next(stands), *row) for row in street.placements)
            self._put("placements", Placement, ("id", "child", "parent", "since", "until", "reason"), rows)
            street.places, street.placements = [], []
            self.streets.append(street)
        follow(Place, Placement)
        rebuild_coverage()

    # --- departments and dispatch ------------------------------------------------------------------------------------
    def _offices(self) -> None:
        ids, rows = count(next_id(Department)), count(next_id(DispatchRow))
        since = self.today - timedelta(days=800)
        categories = list(Category.objects.order_by("pk"))
        for street in self.streets:
            sections = {code: (next(ids), name) for code, name in default_departments()}
            table = {code: next(rows) for code in sections}
            self._put(
                "departments",
                Department,
                ("id", "street", "code", "name", "since"),
                [(pk, street.pk, code, name, since) for code, (pk, name) in sections.items()],
            )
            self._put(
                "dispatch_rows",
                DispatchRow,
                ("id", "street", "order", "conditions", "department", "since"),
                [
                    (table[code], street.pk, at, Clause(frozenset(mine)).written(), pk, since)
                    for at, (code, (pk, _name)) in enumerate(sections.items())
                    if (mine := [one.code for one in categories if one.department_code == code])
                ],
            )
            self.tables.append(table)
            self.departments.append({code: pk for code, (pk, _name) in sections.items()})
        follow(Department, DispatchRow)

    # --- enterprises --------------------------------------------------------------------------------------------------
    def _enterprises(self) -> None:
        ids, stays, codes = (
            count(next_id(Enterprise)),
            count(next_id(Tenancy)),
            count(self.seed * 1_000_003 % 50_000_000),
        )
        for street, size in zip(self.streets, self.sizes, strict=True):
            random = self._random(f"firms {street.plan.code}")
            made = make_firms(
                street,
                number=size.firms,
                industry=size.industry,
                names=self.names,
                ids=ids,
                tenancy_ids=stays,
                codes=codes,
                random=random,
                today=self.today,
            )
            workers(made.firms, size.workers, random)
            self._put("enterprises", Enterprise, firms_room.ENTERPRISE_COLUMNS, made.enterprises)
            self._put("tenancies", Tenancy, firms_room.TENANCY_COLUMNS, made.tenancies)
            self.firms.append(made.firms)
        follow(Enterprise, Tenancy)

    # --- people -------------------------------------------------------------------------------------------------------
    def _people(self) -> None:
        self._demo_users()
        roles = dict(RoleRecord.objects.values_list("code", "pk"))
        began = self.today - timedelta(days=500)
        joined = datetime.combine(began, time(9), ZONE)
        locked = make_password(None)
        ids = count(next_id(User))
        users: list[tuple[Any, ...]] = []
        grants: list[tuple[Any, ...]] = []
        grant_ids = count(next_id(Grant))

        def colleague(username: str, name: str, role: Role, place: int | None, department: int | None = None) -> int:
            pk = next(ids)
            users.append((pk, locked, False, username, "", False, True, joined, name, "zh-hans", False))
            grants.append((next(grant_ids), pk, roles[role.value], place, department, began))
            self.users[pk] = User(pk=pk, username=username, display_name=name)
            return pk

        self.handlers: list[dict[str, int]] = []
        self.desks: list[int] = []
        self.keepers: list[dict[int, tuple[int, int, int]]] = []
        for number, street in enumerate(self.streets, start=1):
            handlers = {
                code: colleague(
                    f"demo-{number}-{code}",
                    f"{name}经办",
                    Role.DEPARTMENT_HANDLER,
                    None,
                    self.departments[number - 1][code],
                )
                for code, name in default_departments()
                if not (number == 1 and code == "economy")
            }
            if number == 1:
                handlers["economy"] = self.demo["handler"].pk
            self.handlers.append(handlers)
            self.desks.append(colleague(f"demo-{number}-desk", "综合窗口", Role.PUBLIC_AFFAIRS_SPECIALIST, street.pk))
            members = [
                [
                    colleague(
                        f"demo-{number}-party-{at + 1}-{one + 1}",
                        f"联楼党员{at * 6 + one + 1:02d}",
                        Role.PARTY_SPECIALIST,
                        community,
                    )
                    for one in range(6)
                ]
                for at, community in enumerate(street.communities)
                if street.plan.communities[at].parks
            ]
            keepers: dict[int, tuple[int, int, int]] = {}
            for at, park in enumerate(street.parks, start=1):
                operator = colleague(f"demo-{number}-run-{at}", f"{park.name}运营", Role.ECON_SPECIALIST, park.pk)
                manager = colleague(f"demo-{number}-keep-{at}", f"{park.name}物业", Role.PROPERTY_MANAGER, park.pk)
                for one, building in enumerate(park.buildings):
                    keepers[building.pk] = (members[park.community][one % 6], operator, manager)
            self.keepers.append(keepers)
        self._put("users", User, USER_COLUMNS, users)
        self._put("grants", Grant, ("id", "user", "role", "place", "department", "since"), grants)
        follow(User, Grant)
        self._teams()

    def _demo_users(self) -> None:
        """One user of each role; what they hold reaches so far as it would in a real street."""
        first, second = self.streets
        lodge = first.parks[0].buildings[0]
        self.favourite = next(
            (
                firm
                for firm in self.firms[0]
                if firm.present
                and not firm.newcomer
                and firm.operates
                and firm.unit.building.pk == lodge.pk
                and firm.staff
                and firm.form == "company"
            ),
            next(firm for firm in self.firms[0] if firm.present and firm.operates and firm.staff),
        )
        over: dict[str, dict[str, Any]] = {
            "operator": {"place": first.district},
            "leader": {"place": first.pk},
            "handler": {"department": self.departments[0]["economy"]},
            "property": {"place": lodge.pk},
            "enterprise": {"enterprise": self.favourite.pk},
            "leader2": {"place": second.pk},
        }
        self.demo: dict[str, User] = {}
        for username, role, name in CREDENTIALS:
            held = over.get(username, {"place": first.communities[0]})
            user, password = create_user(
                username=username, display_name=name, role=role, must_change=False, by=SYSTEM, **held
            )
            self.demo[username] = self.users[user.pk] = user
            self.filled.credentials.append(Credential(username, role.label, name, password))

    def _teams(self) -> None:
        team_ids, seat_ids = count(next_id(LinkTeam)), count(next_id(LinkTeamSeat))
        self.teams: list[dict[int, tuple[int, int]]] = []
        lodge = self.streets[0].parks[0].buildings[0].pk
        for street, keepers in zip(self.streets, self.keepers, strict=True):
            random = self._random(f"teams {street.plan.code}")
            teams: list[tuple[Any, ...]] = []
            seats: list[tuple[Any, ...]] = []
            goes: dict[int, int] = {}
            made: dict[int, int] = {}
            for building in street.buildings:
                if random.random() < 0.03 and building.pk != lodge:
                    continue  # not yet formed
                since = max(building.since, self.today - timedelta(days=random.randrange(380, 480)))
                pk = made[building.pk] = next(team_ids)
                teams.append((pk, building.pk, f"{building.name}联楼小组", since))
                party, operator, manager = keepers[building.pk]
                if building.pk == lodge:
                    party, manager = self.demo["party"].pk, self.demo["property"].pk
                goes[building.pk] = operator
                for role, user in zip(TeamRole, (party, operator, manager), strict=True):
                    if role == TeamRole.OPERATOR or building.pk == lodge or random.random() > 0.06:
                        seats.append((next(seat_ids), pk, role.value, user, since))
            self._put("teams", LinkTeam, ("id", "building", "name", "since"), teams)
            self._put("seats", LinkTeamSeat, ("id", "team", "role", "user", "since"), seats)
            self.teams.append(dict(visitors([one.pk for one in street.buildings], made, goes)))
        follow(LinkTeam, LinkTeamSeat)

    # --- what is known ------------------------------------------------------------------------------------------------
    def _facts(self) -> None:
        self.fact_ids = count(next_id(Fact))
        for street, firms in zip(self.streets, self.firms, strict=True):
            random = self._random(f"facts {street.plan.code}")
            rows = make_facts(firms, ids=self.fact_ids, random=random, today=self.today)
            self._put("facts", Fact, firms_room.FACT_COLUMNS, rows)
            told = make_signals(
                firms, ids=self.fact_ids, random=self._random(f"signals {street.plan.code}"), today=self.today
            )
            self._put("facts", Fact, firms_room.FACT_COLUMNS, told)
            books = self._random(f"accounts {street.plan.code}")
            also = self.favourite if self.favourite in firms else None
            rows = make_accounts(firms, also=also, ids=self.fact_ids, random=books, today=self.today)
            self._put("facts", Fact, firms_room.FACT_COLUMNS, rows)

    def _ladder(self) -> None:
        for number, (street, firms) in enumerate(zip(self.streets, self.firms, strict=True)):
            names = ("leader2",) if number else ("economy", "secretary", "leader")
            helpers = Helpers(tuple(self.demo[one].pk for one in names), self.departments[number].get("economy"))
            random = self._random(f"ladder {street.plan.code}")
            fill_ladder(firms, helpers, fact_ids=self.fact_ids, random=random, today=self.today, put=self._put)

    def _policies(self) -> None:
        for number, (street, firms) in enumerate(zip(self.streets, self.firms, strict=True)):
            writer, publisher = ("leader2", "leader2") if number else ("economy", "leader")
            portal = {} if number else {self.favourite.pk: self.demo["enterprise"].pk}
            officers = Officers(self.demo[writer].pk, self.demo[publisher].pk, self.users, portal)
            random = self._random(f"policies {street.plan.code}")
            self.acts += fill_policies(
                street, firms, officers, fact_ids=self.fact_ids, random=random, now=self.now, put=self._put
            )

    # --- a year -------------------------------------------------------------------------------------------------------
    def _lives(self) -> None:
        ids = Ids(
            visits=count(next_id(Visit)),
            findings=count(next_id(Finding)),
            claims=count(next_id(Claim)),
            facts=self.fact_ids,
            cases=count(next_id(Case)),
        )
        limits = {
            row.case_class: Limit(row.accept, row.contact, row.close, row.extend)
            for row in TimeLimit.objects.filter(street=None)
        }
        categories = list(Category.objects.order_by("pk"))
        acts = self.acts
        for number, (street, firms, size) in enumerate(zip(self.streets, self.firms, self.sizes, strict=True)):
            sections, handlers = self.departments[number], self.handlers[number]
            names = dict(default_departments())
            first = number == 0
            staff = Staff(
                street=street.pk,
                desk=self.desks[number],
                decider=self.demo["economy"].pk if first else self.demo["leader2"].pk,
                teams=self.teams[number],
                topics=tuple(
                    Topic(
                        one.pk,
                        one.code,
                        one.case_class,
                        sections.get(one.department_code),
                        handlers.get(one.department_code),
                        names[one.department_code] if one.department_code in sections else "",
                        self.tables[number].get(one.department_code),
                    )
                    for one in categories
                ),
                limits=limits,
                portal={self.favourite.pk: self.demo["enterprise"].pk} if first else {},
            )
            life = make_life(
                firms,
                staff,
                visits=size.visits,
                cases=size.cases,
                favourite=self.favourite if first else None,
                ids=ids,
                random=self._random(f"life {street.plan.code}"),
                now=self.now,
            )
            self._store(life)
            acts += life.told
        follow(Visit, Finding, Claim, Fact, Case)
        self.firms = []
        self._tell(acts)

    def _store(self, life: Life) -> None:
        self._put("facts", Fact, firms_room.FACT_COLUMNS, life.facts)
        self._put("claims", Claim, life_room.CLAIM_COLUMNS, life.claims)
        self._put("visits", Visit, life_room.VISIT_COLUMNS, life.visits)
        self._put("cases", Case, life_room.CASE_COLUMNS, life.cases)
        self._put("findings", Finding, life_room.FINDING_COLUMNS, life.findings)

    def _tell(self, acts: list[Told]) -> None:
        """Everything that happened, in the order in which it happened."""
        acts.sort(key=lambda one: one.at)
        subjects = _Subjects()
        self.filled.counts["journal"] = journal.write_many(
            Act(
                by=self.users.get(one.actor, SYSTEM) if one.actor else SYSTEM,
                verb=Verb(one.verb),
                subject=subjects.of(one),
                place=one.place,
                enterprise=one.enterprise,
                at=one.at,
                data=one.data,
            )
            for one in acts
        )

    # --- this morning -------------------------------------------------------------------------------------------------
    def _workday(self) -> None:
        """What the year has not, done by the real actions."""
        street = Place.objects.get(pk=self.streets[0].pk)
        other = Department.objects.get(pk=self.departments[0]["safety"])
        desk = Desk(self.demo["handler"], self.demo["leader"], self.demo["secretary"], other)
        self.filled.counts["worked on"] = work(street, desk, self.today)

    def _windows(self) -> None:
        """Windows of the demo's community that can be booked."""
        community = Place.objects.get(pk=self.streets[0].communities[0])
        mine = Enterprise.objects.get(pk=self.favourite.pk)
        others = below_place(Enterprise.objects.exclude(pk=mine.pk), community.pk).order_by("pk")[:11]
        self.filled.counts["bookings"] = fill_windows(
            community,
            [mine, *others],
            self.demo["secretary"],
            self.demo["public"],
            self.demo["enterprise"],
            self._random("windows"),
        )

    # --- how the streets are organised ---------------------------------------------------------------------------------
    def _organisation(self) -> None:
        """Bodies, posts and employers, by the real actions."""
        self.filled.counts["people on record"] = sum(
            fill_organisation(
                Place.objects.get(pk=street.pk),
                self._random(f"organisation {street.plan.code}"),
                self.today,
            )
            for street in self.streets
        )
        works_for_operator(self.demo["property"], self.streets[0].parks[0].pk)

    # --- bins ---------------------------------------------------------------------------------------------------------
    def _bins(self) -> None:
        """Points, bins and simulated chips with a day of what they told, and clues that wait.

        Until this very moment when the demo ends today: a chip that was last heard of this morning would be silent by the afternoon.
        """
        real = datetime.now(ZONE)
        now = real if real.date() == self.today else self.now
        for street, looker in zip(self.streets, ("leader", "leader2"), strict=True):
            fill_bins(
                street,
                self.demo[looker],
                random=self._random(f"bins {street.plan.code}"),
                today=self.today,
                now=now,
                put=self._put,
            )
        lodge = self.streets[0].parks[0].buildings[0].pk
        firm = Enterprise.objects.get(pk=self.favourite.pk)
        self.filled.counts["sorting matters led"] = lead_tasks(lodge, firm, by=self.demo["leader"], now=self.now)

    # --- the end ------------------------------------------------------------------------------------------------------
    def _finish(self) -> None:
        self.filled.counts["search"] = sum(search.rebuild().values())
        journal.write(
            by=SYSTEM,
            verb=Verb.DEMO_GENERATED,
            place=self.streets[0].district,
            seed=self.seed,
            today=self.today,
            enterprises=self.filled.counts["enterprises"],
        )
        count_anew()


class _Subjects:
    """What an act was done to, as far as the journal asks for it; read before the next act is made."""

    def __init__(self) -> None:
        self._case, self._visit = Case(), Visit()
        self._application, self._version = Application(), PolicyVersion()

    def of(self, act: Told) -> Model:
        first, _space, rest = act.name.partition(" ")
        if act.subject == "cases.case":
            self._case.pk, self._case.number, self._case.title = act.pk, first, rest
            return self._case
        if act.subject == "policies.application":
            self._application.pk, self._application.number = act.pk, act.name
            return self._application
        if act.subject == "policies.policyversion":
            policy, _space, number = act.name.rpartition(" v")
            self._version.pk, self._version.number, self._version.policy = act.pk, int(number), Policy(name_zh=policy)
            return self._version
        self._visit.pk, self._visit.planned_for = act.pk, date.fromisoformat(first)
        self._visit.enterprise = Enterprise(name=rest)
        return self._visit
