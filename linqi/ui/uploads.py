"""Tables that somebody uploads, and the empty ones they start from 上传的表格."""

from collections.abc import Callable
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryFile
from typing import TypeVar

from django.forms import BaseForm
from django.http import FileResponse, HttpRequest

from linqi.kit.sheets import Sheet, SheetRefused
from linqi.ui.attempts import attempt

T = TypeVar("T")


def taken(request: HttpRequest, form: BaseForm, take: Callable[[Path, str], T]) -> T | None:
    """What `take(path, name)` makes of the form's `file`; None when it was refused, with the reason in the form 收下表格.

    A file on disk while it is read, gone afterwards.
    """
    upload, made = form.cleaned_data["file"], list[T]()
    with NamedTemporaryFile(suffix=".upload") as kept:
        for piece in upload.chunks():
            kept.write(piece)
        kept.flush()
        try:
            attempt(request, lambda: made.append(take(Path(kept.name), upload.name or "")), form=form)
        except SheetRefused as refused:
            form.add_error("file", str(refused))
    return made[0] if made else None


def template_of(sheet: Sheet, name: str) -> FileResponse:
    """An empty table with the headings and one example, to fill in 模板."""
    file = TemporaryFile()  # noqa: SIM115  FileResponse closes it
    sheet.write_template(file)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=name)
