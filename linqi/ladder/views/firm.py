"""One firm on the ladder: where it stands and why, how far it is, what comes next, what is done for it 企业培育页."""

from collections.abc import Callable
from typing import Any, Final

from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from linqi.conditions import words
from linqi.enterprises.actions.facts import remember_secrets_read
from linqi.enterprises.models import Enterprise
from linqi.enterprises.queries import facts_of, facts_shown, shown_name, sight_of
from linqi.kit import access
from linqi.kit.clock import today
from linqi.ladder import actions, queries, rules
from linqi.ladder.flow import LIFE, State
from linqi.ladder.forms import CultivationForm, HandForm, MoveForm, OwnerForm, PlanForm, ReachForm, ResultForm
from linqi.ladder.models import Answer, Cultivation, Milestone
from linqi.ladder.queries import Ladder
from linqi.ladder.rules import Board, Kind, Stage, Step, Tier
from linqi.ladder.views.board import ICONS, KIND_TONES, crumbs
from linqi.ladder.views.lists import TIER_TONES, lacking_of, measured
from linqi.organisation.queries import departments_of
from linqi.territory.queries import street_of
from linqi.ui.attempts import attempt
from linqi.ui.parts import Crumb, Happening

# icons: stairs-up, flag, flag-check, target, list-check, question-mark, history, user, arrow-right, ruler-measure
STATE_TONES: Final = {State.OPEN: "info", State.HANDED: "plain", State.DONE: "good", State.DROPPED: "quiet"}
FORMS: Final = ("move", "owner", "plan", "reach", "cultivation")
ASKED: Final = 8  # questions shown at once: more is a burden


@access.page("ladder.see")
def mine(request: HttpRequest) -> HttpResponse:
    """The own enterprise's page, for the menu of an enterprise user."""
    own = access.reach_of(request.user).enterprises("ladder.see")
    if own:
        return redirect("ladder:firm", pk=own[0])
    return redirect("ladder:board")


@access.page("ladder.see")
def firm(request: HttpRequest, pk: int) -> HttpResponse:
    """One firm: tier and why, distance to every standard, figures and their sources, milestones, measures."""
    return _page(request, _firm(request, pk), {})


@require_POST
@access.page("ladder.move")
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a firm into a tier by hand; what the facts speak for can be confirmed here as well."""
    enterprise = _firm(request, pk)
    form = MoveForm(request.POST, standing=queries.standing_of(enterprise))
    if form.is_valid() and attempt(
        request,
        lambda: actions.move(enterprise=enterprise, to=form.tier, why=form.cleaned_data["why"], by=request.user),
        done=_("层级已调整。"),
        form=form,
    ):
        return redirect("ladder:firm", pk=pk)
    return _page(request, enterprise, {"move": form})


@require_POST
@access.page("ladder.cultivate")
def owner(request: HttpRequest, pk: int) -> HttpResponse:
    """Say who looks after the firm."""
    enterprise = _firm(request, pk)
    candidate = get_object_or_404(queries.candidates_seen_by(request.user), enterprise=enterprise)
    form = OwnerForm(request.POST, owners=queries.owners_for(enterprise))
    if form.is_valid():
        chosen = form.cleaned_data["owner"]
        attempt(
            request,
            lambda: actions.set_owner(candidate=candidate, owner=chosen, by=request.user),
            done=_("责任人已保存。"),
            form=form,
        )
    return redirect("ladder:firm", pk=pk)


@require_POST
@access.page("ladder.cultivate")
def milestone(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """Plan a step, record that it was reached, or take that back."""
    enterprise = _firm(request, pk)
    open_ = _open_steps(enterprise, request.user)
    if what == "back":
        found = get_object_or_404(
            access.seen_by(request.user, Milestone, "ladder.cultivate"),
            enterprise=enterprise,
            step=request.POST.get("step", ""),
        )
        attempt(
            request,
            lambda: actions.take_back_milestone(milestone=found, why=request.POST.get("why", ""), by=request.user),
            done=_("已更正。"),
        )
        return redirect(f"{reverse('ladder:firm', args=[pk])}#milestones")
    if what not in ("plan", "reach"):
        raise Http404
    form: PlanForm = (PlanForm if what == "plan" else ReachForm)(request.POST, steps=open_)
    if form.is_valid():
        said = {**form.cleaned_data, "step": Step(form.cleaned_data["step"])}
        act: Callable[..., Milestone] = actions.plan_milestone if what == "plan" else actions.reach_milestone
        if attempt(request, lambda: act(enterprise=enterprise, **said, by=request.user), done=_("已保存。"), form=form):
            return redirect(f"{reverse('ladder:firm', args=[pk])}#milestones")
    return _page(request, enterprise, {what: form})


@require_POST
@access.page("ladder.cultivate")
def cultivate(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin a cultivation measure."""
    enterprise = _firm(request, pk)
    form = _cultivation_form(enterprise, request.POST)
    if form.is_valid() and attempt(
        request,
        lambda: actions.open_cultivation(enterprise=enterprise, **form.said, by=request.user),
        done=_("措施已登记。"),
        form=form,
    ):
        return redirect(f"{reverse('ladder:firm', args=[pk])}#measures")
    return _page(request, enterprise, {"cultivation": form})


