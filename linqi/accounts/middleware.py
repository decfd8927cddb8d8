"""What a signed-in user owes before the product opens: a password of their own, a second factor if asked for."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.deprecation import MiddlewareMixin

from linqi.accounts import actions, rules
from linqi.accounts.queries import has_second_factor
from linqi.kit.access import may_anywhere

OPEN = frozenset(  # what stays open meanwhile: the ways to do one's duty, to leave, and to read the page
    {
        "account_change_password",
        "account_logout",
        "account_reauthenticate",
        "mfa_reauthenticate",
        "mfa_index",
        "mfa_activate_totp",
        "mfa_view_recovery_codes",
        "mfa_generate_recovery_codes",
        "mfa_download_recovery_codes",
        "set_language",
        "health",
    }
)


class Duties(MiddlewareMixin):
    """Leads to the page where the duty is done, whatever was asked for; remembers the language that was chosen."""

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        user = request.user
        match = request.resolver_match
        if not user.is_authenticated or match is None or match.view_name in OPEN:
            return None
        duty = rules.duty(
            must_change_password=user.must_change_password,
            second_factor_required=settings.REQUIRE_SECOND_FACTOR and may_anywhere(user, "accounts.manage"),
            has_second_factor=lambda: has_second_factor(user),
        )
        if duty is None:
            return None
        target = "account_change_password" if duty is rules.Duty.PASSWORD else "mfa_activate_totp"
        answer = HttpResponseRedirect(reverse(target))
        if request.headers.get("HX-Request"):
            answer = HttpResponse(status=204)  # type: ignore[assignment]
            answer["HX-Redirect"] = reverse(target)
        return answer

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        match = request.resolver_match
        if match is None or match.view_name != "set_language" or request.method != "POST":
            return response
        chosen = response.cookies.get(settings.LANGUAGE_COOKIE_NAME)
        user = getattr(request, "user", None)
        if chosen is not None and user is not None and user.is_authenticated:
            actions.choose_language(language=chosen.value, by=user)
        return response
