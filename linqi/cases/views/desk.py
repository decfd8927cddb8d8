"""Cases at the desk: the list, one case with its moves, a new one 办件台."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from linqi.cases import actions, queries, rules
from linqi.cases.deadlines import in_words
from linqi.cases.flow import UNSETTLED, Mending, Move, State
from linqi.cases.forms import SAY, CaseForm, DispatchForm, ExclusionForm, RatingForm, SayForm
from linqi.cases.models import Case, Exclusion, Ground, RatedBy, Source
from linqi.cases.rules import Basis
from linqi.cases.views.lists import STATE_TONES, desk_table
from linqi.cases.views.timeline import happenings
from linqi.catalogue.models import CaseClass
from linqi.catalogue.queries import categories_offered
from linqi.enterprises.models import Enterprise
from linqi.enterprises.queries import enterprises_seen_by, named_like, shown_name
from linqi.kit import access, clock
from linqi.organisation.queries import departments_of
from linqi.territory.models import Place
from linqi.territory.queries import way_down
from linqi.ui.attempts import attempt
from linqi.ui.parts import Crumb, Fact

SHORT = {
    "open": ("state", ("dispatched", "accepted", "answered")),
    "overdue": ("press", ("overdue",)),
    "to_rate": ("rating", ("none",)),
}
RATINGS = (Move.RATE, Move.CALL_BACK)  # these have forms and addresses of their own
FOUND_AT_ONCE = 20  # enterprises shown in the picker


@access.page("cases.see")
def cases(request: HttpRequest) -> HttpResponseBase:
    """The desk's list; an enterprise user is led to their own."""
    if asked := _spelt_out(request.GET):
        return redirect(f"{request.path}?{asked}")
    if not access.may_anywhere(request.user, "cases.desk"):
        return redirect(f"{reverse('cases:own')}?{request.GET.urlencode()}".rstrip("?"))
    table = desk_table(request.user, request.GET.get("place", ""), request.GET.get("enterprise", "")).bind(
        request,
        queries.desk_cases(request.user),
        may_export=access.may_anywhere(request.user, "cases.export"),
    )
    if table.export_format:
        actions.record_export(rows=table.total, asked=request.GET.urlencode(), by=request.user)
        return table.export()
    return table.answer("cases/list.html", {"may_open": access.may_anywhere(request.user, "cases.open")})


@access.page("cases.see")
def case(request: HttpRequest, pk: int) -> HttpResponse:
    """One case: who, where, by when and why, what happened, and what this user may do now."""
    if not access.may_anywhere(request.user, "cases.desk"):
        return redirect("cases:own_one", pk=pk)
    found = get_object_or_404(queries.desk_cases(request.user).select_related("street", "reporter"), pk=pk)
    return _page(request, found)


