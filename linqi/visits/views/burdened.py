"""The burden on enterprises: who was contacted most, the ledger of one, the limit of a street, and the enterprise's own look 企业负担."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final, cast

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from linqi.enterprises.models import Enterprise
from linqi.enterprises.queries import shown_name
from linqi.kit import access
from linqi.kit.access import seen_by
from linqi.kit.clock import today
from linqi.territory.models import Place
from linqi.ui.asked import an_id
from linqi.ui.attempts import attempt
from linqi.ui.listed import Listed, passing
from linqi.ui.parts import Crumb, Tab
from linqi.ui.tables import Choose, Column, Search, Table
from linqi.visits import actions, cautions, queries
from linqi.visits import burden as ask
from linqi.visits.actions import burden as acts
from linqi.visits.burden import YEAR, Contact, Limits, Pressed
from linqi.visits.rules.burden import BurdenTerms, ContactKind, most_in_a_month, number_of_contact, within
from linqi.visits.signals import streets_of
from linqi.visits.views.lists import Names, one_of
from linqi.visits.views.must import said
from linqi.visits.views.spans import Days, day_tabs, days_asked, place_asked, places_offered

MONTH: Final = 30  # days the list of the most burdened shows at first
TONES: Final = {
    ContactKind.VISIT: "info",
    ContactKind.DECLINED: "quiet",
    ContactKind.QUESTION: "warn",
    ContactKind.PAPERS: "warn",
    ContactKind.CALL_BACK: "plain",
}


@dataclass(frozen=True, slots=True)
class Burdened:
    """One enterprise that was contacted, and how often 被联系企业.

    `month`: contacts of the month that ends today; `most`: of its busiest month in the span; `over`: whether one more would be warned of;
    `asked`, `again`: fields asked for, and of them those that were known.
    """

    enterprise: int
    firm: Enterprise
    name_key: str
    where: str
    month: int
    contacts: int
    visits: int
    questions: int
    papers: int
    calls: int
    asked: int
    again: int
    most: int
    last: date
    over: bool


class LimitForm(forms.Form):
    """From which contact on a street wants to be warned."""

    limit = forms.IntegerField(
        label=gettext_lazy("第几次联系起提醒"), min_value=acts.BETWEEN["limit"][0], max_value=acts.BETWEEN["limit"][1]
    )
    days = forms.IntegerField(
        label=gettext_lazy("按多少天计"), min_value=acts.BETWEEN["days"][0], max_value=acts.BETWEEN["days"][1]
    )
    fresh = forms.IntegerField(
        label=gettext_lazy("不分期间的信息多少天内算已知"),
        min_value=acts.BETWEEN["fresh"][0],
        max_value=acts.BETWEEN["fresh"][1],
    )
    source = forms.CharField(label=gettext_lazy("依据"), max_length=300, help_text=gettext_lazy("如文件名称与文号。"))


# --- the most burdened ------------------------------------------------------------------------------------------------
@access.page("visits.see")
def burden(request: HttpRequest) -> HttpResponseBase:
    """The enterprises that were contacted, those contacted most often this month first."""
    span, place = days_asked(request, MONTH), place_asked(request)
    found = burdened(request.user, span, place)
    table = _burden_table(request.user).bind(
        request,
        cast(Any, Listed(found, pk="enterprise")),
        may_export=access.may_anywhere(request.user, "visits.export"),
    )
    if table.export_format:
        actions.record_export(what="visit_burden", rows=table.total, asked=request.GET.urlencode(), by=request.user)
        return table.export()
    context = {
        "place": place,
        "places": places_offered(request.user),
        "spans": day_tabs(request, span.days),
        "days": span.days,
        "total": len(found),
        "over": sum(one.over for one in found),
        "again": sum(one.again for one in found),
        "limits": _limits(request),
        "crumbs": [Crumb(_("走访成效"), reverse("visits:measures")), Crumb(_("企业负担"))],
    }
    return table.answer("visits/burden.html", context)


def burdened(user: Any, span: Days, place: Place | None) -> list[Burdened]:
    """The enterprises at a user's places today, as far as they were contacted in the span; one query when nothing happened since."""
    limits = Limits(span.today)
    mine = None if isinstance(user, access.System) else frozenset(access.reach_of(user).places("visits.see"))
    rows = (
        _burdened(one, limits.of(one.street), span)
        for one in ask.everybody_on(span.today).values()
        if (mine is None or not mine.isdisjoint(one.above)) and (place is None or place.pk in one.above)
    )
    return [one for one in rows if one is not None]


def _burdened(one: Pressed, terms: BurdenTerms, span: Days) -> Burdened | None:
    inside = [contact for contact in one.contacts if contact.on >= span.since]
    if not inside:
        return None
    every, kinds = [contact.on for contact in one.contacts], [contact.kind for contact in inside]
    return Burdened(
        enterprise=one.firm.pk,
        firm=one.firm,
        name_key=one.firm.name_key,
        where=one.where,
        month=len(within(every, span.today, terms)),
        contacts=len(inside),
        visits=sum(kind in ask.VISITED for kind in kinds),
        questions=kinds.count(ContactKind.QUESTION),
        papers=kinds.count(ContactKind.PAPERS),
        calls=kinds.count(ContactKind.CALL_BACK),
        asked=sum(len(contact.asked) for contact in inside),
        again=sum(len(contact.again) for contact in inside),
        most=most_in_a_month([contact.on for contact in inside], terms),
        last=inside[-1].on,
        over=number_of_contact(every, span.today, terms) is not None,
    )


