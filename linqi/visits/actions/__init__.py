"""What is done to visits: planned, recorded, and what was found on them 走访动作."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from linqi.accounts.models import User
from linqi.cases import queries as cases
from linqi.cases.actions import open_case
from linqi.cases.models import Case, Source
from linqi.catalogue.models import Category
from linqi.conditions.tree import check
from linqi.enterprises import dictionary
from linqi.enterprises.actions.facts import make_claim
from linqi.enterprises.models import Enterprise
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access
from linqi.kit.clock import today
from linqi.organisation.queries import team_looking_after
from linqi.territory.models import Place
from linqi.territory.queries import street_of
from linqi.visits import intake, queries, rules, signals, standing
from linqi.visits.actions.fields import say
from linqi.visits.flow import LIFE, State
from linqi.visits.merging import FIELDS
from linqi.visits.models import Finding, FindingKind, MustVisitRule, MustVisitScore, Visit
from linqi.visits.rules import Reason
from linqi.visits.rules.patrol import PATROLS, VisitKind


@transaction.atomic
def plan_visit(
    *,
    enterprise: Enterprise,
    planned_for: date,
    visitor: User | None = None,
    why_again: str = "",
    by: Any,
) -> Visit:
    """Say that somebody will go and see an enterprise, and which reasons the visit answers 安排走访.

    Going again within `rules.QUIET_DAYS` without a new reason must be explained (无事不扰).
    """
    place = _place_of(enterprise)
    access.require(by, "visits.plan", place)
    access.require(by, "visits.plan", enterprise)
    if planned_for < today():
        raise ValidationError({"planned_for": _("不能安排在过去的日子。")})
    if Visit.objects.filter(enterprise=enterprise, state=State.PLANNED, kind=VisitKind.PLAIN.value).exists():
        raise ValidationError(_("这家企业已有待走访安排，同一企业不重复安排。"))
    visit = _new(
        enterprise, place, day=planned_for, visitor=visitor.pk if visitor else by.pk, why_again=why_again, by=by
    )
    journal.write(
        by=by, verb=Verb.VISIT_PLANNED, subject=visit, planned_for=planned_for.isoformat(), reasons=visit.reasons
    )
    return visit


@transaction.atomic
def start_visit(
    *, enterprise: Enterprise, day: date, kind: VisitKind = VisitKind.PLAIN, why_again: str = "", by: Any
) -> Visit:
    """Open the sheet of a visit on the spot; a planned one of its kind that waits is taken instead of a second 开始走访.

    A patrol needs a permission of its own and says why it goes; it answers no reason of the must-visits.
    """
    place = _place_of(enterprise)
    access.require(by, "visits.record", place)
    access.require(by, "visits.record", enterprise)
    if kind in PATROLS:
        access.require(by, "visits.patrol", place)
        if not why_again.strip():
            raise ValidationError({"why_again": _("请写明为什么巡查，如“台风前检查”“燃气报警”。")})
    waiting = Visit.objects.filter(enterprise=enterprise, state=State.PLANNED, kind=kind.value).first()
    if waiting is not None:
        return waiting
    visit = _new(enterprise, place, day=day, visitor=by.pk, why_again=why_again, kind=kind, by=by)
    journal.write(by=by, verb=Verb.VISIT_STARTED, subject=visit, reasons=visit.reasons, kind=kind.value)
    return visit


@transaction.atomic
def record_visit(
    *,
    visit: Visit,
    visited_on: date,
    met: str = "",
    summary: str = "",
    next_step: str = "",
    seen: int | None = None,
    by: Any,
) -> Visit:
    """Keep what a visit brought: whom one met by role, what it was about, what comes next 记录走访.

    Nothing else is asked: no place, no photo, no hour (国办函〔2026〕12号). `seen`: the edition of the visit that the writer had before
    them; what a device said since then is kept beside it. None: the latest.
    """
    access.require(by, "visits.record", visit)
    visit = _locked(visit)
    said = {"met": met, "summary": summary, "next_step": next_step}
    act = recorded(visit, said, visited_on=visited_on, seen=seen, by=by)
    visit.save(update_fields=["state", "edition", "visited_on", "visitor", "stamps", *FIELDS])
    journal.write_many([act])
    return visit


def recorded(visit: Visit, said: Mapping[str, str], *, visited_on: date, seen: int | None, by: Any) -> journal.Act:
    """`record_visit` on a visit that is locked: the caller saves it and tells the act that this gives."""
    state = LIFE.after("record", visit.state)
    if visited_on > today():
        raise ValidationError({"visited_on": _("还没到的日子不能记为已走访。")})
    if not said.get("summary", visit.summary).strip():
        raise ValidationError({"summary": _("请用一两句话写明走访情况。")})
    visit.visited_on, visit.visitor_id = visited_on, by.pk
    say(visit, said, seen=seen, by=by)
    visit.state = state
    visit.edition += 1
    told = {"visited_on": visited_on.isoformat(), "reasons": visit.reasons}
    return journal.Act(by, Verb.VISIT_RECORDED, visit, data=told)


@transaction.atomic
def record_unplanned_visit(
    *,
    enterprise: Enterprise,
    visited_on: date,
    met: str = "",
    summary: str = "",
    next_step: str = "",
    why_again: str = "",
    by: Any,
) -> Visit:
    """Keep a visit that nobody had planned; a planned one that waits is taken instead of a second 直接记录走访."""
    place = _place_of(enterprise)
    access.require(by, "visits.record", place)
    access.require(by, "visits.record", enterprise)
    waiting = Visit.objects.filter(enterprise=enterprise, state=State.PLANNED, kind=VisitKind.PLAIN.value).first()
    visit = waiting or _new(enterprise, place, day=visited_on, visitor=by.pk, why_again=why_again, by=by)
    return record_visit(
        visit=visit, visited_on=visited_on, met=met, summary=summary, next_step=next_step, seen=0, by=by
    )


@transaction.atomic
def miss_visit(*, visit: Visit, by: Any) -> Visit:
    """Nobody was there; the reasons go on asking 未见到人."""
    return _end(visit, "miss", by)


@transaction.atomic
def refuse_visit(*, visit: Visit, by: Any) -> Visit:
    """The enterprise would rather not be visited, which is its good right 企业婉拒."""
    return _end(visit, "refuse", by)


def ended(visit: Visit, move: str, *, by: Any) -> journal.Act:
    """`miss_visit` (move `miss`) or `refuse_visit` (`refuse`) on a visit that is locked: the caller saves it and tells the act."""
    visit.state = LIFE.after(move, visit.state)
    visit.edition += 1
    return journal.Act(by, {"miss": Verb.VISIT_MISSED, "refuse": Verb.VISIT_REFUSED}[move], visit)


def _end(visit: Visit, move: str, by: Any) -> Visit:
    access.require(by, "visits.record", visit)
    visit = _locked(visit)
    act = ended(visit, move, by=by)
    visit.save(update_fields=["state", "edition"])
    journal.write_many([act])
    return visit


@transaction.atomic
def cancel_visit(*, visit: Visit, by: Any) -> Visit:
    """The visit is not made after all 取消走访."""
    access.require(by, "visits.plan", visit)
    visit = _locked(visit)
    _move(visit, LIFE.after("cancel", visit.state), [])
    journal.write(by=by, verb=Verb.VISIT_CANCELLED, subject=visit)
    return visit


@transaction.atomic
def add_fact(*, visit: Visit, key: str, text: str, period: str = "", by: Any) -> Finding:
    """What was learnt of the enterprise, as a claim until somebody confirms it 信息更新.

    `text`: as a person types it; said by the role that was met. ValidationError when the dictionary cannot read it.
    """
    visit = _visited(visit, "visits.report", by)
    value = dictionary.parse(key, text)
    if isinstance(value, dictionary.Problem):
        raise ValidationError({"value": str(value)})
    claim = make_claim(
        enterprise=visit.enterprise,
        key=key,
        value=value,
        period=period,
        said_by=(visit.met or _("企业人员"))[:40],
        said_on=visit.visited_on or today(),
        origin=f"visit:{visit.pk}",
        by=by,
    )
    said = f"{dictionary.field(key).label} {period}".strip() + f"：{dictionary.show(key, value)}"
    return _found(visit, FindingKind.FACT, said, claim=claim.pk, by=by)


@transaction.atomic
def add_clue(*, visit: Visit, text: str, by: Any) -> Finding:
    """Something that may be a risk and that a person must look at before anybody is told to correct it 风险线索."""
    access.require(by, "visits.report", visit)
    visit = _locked(visit)
    return _told(visit, *clue_on(visit, text, by=by))


def clue_on(visit: Visit, text: str, *, by: Any) -> tuple[Finding, journal.Act]:
    """`add_clue` on a visit that is locked: the caller saves it, keeps the finding and tells the act that this gives (`keep`)."""
    _took_place(visit)
    if not text.strip():
        raise ValidationError({"text": _("请写明看到或听到了什么。")})
    return _on(visit, FindingKind.CLUE, text, by=by)


def keep(found: Iterable[tuple[Finding, journal.Act]]) -> None:
    """Save findings, and let the act that tells of each name it."""
    listed = list(found)
    Finding.objects.bulk_create([finding for finding, _act in listed])
    for finding, act in listed:
        act.data["finding"] = finding.pk


@transaction.atomic
def report_problem(
    *,
    visit: Visit,
    title: str,
    category: Category,
    body: str = "",
    kind: FindingKind = FindingKind.PROBLEM,
    by: Any,
) -> Case:
    """Hand what was found to the one door, and remember which case it became 上报问题."""
    visit = _visited(visit, "visits.report", by)
    case = open_case(
        enterprise=visit.enterprise,
        place=visit.place,
        category=category,
        title=title,
        body=body,
        source=Source.VISIT,
        by=by,
    )
    _found(visit, kind, case.title, case=case.pk, by=by)
    journal.write(by=by, verb=Verb.VISIT_PROBLEM_REPORTED, subject=visit, case=case.pk, number=case.number)
    return case


@transaction.atomic
def join_case(*, visit: Visit, case: Case, text: str, kind: FindingKind = FindingKind.PROBLEM, by: Any) -> Finding:
    """What was found is already being settled: it is kept with that case instead of opening a second 并入已有办件."""
    visit = _visited(visit, "visits.report", by)
    if not cases.cases_seen_by(by).filter(pk=case.pk, enterprise=visit.enterprise).exists():
        raise ValidationError(_("只能并入这家企业自己的办件。"))
    finding = _found(visit, kind, text.strip() or case.title, case=case.pk, by=by)
    journal.write(by=by, verb=Verb.VISIT_PROBLEM_REPORTED, subject=visit, case=case.pk, number=case.number, joined=True)
    return finding


@transaction.atomic
def record_export(*, what: str, rows: int, asked: str, by: Any) -> None:
    """Keep who took which list out of the house, and how many rows 导出留痕; `asked`: the filters as in the address."""
    if not access.may_anywhere(by, "visits.export"):
        raise PermissionDenied("visits.export")
    journal.write(by=by, verb=Verb.EXPORTED, what=what, rows=rows, asked=asked[:500])


# --- rules --------------------------------------------------------------------------------------------------------------
@transaction.atomic
def install_rules() -> int:
    """Bring the product's six rules and the order of the list along; how many rows are new 装入默认必访规则.

    Called after every migrate. A default that a newer product says otherwise takes the newer words; what a street set stays as it is.
    """
    made = 0
    for row in intake.default_rules():
        said: dict[str, Any] = {
            "when": row.when,
            "first_visit": row.first_visit,
            "repeat": row.repeat,
            "most": row.most,
            "presses": row.presses,
            "weight": row.weight,
            "who": row.who,
            "ask": list(row.ask),
            "done_when": row.done_when,
            "legal": row.legal,
            "source": row.source,
        }
        _rule, new = MustVisitRule.objects.update_or_create(
            street=None, reason=row.reason.value, until=None, defaults=said
        )
        made += new
    order = intake.default_score()
    _score, new = MustVisitScore.objects.update_or_create(
        street=None,
        until=None,
        defaults={
            "urgency": order.urgency,
            "late_step": order.late_step,
            "late_most": order.late_most,
            "values": list(order.values),
            "source": order.source,
        },
    )
    return made + new


@transaction.atomic
def set_rule(*, street: Place, reason: Reason, since: date, said: Mapping[str, Any], by: Any) -> MustVisitRule:
    """Let a kind of must-visit hold in a street as written from a day on 修改必访规则.

    `said`: the columns of MustVisitRule. What held before ends that day and stays on record; a change that had not begun yet is replaced.
    ValidationError when the condition cannot be used, when nothing is said of its source, or when the legal note of a kind that has one
    is taken out.
    """
    access.require(by, "visits.configure", street)
    _check_rule(reason, since, said)
    _end_rows(MustVisitRule.objects.filter(street=street, reason=reason.value), since)
    before = standing.regime(since).of(street.pk).get(reason)
    made = MustVisitRule.objects.create(
        street=street, reason=reason.value, since=since, set_by_id=by.pk, **{name: said[name] for name in _SAID}
    )
    journal.write(
        by=by,
        verb=Verb.MUST_VISIT_RULE_CHANGED,
        subject=made,
        place=street,
        reason=reason.value,
        since=since,
        before={name: getattr(before.row, name) for name in _SAID} if before else None,
        after=dict(said),
    )
    return made


@transaction.atomic
def restore_rule(*, street: Place, reason: Reason, by: Any) -> None:
    """Let the product's default hold again from today on 恢复产品默认."""
    access.require(by, "visits.configure", street)
    if _end_rows(MustVisitRule.objects.filter(street=street, reason=reason.value), today()):
        journal.write(
            by=by, verb=Verb.MUST_VISIT_RULE_CHANGED, subject=street, place=street, reason=reason.value, restored=True
        )


