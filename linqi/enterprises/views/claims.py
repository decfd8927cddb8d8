"""Claims: the list of those that wait and of those decided, one by one and several at once, and taken back 待核信息."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_GET, require_POST

from linqi.enterprises import dictionary, flow, queries, queries_claims
from linqi.enterprises.actions.facts import (
    confirm_claim,
    reject_claim,
    remember_claims_export,
    remember_claims_read,
    remember_secrets_read,
    undo_claim,
)
from linqi.enterprises.consequences import consequences_of
from linqi.enterprises.forms import RejectForm
from linqi.enterprises.models import Claim, ClaimState
from linqi.enterprises.queries import ClaimShown
from linqi.enterprises.rules.undoing import UNDO_DAYS, undo_until
from linqi.enterprises.views.lists import TABS, claims_table, label_of
from linqi.journal.queries import entries_about
from linqi.journal.verbs import Verb
from linqi.kit import access
from linqi.kit.clock import now, today
from linqi.kit.flow import MoveRefused
from linqi.ui.asked import an_id
from linqi.ui.parts import Crumb, Happening, Tab
from linqi.ui.shown import plain

# icons: check, x, arrow-back-up, message-report, checklist, history, scale, git-compare
MOST: Final = 100  # claims at once: a page of the list
TONES: Final = {
    Verb.CLAIM_CONFIRMED.value: ("good", "check"),
    Verb.CLAIM_REJECTED.value: ("quiet", "x"),
    Verb.CLAIM_UNDONE.value: ("warn", "arrow-back-up"),
}


# --- the list ---------------------------------------------------------------------------------------------------------
@access.page("enterprises.confirm")
@require_GET
def claims(request: HttpRequest) -> HttpResponseBase:
    """The claims that this user may decide, each beside what is known already; by default those that wait."""
    user, query = request.user, request.GET
    state = query.get("state", "")
    state = state if state in TABS else ClaimState.WAITING.value
    table = claims_table(user, an_id(query.get("visit")))
    rows = queries_claims.claims_to_decide(user)
    shown = rows if state == "any" else rows.filter(state=state)
    bound = table.bind(
        request,
        queries_claims.with_facts(shown) if query.get("export") else shown,
        may_export=access.may_anywhere(user, "enterprises.export"),
        picks=[
            (step.label, reverse("enterprises:claims_many", args=[name]))
            for name, step in STEPS.items()
            if state == "any" or state in step.of
        ],
        extra={"tabs": _tabs(table.narrowed(rows, query), request, state)},
    )
    if bound.export_format:
        remember_claims_export(rows=bound.whole, query=query.urlencode(), by=user)
        return bound.export()
    queries_claims.put_beside(bound.objects, user)
    remember_claims_read(claims=bound.objects, by=user)
    return bound.answer("enterprises/claims.html", {"days": UNDO_DAYS})


def _tabs(rows: Any, request: HttpRequest, state: str) -> list[Tab]:
    """One for each state, with how many of the claims that pass the filters are in it; one query."""
    counted: dict[str, int] = dict(rows.order_by().values_list("state").annotate(n=Count("pk")))
    tabs = []
    for value, label in TABS.items():
        asked = request.GET.copy()
        for gone in ("page", "export", "state"):
            asked.pop(gone, None)
        if value != ClaimState.WAITING.value:
            asked["state"] = value
        count = sum(counted.values()) if value == "any" else counted.get(value, 0)
        tabs.append(Tab(str(label), f"{request.path}?{asked.urlencode()}", value == state, count))
    return tabs


# --- one claim --------------------------------------------------------------------------------------------------------
@access.page("enterprises.confirm")
@require_GET
def claim(request: HttpRequest, pk: int) -> HttpResponse:
    """One claim: who said what, what registers say, what else was said of it, what it would change, what was decided."""
    found = get_object_or_404(queries_claims.claims_to_decide(request.user), pk=pk)
    return _page(request, found)


@access.page("enterprises.confirm")
@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm or refuse a claim, or take that back; answers with the card as it now stands, a browser with the page."""
    user = request.user
    found = get_object_or_404(queries_claims.claims_to_decide(user), pk=pk)
    form = RejectForm(request.POST)
    move = request.POST.get("move", "")
    if move not in STEPS:
        raise Http404
    problem = ""
    if move == "reject" and not form.is_valid():
        problem = _("请说明不采信的理由。")
    else:
        reason = form.cleaned_data["reason"] if move == "reject" else ""
        problem = _refused(found, lambda: STEPS[move].act(found, reason, user), user)
    found = get_object_or_404(queries_claims.claims_to_decide(user), pk=pk)
    if request.headers.get("HX-Request") == "true":
        shown = queries.claims_beside([found], user)[0]
        return render(request, "enterprises/_claim.html", {"one": shown, "problem": problem, "may_confirm": True})
    if problem:
        return _page(request, found, problem)
    messages.success(request, STEPS[move].told)
    return redirect("enterprises:one_claim", pk=pk)


