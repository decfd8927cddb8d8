"""No upload beyond the bound: refused before its body is read, so that it fills neither memory nor disk 上传上限.

Two guards. The length that a request announces is looked at first: nothing is read. What is read all the same is counted by the
first upload handler, which stops it. Both answer with one page, 413.
"""

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

AROUND_THE_FILE: Final = 1024 * 1024  # bytes: the other fields of the form and the seams between them


class UploadTooLarge(RequestDataTooBig):
    """More was sent than settings.UPLOAD_MAX_BYTES."""


class Bounded(FileUploadHandler):
    """Counts what comes and stops beyond the bound; before the handlers that keep it."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self._read = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self._read += len(raw_data)
        if self._read > settings.UPLOAD_MAX_BYTES:
            raise UploadTooLarge
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None


class UploadBound:
    """Refuses a request that announces more than an upload may be, unread."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _announced(request.META) > settings.UPLOAD_MAX_BYTES + AROUND_THE_FILE:
            return too_large(request)
        return self.get_response(request)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, or 413 when an upload was stopped on the way."""
    if isinstance(exception, UploadTooLarge):
        return too_large(request)
    return render(request, "ui/errors/400.html", status=400)


def too_large(request: HttpRequest) -> HttpResponse:
    """413: how large a file may be, and what to do."""
    most = settings.UPLOAD_MAX_BYTES // (1024 * 1024)
    response = render(request, "ui/errors/413.html", {"most": most}, status=413)
    response["Connection"] = "close"
    return response


def _announced(meta: dict[str, Any]) -> int:
    length = str(meta.get("CONTENT_LENGTH") or "")
    return int(length) if length.isdigit() else 0
