"""Cases at the desk: the list, one case with its moves, a new one 办件台."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from linqi.cases import actions, comparing, queries, rules, tasks
from linqi.cases.deadlines import in_words
from linqi.cases.dispatch import Basis
from linqi.cases.flow import OPEN, WORKING, Join, Move, State
from linqi.cases.forms import (
    SAY,
    AnswerForm,
    AttachForm,
    CommunityForm,
    DeskCaseForm,
    DispatchForm,
    MergeForm,
    RouteForm,
    SayForm,
)
from linqi.cases.intake import reply_templates
from linqi.cases.models import (
    Case,
    Outcome,
    Pressed,
    Route,
    Source,
    Strand,
)
from linqi.cases.views.bulk import steps_for
from linqi.cases.views.facts import facts_of
from linqi.cases.views.lists import STATE_TONES, desk_table, objection_table
from linqi.cases.views.materials import materials_on
from linqi.cases.views.picking import picked
from linqi.cases.views.proposing import proposed, said_so_far
from linqi.cases.views.rated import rating_on
from linqi.cases.views.receivables import owed_on
from linqi.cases.views.timeline import happenings
from linqi.cases.views.together import together_on
from linqi.cases.views.views import views_of
from linqi.catalogue.models import Category
from linqi.catalogue.queries import categories_offered
from linqi.enterprises.models import Enterprise
from linqi.enterprises.queries import enterprises_seen_by, shown_name
from linqi.kit import access, clock
from linqi.organisation.queries import departments_of
from linqi.territory.models import Place, PlaceKind
from linqi.territory.queries import street_of, way_down
from linqi.ui.asked import an_id, words
from linqi.ui.attempts import attempt
from linqi.ui.parts import Crumb

SHORT = {
    "open": ("state", ("dispatched", "accepted", "answered")),
    "overdue": ("press", ("overdue",)),
    "to_rate": ("rating", ("none",)),
}
TO_A_SECTION: dict[Move, Any] = {  # moves that name a section, and what the box for it says
    Move.REDISPATCH: gettext_lazy("派给"),
    Move.UPHOLD_OBJECTION: gettext_lazy("改派给"),
    Move.OBJECT: gettext_lazy("应由哪个科室办（可不选）"),
    Move.ADD_STRAND: gettext_lazy("协办科室"),
}
SELDOM = frozenset(  # folded away: what most cases never need
    {
        Move.ADD_STRAND,
        Move.ASK_COMMUNITY,
        Move.ESCALATE,
        Move.MERGE,
        Move.ROUTE_OUT,
        Move.OBJECT,
        Move.SEND_BACK,
        Move.ASK_EXTENSION,
        Move.WITHDRAW,
    }
)
KEYS: dict[Move, str] = {  # lead to a move on the page of a case; docs/operators.md
    Move.ACCEPT: "a",
    Move.CONTACT: "c",
    Move.ASK_MORE: "m",
    Move.SUPPLY: "s",
    Move.ANSWER: "r",
    Move.CLOSE: "f",
    Move.REDISPATCH: "d",
    Move.GRANT_EXTENSION: "g",
    Move.REFUSE_EXTENSION: "n",
    Move.UPHOLD_OBJECTION: "u",
    Move.REJECT_OBJECTION: "i",
    Move.REOPEN: "b",
}
RATINGS = (Move.RATE, Move.CALL_BACK)  # these have forms and addresses of their own
NOBODY = "none"  # in the address: a case for no enterprise of the registry


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
        picks=steps_for(request.user),
        extra=views_of(request),
    )
    if table.export_format:
        actions.record_export(rows=table.whole, asked=request.GET.urlencode(), by=request.user)
        return table.export()
    may = {name: access.may_anywhere(request.user, f"cases.{name}") for name in ("open", "batch")}
    return table.answer("cases/list.html", {"may_open": may["open"], "may_batch": may["batch"]})


@access.page("cases.see")
def case(request: HttpRequest, pk: int) -> HttpResponse:
    """One case: who, where, by when and why, what happened, and what this user may do now."""
    if not access.may_anywhere(request.user, "cases.desk"):
        return redirect("cases:own_one", pk=pk)
    found = get_object_or_404(
        queries.desk_cases(request.user).select_related("street", "reporter", "dispatch_row", "merged_into"), pk=pk
    )
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


@require_POST
@access.page("cases.see")
def strand(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """One step of another section's part."""
    mine = access.seen_by(request.user, Strand).select_related("case__place", "case__department", "department")
    one = get_object_or_404(mine, pk=pk)
    if name in Join.values:
        asked = Join(name)
        form = SayForm(request.POST, label="", prefix=f"{name}{one.pk}")
        text = form.cleaned_data["text"] if form.is_valid() else ""
        done = _("已记录。")
        attempt(request, lambda: actions.move_strand(strand=one, move=asked, text=text, by=request.user), done=done)
    return redirect(f"{reverse('cases:detail', args=[one.case_id])}#strands")


