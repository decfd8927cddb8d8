"""Cases in the left menu."""

from django.utils.translation import gettext_lazy as _

from linqi.ui.menu import MenuItem, register

register(MenuItem("cases", _("办件"), "cases:list", "clipboard-list", 32, "cases.desk", tab=True, group=_("服务")))
register(MenuItem("own", _("我的诉求"), "cases:own", "message", 33, "cases.portal", tab=True, group=_("服务")))
register(MenuItem("tables", _("派单与时限"), "cases:tables", "adjustments", 61, "cases.configure", group=_("设置")))
