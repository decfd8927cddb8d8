"""Which clues wait, which tasks there are, what may be done with them, and what was said of them."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet

from linqi.accounts.models import User
from linqi.accounts.queries import holders_over
from linqi.kit import access, clock
from linqi.kit.clock import ZONE
from linqi.organisation.queries import companies_of, users_of
from linqi.territory.models import Place
from linqi.territory.queries import valid_on
from linqi.waste.flow import LIFE, OPEN, Hearing, Said, TaskMove, TaskState
from linqi.waste.kinds import ClueState
from linqi.waste.models import (
    Clue,
    HaulReport,
    LadderTerms,
    Picture,
    Point,
    Statement,
    Step,
    Task,
)
from linqi.waste.rules import ladder, law
from linqi.waste.rules.ladder import Terms


# --- clues ----------------------------------------------------------------------------------------------------------------
def clues_seen_by(user: Any) -> QuerySet[Clue]:
    """The clues this user may look at 线索; nobody outside the staff has any."""
    rows = access.seen_by(user, Clue, "waste.look")
    return rows.select_related("bin__place", "point__place", "picture", "device", "looked_by", "of_task__task")


def next_waiting(user: Any, after: Clue | None = None) -> Clue | None:
    """The clue to look at next: the oldest that waits, or the next after this one 下一条待核看."""
    rows = clues_seen_by(user).filter(state=ClueState.WAITING.value).order_by("at", "pk")
    if after is None:
        return rows.first()
    later = Q(at__gt=after.at) | Q(at=after.at, pk__gt=after.pk)
    return rows.filter(later).first() or rows.exclude(pk=after.pk).first()


def unassigned(bin: int) -> list[Clue]:
    """Confirmed clues of a bin that ask for a correction and belong to no task yet, in order of time."""
    rows = Clue.objects.filter(bin=bin, state=ClueState.CONFIRMED.value, of_task=None, kind__in=sorted(ladder.COUNTING))
    return list(rows.order_by("at", "pk"))


def bins_with_unassigned() -> list[int]:
    """Bins that have any of these; what the tick looks at."""
    rows = Clue.objects.filter(state=ClueState.CONFIRMED.value, of_task=None, kind__in=sorted(ladder.COUNTING))
    return sorted(set(rows.order_by().values_list("bin_id", flat=True)))


# --- terms ----------------------------------------------------------------------------------------------------------------
def terms_of(street: int | None, day: date) -> Terms:
    """From how many clues a task is made in a street on a day, and how long each step may take 成案条件与期限."""
    row = LadderTerms.objects.filter(valid_on(day), street=street).first() if street else None
    return as_terms(row) if row else ladder.DEFAULT


def as_terms(row: LadderTerms) -> Terms:
    """A row as the rules read it."""
    return Terms(row.clues, row.days, row.remind, row.order, row.recheck, row.refer, row.source)


def streets_configured_by(user: Any) -> QuerySet[Place]:
    """The streets whose terms this user may set."""
    return access.seen_by(user, Place, "waste.terms").filter(kind="street", until=None).order_by("name")


# --- tasks ----------------------------------------------------------------------------------------------------------------
def tasks_seen_by(user: Any) -> QuerySet[Task]:
    """The tasks this user works on as staff 分类任务."""
    return _with(access.seen_by(user, Task, "waste.ladder"))


def own_tasks(user: Any) -> QuerySet[Task]:
    """What the user's own enterprises were told, or the user's company at the places it looks after 本单位的分类整改."""
    return _with(access.seen_by(user, Task, "waste.portal"))


def speaks_for_nobody(user: Any) -> bool:
    """Whether somebody looks after places for a company and nobody has entered for which one 未登记所在公司."""
    places, firms = access.reach_of(user).places("waste.portal"), access.reach_of(user).enterprises("waste.portal")
    return bool(places) and not firms and not companies_of(user.pk, clock.today()).exists()


def speakers_of(task: Task) -> list[User]:
    """The users who speak for the addressed party: they see the task, since it was told 整改对象的账号."""
    found: Iterable[User] = ()
    if task.enterprise_id is not None:
        found = holders_over("enterprise", task.enterprise_id, clock.today())
    elif task.company_id is not None:
        found = users_of(task.company_id, clock.today())
    return [one for one in found if access.may(one, "waste.portal", task)]


def _with(rows: QuerySet[Task]) -> QuerySet[Task]:
    rows = rows.select_related("bin", "point__place", "place", "street", "enterprise", "company", "addressed_by")
    return rows.prefetch_related("steps__case")


def step_open(task: Task) -> Step | None:
    """The rung on which a task stands now."""
    return task.steps.filter(ended_at=None).select_related("case").first()


def due_of(task: Task) -> datetime | None:
    """When the time of the rung is over on which a task stands 本步期限."""
    return next((one.case.due_at for one in task.steps.all() if one.ended_at is None), None)


def moves_open_to(user: Any, task: Task) -> list[TaskMove]:
    """What this user may do to a task now, in the order of the table."""
    works, refers = (access.may(user, f"waste.{one}", task) for one in ("ladder", "refer"))
    refer = {TaskMove.REFER, TaskMove.UNREFER, TaskMove.ANSWER}
    return [TaskMove(one) for one in LIFE.open_moves(task.state) if (refers if TaskMove(one) in refer else works)]


def clues_of(task: Task) -> list[Clue]:
    """What a task rests on, in order of time."""
    rows = Clue.objects.filter(of_task__task=task).select_related("bin", "point", "picture", "device", "looked_by")
    return list(rows.order_by("at", "pk"))


def recordings_of(clues: Iterable[Clue]) -> list[tuple[Picture, law.Recording]]:
    """The pictures of clues, each with what decides whether it may serve as evidence (行政处罚法第41条)."""
    found = []
    for one in clues:
        if one.picture is not None:
            point: Point | None = one.point
            taken = one.picture.taken_at.astimezone(ZONE)
            dates = (point.reviewed_on, point.published_on) if point else (None, None)
            found.append((one.picture, law.Recording(taken, *dates)))
    return found


def repeated_since_told(task: Task, clues: Iterable[Clue]) -> int:
    """How many confirmed clues happened after the last word to the party 提醒或责令之后又发生."""
    last = task.steps.filter(kind__in=["remind", "order"], taken_back=False).order_by("-began_at").first()
    return ladder.repeated_since([one.at for one in clues], last.began_at if last else None)


def earlier_of(task: Task) -> QuerySet[Task]:
    """Other tasks of the same party that it was told of and that were not taken back: whether this is the first 是否初次."""
    party = {"enterprise": task.enterprise_id} if task.enterprise_id else {"company": task.company_id}
    rows = Task.objects.filter(**party, told_at__isnull=False, told_at__lt=task.told_at or task.made_at)
    return rows.exclude(pk=task.pk).exclude(state=TaskState.WITHDRAWN.value)


def defences_waiting(task: Task) -> QuerySet[Statement]:
    """Statements in defence that nobody has answered yet."""
    return task.statements.filter(kind=Said.DEFENCE.value, state=Hearing.WAITING.value, withdrawn_at=None)


def heard_since(task: Task) -> tuple[bool, datetime | None]:
    """Whether the party has defended itself, and when last."""
    last = task.statements.filter(kind=Said.DEFENCE.value, withdrawn_at=None).order_by("-made_at").first()
    return last is not None, last.made_at if last else None


def statements_seen_by(user: Any) -> QuerySet[Statement]:
    """What parties have said, for the staff 陈述与改正报告."""
    rows = access.seen_by(user, Statement, "waste.ladder").filter(withdrawn_at=None)
    return rows.select_related("task__bin", "task__enterprise", "task__company", "task__point")


def late_steps(now: datetime) -> QuerySet[Step]:
    """Steps whose time is over and of which nobody has been told 超期步骤."""
    return Step.objects.filter(ended_at=None, late_told_at=None, case__due_at__lt=now).select_related(
        "task__place", "task__bin", "case"
    )


def tasks_by_state(user: Any) -> dict[str, int]:
    """How many open tasks stand where."""
    rows = access.seen_by(user, Task, "waste.ladder").filter(state__in=[one.value for one in OPEN])
    return dict(rows.order_by().values_list("state").annotate(n=Count("pk")))


# --- hauls ----------------------------------------------------------------------------------------------------------------
def hauls_seen_by(user: Any) -> QuerySet[HaulReport]:
    """The ledger of loads 收运台账."""
    return access.seen_by(user, HaulReport).select_related("point__place", "bin", "clue", "made_by")
