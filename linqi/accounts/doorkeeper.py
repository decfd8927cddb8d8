"""What happens at the door is told to the journal: Django and allauth call these 登录记录."""

from typing import Any

from allauth.account.signals import password_changed, password_set
from allauth.mfa.signals import authentication_failed, authenticator_added, authenticator_removed, authenticator_reset
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from linqi.accounts import actions
from linqi.accounts.models import User
from linqi.journal.verbs import Verb
from linqi.kit.access import SYSTEM


@receiver(user_logged_in)
def signed_in(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Somebody has passed the door, second factor included."""
    actions.note(verb=Verb.SIGNED_IN, user=user, by=user)


@receiver(user_logged_out)
def signed_out(request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    """Somebody has left by the door."""
    if user is not None:
        actions.note(verb=Verb.SIGNED_OUT, user=user, by=user)


@receiver(user_login_failed)
def refused(credentials: dict[str, Any], **kwargs: Any) -> None:
    """A wrong password for a user who exists; what was typed is not kept, it may be a password in the wrong box."""
    known = User.objects.filter(username=credentials.get("username") or "").first()
    if known is not None:
        actions.note(verb=Verb.SIGN_IN_REFUSED, user=known, by=SYSTEM, at_step="password")


@receiver(authentication_failed)
def code_refused(user: User, **kwargs: Any) -> None:
    """A wrong code of the second factor."""
    actions.note(verb=Verb.SIGN_IN_REFUSED, user=user, by=SYSTEM, at_step="second_factor")


@receiver(authenticator_added)
def factor_added(user: User, authenticator: Any, **kwargs: Any) -> None:
    """A second factor was set up."""
    actions.note(verb=Verb.SECOND_FACTOR_CHANGED, user=user, by=user, factor=str(authenticator.type), change="added")


@receiver(authenticator_removed)
def factor_removed(user: User, authenticator: Any, **kwargs: Any) -> None:
    """A second factor was taken away."""
    actions.note(verb=Verb.SECOND_FACTOR_CHANGED, user=user, by=user, factor=str(authenticator.type), change="removed")


@receiver(authenticator_reset)
def factor_reset(user: User, authenticator: Any, **kwargs: Any) -> None:
    """Recovery codes were made anew."""
    actions.note(verb=Verb.SECOND_FACTOR_CHANGED, user=user, by=user, factor=str(authenticator.type), change="reset")


@receiver([password_changed, password_set])
def password_chosen(user: User, **kwargs: Any) -> None:
    """The user has chosen a password."""
    actions.own_password_chosen(by=user)
