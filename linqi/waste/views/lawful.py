"""The law as it is carried here, the thresholds and terms of a street, the red and green list 法律依据、成案条件、红绿榜."""

from datetime import timedelta
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from linqi.kit import access, clock
from linqi.ui.attempts import attempt
from linqi.ui.parts import Crumb
from linqi.waste import purity
from linqi.waste import queries_tasks as queries
from linqi.waste.actions import tasks as actions
from linqi.waste.forms_ladder import TermsForm, working_days
from linqi.waste.law import book
from linqi.waste.models import LadderTerms
from linqi.waste.rules import ladder
from linqi.waste.rules.ladder import StepKind
from linqi.waste.rules.law import Subject, band_in_words

SPAN: Final = 90  # days that the list looks back unless asked otherwise; product default
TONES: Final = {purity.Colour.GREEN: "good", purity.Colour.RED: "bad", purity.Colour.OPEN: "quiet"}


@access.page("waste.look")
def law(request: HttpRequest) -> HttpResponse:
    """Every offence with its article and band, what binds each step, the officers' terms, and where it comes from."""
    held = book()
    groups = [
        (_(subject.label), [(one, band_in_words(one)) for one in held.offences if one.subject == subject])
        for subject in Subject
    ]
    context = {
        "groups": groups,
        "words": held.words,
        "deadlines": held.deadlines,
        "source": held.source,
        "crumbs": [Crumb(_("分类任务"), reverse("waste:tasks")), Crumb(_("法律依据"))],
    }
    return render(request, "waste/law.html", context)


@access.page("waste.terms")
def terms(request: HttpRequest) -> HttpResponse:
    """From how many clues a task is made in each street, and how long each step may take."""
    streets = queries.streets_configured_by(request.user)
    today = clock.today()
    first = queries.terms_of(streets[0].pk, today) if streets else ladder.DEFAULT
    start = {"clues": first.clues, "days": first.days}
    start |= {one.value: working_days(first.of(one)) for one in StepKind}
    form = TermsForm(request.POST or None, streets=streets, initial=start)
    if (
        request.method == "POST"
        and form.is_valid()
        and attempt(
            request,
            lambda: actions.set_terms(
                street=form.cleaned_data["street"], since=form.cleaned_data["since"], said=form.said(), by=request.user
            ),
            done=_("已保存。正在办理的步骤仍按原期限。"),
            form=form,
        )
    ):
        return redirect("waste:terms")
    rows = access.seen_by(request.user, LadderTerms).select_related("street", "set_by").order_by("street", "-since")
    context = {
        "form": form,
        "rows": [(row, _steps(queries.as_terms(row))) for row in rows],
        "streets": [
            (street, queries.terms_of(street.pk, today), _steps(queries.terms_of(street.pk, today)))
            for street in streets
        ],
        "default": ladder.DEFAULT,
        "crumbs": [*_home(request), Crumb(_("成案条件与期限"))],
    }
    return render(request, "waste/terms.html", context)


@require_POST
@access.page("waste.terms")
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the product's default hold again in a street."""
    street = get_object_or_404(queries.streets_configured_by(request.user), pk=pk)
    attempt(request, lambda: actions.restore_terms(street=street, by=request.user), done=_("从今天起恢复产品默认。"))
    return redirect("waste:terms")


@access.page("waste.purity")
def red_green(request: HttpRequest) -> HttpResponse:
    """Buildings by how purely they sort, with how certain that is; buildings only, never persons or single firms."""
    today = clock.today()
    since = parse_date(request.GET.get("since", "")) if _is_day(request.GET.get("since", "")) else None
    until = parse_date(request.GET.get("until", "")) if _is_day(request.GET.get("until", "")) else None
    since, until = since or today - timedelta(days=SPAN - 1), until or today
    if since > until:
        since, until = until, since
    found = purity.listed_for(request.user, (since, until + timedelta(days=1)))
    context = {
        "rows": [(row, _(row.colour.label), TONES[row.colour]) for row in found.rows],
        "left_out": found.left_out,
        "since": since,
        "until": until,
        "line": round(purity.LINE * 100),
        "least": purity.FEWEST_TENANTS,
    }
    return render(request, "waste/red_green.html", context)


def _home(request: HttpRequest) -> list[Crumb]:
    works = access.may_anywhere(request.user, "waste.ladder")
    return [Crumb(_("分类任务"), reverse("waste:tasks"))] if works else []


def _is_day(text: str) -> bool:
    try:
        return parse_date(text) is not None
    except ValueError:
        return False


def _steps(terms_: ladder.Terms) -> list[tuple[str, str]]:
    from linqi.kit.clock import Term

    read = [(one, Term.parse(terms_.of(one))) for one in StepKind]
    return [(_(one.label), f"{term.amount.normalize():f} {_(term.unit.label)}") for one, term in read]
