"""Pictures of bins: taken in once and blurred, handed to one person at a time, labelled, and gone when their time is over."""

import io
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from PIL import Image

from linqi.journal.models import Entry
from linqi.kit import clock
from linqi.kit.access import SYSTEM
from linqi.waste import queries_labels
from linqi.waste.actions import pictures
from linqi.waste.actions.clues import look, raised
from linqi.waste.kinds import ClueKind, Doubt, Stream, Witness
from linqi.waste.models import Bin, Clue, Device, Fitting, Picture
from linqi.waste.outside import vision
from linqi.waste.recognition.verdict import Verdict

HERE = Path(__file__).parent / "data"
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=clock.ZONE)


@pytest.fixture(autouse=True)
def kept_apart(settings, tmp_path):
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}}
    settings.MEDIA_ROOT = str(tmp_path / "uploads")


@pytest.fixture
def camera(cast):
    """A camera in a bin of the building since yesterday."""
    one = Bin.objects.create(code="T-001", stream="recyclable", place=cast.building, since=date(2026, 1, 1))
    device = Device.objects.create(serial="cam-1", kind="camera", place=cast.building)
    Fitting.objects.create(device=device, bin=one, since=NOW - timedelta(days=1))
    return device


def shot(colour="white", size=(200, 150)):
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG")
    return out.getvalue()


def take(camera, data=None, **over):
    how = {"device": camera, "data": data or shot(), "taken_at": NOW, "ref": "p1", "now": NOW, "by": SYSTEM}
    return pictures.take_picture(**{**how, **over})


def stored(camera, number=1, **over):
    """A picture as it would stand, without asking the network again."""
    how = {"device": camera, "bin": camera.fittings.get().bin, "file": "waste/none.jpg", "sha256": "0" * 64, "size": 1}
    how |= {"blurred": 0, "taken_at": NOW + timedelta(minutes=number), "doubt": "unsure", "ref": f"r{number}"}
    how |= {"stored_on": clock.today()}
    return Picture.objects.create(**{**how, **over})


# --- taken in -------------------------------------------------------------------------------------------------------
def test_a_face_is_blurred_before_anything_is_stored(camera):
    made = take(camera, (HERE / "face.jpg").read_bytes())
    assert made.blurred >= 1
    assert (made.bin.code, made.stored_on) == ("T-001", NOW.date())
    files = default_storage.listdir("waste/2026/03")[1]
    assert len(files) == 1
    with made.file.open() as held:
        kept = held.read()
    assert kept != (HERE / "face.jpg").read_bytes()
    assert made.size == len(kept)


def test_the_same_picture_sent_again_is_one_picture(camera):
    first = take(camera)
    assert take(camera).pk == first.pk
    assert len(default_storage.listdir("waste/2026/03")[1]) == 1


def test_what_is_unlike_anything_learnt_waits_for_a_person(camera):
    made = take(camera, shot("blue"))
    assert (made.doubt, made.stream) == (Doubt.UNKNOWN, "")
    assert made.confidence is not None
    assert made.model.startswith("recogniser ")


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"data": b"no picture"}, "file"),
        ({"data": b"x" * (vision.MOST_BYTES + 1)}, "file"),
        ({"ref": "r" * 65}, "ref"),
        ({"taken_at": datetime(1970, 1, 1, tzinfo=clock.ZONE)}, "taken_at"),
        ({"taken_at": NOW + timedelta(hours=1)}, "taken_at"),
        ({"taken_at": NOW - timedelta(days=2)}, "device"),
    ],
)
def test_what_cannot_be_taken_names_the_field_and_leaves_nothing(camera, over, field):
    with pytest.raises(ValidationError) as refused:
        take(camera, **over)
    assert list(refused.value.message_dict) == [field]
    assert not Picture.objects.exists()
    assert not default_storage.exists("waste")


def test_without_the_means_to_blur_no_picture_is_taken(camera, monkeypatch):
    monkeypatch.setattr(vision, "find_spec", lambda name: None)
    with pytest.raises(ValidationError, match="无法遮挡"):
        take(camera)
    assert not Picture.objects.exists()


def test_a_disabled_device_brings_nothing(camera):
    camera.disabled_at = NOW - timedelta(hours=1)
    camera.save()
    with pytest.raises(PermissionDenied):
        take(camera)


