"""Rows as a file the browser saves 导出."""

from collections.abc import Iterable, Sequence
from tempfile import TemporaryFile
from urllib.parse import quote

from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from linqi.kit import sheets

FORMATS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


def answer(kind: str, name: str, titles: Sequence[str], rows: Iterable[Sequence[sheets.Cell]]) -> HttpResponseBase:
    """Titles and rows as a download; `kind` is a key of FORMATS. CSV streams, a workbook is written to a temporary
    file first.
    """
    response: HttpResponseBase
    if kind == "csv":
        response = StreamingHttpResponse(sheets.write_csv(titles, rows), content_type=FORMATS[kind])
    else:
        file = TemporaryFile()  # noqa: SIM115 – the response closes it when it is sent
        sheets.write_xlsx(file, titles, rows)
        file.seek(0)
        response = FileResponse(file, content_type=FORMATS[kind])
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(f'{name}.{kind}', safe='')}"
    return response