@require_POST
@access.page("cases.see")
def supervise(request: HttpRequest, pk: int) -> HttpResponse:
    """A leader presses, with a word that must be answered."""
    found = get_object_or_404(queries.desk_cases(request.user), pk=pk)
    form = SayForm(request.POST, label="", prefix="nudge")
    text = form.cleaned_data["text"] if form.is_valid() else ""
    attempt(
        request,
        lambda: actions.nudge(case=found, kind=Pressed.SUPERVISED, text=text, by=request.user),
        done=_("已督办，回复前一直列在经办人的篮里。"),
    )
    return redirect("cases:detail", pk=pk)


@require_POST
@access.page("cases.see")
def reply(request: HttpRequest, pk: int) -> HttpResponse:
    """One word answers everybody who pressed."""
    found = get_object_or_404(queries.desk_cases(request.user), pk=pk)
    form = SayForm(request.POST, label="", prefix="reply")
    text = form.cleaned_data["text"] if form.is_valid() else ""
    attempt(request, lambda: actions.answer_nudges(case=found, text=text, by=request.user), done=_("已回复。"))
    return redirect("cases:detail", pk=pk)


@require_POST
@access.page("cases.identify")
def identify(request: HttpRequest, pk: int) -> HttpResponse:
    """Say for which enterprise a case is that came in without one."""
    found = get_object_or_404(queries.desk_cases(request.user), pk=pk)
    code = words(request.POST.get("enterprise"), 40).strip().upper()
    firm = enterprises_seen_by(request.user).filter(uscc=code, merged_into=None).first() if code else None

    def act() -> None:
        if firm is None:
            raise ValidationError(_("没有找到统一社会信用代码为“%(code)s”的企业，请核对。") % {"code": code})
        actions.identify(case=found, enterprise=firm, by=request.user)

    attempt(request, act, done=_("已认定，企业现在能看到这件。"))
    return redirect("cases:detail", pk=pk)


@access.page("cases.desk")
def objections(request: HttpRequest) -> HttpResponseBase:
    """The ledger of objections."""
    table = objection_table(request.user).bind(request, queries.objections_seen_by(request.user), may_export=False)
    return table.answer("cases/objections.html")


@access.page("cases.open")
def new(request: HttpRequest) -> HttpResponseBase:
    """A new case: first for whom, then what about."""
    if not access.may_anywhere(request.user, "cases.desk"):
        return redirect(f"{reverse('cases:own_new')}?{request.GET.urlencode()}".rstrip("?"))
    enterprise = _asked_for(request)
    crumbs = [Crumb(_("办件"), reverse("cases:list")), Crumb(_("新建办件"))]
    if enterprise is None and request.GET.get("enterprise") != NOBODY:
        return render(request, "cases/pick.html", {"crumbs": crumbs, **_picking(request)})
    form = DeskCaseForm(
        request.POST or None,
        request.FILES or None,
        known=enterprise is not None,
        places=_places_of(enterprise, request.user),
        categories=categories_offered(request.user),
        initial={"place": enterprise.seat_id if enterprise else None},
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
                    source=Source(said["way"]),
                    files=said["attached"],
                    contact=actions.Contact(
                        said["contact_name"], said["contact_phone"], said.get("said_enterprise", "")
                    ),
                    by=request.user,
                )
            )

        if attempt(request, save, done=_("办件已提交并派单。"), form=form):
            return redirect("cases:detail", pk=made[0].pk)
    context = {
        "form": form,
        "enterprise": enterprise,
        "name": shown_name(enterprise, request.user) if enterprise else _("不涉及已入库的企业"),
        "crumbs": crumbs,
        **_compared(request.user, enterprise, None, QueryDict()),
    }
    return render(request, "cases/new.html", context)


@access.page("cases.open")
def pick(request: HttpRequest) -> HttpResponse:
    """The enterprises that answer to what is being typed; a partial."""
    return render(request, "cases/_found.html", _picking(request))


