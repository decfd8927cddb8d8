"""One row per act."""

from django.db import models
from django.utils import timezone


class Entry(models.Model):
    """One act: who did what to which thing, where and when 日志条目.

    No foreign keys, so that an entry outlives what it tells of. `digest` is a SHA-256 over the row and the digest of the
    row before it: a changed, missing or re-ordered row shows.
    """

    at = models.DateTimeField(default=timezone.now)
    actor = models.BigIntegerField(null=True, help_text="User id; empty when the product acted by itself.")
    actor_name = models.CharField(max_length=80)
    verb = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField(null=True)
    subject_name = models.CharField(max_length=200, blank=True)
    enterprise = models.BigIntegerField(null=True, help_text="Enterprise id, when the act concerns one.")
    place = models.BigIntegerField(null=True, help_text="Place id; whoever sees the place may read the entry.")
    data = models.JSONField(default=dict)
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "id"], name="journal_subject"),
            models.Index(fields=["enterprise", "id"], name="journal_enterprise"),
            models.Index(fields=["place", "id"], name="journal_place"),
            models.Index(fields=["verb", "at"], name="journal_verb"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_name} {self.verb} {self.subject_name}"
