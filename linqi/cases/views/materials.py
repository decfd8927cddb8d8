"""What was handed in with a case and what is owed, on the pages of both sides 材料与容缺."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from linqi.cases import actions, queries, rules
from linqi.cases.flow import MATERIAL, OPEN, Bring, MaterialState, State
from linqi.cases.forms import HandedForm, PromiseForm
from linqi.cases.models import Case, CaseMaterial
from linqi.catalogue.guides import as_read
from linqi.kit import access, clock
from linqi.ui.asked import an_id, words
from linqi.ui.attempts import attempt

TONES = {
    MaterialState.MISSING: "bad",
    MaterialState.OWED: "warn",
    MaterialState.HELD: "good",
    MaterialState.WAIVED: "info",
    MaterialState.FAILED: "bad",
}


@require_POST
@access.page("cases.accept")
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """Tick what was handed in when the case is taken on."""
    found = get_object_or_404(queries.desk_cases(request.user), pk=pk)
    guide = get_object_or_404(queries.guides_for(found), pk=an_id(request.POST.get("guide")))
    form = HandedForm(request.POST, materials=as_read(guide.materials), prefix=f"guide{guide.pk}")
    if form.is_valid():
        said = form.cleaned_data
        attempt(
            request,
            lambda: actions.check_materials(
                case=found,
                guide=guide,
                handed=said["handed"],
                promised_for=said["promised_for"],
                by=request.user,
            ),
            done=_("材料已清点。"),
        )
    else:
        _refused(request, form)
    return _back(request, found)


@require_POST
@access.page("cases.see")
def step(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Promise, bring, waive one thing, or end its promise."""
    row = get_object_or_404(access.seen_by(request.user, CaseMaterial).select_related("case"), pk=pk)
    if name == Bring.PROMISE:
        form = PromiseForm(request.POST, prefix=f"promise{pk}")
        if form.is_valid():
            day: date = form.cleaned_data["promised_for"]
            attempt(
                request,
                lambda: actions.promise_material(material=row, promised_for=day, by=request.user),
                done=_("已登记承诺，到期前会提醒一次。"),
            )
        else:
            _refused(request, form)
    elif name in Bring.values:
        text = words(request.POST.get("text"), 500)
        attempt(
            request,
            lambda: actions.settle_material(material=row, move=Bring(name), text=text, by=request.user),
            done=_("已记录。"),
        )
    return _back(request, row.case)


def materials_on(case: Case, user: Any) -> dict[str, Any]:
    """What a page shows of the materials; nothing where no guide asks for any."""
    rows = list(case.materials.all())
    today = clock.today()
    may_settle = bool(rows) and case.state in OPEN and access.may(user, "cases.accept", case)
    may_promise = bool(rows) and case.state in OPEN and access.may(user, "cases.supply", case)
    lines = []
    for row in rows:
        moves = MATERIAL.open_moves(row.state)
        promise = may_promise and row.later and Bring.PROMISE in moves
        steps = [
            (one, _(one.label))
            for one in Bring
            if may_settle
            and one in moves
            and one is not Bring.PROMISE
            and (one is not Bring.END or rules.may_end_promise(row.promised_for, today))
        ]
        late = row.state == MaterialState.OWED and row.promised_for is not None and row.promised_for < today
        state = MaterialState(row.state)
        form = PromiseForm(prefix=f"promise{row.pk}") if promise else None
        lines.append((row, _(state.label), TONES[state], late, form, steps))
    checks = []
    if not rows and case.state in (State.DISPATCHED, State.ACCEPTED) and access.may(user, "cases.accept", case):
        checks = [
            (guide, HandedForm(materials=as_read(guide.materials), prefix=f"guide{guide.pk}"))
            for guide in queries.guides_for(case)
        ]
    return {"materials": lines, "material_checks": checks}


def _refused(request: HttpRequest, form: HandedForm | PromiseForm) -> None:
    told = "；".join(f"{form.fields[name].label}：{errors[0]}" for name, errors in form.errors.items())
    messages.error(request, _("没有保存：%(told)s") % {"told": told})


def _back(request: HttpRequest, case: Case) -> HttpResponse:
    page = "cases:detail" if access.may(request.user, "cases.desk", case) else "cases:own_one"
    return redirect(f"{reverse(page, args=[case.pk])}#materials")
