"""What each role has to do today 工作台.

A panel is there for whoever holds its permission, so a user with two roles sees the panels of both.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from linqi.cases.flow import OPEN, WORKING, State
from linqi.cases.models import Case
from linqi.cases.rules import NEAR_DUE
from linqi.dashboards.queries.places import where_are
from linqi.dashboards.queries.wall import LATELY
from linqi.enterprises.models import Import, Tenancy
from linqi.enterprises.queries import shown_name
from linqi.enterprises.queries_claims import claims_waiting
from linqi.kit.access import may_anywhere, seen_by
from linqi.policies.flow import BY_THE_FIRM, ENDED, FLOWS, Channel, Step, VersionState
from linqi.policies.queries import applications_seen_by, versions_seen_by
from linqi.visits.models import Visit
from linqi.visits.queries import MustVisit, must_visits
from linqi.waste.flow import OPEN as UNCORRECTED
from linqi.waste.flow import TaskState
from linqi.waste.queries_tasks import due_of, own_tasks

# icons: walk, calendar, clipboard-list, message, building, users
SHOWN = 6  # lines a panel shows before it leads to the whole list
WORKED_ON = "&".join(f"state={state}" for state in sorted(WORKING))  # filters of the list of cases
UNFINISHED = "&".join(f"state={state}" for state in sorted(OPEN))


@dataclass(frozen=True)
class Line:
    """One thing to look at: where it leads, what it is, and until when."""

    text: str
    url: str
    detail: str = ""
    badge: str = ""
    tone: str = "plain"
    due: date | datetime | None = None


@dataclass(frozen=True)
class Panel:
    """A list on the desk with its whole number and the way to all of it."""

    key: str
    title: str
    icon: str
    url: str
    total: int
    lines: list[Line]
    nothing: str
    action_url: str = ""
    action: str = ""


@dataclass(frozen=True)
class Tile:
    """A number on the desk that opens to its rows; None is unknown."""

    label: str
    value: int | str | None
    url: str = ""
    unit: str = ""
    note: str = ""
    tone: str = "plain"


@dataclass
class Desk:
    """Everything one user sees on opening Linqi."""

    tiles: list[Tile] = field(default_factory=list)
    panels: list[Panel] = field(default_factory=list)


def desk_of(user: Any, *, today: date, now: datetime) -> Desk:
    """The numbers and lists this user has something to do with, most pressing first."""
    desk = Desk()
    if may_anywhere(user, "cases.portal"):
        _own_requests(desk, user)
    if may_anywhere(user, "waste.portal"):
        _to_correct(desk, user)
    if may_anywhere(user, "visits.plan") or may_anywhere(user, "visits.record"):
        _must_visits(desk, user, today)
        _planned_visits(desk, user, today)
    elif may_anywhere(user, "visits.see"):
        _must_tiles(desk, must_visits(user, today=today), today)
    if may_anywhere(user, "cases.accept"):
        _to_settle(desk, user, now)
    elif may_anywhere(user, "cases.desk"):
        _overdue(desk, user, now)
    if may_anywhere(user, "enterprises.confirm"):
        _claims(desk, user)
    if may_anywhere(user, "policies.handle") or may_anywhere(user, "policies.apply"):
        _policies(desk, user, now)
    if may_anywhere(user, "visits.see"):
        _newcomers(desk, user, today)
    if may_anywhere(user, "enterprises.import"):
        _imports(desk, user)
    return desk


def _must_tiles(desk: Desk, waiting: list[MustVisit], today: date) -> None:
    late = sum(one.due < today for one in waiting)
    url = reverse("visits:must")
    desk.tiles.append(Tile(_("必访未访"), len(waiting), url, _("家"), tone="warn" if waiting else "good"))
    desk.tiles.append(Tile(_("其中已超期"), late, f"{url}?overdue=1", _("家"), tone="bad" if late else "good"))


def _must_visits(desk: Desk, user: Any, today: date) -> None:
    """Whom to see first, by the score of the must-visit list."""
    waiting = must_visits(user, today=today)
    url = reverse("visits:must")
    _must_tiles(desk, waiting, today)
    desk.panels.append(
        Panel(
            "must",
            _("今天先去看谁"),
            "walk",
            url,
            len(waiting),
            [
                Line(
                    one.name,
                    f"{reverse('visits:plan')}?enterprise={one.enterprise}",
                    one.place,
                    "、".join(_(reason.label) for reason in one.reasons),
                    "bad" if one.due < today else "info",
                    one.due,
                )
                for one in waiting[:SHOWN]
            ],
            _("没有等待走访的必访企业"),
        )
    )


def _planned_visits(desk: Desk, user: Any, today: date) -> None:
    mine = seen_by(user, Visit, "visits.record").filter(state="planned", planned_for__lte=today + timedelta(days=7))
    lines = list(mine.select_related("enterprise", "place").order_by("planned_for", "pk")[:SHOWN])
    where = where_are([visit.place for visit in lines])
    desk.panels.append(
        Panel(
            "planned",
            _("一周内的走访安排"),
            "calendar",
            f"{reverse('visits:list')}?state=planned",
            mine.count(),
            [
                Line(
                    shown_name(visit.enterprise, user),
                    reverse("visits:detail", args=[visit.pk]),
                    where[visit.place_id],
                    due=visit.planned_for,
                )
                for visit in lines
            ],
            _("一周内没有安排"),
            reverse("visits:must"),
            _("看必访清单"),
        )
    )


def _to_settle(desk: Desk, user: Any, now: datetime) -> None:
    mine = seen_by(user, Case, "cases.accept").filter(state__in=WORKING)
    numbers = mine.aggregate(
        new=Count("pk", filter=Q(state=State.DISPATCHED)),
        soon=Count("pk", filter=Q(due_at__gte=now, due_at__lt=now + NEAR_DUE)),
        late=Count("pk", filter=Q(due_at__lt=now)),
    )
    url = reverse("cases:list")
    late_tone = "bad" if numbers["late"] else "good"
    desk.tiles += [
        Tile(_("待受理办件"), numbers["new"], f"{url}?state=dispatched", _("件"), tone="info"),
        Tile(_("即将到期"), numbers["soon"], f"{url}?press=near&sort=due_at", _("件"), tone="warn"),
        Tile(_("已超期"), numbers["late"], f"{url}?press=overdue&sort=due_at", _("件"), tone=late_tone),
    ]
    desk.panels.append(
        _cases_panel(
            key="settle",
            title=_("先办哪几件"),
            rows=mine.order_by("due_at"),
            url=f"{url}?{WORKED_ON}&sort=due_at",
            user=user,
            now=now,
        )
    )


def _overdue(desk: Desk, user: Any, now: datetime) -> None:
    late = seen_by(user, Case).filter(state__in=WORKING).filter(due_at__lt=now)
    url = f"{reverse('cases:list')}?press=overdue&sort=due_at"
    panel = _cases_panel(
        key="overdue", title=_("超期未答复"), rows=late.order_by("due_at"), url=url, user=user, now=now
    )
    desk.tiles.append(Tile(_("超期办件"), panel.total, url, _("件"), tone="bad" if panel.total else "good"))
    desk.panels.append(panel)


def _own_requests(desk: Desk, user: Any) -> None:
    mine = seen_by(user, Case, "cases.portal")
    url = reverse("cases:own")
    open_ = mine.filter(state__in=OPEN)
    to_rate = mine.filter(state=State.CLOSED, rating=None)
    desk.tiles += [
        Tile(_("正在办理"), open_.count(), f"{url}?{UNFINISHED}", _("件"), tone="info"),
        Tile(_("等您评价"), to_rate.count(), f"{url}?state=closed&rating=none", _("件"), tone="warn"),
    ]
    desk.panels.append(
        Panel(
            "own",
            _("我的诉求"),
            "message",
            url,
            mine.count(),
            [
                Line(
                    case.title,
                    reverse("cases:own_one", args=[case.pk]),
                    case.number,
                    _(State(case.state).label) if case.state != State.CLOSED or case.rating else _("请您评价"),
                    "warn" if case.state == State.CLOSED and not case.rating else "info",
                    case.due_at if case.answered_at is None else None,
                )
                for case in mine.order_by("-opened_at")[:SHOWN]
            ],
            _("还没有提过诉求"),
            reverse("cases:own_new"),
            _("提一个诉求"),
        )
    )


def _claims(desk: Desk, user: Any) -> None:
    total = claims_waiting(user).count()
    if not total:
        return
    url = reverse("enterprises:claims")
    desk.tiles.append(Tile(_("待核信息"), total, url, _("条"), tone="info"))


def _policies(desk: Desk, user: Any, now: datetime) -> None:
    """For the firm what waits for it; for those who handle payments what is open and late, and what waits to be published."""
    going = applications_seen_by(user).exclude(state__in=ENDED)
    if may_anywhere(user, "policies.apply"):
        waiting = [
            one
            for one in going.order_by("due_at")[:SHOWN]
            if BY_THE_FIRM & set(FLOWS[Channel(one.channel)].open_moves(one.state))
        ]
        if waiting:
            lines = [
                Line(
                    one.version.policy.name_zh,
                    reverse("policies:application", args=[one.pk]),
                    _(Step(one.state).label),
                    due=one.due_at,
                )
                for one in waiting
            ]
            desk.panels.append(
                Panel(
                    "policies",
                    _("政策：等您办的"),
                    "file-certificate",
                    reverse("policies:mine"),
                    len(waiting),
                    lines,
                    "",
                )
            )
        return
    url = reverse("policies:applications")
    late = going.filter(due_at__lt=now).count()
    desk.tiles.append(Tile(_("兑现在办"), going.count(), f"{url}?press=open", _("件")))
    desk.tiles.append(Tile(_("其中本步超期"), late, f"{url}?press=late", _("件"), tone="bad" if late else "good"))
    if may_anywhere(user, "policies.publish"):
        drafts = versions_seen_by(user).filter(state=VersionState.SUBMITTED).count()
        if drafts:
            desk.tiles.append(Tile(_("政策待发布"), drafts, reverse("policies:list"), _("条"), tone="info"))


def _to_correct(desk: Desk, user: Any) -> None:
    """What the street told the user's party to put right about sorting, while it is open."""
    told = own_tasks(user).filter(state__in=[state.value for state in UNCORRECTED]).order_by("-told_at")
    first = list(told[:SHOWN])
    where = where_are([one.place for one in first])
    lines = [
        Line(
            one.point.name if one.point else one.bin.code,
            reverse("waste:own_task", args=[one.pk]),
            f"{one.number} · {where[one.place_id]}",
            _(TaskState(one.state).label),
            "warn",
            due_of(one),
        )
        for one in first
    ]
    if lines:
        url = reverse("waste:own_tasks")
        desk.panels.append(Panel("sorting", _("分类整改：未了结"), "checklist", url, told.count(), lines, ""))


