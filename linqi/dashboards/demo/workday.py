"""The morning of the demo's day: what people at the desk do with the cases that lie before them, by the real actions.

The year behind is written in bulk; these few cases show what it does not have: parts of other sections, waiting,
extensions, objections, cases joined to one another, pressing, the joint meeting, a sum that is owed, watching and views.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from linqi.cases import actions, queries
from linqi.cases.flow import Move, State
from linqi.cases.models import Case, Pressed, Receivable
from linqi.cases.receivables import Debtor
from linqi.catalogue import actions as actions_of_catalogue
from linqi.catalogue.guides import Material
from linqi.catalogue.models import Window
from linqi.kit import access
from linqi.organisation.models import Department
from linqi.territory.models import Place


@dataclass(frozen=True, slots=True)
class Desk:
    """Who works this morning: the handler of a section, another section, the leader, the secretary."""

    handler: Any
    leader: Any
    secretary: Any
    other: Department


def work(street: Place, desk: Desk, today: date) -> int:
    """Do a morning's work on the open cases of the handler's section; returns how many cases were touched."""
    mine = Case.objects.filter(street=street).exclude(department=None)
    taken = _each(mine.filter(handler=desk.handler.pk, state=State.ACCEPTED), desk.handler)
    touched = {case.pk for case in _taken_on(taken, desk)}
    waiting = mine.filter(state=State.DISPATCHED, department__in=_sections_of(desk.handler))
    touched |= {case.pk for case in _not_taken_on(_each(waiting, desk.handler), desk)}
    touched |= _owed(street, desk, today)
    touched |= _materials(street, desk, today)
    actions.save_view(name="本街道待受理", query="state=dispatched&sort=due_at", street=street, by=desk.leader)
    for pk in sorted(touched)[:3]:
        actions.watch(case=Case.objects.get(pk=pk), by=desk.leader)
    return len(touched)


def _taken_on(cases: Iterator[Case], desk: Desk) -> Iterator[Case]:
    """One case each: with another section, waiting for the enterprise, asking for time, before the meeting, pressed."""
    by = desk.handler
    if (case := _first(cases, Move.ADD_STRAND, by)) is not None:
        yield case
        actions.add_strand(case=case, department=desk.other, task="请核实现场情况，两个工作日内反馈", by=by)
    if (case := _first(cases, Move.ASK_MORE, by)) is not None:
        yield case
        actions.ask_more(case=case, text="请补充：1. 合同复印件；2. 双方往来函件；3. 联系人电话", by=by)
    if (case := _first(cases, Move.ASK_EXTENSION, by)) is not None:
        yield case
        actions.ask_extension(case=case, reason="需要第三方检测报告，预计下周出具", by=by)
    if (case := _first(cases, Move.ESCALATE, by)) is not None:
        yield case
        actions.escalate(case=case, question="涉及两个科室和园区物业，请定牵头单位", by=by)
    if (case := next(cases, None)) is not None:
        yield case
        actions.nudge(case=case, kind=Pressed.SUPERVISED, text="本周内给企业一个明确答复", by=desk.leader)


def _not_taken_on(cases: Iterator[Case], desk: Desk) -> Iterator[Case]:
    """One is objected to, two are joined."""
    if (case := _first(cases, Move.OBJECT, desk.handler)) is not None:
        yield case
        actions.object_to(case=case, reason="不属于本科室职责，建议改派", proposed=desk.other, by=desk.handler)
    if (main := next(cases, None)) is not None and (part := _first(cases, Move.MERGE, desk.leader)) is not None:
        yield main
        yield part
        actions.merge(case=part, main=main, reason="反映的是同一个问题", by=desk.leader)


def _owed(street: Place, desk: Desk, today: date) -> set[int]:
    """What is owed in the newest case about unpaid receivables."""
    about = Case.objects.filter(street=street, category__code="unpaid-receivables", state=State.ACCEPTED)
    case = about.filter(receivable=None, handler=desk.handler.pk).order_by("-pk").first()
    if case is None or Receivable.objects.filter(case=case).exists():
        return set()
    actions.note_receivable(
        case=case,
        amount=Decimal("186000.00"),
        debtor=Debtor.LARGE,
        debtor_name="（演示）某大型企业",
        delivered_on=today - timedelta(days=130),
        by=desk.handler,
    )
    return {case.pk}


def _each(cases: Any, by: Any) -> Iterator[Case]:
    seen = queries.desk_cases(by).filter(pk__in=cases.values("pk")).order_by("pk")
    return iter(list(seen.select_related("street")[:60]))


def _first(cases: Iterator[Case], move: Move, by: Any) -> Case | None:
    """The next case with which this user may do this."""
    return next((case for case in cases if move in queries.moves_open_to(by, case)), None)


def _sections_of(user: Any) -> list[int]:
    return list(user.grants.exclude(department=None).values_list("department", flat=True))


def _materials(street: Place, desk: Desk, today: date) -> set[int]:
    """Guides that say they are made up, and a case taken on under one of them with a promise to bring the rest."""
    open_ = Case.objects.filter(street=street, handler=desk.handler.pk, state=State.ACCEPTED, materials=None)
    case = open_.exclude(category__code="unpaid-receivables").select_related("category__window").order_by("-pk").first()
    shown = [case.category] if case else []
    others = Window.objects.exclude(pk__in=[one.window_id for one in shown])[:2]
    shown += [one for window in others if (one := window.categories.first()) is not None]
    for category in shown:
        service = category.window.services.filter(guide=None).first()
        if service is None:
            continue
        actions_of_catalogue.write_guide(
            service=service,
            category=category,
            materials=[
                Material("（演示）申请表"),
                Material("（演示）合同复印件"),
                Material("（演示）场地证明", later=True),
            ],
            steps=["（演示）提交", "（演示）核对", "（演示）答复"],
            who="演示数据，由程序生成，不是真实的办事要求",
            by=access.SYSTEM,
        )
    guide = queries.guides_for(case).first() if case else None
    if case is None or guide is None:
        return set()
    actions.check_materials(
        case=case,
        guide=guide,
        handed=["（演示）申请表", "（演示）合同复印件"],
        promised_for=today + timedelta(days=10),
        by=desk.handler,
    )
    return {case.pk}
