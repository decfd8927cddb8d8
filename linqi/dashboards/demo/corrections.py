"""Sorting matters of a demo street on each rung of the ladder, led there by the real actions 演示分类任务."""

from datetime import datetime, timedelta
from typing import Any

from linqi.enterprises.models import Enterprise
from linqi.kit.access import SYSTEM
from linqi.organisation.models import Company
from linqi.waste import tracing
from linqi.waste.actions import clues, tasks
from linqi.waste.kinds import ClueKind, Stream, Witness
from linqi.waste.models import Bin, Clue, Task

REMINDED = "（演示）我们在贵单位使用的桶内多次看到混投，请提醒员工按标识分类投放。"
ORDERED = "（演示）提醒后仍有混投，请在期限内改正，并告诉我们采取了什么措施。"


def lead_tasks(building: int, firm: Enterprise, *, by: Any, now: datetime) -> int:
    """Lead tasks to where each can be looked at: the firm is reminded, the building's company ordered, one elsewhere corrected; how many."""
    led = 0
    mine = _seen_mixed(building, Stream.RESIDUAL, by, now)
    if mine and any(one["party"] == firm.pk for one in mine.shares):
        tasks.address(task=mine, enterprise=firm, why="（演示）保洁当面指认，该企业承认", by=by)
        tasks.remind(task=mine, text=REMINDED, by=by)
        led += 1
    shared = _seen_mixed(building, Stream.RECYCLABLE, by, now)
    if shared and (companies := _companies(shared)):
        _order(shared, companies[0], by)
        led += 1
    elsewhere = Task.objects.filter(street=shared.street if shared else None, ended_at=None, told_at=None)
    for other in elsewhere.select_related("point", "bin").order_by("pk"):
        if companies := _companies(other):
            _order(other, companies[0], by)
            tasks.recheck(task=other, by=by)
            tasks.passed(task=other, note="（演示）现场看过，桶已分清，物业加了引导标识。", by=by)
            return led + 1
    return led


def _seen_mixed(building: int, stream: Stream, by: Any, now: datetime) -> Task | None:
    """Three confirmed clues within a week on a bin of the building; the task they make."""
    bin = Bin.objects.select_related("place").filter(place=building, stream=stream.value, until=None).first()
    if bin is None:
        return None
    for days in (1, 2, 3):
        at = now - timedelta(days=days, hours=days)
        made = clues.raised(bin=bin, kind=ClueKind.MIXED, witness=Witness.DEVICE, at=at, by=SYSTEM)
        Clue.objects.filter(pk=made.pk).update(simulated=True, raised_at=at)
        clues.look(clue=made, confirmed=True, reason="（演示）确有混投", by=by)
    return Task.objects.filter(bin=bin, ended_at=None).first()


def _companies(task: Task) -> list[Company]:
    """The companies that answer for the point."""
    return tracing.answerable(task.point, task.bin, task.made_at)[1]


def _order(task: Task, company: Company, by: Any) -> None:
    named = tasks.address(task=task, company=company, why="（演示）点位登记的管理责任人", by=by)
    tasks.remind(task=named, text=REMINDED, by=by)
    tasks.order(task=named, text=ORDERED, offence=tasks.offences_for(named)[0].id, by=by)
