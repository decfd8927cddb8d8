"""What can be found, in the words by which it is found."""

from django.db import models


class Document(models.Model):
    """One thing that search may find: an enterprise, a place, a case … 检索条目.

    `text` in its normal form, to check a hit against; `words` and `streets` are what the index of the database engine is built over:
    FTS5 on SQLite, a GIN index over a tsvector on PostgreSQL (migration 0002).
    """

    kind = models.CharField(max_length=20)
    object_id = models.BigIntegerField()
    text = models.TextField()
    words = models.TextField()
    streets = models.TextField(
        blank=True, help_text="Tokens kcase s12 s15: its kind, and the streets in whose search it appears."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "object_id"], name="document_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"
