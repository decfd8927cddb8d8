"""How Django finds this app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TerritoryConfig(AppConfig):
    name = "linqi.territory"
    label = "territory"
    verbose_name = _("空间")
    default_auto_field = "django.db.models.BigAutoField"
