"""Pictures within bounds, the shipped network, model files, and `linqi waste train|evaluate` on photographs and on folders that are wrong."""

import io
import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from linqi.kit.pictures import NoPicture, PictureRefused
from linqi.waste import recogniser
from linqi.waste.kinds import Doubt, Stream
from linqi.waste.outside import vision
from linqi.waste.recognition import keeping
from linqi.waste.recognition.card import written
from linqi.waste.recognition.streams import StreamsWrong

HERE = Path(__file__).parent / "data"
KEYS = [
    "accuracy",
    "macro_f1",
    "calibration_error",
    "precision_at_80",
    "precision_at_90",
    "refused",
    "images_per_second",
]


def as_bytes(picture, kind="JPEG", **how):
    out = io.BytesIO()
    picture.save(out, kind, **how)
    return out.getvalue()


def bomb(side=60_000):
    """A PNG of some hundred bytes that says it is 60,000 pixels wide and high."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


@pytest.fixture(autouse=True)
def the_shipped_one(monkeypatch):
    monkeypatch.delenv("LINQI_WASTE_MODEL", raising=False)
    monkeypatch.delenv("LINQI_WASTE_STREAMS", raising=False)


# --- pictures -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("data", "why"),
    [
        pytest.param(bomb(), NoPicture.PIXELS, id="a picture bomb is refused by its size, before a pixel is unpacked"),
        pytest.param(b"GIF89a" + b"\0" * 40, NoPicture.UNKNOWN, id="another format"),
        pytest.param(b"", NoPicture.UNKNOWN, id="nothing"),
        pytest.param(as_bytes(Image.new("RGB", (90, 90), "red"))[:300], NoPicture.BROKEN, id="half a picture"),
        pytest.param(as_bytes(Image.new("P", (9, 9)), "GIF"), NoPicture.UNKNOWN, id="a real GIF"),
    ],
)
def test_what_is_no_picture_is_refused_and_its_verdict_says_so(data, why):
    with pytest.raises(PictureRefused) as refused:
        vision.picture_of(data)
    assert refused.value.why == why
    assert recogniser.recognised([data])[0].doubt == Doubt.UNREADABLE


def test_a_picture_of_more_than_eight_megabytes_is_not_opened():
    heavy = as_bytes(Image.new("RGB", (50, 50))) + b"\0" * vision.MOST_BYTES
    assert recogniser.recognised([heavy])[0].doubt == Doubt.UNREADABLE


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_comes_upright_small_and_opaque(kind):
    told = vision.picture_of(as_bytes(Image.new("RGB", (1500, 900), "green"), kind))
    assert (told.mode, max(told.size)) == ("RGB", vision.LONGEST)


def test_what_is_transparent_is_seen_on_white():
    told = vision.picture_of(as_bytes(Image.new("RGBA", (40, 40), (0, 0, 0, 0)), "PNG"))
    assert told.getpixel((20, 20)) == (255, 255, 255)


# --- the network and its file ---------------------------------------------------------------------------------------
def test_a_picture_is_seen_the_same_alone_and_among_others():
    network, _judge = recogniser.in_use()
    pictures = [vision.picture_of(file.read_bytes()) for file in sorted(HERE.glob("classes/*/*.jpg"))]
    together = network.features(pictures)
    np.testing.assert_allclose(network.features(pictures[7:8]), together[7:8], atol=1e-4)
    assert network.features([]).shape == (0, together.shape[1])
    for depth, length in zip(np.split(together, [1280, 1360, 1472], axis=1), (1, 0.7, 0.7, 0.7), strict=True):
        np.testing.assert_allclose(np.linalg.norm(depth, axis=1), length, atol=1e-5)


def test_the_shipped_files_are_small_and_belong_together():
    kept, network = recogniser.kept_in_use()
    assert recogniser.shipped("recogniser.onnx").stat().st_size <= 5_000_000
    assert kept.network == network.print
    assert set(kept.head.classes) == {"cardboard", "glass", "metal", "paper", "plastic", "trash"}


def test_the_card_says_what_its_tables_say_and_what_was_never_seen():
    told = json.loads(recogniser.shipped("model_card.json").read_text())
    card = recogniser.shipped("model_card.md").read_text()
    assert card == written(told)
    assert "有害垃圾**: not one picture" in card
    assert f"{told['home']['accuracy'] * 100:.1f} %" in card


def test_a_model_file_is_read_as_it_was_written():
    kept, _network = recogniser.kept_in_use()
    again = keeping.unpacked(keeping.packed(kept))
    rows = np.random.default_rng(0).normal(size=(5, kept.gate.bank.shape[1]))
    np.testing.assert_allclose(again.head.shares(rows), kept.head.shares(rows), atol=0.02)
    np.testing.assert_array_equal(again.learnt, kept.learnt)
    assert (again.sure_from, again.network, again.gate.threshold) == (kept.sure_from, kept.network, kept.gate.threshold)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 no", b"\x80\x04." * 20])
def test_what_is_no_model_file_is_refused(data):
    with pytest.raises(keeping.ModelUnusable):
        keeping.unpacked(data)


def test_no_code_is_run_by_a_model_file():
    out = io.BytesIO()
    np.savez(out, facts=np.array([{"format": keeping.FORMAT}], dtype=object))
    with pytest.raises(keeping.ModelUnusable):
        keeping.unpacked(out.getvalue())


def test_a_model_taught_on_another_network_is_refused(tmp_path, monkeypatch):
    kept, _network = recogniser.kept_in_use()
    strange = keeping.Kept(kept.head, kept.gate, kept.learnt, kept.sure_from, "0" * 64, kept.about)
    (tmp_path / "own.npz").write_bytes(keeping.packed(strange))
    monkeypatch.setenv("LINQI_WASTE_MODEL", str(tmp_path / "own.npz"))
    with pytest.raises(keeping.ModelUnusable, match="another network"):
        recogniser.recognised([])


def test_a_model_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setenv("LINQI_WASTE_MODEL", "/nowhere/own.npz")
    with pytest.raises(keeping.ModelUnusable, match=r"/nowhere/own\.npz"):
        recogniser.model_file()


def test_bytes_that_are_no_network_say_so(tmp_path):
    (tmp_path / "own.onnx").write_bytes(b"no network")
    with pytest.raises(vision.NetworkUnusable):
        vision.Network(tmp_path / "own.onnx")


def test_without_the_runtime_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setattr(vision, "find_spec", lambda name: None)
    with pytest.raises(vision.VisionAbsent, match=r"linqi\[vision\]"):
        vision.Network(recogniser.shipped("recogniser.onnx"))


def test_photographs_are_told_and_a_plain_colour_is_unknown():
    files = sorted(HERE.glob("classes/*/*.jpg"))
    blank = as_bytes(Image.new("RGB", (200, 200), "blue"))
    *told, strange = recogniser.recognised([*(file.read_bytes() for file in files), blank])
    right = [one.klass == file.parent.name for one, file in zip(told, files, strict=True)]
    assert np.mean(right) >= 0.8  # the network has learnt these; a broken path from file to class would be at a sixth
    said = [one for one in told if one.doubt == Doubt.SURE]
    assert said
    assert all(one.stream in {Stream.RECYCLABLE, Stream.RESIDUAL} for one in said)
    assert (strange.doubt, strange.stream) == (Doubt.UNKNOWN, None)


# --- the command ----------------------------------------------------------------------------------------------------
def said(*words):
    out, err = io.StringIO(), io.StringIO()
    call_command("waste", *words, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three classes of drawn things, told apart by colour and shape; glass and paper have names that the shipped one knows."""
    root, deal = tmp_path_factory.mktemp("classes"), np.random.default_rng(4)
    for name, colour in (("glass", (30, 120, 60)), ("paper", (240, 240, 230)), ("battery", (200, 40, 30))):
        (root / name).mkdir()
        for number in range(8):
            noise = deal.normal(0, 12, (120, 120, 3))
            drawn = Image.fromarray((np.array(colour) + noise).clip(0, 255).astype(np.uint8))
            drawn.save(root / name / f"{number * 10}.jpg")
    return root


