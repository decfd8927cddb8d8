"""Cases as lists, what presses, who must hear of it, and what a page needs to know of one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from linqi.accounts.models import User
from linqi.accounts.queries import grants_valid, valid_on
from linqi.cases import rules
from linqi.cases.deadlines import working_days_left
from linqi.cases.dispatch import Clause, Facts, Finding, Row, World, analyse
from linqi.cases.flow import (
    LIFE,
    MENDING,
    OPEN,
    OUTSTANDING,
    RUNNING,
    STRAND,
    UNSETTLED,
    WORKING,
    Join,
    MaterialState,
    Mend,
    Mending,
    Move,
    State,
    StrandState,
)
from linqi.cases.models import (
    Case,
    CaseMaterial,
    DispatchRow,
    HotIssue,
    Merge,
    Nudge,
    Objection,
    Pause,
    Pressed,
    Rectification,
    Reference,
    SavedView,
    Source,
    Strand,
    Subscription,
    TimeLimit,
    Watch,
)
from linqi.cases.rules import Alarm, Audience, Limit, Press, Whose
from linqi.catalogue.models import CaseClass, Category, Guide
from linqi.enterprises.models import Enterprise, Tenancy
from linqi.kit import access, clock
from linqi.kit.access import COMMUNITY_STAFF, Reach, Role, seen_by
from linqi.kit.counting import few_or_all
from linqi.organisation.models import Department
from linqi.organisation.queries import staff_of, staff_over
from linqi.territory.models import Coverage, Place, PlaceKind

PERMISSION_FOR: Final = {
    Move.ACCEPT: "cases.accept",
    Move.ANSWER: "cases.answer",
    Move.CLOSE: "cases.close",
    Move.CONTACT: "cases.answer",
    Move.ASK_MORE: "cases.answer",
    Move.SUPPLY: "cases.supply",
    Move.ASK_EXTENSION: "cases.extend",
    Move.GRANT_EXTENSION: "cases.decide",
    Move.REFUSE_EXTENSION: "cases.decide",
    Move.SEND_BACK: "cases.accept",
    Move.REDISPATCH: "cases.dispatch",
    Move.REOPEN: "cases.reopen",
    Move.RATE: "cases.rate",
    Move.CALL_BACK: "cases.callback",
    Move.OBJECT: "cases.accept",
    Move.UPHOLD_OBJECTION: "cases.dispatch",
    Move.REJECT_OBJECTION: "cases.dispatch",
    Move.ADD_STRAND: "cases.answer",
    Move.ASK_COMMUNITY: "cases.answer",
    Move.ESCALATE: "cases.answer",
    Move.RESOLVE: "cases.decide",
    Move.MERGE: "cases.merge",
    Move.SPLIT_UNTAKEN: "cases.merge",
    Move.SPLIT_TAKEN: "cases.merge",
    Move.ROUTE_OUT: "cases.answer",
    Move.WITHDRAW: "cases.withdraw",
}

JOIN_PERMISSION: Final = {
    Join.ADMIT: "cases.admit",
    Join.REFUSE: "cases.admit",
    Join.TAKE: "cases.join",
    Join.DONE: "cases.join",
    Join.CANNOT: "cases.join",
    Join.DROP: "cases.answer",
}

NUDGE_PERMISSION: Final = {Pressed.URGED: "cases.urge", Pressed.SUPERVISED: "cases.supervise"}

MENDING_PERMISSION: Final = {
    Mend.UPHOLD: "cases.verify",
    Mend.REJECT: "cases.verify",
    Mend.MEND: "cases.answer",
    Mend.CONTENT: "cases.callback",
    Mend.DISCONTENT: "cases.callback",
}


# --- lists ------------------------------------------------------------------------------------------------------------
def cases_seen_by(user: Any) -> QuerySet[Case]:
    """Every case a user may see, at the desk or as the enterprise 办件."""
    return seen_by(user, Case).select_related(
        "enterprise", "department", "category__window", "place", "street", "handler"
    )


def desk_cases(user: Any) -> QuerySet[Case]:
    """The cases of the user's places and sections 办件台."""
    return seen_by(user, Case, "cases.desk").select_related(
        "enterprise", "department", "category__window", "place", "handler"
    )


def own_cases(user: Any) -> QuerySet[Case]:
    """The cases of the enterprises that the user speaks for 我的诉求."""
    return seen_by(user, Case, "cases.portal").select_related("enterprise", "department", "category__window", "place")


