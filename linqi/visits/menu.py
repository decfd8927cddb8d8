"""Visits in the left menu."""

from django.utils.translation import gettext_lazy as _

from linqi.ui.menu import MenuItem, register

GROUP = _("走访")

register(MenuItem("must", _("必访清单"), "visits:must", "walk", 25, "visits.see", tab=True, group=GROUP))
register(MenuItem("hand", _("随身走访"), "visits:hand", "device-mobile", 26, "visits.record", group=GROUP))
register(MenuItem("own_week", _("我的走访安排"), "visits:mine", "calendar-user", 26, "visits.record", group=GROUP))
register(MenuItem("visits", _("走访记录"), "visits:list", "notebook", 27, "visits.see", group=GROUP))
register(MenuItem("rota", _("楼宇轮值"), "visits:rota", "calendar-repeat", 28, "visits.weeks", group=GROUP))
register(MenuItem("weeks", _("周计划"), "visits:weeks", "calendar", 28, "visits.weeks", group=GROUP))
register(
    MenuItem(
        "effect",
        _("走访成效"),
        "visits:measures",
        "chart-bar",
        29,
        "visits.see",
        group=GROUP,
        holds=("visits:coverage", "visits:burden"),
    )
)
register(MenuItem("visits_check", _("走访合规自查"), "visits:check", "shield-check", 29, "visits.check", group=GROUP))
register(MenuItem("visits_own", _("我的走访数据"), "visits:my_data", "user-shield", 29, "visits.record", group=GROUP))
register(MenuItem("ours", _("谁联系过我们"), "visits:ours", "phone", 37, "visits.portal", group=_("服务")))
