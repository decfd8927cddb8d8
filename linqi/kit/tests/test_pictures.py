"""Pictures: what is opened, how large it may be, and that nothing but what is seen stays in them."""

import contextlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from linqi.kit.pictures import NoPicture, PictureRefused, drawn_anew, opened


def picture(kind="JPEG", size=(60, 30), **how):
    out = io.BytesIO()
    Image.effect_noise(size, 60).convert("RGB").save(out, kind, **how)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_opened_by_what_it_is_and_kept_as_that(kind):
    assert opened(picture(kind))[0] == kind
    again, data = drawn_anew(picture(kind))
    assert again == kind
    assert Image.open(io.BytesIO(data)).format == kind


def test_a_picture_stands_upright_within_the_bound():
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    _kind, found = opened(picture(size=(400, 200), exif=exif.tobytes()), longest=100)
    assert found.size == (50, 100)
    assert found.mode == "RGB"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"%PDF-1.7 x", NoPicture.UNKNOWN),
        (b"", NoPicture.UNKNOWN),
        (picture()[:300], NoPicture.BROKEN),
        (picture("GIF"), NoPicture.UNKNOWN),
    ],
)
def test_what_is_no_picture_says_why(data, why):
    with pytest.raises(PictureRefused) as refused:
        opened(data)
    assert refused.value.why is why


@pytest.mark.parametrize("size", [(9_000, 5_000), (30_000, 30_000)])
def test_a_picture_that_would_fill_the_memory_is_not_unpacked(size):
    out = io.BytesIO()
    Image.new("1", size).save(out, "PNG")  # 900 million pixels in 110 KB
    with pytest.raises(PictureRefused) as refused:
        opened(out.getvalue())
    assert refused.value.why is NoPicture.PIXELS


@given(st.binary(max_size=300), st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP"]))
def test_no_bytes_break_the_opening(data, start):
    with contextlib.suppress(PictureRefused):
        drawn_anew(start + data)