@transaction.atomic
def set_order(
    *, street: Place, urgency: Decimal, late_step: int, late_most: int, factors: Iterable[Decimal], source: str, by: Any
) -> MustVisitScore:
    """Let a street order its list by weights of its own from today on; `factors`: one for each step of value 修改排序."""
    access.require(by, "visits.configure", street)
    before = queries.order_of(street, today())
    steps = before.values if before else []
    given = list(factors)
    if len(given) != len(steps) or any(not Decimal("0.1") <= one <= 10 for one in given):
        raise ValidationError(_("企业权重应在 0.1 到 10 之间。"))
    if not source.strip():
        raise ValidationError({"source": _("请写明依据，如文件名称与文号。")})
    _end_rows(MustVisitScore.objects.filter(street=street), today())
    made = MustVisitScore.objects.create(
        street=street,
        since=today(),
        urgency=urgency,
        late_step=late_step,
        late_most=late_most,
        values=[{**step, "factor": f"{factor:f}"} for step, factor in zip(steps, given, strict=True)],
        source=source.strip()[:300],
        set_by_id=by.pk,
    )
    journal.write(
        by=by,
        verb=Verb.MUST_VISIT_RULE_CHANGED,
        subject=made,
        place=street,
        urgency=urgency,
        late_step=late_step,
        late_most=late_most,
        factors=given,
    )
    return made


