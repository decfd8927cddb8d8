"""The listing standards and the tiers in force, where they come from, what they were, and how a street sets its own 标准页."""

from datetime import date
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from linqi.conditions import words
from linqi.conditions.editor import Editor
from linqi.conditions.errors import ConditionError
from linqi.conditions.tree import Node
from linqi.enterprises import known
from linqi.kit import access
from linqi.kit.clock import today
from linqi.ladder import actions, queries
from linqi.ladder.forms import GroundForm, RuleForm
from linqi.ladder.models import Confidence, Standard, TierRule
from linqi.ladder.rules import Board, Tier
from linqi.ladder.views.board import crumbs, tabs
from linqi.ladder.views.lists import name_of
from linqi.territory.models import Place
from linqi.ui.asked import an_id
from linqi.ui.attempts import attempt
from linqi.ui.parts import Crumb

# icons: building-bank, stairs-up, pencil, history, calendar, arrow-back-up
TONES: Final = {
    Confidence.VERIFIED: "good",
    Confidence.SECONDARY: "info",
    Confidence.MEMORY: "warn",
    Confidence.DEFAULT: "warn",
    Confidence.STREET: "info",
}


@access.page("ladder.see")
def standards(request: HttpRequest) -> HttpResponse:
    """Every standard and tier in force on a day, each with its source, its dates and how sure it is."""
    street, day = _street(request), _day(request)
    asked = queries.ruleset(street, day)
    boards = [
        {"label": _(board.label), "rules": [_shown(one, day) for one in asked.standards if one.board == board.value]}
        for board in Board
    ]
    staff = access.may_anywhere(request.user, "ladder.board")
    context = {
        "street": street,
        "streets": list(queries.streets_seen(request.user)),
        "day": day,
        "today": today(),
        "boards": [one for one in boards if one["rules"]],
        "tiers": [_shown(one, day) for one in asked.tiers.values()],
        "total": len(asked.standards),
        "may_set": street is not None and access.may(request.user, "ladder.configure", street),
        "tabs": tabs(request.user, "standards") if staff else [],
    }
    return render(request, "ladder/standards.html", context)


