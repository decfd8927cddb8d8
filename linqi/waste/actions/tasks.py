"""What is done about tasks: made of confirmed clues, addressed by a person, and led up the ladder rung by rung 任务动作."""

from datetime import date, datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from linqi.accounts.queries import holders
from linqi.cases import actions as cases
from linqi.cases.actions.opening import take_in
from linqi.cases.flow import State as CaseState
from linqi.cases.models import Case, Source
from linqi.catalogue.models import Category
from linqi.enterprises.models import Enterprise
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access, clock
from linqi.kit.access import Role
from linqi.kit.clock import Term
from linqi.notifications.actions import notify
from linqi.organisation.models import Company
from linqi.search import actions as search
from linqi.territory.models import Place
from linqi.territory.queries import street_of
from linqi.waste import queries_tasks as queries
from linqi.waste import tracing
from linqi.waste.actions.chain import add_link, head_of, text_digest
from linqi.waste.flow import ENDED, LIFE, SERVED, STEP_OF, Hearing, Said, TaskMove, TaskState
from linqi.waste.kinds import ClueKind
from linqi.waste.law import book
from linqi.waste.models import Bin, Clue, LadderTerms, Step, Task, TaskClue
from linqi.waste.queries_registry import point_of
from linqi.waste.rules import ladder, law
from linqi.waste.rules.ladder import StepKind, Terms
from linqi.waste.rules.law import Subject
from linqi.waste.rules.tracing import together

TASKS: Final = "sortingtask"  # as the search box knows them: one word of letters
CATEGORY: Final = "waste-sorting"  # of the catalogue: 垃圾分类与清运
WORKERS: Final = (Role.COMMUNITY_SECRETARY, Role.GOVERNANCE_SPECIALIST)


# --- from clues to a task --------------------------------------------------------------------------------------------------
def make_task_if_due(*, bin: Bin, by: Any) -> Task | None:
    """Put the confirmed clues of a bin into its open task, or make one when there are enough within the window 线索成案.

    Called with the bin's row locked. Never a second open task on one bin: the table's own key decides.
    """
    fresh = queries.unassigned(bin.pk)
    if not fresh:
        return None
    now = clock.now()
    task = Task.objects.select_for_update(of=("self",)).filter(bin=bin, ended_at=None).first()
    if task is not None:
        _take_clues(task, fresh, now)
        return task
    at = fresh[-1].at
    point = point_of(bin, at)
    place = point.place if point else bin.place
    street = street_of(place)
    if street is None:
        return None
    terms = queries.terms_of(street.pk, clock.today())
    shows = [one.picture_id or -one.pk for one in fresh]  # without a picture a clue stands for itself
    chosen = [fresh[n] for n in ladder.ripe([one.at for one in fresh], shows, terms.clues, terms.days)]
    if not chosen:
        return None
    try:
        with transaction.atomic():
            made = Task.objects.create(
                bin=bin,
                point=point,
                place=place,
                street=street,
                state=LIFE.start,
                made_at=now,
                why=f"{terms.clues}/{terms.days}",
                shares=_weighed(chosen),
            )
    except IntegrityError:  # somebody else was faster by a moment
        return Task.objects.filter(bin=bin, ended_at=None).first()
    _take_clues(made, chosen, now)
    _begun(made, by)
    tell_workers(made, _("新的分类任务 %(number)s：%(where)s"), "made")
    return made


def make_tasks(now: datetime) -> int:
    """Look at every bin with confirmed clues that belong to no task: a threshold may have changed; how many tasks were made 成案心跳."""
    made = 0
    for pk in queries.bins_with_unassigned():
        with transaction.atomic():
            bin = Bin.objects.select_for_update(no_key=True).get(pk=pk)
            before = Task.objects.filter(bin=bin, ended_at=None).exists()
            made += make_task_if_due(bin=bin, by=access.SYSTEM) is not None and not before
    return made


def tell_late(now: datetime) -> int:
    """Tell those who work on it that the time of a step is over, once; how many 超期提醒."""
    told = 0
    for step in queries.late_steps(now):
        with transaction.atomic():
            if not Step.objects.filter(pk=step.pk, ended_at=None, late_told_at=None).update(late_told_at=now):
                continue
            journal.write(
                by=access.SYSTEM, verb=Verb.WASTE_STEP_LATE, subject=step.task, place=step.task.place, step=step.kind
            )
            tell_workers(step.task, _("分类任务 %(number)s 已到期，请办理下一步：%(where)s"), f"late:{step.pk}")
            told += 1
    return told


