"""Cases for other programs: the same rows, the same actions, the same rights as on the pages."""

from datetime import date, datetime
from typing import Any, Literal

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema, Status
from pydantic import Field

from linqi.cases import actions, queries
from linqi.cases.flow import Move, State
from linqi.cases.models import Case, Outcome, Source
from linqi.catalogue.models import CaseClass
from linqi.catalogue.queries import categories_offered
from linqi.enterprises.models import Enterprise
from linqi.enterprises.queries import enterprises_seen_by, shown_name
from linqi.kit import access
from linqi.territory.models import Place

router = Router(tags=["cases"])
Step = Literal["accept", "contact", "ask_more", "supply", "answer", "close", "reopen", "withdraw"]


class Told(Schema):
    """A case as it is told 办件."""

    number: str
    title: str
    body: str
    state: str
    state_text: str
    category: str
    case_class: str
    place: int
    place_name: str
    uscc: str | None
    enterprise: str | None
    department: str | None
    opened_at: datetime
    accept_due_at: datetime
    due_at: datetime
    due_provisional: bool
    accepted_at: datetime | None
    answered_at: datetime | None
    closed_at: datetime | None
    answer: str
    outcome: str
    rating: int | None
    moves: list[str] = Field(description="What the key's user may do with it now.")


class Page(Schema):
    """Some of the cases asked for, and how many there are."""

    total: int
    items: list[Told]


class Asked(Schema):
    """Which cases are wanted."""

    state: list[str] = []
    category: str = ""
    opened_from: date | None = None
    opened_to: date | None = None
    limit: int = Field(50, ge=1, le=100)
    offset: int = Field(0, ge=0, le=1_000_000)


class New(Schema):
    """A request to be taken in; where an enterprise is named, its seat is the place unless another is given."""

    title: str = Field(max_length=120)
    body: str = Field("", max_length=5000)
    category: str
    case_class: str | None = None
    uscc: str | None = None
    place: int | None = Field(None, ge=1, le=2**53)


class Said(Schema):
    """The words that go with a move; `outcome` with an answer."""

    text: str = Field("", max_length=2000)
    outcome: str | None = None


class Kind(Schema):
    """A category that a new request may have."""

    code: str
    name: str
    window: str
    case_class: str


@router.get("/categories", response=list[Kind], summary="Categories 类别")
def categories(request: HttpRequest) -> list[dict[str, str]]:
    """What new requests can be about."""
    return [
        {"code": one.code, "name": one.title, "window": one.window.title, "case_class": one.case_class}
        for one in categories_offered(request.user).select_related("window")
    ]


@router.get("", response=Page, summary="Cases 办件")
def listed(request: HttpRequest, asked: Query[Asked]) -> dict[str, Any]:
    """The cases that the key's user sees, the newest first."""
    rows = queries.cases_seen_by(request.user).order_by("-pk")
    if asked.state:
        rows = rows.filter(state__in=[one for one in asked.state if one in State.values])
    if asked.category:
        rows = rows.filter(category__code=asked.category)
    if asked.opened_from:
        rows = rows.filter(opened_at__date__gte=asked.opened_from)
    if asked.opened_to:
        rows = rows.filter(opened_at__date__lte=asked.opened_to)
    page = rows[asked.offset : asked.offset + asked.limit]
    return {"total": rows.count(), "items": [_told(one, request.user, moves=False) for one in page]}


@router.post("", response={201: Told}, summary="Open 提交")
def opened(request: HttpRequest, new: New) -> Status[dict[str, Any]]:
    """Take in a request: it is dispatched and its deadlines are set."""
    access_to = access.seen_by(request.user, enterprises_seen_by(request.user), "cases.open")
    enterprise = get_object_or_404(access_to, uscc=new.uscc) if new.uscc else None
    place = get_object_or_404(_places(request.user, enterprise), pk=new.place) if new.place else None
    category = get_object_or_404(categories_offered(request.user), code=new.category)
    kind = CaseClass(new.case_class) if new.case_class in CaseClass.values else None
    made = actions.open_case(
        enterprise=enterprise,
        place=place,
        category=category,
        title=new.title,
        body=new.body,
        source=Source.API,
        case_class=kind,
        by=request.user,
    )
    return Status(201, _told(_one(request.user, made.number), request.user))


@router.get("/{number}", response=Told, summary="One case 一件")
def one(request: HttpRequest, number: str) -> dict[str, Any]:
    """One case by its number."""
    return _told(_one(request.user, number), request.user)


@router.post("/{number}/moves/{move}", response=Told, summary="Move on 办理")
def moved(request: HttpRequest, number: str, move: Step, said: Said) -> dict[str, Any]:
    """One move of a case; 409 when its state does not allow it, with the moves it does allow."""
    case, by, text = _one(request.user, number), request.user, said.text
    outcome = Outcome(said.outcome) if said.outcome in Outcome.values else None
    acts = {
        Move.ACCEPT: lambda: actions.accept(case=case, by=by),
        Move.CONTACT: lambda: actions.contact(case=case, text=text, by=by),
        Move.ASK_MORE: lambda: actions.ask_more(case=case, text=text, by=by),
        Move.SUPPLY: lambda: actions.supply(case=case, text=text, by=by),
        Move.ANSWER: lambda: actions.answer(case=case, text=text, outcome=outcome, by=by),
        Move.CLOSE: lambda: actions.close(case=case, by=by),
        Move.REOPEN: lambda: actions.reopen(case=case, reason=text, by=by),
        Move.WITHDRAW: lambda: actions.withdraw(case=case, reason=text, by=by),
    }
    acts[Move(move)]()
    return _told(_one(by, number), by)


def _one(user: Any, number: str) -> Case:
    return get_object_or_404(queries.cases_seen_by(user), number=number.strip().upper()[:20])


def _places(user: Any, enterprise: Enterprise | None) -> Any:
    mine = access.seen_by(user, Place, "cases.open")
    if enterprise is None:
        return mine
    return mine | Place.objects.filter(pk__in=queries.places_of(enterprise))


def _told(case: Case, user: Any, *, moves: bool = True) -> dict[str, Any]:
    firm = case.enterprise
    return {
        "number": case.number,
        "title": case.title,
        "body": case.body,
        "state": case.state,
        "state_text": _(State(case.state).label),
        "category": case.category.code,
        "case_class": case.case_class,
        "place": case.place_id,
        "place_name": case.place.name,
        "uscc": (firm.uscc or None) if firm else None,
        "enterprise": shown_name(firm, user) if firm else None,
        "department": case.department.title if case.department else None,
        "opened_at": case.opened_at,
        "accept_due_at": case.accept_due_at,
        "due_at": case.due_at,
        "due_provisional": case.due_provisional,
        "accepted_at": case.accepted_at,
        "answered_at": case.answered_at,
        "closed_at": case.closed_at,
        "answer": case.answer,
        "outcome": case.outcome,
        "rating": case.rating,
        "moves": [one.value for one in queries.moves_open_to(user, case)] if moves else [],
    }
