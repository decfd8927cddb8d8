"""The lists that everybody has and those that somebody set up, above the pool 办件视图."""

from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from linqi.cases import actions, queries
from linqi.cases.models import Case, SavedView
from linqi.cases.views.lists import cases_in
from linqi.cases.worklists import Worklist, narrowed
from linqi.kit import access
from linqi.kit.counting import counted_up_to
from linqi.territory.models import Place
from linqi.ui.asked import an_id, words
from linqi.ui.attempts import attempt
from linqi.ui.parts import Tab

TODO_TO: Final = 999  # counted at most: who has more before them needs no exact figure


def views_of(request: HttpRequest) -> dict[str, Any]:
    """The tabs above the list, which of them is shown, and what may be done with the view that is."""
    user, asked = request.user, _settled(request.GET.urlencode())
    address = reverse("cases:list")
    saved = list(access.seen_by(user, SavedView).select_related("owner", "street"))
    shown = next((one for one in saved if _settled(one.query) == asked), None)
    todo = counted_up_to(TODO_TO + 1, narrowed(queries.desk_cases(user), Worklist.WAITING, user))[0]
    view = request.GET.get("view", "") if shown is None else ""
    tabs = [Tab(_("全部"), address, active=shown is None and view not in Worklist.values)]
    for one in Worklist:
        tab = Tab(_(one.label), f"{address}?view={one.value}", active=view == one.value)
        tabs.append(replace(tab, count=min(todo, TODO_TO), more=todo > TODO_TO) if one is Worklist.WAITING else tab)
    tabs += [Tab(one.name, f"{address}?{one.query}", active=one == shown) for one in saved]
    return {
        "tabs": tabs,
        "shown": shown,
        "subscribed": shown is not None and queries.subscribed(user, shown),
        "own": shown is not None and shown.owner_id == user.pk,
        "query": asked,
        "streets": Place.objects.filter(pk__in=queries.streets_of(access.reach_of(user), "cases.desk")).order_by("pk"),
        "may_save": bool(asked) and shown is None,
    }


@require_POST
@access.page("cases.desk")
def save(request: HttpRequest) -> HttpResponse:
    """Keep the list as it is shown, under a name."""
    query = words(request.POST.get("query"), 2000)
    streets = queries.streets_of(access.reach_of(request.user), "cases.desk")
    street = Place.objects.filter(pk=an_id(request.POST.get("street")), pk__in=streets).first()
    made: list[SavedView] = []
    name = words(request.POST.get("name"), 200)
    attempt(
        request,
        lambda: made.append(actions.save_view(name=name, query=query, street=street, by=request.user)),
        done=_("视图已保存。"),
    )
    return redirect(f"{reverse('cases:list')}?{QueryDict(made[0].query if made else query).urlencode()}")


@access.page("cases.desk")
def shown(request: HttpRequest, pk: int) -> HttpResponse:
    """The list that a view keeps; where a notice about it leads."""
    view = get_object_or_404(access.seen_by(request.user, SavedView), pk=pk)
    return redirect(f"{reverse('cases:list')}?{view.query}")


@require_POST
@access.page("cases.desk")
def subscribe(request: HttpRequest, pk: int) -> HttpResponse:
    """Hear once a day what comes into a view, or no more."""
    view = get_object_or_404(access.seen_by(request.user, SavedView), pk=pk)

    def begin() -> None:
        now_in = cases_in(view.query, request.user).values_list("pk", flat=True)[: actions.MOST_IN_VIEW + 1]
        actions.subscribe(view=view, shown=now_in, by=request.user)

    if request.POST.get("on") == "1":
        attempt(request, begin, done=_("已订阅，每天汇总一次新进这个视图的办件。"))
    else:
        attempt(request, lambda: actions.unsubscribe(view=view, by=request.user), done=_("已取消订阅。"))
    return redirect("cases:open_view", pk=pk)


@require_POST
@access.page("cases.desk")
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Let go of a view."""
    view = get_object_or_404(access.seen_by(request.user, SavedView), pk=pk)
    attempt(request, lambda: actions.drop_view(view=view, by=request.user), done=_("视图已删除。"))
    return redirect("cases:list")


@require_POST
@access.page("cases.desk")
def watch(request: HttpRequest, pk: int) -> HttpResponse:
    """Watch a case, or no more."""
    found: Case = get_object_or_404(queries.desk_cases(request.user), pk=pk)
    on = request.POST.get("on") == "1"
    done = _("已关注，有进展会通知您。") if on else _("已取消关注。")
    attempt(request, lambda: actions.watch(case=found, on=on, by=request.user), done=done)
    return redirect("cases:detail", pk=pk)


def _settled(query: str) -> str:
    """The same question in one spelling."""
    return urlencode(sorted((key, value) for key, value in parse_qsl(query) if key not in actions.watching.PASSING))
