"""What devices told, stored once and in the order of each device."""

from django.db import models

from linqi.waste.models.registry import Bin, Device


class Event(models.Model):
    """One thing a device told 事件: known by device, boot and sequence, so a repetition is the same row.

    `day` is the day on which it was stored (the table is cut by it); `at` is when it happened, as far as the device's clock can
    be believed. Moments are milliseconds since 1970 UTC. `told` is a `kinds.Told`; `value` is kilograms of a deposit, share 0–1 of a
    fill level or battery, degrees Celsius, 1/0 of a lid. No foreign keys: three thousand bins write ten million rows a day.
    """

    pk = models.CompositePrimaryKey("day", "device_id", "boot", "sequence")
    day = models.DateField()
    device_id = models.BigIntegerField()
    boot = models.BigIntegerField(help_text="How often the device has started, or the second in which it did.")
    sequence = models.BigIntegerField(help_text="Counts its events since that start, from 1.")
    told = models.CharField(max_length=12)
    at = models.BigIntegerField()
    stored_at = models.BigIntegerField()
    bin_id = models.BigIntegerField(null=True, help_text="On which it sat at `at`; empty: on none that is known.")
    value = models.FloatField(null=True)
    stream = models.CharField(max_length=12, blank=True, help_text="Which stream the device saw, if it says so.")
    picture = models.CharField(max_length=64, blank=True, help_text="The device's reference to a picture it sends.")
    card = models.CharField(max_length=40, blank=True)
    clock_wrong = models.BooleanField(
        default=False, help_text="`at` was reckoned, the device's own clock was not believed."
    )

    class Meta:
        ordering = ["stored_at"]

    def __str__(self) -> str:
        return f"{self.device_id}/{self.boot}/{self.sequence} {self.told}"


class DeviceState(models.Model):
    """How far a device's events are stored: what its receipt says 收讫.

    `sequence`: all of this boot up to it are stored or given up; `beyond`: those stored out of order above it, as ranges.
    """

    device = models.OneToOneField(Device, models.CASCADE, primary_key=True, related_name="state")
    boot = models.BigIntegerField(default=0)
    sequence = models.BigIntegerField(default=0)
    beyond = models.JSONField(default=list)
    earlier = models.JSONField(default=dict, help_text="The same of earlier boots that still have gaps, by boot.")
    edition = models.BigIntegerField(
        default=0, help_text="Grows with each change, so that two writers never overwrite each other."
    )
    stored = models.BigIntegerField(default=0, help_text="Events stored.")
    repeated = models.BigIntegerField(default=0, help_text="Repetitions taken as one.")
    lost = models.BigIntegerField(default=0, help_text="Numbers the device says it no longer has.")
    refused = models.BigIntegerField(default=0, help_text="Messages set aside.")
    skew_ms = models.BigIntegerField(null=True, help_text="Device clock minus ours, as last seen.")
    last_at = models.BigIntegerField(null=True, help_text="When something of it was last stored.")
    online = models.BooleanField(null=True, help_text="What its birth or death message said; empty: never said.")
    battery = models.FloatField(null=True)
    birth = models.BigIntegerField(
        null=True, help_text="bdSeq of its last Sparkplug birth; a death with another is of an older session."
    )
    limited = models.BigIntegerField(default=0, help_text="Events not taken because it told too many at once.")

    class Meta:
        indexes = [models.Index(fields=["last_at"], name="device_state_last")]

    def __str__(self) -> str:
        return f"{self.device_id}: {self.boot}/{self.sequence}"


class Quarantined(models.Model):
    """A message that could not be taken, kept with the reason 隔离消息; at most 4 KiB of it."""

    device = models.ForeignKey(Device, models.SET_NULL, null=True, related_name="+")
    said_by = models.CharField(max_length=80, blank=True, help_text="Who it said it was.")
    channel = models.CharField(max_length=8, help_text="mqtt or http")
    topic = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=40, help_text="One of rules.messages.Refusal.")
    detail = models.CharField(max_length=300, blank=True)
    payload = models.BinaryField(help_text="Its first 4 KiB.")
    size = models.PositiveIntegerField()
    at = models.DateTimeField(db_index=True)
    times = models.PositiveIntegerField(
        default=1, help_text="How many this row stands for: beyond so many an hour, a sender's are only counted."
    )

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.reason} {self.topic}"


class HourFact(models.Model):
    """What one bin told in one hour, kept after the raw events are gone 小时汇总.

    `told` with how many, the sum (kilograms of deposits), the least and the greatest value.
    """

    bin = models.ForeignKey(Bin, models.CASCADE, related_name="hours")
    hour = models.DateTimeField(help_text="Its beginning.")
    told = models.CharField(max_length=12)
    count = models.PositiveIntegerField()
    total = models.FloatField(null=True)
    least = models.FloatField(null=True)
    most = models.FloatField(null=True)

    class Meta:
        ordering = ["bin", "hour"]
        constraints = [models.UniqueConstraint(fields=["bin", "hour", "told"], name="hour_fact_once")]
        indexes = [models.Index(fields=["hour", "told"], name="hour_fact_by_hour")]

    def __str__(self) -> str:
        return f"{self.bin_id} {self.hour:%Y-%m-%d %H} {self.told}"


class HourTouched(models.Model):
    """That events of a bin's hour were stored since its facts were last counted; noted with the events themselves 待汇总小时.

    `times` grows with each note, so that who counts waits for who is storing.
    """

    bin_id = models.BigIntegerField()
    hour = models.BigIntegerField(help_text="Hours since 1970 UTC.")
    times = models.BigIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["hour", "bin_id"], name="hour_touched_once")]

    def __str__(self) -> str:
        return f"{self.bin_id} {self.hour}"
