"""Visits to enterprises and what was found on them."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from linqi.cases.models import Case
from linqi.enterprises.models import Claim, Enterprise
from linqi.kit.choices import Choice
from linqi.organisation.models import LinkTeam
from linqi.territory.models import Place
from linqi.visits.flow import State


class Visit(models.Model):
    """Going to see an enterprise: evidence of an outcome, never of attendance 走访.

    No track, no check-in clock, no forced photo (国办函〔2026〕12号).
    """

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="visits")
    place = models.ForeignKey(Place, models.PROTECT, related_name="visits")
    team = models.ForeignKey(LinkTeam, models.SET_NULL, null=True, related_name="visits")
    visitor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="visits")
    state = models.CharField(max_length=12, choices=State.choices)
    reasons = models.JSONField(default=list, help_text="Codes of visits.rules.Reason that it answers.")
    planned_for = models.DateField()
    visited_on = models.DateField(null=True)
    met = models.CharField(max_length=60, blank=True, help_text="A role, never a name.")
    summary = models.TextField(blank=True)
    next_step = models.CharField(max_length=200, blank=True)
    why_again = models.CharField(
        max_length=200, blank=True, help_text="Why we went again so soon without a new reason 无事不扰."
    )

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["enterprise", "visited_on"], name="visit_enterprise"),
            models.Index(fields=["place", "visited_on"], name="visit_place"),
            models.Index(fields=["state", "planned_for"], name="visit_state"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="visit_state_known"),
            models.CheckConstraint(condition=~Q(state="done") | Q(visited_on__isnull=False), name="visit_done_has_day"),
        ]

    def __str__(self) -> str:
        return f"{self.planned_for} {self.enterprise}"


class FindingKind(Choice):
    """What a finding becomes: a fact learnt a claim, a need or problem a case, a clue a lead 发现类别."""

    FACT = "fact", "信息更新"
    NEED = "need", "需求"
    PROBLEM = "problem", "问题"
    CLUE = "clue", "风险线索"


class Finding(models.Model):
    """One thing found on a visit 走访发现."""

    visit = models.ForeignKey(Visit, models.CASCADE, related_name="findings")
    kind = models.CharField(max_length=10, choices=FindingKind.choices)
    text = models.CharField(max_length=500)
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="findings")
    claim = models.ForeignKey(Claim, models.PROTECT, null=True, related_name="findings")
    recorded_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.text
