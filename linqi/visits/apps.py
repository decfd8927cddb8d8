"""How Django finds this app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VisitsConfig(AppConfig):
    name = "linqi.visits"
    label = "visits"
    verbose_name = _("走访")
    default_auto_field = "django.db.models.BigAutoField"
