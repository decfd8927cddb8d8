"""How long a street keeps what its bins tell."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from linqi.territory.models import Place


class KeepingTerms(models.Model):
    """How many days a street keeps the events of each kind, and pictures 保存期限.

    A row that has counted is never rewritten: it ends and another takes its place. Without a row `data/retention.yaml` holds.
    """

    street = models.ForeignKey(Place, models.CASCADE, related_name="+")
    days = models.JSONField(help_text="Days by kind, rules.keeping.KINDS.")
    source = models.CharField(max_length=200)
    since = models.DateField()
    until = models.DateField(null=True, help_text="First day it no longer counts.")
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["-since", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["street"], condition=Q(until=None), name="keeping_terms_one_open"),
            models.CheckConstraint(condition=Q(until=None) | Q(until__gte=F("since")), name="keeping_terms_dates"),
        ]

    def __str__(self) -> str:
        return f"{self.street} {self.since:%Y-%m-%d}"
