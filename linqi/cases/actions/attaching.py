"""The files that are kept with a case, checked and cleaned before."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any, Protocol

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext as _

from linqi.cases import queries
from linqi.cases.attachments import MOST_BYTES, MOST_FILES, Refusal, Refused, checked
from linqi.cases.flow import OPEN
from linqi.cases.models import Attachment, Case
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
        raise PermissionDenied("cases.supply")
    locked = Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
    if locked.state not in OPEN:
        raise ValidationError({"attached": _("这件已经结束，不能再加附件。")})
    return keep(locked, files, by)


def keep(case: Case, files: Iterable[Sent], by: Any) -> list[Attachment]:
    """The same for an action that has locked the case and asked for permission; the last thing it does."""
    sent = list(files)
    if case.attachments.count() + len(sent) > MOST_FILES:
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
                case=case,
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
        journal.write(by=by, verb=Verb.CASE_ATTACHED, subject=case, files=[row.name for row in made])
    return made


@transaction.atomic
def detach(*, attachment: Attachment, by: Any) -> None:
    """Take a file away again: whoever added it, while the case is open; its bytes go too 删除附件."""
    case = attachment.case
    access.require(by, "cases.see", case)
    if by.pk is None or attachment.added_by_id != by.pk:
        raise PermissionDenied("cases.supply")
    if case.state not in OPEN:
        raise ValidationError(_("这件已经结束，附件须留存。"))
    storage, path = attachment.file.storage, attachment.file.name
    journal.write(by=by, verb=Verb.CASE_DETACHED, subject=case, files=[attachment.name])
    attachment.delete()
    transaction.on_commit(lambda: storage.delete(str(path)))
