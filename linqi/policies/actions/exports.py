"""Lists that leave the house are remembered 导出留痕."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access


@transaction.atomic
def remember_export(*, what: str, rows: int, asked: str, by: Any) -> None:
    """Keep who took which list out of the house, and how many rows; `asked`: the filters as in the address."""
    if not access.may_anywhere(by, "policies.export"):
        raise PermissionDenied("policies.export")
    journal.write(by=by, verb=Verb.EXPORTED, what=what, rows=rows, asked=asked[:500])
