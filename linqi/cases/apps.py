"""How Django finds this app; after each migrate it brings the product's time limits along."""

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class CasesConfig(AppConfig):
    name = "linqi.cases"
    label = "cases"
    verbose_name = _("办件")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from linqi.cases.models import Case
        from linqi.enterprises.actions.pairs import on_merge

        on_merge(Case)
        post_migrate.connect(_bring_defaults, sender=self)


def _bring_defaults(using: str, **said: Any) -> None:
    """Django says this after every migrate, also one that stopped before (or took away) our table."""
    from linqi.cases.actions import seed_time_limits
    from linqi.cases.models import TimeLimit

    if TimeLimit._meta.db_table in connections[using].introspection.table_names():
        seed_time_limits()
