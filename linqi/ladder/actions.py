"""What is done on the ladder: rules set, firms moved, milestones reached, cultivation measures begun and ended 直通车动作."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from linqi.accounts.models import User
from linqi.cases import deadlines
from linqi.cases.actions import open_case
from linqi.cases.models import Case, Source
from linqi.catalogue.models import Category
from linqi.conditions.tree import check
from linqi.enterprises.actions.facts import record_fact
from linqi.enterprises.models import Enterprise, SourceKind
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access, clock
from linqi.kit.clock import Term, today
from linqi.ladder import distance, intake, queries, rules
from linqi.ladder.flow import LIFE
from linqi.ladder.models import Answer, Candidate, Confidence, Cultivation, Milestone, Move, Standard, TierRule
from linqi.ladder.rules import Board, Stage, Step, Tier
from linqi.notifications.actions import notify
from linqi.organisation.models import Department
from linqi.territory.models import Place


# --- rules --------------------------------------------------------------------------------------------------------------
@transaction.atomic
def install_defaults() -> int:
    """Bring the product's standards and tiers along; how many rows are new 装入默认标准.

    Called after every migrate. What is there stays as it is; only the end of a row that a newer file ends is written.
    """
    made = 0
    for model, key, rows in (
        (Standard, "code", intake.default_standards()),
        (TierRule, "tier", intake.default_tiers()),
    ):
        for row in rows:
            said: dict[str, Any] = {
                "name": row.name,
                "when": row.when,
                "source": row.source,
                "note": row.note,
                "confidence": row.confidence,
                "until": row.until,
            }
            if model is Standard:
                said["board"] = row.board
            kept, new = model._default_manager.get_or_create(
                street=None, since=row.since, **{key: row.key}, defaults=said
            )
            made += new
            if row.until and kept.until is None:
                kept.until = row.until
                kept.save(update_fields=["until"])
    return made


@transaction.atomic
def set_standard(*, street: Place, code: str, when: Any, since: date, source: str, note: str = "", by: Any) -> Standard:
    """Let a listing standard count in a street as written from a day on; what counted before stays on record 修改上市标准."""
    access.require(by, "ladder.configure", street)
    _check_change(when, since, source)
    if any(distance.speaks_of_fit(node) for node in (queries.read(when),)):
        raise ValidationError(_("上市标准不能引用达成度本身。"))
    before = next((one for one in queries.ruleset(street, since).standards if one.code == code), None)
    if before is None:
        raise ValidationError(_("当日没有这条标准。"))
    _end_own(Standard, "code", code, street, since)
    made = Standard.objects.create(
        street=street,
        board=before.board,
        code=code,
        name=before.name,
        when=when,
        source=source.strip(),
        note=note.strip(),
        confidence=Confidence.STREET.value,
        since=since,
        set_by_id=by.pk,
    )
    journal.write(by=by, verb=Verb.LADDER_RULE_CHANGED, subject=made, place=street, code=code, since=since)
    return made


@transaction.atomic
def set_tier(*, street: Place, tier: Tier, when: Any, since: date, source: str, note: str = "", by: Any) -> TierRule:
    """Let a tier be asked for as written from a day on; firms that stand in it are only proposed to move 修改分层标准."""
    access.require(by, "ladder.configure", street)
    _check_change(when, since, source)
    distance.expanded(queries.read(when), list(queries.ruleset(street, since).nodes.values()))
    _end_own(TierRule, "tier", tier.value, street, since)
    made = TierRule.objects.create(
        street=street,
        tier=tier.value,
        name=tier.label,
        when=when,
        source=source.strip(),
        note=note.strip(),
        confidence=Confidence.STREET.value,
        since=since,
        set_by_id=by.pk,
    )
    journal.write(by=by, verb=Verb.LADDER_RULE_CHANGED, subject=made, place=street, tier=tier.value, since=since)
    return made


@transaction.atomic
def restore_default(*, rule: Standard | TierRule, by: Any) -> None:
    """End what a street has set for itself; from today on the product's counts again 恢复默认."""
    street = rule.street
    if street is None or rule.until is not None:
        raise ValidationError(_("这一条本来就是产品默认，或已经终止。"))
    access.require(by, "ladder.configure", street)
    journal.write(by=by, verb=Verb.LADDER_RULE_CHANGED, subject=rule, place=street, restored=True)
    if rule.since >= today():
        rule.delete()
    else:
        rule.until = today()
        rule.save(update_fields=["until"])


