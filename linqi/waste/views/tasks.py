"""Tasks: the list, one with its next step and the articles that bind it, its chain, its evidence, what parties say 分类任务."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from linqi.cases.deadlines import in_words
from linqi.enterprises.models import Enterprise
from linqi.enterprises.queries import named_like, shown_name
from linqi.kit import access
from linqi.organisation.models import Company
from linqi.ui.attempts import attempt
from linqi.ui.parts import Crumb, Fact, Happening
from linqi.ui.tables import Choose, Column, Search, Span, Table
from linqi.waste import queries_tasks as queries
from linqi.waste import tracing, wording
from linqi.waste.actions import appeals, referrals
from linqi.waste.actions import tasks as actions
from linqi.waste.actions.chain import broken_at, links_of
from linqi.waste.evidence import Package
from linqi.waste.flow import ENDED, Hearing, Said, TaskMove, TaskState
from linqi.waste.forms_ladder import (
    AnswerForm,
    CorrectForm,
    HearForm,
    MayNoteForm,
    NoteForm,
    OrderForm,
    PartyForm,
    ReasonForm,
    ReferForm,
    SayForm,
    TextForm,
    WithdrawForm,
)
from linqi.waste.kinds import Stream
from linqi.waste.law import book
from linqi.waste.models import Statement, Task
from linqi.waste.rules import law
from linqi.waste.rules.ladder import StepKind
from linqi.waste.views.links import link_rows
from linqi.waste.views.parts import place_filter
from linqi.waste.views.shares import party_rows

TONES: Final = {
    TaskState.WAITING: "warn",
    TaskState.ADDRESSED: "warn",
    TaskState.REMINDED: "info",
    TaskState.ORDERED: "warn",
    TaskState.RECHECKING: "info",
    TaskState.REPEATED: "bad",
    TaskState.REFERRED: "bad",
    TaskState.CORRECTED: "good",
    TaskState.ANSWERED: "quiet",
    TaskState.DROPPED: "quiet",
    TaskState.WITHDRAWN: "quiet",
}
ARTICLES: Final = {  # which step's articles stand beside which move
    TaskMove.ADDRESS: "confirm",
    TaskMove.REMIND: StepKind.REMIND.value,
    TaskMove.CORRECT: StepKind.RECHECK.value,
    TaskMove.ORDER: StepKind.ORDER.value,
    TaskMove.RECHECK: StepKind.RECHECK.value,
    TaskMove.PASS: StepKind.RECHECK.value,
    TaskMove.FAIL: StepKind.RECHECK.value,
    TaskMove.REFER: StepKind.REFER.value,
}
FORWARD: Final = frozenset(ARTICLES) | {TaskMove.ANSWER}  # the others lead back or out, and are folded away
ICONS: Final = {StepKind.REMIND: "bell", StepKind.ORDER: "scale", StepKind.RECHECK: "search", StepKind.REFER: "send"}


@access.page("waste.ladder")
def tasks(request: HttpRequest) -> HttpResponseBase:
    """Every task within reach."""
    table = _table(request.user).bind(
        request,
        queries.tasks_seen_by(request.user),
        may_export=access.may_anywhere(request.user, "waste.export"),
    )
    if table.export_format:
        referrals.record_export(what="waste_tasks", rows=table.whole, asked=request.GET.urlencode(), by=request.user)
        return table.export()
    counts = queries.tasks_by_state(request.user)
    standing = [(_(one.label), counts[one.value], one.value) for one in TaskState if one.value in counts]
    return table.answer(
        "waste/tasks.html", {"standing": standing, "may_set": access.may_anywhere(request.user, "waste.terms")}
    )


@access.page("waste.ladder")
def task(request: HttpRequest, pk: int) -> HttpResponse:
    """One task: where it stands, what comes next with its articles, who could be behind it, what was said."""
    return _page(request, _found(request, pk))


@require_POST
@access.page("waste.ladder")
def act(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """One move of a task."""
    found = _found(request, pk)
    if name not in TaskMove.values or name not in MOVES:
        return redirect("waste:task", pk=pk)
    move = TaskMove(name)
    made = MOVES[move].form(found, request.user, request.POST)
    if made.is_valid() and attempt(
        request,
        lambda: MOVES[move].act(found, made, request.user),
        done=_("已登记：%(move)s") % {"move": _(move.label)},
        form=made,
    ):
        return redirect("waste:task", pk=pk)
    return _page(request, found, (move, made))


@require_POST
@access.page("waste.ladder")
def say(request: HttpRequest, pk: int) -> HttpResponse:
    """Take down what a party without an account says."""
    found = _found(request, pk)
    form = SayForm(request.POST, request.FILES, prefix="said")
    kind = Said.CORRECTED if request.POST.get("kind") == Said.CORRECTED else Said.DEFENCE
    if form.is_valid():
        attempt(
            request,
            lambda: appeals.make_statement(
                task=found,
                kind=kind,
                text=form.cleaned_data["text"],
                files=form.cleaned_data["attached"],
                by=request.user,
            ),
            done=_("已登记。"),
        )
    else:
        messages.error(request, _("请写明说了什么。"))
    return redirect(f"{reverse('waste:task', args=[pk])}#said")


@access.page("waste.ladder")
def chain(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole chain of a task and its clues, checked now."""
    found = _found(request, pk)
    context = {
        "task": found,
        "links": link_rows(links_of(found), request.user),
        "broken": broken_at(found),
        "clues": [(one, link_rows(links_of(one), request.user), broken_at(one)) for one in queries.clues_of(found)],
        "articles": [one for one in book().words if one.key == "XZ47"],
        "crumbs": [
            Crumb(_("分类任务"), reverse("waste:tasks")),
            Crumb(found.number, reverse("waste:task", args=[pk])),
            Crumb(_("全流程")),
        ],
    }
    return render(request, "waste/chain.html", context)