def streets_of(reach: Reach, permission: str) -> set[int]:
    """Ids of the streets in which this permission reaches a place or a section, told from the grants alone."""
    granted, street = reach.places(permission), PlaceKind.STREET.value
    over = Coverage.objects.filter(descendant__in=granted, ancestor__kind=street).values_list("ancestor", flat=True)
    under = Coverage.objects.filter(ancestor__in=granted, descendant__kind=street).values_list("descendant", flat=True)
    sections = Department.objects.filter(pk__in=reach.departments(permission)).values_list("street", flat=True)
    return {*over, *under, *sections}


def cases_of(enterprise: Enterprise, user: Any) -> QuerySet[Case]:
    """What an enterprise has asked for, newest first, as far as the user sees it."""
    return cases_seen_by(user).filter(enterprise=enterprise).order_by("-opened_at")


def standing_at(cases: QuerySet[Case], place: int) -> QuerySet[Case]:
    """Those of the cases whose place stands at or below this one today."""
    below = Coverage.objects.filter(valid_on(clock.today()), ancestor=place)
    return cases.filter(place__in=few_or_all(below.values_list("descendant", flat=True)))


def pressing(cases: QuerySet[Case], wanted: Iterable[str], now: datetime) -> QuerySet[Case]:
    """Those of the cases that stand so to their deadline: `rules.press` said in the database's words."""
    running, answered = Q(state__in=WORKING), Q(state__in=(State.ANSWERED, State.CLOSED))
    kept = Q(answered_at__isnull=False, answered_at__lte=F("due_at"))
    conditions = {
        Press.OVERDUE: running & Q(due_at__lt=now),
        Press.NEAR: running & Q(due_at__gte=now, due_at__lte=now + rules.NEAR_DUE),
        Press.WITHIN: running & Q(due_at__gt=now + rules.NEAR_DUE),
        Press.KEPT: answered & kept,
        Press.MISSED: answered & (Q(answered_at=None) | Q(answered_at__gt=F("due_at"))),
        Press.PAUSED: Q(state=State.WAITING),
        Press.STOPPED: Q(state__in=(State.WITHDRAWN, State.ROUTED)),
    }
    asked = Q(pk__in=[])
    for one in wanted:
        asked |= conditions[Press(one)]
    return cases.filter(asked)


def similar_open(
    user: Any, *, enterprise: Enterprise | None, place: Place | None, category: Category | None
) -> list[Case]:
    """Cases still open that may be the same thing, as far as the user sees them, most alike first 随时比对.

    The same enterprise with any request, or the same category at the same place, of the last `rules.SIMILAR_WITHIN`.
    """
    same = Q(pk__in=[])
    if enterprise is not None:
        same |= Q(enterprise=enterprise)
    if place is not None and category is not None:
        same |= Q(place=place, category=category)
    since = clock.now() - rules.SIMILAR_WITHIN
    found = cases_seen_by(user).filter(same, state__in=OPEN, opened_at__gte=since).order_by("-opened_at")[:20]
    wanted = category.pk if category else None
    return sorted(found, key=lambda case: case.category_id != wanted)


@dataclass(frozen=True, slots=True)
class Load:
    """What lies with one section or one handler: not finished, of it not yet taken on, near its end, over it 负荷."""

    pk: int | None
    name: str
    open: int
    waiting: int
    near: int
    late: int


def load(user: Any, now: datetime) -> tuple[list[Load], list[Load]]:
    """Sections with what they carry now, the heaviest first, and handlers by name, as far as the user sees it 科室负荷.

    What a person carries is shown to that person, and to whoever may press (督办) in their cases; nobody is ranked.
    """
    open_ = Case.objects.filter(state__in=OPEN).order_by()
    cases, pressed = seen_by(user, open_, "cases.desk"), seen_by(user, open_, "cases.supervise")
    working = Q(state__in=WORKING)
    counts = {
        "open": Count("pk"),
        "waiting": Count("pk", filter=Q(state=State.DISPATCHED)),
        "near": Count("pk", filter=working & Q(due_at__gte=now, due_at__lte=now + rules.NEAR_DUE)),
        "late": Count("pk", filter=working & Q(due_at__lt=now)),
    }
    sections, handlers, own = (
        {row[column]: {key: row[key] for key in counts} for row in rows.values(column).annotate(**counts)}
        for rows, column in (
            (cases, "department"),
            (pressed, "handler"),
            (cases.filter(handler=user.pk or 0), "handler"),
        )
    )
    handlers |= own
    named = {one.pk: one.title for one in Department.objects.filter(pk__in=[pk for pk in sections if pk])}
    users = {one.pk: str(one) for one in User.objects.filter(pk__in=[pk for pk in handlers if pk])}
    return (
        sorted(
            (Load(pk, named.get(pk, _("待派单")), **row) for pk, row in sections.items()),
            key=lambda one: (-one.open, one.name),
        ),
        sorted((Load(pk, users[pk], **row) for pk, row in handlers.items() if pk in users), key=lambda one: one.name),
    )