# --- moves --------------------------------------------------------------------------------------------------------------
@transaction.atomic
def confirm_move(*, enterprise: Enterprise, to: Tier | None, why: str = "", by: Any) -> Move:
    """Do what the facts speak for, as long as they still do 确认调整.

    `to`: the tier that the person saw proposed; ValidationError when it is no longer the one.
    """
    return _confirmed(enterprise, to, why, by)


@transaction.atomic
def confirm_moves(*, moves: Iterable[tuple[Enterprise, Tier | None]], by: Any) -> int:
    """Confirm several proposals at once; those that no longer stand are left; how many were done 批量确认."""
    done = 0
    for enterprise, to in moves:
        try:
            with transaction.atomic():
                _confirmed(enterprise, to, "", by)
        except (ValidationError, PermissionDenied):
            continue
        done += 1
    return done


@transaction.atomic
def decline_move(*, enterprise: Enterprise, to: Tier | None, why: str, by: Any) -> Move:
    """Leave a firm where it is although the facts speak for a move, and say why; it is not proposed again for a while 不予调整."""
    _require(by, "ladder.move", enterprise)
    ladder = _looked_at(enterprise)
    kind = rules.direction(ladder.standing, to)
    if kind is None:
        raise ValidationError(_("没有可以处理的调整建议。"))
    if not why.strip():
        raise ValidationError({"why": _("请说明不予调整的理由。")})
    move = _kept(ladder, enterprise, to, Answer.DECLINED, proposed=True, why=why, by=by)
    journal.write(by=by, verb=Verb.LADDER_MOVE_DECLINED, subject=move, to=move.tier_after, why=move.why)
    return move


@transaction.atomic
def move(*, enterprise: Enterprise, to: Tier | None, why: str, by: Any) -> Move:
    """Put a firm into a tier by hand, or take it off the ladder, and say why 手动调整层级."""
    _require(by, "ladder.move", enterprise)
    ladder = _looked_at(enterprise)
    if rules.direction(ladder.standing, to) is None:
        raise ValidationError({"to": _("企业已在这一层。")})
    if not why.strip():
        raise ValidationError({"why": _("请说明调整的理由。")})
    agreed = ladder.proposal
    return _moved(ladder, enterprise, to, proposed=bool(agreed and agreed.to == to), why=why, by=by)


@transaction.atomic
def set_owner(*, candidate: Candidate, owner: User | None, by: Any) -> Candidate:
    """Say who looks after a firm on the ladder 指定责任人."""
    _require(by, "ladder.cultivate", candidate.enterprise)
    if owner is not None and owner not in queries.owners_for(candidate.enterprise):
        raise ValidationError({"owner": _("请选择负责这一片的人员。")})
    candidate.owner = owner
    candidate.save(update_fields=["owner"])
    journal.write(
        by=by, verb=Verb.LADDER_OWNER_SET, subject=candidate, place=candidate.enterprise.seat_id, owner=str(owner or "")
    )
    if owner is not None and owner.pk != by.pk:
        _tell(owner, _("请负责培育：%(name)s") % {"name": candidate.enterprise}, candidate.enterprise)
    return candidate


