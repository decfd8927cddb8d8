"""Pictures from inside bins, and clues: what may be wrong until a person has looked."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from linqi.waste.kinds import ClueKind, ClueState, Doubt, Stream, Witness
from linqi.waste.models.registry import Bin, Device, Point


class Picture(models.Model):
    """A picture from inside a bin, faces and plates blurred before it was stored, with what was recognised and what a person says 图像.

    How long it is kept its street says (`queries_keeping.pictures_over`), longer while a clue needs it (`tracing.needed`).
    `asked_of`, `asked_until`: who has it before them in the labelling queue, so that two people are never asked the same.
    """

    device = models.ForeignKey(Device, models.PROTECT, null=True, related_name="pictures")
    bin = models.ForeignKey(Bin, models.PROTECT, null=True, related_name="pictures")
    ref = models.CharField(max_length=64, blank=True, help_text="What the device calls it; its event names it so.")
    file = models.FileField(upload_to="waste/%Y/%m/", max_length=200)
    sha256 = models.CharField(max_length=64, help_text="Of the file as stored.")
    size = models.PositiveIntegerField(help_text="Bytes, as stored.")
    blurred = models.PositiveSmallIntegerField(help_text="How many faces and plates were made unreadable.")
    taken_at = models.DateTimeField()
    stored_on = models.DateField(db_index=True)
    seen_as = models.CharField(max_length=40, blank=True, help_text="Class of the recogniser, e.g. cardboard.")
    stream = models.CharField(max_length=12, choices=Stream.choices, blank=True)
    confidence = models.FloatField(null=True, help_text="Calibrated, 0–1; empty when nothing was recognised.")
    doubt = models.CharField(max_length=12, choices=Doubt.choices)
    model = models.CharField(max_length=64, blank=True, help_text="Which recogniser said so.")
    sampled = models.BooleanField(default=False, help_text="One of the sure ones that a person looks at all the same.")
    label = models.CharField(
        max_length=40, blank=True, help_text="What a person saw: a class, or `none` for nothing of these."
    )
    label_stream = models.CharField(max_length=12, choices=Stream.choices, blank=True)
    labelled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    labelled_at = models.DateTimeField(null=True)
    asked_of = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    asked_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-taken_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["device", "ref"], condition=~Q(ref=""), name="picture_of_a_device_once"),
            models.CheckConstraint(condition=Q(doubt__in=sorted(Doubt.values)), name="picture_doubt_known"),
        ]
        indexes = [
            models.Index(
                fields=["taken_at"],
                condition=Q(labelled_at=None) & (~Q(doubt="sure") | Q(sampled=True)),
                name="picture_to_label",
            ),
            models.Index(fields=["bin", "taken_at"], name="picture_of_bin"),
        ]

    def __str__(self) -> str:
        return f"{self.bin_id} {self.taken_at:%Y-%m-%d %H:%M}"


class Clue(models.Model):
    """What may be wrong at a bin, until a person has looked 线索. Nobody outside the staff sees one that is not confirmed.

    `point`: where the bin stood then. `event_…`: the event it rests on, when it is one, with all that it told: the clue outlives it.
    Its moments are `at` and `raised_at`.
    """

    bin = models.ForeignKey(Bin, models.PROTECT, related_name="clues")
    point = models.ForeignKey(Point, models.PROTECT, null=True, related_name="clues")
    kind = models.CharField(max_length=12, choices=ClueKind.choices)
    witness = models.CharField(max_length=8, choices=Witness.choices)
    at = models.DateTimeField()
    raised_at = models.DateTimeField()
    device = models.ForeignKey(Device, models.PROTECT, null=True, related_name="+")
    event_day = models.DateField(null=True)
    event_boot = models.BigIntegerField(null=True)
    event_sequence = models.BigIntegerField(null=True)
    event_value = models.FloatField(null=True)
    event_stream = models.CharField(max_length=12, blank=True)
    event_picture = models.CharField(max_length=64, blank=True, help_text="What the device calls the picture of it.")
    event_clock_wrong = models.BooleanField(default=False)
    card = models.CharField(max_length=40, blank=True)
    picture = models.ForeignKey(Picture, models.SET_NULL, null=True, related_name="clues")
    confidence = models.FloatField(null=True, help_text="Of the recogniser; empty: a device or a person said so.")
    note = models.CharField(max_length=300, blank=True)
    simulated = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=ClueState.choices, default=ClueState.WAITING)
    looked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    looked_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=200, blank=True, help_text="What the one who looked says of it.")

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=sorted(ClueState.values)), name="clue_state_known"),
            models.CheckConstraint(condition=Q(kind__in=sorted(ClueKind.values)), name="clue_kind_known"),
            models.CheckConstraint(condition=Q(witness__in=sorted(Witness.values)), name="clue_witness_known"),
            models.CheckConstraint(
                condition=Q(state="waiting", looked_at=None) | (~Q(state="waiting") & Q(looked_at__isnull=False)),
                name="clue_looked_at_by_a_person",
            ),
            models.UniqueConstraint(
                fields=["device", "event_boot", "event_sequence"],
                condition=Q(event_sequence__isnull=False),
                name="clue_of_an_event_once",
            ),
        ]
        indexes = [
            models.Index(fields=["bin", "at"], name="clue_of_bin"),
            models.Index(fields=["at"], condition=Q(state="waiting"), name="clue_waiting"),
            models.Index(
                fields=["device", "event_picture"], condition=~Q(event_picture=""), name="clue_of_a_named_picture"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bin_id} {self.kind} {self.at:%Y-%m-%d %H:%M}"