# --- whom it addresses ------------------------------------------------------------------------------------------------------
@transaction.atomic
def address(
    *,
    task: Task,
    enterprise: Enterprise | None = None,
    company: Company | None = None,
    as_responsible: bool = False,
    why: str,
    by: Any,
) -> Task:
    """A person says whom a task addresses, out of those who could have been it or who answer for the point, and why 确认对象."""
    kept, state = _ready(task, TaskMove.ADDRESS, by)
    if (enterprise is None) == (company is None):
        raise ValidationError({"party": _("请选择一个对象。")})
    if company is not None:
        as_responsible = True  # a company answers for the point; it is not one of those who throw in
    enterprises, companies = tracing.answerable(kept.point, kept.bin, kept.made_at)
    if as_responsible:
        among = company in companies if company else enterprise in enterprises
    else:
        among = enterprise is not None and enterprise.pk in {one["party"] for one in kept.shares}
    if not among:
        raise ValidationError({"party": _("它不在可能的单位之中。若台账有误，请先更正点位的管理责任人或入驻登记。")})
    if not why.strip():
        raise ValidationError({"why": _("请写明凭什么确认是它。")})
    if kept.told_at is not None and (kept.enterprise, kept.company) != (enterprise, company):
        raise ValidationError(_("已经提醒过原来的对象，不能直接换人；请撤回任务并重新成案。"))
    kept.enterprise, kept.company, kept.as_responsible = enterprise, company, as_responsible
    kept.addressed_by_id, kept.addressed_at, kept.addressed_why = by.pk, clock.now(), why.strip()[:300]
    kept.state = state
    kept.save()
    digest = add_link(
        kept,
        "address",
        {
            "enterprise": enterprise and enterprise.pk,
            "company": company and company.pk,
            "as_responsible": as_responsible,
            "why": kept.addressed_why,
            "by": by.pk,
        },
    )
    journal.write(by=by, verb=Verb.WASTE_TASK_ADDRESSED, subject=kept, place=kept.place, chain=digest)
    return kept


# --- up the ladder ------------------------------------------------------------------------------------------------------------
@transaction.atomic
def remind(*, task: Task, text: str, by: Any) -> Task:
    """Tell the party what was found and ask it to put it right; from here on it sees the task 提醒."""
    kept, state = _ready(task, TaskMove.REMIND, by)
    kept.told_at = kept.told_at or clock.now()
    return climb(kept, TaskMove.REMIND, state, text, by)


@transaction.atomic
def correct(*, task: Task, note: str, minor: bool, by: Any) -> Task:
    """It was put right at once; a first and minor matter ends here without any penalty (行政处罚法第33条) 当场改正."""
    kept, state = _ready(task, TaskMove.CORRECT, by)
    if not note.strip():
        raise ValidationError({"note": _("请写明看到的改正情况。")})
    if not law.ends_without_penalty(earlier=queries.earlier_of(kept).count(), minor=minor):
        raise ValidationError({"minor": _("只有初次、轻微并及时改正的才到此为止；否则请责令改正并复查。")})
    return end(kept, TaskMove.CORRECT, state, _("初次轻微，已及时改正，不予处罚：%(note)s") % {"note": note}, by)


@transaction.atomic
def order(*, task: Task, text: str, offence: str, by: Any) -> Task:
    """Order the party to correct within the term, naming the offence and its article 责令改正."""
    kept, state = _ready(task, TaskMove.ORDER, by)
    kept.offence = fitting_or_refuse(kept, offence).id
    return climb(kept, TaskMove.ORDER, state, text, by, offence=kept.offence)


@transaction.atomic
def recheck(*, task: Task, note: str = "", by: Any) -> Task:
    """Begin to look whether it was corrected 开始复查."""
    kept, state = _ready(task, TaskMove.RECHECK, by)
    text = note.strip() or _("责令改正的期限已到，或贵单位已报告改正，现进行复查。")
    _note_reports(kept, by)
    return climb(kept, TaskMove.RECHECK, state, text, by)


