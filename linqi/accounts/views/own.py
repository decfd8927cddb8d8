"""One's own account: who one is here, where one is signed in."""

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from linqi.accounts import actions, queries
from linqi.accounts.forms import ProfileForm
from linqi.kit.access import open_to_signed_in


@login_not_required
def not_offered(request: HttpRequest) -> HttpResponse:
    """A door that allauth knows and Linqi keeps shut."""
    raise Http404


@open_to_signed_in("everybody may see and end their own sessions")
@require_http_methods(["GET", "POST"])
def sessions(request: HttpRequest) -> HttpResponse:
    """Where one is signed in; one device, or all others, can be signed out 登录设备."""
    user = queries.account(request)
    if request.method == "POST":
        if number := request.POST.get("session"):
            session = get_object_or_404(UserSession, user=user, pk=number if number.isdecimal() else None)
            actions.end_session(session=session, by=user)
            messages.success(request, _("该设备已下线。"))
        else:
            actions.end_other_sessions(keep=request.session.session_key or "", by=user)
            messages.success(request, _("其他设备均已下线。"))
        return redirect("usersessions_list")
    found = queries.sessions_of(user, request.session.session_key or "")
    return render(request, "accounts/sessions.html", {"sessions": found})


@open_to_signed_in("everybody may see and correct what is kept about themselves")
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Name, mail, language and the roles one holds 个人资料."""
    user = queries.account(request)
    form = ProfileForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        actions.edit_profile(**form.cleaned_data, by=user)
        messages.success(request, _("已保存。"))
        return redirect("accounts:profile")
    context = {
        "form": form,
        "grants": queries.holdings(queries.grants_of(user)),
        "second_factor": queries.has_second_factor(user),
    }
    return render(request, "accounts/profile.html", context)
