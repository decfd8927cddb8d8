"""A version's conditions as a spreadsheet, down and up 条件表格."""

from tempfile import TemporaryFile
from urllib.parse import quote

from django import forms
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from linqi.enterprises.known import book
from linqi.kit import access
from linqi.policies import table
from linqi.policies.actions import exports, versions
from linqi.policies.flow import VersionState
from linqi.policies.models import PolicyVersion
from linqi.ui.attempts import attempt
from linqi.ui.parts import Crumb
from linqi.ui.uploads import taken


class SheetForm(forms.Form):
    """The table that takes the place of a draft's conditions."""

    file = forms.FileField(
        label=gettext_lazy("条件表格"), help_text=gettext_lazy(".xlsx、.xls 或 .csv，列名与下载的表格相同")
    )


@access.page("policies.export")
@require_GET
def download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The workbook of a version, one row per comparison."""
    version = _seen(request, pk, "policies.see")
    file = TemporaryFile()  # noqa: SIM115 – the answer closes it
    table.write(version, book(), file)
    file.seek(0)
    exports.remember_export(what="policy_table", rows=1, asked=f"version={pk}", by=request.user)
    response = FileResponse(file, content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    name = f"{version.policy.name_zh}-v{version.number}.xlsx"
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return response


@access.page("policies.draft")
def upload(request: HttpRequest, pk: int) -> HttpResponse:
    """Write a draft's conditions from a table; a table with mistakes changes nothing and is told row by row."""
    version = _seen(request, pk, "policies.draft")
    if version.state != VersionState.DRAFT:
        return redirect(f"{reverse('policies:policy', args=[version.policy_id])}?v={version.number}")
    form = SheetForm(request.POST or None, request.FILES or None)
    problems = []
    if request.method == "POST" and form.is_valid():
        read = taken(request, form, lambda path, name: table.read(path, name, book()))
        if read is not None:
            problems = read.problems

            def act() -> None:
                versions.change_draft(version=version, changes=read.changes, by=request.user)

            if not problems and attempt(request, act, done=_("条件已按表格写好，请核对后再发布。"), form=form):
                return redirect("policies:edit", pk=pk)
    context = {
        "version": version,
        "form": form,
        "problems": problems,
        "crumbs": [
            Crumb(_("惠企政策"), reverse("policies:list")),
            Crumb(version.policy.name_zh, reverse("policies:edit", args=[pk])),
            Crumb(_("从表格写条件")),
        ],
    }
    return render(request, "policies/sheet.html", context)


def _seen(request: HttpRequest, pk: int, permission: str) -> PolicyVersion:
    rows = access.seen_by(request.user, PolicyVersion, permission).select_related("policy")
    return get_object_or_404(rows, pk=pk)
