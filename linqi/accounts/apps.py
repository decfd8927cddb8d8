"""How Django finds this app; at start it plugs grants and places into the floors below."""

from typing import Any

from django.apps import AppConfig
from django.core.management import call_command
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "linqi.accounts"
    label = "accounts"
    verbose_name = _("账号")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from linqi.accounts import doorkeeper  # noqa: F401 – listens at the door from now on
        from linqi.accounts.queries import Directory, place_choices, place_names
        from linqi.journal import queries as journal
        from linqi.kit import access

        access.connect(Directory())
        journal.connect(place_choices, place_names)
        post_migrate.connect(_after_migrate, sender=self)


def _after_migrate(using: str, **kwargs: Any) -> None:
    """The table of the shared cache (throttling counts there), and the roles as the product has them by default."""
    from linqi.accounts.actions import sync_roles

    call_command("createcachetable", database=using, verbosity=0)
    sync_roles()
