"""Bringing the registry in as a table: template, upload, preview, apply, undo 导入台账."""

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from linqi.enterprises.queries import places_to_choose
from linqi.kit import access
from linqi.ui.attempts import attempt
from linqi.ui.parts import Crumb
from linqi.ui.uploads import taken, template_of
from linqi.waste.actions import sheets as actions
from linqi.waste.forms import SheetForm
from linqi.waste.models import RegisterSheet, SheetState
from linqi.waste.register import REGISTER
from linqi.waste.views.parts import home


@access.page("waste.keep")
def sheets(request: HttpRequest) -> HttpResponse:
    """Upload a table, and what was uploaded before."""
    form = SheetForm(request.POST or None, request.FILES or None, places=places_to_choose(request.user, "waste.keep"))
    if request.method == "POST" and form.is_valid():
        place = form.cleaned_data["place"]
        made = taken(
            request,
            form,
            lambda path, name: actions.take_sheet(place=place, path=path, file_name=name, by=request.user),
        )
        if made is not None:
            return redirect("waste:sheet", pk=made.pk)
    context = {
        "form": form,
        "sheets": access.seen_by(request.user, RegisterSheet).select_related("place", "made_by")[:50],
        "crumbs": [home(), Crumb(_("点位"), reverse("waste:points")), Crumb(_("导入台账"))],
    }
    return render(request, "waste/sheets.html", context)


@require_GET
@access.page("waste.keep")
def sheet_template(request: HttpRequest) -> FileResponse:
    """An empty table with the headings and one example."""
    return template_of(REGISTER, "垃圾桶台账模板.xlsx")


@access.page("waste.keep")
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """What applying would do with each row, and what was written."""
    one = _sheet(request, pk)
    waiting = one.state == SheetState.PREVIEWED
    outcomes = actions.try_sheet(sheet=one, by=request.user) if waiting else []
    refused = [outcome for outcome in outcomes if outcome.problems]
    context = {
        "sheet": one,
        "state": _(SheetState(one.state).label),
        "waiting": waiting,
        "applied": one.state == SheetState.APPLIED,
        "outcomes": [*refused, *(outcome for outcome in outcomes if not outcome.problems)],
        "refused": len(refused),
        "made": {name: len(ids) for name, ids in one.made.items()},
        "crumbs": [home(), Crumb(_("导入台账"), reverse("waste:sheets")), Crumb(one.file_name)],
    }
    return render(request, "waste/register_sheet.html", context)


@require_POST
@access.page("waste.keep")
def sheet_apply(request: HttpRequest, pk: int) -> HttpResponse:
    """Write the table."""
    one = _sheet(request, pk)
    attempt(request, lambda: actions.apply_sheet(sheet=one, by=request.user), done=_("台账已写入。"))
    return redirect("waste:sheet", pk=pk)


@require_POST
@access.page("waste.keep")
def sheet_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the table back."""
    one = _sheet(request, pk)
    attempt(request, lambda: actions.undo_sheet(sheet=one, by=request.user), done=_("台账已撤销。"))
    return redirect("waste:sheet", pk=pk)


def _sheet(request: HttpRequest, pk: int) -> RegisterSheet:
    return get_object_or_404(access.seen_by(request.user, RegisterSheet).select_related("place"), pk=pk)
