"""How often each building is visited, one by one and several at once, and the terms of a street's week plan 楼宇轮值与参数."""

from datetime import date
from typing import Any, Final

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from linqi.journal.queries import entries_about
from linqi.journal.verbs import Verb
from linqi.kit import access
from linqi.kit.clock import today
from linqi.territory.models import Place
from linqi.territory.queries import street_of
from linqi.ui.asked import an_id
from linqi.ui.attempts import attempt, attempt_each
from linqi.ui.parts import Crumb, Happening
from linqi.ui.tables import Choose, Column, Search, Table
from linqi.visits import planning, queries, rota
from linqi.visits.actions import record_export
from linqi.visits.actions.planning import restore_terms, set_terms
from linqi.visits.actions.rota import set_rota, take_back_rota
from linqi.visits.forms import RotaForm, TermsForm, clock_of
from linqi.visits.models import BuildingRota, PlanTerms
from linqi.visits.rota import Beside

# icons: calendar-repeat, calendar-cog, history, arrow-back-up, pencil, adjustments
MOST: Final = 100  # buildings at once: a page of the list


# --- the list of buildings --------------------------------------------------------------------------------------------
@access.page("visits.weeks")
@require_GET
def buildings(request: HttpRequest) -> HttpResponseBase:
    """The buildings with how often each is visited today, by its own rota or by its street's default."""
    user, day = request.user, today()
    told: dict[int, Beside] = {}
    rows = rota.with_times(rota.buildings_seen_by(user), day)
    bound = _table(user, day, told).bind(
        request,
        rows,
        may_export=access.may_anywhere(user, "visits.export"),
        picks=[(_("设置轮值"), reverse("visits:rota_many"))] if access.may_anywhere(user, "visits.plan") else [],
    )
    if bound.export_format:
        record_export(what="visits.BuildingRota", rows=bound.whole, asked=request.GET.urlencode(), by=user)
        told.update(rota.beside(bound.filtered, day))
        return bound.export()
    told.update(rota.beside(bound.objects, day))
    return bound.answer(
        "visits/rota.html",
        {"streets": queries.streets_with_rules(user, day), "may_set": access.may_anywhere(user, "visits.plan")},
    )


def _table(user: Any, day: date, told: dict[int, Beside]) -> Table[Place]:
    """The list of buildings; `told`: what stands beside each, brought before the rows are drawn."""
    return Table[Place](
        key="rota",
        columns=[
            Column("name", gettext_lazy("楼宇"), sort="name", fixed=True),
            Column("park", gettext_lazy("园区"), value=lambda one: told[one.pk].park or None),
            Column("times", gettext_lazy("每周次数"), sort="times", kind="number", nullable=True),
            Column(
                "from",
                gettext_lazy("按什么"),
                value=lambda one: _whose(told[one.pk].now),
                kind="badge",
                tone=lambda one: "info" if _own(told[one.pk].now) else "warn",
            ),
            Column("hours", gettext_lazy("可进楼时间"), value=lambda one: _hours(told[one.pk].now) or _("不限")),
            Column("since", gettext_lazy("自"), value=lambda one: _since(told[one.pk].now), phone=False),
            Column("until", gettext_lazy("至"), value=lambda one: _until(told[one.pk].now), visible=False),
            Column("next", gettext_lazy("下次变化"), value=lambda one: _next(told[one.pk], day)),
            Column("reason", gettext_lazy("说明"), value=lambda one: _reason(told[one.pk].now), visible=False),
            Column("code", gettext_lazy("编号"), sort="code", visible=False),
        ],
        order="name",
        caption=gettext_lazy("楼宇轮值"),
        row_url=lambda one: reverse("visits:rota_of", args=[one.pk]),
        filters=[
            Search(
                "q",
                gettext_lazy("楼宇、编号"),
                apply=lambda rows, text: rows.filter(name__icontains=text) | rows.filter(code__icontains=text),
            ),
            Choose(
                "park",
                gettext_lazy("园区"),
                lambda: rota.parks_seen_by(user),
                apply=lambda rows, values: rota.in_park(rows, int(values[0]), day),
            ),
            Choose(
                "set",
                gettext_lazy("按什么"),
                [("own", gettext_lazy("本楼另设")), ("street", gettext_lazy("按街道默认"))],
                apply=_by_whose,
            ),
            Choose(
                "times",
                gettext_lazy("每周次数"),
                lambda: [(n, _("%(n)s 次") % {"n": n}) for n in range(8)],
                field="times",
            ),
        ],
        empty=gettext_lazy("空间里登记楼宇后，就会出现在这里。"),
    )  # fmt: skip


