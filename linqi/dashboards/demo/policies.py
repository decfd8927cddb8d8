"""Policies of a demo street: the library, one change by two persons, who was told, and money on its way in both channels 惠企政策演示."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from random import Random
from typing import Any, Final

from django.contrib.auth.hashers import make_password

from linqi.accounts.models import Grant, RoleRecord, User
from linqi.cases.deadlines import counted
from linqi.conditions import one
from linqi.conditions.one import Sight
from linqi.conditions.rules import Outcome
from linqi.dashboards.demo.firms import FACT_COLUMNS, SOURCE, Firm
from linqi.dashboards.demo.life import Told
from linqi.dashboards.demo.places import Street
from linqi.dashboards.demo.rows import follow, next_id
from linqi.enterprises import known
from linqi.enterprises.models import Enterprise, Fact, SourceKind
from linqi.journal.verbs import Verb
from linqi.kit.access import SYSTEM, Role
from linqi.kit.clock import ZONE
from linqi.policies import queries, rules
from linqi.policies.actions.library import install_library
from linqi.policies.actions.versions import COPIED
from linqi.policies.flow import BY_THE_FIRM, ENDED, FLOWS, Channel, Step, VersionState
from linqi.policies.models import (
    Application,
    Benefit,
    Budget,
    Example,
    Ledger,
    Material,
    Offer,
    Policy,
    PolicyVersion,
)
from linqi.policies.rules import Estimate, LedgerKind
from linqi.territory.models import Place

Put = Callable[[str, Any, tuple[str, ...], Any], None]
SCALE, HIGH_TECH, RESEARCH = "yh-68-scale-service", "hz-hnte-reward-2026", "hz-rd-subsidy-2026"
PUSHED: Final = {  # street code → what its firms were told
    "330110012": (SCALE, HIGH_TECH, RESEARCH),
    "330205008": ("cn-disabled-levy", "cn-adv-mfg-vat-credit"),
}
BUDGETS: Final = {SCALE: 6_000_000, HIGH_TECH: 12_000_000, RESEARCH: 80_000_000}  # made up; no source
ABOVE_SCALE: Final = 20_000_000  # yuan a year; the highest of the bounds for services
WITH_USER, MOST_USERS = 0.2, 80  # firms told that have a user of the portal
WAYS: Final = {  # state → the moves that lead there
    Channel.NO_APPLICATION: {
        Step.CANDIDATE: (),
        Step.CHECKED: ("check",),
        Step.LISTED: ("check", "list"),
        Step.NOTICED: ("check", "list", "notice"),
        Step.CONFIRMED: ("check", "list", "notice", "confirm"),
        Step.PAID: ("check", "list", "notice", "confirm", "pay"),
        Step.RECEIPTED: ("check", "list", "notice", "confirm", "pay", "receipt"),
        Step.SAMPLED: ("check", "list", "notice", "confirm", "pay", "receipt", "sample"),
        Step.RECALLED: ("check", "list", "notice", "confirm", "pay", "receipt", "sample", "recall"),
        Step.DECLINED: ("check", "list", "notice", "decline"),
        Step.DROPPED: ("drop",),
    },
    Channel.APPLICATION: {
        Step.DRAFT: (),
        Step.SUBMITTED: ("submit",),
        Step.CORRECTING: ("submit", "ask_correction"),
        Step.WITH_AUTHORITY: ("submit", "forward"),
        Step.IN_REVIEW: ("submit", "ask_correction", "submit", "forward", "review"),
        Step.NOTICED: ("submit", "forward", "review", "notice"),
        Step.APPROVED: ("submit", "forward", "review", "notice", "approve"),
        Step.PAID: ("submit", "forward", "review", "notice", "approve", "pay"),
        Step.ARCHIVED: (
            "submit",
            "ask_correction",
            "submit",
            "forward",
            "review",
            "notice",
            "approve",
            "pay",
            "archive",
        ),
        Step.REJECTED: ("submit", "forward", "review", "reject"),
        Step.WITHDRAWN: ("submit", "withdraw"),
        Step.RECALLED: ("submit", "forward", "review", "notice", "approve", "pay", "recall"),
    },
}
OFTEN: Final = {
    Step.RECEIPTED: 6,
    Step.PAID: 4,
    Step.NOTICED: 3,
    Step.CANDIDATE: 4,
    Step.ARCHIVED: 6,
    Step.IN_REVIEW: 3,
    Step.APPROVED: 2,
}
REASONS: Final = {
    "drop": "核对后发现今年已由市级兑付。",
    "decline": "今年不需要。",
    "reject": "研发费用归集口径不符，专项审计未通过。",
    "recall": "抽查发现首次纳统年度有误。",
    "ask_correction": "请补盖研发费用辅助账的公章，并补传2025年度汇算清缴表。",
}
SAMPLED_AS = "抽查资料齐全，与统计名录库一致。"
STATEMENT = "上一年度研发投入主要用于产品迭代，详见辅助账。"
VERSION_COLUMNS = ("version", "enterprise", "place")
OFFER_COLUMNS = ("id", *VERSION_COLUMNS, "outcome", "amount", "ceiling", "reached", "offered_at", "seen_at")
LEDGER_COLUMNS = ("id", *VERSION_COLUMNS, "application", "kind", "amount", "on", "at", "note")
APPLICATION_COLUMNS = (
    "id", "number", *VERSION_COLUMNS, "channel", "state", "year", "amount", "ceiling", "approved", "statement", "account_holder",
    "account_tail", "correction", "corrected", "reason", "sample", "checked_by", "listed_by", "notice_until", "due_at", "due_why",
    "overdue_told", "opened_at", "moved_at",
)  # fmt: skip
USER_COLUMNS = (
    "id", "password", "is_superuser", "username", "email", "is_staff", "is_active", "date_joined", "display_name", "language",
    "must_change_password",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Officers:
    """Who writes, who publishes and pays, by id; users of firms; names for the journal."""

    writer: int
    publisher: int
    users: dict[int, Any]
    portal: dict[int, int]  # enterprise → its user


def fill_policies(
    street: Street,
    firms: list[Firm],
    officers: Officers,
    *,
    fact_ids: "count[int]",
    random: Random,
    now: datetime,
    put: Put,
) -> list[Told]:
    """Give a street its policies and a year of them; `put(kind, model, columns, rows)` stores. What is to be told to the journal.

    Nobody is told of a policy whose conditions the firm does not meet by what is known of it.
    """
    return _Maker(street, firms, officers, fact_ids, random, now, put).make()


@dataclass(frozen=True, slots=True)
class _Told:
    """A firm that may meet a version, and what it may come to."""

    firm: Enterprise
    version: PolicyVersion
    outcome: Outcome
    money: Estimate


class _Maker:
    def __init__(
        self,
        street: Street,
        firms: list[Firm],
        officers: Officers,
        fact_ids: "count[int]",
        random: Random,
        now: datetime,
        put: Put,
    ) -> None:
        self.street, self.officers, self.random, self.now, self.put = street, officers, random, now, put
        self.firms = {firm.pk: firm for firm in firms if firm.present}
        self.fact_ids = fact_ids
        self.today = now.date()
        self.ids = {model: count(next_id(model)) for model in (Offer, Application, Ledger, Material)}
        self.rows: dict[Any, list[tuple[Any, ...]]] = {model: [] for model in (*self.ids, Fact)}
        self.told: list[Told] = []

    def make(self) -> list[Told]:
        keys = PUSHED[self.street.plan.code]
        install_library(street=Place.objects.get(pk=self.street.pk), by=SYSTEM)
        if SCALE in keys:
            self._facts()
            self._published()
            self._submitted()
        chosen = self._may(keys)
        self._users(chosen)
        self._offers(chosen)
        if SCALE in keys:
            self._applications(chosen)
        self.put("offers", Offer, OFFER_COLUMNS, self.rows[Offer])
        self.put("applications", Application, APPLICATION_COLUMNS, self.rows[Application])
        self.put("materials", Material, ("id", "application", "name", "held", "given"), self.rows[Material])
        self.put("ledger", Ledger, LEDGER_COLUMNS, self.rows[Ledger])
        follow(*self.ids)
        return self.told

    # --- what is known, as far as the policies ask it -----------------------------------------------------------------
    def _facts(self) -> None:
        """Some service firms are above scale since lately, and the year of a high-tech certificate is known."""
        last = self.today.year - 1
        above = [
            pk
            for pk in Fact.objects.filter(key="four_above", value="service").values_list("enterprise", flat=True)
            if pk in self.firms
        ]
        able = (
            firm
            for firm in self.firms.values()
            if firm.registered and firm.operates and firm.staff and not firm.above
            if firm.revenues.get(last, ABOVE_SCALE) >= ABOVE_SCALE
        )
        largest = sorted(able, key=lambda firm: (-(firm.staff or 0), firm.pk))
        wanted = [firm.pk for firm in largest[:14]]
        for pk in dict.fromkeys(pk for pk in wanted if pk not in above):
            self._fact(pk, "four_above", "service", "统计名录库", 0.98)
            above.append(pk)
        for pk in sorted(above):
            if pk in wanted or self.random.random() < 0.4:
                self._fact(pk, "four_above_first_year", self.random.choice((last, last, last - 1)), "统计名录库", 0.98)
        held: dict[int, int] = {}
        for pk, papers in Fact.objects.filter(key="certificates").values_list("enterprise", "value"):
            for paper in papers:
                if pk in self.firms and paper["code"] == "HNTE":
                    held[pk] = int(paper["issued_on"][:4])
        papers_known = set(Fact.objects.filter(key="certificates").values_list("enterprise", flat=True))
        for pk in self.officers.portal:
            if pk in self.firms and pk not in papers_known:
                paper = {
                    "code": "HNTE",
                    "no": f"DEMO{pk:06d}",
                    "issued_on": f"{last}-12-08",
                    "expires_on": f"{last + 3}-12-07",
                }
                self._fact(pk, "certificates", [paper], "科技资质名单", 0.98)
                held[pk] = last
        for pk, year in sorted(held.items()):
            self._fact(pk, "hnte_recognised_in_year", year, "科技资质名单", 0.98)
        spending = set(Fact.objects.filter(key="rd_expense", period=str(last)).values_list("enterprise", flat=True))
        for pk in [*self.officers.portal, *wanted]:
            if pk in self.firms and pk not in spending:
                self._fact(pk, "rd_expense", str(self.random.randrange(40, 900) * 10_000), "财务报表", 0.9, str(last))
        self.put("facts", Fact, FACT_COLUMNS, self.rows[Fact])

    def _fact(self, firm: int, key: str, value: Any, source: str, sure: float, period: str = "") -> None:
        as_of = self.today - timedelta(days=self.random.randrange(20, 120))
        row = next(self.fact_ids), firm, key, period, value, SourceKind.GENERATED.value, f"{SOURCE} · {source}", as_of
        self.rows[Fact].append((*row, sure, _moment(as_of, 11), None))

    # --- versions -----------------------------------------------------------------------------------------------------
    def _published(self) -> None:
        """One policy of the library was gone through by one person and published by another: its amount is certain now."""
        old = PolicyVersion.objects.select_related("policy").get(policy__street=self.street.pk, policy__key=SCALE)
        since = max(self.today - timedelta(days=200), old.since + timedelta(days=1))
        written, submitted, published = (_moment(since - timedelta(days=ago), 10) for ago in (12, 9, 5))
        new = self._next(old, since, VersionState.PUBLISHED, "首次奖励按区兑付清单核对为定额；再奖两年后另行核对。")
        new.until, new.published_by_id, new.published_at = None, self.officers.publisher, published
        new.save()
        first = old.benefits.order_by("pk")[0]
        Benefit.objects.create(
            version=new, name=first.name, kind=first.kind, amount=first.amount, per=first.per, note="再奖另行核对。"
        )
        PolicyVersion.objects.filter(pk=old.pk).update(until=since - timedelta(days=1))
        self._tell(written, self.officers.writer, Verb.POLICY_DRAFTED, new)
        self._tell(submitted, self.officers.writer, Verb.POLICY_SUBMITTED, new)
        self._tell(published, self.officers.publisher, Verb.POLICY_PUBLISHED, new)
        for key, amount in BUDGETS.items():
            policy = Policy.objects.get(street=self.street.pk, key=key)
            Budget.objects.create(policy=policy, year=self.today.year, amount=Decimal(amount))

    def _submitted(self) -> None:
        """A stricter version waits for the second person, so that one can see who would lose."""
        old = PolicyVersion.objects.select_related("policy").get(policy__street=self.street.pk, policy__key=RESEARCH)
        since = max(self.today + timedelta(days=10), old.since + timedelta(days=1))
        new = self._next(old, since, VersionState.SUBMITTED, "拟设100万元门槛，请核对受影响企业。")
        new.until = old.until if old.until is not None and old.until >= since else None
        new.conditions = {
            "all": [
                part
                if part.get("field") != "rd_expense"
                else part | {"op": "gte", "value": 100, "unit": "万元", "clause": "拟修订：上一年研发费用 ≥ 100 万元"}
                for part in old.conditions["all"]
            ]
        }
        new.save()
        Benefit.objects.bulk_create(_copy(benefit, new) for benefit in old.benefits.all())
        for example in new.examples.all():
            if example.expected != Outcome.UNMET:
                example.facts = [
                    [key, period, "1000000" if key == "rd_expense" else value] for key, period, value in example.facts
                ]
                example.save()
        self._tell(self._ago(6, 10), self.officers.writer, Verb.POLICY_DRAFTED, new)
        self._tell(self._ago(1, 4), self.officers.writer, Verb.POLICY_SUBMITTED, new)

    def _next(self, old: PolicyVersion, since: date, state: VersionState, note: str) -> PolicyVersion:
        copied = {name: getattr(old, name) for name in COPIED} | {"since": since, "note": f"演示数据：{note}"}
        new = PolicyVersion.objects.create(
            policy=old.policy,
            number=old.number + 1,
            state=VersionState.DRAFT,
            drafted_by_id=self.officers.writer,
            **copied | {"until": None},
        )
        Example.objects.bulk_create(_copy(example, new) for example in old.examples.all())
        new.state = state
        return new

    # --- whom it may concern ------------------------------------------------------------------------------------------
    def _may(self, keys: tuple[str, ...]) -> list[_Told]:
        """The firms that may meet the policies, judged one by one by what is known of them today."""
        rows = PolicyVersion.objects.filter(policy__street=self.street.pk, policy__key__in=keys)
        versions = list(
            queries.in_force(rows, self.today).select_related("policy").prefetch_related("benefits").order_by("policy")
        )
        if SCALE in keys:
            asked = Fact.objects.filter(key__in=["four_above_first_year", "hnte_recognised_in_year"])
            spending = Fact.objects.filter(key="rd_expense", period=str(self.today.year - 1))
            pks = {*asked.values_list("enterprise", flat=True)}
            pks |= {
                pk for pk in spending.order_by("pk").values_list("enterprise", flat=True) if pk in pks or pk % 3 == 0
            }
        else:
            pks = set(self.firms)
        firms = list(Enterprise.objects.filter(pk__in=pks & set(self.firms)).exclude(seat=None).order_by("pk"))
        facts = known.facts_of(firms, self.today)
        book, found = known.book(), []
        for firm in firms:
            sight = Sight(facts[firm.pk], book, self.today)
            for version in versions:
                outcome = one.judge_seen(queries.rule_of(version), sight).outcome
                if outcome in queries.MAY:
                    found.append(_Told(firm, version, outcome, queries.estimate_of(version, sight)))
        return found

    def _users(self, chosen: list[_Told]) -> None:
        """Some of the firms that were told have a user of the portal."""
        role = RoleRecord.objects.get(code=Role.ENTERPRISE_USER.value).pk
        locked, began = make_password(None), self.today - timedelta(days=400)
        ids, grants = count(next_id(User)), count(next_id(Grant))
        firms = {one_.firm.pk: one_.firm for one_ in chosen if one_.firm.pk not in self.officers.portal}
        drawn = self.random.sample(sorted(firms), min(MOST_USERS, round(len(firms) * WITH_USER)))
        users, held = [], []
        for number, firm in enumerate(sorted(drawn), 1):
            pk, name = next(ids), f"demo-firm-{self.street.pk}-{number}"
            users.append((pk, locked, False, name, "", False, True, _moment(began, 9), "企业联系人", "zh-hans", False))
            held.append((next(grants), pk, role, firm, began))
            self.officers.portal[firm] = pk
            self.officers.users[pk] = User(pk=pk, username=name, display_name="企业联系人")
        self.put("users", User, USER_COLUMNS, users)
        self.put("grants", Grant, ("id", "user", "role", "enterprise", "since"), held)
        follow(User, Grant)

    def _offers(self, chosen: list[_Told]) -> None:
        by_version: dict[int, list[_Told]] = {}
        for one_ in chosen:
            by_version.setdefault(one_.version.pk, []).append(one_)
        for listed in by_version.values():
            at, version = self._ago(45, 75), listed[0].version
            told = [one_ for one_ in listed if one_.firm.pk in self.officers.portal or self.random.random() < 0.9]
            for one_ in told:
                has_user = one_.firm.pk in self.officers.portal
                seen = at + timedelta(hours=self.random.randrange(2, 200)) if self.random.random() < 0.7 else None
                row = version.pk, one_.firm.pk, one_.firm.seat_id
                money = one_.money.amount, one_.money.ceiling
                self._put(Offer, *row, one_.outcome.value, *money, has_user, at, seen if has_user else None)
                if one_.money.amount:
                    self._book(one_, None, LedgerKind.OFFERED, one_.money.amount, at)
            reached = sum(one_.firm.pk in self.officers.portal for one_ in told)
            self._tell(at, self.officers.writer, Verb.POLICY_PUSHED, version, offered=len(told), reached=reached)

    # --- the way to the money -----------------------------------------------------------------------------------------
    def _applications(self, chosen: list[_Told]) -> None:
        states = {
            Channel.NO_APPLICATION: self._states(Channel.NO_APPLICATION, Step.NOTICED),
            Channel.APPLICATION: self._states(Channel.APPLICATION, Step.CORRECTING),
        }
        for key in (HIGH_TECH, SCALE, RESEARCH):
            able = [one_ for one_ in chosen if one_.version.policy.key == key]
            if not able:
                continue
            channel = Channel(able[0].version.policy.channel)
            order = {firm: at for at, firm in enumerate(self.officers.portal)}  # the demo user's own firm comes first
            mine = sorted((one_ for one_ in able if one_.firm.pk in order), key=lambda one_: order[one_.firm.pk])
            theirs = [one_ for one_ in able if one_.firm.pk not in self.officers.portal]
            self.random.shuffle(theirs)
            most = len(able) if channel == Channel.NO_APPLICATION else max(12, len(able) // 3)
            for one_, state in zip([*mine, *theirs][:most], states[channel], strict=False):
                self._application(one_, channel, state)

    def _states(self, channel: Channel, first: Step) -> Iterator[Step]:
        """The state of the demo firm's own, then every state once, then as often as it would be."""
        yield first
        yield from (state for state in reversed(WAYS[channel]) if state != first)
        states = list(WAYS[channel])
        weights = [OFTEN.get(state, 1) for state in states]
        while True:
            yield self.random.choices(states, weights)[0]

    def _application(self, one_: _Told, channel: Channel, state: Step) -> None:
        """One case with its past: each move on a working day, money in the ledger where the real action puts it."""
        pk, way = next(self.ids[Application]), WAYS[channel][state]
        moments = self._moments(way, state, one_.firm.pk == next(iter(self.officers.portal), None))
        asked = one_.money.amount or Decimal(0)
        if one_.money.ceiling:  # the most that is possible; the firm asks for less, a person decides
            tens = self.random.choice((10, 20)) if channel == Channel.NO_APPLICATION else self.random.randrange(4, 60)
            asked = min(asked, Decimal(tens * 10_000))
        said: dict[str, Any] = dict.fromkeys(
            ("approved", "holder", "tail", "correction", "reason", "sample", "checked", "listed", "notice")
        )
        before: str = Step.CANDIDATE if channel == Channel.NO_APPLICATION else Step.DRAFT
        number = f"ZC{self.today.year}-{pk:06d}"
        self._tell(moments[0], self._actor("open", one_, channel), Verb.APPLICATION_OPENED, (pk, number), one_)
        flow = FLOWS[channel]
        for step, at in zip(way, moments[1:], strict=True):
            self._step(step, at, one_, pk, asked, said, before)
            after = flow.after(step, before)
            data = {"move": step, "before": str(before), "after": str(after), "reason": REASONS.get(step, "")}
            self._tell(at, self._actor(step, one_, channel), Verb.APPLICATION_MOVED, (pk, number), one_, **data)
            before = after
        term = None if state in ENDED else rules.TERMS.get(state)
        due = counted(term, moments[-1]) if term else None
        fixed = one_.version.pk, one_.firm.pk, one_.firm.seat_id, channel.value, state.value, self.today.year
        self.rows[Application].append(
            (
                pk, number, *fixed, asked if channel == Channel.APPLICATION else one_.money.amount, one_.money.ceiling, said["approved"],
                STATEMENT if channel == Channel.APPLICATION else "", said["holder"] or "", said["tail"] or "", said["correction"] or "",
                bool(said["correction"]), said["reason"] or "", said["sample"] or "", said["checked"], said["listed"], said["notice"],
                due.at if due else None, due.why if due else [], False, moments[0], moments[-1],
            )
        )  # fmt: skip
        for material in one_.version.materials if channel == Channel.APPLICATION else ():
            given = "" if state == Step.DRAFT else "已上传"
            self._put(Material, pk, material["name"], "", given)

    def _step(
        self, step: str, at: datetime, one_: _Told, pk: int, asked: Decimal, said: dict[str, Any], before: str
    ) -> None:
        if step == "check":
            said["checked"] = self.officers.writer
        if step in ("list", "approve"):
            said["listed"] = self.officers.publisher if step == "list" else None
            said["approved"] = asked if step == "list" or self.random.random() < 0.6 else asked * 8 / 10
            self._book(one_, pk, LedgerKind.APPROVED, said["approved"], at)
        if step == "notice":
            said["notice"] = counted(f"{rules.NOTICE_DAYS} working_days", at).at.astimezone(ZONE).date()
        if step == "confirm":
            said["holder"], said["tail"] = one_.firm.name, f"{self.random.randrange(10_000):04d}"
            self._book(one_, pk, LedgerKind.CLAIMED, said["approved"], at)
        if step == "submit" and before == Step.DRAFT:
            self._book(one_, pk, LedgerKind.CLAIMED, asked, at)
        if step == "pay":
            self._book(one_, pk, LedgerKind.PAID, said["approved"], at)
        if step == "recall":
            self._book(one_, pk, LedgerKind.RECALLED, said["approved"], at)
        if step == "ask_correction":
            said["correction"] = REASONS[step]
        elif step in REASONS:
            said["reason"] = REASONS[step]
        if step == "sample":
            said["sample"] = SAMPLED_AS

    def _moments(self, way: tuple[str, ...], state: Step, own: bool) -> list[datetime]:
        """When it was opened and each move made; the last one lately, an ended one some weeks ago, notices full length."""
        back = self.random.randrange(5, 30) if state in ENDED else self.random.randrange(1, 9)
        if state == Step.NOTICED:
            back = 9 if own or self.random.random() < 0.4 else 2
        day, moments = self.today - timedelta(days=back), []
        for step in (*reversed(way), "open"):
            while day.weekday() > 4:
                day -= timedelta(days=1)
            moments.append(_moment(day, self.random.randrange(9, 17)))
            day -= timedelta(days=16 if step in ("confirm", "approve", "decline") else self.random.randrange(1, 5))
        return moments[::-1]

    def _actor(self, step: str, one_: _Told, channel: Channel) -> int | None:
        if step in BY_THE_FIRM or (step == "open" and channel == Channel.APPLICATION):
            return self.officers.portal.get(one_.firm.pk)
        return self.officers.publisher if step in ("list", "pay", "recall", "receipt") else self.officers.writer

    def _book(self, one_: _Told, application: int | None, kind: LedgerKind, amount: Decimal, at: datetime) -> None:
        row = one_.version.pk, one_.firm.pk, one_.firm.seat_id, application, kind.value, amount
        self._put(Ledger, *row, at.astimezone(ZONE).date(), at, "")

    def _put(self, model: Any, *values: Any) -> None:
        self.rows[model].append((next(self.ids[model]), *values))

    def _tell(
        self,
        at: datetime,
        actor: int | None,
        verb: Verb,
        subject: PolicyVersion | tuple[int, str],
        one_: _Told | None = None,
        **data: Any,
    ) -> None:
        if isinstance(subject, PolicyVersion):
            name, street = str(subject), self.street.pk
            told = Told(at, actor, verb.value, "policies.policyversion", subject.pk, name, None, street, data)
        else:
            assert one_ is not None
            assert one_.firm.seat_id is not None
            firm, seat = one_.firm.pk, one_.firm.seat_id
            told = Told(at, actor, verb.value, "policies.application", *subject, firm, seat, data)
        self.told.append(told)

    def _ago(self, low: int, high: int) -> datetime:
        return _moment(self.today - timedelta(days=self.random.randrange(low, high)), 10)


def _moment(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, 20, tzinfo=ZONE)


def _copy(row: Any, version: PolicyVersion) -> Any:
    row.pk, row._state.adding, row.version = None, True, version
    return row
