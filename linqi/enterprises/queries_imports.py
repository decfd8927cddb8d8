"""Questions about imports: which ones a user sees, and what became of each row."""

from pathlib import Path
from typing import IO, Any

from django.db.models import QuerySet

from linqi.enterprises.models import Import, ImportRow, Outcome
from linqi.kit.access import seen_by
from linqi.kit.sheets import annotate

WORST_FIRST = (Outcome.REFUSED, Outcome.CONFLICT, Outcome.UPDATED, Outcome.CREATED, Outcome.UNCHANGED)


def imports_seen_by(user: Any) -> QuerySet[Import]:
    """The imports into streets the user brings registries into, newest first."""
    return seen_by(user, Import).select_related("street", "by")


def rows_of(batch: Import, user: Any) -> QuerySet[ImportRow]:
    """The rows of an import with what became of them, in the order of the file."""
    return seen_by(user, ImportRow).filter(batch=batch).select_related("enterprise").order_by("number")


def report_of(batch: Import, file: IO[bytes]) -> None:
    """Write the user's own table back, with what became of each row and why 导入回执."""
    said = {
        number: (Outcome(outcome).label, reason)
        for number, outcome, reason in batch.rows.values_list("number", "outcome", "reason").iterator()
    }
    annotate(Path(batch.file.path), batch.file_name, batch.counts["sheet"], batch.counts["header_row"], said, file)
