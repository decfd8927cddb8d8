"""How Django finds this app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrganisationConfig(AppConfig):
    name = "linqi.organisation"
    label = "organisation"
    verbose_name = _("组织")
    default_auto_field = "django.db.models.BigAutoField"
