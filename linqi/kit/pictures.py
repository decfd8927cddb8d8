"""Pictures that come in: opened within bounds, and drawn anew so that nothing unseen stays in them 图片.

A picture drawn from its pixels keeps nothing else: not where it was taken, not by which camera, no earlier version in a
thumbnail. What a file is is told by its content, never by its name.
"""

import io
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

from linqi.kit.choices import Choice

MOST_PIXELS: Final = 40_000_000  # a phone's best picture; beyond, a picture may be made to fill the memory
LONGEST_SIDE: Final = 4096  # pixels; kept sharp enough to read a page
FORMATS: Final = {"JPEG": "JPEG", "MPO": "JPEG", "PNG": "PNG", "WEBP": "WEBP"}  # as found: as kept


class NoPicture(Choice):
    """Why something is not taken as a picture 图片不可用的原因."""

    UNKNOWN = "unknown", "不是 JPEG、PNG 或 WebP 图片"
    PIXELS = "pixels", "图片过大"
    BROKEN = "broken", "图片已损坏，打不开"


class PictureRefused(ValueError):
    """No picture that may be opened; `why` says for which reason."""

    def __init__(self, why: NoPicture) -> None:
        self.why = why
        super().__init__(why.value)


def opened(data: bytes, longest: int = LONGEST_SIDE) -> tuple[str, Image.Image]:
    """The picture upright, its longest side at most so many pixels, with its format; PictureRefused otherwise 打开图片.

    Its size is looked at before a pixel is unpacked.
    """
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG", "PNG", "WEBP"]) as picture:
            kind = FORMATS[str(picture.format)]
            if picture.width * picture.height > MOST_PIXELS:
                raise PictureRefused(NoPicture.PIXELS)
            picture.draft(None, (longest, longest))  # a JPEG much larger than wanted is unpacked smaller
            upright = ImageOps.exif_transpose(picture)
            upright.thumbnail((longest, longest))
            plain = upright.convert("RGBA" if kind != "JPEG" and "A" in upright.getbands() else "RGB")
    except UnidentifiedImageError as unknown:
        raise PictureRefused(NoPicture.UNKNOWN) from unknown
    except Image.DecompressionBombError as bomb:
        raise PictureRefused(NoPicture.PIXELS) from bomb
    except (OSError, SyntaxError, ValueError) as broken:
        if isinstance(broken, PictureRefused):
            raise
        raise PictureRefused(NoPicture.BROKEN) from broken
    return kind, plain


def drawn_anew(data: bytes) -> tuple[str, bytes]:
    """The picture drawn anew, in the format it came in: upright, without anything that was not to be seen in it 重绘."""
    kind, plain = opened(data)
    bare = Image.frombytes(plain.mode, plain.size, plain.tobytes())
    written = io.BytesIO()
    if kind == "PNG":
        bare.save(written, "PNG", optimize=True)
    else:
        bare.save(written, kind, quality=88)
    return kind, written.getvalue()
