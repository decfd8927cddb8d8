"""How long a street keeps what its bins tell: read, changed, taken back 保存期限."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from linqi.kit import access, clock
from linqi.territory.models import Place
from linqi.ui.attempts import attempt
from linqi.ui.parts import Crumb, Tab
from linqi.waste import queries_keeping as queries
from linqi.waste.actions import keeping as actions
from linqi.waste.actions.retention import QUARANTINE_DAYS
from linqi.waste.forms import KEPT_NAMES, KeepingForm
from linqi.waste.models import KeepingTerms
from linqi.waste.rules.keeping import EVENTS, PICTURES
from linqi.waste.views.parts import home


@access.page("waste.keeping")
def keeping(request: HttpRequest) -> HttpResponse:
    """The days of the first street one may set them for."""
    first = queries.streets_set_by(request.user).first()
    if first is None:
        return render(request, "waste/keeping.html", {"crumbs": [home(), Crumb(_("保存期限"))]})
    return redirect("waste:keeping_of", pk=first.pk)


@access.page("waste.keeping")
def keeping_of(request: HttpRequest, pk: int) -> HttpResponse:
    """What a street keeps for how long, how much that is now, what goes tonight; and to change it from tomorrow on."""
    street, today = _street(request, pk), clock.today()
    rows = access.seen_by(request.user, KeepingTerms).filter(street=street).select_related("set_by")
    coming = rows.filter(since__gt=today).first()
    ending = coming is None and rows.filter(since__lte=today, until__gt=today).exists()
    now = queries.terms_on(street.pk, today)
    form = KeepingForm(request.POST or None, days=coming.days if coming else queries.days_on(street.pk, today))
    if (
        request.method == "POST"
        and form.is_valid()
        and attempt(
            request,
            lambda: actions.set_keeping(street=street, **form.said(), by=request.user),
            done=_("已保存，明天零点起生效；今天之内可以撤回。"),
            form=form,
        )
    ):
        return redirect("waste:keeping_of", pk=pk)
    context = {
        "street": street,
        "tabs": [
            Tab(one.name, reverse("waste:keeping_of", args=[one.pk]), one == street)
            for one in queries.streets_set_by(request.user)
        ],
        "now": now,
        "coming": coming,
        "ending": ending,
        "kept": [(KEPT_NAMES[one.kind], one) for one in queries.kept(street, today)],
        "bounds": [
            (
                name,
                {
                    "least": one.least,
                    "most": one.most,
                    "why_least": _(one.why_least.label),
                    "why_most": _(one.why_most.label),
                },
            )
            for name, one in ((_("记录"), EVENTS), (_("图像"), PICTURES))
        ],
        "quarantine": QUARANTINE_DAYS,
        "history": [(row, [(KEPT_NAMES[kind], days) for kind, days in row.days.items()]) for row in rows],
        "form": form,
        "crumbs": [home(), Crumb(_("保存期限"), reverse("waste:keeping")), Crumb(street.name)],
    }
    return render(request, "waste/keeping.html", context, status=422 if form.errors else 200)


@require_POST
@access.page("waste.keeping")
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Back to the product's days."""
    street = _street(request, pk)
    attempt(
        request,
        lambda: actions.restore_keeping(street=street, by=request.user),
        done=_("明天零点起恢复产品默认；今天之内可以撤回。"),
    )
    return redirect("waste:keeping_of", pk=pk)


@require_POST
@access.page("waste.keeping")
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Leave it as it is."""
    street = _street(request, pk)
    attempt(
        request,
        lambda: actions.take_back_keeping(street=street, by=request.user),
        done=_("已撤回，期限不变。"),
    )
    return redirect("waste:keeping_of", pk=pk)


def _street(request: HttpRequest, pk: int) -> Place:
    return get_object_or_404(queries.streets_set_by(request.user), pk=pk)