def _burden_table(user: Any) -> Table[Any]:
    def counts(name: str, title: Any, *, phone: bool = True, visible: bool = True, hint: Any = "") -> Column[Any]:
        return Column(name, title, sort=name, kind="number", phone=phone, visible=visible, hint=hint)

    yes = [("yes", gettext_lazy("是")), ("no", gettext_lazy("否"))]
    return Table[Any](
        key="burden",
        columns=[
            Column(
                "name", gettext_lazy("企业"), value=lambda one: shown_name(one.firm, user), sort="name_key", fixed=True
            ),
            counts("month", gettext_lazy("本月联系"), hint=gettext_lazy("到今天为止的提醒期内，默认 30 天")),
            Column(
                "over",
                gettext_lazy("再联系"),
                value=lambda one: _("要提醒") if one.over else None,
                kind="badge",
                tone=lambda one: "warn",
                export=lambda one: _("是") if one.over else _("否"),
            ),
            counts("contacts", gettext_lazy("期内联系")),
            counts("visits", gettext_lazy("走访"), phone=False),
            counts("questions", gettext_lazy("询问信息"), phone=False),
            counts("papers", gettext_lazy("补充材料"), phone=False),
            counts("calls", gettext_lazy("回访"), visible=False),
            counts("asked", gettext_lazy("问过几项"), visible=False),
            counts("again", gettext_lazy("已知再问"), hint=gettext_lazy("当时已有有效信息的项")),
            counts("most", gettext_lazy("最密一月"), visible=False),
            Column("last", gettext_lazy("最近一次"), sort="last", kind="date"),
            Column("where", gettext_lazy("地点"), value=lambda one: one.where or None, visible=False),
        ],
        order=["-month", "-contacts", "name_key"],
        caption=gettext_lazy("企业负担"),
        row_url=lambda one: reverse("visits:ledger", args=[one.enterprise]),
        filters=[
            Search("q", gettext_lazy("企业"), apply=Names(user).search),
            Choose(
                "over",
                gettext_lazy("再联系要提醒"),
                yes,
                apply=passing(lambda one, chosen: one.over == (chosen[0] == "yes")),
            ),
            Choose(
                "again",
                gettext_lazy("有已知再问"),
                yes,
                apply=passing(lambda one, chosen: (one.again > 0) == (chosen[0] == "yes")),
            ),
        ],
        empty=gettext_lazy("这段时间没有联系过企业。"),
    )


