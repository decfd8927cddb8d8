"""How well it was done: the link for those without an account, the call-back, bad ratings, exclusions 评价与整改."""

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from linqi.cases import actions, queries
from linqi.cases.flow import Mend
from linqi.cases.forms import ExclusionForm, RatingForm, SayForm
from linqi.cases.models import Case, Ground, Solved
from linqi.kit import access
from linqi.ui.attempts import attempt
from linqi.ui.parts import Crumb

GONE = 410


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Rate once without an account. A link that is unknown, used or over says the same in each case."""
    link = actions.link_of(token)
    if link is None:
        return render(request, "cases/rate_gone.html", status=GONE)
    form = RatingForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.rate_by_link(
                token=token,
                stars=int(form.cleaned_data["stars"]),
                solved=Solved(form.cleaned_data["solved"]),
                comment=form.cleaned_data["comment"],
            )
        except ValidationError:  # somebody else was quicker with the same link
            return render(request, "cases/rate_gone.html", status=GONE)
        return render(request, "cases/rate_thanks.html")
    return render(request, "cases/rate.html", {"case": link.case, "form": form})


@require_POST
@never_cache
@access.page("cases.close")
def make_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Make the link and show it, this once."""
    found = _desk(request, pk)
    made: list[str] = []
    if not attempt(request, lambda: made.append(actions.make_rating_link(case=found, by=request.user)), done=""):
        return redirect("cases:detail", pk=pk)
    address = request.build_absolute_uri(reverse("cases:rate_by_link", args=[made[0]]))
    crumbs = [Crumb(_("办件"), reverse("cases:list")), Crumb(found.number, reverse("cases:detail", args=[pk]))]
    return render(request, "cases/link_once.html", {"case": found, "address": address, "crumbs": crumbs})


@require_POST
@access.page("cases.callback")
def call_back(request: HttpRequest, pk: int) -> HttpResponse:
    """What the one who asked said on the phone."""
    found = _desk(request, pk)
    form = RatingForm(request.POST, prefix="call")
    if form.is_valid():
        said = form.cleaned_data
        attempt(
            request,
            lambda: actions.call_back(
                case=found,
                stars=int(said["stars"]),
                solved=Solved(said["solved"]),
                comment=said["comment"],
                by=request.user,
            ),
            done=_("回访已登记。"),
        )
    return redirect(f"{reverse('cases:detail', args=[pk])}#rating")


@require_POST
@access.page("cases.desk")
def mend(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """One step after a bad rating."""
    found = _desk(request, pk)
    row = found.rectifications.first()
    form = SayForm(request.POST, label="", prefix=name)
    if row is not None and name in Mend.values and form.is_valid():
        attempt(
            request,
            lambda: actions.move_rectification(
                rectification=row, move=Mend(name), text=form.cleaned_data["text"], by=request.user
            ),
            done=_("已记录。"),
        )
    return redirect(f"{reverse('cases:detail', args=[pk])}#rating")


@require_POST
@access.page("cases.exclude")
def exclude(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask that a case be left out of the rates."""
    found = _desk(request, pk)
    form = ExclusionForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        attempt(
            request,
            lambda: actions.ask_exclusion(
                case=found, ground=Ground(said["ground"]), reason=said["reason"], by=request.user
            ),
            done=_("已提交剔除申请，由另一人审批。"),
        )
    return redirect(f"{reverse('cases:detail', args=[pk])}#rating")


@require_POST
@access.page("cases.decide")
def decide_exclusion(request: HttpRequest, pk: int) -> HttpResponse:
    """Grant or refuse it."""
    found = _desk(request, pk)
    form = SayForm(request.POST, label="", prefix="exclusion")
    if form.is_valid():
        attempt(
            request,
            lambda: actions.decide_exclusion(
                case=found, grant="grant" in request.POST, text=form.cleaned_data["text"], by=request.user
            ),
            done=_("已审批。"),
        )
    return redirect(f"{reverse('cases:detail', args=[pk])}#rating")


def _desk(request: HttpRequest, pk: int) -> Case:
    return get_object_or_404(queries.desk_cases(request.user), pk=pk)
