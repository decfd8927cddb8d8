"""Policies at the desk: what they say, whom they concern, who gains and loses by a change, the way to the money 政策台."""

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_POST

from linqi.cases.deadlines import in_words
from linqi.conditions import examples, tree, words
from linqi.conditions.editor import Editor
from linqi.conditions.errors import ConditionError
from linqi.conditions.facts import Facts
from linqi.conditions.one import judge_seen
from linqi.conditions.rules import Outcome
from linqi.conditions.values import plain_number
from linqi.enterprises import known
from linqi.enterprises.queries import enterprises_seen_by, shown_name
from linqi.journal.queries import entries_about
from linqi.kit import access
from linqi.kit.clock import today
from linqi.policies import forms, queries
from linqi.policies.actions import exports, offers, payment, versions
from linqi.policies.flow import ENDED, FLOWS, VERSION, Channel, Move, Step, VersionState
from linqi.policies.models import Application, Confidence, Delivery, Example, Kind, Level, Policy, PolicyVersion
from linqi.policies.rules import BenefitKind, LedgerKind
from linqi.policies.views.lists import TONES, applications_table, firms_table, ledger_table, policies_table
from linqi.territory.queries import street_of
from linqi.ui import shown
from linqi.ui.attempts import attempt
from linqi.ui.parts import Crumb, Fact, Happening

OUTCOME_TONES = {
    Outcome.MET: "good",
    Outcome.MANUAL_REVIEW: "info",
    Outcome.UNKNOWN: "warn",
    Outcome.UNMET: "quiet",
    Outcome.NOT_APPLICABLE: "quiet",
}
_WHO = {  # which firms a list shows
    "met": (Outcome.MET,),
    "manual_review": (Outcome.MANUAL_REVIEW,),
    "unknown": (Outcome.UNKNOWN,),
    "unmet": (Outcome.UNMET,),
}
_LISTS = {  # the lists of firms of a version, with their titles
    "met": Outcome.MET.label,
    "manual_review": Outcome.MANUAL_REVIEW.label,
    "unknown": Outcome.UNKNOWN.label,
    "unmet": Outcome.UNMET.label,
    "near": gettext_noop("只差一项"),
    "never": gettext_noop("可能符合而从未告知"),
}
_ASKED = {  # what a move needs to be told
    "drop": ("reason",),
    "reject": ("reason",),
    "recall": ("reason", "amount"),
    "ask_correction": ("reason",),
    "sample": ("reason",),
    "list": ("amount",),
    "approve": ("amount",),
    "confirm": ("account_holder", "account_tail"),
    "decline": ("reason",),
}
SHOWN_AT_ONCE = 200  # firms for which a list works out what they lack or may get


# --- policies ---------------------------------------------------------------------------------------------------------
@access.page("policies.see")
def policies(request: HttpRequest) -> HttpResponseBase:
    """Every policy of the street; an enterprise user is led to their own."""
    if not access.may_anywhere(request.user, "policies.push"):
        return redirect("policies:mine")
    rows = queries.policies_seen_by(request.user)
    table = policies_table(queries.standings(rows, today())).bind(
        request, rows, may_export=access.may_anywhere(request.user, "policies.export")
    )
    if table.export_format:
        exports.remember_export(what="policies", rows=table.total, asked=request.GET.urlencode(), by=request.user)
        return table.export()
    context = {
        "may_draft": access.may_anywhere(request.user, "policies.draft"),
        "waiting": queries.versions_seen_by(request.user).filter(state=VersionState.SUBMITTED).order_by("pk"),
        "drafts": queries.versions_seen_by(request.user).filter(state=VersionState.DRAFT).order_by("pk"),
    }
    return table.answer("policies/list.html", context)


