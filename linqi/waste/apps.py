"""How Django finds this app; its tasks follow when their enterprise is merged."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WasteConfig(AppConfig):
    name = "linqi.waste"
    label = "waste"
    verbose_name = _("垃圾分类")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from linqi.enterprises.actions.pairs import on_merge
        from linqi.waste.models import Task

        on_merge(Task)
