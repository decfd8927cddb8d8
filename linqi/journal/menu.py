"""Where the journal stands in the menu."""

from django.utils.translation import gettext_lazy as _

from linqi.ui.menu import MenuItem, register

register(MenuItem("journal", _("日志"), "journal:list", "clipboard-list", 92, "journal.read", group=_("设置")))