@transaction.atomic
def passed(*, task: Task, note: str, by: Any) -> Task:
    """It was corrected: the task ends 复查通过."""
    kept, state = _ready(task, TaskMove.PASS, by)
    if not note.strip():
        raise ValidationError({"note": _("请写明复查看到了什么。")})
    return end(kept, TaskMove.PASS, state, note, by)


@transaction.atomic
def failed(*, task: Task, note: str, by: Any) -> Task:
    """It was not corrected, or it happened again 复查未通过."""
    kept, state = _ready(task, TaskMove.FAIL, by)
    if not note.strip():
        raise ValidationError({"note": _("请写明复查看到了什么。")})
    end_step(kept, note, by)
    kept.state = state
    kept.save(update_fields=["state"])
    digest = add_link(kept, "fail", {"note": note.strip(), "by": by.pk})
    journal.write(by=by, verb=Verb.WASTE_TASK_STEPPED, subject=kept, place=kept.place, move=TaskMove.FAIL, chain=digest)
    tell_party(kept, _("复查：尚未改正或再次发生"), note, f"fail:{digest[:16]}")
    return kept


@transaction.atomic
def drop(*, task: Task, reason: str, by: Any) -> Task:
    """Nothing was found of it, before anybody was told 查无."""
    kept, state = _ready(task, TaskMove.DROP, by)
    if kept.told_at is not None:
        raise ValidationError(_("已经提醒过对方，不能登记查无；请撤回任务并说明原因。"))
    if not reason.strip():
        raise ValidationError({"reason": _("请写明为什么查无。")})
    return end(kept, TaskMove.DROP, state, reason, by)


@transaction.atomic
def restore(*, task: Task, by: Any) -> Task:
    """Take up a task again that was dropped, unless the bin has another by now 恢复任务."""
    kept, state = _ready(task, TaskMove.RESTORE, by)
    if Task.objects.filter(bin=kept.bin, ended_at=None).exists():
        raise ValidationError(_("这个桶已有另一个进行中的任务。"))
    if not kept.evidence.exists():
        raise ValidationError(_("它的线索都已撤销核看，没有可办的了。"))
    kept.state, kept.ended_at, kept.end_reason = state, None, ""
    kept.enterprise = kept.company = kept.addressed_by = kept.addressed_at = None
    kept.addressed_why, kept.as_responsible = "", False
    kept.save()
    digest = add_link(kept, "restore", {"by": by.pk})
    journal.write(by=by, verb=Verb.WASTE_TASK_RESTORED, subject=kept, place=kept.place, chain=digest)
    return kept


@transaction.atomic
def withdraw(*, task: Task, reason: str, again: bool = False, by: Any) -> Task:
    """Take a task back that the party was told of; it hears why 撤回任务.

    `again`: the clues stand and somebody else was it: they make a new task at once, with nobody addressed.
    """
    kept, state = _ready(task, TaskMove.WITHDRAW, by)
    if not reason.strip():
        raise ValidationError({"reason": _("请写明撤回的原因，对方会收到。")})
    end(kept, TaskMove.WITHDRAW, state, reason, by)
    if again:
        clues = queries.clues_of(kept)
        made = Task.objects.create(
            bin=kept.bin,
            point=kept.point,
            place=kept.place,
            street=kept.street,
            state=LIFE.start,
            made_at=clock.now(),
            why=kept.number,
            shares=_weighed(clues),
        )
        TaskClue.objects.filter(task=kept).update(task=made)
        _begun(made, by)
    return kept


@transaction.atomic
def take_back(*, task: Task, reason: str, by: Any) -> Task:
    """Take the last word to the party back: a reminder or an order that was a mistake; it stays on record 撤回步骤."""
    move = {TaskState.REMINDED.value: TaskMove.UNREMIND, TaskState.ORDERED.value: TaskMove.UNORDER}.get(
        task.state, TaskMove.UNREMIND
    )
    kept, state = _ready(task, move, by)
    if not reason.strip():
        raise ValidationError({"reason": _("请写明撤回的原因，对方会收到。")})
    if move == TaskMove.UNREMIND and kept.statements.filter(withdrawn_at=None).exists():
        raise ValidationError(_("对方已就此陈述，请先答复；需要时撤回整个任务。"))
    step = end_step(kept, reason, by, taken_back=True)
    kept.state = state
    if move == TaskMove.UNORDER:
        kept.offence = ""
        _resume(kept, StepKind.REMIND, by)
    kept.save(update_fields=["state", "offence"])
    digest = add_link(kept, "take_back", {"step": step and step.pk, "reason": reason.strip(), "by": by.pk})
    journal.write(
        by=by, verb=Verb.WASTE_STEP_TAKEN_BACK, subject=kept, place=kept.place, reason=reason.strip(), chain=digest
    )
    tell_party(kept, _("此前的通知已撤回"), reason, f"back:{digest[:16]}")
    return kept


