"""An enterprise's own requests: what it asked, where it stands, how it was served 我的诉求."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from linqi.cases import actions, queries
from linqi.cases.deadlines import in_words
from linqi.cases.flow import OPEN, WORKING, Move, State
from linqi.cases.forms import SAY, AttachForm, OwnCaseForm, PlaceField, RatingForm, SayForm
from linqi.cases.models import Case, Outcome, Pressed, Route, Solved, Source
from linqi.cases.views.lists import STATE_TONES, own_table
from linqi.cases.views.materials import materials_on
from linqi.cases.views.proposing import proposed, said_so_far
from linqi.cases.views.receivables import owed_on
from linqi.cases.views.timeline import happenings
from linqi.catalogue.queries import categories_offered
from linqi.enterprises.models import Enterprise
from linqi.kit import access, clock
from linqi.territory.models import Place
from linqi.territory.queries import path_of
from linqi.ui.asked import an_id, words
from linqi.ui.attempts import attempt
from linqi.ui.parts import Crumb

OWN = (Move.SUPPLY, Move.REOPEN, Move.WITHDRAW)  # what the one who asked may do, besides rating


@access.page("cases.portal")
def own(request: HttpRequest) -> HttpResponseBase:
    """The requests of the user's enterprises."""
    table = own_table().bind(request, queries.own_cases(request.user), may_export=False)
    return table.answer("cases/own_list.html")


@access.page("cases.portal")
def own_one(request: HttpRequest, pk: int) -> HttpResponse:
    """One request, as the enterprise sees it."""
    return _page(request, _mine(request, pk))


@access.page("cases.portal")
def own_new(request: HttpRequest) -> HttpResponse:
    """A new request of one of the user's enterprises."""
    firms = access.seen_by(request.user, Enterprise, "cases.portal").filter(merged_into=None).order_by("name_key")
    places = Place.objects.filter(pk__in=[pk for firm in firms for pk in queries.places_of(firm)])
    first = firms.first()
    form = OwnCaseForm(
        request.POST or None,
        request.FILES or None,
        enterprises=firms,
        places=places.order_by("kind", "name"),
        categories=categories_offered(request.user),
        initial={
            "enterprise": first.pk if first else None,
            "place": first.seat_id if first else None,
            "category": an_id(request.GET.get("category")) or None,
        },
    )
    if request.method == "POST" and form.is_valid():
        made: list[Case] = []
        said = form.cleaned_data

        def save() -> None:
            made.append(
                actions.open_case(
                    enterprise=said["enterprise"],
                    place=said["place"],
                    category=said["category"],
                    title=said["title"],
                    body=said["body"],
                    source=Source.PORTAL,
                    files=said["attached"],
                    by=request.user,
                )
            )

        if attempt(request, save, done=_("已提交。办理进度会在这里显示，办结后请您评价。"), form=form):
            return redirect("cases:own_one", pk=made[0].pk)
    crumbs = [Crumb(_("我的诉求"), reverse("cases:own")), Crumb(_("提一个诉求"))]
    return render(request, "cases/own_new.html", {"form": form, "crumbs": crumbs})


@require_POST
@access.page("cases.portal")
def own_similar(request: HttpRequest) -> HttpResponse:
    """What the request being written may be about, and what the same user asked before; a partial."""
    title, body = said_so_far(request.POST)
    open_ = queries.own_cases(request.user).filter(state__in=OPEN).order_by("-opened_at")[:5]
    return render(request, "cases/_own_similar.html", {"proposed": proposed(request.user, title, body), "open": open_})


@require_POST
@access.page("cases.rate")
def rate(request: HttpRequest, pk: int) -> HttpResponse:
    """The enterprise rates how it was served."""
    found = _mine(request, pk)
    form = RatingForm(request.POST)
    if form.is_valid() and attempt(
        request,
        lambda: actions.rate(
            case=found,
            stars=int(form.cleaned_data["stars"]),
            solved=Solved(form.cleaned_data["solved"]),
            comment=form.cleaned_data["comment"],
            by=request.user,
        ),
        done=_("谢谢您的评价。"),
        form=form,
    ):
        return redirect("cases:own_one", pk=pk)
    return _page(request, found, rating=form)


@require_POST
@access.page("cases.urge")
def urge(request: HttpRequest, pk: int) -> HttpResponse:
    """The enterprise presses, once a day."""
    found = _mine(request, pk)
    text = words(request.POST.get("text"), 2000)
    attempt(
        request,
        lambda: actions.nudge(case=found, kind=Pressed.URGED, text=text, by=request.user),
        done=_("已转告经办人，请等候回复。"),
    )
    return redirect("cases:own_one", pk=pk)


@require_POST
@access.page("cases.portal")
def own_move(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Not settled after all, or no longer asked for."""
    found = _mine(request, pk)
    if name not in OWN:
        return redirect("cases:own_one", pk=pk)
    asked = Move(name)
    form = SayForm(request.POST, label=str(SAY[asked]), prefix=asked.value)
    if not form.is_valid():
        return _page(request, found, said={asked: form})
    text = form.cleaned_data["text"]
    acts = {
        Move.SUPPLY: (lambda: actions.supply(case=found, text=text, by=request.user), _("已补充，办理继续。")),
        Move.REOPEN: (lambda: actions.reopen(case=found, reason=text, by=request.user), _("已转入重新办理。")),
        Move.WITHDRAW: (lambda: actions.withdraw(case=found, reason=text, by=request.user), _("已撤回。")),
    }
    act, done = acts[asked]
    attempt(request, act, done=done)
    return redirect("cases:own_one", pk=pk)


def _page(
    request: HttpRequest,
    found: Case,
    rating: RatingForm | None = None,
    said: dict[Move, SayForm] | None = None,
) -> HttpResponse:
    moves = queries.moves_open_to(request.user, found)
    forms: dict[Move, SayForm] = {one: SayForm(label=str(SAY[one]), prefix=one.value) for one in moves if one in OWN}
    forms.update(said or {})
    return render(
        request,
        "cases/own_case.html",
        {
            "case": found,
            "state": _(State(found.state).label),
            "tone": STATE_TONES[State(found.state)],
            "left": queries.left_in_words(found, clock.now()),
            "way": " / ".join(
                one.name for one in path_of(found.place) or [found.place] if one.kind not in PlaceField.LEFT_OUT
            ),
            "why": in_words(found.due_why),
            "finished": found.state not in WORKING,
            "may_urge": found.state in WORKING and access.may(request.user, "cases.urge", found),
            "outcome": _(Outcome(found.outcome).label) if found.outcome else "",
            "route": _(Route(found.route).label) if found.route else "",
            "replies": found.nudges.exclude(replied_at=None).filter(kind=Pressed.URGED)[:3],
            "asked": found.pauses.filter(until=None).first() if found.state == State.WAITING else None,
            "files": found.attachments.select_related("added_by"),
            "attach_form": AttachForm() if queries.may_attach(request.user, found) else None,
            **owed_on(found, request.user),
            **materials_on(found, request.user),
            "entries": happenings(found, inside=False),
            "rating": (rating or RatingForm()) if Move.RATE in moves else None,
            "stars": "★" * (found.rating or 0),
            "moves": [(one, _(one.label), form) for one, form in forms.items()],
            "crumbs": [Crumb(_("我的诉求"), reverse("cases:own")), Crumb(found.number)],
        },
    )


def _mine(request: HttpRequest, pk: int) -> Case:
    return get_object_or_404(queries.own_cases(request.user).select_related("handler"), pk=pk)