_SAID: Final = (
    "when", "first_visit", "repeat", "most", "presses", "weight", "who", "ask", "done_when", "legal", "source",
)  # fmt: skip


def _check_rule(reason: Reason, since: date, said: Mapping[str, Any]) -> None:
    if since < today():
        raise ValidationError({"since": _("只能从今天或以后起生效，过去的清单不改。")})
    if problems := check(said["when"], signals.book()):
        first = problems[0]
        raise ValidationError({"when": f"{first.message}{first.remedy}（{first.path or '.'}）"})
    if not said["source"].strip():
        raise ValidationError({"source": _("请写明依据，如文件名称与文号。")})
    kept = next(row for row in intake.default_rules() if row.reason == reason)
    if kept.legal and not said["legal"].strip():
        raise ValidationError({"legal": _("这类走访的法律提示不能删去。")})


def _end_rows(rows: QuerySet[Any], since: date) -> int:
    """End what holds on a day, and take away what would only begin on it or later; how many rows that were."""
    waiting = rows.filter(since__gte=since)
    gone = waiting.count()
    waiting.delete()
    return gone + rows.filter(Q(until=None) | Q(until__gt=since)).update(until=since)


def _new(
    enterprise: Enterprise,
    place: Place,
    *,
    day: date,
    visitor: int | None,
    why_again: str,
    kind: VisitKind = VisitKind.PLAIN,
    by: Any,
) -> Visit:
    must = queries.must_visit_of(enterprise, by, today()) if kind is VisitKind.PLAIN else None
    reasons: Iterable[Reason] = must.reasons if must else ()
    last = queries.last_visit_to(enterprise, by)
    ago = rules.disturbs(last, reasons, today())
    if ago is not None and not why_again.strip():
        raise ValidationError(
            {
                "why_again": _("近期（%(days)s 天前）刚走访过，没有新的走访事由。无事不扰：确需再去，请写明原因。")
                % {"days": ago}
            }
        )
    return Visit.objects.create(
        enterprise=enterprise,
        place=place,
        street=street_of(place),
        team=team_looking_after(place),
        visitor_id=visitor,
        state=LIFE.start,
        kind=kind.value,
        reasons=[reason.value for reason in reasons],
        dues={due.reason.value: due.by.isoformat() for due in must.dues} if must else {},
        planned_for=day,
        why_again=why_again.strip()[:200],
    )


