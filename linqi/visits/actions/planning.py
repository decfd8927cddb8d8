"""What is done to the plan of a week: proposed, searched, changed, confirmed 周计划动作."""

import hashlib
import itertools
import secrets
from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from linqi.accounts.models import User
from linqi.accounts.queries import valid_on
from linqi.enterprises.models import Enterprise
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access
from linqi.kit.clock import now, today
from linqi.organisation.queries import teams_in_force
from linqi.territory.models import Coverage, Place, PlaceKind
from linqi.territory.queries import streets_of
from linqi.visits import planning, queries
from linqi.visits.flow import LIFE, PLAN, PlanState, Search, State
from linqi.visits.models import (
    PlanFeed,
    PlanFirm,
    PlanShift,
    PlanStop,
    PlanTerms,
    Visit,
    WeekPlan,
)
from linqi.visits.rules import replan, weekly
from linqi.visits.rules.bound import bound
from linqi.visits.rules.greedy import greedy
from linqi.visits.standing import list_on

ALIVE = timedelta(minutes=2)  # a search that showed no life for so long has died with its process


@transaction.atomic
def propose_week(*, place: Place, monday: date, people: Iterable[User], own_teams: bool = False, by: Any) -> WeekPlan:
    """Make the plan of a week for a place: the first answer at once, as a proposal that binds nobody 生成周计划.

    `people`: who is out in the streets. ValidationError when the week has no working day left, has a plan already, or when nobody of
    them may go anywhere in the place.
    """
    access.require(by, "visits.plan", place)
    monday -= timedelta(days=monday.weekday())
    days = [day for day in planning.working_days(monday) if day >= today()]
    if not days:
        raise ValidationError({"monday": _("这一周没有剩余的工作日，请选另一周。")})
    if WeekPlan.objects.filter(place=place, monday=monday).exclude(state=PlanState.DROPPED).exists():
        raise ValidationError({"monday": _("这一周已有计划，请打开它调整，或先作废。")})
    going = list(people)
    allowed = {one.pk for one in planning.may_go(place, today())}
    if not going or any(one.pk not in allowed for one in going):
        raise ValidationError({"people": _("请至少选一位在这里可以走访的人员。")})
    terms = planning.terms_of(place, monday)
    plan = WeekPlan.objects.create(
        place=place, monday=monday, state=PLAN.start, own_teams=own_teams, search=Search.IDLE, made_by_id=by.pk
    )
    _shifts(plan, going, terms, days)
    _stops(plan, planning.drafted(place, monday, terms, today()))
    seen = planning.posed(plan, today())
    routes = greedy(seen.problem)
    _keep(plan, seen.problem, routes, "greedy")
    first = weekly.worth(seen.problem, routes)
    _figure(plan, seen.problem, routes, greedy=first.total, bound=None)
    journal.write(
        by=by, verb=Verb.WEEK_PLAN_PROPOSED, subject=plan, place=place, monday=monday.isoformat(), stops=first.stops
    )
    return plan


@transaction.atomic
def ask_search(*, plan: WeekPlan, by: Any) -> WeekPlan:
    """Have a better plan looked for; the job does it 申请求解."""
    access.require(by, "visits.plan", plan)
    plan = _locked(plan)
    _must_be_open(plan)
    if plan.state != PlanState.DRAFT:
        raise ValidationError(_("计划已确认，只能局部调整，不再整体求解。"))
    if searching(plan):
        raise ValidationError(_("正在求解，请稍候。"))
    plan.search, plan.searched, plan.searched_at = Search.WAITING, 0, now()
    plan.save(update_fields=["search", "searched", "searched_at"])
    return plan


def searching(plan: WeekPlan) -> bool:
    """Whether a search is under way and alive."""
    alive = plan.searched_at is not None and now() - plan.searched_at < ALIVE
    return plan.search in {Search.WAITING, Search.RUNNING} and alive


