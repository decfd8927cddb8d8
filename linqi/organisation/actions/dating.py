"""What every dated thing is asked before it is written, and how it ends 任期."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.translation import gettext as _

from linqi.organisation.rules import Term, clash


def term_of(row: Any) -> Term:
    """The term of a row with `since` and `until`."""
    return Term(row.since, row.until)


def term(since: date, until: date | None) -> Term:
    """A term in order; complains by field otherwise."""
    if until is not None and until <= since:
        raise ValidationError({"until": _("结束日期必须晚于开始日期 %(day)s。") % {"day": since}})
    return Term(since, until)


def refuse_outside(wanted: Term, whole: Any, what: str) -> None:
    """Refuse a term that reaches beyond that of the thing it belongs to."""
    if wanted.since < whole.since:
        raise ValidationError(
            {"since": _("%(what)s从 %(day)s 起才存在，请改晚开始日期。") % {"what": what, "day": whole.since}}
        )
    if whole.until is not None and (wanted.until is None or wanted.until > whole.until):
        raise ValidationError(
            {"until": _("%(what)s到 %(day)s 为止，结束日期不能更晚。") % {"what": what, "day": whole.until}}
        )


def refuse_clash(rows: Iterable[Any], wanted: Term, what: str) -> None:
    """Refuse a term that shares a day with one of these rows."""
    if (taken := clash([term_of(row) for row in rows], wanted)) is not None:
        raise ValidationError(
            {
                "since": _("%(what)s：%(since)s 至 %(until)s 已有人担任，请先结束原任期或改日期。")
                % {"what": what, "since": taken.since, "until": taken.until or _("今后")}
            }
        )


def end(row: Any, on: date) -> None:
    """Let a row end: `on` is the first day on which it no longer holds."""
    if row.until is not None and row.until <= on:
        raise ValidationError({"until": _("已于 %(day)s 结束，不能改为更晚。") % {"day": row.until}})
    if on <= row.since:
        raise ValidationError({"until": _("结束日期必须晚于开始日期 %(day)s。") % {"day": row.since}})
    row.until = on
    row.save(update_fields=["until"])


def locked(thing: Model) -> None:
    """Hold the row until the transaction ends, so that two who decide at once decide one after the other."""
    type(thing)._default_manager.select_for_update().get(pk=thing.pk)
