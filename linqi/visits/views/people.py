"""Measures of one person: for that person, and for the one who assesses; for nobody else 个人走访成效."""

from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linqi.accounts.models import User
from linqi.enterprises.queries import shown_name
from linqi.kit import access
from linqi.ui.listed import Listed, holding, passing
from linqi.ui.parts import Crumb
from linqi.ui.tables import Choose, Column, Search, Table
from linqi.visits import outcomes as ask
from linqi.visits import people as reach
from linqi.visits.actions.burden import remember_person_read
from linqi.visits.flow import State
from linqi.visits.models import FindingKind, Visit
from linqi.visits.outcomes import Answered, Found
from linqi.visits.rules import Reason
from linqi.visits.rules.outcomes import Answer, tallied
from linqi.visits.views.outcomes import ANSWER_TONES, VALUES, Line
from linqi.visits.views.spans import day_tabs, days_asked


@access.page("visits.assess")
def people(request: HttpRequest) -> HttpResponseBase:
    """The people whom the user assesses, by name: no numbers here, so that nobody is set beside another."""
    table = PEOPLE.bind(request, reach.assessed_by(request.user), may_export=False)
    crumbs = [Crumb(_("走访成效"), reverse("visits:measures")), Crumb(_("人员成效"))]
    return table.answer("visits/people.html", {"crumbs": crumbs})


@access.open_to_signed_in("one's own measures; those of another only for whoever assesses them, by people.person_for")
def person(request: HttpRequest, pk: int) -> HttpResponseBase:
    """One person's visits, reasons and findings in some days; 404 for everybody but them and the one who assesses."""
    whose = reach.person_for(request.user, pk)
    if whose is None:
        raise Http404
    own = whose.pk == request.user.pk
    span = days_asked(request)
    visits = reach.visits_of(whose, request.user)
    answered = ask.answers(visits, (), span.since, span.today, span.today)
    found = ask.findings(reach.findings_of(whose, request.user), span.since, span.today)
    done = visits.filter(state=State.DONE, visited_on__range=(span.since, span.today)).select_related("enterprise")
    rows = [_row(one, request.user, answered, found) for one in done]
    table = TABLE.bind(request, cast(Any, Listed(rows)), may_export=True)
    remember_person_read(person=whose, rows=table.total if table.export_format else None, by=request.user)
    if table.export_format:
        return table.export()
    context = {
        "whose": whose,
        "own": own,
        "spans": day_tabs(request, span.days),
        "days": span.days,
        "done": len(rows),
        **VALUES,
        "reasons": _lines(
            [(_(one.label), [row.answer for row in answered if row.reason is one]) for one in Reason],
        ),
        "kinds": _lines([(_(one.label), [row.held for row in found if row.kind is one]) for one in FindingKind]),
        "crumbs": [
            Crumb(_("走访成效"), reverse("visits:measures")),
            *([] if own else [Crumb(_("人员成效"), reverse("visits:people"))]),
            Crumb(_("我的成效") if own else str(whose)),
        ],
    }
    return table.answer("visits/person.html", context)


@access.open_to_signed_in("leads to one's own measures")
def own(request: HttpRequest) -> HttpResponseBase:
    """One's own measures."""
    return redirect("visits:person", pk=request.user.pk)


def _lines(kinds: list[tuple[str, list[Any]]]) -> list[Line]:
    return [Line(label, tallied(listed), "") for label, listed in kinds]


@dataclass(frozen=True, slots=True)
class Went:
    """One visit of the person with what became of it."""

    pk: int
    name: str
    on: date
    answers: tuple[Answer, ...]
    reasons: str
    findings: str


def _row(visit: Visit, reader: Any, answered: list[Answered], found: list[Found]) -> Went:
    mine = [one for one in answered if one.visit == visit.pk]
    brought = [one for one in found if one.visit == visit.pk]
    assert visit.visited_on is not None, "a visit that took place has a day"
    return Went(
        pk=visit.pk,
        name=shown_name(visit.enterprise, reader),
        on=visit.visited_on,
        answers=tuple(one.answer for one in mine),
        reasons="、".join(f"{_(one.reason.label)}：{_(one.answer.label)}" for one in mine),
        findings="、".join(f"{_(one.kind.label)}：{_(one.held.label)}" for one in brought),
    )


def _tone(one: Went) -> str:
    return ANSWER_TONES[Answer.LATE] if Answer.LATE in one.answers else "plain"


PEOPLE = Table[User](
    key="people",
    columns=[Column("name", gettext_lazy("姓名"), value=str, sort="display_name", fixed=True)],
    order="name",
    caption=gettext_lazy("人员成效"),
    row_url=lambda one: reverse("visits:person", args=[one.pk]),
    filters=[
        Search("q", gettext_lazy("姓名"), apply=lambda rows, text: rows.filter(display_name__icontains=text)),
    ],
    empty=gettext_lazy("您的范围内没有由您考核的走访人员。"),
)

TABLE = Table[Any](
    key="went",
    columns=[
        Column("name", gettext_lazy("企业"), sort="name", fixed=True),
        Column("on", gettext_lazy("走访日期"), sort="on", kind="date"),
        Column("reasons", gettext_lazy("走访事由"), value=lambda one: one.reasons or None, kind="badge", tone=_tone),
        Column("findings", gettext_lazy("发现"), value=lambda one: one.findings or None),
    ],
    order=["-on", "name"],
    caption=gettext_lazy("个人走访成效"),
    row_url=lambda one: reverse("visits:detail", args=[one.pk]),
    filters=[
        Search("q", gettext_lazy("企业"), apply=holding("name")),
        Choose(
            "late",
            gettext_lazy("及时性"),
            [("yes", gettext_lazy("只看超期"))],
            apply=passing(lambda one, chosen: Answer.LATE in one.answers),
        ),
    ],
    empty=gettext_lazy("这段时间没有走访。"),
)