def search_week(*, plan: WeekPlan, by: Any) -> WeekPlan:
    """Look for a better plan, showing how far it is; what was changed by hand meanwhile is kept, the answer then dropped 求解.

    Not one transaction: it takes seconds, and nothing may be locked for so long.
    """
    from linqi.visits.outside.solver import solved  # loads compiled code that only the worker needs

    access.require(by, "visits.plan", plan)
    if not WeekPlan.objects.filter(pk=plan.pk, search=Search.WAITING).update(search=Search.RUNNING, searched_at=now()):
        return plan
    seen = planning.posed(plan, today())
    seconds = planning.terms_of(plan.place, plan.monday).seconds
    began = shown = now()

    def told() -> None:
        nonlocal shown
        if (now() - shown).total_seconds() >= 1:
            shown = now()
            share = min(90, round(90 * (shown - began).total_seconds() / max(1, seconds)))
            WeekPlan.objects.filter(pk=plan.pk).update(searched=share, searched_at=shown)

    try:
        found = solved(seen.problem, seconds, told, seen.routes)
        most = bound(seen.problem)
    except Exception:
        WeekPlan.objects.filter(pk=plan.pk).update(search=Search.FAILED, searched=0)
        raise
    with transaction.atomic():
        plan = _locked(plan)
        unchanged = planning.posed(plan, today()).routes == seen.routes and plan.state == PlanState.DRAFT
        if unchanged:
            _keep(plan, seen.problem, found.routes, found.by)
            _figure(plan, seen.problem, found.routes, bound=most)
        plan.search, plan.searched = Search.DONE, 100
        plan.save(update_fields=["search", "searched"])
        journal.write(
            by=by, verb=Verb.WEEK_PLAN_SEARCHED, subject=plan, place=plan.place, found_by=found.by, taken=unchanged
        )
    return plan


@transaction.atomic
def confirm_week(*, plan: WeekPlan, by: Any) -> WeekPlan:
    """Let a proposal hold: each firm in it gets its visit, arranged for the person and the day 确认周计划."""
    access.require(by, "visits.confirm", plan)
    plan = _locked(plan)
    state = PLAN.after("confirm", plan.state)
    if searching(plan):
        raise ValidationError(_("正在求解，请等求解完成后再确认。"))
    plan.state, plan.confirmed_by_id, plan.confirmed_at = state, by.pk, now()
    plan.save(update_fields=["state", "confirmed_by", "confirmed_at"])
    made = _arrange(plan)
    journal.write(by=by, verb=Verb.WEEK_PLAN_CONFIRMED, subject=plan, place=plan.place, visits=made)
    return plan


@transaction.atomic
def drop_week(*, plan: WeekPlan, by: Any) -> WeekPlan:
    """Put a proposal away 作废周计划."""
    access.require(by, "visits.plan", plan)
    plan = _locked(plan)
    plan.state = PLAN.after("drop", plan.state)
    plan.save(update_fields=["state"])
    journal.write(by=by, verb=Verb.WEEK_PLAN_DROPPED, subject=plan, place=plan.place)
    return plan


# --- changing it --------------------------------------------------------------------------------------------------------
@transaction.atomic
def move_stop(*, stop: PlanStop, shift: PlanShift | None, at: int = 0, by: Any) -> PlanStop:
    """Put a stop into somebody's hours at a position (0 first), or take it out (None); nothing else moves 调整上门.

    A stop that was put somewhere by hand stays there. ValidationError in plain words when it does not fit.
    """
    access.require(by, "visits.plan", stop.plan)
    plan = _locked(stop.plan)
    _must_be_open(plan)
    if shift is not None and shift.plan_id != plan.pk:
        raise ValidationError(_("这个时段不属于这份计划。"))
    seen = planning.posed(plan, today())
    if seen.problem.stop[stop.pk].fixed is not None and not stop.fixed:
        raise ValidationError(_("这次上门已有走访结果或日期已过，不能再挪动。"))
    stop.fixed = False
    stop.save(update_fields=["fixed"])
    if shift is None:
        seen = planning.posed(plan, today())
        problem, routes = seen.problem, _without(seen.routes, stop.pk)
    else:
        problem, routes = _put(plan, stop, shift, at)
    _keep(plan, problem, routes, plan.found_by)
    PlanStop.objects.filter(pk=stop.pk).update(fixed=shift is not None)
    _figure(plan, problem, routes, bound=None)
    _arrange(plan)
    journal.write(
        by=by, verb=Verb.WEEK_PLAN_CHANGED, subject=plan, place=plan.place, stop=stop.pk,
        day=shift.day.isoformat() if shift else "",
    )  # fmt: skip
    stop.refresh_from_db()
    return stop


@transaction.atomic
def release_stop(*, stop: PlanStop, by: Any) -> PlanStop:
    """Let a stop that was put somewhere by hand be moved by the product again 取消固定."""
    access.require(by, "visits.plan", stop.plan)
    _must_be_open(_locked(stop.plan))
    stop.fixed = False
    stop.save(update_fields=["fixed"])
    journal.write(by=by, verb=Verb.WEEK_PLAN_CHANGED, subject=stop.plan, place=stop.plan.place, stop=stop.pk)
    return stop