def _page(request: HttpRequest, found: Claim, problem: str = "") -> HttpResponse:
    user = request.user
    shown = queries_claims.put_beside([found], user)[0]
    if shown.field.sensitivity != "public":
        remember_secrets_read(enterprise=found.enterprise, keys=[found.key], by=user)
    waiting = found.state == ClaimState.WAITING
    earlier = queries_claims.earlier_claims(found, user)
    name = queries.shown_name(found.enterprise, user)
    until = undo_until(found.decided_at) if found.decided_at else None
    context = {
        "one": shown,
        "name": name,
        "label": label_of(found),
        "problem": problem,
        "contradicted": queries_claims.contradicted(found, shown.beside),
        "changes": consequences_of(found, user, today()) if waiting else [],
        "earlier": [(one, dictionary.show(one.key, one.value)) for one in earlier[:20]],
        "earlier_more": max(0, earlier.count() - 20),
        "history": _history(found),
        "undo_until": until if until and until >= now() else None,
        "moves": flow.CLAIM.open_moves(found.state),
        "days": UNDO_DAYS,
        "crumbs": [Crumb(_("待核信息"), reverse("enterprises:claims")), Crumb(f"{name} · {label_of(found)}")],
    }
    return render(request, "enterprises/claim.html", context, status=422 if problem else 200)


def _history(found: Claim) -> list[Happening]:
    """What the journal tells of a claim, the newest first; what was entered without a journal is read off the claim."""
    told, entries = [], list(entries_about(found)[:50])
    verbs = {entry.verb for entry in entries}
    for entry in entries:
        tone, icon = TONES.get(entry.verb, ("info", "message-report"))
        detail = entry.data.get("reason", "")
        told.append(Happening(entry.at, entry.verb_label, who=entry.actor_label, detail=detail, tone=tone, icon=icon))
    if found.decided_at and verbs.isdisjoint(TONES):
        verb = Verb.CLAIM_CONFIRMED if found.state == ClaimState.CONFIRMED else Verb.CLAIM_REJECTED
        told.append(_happened(found.decided_at, verb, found.decided_by, found.reason))
    if found.entered_at and Verb.CLAIM_MADE.value not in verbs:
        told.append(_happened(found.entered_at, Verb.CLAIM_MADE, found.entered_by))
    return told


def _happened(at: datetime, verb: Verb, who: Any, detail: str = "") -> Happening:
    tone, icon = TONES.get(verb.value, ("info", "message-report"))
    return Happening(at, pgettext("journal", verb.label), who=str(who or ""), detail=detail, tone=tone, icon=icon)


# --- several at once --------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Step:
    """What is done to each claim, in which states it is offered, and whether a reason is asked for."""

    label: Any
    of: frozenset[str]
    act: Callable[[Claim, str, Any], object]
    told: Any
    asks: bool = False


