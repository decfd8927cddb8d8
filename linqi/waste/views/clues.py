"""Clues: the list, one with its picture, its way back and who could be behind it, and looking 线索核看."""

from typing import Any, Final

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from linqi.kit import access, clock
from linqi.ui.asked import an_id
from linqi.ui.attempts import attempt
from linqi.ui.parts import Crumb, Fact
from linqi.ui.tables import Choose, Column, Search, Span, Table
from linqi.waste import queries_tasks as queries
from linqi.waste import tracing
from linqi.waste.actions import clues as actions
from linqi.waste.actions.chain import broken_at, links_of
from linqi.waste.actions.referrals import record_export
from linqi.waste.forms_ladder import ClueForm, LookForm, RefuteForm
from linqi.waste.kinds import ClueKind, ClueState, Stream, Witness
from linqi.waste.law import book
from linqi.waste.models import Bin, Clue
from linqi.waste.rules import law
from linqi.waste.rules.ladder import COUNTING
from linqi.waste.views.links import link_rows
from linqi.waste.views.parts import place_filter
from linqi.waste.views.shares import party_rows

MOST: Final = 100  # clues at once: a page of the list
TONES: Final = {ClueState.WAITING: "warn", ClueState.CONFIRMED: "bad", ClueState.REFUTED: "quiet"}
PICTURE_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, no-store",
}


@access.page("waste.look")
def clues(request: HttpRequest) -> HttpResponseBase:
    """Every clue within reach."""
    rows = queries.clues_seen_by(request.user)
    table = _table(request.user).bind(
        request,
        rows,
        may_export=access.may_anywhere(request.user, "waste.export"),
        picks=[
            (gettext_lazy("属实"), reverse("waste:clues_many", args=["confirm"])),
            (gettext_lazy("不属实"), reverse("waste:clues_many", args=["refute"])),
        ],
    )
    if table.export_format:
        record_export(what="waste_clues", rows=table.whole, asked=request.GET.urlencode(), by=request.user)
        return table.export()
    waiting = rows.filter(state=ClueState.WAITING.value).order_by().count()
    return table.answer("waste/clues.html", {"waiting": waiting})


@access.page("waste.look")
def next_(request: HttpRequest) -> HttpResponse:
    """The clue that has waited longest; back to the list when none waits."""
    found = queries.next_waiting(request.user)
    if found is None:
        messages.success(request, _("没有待核看的线索了。"))
        return redirect("waste:clues")
    return redirect("waste:clue", pk=found.pk)


@access.page("waste.look")
def clue(request: HttpRequest, pk: int) -> HttpResponse:
    """One clue: what was told, the picture, where it leads, who could be behind it."""
    return _page(request, _found(request, pk))


@require_POST
@access.page("waste.look")
def look(request: HttpRequest, pk: int) -> HttpResponse:
    """Say whether it is so, and go on to the next."""
    found = _found(request, pk)
    form = LookForm(request.POST)
    if form.is_valid() and attempt(
        request,
        lambda: actions.look(
            clue=found,
            confirmed=form.cleaned_data["confirmed"] == "1",
            reason=form.cleaned_data["reason"],
            by=request.user,
        ),
        done=_("已核看。"),
        form=form,
    ):
        following = queries.next_waiting(request.user, found)
        if "next" in request.POST and following is not None:
            return redirect("waste:clue", pk=following.pk)
        return redirect("waste:clue", pk=pk)
    return _page(request, found, form)


