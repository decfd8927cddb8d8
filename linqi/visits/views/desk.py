"""Whom to see, going there, and what was found 走访."""

from collections.abc import Callable
from typing import Any, cast

from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from linqi.cases.models import Case
from linqi.cases.queries import similar_open
from linqi.catalogue.queries import categories_seen_by
from linqi.enterprises.actions.facts import remember_secrets_read
from linqi.enterprises.models import Enterprise
from linqi.enterprises.queries import enterprises_seen_by, shown_name
from linqi.kit import access
from linqi.kit.clock import today
from linqi.ui.asked import an_id
from linqi.ui.attempts import attempt
from linqi.ui.listed import Listed
from linqi.ui.parts import Crumb
from linqi.visits import actions, burden, queries, rules
from linqi.visits.actions import fields
from linqi.visits.cautions import in_words
from linqi.visits.flow import LIFE, State
from linqi.visits.forms import ClueForm, FactForm, PlanForm, ProblemForm, RecordForm
from linqi.visits.merging import FIELDS
from linqi.visits.models import FindingKind, Photo, Spot, Visit
from linqi.visits.rules import Reason
from linqi.visits.rules.patrol import PATROLS, VisitKind
from linqi.visits.views.lists import TONES, must_table, reasons_in_words, visits_table
from linqi.visits.views.must import ask_on, said, score_in_words

ICONS = {  # icons: file-info, heart-handshake, alert-triangle, eye
    FindingKind.FACT: "file-info",
    FindingKind.NEED: "heart-handshake",
    FindingKind.PROBLEM: "alert-triangle",
    FindingKind.CLUE: "eye",
}


@access.page("visits.see")
def must(request: HttpRequest) -> HttpResponseBase:
    """Every enterprise that must be visited, the most urgent first."""
    day = today()
    musts = queries.must_visits(request.user, today=day)
    table = must_table(musts, request.user, day).bind(
        request,
        cast(Any, Listed(musts, pk="enterprise")),
        may_export=access.may_anywhere(request.user, "visits.export"),
    )
    if table.export_format:
        actions.record_export(what="must_visits", rows=table.total, asked=request.GET.urlencode(), by=request.user)
        return table.export()
    context = {"total": len(musts), "late": sum(one.due < day for one in musts)}
    return table.answer("visits/must.html", context)


@access.page("visits.see")
def why(request: HttpRequest) -> HttpResponse:
    """Why a firm stands where it stands: what its reasons rest on, and what each brings to its score."""
    enterprise = _enterprise(request, "visits.see")
    day, known = today(), _known(request, enterprise)
    grounds = queries.grounds_of(enterprise, request.user, day)
    must = known["must"]
    remember_secrets_read(
        enterprise=enterprise,
        keys=[one.key for listed in grounds.values() for one in listed if one.key],
        by=request.user,
    )
    context = {
        **known,
        "grounds": [
            (_(reason.label), listed, must is not None and reason in must.reasons) for reason, listed in grounds.items()
        ],
        "score": score_in_words(must.score) if must else None,
        "worth": said(queries.worth_of(enterprise, day)) if must else "",
        "crumbs": [Crumb(_("必访清单"), reverse("visits:must")), Crumb(known["name"])],
    }
    return render(request, "visits/why.html", context)


@access.page("visits.see")
def visits(request: HttpRequest) -> HttpResponseBase:
    """Where we went, and where we are about to go."""
    table = visits_table(request.user, today(), request.GET.get("place", ""), request.GET.get("enterprise", "")).bind(
        request,
        queries.visits_seen_by(request.user),
        may_export=access.may_anywhere(request.user, "visits.export"),
    )
    if table.export_format:
        actions.record_export(what="visits", rows=table.total, asked=request.GET.urlencode(), by=request.user)
        return table.export()
    return table.answer("visits/list.html")


@access.page("visits.see")
def plan(request: HttpRequest) -> HttpResponse:
    """Say that somebody will go; warns when the firm was seen only lately and nothing new asks for it."""
    enterprise = _enterprise(request, "visits.see")
    waiting = queries.visits_seen_by(request.user).filter(enterprise=enterprise, state=State.PLANNED).first()
    if waiting is not None:
        return redirect("visits:detail", pk=waiting.pk)
    known = _known(request, enterprise)
    form = PlanForm(request.POST or None, soon=known["ago"] is not None, initial={"planned_for": today()})
    if request.method == "POST" and form.is_valid():
        made: list[Visit] = []
        said = form.cleaned_data

        def save() -> None:
            made.append(
                actions.plan_visit(
                    enterprise=enterprise,
                    planned_for=said["planned_for"],
                    why_again=said.get("why_again", ""),
                    by=request.user,
                )
            )

        if attempt(request, save, done=_("已安排走访。"), form=form):
            return redirect("visits:detail", pk=made[0].pk)
    context = {
        "form": form,
        "may_plan": enterprise.seat is not None and access.may(request.user, "visits.plan", enterprise.seat),
        "may_record": enterprise.seat is not None and access.may(request.user, "visits.record", enterprise.seat),
        "crumbs": [Crumb(_("必访清单"), reverse("visits:must")), Crumb(known["name"])],
        **known,
    }
    return render(request, "visits/plan.html", context)


