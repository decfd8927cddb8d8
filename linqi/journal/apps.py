"""How Django finds this app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JournalConfig(AppConfig):
    name = "linqi.journal"
    label = "journal"
    verbose_name = _("日志")
    default_auto_field = "django.db.models.BigAutoField"
