"""How Django finds this app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CatalogueConfig(AppConfig):
    name = "linqi.catalogue"
    label = "catalogue"
    verbose_name = _("清单")
    default_auto_field = "django.db.models.BigAutoField"
