"""Handing an offence to the officers, and what they answer 移送动作. A street reports; it never fines (浙江条例第31条)."""

from hashlib import sha256
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access, clock
from linqi.kit.clock import ZONE
from linqi.waste import evidence
from linqi.waste import queries_tasks as queries
from linqi.waste.actions.chain import add_link, broken_at
from linqi.waste.actions.tasks import climb, end, end_step, fitting_or_refuse, ready, tell_party
from linqi.waste.evidence import Package
from linqi.waste.flow import TaskMove
from linqi.waste.law import book
from linqi.waste.models import Referral, Task
from linqi.waste.rules import law
from linqi.waste.rules.law import Check, Officer


@transaction.atomic
def refer(*, task: Task, offence: str, officers: list[Officer], reason: str, by: Any) -> Referral:
    """Hand what was not corrected to two named officers, with offence, law, article and band; no amount is worked out 移送执法.

    ValidationError names the article that stands against it.
    """
    kept, state = ready(task, TaskMove.REFER, "waste.refer", by)
    chosen = fitting_or_refuse(kept, offence)
    if not reason.strip():
        raise ValidationError({"reason": _("请写明移送的事实和理由。")})
    if queries.defences_waiting(kept).exists():
        raise ValidationError(_("对方的陈述申辩还没有复核，须先听取并答复（行政处罚法第45条）。"))
    if any(one.simulated for one in queries.clues_of(kept)):
        raise ValidationError(_("含模拟终端的线索，只供演练，不能移送执法。"))
    checks = checks_of(kept, chosen, officers)
    if wrong := [one for one in checks if one.refuses]:
        raise ValidationError([in_words(one) for one in wrong])
    kept.offence = chosen.id
    band = law.band_in_words(chosen)
    climb(
        kept,
        TaskMove.REFER,
        state,
        reason,
        by,
        offence=chosen.id,
        band=band,
        officers=[o.certificate for o in officers],
    )
    step = kept.steps.get(ended_at=None)
    one, two = officers[:2]
    return Referral.objects.create(
        step=step,
        offence=chosen.id,
        citation=chosen.citation,
        act=chosen.act,
        band=band,
        officer_a=one.name.strip()[:40],
        certificate_a=one.certificate.strip()[:40],
        officer_b=two.name.strip()[:40],
        certificate_b=two.certificate.strip()[:40],
        reason=reason.strip()[:500],
        checks=[{"article": c.article, "holds": c.holds, "found": c.found.value, "n": c.n} for c in checks],
    )


@transaction.atomic
def answer(*, task: Task, text: str, by: Any) -> Task:
    """Note what the officers answered; with that the task ends here 登记执法反馈."""
    kept, state = ready(task, TaskMove.ANSWER, "waste.refer", by)
    if not text.strip():
        raise ValidationError({"text": _("请写明执法机关的反馈。")})
    step = queries.step_open(kept)
    if step is not None:
        Referral.objects.filter(step=step).update(answer=text.strip()[:500], answered_at=clock.now())
    journal.write(by=by, verb=Verb.WASTE_REFERRAL_ANSWERED, subject=kept, place=kept.place)
    return end(kept, TaskMove.ANSWER, state, text, by)


@transaction.atomic
def take_back(*, task: Task, reason: str, by: Any) -> Task:
    """Take a referral back that was a mistake; it stays on record 撤回移送."""
    kept, state = ready(task, TaskMove.UNREFER, "waste.refer", by)
    if not reason.strip():
        raise ValidationError({"reason": _("请写明撤回的原因，对方会收到。")})
    step = end_step(kept, reason, by, taken_back=True)
    kept.state = state
    kept.save(update_fields=["state"])
    digest = add_link(kept, "take_back", {"step": step and step.pk, "reason": reason.strip(), "by": by.pk})
    journal.write(
        by=by, verb=Verb.WASTE_STEP_TAKEN_BACK, subject=kept, place=kept.place, reason=reason.strip(), chain=digest
    )
    tell_party(kept, _("此前的移送已撤回"), reason, f"back:{digest[:16]}")
    return kept


def checks_of(task: Task, offence: law.Offence, officers: list[Officer]) -> list[Check]:
    """What the Penalties Law asks before this is handed over, as it stands now 移送前检查."""
    clues = queries.clues_of(task)
    heard, when = queries.heard_since(task)
    named = book().offence(task.offence) if task.offence else None
    return law.before_referral(
        book(),
        offence=offence,
        named=named,
        heard=heard,
        fresh=when is not None and any(one.at > when for one in clues),
        acts=[one.at.astimezone(ZONE) for one in clues],
        recordings=[recording for _picture, recording in queries.recordings_of(clues)],
        officers=officers,
        whole=broken_at(task) is None and all(broken_at(one) is None for one in clues),
        corrected=False,  # a task that was found corrected has ended; it cannot come here
        now=clock.now(),
    )


def in_words(check: Check) -> str:
    """A check as a sentence, with its article."""
    return _("行政处罚法第%(article)s条：%(found)s") % {
        "article": check.article,
        "found": _(check.found.label) % {"n": check.n},
    }


@transaction.atomic
def record_export(*, what: str, rows: int, asked: str = "", by: Any) -> None:
    """Keep who took a list or an evidence package out of the house 导出留痕."""
    if not access.may_anywhere(by, "waste.export"):
        raise PermissionDenied("waste.export")
    journal.record_export(what=what, rows=rows, by=by, asked=asked[:500])


def take_evidence(*, task: Task, by: Any) -> Package:
    """Make the evidence package of a task and keep who took it, with the hash of its list of files 导出证据包."""
    access.require(by, "waste.ladder", task)
    if not access.may(by, "waste.export", task):
        raise PermissionDenied("waste.export")
    if task.told_at is None:
        raise ValidationError(_("还没有告知对方，不能导出证据包。"))
    made = evidence.build(task)
    listed = sha256("\n".join(f"{one} {digest}" for one, digest in made.manifest.items()).encode()).hexdigest()
    journal.write(
        by=by, verb=Verb.WASTE_EVIDENCE_TAKEN, subject=task, place=task.place, files=len(made.manifest), listed=listed
    )
    return made
