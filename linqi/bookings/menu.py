"""Bookings in the left menu."""

from django.utils.translation import gettext_lazy as _

from linqi.ui.menu import MenuItem, register

register(MenuItem("bookings", _("窗口预约"), "bookings:day", "clock", 34, "bookings.serve", group=_("服务")))
register(MenuItem("my_bookings", _("我的预约"), "bookings:mine", "clock", 34, "bookings.portal", group=_("服务")))
