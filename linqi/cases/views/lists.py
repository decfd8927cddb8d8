"""The lists of cases: at the desk, and of one's own 办件列表."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linqi.cases import queries, rules
from linqi.cases.flow import Mending, State, StrandState
from linqi.cases.models import Case, Channel, Nudge, Objection, Outcome, Rectification, Reference, Solved, Source
from linqi.cases.rules import Press
from linqi.cases.worklists import Worklist, narrowed
from linqi.catalogue.models import CaseClass, Window
from linqi.enterprises.models import Enterprise
from linqi.enterprises.queries import named_like, shown_name
from linqi.kit import clock
from linqi.kit.access import reach_of, seen_by
from linqi.kit.choices import Choice
from linqi.kit.counting import few_or_all
from linqi.organisation.queries import departments_seen_by
from linqi.search.queries import answering
from linqi.territory.models import Place, PlaceKind
from linqi.ui.asked import an_id
from linqi.ui.tables import Choose, Column, Search, Span, Table

STATE_TONES = {
    State.DISPATCHED: "info",
    State.ACCEPTED: "plain",
    State.WAITING: "warn",
    State.ANSWERED: "warn",
    State.CLOSED: "good",
    State.WITHDRAWN: "quiet",
    State.MERGED: "info",
    State.ROUTED: "quiet",
}
STRAND_TONES = {
    StrandState.TO_ADMIT: "warn",
    StrandState.ASKED: "info",
    StrandState.TAKEN: "plain",
    StrandState.DONE: "good",
    StrandState.CANNOT: "bad",
    StrandState.DROPPED: "quiet",
    StrandState.REFUSED: "bad",
}
PRESS_TONES = {
    Press.OVERDUE: "bad",
    Press.NEAR: "warn",
    Press.WITHIN: "plain",
    Press.KEPT: "good",
    Press.MISSED: "bad",
    Press.PAUSED: "quiet",
    Press.STOPPED: "quiet",
}
RATED = [
    ("none", gettext_lazy("待评价")),
    ("low", gettext_lazy("不满意（1–2 星）")),
    ("good", gettext_lazy("满意（3 星以上）")),
]


def words(choice: type[Choice]) -> list[tuple[str, Any]]:
    """Values and labels of a choice, the labels translated when they are shown."""
    return [(member.value, gettext_lazy(member.label)) for member in choice]


def desk_table(user: Any, place: str = "", enterprise: str = "") -> Table[Case]:
    """The desk's list as this user may filter it; `place`, `enterprise`: ids asked for in the address."""
    now = clock.now()

    def search(rows: QuerySet[Case], text: str) -> QuerySet[Case]:
        firms = few_or_all(named_like(Enterprise.objects.all(), text, user).values_list("pk", flat=True))
        here = queries.streets_of(reach_of(user), "cases.desk")
        indexed = answering("case", text, here)
        said = Q(title__icontains=text) if indexed is None else Q(pk__in=indexed)  # signs alone stand in no index
        return rows.filter(said | Q(enterprise__in=firms) if firms else said)

    def places() -> list[tuple[int, str]]:
        """Communities and parks, and whatever narrower place the address asks for."""
        seen = seen_by(user, Place, "cases.desk", few=True)  # of three hundred
        wide = Q(kind__in=(PlaceKind.STREET, PlaceKind.COMMUNITY, PlaceKind.PARK))
        return [
            (pk, name)
            for pk, name in seen.filter(wide | Q(pk=an_id(place))).order_by("kind", "name").values_list("pk", "name")
        ]

    def firms() -> list[tuple[int, str]]:
        """Only the enterprise the address asks for: nobody picks one of thousands from a box."""
        found = seen_by(user, Enterprise).filter(pk=an_id(enterprise))
        return [(one.pk, shown_name(one, user)) for one in found]

    filters: list[Any] = [
        Search("q", gettext_lazy("编号、事项、企业"), apply=search),
        Choose("state", gettext_lazy("状态"), words(State), many=True, facet=True),
        Choose(
            "press",
            gettext_lazy("时限"),
            words(Press),
            apply=lambda rows, values: queries.pressing(rows, values, now),
            many=True,
        ),
        Choose(
            "department",
            gettext_lazy("科室"),
            lambda: [(one.pk, one.title) for one in departments_seen_by(user)],
            unknown=True,
            many=True,
        ),
        Choose(
            "window",
            gettext_lazy("窗口"),
            lambda: [(window.pk, window.title) for window in Window.objects.all()],
            field="category__window",
            many=True,
        ),
        Choose("case_class", gettext_lazy("类型"), words(CaseClass), many=True),
        Choose(
            "view",
            gettext_lazy("与我有关"),
            words(Worklist),
            apply=lambda rows, values: narrowed(rows, Worklist(values[0]), user),
        ),
        Choose("source", gettext_lazy("来源"), words(Source)),
        Choose(
            "channel",
            gettext_lazy("外部渠道"),
            words(Channel),
            apply=lambda rows, values: rows.filter(pk__in=Reference.objects.filter(channel__in=values).values("case")),
        ),
        Choose("outcome", gettext_lazy("办理结果"), words(Outcome), many=True),
        Choose("solved", gettext_lazy("是否解决"), words(Solved), many=True),
        Choose("nudged", gettext_lazy("催办督办"), [("yes", gettext_lazy("待回复"))], apply=_by_nudge),
        Choose("rating", gettext_lazy("评价"), RATED, apply=_by_rating, many=True),
        Choose(
            "mending",
            gettext_lazy("差评整改"),
            words(Mending),
            apply=lambda rows, values: rows.filter(
                pk__in=Rectification.objects.filter(state__in=values).values("case")
            ),
            many=True,
        ),
        Choose(
            "excluded",
            gettext_lazy("剔除"),
            [("yes", gettext_lazy("已剔除")), ("asked", gettext_lazy("待审批")), ("no", gettext_lazy("未剔除"))],
            apply=_by_exclusion,
        ),
        Choose(
            "place", gettext_lazy("地点"), places, apply=lambda rows, values: queries.standing_at(rows, int(values[0]))
        ),
        Span("opened", gettext_lazy("提交日期"), field="opened_at"),
        Span("closed", gettext_lazy("办结日期"), field="closed_at"),
    ]
    if enterprise:
        filters.insert(1, Choose("enterprise", gettext_lazy("企业"), firms, field="enterprise"))
    return Table[Case](
        key="cases",
        columns=[
            Column("number", gettext_lazy("编号"), sort="number", fixed=True),
            Column("title", gettext_lazy("事项"), sort="title"),
            Column(
                "enterprise",
                gettext_lazy("企业"),
                value=lambda case: shown_name(case.enterprise, user) if case.enterprise else None,
                sort="enterprise__name_key",
                nullable=True,
            ),
            Column(
                "state",
                gettext_lazy("状态"),
                value=lambda case: _(State(case.state).label),
                sort="state",
                kind="badge",
                tone=lambda case: STATE_TONES[State(case.state)],
            ),
            Column("due_at", gettext_lazy("期限"), sort="due_at", kind="datetime"),
            Column(
                "press",
                gettext_lazy("时限"),
                value=lambda case: queries.left_in_words(case, now),
                kind="badge",
                tone=lambda case: PRESS_TONES[rules.press(case.state, case.due_at, case.answered_at, now)],
            ),
            Column(
                "department",
                gettext_lazy("科室"),
                value=lambda case: case.department.title if case.department else _("待派单"),
                sort="department__name",
                nullable=True,
            ),
            Column("category", gettext_lazy("类别"), value="category.title", sort="category__name", visible=False),
            Column("window", gettext_lazy("窗口"), value="category.window.title", visible=False),
            Column(
                "case_class",
                gettext_lazy("类型"),
                value=lambda case: _(CaseClass(case.case_class).label),
                sort="case_class",
                visible=False,
            ),
            Column("place", gettext_lazy("地点"), value="place.name", visible=False),
            Column("source", gettext_lazy("来源"), value=lambda case: _(Source(case.source).label), visible=False),
            Column(
                "handler", gettext_lazy("经办人"), value=lambda case: case.handler and str(case.handler), visible=False
            ),
            Column("opened_at", gettext_lazy("提交时间"), sort="opened_at", kind="datetime", visible=False),
            Column(
                "answered_at",
                gettext_lazy("答复时间"),
                sort="answered_at",
                kind="datetime",
                visible=False,
                nullable=True,
            ),
            Column(
                "closed_at", gettext_lazy("办结时间"), sort="closed_at", kind="datetime", visible=False, nullable=True
            ),
            Column("rating", gettext_lazy("星级"), sort="rating", kind="number", visible=False, nullable=True),
        ],
        order="-number",
        cap=10_000,
        caption=gettext_lazy("办件"),
        head="cases/_views.html",
        row_url=lambda case: reverse("cases:detail", args=[case.pk]),
        filters=filters,
        empty=gettext_lazy("企业在窗口、网上提出的诉求，走访中发现的问题，都会成为办件。"),
        empty_url=reverse("cases:new"),
        empty_action=gettext_lazy("新建办件"),
    )