@require_POST
@access.page("cases.open")
def similar(request: HttpRequest) -> HttpResponse:
    """Earlier cases like the one being written, and what it may be about; a partial."""
    enterprise = _asked_for(request)
    place = access.seen_by(request.user, Place, "cases.open").filter(pk=an_id(request.POST.get("place"))).first()
    return render(request, "cases/_similar.html", _compared(request.user, enterprise, place, request.POST))


@access.page("cases.desk")
def hot(request: HttpRequest) -> HttpResponse:
    """Open cases of several askers that may be one problem; looked for again when asked."""
    streets = access.seen_by(request.user, Place, "cases.merge").filter(kind=PlaceKind.STREET)
    if request.method == "POST":
        user: Any = request.user
        for street in streets:
            tasks.find_hot.enqueue(street=street.pk, by=user.pk)
        messages.success(request, _("已开始查找，稍后刷新即可看到结果。"))
        return redirect("cases:hot")
    crumbs = [Crumb(_("办件"), reverse("cases:list")), Crumb(_("热点问题"))]
    context = {"groups": queries.hot_seen_by(request.user), "may_find": streets.exists(), "crumbs": crumbs}
    return render(request, "cases/hot.html", context)


def _compared(user: Any, enterprise: Enterprise | None, place: Place | None, said: QueryDict) -> dict[str, Any]:
    """What a text being written is like, as far as the user sees it: by its words, and other wishes of the same firm."""
    title, body = said_so_far(said)
    here = place or (enterprise.seat if enterprise else None)
    street = street_of(here) if here else None
    found = (
        comparing.similar(
            user,
            street=street,
            title=title,
            body=body,
            place=here.pk if here else None,
            enterprise=enterprise.pk if enterprise else None,
        )
        if street
        else []
    )
    category = categories_offered(user).filter(pk=an_id(said.get("category"))).first()
    shown = {one.case.pk for one in found}
    open_ = queries.similar_open(user, enterprise=enterprise, place=place, category=category)
    return {
        "similar": found,
        "also": [case for case in open_ if case.pk not in shown][:5],
        "proposed": proposed(user, title, body),
    }


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
            "finished": found.state not in WORKING,
            "waiting": found.department_id is None and found.state == State.DISPATCHED,
            "basis": _(Basis(found.dispatch_basis).label),
            "extension": found.extensions.filter(round=found.reopened).select_related("asked_by").first(),
            "pauses": found.pauses.all(),
            "facts": facts_of(found),
            "path": [one for one in way_down(request.user, found.place) if one[0].kind != "district"],
            "may_correct": found.state in OPEN and access.may(request.user, "cases.answer", found),
            "may_identify": found.enterprise is None
            and found.state in OPEN
            and access.may(request.user, "cases.identify", found),
            "watched": found.watches.filter(user=request.user.pk).exists(),
            "files": found.attachments.select_related("added_by"),
            "attach_form": AttachForm() if queries.may_attach(request.user, found) else None,
            "entries": happenings(found, inside=True),
            "moves": [(one, _(one.label), form, KEYS.get(one, "")) for one, form in forms.items() if one not in SELDOM],
            "seldom": [(one, _(one.label), form, KEYS.get(one, "")) for one, form in forms.items() if one in SELDOM],
            "templates": reply_templates(),
            "seldom_open": any(form and form.errors for one, form in forms.items() if one in SELDOM),
            "similar": comparing.similar_to(request.user, found) if found.state in OPEN else [],
            **owed_on(found, request.user),
            **materials_on(found, request.user),
            **together_on(found, request.user),
            **rating_on(found, request.user, moves),
            "crumbs": [Crumb(_("办件"), reverse("cases:list")), Crumb(found.number)],
        },
    )


def _form(asked: Move, found: Case, posted: QueryDict | None = None) -> SayForm | None:
    """The form of a move, None when a button is enough."""
    if asked not in SAY:
        return None
    if asked in TO_A_SECTION:
        others = departments_of(found.street).exclude(pk=found.department_id or 0)
        form = DispatchForm(
            posted,
            label=str(SAY[asked]),
            departments=others,
            required=asked is not Move.OBJECT,
            prefix=asked.value,
        )
        form.fields["department"].label = TO_A_SECTION[asked]
        return form
    if asked is Move.ASK_COMMUNITY:
        return CommunityForm(
            posted, label=str(SAY[asked]), communities=queries.communities_of(found), prefix=asked.value
        )
    if asked is Move.ANSWER:
        return AnswerForm(
            posted, label=str(SAY[asked]), found=found, categories=Category.objects.all(), prefix=asked.value
        )
    kinds: dict[Move, type[SayForm]] = {Move.ROUTE_OUT: RouteForm, Move.MERGE: MergeForm}
    return kinds.get(asked, SayForm)(posted, label=str(SAY[asked]), prefix=asked.value)


