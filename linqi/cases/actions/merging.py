"""Cases about the same thing settled together, each with its own asker and its own clock, and parted again exactly."""

from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from linqi.cases.actions.beats import move_on, ready, said_with
from linqi.cases.actions.telling import tell_those_who_asked, tell_workers
from linqi.cases.flow import LIFE, RUNNING, WORKING, Move, State
from linqi.cases.models import Case, Merge
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access, clock

CARRIED: Final = ("department_id", "handler_id", "accepted_at", "dispatch_basis", "dispatch_reason", "dispatch_row_id")


@transaction.atomic
def merge(*, case: Case, main: Case, reason: str, by: Any) -> Case:
    """Join a case to another about the same thing: it is worked on there, and answered together with it 并案.

    It keeps its number, whoever asked, and its own deadline: the clock of one who asked earlier does not start again.
    """
    access.require(by, "cases.merge", main)
    if case.pk == main.pk:
        raise ValidationError({"main": _("不能并入自己。")})
    locked = {one.pk: one for one in Case.objects.select_for_update().filter(pk__in=[case.pk, main.pk]).order_by("pk")}
    case, state = ready(case, Move.MERGE, "cases.merge", by)
    main = locked[main.pk]
    if main.street_id != case.street_id:
        raise ValidationError({"main": _("只能并入本街道的办件。")})
    if main.state not in WORKING - {State.MERGED}:
        raise ValidationError({"main": _("%(number)s 不在办理中，不能并入。") % {"number": main.number}})
    if case.parts.filter(state=State.MERGED).exists():
        raise ValidationError(_("这件自己带有并案，请先拆分，或反过来并。"))
    if case.strands.filter(state__in=RUNNING).exists() or case.objections.filter(decided_at=None).exists():
        raise ValidationError(_("这件还有未完的协办或待裁定的异议，请先处理。"))
    said = said_with(reason, _("请写明为什么是同一件事。"))[:500]
    before = {name: getattr(case, name) for name in CARRIED} | {"state": case.state}
    before["accepted_at"] = case.accepted_at.isoformat() if case.accepted_at else None
    now = clock.now()
    Merge.objects.create(part=case, main=main, reason=said, before=before, merged_by_id=by.pk, merged_at=now)
    case.merged_into = main
    _carry(main, case, now)
    move_on(case, state, ["merged_into", *CARRIED])
    journal.write(by=by, verb=Verb.CASE_MERGED, subject=case, main=main.number, main_id=main.pk, reason=said)
    journal.write(by=by, verb=Verb.CASE_MERGED, subject=main, part=case.number, part_id=case.pk, reason=said)
    tell_those_who_asked(
        case,
        _("与同类诉求一并办理：%(title)s") % {"title": case.title},
        _("期限不变，答复会同时发给您。"),
        key=f"case:{case.pk}:merged:{main.pk}",
    )
    return case


@transaction.atomic
def split(*, case: Case, by: Any) -> Case:
    """Part a case again: it stands exactly as before it was joined, and its clock has run on meanwhile 拆分."""
    joined = Merge.objects.select_for_update(of=("self",)).filter(part=case, split_at=None).first()
    if joined is None:
        raise ValidationError(_("这件没有并案。"))
    move = Move.SPLIT_TAKEN if joined.before["state"] == State.ACCEPTED else Move.SPLIT_UNTAKEN
    case, state = ready(case, move, "cases.merge", by)
    for name in CARRIED:
        setattr(case, name, joined.before[name])
    case.accepted_at = datetime.fromisoformat(joined.before["accepted_at"]) if joined.before["accepted_at"] else None
    case.merged_into = None
    joined.split_by_id, joined.split_at = by.pk, clock.now()
    joined.save(update_fields=["split_by", "split_at"])
    move_on(case, state, ["merged_into", *CARRIED])
    journal.write(by=by, verb=Verb.CASE_SPLIT, subject=case, main=joined.main.number, main_id=joined.main_id)
    journal.write(by=by, verb=Verb.CASE_SPLIT, subject=joined.main, part=case.number, part_id=case.pk)
    tell_workers(case, _("已从并案中拆出：%(title)s") % {"title": case.title}, key=f"case:{case.pk}:split:{joined.pk}")
    return case


def carry_on(main: Case) -> None:
    """What became of the main case's section and handler holds for the cases joined to it."""
    for part in _parts(main):
        _carry(main, part, clock.now())
        part.save(update_fields=list(CARRIED))


def answer_parts(main: Case, *, by: Any) -> None:
    """Answer the joined cases with the main one's words; each is on time or not by its own date."""
    for part in _parts(main):
        part.state = LIFE.after("answer_with_main", part.state)
        part.answer, part.outcome, part.answered_at = main.answer, main.outcome, main.answered_at
        part.contacted_at = part.contacted_at or part.answered_at
        part.save(update_fields=["state", "answer", "outcome", "answered_at", "contacted_at"])
        journal.write(
            by=by,
            verb=Verb.CASE_ANSWERED,
            subject=part,
            answer=part.answer,
            in_time=main.answered_at is not None and main.answered_at <= part.due_at,
        )
        tell_those_who_asked(
            part,
            _("已答复：%(title)s") % {"title": part.title},
            part.answer,
            key=f"case:{part.pk}:answered:{main.pk}:{main.reopened}",
        )


def no_parts(case: Case) -> None:
    """Refuse what would leave others who asked the same thing without anybody to answer them."""
    if case.parts.filter(state=State.MERGED).exists():
        raise ValidationError(_("还有别的办件并在这件里，请先把它们拆出。"))


def _parts(main: Case) -> list[Case]:
    parts = main.parts.select_for_update(of=("self",)).filter(state=State.MERGED)
    return list(parts.select_related("enterprise", "department", "place", "reporter").order_by("pk"))


def _carry(main: Case, part: Case, now: datetime) -> None:
    """The part goes where the main case is; once somebody has taken that on, this one is taken on too."""
    accepted = part.accepted_at or (now if main.accepted_at else None)
    for name in CARRIED:
        setattr(part, name, getattr(main, name))
    part.accepted_at = accepted