@access.page("policies.see")
def policy(request: HttpRequest, pk: int) -> HttpResponse:
    """What a policy says, since when, for whom, and how far it reaches."""
    found = get_object_or_404(queries.policies_seen_by(request.user), pk=pk)
    rows = list(queries.versions_seen_by(request.user).filter(policy=found).order_by("-number"))
    day = today()
    now = queries.version_in_force(found, day)
    asked = request.GET.get("v", "")
    version = (
        next((one for one in rows if str(one.number) == asked), None)
        or next((one for one in rows if one == now), None)
        or (rows[0] if rows else None)
    )
    if version is None:
        return render(request, "policies/policy.html", {"policy": found, "versions": [], "crumbs": _crumbs(found)})
    staff = access.may_anywhere(request.user, "policies.push")
    context = {
        "policy": found,
        "version": version,
        "versions": rows,
        "now": now,
        "expired": now is None and version.until is not None and version.until < day,
        "facts": _facts(found, version),
        "tree": _tree(version),
        "benefits": [(one, _tier_words(one.tiers)) for one in version.benefits.all()],
        "reach": queries.reach_of(version, day) if staff and version == now and found.subject == "enterprise" else None,
        "budgets": queries.budgets_of(found) if staff else [],
        "budget_form": forms.BudgetForm() if access.may(request.user, "policies.publish", found) else None,
        "draft": next((one for one in rows if one.state in (VersionState.DRAFT, VersionState.SUBMITTED)), None),
        "may_draft": access.may(request.user, "policies.draft", found),
        "may_push": version == now and access.may(request.user, "policies.push", version),
        "may_handle": version == now
        and found.channel == Channel.NO_APPLICATION
        and access.may(request.user, "policies.handle", version),
        "may_withdraw": version.state == VersionState.PUBLISHED
        and access.may(request.user, "policies.publish", version),
        "staff": staff,
        "crumbs": _crumbs(found),
    }
    return render(request, "policies/policy.html", context)


@access.page("policies.draft")
def create(request: HttpRequest) -> HttpResponse:
    """A new policy of one's own street."""
    form = forms.PolicyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = dict(form.cleaned_data)
        made: list[PolicyVersion] = []
        street = _street(request)

        def save() -> None:
            made.append(versions.create_policy(street=street, key=said.pop("key"), values=said, by=request.user))

        if attempt(request, save, form=form):
            return redirect("policies:edit", pk=made[0].pk)
    crumbs = [Crumb(_("惠企政策"), reverse("policies:list")), Crumb(_("新建政策"))]
    return render(request, "policies/create.html", {"form": form, "crumbs": crumbs})


@require_POST
@access.page("policies.draft")
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin a new version as a copy of the newest."""
    found = get_object_or_404(queries.policies_seen_by(request.user), pk=pk)
    made: list[PolicyVersion] = []
    if attempt(request, lambda: made.append(versions.draft_version(policy=found, by=request.user))):
        return redirect("policies:edit", pk=made[0].pk)
    return redirect("policies:policy", pk=pk)


@require_POST
@access.page("policies.publish")
def budget(request: HttpRequest, pk: int) -> HttpResponse:
    """Write the budget of a year."""
    found = get_object_or_404(queries.policies_seen_by(request.user), pk=pk)
    form = forms.BudgetForm(request.POST)
    if form.is_valid():
        attempt(
            request,
            lambda: versions.set_budget(policy=found, by=request.user, **form.cleaned_data),
            done=_("已保存预算。"),
        )
    else:
        _say(request, _("预算没有保存：请填写年度和金额。"), "error")
    return redirect("policies:policy", pk=pk)


# --- versions ---------------------------------------------------------------------------------------------------------
@access.page("policies.draft")
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Write a draft: conditions with their clauses, what it gives, examples; nothing typed is lost."""
    version = _version(request, pk, "policies.draft")
    if version.state != VersionState.DRAFT:
        return redirect(f"{reverse('policies:policy', args=[version.policy_id])}?v={version.number}")
    editor, form = _editor(request, version), forms.VersionForm.of(version, request.POST or None)
    benefits = _benefit_rows(version)
    if request.method == "POST":
        pressed = bool(request.POST.get("conditions-do"))  # without a script the editor's buttons come here
        if not pressed and form.is_valid():

            def save() -> None:
                given = forms.benefits_of(request.POST)
                versions.change_draft(
                    version=version, changes=form.changes() | {"conditions": editor.data}, by=request.user
                )
                versions.set_benefits(version=version, benefits=given, by=request.user)

            if attempt(request, save, done=_("已保存草稿。"), form=form):
                follow = request.POST.get("then", "")
                return redirect(
                    reverse("policies:shift", args=[pk]) if follow == "shift" else reverse("policies:edit", args=[pk])
                )
        benefits = _typed_rows(request)
    _count(editor, version)
    context = {
        "version": version,
        "policy": version.policy,
        "form": form,
        "editor": editor,
        "benefits": list(enumerate(benefits)),
        "benefit_kinds": BenefitKind.choices,
        "examples": [_example(one) for one in version.examples.all()],
        "obstacles": _obstacles(version, None),
        "crumbs": [*_crumbs(version.policy, here=False), Crumb(_("第 %(n)s 版草稿") % {"n": version.number})],
    }
    return render(request, "policies/edit.html", context)