@transaction.atomic
def set_absent(*, plan: WeekPlan, user: User, day: date, absent: bool, by: Any) -> replan.Mended:
    """Somebody is not out on a day after all, or is: their stops go to others where they fit, everything else stays 请假调整."""
    access.require(by, "visits.plan", plan)
    plan = _locked(plan)
    _must_be_open(plan)
    if day < today():
        raise ValidationError(_("日期已过，不能再调整。"))
    before = planning.posed(plan, today()).routes
    if not PlanShift.objects.filter(plan=plan, user=user, day=day).update(absent=absent):
        raise ValidationError(_("这个人当天没有外出安排。"))
    return _mended(plan, before, (), by=by, day=day.isoformat(), absent=absent)


@transaction.atomic
def add_urgent(*, plan: WeekPlan, enterprise: Enterprise, by: Any) -> replan.Mended:
    """A firm that must be seen this week after all: it is taken in, and what must give way is said 临时加访."""
    access.require(by, "visits.plan", plan)
    access.require(by, "visits.plan", enterprise)
    plan = _locked(plan)
    _must_be_open(plan)
    if PlanFirm.objects.filter(stop__plan=plan, enterprise=enterprise, stop__shift__isnull=False).exists():
        raise ValidationError(_("这家企业已在本周计划中。"))
    if Visit.objects.filter(enterprise=enterprise, state=State.PLANNED).exists():
        raise ValidationError(_("这家企业已有待走访安排，同一企业不重复安排。"))
    building = _building_of(enterprise, plan)
    terms = planning.terms_of(plan.place, plan.monday)
    must = queries.must_visit_of(enterprise, by, today())
    before = planning.posed(plan, today()).routes
    days = [day.isoformat() for day in planning.working_days(plan.monday) if day >= today()]
    points = max(1, round(must.points * 100)) if must else 1
    PlanFirm.objects.filter(stop__plan=plan, enterprise=enterprise).delete()
    stop = PlanStop.objects.create(
        plan=plan, building=building, extra=True, days=days, minutes=terms.enter + terms.talk, value=points
    )
    PlanFirm.objects.create(
        stop=stop, enterprise=enterprise, points=points,
        dues={one.reason.value: one.by.isoformat() for one in must.dues} if must else {},
    )  # fmt: skip
    return _mended(plan, before, (stop.pk,), by=by, enterprise_id=enterprise.pk)


# --- what it is planned with ----------------------------------------------------------------------------------------------
@transaction.atomic
def set_terms(*, street: Place, source: str, by: Any, **said: Any) -> PlanTerms:
    """Let a street plan with terms of its own from today on 设置周计划参数."""
    access.require(by, "visits.configure", street)
    if street.kind != PlaceKind.STREET:
        raise ValidationError(_("参数按街道设置。"))
    if not source.strip():
        raise ValidationError({"source": _("请写明依据，如文件名称与文号。")})
    hours = said["hours"]
    if not hours or any(a >= b for a, b in hours) or any(a[1] > b[0] for a, b in itertools.pairwise(hours)):
        raise ValidationError({"hours": _("外出时段应先早后晚、互不重叠。")})
    rows = PlanTerms.objects.filter(street=street)
    rows.filter(since__gte=today()).delete()
    rows.filter(until=None).update(until=today())
    made = PlanTerms.objects.create(street=street, since=today(), source=source.strip()[:300], set_by_id=by.pk, **said)
    journal.write(by=by, verb=Verb.PLAN_TERMS_CHANGED, subject=made, place=street, after=said)
    return made


@transaction.atomic
def restore_terms(*, street: Place, by: Any) -> None:
    """Plan with the product's terms again from today on; what the street had stays on record 恢复默认参数."""
    access.require(by, "visits.configure", street)
    own = PlanTerms.objects.filter(street=street)
    if not own.filter(until=None).exists():
        raise ValidationError(_("本街道没有另行设定，一直用产品默认。"))
    own.filter(since__gte=today()).delete()
    own.filter(until=None).update(until=today())
    journal.write(by=by, verb=Verb.PLAN_TERMS_CHANGED, subject=street, place=street, restored=True)


def install_terms() -> None:
    """Bring the product's terms along; what a street set stays as it is 装入默认周计划参数."""
    PlanTerms.objects.update_or_create(street=None, until=None, defaults=planning.default_terms())