def test_evaluate_prints_exactly_the_figures_that_were_asked_for():
    out, _err = said("evaluate", str(HERE / "classes"), "--json")
    told = json.loads(out)
    assert list(told)[: len(KEYS)] == KEYS
    assert all(isinstance(told[key], float) and told[key] >= 0 for key in KEYS)
    assert told["asked"] == len(list(HERE.glob("classes/*/*.jpg")))
    assert told["accuracy"] >= 0.8


def test_train_writes_a_recogniser_that_can_be_used_at_once(folder, tmp_path, monkeypatch):
    out, _err = said("train", str(folder), "--out", str(tmp_path / "own.npz"), "--json")
    told = json.loads(out)
    assert (told["classes"], told["pictures"]) == (["battery", "glass", "paper"], 24)
    assert told["held_out_accuracy"] >= 0.9
    monkeypatch.setenv("LINQI_WASTE_MODEL", str(tmp_path / "own.npz"))
    again, _err = said("evaluate", str(folder), "--json")
    assert json.loads(again)["accuracy"] >= 0.9
    verdict = recogniser.recognised([(folder / "battery" / "0.jpg").read_bytes()])[0]
    assert (verdict.klass, recogniser.streams()[verdict.klass]) == ("battery", Stream.HAZARDOUS)