# --- terms --------------------------------------------------------------------------------------------------------------------
@transaction.atomic
def set_terms(*, street: Place, since: date, said: Terms, by: Any) -> LadderTerms:
    """Let other thresholds and terms hold in a street from a day on; what runs already keeps its own 设置成案条件与期限."""
    access.require(by, "waste.terms", street)
    if since < clock.today():
        raise ValidationError({"since": _("只能从今天或以后起生效。")})
    if not 1 <= said.clues <= ladder.MOST_CLUES:
        raise ValidationError({"clues": _("线索条数应在 1 到 %(n)s 之间。") % {"n": ladder.MOST_CLUES}})
    if not 1 <= said.days <= ladder.MOST_DAYS:
        raise ValidationError({"days": _("天数应在 1 到 %(n)s 之间。") % {"n": ladder.MOST_DAYS}})
    for step in StepKind:
        try:
            Term.parse(said.of(step))
        except ValueError:
            raise ValidationError({step.value: _("期限应写成“3 working_days”这样。")}) from None
    if not said.source.strip():
        raise ValidationError({"source": _("请写明依据，如文件名称与文号。")})
    Place.objects.select_for_update(no_key=True).get(pk=street.pk)
    rows = LadderTerms.objects.filter(street=street)
    rows.filter(since__gte=since).delete()  # what had not begun to count
    rows.filter(until=None).update(until=since)
    rows.filter(until__gt=since).update(until=since)
    made = LadderTerms.objects.create(
        street=street,
        clues=said.clues,
        days=said.days,
        remind=said.remind,
        order=said.order,
        recheck=said.recheck,
        refer=said.refer,
        source=said.source.strip()[:200],
        since=since,
        set_by_id=by.pk,
    )
    journal.write(
        by=by, verb=Verb.WASTE_TERMS_SET, subject=made, place=street, since=since, clues=said.clues, days=said.days
    )
    return made


@transaction.atomic
def restore_terms(*, street: Place, by: Any) -> None:
    """Let the product's default hold again from today on 恢复产品默认."""
    access.require(by, "waste.terms", street)
    today = clock.today()
    rows = LadderTerms.objects.filter(street=street)
    gone, _kinds = rows.filter(since__gte=today).delete()
    if rows.filter(until=None).update(until=today) or gone:
        journal.write(by=by, verb=Verb.WASTE_TERMS_SET, subject=street, place=street, restored=True)


# --- what steps have in common ----------------------------------------------------------------------------------------------
def subject_of(task: Task) -> Subject:
    """Which articles the party can fall under: as the one who threw in, or as the one who answers for the point."""
    return Subject.RESPONSIBLE if task.as_responsible else Subject.UNIT


def offences_for(task: Task) -> tuple[law.Offence, ...]:
    """The offences that can fit what was confirmed, for whoever the task addresses 可能适用的条款."""
    return book().fitting(subject_of(task), {one.kind for one in queries.clues_of(task)})


def fitting_or_refuse(task: Task, key: str) -> law.Offence:
    """The offence chosen, if it can fit."""
    found = next((one for one in offences_for(task) if one.id == key), None)
    if found is None:
        raise ValidationError({"offence": _("请从可能适用的条款中选择一条。")})
    return found


def ready(task: Task, move: TaskMove, permission: str, by: Any) -> tuple[Task, str]:
    """May I, can it: the task as it stands now, locked, and the state it will have."""
    access.require(by, permission, task)
    Bin.objects.select_for_update(no_key=True).get(pk=task.bin_id)
    rows = Task.objects.select_for_update(of=("self",))
    kept = rows.select_related("bin", "point__place", "place", "street", "enterprise", "company").get(pk=task.pk)
    return kept, LIFE.after(move, kept.state)


