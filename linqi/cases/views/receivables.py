"""The money that a case is about, on the pages of both sides 拖欠款项."""

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from linqi.cases import actions, queries
from linqi.cases.forms import ReceivableForm
from linqi.cases.models import Case, Receivable
from linqi.cases.receivables import Debtor, Owed, standing
from linqi.kit import access, clock
from linqi.ui.attempts import attempt

CATEGORY: Final = "unpaid-receivables"


@require_POST
@access.page("cases.see")
def note(request: HttpRequest, pk: int) -> HttpResponse:
    """Note the money a case is about."""
    found = get_object_or_404(queries.cases_seen_by(request.user), pk=pk)
    form = ReceivableForm(request.POST, prefix="owed")
    if form.is_valid():
        said = form.said()
        attempt(
            request,
            lambda: actions.note_receivable(case=found, by=request.user, **said),
            done=_("款项已登记。"),
        )
    else:
        told = "；".join(f"{form.fields[name].label}：{errors[0]}" for name, errors in form.errors.items())
        messages.error(request, _("没有保存：%(told)s") % {"told": told})
    return redirect(f"{reverse('cases:detail', args=[pk])}#receivable")


def owed_on(case: Case, user: Any) -> dict[str, Any]:
    """What a page shows of the money; nothing where the case is about something else."""
    row = Receivable.objects.filter(case=case).first()
    if row is None and case.category.code != CATEGORY:
        return {}
    form = None
    if queries.may_attach(user, case):
        held = {name: getattr(row, name) for name in ReceivableForm.base_fields} if row else {}
        form = ReceivableForm(prefix="owed", initial=held)
    if row is None:
        return {"owed_form": form}
    owed = Owed(row.amount, Debtor(row.debtor), row.delivered_on, row.agreed_days, row.agreed_daily)
    stands = standing(owed, clock.today())
    return {
        "owed": row,
        "owed_form": form,
        "owed_standing": stands,
        "owed_ground": _(stands.ground.label),
        "owed_debtor": _(Debtor(row.debtor).label),
        "owed_amount": f"{row.amount:,.2f}",
        "owed_interest": f"{stands.interest:,.2f}" if stands.interest is not None else "",
    }
