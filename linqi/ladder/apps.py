"""How Django finds this app; after each migrate it brings the listing standards and the proposed tiers along."""

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class LadderConfig(AppConfig):
    name = "linqi.ladder"
    label = "ladder"
    verbose_name = _("助企直通车")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from linqi.enterprises.actions.pairs import on_merge
        from linqi.enterprises.consequences import on_new_value
        from linqi.ladder.consequences import changed_tiers
        from linqi.ladder.models import Candidate, Cultivation, Milestone, Move

        for model in (Candidate, Move, Milestone, Cultivation):
            on_merge(model)
        on_new_value(changed_tiers)
        post_migrate.connect(_bring_defaults, sender=self)


def _bring_defaults(using: str, **said: Any) -> None:
    """Django says this after every migrate, also one that stopped before (or took away) our tables."""
    from linqi.ladder.actions import install_defaults
    from linqi.ladder.models import TierRule

    if TierRule._meta.db_table in connections[using].introspection.table_names():
        install_defaults()
