"""What runs beside the pages: reading and writing imports, and freeing those whose process died."""

from django_tasks import task

from linqi.accounts.models import User
from linqi.enterprises.actions import imports
from linqi.enterprises.models import Import
from linqi.kit import ticker

ticker.register("imports", imports.recover_imports)


@task()
def preview(batch: int, by: int) -> None:
    """Read a file on behalf of a user and keep what would become of its rows."""
    imports.preview_import(batch=Import.objects.get(pk=batch), by=User.objects.get(pk=by))


@task()
def apply(batch: int, valid_only: bool, by: int) -> None:
    """Write an import on behalf of a user; what stands against it is kept for the page."""
    row = Import.objects.get(pk=batch)
    try:
        imports.apply_import(batch=row, valid_only=valid_only, by=User.objects.get(pk=by))
    except imports.ImportRefused as refused:
        imports.note_refusal(batch=row, why=str(refused))
    else:
        imports.announce_import(batch=row)