@access.page("visits.record")
def record_new(request: HttpRequest) -> HttpResponse:
    """Record a visit that nobody had planned."""
    enterprise = _enterprise(request, "visits.record")
    known = _known(request, enterprise)
    form = RecordForm(request.POST or None, soon=known["ago"] is not None)
    if request.method == "POST" and form.is_valid():
        made: list[Visit] = []

        def save() -> None:
            made.append(actions.record_unplanned_visit(enterprise=enterprise, **form.cleaned_data, by=request.user))

        if attempt(request, save, done=_("已记录。发现了什么，接着登记。"), form=form):
            return redirect("visits:detail", pk=made[0].pk)
    crumbs = [Crumb(_("走访"), reverse("visits:list")), Crumb(_("记录走访"))]
    return render(
        request, "visits/record.html", {"form": form, "crumbs": crumbs, "back": reverse("visits:must"), **known}
    )


@access.page("visits.record")
def record(request: HttpRequest, pk: int) -> HttpResponse:
    """Record a planned visit; who comes second, because a device recorded it meanwhile, adds to it and loses no word."""
    visit = _visit(request, pk)
    if request.method != "POST" and "record" not in LIFE.open_moves(visit.state):
        return redirect("visits:detail", pk=pk)
    form = RecordForm(request.POST or None, visit=visit)
    if request.method == "POST" and form.is_valid():

        def save() -> None:
            said = form.cleaned_data
            if visit.state == State.DONE:
                fields.say_of_visit(
                    visit=visit, said={name: said[name] for name in FIELDS}, seen=said["seen"], by=request.user
                )
            else:
                actions.record_visit(visit=visit, **said, by=request.user)

        done = _("已记录。发现了什么，接着登记。")
        if visit.state == State.DONE:
            done = _("这次走访已有人先记录，您写的已并入；写法不一致的两种都保留，请在“随身设备”页确认。")
        if attempt(request, save, done=done, form=form):
            return redirect("visits:detail", pk=pk)
    crumbs = [Crumb(_("走访"), reverse("visits:list")), Crumb(_("记录走访"))]
    back = reverse("visits:detail", args=[pk])
    known = {**_known(request, visit.enterprise, visit), "ago": None}
    return render(request, "visits/record.html", {"form": form, "crumbs": crumbs, "back": back, **known})


@access.page("visits.see")
def visit(request: HttpRequest, pk: int) -> HttpResponse:
    """One visit: why, what it brought, and the forms for what was found."""
    found = _visit(request, pk)
    asked = request.GET.get("add", "")
    kind = FindingKind(asked) if asked in FindingKind.values else None
    return _page(request, found, kind, _form(request, found, kind) if kind else None)


@require_POST
@access.page("visits.record")
def end(request: HttpRequest, pk: int, move: str) -> HttpResponse:
    """A planned visit that came to nothing: nobody there, declined, not made."""
    found = _visit(request, pk)
    ends: dict[str, tuple[Callable[..., Visit], str]] = {
        "miss": (actions.miss_visit, _("已记为未见到人，事由仍在。")),
        "refuse": (actions.refuse_visit, _("已记为企业婉拒。")),
        "cancel": (actions.cancel_visit, _("已取消。")),
    }
    if move in ends:
        act, done = ends[move]
        attempt(request, lambda: act(visit=found, by=request.user), done=done)
    return redirect("visits:detail", pk=pk)


