"""The ladder of a demo street: who stands where, what was reached, what is being done; some moves are left for a person to confirm."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import count
from random import Random
from typing import Any, Final

from linqi.dashboards.demo.firms import FACT_COLUMNS, SOURCE, Firm
from linqi.dashboards.demo.rows import follow, next_id
from linqi.enterprises.models import Fact, Relation, SourceKind, Tenancy
from linqi.kit.clock import ZONE
from linqi.ladder.flow import State
from linqi.ladder.models import Answer, Candidate, Cultivation, Milestone, Move
from linqi.ladder.rules import Board, Kind, Stage, Step, Tier, stage_of

SEED_REVENUE: Final = 10_000_000  # yuan; as in ladder/data/standards.yaml
LARGE: Final = 25_000_000  # yuan; only such firms have come far
LEFT_OUT: Final = 0.12  # of those who qualify, so that there are proposals to confirm
WAY: Final = (Step.JOINT_STOCK, Step.BROKER, Step.TUTORING, Step.ACCEPTED, Step.PASSED, Step.REGISTERED, Step.LISTED)
EVIDENCE: Final = {
    Step.JOINT_STOCK: "营业执照变更登记",
    Step.BROKER: "辅导协议",
    Step.NQB_LISTED: "全国股转公司公告",
    Step.TUTORING: "证监局辅导备案公示",
    Step.ACCEPTED: "交易所受理通知书",
    Step.PASSED: "上市委会议公告",
    Step.REGISTERED: "证监会注册批复",
    Step.LISTED: "交易所上市公告",
}
MEASURES: Final = (
    "对接会计师事务所，规范近三年账目",
    "梳理历史沿革和股权代持",
    "对接投资机构，完成新一轮融资",
    "核实无欠税、无重大违法证明",
    "协调社保公积金缴纳合规",
    "走访辅导券商，明确申报时间表",
    "联系股改补助申报",
)
CANDIDATE_COLUMNS: Final = ("id", "enterprise", "tier", "since", "entered_on", "stage", "owner")
MOVE_COLUMNS: Final = (
    "id", "enterprise", "kind", "tier_before", "tier_after", "answer", "proposed", "why", "snapshot", "day", "by", "at",
)  # fmt: skip
MILESTONE_COLUMNS: Final = ("id", "enterprise", "step", "planned_on", "reached_on", "board", "evidence", "entered_by")
CULTIVATION_COLUMNS: Final = (
    "id", "enterprise", "title", "owner", "department", "term", "due_at", "state", "result", "case", "opened_at", "ended_at",
)  # fmt: skip
Put = Callable[[str, Any, tuple[str, ...], Any], None]


@dataclass(frozen=True, slots=True)
class Helpers:
    """Who looks after firms in a street: ids of users, and of the section for the economy."""

    owners: tuple[int, ...]
    department: int | None


def fill_ladder(
    firms: list[Firm], helpers: Helpers, *, fact_ids: "count[int]", random: Random, today: date, put: Put
) -> None:
    """Put a street's firms on the ladder by what is known of them; `put(kind, model, columns, rows)` stores."""
    maker = _Maker(helpers, fact_ids, random, today)
    registered = set(
        Tenancy.objects.filter(until=None).exclude(relation=Relation.OPERATES).values_list("enterprise", flat=True)
    )
    grown = [one for one in firms if one.present and (today - one.since).days > 400]
    strong = [one for one in firms if one.present and one.joint_stock and one.pk in registered]
    for place, firm in enumerate(strong):
        if place % 10 < 9:  # every tenth waits for a person to confirm
            large = firm.revenues.get(today.year - 1, 0) >= LARGE
            maker.climbing(firm, way=(5, 8, 3, 7, 0, 6, 2, 4, 1)[place % 9] if large else (3, 0, 7)[place % 3])
    plain = [
        one
        for one in grown
        if not one.joint_stock
        and one.pk in registered
        and (one.certified or one.revenues.get(today.year - 1, 0) >= SEED_REVENUE)
    ]
    for firm in plain:
        if random.random() > LEFT_OUT:
            maker.growing(firm)
    moved_away = [one for one in grown if one.pk not in registered and one.staff]
    for firm in moved_away[:2]:
        maker.growing(firm)
    maker.store(put)