def cases_in(query: str, user: Any) -> QuerySet[Case]:
    """The cases that a kept list shows this user now."""
    asked = QueryDict(query)
    table = desk_table(user, asked.get("place", ""), asked.get("enterprise", ""))
    return table.narrowed(queries.desk_cases(user), asked).order_by()


def own_table() -> Table[Case]:
    """The list of an enterprise's own requests: what it asked, where it stands, what it can do."""
    now = clock.now()
    return Table[Case](
        key="own",
        columns=[
            Column("title", gettext_lazy("事项"), fixed=True),
            Column("number", gettext_lazy("编号"), sort="number"),
            Column(
                "state",
                gettext_lazy("状态"),
                value=lambda case: _(State(case.state).label),
                kind="badge",
                tone=lambda case: STATE_TONES[State(case.state)],
            ),
            Column("due_at", gettext_lazy("承诺期限"), sort="due_at", kind="datetime"),
            Column("left", gettext_lazy("进度"), value=lambda case: queries.left_in_words(case, now)),
            Column("opened_at", gettext_lazy("提交时间"), sort="opened_at", kind="datetime"),
            Column("rating", gettext_lazy("我的评价"), value=lambda case: "★" * case.rating if case.rating else None),
        ],
        order="-opened_at",
        caption=gettext_lazy("我的诉求"),
        row_url=lambda case: reverse("cases:own_one", args=[case.pk]),
        filters=[
            Search(
                "q",
                gettext_lazy("编号、事项"),
                apply=lambda rows, text: rows.filter(Q(number__icontains=text) | Q(title__icontains=text)),
            ),
            Choose("state", gettext_lazy("状态"), words(State), many=True),
            Choose("rating", gettext_lazy("评价"), RATED[:1], apply=_by_rating),
        ],
        empty=gettext_lazy("有需要帮忙的事，告诉我们：一次提交，由对应科室限时办理。"),
        empty_url=reverse("cases:own_new"),
        empty_action=gettext_lazy("提一个诉求"),
    )