def climb(task: Task, move: TaskMove, state: str, text: str, by: Any, **data: Any) -> Task:
    """Begin a rung: end the one before, open its case with its term, keep the text with the articles shown, tell the party.

    Where an offence is named, its article and band stand first among them.
    """
    kind = STEP_OF[move]
    if not text.strip():
        raise ValidationError({"text": _("请写明要告诉对方的话。")})
    end_step(task, _("转入：%(step)s") % {"step": _(kind.label)}, by)
    now = clock.now()
    step = Step.objects.create(
        task=task,
        kind=kind.value,
        text=text.strip()[:4000],
        law=_named(data.get("offence", ""))
        + [{"citation": one.citation, "words": one.words} for one in book().shown_at(kind.value)],
        case=_open_case(task, kind, by),
        began_at=now,
        began_by_id=by.pk,
    )
    task.state = state
    task.save(update_fields=["state", "told_at", "offence"])
    digest = add_link(
        task,
        kind.value,
        {"step": step.pk, "case": step.case.number, "text": text_digest(step.text), "by": by.pk, **data},
    )
    verb = Verb.WASTE_REFERRED if kind == StepKind.REFER else Verb.WASTE_TASK_STEPPED
    journal.write(
        by=by, verb=verb, subject=task, place=task.place, move=move, case=step.case.number, chain=digest, **data
    )
    tell_party(task, _("垃圾分类%(step)s") % {"step": _(kind.label)}, step.text, f"{kind.value}:{step.pk}")
    return task


def end(task: Task, move: TaskMove, state: str, reason: str, by: Any) -> Task:
    """End a task and its open rung, and tell the party if it knew of it."""
    end_step(task, reason, by)
    _note_reports(task, by)
    task.state, task.ended_at, task.end_reason = state, clock.now(), reason.strip()[:300]
    task.save(update_fields=["state", "ended_at", "end_reason"])
    digest = add_link(task, "end", {"state": task.state, "reason": task.end_reason, "by": by.pk})
    journal.write(by=by, verb=Verb.WASTE_TASK_ENDED, subject=task, place=task.place, state=task.state, chain=digest)
    tell_party(
        task,
        _("垃圾分类整改已了结：%(state)s") % {"state": _(TaskState(task.state).label)},
        task.end_reason,
        f"end:{digest[:16]}",
    )
    return task


def tell_party(task: Task, title: str, body: str, key: str) -> None:
    """Tell those who speak for the addressed party, and nobody before its first step."""
    notify(
        users=queries.speakers_of(task),
        title=title[:200],
        body=body[:500],
        url=reverse("waste:own_task", args=[task.pk]),
        key=f"waste:{task.pk}:{key}",
    )


def tell_workers(task: Task, title: str, key: str, body: str = "") -> None:
    """Tell the secretary and the governance specialist of the place."""
    words = title % {"number": task.number, "where": task.point or task.place}
    notify(
        users=holders([one.value for one in WORKERS], task.place_id, clock.today()),
        title=words[:200],
        body=body[:500],
        url=reverse("waste:task", args=[task.pk]),
        key=f"waste:{task.pk}:{key}",
    )


def searched_by(task: Task) -> str:
    """The words by which the search box finds a task: its number, bin and point, never whom it addresses."""
    return " ".join([task.number, task.bin.code, task.point.name if task.point else ""]).strip()


def _begun(task: Task, by: Any) -> None:
    """The first link of its chain, told to the journal; from now on the search box finds it."""
    digest = add_link(
        task, "made", {"bin": task.bin.code, "why": task.why, "clues": _heads(task), "shares": task.shares}
    )
    journal.write(
        by=by,
        verb=Verb.WASTE_TASK_MADE,
        subject=task,
        place=task.place,
        number=task.number,
        why=task.why,
        chain=digest,
    )
    search.index(TASKS, task.pk, searched_by(task), [task.street_id])


def _ready(task: Task, move: TaskMove, by: Any) -> tuple[Task, str]:
    return ready(task, move, "waste.ladder", by)


