"""The six must-visit rules of a street: what they say, whom they reach, and how a street sets its own 必访规则."""

from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from linqi.conditions.editor import Editor
from linqi.conditions.errors import ConditionError
from linqi.conditions.rules import Outcome
from linqi.conditions.tree import AllOf, AnyOf, AtLeast, parse
from linqi.conditions.words import heading, sentence
from linqi.enterprises.models import Enterprise
from linqi.enterprises.queries import shown_name
from linqi.kit import access
from linqi.kit.clock import today
from linqi.territory.models import Place
from linqi.ui.asked import an_id
from linqi.ui.attempts import attempt
from linqi.ui.parts import Crumb
from linqi.visits import actions, queries, standing
from linqi.visits.forms import OrderForm, RuleForm
from linqi.visits.models import MustVisitRule
from linqi.visits.rules import Reason
from linqi.visits.signals import book
from linqi.visits.standing import Kept
from linqi.visits.views.must import asked_by, said

# icons: alert-triangle, heart-handshake, arrows-exchange, building, star, map-pin, adjustments, history, pencil, eye
ICONS: Final = {
    Reason.AT_RISK: "alert-triangle",
    Reason.IN_NEED: "heart-handshake",
    Reason.OUTBOUND: "arrows-exchange",
    Reason.NEWCOMER: "building",
    Reason.PREMIUM: "star",
    Reason.UNREGISTERED: "map-pin",
}
EDITED: Final = "when-do"  # a button of the condition editor was pressed without scripts
NAMED: Final = 20  # enterprises a preview names


@access.page("visits.see")
def rules(request: HttpRequest) -> HttpResponse:
    """The six rules that hold in a street today, readable, each with whom it reaches, and how the list is ordered."""
    day = today()
    streets = list(queries.streets_with_rules(request.user, day))
    street = next((one for one in streets if one.pk == an_id(request.GET.get("street"))), None)
    street = street or (streets[0] if streets else None)
    if street is None:
        return render(request, "visits/rules.html", {"street": None})
    order = queries.order_of(street, day)
    may_set = access.may(request.user, "visits.configure", street)
    return render(
        request,
        "visits/rules.html",
        {
            "street": street,
            "streets": streets,
            "may_set": may_set,
            "rules": _all_shown(street, day),
            "order": order,
            "steps": [(said(step["name"]), step["factor"], _sentences(step["when"], day)[1]) for step in order.values]
            if order
            else [],
            "order_form": _order_form(street, day) if may_set else None,
        },
    )


@access.page("visits.see")
def rule(request: HttpRequest, street_id: int, reason: str) -> HttpResponse:
    """One rule: what it says, what it said before, and for leaders the form that changes it, with whom the change moves."""
    street, kind = _street(request, street_id), _reason(reason)
    may_set = access.may(request.user, "visits.configure", street)
    if request.method == "POST" and not may_set:
        return redirect(_address(street, kind))
    row, preview, day = _row(street, kind), None, today()
    form = RuleForm(request.POST or None, reason=kind, initial=RuleForm.initial_of(row))
    editor = _editor(request, street, kind)
    if request.method == "POST" and EDITED not in request.POST and form.is_valid() and not editor.problems:
        told = {**form.said(), "when": editor.data}
        if "save" in request.POST and _saved(request, street, kind, form, told):
            return redirect(_address(street, kind))
        if "save" not in request.POST:
            preview = _preview(street, kind, told, request.user)
    context = {
        "street": street,
        "reason": kind.value,
        "label": _(kind.label),
        "shown": _shown(row, day),
        "own": row.street_id is not None,
        "form": form if may_set else None,
        "editor": editor,
        "preview": preview,
        "history": [_shown(one, day) for one in queries.history_of(street, kind)],
        "crumbs": [Crumb(_("必访规则"), f"{reverse('visits:rules')}?street={street.pk}"), Crumb(_(kind.label))],
    }
    return render(request, "visits/rule.html", context)


@require_POST
@access.page("visits.configure")
def trigger(request: HttpRequest, street_id: int, reason: str) -> HttpResponse:
    """The condition editor as it now stands, with how many firms of the street meet it; `?live`: only what is said below it."""
    street, kind = _street(request, street_id, "visits.configure"), _reason(reason)
    editor = _editor(request, street, kind)
    if not editor.problems:
        draft = standing.read_rule(MustVisitRule(reason=kind.value, when=editor.data, first_visit=1, weight=1))
        found = standing.reach([draft], street.pk, today())[draft.condition.key]
        editor.counts = {outcome: len(firms) for outcome, firms in found.items()}
    template = "conditions/_live.html" if "live" in request.GET else "conditions/editor.html"
    return render(request, template, {"editor": editor})


@require_POST
@access.page("visits.configure")
def restore(request: HttpRequest, street_id: int, reason: str) -> HttpResponse:
    """Back to the product's default."""
    street, kind = _street(request, street_id, "visits.configure"), _reason(reason)
    attempt(
        request,
        lambda: actions.restore_rule(street=street, reason=kind, by=request.user),
        done=_("已恢复产品默认，从今天起生效。"),
    )
    return redirect(_address(street, kind))