# --- one enterprise ---------------------------------------------------------------------------------------------------
@access.page("visits.see")
def ledger(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Every contact of one enterprise: when, by which way, by which office, what was asked, and what of it was known."""
    enterprise = get_object_or_404(seen_by(request.user, Enterprise, "visits.see").filter(merged_into=None), pk=pk)
    name = shown_name(enterprise, request.user)
    return _ledger(
        request,
        enterprise,
        "visits/ledger.html",
        {
            "name": name,
            "enterprise": enterprise,
            "crumbs": [Crumb(_("企业负担"), reverse("visits:burden")), Crumb(name)],
        },
        may_export=access.may_anywhere(request.user, "visits.export"),
    )


@access.page("visits.portal")
def ours(request: HttpRequest) -> HttpResponseBase:
    """An enterprise's own look: who of the street contacted it, when, and what for; offices and roles, never names."""
    firms = list(seen_by(request.user, Enterprise, "visits.portal").filter(merged_into=None).order_by("name_key"))
    asked = an_id(request.GET.get("enterprise"))
    enterprise = next((one for one in firms if one.pk == asked), None if asked else next(iter(firms), None))
    if enterprise is None:
        raise Http404
    tabs = [Tab(one.name, f"?enterprise={one.pk}", one.pk == enterprise.pk) for one in firms]
    context = {"name": enterprise.name, "tabs": tabs if len(tabs) > 1 else [], "enterprise": enterprise}
    return _ledger(request, enterprise, "visits/ours.html", context, own=True, may_export=True)


def _ledger(
    request: HttpRequest,
    enterprise: Enterprise,
    template: str,
    context: dict[str, Any],
    *,
    may_export: bool,
    own: bool = False,
) -> HttpResponseBase:
    span = days_asked(request, YEAR)
    listed = ask.ledger_of(enterprise, request.user, span.since, span.today, own=own)
    table = _ledger_table(own=own).bind(request, cast(Any, Listed(map(Lined, listed))), may_export=may_export)
    if table.export_format:
        if not own:
            actions.record_export(what="visit_ledger", rows=table.total, asked=f"{enterprise.pk} {request.GET.urlencode()}", by=request.user)  # fmt: skip
        return table.export()
    street = streets_of([enterprise.pk], span.today).get(enterprise.pk)
    limit = Limits(span.today).row(street)
    month = len(within((one.on for one in listed), span.today, Limits.read(limit)))
    return table.answer(
        template,
        {
            **context,
            "spans": day_tabs(request, span.days),
            "days": span.days,
            "limit": limit,
            "month": month,
            "month_tone": "warn" if month + 1 >= limit.limit else "plain",
            "total": len(listed),
            "asked": sum(len(one.asked) for one in listed),
            "again": sum(len(one.again) for one in listed),
            "closed": sum(not one.open for one in listed),
        },
    )


@dataclass(frozen=True, slots=True)
class Lined:
    """One contact as a row of the ledger."""

    contact: Contact

    @property
    def pk(self) -> str:
        return f"{self.contact.on.isoformat()}{self.contact.kind.value}{self.contact.row}"

    @property
    def on(self) -> date:
        return self.contact.on

    @property
    def again(self) -> int:
        return len(self.contact.again)

    @property
    def whom(self) -> str:
        return cautions.by_whom(self.contact)

    @property
    def what(self) -> str:
        return cautions.asked_in_words(self.contact)

    @property
    def kind(self) -> ContactKind:
        return self.contact.kind


def _ledger_table(*, own: bool) -> Table[Any]:
    def lines(one: Lined) -> Any:
        parts = [(part,) for part in one.what.split("；") if part]
        return format_html_join("", "<div>{}</div>", parts) if parts else None

    def again(one: Lined) -> str | None:
        return ngettext("%(n)s 项", "%(n)s 项", one.again) % {"n": one.again} if one.again else None

    columns: list[Column[Any]] = [
        Column("on", gettext_lazy("日期"), sort="on", kind="date", fixed=True, url=None if own else _open_contact),
        Column(
            "kind",
            gettext_lazy("方式"),
            value=lambda one: _(one.kind.label),
            kind="badge",
            tone=lambda one: TONES[one.kind],
        ),
        Column("whom", gettext_lazy("哪里、什么岗位"), sort="whom"),
        Column("what", gettext_lazy("问了什么"), value=lines, kind="html", export=lambda one: one.what or None),
        Column(
            "again",
            gettext_lazy("已知再问"),
            value=again,
            sort="again",
            kind="badge",
            tone=lambda one: "warn",
            export=lambda one: one.again,
        ),
    ]
    return Table[Any](
        key="ledger",
        columns=columns,
        order=["-on", "pk"],
        caption=gettext_lazy("联系台账"),
        filters=[
            one_of("kind", gettext_lazy("方式"), ContactKind),
            Choose(
                "again",
                gettext_lazy("已知再问"),
                [("yes", gettext_lazy("只看已知再问"))],
                apply=passing(lambda one, chosen: one.again > 0),
            ),
        ],
        empty=gettext_lazy("这段时间没有联系过您。") if own else gettext_lazy("这段时间没有联系过这家企业。"),
    )


def _open_contact(one: Lined) -> str | None:
    if not one.contact.open:
        return None
    if one.kind in ask.VISITED:
        return reverse("visits:detail", args=[one.contact.row])
    return reverse("cases:detail", args=[one.contact.row]) if one.kind in ask.OF_CASES else None


# --- the limit --------------------------------------------------------------------------------------------------------
@require_POST
@access.page("visits.configure")
def limit(request: HttpRequest, street_id: int) -> HttpResponse:
    """Let a street be warned by a limit of its own, or by the product's again."""
    street = get_object_or_404(queries.streets_with_rules(request.user, today(), "visits.configure"), pk=street_id)
    home = f"{reverse('visits:burden')}#limit-{street.pk}"
    if "restore" in request.POST:
        attempt(
            request,
            lambda: acts.restore_burden_limit(street=street, by=request.user),
            done=_("已恢复产品默认，从今天起生效。"),
        )
        return redirect(home)
    form = LimitForm(request.POST)
    if form.is_valid() and attempt(
        request,
        lambda: acts.set_burden_limit(street=street, **form.cleaned_data, by=request.user),
        done=_("已修改，从今天起按新的提醒。"),
        form=form,
    ):
        return redirect(home)
    crumbs = [Crumb(_("企业负担"), reverse("visits:burden")), Crumb(street.name)]
    return render(request, "visits/limit.html", {"form": form, "street": street, "crumbs": crumbs}, status=422)


def _limits(request: HttpRequest) -> list[dict[str, Any]]:
    """The limit of every street the user works in, with the form for those who may change it."""
    day, held = today(), Limits(today())
    may = set(queries.streets_with_rules(request.user, day, "visits.configure").values_list("pk", flat=True))
    found = []
    for street in queries.streets_with_rules(request.user, day):
        row = held.row(street.pk)
        initial = {
            "limit": row.limit,
            "days": row.days,
            "fresh": row.fresh,
            "source": "" if row.is_default else row.source,
        }
        form = LimitForm(initial=initial, auto_id=f"id_{street.pk}_%s") if street.pk in may else None
        found.append({"street": street, "row": row, "source": said(row.source), "form": form})
    return found
