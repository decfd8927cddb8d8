"""The tables of policies, firms, applications and money 政策列表."""

from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linqi.enterprises.models import Enterprise
from linqi.enterprises.queries import named_like, shown_name
from linqi.kit.choices import Choice
from linqi.policies.flow import ENDED, Channel, Step
from linqi.policies.models import Application, Delivery, Kind, Ledger, Level, Policy
from linqi.policies.rules import LedgerKind
from linqi.ui.tables import Choose, Column, Search, Span, Table

TONES = {
    Step.CANDIDATE: "plain",
    Step.NOTICED: "info",
    Step.CONFIRMED: "info",
    Step.CORRECTING: "warn",
    Step.APPROVED: "good",
    Step.PAID: "good",
    Step.RECEIPTED: "good",
    Step.SAMPLED: "good",
    Step.REJECTED: "quiet",
    Step.DROPPED: "quiet",
    Step.DECLINED: "quiet",
    Step.WITHDRAWN: "quiet",
    Step.RECALLED: "bad",
}


def words(choice: type[Choice]) -> list[tuple[str, Any]]:
    """Values and labels of a choice, the labels translated when they are shown."""
    return [(member.value, gettext_lazy(member.label)) for member in choice]


def _tone(one: Application) -> str:
    return TONES.get(Step(one.state), "plain")


def policies_table(standing: dict[int, str]) -> Table[Policy]:
    """The policies of the street; `standing`: policy id → how it stands today."""

    def find(rows: QuerySet[Policy], text: str) -> QuerySet[Policy]:
        return rows.filter(
            Q(name_zh__icontains=text) | Q(name_en__icontains=text) | Q(versions__document_no__icontains=text)
        ).distinct()

    def by_standing(rows: QuerySet[Policy], chosen: list[str]) -> QuerySet[Policy]:
        return rows.filter(pk__in=[pk for pk, how in standing.items() if how in chosen])

    names = {
        "in_force": gettext_lazy("现行有效"),
        "expired": gettext_lazy("已到期，后续未见"),
        "coming": gettext_lazy("尚未生效"),
        "draft": gettext_lazy("仅有草稿"),
    }
    tones = {"in_force": "good", "expired": "quiet", "coming": "info", "draft": "warn"}
    return Table[Policy](
        key="policies",
        columns=[
            Column("name", gettext_lazy("政策"), value=lambda one: one.name_zh, sort="name_zh", fixed=True),
            Column("kind", gettext_lazy("类别"), value=lambda one: _(Kind(one.kind).label), sort="kind"),
            Column("level", gettext_lazy("层级"), value=lambda one: _(Level(one.level).label), sort="level"),
            Column(
                "delivery", gettext_lazy("兑现途径"), value=lambda one: _(Delivery(one.delivery).label), phone=False
            ),
            Column(
                "issuers", gettext_lazy("发文单位"), value=lambda one: "、".join(one.issuers) or None, visible=False
            ),
            Column(
                "standing",
                gettext_lazy("状态"),
                value=lambda one: str(names[standing.get(one.pk, "draft")]),
                kind="badge",
                tone=lambda one: tones[standing.get(one.pk, "draft")],
            ),
        ],
        order="name",
        caption=gettext_lazy("惠企政策"),
        row_url=lambda one: reverse("policies:policy", args=[one.pk]),
        filters=[
            Search("q", gettext_lazy("名称或文号"), apply=find),
            Choose(
                "kind",
                gettext_lazy("类别"),
                words(Kind),
                apply=lambda rows, chosen: rows.filter(kind__in=chosen),
                many=True,
            ),
            Choose(
                "level",
                gettext_lazy("层级"),
                words(Level),
                apply=lambda rows, chosen: rows.filter(level__in=chosen),
                many=True,
            ),
            Choose(
                "delivery",
                gettext_lazy("兑现途径"),
                words(Delivery),
                apply=lambda rows, chosen: rows.filter(delivery__in=chosen),
                many=True,
            ),
            Choose("standing", gettext_lazy("状态"), list(names.items()), apply=by_standing, many=True),
        ],
    )


