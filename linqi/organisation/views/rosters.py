"""Bringing a roster of people in: template, upload, preview, apply, undo 人员名册."""

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from linqi.kit import access
from linqi.organisation import actions
from linqi.organisation.forms import RosterForm
from linqi.organisation.intake import ROSTER
from linqi.organisation.models import Roster, RosterState
from linqi.territory.models import Place
from linqi.ui.attempts import attempt
from linqi.ui.parts import Crumb
from linqi.ui.uploads import taken, template_of


@access.page("organisation.edit")
def rosters(request: HttpRequest) -> HttpResponse:
    """Upload a roster, and what was uploaded before."""
    keepers = access.seen_by(request.user, Place, "organisation.edit").filter(kind__in=["street", "community"])
    form = RosterForm(request.POST or None, request.FILES or None, places=keepers.filter(until=None).order_by("code"))
    if request.method == "POST" and form.is_valid():
        place = form.cleaned_data["place"]
        made = taken(
            request,
            form,
            lambda path, name: actions.take_roster(place=place, path=path, file_name=name, by=request.user),
        )
        if made is not None:
            return redirect("organisation:roster", pk=made.pk)
    context = {
        "form": form,
        "rosters": access.seen_by(request.user, Roster).select_related("place", "made_by")[:50],
        "crumbs": [_people_crumb(), Crumb(_("导入名册"))],
    }
    return render(request, "organisation/rosters.html", context)


@require_GET
@access.page("organisation.edit")
def template(request: HttpRequest) -> FileResponse:
    """An empty roster with the headings and one example."""
    return template_of(ROSTER, "人员名册模板.xlsx")


@access.page("organisation.edit")
def roster(request: HttpRequest, pk: int) -> HttpResponse:
    """What applying would do with each row, and what was written."""
    one = _roster(request, pk)
    waiting = one.state == RosterState.PREVIEWED
    outcomes = actions.try_roster(roster=one, by=request.user) if waiting else []
    refused = sum(bool(outcome.problems) for outcome in outcomes)
    context = {
        "roster": one,
        "state": _(one.get_state_display()),
        "waiting": waiting,
        "applied": one.state == RosterState.APPLIED,
        "outcomes": outcomes,
        "refused": refused,
        "crumbs": [_people_crumb(), Crumb(_("导入名册"), reverse("organisation:rosters")), Crumb(one.file_name)],
    }
    return render(request, "organisation/roster.html", context)


@require_POST
@access.page("organisation.edit")
def apply_roster(request: HttpRequest, pk: int) -> HttpResponse:
    """Write the roster."""
    one = _roster(request, pk)
    attempt(request, lambda: actions.apply_roster(roster=one, by=request.user), done=_("名册已写入。"))
    return redirect("organisation:roster", pk=pk)


@require_POST
@access.page("organisation.edit")
def undo_roster(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the roster back."""
    one = _roster(request, pk)
    attempt(request, lambda: actions.undo_roster(roster=one, by=request.user), done=_("名册已撤销。"))
    return redirect("organisation:roster", pk=pk)


def _roster(request: HttpRequest, pk: int) -> Roster:
    return get_object_or_404(access.seen_by(request.user, Roster).select_related("place"), pk=pk)


def _people_crumb() -> Crumb:
    return Crumb(pgettext("many", "人员"), reverse("organisation:people"))
