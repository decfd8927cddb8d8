"""Where accounts stand in the menu."""

from django.utils.translation import gettext_lazy as _

from linqi.ui.menu import MenuItem, register

register(MenuItem("accounts", _("账号"), "accounts:users", "users", 90, "accounts.manage", group=_("设置")))
