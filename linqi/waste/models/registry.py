"""Points, bins, devices and cards, who answers for them, and from when until when."""

from django.db import models
from django.db.models import F, Q

from linqi.enterprises.models import Enterprise
from linqi.organisation.models import Company
from linqi.territory.models import Place
from linqi.waste.kinds import CardKind, DeviceKind, PartyKind, PointKind, Stream

IN_ORDER = Q(until=None) | Q(until__gt=F("since"))


class Point(models.Model):
    """Where bins stand: a drop point of a floor or building, or the collection point behind it 点位.

    `reviewed_on` and `published_on`: when its recording equipment passed legal and technical review, and when its location was
    made public. Without both no recording of it may serve as evidence of a penalty (行政处罚法第41条).
    """

    place = models.ForeignKey(Place, models.PROTECT, related_name="+", help_text="Park, building, floor or unit.")
    kind = models.CharField(max_length=12, choices=PointKind.choices)
    name = models.CharField(max_length=80)
    longitude = models.FloatField(null=True, help_text="WGS 84, degrees; empty: that of the place.")
    latitude = models.FloatField(null=True)
    reviewed_on = models.DateField(null=True)
    published_on = models.DateField(null=True)
    since = models.DateField()
    until = models.DateField(null=True, help_text="First day it no longer exists; empty while it does.")
    generated = models.BooleanField(default=False, help_text="Made by `linqi demo`.")

    class Meta:
        ordering = ["place", "name", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=sorted(PointKind.values)), name="point_kind_known"),
            models.CheckConstraint(condition=IN_ORDER, name="point_dates_in_order"),
        ]

    def __str__(self) -> str:
        return self.name


class Duty(models.Model):
    """Who answers for sorting at a point, by which rule, from when until when 管理责任.

    An enterprise in its own office area, or a company that manages the building. Several may answer for one point at once.
    """

    point = models.ForeignKey(Point, models.CASCADE, related_name="duties")
    kind = models.CharField(max_length=12, choices=PartyKind.choices)
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, null=True, related_name="+")
    company = models.ForeignKey(Company, models.PROTECT, null=True, related_name="+")
    since = models.DateField()
    until = models.DateField(null=True)

    class Meta:
        ordering = ["point", "since", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=sorted(PartyKind.values)), name="duty_kind_known"),
            models.CheckConstraint(
                condition=Q(enterprise=None, company__isnull=False) | Q(enterprise__isnull=False, company=None),
                name="duty_of_one",
            ),
            models.CheckConstraint(condition=IN_ORDER, name="duty_dates_in_order"),
            models.UniqueConstraint(
                fields=["point", "enterprise"], condition=Q(until=None), name="duty_of_an_enterprise_once"
            ),
            models.UniqueConstraint(
                fields=["point", "company"], condition=Q(until=None), name="duty_of_a_company_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.point}: {self.enterprise or self.company}"


class Bin(models.Model):
    """One bin with its label and its stream 垃圾桶. Where it stands is dated (`Standing`); `place` follows that, for scopes."""

    code = models.CharField(max_length=40, unique=True, help_text="As on its label and in its QR code.")
    stream = models.CharField(max_length=12, choices=Stream.choices)
    litres = models.PositiveIntegerField(null=True)
    airtight = models.BooleanField(default=False, help_text="Perishable bins of caterers must be (浙江条例第29条).")
    place = models.ForeignKey(Place, models.PROTECT, related_name="+", help_text="Of the point where it stands now.")
    since = models.DateField()
    until = models.DateField(null=True)
    generated = models.BooleanField(default=False, help_text="Made by `linqi demo` or `linqi waste simulate`.")

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=Q(stream__in=sorted(Stream.values)), name="bin_stream_known"),
            models.CheckConstraint(condition=IN_ORDER, name="bin_dates_in_order"),
        ]

    def __str__(self) -> str:
        return self.code


class Standing(models.Model):
    """That a bin stood at a point, from when until when 桶位."""

    bin = models.ForeignKey(Bin, models.CASCADE, related_name="standings")
    point = models.ForeignKey(Point, models.PROTECT, related_name="standings")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["bin", "since"]
        constraints = [
            models.UniqueConstraint(fields=["bin"], condition=Q(until=None), name="standing_one_open"),
            models.CheckConstraint(condition=IN_ORDER, name="standing_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.bin} @ {self.point}"


class Device(models.Model):
    """A chip, camera or gateway with its own name and key 智能终端. Only a digest of the key is kept."""

    serial = models.CharField(max_length=40, unique=True, help_text="Also its MQTT client id and user name.")
    kind = models.CharField(max_length=12, choices=DeviceKind.choices)
    gateway = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="behind", help_text="Through which it speaks, if not by itself."
    )
    place = models.ForeignKey(Place, models.PROTECT, related_name="+", help_text="Where it is kept, for scopes.")
    key_digest = models.CharField(max_length=200, blank=True)
    key_since = models.DateTimeField(null=True)
    disabled_at = models.DateTimeField(null=True, help_text="From then on nothing it sends is taken.")
    simulated = models.BooleanField(
        default=False, help_text="Made by `linqi waste simulate`; marked wherever it is shown."
    )

    class Meta:
        ordering = ["serial"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=sorted(DeviceKind.values)), name="device_kind_known"),
            models.CheckConstraint(condition=~Q(kind="gateway") | Q(gateway=None), name="device_gateway_is_last"),
        ]

    def __str__(self) -> str:
        return self.serial


class Fitting(models.Model):
    """That a device sat on a bin, from when until when 装桶."""

    device = models.ForeignKey(Device, models.CASCADE, related_name="fittings")
    bin = models.ForeignKey(Bin, models.CASCADE, related_name="fittings")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["device", "since"]
        constraints = [
            models.UniqueConstraint(fields=["device"], condition=Q(until=None), name="fitting_one_open"),
            models.CheckConstraint(condition=IN_ORDER, name="fitting_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.device} @ {self.bin}"


class Card(models.Model):
    """A card or roll of bags given to an enterprise, from when until when 投放凭证."""

    code = models.CharField(max_length=40)
    kind = models.CharField(max_length=8, choices=CardKind.choices)
    enterprise = models.ForeignKey(Enterprise, models.CASCADE, related_name="+")
    since = models.DateField()
    until = models.DateField(null=True)

    class Meta:
        ordering = ["code", "since"]
        constraints = [
            models.UniqueConstraint(fields=["code"], condition=Q(until=None), name="card_one_open"),
            models.CheckConstraint(condition=Q(kind__in=sorted(CardKind.values)), name="card_kind_known"),
            models.CheckConstraint(condition=IN_ORDER, name="card_in_order"),
        ]

    def __str__(self) -> str:
        return self.code
