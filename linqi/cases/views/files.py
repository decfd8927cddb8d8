"""The files of a case: added, read, taken away 附件."""

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from linqi.cases import actions, queries
from linqi.cases.attachments import PICTURES, Kind
from linqi.cases.forms import AttachForm
from linqi.cases.models import Attachment
from linqi.kit import access
from linqi.ui.attempts import attempt

SHOWN_AS = {
    Kind.JPEG: "image/jpeg",
    Kind.PNG: "image/png",
    Kind.WEBP: "image/webp",
    Kind.PDF: "application/pdf",
    Kind.WORD: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    Kind.EXCEL: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Kind.SLIDES: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}


@require_POST
@access.page("cases.see")
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Add files to a case."""
    found = get_object_or_404(queries.cases_seen_by(request.user), pk=pk)
    form = AttachForm(request.POST, request.FILES)
    if form.is_valid() and form.cleaned_data["attached"]:
        attempt(
            request,
            lambda: actions.attach(case=found, files=form.cleaned_data["attached"], by=request.user),
            done=_("附件已保存。"),
        )
    return redirect(f"{reverse('cases:detail', args=[pk])}#files")


@access.page("cases.see")
def read(request: HttpRequest, pk: int) -> FileResponse:
    """One file: a picture is shown, everything else is saved; nothing in it can act on this site."""
    found = get_object_or_404(access.seen_by(request.user, Attachment), pk=pk)
    kind = Kind(found.kind)
    try:
        content = found.file.open("rb")
    except FileNotFoundError as gone:
        raise Http404(found.name) from gone
    answer = FileResponse(
        content, as_attachment=kind not in PICTURES.values(), filename=found.name, content_type=SHOWN_AS[kind]
    )
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Cache-Control"] = "private, no-store"
    return answer


@require_POST
@access.page("cases.see")
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a file away again."""
    found = get_object_or_404(access.seen_by(request.user, Attachment).select_related("case__place"), pk=pk)
    attempt(request, lambda: actions.detach(attachment=found, by=request.user), done=_("附件已删除。"))
    return redirect(f"{reverse('cases:detail', args=[found.case_id])}#files")
