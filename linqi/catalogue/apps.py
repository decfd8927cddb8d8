"""How Django finds this app; after each migrate it brings the product's catalogue along."""

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class CatalogueConfig(AppConfig):
    name = "linqi.catalogue"
    label = "catalogue"
    verbose_name = _("清单")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        post_migrate.connect(_bring_defaults, sender=self)


def _bring_defaults(using: str, **said: Any) -> None:
    """Django says this after every migrate, also one that stopped before (or took away) our tables."""
    from linqi.catalogue.actions import seed_catalogue
    from linqi.catalogue.models import Category

    if Category._meta.db_table in connections[using].introspection.table_names():
        seed_catalogue()