def test_the_file_goes_when_the_row_cannot_be_written(camera, monkeypatch):
    def fail(self, *args, **kwargs):
        raise OSError("disk")

    monkeypatch.setattr(Picture, "save", fail)
    with pytest.raises(OSError, match="disk"):
        take(camera)
    assert default_storage.listdir("waste/2026/03")[1] == []


def test_one_in_twenty_sure_pictures_is_looked_at_and_always_the_same_ones():
    names = [f"{number:064x}" for number in range(20_000)]
    drawn = [pictures.is_sampled(one) for one in names]
    assert drawn == [pictures.is_sampled(one) for one in names]
    assert 0.045 < sum(drawn) / len(drawn) < 0.055


# --- handed out and labelled ----------------------------------------------------------------------------------------
def test_the_doubtful_and_the_sampled_wait_the_oldest_first(cast, camera):
    stored(camera, 3, doubt="sure")
    late = stored(camera, 2, doubt="sure", sampled=True)
    early = stored(camera, 1, doubt="unknown")
    stored(camera, 4, label="glass", labelled_at=NOW)
    assert list(queries_labels.waiting(cast.governance_specialist)) == [early, late]


def test_two_people_are_never_given_the_same(cast, camera):
    for number in range(5):
        stored(camera, number)
    one = pictures.hand_out(count=3, now=NOW, by=cast.governance_specialist)
    other = pictures.hand_out(count=3, now=NOW, by=cast.community_secretary)
    assert (len(one), len(other)) == (3, 2)
    assert not {p.pk for p in one} & {p.pk for p in other}
    again = pictures.hand_out(count=3, now=NOW, by=cast.governance_specialist)
    assert {p.pk for p in again} == {p.pk for p in one}


def test_what_nobody_labelled_in_time_or_gave_back_is_given_to_others(cast, camera):
    stored(camera)
    pictures.hand_out(now=NOW, by=cast.governance_specialist)
    assert pictures.hand_out(now=NOW, by=cast.community_secretary) == []
    later = NOW + pictures.ASKED_FOR
    assert len(pictures.hand_out(now=later, by=cast.community_secretary)) == 1
    assert pictures.give_back(now=later, by=cast.community_secretary) == 1
    assert len(pictures.hand_out(now=later, by=cast.governance_specialist)) == 1


def test_strangers_and_those_who_may_not_look_get_nothing(cast, camera):
    one = stored(camera)
    assert not queries_labels.waiting(cast.far_enterprise_user).exists()
    for user in (cast.property_manager, cast.nobody):
        with pytest.raises(PermissionDenied):
            pictures.hand_out(now=NOW, by=user)
        with pytest.raises(PermissionDenied):
            pictures.label(picture=one, label="glass", now=NOW, by=user)


def test_a_label_is_kept_told_and_can_be_taken_back(cast, camera):
    one = stored(camera)
    pictures.label(picture=one, label="glass", now=NOW, by=cast.governance_specialist)
    one.refresh_from_db()
    assert (one.label, one.label_stream, one.labelled_by) == ("glass", "recyclable", cast.governance_specialist)
    assert not queries_labels.waiting(cast.governance_specialist).exists()
    pictures.label(picture=one, label="none", now=NOW, by=cast.governance_specialist)
    assert one.label_stream == ""
    pictures.unlabel(picture=one, by=cast.governance_specialist)
    assert queries_labels.waiting(cast.governance_specialist).exists()
    verbs = list(Entry.objects.order_by("pk").values_list("verb", flat=True))[-3:]
    assert verbs == ["waste.picture_labelled", "waste.picture_labelled", "waste.picture_unlabelled"]


def test_nobody_overwrites_or_takes_back_another_ones_label(cast, camera):
    one = stored(camera)
    pictures.label(picture=one, label="glass", now=NOW, by=cast.governance_specialist)
    with pytest.raises(ValidationError, match="已由他人标注"):
        pictures.label(picture=one, label="metal", now=NOW, by=cast.community_secretary)
    with pytest.raises(ValidationError, match="自己的标注"):
        pictures.unlabel(picture=one, by=cast.community_secretary)
    one.refresh_from_db()
    assert one.label == "glass"


def test_a_word_that_is_no_class_is_refused(cast, camera):
    with pytest.raises(ValidationError, match="没有“gold”"):
        pictures.label(picture=stored(camera), label="gold", now=NOW, by=cast.governance_specialist)


