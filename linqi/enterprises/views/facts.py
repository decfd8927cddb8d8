"""What is known and what is claimed of one enterprise, and the forms by which both are entered 信息与上报."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from linqi.enterprises import queries
from linqi.enterprises.actions.facts import make_claim, record_fact, remember_secrets_read
from linqi.enterprises.forms import ClaimForm, FactForm
from linqi.enterprises.models import Enterprise
from linqi.enterprises.views.registry import done, editable, form_page
from linqi.kit import access
from linqi.ui.parts import Crumb


@access.page("enterprises.see")
@require_GET
def known(request: HttpRequest, pk: int) -> HttpResponse:
    """What is known of one enterprise and what is only claimed; HTMX gets the part, a browser the page."""
    user = request.user
    enterprise = get_object_or_404(queries.enterprises_seen_by(user), pk=pk)
    history = "history" in request.GET
    facts = queries.facts_of(enterprise, user, history=history)
    claims = [one for one in queries.claims_of(enterprise, user) if history or one.claim.state == "waiting"]
    read = {one.field.key for one in facts if one.statements and one.field.sensitivity != "public"}
    read |= {one.field.key for one in claims if not one.withheld and one.field.sensitivity != "public"}
    remember_secrets_read(enterprise=enterprise, keys=read, by=user)
    name = queries.shown_name(enterprise, user)
    crumbs = [
        Crumb(pgettext("many", "企业"), reverse("enterprises:list")),
        Crumb(name, reverse("dashboards:enterprise", args=[pk])),
        Crumb(_("掌握的信息")),
    ]
    context = {
        "enterprise": enterprise,
        "name": name,
        "crumbs": crumbs,
        "facts": queries.facts_shown(facts),
        "claims": claims,
        "history": history,
        "may_record": access.may(user, "enterprises.edit", enterprise),
        "may_claim": access.may(user, "enterprises.claim", enterprise),
        "may_confirm": access.may(user, "enterprises.confirm", enterprise),
    }
    partial = request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"
    return render(request, "enterprises/_known.html" if partial else "enterprises/known.html", context)


@access.page("enterprises.edit")
def record(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down what a source says."""
    enterprise = editable(request, pk)
    form = FactForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said: dict[str, Any] = form.cleaned_data
        if done(form, lambda: record_fact(enterprise=enterprise, **said, by=request.user)):
            messages.success(request, _("已登记。"))
            return redirect("dashboards:enterprise", pk=pk)
    return form_page(request, form, _("登记信息"), enterprise)


@access.page("enterprises.claim")
def claim(request: HttpRequest, pk: int) -> HttpResponse:
    """Pass on what somebody said; it waits for confirmation."""
    rows = access.seen_by(request.user, Enterprise, "enterprises.claim")
    enterprise = get_object_or_404(rows, pk=pk, merged_into=None)
    form = ClaimForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said: dict[str, Any] = form.cleaned_data
        if done(form, lambda: make_claim(enterprise=enterprise, **said, origin="page", by=request.user)):
            messages.success(request, _("已提交，待核实。"))
            return redirect("dashboards:enterprise", pk=pk)
    return form_page(
        request, form, _("上报待核信息"), enterprise, _("提交后由社区核实，核实前不作为依据。不要填写任何人的姓名。")
    )