def end_step(task: Task, outcome: str, by: Any, *, taken_back: bool = False) -> Step | None:
    """End the rung on which a task stands, and its case with it."""
    step = queries.step_open(task)
    if step is None:
        return None
    step.ended_at, step.ended_by_id, step.outcome = clock.now(), by.pk, outcome.strip()[:300]
    step.taken_back = taken_back
    step.save(update_fields=["ended_at", "ended_by", "outcome", "taken_back"])
    _close_case(step.case, outcome, by)
    return step


def _resume(task: Task, kind: StepKind, by: Any) -> None:
    """The rung below counts again, with a case and a term of its own."""
    before = task.steps.filter(kind=kind.value, taken_back=False).order_by("-pk").first()
    if before is None:
        return
    Step.objects.create(
        task=task,
        kind=kind.value,
        text=before.text,
        law=before.law,
        case=_open_case(task, kind, by),
        began_at=clock.now(),
        began_by_id=by.pk,
    )


def _open_case(task: Task, kind: StepKind, by: Any) -> Case:
    """The case that keeps a rung's time. It names the place, never the party: whoever manages the building reads cases too."""
    category = Category.objects.filter(code=CATEGORY).first()
    if category is None:
        raise ValidationError(_("目录中没有“垃圾分类与清运”类别，请联系区级运维。"))
    term = queries.terms_of(task.street_id, clock.today()).of(kind)
    return take_in(
        enterprise=None,
        place=task.place,
        category=category,
        title=_("垃圾分类%(step)s：%(where)s")
        % {"step": _(kind.label), "where": task.point.name if task.point else task.place.name},
        body=_("分类任务 %(number)s，桶 %(bin)s。") % {"number": task.number, "bin": task.bin.code},
        source=Source.WASTE,
        contact=cases.Contact(),
        reporter=by.pk,
        term=term,
        by=by,
    )


def _close_case(case: Case, outcome: str, by: Any) -> None:
    """Settle the case of a rung with what came of it; what somebody has ended in the meantime stays as it is."""
    case.refresh_from_db()
    for who in (by, access.SYSTEM):
        if all(access.may(who, f"cases.{one}", case) for one in ("accept", "answer", "close")):
            break
    if case.state == CaseState.DISPATCHED:
        case = cases.accept(case=case, by=who)
    if case.state == CaseState.ACCEPTED:
        case = cases.answer(case=case, text=outcome.strip() or "—", by=who)
    if case.state == CaseState.ANSWERED:
        cases.close(case=case, by=who)


def _note_reports(task: Task, by: Any) -> None:
    """What the party reported as corrected has been read once somebody goes and looks."""
    task.statements.filter(kind=Said.CORRECTED.value, state=Hearing.WAITING.value, withdrawn_at=None).update(
        state=Hearing.NOTED.value, answered_at=clock.now(), answered_by=by.pk
    )


def _take_clues(task: Task, clues: list[Clue], now: datetime) -> None:
    rows = [TaskClue(task=task, clue=one, added_at=now) for one in clues]
    TaskClue.objects.bulk_create(rows)
    if task.links.exists():  # a task that is just being made names them in its first link
        digest = add_link(task, "clues", {"clues": {str(one.pk): head_of(one) for one in clues}})
        journal.write(
            by=access.SYSTEM, verb=Verb.WASTE_TASK_MADE, subject=task, place=task.place, added=len(rows), chain=digest
        )
        if task.state in SERVED and task.state not in ENDED:
            tell_workers(task, _("分类任务 %(number)s 又有属实线索：%(where)s"), f"more:{digest[:16]}")


def _named(offence: str) -> list[dict[str, str]]:
    """The article of the offence that a step names, with its band in words."""
    if not offence:
        return []
    one = book().offence(offence)
    return [{"citation": one.citation, "words": f"{one.act}：{law.band_in_words(one)}。"}]


def _heads(task: Task) -> dict[str, str]:
    """The end of the chain of each clue a task rests on."""
    return {str(one.pk): head_of(one) for one in queries.clues_of(task)}


def _weighed(clues: list[Clue]) -> list[dict[str, Any]]:
    return tracing.as_kept(together([tracing.trace(one).shares for one in clues]))


def kinds_of(task: Task) -> list[ClueKind]:
    """The kinds of clue a task rests on, each once."""
    found = {one.kind for one in queries.clues_of(task)}
    return [one for one in ClueKind if one.value in found]