@require_POST
@access.page("visits.report")
def add(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """One thing found: a fact learnt, a need, a problem, a clue."""
    found = _visit(request, pk)
    if kind not in FindingKind.values:
        return redirect("visits:detail", pk=pk)
    asked = FindingKind(kind)
    form = _form(request, found, asked, request.POST)
    if form.is_valid() and attempt(
        request, lambda: _keep(found, asked, form.cleaned_data, request.user), done=_done(asked), form=form
    ):
        return redirect(f"{reverse('visits:detail', args=[pk])}#findings")
    return _page(request, found, asked, form)


def _keep(found: Visit, kind: FindingKind, said: dict[str, Any], by: Any) -> object:
    if kind is FindingKind.FACT:
        return actions.add_fact(visit=found, key=said["key"], text=said["value"], period=said["period"], by=by)
    if kind is FindingKind.CLUE:
        return actions.add_clue(visit=found, text=said["text"], by=by)
    if said.get("join", "new") != "new":
        case = Case.objects.get(pk=int(said["join"]))  # one of the choices that the form offered
        return actions.join_case(visit=found, case=case, text=said["title"], kind=kind, by=by)
    return actions.report_problem(
        visit=found, title=said["title"], category=said["category"], body=said["body"], kind=kind, by=by
    )


def _done(kind: FindingKind) -> str:
    return {
        FindingKind.FACT: _("已上报，待核实后采信。"),
        FindingKind.CLUE: _("线索已登记，待人工核实。"),
    }.get(kind, _("已转为办件并派单。"))


def _form(request: HttpRequest, found: Visit, kind: FindingKind, posted: QueryDict | None = None) -> Form:
    if kind is FindingKind.FACT:
        return FactForm(posted)
    if kind is FindingKind.CLUE:
        return ClueForm(posted)
    pk = an_id(posted.get("category")) if posted else 0
    category = categories_seen_by(request.user).filter(pk=pk).first()
    similar = similar_open(request.user, enterprise=found.enterprise, place=found.place, category=category)
    mine = [case for case in similar if case.enterprise_id == found.enterprise_id]
    return ProblemForm(posted, user=request.user, similar=mine)


def _page(request: HttpRequest, found: Visit, kind: FindingKind | None, form: Form | None) -> HttpResponse:
    moves = LIFE.open_moves(found.state)
    caution = _caution(found, request.user) if found.state == State.PLANNED else None
    may_record = access.may(request.user, "visits.record", found)
    return render(
        request,
        "visits/visit.html",
        {
            "visit": found,
            "name": shown_name(found.enterprise, request.user),
            "state": _(State(found.state).label),
            "tone": TONES[State(found.state)],
            "reasons": reasons_in_words(found),
            "caution": in_words(caution),
            "asked": ask_on(found.enterprise, [Reason(one) for one in found.reasons if one in Reason.values], today()),
            "findings": [
                (one, _(FindingKind(one.kind).label), ICONS[FindingKind(one.kind)])
                for one in queries.findings_of(found, request.user)
            ],
            "patrol": _(VisitKind(found.kind).label) if VisitKind(found.kind) in PATROLS else "",
            "photos": [
                (one, one.taken_by_id == request.user.pk)
                for one in access.seen_by(request.user, Photo).filter(visit=found, erase_on__gt=today())
            ],
            "spots": [
                (one, one.taken_by_id == request.user.pk)
                for one in access.seen_by(request.user, Spot).filter(visit=found, erase_on__gt=today())
            ],
            "kinds": [(one.value, _(one.label), ICONS[one]) for one in FindingKind],
            "kind": kind.value if kind else "",
            "kind_label": _(kind.label) if kind else "",
            "form": form,
            "may_record": may_record and "record" in moves,
            "may_cancel": "cancel" in moves and access.may(request.user, "visits.plan", found),
            "may_confirm": access.may_anywhere(request.user, "enterprises.confirm"),
            "may_add": found.state == State.DONE and access.may(request.user, "visits.report", found),
            "crumbs": [Crumb(_("走访"), reverse("visits:list")), Crumb(shown_name(found.enterprise, request.user))],
        },
    )


def _caution(found: Visit, user: Any) -> burden.Caution | None:
    """Whether to think twice before a visit that is arranged."""
    day = max(found.planned_for, today())
    return burden.caution_before(found.enterprise, day, user, reasons=found.reasons, but=[found.pk])


def _known(request: HttpRequest, enterprise: Enterprise, but: Visit | None = None) -> dict[str, Any]:
    """What one should know before going there; `but`: the visit that one is about to make."""
    day = today()
    reason = queries.must_visit_of(enterprise, request.user, day)
    last = queries.last_visit_to(enterprise, request.user)
    codes = [one.value for one in reason.reasons] if reason else []
    caution = burden.caution_before(
        enterprise, day, request.user, reasons=codes, but=[but.pk] if but is not None else ()
    )
    return {
        "enterprise": enterprise,
        "name": shown_name(enterprise, request.user),
        "must": reason,
        "dues": [(_(due.reason.label), due.since, due.by) for due in reason.dues] if reason else [],
        "asked": ask_on(enterprise, reason.reasons if reason else (), day),
        "last": last,
        "ago": rules.disturbs(last, reason.reasons if reason else (), day),
        "caution": in_words(caution),
        "open_cases": similar_open(request.user, enterprise=enterprise, place=None, category=None),
        "may_read_licence": access.may_anywhere(request.user, "enterprises.read_licence"),
    }


def _enterprise(request: HttpRequest, permission: str) -> Enterprise:
    mine = access.seen_by(request.user, enterprises_seen_by(request.user), permission)
    return get_object_or_404(mine.select_related("seat"), pk=an_id(request.GET.get("enterprise")))


def _visit(request: HttpRequest, pk: int) -> Visit:
    return get_object_or_404(queries.visits_seen_by(request.user), pk=pk)