@require_POST
@access.page("waste.look")
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back what was said, to look again."""
    found = _found(request, pk)
    attempt(request, lambda: actions.unlook(clue=found, by=request.user), done=_("已撤销，可重新核看。"))
    return redirect("waste:clue", pk=pk)


@require_POST
@access.page("waste.look")
def many(request: HttpRequest, name: str) -> HttpResponse:
    """The clues picked are so, or are not: all of them or none."""
    back = _back(request)
    picked = list(dict.fromkeys(an_id(one) for one in request.POST.getlist("pick")))[:MOST]
    found = list(queries.clues_seen_by(request.user).filter(pk__in=picked))
    if name not in ("confirm", "refute") or not found:
        messages.error(request, _("请先勾选要核看的线索。"))
        return redirect(back)
    form = RefuteForm(request.POST if "said" in request.POST else None)
    if name == "refute" and not form.is_valid():
        context = {"clues": found, "form": form, "back": back, "crumbs": [Crumb(_("线索"), back), Crumb(_("批量核看"))]}
        return render(request, "waste/clues_many.html", context)
    reason = form.cleaned_data["reason"] if name == "refute" else ""
    attempt(
        request,
        lambda: actions.look_many(clues=found, confirmed=name == "confirm", reason=reason, by=request.user),
        done=_("已核看 %(n)s 条。") % {"n": len(found)},
    )
    return redirect(back)


@access.page("waste.look")
def new(request: HttpRequest) -> HttpResponse:
    """What a patrol saw at a bin."""
    form = ClueForm(
        request.POST or None, initial={"at": clock.now(), "kind": ClueKind.MIXED.value, "bin": request.GET.get("bin")}
    )
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        bin_ = access.seen_by(request.user, Bin, "waste.look").filter(code=said["bin"].strip()).first()
        made: list[Clue] = []
        if bin_ is None:
            form.add_error("bin", _("没有这个桶号，请核对标签。"))
        elif attempt(
            request,
            lambda: made.append(
                actions.raise_clue(
                    bin=bin_,
                    kind=ClueKind(said["kind"]),
                    witness=Witness.PATROL,
                    at=said["at"],
                    note=said["note"],
                    by=request.user,
                )
            ),
            done=_("已登记，待核看。"),
            form=form,
        ):
            return redirect("waste:clue", pk=made[0].pk)
    crumbs = [Crumb(_("线索"), reverse("waste:clues")), Crumb(_("登记巡查发现"))]
    return render(request, "waste/clue_new.html", {"form": form, "crumbs": crumbs})


@access.page("waste.look")
def picture(request: HttpRequest, pk: int) -> FileResponse:
    """The picture of a clue, to whoever may look at the clue."""
    shown = tracing.picture_of(_found(request, pk))
    if shown is None:
        raise Http404("no picture")
    try:
        content = shown.file.open("rb")
    except (FileNotFoundError, ValueError) as gone:
        raise Http404("gone") from gone
    kind = "image/png" if str(shown.file.name).endswith(".png") else "image/jpeg"
    answer = FileResponse(content, content_type=kind)
    for name, value in PICTURE_HEADERS.items():
        answer[name] = value
    return answer


# --- inside ---------------------------------------------------------------------------------------------------------------
def _page(request: HttpRequest, found: Clue, form: LookForm | None = None) -> HttpResponse:
    led = tracing.trace(found)
    found.picture = tracing.picture_of(found)
    task = found.of_task.task if hasattr(found, "of_task") else None
    evidence = [law.is_evidence(recording) for _picture, recording in queries.recordings_of([found])]
    context = {
        "clue": found,
        "state": _(ClueState(found.state).label),
        "tone": TONES[ClueState(found.state)],
        "kind": _(ClueKind(found.kind).label),
        "counts": found.kind in COUNTING,
        "facts": _facts(found, led),
        "path": led.path,
        "duties": [(_(one.get_kind_display()), one.enterprise or one.company) for one in led.duties],
        "parties": party_rows(led.shares, request.user),
        "evidence": evidence[0] if evidence else None,
        "articles": book().shown_at("confirm"),
        "links": link_rows(links_of(found), request.user),
        "broken": broken_at(found),
        "task": task,
        "form": form or LookForm(),
        "waiting": found.state == ClueState.WAITING,
        "crumbs": [
            Crumb(_("线索"), reverse("waste:clues")),
            Crumb(f"{found.bin.code} {_(ClueKind(found.kind).label)}"),
        ],
    }
    return render(request, "waste/clue.html", context)


def _facts(found: Clue, led: tracing.Trace) -> list[Fact]:
    event = None
    if found.event_sequence is not None:
        event = f"{found.device} / {found.event_boot} / {found.event_sequence}"
    return [
        Fact(_("桶"), f"{found.bin.code} · {_(Stream(found.bin.stream).label)}"),
        Fact(_("点位"), led.point and led.point.name),
        Fact(_("发生时间"), found.at, kind="datetime"),
        Fact(_("来源"), _(Witness(found.witness).label)),
        Fact(_("事件（终端/启动/序号）"), event),
        Fact(_("投放凭证"), found.card or None),
        Fact(_("识别把握"), None if found.confidence is None else f"{found.confidence:.0%}"),
        Fact(_("情况"), found.note or None),
    ]


def _table(user: Any) -> Table[Clue]:
    def search(rows: QuerySet[Clue], text: str) -> QuerySet[Clue]:
        return rows.filter(Q(bin__code__icontains=text) | Q(point__name__icontains=text) | Q(note__icontains=text))

    return Table[Clue](
        key="waste_clues",
        columns=[
            Column("at", gettext_lazy("发生时间"), sort="at", kind="datetime", fixed=True),
            Column("kind", gettext_lazy("类型"), value=lambda one: _(ClueKind(one.kind).label), sort="kind"),
            Column("bin", gettext_lazy("桶"), value="bin.code", sort="bin__code"),
            Column("point", gettext_lazy("点位"), value=lambda one: one.point and one.point.name, nullable=True),
            Column("place", gettext_lazy("所在"), value="bin.place.name", phone=False),
            Column("witness", gettext_lazy("来源"), value=lambda one: _(Witness(one.witness).label), sort="witness"),
            Column(
                "confidence",
                gettext_lazy("把握"),
                value=lambda one: None if one.confidence is None else round(one.confidence * 100),
                sort="confidence",
                kind="percent",
                nullable=True,
                phone=False,
            ),
            Column(
                "state",
                gettext_lazy("状态"),
                value=lambda one: _(ClueState(one.state).label),
                sort="state",
                kind="badge",
                tone=lambda one: TONES[ClueState(one.state)],
            ),
            Column(
                "task",
                gettext_lazy("任务"),
                value=lambda one: one.of_task.task.number if hasattr(one, "of_task") else None,
                nullable=True,
            ),
            Column(
                "simulated", gettext_lazy("模拟"), value=lambda one: _("模拟") if one.simulated else None, nullable=True
            ),
        ],
        order="-at",
        caption=gettext_lazy("线索"),
        row_url=lambda one: reverse("waste:clue", args=[one.pk]),
        filters=[
            Search("q", gettext_lazy("桶号、点位、情况"), apply=search),
            Choose("state", gettext_lazy("状态"), ClueState.choices, facet=True),
            Choose("kind", gettext_lazy("类型"), ClueKind.choices, facet=True),
            Choose("witness", gettext_lazy("来源"), Witness.choices),
            place_filter(user, "bin__place"),
            Span("at", gettext_lazy("发生时间"), field="at"),
        ],
        empty=gettext_lazy("还没有线索。终端上报、图像识别、收运报告和巡查发现都会出现在这里，须由人核看。"),
        empty_url=reverse("waste:clue_new"),
        empty_action=gettext_lazy("登记巡查发现"),
    )


def _found(request: HttpRequest, pk: int) -> Clue:
    return get_object_or_404(queries.clues_seen_by(request.user), pk=pk)


def _back(request: HttpRequest) -> str:
    """The list as it was, never another site."""
    asked = request.POST.get("back", "")
    ours = asked.startswith(reverse("waste:clues")) and url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
    return asked if ours else reverse("waste:clues")
