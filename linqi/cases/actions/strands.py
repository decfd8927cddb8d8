"""Parts of a case that other sections or the community do at the same time: asked for, taken, done, or impossible."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from linqi.cases import queries
from linqi.cases.actions.beats import move_on, ready, said_with
from linqi.cases.actions.telling import tell
from linqi.cases.flow import RUNNING, STRAND, Join, Move, StrandState
from linqi.cases.models import Case, CommunityDuty, Strand
from linqi.cases.rules import Audience
from linqi.catalogue.models import Category
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access, clock
from linqi.organisation.models import Department
from linqi.territory.models import Place

SILENT: Final = frozenset({Join.TAKE, Join.ADMIT})  # moves that need no words
DOING: Final = frozenset({Join.TAKE, Join.DONE, Join.CANNOT})  # who makes these does the part


@transaction.atomic
def add_strand(*, case: Case, department: Department, task: str, by: Any) -> Strand:
    """Ask another section to do its part at the same time; whoever leads stays answerable 请科室协办."""
    case, state = ready(case, Move.ADD_STRAND, "cases.answer", by)
    if department.street_id != case.street_id:
        raise ValidationError({"department": _("只能选本街道的科室。")})
    if department.pk == case.department_id:
        raise ValidationError({"department": _("“%(name)s”是主办科室。") % {"name": department.name}})
    if case.strands.filter(department=department, state__in=RUNNING).exists():
        raise ValidationError({"department": _("“%(name)s”已经在协办这件。") % {"name": department.name}})
    strand = open_strand(case, department, said_with(task, _("请写明要协办什么。")), by=by)
    move_on(case, state, [])
    return strand


@transaction.atomic
def ask_community(*, case: Case, community: Place, task: str, by: Any) -> Strand:
    """Ask the community to do a part 交社区办理.

    What stands on its list is asked for at once; anything else waits until its secretary has accepted it (社区准入), and is
    not done when the secretary refuses.
    """
    case, state = ready(case, Move.ASK_COMMUNITY, "cases.answer", by)
    if not queries.communities_of(case).filter(pk=community.pk).exists():
        raise ValidationError({"community": _("只能交给这件所在的社区。")})
    if case.strands.filter(community=community, state__in=RUNNING).exists():
        raise ValidationError({"community": _("“%(name)s”已经在办这件。") % {"name": community.name}})
    listed = CommunityDuty.objects.filter(community=community, category=case.category).exists()
    strand = _open(
        case,
        said_with(task, _("请写明要社区办什么。")),
        StrandState.ASKED if listed else StrandState.TO_ADMIT,
        community=community,
        by=by,
    )
    move_on(case, state, [])
    return strand


@transaction.atomic
def set_duties(*, community: Place, categories: Iterable[Category], by: Any) -> None:
    """Say what stands on a community's list; what is being done stays as it is 设置社区事项清单."""
    access.require(by, "cases.configure", community)
    wanted = {one.pk: one for one in categories}
    held = CommunityDuty.objects.filter(community=community)
    before = set(held.values_list("category", flat=True))
    if before == set(wanted):
        return
    held.exclude(category__in=wanted).delete()
    CommunityDuty.objects.bulk_create(
        CommunityDuty(community=community, category=one, since=clock.today())
        for pk, one in wanted.items()
        if pk not in before
    )
    journal.write(
        by=by,
        verb=Verb.COMMUNITY_DUTIES_SET,
        subject=community,
        categories=sorted(one.code for one in wanted.values()),
    )


def open_strand(case: Case, department: Department, task: str, *, by: Any) -> Strand:
    """Open a part for a section, due when the case is due; for actions that have asked whether they may."""
    return _open(case, task, StrandState.ASKED, department=department, by=by)


def _open(
    case: Case,
    task: str,
    state: StrandState,
    *,
    department: Department | None = None,
    community: Place | None = None,
    by: Any,
) -> Strand:
    strand = Strand.objects.create(
        case=case,
        department=department,
        community=community,
        task=task[:500],
        state=state.value,
        opened_by_id=by.pk,
        opened_at=clock.now(),
        due_at=case.due_at,
    )
    journal.write(
        by=by,
        verb=Verb.CASE_STRAND_OPENED,
        subject=case,
        strand=strand.pk,
        department_name=_name(strand),
        reason=strand.task,
    )
    _tell_doers(strand, case)
    return strand