def objection_table(user: Any) -> Table[Objection]:
    """The ledger of objections: who objected to which dispatch, and what was decided."""
    decided = {
        None: (gettext_lazy("待裁定"), "warn"),
        True: (gettext_lazy("成立"), "good"),
        False: (gettext_lazy("不成立"), "plain"),
    }

    def standing(one: Objection) -> tuple[Any, str]:
        return (
            (gettext_lazy("已受理，不再裁定"), "quiet")
            if one.decided_at and one.upheld is None
            else decided[one.upheld]
        )

    return Table[Objection](
        key="objections",
        columns=[
            Column("case", gettext_lazy("办件"), value=lambda one: f"{one.case.number} {one.case.title}", fixed=True),
            Column("department", gettext_lazy("提出科室"), value="department.title", sort="department__name"),
            Column("reason", gettext_lazy("理由")),
            Column("proposed", gettext_lazy("建议改派"), value=lambda one: one.proposed and one.proposed.title),
            Column("asked_at", gettext_lazy("提出时间"), sort="asked_at", kind="datetime"),
            Column(
                "upheld",
                gettext_lazy("裁定"),
                value=lambda one: standing(one)[0],
                kind="badge",
                tone=lambda one: standing(one)[1],
            ),
            Column("answer", gettext_lazy("裁定理由")),
            Column("sent_to", gettext_lazy("改派给"), value=lambda one: one.sent_to and one.sent_to.title),
        ],
        order="-asked_at",
        caption=gettext_lazy("派单异议"),
        row_url=lambda one: reverse("cases:detail", args=[one.case_id]),
        filters=[
            Choose(
                "upheld",
                gettext_lazy("裁定"),
                [("open", gettext_lazy("待裁定")), ("yes", gettext_lazy("成立")), ("no", gettext_lazy("不成立"))],
                apply=_by_decision,
            ),
            Choose(
                "department",
                gettext_lazy("提出科室"),
                lambda: [(one.pk, one.title) for one in departments_seen_by(user)],
                many=True,
            ),
            Span("asked", gettext_lazy("提出日期"), field="asked_at"),
        ],
        empty=gettext_lazy("科室认为派错了，可以在办件页提出异议，由别人裁定；裁定之前仍由它负责。"),
    )


def _by_decision(rows: QuerySet[Objection], values: list[str]) -> QuerySet[Objection]:
    conditions = {"open": Q(decided_at=None), "yes": Q(upheld=True), "no": Q(upheld=False)}
    return rows.filter(conditions[values[0]])


def _by_nudge(rows: QuerySet[Case], values: list[str]) -> QuerySet[Case]:
    return rows.filter(pk__in=Nudge.objects.filter(replied_at=None).values("case"))


def _by_rating(rows: QuerySet[Case], values: list[str]) -> QuerySet[Case]:
    conditions = {
        "none": Q(state=State.CLOSED, rating=None),
        "low": Q(rating__lte=2),
        "good": Q(rating__gte=rules.GOOD_FROM),
    }
    asked = Q(pk__in=[])
    for value in values:
        asked |= conditions[value]
    return rows.filter(asked)


def _by_exclusion(rows: QuerySet[Case], values: list[str]) -> QuerySet[Case]:
    conditions = {
        "yes": Q(exclusion__granted=True),
        "asked": Q(exclusion__isnull=False, exclusion__granted=None),
        "no": ~Q(exclusion__granted=True),
    }
    return rows.filter(conditions[values[0]])