@transaction.atomic
def open_feed(*, by: Any) -> str:
    """Make the address from which one's own calendar reads one's visits; an older one stops to answer. Shown once 订阅日历."""
    token = secrets.token_urlsafe(32)
    feed, _made = PlanFeed.objects.update_or_create(user=by, defaults={"digest": digest_of(token), "made_at": now()})
    journal.write(by=by, verb=Verb.PLAN_FEED_OPENED, subject=feed)
    return token


@transaction.atomic
def close_feed(*, by: Any) -> None:
    """Take one's own calendar address back 停用订阅."""
    feed = PlanFeed.objects.filter(user=by).first()
    if feed is not None:
        journal.write(by=by, verb=Verb.PLAN_FEED_CLOSED, subject=feed)
        feed.delete()


def digest_of(token: str) -> str:
    """What is kept of a calendar address."""
    return hashlib.sha256(token.encode()).hexdigest()


# --- inside ---------------------------------------------------------------------------------------------------------------
def _shifts(plan: WeekPlan, people: Collection[User], terms: PlanTerms, days: Collection[date]) -> None:
    buildings = planning.buildings_below(plan.place, today())
    reach = planning.reach_of({one.pk for one in people}, {one.pk for one in buildings}, today())
    rows = []
    for person in people:
        base = planning.base_of([one for one in buildings if person.pk in reach[one.pk]])
        if base is None:
            continue
        rows += [
            PlanShift(plan=plan, user=person, day=day, begins=begins, ends=ends, base=base)
            for day in days
            for begins, ends in terms.hours
        ]
    if not rows:
        raise ValidationError({"people": _("所选人员不能前往这里的任何一幢楼。")})
    PlanShift.objects.bulk_create(rows)


def _stops(plan: WeekPlan, found: Collection[planning.Drafted]) -> None:
    dues = list_on(today())
    stops = PlanStop.objects.bulk_create(
        PlanStop(
            plan=plan,
            building=one.building,
            extra=one.extra,
            days=sorted(day.isoformat() for day in one.days),
            minutes=one.minutes,
            value=one.value,
            opens=one.window[0] if one.window else None,
            closes=one.window[1] if one.window else None,
        )
        for one in found
    )
    PlanFirm.objects.bulk_create(
        PlanFirm(
            stop=stop,
            enterprise_id=firm.enterprise,
            points=firm.points,
            dues={due.reason.value: due.by.isoformat() for due in dues[firm.enterprise].dues} if firm.points else {},
        )
        for stop, one in zip(stops, found, strict=True)
        for firm in one.firms
    )


def _keep(plan: WeekPlan, problem: weekly.Problem, routes: weekly.Routes, found_by: str) -> None:
    """Write routes that were checked; nothing is written when something is wrong with them."""
    if wrong := weekly.faults(problem, routes):
        raise ValidationError(_("计划核对未通过：%(why)s。") % {"why": _(wrong[0][0].label)})
    where = {key: (shift, at) for shift, route in routes.items() for at, key in enumerate(route)}
    changed = []
    for stop in PlanStop.objects.filter(plan=plan):
        shift, at = where.get(stop.pk, (None, 0))
        if (stop.shift_id, stop.order) != (shift, at):
            stop.shift_id, stop.order = shift, at
            stop.fixed = stop.fixed and shift is not None
            changed.append(stop)
    PlanStop.objects.bulk_update(changed, ["shift", "order", "fixed"], batch_size=500)
    plan.found_by = found_by
    plan.save(update_fields=["found_by"])


def _figure(plan: WeekPlan, problem: weekly.Problem, routes: weekly.Routes, **known: Any) -> None:
    """Keep what the plan comes to; `known` stays or replaces what was there (bound, the first plan's value)."""
    whole, out = weekly.worth(problem, routes), weekly.missing(problem, routes)
    plan.figures = {
        **plan.figures,
        **known,
        "total": whole.total,
        "walked": whole.walked,
        "inside": whole.inside,
        "stops": whole.stops,
        "out": len(out.stops),
        "short": out.minutes,
        "room": sum(shift.minutes for shift in problem.shifts),
    }
    plan.save(update_fields=["figures"])


def _put(
    plan: WeekPlan, stop: PlanStop, shift: PlanShift, at: int
) -> tuple[weekly.Problem, dict[int, tuple[int, ...]]]:
    if shift.absent or shift.day < today():
        raise ValidationError(_("这个人当天不外出，或日期已过。"))
    if shift.day.isoformat() not in stop.days:  # a person may choose another day of the week than the rota would
        stop.days = sorted([*stop.days, shift.day.isoformat()])
        stop.save(update_fields=["days"])
    seen = planning.posed(plan, today())
    asked = seen.problem.stop[stop.pk]
    if asked.who is not None and shift.user_id not in asked.who:
        raise ValidationError(_("“%(name)s”不能前往“%(building)s”。") % {"name": shift.user, "building": stop.building})
    found = replan.moved_by_hand(seen.problem, seen.routes, stop.pk, shift.pk, at)
    if found is None:
        raise ValidationError(_("放不下：这个时段的时间不够，或不在楼宇开放时间内。"))
    return seen.problem, found


