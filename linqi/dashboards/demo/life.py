"""A year of life on a demo street: link teams, visits with what was found, cases and what became of them."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import count
from random import Random
from typing import Any

from linqi.cases.deadlines import Deadline, counted
from linqi.cases.dispatch import Basis
from linqi.cases.flow import State
from linqi.cases.models import RatedBy, Source
from linqi.cases.rules import number
from linqi.dashboards.demo.firms import SOURCE, Firm
from linqi.dashboards.demo.words import words
from linqi.enterprises.models import ClaimState, EntityType, SourceKind
from linqi.kit.clock import ZONE, clock_in_force
from linqi.kit.identifiers import mask_name
from linqi.visits.flow import State as VisitState
from linqi.visits.intake import default_rules
from linqi.visits.models import FindingKind
from linqi.visits.rules import Reason

ON_TIME = 0.93  # share of cases answered in time; no source, plausible
RATED = 0.66
SEEN_LATELY, SEEN_EARLIER = (
    0.5,
    0.985,
)  # share of the firms seen that have asked for a visit within the month, or for longer; plausible
FOLLOWED_UP = 0.94  # share of the newcomers seen that are seen again after ninety days
STARS = ((5, 4, 3, 2, 1), (56, 27, 10, 4, 3))

VISIT_COLUMNS = (
    "id",
    "enterprise",
    "place",
    "street",
    "team",
    "visitor",
    "state",
    "reasons",
    "dues",
    "planned_for",
    "visited_on",
    "met",
    "summary",
    "next_step",
    "why_again",
    "edition",
    "stamps",
)
FINDING_COLUMNS = ("id", "visit", "kind", "text", "case", "claim", "recorded_at")
CLAIM_COLUMNS = (
    "id",
    "enterprise",
    "key",
    "period",
    "value",
    "said_by",
    "said_on",
    "origin",
    "state",
    "entered_at",
    "entered_by",
    "decided_by",
    "decided_at",
    "reason",
    "fact",
    "before",
)
CASE_COLUMNS = (
    "id",
    "number",
    "enterprise",
    "place",
    "street",
    "category",
    "case_class",
    "title",
    "body",
    "source",
    "state",
    "reporter",
    "department",
    "dispatch_basis",
    "dispatch_reason",
    "handler",
    "opened_at",
    "accept_term",
    "contact_term",
    "close_term",
    "extend_term",
    "counted_from",
    "accept_due_at",
    "contact_due_at",
    "due_at",
    "due_why",
    "due_provisional",
    "extended",
    "accepted_at",
    "contacted_at",
    "answered_at",
    "answer",
    "closed_at",
    "reopened",
    "rating",
    "rating_comment",
    "rated_at",
    "rated_by",
    "outcome",
    "solved",
    "route",
    "dispatch_row",
    "proposal",
    "contact_name",
    "contact_phone",
    "said_enterprise",
)
OUTCOMES = ("solved", "partly", "explained", "unmet"), (82, 8, 7, 3)


@dataclass(frozen=True, slots=True)
class Limit:
    """The time limits of a class of cases, as terms."""

    accept: str
    contact: str
    close: str
    extend: str


@dataclass(frozen=True, slots=True)
class Topic:
    """A category as the cases of this street meet it."""

    pk: int
    code: str
    case_class: str
    department: int | None
    handler: int | None
    section: str  # the name of the department; empty where there is none
    row: int | None = None  # of the dispatch table


@dataclass(frozen=True)
class Staff:
    """Who works on this street: ids of users."""

    street: int
    desk: int
    decider: int
    teams: dict[int, tuple[int, int]]  # building → team, visitor
    topics: tuple[Topic, ...]
    limits: dict[str, Limit]
    portal: dict[int, int]  # enterprise → its user


@dataclass(slots=True)
class Told:
    """One act of the year, to be written to the journal in order of time."""

    at: datetime
    actor: int | None
    verb: str
    subject: str
    pk: int
    name: str
    enterprise: int | None
    place: int
    data: dict[str, Any]


@dataclass
class Life:
    """Rows of one street's year."""

    visits: list[tuple[Any, ...]] = field(default_factory=list)
    findings: list[tuple[Any, ...]] = field(default_factory=list)
    claims: list[tuple[Any, ...]] = field(default_factory=list)
    facts: list[tuple[Any, ...]] = field(default_factory=list)
    cases: list[tuple[Any, ...]] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)