# --- milestones ---------------------------------------------------------------------------------------------------------
@transaction.atomic
def plan_milestone(*, enterprise: Enterprise, step: Step, planned_on: date, by: Any) -> Milestone:
    """Say by when a step on the way to a listing should be reached 计划里程碑."""
    _require(by, "ladder.cultivate", enterprise)
    milestone = _milestone(enterprise, step)
    if milestone.reached_on:
        raise ValidationError(_("这一步已经达到。"))
    milestone.planned_on, milestone.entered_by_id = planned_on, by.pk
    milestone.save()
    journal.write(
        by=by,
        verb=Verb.MILESTONE_PLANNED,
        subject=milestone,
        place=enterprise.seat_id,
        step=step.value,
        planned_on=planned_on,
    )
    return milestone


@transaction.atomic
def reach_milestone(
    *,
    enterprise: Enterprise,
    step: Step,
    reached_on: date,
    evidence: str,
    board: str = "",
    public: bool = False,
    by: Any,
) -> Milestone:
    """Record that a step was reached, with its evidence; what it says of the firm becomes a fact 达到里程碑.

    `public`: the evidence is a notice of an authority or exchange; otherwise the firm says so. Policies read the fact.
    """
    _require(by, "ladder.cultivate", enterprise)
    if reached_on > today():
        raise ValidationError({"reached_on": _("还没到的日子不能记为已达到。")})
    if not evidence.strip():
        raise ValidationError({"evidence": _("请写明依据，如公示、受理通知书或营业执照。")})
    milestone = _milestone(enterprise, step)
    if milestone.reached_on:
        raise ValidationError(_("这一步已经达到。"))
    before = _stage(enterprise)
    milestone.reached_on, milestone.evidence, milestone.entered_by_id = reached_on, evidence.strip(), by.pk
    milestone.board = board if board in Board.values else ""
    milestone.save()
    said = {
        "source_kind": (SourceKind.REGISTER if public else SourceKind.ENTERPRISE).value,
        "source": evidence.strip(),
        "as_of": reached_on,
        "by": by,
    }
    if step is Step.JOINT_STOCK:
        record_fact(enterprise=enterprise, key="legal_form_joint_stock", value=True, **said)
    if (stage := _stage(enterprise)) != before:
        record_fact(enterprise=enterprise, key="listing_stage", value=stage.value, **said)
        for one in Candidate.objects.filter(enterprise=enterprise):
            one.stage = rules.furthest([Stage(one.stage), stage]).value
            one.save(update_fields=["stage"])
    journal.write(
        by=by,
        verb=Verb.MILESTONE_REACHED,
        subject=milestone,
        place=enterprise.seat_id,
        step=step.value,
        reached_on=reached_on,
        evidence=milestone.evidence,
    )
    return milestone


@transaction.atomic
def take_back_milestone(*, milestone: Milestone, why: str, by: Any) -> Milestone:
    """A step was entered as reached by mistake: it stands open again, and the stage is what is left 更正里程碑."""
    _require(by, "ladder.cultivate", milestone.enterprise)
    if milestone.reached_on is None:
        raise ValidationError(_("这一步还没有达到。"))
    if not why.strip():
        raise ValidationError({"why": _("请说明更正的理由。")})
    day = milestone.reached_on
    milestone.reached_on, milestone.evidence = None, ""
    milestone.save(update_fields=["reached_on", "evidence"])
    stage = _stage(milestone.enterprise)
    said = {
        "source_kind": SourceKind.ENTERPRISE.value,
        "source": _("更正：%(why)s") % {"why": why.strip()[:150]},
        "by": by,
    }
    record_fact(
        enterprise=milestone.enterprise, key="listing_stage", value=stage.value, as_of=max(day, today()), **said
    )
    if milestone.step == Step.JOINT_STOCK.value:
        record_fact(
            enterprise=milestone.enterprise, key="legal_form_joint_stock", value=False, as_of=max(day, today()), **said
        )
    Candidate.objects.filter(enterprise=milestone.enterprise).update(stage=stage.value)
    journal.write(
        by=by,
        verb=Verb.MILESTONE_TAKEN_BACK,
        subject=milestone,
        place=milestone.enterprise.seat_id,
        step=milestone.step,
        why=why.strip(),
    )
    return milestone