def _without(routes: weekly.Routes, key: int) -> dict[int, tuple[int, ...]]:
    return {shift: tuple(one for one in route if one != key) for shift, route in routes.items()}


def _mended(plan: WeekPlan, before: weekly.Routes, urgent: Collection[int], *, by: Any, **told: Any) -> replan.Mended:
    """Make the plan possible again after a change, write it, and tell."""
    problem = planning.posed(plan, today()).problem
    mended = replan.mend(problem, before, urgent)
    _keep(plan, problem, mended.routes, plan.found_by)
    _figure(plan, problem, mended.routes, bound=None)
    _arrange(plan)
    journal.write(
        by=by,
        verb=Verb.WEEK_PLAN_CHANGED,
        subject=plan,
        place=plan.place,
        moved=len(mended.moved),
        dropped=len(mended.dropped),
        **told,
    )
    return mended


def _arrange(plan: WeekPlan) -> int:
    """Let the visits of a confirmed plan follow it: arranged, put off, or cancelled; how many are new."""
    if plan.state != PlanState.CONFIRMED:
        return 0
    rows = list(PlanFirm.objects.filter(stop__plan=plan).select_related("stop__shift", "visit", "enterprise"))
    teams = {team.building_id: team.pk for team in teams_in_force()}
    streets = streets_of(_place_of(one) for one in rows)
    taken = set(
        Visit.objects.filter(state=State.PLANNED, enterprise__in={one.enterprise_id for one in rows}).values_list(
            "enterprise", flat=True
        )
    )
    fresh, changed, cancelled = [], [], []
    for one in rows:
        shift, visit = one.stop.shift, one.visit
        if visit is not None and visit.state != State.PLANNED:
            continue
        if shift is None:
            if visit is not None:
                visit.state = LIFE.after("cancel", visit.state)
                cancelled.append(visit)
                one.visit = None
        elif visit is None and one.enterprise_id not in taken:
            made = Visit(
                enterprise=one.enterprise,
                place_id=_place_of(one),
                street_id=streets.get(_place_of(one)),
                team_id=teams.get(one.stop.building_id),
                visitor_id=shift.user_id,
                state=LIFE.start,
                reasons=list(one.dues),
                dues=one.dues,
                planned_for=shift.day,
            )
            fresh.append((one, made))
        elif visit is not None and (visit.planned_for, visit.visitor_id) != (shift.day, shift.user_id):
            visit.planned_for, visit.visitor_id = shift.day, shift.user_id
            changed.append(visit)
    Visit.objects.bulk_create([made for _one, made in fresh])
    for one, made in fresh:
        one.visit = made
    Visit.objects.bulk_update(changed, ["planned_for", "visitor"], batch_size=500)
    Visit.objects.bulk_update(cancelled, ["state"], batch_size=500)
    PlanFirm.objects.bulk_update(rows, ["visit"], batch_size=500)
    return len(fresh)


def _place_of(one: PlanFirm) -> int:
    """Where a firm of a plan is met: at its principal place, else in the building of the stop."""
    return one.enterprise.seat_id or one.stop.building_id


def _building_of(enterprise: Enterprise, plan: WeekPlan) -> Place:
    """The building of the plan in which an enterprise is to be found."""
    below = {one.pk: one for one in planning.buildings_below(plan.place, today())}
    found = Coverage.objects.filter(valid_on(today()), descendant=enterprise.seat_id or 0, ancestor__in=below)
    building = found.values_list("ancestor", flat=True).first()
    if building is None:
        raise ValidationError(_("这家企业的主要经营地点不在这份计划的楼宇里。"))
    return below[building]


def _must_be_open(plan: WeekPlan) -> None:
    if plan.state == PlanState.DROPPED:
        raise ValidationError(_("这份计划已作废。"))
    if searching(plan):
        raise ValidationError(_("正在求解，请等求解完成后再调整。"))


def _locked(plan: WeekPlan) -> WeekPlan:
    return WeekPlan.objects.select_for_update(of=("self",)).select_related("place").get(pk=plan.pk)