@access.page("waste.ladder")
def evidence(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything about a task as one file for the officers' platform."""
    found = _found(request, pk)
    made: list[Package] = []
    if not attempt(request, lambda: made.append(referrals.take_evidence(task=found, by=request.user))):
        return redirect("waste:task", pk=pk)
    answer = HttpResponse(made[0].data, content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="{made[0].name}"'
    answer["Cache-Control"] = "private, no-store"
    return answer


@access.page("waste.ladder")
def statements(request: HttpRequest) -> HttpResponseBase:
    """What parties have said, what waits first."""
    return (
        _said_table()
        .bind(request, queries.statements_seen_by(request.user), may_export=False)
        .answer("waste/statements.html", {"articles": book().shown_at("statement")})
    )


@require_POST
@access.page("waste.ladder")
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer a defence."""
    found = get_object_or_404(queries.statements_seen_by(request.user), pk=pk)
    form = HearForm(request.POST, prefix=f"hear{pk}")
    if not form.is_valid():
        messages.error(request, _("请选择结论并写明复核意见。"))
    else:
        attempt(
            request,
            lambda: appeals.answer_statement(
                statement=found,
                upheld=form.cleaned_data["upheld"] == "1",
                answer=form.cleaned_data["answer"],
                by=request.user,
            ),
            done=_("已答复，对方会收到。"),
        )
    return redirect(f"{reverse('waste:task', args=[found.task_id])}#said")


# --- the moves of the page --------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Way:
    """How a move is asked for and done."""

    form: Callable[[Task, Any, Any], Form]
    act: Callable[[Task, Any, Any], object]


def _parties(task_: Task, user: Any) -> list[tuple[str, str]]:
    """Whom the task may address: those who could have thrown in, with their shares, and those who answer for the point."""
    shares = tracing.as_read(task_.shares)
    named = tracing.parties_of(shares)
    found = [
        (
            f"e:{one.party}:0",
            _("%(name)s（投放人，证据 %(share)s）")
            % {"name": shown_name(named[one.party], user), "share": f"{float(one.share):.1%}"},
        )
        for one in shares
        if one.party is not None and one.party in named
    ]
    firms, companies = tracing.answerable(task_.point, task_.bin, task_.made_at)
    found += [(f"e:{one.pk}:1", _("%(name)s（管理责任人）") % {"name": shown_name(one, user)}) for one in firms]
    return found + [(f"c:{one.pk}:1", _("%(name)s（管理责任人）") % {"name": one.name}) for one in companies]


def _address(task_: Task, form: Any, by: Any) -> object:
    kind, pk, responsible = form.cleaned_data["party"].split(":")
    firm = Enterprise.objects.get(pk=int(pk)) if kind == "e" else None
    company = Company.objects.get(pk=int(pk)) if kind == "c" else None
    return actions.address(
        task=task_,
        enterprise=firm,
        company=company,
        as_responsible=responsible == "1",
        why=form.cleaned_data["why"],
        by=by,
    )


def _refer(task_: Task, form: Any, by: Any) -> object:
    try:
        return referrals.refer(task=task_, **form.said(), by=by)
    except ValidationError as refused:
        if not hasattr(refused, "error_dict"):
            raise ValidationError(refused.messages) from refused
        raise


MOVES: Final = {
    TaskMove.ADDRESS: Way(
        lambda task_, user, said: PartyForm(said, parties=_parties(task_, user), prefix="address"), _address
    ),
    TaskMove.REMIND: Way(
        lambda task_, user, said: TextForm(said, prefix="remind", initial={"text": wording.remind_text(task_)}),
        lambda task_, form, by: actions.remind(task=task_, **form.cleaned_data, by=by),
    ),
    TaskMove.CORRECT: Way(
        lambda task_, user, said: CorrectForm(said, prefix="correct"),
        lambda task_, form, by: actions.correct(task=task_, **form.cleaned_data, by=by),
    ),
    TaskMove.ORDER: Way(
        lambda task_, user, said: OrderForm(
            said, offences=actions.offences_for(task_), prefix="order", initial={"text": wording.order_text(task_)}
        ),
        lambda task_, form, by: actions.order(task=task_, **form.cleaned_data, by=by),
    ),
    TaskMove.RECHECK: Way(
        lambda task_, user, said: MayNoteForm(said, prefix="recheck"),
        lambda task_, form, by: actions.recheck(task=task_, **form.cleaned_data, by=by),
    ),
    TaskMove.PASS: Way(
        lambda task_, user, said: NoteForm(said, prefix="pass"),
        lambda task_, form, by: actions.passed(task=task_, **form.cleaned_data, by=by),
    ),
    TaskMove.FAIL: Way(
        lambda task_, user, said: NoteForm(said, prefix="fail"),
        lambda task_, form, by: actions.failed(task=task_, **form.cleaned_data, by=by),
    ),
    TaskMove.REFER: Way(
        lambda task_, user, said: ReferForm(
            said, offences=actions.offences_for(task_), prefix="refer", initial={"reason": wording.refer_text(task_)}
        ),
        _refer,
    ),
    TaskMove.ANSWER: Way(
        lambda task_, user, said: AnswerForm(said, prefix="answer"),
        lambda task_, form, by: referrals.answer(task=task_, **form.cleaned_data, by=by),
    ),
    TaskMove.DROP: Way(
        lambda task_, user, said: ReasonForm(said, prefix="drop"),
        lambda task_, form, by: actions.drop(task=task_, **form.cleaned_data, by=by),
    ),
    TaskMove.RESTORE: Way(
        lambda task_, user, said: Form(said, prefix="restore"),
        lambda task_, form, by: actions.restore(task=task_, by=by),
    ),
    TaskMove.UNREMIND: Way(
        lambda task_, user, said: ReasonForm(said, prefix="unremind"),
        lambda task_, form, by: actions.take_back(task=task_, **form.cleaned_data, by=by),
    ),
    TaskMove.UNORDER: Way(
        lambda task_, user, said: ReasonForm(said, prefix="unorder"),
        lambda task_, form, by: actions.take_back(task=task_, **form.cleaned_data, by=by),
    ),
    TaskMove.UNREFER: Way(
        lambda task_, user, said: ReasonForm(said, prefix="unrefer"),
        lambda task_, form, by: referrals.take_back(task=task_, **form.cleaned_data, by=by),
    ),
    TaskMove.WITHDRAW: Way(
        lambda task_, user, said: WithdrawForm(said, prefix="withdraw"),
        lambda task_, form, by: actions.withdraw(task=task_, **form.cleaned_data, by=by),
    ),
}


# --- inside ---------------------------------------------------------------------------------------------------------------
def party_name(task_: Task, user: Any) -> str | None:
    """Whom a task addresses, as this user may read it."""
    if task_.enterprise is not None:
        return shown_name(task_.enterprise, user)
    return task_.company.name if task_.company else None


def role_of(task_: Task) -> str | None:
    """As what a task addresses its party: as the one who answers for the point, or as the one who threw in 身份."""
    if task_.addressed_at is None:
        return None
    return _("管理责任人") if task_.as_responsible else _("投放人")


def step_entries(task_: Task) -> list[Happening]:
    """The rungs that were climbed, the latest first."""
    entries = []
    for one in task_.steps.select_related("case", "began_by").order_by("-pk"):
        kind = StepKind(one.kind)
        label = _(kind.label) + (_("（已撤回）") if one.taken_back else "")
        entries.append(
            Happening(
                one.began_at,
                label,
                detail=one.text + (_("　结果：%(outcome)s") % {"outcome": one.outcome} if one.outcome else ""),
                tone="quiet" if one.taken_back else "info" if one.ended_at is None else "plain",
                icon=ICONS[kind],
            )
        )
    return entries


def _page(request: HttpRequest, found: Task, wrong: tuple[TaskMove, Form] | None = None) -> HttpResponse:
    user = request.user
    moves = queries.moves_open_to(user, found)
    offers = []
    for move in moves:
        if move not in MOVES or (move == TaskMove.DROP and found.told_at):
            continue
        form = wrong[1] if wrong and wrong[0] == move else MOVES[move].form(found, user, None)
        offers.append(
            {
                "name": move.value,
                "label": _(move.label),
                "form": form,
                "open": wrong[0] == move if wrong else move in FORWARD and len(FORWARD.intersection(moves)) == 1,
                "articles": book().shown_at(ARTICLES[move]) if move in ARTICLES else (),
                "forward": move in FORWARD,
                "danger": move in (TaskMove.REFER, TaskMove.WITHDRAW, TaskMove.DROP),
                "needs": move in (TaskMove.ORDER, TaskMove.REFER) and not actions.offences_for(found),
            }
        )
    step = queries.step_open(found)
    clues = queries.clues_of(found)
    evident = {picture.pk: law.is_evidence(rec) for picture, rec in queries.recordings_of(clues)}
    said = found.statements.filter(withdrawn_at=None).prefetch_related("papers").select_related("made_by")
    last = found.steps.filter(kind=StepKind.REFER.value, taken_back=False).select_related("referral").last()
    referral = getattr(last, "referral", None) if last else None
    context = {
        "task": found,
        "state": _(TaskState(found.state).label),
        "tone": TONES[TaskState(found.state)],
        "party": party_name(found, user),
        "facts": _facts(found, user),
        "parties": party_rows(tracing.as_read(found.shares), user),
        "forward": [one for one in offers if one["forward"]],
        "aside": [one for one in offers if not one["forward"]],
        "step": step,
        "why": in_words(step.case.due_why) if step else "",
        "left": "",
        "clues": [(one, evident.get(one.picture_id) if one.picture_id else None) for one in clues],
        "entries": step_entries(found),
        "current": step.law if step else [],
        "said": [
            (
                one,
                _(Said(one.kind).label),
                _(Hearing(one.state).label),
                HearForm(prefix=f"hear{one.pk}") if one.kind == Said.DEFENCE and one.state == Hearing.WAITING else None,
            )
            for one in said
        ],
        "unheard": found.told_at is not None and found.state not in ENDED and not queries.speakers_of(found),
        "may_say": found.told_at is not None and found.state in appeals.WHEN[Said.DEFENCE],
        "say_form": SayForm(prefix="said"),
        "kinds": [(one.value, _(one.label)) for one in Said],
        "repeated": queries.repeated_since_told(found, clues),
        "referral": referral,
        "checks": [
            (_(law.Finding(one["found"]).label) % {"n": one["n"]}, one["article"], one["holds"])
            for one in referral.checks
        ]
        if referral
        else [],
        "deadlines": book().deadlines if referral else (),
        "broken": broken_at(found),
        "ended": found.state in ENDED,
        "may_export": access.may(user, "waste.ladder", found) and found.told_at is not None,
        "crumbs": [Crumb(_("分类任务"), reverse("waste:tasks")), Crumb(found.number)],
    }
    return render(request, "waste/task.html", context)


def _facts(found: Task, user: Any) -> list[Fact]:
    return [
        Fact(_("整改对象"), party_name(found, user), note=found.addressed_why),
        Fact(_("身份"), role_of(found)),
        Fact(_("桶"), f"{found.bin.code} · {_(Stream(found.bin.stream).label)}"),
        Fact(_("点位"), found.point and found.point.name),
        Fact(_("所在"), found.place.name),
        Fact(_("成案时间"), found.made_at, kind="datetime"),
        Fact(_("首次告知"), found.told_at, kind="datetime"),
    ]


def _table(user: Any) -> Table[Task]:
    def search(rows: QuerySet[Task], text: str) -> QuerySet[Task]:
        firms = named_like(Enterprise.objects.all(), text, user)
        number = text.rpartition("-")[2]
        by_number = Q(pk=int(number)) if number.isascii() and number.isdigit() and len(number) < 10 else Q(pk__in=[])
        return rows.filter(
            Q(enterprise__in=firms.values("pk"))
            | Q(company__name__icontains=text)
            | Q(bin__code__icontains=text)
            | Q(point__name__icontains=text)
            | by_number
        )

    return Table[Task](
        key="waste_tasks",
        columns=[
            Column("number", gettext_lazy("编号"), value="number", sort="pk", fixed=True),
            Column(
                "state",
                gettext_lazy("状态"),
                value=lambda one: _(TaskState(one.state).label),
                sort="state",
                kind="badge",
                tone=lambda one: TONES[TaskState(one.state)],
            ),
            Column("party", gettext_lazy("整改对象"), value=lambda one: party_name(one, user), nullable=True),
            Column("bin", gettext_lazy("桶"), value="bin.code", sort="bin__code"),
            Column("point", gettext_lazy("点位"), value=lambda one: one.point and one.point.name, nullable=True),
            Column("place", gettext_lazy("所在"), value="place.name", phone=False),
            Column("due", gettext_lazy("本步期限"), value=queries.due_of, kind="datetime", nullable=True),
            Column("made_at", gettext_lazy("成案"), sort="made_at", kind="datetime", phone=False),
            Column("ended_at", gettext_lazy("了结"), sort="ended_at", kind="datetime", nullable=True, visible=False),
            Column("end_reason", gettext_lazy("结果"), value="end_reason", visible=False),
        ],
        order="-pk",
        caption=gettext_lazy("分类任务"),
        row_url=lambda one: reverse("waste:task", args=[one.pk]),
        filters=[
            Search("q", gettext_lazy("整改对象、桶号、点位、编号"), apply=search),
            Choose("state", gettext_lazy("状态"), TaskState.choices, many=True, facet=True),
            place_filter(user, "place"),
            Span("made_at", gettext_lazy("成案日期"), field="made_at"),
        ],
        empty=gettext_lazy("还没有任务。同一个桶在几天内有几条线索经人核看属实，就会成案。"),
        empty_url=reverse("waste:clues"),
        empty_action=gettext_lazy("看线索"),
    )


def _said_table() -> Table[Statement]:
    return Table[Statement](
        key="waste_statements",
        columns=[
            Column("made_at", gettext_lazy("时间"), sort="made_at", kind="datetime", fixed=True),
            Column("kind", gettext_lazy("类型"), value=lambda one: _(Said(one.kind).label), sort="kind"),
            Column("task", gettext_lazy("任务"), value="task.number", sort="task"),
            Column("text", gettext_lazy("内容"), value=lambda one: one.text[:80]),
            Column(
                "state",
                gettext_lazy("处理"),
                value=lambda one: _(Hearing(one.state).label),
                sort="state",
                kind="badge",
                tone=lambda one: "warn" if one.state == Hearing.WAITING else "quiet",
            ),
        ],
        order="-made_at",
        caption=gettext_lazy("陈述与改正报告"),
        row_url=lambda one: f"{reverse('waste:task', args=[one.task_id])}#said",
        filters=[
            Choose("state", gettext_lazy("处理"), Hearing.choices, facet=True),
            Choose("kind", gettext_lazy("类型"), Said.choices, facet=True),
            Search("q", gettext_lazy("内容"), apply=lambda rows, text: rows.filter(text__icontains=text)),
        ],
        empty=gettext_lazy("还没有陈述，也没有报告改正。"),
        empty_url=reverse("waste:tasks"),
        empty_action=gettext_lazy("看任务"),
    )


def _found(request: HttpRequest, pk: int) -> Task:
    return get_object_or_404(queries.tasks_seen_by(request.user), pk=pk)