def _by_whose(rows: QuerySet[Any], values: list[str]) -> QuerySet[Any]:
    return rows.filter(own__isnull=values[0] == "street")


def _own(row: BuildingRota | None) -> bool:
    return row is not None and row.visits is not None


def _whose(row: BuildingRota | None) -> str:
    return _("本楼另设") if _own(row) else _("默认")


def _hours(row: BuildingRota | None) -> str:
    return f"{clock_of(row.opens)}–{clock_of(row.closes)}" if row is not None and row.opens is not None else ""


def _since(row: BuildingRota | None) -> str:
    return row.since.isoformat() if row is not None and row.since is not None else _("一直")


def _until(row: BuildingRota | None) -> str:
    return row.until.isoformat() if row is not None and row.until is not None else _("长期")


def _reason(row: BuildingRota | None) -> str | None:
    return (row.reason or None) if row is not None else None


def _next(one: Beside, day: date) -> str:
    """When the rota of a building changes next, and to what."""
    if one.next is not None and one.next.since is not None:
        return _("%(day)s 起：%(what)s") % {"day": one.next.since.isoformat(), "what": in_words(one.next)}
    if one.now is not None and one.now.until is not None:
        return _("%(day)s 起：%(what)s") % {"day": one.now.until.isoformat(), "what": _("按街道默认")}
    return _("没有")


def in_words(row: BuildingRota) -> str:
    """One rota in words: how often, and in which hours."""
    if row.visits is None:
        return _("按街道默认")
    hours = _hours(row)
    said = _("每周 %(n)s 次") % {"n": row.visits}
    return f"{said}，{hours}" if hours else said


# --- one building -----------------------------------------------------------------------------------------------------
@access.page("visits.weeks")
def building(request: HttpRequest, pk: int) -> HttpResponse:
    """One building: what holds, what was and what comes, and for those who plan the form that changes it."""
    place = get_object_or_404(rota.buildings_seen_by(request.user), pk=pk)
    may_set = access.may(request.user, "visits.plan", place)
    day = today()
    rows = list(rota.rotas_of(place, request.user))
    now = next((row for row in rows if (row.since or day) <= day and (row.until is None or row.until > day)), None)
    terms = planning.terms_of(place, day)
    form = RotaForm(request.POST or None, initial=_as_now(now, terms, day)) if may_set else None
    if request.method == "POST" and form is not None and form.is_valid():
        said = form.said()
        if attempt(
            request,
            lambda: set_rota(building=place, **said, by=request.user),
            done=_("已保存，到生效日起的周计划按新的轮值排。"),
            form=form,
        ):
            return redirect("visits:rota_of", pk=pk)
    last = rota.last_set(place) if may_set else None
    context = {
        "place": place,
        "now": now,
        "now_words": in_words(now) if now else _("按街道默认"),
        "own": _own(now),
        "terms": terms,
        "rows": [(row, in_words(row), _turn(row, day)) for row in rows],
        "last": last if last is not None and (last.until is None or last.until > day) else None,
        "last_words": in_words(last) if last else "",
        "history": _told(place),
        "form": form,
        "street": street_of(place),
        "crumbs": [Crumb(_("楼宇轮值"), reverse("visits:rota")), Crumb(place.name)],
    }
    return render(request, "visits/rota_of.html", context, status=422 if form and form.errors else 200)


def _as_now(now: BuildingRota | None, terms: PlanTerms, day: date) -> dict[str, Any]:
    """What the form begins with: what holds today, or the street's number."""
    begun: dict[str, Any] = {"how": "own", "since": day, "visits": terms.visits}
    if now is not None and now.visits is not None:
        begun |= {"visits": now.visits, "opens": clock_of(now.opens), "closes": clock_of(now.closes)}
    return begun


@require_POST
@access.page("visits.plan")
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the last setting of a building back."""
    place = get_object_or_404(rota.buildings_seen_by(request.user, "visits.plan"), pk=pk)
    asked = get_object_or_404(BuildingRota, building=place, pk=an_id(request.POST.get("rota")))
    attempt(request, lambda: take_back_rota(rota=asked, by=request.user), done=_("已撤回。"))
    return redirect("visits:rota_of", pk=pk)


def _turn(row: BuildingRota, day: date) -> tuple[str, str]:
    """Whether a rota is over, in force or still to come, and its colour."""
    if row.until is not None and row.until <= day:
        return _("已结束"), "quiet"
    return (_("待生效"), "info") if row.since is not None and row.since > day else (_("现行"), "good")


def _told(place: Place) -> list[Happening]:
    """What the journal tells of a building's rota, the newest first."""
    told = entries_about(place).filter(verb__in=[Verb.ROTA_SET.value, Verb.ROTA_TAKEN_BACK.value])[:20]
    made = []
    for one in told:
        visits, since, until = (one.data.get(name) for name in ("visits", "since", "until"))
        words = _("按街道默认") if visits is None else _("每周 %(n)s 次") % {"n": visits}
        days = f"{since} – {until or '…'}"
        back = one.verb == Verb.ROTA_TAKEN_BACK.value
        icon, tone = ("arrow-back-up", "warn") if back else ("pencil", "info")
        made.append(
            Happening(one.at, one.verb_label, who=one.actor_label, detail=f"{words}，{days}", tone=tone, icon=icon)
        )
    return made