def test_classes_never_learnt_are_told_apart(folder):
    out, err = said("evaluate", str(folder), "--json")
    told = json.loads(out)
    assert told["per_class"]["battery"]["recall"] == 0
    assert 0 <= told["refused_unknown_classes"] <= 1
    assert "Never learnt, so never right: battery" in err


@pytest.mark.parametrize("word", ["train", "evaluate"])
@pytest.mark.parametrize(
    ("make", "says"),
    [
        pytest.param(lambda root: None, "no class folders", id="an empty folder"),
        pytest.param(lambda root: (root / "glass").mkdir(), "no picture could be opened", id="an empty class"),
        pytest.param(
            lambda root: ((root / "glass").mkdir(), (root / "glass/1.jpg").write_bytes(b"no")),
            "no picture could be opened",
            id="nothing readable",
        ),
    ],
)
def test_a_folder_without_pictures_says_what_is_wanted(word, make, says, tmp_path):
    make(tmp_path)
    with pytest.raises(CommandError, match=says):
        said(word, str(tmp_path), *(["--out", str(tmp_path / "x.npz")] if word == "train" else []))
    assert not (tmp_path / "x.npz").exists()


def test_one_class_and_an_unreadable_file_are_noted(folder, tmp_path):
    (tmp_path / "glass").mkdir()
    for number in (0, 10, 20):
        (tmp_path / "glass" / f"{number}.jpg").write_bytes((folder / "glass" / f"{number}.jpg").read_bytes())
    (tmp_path / "glass" / "bad.png").write_bytes(b"no picture")
    (tmp_path / "glass" / "notes.txt").write_text("x")
    out, err = said("evaluate", str(tmp_path), "--json")
    assert (json.loads(out)["asked"], json.loads(out)["unreadable"]) == (3, 1)
    assert "Only one class" in err
    assert "bad.png" in err
    assert "passed over" in err
    with pytest.raises(CommandError, match="Two classes"):
        said("train", str(tmp_path), "--out", str(tmp_path / "x.npz"))


def test_a_class_of_two_pictures_is_too_little(folder, tmp_path):
    for name in ("glass", "paper"):
        (tmp_path / name).mkdir()
        for number in (0, 10) if name == "paper" else (0, 10, 20):
            (tmp_path / name / f"{number}.jpg").write_bytes((folder / name / f"{number}.jpg").read_bytes())
    with pytest.raises(CommandError, match=r"paper \(2\)"):
        said("train", str(tmp_path), "--out", str(tmp_path / "x.npz"))


def test_a_table_of_streams_of_ones_own_is_used(tmp_path, monkeypatch):
    (tmp_path / "own.yaml").write_text("residual: [glass]\n")
    monkeypatch.setenv("LINQI_WASTE_STREAMS", str(tmp_path / "own.yaml"))
    assert recogniser.streams() == {"glass": Stream.RESIDUAL}
    (tmp_path / "own.yaml").write_text("green: [glass]\n")
    with pytest.raises(StreamsWrong):
        recogniser.streams()