def open_at(user: Any, now: datetime) -> dict[int, tuple[int, int]]:
    """Cases not finished and those over their time by building, or by the place itself above buildings 办件分布."""
    cases = seen_by(user, Case, "cases.desk").filter(state__in=OPEN).order_by()
    late = Count("pk", filter=Q(state__in=WORKING, due_at__lt=now))
    by_place = cases.values_list("place").annotate(open=Count("pk"), late=late)
    found = {place: (open_, over) for place, open_, over in by_place}
    inside = Coverage.objects.filter(
        valid_on(timezone.localdate(now)), descendant__in=found, ancestor__kind=PlaceKind.BUILDING
    )
    building = dict(inside.values_list("descendant", "ancestor"))
    counts: dict[int, tuple[int, int]] = {}
    for place, (open_, over) in found.items():
        where = building.get(place, place)
        before = counts.get(where, (0, 0))
        counts[where] = (before[0] + open_, before[1] + over)
    return counts


def hot_seen_by(user: Any) -> list[tuple[HotIssue, list[Case]]]:
    """The hot issues of the last night as far as the user sees their cases, still open and of several askers 热点问题."""
    rows = list(HotIssue.objects.select_related("street"))
    ids = [pk for row in rows for pk in row.cases]
    seen = {case.pk: case for case in desk_cases(user).filter(pk__in=ids, state__in=OPEN - {State.MERGED})}
    groups = [(row, [seen[pk] for pk in row.cases if pk in seen]) for row in rows]
    hot = [
        (row, cases) for row, cases in groups if len({one.enterprise_id or -one.pk for one in cases}) >= rules.HOT_FROM
    ]
    return sorted(hot, key=lambda one: -len(one[1]))


# --- opening ----------------------------------------------------------------------------------------------------------
def dispatch_rows(street: Place) -> list[Row]:
    """A street's table from the top, as the rule reads it; rows that have ended are kept for the days they stood."""
    rows = DispatchRow.objects.filter(street=street).select_related("department").prefetch_related("together")
    return [as_rule(row) for row in rows]


def as_rule(row: DispatchRow) -> Row:
    """One row as the rule reads it."""
    return Row(
        row.pk,
        Clause.read(row.conditions),
        row.department_id,
        row.since,
        row.until,
        row.department.until,
        frozenset(one.pk for one in row.together.all()),
    )


def dispatch_facts(place: Place, category: Category, case_class: CaseClass, source: str, day: date) -> Facts:
    """What the table asks of a case that is being opened."""
    above = Coverage.objects.filter(valid_on(day), descendant=place).values_list("ancestor", flat=True)
    return Facts(category.code, case_class.value, source, frozenset(above), day)


def findings(street: Place, rows: Iterable[Row], day: date) -> list[Finding]:
    """What is wrong with a street's table from this day on 派单表诊断."""
    table = list(rows)
    inside = Coverage.objects.filter(valid_on(day), ancestor=street).values("descendant")
    spoken_of = {place for row in table for place in row.clause.places}
    ways: dict[int, set[int]] = {street.pk: {street.pk}}
    steps = Coverage.objects.filter(valid_on(day), descendant__in=spoken_of).filter(descendant__in=inside)
    for below, above in steps.values_list("descendant", "ancestor"):
        ways.setdefault(below, set()).add(above)
    world = World(
        categories=tuple(Category.objects.filter(offered=True).values_list("code", flat=True)),
        classes=tuple(CaseClass.values),
        sources=tuple(Source.values),
        street=street.pk,
        ways={place: frozenset(way) for place, way in ways.items()},
        today=day,
    )
    return analyse(table, world)


def limit_for(place: Place, street: Place, case_class: CaseClass, day: date) -> Limit | None:
    """The limits that a case of this class at this place gets on this day."""
    above = Coverage.objects.filter(valid_on(day), descendant=place, ancestor__kind=PlaceKind.COMMUNITY)
    here = Q(street=None) | Q(street=street, community=None) | Q(community__in=above.values("ancestor"))
    rows = TimeLimit.objects.filter(here, case_class=case_class.value)
    return rules.limit_in_force([as_limit(row) for row in rows], day)