def _name(strand: Strand) -> str:
    """The name as it was given, for the journal."""
    return strand.department.name if strand.department else str(strand.community)


def _tell_doers(strand: Strand, case: Case) -> None:
    title = _("请准入：%(title)s") if strand.state == StrandState.TO_ADMIT else _("请协办：%(title)s")
    tell(
        queries.doers_of(strand),
        case,
        title % {"title": case.title},
        strand.task,
        key=f"case:{case.pk}:strand:{strand.pk}" + (":admit" if strand.state == StrandState.TO_ADMIT else ""),
    )


@transaction.atomic
def move_strand(*, strand: Strand, move: Join, text: str = "", by: Any) -> Strand:
    """One step of a part: its own section or community takes it and says what came of it; whoever leads may drop it.

    What is not on the community's list its secretary admits or refuses first, with a reason 协办进展、社区准入.
    """
    case = strand.case
    access.require(by, queries.JOIN_PERMISSION[move], case if move is Join.DROP else strand)
    locked = (
        Strand.objects.select_for_update(of=("self",))
        .select_related("case", "department", "community")
        .get(pk=strand.pk)
    )
    state = STRAND.after(move.value, locked.state)
    said = text.strip()[:2000] if move in SILENT else said_with(text, _("请写明情况。"))
    locked.state, locked.handler_id = state, by.pk if move in DOING else locked.handler_id
    locked.result = said or locked.result
    if state not in RUNNING:
        locked.ended_at = clock.now()
    locked.save(update_fields=["state", "handler", "result", "ended_at"])
    journal.write(
        by=by,
        verb=Verb.CASE_STRAND_MOVED,
        subject=case,
        strand=locked.pk,
        step=move.value,
        department_name=_name(locked),
        reason=said,
    )
    if move is Join.ADMIT:
        _tell_doers(locked, case)
    elif move is not Join.TAKE:
        left = case.strands.filter(state__in=RUNNING).count()
        title = _("协办还有 %(n)s 项未完：%(title)s") if left else _("协办已全部有结果：%(title)s")
        whom = {Audience.HANDLER if case.handler_id else Audience.DEPARTMENT}
        tell(
            queries.audience(case, whom),
            case,
            title % {"n": left, "title": case.title},
            said,
            key=f"case:{case.pk}:strand:{locked.pk}:{state}",
        )
    return locked


def drop_running(case: Case, *, by: Any) -> None:
    """The case is no longer worked on: its open parts end with it."""
    for strand in case.strands.filter(state__in=RUNNING):
        strand.state, strand.ended_at = STRAND.after("drop", strand.state), clock.now()
        strand.save(update_fields=["state", "ended_at"])
        journal.write(by=by, verb=Verb.CASE_STRAND_MOVED, subject=case, strand=strand.pk, step=Join.DROP.value)


def tell_late_strands(now: datetime) -> int:
    """Tell each section, and whoever leads, of a part whose time is over, once; returns how many 协办超期提醒."""
    return sum(_tell_late(pk, now) for pk in list(queries.strands_late(now).values_list("pk", flat=True)))


@transaction.atomic
def _tell_late(pk: int, now: datetime) -> int:
    if queries.strands_late(now).filter(pk=pk).update(late_told_at=now) != 1:
        return 0
    strand = Strand.objects.select_related(
        "case__place", "case__department", "case__handler", "department", "community"
    ).get(pk=pk)
    case = strand.case
    whom = [*queries.doers_of(strand), *queries.audience(case, {Audience.HANDLER})]
    tell(
        whom,
        case,
        _("协办超期：%(title)s") % {"title": case.title},
        strand.task,
        key=f"case:{case.pk}:strand:{pk}:late",
    )
    journal.write(by=access.SYSTEM, verb=Verb.CASE_STRAND_LATE, subject=case, strand=pk)
    return 1
