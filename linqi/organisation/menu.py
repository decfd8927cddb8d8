"""Link teams and departments in the left menu."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from linqi.ui.menu import MenuItem, register

register(
    MenuItem(
        "teams",
        pgettext_lazy("many", "联楼小组"),
        "organisation:teams",
        "users-group",
        58,
        "organisation.see",
        group=_("设置"),
    )
)
register(
    MenuItem(
        "departments",
        pgettext_lazy("many", "科室"),
        "organisation:departments",
        "sitemap",
        59,
        "organisation.see",
        group=_("设置"),
    )
)