def as_limit(row: TimeLimit) -> Limit:
    """One row as the rule reads it."""
    whose = Whose.COMMUNITY if row.community_id else Whose.STREET if row.street_id else Whose.PRODUCT
    return Limit(row.accept, row.contact, row.close, row.extend, whose, row.since, row.until)


def stands_at(enterprise: Enterprise, place: Place) -> bool:
    """Whether an enterprise is at this place today."""
    if enterprise.seat_id == place.pk:
        return True
    return Tenancy.objects.filter(
        Q(until=None) | Q(until__gt=clock.today()), enterprise=enterprise, place=place
    ).exists()


# --- time -------------------------------------------------------------------------------------------------------------
def alarming(alarm: Alarm, now: datetime) -> QuerySet[Case]:
    """Cases whose time for this alarm has come and which nobody has told yet: what the tick claims."""
    return {
        Alarm.NOT_ACCEPTED: Case.objects.filter(state=State.DISPATCHED, accept_due_at__lt=now, accept_told_at=None),
        Alarm.NOT_CONTACTED: Case.objects.filter(
            state=State.ACCEPTED, contact_due_at__lt=now, contacted_at=None, contact_told_at=None
        ),
        Alarm.NEAR: Case.objects.filter(
            state__in=WORKING, due_at__gte=now, due_at__lte=now + rules.NEAR_DUE, near_told_at=None
        ),
        Alarm.OVERDUE: Case.objects.filter(state__in=WORKING, due_at__lt=now, overdue_told_at=None),
    }[alarm]


def pauses_of(case: Case) -> list[tuple[datetime, datetime]]:
    """The spans in which the case waited for the enterprise since its clock began 暂停的时段."""
    spans = case.pauses.filter(round=case.reopened).order_by("since").values_list("since", "until")
    return [(since, until) for since, until in spans if until is not None]


def pauses_to_remind(now: datetime) -> QuerySet[Pause]:
    """Waiting for an enterprise that has not been reminded yet and should be."""
    return Pause.objects.filter(until=None, reminded_at=None, remind_at__lte=now, case__state=State.WAITING)


def promises_to_remind(now: datetime) -> QuerySet[CaseMaterial]:
    """What an enterprise promised to bring and should be reminded of, once, not before nine in the morning."""
    today = now.astimezone(clock.ZONE)
    due = today.date() if today.time() >= clock.HOURS[0][0] else today.date() - timedelta(days=1)
    return CaseMaterial.objects.filter(
        state=MaterialState.OWED, reminded_at=None, remind_on__lte=due, case__state__in=OPEN
    )


def guides_for(case: Case) -> QuerySet[Guide]:
    """The guides under which requests of this category are noted and that ask for something 适用的办事指南."""
    return Guide.objects.filter(category=case.category_id).exclude(materials=[]).select_related("service")


def materials_outstanding(case: Case) -> QuerySet[CaseMaterial]:
    """What is missing or owed: each must come, be waived or end before the case is closed 未了结的材料."""
    return case.materials.filter(state__in=OUTSTANDING)


def to_hand_back() -> Q:
    """Numbers of other houses whose case has an answer, or has moved on since the answer was handed back 待回传."""
    changed = Q(returned_at=None)
    for moment in ("answered_at", "closed_at", "rated_at"):
        changed |= Q(**{f"case__{moment}__gt": F("returned_at")})
    return Q(case__answered_at__isnull=False) & changed


def exchanged(streets: QuerySet[Place]) -> list[dict[str, Any]]:
    """Street by street and channel by channel: what came, what has no answer yet, what is to be handed back 渠道收发."""
    rows = (
        Reference.objects.filter(street__in=streets)
        .values("street", "street__name", "channel")
        .annotate(
            rows=Count("pk"),
            open=Count("pk", filter=Q(case__answered_at=None)),
            back=Count("pk", filter=to_hand_back()),
        )
        .order_by("street", "channel")
    )
    return [dict(row) for row in rows]


# --- joined cases -----------------------------------------------------------------------------------------------------
def joined_to(case: Case) -> QuerySet[Merge]:
    """The cases that are settled together with this one, and why 并案."""
    return (
        Merge.objects.filter(main=case, split_at=None)
        .select_related("part__enterprise", "part__place", "merged_by")
        .order_by("merged_at")
    )