def test_agreement_is_counted_on_the_sample_only(cast, camera):
    for number, (sampled, label) in enumerate([(True, "glass"), (True, "trash"), (False, "trash"), (True, "paper")]):
        one = stored(camera, number, doubt="sure", sampled=sampled, stream="recyclable")
        pictures.label(picture=one, label=label, now=NOW, by=cast.governance_specialist)
    told = queries_labels.agreement(cast.governance_specialist, NOW - timedelta(days=1))
    assert (told.asked, told.agreed) == (3, 2)
    assert told.least < told.share < told.most
    assert queries_labels.agreement(cast.governance_specialist, NOW + timedelta(days=1)).share is None


# --- taken out, and gone --------------------------------------------------------------------------------------------
def test_labels_become_class_folders(cast, camera, tmp_path):
    made = take(camera)
    pictures.label(picture=made, label="glass", now=NOW, by=cast.governance_specialist)
    nothing = stored(camera, 2)
    pictures.label(picture=nothing, label="none", now=NOW, by=cast.governance_specialist)
    out = tmp_path / "labels"
    call_command("waste", "labels", "--out", str(out), stdout=io.StringIO())
    assert [str(one.relative_to(out)) for one in out.glob("*/*")] == [f"glass/{made.pk}.jpg"]
    assert Entry.objects.latest("pk").verb == "kit.exported"
    with pytest.raises(CommandError, match="not empty"):
        call_command("waste", "labels", "--out", str(out), stdout=io.StringIO())


def test_pictures_go_when_their_time_is_over_and_evidence_stays(camera):
    ended, evidence = take(camera), take(camera, shot("blue"), ref="p2")
    raised(bin=evidence.bin, kind=ClueKind.MIXED, witness=Witness.PICTURE, at=NOW, picture=evidence, by=SYSTEM)
    assert pictures.tick(NOW + timedelta(days=29)) == 0
    assert pictures.tick(NOW + timedelta(days=30)) == 1
    assert [one.pk for one in Picture.objects.all()] == [evidence.pk]
    assert not default_storage.exists(ended.file.name)
    assert default_storage.exists(evidence.file.name)
    assert Entry.objects.latest("pk").verb == "waste.pictures_erased"


def test_only_the_clock_erases(cast):
    with pytest.raises(PermissionDenied):
        pictures.forget_pictures(now=NOW, by=cast.street_leader)


# --- what belongs into another bin --------------------------------------------------------------------------------------
def test_a_label_of_another_stream_is_a_clue_and_goes_with_the_label(camera, cast):
    picture = stored(camera)
    pictures.label(picture=picture, label="food", now=NOW, by=cast.governance_specialist)
    clue = Clue.objects.get()
    assert (clue.kind, clue.witness, clue.state, clue.picture) == ("mixed", "picture", "waiting", picture)
    pictures.label(picture=picture, label="paper", now=NOW, by=cast.governance_specialist)
    assert not Clue.objects.exists()
    pictures.label(picture=picture, label="food", now=NOW, by=cast.governance_specialist)
    pictures.unlabel(picture=picture, by=cast.governance_specialist)
    assert not Clue.objects.exists()


def test_a_clue_somebody_has_looked_at_stays_when_the_label_is_taken_back(camera, cast):
    picture = stored(camera)
    pictures.label(picture=picture, label="food", now=NOW, by=cast.governance_specialist)
    look(clue=Clue.objects.get(), confirmed=False, reason="看错了", by=cast.governance_specialist)
    pictures.unlabel(picture=picture, by=cast.governance_specialist)
    assert Clue.objects.get().state == "refuted"


@pytest.mark.parametrize(
    ("doubt", "stream", "raised"), [("sure", "residual", 1), ("sure", "recyclable", 0), ("unsure", "residual", 0)]
)
def test_only_a_sure_look_at_what_belongs_elsewhere_is_a_clue(camera, monkeypatch, doubt, stream, raised):
    verdict = Verdict("trash", Stream(stream), 0.97, Doubt(doubt))
    monkeypatch.setattr(pictures.recogniser, "recognised", lambda data: [verdict])
    made = take(camera)
    assert take(camera).pk == made.pk
    assert Clue.objects.filter(picture=made, confidence=0.97).count() == raised
