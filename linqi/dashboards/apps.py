"""How Django finds this app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DashboardsConfig(AppConfig):
    name = "linqi.dashboards"
    label = "dashboards"
    verbose_name = _("总览")
    default_auto_field = "django.db.models.BigAutoField"