@require_POST
@access.page("ladder.cultivate")
def end(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """A measure is done, not done after all, or handed over as a case."""
    rows = access.seen_by(request.user, Cultivation, "ladder.cultivate").select_related("enterprise")
    measure = get_object_or_404(rows, pk=pk)
    back = redirect(f"{reverse('ladder:firm', args=[measure.enterprise_id])}#measures")
    if step == "hand":
        form: Form = HandForm(request.POST, user=request.user)
        if form.is_valid():
            category = form.cleaned_data["category"]
            attempt(
                request,
                lambda: actions.hand_over(measure=measure, category=category, by=request.user),
                done=_("已转为办件并派单。"),
            )
        return back
    ends: dict[str, tuple[Callable[..., Cultivation], str]] = {
        "finish": (actions.finish_cultivation, _("措施已完成。")),
        "drop": (actions.drop_cultivation, _("措施已取消。")),
    }
    if step in ends:
        act, done = ends[step]
        result = request.POST.get("result", "")
        attempt(request, lambda: act(measure=measure, result=result, by=request.user), done=done)
    return back


def _firm(request: HttpRequest, pk: int) -> Enterprise:
    return get_object_or_404(queries.firms_here(request.user).select_related("seat"), pk=pk)


def _page(request: HttpRequest, enterprise: Enterprise, forms: dict[str, Form]) -> HttpResponse:
    user, day = request.user, today()
    ladder = queries.ladder_of(enterprise, day)
    candidate = queries.candidates_seen_by(user).filter(enterprise=enterprise).first()
    name = shown_name(enterprise, user)
    seat = enterprise.seat
    may_move = seat is not None and access.may(user, "ladder.move", seat)
    may_cultivate = seat is not None and access.may(user, "ladder.cultivate", seat)
    own = enterprise.pk in access.reach_of(user).enterprises("ladder.see")
    context: dict[str, Any] = {
        "enterprise": enterprise,
        "name": name,
        "candidate": candidate,
        "standing": _(ladder.standing.label) if ladder.standing else "",
        "standing_tone": TIER_TONES[ladder.standing] if ladder.standing else "plain",
        "stage": _(Stage(candidate.stage).label) if candidate else _(ladder.stage.label),
        "crumbs": [Crumb(name)] if own else crumbs(Crumb(name)),
        "own": own,
        "may_move": may_move,
        "may_cultivate": may_cultivate,
        "moves": _moves(enterprise, user),
        **_milestones(enterprise, user, may_cultivate, forms),
        **_measures(enterprise, user, may_cultivate, forms),
    }
    if sight_of(enterprise, user).secrets:
        context |= _judged(enterprise, ladder, user)
    if may_move:
        context["move_form"] = forms.get("move") or MoveForm(standing=ladder.standing)
    if may_cultivate and candidate:
        context["owner_form"] = OwnerForm(initial={"owner": candidate.owner_id}, owners=queries.owners_for(enterprise))
    return render(request, "ladder/firm.html", context)


def _judged(enterprise: Enterprise, ladder: Ladder, user: Any) -> dict[str, Any]:
    """What rests on business secrets: the tiers with their reasons, the distances, the figures; the reading is remembered."""
    asked = queries.fields_asked(ladder.ruleset)
    facts = [one for one in facts_of(enterprise, user) if one.field.key in asked]
    secret = {one.field.key for one in facts if one.statements and one.field.sensitivity != "public"}
    remember_secrets_read(enterprise=enterprise, keys=secret, by=user)
    nearest = ladder.nearest
    proposal = ladder.proposal
    lacking = [*(ladder.lacking(ladder.next) if ladder.next else ()), *(nearest[1].missing if nearest else ())]
    tiers = [
        {
            "label": _(tier.label),
            "icon": ICONS[tier],
            "standing": tier == ladder.standing,
            "outcome": _(ladder.verdicts[tier].outcome.label),
            "tone": {True: "good", False: "quiet", None: "plain"}[ladder.met[tier]],
            "lines": words.explained(ladder.verdicts[tier], queries.book()),
            "open": tier in (ladder.standing, ladder.next),
            "default": rule.street_id is None,
        }
        for tier, rule in ladder.ruleset.tiers.items()
    ]
    return {
        "judged": True,
        "tiers": tiers,
        "next": _(ladder.next.label) if ladder.next else "",
        "lacking": lacking_of(ladder, ladder.next),
        "proposal": proposal,
        "proposal_kind": _(proposal.kind.label) if proposal else "",
        "proposal_to": _(proposal.to.label) if proposal and proposal.to else _("出库"),
        "proposal_tone": "info" if proposal and proposal.kind in (Kind.ENTER, Kind.RISE) else "warn",
        "standards": measured(ladder.distances, ladder.ruleset.day),
        "facts": facts_shown(facts),
        "questions": words.asked(list(dict.fromkeys(lacking))[:ASKED], queries.book()),
        "may_record": access.may(user, "enterprises.edit", enterprise),
        "may_claim": access.may(user, "enterprises.claim", enterprise),
    }


def _moves(enterprise: Enterprise, user: Any) -> list[Happening]:
    made = []
    for one in queries.moves_seen_by(user).filter(enterprise=enterprise)[:20]:
        kind = Kind(one.kind)
        after = _(Tier(one.tier_after).label) if one.tier_after else _("出库")
        before = _(Tier(one.tier_before).label) if one.tier_before else _("未入库")
        text = _("%(kind)s：%(before)s → %(after)s") % {"kind": _(kind.label), "before": before, "after": after}
        declined = one.answer == Answer.DECLINED.value
        if declined:
            text = _("不予调整（%(text)s）") % {"text": text}
        ground = _("按资料建议，由人确认") if one.proposed else _("手动调整")
        detail = "；".join(part for part in ("" if declined else ground, one.why) if part)
        made.append(
            Happening(
                one.day,
                text,
                who=str(one.by or ""),
                detail=detail,
                tone="quiet" if declined else KIND_TONES[kind],
                icon="stairs-up",
            )
        )
    return made


def _open_steps(enterprise: Enterprise, user: Any) -> list[Step]:
    reached = {one.step for one in queries.milestones_of(enterprise, user) if one.reached_on}
    return [step for step in Step if step.value not in reached]


def _milestones(enterprise: Enterprise, user: Any, may: bool, forms: dict[str, Form]) -> dict[str, Any]:
    held = {one.step: one for one in queries.milestones_of(enterprise, user)}
    follows = rules.next_step({Step(one.step) for one in held.values() if one.reached_on})
    shown = [
        {
            "step": step.value,
            "label": _(step.label),
            "reached": held[step.value].reached_on if step.value in held else None,
            "planned": held[step.value].planned_on if step.value in held else None,
            "evidence": held[step.value].evidence if step.value in held else "",
            "board": _(Board(held[step.value].board).label) if step.value in held and held[step.value].board else "",
            "next": step == follows,
        }
        for step in Step
    ]
    found: dict[str, Any] = {"milestones": shown, "asked": next((one for one in FORMS if one in forms), "")}
    if may:
        steps = [step for step in Step if step.value not in held or not held[step.value].reached_on]
        first = {"step": follows.value} if follows else {}
        found["plan_form"] = forms.get("plan") or PlanForm(steps=steps, initial=first)
        found["reach_form"] = forms.get("reach") or ReachForm(steps=steps, initial={**first, "reached_on": today()})
    return found


def _measures(enterprise: Enterprise, user: Any, may: bool, forms: dict[str, Form]) -> dict[str, Any]:
    rows = queries.cultivations_seen_by(user).filter(enterprise=enterprise)
    shown: list[dict[str, Any]] = [
        {
            "measure": one,
            "who": str(one.owner) if one.owner else one.department.title if one.department else "",
            "state": _(State(one.state).label),
            "tone": STATE_TONES[State(one.state)],
            "moves": LIFE.open_moves(one.state) if may else [],
            "ended": one.state in LIFE.terminal,
        }
        for one in sorted(rows, key=lambda one: (one.state in LIFE.terminal, one.due_at, one.pk))
    ]
    found: dict[str, Any] = {"measures": shown}
    if may:
        found["cultivation_form"] = forms.get("cultivation") or _cultivation_form(enterprise)
        found["result_form"] = ResultForm()
        found["hand_form"] = HandForm(user=user) if any("hand" in one["moves"] for one in shown) else None
    return found


def _cultivation_form(enterprise: Enterprise, posted: Any = None) -> CultivationForm:
    street = street_of(enterprise.seat) if enterprise.seat else None
    departments = list(departments_of(street)) if street else []
    return CultivationForm(posted, owners=queries.owners_for(enterprise), departments=departments)
