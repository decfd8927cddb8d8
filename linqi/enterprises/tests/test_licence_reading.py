"""Reading drawn licences with the real programs: zxing-cpp for QR codes, RapidOCR for print, and what happens without it."""

import io
import random
import subprocess
import sys

import pytest
from PIL import Image, ImageDraw

from linqi.enterprises.outside import licence as reader
from linqi.enterprises.outside.licence import Print, can_read_print, read_licence, read_qr
from linqi.enterprises.rules.licence import Sure, judged
from linqi.enterprises.rules.names import name_key
from linqi.enterprises.tests import licences
from linqi.kit.pictures import NoPicture, PictureRefused

pytestmark = pytest.mark.skipif(
    not licences.FONTS.exists(), reason="no Chinese font (fonts-noto-cjk) to draw licences with"
)


@pytest.fixture(scope="module", autouse=True)
def ended():
    """The engine that this module started ends with it."""
    yield
    reader._engine.end()


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """A loaded machine reads the same, only later."""
    monkeypatch.setattr(reader, "GIVEN_UP", 200.0)
    monkeypatch.setattr(reader, "SECONDS", 100.0)


def shot(number, level="mild"):
    return licences.photographed(licences.page(licences.made_up(number), number), level, number)


def read(data):
    reading = read_licence(data)
    return reading, judged(reading.qr_texts, reading.passes)


def without_qr(number):
    """A clean page whose QR code is covered."""
    page = licences.page(licences.made_up(number), number)
    ImageDraw.Draw(page).rectangle((1250, 90, 1480, 320), fill=(250, 248, 240))
    return page


def test_the_engine_is_installed_with_the_tests():
    assert can_read_print()  # else the tests below would try nothing


@pytest.mark.parametrize(("number", "level"), [(0, "clean"), (3, "mild"), (5, "mild"), (4, "clean")])
def test_code_and_name_are_read_exactly(number, level):
    licence = licences.made_up(number)
    reading, found = read(shot(number, level))
    assert reading.print_state is Print.READ
    assert found.code.sure is Sure.AGREED
    assert found.code.code == licence.code
    assert name_key(found.name.text) == name_key(licence.name)
    assert found.name.clear


def test_a_qr_code_that_names_nobody_leaves_the_print_to_say_it():
    licence = licences.made_up(6)
    reading, found = read(shot(6))
    assert reading.qr_texts == (licence.qr,)
    assert (found.code.sure, found.code.code) == (Sure.PRINTED, licence.code)


@pytest.mark.parametrize("turn", [Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270])
def test_a_page_held_another_way_is_read_all_the_same(turn):
    licence = licences.made_up(8)
    _reading, found = read(licences._jpeg(without_qr(8).transpose(turn), 85))
    assert (found.code.sure, found.code.code) == (Sure.PRINTED, licence.code)
    assert name_key(found.name.text) == name_key(licence.name)


def test_a_harsh_picture_is_looked_at_more_closely():
    licence = licences.made_up(2)
    reading, found = read(shot(2, "harsh"))
    assert len(reading.passes) > 2
    assert found.code.code == licence.code or licence.code in found.code.proposed


def test_a_printed_code_with_a_wrong_check_digit_is_never_accepted():
    licence = licences.made_up(1)
    wrong = licence.code[:-1] + ("7" if licence.code[-1] != "7" else "9")
    page = licences.page(licences.Licence(licence.name, wrong, "http://example.gov.cn/"), 1)
    _reading, found = read(licences.photographed(page, "clean", 1))
    assert not found.code.accepted
    assert found.code.code == ""
    assert wrong in found.code.seen


def test_a_qr_code_of_another_licence_is_noticed():
    licence, other = licences.made_up(1), licences.made_up(2)
    page = licences.page(licences.Licence(licence.name, licence.code, other.code), 1)
    _reading, found = read(licences.photographed(page, "clean", 1))
    assert found.code.sure is Sure.DIFFERENT
    assert not found.code.accepted
    assert set(found.code.proposed) == {licence.code, other.code}


def test_a_picture_of_something_else_says_nothing():
    noise = Image.frombytes("RGB", (300, 200), random.Random(1).randbytes(180_000))
    _reading, found = read(licences._jpeg(noise, 80))
    assert found.code.sure is Sure.NOTHING
    assert found.name.text == ""


def test_without_the_extra_the_qr_code_is_read_and_the_rest_is_said(monkeypatch):
    monkeypatch.setattr(reader, "find_spec", lambda name: None)
    reading, found = read(shot(0))
    assert reading.print_state is Print.ABSENT
    assert (found.code.sure, found.code.code) == (Sure.QR, licences.made_up(0).code)
    assert reading.passes == ()


def test_an_engine_that_takes_too_long_is_ended_and_the_next_picture_starts_another(monkeypatch):
    reader._engine.end()
    monkeypatch.setattr(reader, "GIVEN_UP", 0.05)
    reading, found = read(shot(0))
    assert reading.print_state is Print.LATE
    assert found.code.sure is Sure.QR
    monkeypatch.setattr(reader, "GIVEN_UP", 200.0)
    assert read(shot(0))[0].print_state is Print.READ


def test_an_engine_that_died_is_said_and_started_again():
    read(shot(0, "clean"))
    process = reader._engine._process
    process.kill()
    process.wait()
    assert read(shot(0, "clean"))[0].print_state is Print.READ
    reader._engine.end()


def test_one_who_waits_too_long_for_another_is_told_so(monkeypatch):
    monkeypatch.setattr(reader, "WAITING", 0.01)
    with reader._engine._one_at_a_time:
        assert read(shot(0, "clean"))[0].print_state is Print.BUSY


def test_the_engine_ends_when_nobody_asks_any_more():
    command = [sys.executable, "-m", "linqi.enterprises.outside.licence_engine"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdin.close()
    assert process.wait(timeout=60) == 0
    process.stdout.close()


def test_an_enormous_picture_is_brought_to_a_size_that_can_be_read():
    large = licences.page(licences.made_up(0), 0).resize((6400, 4520))
    assert read(licences._jpeg(large, 80))[1].code.sure is Sure.AGREED


@pytest.mark.parametrize("number", [12, 23])
def test_a_qr_code_beyond_first_sight_is_found_in_the_enlarged_picture(number):
    picture = Image.open(io.BytesIO(shot(number, "harsh"))).convert("RGB")
    assert not reader.zxingcpp.read_barcodes(picture, formats=reader.QR)
    assert read_qr(picture) == (licences.made_up(number).qr,)


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"\xff\xd8\xff\xe0 torn"])
def test_what_is_no_picture_is_refused(data):
    with pytest.raises(PictureRefused) as refused:
        read_licence(data)
    assert refused.value.why in (NoPicture.UNKNOWN, NoPicture.BROKEN)
