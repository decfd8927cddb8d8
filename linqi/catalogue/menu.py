"""The catalogue in the left menu."""

from django.utils.translation import gettext_lazy as _

from linqi.ui.menu import MenuItem, register

register(
    MenuItem("catalogue", _("服务清单"), "catalogue:windows", "list-details", 60, "catalogue.see", group=_("设置"))
)
