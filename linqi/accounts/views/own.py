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
from linqi.accounts.models import ApiToken
from linqi.kit import clock
from linqi.kit.access import open_to_signed_in
from linqi.ui.attempts import attempt


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


@open_to_signed_in("everybody may make and revoke keys for programs that act as themselves")
@require_http_methods(["GET", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """Keys by which programs act as this user 接口令牌."""
    user = queries.account(request)
    made: list[str] = []
    if request.method == "POST":
        if number := request.POST.get("revoke"):
            found = get_object_or_404(ApiToken, user=user, pk=number if number.isdecimal() else None)
            attempt(request, lambda: actions.revoke_token(token=found, by=user), done=_("令牌已停用。"))
            return redirect("accounts:tokens")
        name = request.POST.get("name", "").replace("\x00", "")
        attempt(request, lambda: made.append(actions.make_token(name=name, by=user)))
    listed = user.api_tokens.all()
    return render(
        request, "accounts/tokens.html", {"tokens": listed, "made": made[0] if made else "", "now": clock.now()}
    )


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