def firms_table(user: Any, amounts: dict[int, str], short: dict[int, str]) -> Table[Enterprise]:
    """Firms that a policy concerns; `short`: what the near misses lack."""

    def find(rows: QuerySet[Enterprise], text: str) -> QuerySet[Enterprise]:
        return named_like(rows, text, user)

    return Table[Enterprise](
        key="policy_firms",
        columns=[
            Column("name", gettext_lazy("企业"), value=lambda one: shown_name(one, user), sort="name_key", fixed=True),
            Column("place", gettext_lazy("地点"), value=lambda one: one.seat.name if one.seat else None),
            Column("short", gettext_lazy("差在哪里"), value=lambda one: short.get(one.pk) or None, visible=bool(short)),
            Column(
                "amount", gettext_lazy("测算"), value=lambda one: amounts.get(one.pk) or None, visible=bool(amounts)
            ),
            Column(
                "established",
                gettext_lazy("成立日期"),
                value="established_on",
                sort="established_on",
                kind="date",
                nullable=True,
                phone=False,
            ),
        ],
        order="name",
        caption=gettext_lazy("企业"),
        row_url=lambda one: reverse("dashboards:enterprise", args=[one.pk]),
        filters=[Search("q", gettext_lazy("企业"), apply=find)],
    )


def applications_table(user: Any, today: Any) -> Table[Application]:
    """The ways to payment, the most urgent first."""

    def find(rows: QuerySet[Application], text: str) -> QuerySet[Application]:
        firms = named_like(Enterprise.objects.filter(merged_into=None), text, user)
        return rows.filter(
            Q(number__icontains=text) | Q(version__policy__name_zh__icontains=text) | Q(enterprise__in=firms)
        )

    def open_ones(rows: QuerySet[Application], chosen: list[str]) -> QuerySet[Application]:
        return (
            rows.exclude(state__in=ENDED)
            if "open" in chosen
            else rows.filter(due_at__date__lt=today).exclude(state__in=ENDED)
        )

    return Table[Application](
        key="applications",
        columns=[
            Column("number", gettext_lazy("编号"), sort="pk", fixed=True),
            Column("policy", gettext_lazy("政策"), value=lambda one: one.version.policy.name_zh),
            Column("enterprise", gettext_lazy("企业"), value=lambda one: shown_name(one.enterprise, user)),
            Column("channel", gettext_lazy("方式"), value=lambda one: _(Channel(one.channel).label), phone=False),
            Column(
                "state",
                gettext_lazy("进度"),
                value=lambda one: _(Step(one.state).label),
                kind="badge",
                tone=_tone,
            ),
            Column(
                "amount",
                gettext_lazy("金额"),
                value=lambda one: one.approved if one.approved is not None else one.amount,
                kind="money",
            ),
            Column("due", gettext_lazy("本步期限"), value="due_at", sort="due_at", kind="datetime", nullable=True),
        ],
        order="due",
        caption=gettext_lazy("兑现事项"),
        row_url=lambda one: reverse("policies:application", args=[one.pk]),
        filters=[
            Search("q", gettext_lazy("编号、政策、企业"), apply=find),
            Choose(
                "channel",
                gettext_lazy("方式"),
                words(Channel),
                apply=lambda rows, chosen: rows.filter(channel__in=chosen),
            ),
            Choose(
                "state",
                gettext_lazy("进度"),
                words(Step),
                apply=lambda rows, chosen: rows.filter(state__in=chosen),
                many=True,
            ),
            Choose(
                "press",
                gettext_lazy("时限"),
                [("open", gettext_lazy("在办")), ("late", gettext_lazy("已超期"))],
                apply=open_ones,
            ),
        ],
    )


def ledger_table(user: Any) -> Table[Ledger]:
    """The lines about money, the newest first."""

    def find(rows: QuerySet[Ledger], text: str) -> QuerySet[Ledger]:
        firms = named_like(Enterprise.objects.filter(merged_into=None), text, user)
        return rows.filter(Q(version__policy__name_zh__icontains=text) | Q(enterprise__in=firms))

    return Table[Ledger](
        key="ledger",
        columns=[
            Column("on", gettext_lazy("日期"), sort="on", kind="date", fixed=True),
            Column("kind", gettext_lazy("类别"), value=lambda one: _(LedgerKind(one.kind).label), sort="kind"),
            Column("amount", gettext_lazy("金额"), sort="amount", kind="money"),
            Column("policy", gettext_lazy("政策"), value=lambda one: one.version.policy.name_zh),
            Column("enterprise", gettext_lazy("企业"), value=lambda one: shown_name(one.enterprise, user)),
            Column(
                "application",
                gettext_lazy("事项"),
                value=lambda one: one.application.number if one.application else None,
                phone=False,
            ),
        ],
        order="-on",
        caption=gettext_lazy("资金台账"),
        filters=[
            Search("q", gettext_lazy("政策或企业"), apply=find),
            Choose(
                "kind",
                gettext_lazy("类别"),
                words(LedgerKind),
                apply=lambda rows, chosen: rows.filter(kind__in=chosen),
                many=True,
            ),
            Span("day", gettext_lazy("日期"), field="on"),
        ],
    )