# --- who hears of it --------------------------------------------------------------------------------------------------
def audience(case: Case, whom: Iterable[Audience]) -> list[User]:
    """The users behind the words handler, section and secretary 告知对象."""
    found: dict[int, User] = {}
    for one in whom:
        if one is Audience.HANDLER and case.handler is not None:
            found[case.handler.pk] = case.handler
        elif one is Audience.DEPARTMENT and case.department is not None:
            found |= {user.pk: user for user in staff_of(case.department, "cases.accept")}
        elif one is Audience.SECRETARY:
            # a virtual community has no secretary of its own: the street's leader hears instead
            queue = staff_over(case.place, Role.COMMUNITY_SECRETARY) or staff_over(case.place, Role.STREET_LEADER)
            found |= {user.pk: user for user in queue}
    return [user for user in found.values() if user.is_active]


def watching(case: Case) -> list[User]:
    """Users who watch a case and may still see it 关注者."""
    users = User.objects.filter(is_active=True, pk__in=Watch.objects.filter(case=case).values("user"))
    return [user for user in users if access.may(user, "cases.desk", case)]


def those_who_asked(case: Case) -> list[User]:
    """The users of the enterprise, and whoever reported it 诉求方."""
    grants = grants_valid(clock.today()).filter(user__is_active=True, enterprise=case.enterprise_id or 0)
    found = {grant.user_id: grant.user for grant in grants.select_related("user")}
    if case.reporter is not None and case.reporter.is_active:
        found[case.reporter.pk] = case.reporter
    return list(found.values())


# --- one case ---------------------------------------------------------------------------------------------------------
def moves_open_to(user: Any, case: Case) -> list[Move]:
    """What this user may do with this case now: the moves of its state, by permission and by the rules 可办动作."""
    now = clock.now()
    asked = case.extensions.filter(round=case.reopened).first()
    decidable = asked is not None and asked.granted is None and rules.may_decide(asked.asked_by_id, user.pk)
    objection = case.objections.filter(decided_at=None).first()
    judged = objection is not None and rules.may_decide(objection.asked_by_id, user.pk)
    raised = case.escalations.filter(decided_at=None).exists()
    joined = case.merges.filter(split_at=None).first() if case.state == State.MERGED else None
    was_taken = joined is not None and joined.before["state"] == State.ACCEPTED
    should = {
        Move.OBJECT: case.department_id is not None and objection is None,
        Move.UPHOLD_OBJECTION: judged,
        Move.REJECT_OBJECTION: judged,
        Move.ASK_COMMUNITY: communities_of(case).exists(),
        Move.ESCALATE: not raised,
        Move.RESOLVE: raised,
        Move.SPLIT_UNTAKEN: joined is not None and not was_taken,
        Move.SPLIT_TAKEN: was_taken,
        Move.CLOSE: case.state != State.ANSWERED or not materials_outstanding(case).exists(),
        Move.ANSWER: not case.strands.filter(state__in=RUNNING).exists(),
        Move.SEND_BACK: case.department_id is not None and case.handler_id in (None, user.pk),
        Move.RATE: rules.may_rate(case.closed_at, case.rated_at),
        Move.CALL_BACK: rules.may_rate(case.closed_at, case.rated_at) and rules.may_call_back(case.handler_id, user.pk),
        Move.REOPEN: rules.may_reopen(case.closed_at, now),
        Move.CONTACT: case.contacted_at is None,
        Move.ASK_MORE: not case.pauses.filter(round=case.reopened).exists(),
        Move.ASK_EXTENSION: not rules.may_ask_extension(
            extend=case.extend_term, asked=asked is not None, due_at=case.due_at, now=now
        ),
        Move.GRANT_EXTENSION: decidable,
        Move.REFUSE_EXTENSION: decidable,
    }
    allowed: dict[str, bool] = {}
    moves = []
    for move in Move:
        if move.value not in LIFE.open_moves(case.state) or not should.get(move, True):
            continue
        permission = PERMISSION_FOR[move]
        if permission not in allowed:
            allowed[permission] = access.may(user, permission, case)
        if allowed[permission]:
            moves.append(move)
    return moves


def may_attach(user: Any, case: Case) -> bool:
    """Whether this user may add files to a case: whoever asked or works on it, while it is open 可否上传附件."""
    return case.state in OPEN and (access.may(user, "cases.supply", case) or access.may(user, "cases.answer", case))


def communities_of(case: Case) -> QuerySet[Place]:
    """The communities in which a case lies today: which of them may be asked to do a part."""
    above = Coverage.objects.filter(valid_on(clock.today()), descendant=case.place, ancestor__kind=PlaceKind.COMMUNITY)
    return Place.objects.filter(pk__in=above.values("ancestor")).order_by("name")