STEPS: Final = {
    "confirm": Step(
        gettext_lazy("采信"),
        frozenset({"waiting"}),
        lambda one, reason, by: confirm_claim(claim=one, by=by),
        gettext_lazy("已采信，即时作为依据。"),
    ),
    "reject": Step(
        gettext_lazy("不采信"),
        frozenset({"waiting"}),
        lambda one, reason, by: reject_claim(claim=one, reason=reason, by=by),
        gettext_lazy("已登记为不采信。"),
        asks=True,
    ),
    "undo": Step(
        gettext_lazy("撤回结论"),
        frozenset({"confirmed", "rejected"}),
        lambda one, reason, by: undo_claim(claim=one, by=by),
        gettext_lazy("已撤回，信息恢复到核实之前。"),
    ),
}


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one claim of several: done, or refused and why."""

    one: ClaimShown
    why: str = ""


@access.page("enterprises.confirm")
@require_POST
def many(request: HttpRequest, step: str) -> HttpResponse:
    """Decide several claims: first shown side by side with what contradicts them, then done one by one and told row by row."""
    if step not in STEPS:
        raise Http404
    user, back, chosen = request.user, _back(request), STEPS[step]
    picked = list(dict.fromkeys(an_id(one) for one in request.POST.getlist("pick")))
    rows = queries_claims.claims_to_decide(user).filter(pk__in=picked[:MOST]).order_by("entered_at", "pk")
    found = list(rows)
    if not found:
        messages.error(request, _("请先勾选要处理的信息。"))
        return redirect(back)
    form = RejectForm(request.POST if "said" in request.POST else None) if chosen.asks else None
    context: dict[str, Any] = {
        "name": step,
        "step": chosen,
        "form": form,
        "back": back,
        "left_out": len(picked) - len(found),
        "most": MOST,
        "days": UNDO_DAYS,
        "crumbs": [Crumb(_("待核信息"), back), Crumb(_("批量%(step)s") % {"step": chosen.label})],
    }
    if "said" not in request.POST or (form is not None and not form.is_valid()):
        shown = queries_claims.put_beside(found, user)
        context["rows"] = [(one, queries_claims.contradicted(one.claim, one.beside)) for one in shown]
        context["contradicted"] = sum(clash for _one, clash in context["rows"])
        remember_claims_read(claims=found, by=user)
        return render(request, "enterprises/claims_many.html", context, status=422 if form and form.is_bound else 200)
    reason = form.cleaned_data["reason"] if form is not None else ""
    why = {one.pk: _refused(one, _doing(chosen, one, reason, user), user) for one in found}
    context["results"] = _results(found, why, user)
    context["done"] = sum(not one.why for one in context["results"])
    return render(request, "enterprises/claims_done.html", context)


def _doing(step: Step, one: Claim, reason: str, by: Any) -> Callable[[], object]:
    return lambda: step.act(one, reason, by)


def _results(found: Iterable[Claim], why: dict[int, str], user: Any) -> list[Result]:
    """The claims as they stand now, those refused first."""
    fresh = queries_claims.claims_to_decide(user).filter(pk__in=[one.pk for one in found]).order_by("entered_at", "pk")
    told = [Result(one, why[one.claim.pk]) for one in queries_claims.put_beside(fresh, user)]
    return sorted(told, key=lambda one: not one.why)


def _refused(found: Claim, act: Callable[[], object], user: Any) -> str:
    """Do it; when it is refused, why, in words. Somebody else was faster: who, when and what they decided."""
    try:
        act()
    except ValidationError as refused:
        return "；".join(refused.messages)
    except PermissionDenied:
        return _("您没有核实这条信息的权限。")
    except MoveRefused:
        now_ = queries_claims.claims_to_decide(user).filter(pk=found.pk).first()
        if now_ is None or now_.decided_at is None:
            return _("这条信息已经有人处理过了，目前待核实。")
        return _("这条信息已经有人处理过了：%(who)s于 %(at)s %(what)s。") % {
            "who": now_.decided_by or _("系统"),
            "at": plain(now_.decided_at),
            "what": _(ClaimState(now_.state).label),
        }
    return ""


def _back(request: HttpRequest) -> str:
    """The list as it was, never another site."""
    asked, ours = request.POST.get("back", ""), reverse("enterprises:claims")
    return asked if asked.startswith(ours) and url_has_allowed_host_and_scheme(asked, allowed_hosts=None) else ours