@require_POST
@access.page("policies.draft")
def edit_conditions(request: HttpRequest, pk: int) -> HttpResponse:
    """The editor after a button, or only what is said below it while somebody types."""
    version = _version(request, pk, "policies.draft")
    editor = _editor(request, version)
    _count(editor, version)
    return render(
        request, "conditions/_live.html" if "live" in request.GET else "conditions/editor.html", {"editor": editor}
    )


@require_POST
@access.page("policies.draft")
def propose_examples(request: HttpRequest, pk: int) -> HttpResponse:
    """Find a firm that meets the conditions as saved and one that misses by one figure; they take the place of examples that fail now."""
    version = _version(request, pk, "policies.draft")
    try:
        rule = queries.rule_of(version)
    except ConditionError as problem:
        _say(request, f"{problem.message}{problem.remedy}", "error")
        return redirect("policies:edit", pk=pk)
    made = []
    for name, facts in (
        (_("符合全部条件"), examples.meeting(rule, known.book(), today())),
        (_("只差一项"), examples.missing_by_one(rule, known.book(), today())),
    ):
        if facts is not None:
            made.append((name, facts))

    def save() -> None:
        for example in version.examples.all():
            if queries.result_of(example).outcome != example.expected:
                versions.drop_example(example=example, by=request.user)
        for name, facts in made:
            expected = Outcome.UNMET if name == _("只差一项") else Outcome.MANUAL_REVIEW if rule.manual else Outcome.MET
            versions.add_example(
                version=version, name=name, facts=_plain(facts), expected=expected.value, by=request.user
            )

    if len(made) < 2:
        _say(request, _("没能凑出两个样例：请检查条件是否互相矛盾，或总能满足。"), "warning")
    attempt(request, save, done=_("已加入样例，请核对。") if made else "")
    return redirect(f"{reverse('policies:edit', args=[pk])}#examples")


