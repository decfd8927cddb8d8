"""What the addressed party says, and what a person answers: never to its harm (行政处罚法第45条) 陈述申辩."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any, Final

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext as _

from linqi.cases.actions.attaching import Sent
from linqi.cases.attachments import MOST_BYTES, Checked, Refusal, Refused, checked
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access, clock
from linqi.waste.actions.chain import add_link, text_digest
from linqi.waste.actions.tasks import tell_party, tell_workers, withdraw
from linqi.waste.flow import LIFE, Hearing, Said, TaskMove, TaskState
from linqi.waste.models import Bin, Paper, Statement, Task

MOST_FILES: Final = 6
WHEN: Final = {  # while which states a party may say what
    Said.CORRECTED: frozenset({TaskState.REMINDED, TaskState.ORDERED, TaskState.REPEATED}),
    Said.DEFENCE: frozenset(
        {TaskState.REMINDED, TaskState.ORDERED, TaskState.RECHECKING, TaskState.REPEATED, TaskState.REFERRED}
    ),
}


@transaction.atomic
def make_statement(*, task: Task, kind: Said, text: str, files: Iterable[Sent] = (), by: Any) -> Statement:
    """The party reports that it has corrected, or defends itself; staff may take it down for a party without an account 陈述."""
    staff = access.may(by, "waste.ladder", task)
    if not staff and not access.may(by, "waste.portal", task):
        raise PermissionDenied("waste.portal")
    kept = _locked(task)
    if kept.told_at is None or kept.state not in WHEN[kind]:
        raise ValidationError(_("任务已经变化，现在不能提交。页面上是最新情况，请看后再办。"))
    if not text.strip():
        said = _("请写明怎样改正的。") if kind == Said.CORRECTED else _("请写明事实和理由。")
        raise ValidationError({"text": said})
    good = _clean(files)
    made = Statement.objects.create(
        task=kept,
        kind=kind.value,
        text=text.strip()[:2000],
        made_at=clock.now(),
        made_by_id=by.pk,
        by_staff=staff,
    )
    digest = add_link(
        kept,
        kind.value,
        {
            "statement": made.pk,
            "text": text_digest(made.text),
            "papers": [sha256(one.data).hexdigest() for one in good],
            "by_staff": staff,
        },
    )
    journal.write(by=by, verb=Verb.WASTE_STATEMENT_MADE, subject=kept, place=kept.place, kind=made.kind, chain=digest)
    tell_workers(
        kept,
        _("整改对象报告已改正，请复查 %(number)s：%(where)s")
        if kind == Said.CORRECTED
        else _("整改对象陈述申辩，请复核 %(number)s：%(where)s"),
        f"said:{made.pk}",
        made.text,
    )
    _keep(made, good)
    return made


@transaction.atomic
def answer_statement(*, statement: Statement, upheld: bool, answer: str, by: Any) -> Statement:
    """A person has heard the defence: it holds, and the task is withdrawn; or it does not, and nothing gets harder for it 复核."""
    access.require(by, "waste.ladder", statement)
    task = _locked(statement.task)
    kept = Statement.objects.select_for_update(of=("self",)).get(pk=statement.pk)
    if kept.kind != Said.DEFENCE or kept.withdrawn_at is not None or kept.state != Hearing.WAITING:
        raise ValidationError(_("这条陈述已经处理或撤回。"))
    if not answer.strip():
        raise ValidationError({"answer": _("请写明复核的意见，对方会收到。")})
    kept.state = (Hearing.UPHELD if upheld else Hearing.REJECTED).value
    kept.answer, kept.answered_at, kept.answered_by_id = answer.strip()[:1000], clock.now(), by.pk
    kept.save(update_fields=["state", "answer", "answered_at", "answered_by"])
    digest = add_link(
        task, "answer", {"statement": kept.pk, "state": kept.state, "text": text_digest(kept.answer), "by": by.pk}
    )
    journal.write(
        by=by, verb=Verb.WASTE_STATEMENT_ANSWERED, subject=task, place=task.place, state=kept.state, chain=digest
    )
    tell_party(
        task,
        _("陈述申辩的复核结果：%(state)s") % {"state": _(Hearing(kept.state).label)},
        kept.answer,
        f"heard:{kept.pk}",
    )
    if upheld and TaskMove.WITHDRAW in LIFE.open_moves(task.state):
        withdraw(task=task, reason=_("采纳陈述申辩：%(answer)s") % {"answer": kept.answer}, by=by)
    return kept


@transaction.atomic
def take_statement_back(*, statement: Statement, by: Any) -> Statement:
    """Whoever made a statement takes it back before it is dealt with 撤回陈述."""
    access.require(by, "waste.tasks", statement)
    if by.pk is None or statement.made_by_id != by.pk:
        raise PermissionDenied("waste.portal")
    task = _locked(statement.task)
    kept = Statement.objects.select_for_update(of=("self",)).get(pk=statement.pk)
    if kept.state != Hearing.WAITING or kept.withdrawn_at is not None:
        raise ValidationError(_("这条陈述已经处理或撤回。"))
    kept.withdrawn_at = clock.now()
    kept.save(update_fields=["withdrawn_at"])
    digest = add_link(task, "unsaid", {"statement": kept.pk, "by": by.pk})
    journal.write(by=by, verb=Verb.WASTE_STATEMENT_WITHDRAWN, subject=task, place=task.place, chain=digest)
    return kept


# --- inside ---------------------------------------------------------------------------------------------------------------
def _locked(task: Task) -> Task:
    Bin.objects.select_for_update(no_key=True).get(pk=task.bin_id)
    rows = Task.objects.select_for_update(of=("self",))
    return rows.select_related("bin", "point__place", "place", "street", "enterprise", "company").get(pk=task.pk)


def _clean(files: Iterable[Sent]) -> list[Checked]:
    """The files as they may be kept; ValidationError names each that may not, and why."""
    sent = list(files)
    if len(sent) > MOST_FILES:
        raise ValidationError({"attached": _("每次最多 %(n)s 个附件。") % {"n": MOST_FILES}})
    good, wrong = [], []
    for one in sent:
        name = one.name or ""
        try:
            if (one.size or 0) > MOST_BYTES:
                raise Refused(name, Refusal.LARGE)
            good.append(checked(name, one.read()))
        except Refused as refused:
            wrong.append(
                _("“%(name)s”没有收下：%(why)s。请换一个文件再传。")
                % {"name": refused.name, "why": _(refused.why.label)}
            )
    if wrong:
        raise ValidationError({"attached": wrong})
    return good


def _keep(statement: Statement, good: list[Checked]) -> None:
    """Write the bytes last, and take them away again when a row cannot be written."""
    made: list[Paper] = []
    try:
        for one in good:
            digest = sha256(one.data).hexdigest()
            row = Paper(statement=statement, name=one.name, kind=one.kind.value, size=len(one.data), digest=digest)
            row.file.save(f"{digest}.{one.kind.value}", ContentFile(one.data), save=False)
            made.append(row)
            row.save()
    except BaseException:
        for row in made:
            row.file.storage.delete(str(row.file.name))
        raise
