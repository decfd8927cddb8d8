"""How Django finds this app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConditionsConfig(AppConfig):
    name = "linqi.conditions"
    label = "conditions"
    verbose_name = _("判定")
    default_auto_field = "django.db.models.BigAutoField"
