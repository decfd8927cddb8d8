"""The lists of visits: whom we must see, and where we went 走访列表."""

from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linqi.enterprises.models import Enterprise
from linqi.enterprises.queries import named_like, shown_name
from linqi.kit.access import seen_by
from linqi.kit.choices import Choice
from linqi.territory.models import Place, PlaceKind
from linqi.ui.tables import Choose, Column, Search, Span, Table
from linqi.visits import queries
from linqi.visits.flow import State
from linqi.visits.models import Visit
from linqi.visits.queries import MustVisit
from linqi.visits.rules import Reason

TONES = {
    State.PLANNED: "info",
    State.DONE: "good",
    State.NO_ANSWER: "warn",
    State.REFUSED: "quiet",
    State.CANCELLED: "quiet",
}


def words(choice: type[Choice]) -> list[tuple[str, Any]]:
    """Values and labels of a choice, the labels translated when they are shown."""
    return [(member.value, gettext_lazy(member.label)) for member in choice]


def must_table(musts: list[MustVisit], user: Any, today: date) -> Table[Enterprise]:
    """The must-visit list; what it may be narrowed by stands in the list itself."""
    by_id = {must.enterprise: must for must in musts}

    def among(chosen: list[MustVisit]) -> Q:
        return Q(pk__in=[must.enterprise for must in chosen])

    def by_reason(rows: QuerySet[Enterprise], values: list[str]) -> QuerySet[Enterprise]:
        return rows.filter(among([must for must in musts if set(values) & {reason.value for reason in must.reasons}]))

    def by_late(rows: QuerySet[Enterprise], values: list[str]) -> QuerySet[Enterprise]:
        return rows.filter(among([must for must in musts if must.due < today]))

    def by_building(rows: QuerySet[Enterprise], values: list[str]) -> QuerySet[Enterprise]:
        return rows.filter(among([must for must in musts if str(must.building) in values]))

    def by_team(rows: QuerySet[Enterprise], values: list[str]) -> QuerySet[Enterprise]:
        return rows.filter(among([must for must in musts if str(must.team) in values]))

    def left(one: Enterprise) -> str:
        days = (by_id[one.pk].due - today).days
        if days < 0:
            return _("已超期 %(n)s 天") % {"n": -days}
        return _("还有 %(n)s 天") % {"n": days} if days else _("今天到期")

    return Table[Enterprise](
        key="must",
        columns=[
            Column("name", gettext_lazy("企业"), value=lambda one: by_id[one.pk].name, sort="name_key", fixed=True),
            Column(
                "reasons",
                gettext_lazy("必访事由"),
                value=lambda one: "、".join(_(reason.label) for reason in by_id[one.pk].reasons),
            ),
            Column("due", gettext_lazy("最迟日期"), value=lambda one: by_id[one.pk].due, sort="due", kind="date"),
            Column(
                "left",
                gettext_lazy("时限"),
                value=left,
                kind="badge",
                tone=lambda one: "bad" if by_id[one.pk].due < today else "plain",
            ),
            Column("place", gettext_lazy("地点"), value=lambda one: by_id[one.pk].place or None),
            Column("team", gettext_lazy("联楼小组"), value=lambda one: by_id[one.pk].team_name or None),
            Column("last", gettext_lazy("上次走访"), value=lambda one: by_id[one.pk].last_visit, kind="date"),
            Column("planned", gettext_lazy("已安排"), value=lambda one: by_id[one.pk].planned_for, kind="date"),
        ],
        order="due",
        caption=gettext_lazy("必访清单"),
        row_url=lambda one: f"{reverse('visits:plan')}?enterprise={one.pk}",
        filters=[
            Search("q", gettext_lazy("企业"), apply=lambda rows, text: named_like(rows, text, user)),
            Choose("reason", gettext_lazy("事由"), words(Reason), apply=by_reason),
            Choose("overdue", gettext_lazy("时限"), [("1", gettext_lazy("只看超期"))], apply=by_late),
            Choose("building", gettext_lazy("楼宇"), lambda: queries.buildings_of(musts), apply=by_building),
            Choose("team", gettext_lazy("联楼小组"), lambda: queries.teams_of(musts), apply=by_team),
        ],
        empty=gettext_lazy("现在没有企业需要上门。无事不扰。"),
    )


