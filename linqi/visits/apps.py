"""How Django finds this app; its visits follow when their enterprise is merged, and migrating brings the six rules along."""

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class VisitsConfig(AppConfig):
    name = "linqi.visits"
    label = "visits"
    verbose_name = _("走访")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from linqi.enterprises.actions.pairs import on_merge
        from linqi.enterprises.consequences import on_new_value
        from linqi.visits.consequences import changed_reasons
        from linqi.visits.models import PlanFirm, Visit

        on_merge(Visit)
        on_merge(PlanFirm)
        on_new_value(changed_reasons)
        post_migrate.connect(_bring_defaults, sender=self)


def _bring_defaults(using: str, **said: Any) -> None:
    """Django says this after every migrate, also one that stopped before (or took away) our tables."""
    from linqi.visits.actions import install_rules
    from linqi.visits.actions.burden import install_burden_limit
    from linqi.visits.actions.planning import install_terms
    from linqi.visits.models import BurdenLimit, MustVisitScore, PlanTerms

    tables = connections[using].introspection.table_names()
    if MustVisitScore._meta.db_table in tables:
        install_rules()
    if PlanTerms._meta.db_table in tables:
        install_terms()
    if BurdenLimit._meta.db_table in tables:
        install_burden_limit()