def doers_of(strand: Strand) -> list[User]:
    """Who does a part, or has to admit it first 协办人."""
    if strand.department is not None:
        return staff_of(strand.department, "cases.join")
    assert strand.community is not None  # a constraint of the table
    if strand.state == StrandState.TO_ADMIT:
        return staff_over(strand.community, Role.COMMUNITY_SECRETARY) or staff_over(
            strand.community, Role.STREET_LEADER
        )
    found = {user.pk: user for role in COMMUNITY_STAFF for user in staff_over(strand.community, role)}
    return list(found.values())


def joins_open_to(user: Any, strand: Strand) -> list[Join]:
    """What this user may do now with another section's part 可办的协办动作."""
    return [
        Join(name)
        for name in STRAND.open_moves(strand.state)
        if access.may(user, JOIN_PERMISSION[Join(name)], strand.case if name == Join.DROP else strand)
    ]


def strands_late(now: datetime) -> QuerySet[Strand]:
    """Parts of other sections whose time is over and of which nobody was told."""
    return Strand.objects.filter(state__in=RUNNING, due_at__lt=now, late_told_at=None, case__state__in=OPEN)


def objections_seen_by(user: Any) -> QuerySet[Objection]:
    """The ledger of objections, as far as the user sees their cases 派单异议台账."""
    return seen_by(user, Objection).select_related(
        "case__enterprise", "department", "proposed", "sent_to", "asked_by", "decided_by"
    )


def subscriptions_due(day: date) -> QuerySet[Subscription]:
    """Subscriptions to kept lists that were not looked at on this day, the longest waiting first."""
    return Subscription.objects.filter(told_on__lt=day).select_related("view", "user").order_by("told_on", "pk")


def subscribed(user: Any, view: SavedView) -> bool:
    """Whether this user hears of what comes into a list 是否已订阅."""
    return Subscription.objects.filter(user=user.pk, view=view).exists()


def basket(user: Any) -> QuerySet[Nudge]:
    """What somebody pressed for and nobody answered, on the cases that this user answers for 催办督办篮."""
    mine = seen_by(user, Case, "cases.answer").filter(state__in=WORKING)
    return Nudge.objects.filter(replied_at=None, case__in=mine).select_related("case__enterprise", "by").order_by("at")


def mending_open_to(user: Any, row: Rectification | None) -> list[Mend]:
    """What this user may do now after a bad rating 可办的整改动作."""
    if row is None:
        return []
    apart = rules.may_call_back(row.case.handler_id, user.pk)
    moves = [Mend(name) for name in MENDING.open_moves(row.state)]
    return [
        move for move in moves if (move is Mend.MEND or apart) and access.may(user, MENDING_PERMISSION[move], row.case)
    ]


def mending_late(now: datetime) -> QuerySet[Rectification]:
    """Bad ratings whose time for verifying and mending is over and of which nobody was told."""
    return Rectification.objects.filter(state__in=UNSETTLED - {Mending.TO_REVISIT}, due_at__lt=now, late_told_at=None)


def left_in_words(case: Case, now: datetime) -> str:
    """How a case stands to its deadline, in words; empty when it is finished 时限状态."""
    found = rules.press(case.state, case.due_at, case.answered_at, now)
    if found is Press.OVERDUE:
        return _("已超期 %(time)s") % {"time": _length(now - case.due_at)}
    if found in (Press.NEAR, Press.WITHIN):
        days = working_days_left(case.due_at, now)
        left = _("%(n)s 个工作日") % {"n": days} if days > 1 else _length(case.due_at - now)
        return _("还剩 %(time)s") % {"time": left}
    return _(found.label)


def _length(span: timedelta) -> str:
    hours = int(span.total_seconds() // 3600)
    if hours >= 48:
        return _("%(n)s 天") % {"n": hours // 24}
    if hours >= 1:
        return _("%(n)s 小时") % {"n": hours}
    return _("%(n)s 分钟") % {"n": int(span.total_seconds() // 60)}


def places_of(enterprise: Enterprise) -> list[int]:
    """Ids of the places where an enterprise is today, its seat first."""
    stays = Tenancy.objects.filter(Q(until=None) | Q(until__gt=clock.today()), enterprise=enterprise)
    seats = [enterprise.seat_id] if enterprise.seat_id else []
    return list(dict.fromkeys([*seats, *stays.values_list("place_id", flat=True)]))