def _newcomers(desk: Desk, user: Any, today: date) -> None:
    since = today - LATELY
    url = f"{reverse('enterprises:list')}?newcomer=1"
    came = seen_by(user, Tenancy).filter(since__gt=since, since__lte=today, until=None)
    newest = list(came.select_related("enterprise", "place").order_by("-since", "-pk")[:SHOWN])
    where = where_are([tenancy.place for tenancy in newest])
    total = came.values("enterprise").distinct().count()
    desk.tiles.append(Tile(_("近 30 天新入驻"), total, url, _("家")))
    desk.panels.append(
        Panel(
            "newcomers",
            _("新来的企业"),
            "building",
            url,
            total,
            [
                Line(
                    shown_name(tenancy.enterprise, user),
                    reverse("dashboards:enterprise", args=[tenancy.enterprise_id]),
                    where[tenancy.place_id],
                    due=tenancy.since,
                )
                for tenancy in newest
            ],
            _("近 30 天没有企业入驻"),
        )
    )


def _imports(desk: Desk, user: Any) -> None:
    waiting = seen_by(user, Import).filter(state="previewed").count()
    if waiting:
        desk.tiles.append(Tile(_("导入待确认"), waiting, reverse("enterprises:imports"), _("批"), tone="warn"))


def _cases_panel(*, key: str, title: str, rows: QuerySet[Case], url: str, user: Any, now: datetime) -> Panel:
    return Panel(
        key,
        title,
        "clipboard-list",
        url,
        rows.count(),
        [
            Line(
                case.title,
                reverse("cases:detail", args=[case.pk]),
                shown_name(case.enterprise, user) if case.enterprise else case.place.name,
                _(State(case.state).label),
                "bad" if case.due_at < now else "info",
                case.due_at,
            )
            for case in rows.select_related("enterprise", "place")[:SHOWN]
        ],
        _("没有等待处理的办件"),
    )
