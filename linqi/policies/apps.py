"""How Django finds this app; its rows follow when their enterprise is merged."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PoliciesConfig(AppConfig):
    name = "linqi.policies"
    label = "policies"
    verbose_name = _("惠企政策")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from linqi.enterprises.actions.pairs import on_merge
        from linqi.enterprises.consequences import on_new_value
        from linqi.policies.consequences import changed_policies
        from linqi.policies.models import Application, Ledger, Offer

        on_merge(Application)
        on_merge(Offer)
        on_merge(Ledger)
        on_new_value(changed_policies)
