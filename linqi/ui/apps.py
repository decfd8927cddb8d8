"""How Django finds this app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from linqi.kit import choices

# Here, not in ready(): models read their choices while they are imported, which is after this and before that.
choices.speak(_)


class UiConfig(AppConfig):
    name = "linqi.ui"
    label = "ui"
    verbose_name = _("界面")
    default_auto_field = "django.db.models.BigAutoField"
