"""The queue of records that may be one enterprise, or branch and parent; a person decides 疑似同企."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from linqi.enterprises import queries
from linqi.enterprises.actions.pairs import keep_pair_apart, link_pair, merge_pair, undo_pair
from linqi.enterprises.models import PairKind
from linqi.enterprises.tasks_registry import find_pairs
from linqi.kit import access
from linqi.kit.flow import MoveRefused
from linqi.territory.models import Place, PlaceKind
from linqi.ui.asked import an_id
from linqi.ui.parts import Tab

PAGE = 20  # pairs on a page
STREETS = 3  # places offered to be looked through
DECIDED = 20  # decisions that can be taken back from the page


@access.page("enterprises.resolve")
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """Pairs to judge, the most probable first, both records side by side; below, what was decided lately."""
    user = request.user
    kind = PairKind.BRANCH if request.GET.get("kind") == "branch" else PairKind.DUPLICATE
    waiting = queries.pairs_to_decide(user)
    totals = {one: waiting.filter(kind=one.value).count() for one in PairKind}
    pairs = queries.pairs_shown(waiting.filter(kind=kind.value)[:PAGE], user)
    tabs = [Tab(_(one.label), f"{request.path}?kind={one.value}", one == kind, totals[one]) for one in PairKind]
    return render(
        request,
        "enterprises/pairs.html",
        {
            "tabs": tabs,
            "kind": kind.value,
            "pairs": pairs,
            "more": max(0, totals[kind] - len(pairs)),
            "decided": queries.pairs_shown(queries.pairs_decided(user)[:DECIDED], user),
            "streets": _streets(user)[:STREETS],
        },
    )


@access.page("enterprises.resolve")
@require_POST
def find(request: HttpRequest) -> HttpResponse:
    """Have a street looked through; the pairs appear when the job is done."""
    street = get_object_or_404(_streets(request.user), pk=an_id(request.POST.get("street")))
    user: Any = request.user
    find_pairs.enqueue(street=street.pk, by=user.pk)
    messages.success(request, _("已开始查找，稍后刷新即可看到结果。"))
    return redirect("enterprises:pairs")


@access.page("enterprises.resolve")
@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Merge, link or keep apart; answers with the card as it now stands."""
    pair = get_object_or_404(queries.pairs_seen_by(request.user).select_related("left", "right"), pk=pk)
    move = request.POST.get("move", "")
    problem = ""
    try:
        if move in ("keep_left", "keep_right"):
            merge_pair(pair=pair, keep=pair.left if move == "keep_left" else pair.right, by=request.user)
        elif move in ("branch_left", "branch_right"):
            link_pair(pair=pair, branch=pair.left if move == "branch_left" else pair.right, by=request.user)
        else:
            keep_pair_apart(pair=pair, by=request.user)
    except MoveRefused:
        problem = _("这一对已经有人处理过了。")
    except ValidationError as refused:
        problem = " ".join(refused.messages)
    return _answer(request, pk, problem)


@access.page("enterprises.resolve")
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a decision back."""
    pair = get_object_or_404(queries.pairs_seen_by(request.user), pk=pk)
    problem = ""
    try:
        undo_pair(pair=pair, by=request.user)
    except MoveRefused:
        problem = _("这一对还没有处理，或已经撤销。")
    except ValidationError as refused:
        problem = " ".join(refused.messages)
    return _answer(request, pk, problem)


def _streets(user: Any) -> QuerySet[Place]:
    rows = access.seen_by(user, Place, "enterprises.resolve")
    return rows.filter(kind__in=(PlaceKind.STREET.value, PlaceKind.COMMUNITY.value), until=None).order_by("-kind", "pk")


def _answer(request: HttpRequest, pk: int, problem: str) -> HttpResponse:
    if request.headers.get("HX-Request") != "true":
        messages.add_message(request, messages.WARNING if problem else messages.SUCCESS, problem or _("已处理。"))
        return redirect("enterprises:pairs")
    pair = queries.pairs_seen_by(request.user).select_related("left", "right").filter(pk=pk)
    one = queries.pairs_shown(pair, request.user)[0]
    return render(request, "enterprises/_pair.html", {"one": one, "problem": problem})
