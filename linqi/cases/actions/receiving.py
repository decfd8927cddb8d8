"""What other houses send, taken in; what became of it, handed back."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from linqi.cases import queries
from linqi.cases.actions.opening import Contact, take_in
from linqi.cases.channels import read_incoming
from linqi.cases.models import Batch, Channel, Reference, Source
from linqi.catalogue.models import Category
from linqi.enterprises.models import Enterprise
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access, clock
from linqi.kit.sheets import SheetRefused
from linqi.territory.models import Place

AT_ONCE: Final = 300  # cases opened in one go: somebody waits for the page, and others for the database


@transaction.atomic
def read_batch(*, street: Place, channel: Channel, path: Path, file_name: str, by: Any) -> Batch:
    """Read a file and keep what it says, to be looked at; no case is opened yet 读入来件.

    ValidationError when the file cannot be used at all, with what to do about it.
    """
    access.require(by, "cases.batch", street)
    try:
        rows = read_incoming(path, file_name, street, channel.value)
    except SheetRefused as refused:
        raise ValidationError({"file": str(refused)}) from refused
    if not rows:
        raise ValidationError({"file": _("文件里没有数据行。")})
    return Batch.objects.create(
        street=street,
        channel=channel.value,
        file_name=file_name[-120:],
        rows=rows,
        made_by_id=by.pk,
        made_at=clock.now(),
    )


@transaction.atomic
def take_batch(*, batch: Batch, categories: Mapping[int, str], by: Any) -> int:
    """Open a case for each row that is complete and not here yet; how many 接收来件.

    `categories`: by row number, the category a person chose where the file named none of ours. Rows that lack one, or
    have a problem, stay as they are and can be taken in later, as can those beyond `AT_ONCE`. The other house's number
    keeps a row from coming twice, also when the same file is sent again.
    """
    access.require(by, "cases.batch", batch.street)
    locked = Batch.objects.select_for_update().get(pk=batch.pk)
    offered = {one.code: one for one in Category.objects.filter(offered=True)}
    numbers = [row["external_id"] for row in locked.rows]
    here = Reference.objects.filter(street=locked.street, channel=locked.channel, external_id__in=numbers)
    by_number = {one.external_id: one for one in here}
    taken = 0
    for row in locked.rows:
        row["category"] = row["category"] or categories.get(row["number"], "")
        category = offered.get(row["category"])
        if row.get("case") or row["problem"] or category is None or taken == AT_ONCE:
            continue
        known = by_number.get(row["external_id"])
        reference = known or _take(locked, row, category, by)
        row["case"], row["known"] = reference.case_id, known is not None
        taken += known is None
    locked.save(update_fields=["rows"])
    if taken:
        journal.write(by=by, verb=Verb.CASE_TAKEN_IN, subject=locked, channel=locked.channel, cases=taken)
    return taken


def _take(batch: Batch, row: dict[str, Any], category: Category, by: Any) -> Reference:
    enterprise = Enterprise.objects.filter(pk=row["enterprise"], merged_into=None).first()
    case = take_in(
        enterprise=enterprise,
        place=Place.objects.get(pk=row["place"]),
        category=category,
        title=row["title"],
        body=row["body"],
        source=Source.BATCH,
        contact=Contact(row["contact_name"], row["contact_phone"], row["said_enterprise"]),
        by=by,
    )
    return Reference.objects.create(
        case=case,
        street=batch.street,
        channel=batch.channel,
        external_id=row["external_id"],
        received_on=date.fromisoformat(row["received_on"]) if row["received_on"] else None,
    )


@transaction.atomic
def return_to_channel(*, street: Place, channel: Channel, again: bool = False, by: Any) -> list[Reference]:
    """What is answered and was not handed back since, marked as handed back now 回传.

    `again`: everything answered, also what was handed back before.
    """
    access.require(by, "cases.batch", street)
    wanted = Q(case__answered_at__isnull=False) if again else queries.to_hand_back()
    every = Reference.objects.select_for_update(of=("self",)).filter(wanted, street=street, channel=channel.value)
    rows = list(every.select_related("case__department", "case__category"))
    Reference.objects.filter(pk__in=[one.pk for one in rows]).update(returned_at=clock.now())
    journal.write(by=by, verb=Verb.CASES_RETURNED, subject=street, channel=channel.value, rows=len(rows))
    return rows