class _Maker:
    def __init__(self, helpers: Helpers, fact_ids: "count[int]", random: Random, today: date) -> None:
        self.helpers, self.fact_ids, self.random, self.today = helpers, fact_ids, random, today
        self.ids = {model: count(next_id(model)) for model in (Candidate, Move, Milestone, Cultivation)}
        self.rows: dict[Any, list[tuple[Any, ...]]] = {model: [] for model in (*self.ids, Fact)}

    def growing(self, firm: Firm) -> None:
        """A firm of the seed tier."""
        entered = self._ago(30, 700)
        self._stand(firm, Tier.SEED, entered, Stage.CULTIVATING)
        if self.random.random() < 0.12:
            self._measures(firm, 1)

    def climbing(self, firm: Firm, *, way: int) -> None:
        """A joint-stock company that has come some steps of the way; `way`: 0 to 8, listed at the end."""
        done = WAY[: {0: 1, 1: 1, 2: 1, 3: 2, 4: 2, 5: 3, 6: 4, 7: 1, 8: 7}[way]]
        day = self._ago(500, 900)
        entered = day - timedelta(days=self.random.randrange(60, 300))
        stage = Stage.JOINT_STOCK
        for step in done:
            self._milestone(firm, step, reached=day)
            stage = max(stage, stage_of(step), key=list(Stage).index)
            last, day = day, day + timedelta(days=self.random.randrange(35, 70))
        if way == 7:
            self._milestone(firm, Step.NQB_LISTED, reached=day)
            stage, last = Stage.NQB_LISTED, day
        if len(done) < len(WAY):
            self._milestone(firm, WAY[len(done)], planned=self.today + timedelta(days=self.random.randrange(-20, 240)))
        self._fact(firm, "listing_stage", stage.value, last)
        ear = list(Stage).index(stage) >= list(Stage).index(Stage.NQB_LISTED)
        self._stand(firm, Tier.EAR if ear else Tier.SPROUT, entered, stage, rose=last)
        if stage is not Stage.LISTED:
            self._measures(firm, self.random.randrange(1, 3))

    def store(self, put: Put) -> None:
        """Everything that was made."""
        put("facts", Fact, FACT_COLUMNS, self.rows[Fact])
        put("candidates", Candidate, CANDIDATE_COLUMNS, self.rows[Candidate])
        put("ladder_moves", Move, MOVE_COLUMNS, self.rows[Move])
        put("milestones", Milestone, MILESTONE_COLUMNS, self.rows[Milestone])
        put("cultivations", Cultivation, CULTIVATION_COLUMNS, self.rows[Cultivation])
        follow(Candidate, Move, Milestone, Cultivation)

    def _stand(self, firm: Firm, tier: Tier, entered: date, stage: Stage, rose: date | None = None) -> None:
        owner = self.random.choice(self.helpers.owners) if tier is not Tier.SEED or self.random.random() < 0.3 else None
        since = rose if rose and tier is not Tier.SEED else entered
        self._put(Candidate, firm, tier.value, since, entered, stage.value, owner)
        self._move(firm, Kind.ENTER, "", Tier.SEED.value, entered)
        if tier is not Tier.SEED:
            self._move(firm, Kind.RISE, Tier.SEED.value, tier.value, since)

    def _move(self, firm: Firm, kind: Kind, before: str, after: str, day: date) -> None:
        at = datetime.combine(day, time(10, 30), ZONE)
        by = self.helpers.owners[0]
        self._put(Move, firm, kind.value, before, after, Answer.CONFIRMED.value, True, "", {}, day, by, at)

    def _milestone(self, firm: Firm, step: Step, *, planned: date | None = None, reached: date | None = None) -> None:
        board = Board.BSE.value if step is Step.NQB_LISTED else ""
        evidence = f"{SOURCE} · {EVIDENCE[step]}" if reached else ""
        self._put(Milestone, firm, step.value, planned, reached, board, evidence, self.helpers.owners[0])

    def _measures(self, firm: Firm, number: int) -> None:
        for title in self.random.sample(MEASURES, number):
            opened = datetime.combine(self._ago(5, 150), time(9, 30), ZONE)
            due = datetime.combine(opened.date() + timedelta(days=self.random.choice((60, 90, 160))), time(18), ZONE)
            done = self.random.random() < (0.75 if due.date() < self.today else 0.15)
            ended = min(due, datetime.combine(self.today, time(8), ZONE)) if done else None
            helped = self.helpers.department if self.random.random() < 0.4 else None
            self._put(
                Cultivation,
                firm,
                title,
                None if helped else self.random.choice(self.helpers.owners),
                helped,
                "60 working_days",
                due,
                (State.DONE if done else State.OPEN).value,
                "已办妥，企业确认。" if done else "",
                None,
                opened,
                ended,
            )

    def _fact(self, firm: Firm, key: str, value: Any, as_of: date) -> None:
        kind, told = SourceKind.GENERATED.value, datetime.combine(as_of, time(11), ZONE)
        row = next(self.fact_ids), firm.pk, key, "", value, kind, f"{SOURCE} · 上市进度台账", as_of, 0.95, told, None
        self.rows[Fact].append(row)

    def _put(self, model: Any, firm: Firm, *values: Any) -> None:
        self.rows[model].append((next(self.ids[model]), firm.pk, *values))

    def _ago(self, low: int, high: int) -> date:
        return self.today - timedelta(days=self.random.randrange(low, high))