# --- cultivation --------------------------------------------------------------------------------------------------------
@transaction.atomic
def open_cultivation(
    *,
    enterprise: Enterprise,
    title: str,
    term: str = rules.CULTIVATE_IN,
    owner: User | None = None,
    department: Department | None = None,
    by: Any,
) -> Cultivation:
    """Begin something for a firm on the ladder: what, by whom, by when on the working-day clock 登记培育措施."""
    _require(by, "ladder.cultivate", enterprise)
    if not title.strip():
        raise ValidationError({"title": _("请用一句话写明做什么。")})
    if owner is None and department is None:
        raise ValidationError({"owner": _("请指定责任人或科室。")})
    try:
        Term.parse(term)
    except ValueError:
        raise ValidationError({"term": _("时限不对，请填正整数。")}) from None
    measure = Cultivation.objects.create(
        enterprise=enterprise,
        title=title.strip()[:120],
        owner=owner,
        department=department,
        term=term,
        due_at=deadlines.counted(term, clock.now()).at,
    )
    journal.write(by=by, verb=Verb.CULTIVATION_OPENED, subject=measure, place=enterprise.seat_id, due_at=measure.due_at)
    if owner is not None and owner.pk != by.pk:
        _tell(owner, _("培育措施：%(title)s") % {"title": measure.title}, enterprise)
    return measure


@transaction.atomic
def finish_cultivation(*, measure: Cultivation, result: str, by: Any) -> Cultivation:
    """It is done, and this came of it 完成措施."""
    return _end(measure, "finish", result, _("请写明结果。"), by)


@transaction.atomic
def drop_cultivation(*, measure: Cultivation, result: str, by: Any) -> Cultivation:
    """It is not done after all, and this is why 取消措施."""
    return _end(measure, "drop", result, _("请说明取消的理由。"), by)


@transaction.atomic
def hand_over(*, measure: Cultivation, category: Category, by: Any) -> Case:
    """What needs others goes through the one door as a case 转办件."""
    _require(by, "ladder.cultivate", measure.enterprise)
    measure = Cultivation.objects.select_for_update(of=("self",)).select_related("enterprise").get(pk=measure.pk)
    measure.state = LIFE.after("hand", measure.state)
    measure.case = open_case(
        enterprise=measure.enterprise,
        category=category,
        title=measure.title,
        body=_("助企直通车培育措施"),
        source=Source.DESK,
        by=by,
    )
    measure.save(update_fields=["state", "case"])
    journal.write(
        by=by, verb=Verb.CULTIVATION_HANDED, subject=measure, place=measure.enterprise.seat_id, case=measure.case.pk
    )
    return measure.case


@transaction.atomic
def record_export(*, rows: int, asked: str, by: Any) -> None:
    """Tell that the list of firms on the ladder left the house as a file 导出."""
    if not access.may_anywhere(by, "ladder.export"):
        raise PermissionDenied("ladder.export")
    journal.record_export(what="ladder", rows=rows, by=by, asked=asked)


def _confirmed(enterprise: Enterprise, to: Tier | None, why: str, by: Any) -> Move:
    _require(by, "ladder.move", enterprise)
    ladder = _looked_at(enterprise)
    agreed = ladder.proposal
    if agreed is None or agreed.to != to:
        raise ValidationError(_("情况已经变化，这条建议不再成立。请看最新的建议。"))
    return _moved(ladder, enterprise, to, proposed=True, why=why, by=by)


def _moved(
    ladder: queries.Ladder, enterprise: Enterprise, to: Tier | None, *, proposed: bool, why: str, by: Any
) -> Move:
    made = _kept(ladder, enterprise, to, Answer.CONFIRMED, proposed=proposed, why=why, by=by)
    rows = Candidate.objects.filter(enterprise=enterprise)
    if to is None:
        rows.delete()
    elif rows.exists():
        rows.update(tier=to.value, since=today())
    else:
        stage = rules.furthest([_stage(enterprise), ladder.stage, Stage.CULTIVATING])
        Candidate.objects.create(
            enterprise=enterprise, tier=to.value, since=today(), entered_on=today(), stage=stage.value
        )
    journal.write(
        by=by,
        verb=Verb.LADDER_MOVED,
        subject=made,
        place=enterprise.seat_id,
        kind=made.kind,
        to=made.tier_after,
        proposed=proposed,
    )
    return made


