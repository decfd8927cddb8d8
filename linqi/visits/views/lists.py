"""The lists of visits: whom we must see, and where we went 走访列表."""

from collections.abc import Iterable
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
from linqi.ui.asked import an_id
from linqi.ui.listed import passing
from linqi.ui.tables import Choose, Column, Search, Span, Table
from linqi.visits import queries
from linqi.visits.flow import State
from linqi.visits.models import Visit
from linqi.visits.queries import MustVisit
from linqi.visits.rules import Reason
from linqi.visits.rules.patrol import VisitKind
from linqi.visits.signals import MANY

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


def one_of(key: str, title: Any, choice: type[Choice]) -> Choose:
    """A filter of rows in memory by an attribute of theirs that is a choice, several at once."""
    return Choose(
        key, title, words(choice), apply=passing(lambda one, chosen: getattr(one, key).value in chosen), many=True
    )


class Names:
    """The names of enterprises as one reader may see them, read for the rows that are shown."""

    def __init__(self, user: Any) -> None:
        self.user = user
        self._known: dict[int, str] = {}

    def read(self, rows: Iterable[Any]) -> None:
        """Read those of some rows; one query."""
        wanted = {one.enterprise for one in rows}
        found = Enterprise.objects.filter(pk__in=wanted) if len(wanted) <= MANY else Enterprise.objects.all()
        self._known |= {one.pk: shown_name(one, self.user) for one in found if one.pk in wanted}

    def of(self, row: Any) -> str:
        """The name of a row's enterprise."""
        return self._known[row.enterprise]

    def search(self, rows: Any, text: str) -> Any:
        """Those of the rows whose enterprise is called so; a masked name is not found by what the mask hides."""
        like = named_like(Enterprise.objects.all(), text, self.user)
        named = set(like.values_list("pk", flat=True))
        return rows.where(lambda one: one.enterprise in named)


def must_table(musts: Iterable[MustVisit], user: Any, today: date) -> Table[Any]:
    """The must-visit list; what it may be narrowed by stands in the list itself."""
    listed = list(musts)

    def left(one: MustVisit) -> str:
        days = (one.due - today).days
        if days < 0:
            return _("已超期 %(n)s 天") % {"n": -days}
        return _("还有 %(n)s 天") % {"n": days} if days else _("今天到期")

    return Table[Any](
        key="must",
        columns=[
            Column("name", gettext_lazy("企业"), sort="name_key", fixed=True),
            Column(
                "reasons",
                gettext_lazy("必访事由"),
                value=lambda one: "、".join(_(reason.label) for reason in one.reasons),
            ),
            Column(
                "score",
                gettext_lazy("得分"),
                value=lambda one: f"{one.points:.1f}",
                sort="points",
                kind="badge",
                tone=lambda one: "info",
                url=lambda one: f"{reverse('visits:why')}?enterprise={one.enterprise}",
                export=lambda one: one.points,
                hint=gettext_lazy("点开看为什么排在这里"),
            ),
            Column("due", gettext_lazy("最迟日期"), sort="due", kind="date"),
            Column(
                "left",
                gettext_lazy("时限"),
                value=left,
                kind="badge",
                tone=lambda one: "bad" if one.due < today else "plain",
            ),
            Column("place", gettext_lazy("地点"), value=lambda one: one.place or None),
            Column("community", gettext_lazy("社区"), value=lambda one: one.community_name or None, visible=False),
            Column("team", gettext_lazy("联楼小组"), value=lambda one: one.team_name or None, phone=False),
            Column("last", gettext_lazy("上次走访"), value="last_visit", kind="date"),
            Column("planned", gettext_lazy("已安排"), value="planned_for", kind="date"),
            Column(
                "since",
                gettext_lazy("事由起始"),
                value=lambda one: min(due.since for due in one.dues),
                kind="date",
                visible=False,
            ),
        ],
        order="-score",
        caption=gettext_lazy("必访清单"),
        row_url=lambda one: f"{reverse('visits:plan')}?enterprise={one.enterprise}",
        filters=[
            Search("q", gettext_lazy("企业"), apply=Names(user).search),
            Choose(
                "reason",
                gettext_lazy("事由"),
                words(Reason),
                apply=passing(lambda one, chosen: any(reason.value in chosen for reason in one.reasons)),
                many=True,
            ),
            Choose(
                "overdue",
                gettext_lazy("时限"),
                [("1", gettext_lazy("只看超期"))],
                apply=passing(lambda one, chosen: one.due < today),
            ),
            Choose(
                "planned",
                gettext_lazy("安排"),
                [("no", gettext_lazy("还没安排")), ("yes", gettext_lazy("已安排"))],
                apply=passing(lambda one, chosen: (one.planned_for is not None) == (chosen[0] == "yes")),
            ),
            Choose(
                "community",
                gettext_lazy("社区"),
                lambda: queries.communities_of(listed),
                apply=passing(lambda one, chosen: str(one.community) in chosen),
            ),
            Choose(
                "building",
                gettext_lazy("楼宇"),
                lambda: queries.buildings_of(listed),
                apply=passing(lambda one, chosen: str(one.building) in chosen),
            ),
            Choose(
                "team",
                gettext_lazy("联楼小组"),
                lambda: queries.teams_of(listed),
                apply=passing(lambda one, chosen: str(one.team) in chosen),
            ),
        ],
        empty=gettext_lazy("现在没有企业需要上门。无事不扰。"),
    )


def visits_table(user: Any, today: date, place: str = "", enterprise: str = "") -> Table[Visit]:
    """The visits as this user may filter them; `place`, `enterprise`: ids asked for in the address."""

    def places() -> list[tuple[int, str]]:
        seen = seen_by(user, Place, "visits.see", few=True)  # of three hundred
        wide = Q(kind__in=(PlaceKind.COMMUNITY, PlaceKind.PARK))
        return list(seen.filter(wide | Q(pk=an_id(place))).order_by("kind", "name").values_list("pk", "name"))

    def firms() -> list[tuple[int, str]]:
        found = seen_by(user, Enterprise).filter(pk=an_id(enterprise))
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
        Choose("kind", gettext_lazy("走访类别"), words(VisitKind)),
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
            Column(
                "kind",
                gettext_lazy("走访类别"),
                value=lambda visit: _(VisitKind(visit.kind).label),
                sort="kind",
                visible=False,
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
