"""Questions about imports: which ones a user sees, and what became of each row."""

from pathlib import Path
from typing import IO, Any

from django.db.models import QuerySet

from linqi.enterprises.models import Import, ImportRow, Outcome
from linqi.enterprises.queries import sees_all_names, shown_name
from linqi.enterprises.rules.rows import type_of_name
from linqi.kit.access import seen_by
from linqi.kit.identifiers import mask_name
from linqi.kit.sheets import annotate


def imports_seen_by(user: Any) -> QuerySet[Import]:
    """The imports into streets the user brings registries into, newest first."""
    return seen_by(user, Import).select_related("street", "by")


def rows_of(batch: Import, user: Any) -> QuerySet[ImportRow]:
    """The rows of an import with what became of them, in the order of the file."""
    return seen_by(user, ImportRow).filter(batch=batch).select_related("enterprise").order_by("number")


def name_in_row(row: ImportRow, user: Any) -> str:
    """The name as written in the row, as this user may read it."""
    if row.enterprise is not None and row.enterprise.name == row.name:
        return shown_name(row.enterprise, user)
    return row.name if not row.name or _harmless(row.name) or sees_all_names(user) else mask_name(row.name)


def reason_in_row(row: ImportRow, user: Any) -> str:
    """Why, without a name that this user may not read."""
    hidden = name_in_row(row, user)
    return row.reason if hidden == row.name or "“" not in row.reason else row.reason.replace(row.name, hidden)


def _harmless(name: str) -> bool:
    """Whether a name is that of a company or another legal person, which hides nobody."""
    return bool(type_of_name(name))


def report_of(batch: Import, file: IO[bytes]) -> None:
    """Write the user's own table back, with what became of each row and why 导入回执."""
    said = {
        number: (Outcome(outcome).label, reason)
        for number, outcome, reason in batch.rows.values_list("number", "outcome", "reason").iterator()
    }
    annotate(Path(batch.file.path), batch.file_name, batch.counts["sheet"], batch.counts["header_row"], said, file)