# --- several buildings ------------------------------------------------------------------------------------------------
@require_POST
@access.page("visits.plan")
def many(request: HttpRequest) -> HttpResponse:
    """Set the rota of several buildings: first asked how, then done one by one."""
    back = _back(request)
    picked = list(dict.fromkeys(an_id(one) for one in request.POST.getlist("pick")))[:MOST]
    found = list(rota.buildings_seen_by(request.user, "visits.plan").filter(pk__in=picked).order_by("name", "pk"))
    if not found:
        messages.error(request, _("请先勾选要设置的楼宇。"))
        return redirect(back)
    form = RotaForm(request.POST if "said" in request.POST else None)
    if form.is_bound and form.is_valid():
        said = form.said()
        attempt_each(
            request,
            found,
            lambda place: set_rota(building=place, **said, by=request.user),
            done=_("已设置 %(n)s 幢楼。"),
        )
        return redirect(back)
    crumbs = [Crumb(_("楼宇轮值"), back), Crumb(_("设置轮值"))]
    context = {"buildings": found, "form": form, "back": back, "crumbs": crumbs}
    return render(request, "visits/rota_many.html", context, status=422 if form.is_bound else 200)


def _back(request: HttpRequest) -> str:
    """The list as it was, never another site."""
    asked, ours = request.POST.get("back", ""), reverse("visits:rota")
    return asked if asked.startswith(ours) and url_has_allowed_host_and_scheme(asked, allowed_hosts=None) else ours


# --- the terms of a street --------------------------------------------------------------------------------------------
@access.page("visits.see")
def terms(request: HttpRequest, street_id: int) -> HttpResponse:
    """What a street's week is planned with, beside the product's defaults and their source; what it was before."""
    street = _street(request, street_id)
    may_set = access.may(request.user, "visits.configure", street)
    now, usual = planning.terms_of(street, today()), planning.default_terms()
    form = TermsForm(request.POST or None, now=now, usual=usual) if may_set else None
    if request.method == "POST" and form is not None and form.is_valid():
        said = form.said()
        if attempt(
            request,
            lambda: set_terms(street=street, **said, by=request.user),
            done=_("已保存，从今天起的周计划按新的参数排。"),
            form=form,
        ):
            return redirect("visits:terms", street_id=street.pk)
    context = {
        "street": street,
        "now": now,
        "lines": lines_of(now, usual),
        "usual_source": usual["source"],
        "history": [(row, lines_of(row, usual)) for row in rota.terms_history(street, request.user)],
        "form": form,
        "may_set": may_set,
        "crumbs": [Crumb(_("周计划"), reverse("visits:weeks")), Crumb(_("周计划参数")), Crumb(street.name)],
    }
    return render(request, "visits/terms.html", context, status=422 if form and form.errors else 200)


@require_POST
@access.page("visits.configure")
def terms_default(request: HttpRequest, street_id: int) -> HttpResponse:
    """Back to the product's terms."""
    street = _street(request, street_id, "visits.configure")
    attempt(
        request,
        lambda: restore_terms(street=street, by=request.user),
        done=_("已恢复产品默认，从今天起生效。"),
    )
    return redirect("visits:terms", street_id=street.pk)


def lines_of(row: PlanTerms, usual: dict[str, Any]) -> list[tuple[str, str, str, bool]]:
    """Each term in words, its value, the product's value, and whether they differ."""
    told = []
    for name, field in TermsForm.base_fields.items():
        value, default = getattr(row, name), usual[name]
        told.append((str(field.label), str(value), str(default), value != default))
    hours, default = (_spans(one) for one in (row.hours, usual["hours"]))
    return [*told, (_("外出时段"), hours, default, hours != default)]


def _spans(hours: list[list[int]]) -> str:
    return "，".join(f"{clock_of(begins)}–{clock_of(ends)}" for begins, ends in hours)


def _street(request: HttpRequest, pk: int, permission: str = "visits.see") -> Place:
    return get_object_or_404(queries.streets_with_rules(request.user, today(), permission), pk=pk)
