"""What we ask of allauth: nobody signs up by himself; users are made by those who may."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from linqi.accounts.queries import has_second_factor
from linqi.kit.access import may_anywhere


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-in without sign-up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody makes an account for himself."""
        return False

    def get_user_display(self, user: Any) -> str:
        """The name on screen."""
        return str(user)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """After a password of one's own: to work."""
        return "/"

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        """The user's own language from the first page on; who manages accounts is reminded of the second factor."""
        response: HttpResponse = super().post_login(request, user, **kwargs)
        if user.language in dict(settings.LANGUAGES):
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                user.language,
                max_age=settings.LANGUAGE_COOKIE_AGE,
                samesite="Lax",
                secure=settings.SESSION_COOKIE_SECURE,
            )
        if may_anywhere(user, "accounts.manage") and not has_second_factor(user):
            messages.warning(request, _("您管理着账号，建议在“两步验证”中开启动态码。"))
        return response
