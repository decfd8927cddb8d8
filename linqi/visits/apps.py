"""How Django finds this app; its visits follow when their enterprise is merged."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VisitsConfig(AppConfig):
    name = "linqi.visits"
    label = "visits"
    verbose_name = _("走访")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from linqi.enterprises.actions.pairs import on_merge
        from linqi.visits.models import Visit

        on_merge(Visit)
