"""The form for everybody, alone or inside another site's page, and what became of what was asked 网页表单."""

from typing import Any, Final

from allauth.core import ratelimit
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from linqi.cases import actions, queries, rules
from linqi.cases.flow import WORKING, State
from linqi.cases.forms import AskForm, PublicFormForm
from linqi.cases.models import Outcome, PublicForm, Route
from linqi.catalogue.queries import categories_offered
from linqi.kit import access, clock
from linqi.territory.models import Place, PlaceKind
from linqi.territory.queries import standing_below
from linqi.ui.attempts import attempt

SALT: Final = "linqi.cases.ask"
LASTS: Final = 4 * 3600  # seconds from showing the form to sending it; product default


@login_not_required
@csrf_exempt  # inside another site's page no cookie comes along: `_fresh` stands in, and no one is signed in here
@xframe_options_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, token: str) -> HttpResponse:
    """Ask without an account. Who may show this page inside theirs is the street's choice."""
    found = get_object_or_404(PublicForm.objects.select_related("street"), token=token, on=True)
    wide = (PlaceKind.COMMUNITY, PlaceKind.PARK, PlaceKind.BUILDING)
    form = AskForm(
        request.POST or None,
        places=standing_below(found.street).filter(kind__in=wide).order_by("kind", "name"),
        categories=categories_offered(access.SYSTEM),
    )
    stale = ""
    if request.method == "POST" and form.is_valid():
        stale = _fresh(request, found)
        said = form.cleaned_data
        if not stale and said["trap"]:
            return _allowed(render(request, "cases/asked.html"), found)  # a program: let it believe so
        if not stale and not ratelimit.consume(request, action="ask", key=token):
            stale = _("提交太频繁，请稍后再试，或直接拨打服务电话。")
        if not stale:
            made: list[Any] = []
            act = actions.ask
            contact = actions.Contact(said["contact_name"], said["contact_phone"], said["said_enterprise"])
            if attempt(
                request,
                lambda: made.append(
                    act(
                        form=found,
                        place=said["place"] or found.street,
                        category=said["category"],
                        title=said["title"],
                        body=said["body"],
                        contact=contact,
                    )
                ),
                form=form,
            ):
                follow = reverse("cases:follow", args=[actions.follow_token(made[0])])
                due = date_format(timezone.localdate(made[0].due_at))
                context = {"case": made[0], "due": due, "follow": request.build_absolute_uri(follow)}
                return _allowed(render(request, "cases/asked.html", context), found)
    shown_at = signing.dumps(found.token, salt=SALT)
    context = {"found": found, "form": form, "stale": stale, "shown_at": shown_at}
    return _allowed(render(request, "cases/ask.html", context, status=400 if form.errors or stale else 200), found)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD"])
def follow(request: HttpRequest, token: str) -> HttpResponse:
    """How it goes with what was asked by the form; for whoever holds the address."""
    found = actions.case_of(token)
    if found is None:
        raise Http404
    context = {
        "case": found,
        "state": _(State(found.state).label),
        "left": queries.left_in_words(found, clock.now()) if found.state in WORKING else "",
        "outcome": _(Outcome(found.outcome).label) if found.outcome else "",
        "route": _(Route(found.route).label) if found.route else "",
        "answered": found.answered_at is not None or found.state == State.ROUTED,
        "may_rate": found.state == State.CLOSED and rules.may_rate(found.closed_at, found.rated_at),
        "token": token,
    }
    return render(request, "cases/follow.html", context)


@login_not_required
@never_cache
@require_POST
def follow_to_rate(request: HttpRequest, token: str) -> HttpResponse:
    """From how it went to the rating: a link of one use is made and followed."""
    found = actions.case_of(token)
    if found is None:
        raise Http404
    made: list[str] = []
    if attempt(request, lambda: made.append(actions.make_rating_link(case=found, by=access.SYSTEM))):
        return redirect("cases:rate_by_link", token=made[0])
    return redirect("cases:follow", token=token)


@require_POST
@access.page("cases.configure")
def settings(request: HttpRequest, street_id: int) -> HttpResponse:
    """Open or close the form of a street, and say who may embed it."""
    streets = access.seen_by(request.user, Place, "cases.configure").filter(kind=PlaceKind.STREET)
    street = get_object_or_404(streets, pk=street_id)
    form = PublicFormForm(request.POST, prefix="ask")
    if form.is_valid():
        said = form.cleaned_data
        attempt(
            request,
            lambda: actions.set_public_form(
                street=street, on=said["on"], sites=said["sites"].split(), greeting=said["greeting"], by=request.user
            ),
            done=_("网页表单已保存。"),
        )
    return redirect(f"{reverse('cases:tables')}?street={street.pk}#form")


def _fresh(request: HttpRequest, form: PublicForm) -> str:
    """Why what was sent cannot have been filled in on a page of ours just now; empty when it can."""
    try:
        token = signing.loads(request.POST.get("shown_at", ""), salt=SALT, max_age=LASTS)
    except signing.BadSignature:
        return _("页面打开太久了，请再提交一次。")
    return "" if token == form.token else _("页面打开太久了，请再提交一次。")


def _allowed(answer: HttpResponse, form: PublicForm) -> HttpResponse:
    """Only the sites that the street named may show it inside theirs."""
    answer._csp_replace = {"frame-ancestors": ["'self'", *form.sites]}  # type: ignore[attr-defined]
    return answer
