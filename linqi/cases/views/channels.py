"""What other houses send in files, looked at, taken in, and handed back answered 外部渠道."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from linqi.cases import actions, queries
from linqi.cases.channels import INCOMING
from linqi.cases.flow import State
from linqi.cases.forms import BatchForm
from linqi.cases.models import Batch, Channel, Outcome, Reference
from linqi.catalogue.queries import categories_offered
from linqi.enterprises.models import Enterprise
from linqi.enterprises.queries import shown_name
from linqi.kit import access, clock
from linqi.territory.models import Place, PlaceKind
from linqi.ui import exports
from linqi.ui.asked import an_id
from linqi.ui.attempts import attempt
from linqi.ui.parts import Crumb
from linqi.ui.uploads import taken, template_of


@access.page("cases.batch")
def channels(request: HttpRequest) -> HttpResponse:
    """Channel by channel what came, what waits for an answer, and what waits to be handed back."""
    streets = _streets(request)
    form = BatchForm(request.POST or None, request.FILES or None, streets=streets)
    if request.method == "POST" and form.is_valid():
        street, channel = form.cleaned_data["street"], Channel(form.cleaned_data["channel"])
        made = taken(
            request,
            form,
            lambda path, name: actions.read_batch(
                street=street, channel=channel, path=path, file_name=name, by=request.user
            ),
        )
        if made is not None:
            return redirect("cases:batch", pk=made.pk)
    context = {
        "form": form,
        "streets": streets,
        "channels": [(row, _(Channel(row["channel"]).label)) for row in queries.exchanged(streets)],
        "batches": [
            (one, _(Channel(one.channel).label), sum(bool(row.get("case")) for row in one.rows), len(one.rows))
            for one in access.seen_by(request.user, Batch).select_related("street", "made_by")[:20]
        ],
        "crumbs": [Crumb(_("办件"), reverse("cases:list")), Crumb(_("外部渠道"))],
    }
    return render(request, "cases/channels.html", context)


@require_GET
@access.page("cases.batch")
def template(request: HttpRequest) -> FileResponse:
    """An empty file with the headings."""
    return template_of(INCOMING, f"{_('外部来件模板')}.xlsx")


@access.page("cases.batch")
def batch(request: HttpRequest, pk: int) -> HttpResponse:
    """The rows of one file: what became of each, and what is still to be said."""
    found = get_object_or_404(access.seen_by(request.user, Batch).select_related("street"), pk=pk)
    if request.method == "POST":
        said = {row["number"]: request.POST.get(f"category-{row['number']}", "") for row in found.rows}
        taken: list[int] = []
        act = actions.take_batch
        if attempt(request, lambda: taken.append(act(batch=found, categories=said, by=request.user))):
            if taken[0]:
                messages.success(request, _("已接收 %(n)s 件并派单。") % {"n": taken[0]})
            else:
                messages.warning(request, _("没有可以接收的行：请先选好类别，或改正文件后重新上传。"))
        return redirect("cases:batch", pk=pk)
    offered = categories_offered(request.user)
    names = {one.code: one.title for one in offered}
    firms = _firms(request.user, found.rows)
    places = dict(Place.objects.filter(pk__in={row["place"] for row in found.rows}).values_list("pk", "name"))
    rows = [
        {
            **row,
            "category_name": names.get(row["category"], ""),
            "enterprise_name": firms.get(row["enterprise"], ""),
            "place_name": places.get(row["place"], ""),
        }
        for row in found.rows
    ]
    groups: dict[str, list[tuple[str, str]]] = {}
    for one in offered:
        groups.setdefault(one.window.title, []).append((one.code, one.title))
    context = {
        "batch": found,
        "channel": _(Channel(found.channel).label),
        "rows": rows,
        "groups": list(groups.items()),
        "waiting": sum(not row.get("case") and not row["problem"] and not row["known"] for row in found.rows),
        "wrong": sum(bool(row["problem"]) for row in found.rows),
        "crumbs": [
            Crumb(_("办件"), reverse("cases:list")),
            Crumb(_("外部渠道"), reverse("cases:channels")),
            Crumb(found.file_name),
        ],
    }
    return render(request, "cases/batch.html", context)


@require_POST
@access.page("cases.batch")
def hand_back(request: HttpRequest) -> Any:
    """The answers of a channel as a file, with the numbers under which the other house knows them."""
    street = get_object_or_404(_streets(request), pk=an_id(request.POST.get("street")))
    name = request.POST.get("channel", "")
    if name not in Channel.values:
        return redirect("cases:channels")
    channel = Channel(name)
    again = request.POST.get("again") == "1"
    made: list[list[Reference]] = []
    act = actions.return_to_channel
    if not attempt(request, lambda: made.append(act(street=street, channel=channel, again=again, by=request.user))):
        return redirect("cases:channels")
    titles = [
        _("来件编号"), _("本系统编号"), _("状态"), _("科室"), _("办理结果"), _("答复"), _("答复时间"), _("是否按时"),
        _("评价星级"),
    ]  # fmt: skip
    title = f"{_(channel.label)}-{_('回传')}-{clock.today():%Y%m%d}"
    return exports.answer("xlsx", title, titles, (_returned(one) for one in made[0]))


def _returned(one: Reference) -> list[Any]:
    case = one.case
    answered = case.answered_at
    return [
        one.external_id,
        case.number,
        _(State(case.state).label),
        case.department.title if case.department else "",
        _(Outcome(case.outcome).label) if case.outcome else "",
        case.answer,
        timezone.make_naive(answered) if answered else None,
        "" if answered is None else _("是") if answered <= case.due_at else _("否"),
        case.rating,
    ]


def _firms(user: Any, rows: list[dict[str, Any]]) -> dict[int, str]:
    wanted = {row["enterprise"] for row in rows if row["enterprise"]}
    return {one.pk: shown_name(one, user) for one in Enterprise.objects.filter(pk__in=wanted)}


def _streets(request: HttpRequest) -> QuerySet[Place]:
    return access.seen_by(request.user, Place, "cases.batch").filter(kind=PlaceKind.STREET).order_by("pk")
