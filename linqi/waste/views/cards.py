"""Cards and rolls of bags by which deposits are known to come from an enterprise 投放凭证."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linqi.enterprises.models import Enterprise
from linqi.enterprises.queries import named_like, shown_name
from linqi.journal.actions import record_export
from linqi.kit import access
from linqi.ui.parts import Crumb
from linqi.ui.tables import Choose, Column, Search, Table
from linqi.waste import queries
from linqi.waste.actions import registry
from linqi.waste.forms import CardForm, UntilForm
from linqi.waste.kinds import CardKind
from linqi.waste.models import Card
from linqi.waste.views.parts import form_page, home


@access.page("waste.keep")
def cards(request: HttpRequest) -> HttpResponseBase:
    """Every card within reach, with its holder."""
    table = _table(request.user).bind(request, queries.cards_seen_by(request.user))
    if table.export_format:
        record_export(what="waste_cards", rows=table.whole, by=request.user, asked=request.GET.urlencode()[:500])
        return table.export()
    return table.answer("waste/cards.html", {"crumbs": [home()]})


def _table(user: Any) -> Table[Card]:
    def search(rows: QuerySet[Card], text: str) -> QuerySet[Card]:
        firms = named_like(Enterprise.objects.all(), text, user)
        return rows.filter(Q(code__icontains=text) | Q(enterprise__in=firms.values("pk")))

    return Table[Card](
        key="waste_cards",
        columns=[
            Column("code", gettext_lazy("凭证号"), sort="code", fixed=True),
            Column("kind", gettext_lazy("类型"), value=lambda one: _(CardKind(one.kind).label), sort="kind"),
            Column(
                "enterprise",
                gettext_lazy("企业"),
                value=lambda one: shown_name(one.enterprise, user),
                sort="enterprise__name_key",
                url=lambda one: reverse("dashboards:enterprise", args=[one.enterprise_id]),
            ),
            Column("since", gettext_lazy("发放日期"), sort="since", kind="date"),
            Column("until", gettext_lazy("收回日期"), sort="until", kind="date", nullable=True),
        ],
        order="code",
        caption=gettext_lazy("投放凭证"),
        row_url=lambda one: reverse("waste:card_take", args=[one.pk]) if one.until is None else "",
        filters=[
            Search("q", gettext_lazy("凭证号、企业"), apply=search),
            Choose("kind", gettext_lazy("类型"), CardKind.choices),
            Choose(
                "state",
                gettext_lazy("状态"),
                [("now", gettext_lazy("在用")), ("ended", gettext_lazy("已收回"))],
                apply=lambda rows, values: rows.filter(until__isnull=values[0] == "now"),
            ),
        ],
        empty=gettext_lazy("还没有发放投放卡或袋码。凭证只说明来自哪家企业，不记到人。"),
        empty_url=reverse("waste:card_new"),
        empty_action=gettext_lazy("发放凭证"),
    )


@access.page("waste.keep")
def card_new(request: HttpRequest) -> HttpResponse:
    """Give a card or a roll of bags."""
    form = CardForm(request.POST or None, user=request.user)
    back = reverse("waste:cards")
    return form_page(
        request,
        form,
        lambda said: registry.give_card(**said, by=request.user),
        title=_("发放凭证"),
        note=_("发给企业，不发给个人：只用来知道一次投放来自哪家企业。"),
        back=back,
        crumbs=[home(), Crumb(_("投放凭证"), back)],
    )


@access.page("waste.keep")
def card_take(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a card back."""
    card = get_object_or_404(queries.cards_seen_by(request.user), pk=pk)
    form = UntilForm(request.POST or None)
    back = reverse("waste:cards")
    return form_page(
        request,
        form,
        lambda said: registry.take_card(card=card, **said, by=request.user),
        title=_("收回凭证 %(code)s") % {"code": card.code},
        note=_("现在属于：%(name)s") % {"name": shown_name(card.enterprise, request.user)},
        button=_("收回凭证"),
        back=back,
        crumbs=[home(), Crumb(_("投放凭证"), back)],
    )