@require_POST
@access.page("visits.configure")
def order(request: HttpRequest, street_id: int) -> HttpResponse:
    """The street's own weights of the order."""
    street = _street(request, street_id, "visits.configure")
    form = _order_form(street, today(), request.POST)
    if form.is_valid():
        attempt(
            request,
            lambda: actions.set_order(street=street, **form.said(), by=request.user),
            done=_("排序已修改，清单按新的排。"),
            form=form,
        )
    for name, problems in form.errors.items():
        label = form.fields[name].label if name in form.fields else ""
        messages.error(request, f"{label}：{'；'.join(map(str, problems))}" if label else "；".join(map(str, problems)))
    return redirect(f"{reverse('visits:rules')}?street={street.pk}#order")


def _editor(request: HttpRequest, street: Place, kind: Reason) -> Editor:
    url = reverse("visits:trigger", args=[street.pk, kind.value])
    if request.method == "POST":
        return Editor.posted(request.POST, book(), name="when", url=url, clauses=False)
    return Editor.of(_row(street, kind).when, book(), name="when", url=url, clauses=False)


def _saved(request: HttpRequest, street: Place, kind: Reason, form: RuleForm, told: dict[str, Any]) -> bool:
    return attempt(
        request,
        lambda: actions.set_rule(
            street=street, reason=kind, since=form.cleaned_data["since"], said=told, by=request.user
        ),
        done=_("必访规则已修改，到生效日起按新的执行。"),
        form=form,
    )


def _preview(street: Place, kind: Reason, told: dict[str, Any], user: Any) -> dict[str, Any]:
    """Who would come to meet the trigger, and who would no longer, on today's facts."""
    day = today()
    before = standing.read_rule(_row(street, kind))
    after = standing.read_rule(MustVisitRule(street=street, reason=kind.value, **told))
    found = standing.reach([before, after], street.pk, day)
    was, now = found[before.condition.key], found[after.condition.key]
    come, leave = now[Outcome.MET] - was[Outcome.MET], was[Outcome.MET] - now[Outcome.MET]
    return {
        "before": len(was[Outcome.MET]),
        "after": len(now[Outcome.MET]),
        "come": len(come),
        "leave": len(leave),
        "unknown_before": len(was[Outcome.UNKNOWN]),
        "unknown_after": len(now[Outcome.UNKNOWN]),
        "coming": _named(come, user),
        "leaving": _named(leave, user),
    }


def _named(ids: set[int], user: Any) -> list[tuple[int, str]]:
    firms = access.seen_by(user, Enterprise, "enterprises.see").filter(pk__in=sorted(ids)[:NAMED]).order_by("name_key")
    return [(one.pk, shown_name(one, user)) for one in firms]


def _all_shown(street: Place, day: date) -> list[dict[str, Any]]:
    rows = queries.rules_of(street, day)
    kept: list[Kept] = [standing.read_rule(row) for row in rows]
    found = standing.reach(kept, street.pk, day)
    waiting: dict[Reason, list[int]] = {reason: [0, 0] for reason in Reason}
    for firm in standing.list_on(day).values():
        for due in firm.dues if firm.street == street.pk else ():
            waiting[due.reason][0] += 1
            waiting[due.reason][1] += due.by < day
    shown = []
    for one in kept:
        by = found[one.condition.key]
        shown.append(
            {
                **_shown(one.row, day),
                "met": len(by[Outcome.MET]),
                "unknown": len(by[Outcome.UNKNOWN]),
                "waiting": waiting[one.reason][0],
                "late": waiting[one.reason][1],
            }
        )
    return shown


def _shown(row: MustVisitRule, day: date) -> dict[str, Any]:
    kind = Reason(row.reason)
    top, lines = _sentences(row.when, day)
    return {
        "row": row,
        "reason": kind.value,
        "label": _(kind.label),
        "icon": ICONS[kind],
        "asked": asked_by(row),
        "heading": top,
        "lines": lines,
        "weight": f"{row.weight.normalize():f}" if isinstance(row.weight, Decimal) else row.weight,
        "source": said(row.source),
        "set_by": row.set_by.display_name if row.set_by else "",
        "pending": row.since is not None and row.since > day,
        "over": row.until is not None and row.until <= day,
    }


def _sentences(data: Any, day: date) -> tuple[str, list[str]]:
    """A condition as a heading and lines to read; moving dates stay as they move."""
    try:
        node = parse(data, book())
    except ConditionError as problem:
        return "", [str(problem)]
    if isinstance(node, (AllOf, AnyOf, AtLeast)):
        return heading(node), [sentence(part, book()) for part in node.parts]
    return "", [sentence(node, book())]


def _order_form(street: Place, day: date, posted: QueryDict | None = None) -> OrderForm:
    now = queries.order_of(street, day)
    steps = [(said(step["name"]), Decimal(step["factor"])) for step in now.values] if now else []
    initial = {"urgency": now.urgency, "late_step": now.late_step, "late_most": now.late_most} if now else {}
    return OrderForm(posted, steps=steps, initial=initial)


def _row(street: Place, kind: Reason) -> MustVisitRule:
    return next(row for row in queries.rules_of(street, today()) if row.reason == kind.value)


def _reason(text: str) -> Reason:
    if text not in Reason.values:
        raise Http404
    return Reason(text)


def _street(request: HttpRequest, pk: int, permission: str = "visits.see") -> Place:
    return get_object_or_404(queries.streets_with_rules(request.user, today(), permission), pk=pk)


def _address(street: Place, kind: Reason) -> str:
    return reverse("visits:rule", args=[street.pk, kind.value])
