"""How Django finds this app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LadderConfig(AppConfig):
    name = "linqi.ladder"
    label = "ladder"
    verbose_name = _("助企直通车")
    default_auto_field = "django.db.models.BigAutoField"
