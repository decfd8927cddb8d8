"""What may be attached to a case, told by what is in the file and not by its name; pictures leave where they were taken behind 附件.

Pure: bytes in, bytes out. A picture is drawn anew from its pixels, so nothing else of it remains (place, camera, an
earlier version in a thumbnail). Documents are kept as they are: rewriting them would break their signatures.
"""

import io
import zipfile
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from linqi.kit.choices import Choice
from linqi.kit.pictures import PictureRefused, drawn_anew

MOST_BYTES: Final = 10 * 1024 * 1024  # of one file; a scanned contract of 30 pages has about 6 MB
MOST_FILES: Final = 9  # of one case; as many as people can send at once by WeChat
MOST_MEMBERS: Final = 5_000  # of an Office file
MOST_UNPACKED: Final = 200 * 1024 * 1024  # bytes; beyond, a small file may be made to fill the disk of who opens it


class Kind(Choice):
    """What a file really is 附件类型."""

    JPEG = "jpeg", "图片"
    PNG = "png", "图片（PNG）"
    WEBP = "webp", "图片（WebP）"
    PDF = "pdf", "PDF 文件"
    WORD = "docx", "Word 文档"
    EXCEL = "xlsx", "Excel 表格"
    SLIDES = "pptx", "PowerPoint 演示文稿"


PICTURES: Final = {"JPEG": Kind.JPEG, "PNG": Kind.PNG, "WEBP": Kind.WEBP}
OFFICE: Final = {"word/document.xml": Kind.WORD, "xl/workbook.xml": Kind.EXCEL, "ppt/presentation.xml": Kind.SLIDES}
ENDINGS: Final = {
    Kind.JPEG: (".jpg", ".jpeg"),
    Kind.PNG: (".png",),
    Kind.WEBP: (".webp",),
    Kind.PDF: (".pdf",),
    Kind.WORD: (".docx",),
    Kind.EXCEL: (".xlsx",),
    Kind.SLIDES: (".pptx",),
}
ACCEPTED: Final = ",".join(ending for endings in ENDINGS.values() for ending in endings)


class Refusal(Choice):
    """Why a file is not taken 不予接收的原因."""

    EMPTY = "empty", "文件是空的"
    LARGE = "large", "超过 10 MB"
    UNKNOWN = "unknown", "不是图片、PDF 或 Office（docx、xlsx、pptx）文件"
    DISGUISED = "disguised", "内容与文件名的后缀不符"
    PIXELS = "pixels", "图片过大"
    BROKEN = "broken", "文件已损坏，打不开"
    MACROS = "macros", "文件带有宏"
    BOMB = "bomb", "文件解压后过大"


class Refused(ValueError):
    """A file that is not taken; `why` says for which reason."""

    def __init__(self, name: str, why: Refusal) -> None:
        self.name, self.why = name, why
        super().__init__(f"{name}: {why.value}")


@dataclass(frozen=True, slots=True)
class Checked:
    """A file as it is kept: a name without a path, what it is, its bytes."""

    name: str
    kind: Kind
    data: bytes


def checked(name: str, data: bytes) -> Checked:
    """A file that may be kept, cleaned; Refused otherwise 附件查验."""
    plain = PurePath(name.replace("\\", "/")).name.replace("\x00", "").strip()[-100:] or "file"
    if not data:
        raise Refused(plain, Refusal.EMPTY)
    if len(data) > MOST_BYTES:
        raise Refused(plain, Refusal.LARGE)
    kind, kept = _told_by_content(plain, data)
    if not plain.lower().endswith(ENDINGS[kind]):
        raise Refused(plain, Refusal.DISGUISED)
    return Checked(plain, kind, kept)


def _told_by_content(name: str, data: bytes) -> tuple[Kind, bytes]:
    if data.startswith(b"%PDF-"):
        return Kind.PDF, data
    if data.startswith(b"PK\x03\x04"):
        return _office(name, data), data
    return _picture(name, data)


def _picture(name: str, data: bytes) -> tuple[Kind, bytes]:
    try:
        kind, drawn = drawn_anew(data)
    except PictureRefused as refused:
        raise Refused(name, Refusal(refused.why.value)) from refused
    return PICTURES[kind], drawn


def _office(name: str, data: bytes) -> Kind:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            members = packed.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as broken:
        raise Refused(name, Refusal.BROKEN) from broken
    if len(members) > MOST_MEMBERS or sum(one.file_size for one in members) > MOST_UNPACKED:
        raise Refused(name, Refusal.BOMB)
    names = {one.filename for one in members}
    if any(one.rpartition("/")[2].lower() == "vbaproject.bin" for one in names):
        raise Refused(name, Refusal.MACROS)
    kind = next((kind for member, kind in OFFICE.items() if member in names), None)
    if kind is None or "[Content_Types].xml" not in names:
        raise Refused(name, Refusal.UNKNOWN)
    return kind
