"""The overview in the left menu."""

from django.utils.translation import gettext_lazy as _

from linqi.ui.menu import MenuItem, register

register(MenuItem("desk", _("工作台"), "dashboards:desk", "home", 10, tab=True, group=_("总览")))
register(MenuItem("map", _("地图"), "dashboards:map", "map", 11, "dashboards.map", group=_("总览")))
register(MenuItem("wall", _("驾驶舱"), "dashboards:wall", "chart-bar", 12, "dashboards.wall", group=_("总览")))
