"""Policies in the left menu."""

from django.utils.translation import gettext_lazy as _

from linqi.ui.menu import MenuItem, register

register(MenuItem("policies", _("惠企政策"), "policies:list", "file-certificate", 40, "policies.push", group=_("服务")))
register(
    MenuItem("applications", _("兑现事项"), "policies:applications", "cash", 41, "policies.handle", group=_("服务"))
)
register(MenuItem("ledger", _("资金台账"), "policies:ledger", "report-money", 42, "policies.handle", group=_("服务")))
register(
    MenuItem(
        "mine", _("我的政策"), "policies:mine", "file-certificate", 40, "policies.apply", tab=True, group=_("服务")
    )
)
