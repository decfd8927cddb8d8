"""Bringing a registry in: upload, preview, write, report, undo 导入."""

from tempfile import TemporaryFile
from urllib.parse import quote

from django.contrib import messages
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_GET, require_POST

from linqi.enterprises import tasks
from linqi.enterprises.actions.imports import ImportRefused, note_refusal, remember_report, start_import, undo_import
from linqi.enterprises.forms_imports import ImportForm
from linqi.enterprises.intake import REGISTRY
from linqi.enterprises.models import Import, ImportRow, ImportState, Outcome
from linqi.enterprises.queries_imports import imports_seen_by, name_in_row, reason_in_row, report_of, rows_of
from linqi.kit.access import page
from linqi.kit.flow import MoveRefused
from linqi.ui.parts import Crumb
from linqi.ui.tables import Choose, Column, Search, Table
from linqi.ui.uploads import template_of

STATE_TONES = {"applied": "good", "previewed": "warn", "failed": "bad", "undone": "quiet"}
OUTCOME_TONES = {"created": "good", "updated": "info", "conflict": "warn", "refused": "bad", "unchanged": "quiet"}
RUNNING = (ImportState.READING, ImportState.APPLYING)

IMPORTS = Table[Import](
    key="imports",
    caption=gettext_lazy("导入记录"),
    columns=[
        Column("file_name", gettext_lazy("文件"), fixed=True),
        Column("street", gettext_lazy("街道"), value="street.name"),
        Column(
            "state",
            gettext_lazy("状态"),
            value="get_state_display",
            kind="badge",
            tone=lambda one: STATE_TONES.get(one.state, "info"),
        ),
        Column("created", gettext_lazy("新增"), value=lambda one: one.counts.get("created"), kind="number"),
        Column("updated", gettext_lazy("更新"), value=lambda one: one.counts.get("updated"), kind="number"),
        Column("unchanged", gettext_lazy("相同"), value=lambda one: one.counts.get("unchanged"), kind="number"),
        Column("conflict", gettext_lazy("冲突"), value=lambda one: one.counts.get("conflict"), kind="number"),
        Column("refused", gettext_lazy("拒绝"), value=lambda one: one.counts.get("refused"), kind="number"),
        Column("by", gettext_lazy("经办"), value="by"),
        Column("created_at", gettext_lazy("上传时间"), sort="created_at", kind="datetime"),
    ],
    row_url=lambda one: reverse("enterprises:import", args=[one.pk]),
    empty=gettext_lazy("还没有导入过名册"),
    empty_url="new/",
    empty_action=gettext_lazy("导入名册"),
)


def _rows(user: object) -> Table[ImportRow]:
    """The rows of an import as this user may read them: names of self-employed are masked as everywhere else."""
    return Table[ImportRow](
        key="rows",
        caption=gettext_lazy("逐行结果"),
        order="number",
        columns=[
            Column("number", gettext_lazy("行号"), sort="number", kind="number", fixed=True),
            Column(
                "outcome",
                gettext_lazy("结果"),
                value="get_outcome_display",
                sort="outcome",
                kind="badge",
                tone=lambda row: OUTCOME_TONES[row.outcome],
            ),
            Column(
                "name",
                gettext_lazy("企业名称"),
                value=lambda row: name_in_row(row, user),
                url=lambda row: (
                    reverse("dashboards:enterprise", args=[row.enterprise_id]) if row.enterprise_id else None
                ),
            ),
            Column("uscc", gettext_lazy("统一社会信用代码")),
            Column("reason", gettext_lazy("原因"), value=lambda row: reason_in_row(row, user)),
        ],
        filters=[
            Search("q", gettext_lazy("名称、代码"), apply=_named),
            Choose("outcome", gettext_lazy("结果"), Outcome.choices, many=True, facet=True),
        ],
    )


def _named(rows: QuerySet[ImportRow], text: str) -> QuerySet[ImportRow]:
    return rows.filter(name__icontains=text) | rows.filter(uscc__startswith=text.upper())


@page("enterprises.import")
@require_GET
def imports(request: HttpRequest) -> HttpResponse:
    """What was brought in, by whom, and what became of it."""
    return IMPORTS.bind(request, imports_seen_by(request.user)).answer("enterprises/imports/list.html")


