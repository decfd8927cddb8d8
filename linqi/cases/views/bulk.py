"""One step for several cases at once, each by itself 批量办理."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from linqi.cases import actions, queries
from linqi.cases.forms import DispatchForm, SayForm
from linqi.cases.models import Case, Pressed
from linqi.kit import access
from linqi.organisation.models import Department
from linqi.organisation.queries import departments_of
from linqi.ui.asked import an_id
from linqi.ui.attempts import attempt_each
from linqi.ui.parts import Crumb

MOST: Final = 100  # cases at once: a page of the list
Form = SayForm | DispatchForm


@dataclass(frozen=True, slots=True)
class Step:
    """What is done to each case, by which permission it is offered, and what must be said first."""

    label: Any
    permission: str
    act: Callable[[Case, dict[str, Any], Any], object]
    done: Any
    asks: Any = ""
    section: bool = False


STEPS: Final = {
    "accept": Step(
        gettext_lazy("受理"),
        "cases.accept",
        lambda case, said, by: actions.accept(case=case, by=by),
        gettext_lazy("已受理 %(n)s 件，由您办理。"),
    ),
    "dispatch": Step(
        gettext_lazy("派单"),
        "cases.dispatch",
        lambda case, said, by: actions.redispatch(case=case, department=said["department"], reason=said["text"], by=by),
        gettext_lazy("已派单 %(n)s 件。"),
        asks=gettext_lazy("派单理由"),
        section=True,
    ),
    "supervise": Step(
        gettext_lazy("督办"),
        "cases.supervise",
        lambda case, said, by: actions.nudge(case=case, kind=Pressed.SUPERVISED, text=said["text"], by=by),
        gettext_lazy("已督办 %(n)s 件。"),
        asks=gettext_lazy("督办要求"),
    ),
    "close": Step(
        gettext_lazy("办结"),
        "cases.close",
        lambda case, said, by: actions.close(case=case, by=by),
        gettext_lazy("已办结 %(n)s 件，已请企业评价。"),
    ),
    "watch": Step(
        gettext_lazy("关注"),
        "cases.desk",
        lambda case, said, by: actions.watch(case=case, by=by),
        gettext_lazy("已关注 %(n)s 件。"),
    ),
    "unwatch": Step(
        gettext_lazy("取消关注"),
        "cases.desk",
        lambda case, said, by: actions.watch(case=case, on=False, by=by),
        gettext_lazy("已取消关注 %(n)s 件。"),
    ),
}


def steps_for(user: Any) -> list[tuple[Any, str]]:
    """What this user may do to several cases at once: words and addresses."""
    return [
        (step.label, reverse("cases:many", args=[name]))
        for name, step in STEPS.items()
        if access.may_anywhere(user, step.permission)
    ]


@require_POST
@access.page("cases.desk")
def many(request: HttpRequest, name: str) -> HttpResponse:
    """Do a step to the cases picked; first ask for the words that go with it, where it needs some."""
    back = _back(request)
    picked = list(dict.fromkeys(an_id(one) for one in request.POST.getlist("pick")))[:MOST]
    cases = list(queries.desk_cases(request.user).filter(pk__in=picked).order_by("pk"))
    step = STEPS.get(name)
    if step is None or not cases:
        messages.error(request, _("请先勾选要办的件。"))
        return redirect(back)
    form = _form(step, cases, request.POST if "said" in request.POST else None)
    if form is not None and not form.is_valid():
        return _ask(request, name, step, cases, form)
    said = form.cleaned_data if form is not None else {}
    act = step.act
    attempt_each(request, cases, lambda case: act(case, said, request.user), done=str(step.done))
    return redirect(back)


def _ask(request: HttpRequest, name: str, step: Step, cases: list[Case], form: Form) -> HttpResponse:
    crumbs = [Crumb(_("办件"), _back(request)), Crumb(_("批量%(step)s") % {"step": step.label})]
    context = {"name": name, "step": step, "cases": cases, "form": form, "crumbs": crumbs, "back": _back(request)}
    return render(request, "cases/many.html", context)


def _form(step: Step, cases: list[Case], posted: QueryDict | None) -> Form | None:
    if not step.asks:
        return None
    if not step.section:
        return SayForm(posted, label=str(step.asks))
    sections: QuerySet[Department] = departments_of(cases[0].street)
    return DispatchForm(posted, label=str(step.asks), departments=sections)


def _back(request: HttpRequest) -> str:
    """The list as it was, never another site."""
    asked = request.POST.get("back", "")
    ours = asked.startswith(reverse("cases:list")) and url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
    return asked if ours else reverse("cases:list")
