"""What a party sees of its own: what it was told, by which articles, until when, and what it can say 本单位的分类整改."""

from typing import Final

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from linqi.cases.attachments import PICTURES, Kind
from linqi.cases.deadlines import in_words
from linqi.cases.views.files import SHOWN_AS
from linqi.kit import access
from linqi.territory.queries import path_of
from linqi.ui.attempts import attempt
from linqi.ui.parts import Crumb
from linqi.ui.tables import Choose, Column, Table
from linqi.waste import queries_tasks as queries
from linqi.waste.actions import appeals
from linqi.waste.flow import ENDED, SERVED, Hearing, Said, TaskState
from linqi.waste.forms_ladder import SayForm
from linqi.waste.kinds import ClueKind, Stream
from linqi.waste.law import book
from linqi.waste.models import Paper, Statement, Task
from linqi.waste.rules.ladder import StepKind
from linqi.waste.views.tasks import TONES, party_name, role_of

SHOWN_STATES: Final = [(one.value, one.label) for one in TaskState if one in SERVED]


@access.page("waste.portal")
def mine(request: HttpRequest) -> HttpResponseBase:
    """What the user's enterprises, or the user's company at its places, were told."""
    table = Table[Task](
        key="own_tasks",
        columns=[
            Column("number", gettext_lazy("编号"), value="number", sort="pk", fixed=True),
            Column(
                "state",
                gettext_lazy("状态"),
                value=lambda one: _(TaskState(one.state).label),
                kind="badge",
                tone=lambda one: TONES[TaskState(one.state)],
            ),
            Column("point", gettext_lazy("点位"), value=lambda one: one.point and one.point.name, nullable=True),
            Column("place", gettext_lazy("所在"), value="place.name"),
            Column("due", gettext_lazy("本步期限"), value=queries.due_of, kind="datetime", nullable=True),
            Column("told_at", gettext_lazy("首次告知"), sort="told_at", kind="datetime"),
        ],
        order="-pk",
        caption=gettext_lazy("分类整改"),
        row_url=lambda one: reverse("waste:own_task", args=[one.pk]),
        filters=[Choose("state", gettext_lazy("状态"), [(v, gettext_lazy(label)) for v, label in SHOWN_STATES])],
        empty=gettext_lazy("还没有告知本单位的事项。"),
    )
    return table.bind(request, queries.own_tasks(request.user), may_export=False).answer(
        "waste/own_tasks.html", {"for_nobody": queries.speaks_for_nobody(request.user)}
    )


@access.page("waste.portal")
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """One matter: where it stands, every word that was served, until when, and what can be said."""
    return _page(request, _mine(request, pk))


@require_POST
@access.page("waste.portal")
def say(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Report that it is corrected, or defend oneself."""
    found = _mine(request, pk)
    if name not in Said.values:
        raise Http404(name)
    form = SayForm(request.POST, request.FILES, prefix=name)
    if form.is_valid() and attempt(
        request,
        lambda: appeals.make_statement(
            task=found,
            kind=Said(name),
            text=form.cleaned_data["text"],
            files=form.cleaned_data["attached"],
            by=request.user,
        ),
        done=_("已提交，街道工作人员会收到。"),
        form=form,
    ):
        return redirect(f"{reverse('waste:own_task', args=[pk])}#said")
    return _page(request, found, (name, form))


@require_POST
@access.page("waste.portal")
def back(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back what one has said, while nobody has dealt with it."""
    found = get_object_or_404(access.seen_by(request.user, Statement, "waste.portal"), pk=pk)
    attempt(request, lambda: appeals.take_statement_back(statement=found, by=request.user), done=_("已撤回。"))
    return redirect(f"{reverse('waste:own_task', args=[found.task_id])}#said")


@access.page("waste.tasks")
def paper(request: HttpRequest, pk: int) -> FileResponse:
    """One file of a statement: a picture is shown, everything else is saved."""
    found = get_object_or_404(access.seen_by(request.user, Paper), pk=pk)
    kind = Kind(found.kind)
    try:
        content = found.file.open("rb")
    except FileNotFoundError as gone:
        raise Http404(found.name) from gone
    answer = FileResponse(
        content, as_attachment=kind not in PICTURES.values(), filename=found.name, content_type=SHOWN_AS[kind]
    )
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Cache-Control"] = "private, no-store"
    return answer


def _mine(request: HttpRequest, pk: int) -> Task:
    return get_object_or_404(queries.own_tasks(request.user), pk=pk)


def _page(request: HttpRequest, found: Task, wrong: tuple[str, SayForm] | None = None) -> HttpResponse:
    step = queries.step_open(found)
    offers = []
    for kind in Said:
        if found.state in appeals.WHEN[kind]:
            form = wrong[1] if wrong and wrong[0] == kind else SayForm(prefix=kind.value)
            offers.append((kind.value, _(kind.label), form, bool(wrong and wrong[0] == kind)))
    steps = [(one, _(StepKind(one.kind).label)) for one in found.steps.select_related("case").order_by("-pk")]
    clues = queries.clues_of(found)
    context = {
        "task": found,
        "state": _(TaskState(found.state).label),
        "tone": TONES[TaskState(found.state)],
        "step": step,
        "step_label": _(StepKind(step.kind).label) if step else "",
        "why": in_words(step.case.due_why) if step else "",
        "steps": steps,
        "found": [(one.at, _(ClueKind(one.kind).label).removeprefix(_("疑似"))) for one in clues],
        "stream": _(Stream(found.bin.stream).label),
        "party": party_name(found, request.user),
        "role": role_of(found),
        "path": path_of(found.place),
        "offers": offers,
        "articles": book().shown_at("statement"),
        "said": [
            (
                one,
                _(Said(one.kind).label),
                _(Hearing(one.state).label),
                one.made_by_id == request.user.pk and one.state == Hearing.WAITING,
            )
            for one in found.statements.filter(withdrawn_at=None).prefetch_related("papers")
        ],
        "ended": found.state in ENDED,
        "crumbs": [Crumb(_("分类整改"), reverse("waste:own_tasks")), Crumb(found.number)],
    }
    return render(request, "waste/own_task.html", context)
