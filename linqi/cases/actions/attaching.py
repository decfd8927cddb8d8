"""What is kept with a case beside its words: the money it is about, and files, checked and cleaned before."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any, Protocol

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext as _

from linqi.cases import queries
from linqi.cases.attachments import MOST_BYTES, MOST_FILES, Refusal, Refused, checked
from linqi.cases.flow import OPEN
from linqi.cases.models import Attachment, Case, Receivable
from linqi.cases.receivables import Debtor
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access, clock


class Sent(Protocol):
    """A file as the browser sends it."""

    name: str | None
    size: int | None

    def read(self, num_bytes: int = ...) -> bytes: ...


@transaction.atomic
def attach(*, case: Case, files: Iterable[Sent], by: Any) -> list[Attachment]:
    """Keep files with a case, all of them or none; ValidationError names the file and what to do 上传附件."""
    if not queries.may_attach(by, case):
        raise PermissionDenied("cases.attach")
    locked = Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
    if locked.state not in OPEN:
        raise ValidationError({"attached": _("这件已经结束，不能再加附件。")})
    sent = list(files)
    if locked.attachments.count() + len(sent) > MOST_FILES:
        raise ValidationError({"attached": _("每件最多 %(n)s 个附件。") % {"n": MOST_FILES}})
    wrong, kept = [], []
    for one in sent:
        name = one.name or ""
        try:
            if (one.size or 0) > MOST_BYTES:
                raise Refused(name, Refusal.LARGE)
            kept.append(checked(name, one.read()))
        except Refused as refused:
            wrong.append(
                _("“%(name)s”没有收下：%(why)s。请换一个文件再传。")
                % {"name": refused.name, "why": _(refused.why.label)}
            )
    if wrong:
        raise ValidationError({"attached": wrong})
    made: list[Attachment] = []
    try:
        for good in kept:
            row = Attachment(
                case=locked,
                name=good.name,
                kind=good.kind.value,
                size=len(good.data),
                digest=sha256(good.data).hexdigest(),
                added_by_id=by.pk,
                added_at=clock.now(),
            )
            row.file.save(f"{row.digest}.{good.kind.value}", ContentFile(good.data), save=False)
            made.append(row)
            row.save()
    except BaseException:
        for row in made:
            row.file.storage.delete(str(row.file.name))
        raise
    if made:
        journal.write(by=by, verb=Verb.CASE_ATTACHED, subject=locked, files=[row.name for row in made])
    return made


@transaction.atomic
def note_receivable(
    *,
    case: Case,
    amount: Decimal,
    debtor: Debtor,
    debtor_name: str,
    delivered_on: date,
    agreed_days: int | None = None,
    agreed_daily: Decimal | None = None,
    by: Any,
) -> Receivable:
    """Note the money a case is about, in place of what was noted before; `amount` in yuan 登记拖欠款项."""
    if not queries.may_attach(by, case):
        raise PermissionDenied("cases.attach")
    wrong: dict[str, str] = {}
    if amount <= 0:
        wrong["amount"] = _("金额须大于零。")
    if delivered_on > clock.today():
        wrong["delivered_on"] = _("交付日期不能晚于今天。")
    if agreed_days is not None and not 0 <= agreed_days <= 3650:
        wrong["agreed_days"] = _("约定的付款天数须在 0 到 3650 之间。")
    if agreed_daily is not None and not 0 <= agreed_daily < 1:
        wrong["agreed_daily"] = _("约定的日利率须小于 1，例如 0.0005。")
    if wrong:
        raise ValidationError(wrong)
    row, _made = Receivable.objects.update_or_create(
        case=case,
        defaults={
            "amount": amount,
            "debtor": debtor.value,
            "debtor_name": debtor_name.strip()[:120],
            "delivered_on": delivered_on,
            "agreed_days": agreed_days,
            "agreed_daily": agreed_daily,
        },
    )
    journal.write(by=by, verb=Verb.CASE_RECEIVABLE, subject=case, amount=str(amount), debtor=debtor.value)
    return row


@transaction.atomic
def detach(*, attachment: Attachment, by: Any) -> None:
    """Take a file away again: whoever added it, while the case is open; its bytes go too 删除附件."""
    case = attachment.case
    access.require(by, "cases.see", case)
    if by.pk is None or attachment.added_by_id != by.pk:
        raise PermissionDenied("cases.attach")
    if case.state not in OPEN:
        raise ValidationError(_("这件已经结束，附件须留存。"))
    storage, path = attachment.file.storage, attachment.file.name
    journal.write(by=by, verb=Verb.CASE_DETACHED, subject=case, files=[attachment.name])
    attachment.delete()
    transaction.on_commit(lambda: storage.delete(str(path)))