@require_POST
@access.page("policies.draft")
def drop_example(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an example out of a draft."""
    example = get_object_or_404(
        access.seen_by(request.user, Example, "policies.draft").select_related("version"), pk=pk
    )
    attempt(request, lambda: versions.drop_example(example=example, by=request.user))
    return redirect(f"{reverse('policies:edit', args=[example.version_id])}#examples")


@access.page("policies.see")
def shift(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Who gains, who loses, who becomes unknown when a draft takes the place of the version in force."""
    version = _version(request, pk, "policies.draft")
    day = today()
    before = queries.version_in_force(version.policy, day)
    obstacles = _obstacles(version, request.user.pk if version.state == VersionState.SUBMITTED else None)
    context: dict[str, Any] = {
        "version": version,
        "policy": version.policy,
        "before": before,
        "obstacles": obstacles,
        "editor": version.drafted_by,
        "same_person": version.drafted_by_id == request.user.pk,
        "may_submit": version.state == VersionState.DRAFT and access.may(request.user, "policies.draft", version),
        "may_publish": version.state == VersionState.SUBMITTED
        and access.may(request.user, "policies.publish", version),
        "crumbs": [*_crumbs(version.policy, here=False), Crumb(_("发布前比较"))],
        "parts": [],
    }
    if before is None or (obstacles and any(code == "conditions" for code, _label, _where in obstacles)):
        return render(request, "policies/shift.html", context)
    moved = queries.shift_of(version, before, day)
    parts = [
        ("gains", _("新增可能符合"), "good", moved.gains),
        ("loses", _("不再符合"), "bad", moved.loses),
        ("unknown", _("变为缺少资料"), "warn", moved.becomes_unknown),
        ("settled", _("由缺资料变为不符合"), "quiet", moved.becomes_unmet),
    ]
    chosen = request.GET.get("who", "")
    which = next(
        (ids for key, _label, _tone, ids in parts if key == chosen),
        next((ids for *_rest, ids in parts if len(ids)), moved.gains),
    )
    chosen = next(key for key, *_rest, ids in parts if ids is which)
    rows = enterprises_seen_by(request.user).filter(pk__in=which.tolist()).select_related("seat")
    table = firms_table(request.user, {}, {}).bind(
        request, rows, may_export=access.may_anywhere(request.user, "policies.export")
    )
    if table.export_format:
        exports.remember_export(what="policy_shift", rows=table.total, asked=request.GET.urlencode(), by=request.user)
        return table.export()
    context["parts"] = [(key, label, tone, len(ids), key == chosen) for key, label, tone, ids in parts]
    return table.answer("policies/shift.html", context)


@require_POST
@access.page("policies.see")
def version_move(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Submit, send back, publish, withdraw or discard a version."""
    version = _version(request, pk, "policies.see")
    if step not in (*VERSION.moves, "discard"):
        raise Http404(step)
    reason = request.POST.get("reason", "")
    moves: dict[str, tuple[Callable[[], Any], str]] = {
        "submit": (
            lambda: versions.submit_version(version=version, by=request.user),
            _("已提请发布，请另一位同事复核发布。"),
        ),
        "send_back": (
            lambda: versions.send_back_version(version=version, reason=reason, by=request.user),
            _("已退回草稿。"),
        ),
        "publish": (lambda: versions.publish_version(version=version, by=request.user), _("已发布。")),
        "withdraw": (lambda: versions.withdraw_version(version=version, reason=reason, by=request.user), _("已撤下。")),
        "discard": (lambda: versions.discard_draft(version=version, by=request.user), _("已删除草稿。")),
    }
    act, done = moves[step]
    policy_pk = version.policy_id
    if not attempt(request, act, done=done):
        return (
            redirect("policies:shift", pk=pk)
            if step in VERSION.moves and step != "withdraw"
            else redirect("policies:policy", pk=policy_pk)
        )
    if step == "discard":
        left = Policy.objects.filter(pk=policy_pk).exists()
        return redirect("policies:policy", pk=policy_pk) if left else redirect("policies:list")
    return redirect("policies:edit", pk=pk) if step == "send_back" else redirect("policies:policy", pk=policy_pk)


# --- firms ------------------------------------------------------------------------------------------------------------
@access.page("policies.push")
def firms(request: HttpRequest, pk: int, who: str) -> HttpResponseBase:
    """The firms of the street that a version concerns: met, for the authority, data missing, one figure short, never told."""
    version = _version(request, pk, "policies.push")
    if who not in _LISTS:
        raise Http404(who)
    day = today()
    if who == "never":
        ids = queries.never_reached(version, day)
    else:
        ids = queries.firms_of(version, day, *_WHO.get(who, (Outcome.UNMET,)), near=who == "near")
    amounts, short = _worked_out(version, ids[:SHOWN_AT_ONCE].tolist(), who)
    rows = enterprises_seen_by(request.user).filter(pk__in=ids.tolist()).select_related("seat")
    table = firms_table(request.user, amounts, short).bind(
        request, rows, may_export=access.may_anywhere(request.user, "policies.export")
    )
    if table.export_format:
        exports.remember_export(what="policy_firms", rows=table.total, asked=f"{pk} {who}", by=request.user)
        return table.export()
    title = _LISTS[who]
    crumbs = [*_crumbs(version.policy, here=False), Crumb(_(title))]
    return table.answer(
        "policies/firms.html",
        {"version": version, "policy": version.policy, "title": _(title), "who": who, "crumbs": crumbs},
    )


@require_POST
@access.page("policies.push")
def push(request: HttpRequest, pk: int) -> HttpResponse:
    """Tell every firm that may meet it."""
    version = _version(request, pk, "policies.push")
    made: list[offers.Pushed] = []
    if attempt(request, lambda: made.append(offers.push(version=version, by=request.user))):
        pushed = made[0]
        _say(
            request,
            _("已推送 %(n)s 家，其中 %(reached)s 家有用户收到通知；此前已推送 %(before)s 家。")
            % {"n": pushed.offered, "reached": pushed.reached, "before": pushed.before},
            "success",
        )
    return redirect("policies:policy", pk=version.policy_id)


@require_POST
@access.page("policies.handle")
def candidates(request: HttpRequest, pk: int) -> HttpResponse:
    """Make the list of candidates of a no-application policy."""
    version = _version(request, pk, "policies.handle")
    made: list[int] = []
    if attempt(request, lambda: made.append(payment.open_candidates(version=version, by=request.user))):
        _say(request, _("新增候选 %(n)s 家。") % {"n": made[0]}, "success")
        return redirect(f"{reverse('policies:applications')}?q={version.policy.name_zh}")
    return redirect("policies:policy", pk=version.policy_id)


@access.page("policies.push")
def questions(request: HttpRequest) -> HttpResponse:
    """Which missing fact, if it were asked, would settle most for the firms of the street."""
    street, book = _street(request, "policies.push"), known.book()
    found, asked, all_ = queries.questions_of(street.pk, today())
    rows = [
        (words.label(one.key, one.period, book), one, book[one.key].group, shown.money(one.money) if one.money else "")
        for one in found
        if book[one.key].asked
    ][:30]
    crumbs = [Crumb(_("惠企政策"), reverse("policies:list")), Crumb(_("最该问的信息"))]
    return render(
        request,
        "policies/questions.html",
        {"rows": rows, "asked": asked, "all": all_, "street": street, "crumbs": crumbs},
    )


# --- the way to the money ---------------------------------------------------------------------------------------------
@access.page("policies.handle")
def applications(request: HttpRequest) -> HttpResponseBase:
    """Everything on its way to payment, in both channels."""
    table = applications_table(request.user, today()).bind(
        request,
        queries.applications_seen_by(request.user),
        may_export=access.may_anywhere(request.user, "policies.export"),
    )
    if table.export_format:
        exports.remember_export(what="applications", rows=table.total, asked=request.GET.urlencode(), by=request.user)
        return table.export()
    return table.answer("policies/applications.html", {})


@access.page("policies.see")
def application(request: HttpRequest, pk: int) -> HttpResponse:
    """One application: where it stands, why, by when, what was said, and what this user may do now."""
    found = get_object_or_404(queries.applications_seen_by(request.user), pk=pk)
    moves = [move for move in FLOWS[Channel(found.channel)].open_moves(found.state) if _may(request.user, found, move)]
    chance = queries.chance_of(found.version, found.enterprise, today())
    asked = request.GET.get("move", "")
    form = forms.MoveForm(asked=_ASKED[asked]) if asked in moves and asked in _ASKED else None
    firm_side = _may(request.user, found, "submit") and found.state in (Step.DRAFT, Step.CORRECTING)
    context = {
        "application": found,
        "policy": found.version.policy,
        "firm": shown_name(found.enterprise, request.user),
        "state": _(Step(found.state).label),
        "tone": TONES.get(Step(found.state), "plain"),
        "why_due": in_words(found.due_why),
        "facts": _application_facts(found),
        "materials": found.materials.all(),
        "chance": chance,
        "outcome": _(chance.outcome.label),
        "outcome_tone": OUTCOME_TONES[chance.outcome],
        "lines": words.explained(chance.verdict, known.book()),
        "moves": [
            (move, _(Move(move).label), move in _ASKED, move == asked)
            for move in moves
            if move not in ("submit",) or not firm_side
        ],
        "form": form,
        "asked": asked,
        "asked_label": _(Move(asked).label) if form else "",
        "firm_side": firm_side,
        "ledger": [
            (_(LedgerKind(line.kind).label), line.amount, line.on)
            for line in access.seen_by(request.user, found.ledger.all(), "policies.see_money")
        ],
        "happenings": [_happening(entry) for entry in entries_about(found)[:50]],
        "ended": found.state in ENDED,
        "crumbs": _application_crumbs(request, found),
    }
    return render(request, "policies/application.html", context)


@require_POST
@access.page("policies.see")
def application_move(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """One move of an application."""
    found = get_object_or_404(queries.applications_seen_by(request.user), pk=pk)
    if step not in FLOWS[Channel(found.channel)].moves:
        raise Http404(step)
    said = {name: request.POST.get(name, "") for name in ("reason", "amount", "account_holder", "account_tail")}

    def act() -> None:
        if step == "submit" and "statement" in request.POST:
            given = {one.pk: request.POST.get(f"material-{one.pk}", "") for one in found.materials.filter(held="")}
            payment.fill_in(
                application=found,
                statement=request.POST["statement"],
                amount=said["amount"],
                given=given,
                by=request.user,
            )
        if not request.POST.get("keep"):
            account = (said["account_holder"], said["account_tail"])
            payment.move(
                application=found,
                step=step,
                reason=said["reason"],
                amount=said["amount"],
                account=account,
                by=request.user,
            )

    done = (
        _("已保存，尚未提交。") if request.POST.get("keep") else _("已办理：%(move)s") % {"move": _(Move(step).label)}
    )
    if attempt(request, act, done=done) or step not in _ASKED:
        return redirect("policies:application", pk=pk)
    return redirect(f"{reverse('policies:application', args=[pk])}?move={step}")


@access.page("policies.see_money")
def ledger(request: HttpRequest) -> HttpResponseBase:
    """Every line about money, with the sums of what is shown."""
    rows = queries.ledger_seen_by(request.user)
    table = ledger_table(request.user).bind(
        request, rows, may_export=access.may_anywhere(request.user, "policies.export")
    )
    if table.export_format:
        exports.remember_export(what="ledger", rows=table.total, asked=request.GET.urlencode(), by=request.user)
        return table.export()
    sums = queries.sums_of(rows)
    return table.answer("policies/ledger.html", {"sums": [(_(kind.label), amount) for kind, amount in sums.items()]})


# --- parts ------------------------------------------------------------------------------------------------------------
_BENEFIT = ("name", "kind", "amount", "cap", "ratio", "formula", "ceiling", "per", "note", "tiers")


def _say(request: HttpRequest, text: str, tone: str) -> None:
    messages.add_message(
        request, {"success": messages.SUCCESS, "warning": messages.WARNING}.get(tone, messages.ERROR), text
    )


def _version(request: HttpRequest, pk: int, permission: str) -> PolicyVersion:
    rows = access.seen_by(request.user, PolicyVersion, permission).select_related(
        "policy", "policy__street", "drafted_by"
    )
    return get_object_or_404(rows, pk=pk)


def _street(request: HttpRequest, permission: str = "policies.draft") -> Any:
    found = access.seen_by(request.user, Policy, permission).select_related("street").first()
    if found is not None:
        return found.street
    places = access.reach_of(request.user).places(permission)
    if not places:
        raise PermissionDenied(permission)
    from linqi.territory.models import Place

    return street_of(Place.objects.get(pk=places[0]), today())


def _editor(request: HttpRequest, version: PolicyVersion) -> Editor:
    url = reverse("policies:edit_conditions", args=[version.pk])
    if request.method == "POST":
        return Editor.posted(request.POST, known.book(), name="conditions", url=url)
    return Editor.of(version.conditions, known.book(), name="conditions", url=url)


def _count(editor: Editor, version: PolicyVersion) -> None:
    """Put the live counts of the street into an editor that can be read."""
    if not editor.problems:
        editor.counts, editor.near = queries.counts_of(
            editor.data, version.policy.street_id, today(), version.applies, version.manual
        )


def _tree(version: PolicyVersion) -> tuple[words.Line, ...]:
    """The conditions of a version as lines to read, their clauses beside them."""
    try:
        node = queries.rule_of(version).when
    except ConditionError as problem:
        return (words.Line("unmet", f"{problem.message}{problem.remedy}"),)
    return words.outlined(node, known.book())


def _facts(policy: Policy, version: PolicyVersion) -> list[Fact]:
    window = f"{version.window_since} – {version.window_until}" if version.window_since else None
    return [
        Fact(_("文号"), version.document_no or None),
        Fact(_("发文单位"), "、".join(policy.issuers) or None),
        Fact(_("层级"), _(Level(policy.level).label)),
        Fact(_("类别"), _(Kind(policy.kind).label)),
        Fact(_("兑现途径"), _(Delivery(policy.delivery).label)),
        Fact(
            _("有效期"),
            f"{version.since} – {version.until or _('未见截止')}",
            note="" if version.dates_seen else _("日期未见于来源"),
        ),
        Fact(_("申报期"), window or _("未限定")),
        Fact(_("可信度"), _(Confidence(version.confidence).label)),
        Fact(_("来源"), "；".join(version.source) or None),
        *([Fact(_("过渡"), version.transition)] if version.transition else []),
        *([Fact(_("说明"), version.note)] if version.note else []),
    ]


def _crumbs(policy: Policy, *, here: bool = True) -> list[Crumb]:
    return [
        Crumb(_("惠企政策"), reverse("policies:list")),
        Crumb(policy.name_zh, "" if here else reverse("policies:policy", args=[policy.pk])),
    ]


def _application_crumbs(request: HttpRequest, found: Application) -> list[Crumb]:
    if access.may_anywhere(request.user, "policies.handle"):
        return [Crumb(_("兑现事项"), reverse("policies:applications")), Crumb(found.number)]
    return [Crumb(_("我的政策"), reverse("policies:mine")), Crumb(found.number)]


def _application_facts(found: Application) -> list[Fact]:
    return [
        Fact(_("政策"), found.version.policy.name_zh, url=reverse("policies:policy", args=[found.version.policy_id])),
        Fact(_("方式"), _(Channel(found.channel).label)),
        Fact(_("年度"), str(found.year)),
        Fact(_("测算金额"), found.amount, kind="money", note=_("上限") if found.ceiling else ""),
        Fact(_("核定金额"), found.approved, kind="money"),
        *([Fact(_("公示至"), found.notice_until, kind="date")] if found.notice_until else []),
        *([Fact(_("收款账户"), f"{found.account_holder} ****{found.account_tail}")] if found.account_tail else []),
        *([Fact(_("补正要求"), found.correction)] if found.correction else []),
        *([Fact(_("原因"), found.reason)] if found.reason else []),
        *([Fact(_("抽查结果"), found.sample)] if found.sample else []),
    ]


def _happening(entry: Any) -> Happening:
    move = entry.data.get("move", "")
    text = _(Move(move).label) if move in Move.values else entry.verb_label
    return Happening(at=entry.at, text=text, who=entry.actor_label, detail=entry.data.get("reason", ""))


def _may(user: Any, found: Application, move: str) -> bool:
    needed = payment.permission_for(move)
    return access.may(user, needed, found)


def _benefit_rows(version: PolicyVersion) -> list[dict[str, Any]]:
    """The benefits as the form shows them, as saved, with two empty rows to add to."""
    rows: list[dict[str, Any]] = []
    for one in version.benefits.all():
        row = {name: value if (value := getattr(one, name)) is not None else "" for name in _BENEFIT}
        rows.append(row | {"tiers": json.dumps(one.tiers, ensure_ascii=False), "tier_words": _tier_words(one.tiers)})
    return [*rows, *_blank_rows(len(rows))]


def _typed_rows(request: HttpRequest) -> list[dict[str, Any]]:
    """The benefits as they were typed."""
    rows = [
        {name: request.POST.get(f"benefit-{at}-{name}", "") for name in _BENEFIT}
        for at in range(forms.ROWS_OF_BENEFITS)
    ]
    rows = [row for row in rows if row["name"] or row["amount"] or row["formula"]]
    return [*rows, *_blank_rows(len(rows))]


def _blank_rows(filled: int) -> list[dict[str, Any]]:
    return [dict.fromkeys(_BENEFIT, "") for _at in range(min(2, forms.ROWS_OF_BENEFITS - filled))]


def _tier_words(tiers: list[dict[str, Any]]) -> str:
    """The tiers of a benefit in words: 上市 700 万元；受理 200 万元."""
    said = []
    for one in tiers:
        money = shown.money(Decimal(str(one["amount"]))) if one.get("amount") is not None else "—"
        said.append(f"{one.get('name') or words.sentence(tree.parse(one['when'], known.book()), known.book())} {money}")
    return "；".join(said)


def _example(example: Example) -> dict[str, Any]:
    book = known.book()
    try:
        verdict = queries.result_of(example)
        said, right = _(verdict.outcome.label), verdict.outcome == example.expected
    except (ConditionError, ValidationError):
        said, right = _("条件有误，不能试算"), False
    listed = [(words.label(key, period, book), value) for key, period, value in example.facts]
    return {
        "example": example,
        "expected": _(Outcome(example.expected).label),
        "said": said,
        "right": right,
        "facts": listed,
    }


def _obstacles(version: PolicyVersion, publisher: int | None) -> list[tuple[str, str, str]]:
    return [
        (obstacle.value, _(obstacle.label), "、".join(where))
        for obstacle, where in queries.obstacles_to(version, publisher)
    ]


def _plain(facts: Facts) -> list[list[Any]]:
    def plain(value: Any) -> Any:
        if isinstance(value, bool):
            return value
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, (tuple, frozenset)):
            return list(value)
        if hasattr(value, "numerator"):
            return int(value) if value.denominator == 1 else format(plain_number(value), "f")
        return value

    return [[key, period, plain(one.value)] for (key, period), one in facts.items()]


def _worked_out(version: PolicyVersion, ids: list[int], who: str) -> tuple[dict[int, str], dict[int, str]]:
    """For the firms on a list: what they may get, or what they lack."""
    people, book = known.population(), known.book()
    amounts, short = {}, {}
    rule = queries.rule_of(version)
    for pk in ids:
        row = people.row_of(pk)
        if row is None:
            continue
        sight = people.sight(row)
        if who in ("near", "unmet"):
            lacks = judge_seen(rule, sight).shortfalls[:3]
            short[pk] = "；".join(
                " ".join((words.sentence(one.node, book, people.day), words.falls_short(one, book))) for one in lacks
            )
        elif who == "unknown":
            short[pk] = "、".join(words.asked(judge_seen(rule, sight).missing[:4], book))
        else:
            money = queries.estimate_of(version, sight)
            if money.amount is not None:
                amounts[pk] = (_("不超过 %(amount)s") if money.ceiling else "%(amount)s") % {
                    "amount": shown.money(money.amount)
                }
    return amounts, short