def _act(asked: Move, found: Case, said: dict[str, Any], by: Any) -> tuple[Callable[[], object], str]:
    """What a move does, and what the page says when it was done."""
    text = said.get("text", "")
    acts: dict[Move, tuple[Callable[[], object], str]] = {
        Move.ACCEPT: (lambda: actions.accept(case=found, by=by), _("已受理，由您办理。")),
        Move.ANSWER: (
            lambda: actions.answer(
                case=found, text=text, outcome=Outcome(said["outcome"]), category=said["category"], by=by
            ),
            _("已答复企业。"),
        ),
        Move.OBJECT: (
            lambda: actions.object_to(case=found, reason=text, proposed=said.get("department"), by=by),
            _("异议已提交裁定；裁定之前仍由本科室负责，期限照常计算。"),
        ),
        Move.UPHOLD_OBJECTION: (
            lambda: actions.decide_objection(case=found, department=said["department"], text=text, by=by),
            _("异议成立，已改派。"),
        ),
        Move.REJECT_OBJECTION: (
            lambda: actions.decide_objection(case=found, department=None, text=text, by=by),
            _("已裁定异议不成立。"),
        ),
        Move.ADD_STRAND: (
            lambda: actions.add_strand(case=found, department=said["department"], task=text, by=by),
            _("已请科室协办。"),
        ),
        Move.ASK_COMMUNITY: (
            lambda: actions.ask_community(case=found, community=said["community"], task=text, by=by),
            _("已交社区办理；清单以外的须先经社区书记准入。"),
        ),
        Move.ESCALATE: (lambda: actions.escalate(case=found, question=text, by=by), _("已提请联席会议。")),
        Move.RESOLVE: (lambda: actions.resolve(case=found, text=text, by=by), _("会议决定已登记。")),
        Move.ROUTE_OUT: (
            lambda: actions.route_out(case=found, route=Route(said["route"]), text=text, by=by),
            _("已引导至法定途径，并告知企业。"),
        ),
        Move.MERGE: (
            lambda: actions.merge(case=found, main=_named(said["main"], by), reason=text, by=by),
            _("已并案，答复时一并告知。"),
        ),
        Move.SPLIT_UNTAKEN: (lambda: actions.split(case=found, by=by), _("已拆分，恢复原状。")),
        Move.SPLIT_TAKEN: (lambda: actions.split(case=found, by=by), _("已拆分，恢复原状。")),
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


def _named(number: str, user: Any) -> Case:
    """The case of this number, as far as the user sees it."""
    found = queries.desk_cases(user).filter(number=number.strip().upper()).first()
    if found is None:
        raise ValidationError({"main": _("没有找到这个编号的办件。")})
    return found


def _picking(request: HttpRequest) -> dict[str, Any]:
    return picked(request, "cases.open", to=reverse("cases:new"), typed=reverse("cases:pick"))


def _asked_for(request: HttpRequest) -> Enterprise | None:
    pk = an_id(request.GET.get("enterprise"))
    if not pk:
        return None
    mine = access.seen_by(request.user, enterprises_seen_by(request.user), "cases.open")
    return get_object_or_404(mine.select_related("seat"), pk=pk)


def _places_of(enterprise: Enterprise | None, user: Any) -> Any:
    """Where a case can lie: where the enterprise is, or anywhere down to buildings, as far as the user may open cases."""
    mine = access.seen_by(user, Place, "cases.open")
    if enterprise is None:
        wide = (PlaceKind.STREET, PlaceKind.COMMUNITY, PlaceKind.PARK, PlaceKind.BUILDING)
        return mine.filter(kind__in=wide, until=None).order_by("kind", "name")
    return mine.filter(pk__in=queries.places_of(enterprise)).order_by("kind", "name")


def _spelt_out(query: QueryDict) -> str:
    """The short questions other pages ask (`?open=1`) in the list's own words; empty when there is none."""
    if not any(short in query for short in SHORT):
        return ""
    asked = query.copy()
    for short, (key, values) in SHORT.items():
        if asked.pop(short, None):
            asked.setlist(key, list(values))
    return asked.urlencode()
