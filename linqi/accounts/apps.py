"""How Django finds this app; at start it plugs grants and places into kit.access."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "linqi.accounts"
    label = "accounts"
    verbose_name = _("账号")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from linqi.accounts.queries import Directory
        from linqi.kit import access

        access.connect(Directory())