def visits_table(user: Any, today: date, place: str = "", enterprise: str = "") -> Table[Visit]:
    """The visits as this user may filter them; `place`, `enterprise`: ids asked for in the address."""

    def places() -> list[tuple[int, str]]:
        seen = seen_by(user, Place, "visits.see")
        wide = Q(kind__in=(PlaceKind.COMMUNITY, PlaceKind.PARK))
        asked = Q(pk=int(place)) if _is_id(place) else Q(pk__in=[])
        return list(seen.filter(wide | asked).order_by("kind", "name").values_list("pk", "name"))

    def firms() -> list[tuple[int, str]]:
        found = (
            seen_by(user, Enterprise).filter(pk=int(enterprise)) if _is_id(enterprise) else Enterprise.objects.none()
        )
        return [(one.pk, shown_name(one, user)) for one in found]

    def search(rows: QuerySet[Visit], text: str) -> QuerySet[Visit]:
        firms_found = named_like(Enterprise.objects.all(), text, user)
        return rows.filter(Q(enterprise__in=firms_found.values("pk")) | Q(summary__icontains=text))

    def by_reason(rows: QuerySet[Visit], values: list[str]) -> QuerySet[Visit]:
        asked = Q(pk__in=[])
        for value in values:
            asked |= Q(reasons__icontains=f'"{value}"')
        return rows.filter(asked)

    filters: list[Any] = [
        Search("q", gettext_lazy("企业、走访情况"), apply=search),
        Choose("state", gettext_lazy("状态"), words(State), facet=True),
        Choose("reason", gettext_lazy("事由"), words(Reason), apply=by_reason),
        Choose(
            "place",
            gettext_lazy("地点"),
            places,
            apply=lambda rows, values: queries.visits_standing_at(rows, int(values[0]), today),
        ),
        Span("visited", gettext_lazy("走访日期"), field="visited_on"),
    ]
    if enterprise:
        filters.insert(1, Choose("enterprise", gettext_lazy("企业"), firms))
    return Table[Visit](
        key="visits",
        columns=[
            Column(
                "enterprise",
                gettext_lazy("企业"),
                value=lambda visit: shown_name(visit.enterprise, user),
                sort="enterprise__name_key",
                fixed=True,
            ),
            Column(
                "state",
                gettext_lazy("状态"),
                value=lambda visit: _(State(visit.state).label),
                sort="state",
                kind="badge",
                tone=lambda visit: TONES[State(visit.state)],
            ),
            Column("planned_for", gettext_lazy("计划日期"), sort="planned_for", kind="date"),
            Column("visited_on", gettext_lazy("走访日期"), sort="visited_on", kind="date", nullable=True),
            Column("reasons", gettext_lazy("事由"), value=lambda visit: reasons_in_words(visit) or None),
            Column("place", gettext_lazy("地点"), value="place.name", sort="place__name"),
            Column("team", gettext_lazy("联楼小组"), value=lambda visit: visit.team and visit.team.name, visible=False),
            Column("met", gettext_lazy("见到谁"), visible=False),
            Column("summary", gettext_lazy("走访情况"), visible=False),
            Column("next_step", gettext_lazy("下一步"), visible=False),
        ],
        order="-planned_for",
        caption=gettext_lazy("走访"),
        row_url=lambda visit: reverse("visits:detail", args=[visit.pk]),
        filters=filters,
        empty=gettext_lazy("还没有走访。先看必访清单，从最紧的开始。"),
        empty_url=reverse("visits:must"),
        empty_action=gettext_lazy("看必访清单"),
    )


def reasons_in_words(visit: Visit) -> str:
    """Which reasons a visit answers, in words."""
    return "、".join(_(Reason(code).label) for code in visit.reasons if code in Reason.values)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 16
