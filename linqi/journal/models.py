"""One row per act, and the head of the chain they form."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from linqi.journal.verbs import Verb


class Entry(models.Model):
    """One act: who did what to which thing, where and when 日志条目.

    No foreign keys, so that an entry outlives what it tells of. `id` is the place in the chain, counted from 1
    without gaps, and rows become visible in that order; so "the last id I have read" is a bookmark. `digest` is a
    SHA-256 over the row and the digest of the row before it: a changed, missing or re-ordered row shows.
    """

    id = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField(default=timezone.now)
    actor = models.BigIntegerField(null=True, help_text="User id; empty when the product acted by itself.")
    actor_name = models.CharField(max_length=80)
    verb = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=60, blank=True)
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
            models.Index(fields=["actor", "id"], name="journal_actor"),
            models.Index(fields=["at"], name="journal_at"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_name} {self.verb} {self.subject_name}"

    @property
    def verb_label(self) -> str:
        """What was done, in words; a verb that the product no longer knows is shown as it was written."""
        return pgettext("journal", Verb(self.verb).label) if self.verb in Verb.values else self.verb

    @property
    def actor_label(self) -> str:
        """Who did it; the product itself is named in the reader's language."""
        return self.actor_name if self.actor is not None else _("系统")


class Head(models.Model):
    """How long the chain is and how it ends, so that rows cut off its end are missed 链头.

    `seal` is an HMAC of both under the secret key: who can write to the database but does not know the key cannot
    forge it. There is one row, with id 1; writers lock it, so the chain never forks.
    """

    count = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64)
    seal = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.count} {self.digest[:12]}"


class Bookmark(models.Model):
    """How far a reader has come: the last id that this reader has dealt with 书签."""

    reader = models.CharField(max_length=60, unique=True)
    entry = models.BigIntegerField(default=0, help_text="Id of the last entry read; 0 before the first.")

    def __str__(self) -> str:
        return f"{self.reader}: {self.entry}"
