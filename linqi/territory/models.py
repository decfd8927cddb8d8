"""Places, where each stood on which dates, and what stands below what."""

from django.db import models
from django.db.models import F, Q

from linqi.kit.choices import Choice


class PlaceKind(Choice):
    """The levels of the tree, from the widest to the smallest 空间层级."""

    DISTRICT = "district", "区县"
    STREET = "street", "街道"
    COMMUNITY = "community", "社区"
    PARK = "park", "园区"
    BUILDING = "building", "楼宇"
    FLOOR = "floor", "楼层"
    UNIT = "unit", "单元"


class CommunityKind(Choice):
    """A virtual community has no secretary, money or powers of its own; an established one has 社区类型."""

    VIRTUAL = "virtual", "虚拟经济体社区"
    ESTABLISHED = "established", "实体经济体社区"
    RESIDENTIAL = "residential", "生活社区"


class Place(models.Model):
    """Somewhere on the tree: a district, street, community, park, building, floor or unit 空间."""

    kind = models.CharField(max_length=12, choices=PlaceKind.choices)
    code = models.CharField(max_length=40, unique=True, help_text="Stable code, e.g. 330110012 for 仓前街道.")
    name = models.CharField(max_length=80)
    community_kind = models.CharField(max_length=12, choices=CommunityKind.choices, blank=True)
    address = models.CharField(max_length=200, blank=True)
    level = models.SmallIntegerField(null=True, help_text="Storey number of a floor; basements are negative.")
    area_m2 = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    longitude = models.FloatField(null=True, help_text="WGS 84, degrees.")
    latitude = models.FloatField(null=True, help_text="WGS 84, degrees.")
    outline = models.JSONField(null=True, help_text="GeoJSON geometry, WGS 84.")
    outline_source = models.CharField(max_length=200, blank=True)
    host = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="hosted", help_text="Host residential community 属地社区."
    )
    since = models.DateField(help_text="First day it exists.")
    until = models.DateField(null=True, help_text="First day it no longer exists; empty while it does.")
    generated = models.BooleanField(default=False, help_text="Made by `linqi demo`.")

    class Meta:
        indexes = [models.Index(fields=["kind", "name"], name="place_kind_name")]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=PlaceKind.values), name="place_kind_known"),
            models.CheckConstraint(
                condition=Q(kind="community", community_kind__in=CommunityKind.values)
                | (~Q(kind="community") & Q(community_kind="")),
                name="place_community_kind",
            ),
            models.CheckConstraint(condition=Q(until=None) | Q(until__gt=F("since")), name="place_dates_in_order"),
        ]

    def __str__(self) -> str:
        return self.name


class Placement(models.Model):
    """Under which parent a place stood, from when until when 隶属."""

    child = models.ForeignKey(Place, models.CASCADE, related_name="placements")
    parent = models.ForeignKey(Place, models.PROTECT, related_name="placed")
    since = models.DateField()
    until = models.DateField(null=True, help_text="First day it no longer stood there.")
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["child"], condition=Q(until=None), name="placement_one_open"),
            models.CheckConstraint(condition=Q(until=None) | Q(until__gt=F("since")), name="placement_dates_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.child} ⊂ {self.parent}"


class Coverage(models.Model):
    """That one place stands at or below another, and on which dates: the tree unrolled 覆盖.

    Derived from placements by `territory.actions`; every place covers itself at depth 0.
    """

    ancestor = models.ForeignKey(Place, models.CASCADE, related_name="covers", db_index=False)
    descendant = models.ForeignKey(Place, models.CASCADE, related_name="covered", db_index=False)
    depth = models.PositiveSmallIntegerField()
    since = models.DateField()
    until = models.DateField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["ancestor", "descendant", "since", "until"], name="coverage_down"),
            models.Index(fields=["descendant", "ancestor", "since", "until"], name="coverage_up"),
            models.Index(fields=["ancestor", "descendant"], condition=Q(until__isnull=False), name="coverage_ended"),
        ]

    def __str__(self) -> str:
        return f"{self.ancestor_id} ⊇ {self.descendant_id}"