@access.page("ladder.see")
def rule(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """One standard or tier: what it asks for, what it asked for before, and the form by which a street sets its own."""
    street = _street(request)
    model = _model(kind)
    history = queries.history_of(model, "code" if model is Standard else "tier", key, street) if street else []
    if street is None or not history:
        raise Http404
    day = today()
    now = next((one for one in _in_force(street, kind, day) if _key(one) == key), None)
    may_set = now is not None and access.may(request.user, "ladder.configure", street)
    form, change = None, None
    if now is not None and may_set:
        start = {"since": day, "note": now.note}
        form = RuleForm(request.POST or None, when=now.when, day=day, initial=start)
        form.fields["source"].required = "preview" not in request.POST  # one may look before one has a ground
        if request.method == "POST" and "restore" in request.POST:
            attempt(
                request,
                lambda: actions.restore_default(rule=now, by=request.user),
                done=_("已恢复产品默认，从今天起作数。"),
            )
            return redirect(f"{request.path}?street={street.pk}")
        if request.method == "POST" and form.is_valid():
            if "preview" in request.POST:
                change = queries.change_of(
                    street, queries.read(now.when), queries.read(form.changed), day, request.user
                )
            elif attempt(
                request,
                lambda: _set(now, street, form, form.changed, request.user),
                done=_("已保存，从生效日期起作数。"),
                form=form,
            ):
                return redirect(f"{request.path}?street={street.pk}")
    if form is not None:
        form.fields["source"].required = True
    title = name_of(now or history[0])
    context = {
        "street": street,
        "title": title,
        "now": _shown(now, day) if now else None,
        "own": now is not None and now.street_id is not None,
        "history": [_shown(one, max(one.since, min(day, one.until or day))) for one in history if one != now],
        "form": form,
        "kind": kind,
        "key": key,
        "change": change,
        "crumbs": crumbs(Crumb(_("上市标准与分层"), reverse("ladder:standards")), Crumb(title)),
    }
    return render(request, "ladder/rule.html", context)


@access.page("ladder.configure")
def edit(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """The whole condition of a standard or tier, as a street sets it: parts added, dropped and regrouped."""
    street = queries.streets_to_configure(request.user).filter(pk=_asked(request)).first()
    now = next((one for one in _in_force(street, kind, today()) if _key(one) == key), None) if street else None
    _model(kind)
    if street is None or now is None:
        raise Http404
    book = queries.book() if kind == "tier" else known.book()
    said: dict[str, Any] = {"name": "conditions", "url": request.path, "clauses": False}
    posted = request.method == "POST"
    editor = Editor.posted(request.POST, book, **said) if posted else Editor.of(now.when, book, **said)
    if not editor.problems:
        try:
            editor.counts, editor.near = queries.counts_of(street, queries.read(editor.data), today(), request.user)
        except ConditionError as problem:
            messages.warning(request, f"{problem.message}{problem.remedy}")
    if posted and request.headers.get("HX-Request") == "true" and "save" not in request.POST:
        return render(
            request, "conditions/_live.html" if "live" in request.GET else "conditions/editor.html", {"editor": editor}
        )
    asked = posted and "save" in request.POST
    start = request.POST.dict() if posted else {"since": today(), "note": now.note}
    form = GroundForm(request.POST if asked else None, initial=start)
    if asked and form.is_valid() and not editor.problems:
        done = _("已保存，从生效日期起作数。")
        saved = attempt(request, lambda: _set(now, street, form, editor.data, request.user), done=done, form=form)
        if saved:
            return redirect(f"{reverse('ladder:rule', args=[kind, key])}?street={street.pk}")
    title = name_of(now)
    back = f"{reverse('ladder:rule', args=[kind, key])}?street={street.pk}"
    context = {
        "street": street,
        "title": title,
        "editor": editor,
        "form": form,
        "back": back,
        "crumbs": crumbs(
            Crumb(_("上市标准与分层"), reverse("ladder:standards")), Crumb(title, back), Crumb(_("修改条件"))
        ),
    }
    return render(request, "ladder/edit.html", context)


def _set(now: Standard | TierRule, street: Place, form: GroundForm, when: Any, user: Any) -> None:
    said = {key: form.cleaned_data[key] for key in ("since", "source", "note")}
    if isinstance(now, Standard):
        actions.set_standard(street=street, code=now.code, when=when, **said, by=user)
    else:
        actions.set_tier(street=street, tier=Tier(now.tier), when=when, **said, by=user)


def _shown(one: Standard | TierRule, day: date) -> dict[str, Any]:
    confidence = Confidence(one.confidence)
    return {
        "rule": one,
        "key": _key(one),
        "kind": "standard" if isinstance(one, Standard) else "tier",
        "title": name_of(one),
        "lines": sentences(queries.read(one.when), day),
        "confidence": _(confidence.label),
        "tone": TONES[confidence],
    }


def sentences(node: Node, day: date) -> list[str]:
    """A condition as lines to read, one for each part of its outermost group."""
    book = queries.book()
    parts = getattr(node, "parts", None)
    if parts and type(node).__name__ == "AllOf":
        return [words.sentence(part, book, day) for part in parts]
    return [words.sentence(node, book, day)]


def _in_force(street: Place, kind: str, day: date) -> list[Standard | TierRule]:
    asked = queries.ruleset(street, day)
    return [*asked.standards] if kind == "standard" else [*asked.tiers.values()]


def _key(one: Standard | TierRule) -> str:
    return one.code if isinstance(one, Standard) else one.tier


def _model(kind: str) -> type[Standard | TierRule]:
    if kind not in ("standard", "tier"):
        raise Http404
    return Standard if kind == "standard" else TierRule


def _street(request: HttpRequest) -> Place | None:
    streets = queries.streets_seen(request.user)
    return streets.filter(pk=_asked(request)).first() or streets.first()


def _asked(request: HttpRequest) -> int:
    """The street that the address or the form names; 0 when none does."""
    return an_id(request.POST.get("street") or request.GET.get("street"))


def _day(request: HttpRequest) -> date:
    try:
        day = parse_date(request.GET.get("day", ""))
    except ValueError:
        day = None
    return day if day and 2000 <= day.year <= 2100 else today()