def _found(
    visit: Visit, kind: FindingKind, text: str, *, case: int | None = None, claim: int | None = None, by: Any
) -> Finding:
    return _told(visit, *_on(visit, kind, text, case=case, claim=claim, by=by))


def _on(
    visit: Visit, kind: FindingKind, text: str, *, case: int | None = None, claim: int | None = None, by: Any
) -> tuple[Finding, journal.Act]:
    finding = Finding(visit=visit, kind=kind.value, text=text.strip()[:500], case_id=case, claim_id=claim)
    visit.edition += 1
    return finding, journal.Act(by, Verb.VISIT_FINDING_ADDED, visit, data={"kind": kind.value})


def _told(visit: Visit, finding: Finding, act: journal.Act) -> Finding:
    visit.save(update_fields=["edition"])
    keep([(finding, act)])
    journal.write_many([act])
    return finding


def _visited(visit: Visit, permission: str, by: Any) -> Visit:
    """A visit that took place; findings of one that did not would be hearsay."""
    access.require(by, permission, visit)
    visit = _locked(visit)
    _took_place(visit)
    return visit


def _took_place(visit: Visit) -> None:
    if visit.state != State.DONE:
        raise ValidationError(_("请先记录走访，再登记发现。"))


def _place_of(enterprise: Enterprise) -> Place:
    if enterprise.seat is None:
        raise ValidationError(_("不知道这家企业在哪里，请先登记入驻地点。"))
    return enterprise.seat


def _locked(visit: Visit) -> Visit:
    return Visit.objects.select_for_update(of=("self",)).select_related("enterprise", "place").get(pk=visit.pk)


def _move(visit: Visit, state: str, fields: list[str]) -> None:
    visit.state = state
    visit.edition += 1
    visit.save(update_fields=["state", "edition", *fields])
