"""The nine windows, what they offer, and what a request can be about 服务清单."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from linqi.catalogue import actions, queries
from linqi.catalogue.forms import CategoryForm, GuideForm
from linqi.catalogue.guides import as_read, read_materials
from linqi.catalogue.models import CaseClass, Category, Guide, Service
from linqi.kit import access
from linqi.organisation.queries import department_codes
from linqi.ui.attempts import attempt
from linqi.ui.parts import Crumb


@access.page("catalogue.see")
def windows(request: HttpRequest) -> HttpResponse:
    """All nine windows on one page, with a mark on everything that is the product's default."""
    return render(
        request,
        "catalogue/windows.html",
        {
            "windows": queries.windows_seen_by(request.user),
            "classes": dict(CaseClass.choices),
            "departments": dict(department_codes()),
            "may_edit": access.may_anywhere(request.user, "catalogue.edit"),
        },
    )


@access.page("catalogue.edit")
def edit_category(request: HttpRequest, pk: int) -> HttpResponse:
    """Change one category."""
    category = get_object_or_404(access.seen_by(request.user, Category), pk=pk)
    form = CategoryForm(request.POST or None, category=category)
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data

        def save() -> None:
            actions.edit_category(
                category=category,
                name=asked["name"],
                window=asked["window"],
                department_code=asked["department_code"],
                case_class=CaseClass(asked["case_class"]),
                offered=asked["offered"],
                by=request.user,
            )

        if attempt(request, save, done=_("已保存。之前的办件不受影响。"), form=form):
            return redirect(f"{reverse('catalogue:windows')}#{category.window.code}")
    crumbs = [Crumb(_("服务清单"), reverse("catalogue:windows")), Crumb(category.title)]
    return render(request, "catalogue/category.html", {"form": form, "category": category, "crumbs": crumbs})


@access.page("catalogue.see")
def service(request: HttpRequest, pk: int) -> HttpResponse:
    """One service: who may ask, what to bring, what happens, how long it takes."""
    found = get_object_or_404(access.seen_by(request.user, Service).select_related("window"), pk=pk)
    guide = Guide.objects.filter(service=found).select_related("category").first()
    crumbs = [
        Crumb(_("服务清单"), reverse("catalogue:windows")),
        Crumb(found.window.title, f"{reverse('catalogue:windows')}#{found.window.code}"),
        Crumb(found.title),
    ]
    context = {
        "service": found,
        "guide": guide,
        "materials": as_read(guide.materials) if guide else [],
        "may_edit": access.may_anywhere(request.user, "catalogue.edit"),
        "may_book": access.may_anywhere(request.user, "bookings.book"),
        "crumbs": crumbs,
    }
    return render(request, "catalogue/service.html", context)


@access.page("catalogue.edit")
def edit_guide(request: HttpRequest, pk: int) -> HttpResponse:
    """Write the guide of one service."""
    found = get_object_or_404(access.seen_by(request.user, Service).select_related("window"), pk=pk)
    form = GuideForm(request.POST or None, service=found, guide=Guide.objects.filter(service=found).first())
    if request.method == "POST" and form.is_valid():
        said = dict(form.cleaned_data)
        materials, steps = read_materials(said.pop("materials")), said.pop("steps").splitlines()
        act = actions.write_guide
        if attempt(
            request,
            lambda: act(service=found, materials=materials, steps=steps, by=request.user, **said),
            done=_("办事指南已保存。"),
            form=form,
        ):
            return redirect("catalogue:service", pk=pk)
    crumbs = [
        Crumb(_("服务清单"), reverse("catalogue:windows")),
        Crumb(found.title, reverse("catalogue:service", args=[pk])),
        Crumb(_("编制办事指南")),
    ]
    return render(request, "catalogue/guide.html", {"form": form, "service": found, "crumbs": crumbs})
