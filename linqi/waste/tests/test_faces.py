"""Faces and number plates are made unreadable before a picture is stored, and nothing is stored where that cannot be done."""

import io
import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from linqi.kit.pictures import PictureRefused
from linqi.waste.outside import faces, vision

FACE = Path(__file__).parent / "data" / "face.jpg"


def plate(wide, paint=(20, 60, 160), ink="white"):
    """A blue plate with seven signs, as GA 36 has it, drawn with the font that comes with Pillow."""
    drawn = Image.new("RGB", (440, 140), paint)
    pen = ImageDraw.Draw(drawn)
    pen.rounded_rectangle((6, 6, 433, 133), 10, outline=ink, width=4)
    pen.text((40, 22), "ZA·8K3D7", fill=ink, font=ImageFont.load_default(84))
    return drawn.resize((wide, round(wide * 140 / 440)), Image.Resampling.LANCZOS)


def ground(size=(640, 480), seed=2):
    deal = np.random.default_rng(seed)
    coarse = deal.normal(150, 25, (size[1] // 40, size[0] // 40, 3)).clip(0, 255).astype(np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


def as_bytes(picture, kind="JPEG"):
    out = io.BytesIO()
    picture.save(out, kind)
    return out.getvalue()


def detail(picture, box):
    """How much changes from pixel to pixel inside a box."""
    part = np.asarray(picture.convert("L").crop(box), float)
    return float(np.abs(np.diff(part, axis=1)).mean())


@pytest.mark.parametrize("turn", [0, 12, -12])
def test_a_face_is_found_and_can_no_longer_be_read(turn):
    picture = Image.open(FACE).convert("RGB").rotate(turn, fillcolor=(120, 120, 120))
    told = faces.blurred(as_bytes(picture))
    assert told.faces == 1
    (box,) = faces.found_faces(picture)
    stored = Image.open(io.BytesIO(told.data))
    assert detail(stored, box) < 0.4 * detail(picture, box)
    x, y = (box[0] + box[2]) // 2, (box[1] + box[3]) // 2
    assert not [one for one in faces.found_faces(stored) if one[0] < x < one[2] and one[1] < y < one[3]]


@pytest.mark.parametrize("turn", [0, 8, -15])
@pytest.mark.parametrize(
    ("paint", "ink"), [((20, 60, 160), "white"), ((110, 200, 130), "black"), ((240, 180, 30), "black")]
)
def test_a_plate_of_each_paint_is_found_and_can_no_longer_be_read(paint, ink, turn):
    deal, picture = random.Random(turn), ground()
    laid = plate(150, paint, ink).convert("RGBA").rotate(turn, Image.Resampling.BICUBIC, expand=True)
    at = deal.randint(20, 400), deal.randint(20, 300)
    picture.paste(laid, at, laid)
    box = (*at, at[0] + laid.width, at[1] + laid.height)
    told = faces.blurred(as_bytes(picture))
    assert told.plates >= 1
    assert detail(Image.open(io.BytesIO(told.data)), box) < 0.5 * detail(picture, box)


def test_plain_ground_is_left_as_it_is():
    picture = ground(seed=9)
    assert (faces.found_faces(picture), faces.found_plates(picture)) == ([], [])


def test_nothing_unseen_stays_in_what_is_stored():
    picture = ground()
    out = io.BytesIO()
    place = Image.Exif()
    place[0x010E] = "secret place"
    picture.save(out, "JPEG", exif=place, comment=b"secret place")
    told = faces.blurred(out.getvalue())
    assert b"secret place" in out.getvalue()
    assert b"secret place" not in told.data
    assert max(Image.open(io.BytesIO(told.data)).size) <= faces.STORED_AT


@pytest.mark.parametrize("size", [(1, 1), (3, 400), (400, 3), (33, 31)])
def test_very_small_and_very_narrow_pictures_are_no_trouble(size):
    told = faces.blurred(as_bytes(Image.new("RGB", size, "white"), "PNG"))
    assert Image.open(io.BytesIO(told.data)).size == size


def test_no_picture_is_refused():
    with pytest.raises(PictureRefused):
        faces.blurred(b"no picture")


def test_where_faces_cannot_be_looked_for_nothing_is_given_back(monkeypatch):
    monkeypatch.setattr(vision, "find_spec", lambda name: None)
    with pytest.raises(vision.VisionAbsent):
        faces.blurred(as_bytes(ground()))
