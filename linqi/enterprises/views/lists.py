"""The list of claims: its columns, what it is narrowed by, and how what is known stands beside what was said 待核列表."""

from collections.abc import Iterable
from typing import Any, Final

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linqi.enterprises import dictionary, queries, queries_claims
from linqi.enterprises.models import Claim, ClaimState
from linqi.enterprises.queries import Statement
from linqi.enterprises.queries_claims import Clash
from linqi.enterprises.views.places import AtPlace
from linqi.ui import shown
from linqi.ui.tables import Choose, Column, Search, Span, Table

STATE_TONES: Final = {ClaimState.WAITING: "warn", ClaimState.CONFIRMED: "good", ClaimState.REJECTED: "quiet"}
TABS: Final = {
    ClaimState.WAITING.value: gettext_lazy("待核实"),
    ClaimState.CONFIRMED.value: gettext_lazy("已采信"),
    ClaimState.REJECTED.value: gettext_lazy("未采信"),
    "any": gettext_lazy("全部"),
}
AGES: Final = (3, 7, 30)  # days waited that the list can be narrowed to; product default


def label_of(claim: Claim) -> str:
    """The field of a claim with its period, in the reader's language."""
    return f"{dictionary.field(claim.key).label} {claim.period}".strip()


def claims_table(user: Any, visit: int = 0) -> Table[Claim]:
    """The claims as this user may narrow them; `visit`: the visit that the address asks for."""
    filters: list[Any] = [
        Search(
            "q",
            gettext_lazy("企业、上报内容"),
            apply=lambda rows, text: queries_claims.said_like(rows, text, user),
        ),
        Choose("key", gettext_lazy("项目"), _fields, many=True),
        Choose(
            "clash",
            gettext_lazy("与现有信息"),
            [(one.value, gettext_lazy(one.label)) for one in Clash],
            apply=lambda rows, values: queries_claims.clashing(rows, Clash(values[0])),
        ),
        Choose(
            "age",
            gettext_lazy("已等候"),
            lambda: [(days, _("超过 %(n)s 天") % {"n": days}) for days in AGES],
            apply=lambda rows, values: queries_claims.waiting_for(rows, int(values[0])),
        ),
        Choose(
            "source",
            gettext_lazy("来源"),
            [("visit", gettext_lazy("走访")), ("page", gettext_lazy("页面上报"))],
            apply=_from,
        ),
        AtPlace(
            "place",
            gettext_lazy("空间"),
            lambda: [(one.pk, one.label) for one in queries.places_to_choose(user, "enterprises.confirm")],
            apply=lambda rows, values: queries_claims.at_place(rows, int(values[0])),
            user=user,
        ),
        Span("said", gettext_lazy("说的日期"), field="said_on"),
        Span("decided", gettext_lazy("核实日期"), field="decided_at"),
    ]
    if visit:
        filters.insert(1, Choose("visit", gettext_lazy("走访"), [(visit, f"#{visit}")], apply=_on_visit))
    return Table[Claim](
        key="claims",
        columns=[
            Column(
                "enterprise",
                gettext_lazy("企业"),
                value=lambda one: queries.shown_name(one.enterprise, user),
                sort="enterprise__name_key",
                fixed=True,
            ),
            Column("key", gettext_lazy("项目"), value=label_of, sort=("key", "period")),
            Column("value", gettext_lazy("上报内容"), value=lambda one: dictionary.show(one.key, one.value)),
            Column(
                "known",
                gettext_lazy("现有信息"),
                value=lambda one: _beside(one, queries_claims.beside_of(one)),
                export=lambda one: _in_words(queries_claims.beside_of(one)),
                kind="html",
            ),
            Column("said_by", gettext_lazy("谁说的"), sort="said_by"),
            Column("said_on", gettext_lazy("哪天说的"), sort="said_on", kind="date"),
            Column(
                "origin",
                gettext_lazy("来源"),
                value=lambda one: _("走访 #%(n)s") % {"n": one.visit} if one.visit else _("页面上报"),
                url=lambda one: reverse("visits:detail", args=[one.visit]) if one.visit else None,
            ),
            Column("entered", gettext_lazy("等候自"), value="entered_at", sort="entered_at", kind="datetime", nullable=True),
            Column(
                "state",
                gettext_lazy("状态"),
                value=lambda one: _(ClaimState(one.state).label),
                kind="badge",
                tone=lambda one: STATE_TONES[ClaimState(one.state)],
                phone=False,
            ),
            Column("place", gettext_lazy("所在"), value="enterprise.seat.name", visible=False),
            Column("by", gettext_lazy("上报人"), value=lambda one: one.entered_by and str(one.entered_by), visible=False),
            Column("decided_by", gettext_lazy("核实人"), value=lambda one: one.decided_by and str(one.decided_by), visible=False),
            Column(
                "decided",
                gettext_lazy("核实时间"),
                value="decided_at",
                sort="decided_at",
                kind="datetime",
                nullable=True,
                visible=False,
            ),
            Column("reason", gettext_lazy("不采信的理由"), visible=False),
        ],
        order="entered",
        caption=gettext_lazy("待核信息"),
        head="enterprises/_claims_head.html",
        row_url=lambda one: reverse("enterprises:one_claim", args=[one.pk]),
        filters=filters,
        empty=gettext_lazy("走访或企业上报后会出现在这里。"),
    )  # fmt: skip


def _fields() -> list[tuple[str, str]]:
    return [(one.key, one.label) for one in dictionary.fields().values() if one.asked_for]


def _from(rows: QuerySet[Claim], values: list[str]) -> QuerySet[Claim]:
    heard = {"origin__startswith": "visit:"}
    return rows.filter(**heard) if values[0] == "visit" else rows.exclude(**heard)


def _on_visit(rows: QuerySet[Claim], values: list[str]) -> QuerySet[Claim]:
    return rows.filter(origin=f"visit:{values[0]}")


def _beside(claim: Claim, beside: Iterable[Statement]) -> SafeString | None:
    """What each source says, with its date, and whether it says the same."""
    listed = list(beside)
    if not listed:
        return format_html('<span class="lq-hint">{}</span>', _("没有其他来源"))
    return format_html_join(
        "",
        '<div class="lq-beside">{} {}<small class="lq-source">{} <time datetime="{}">{}</time></small></div>',
        (
            (
                one.words,
                _agreement(claim, one),
                f"{one.kind_label} · {one.source}",
                one.as_of.isoformat(),
                one.as_of.isoformat(),
            )
            for one in listed
        ),
    )


def _agreement(claim: Claim, said: Statement) -> SafeString:
    if said.fact is not None and said.fact == claim.fact_id:
        return shown.badge(_("由本条采信"), "info")
    return shown.badge(_("一致"), "good") if said.value == claim.value else shown.badge(_("不一致"), "warn")


def _in_words(beside: Iterable[Statement]) -> str | None:
    told = [f"{one.words}（{one.kind_label} · {one.source} {one.as_of.isoformat()}）" for one in beside]
    return "；".join(told) or None
