"""Visits in the left menu."""

from django.utils.translation import gettext_lazy as _

from linqi.ui.menu import MenuItem, register

register(MenuItem("must", _("必访清单"), "visits:must", "walk", 30, "visits.see", tab=True, group=_("服务")))
register(MenuItem("visits", _("走访记录"), "visits:list", "notebook", 31, "visits.see", group=_("服务")))
register(MenuItem("weeks", _("周计划"), "visits:weeks", "calendar", 32, "visits.weeks", group=_("服务")))
register(MenuItem("hand", _("随身走访"), "visits:hand", "device-mobile", 34, "visits.record", group=_("服务")))
register(MenuItem("own_week", _("我的走访安排"), "visits:mine", "calendar-user", 33, "visits.record", group=_("服务")))
