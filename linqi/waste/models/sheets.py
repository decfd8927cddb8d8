"""A registry of bins as somebody brings it in as a table."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from linqi.kit.choices import Choice
from linqi.territory.models import Place


class SheetState(Choice):
    """How far a table has come 台账表状态."""

    PREVIEWED = "previewed", "待确认"
    APPLIED = "applied", "已写入"
    UNDONE = "undone", "已撤销"


class RegisterSheet(models.Model):
    """A table of points, bins, devices and who answers, as brought in; nothing of it is written before it is applied 台账表."""

    place = models.ForeignKey(
        Place, models.PROTECT, related_name="+", help_text="Below which its places are looked up."
    )
    file_name = models.CharField(max_length=200)
    rows = models.JSONField(default=list, help_text="As read: number, values by column, problems of the file.")
    state = models.CharField(max_length=10, choices=SheetState.choices, default=SheetState.PREVIEWED)
    made = models.JSONField(default=dict, help_text="Ids of what it wrote, by model; what undoing takes back.")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=sorted(SheetState.values)), name="register_sheet_state_known")
        ]

    def __str__(self) -> str:
        return self.file_name
