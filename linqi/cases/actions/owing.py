"""The money that a case is about."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from linqi.cases import queries
from linqi.cases.flow import OPEN
from linqi.cases.models import Case, Receivable
from linqi.cases.receivables import Debtor
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import clock


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
        raise PermissionDenied("cases.supply")
    locked = Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
    if locked.state not in OPEN:
        raise ValidationError(_("这件已经结束，款项不能再改。"))
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
        case=locked,
        defaults={
            "amount": amount,
            "debtor": debtor.value,
            "debtor_name": debtor_name.strip()[:120],
            "delivered_on": delivered_on,
            "agreed_days": agreed_days,
            "agreed_daily": agreed_daily,
        },
    )
    journal.write(by=by, verb=Verb.CASE_RECEIVABLE, subject=locked, amount=str(amount), debtor=debtor.value)
    return row
