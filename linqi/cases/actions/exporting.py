"""That a list left the house as a file."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access


@transaction.atomic
def record_export(*, rows: int, asked: str, by: Any) -> None:
    """Keep who took which cases out of the house, and how many 导出留痕; `asked`: the filters as in the address."""
    if not access.may_anywhere(by, "cases.export"):
        raise PermissionDenied("cases.export")
    journal.write(by=by, verb=Verb.EXPORTED, what="cases", rows=rows, asked=asked[:500])