@require_POST
@access.page("cases.see")
def move(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """One move of a case; refused in words when it cannot be."""
    found = get_object_or_404(queries.cases_seen_by(request.user), pk=pk)
    if name not in Move.values or name in RATINGS:
        return redirect("cases:detail", pk=pk)
    asked = Move(name)
    form = _form(asked, found, request.POST)
    if form is not None and not form.is_valid():
        return _page(request, found, {asked: form})
    said: dict[str, Any] = form.cleaned_data if form is not None else {}
    act, done = _act(asked, found, said, request.user)
    if not attempt(request, act, done=done, form=form) and form is not None and form.errors:
        return _page(request, found, {asked: form})
    if not access.may(request.user, "cases.see", found):  # sent away: it is no longer this section's
        return redirect("cases:list")
    return redirect("cases:detail", pk=pk)


@access.page("cases.open")
def new(request: HttpRequest) -> HttpResponseBase:
    """A new case: first for whom, then what about."""
    if not access.may_anywhere(request.user, "cases.desk"):
        return redirect("cases:own_new")
    enterprise = _asked_for(request)
    crumbs = [Crumb(_("办件"), reverse("cases:list")), Crumb(_("新建办件"))]
    if enterprise is None:
        return render(request, "cases/pick.html", {"crumbs": crumbs, **_picked(request)})
    form = CaseForm(
        request.POST or None,
        places=_places_of(enterprise, request.user),
        categories=categories_offered(request.user),
        initial={"place": enterprise.seat_id},
    )
    if request.method == "POST" and form.is_valid():
        made: list[Case] = []
        said = form.cleaned_data

        def save() -> None:
            made.append(
                actions.open_case(
                    enterprise=enterprise,
                    place=said["place"],
                    category=said["category"],
                    title=said["title"],
                    body=said["body"],
                    source=Source.DESK,
                    by=request.user,
                )
            )

        if attempt(request, save, done=_("办件已提交并派单。"), form=form):
            return redirect("cases:detail", pk=made[0].pk)
    context = {
        "form": form,
        "enterprise": enterprise,
        "name": shown_name(enterprise, request.user),
        "crumbs": crumbs,
        "similar": queries.similar_open(request.user, enterprise=enterprise, place=None, category=None),
    }
    return render(request, "cases/new.html", context)


@access.page("cases.open")
def pick(request: HttpRequest) -> HttpResponse:
    """The enterprises that answer to what is being typed; a partial."""
    return render(request, "cases/_found.html", _picked(request))


@access.page("cases.open")
def similar(request: HttpRequest) -> HttpResponse:
    """Open cases that may be the same thing as the one being written; a partial."""
    enterprise = _asked_for(request)
    place = access.seen_by(request.user, Place, "cases.open").filter(pk=_number(request.GET.get("place"))).first()
    category = categories_offered(request.user).filter(pk=_number(request.GET.get("category"))).first()
    found = queries.similar_open(request.user, enterprise=enterprise, place=place, category=category)
    return render(request, "cases/_similar.html", {"similar": found})


def _page(request: HttpRequest, found: Case, given: dict[Move, SayForm] | None = None) -> HttpResponse:
    now = clock.now()
    moves = queries.moves_open_to(request.user, found)
    forms: dict[Move, SayForm | None] = {one: _form(one, found) for one in moves if one not in RATINGS}
    forms.update(given or {})
    pressed = rules.press(found.state, found.due_at, found.answered_at, now)
    return render(
        request,
        "cases/case.html",
        {
            "case": found,
            "name": shown_name(found.enterprise, request.user) if found.enterprise else "",
            "state": _(State(found.state).label),
            "tone": STATE_TONES[State(found.state)],
            "left": queries.left_in_words(found, now),
            "why": in_words(found.due_why),
            "late": pressed is rules.Press.OVERDUE,
            "finished": found.state not in ("dispatched", "accepted"),
            "waiting": found.department_id is None and found.state == State.DISPATCHED,
            "basis": _(Basis(found.dispatch_basis).label),
            "extension": found.extensions.filter(round=found.reopened).select_related("asked_by").first(),
            "pauses": found.pauses.all(),
            "facts": _facts(found),
            "path": [one for one in way_down(request.user, found.place) if one[0].kind != "district"],
            "entries": happenings(found, inside=True),
            "moves": [(one, _(one.label), form) for one, form in forms.items()],
            **_rating(request.user, found, moves),
            "crumbs": [Crumb(_("办件"), reverse("cases:list")), Crumb(found.number)],
        },
    )


def _rating(user: Any, found: Case, moves: list[Move]) -> dict[str, Any]:
    """What the page shows of the rating and what followed, and what this user may do about it."""
    mending = found.rectifications.select_related("case").first()
    exclusion = Exclusion.objects.filter(case=found).first()
    over = found.state in (State.CLOSED, State.WITHDRAWN)
    decidable = (
        exclusion is not None
        and exclusion.granted is None
        and rules.may_decide(exclusion.asked_by_id, user.pk)
        and access.may(user, "cases.decide", found)
    )
    return {
        "rating_shown": over or found.rating is not None,
        "way": _(RatedBy(found.rated_by).label) if found.rated_by else "",
        "may_link": found.state == State.CLOSED
        and rules.may_rate(found.closed_at, found.rated_at)
        and access.may(user, "cases.close", found),
        "call": RatingForm(prefix="call") if Move.CALL_BACK in moves else None,
        "mending": mending,
        "mending_state": _(Mending(mending.state).label) if mending else "",
        "mending_tone": "warn" if mending and mending.state in UNSETTLED else "quiet",
        "mending_moves": [
            (one, _(one.label), SayForm(label=str(SAY[one]), prefix=one.value))
            for one in queries.mending_open_to(user, mending)
        ],
        "exclusion": exclusion,
        "exclusion_ground": _(Ground(exclusion.ground).label) if exclusion else "",
        "exclusion_decide": SayForm(label=_("审批理由"), prefix="exclusion") if decidable else None,
        "exclusion_form": ExclusionForm() if over and access.may(user, "cases.exclude", found) else None,
    }


def _facts(found: Case) -> list[Fact]:
    department = found.department.title if found.department else _("待书记派单")
    return [
        Fact(_("编号"), found.number),
        Fact(_("窗口"), found.category.window.title),
        Fact(_("类别"), found.category.title),
        Fact(_("类型"), _(CaseClass(found.case_class).label)),
        Fact(_("来源"), _(Source(found.source).label)),
        Fact(_("科室"), department, note=found.dispatch_reason or _(Basis(found.dispatch_basis).label)),
        Fact(_("经办人"), str(found.handler) if found.handler else None),
        Fact(_("提交人"), str(found.reporter) if found.reporter else None),
        Fact(_("提交时间"), found.opened_at, kind="datetime"),
    ]


def _form(asked: Move, found: Case, posted: QueryDict | None = None) -> SayForm | None:
    """The form of a move, None when a button is enough."""
    if asked not in SAY:
        return None
    if asked is Move.REDISPATCH:
        others = departments_of(found.street).exclude(pk=found.department_id or 0)
        return DispatchForm(posted, label=str(SAY[asked]), departments=others, prefix=asked.value)
    return SayForm(posted, label=str(SAY[asked]), prefix=asked.value)


def _act(asked: Move, found: Case, said: dict[str, Any], by: Any) -> tuple[Callable[[], object], str]:
    """What a move does, and what the page says when it was done."""
    text = said.get("text", "")
    acts: dict[Move, tuple[Callable[[], object], str]] = {
        Move.ACCEPT: (lambda: actions.accept(case=found, by=by), _("已受理，由您办理。")),
        Move.ANSWER: (lambda: actions.answer(case=found, text=text, by=by), _("已答复企业。")),
        Move.CLOSE: (lambda: actions.close(case=found, by=by), _("已办结，已请企业评价。")),
        Move.CONTACT: (lambda: actions.contact(case=found, text=text, by=by), _("已登记首次联系。")),
        Move.ASK_MORE: (lambda: actions.ask_more(case=found, text=text, by=by), _("已告知企业，期限暂停。")),
        Move.SUPPLY: (lambda: actions.supply(case=found, text=text, by=by), _("已登记补充，期限继续计算。")),
        Move.ASK_EXTENSION: (
            lambda: actions.ask_extension(case=found, reason=text, by=by),
            _("已提交延期申请，由另一人审批。"),
        ),
        Move.GRANT_EXTENSION: (
            lambda: actions.decide_extension(case=found, grant=True, text=text, by=by),
            _("已延期，已告知企业。"),
        ),
        Move.REFUSE_EXTENSION: (
            lambda: actions.decide_extension(case=found, grant=False, text=text, by=by),
            _("已退回延期申请，期限不变。"),
        ),
        Move.SEND_BACK: (lambda: actions.send_back(case=found, reason=text, by=by), _("已退回，由书记重新派单。")),
        Move.REDISPATCH: (
            lambda: actions.redispatch(case=found, department=said["department"], reason=text, by=by),
            _("已派单。"),
        ),
        Move.REOPEN: (lambda: actions.reopen(case=found, reason=text, by=by), _("已转入重新办理。")),
        Move.WITHDRAW: (lambda: actions.withdraw(case=found, reason=text, by=by), _("已撤回。")),
    }
    return acts[asked]


def _picked(request: HttpRequest) -> dict[str, Any]:
    text = " ".join(request.GET.get("q", "").replace("\x00", "").split())[:100]
    found: list[tuple[Enterprise, str]] = []
    if len(text) > 1:
        mine = access.seen_by(request.user, enterprises_seen_by(request.user), "cases.open").select_related("seat")
        rows = named_like(mine, text, request.user).order_by("name_key")[:FOUND_AT_ONCE]
        found = [(one, shown_name(one, request.user)) for one in rows]
    return {"found": found, "q": text, "to": reverse("cases:new")}


def _asked_for(request: HttpRequest) -> Enterprise | None:
    pk = _number(request.GET.get("enterprise"))
    if not pk:
        return None
    mine = access.seen_by(request.user, enterprises_seen_by(request.user), "cases.open")
    return get_object_or_404(mine.select_related("seat"), pk=pk)


def _places_of(enterprise: Enterprise, user: Any) -> Any:
    """Where a case of this enterprise can lie: where it is, as far as the user may open cases there."""
    mine = access.seen_by(user, Place, "cases.open")
    return mine.filter(pk__in=queries.places_of(enterprise)).order_by("kind", "name")


def _number(text: str | None) -> int:
    """An id from the address, 0 when it is none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 16 else 0


def _spelt_out(query: QueryDict) -> str:
    """The short questions other pages ask (`?open=1`) in the list's own words; empty when there is none."""
    if not any(short in query for short in SHORT):
        return ""
    asked = query.copy()
    for short, (key, values) in SHORT.items():
        if asked.pop(short, None):
            asked.setlist(key, list(values))
    return asked.urlencode()