def _kept(
    ladder: queries.Ladder,
    enterprise: Enterprise,
    to: Tier | None,
    answer: Answer,
    *,
    proposed: bool,
    why: str,
    by: Any,
) -> Move:
    kind = rules.direction(ladder.standing, to)
    assert kind is not None
    return Move.objects.create(
        enterprise=enterprise,
        kind=kind.value,
        tier_before=ladder.standing.value if ladder.standing else "",
        tier_after=to.value if to else "",
        answer=answer.value,
        proposed=proposed,
        why=why.strip()[:300],
        snapshot=ladder.snapshot,
        day=today(),
        by_id=by.pk,
    )


def _looked_at(enterprise: Enterprise) -> queries.Ladder:
    """The firm on the ladder as it stands, locked so that two people move it one after the other."""
    Enterprise.objects.select_for_update().get(pk=enterprise.pk)
    return queries.ladder_of(enterprise, today())


def _stage(enterprise: Enterprise) -> Stage:
    """The furthest stage that milestones tell of."""
    reached = Milestone.objects.filter(enterprise=enterprise).exclude(reached_on=None).values_list("step", flat=True)
    stages = [rules.stage_of(Step(step)) for step in reached]
    return rules.furthest(stages)


def _milestone(enterprise: Enterprise, step: Step) -> Milestone:
    rows = Milestone.objects.select_for_update().filter(enterprise=enterprise, step=step.value)
    return rows.first() or Milestone(enterprise=enterprise, step=step.value)


def _end(measure: Cultivation, step: str, result: str, asked: str, by: Any) -> Cultivation:
    _require(by, "ladder.cultivate", measure.enterprise)
    measure = Cultivation.objects.select_for_update(of=("self",)).select_related("enterprise").get(pk=measure.pk)
    measure.state = LIFE.after(step, measure.state)
    if not result.strip():
        raise ValidationError({"result": asked})
    measure.result, measure.ended_at = result.strip()[:300], clock.now()
    measure.save(update_fields=["state", "result", "ended_at"])
    journal.write(
        by=by,
        verb=Verb.CULTIVATION_ENDED,
        subject=measure,
        place=measure.enterprise.seat_id,
        state=measure.state,
        result=measure.result,
    )
    return measure


def _check_change(when: Any, since: date, source: str) -> None:
    if since < today():
        raise ValidationError({"since": _("已经过去的日子不能再改。请选今天或以后。")})
    if not source.strip():
        raise ValidationError({"source": _("请写明依据。")})
    if problems := check(when, queries.book()):
        raise ValidationError([f"{one.message}{one.remedy}" for one in problems])


def _end_own(model: type[Standard | TierRule], key: str, value: str, street: Place, since: date) -> None:
    """The street's own rows end where the new one begins; what would only have begun then is replaced."""
    own = model._default_manager.filter(street=street, **{key: value})
    own.filter(since__gte=since).delete()
    for row in own.filter(since__lt=since).exclude(until__lt=since):
        row.until = since
        row.save(update_fields=["until"])


def _require(by: Any, permission: str, enterprise: Enterprise) -> None:
    if enterprise.seat is None:
        raise ValidationError(_("这家企业没有在驻地点，不能办理。"))
    access.require(by, permission, enterprise.seat)
    access.require(by, permission, enterprise)


def _tell(user: User, title: str, enterprise: Enterprise) -> None:
    day = timezone.localdate(clock.now()).isoformat()
    notify(
        users=[user],
        title=title,
        url=reverse("ladder:firm", args=[enterprise.pk]),
        key=f"ladder:{enterprise.pk}:{title}:{day}",
    )
