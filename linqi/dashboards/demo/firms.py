"""The enterprises of a demo street: who they are, where they sit and sat, and what is known of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from random import Random
from typing import Any, Final

import numpy as np

from linqi.dashboards.demo.places import Street, Unit
from linqi.dashboards.demo.words import Names, Trade, registry, trades, trades_of, words
from linqi.enterprises.models import EntityType, RegistrationStatus, Relation, SourceKind
from linqi.enterprises.rules.names import name_key
from linqi.kit.clock import ZONE
from linqi.kit.identifiers import ALPHABET, make_uscc, old_check_digit

SOURCE = "演示数据"
YOUNGER = 7  # years by which the measured founding years are moved on: the file ends in 2019
YEAR = 365
CLUSTERED, SHARED = (
    0.17,
    0.12,
)  # share of firms in clustered registration, in shared offices; product of no source, plausible
ELSEWHERE = 0.06  # occupants that are registered elsewhere; domain.md
MOVED_OUT, MOVED_WITHIN, NEWCOMERS = 0.028, 0.015, 0.075  # of the firms present, within the year
NO_INDUSTRY = 0.14
ACCOUNTS_LEAST, ACCOUNTS_SHARE = 12, 60  # whose accounts are known: at least so many, one firm in so many
STRONGER = 7  # of these one in so many is on its way to a listing
TAIL = "（依法须经批准的项目，经相关部门批准后方可开展经营活动）"
SOURCES: Final = {  # sources that are no public register, and how sure one may be of them
    "企业自报": (SourceKind.ENTERPRISE, 0.85),
    "社区台账": (SourceKind.IMPORT, 0.9),
    "园区租赁台账": (SourceKind.IMPORT, 0.9),
    "财务报表": (SourceKind.GENERATED, 0.9),
    "最近一轮融资估值": (SourceKind.GENERATED, 0.7),
    "投资机构公示": (SourceKind.GENERATED, 0.8),
    "登记信息": (SourceKind.GENERATED, 0.9),
}
TAILS: Final = {  # form → how the name ends, class of the credit code, legal form
    "partnership": ("合伙企业（有限合伙）", "91", EntityType.PARTNERSHIP),
    "sole": ("工作室", "91", EntityType.SOLE_PROPRIETOR_ENTERPRISE),
    "association": ("促进中心", "52", EntityType.NGO),
    "厂": ("厂", "91", EntityType.SOLE_PROPRIETOR_ENTERPRISE),
}


@dataclass(slots=True)
class Firm:
    """What later stages need to know of an enterprise."""

    pk: int
    name: str
    form: str
    unit: Unit
    since: date
    present: bool
    operates: bool
    newcomer: bool
    trade: Trade | None
    above: bool = False
    staff: int | None = None
    registered: bool = True
    asks: tuple[tuple[str, date], ...] = ()  # reasons for a visit, since when; demo/signals.py
    revenues: dict[int, float] = field(default_factory=dict)  # those that are known, by year
    spent: int | None = None  # on research in the last year, where it is known
    joint_stock: bool = False
    certified: bool = False  # holds a certificate of technology


@dataclass
class Firms:
    """Everything about the enterprises of one street, as rows."""

    firms: list[Firm]
    enterprises: list[tuple[Any, ...]]
    tenancies: list[tuple[Any, ...]]


ENTERPRISE_COLUMNS = (
    "id",
    "uscc",
    "old_number",
    "name",
    "name_key",
    "entity_type",
    "registration_status",
    "established_on",
    "registered_capital",
    "capital_currency",
    "registered_address",
    "registration_region",
    "business_scope",
    "industry_code",
    "industry_source",
    "seat",
    "source",
    "as_of",
    "head",
    "created_at",
    "updated_at",
)
TENANCY_COLUMNS = (
    "id",
    "enterprise",
    "place",
    "relation",
    "since",
    "until",
    "area_m2",
    "shared",
    "clustered",
    "source",
    "room",
)
FACT_COLUMNS = (
    "id",
    "enterprise",
    "key",
    "period",
    "value",
    "source_kind",
    "source",
    "as_of",
    "confidence",
    "recorded_at",
    "superseded_on",
)


def make_firms(
    street: Street,
    *,
    number: int,
    industry: int,
    names: Names,
    ids: "count[int]",
    tenancy_ids: "count[int]",
    codes: "count[int]",
    random: Random,
    today: date,
) -> Firms:
    """So many enterprises present today, the first `industry` of them industry above scale, and some that left."""
    maker = _Maker(street, names=names, ids=ids, tenancy_ids=tenancy_ids, codes=codes, random=random, today=today)
    gone = max(1, round(number * MOVED_OUT))
    seats = _seats(list(street.units), number, random)
    for at, (unit, way) in enumerate(seats):
        maker.firm(unit, way, above=at < industry)
    lone = [unit for unit, way in seats if way == "own"]
    for _ in range(gone):
        maker.gone(random.choice(lone))
    maker.heads()
    return Firms(maker.firms, maker.enterprises, maker.tenancies)


class _Maker:
    """Makes one enterprise after the other; everything random comes from one stream."""

    def __init__(
        self,
        street: Street,
        *,
        names: Names,
        ids: "count[int]",
        tenancy_ids: "count[int]",
        codes: "count[int]",
        random: Random,
        today: date,
    ) -> None:
        self.street, self.names, self.ids, self.codes = street, names, ids, codes
        self.tenancy_ids, self.random, self.today = tenancy_ids, random, today
        self.firms: list[Firm] = []
        self.enterprises: list[tuple[Any, ...]] = []
        self.tenancies: list[tuple[Any, ...]] = []
        self.units = list(street.units)
        self.region = street.plan.district[0]
        region = words()["regions"][street.plan.code]
        self.prefixes = [name for name, _weight in region["names"]], [weight for _name, weight in region["names"]]
        self.elsewhere = region["elsewhere"]
        measured = registry()
        self.missing, self.share = measured["missing"], measured["share"]
        self.capital = measured["capital"], [row[2] for row in measured["capital"]]
        self.years = [int(year) + YOUNGER for year in measured["founded"]], list(measured["founded"].values())
        self.months = measured["month"]
        self.written = measured["address"]
        self.heads_open: list[int] = []

    def firm(self, unit: Unit, way: str, *, above: bool) -> None:
        """One that is here today; `way` is own, shared or clustered."""
        random = self.random
        trade, form = self._trade(unit, above), self._form(way, above)
        founded = self._founded(above)
        since, newcomer = self._moved_in(founded, unit.building.since, above)
        elsewhere = way != "clustered" and not above and random.random() < ELSEWHERE
        relation = (
            Relation.REGISTERED
            if way == "clustered"
            else Relation.OPERATES
            if elsewhere
            else Relation.REGISTERED
            if not above and random.random() < 0.10
            else Relation.BOTH
        )
        status = RegistrationStatus.DEREGISTERING if random.random() < 0.012 else RegistrationStatus.ACTIVE
        firm = self._enter(
            unit, trade, form, founded=founded, since=since, status=status, elsewhere=elsewhere, seat=True
        )
        firm.operates = relation != Relation.REGISTERED
        firm.registered = relation != Relation.OPERATES
        firm.newcomer, firm.above = newcomer, above
        known = None if random.random() < 0.025 and not newcomer else since
        self._stay(firm.pk, unit, relation, since=known, way=way)
        if known and random.random() < MOVED_WITHIN and (known - unit.building.since).days > 60:
            before = random.choice(self.units)
            start = max(founded, before.building.since)
            if before is not unit and start < known:
                self._stay(firm.pk, before, relation, since=start, until=known)
        if above or (way == "own" and relation == Relation.BOTH and random.random() < 0.03):
            beside = random.choice(unit.building.units)
            if beside is not unit and since >= beside.building.since:
                self._stay(firm.pk, beside, Relation.OPERATES, since=known)

    def gone(self, unit: Unit) -> None:
        """One that left within the year."""
        random = self.random
        left = self.today - timedelta(days=random.randrange(1, YEAR))
        founded = min(self._founded(False), left - timedelta(days=400))
        since = max(founded, unit.building.since)
        if since >= left - timedelta(days=30):
            since = max(unit.building.since, left - timedelta(days=200))
        status = random.choices(
            (RegistrationStatus.MOVED_OUT, RegistrationStatus.DEREGISTERED, RegistrationStatus.REVOKED), (6, 5, 0.6)
        )[0]
        firm = self._enter(
            unit,
            self._trade(unit, False),
            self._form("own", False),
            founded=founded,
            since=since,
            status=status,
            elsewhere=False,
            seat=False,
        )
        firm.present = False
        self._stay(firm.pk, unit, Relation.BOTH, since=since, until=left)

    def heads(self) -> None:
        """Some branches find their head office on the street."""
        if not self.heads_open:
            return
        for at, row in enumerate(self.enterprises):
            if row[5] == EntityType.BRANCH.value and self.random.random() < 0.12:
                head = self.random.choice(self.heads_open)
                if head != row[0]:
                    base = self.enterprises[head - self.enterprises[0][0]][3]
                    name = f"{base}{self._branch_tail()}"
                    columns = list(row)
                    columns[3], columns[4], columns[18] = name, name_key(name), head
                    self.enterprises[at] = tuple(columns)
                    self.firms[at].name = name

    def _branch_tail(self) -> str:
        return f"{self.random.choice(words()['first'])}{self.random.choice(words()['middle'])}分公司"

    def _trade(self, unit: Unit, above: bool) -> Trade:
        if above:
            heavy = [trade for trade in trades() if trade.theme == "industry"]
            return self.random.choices(heavy, [trade.weight for trade in heavy])[0]
        return self.random.choices(trades(), trades_of(unit.building.park.theme))[0]

    def _form(self, way: str, above: bool) -> str:
        if above:
            return "有限公司" if self.random.random() < 0.93 else "股份有限公司"
        draw = self.random.random()
        for form, share in (
            ("branch", self.share["branch"]),
            ("shop", self.share["self_employed"] if way == "own" else 0),
            ("股份有限公司", self.share["joint_stock"]),
            ("partnership", self.share["partnership"] + (0.02 if way == "clustered" else 0)),
            ("sole", self.share["sole"] * 0.4),
            ("works", self.share["works"]),
            ("association", 0.002),
        ):
            if draw < share:
                return form
            draw -= share
        return "有限公司"

    def _founded(self, above: bool) -> date:
        random, today = self.random, self.today
        year = random.choices(*self.years)[0]
        month = random.choices(range(1, 13), self.months)[0]
        day = date(year, month, random.randrange(1, 29))
        latest = today - timedelta(days=1500 if above else 1)
        return day if day <= latest else latest - timedelta(days=random.randrange(0, 300))

    def _moved_in(self, founded: date, opened: date, above: bool) -> tuple[date, bool]:
        """The day it came, and whether that lies within the year."""
        random, today = self.random, self.today
        earliest, year_ago = max(founded, opened), today - timedelta(days=YEAR)
        if earliest < year_ago and (above or random.random() >= NEWCOMERS):
            # the newer the stay the more of them: stays are given up all the time
            return year_ago - timedelta(days=int((year_ago - earliest).days * random.random() ** 1.6)), False
        first = max(earliest, year_ago)
        return first + timedelta(days=random.randrange(0, max(1, (today - first).days))), True

    def _enter(
        self,
        unit: Unit,
        trade: Trade,
        form: str,
        *,
        founded: date,
        since: date,
        status: RegistrationStatus,
        elsewhere: bool,
        seat: bool,
    ) -> Firm:
        random, today = self.random, self.today
        pk = next(self.ids)
        prefix = random.choices(*self.prefixes)[0]
        name, kind, entity, industry = self._name(prefix, trade, form)
        region, town = random.choice(self.elsewhere) if elsewhere else (self.region, "")
        modern = founded.year >= 2015
        code = next(self.codes)
        body = f"MA{_letters(code, 6)}" if modern else f"{(code * 7919) % 90_000_000 + 10_000_000:08d}"
        uscc = make_uscc(kind[0], kind[1], str(region), body)
        old = ""
        if not modern and random.random() < 0.006:  # some never changed their 15-digit number
            number = f"{region}{code % 100_000_000:08d}"
            uscc, old = "", number + old_check_digit(number)
        capital, currency = None, ""
        if entity not in {EntityType.BRANCH, EntityType.SELF_EMPLOYED} and random.random() > max(
            0.0, self.missing["capital"] - self.share["branch"]
        ):
            amount, currency, _weight = random.choices(*self.capital)[0]
            capital = Decimal(str(amount)) * 10_000
        source = ""
        if random.random() < NO_INDUSTRY:
            industry = ""
        else:
            source = "given" if random.random() < 0.6 else "scope"
        scope = "" if random.random() < self.missing["scope"] else self._scope(trade)
        entered = datetime.combine(min(today, since + timedelta(days=random.randrange(0, 20))), time(9, 30), ZONE)
        self.enterprises.append(
            (
                pk,
                uscc,
                old,
                name,
                name_key(name),
                entity.value,
                status.value,
                founded,
                capital,
                currency,
                self._address(unit, str(town)),
                str(region),
                scope,
                industry,
                source,
                unit.pk if seat else None,
                f"{SOURCE} · 市场监管名册",
                today.replace(day=1),
                None,
                entered,
                entered,
            )
        )
        if entity == EntityType.COMPANY:
            self.heads_open.append(pk)
        firm = Firm(pk, name, entity.value, unit, since, True, True, False, trade if industry else None)
        self.firms.append(firm)
        return firm

    def _name(self, prefix: str, trade: Trade, form: str) -> tuple[str, str, EntityType, str]:
        """Name, class of the credit code, legal form, industry."""
        random = self.random
        own, industry = self.names.next(), random.choice(trade.codes)
        if form == "shop":
            word, industry = random.choice(words()["shops"])
            return (
                f"{self.street.plan.district[1]}{self.street.plan.name}{own}{word}",
                "92",
                EntityType.SELF_EMPLOYED,
                industry,
            )
        if form == "branch":
            town = random.choice(("杭州", "宁波", "上海", "浙江", "嘉兴", "绍兴"))
            return f"{town}{own}{trade.word}有限公司{self._branch_tail()}", "91", EntityType.BRANCH, industry
        if form == "works":
            form = "厂" if trade.works else "有限责任公司"
        tail, kind, entity = TAILS.get(form, (form, "91", EntityType.COMPANY))
        return f"{prefix}{own}{trade.word}{tail}", kind, entity, industry

    def _scope(self, trade: Trade) -> str:
        items = self.random.sample(
            trade.scope, self.random.randrange(max(1, len(trade.scope) - 1), len(trade.scope) + 1)
        )
        return "；".join(items) + (TAIL if self.random.random() < 0.7 else "。")

    def _address(self, unit: Unit, town: str) -> str:
        """As sparse as addresses of the registry are."""
        random, written = self.random, self.written
        building = unit.building
        if town:
            return f"{town}{random.choice(words()['roads'][self.street.plan.code])}{random.randrange(1, 900)}号"
        text = "浙江省杭州市" if self.region == "330110" else "浙江省宁波市"
        text += self.street.plan.district[1]
        detailed = random.random()
        if detailed < 0.9 or random.random() < written["sub_district"]:
            text += self.street.plan.name
        text += f"{building.park.road}{building.door}号"
        if detailed < 0.78:
            text += building.number
        if detailed < 0.7:
            text += f"{unit.name}室"
        return text

    def _stay(
        self,
        firm: int,
        unit: Unit,
        relation: Relation,
        *,
        since: date | None,
        until: date | None = None,
        way: str = "own",
    ) -> None:
        area = None if way == "clustered" else unit.area if way == "own" else round(unit.area / 12, 1)
        self.tenancies.append(
            (
                next(self.tenancy_ids),
                firm,
                unit.pk,
                relation.value,
                since,
                until,
                area,
                way == "shared",
                way == "clustered",
                f"{SOURCE} · 园区入驻名册",
                "",
            )
        )


def _seats(units: list[Unit], number: int, random: Random) -> list[tuple[Unit, str]]:
    """A unit for each firm and in which way it is there; about a fifth of the units stays empty."""
    free = list(units)
    random.shuffle(free)
    seats: list[tuple[Unit, str]] = []
    for way, share, low, high in (("clustered", CLUSTERED, 18, 110), ("shared", SHARED, 10, 26)):
        left = round(number * share)
        while left > 0 and free:
            size = min(left, random.randrange(low, high) if number > 500 else 10)
            unit = free.pop()
            seats += [(unit, way)] * size
            left -= size
    own = number - len(seats)
    usable = free[: max(1, int(len(free) * 0.97))]
    singles = [(usable[at % len(usable)], "own") for at in range(own)]
    random.shuffle(seats)
    return [*singles, *seats]


def workers(firms: list[Firm], total: int, random: Random) -> None:
    """Give those whose staff is known a head count, together exactly `total`."""
    known = []
    weights = []
    for firm in firms:
        if not firm.present or (not firm.above and random.random() > (0.82 if firm.operates else 0.45)):
            continue
        size = random.lognormvariate(1.1, 1.15) * (60 if firm.above else 1 if firm.operates else 0.12)
        if firm.form == EntityType.SELF_EMPLOYED.value:
            size = random.uniform(0.3, 1.2)
        known.append(firm)
        weights.append(size)
    if not known:
        return
    room = max(0, total - len(known))
    shares = np.array(weights) / sum(weights) * room
    counts = np.floor(shares).astype(int)
    for at in np.argsort(-(shares - counts), kind="stable")[: room - int(counts.sum())]:
        counts[at] += 1
    for firm, extra in zip(known, counts, strict=True):
        firm.staff = 1 + int(extra)


def make_facts(firms: list[Firm], *, ids: "count[int]", random: Random, today: date) -> Iterator[tuple[Any, ...]]:
    """What is known of each, as unevenly as it is known of real ones; every value fits the dictionary."""
    known = _Known(ids, random, today)
    for firm in firms:
        if firm.present:
            yield from known.of(firm)


def make_accounts(
    firms: list[Firm], *, also: Firm | None, ids: "count[int]", random: Random, today: date
) -> Iterator[tuple[Any, ...]]:
    """Three years of accounts of the larger ones and of `also`, so that listing standards and policies have something to judge.

    Generated throughout and marked so: no two figures of one firm contradict each other, and some of them are not known.
    """
    known = _Known(ids, random, today)
    staffed = [firm for firm in firms if firm.present and firm.staff and firm.form == EntityType.COMPANY.value]
    staffed.sort(key=lambda firm: (-(firm.staff or 0), firm.pk))
    chosen = staffed[: max(ACCOUNTS_LEAST, len(firms) // ACCOUNTS_SHARE)]
    for place, firm in enumerate(chosen):
        yield from known.accounts(firm, stronger=place % STRONGER == 0 or firm is also)
    if also is not None and also not in chosen:
        yield from known.accounts(also, stronger=True)


class _Known:
    """What is known of one enterprise after the other, from which source and as of which day."""

    def __init__(self, ids: "count[int]", random: Random, today: date) -> None:
        self.ids, self.random, self.today = ids, random, today
        self.last = today.year - 1
        self.recorded = datetime.combine(today - timedelta(days=40), time(10), ZONE)
        self.earlier = datetime.combine(today - timedelta(days=300), time(10), ZONE)

    def of(self, firm: Firm) -> Iterator[tuple[Any, ...]]:
        draw = self.random.random
        if firm.staff is not None:
            yield from self._counted(firm, firm.staff)
        if draw() < 0.42:
            grade = self.random.choices("ABMCD", (12, 48, 34, 4, 1))[0]
            yield self._fact(firm, "tax_credit_grade", grade, "税务公开信息", year=self.last)
        if firm.operates and draw() < 0.55:
            yield self._fact(firm, "leased_area", str(firm.unit.area), "园区租赁台账")
        if draw() < 0.5:
            told = min(firm.pk % 250, max(0, (self.today.replace(day=1) - firm.since).days))
            yield self._fact(firm, "actual_operation_here", firm.operates, "社区台账", before=told)
        if draw() < 0.3:
            kind = "small_scale" if (firm.staff or 1) < 12 else "general"
            yield self._fact(firm, "vat_taxpayer_kind", kind, "税务登记")

    def _counted(self, firm: Firm, staff: int) -> Iterator[tuple[Any, ...]]:
        """What is known of those whose head count is known."""
        random, draw, last = self.random, self.random.random, self.last
        yield self._fact(firm, "employees", staff, "人社用工名册", year=last)
        if draw() < 0.4 and firm.since.year < last:
            before = max(1, round(staff * random.uniform(0.75, 1.15)))
            yield self._fact(firm, "employees", before, "人社用工名册", year=last - 1)
        revenue = round(staff * random.lognormvariate(12.6, 0.8), -3)
        if firm.above:
            revenue = max(21_000_000, round(staff * random.uniform(500_000, 1_600_000), -4))
            yield self._fact(firm, "four_above", "industry", "统计名录库", before=firm.pk % 250)
            yield self._fact(firm, "four_above_first_year", random.randrange(2016, last), "统计名录库")
        elif revenue > 20_000_000 and firm.trade and firm.trade.theme in {"digital", "service"}:
            yield self._fact(firm, "four_above", "service", "统计名录库")
        if firm.above or draw() < 0.33:
            yield from self._earned(firm, revenue)
        if firm.trade is not None and firm.trade.theme in {"digital", "bio", "industry"}:
            yield from self._inventive(firm, staff, revenue)
        if staff >= 12 and draw() < 0.35:
            organised = random.choices(("none", "joint_branch", "branch", "general_branch"), (5, 4, 3, 0.3))[0]
            yield self._fact(firm, "party_org", organised, "社区台账")

    def _earned(self, firm: Firm, revenue: float) -> Iterator[tuple[Any, ...]]:
        random, draw = self.random, self.random.random
        source = "税务年报" if draw() < 0.7 else "企业自报"
        firm.revenues[self.last] = int(revenue)
        yield self._fact(firm, "revenue", str(int(revenue)), source, year=self.last)
        if draw() < 0.05:  # two sources that differ stay side by side
            other = str(int(max(revenue * random.uniform(0.9, 1.08), 20_500_000 if firm.above else 0)))
            yield self._fact(firm, "revenue", other, "企业自报", year=self.last, before=1)
        if draw() < 0.5:
            firm.revenues[self.last - 1] = before = int(revenue / random.uniform(0.85, 1.35))
            yield self._fact(firm, "revenue", str(before), "税务年报", year=self.last - 1)

    def _inventive(self, firm: Firm, staff: int, revenue: float) -> Iterator[tuple[Any, ...]]:
        random, draw = self.random, self.random.random
        if draw() < 0.16:
            firm.spent = int(revenue * random.uniform(0.03, 0.16))
            yield self._fact(firm, "rd_expense", str(firm.spent), "税务年报", year=self.last)
        if staff >= 8 and draw() < 0.3:
            issued = self.today - timedelta(days=random.randrange(60, 1000))
            held = {
                "code": random.choice(("HNTE", "TECH_SME", "PROV_TECH_SME", "INNOV_SME")),
                "no": f"DEMO{firm.pk:06d}",
                "issued_on": issued.isoformat(),
                "expires_on": (issued + timedelta(days=1095)).isoformat(),
            }
            firm.certified = held["code"] != "PROV_TECH_SME"
            yield self._fact(firm, "certificates", [held], "科技资质名单", before=firm.pk % 250)
            yield self._fact(firm, "ip_class2", random.randrange(1, 40), "知识产权名单")

    def accounts(self, firm: Firm, *, stronger: bool) -> Iterator[tuple[Any, ...]]:
        """The accounts of three years; `stronger`: one that is on its way to a listing."""
        random, draw, last = self.random, self.random.random, self.last
        growth = random.uniform(0.1, 0.45) if stronger else random.gauss(0.12, 0.2)
        margin = random.uniform(0.08, 0.22) if stronger else random.gauss(0.05, 0.08)
        spent = random.uniform(0.04, 0.2) if firm.trade and firm.trade.theme != "service" else random.uniform(0, 0.04)
        worth = random.uniform(0.8, 2.2)
        revenue = firm.revenues.get(last) or (firm.staff or 1) * random.uniform(300_000, 900_000)
        if last not in firm.revenues:
            revenue *= random.uniform(2, 9) if stronger else 1
            firm.revenues[last] = int(revenue)
            yield self._fact(firm, "revenue", _round(revenue), "财务报表", year=last)
        profit = 0.0
        for year in (last, last - 1, last - 2):
            if firm.since.year > year:
                break
            if year not in firm.revenues:
                yield self._fact(firm, "revenue", _round(revenue), "财务报表", year=year)
            revenue = firm.revenues.get(year, revenue)
            profit = revenue * (margin + random.gauss(0, 0.02))
            own = revenue * worth * random.uniform(0.4, 0.65)
            figures = {
                "net_profit": profit,
                "operating_cash_flow": profit * random.uniform(0.4, 1.5),
                "total_assets": revenue * worth,
                "net_assets": own,
                "roe_weighted": profit / own,
                "rd_expense": revenue * spent,
            }
            for key, value in figures.items():
                if draw() > 0.06 and not (key == "rd_expense" and year == last and firm.spent):
                    text = _ratio(value) if key == "roe_weighted" else _round(value)
                    yield self._fact(firm, key, text, "财务报表", year=year)
            revenue /= max(0.5, 1 + growth + random.gauss(0, 0.05))
        if stronger or draw() < 0.25:
            value = max(profit * random.uniform(15, 35), revenue * random.uniform(1, 4))
            yield self._fact(firm, "estimated_market_cap", _round(value, -6), "最近一轮融资估值")
        if stronger or draw() < 0.15:
            raised = _round(max(5_000_000, firm.revenues.get(last, 0) * random.uniform(0.2, 0.9)), -6)
            yield self._fact(firm, "equity_financing_3y", raised, "投资机构公示")
        if stronger and draw() < 0.8:
            firm.joint_stock = True
            yield self._fact(firm, "legal_form_joint_stock", True, "登记信息")

    def _fact(
        self, firm: Firm, key: str, value: Any, source: str, *, year: int | None = None, before: int = 0
    ) -> tuple[Any, ...]:
        """One row; `before`: days by which its source is older than it might be."""
        kind, sure = SOURCES.get(source, (SourceKind.REGISTER, 0.98))
        as_of = date(year, 12, 31) if year else self.today.replace(day=1)
        return (
            next(self.ids),
            firm.pk,
            key,
            str(year or ""),
            value,
            kind.value,
            f"{SOURCE} · {source}",
            as_of - timedelta(days=before),
            sure,
            self.earlier if year and year < self.last else self.recorded,
            None,
        )


def _round(value: float, places: int = -4) -> str:
    """An amount to the next ten thousand yuan, as accounts are told."""
    return str(int(round(value, places)))


def _ratio(value: float) -> str:
    return format(Decimal(str(round(value, 4))).normalize() + 0, "f")


def _letters(number: int, length: int) -> str:
    """A number in the alphabet of the credit code."""
    text = ""
    for _ in range(length):
        number, rest = divmod(number, len(ALPHABET))
        text = ALPHABET[rest] + text
    return text
