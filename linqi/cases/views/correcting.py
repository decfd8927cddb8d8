"""Putting right what was noted of a case 更正登记."""

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from linqi.cases import actions, queries
from linqi.cases.forms import CorrectForm
from linqi.cases.models import Case
from linqi.catalogue.queries import categories_seen_by
from linqi.kit import access
from linqi.territory.models import Place, PlaceKind
from linqi.territory.queries import standing_below
from linqi.ui.attempts import attempt
from linqi.ui.parts import Crumb

WIDE = (PlaceKind.COMMUNITY, PlaceKind.PARK, PlaceKind.BUILDING)


@access.page("cases.answer")
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Put right what was noted; what somebody else changed meanwhile is shown field by field."""
    found = get_object_or_404(access.seen_by(request.user, queries.desk_cases(request.user), "cases.answer"), pk=pk)
    form = _form(found, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        if attempt(
            request,
            lambda: actions.correct(case=found, before=form.before(), after=form.after(), by=request.user),
            done=_("已更正。"),
            form=form,
        ):
            return redirect("cases:detail", pk=pk)
        form.data = _as_it_stands(form, Case.objects.get(pk=pk))  # whoever has read it may write all the same
    crumbs = [
        Crumb(_("办件"), reverse("cases:list")),
        Crumb(found.number, reverse("cases:detail", args=[pk])),
        Crumb(_("更正登记")),
    ]
    return render(request, "cases/correct.html", {"case": found, "form": form, "crumbs": crumbs})


def _form(found: Case, posted: QueryDict | None) -> CorrectForm:
    places = standing_below(found.street).filter(kind__in=WIDE) | Place.objects.filter(
        pk__in=[found.place_id, found.street_id, *(queries.places_of(found.enterprise) if found.enterprise else [])]
    )
    return CorrectForm(
        posted,
        noted=actions.noted(found),
        places=places.order_by("kind", "name"),
        categories=categories_seen_by(access.SYSTEM),
    )


def _as_it_stands(form: CorrectForm, now: Case) -> QueryDict:
    """What the user typed, beside what stands there now."""
    data = QueryDict(mutable=True)
    data.update(form.data)
    for name, value in actions.noted(now).items():
        data[f"was_{name}"] = value
    return data