@dataclass
class Ids:
    """Numbers that run through all streets."""

    visits: "count[int]"
    findings: "count[int]"
    claims: "count[int]"
    facts: "count[int]"
    cases: "count[int]"
    of_day: dict[date, int] = field(default_factory=lambda: defaultdict(int))


def make_life(
    firms: list[Firm],
    staff: Staff,
    *,
    visits: int,
    cases: int,
    favourite: Firm | None,
    ids: Ids,
    random: Random,
    now: datetime,
) -> Life:
    """So many visits and cases of the last year; `favourite` has some of everything."""
    return _Year(firms, staff, favourite=favourite, ids=ids, random=random, now=now).live(visits, cases)


class _Year:
    def __init__(
        self, firms: list[Firm], staff: Staff, *, favourite: Firm | None, ids: Ids, random: Random, now: datetime
    ) -> None:
        self.firms = [firm for firm in firms if firm.present and firm.unit.building.pk in staff.teams]
        self.staff, self.ids, self.random, self.now = staff, ids, random, now
        self.today = now.date()
        self.favourite = favourite
        self.life = Life()
        self.clock = clock_in_force()
        self.rules = {row.reason.value: row for row in default_rules()}
        self.pressing: list[tuple[datetime, Firm, int | None, int | None]] = []  # when, who, visit, visitor

    def live(self, visits: int, cases: int) -> Life:
        self._visits(visits)
        self._cases(cases)
        self.life.told.sort(key=lambda one: (one.at, one.subject, one.pk))
        return self.life

    def _visits(self, visits: int) -> None:
        random = self.random
        settled = [firm for firm in self.firms if firm.operates]
        done = self._asked(visits * 0.9)
        for firm in self.firms:
            if done >= visits * 0.95:
                break
            if firm.newcomer and firm.operates and random.random() < 0.8:
                done += self._welcomed(firm)
        if self.favourite:
            for days in (300, 190, 95, 41):
                self._visit(self.favourite, self.today - timedelta(days=days), [])
        while done < visits:
            back = int(375 * random.random() ** 1.15) - 12
            firm = random.choice(settled)
            day = self.today - timedelta(days=back)
            if day > firm.since:
                self._visit(firm, day, [Reason.IN_NEED.value] if random.random() < 0.22 else [])
            done += 1

    def _cases(self, cases: int) -> None:
        """Those that visits brought up, and as many others as are asked for."""
        random = self.random
        wanted = max(0, cases - len(self.pressing))
        operating = [firm for firm in self.firms if firm.operates]
        for _ in range(wanted):
            firm = random.choice(operating)
            opened = self._moment(self.today - timedelta(days=int(365 * random.random() ** 1.1)))
            if opened.date() > firm.since:
                self.pressing.append((opened, firm, None, None))
        if self.favourite:
            for days in (260, 120, 33, 9, 2):
                self.pressing.append((self._moment(self.today - timedelta(days=days)), self.favourite, None, None))
        findings = {}
        for opened, firm, visit, visitor in sorted(self.pressing, key=lambda one: (one[0], one[1].pk)):
            if opened < self.now:
                case, title = self._case(opened, firm, visitor if visit else None, visit is not None)
                if visit:
                    findings[visit] = (case, title, opened)
        for visit, (case, title, at) in findings.items():
            kind = FindingKind.PROBLEM if case % 3 else FindingKind.NEED
            self.life.findings.append((next(self.ids.findings), visit, kind.value, title, case, None, at))

    def _asked(self, most: float) -> int:
        """Whoever asks for a visit is mostly seen, and seen again; how many tries it took."""
        random, done = self.random, 0
        for firm in self.firms:
            for reason, since in firm.asks if done < most else ():
                seen = SEEN_LATELY if (self.today - since).days <= 30 else SEEN_EARLIER
                if random.random() < seen:
                    went = since + timedelta(days=random.randrange(1, 12))
                    done += self._surely(firm, min(went, self.today + timedelta(days=3)), reason)
                again = int(self.rules[reason].repeat or 400) + 2
                last = since
                while last + timedelta(days=again + 20) <= self.today:
                    last += timedelta(days=again + random.randrange(10, 20))
                    done += self._surely(firm, last, reason)
        return done

    def _welcomed(self, firm: Firm) -> int:
        """A newcomer is seen within its first weeks, and twice again; how many tries it took."""
        day = firm.since + timedelta(days=self.random.randrange(2, 16))
        done = self._surely(firm, day, Reason.NEWCOMER.value)
        for again in (92, 184):
            follow = day + timedelta(days=again + self.random.randrange(0, 9))
            if follow <= self.today and self.random.random() < FOLLOWED_UP:
                done += self._surely(firm, follow, Reason.NEWCOMER.value)
        return done

    def _surely(self, firm: Firm, day: date, reason: str) -> int:
        """A visit that is tried again when it came to nothing; how many tries it took."""
        tries = 1
        while not self._visit(firm, day, [reason]) and day < self.today and tries < 3:
            day, tries = day + timedelta(days=6), tries + 1
        return tries

    def _visit(self, firm: Firm, day: date, reasons: list[str]) -> bool:
        """One visit, planned or past; whether it took place."""
        random, pk = self.random, next(self.ids.visits)
        if not self.clock.calendar.is_working(day):
            day = self.clock.add_working_days(day, 1)
        team, visitor = self.staff.teams[firm.unit.building.pk]
        draw = random.random()
        state = VisitState.PLANNED
        if day < self.today:
            state = next(
                state
                for state, up_to in (
                    (VisitState.DONE, 0.9),
                    (VisitState.NO_ANSWER, 0.96),
                    (VisitState.REFUSED, 0.98),
                    (VisitState.CANCELLED, 1.1),
                )
                if draw < up_to or firm is self.favourite
            )
        seen = state == VisitState.DONE
        met = random.choice(words()["met"]) if seen else ""
        row: tuple[Any, ...] = (
            pk,
            firm.pk,
            firm.unit.pk,
            self.staff.street,
            team,
            visitor,
            state.value,
            reasons,
            self._dues(firm, day, reasons),
            day,
            day if seen else None,
            met,
            random.choice(words()["summaries"]) if seen else "",
            random.choice(words()["next_steps"]) if seen else "",
            "",
            0,
            {},
        )
        self.life.visits.append(row)
        at = self._moment(day)
        if state == VisitState.PLANNED:
            at = min(at, self.now - timedelta(hours=random.randrange(2, 60)))
        verb = {
            VisitState.DONE: "visits.recorded",
            VisitState.NO_ANSWER: "visits.missed",
            VisitState.REFUSED: "visits.refused",
            VisitState.CANCELLED: "visits.cancelled",
            VisitState.PLANNED: "visits.planned",
        }[state]
        data = {"visited_on": day.isoformat(), "reasons": reasons} if seen else {"planned_for": day.isoformat()}
        what = ("visits.visit", pk, f"{day} {self._shown(firm)}")
        self._tell(at, visitor, verb, what, firm=firm, data=data)
        if seen:
            self._found(pk, firm, at, met, visitor)
        return seen

    def _dues(self, firm: Firm, day: date, reasons: list[str]) -> dict[str, str]:
        """By when the reasons asked for this visit."""
        asked = dict(firm.asks)
        return {
            reason: self.clock.add_working_days(
                firm.since if reason == Reason.NEWCOMER.value else asked.get(reason, day - timedelta(days=3)),
                self.rules[reason].first_visit,
            ).isoformat()
            for reason in reasons
        }

    def _found(self, visit: int, firm: Firm, at: datetime, met: str, visitor: int) -> None:
        random = self.random
        draw = random.random()
        if draw < 0.09 or (firm is self.favourite and draw < 0.6):
            self.pressing.append((at + timedelta(minutes=40), firm, visit, visitor))
        elif draw < 0.22:
            self._claim(visit, firm, at, met, visitor)
        elif draw < 0.25:
            clue = random.choice(words()["clues"])
            self.life.findings.append((next(self.ids.findings), visit, FindingKind.CLUE.value, clue, None, None, at))

    def _claim(self, visit: int, firm: Firm, at: datetime, met: str, visitor: int) -> None:
        random, pk = self.random, next(self.ids.claims)
        month = f"{at:%Y-%m}"
        value: int | str
        if random.random() < 0.5:
            key, period, value = "insured_count", month, max(1, round((firm.staff or 4) * random.uniform(0.8, 1.0)))
            text = f"参保人数 {value} 人（{month}）"
        else:
            key, period, value = "leased_area", "", str(firm.unit.area)
            text = f"租赁面积 {value} 平方米"
        age = (self.now - at).days
        state = ClaimState.WAITING
        if age > 6 and random.random() < 0.94:
            state = ClaimState.CONFIRMED if random.random() < 0.9 else ClaimState.REJECTED
        decided = at + timedelta(days=2, hours=1) if state != ClaimState.WAITING else None
        fact = None
        if state == ClaimState.CONFIRMED and decided:
            fact = next(self.ids.facts)
            self.life.facts.append(
                (
                    fact,
                    firm.pk,
                    key,
                    period,
                    value,
                    SourceKind.VISIT.value,
                    f"{SOURCE} · 走访，{met}口述",
                    at.date(),
                    0.8,
                    decided,
                    None,
                )
            )
        self.life.claims.append(
            (
                pk,
                firm.pk,
                key,
                period,
                value,
                met,
                at.date(),
                f"visit:{visit}",
                state.value,
                at,
                visitor,
                self.staff.decider if decided else None,
                decided,
                "与台账不符，待企业补充材料" if state == ClaimState.REJECTED else "",
                fact,
                {"made": True, "superseded": []} if fact else None,
            )
        )
        self.life.findings.append((next(self.ids.findings), visit, FindingKind.FACT.value, text, None, pk, at))

    def _case(self, opened: datetime, firm: Firm, visitor: int | None, from_visit: bool) -> tuple[int, str]:
        random, pk = self.random, next(self.ids.cases)
        topic = random.choice(self.staff.topics)
        if topic.case_class == "emergency" and random.random() < 0.7:
            topic = random.choice(self.staff.topics)
        limit = self.staff.limits[topic.case_class]
        title = random.choice(words()["titles"][topic.code])
        day = opened.astimezone(ZONE).date()
        self.ids.of_day[day] += 1
        numbered = number(day, self.ids.of_day[day])
        source = Source.VISIT if from_visit else random.choices((Source.PORTAL, Source.DESK), (11, 9))[0]
        portal = self.staff.portal.get(firm.pk)
        reporter = visitor if from_visit else portal if source == Source.PORTAL else self.staff.desk
        extended = bool(limit.extend) and random.random() < 0.07
        due = counted(limit.close, opened, limit.extend if extended else "")
        accept_due = counted(limit.accept, opened)
        contact_due = counted(limit.contact, opened).at if limit.contact else None
        course = self._course(opened, accept_due, due)
        basis = Basis.TABLE if topic.department else Basis.NO_ROW
        state, accepted, answered, closed = course
        if state == State.DISPATCHED and random.random() < 0.08:
            topic = Topic(topic.pk, topic.code, topic.case_class, None, None, "")
            basis = Basis.SENT_BACK
        stars, comment, rated = None, "", None
        if closed and random.random() < RATED:
            rated = closed + timedelta(hours=random.randrange(1, 70))
            if rated < self.now:
                stars = random.choices(*STARS)[0]
                comment = random.choice(words()["comments"][stars])
            else:
                rated = None
        answer = random.choice(words()["answers"]) if answered else ""
        outcome = random.choices(*OUTCOMES)[0] if answered else ""
        solved = "" if stars is None else "yes" if stars > 3 else "partly" if stars == 3 else "no"
        self.life.cases.append(
            (
                pk,
                numbered,
                firm.pk,
                firm.unit.pk,
                self.staff.street,
                topic.pk,
                topic.case_class,
                title,
                f"{title}。希望尽快答复。（演示生成）",
                source.value,
                state.value,
                reporter,
                topic.department,
                basis.value,
                "不属于本科室职责" if basis == Basis.SENT_BACK else "",
                topic.handler if accepted else None,
                opened,
                limit.accept,
                limit.contact,
                limit.close,
                limit.extend,
                opened,
                accept_due.at,
                contact_due,
                due.at,
                due.why,
                due.provisional,
                extended and accepted is not None,
                accepted,
                self._contacted(accepted, answered),
                answered,
                answer,
                closed,
                0,
                stars,
                comment,
                rated,
                RatedBy.PORTAL.value if rated else "",
                outcome,
                solved,
                "",
                topic.row if basis == Basis.TABLE else None,
                {},
                "",
                "",
                "",
            )
        )
        name = f"{numbered} {title}"
        for at, actor, verb, data in (
            (opened, reporter, "cases.opened", {"number": numbered, "source": source.value, "category": topic.code}),
            (
                opened,
                None,
                "cases.dispatched",
                {
                    "department": topic.department,
                    "department_name": topic.section,
                    "basis": basis.value,
                    "row": topic.row if basis == Basis.TABLE else None,
                },
            ),
            (accepted, topic.handler, "cases.accepted", {"in_time": bool(accepted and accepted <= accept_due.at)}),
            (
                answered,
                topic.handler,
                "cases.answered",
                {"answer": answer, "in_time": bool(answered and answered <= due.at)},
            ),
            (closed, topic.handler, "cases.closed", {}),
            (rated, portal, "cases.rated", {"stars": stars, "comment": comment}),
        ):
            if at is not None:
                self._tell(at, actor, verb, ("cases.case", pk, name), firm=firm, data=data)
        return pk, title

    def _contacted(self, accepted: datetime | None, answered: datetime | None) -> datetime | None:
        """Somebody rang them soon after it was accepted; at the latest the answer is a word to them."""
        if accepted is None:
            return None
        spoken = accepted + timedelta(minutes=self.random.randrange(5, 200))
        return min(spoken, answered) if answered else spoken if spoken < self.now else None

    def _course(
        self, opened: datetime, accept_due: Deadline, due: Deadline
    ) -> tuple[State, datetime | None, datetime | None, datetime | None]:
        """How far a case has come by now, and when it took each step."""
        random, now = self.random, self.now
        late = random.random() > ON_TIME
        span = due.at - opened
        accepted = opened + (accept_due.at - opened) * random.uniform(0.1, 1.0)
        if random.random() < 0.015 and (now - opened).days > 4:
            return State.WITHDRAWN, accepted, None, None
        answered = max(
            accepted + timedelta(minutes=20),
            opened + span * (random.uniform(1.05, 1.5) if late else random.uniform(0.2, 0.98)),
        )
        if late and (now - opened).days < 45 and random.random() < 0.5:
            return State.ACCEPTED, accepted if accepted < now else None, None, None  # still owed
        closed = answered + timedelta(hours=random.randrange(1, 60))
        if accepted >= now:
            return State.DISPATCHED, None, None, None
        if answered >= now:
            return State.ACCEPTED, accepted, None, None
        if closed >= now:
            return State.ANSWERED, accepted, answered, None
        return State.CLOSED, accepted, answered, closed

    def _moment(self, day: date) -> datetime:
        """Some minute of a working day."""
        if not self.clock.calendar.is_working(day):
            day = self.clock.add_working_days(day, 1)
        minutes = self.random.randrange(5, 230) + (270 if self.random.random() < 0.5 else 0)
        return min(datetime.combine(day, time(9), ZONE) + timedelta(minutes=minutes), self.now - timedelta(minutes=5))

    def _tell(
        self,
        at: datetime,
        actor: int | None,
        verb: str,
        subject: tuple[str, int, str],
        *,
        firm: Firm,
        data: dict[str, Any],
    ) -> None:
        self.life.told.append(Told(at, actor, verb, *subject, firm.pk, firm.unit.pk, data))

    def _shown(self, firm: Firm) -> str:
        return mask_name(firm.name) if firm.form == EntityType.SELF_EMPLOYED.value else firm.name


def visitors(
    buildings: list[int], teams: dict[int, int], seats: dict[int, int]
) -> Iterator[tuple[int, tuple[int, int]]]:
    """Who goes to see the firms of each building that has a team."""
    for building in buildings:
        if building in teams and building in seats:
            yield building, (teams[building], seats[building])