@page("enterprises.import")
def new(request: HttpRequest) -> HttpResponse:
    """Choose a file and say what it is."""
    form = ImportForm(request.POST or None, request.FILES or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        batch = start_import(
            file=said["file"],
            file_name=said["file"].name,
            street=said["street"],
            source=said["source"],
            as_of=said["as_of"],
            by=request.user,
        )
        tasks.preview.enqueue(batch=batch.pk, by=request.user.pk or 0)
        return redirect("enterprises:import", pk=batch.pk)
    return render(request, "enterprises/imports/new.html", {"form": form, "crumbs": _crumbs()})


@page("enterprises.import")
@require_GET
def template(request: HttpRequest) -> HttpResponseBase:
    """An empty workbook with the headings that are understood."""
    return template_of(REGISTRY, f"{REGISTRY.name}模板.xlsx")


@page("enterprises.import")
@require_GET
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """One import: what the file is, what would become or became of each row, and what can be done next."""
    batch = _seen(request, pk)
    queued = request.GET.get("writing") == "1" and batch.state == ImportState.PREVIEWED and not batch.error
    if batch.state in RUNNING or queued:  # asked for, though the worker has not begun yet
        return render(
            request, "enterprises/imports/one.html", {"batch": batch, "running": True, "crumbs": _crumbs(batch)}
        )
    table = _rows(request.user).bind(request, rows_of(batch, request.user))
    bad = batch.counts.get("conflict", 0) + batch.counts.get("refused", 0)
    good = batch.counts.get("created", 0) + batch.counts.get("updated", 0)
    context = {
        "batch": batch,
        "running": False,
        "crumbs": _crumbs(batch),
        "outcomes": [
            (_(outcome.label), batch.counts.get(outcome.value), outcome.value, OUTCOME_TONES[outcome.value])
            for outcome in Outcome
        ],
        "bad": bad,
        "good": good,
        "leave_changed": request.GET.get("changed") == "1",
    }
    return table.answer("enterprises/imports/one.html", context)


@page("enterprises.import")
@require_GET
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a running import is; when it is done, the page is loaded anew."""
    batch = _seen(request, pk)
    response = render(request, "enterprises/imports/_progress.html", {"batch": batch})
    if batch.state not in RUNNING:
        response["HX-Refresh"] = "true"
    return response


@page("enterprises.import")
@require_POST
def apply(request: HttpRequest, pk: int) -> HttpResponse:
    """Write what the preview announced."""
    batch = _seen(request, pk)
    if batch.state == ImportState.PREVIEWED:
        note_refusal(batch=batch, why="")
        tasks.apply.enqueue(batch=batch.pk, valid_only=request.POST.get("mode") != "all", by=request.user.pk or 0)
        return redirect(f"{reverse('enterprises:import', args=[batch.pk])}?writing=1")
    messages.error(request, _("这次导入现在不能写入：%(state)s") % {"state": batch.get_state_display()})
    return redirect("enterprises:import", pk=batch.pk)


@page("enterprises.import")
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Put back what stood there before."""
    batch = _seen(request, pk)
    try:
        left = undo_import(batch=batch, leave_changed=request.POST.get("leave_changed") == "1", by=request.user)
    except ImportRefused as refused:
        messages.error(request, str(refused))
        return redirect(f"{reverse('enterprises:import', args=[batch.pk])}?changed=1")
    except MoveRefused:
        messages.error(request, _("这次导入没有写入过，或已经撤销"))
    else:
        done = _("已撤销，恢复到导入之前")
        messages.success(
            request, done if not left else _("已撤销；有 %(count)s 家后来又有变动，保持现状") % {"count": len(left)}
        )
    return redirect("enterprises:import", pk=batch.pk)


@page("enterprises.import")
@require_GET
def report(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The user's own table back, with outcome and reason."""
    batch = _seen(request, pk)
    if "sheet" not in batch.counts:
        messages.error(request, _("这份文件未能读取，没有回执"))
        return redirect("enterprises:import", pk=batch.pk)
    remember_report(batch=batch, by=request.user)
    file = TemporaryFile()  # noqa: SIM115 – the answer closes it
    report_of(batch, file)
    file.seek(0)
    return _download(file, f"{batch.file_name.rpartition('.')[0] or batch.file_name}-导入回执.xlsx")


def _seen(request: HttpRequest, pk: int) -> Import:
    return get_object_or_404(imports_seen_by(request.user), pk=pk)


def _crumbs(batch: Import | None = None) -> list[Crumb]:
    crumbs = [
        Crumb(pgettext("many", "企业"), reverse("enterprises:list")),
        Crumb(_("导入"), reverse("enterprises:imports")),
    ]
    return [*crumbs, Crumb(batch.file_name if batch else _("导入名册"))]


def _download(file: object, name: str) -> FileResponse:
    response = FileResponse(file, content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return response
